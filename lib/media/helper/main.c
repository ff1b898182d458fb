/* SPDX-License-Identifier: MIT */
/* vidstore-probe: a fork server. It opens nothing; each file that it is handed is read by a child of its own, so that a
 * file that takes over its reader has neither another file nor another answer within reach. */
#include "media/media_wire.h"
#include "probe.h"
#include "sandbox.h"
#include "source.h"
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_CHILDREN = 64, IDLE_CHECK_MS = 10000 };

struct child {
    pid_t pid; /* 0: the place is free */
    int64_t kill_at_us;
};

struct server {
    struct child children[MAX_CHILDREN];
    int running;
    int signals; /* a signalfd for SIGCHLD */
    pid_t parent;
};

/* In the child: nothing of the server is left but the two descriptors, at fixed numbers that the filter knows. */
static _Noreturn void child_run(int media, int answer, const struct vs_media_request *request, pid_t server) {
    /* the server has one thread only, so this really means its death */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != server)
        _exit(1);
    int spare_media = fcntl(media, F_DUPFD, SANDBOX_ANSWER_FD + 1);
    int spare_answer = fcntl(answer, F_DUPFD, SANDBOX_ANSWER_FD + 1);
    if (spare_media < 0 || spare_answer < 0 || dup2(spare_media, SANDBOX_MEDIA_FD) < 0 ||
        dup2(spare_answer, SANDBOX_ANSWER_FD) < 0 || close_range(SANDBOX_ANSWER_FD + 1, ~0u, 0) != 0)
        _exit(1);
    close_range(0, SANDBOX_MEDIA_FD - 1, 0);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    /* a clock of its own, should the server be stopped: the filter leaves no way to put it off */
    int64_t end_us = (request->timeout_ms + VS_MEDIA_KILL_MS) * INT64_C(1000);
    struct itimerval timer = {.it_value = {.tv_sec = end_us / 1000000, .tv_usec = end_us % 1000000}};
    setitimer(ITIMER_REAL, &timer, NULL);
    struct stat st; /* now, for the sandbox knows no fstat */
    if (fstat(SANDBOX_MEDIA_FD, &st) != 0 || !S_ISREG(st.st_mode) || sandbox_enter(request->timeout_ms) < 0)
        _exit(1);
    _exit(probe_answer(request, st.st_size) == 0 ? 0 : 2);
}

/* Starts a child for a request; whatever happens, the host learns it from its end of the pipe. */
static void server_fork(struct server *s, int media, int answer, const struct vs_media_request *request) {
    struct child *place = s->children;
    while (place->pid)
        place++;
    pid_t server = getpid();
    pid_t pid = fork();
    if (pid == 0)
        child_run(media, answer, request, server);
    if (pid > 0) {
        place->pid = pid;
        place->kill_at_us = source_clock_us() + (request->timeout_ms + VS_MEDIA_KILL_MS) * INT64_C(1000);
        s->running++;
    }
}

/* The descriptors that came with a message; anything but exactly two are closed. */
static int take_descriptors(struct msghdr *message, int fds[2]) {
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
        return 0;
    }
    while (n > 0)
        close(all[--n]);
    return -1;
}

static int request_is_sane(const struct vs_media_request *r, ssize_t size) {
    return size == (ssize_t)sizeof *r && r->magic == VS_MEDIA_MAGIC && r->timeout_ms > 0 && r->timeout_ms <= 3600000 &&
           r->max_read > 0 && r->max_streams > 0 && r->max_streams <= VS_MEDIA_MAX_STREAMS;
}

/* One message of the host. 0, or -1 when the host is gone. */
static int server_receive(struct server *s) {
    struct vs_media_request request;
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(8 * sizeof(int))];
    } control;
    struct iovec v = {&request, sizeof request};
    struct msghdr message = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t got = recvmsg(VS_MEDIA_SOCKET, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (got < 0)
        return errno == EINTR || errno == EAGAIN ? 0 : -1;
    if (got == 0)
        return -1;
    int fds[2];
    if (take_descriptors(&message, fds) != 0)
        return 0;
    if (request_is_sane(&request, got))
        server_fork(s, fds[0], fds[1], &request);
    close(fds[0]);
    close(fds[1]);
    return 0;
}

