/* SPDX-License-Identifier: MIT */
/* One probe: hand the descriptor over, wait for the answer without trusting its writer. */
#include "media/media_internal.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "util/parallel.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* After the deadline the helper kills the child; a helper that does not is deaf, and is killed after the grace. */
enum { GRACE_MS = 2000, DEATH_MS = 100, TRIES = 3, LOOK_MS = 20 };

enum outcome {
    ANSWERED,
    NO_ANSWER,   /* the child ended without one */
    NOT_TAKEN,   /* no child ever had the file */
    TOO_LONG,    /* it would not stop talking */
    HELPER_GONE, /* the helper is dead: the file is not to blame */
    HELPER_DEAF, /* nothing came at all, not even the end */
    GIVEN_UP,    /* the caller does not want it any more */
};

/* One file, on its way. */
struct question {
    int fd;
    const struct vs_probe_bytes *bytes; /* in place of fd; NULL: it is a file */
    struct vs_media_ranges ranges;
    const atomic_int *cancel;
    int places;
    int64_t wait_ms;
    struct vs_media_request request;
    struct vs_buf answer;
    int64_t elapsed_us;
};

static int take_limits(const struct vs_probe_limits *l, struct question *ret, vidstore_error **e) {
    static const struct vs_probe_limits none;
    l = l ? l : &none;
    ret->request = (struct vs_media_request){
        .magic = VS_MEDIA_MAGIC,
        .max_streams = l->max_streams ? (uint32_t)l->max_streams : VS_MEDIA_MAX_STREAMS,
        .max_read = l->max_read ? l->max_read : 64 << 20,
        .timeout_ms = l->timeout_ms ? (int32_t)l->timeout_ms : 10000,
        .decode = !l->skip_decode,
        .warm = !!l->warm,
    };
    ret->wait_ms = l->wait_ms ? l->wait_ms : 60000;
    ret->places = vs_prober_places(l->places);
    ret->cancel = l->cancel;
    if (l->max_streams < 0 || l->max_streams > VS_MEDIA_MAX_STREAMS)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "max_streams", "max_streams is not within 1 and %d",
                           VS_MEDIA_MAX_STREAMS);
    if (l->max_read < 0)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "max_read", "max_read is negative");
    if (l->timeout_ms < 0 || l->timeout_ms > 3600000)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "timeout_ms", "timeout_ms is not within an hour");
    if (l->wait_ms < 0 || l->wait_ms > 86400000)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "wait_ms", "wait_ms is not within a day");
    if (l->places < 0 || l->places > VS_PARALLEL_MAX)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "places", "places is not within 0 and %d",
                           VS_PARALLEL_MAX);
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

/* Waits for the answer, or a range that is asked for, and looks up now and then. The number of what is ready; 0: the
 * deadline has passed; -1: the caller has given up. */
static int wait_for_child(const struct question *q, struct pollfd p[2], int64_t deadline_us) {
    for (;;) {
        if (q->cancel && atomic_load(q->cancel))
            return -1;
        int64_t left_us = deadline_us - vs_mono_us();
        int64_t wait_ms = left_us > 0 ? left_us / 1000 + 1 : 0;
        if (q->cancel && wait_ms > LOOK_MS)
            wait_ms = LOOK_MS;
        int n = poll(p, p[1].fd >= 0 ? 2 : 1, (int)wait_ms);
        if (n > 0 || (n == 0 && left_us <= 0) || (n < 0 && errno != EINTR))
            return n > 0 ? n : 0;
    }
}

/* One piece of the answer. 1 when it has ended; 0 when there is more to come. */
static int read_piece(int fd, struct vs_buf *ret) {
    char chunk[16384];
    ssize_t got = read(fd, chunk, sizeof chunk);
    if (got < 0 && errno == EINTR)
        return 0;
    if (got <= 0)
        return 1;
    vs_buf_add(ret, chunk, (size_t)got);
    /* not at the end of file only: a process that the host forks meanwhile may hold the pipe's other end */
    return ret->failed || chunk[got - 1] == '\n';
}

/* How many processes have taken the file: what stands before the answer. */
static size_t count_taken(const struct vs_buf *answer) {
    size_t n = 0;
    while (n < answer->len && answer->data[n] == VS_MEDIA_TAKEN)
        n++;
    return n;
}

static enum outcome read_answer(const struct vs_media_helper *h, int fd, int64_t deadline_us, struct question *q) {
    for (;;) {
        struct pollfd p[2] = {{.fd = fd, .events = POLLIN}, {.fd = q->bytes ? q->ranges.sock : -1, .events = POLLIN}};
        int n = wait_for_child(q, p, deadline_us);
        if (n <= 0)
            return n < 0 ? GIVEN_UP : HELPER_DEAF;
        if (p[1].fd >= 0 && p[1].revents)
            vs_media_ranges_serve(&q->ranges, deadline_us);
        if (!p[0].revents || !read_piece(fd, &q->answer))
            continue;
        if (q->answer.failed)
            return TOO_LONG;
        size_t taken = count_taken(&q->answer);
        if (q->answer.len > taken)
            return ANSWERED; /* or cut off, which the reader of the answer will find */
        return vs_media_helper_dead(h, DEATH_MS) ? HELPER_GONE : taken ? NO_ANSWER : NOT_TAKEN;
    }
}

