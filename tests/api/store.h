/* SPDX-License-Identifier: MIT */
/* What the tests of stores share. */
#ifndef TESTS_API_STORE_H
#define TESTS_API_STORE_H

#include "harness.h"
#include "skip.h"
#include <dirent.h>
#include <fcntl.h>
#include <locale.h>
#include <sched.h>
#include <sys/mount.h>
#include <vidstore/query.h>

static inline vidstore_status open_at(const char *location, vidstore **ret, vidstore_error **e) {
    return vidstore_open(location, NULL, ret, e);
}

static inline void add_one(vidstore *vs, const char *name) {
    vidstore_session *s = NULL;
    must(vidstore_session_system(vs, "test", &s, e));
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_text(p, VIDSTORE_USER_USERNAME, name);
    must(vidstore_user_create(s, p, NULL, e));
    vidstore_user_params_free(p);
    vidstore_session_free(s);
}

static inline int64_t users(vidstore *vs) {
    vidstore_session *s = NULL;
    int64_t count = -1;
    must(vidstore_session_system(vs, "test", &s, e));
    must(vidstore_user_count(s, NULL, &count, e));
    vidstore_session_free(s);
    return count;
}

static inline const char *in_place(const char *name) {
    static char path[160];
    snprintf(path, sizeof path, "%s/%s", place, name);
    return path;
}

enum { SOMEBODY = 54321 };

static inline void as_somebody(void (*run)(void *arg), void *arg) {
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        if (setresgid(SOMEBODY, SOMEBODY, SOMEBODY) || setresuid(SOMEBODY, SOMEBODY, SOMEBODY))
            _exit(77);
        run(arg);
        _exit(0);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child ended with status %x", (unsigned)status);
}

/* In a child a failed assertion can't be told from a crash by message: the exit code says which line. */
static inline void child_expects(vidstore_status status, vidstore_status a, vidstore_status b, int line) {
    if (status != a && status != b)
        _exit(line % 200 + 1);
}

static inline void open_and_write(void *arg) {
    vidstore *vs = NULL;
    vidstore_session *s = NULL;
    child_expects(vidstore_open(arg, NULL, &vs, NULL), VIDSTORE_OK, VIDSTORE_OK, __LINE__);
    child_expects(vidstore_session_system(vs, "test", &s, NULL), VIDSTORE_OK, VIDSTORE_OK, __LINE__);
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_text(p, VIDSTORE_USER_USERNAME, "ann");
    child_expects(vidstore_user_create(s, p, NULL, NULL), VIDSTORE_OK, VIDSTORE_EXISTS, __LINE__);
    vidstore_user_params_free(p);
    vidstore_session_free(s);
    vidstore_close(vs);
}

#endif