static void server_reap(struct server *s) {
    struct signalfd_siginfo info[8];
    while (read(s->signals, info, sizeof info) > 0)
        continue;
    for (pid_t pid; (pid = waitpid(-1, NULL, WNOHANG)) > 0;) {
        for (int i = 0; i < MAX_CHILDREN; i++) {
            if (s->children[i].pid == pid) {
                s->children[i].pid = 0;
                s->running--;
            }
        }
    }
}

/* Kills the late; tells how long the server may sleep. */
static int server_kill_late(struct server *s) {
    int64_t now = source_clock_us(), wait_us = IDLE_CHECK_MS * INT64_C(1000);
    for (int i = 0; i < MAX_CHILDREN; i++) {
        struct child *c = &s->children[i];
        if (!c->pid)
            continue;
        if (c->kill_at_us <= now) {
            kill(c->pid, SIGKILL);
            c->kill_at_us = now + 1000000;
        }
        if (c->kill_at_us - now < wait_us)
            wait_us = c->kill_at_us - now;
    }
    return (int)(wait_us / 1000) + 1;
}

static void server_run(struct server *s) {
    for (;;) {
        int wait_ms = server_kill_late(s);
        /* a full house stops listening: the requests wait in the socket */
        struct pollfd p[2] = {{.fd = s->running < MAX_CHILDREN ? VS_MEDIA_SOCKET : -1, .events = POLLIN},
                              {.fd = s->signals, .events = POLLIN}};
        if (poll(p, 2, wait_ms) < 0 && errno != EINTR)
            return;
        if (p[1].revents)
            server_reap(s);
        if (p[0].revents && server_receive(s) != 0)
            return;
        /* a child that the host forked may hold the socket open after the host has died */
        if (getppid() != s->parent)
            return;
    }
}

/* Whether a child gets into the sandbox on this kernel, and with which layers: tried, not guessed. */
static unsigned int try_sandbox(void) {
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        int layers = sandbox_enter(1000);
        _exit(layers < 0 ? 0 : layers);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
        return 0;
    return (unsigned int)WEXITSTATUS(status);
}

static int say_hello(unsigned int layers) {
    struct vs_media_hello hello = {.magic = VS_MEDIA_MAGIC, .protocol = VS_MEDIA_PROTOCOL, .isolation = layers};
    unsigned int f = avformat_version(), c = avcodec_version(), u = avutil_version();
    snprintf(hello.version, sizeof hello.version, "libavformat %u.%u.%u, libavcodec %u.%u.%u, libavutil %u.%u.%u",
             f >> 16, f >> 8 & 255, f & 255, c >> 16, c >> 8 & 255, c & 255, u >> 16, u >> 8 & 255, u & 255);
    return send(VS_MEDIA_SOCKET, &hello, sizeof hello, MSG_NOSIGNAL) == (ssize_t)sizeof hello ? 0 : -1;
}

static int is_socket(int fd) {
    int type = 0;
    socklen_t size = sizeof type;
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

int main(void) {
    struct server s = {.signals = -1, .parent = getppid()};
    if (!is_socket(VS_MEDIA_SOCKET)) {
        fputs("vidstore-probe: is started by libvidstore, not by hand\n", stderr);
        return 2;
    }
    /* what would be opened or drawn later, where nothing can be opened any more */
    json_object_seed(0);
    probe_prepare();
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    if (sandbox_prepare() != 0 || sigprocmask(SIG_SETMASK, &child, NULL) != 0)
        return 3;
    struct sigaction plain = {.sa_handler = SIG_DFL};
    sigaction(SIGCHLD, &plain, NULL);
    s.signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    if (s.signals < 0 || say_hello(try_sandbox()) != 0)
        return 3;
    server_run(&s);
    for (int i = 0; i < MAX_CHILDREN; i++)
        if (s.children[i].pid)
            kill(s.children[i].pid, SIGKILL);
    _exit(0);
}
