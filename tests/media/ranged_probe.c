/* SPDX-License-Identifier: MIT */
/* The same bytes through a descriptor and range by range: ranged_probe FILE… prints each file of which the answers
 * differ, and leaves with 1 when there is one. */
#include "media/media.h"
#include "util/alloc.h"
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_at(void *arg, int64_t offset, void *buf, size_t len, size_t *ret_len, vidstore_error **e) {
    (void)e;
    ssize_t got = pread(*(int *)arg, buf, len, offset);
    *ret_len = got > 0 ? (size_t)got : 0;
    return got < 0 ? VIDSTORE_IO : 0;
}

/* Without what tells the ways apart. */
static json_t *answer(struct vs_probe *probe) {
    json_t *o = NULL;
    if (vs_probe_to_json(probe, &o, NULL))
        return NULL;
    json_object_del(o, "elapsed_us");
    json_object_del(o, "bytes_read"); /* small reads are served from larger ones */
    return o;
}

/* 0 the same, 1 not, or a negative status. */
static int compare(struct vs_prober *prober, const char *path) {
    struct stat st;
    vs_autoprobe *whole = NULL, *ranged = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0)
        return -errno;
    struct vs_probe_bytes bytes = {st.st_size, read_at, &fd};
    int rc = vs_probe_fd(prober, fd, NULL, &whole, NULL);
    rc = rc ? rc : vs_probe_bytes(prober, &bytes, NULL, &ranged, NULL);
    close(fd);
    if (rc)
        return rc;
    vs_autojson *a = answer(whole), *b = answer(ranged);
    int differ = !a || !b || !json_equal(a, b);
    if (!differ)
        return 0;
    char *one = json_dumps(a, JSON_COMPACT | JSON_SORT_KEYS), *other = json_dumps(b, JSON_COMPACT | JSON_SORT_KEYS);
    printf("%s\n%s\n%s\n", path, one ? one : "", other ? other : "");
    return 1;
}

int main(int argc, char **argv) {
    struct vs_prober *prober = NULL;
    int failed = vs_prober_new(NULL, &prober, NULL) != 0;
    for (int i = 1; i < argc && prober; i++) {
        int rc = compare(prober, argv[i]);
        if (rc < 0)
            printf("%s: %d\n", argv[i], rc);
        failed |= rc != 0;
    }
    vs_prober_free(prober);
    return failed;
}
