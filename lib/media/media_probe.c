/* SPDX-License-Identifier: MIT */
/* One probe: hand the descriptor over, wait for the answer without trusting its writer. */
#include "media/media_internal.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* After the deadline the helper kills the child; a helper that does not is deaf, and is killed after the grace. */
enum { GRACE_MS = 2000, DEATH_MS = 100, TRIES = 3 };

enum outcome {
    ANSWERED,
    NO_ANSWER,   /* the child ended without one */
    TOO_LONG,    /* it would not stop talking */
    HELPER_GONE, /* the helper is dead: the file is not to blame */
    HELPER_DEAF, /* nothing came at all, not even the end */
};

/* One file, on its way. */
struct question {
    int fd;
    struct vs_media_request request;
    struct vs_buf answer;
    int64_t elapsed_us;
};

static int take_limits(const struct vs_probe_limits *l, struct vs_media_request *ret, int64_t *ret_wait,
                       vidstore_error **e) {
    static const struct vs_probe_limits none;
    l = l ? l : &none;
    *ret = (struct vs_media_request){
        .magic = VS_MEDIA_MAGIC,
        .max_streams = l->max_streams ? (uint32_t)l->max_streams : VS_MEDIA_MAX_STREAMS,
        .max_read = l->max_read ? l->max_read : 64 << 20,
        .timeout_ms = l->timeout_ms ? (int32_t)l->timeout_ms : 10000,
        .decode = !l->skip_decode,
        .warm = !!l->warm,
    };
    *ret_wait = l->wait_ms ? l->wait_ms : 60000;
    if (l->max_streams < 0 || l->max_streams > VS_MEDIA_MAX_STREAMS)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "max_streams", "max_streams is not within 1 and %d",
                           VS_MEDIA_MAX_STREAMS);
    if (l->max_read < 0)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "max_read", "max_read is negative");
    if (l->timeout_ms < 0 || l->timeout_ms > 3600000)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "timeout_ms", "timeout_ms is not within an hour");
    if (l->wait_ms < 0 || l->wait_ms > 86400000)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "wait_ms", "wait_ms is not within a day");
    return 0;
}

/* 1 when sent; 0 when the helper does not take it until the deadline; -1 when it is dead. */
static int send_request(const struct vs_media_helper *h, const struct vs_media_request *request, int media, int answer,
                        int64_t deadline_us) {
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(2 * sizeof(int))];
    } control = {0};
    int fds[2] = {media, answer};
    struct iovec v = {(void *)(uintptr_t)request, sizeof *request};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control.space};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof fds);
    memcpy(CMSG_DATA(c), fds, sizeof fds);
    for (;;) {
        if (sendmsg(h->sock, &m, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof *request)
            return 1;
        if (errno != EAGAIN && errno != EINTR && errno != ETOOMANYREFS)
            return -1;
        if (vs_mono_us() > deadline_us)
            return 0;
        struct pollfd p = {.fd = h->sock, .events = POLLOUT};
        poll(&p, 1, 10);
    }
}

static enum outcome read_answer(const struct vs_media_helper *h, int fd, int64_t deadline_us, struct vs_buf *ret) {
    char chunk[16384];
    for (;;) {
        int64_t left_us = deadline_us - vs_mono_us();
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int n = left_us > 0 ? poll(&p, 1, (int)(left_us / 1000) + 1) : 0;
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return HELPER_DEAF;
        ssize_t got = read(fd, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR)
            continue;
        if (got > 0) {
            vs_buf_add(ret, chunk, (size_t)got);
            if (ret->failed)
                return TOO_LONG;
            /* not at the end of file only: a process that the host forks meanwhile may hold the pipe's other end */
            if (chunk[got - 1] == '\n')
                return ANSWERED;
            continue;
        }
        if (ret->len)
            return ANSWERED; /* cut off, which the reader of the answer will find */
        return vs_media_helper_dead(h, DEATH_MS) ? HELPER_GONE : NO_ANSWER;
    }
}

/* An outcome, or a negative status. */
static int ask(const struct vs_media_helper *h, struct question *q, vidstore_error **e) {
    int pipes[2];
    if (pipe2(pipes, O_CLOEXEC) != 0)
        return vs_fail_errno(e, errno, NULL, "make a pipe for the probe");
    vs_buf_free(&q->answer);
    q->answer.max = VS_MEDIA_ANSWER_MAX;
    int64_t began_us = vs_mono_us();
    int64_t deadline_us = began_us + (q->request.timeout_ms + VS_MEDIA_KILL_MS + GRACE_MS) * INT64_C(1000);
    int sent = send_request(h, &q->request, q->fd, pipes[1], deadline_us);
    close(pipes[1]);
    int outcome = sent < 0 ? HELPER_GONE : HELPER_DEAF;
    if (sent > 0)
        outcome = (int)read_answer(h, pipes[0], deadline_us, &q->answer);
    close(pipes[0]);
    q->elapsed_us = vs_mono_us() - began_us;
    return q->answer.failed == VIDSTORE_NOMEM ? vs_fail_nomem(e) : outcome;
}

