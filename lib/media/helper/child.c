/* SPDX-License-Identifier: MIT */
#include "child.h"
#include "probe.h"
#include "sandbox.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

/* The descriptors that came with a message; anything but exactly two are closed. */
static void take_descriptors(struct msghdr *message, int fds[2]) {
    int n = 0, all[8];
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        int count = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        for (int i = 0; i < count && n < 8; i++)
            memcpy(&all[n++], CMSG_DATA(c) + (size_t)i * sizeof(int), sizeof(int));
    }
    if (n == 2) {
        memcpy(fds, all, 2 * sizeof(int));
        return;
    }
    while (n > 0)
        close(all[--n]);
}

ssize_t message_receive(int sock, struct vs_media_request *ret, int fds[2], int flags) {
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(8 * sizeof(int))];
    } control;
    struct iovec v = {ret, sizeof *ret};
    struct msghdr message = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t got;
    do
        got = recvmsg(sock, &message, flags);
    while (got < 0 && errno == EINTR);
    fds[0] = fds[1] = -1;
    if (got > 0)
        take_descriptors(&message, fds);
    return got;
}

ssize_t message_send(int sock, const struct vs_media_request *request, const int fds[2]) {
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(2 * sizeof(int))];
    } control = {0};
    struct iovec v = {(void *)(uintptr_t)request, sizeof *request};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control.space};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(2 * sizeof(int));
    memcpy(CMSG_DATA(c), fds, 2 * sizeof(int));
    return sendmsg(sock, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* A clock of its own, should the server be stopped: the filter for one file leaves no way to put it off. 0: off. */
static void set_clock(int64_t ms) {
    struct itimerval timer = {.it_value = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000}};
    setitimer(ITIMER_REAL, &timer, NULL);
}

/* Waits for a file, which gets the numbers that the filters know. */
static void wait_for_file(struct vs_media_request *request) {
    int fds[2];
    if (message_receive(SANDBOX_REQUEST_FD, request, fds, 0) != (ssize_t)sizeof *request || fds[0] < 0)
        _exit(0);
    /* the lowest free numbers: 0 to 2, or the very ones that are wanted, in their order */
    if (fds[0] != SANDBOX_MEDIA_FD && (dup3(fds[0], SANDBOX_MEDIA_FD, 0) < 0 || close(fds[0]) != 0))
        _exit(1);
    if (fds[1] != SANDBOX_ANSWER_FD && (dup3(fds[1], SANDBOX_ANSWER_FD, 0) < 0 || close(fds[1]) != 0))
        _exit(1);
    set_clock(request->timeout_ms + VS_MEDIA_KILL_MS);
    /* taken: from here on the file is to blame, which the host hears, and the server */
    static const char taken = VS_MEDIA_TAKEN;
    if (write(SANDBOX_ANSWER_FD, &taken, 1) != 1 || write(SANDBOX_REQUEST_FD, "", 1) != 1)
        _exit(1);
}

static _Noreturn void read_one(const struct vs_media_request *request) {
    enum sandbox_kind kind = request->ranged ? SANDBOX_RANGED : SANDBOX_FILE;
    close(SANDBOX_REQUEST_FD);
    if (sandbox_enter(kind, request->timeout_ms) != 0)
        _exit(1);
    _exit(probe_answer(request, 1) == 0 ? 0 : 2);
}

static _Noreturn void read_many(struct vs_media_request *request) {
    if (sandbox_enter(SANDBOX_MANY, request->timeout_ms) != 0)
        _exit(1);
    for (int n = 1;; n++) {
        int failed = probe_answer(request, n == CHILD_MANY);
        close(SANDBOX_MEDIA_FD);
        close(SANDBOX_ANSWER_FD);
        set_clock(0);
        if (failed || n == CHILD_MANY || write(SANDBOX_REQUEST_FD, "", 1) != 1)
            _exit(failed ? 2 : 0);
        wait_for_file(request);
    }
}

enum { FDS_MOST = 1 << 20 }; /* where a system sets no limit, a process without a million of them is believed */

/* Kernels before 5.9, and containers whose filter does not know the call, have to be asked for each descriptor. */
static void close_from_to(unsigned first, unsigned last) {
    if (close_range(first, last, 0) == 0)
        return;
    struct rlimit most;
    if (getrlimit(RLIMIT_NOFILE, &most) != 0)
        _exit(1);
    for (unsigned fd = first; fd <= last && fd < most.rlim_cur && fd < FDS_MOST; fd++)
        close((int)fd);
}

_Noreturn void child_run(int sock, pid_t server, int rehearse) {
    struct vs_media_request request;
    /* the server has one thread only, so this really means its death */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != server || (sock != SANDBOX_REQUEST_FD && dup2(sock, SANDBOX_REQUEST_FD) < 0))
        _exit(1);
    close_from_to(SANDBOX_REQUEST_FD + 1, ~0u);
    close_from_to(0, SANDBOX_REQUEST_FD - 1);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (sandbox_begin() < 0)
        _exit(1);
    if (rehearse)
        probe_rehearse();
    wait_for_file(&request);
    if (request.warm)
        read_many(&request);
    read_one(&request);
}
