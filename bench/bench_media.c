/* SPDX-License-Identifier: MIT */
/* Bytes: taking in a large file. */
#include "bench.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PUT_ROUNDS = 3 };
static const int64_t PUT_SIZE = INT64_C(1) << 30;

/* Runs `before`, a path, and `after` as one command of the shell. */
static int shell(const char *before, const char *file, const char *after) {
    char command[9000];
    snprintf(command, sizeof command, "%s '%s' %s", before, file, after);
    return system(command);
}

static double timed(const char *before, const char *file, const char *after) {
    double start = now_s();
    if (shell(before, file, after)) {
        fprintf(stderr, "bench: failed: %s\n", before);
        exit(1);
    }
    return now_s() - start;
}

/* A line of /proc/self/status, in KiB. */
static long status_kib(const char *name) {
    char line[256];
    long kib = 0;
    size_t len = strlen(name);
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, name, len) == 0) {
            kib = strtol(line + len, NULL, 10);
            break;
        }
    if (f)
        fclose(f);
    return kib;
}

/* Makes the present memory the peak, so that the next peak is that of what follows. */
static void forget_peak(void) {
    int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
    if (fd >= 0 && write(fd, "5", 1) != 1)
        perror("clear_refs");
    if (fd >= 0)
        close(fd);
}

static double copy_fsync(const char *from, const char *to) {
    static char buffer[1 << 20];
    double start = now_s();
    int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    for (ssize_t n; (n = read(in, buffer, sizeof buffer)) > 0;)
        if (write(out, buffer, (size_t)n) != n) {
            perror(to);
            exit(1);
        }
    fsync(out);
    close(in);
    close(out);
    double took = now_s() - start;
    unlink(to);
    return took;
}

static void run_put(const char *scratch, report_fn *report) {
    char source[4096], copy[4096];
    snprintf(source, sizeof source, "%s", path(scratch, "source.bin"));
    snprintf(copy, sizeof copy, "%s", path(scratch, "copy.bin"));
    timed("head -c 1073741824 /dev/urandom >", source, "");
    vidstore *store = open_store(path(scratch, "store"));
    vidstore_session *session = system_session(store);
    vidstore_error *error = NULL;
    double ours[PUT_ROUNDS], hash[PUT_ROUNDS], copied[PUT_ROUNDS];
    long grown = 0;
    for (int i = 0; i < PUT_ROUNDS; i++) {
        vidstore_file *file = NULL;
        hash[i] = timed("sha256sum", source, "> /dev/null");
        copied[i] = copy_fsync(source, copy);
        forget_peak();
        long before = status_kib("VmRSS:");
        double start = now_s();
        must(vidstore_file_put_path(session, source, NULL, &file, &error), error, "put");
        ours[i] = now_s() - start;
        long more = status_kib("VmHWM:") - before;
        grown = more > grown ? more : grown;
        must(vidstore_file_remove(session, vidstore_file_id(file), VIDSTORE_REMOVE_RESTRICT, &error), error, "remove");
        must(vidstore_file_purge(session, vidstore_file_id(file), &error), error, "purge");
        vidstore_file_free(file);
    }
    double mib = (double)PUT_SIZE / (1 << 20), a = median(ours, PUT_ROUNDS), h = median(hash, PUT_ROUNDS),
           c = median(copied, PUT_ROUNDS);
    double slower = h > c ? h : c;
    report(&(struct result){"put-1GiB", "MiB/s", mib / a, mib / slower, slower / a, 0.9, 0});
    report(&(struct result){"put-1GiB-memory", "MiB", (double)grown / 1024, 8, (double)grown / 1024 / 8, 1, 1});
    vidstore_session_free(session);
    vidstore_close(store);
}

const struct bench bench_media[] = {
    {"put", "put 1 GiB, against the slower of sha256sum and copy with fsync; and the memory it takes", run_put},
    {NULL, NULL, NULL},
};
