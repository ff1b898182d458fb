/* SPDX-License-Identifier: MIT */
#include "store/watcher.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "vidstore/job.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

enum {
    PIECE = 256,
    LOOK_MS = 5000, /* how long one look may take */
    CALM_MS = 1000, /* between looks when the log tells of commits */
    DEAF_MS = 100,  /* and when it can't be watched */
};

struct vs_watcher {
    struct vidstore *store;
    pthread_t thread;
    struct vs_listener *listener;
    atomic_int stop, told, wanted; /* wanted: somebody waits or watches */
    int wake_fd, log_fd;           /* log_fd -1: the log can't be watched */
    int64_t seen;                  /* the thread's: newest entry that was dealt with */
    struct vs_feed_entry *piece;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t turned;
    struct vs_watch_post *posts;
    int waiting; /* for a job */
    uint64_t turns[VS_TURNS];
    int64_t joined; /* the first of those who are here now has seen so far; -1: taken over by the thread */
};

/* --- telling -------------------------------------------------------------------------------------------------------
 */

/* With the lock held. The pipe has room for the one byte that it ever holds. */
static void signal_post(struct vs_watch_post *post, int on) {
    char byte = 0;
    if (post->signalled == on)
        return;
    if (on ? write(post->pipe[1], &byte, 1) == 1 : read(post->pipe[0], &byte, 1) == 1)
        post->signalled = on;
}

/* What may be seen is decided by who reads it; here it is enough to tell nobody in vain too often. */
static int concerns(struct vs_watch_post *post, const struct vs_feed_entry *entry) {
    int own = vs_uuid_equal(&post->only, &entry->owner);
    if (own && strcmp(entry->noun, "grant") == 0)
        post->guest = 1;
    return (own || post->all || entry->open == 1 || strcmp(entry->noun, "setting") == 0 ||
            (post->guest && vs_policy_is_shared(entry->noun))) &&
           vs_watch_filter_match(post->filter, entry);
}

/* Which turn an entry is: of a job that can be claimed, now or at a time that whoever waits has to learn, or of one
 * that is not what it was; VS_TURNS: none. */
static enum vs_turn turn_of(const struct vs_feed_entry *entry) {
    if (strcmp(entry->noun, "job") || entry->kind == VS_FEED_PROGRESS)
        return VS_TURNS;
    return entry->state == VIDSTORE_JOB_READY || entry->state == VIDSTORE_JOB_SCHEDULED ? VS_TURN_READY : VS_TURN_ENDED;
}

static void tell(struct vs_watcher *w, const struct vs_feed_entry *piece, int64_t count) {
    uint64_t turns[VS_TURNS + 1] = {0};
    pthread_mutex_lock(&w->lock);
    for (struct vs_watch_post *post = w->posts; post; post = post->next)
        for (int64_t i = 0; i < count && !post->signalled; i++)
            if (concerns(post, &piece[i]))
                signal_post(post, 1);
    for (int64_t i = 0; i < count; i++)
        turns[turn_of(&piece[i])]++;
    for (int i = 0; i < VS_TURNS; i++)
        w->turns[i] += turns[i];
    if (w->waiting && turns[VS_TURN_READY] + turns[VS_TURN_ENDED])
        pthread_cond_broadcast(&w->turned);
    pthread_mutex_unlock(&w->lock);
}

/* --- looking -------------------------------------------------------------------------------------------------------
 */

struct look {
    struct vs_watcher *w;
    int64_t count;
};

static int look_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct look *look = arg;
    return vs_feed_page(conn, look->w->seen, PIECE, look->w->piece, &look->count, e);
}

/* What can't be read now is read at the next look. */
static void look(struct vs_watcher *w) {
    struct look look = {w, 0};
    do {
        struct vs_call call = {vs_mono_us() + LOOK_MS * 1000, &w->stop};
        look.count = 0;
        if (vs_db_read(w->store->db, &call, look_op, &look, NULL) || !look.count)
            return;
        w->seen = w->piece[look.count - 1].seq;
        tell(w, w->piece, look.count);
    } while (look.count == PIECE && !atomic_load(&w->stop));
}

/* --- noticing ------------------------------------------------------------------------------------------------------
 */

/* Called by whoever has committed. */
static void be_told(void *arg) {
    struct vs_watcher *w = arg;
    if (atomic_load(&w->wanted) && !atomic_exchange(&w->told, 1))
        eventfd_write(w->wake_fd, 1);
}