static int set_text(char **field, const char *text, vidstore_error **e) {
    vs_free(*field);
    *field = vs_strdup(text);
    return *field ? 0 : vs_fail_nomem(e);
}

/* Nothing usable came back, and the file is to blame: killed at the deadline, or it broke its parser. */
static int note_loss(const struct question *q, const char *detail, struct vs_probe *probe, vidstore_error **e) {
    int late = q->elapsed_us >= q->request.timeout_ms * INT64_C(1000);
    int rc = set_text(&probe->status, late ? "limit_time" : "crashed", e);
    return rc ? rc : set_text(&probe->detail, late ? "stopped at the deadline" : detail, e);
}

static int take_answer(enum outcome outcome, const struct question *q, struct vs_probe *probe, vidstore_error **e) {
    if (outcome == NO_ANSWER)
        return note_loss(q, "the probing process ended without an answer", probe, e);
    if (outcome == TOO_LONG)
        return note_loss(q, "the answer is too long", probe, e);
    vs_autoerror vidstore_error *why = NULL;
    int rc = vs_media_answer_read(q->answer.data, q->answer.len, probe, &why);
    if (rc == VIDSTORE_NOMEM)
        return vs_fail_nomem(e);
    if (rc == 0)
        return 0;
    vs_media_probe_clear(probe); /* none of what such a process says is kept */
    return note_loss(q, vidstore_error_message(why), probe, e);
}

/* Asks one helper. 0 with the answer in *probe; 1 when it died and another one may be asked; or a negative status. */
static int ask_one(struct vs_prober *p, struct question *q, struct vs_probe *probe, vidstore_error **e) {
    struct vs_media_helper *h;
    int rc = vs_media_helper_get(p, &h, e);
    if (rc)
        return rc;
    int outcome = ask(h, q, e);
    if (outcome == HELPER_DEAF)
        vs_media_helper_kill(h);
    if (outcome == HELPER_DEAF || outcome == HELPER_GONE)
        vs_media_helper_forget(p, h);
    if (outcome < 0)
        rc = outcome;
    else if (outcome == HELPER_GONE)
        rc = 1;
    else if (outcome == HELPER_DEAF)
        rc = vs_fail(e, VIDSTORE_UNAVAILABLE, NULL, "the probe helper does not respond; it was killed");
    else
        rc = take_answer((enum outcome)outcome, q, probe, e);
    if (rc == 0)
        rc = set_text(&probe->prober, h->hello.version, e);
    if (rc == 0 && !(probe->isolation = vs_media_isolation_words(h->hello.isolation, q->request.warm)))
        rc = vs_fail_nomem(e);
    vs_media_helper_unref(h);
    return rc;
}

static int ask_somebody(struct vs_prober *p, struct question *q, struct vs_probe *probe, vidstore_error **e) {
    int rc = 1;
    for (int n = 0; rc == 1 && n < TRIES; n++)
        rc = ask_one(p, q, probe, e);
    probe->elapsed_us = q->elapsed_us;
    return rc == 1 ? vs_fail(e, VIDSTORE_UNAVAILABLE, NULL, "the probe helper died %d times", TRIES) : rc;
}

/* Whether the file is the same as before: what was learned from one that changed may fit neither state. */
static int compare_file(int fd, const struct stat *before, struct vs_probe *probe, vidstore_error **e) {
    struct stat after;
    if (fstat(fd, &after) != 0)
        return vs_fail_errno(e, errno, NULL, "look at the file");
    if (after.st_size == before->st_size && after.st_mtim.tv_sec == before->st_mtim.tv_sec &&
        after.st_mtim.tv_nsec == before->st_mtim.tv_nsec)
        return 0;
    return set_text(&probe->status, "changed_while_probing", e);
}

int vs_probe_fd(struct vs_prober *p, int fd, const struct vs_probe_limits *limits, struct vs_probe **ret,
                vidstore_error **e) {
    struct question q = {.fd = fd};
    struct stat st;
    int64_t wait_ms;
    *ret = NULL;
    int rc = take_limits(limits, &q.request, &wait_ms, e);
    if (rc)
        return rc;
    if (fstat(fd, &st) != 0)
        return vs_fail_errno(e, errno, NULL, "look at the file");
    if (!S_ISREG(st.st_mode))
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_NOT_A_FILE, NULL, "not a regular file");
    vs_autoprobe *probe = vs_malloc(sizeof *probe);
    if (!probe)
        return vs_fail_nomem(e);
    vs_media_probe_init(probe);
    rc = vs_media_enter(p, wait_ms, e);
    if (rc)
        return rc;
    rc = ask_somebody(p, &q, probe, e);
    vs_media_leave(p);
    vs_buf_free(&q.answer);
    if (rc == 0)
        rc = compare_file(fd, &st, probe, e);
    if (rc)
        return rc;
    probe->size = st.st_size;
    *ret = VS_TAKE(probe);
    return 0;
}
