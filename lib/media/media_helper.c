/* SPDX-License-Identifier: MIT */
/* Starting and ending the helper process, as a good guest: the host's environment, descriptors, signal handlers and
 * children are its own affair. Death is learned from the socket, never from SIGCHLD. */
#include "media/media_internal.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { HELLO_MS = 10000, EXIT_MS = 1000 };

static int prepare_actions(posix_spawn_file_actions_t *actions, int sock) {
    int rc = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
    rc = rc ? rc : posix_spawn_file_actions_addopen(actions, 1, "/dev/null", O_WRONLY, 0);
    rc = rc ? rc : posix_spawn_file_actions_addopen(actions, 2, "/dev/null", O_WRONLY, 0);
    rc = rc ? rc : posix_spawn_file_actions_adddup2(actions, sock, VS_MEDIA_SOCKET);
    return rc ? rc : posix_spawn_file_actions_addclosefrom_np(actions, VS_MEDIA_SOCKET + 1);
}

static int prepare_signals(posix_spawnattr_t *attributes) {
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int rc = posix_spawnattr_setsigmask(attributes, &none);
    rc = rc ? rc : posix_spawnattr_setsigdefault(attributes, &all);
    /* a group of its own: a terminal's Ctrl-C is for the host to handle */
    rc = rc ? rc : posix_spawnattr_setpgroup(attributes, 0);
    return rc ? rc
              : posix_spawnattr_setflags(attributes,
                                         POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
}

/* 0 or an errno. */
static int spawn(const char *path, int sock, pid_t *ret) {
    char name[] = "vidstore-probe", lang[] = "LC_ALL=C", search[] = "PATH=/usr/bin:/bin";
    char *argv[] = {name, NULL}, *envp[] = {lang, search, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int rc = posix_spawn_file_actions_init(&actions);
    if (rc)
        return rc;
    rc = posix_spawnattr_init(&attributes);
    if (rc == 0) {
        rc = prepare_actions(&actions, sock);
        rc = rc ? rc : prepare_signals(&attributes);
        rc = rc ? rc : posix_spawn(ret, path, &actions, &attributes, argv, envp);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return rc;
}

/* The helper's end must not be one of the numbers that the file actions write over before it is duplicated. */
static int make_sockets(int pair[2]) {
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return -1;
    if (pair[1] > VS_MEDIA_SOCKET)
        return 0;
    int moved = fcntl(pair[1], F_DUPFD_CLOEXEC, VS_MEDIA_SOCKET + 1);
    close(pair[1]);
    pair[1] = moved;
    if (moved >= 0)
        return 0;
    close(pair[0]);
    return -1;
}

/* Waits for an event until a deadline on the monotonic clock. 1, or 0 when it has passed. */
static int wait_for(int fd, short events, int64_t deadline_us) {
    for (;;) {
        int64_t left_us = deadline_us - vs_mono_us();
        struct pollfd p = {.fd = fd, .events = events};
        int n = poll(&p, 1, left_us > 0 ? (int)(left_us / 1000) + 1 : 0);
        if (n > 0)
            return 1;
        if ((n == 0 && left_us <= 0) || (n < 0 && errno != EINTR))
            return 0;
    }
}

static int hear_hello(struct vs_media_helper *h, const char *path, vidstore_error **e) {
    ssize_t got = -1;
    if (wait_for(h->sock, POLLIN, vs_mono_us() + HELLO_MS * INT64_C(1000)))
        got = recv(h->sock, &h->hello, sizeof h->hello, MSG_DONTWAIT);
    if (got != (ssize_t)sizeof h->hello || h->hello.magic != VS_MEDIA_MAGIC)
        return vs_fail(e, VIDSTORE_UNAVAILABLE, NULL, "the probe helper %s did not start properly", path);
    h->hello.version[sizeof h->hello.version - 1] = 0;
    if (h->hello.protocol != VS_MEDIA_PROTOCOL)
        return vs_fail(e, VIDSTORE_UNAVAILABLE, NULL, "the probe helper %s speaks protocol %u instead of %u", path,
                       h->hello.protocol, VS_MEDIA_PROTOCOL);
    /* never unprotected: no layer below these may be missing */
    uint32_t needed = VS_MEDIA_RLIMITS | VS_MEDIA_SECCOMP;
    if ((h->hello.isolation & needed) != needed)
        return vs_fail(e, VIDSTORE_UNAVAILABLE, NULL,
                       "the probe helper can't enter its sandbox on this system (seccomp)");
    return 0;
}

int vs_media_helper_start(const char *path, struct vs_media_helper **ret, vidstore_error **e) {
    *ret = NULL;
    int pair[2];
    struct vs_media_helper *h = vs_calloc(1, sizeof *h);
    if (!h)
        return vs_fail_nomem(e);
    if (make_sockets(pair) != 0) {
        vs_free(h);
        return vs_fail_errno(e, errno, NULL, "make a socket for the probe helper");
    }
    *h = (struct vs_media_helper){.refs = 1, .sock = pair[0], .pidfd = -1};
    int error = spawn(path, pair[1], &h->pid);
    close(pair[1]);
    if (error) {
        h->pid = 0;
        vs_media_helper_unref(h);
        vs_fail(e, VIDSTORE_UNAVAILABLE, NULL, "the probe helper %s can't be started", path);
        vs_error_set_cause(e, strerrordesc_np(error));
        return VIDSTORE_UNAVAILABLE;
    }
    h->pidfd = (int)syscall(SYS_pidfd_open, h->pid, 0);
    int rc = hear_hello(h, path, e);
    if (rc) {
        vs_media_helper_kill(h);
        vs_media_helper_unref(h);
        return rc;
    }
    *ret = h;
    return 0;
}

struct vs_media_helper *vs_media_helper_ref(struct vs_media_helper *h) {
    __atomic_add_fetch(&h->refs, 1, __ATOMIC_RELAXED);
    return h;
}

void vs_media_helper_kill(struct vs_media_helper *h) {
    shutdown(h->sock, SHUT_RDWR);
    if (h->pidfd >= 0)
        syscall(SYS_pidfd_send_signal, h->pidfd, SIGKILL, NULL, 0);
}

/* Reaps the process, unless the host has done so or ignores its children: ECHILD is fine. By pidfd only, for a number
 * may have passed to another child of the host. */
static void reap(struct vs_media_helper *h) {
    if (h->pidfd < 0)
        return;
    if (!wait_for(h->pidfd, POLLIN, vs_mono_us() + EXIT_MS * INT64_C(1000)))
        syscall(SYS_pidfd_send_signal, h->pidfd, SIGKILL, NULL, 0);
    siginfo_t info;
    while (waitid(P_PIDFD, (id_t)h->pidfd, &info, WEXITED) != 0 && errno == EINTR)
        continue;
}

void vs_media_helper_unref(struct vs_media_helper *h) {
    if (!h || __atomic_sub_fetch(&h->refs, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    /* not only closed: a process that the host forked off may hold a copy */
    shutdown(h->sock, SHUT_RDWR);
    close(h->sock);
    reap(h);
    if (h->pidfd >= 0)
        close(h->pidfd);
    vs_free(h);
}

void vs_media_helper_abandon(struct vs_media_helper *h) {
    if (!h)
        return;
    close(h->sock);
    if (h->pidfd >= 0)
        close(h->pidfd);
    vs_free(h);
}

int vs_media_helper_dead(const struct vs_media_helper *h, int wait_ms) {
    struct pollfd p = {.fd = h->sock, .events = POLLIN};
    return poll(&p, 1, wait_ms) > 0 && (p.revents & (POLLHUP | POLLERR));
}

char *vs_media_isolation_words(uint32_t layers, int warm) {
    vs_autobuf b = {0};
    vs_buf_str(&b, warm ? "warm" : "fork");
    vs_buf_str(&b, layers & VS_MEDIA_RLIMITS ? " rlimits" : "");
    vs_buf_str(&b, layers & VS_MEDIA_SECCOMP ? " seccomp" : "");
    vs_buf_str(&b, layers & VS_MEDIA_LANDLOCK ? " landlock" : "");
    return b.failed ? NULL : VS_TAKE(b.data);
}