static void drain(int fd) {
    char events[4096];
    while (read(fd, events, sizeof events) > 0)
        continue;
}

/* 1 when somebody wants to know. Takes over what the first of them has seen. */
static int is_wanted(struct vs_watcher *w) {
    pthread_mutex_lock(&w->lock);
    int wanted = w->posts || w->waiting;
    if (w->joined >= 0)
        w->seen = w->joined;
    w->joined = -1;
    pthread_mutex_unlock(&w->lock);
    return wanted;
}

/* The log is written before the commit can be seen, by some milliseconds or, on a slow disk, by many: so long it is
 * looked again, less and less often. The first of these pauses is kept whatever the log says, which another process may
 * write without end. */
enum { FIRST_PAUSE_MS = 1, LAST_PAUSE_MS = 64, NO_PAUSE = -1 };

/* Waits for what there is to notice. Gives the pause after the look that follows. */
static int notice(struct vs_watcher *w, int pause_ms) {
    int wanted = is_wanted(w);
    int calm_ms = w->log_fd < 0 ? DEAF_MS : CALM_MS;
    struct pollfd fds[] = {{.fd = w->wake_fd, .events = POLLIN},
                           {.fd = wanted && pause_ms != FIRST_PAUSE_MS ? w->log_fd : -1, .events = POLLIN}};
    int got = poll(fds, VS_COUNT(fds), !wanted ? -1 : pause_ms != NO_PAUSE ? pause_ms : calm_ms);
    if (got > 0 && fds[0].revents) {
        drain(w->wake_fd);
        atomic_store(&w->told, 0);
    }
    if (got > 0 && fds[1].revents) {
        drain(w->log_fd);
        return FIRST_PAUSE_MS;
    }
    if (got > 0 || pause_ms == NO_PAUSE)
        return pause_ms;
    return pause_ms < LAST_PAUSE_MS ? pause_ms * 2 : NO_PAUSE;
}

static void *run(void *arg) {
    struct vs_watcher *w = arg;
    int pause_ms = NO_PAUSE;
    while (!atomic_load(&w->stop)) {
        pause_ms = notice(w, pause_ms);
        if (is_wanted(w) && !atomic_load(&w->stop))
            look(w);
    }
    return NULL;
}

/* --- the service of a store ----------------------------------------------------------------------------------------
 */

