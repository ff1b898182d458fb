/* SPDX-License-Identifier: MIT */
/* Tests that can't run everywhere. One that can't says so, in a line that scripts/test_totals.py counts: it has not
 * passed. */
#ifndef TESTS_SUPPORT_SKIP_H
#define TESTS_SUPPORT_SKIP_H

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

/* libcheck calls the function of the test NAME NAME_fn. */
static inline void say_skipped(const char *function, const char *why) {
    size_t len = strlen(function);
    int suffixed = len > 3 && strcmp(function + len - 3, "_fn") == 0;
    fprintf(stderr, "skipped: %.*s: %s\n", (int)(suffixed ? len - 3 : len), function, why);
}

/* Leaves the test. */
#define skip_test(why)                                                                                                 \
    do {                                                                                                               \
        say_skipped(__func__, why);                                                                                    \
        return;                                                                                                        \
    } while (0)

static inline int skip_write(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t written = fd < 0 ? -1 : write(fd, text, strlen(text));
    if (fd >= 0)
        close(fd);
    return written == (ssize_t)strlen(text);
}

/* In a user namespace of its own everybody may mount; the one user there is who one was. */
static inline int own_users(void) {
    char users[64], groups[64];
    snprintf(users, sizeof users, "%d %d 1", (int)geteuid(), (int)geteuid());
    snprintf(groups, sizeof groups, "%d %d 1", (int)getegid(), (int)getegid());
    return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && skip_write("/proc/self/setgroups", "deny") &&
           skip_write("/proc/self/uid_map", users) && skip_write("/proc/self/gid_map", groups);
}

/* Whether this process, which has one thread, may mount from now on, seen by nobody else. */
static inline int own_mounts(void) {
    int good = geteuid() == 0 ? unshare(CLONE_NEWNS) == 0 : own_users();
    return good && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

#endif