/* An outcome, or a negative status. */
static int ask_with(const struct vs_media_helper *h, struct question *q, int media, vidstore_error **e) {
    int pipes[2];
    if (pipe2(pipes, O_CLOEXEC) != 0) {
        int rc = vs_fail_errno(e, errno, NULL, "make a pipe for the probe");
        if (q->bytes)
            close(media);
        return rc;
    }
    vs_buf_free(&q->answer);
    q->answer.max = VS_MEDIA_ANSWER_MAX;
    int64_t began_us = vs_mono_us();
    int64_t deadline_us = began_us + (q->request.timeout_ms + VS_MEDIA_KILL_MS + GRACE_MS) * INT64_C(1000);
    int sent = send_request(h, &q->request, media, pipes[1], deadline_us);
    close(pipes[1]);
    if (q->bytes)
        close(media); /* so that its end is seen here when the child has gone */
    int outcome = sent < 0 ? HELPER_GONE : HELPER_DEAF;
    if (sent > 0)
        outcome = (int)read_answer(h, pipes[0], deadline_us, q);
    close(pipes[0]);
    q->elapsed_us = vs_mono_us() - began_us;
    return q->answer.failed == VIDSTORE_NOMEM ? vs_fail_nomem(e) : outcome;
}

static int ask(const struct vs_media_helper *h, struct question *q, vidstore_error **e) {
    int media = q->fd;
    if (!q->bytes)
        return ask_with(h, q, media, e);
    int rc = vs_media_ranges_begin(&q->ranges, q->bytes, q->request.max_read, &media, e);
    if (rc)
        return rc;
    rc = ask_with(h, q, media, e);
    if (q->ranges.failed && rc >= 0)
        rc = vs_fail_sub(e, q->ranges.failed, vidstore_error_subcode(q->ranges.error), NULL, "%s",
                         vidstore_error_message(q->ranges.error));
    vs_media_ranges_end(&q->ranges);
    return rc;
}

static int set_text(char **field, const char *text, vidstore_error **e) {
    vs_free(*field);
    *field = vs_strdup(text);
    return *field ? 0 : vs_fail_nomem(e);
}

static int is_late(const struct question *q) {
    return q->elapsed_us >= q->request.timeout_ms * INT64_C(1000);
}

/* Nothing usable came back, and the file is to blame: killed at the deadline, or it broke its parser. */
static int note_loss(const struct question *q, const char *detail, struct vs_probe *probe, vidstore_error **e) {
    int late = is_late(q);
    int rc = set_text(&probe->status, late ? "limit_time" : "crashed", e);
    return rc ? rc : set_text(&probe->detail, late ? "stopped at the deadline" : detail, e);
}

static int take_answer(enum outcome outcome, const struct question *q, struct vs_probe *probe, vidstore_error **e) {
    if (outcome == NO_ANSWER || outcome == NOT_TAKEN)
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

/* No process for it, or none that lived until it had the file: the machine is short of something, and nothing is known
 * of the file. */
static int fail_not_taken(vidstore_error **e) {
    vs_fail(e, VIDSTORE_UNAVAILABLE, NULL, "the probe helper had no process for the file (processes, descriptors?)");
    vs_error_set_retry(e, 1000);
    return VIDSTORE_UNAVAILABLE;
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
    else if (outcome == GIVEN_UP)
        rc = vs_fail(e, VIDSTORE_CANCELLED, NULL, "cancelled while probing");
    else if (outcome == NOT_TAKEN && !is_late(q))
        rc = fail_not_taken(e);
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

/* Into a new *ret. */
static int probe_question(struct vs_prober *p, struct question *q, struct vs_probe **ret, vidstore_error **e) {
    vs_autoprobe *probe = vs_malloc(sizeof *probe);
    if (!probe)
        return vs_fail_nomem(e);
    vs_media_probe_init(probe);
    int rc = vs_media_enter(p, q->places, q->wait_ms, q->cancel, e);
    if (rc)
        return rc;
    rc = ask_somebody(p, q, probe, e);
    vs_media_leave(p);
    vs_buf_free(&q->answer);
    if (rc == 0)
        *ret = VS_TAKE(probe);
    return rc;
}

int vs_probe_fd(struct vs_prober *p, int fd, const struct vs_probe_limits *limits, struct vs_probe **ret,
                vidstore_error **e) {
    struct question q = {.fd = fd};
    struct stat st;
    *ret = NULL;
    int rc = take_limits(limits, &q, e);
    if (rc)
        return rc;
    if (fstat(fd, &st) != 0)
        return vs_fail_errno(e, errno, NULL, "look at the file");
    if (!S_ISREG(st.st_mode))
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_NOT_A_FILE, NULL, "not a regular file");
    vs_autoprobe *probe = NULL;
    rc = probe_question(p, &q, &probe, e);
    if (rc == 0)
        rc = compare_file(fd, &st, probe, e);
    if (rc)
        return rc;
    probe->size = st.st_size;
    *ret = VS_TAKE(probe);
    return 0;
}

int vs_probe_bytes(struct vs_prober *p, const struct vs_probe_bytes *bytes, const struct vs_probe_limits *limits,
                   struct vs_probe **ret, vidstore_error **e) {
    struct question q = {.fd = -1, .bytes = bytes};
    *ret = NULL;
    int rc = take_limits(limits, &q, e);
    if (rc)
        return rc;
    q.request.ranged = 1;
    q.request.warm = 0;
    q.request.size = bytes->size;
    rc = probe_question(p, &q, ret, e);
    if (rc == 0)
        (*ret)->size = bytes->size;
    return rc;
}
