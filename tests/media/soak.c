/* SPDX-License-Identifier: MIT */
/* Many probes in one process: soak COUNT FILE… asks in each of the three ways by turns, and leaves with 1 when this
 * process or its helper has grown, holds more descriptors, or has left a child behind. */
#include "media/media.h"
#include "util/alloc.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { GROWTH_KIB = 2048, WAYS = 3 };

static int read_at(void *arg, int64_t offset, void *buf, size_t len, size_t *ret_len, vidstore_error **e) {
    (void)e;
    ssize_t got = pread(*(int *)arg, buf, len, offset);
    *ret_len = got > 0 ? (size_t)got : 0;
    return got < 0 ? VIDSTORE_IO : 0;
}

static int probe(struct vs_prober *prober, const char *path, int way) {
    struct stat st;
    vs_autoprobe *found = NULL;
    struct vs_probe_limits limits = {.warm = way == 1};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0)
        return -1;
    struct vs_probe_bytes bytes = {st.st_size, read_at, &fd};
    int rc = way == 2 ? vs_probe_bytes(prober, &bytes, &limits, &found, NULL)
                      : vs_probe_fd(prober, fd, &limits, &found, NULL);
    close(fd);
    return rc;
}

/* The first child of a process; 0: it has none. */
static int child_of(int pid) {
    char path[64];
    int child = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
    FILE *f = fopen(path, "re");
    if (f && fscanf(f, "%d", &child) != 1)
        child = 0;
    if (f)
        fclose(f);
    return child;
}

struct state {
    int kib, descriptors;
};

static struct state look(int pid) {
    char path[64], line[256];
    struct state s = {0};
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, "VmRSS:", 6) == 0)
            s.kib = atoi(line + 6);
    if (f)
        fclose(f);
    snprintf(path, sizeof path, "/proc/%d/fd", pid);
    DIR *d = opendir(path);
    while (d && readdir(d))
        s.descriptors++;
    if (d)
        closedir(d);
    return s;
}

static int grown(const char *what, struct state before, struct state after, int slack) {
    printf("%s: %d KiB and %d descriptors, then %d and %d\n", what, before.kib, before.descriptors, after.kib,
           after.descriptors);
    return after.kib > before.kib + GROWTH_KIB || after.descriptors > before.descriptors + slack;
}

int main(int argc, char **argv) {
    struct vs_prober *prober = NULL;
    struct state self = {0}, server = {0};
    int count = argc > 2 ? atoi(argv[1]) : 0, files = argc - 2, helper = 0;
    if (count < 10 || vs_prober_new(NULL, &prober, NULL) != 0)
        return 2;
    for (int i = 0; i < count; i++) {
        if (i == count / 10) { /* by now all that is kept for later is there */
            helper = child_of(getpid());
            self = look(getpid());
            server = look(helper);
        }
        if (probe(prober, argv[2 + i / WAYS % files], i % WAYS) != 0) {
            printf("probe %d of %s failed\n", i, argv[2 + i / WAYS % files]);
            return 1;
        }
    }
    int failed = helper == 0 || child_of(getpid()) != helper;
    failed |= grown("the host", self, look(getpid()), 0);
    failed |= grown("the helper", server, look(helper), 4); /* one for each child that waits */
    vs_prober_free(prober);
    return failed || child_of(getpid()) != 0;
}
