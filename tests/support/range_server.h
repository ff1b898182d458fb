/* SPDX-License-Identifier: MIT */
/* Starts tests/support/range_server.py, for tests written with check. */
#ifndef TESTS_RANGE_SERVER_H
#define TESTS_RANGE_SERVER_H

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

struct range_server {
    char dir[64]; /* what it serves */
    char log[96]; /* a JSON line for each request */
    int port;
    int input; /* closing it stops the server */
    pid_t pid;
};

/* Makes the folder to serve; once, before the first start. */
static inline void range_server_folder(struct range_server *s) {
    snprintf(s->dir, sizeof s->dir, "/tmp/vidstore-served-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(s->dir));
    snprintf(s->log, sizeof s->log, "%s/log", s->dir);
}

/* Puts a file into it, old enough that its date is a good validator. */
static inline void range_server_file(struct range_server *s, const char *name, const void *data, size_t size) {
    char path[160];
    snprintf(path, sizeof path, "%s/%s", s->dir, name);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(data, 1, size, f), size);
    ck_assert_int_eq(fclose(f), 0);
    const struct timespec old[2] = {{.tv_sec = 1600000000}, {.tv_sec = 1600000000}};
    ck_assert_int_eq(utimensat(AT_FDCWD, path, old, 0), 0);
}

/* cert and key: for https, else NULL. */
static inline void range_server_start(struct range_server *s, const char *bind_to, const char *cert, const char *key) {
    int in[2], out[2];
    ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
    ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
    const char *root = getenv("VIDSTORE_SOURCE_ROOT");
    char script[512];
    snprintf(script, sizeof script, "%s/tests/support/range_server.py", root ? root : ".");
    s->pid = fork();
    ck_assert_int_ge(s->pid, 0);
    if (s->pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        execlp("python3", "python3", script, s->dir, "--bind", bind_to, "--log", s->log, cert ? "--cert" : NULL, cert,
               "--key", key, NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    FILE *f = fdopen(out[0], "r");
    ck_assert_msg(f && fscanf(f, "%d", &s->port) == 1, "the server did not start");
    fclose(f);
    s->input = in[1];
}

static inline void range_server_stop(struct range_server *s) {
    close(s->input);
    waitpid(s->pid, NULL, 0);
}

/* How many requests had the target and, in their line of the log, the text. */
static inline int range_server_logged(const struct range_server *s, const char *target, const char *text) {
    char line[8192], quoted[512];
    int n = 0;
    snprintf(quoted, sizeof quoted, "\"target\": \"%s\"", target);
    FILE *f = fopen(s->log, "r");
    while (f && fgets(line, sizeof line, f))
        n += strstr(line, quoted) && strstr(line, text);
    if (f)
        fclose(f);
    return n;
}

#endif