/* Where other processes' commits show first. */
static int watch_log(const struct vidstore *store) {
    char path[PATH_MAX];
    if (!store->options.path || snprintf(path, sizeof path, "%s/store.db-wal", store->options.path) >= PATH_MAX)
        return -1;
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd >= 0 && inotify_add_watch(fd, path, IN_MODIFY) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void dispose(struct vs_watcher *w) {
    vs_db_unlisten(w->store->db, w->listener);
    if (w->wake_fd >= 0)
        close(w->wake_fd);
    if (w->log_fd >= 0)
        close(w->log_fd);
    vs_free(w->piece);
    pthread_cond_destroy(&w->turned);
    pthread_mutex_destroy(&w->lock);
    vs_free(w);
}

static int init_turned(pthread_cond_t *cond) {
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    int err = pthread_cond_init(cond, &attr);
    pthread_condattr_destroy(&attr);
    return err;
}

static int set_up(struct vs_watcher *w, vidstore_error **e) {
    w->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (w->wake_fd < 0)
        return vs_fail_errno(e, errno, NULL, "make a descriptor for the change feed");
    w->piece = vs_reallocarray(NULL, PIECE, sizeof *w->piece);
    if (!w->piece)
        return vs_fail_nomem(e);
    w->log_fd = watch_log(w->store);
    int r = vs_db_listen(w->store->db, be_told, w, &w->listener, e);
    if (r)
        return r;
    int err = vs_env()->thread_start(run, w, &w->thread);
    return err ? vs_fail_errno(e, err, NULL, "start the thread of the change feed") : 0;
}

static int start(struct vidstore *store, void **ret, vidstore_error **e) {
    struct vs_watcher *w = vs_calloc(1, sizeof *w);
    if (!w || init_turned(&w->turned)) {
        vs_free(w);
        return vs_fail_nomem(e);
    }
    pthread_mutex_init(&w->lock, NULL);
    w->store = store;
    w->wake_fd = w->log_fd = -1;
    w->joined = -1;
    int r = set_up(w, e);
    if (r)
        dispose(w);
    else
        *ret = w;
    return r;
}

static void stop(void *state) {
    struct vs_watcher *w = state;
    atomic_store(&w->stop, 1);
    eventfd_write(w->wake_fd, 1);
    pthread_join(w->thread, NULL);
    dispose(w);
}

int vs_watcher_of(struct vidstore *store, struct vs_watcher **ret, vidstore_error **e) {
    void *state = NULL;
    int r = vs_store_service(store, VS_SLOT_WATCHER, start, stop, &state, e);
    *ret = state;
    return r;
}

/* --- who wants to know ---------------------------------------------------------------------------------------------
 */

/* With the lock held: the first one says where to begin. */
static void note_first(struct vs_watcher *w, int64_t seen) {
    if (w->posts || w->waiting)
        return;
    w->joined = seen;
    atomic_store(&w->wanted, 1);
    eventfd_write(w->wake_fd, 1);
}

void vs_watcher_join(struct vs_watcher *w, struct vs_watch_post *post, int64_t seen) {
    pthread_mutex_lock(&w->lock);
    note_first(w, seen);
    post->next = w->posts;
    w->posts = post;
    pthread_mutex_unlock(&w->lock);
}

void vs_watcher_part(struct vs_watcher *w, struct vs_watch_post *post) {
    pthread_mutex_lock(&w->lock);
    struct vs_watch_post **at = &w->posts;
    while (*at != post)
        at = &(*at)->next;
    *at = post->next;
    atomic_store(&w->wanted, w->posts || w->waiting);
    pthread_mutex_unlock(&w->lock);
}

void vs_watcher_signal(struct vs_watcher *w, struct vs_watch_post *post, int on) {
    pthread_mutex_lock(&w->lock);
    signal_post(post, on);
    pthread_mutex_unlock(&w->lock);
}

void vs_watcher_narrow(struct vs_watcher *w, struct vs_watch_post *post, const struct vs_uuid *only, int all) {
    pthread_mutex_lock(&w->lock);
    post->only = *only;
    post->all = all;
    pthread_mutex_unlock(&w->lock);
}

void vs_watcher_invite(struct vs_watcher *w, struct vs_watch_post *post) {
    pthread_mutex_lock(&w->lock);
    post->guest = 1;
    pthread_mutex_unlock(&w->lock);
}

static int newest_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct vs_feed_span span;
    int r = vs_feed_span(conn, &span, e);
    *(int64_t *)arg = span.last;
    return r;
}

int vs_watcher_turns_begin(struct vs_watcher *w, enum vs_turn which, uint64_t *ret_turn, vidstore_error **e) {
    int64_t seen = 0;
    struct vs_call call = {vs_mono_us() + LOOK_MS * 1000, NULL};
    int r = vs_db_read(w->store->db, &call, newest_op, &seen, e);
    if (r)
        return r;
    pthread_mutex_lock(&w->lock);
    note_first(w, seen);
    w->waiting++;
    *ret_turn = w->turns[which];
    pthread_mutex_unlock(&w->lock);
    return 0;
}

void vs_watcher_turns_end(struct vs_watcher *w) {
    pthread_mutex_lock(&w->lock);
    w->waiting--;
    atomic_store(&w->wanted, w->posts || w->waiting);
    pthread_mutex_unlock(&w->lock);
}

int vs_watcher_turn_wait(struct vs_watcher *w, enum vs_turn which, uint64_t *turn, int64_t until_us) {
    struct timespec at;
    int64_t left_us = until_us - vs_mono_us();
    clock_gettime(CLOCK_MONOTONIC, &at);
    int64_t ns = at.tv_nsec + (left_us > 0 ? left_us : 0) * 1000;
    at.tv_sec += ns / 1000000000;
    at.tv_nsec = ns % 1000000000;
    pthread_mutex_lock(&w->lock);
    int late = left_us <= 0;
    while (w->turns[which] == *turn && !late)
        late = pthread_cond_timedwait(&w->turned, &w->lock, &at) == ETIMEDOUT;
    int turned = w->turns[which] != *turn;
    *turn = w->turns[which];
    pthread_mutex_unlock(&w->lock);
    return turned;
}
