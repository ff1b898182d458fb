/* SPDX-License-Identifier: MIT */
/* Public calls on the change feed. */
#include "vidstore/watch.h"
#include "store/watcher.h"
#include "util/alloc.h"
#include "util/error.h"
#include "util/handle.h"
#include "util/quarantine.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { WAIT_MAX_MS = 86400000 };

struct vidstore_watch {
    uint32_t magic;
    vidstore_session *session; /* its own: see vs_session_copy */
    struct vs_watcher *watcher;
    struct vs_watch_filter filter;
    struct vs_watch_post post;
    int64_t seq;
    uint32_t epoch;
    char position[VS_WATCH_POSITION];
    int joined;
    int halt_fd; /* an eventfd: set by an interrupt until a wait has ended by it */
};

static void destroy(struct vidstore_watch *watch) {
    if (watch->joined)
        vs_watcher_part(watch->watcher, &watch->post);
    for (int i = 0; i < 2; i++)
        if (watch->post.pipe[i] >= 0)
            close(watch->post.pipe[i]);
    if (watch->halt_fd >= 0)
        close(watch->halt_fd);
    vs_watch_filter_free(&watch->filter);
    if (watch->session)
        vs_session_destroy(watch->session);
    vs_quarantine(watch, sizeof *watch);
}

static void set_place(struct vidstore_watch *watch, const struct vs_watch_reading *reading) {
    watch->seq = reading->seq;
    watch->epoch = reading->epoch;
    memcpy(watch->position, reading->position, sizeof watch->position);
}

/* Who sees all is told of all; others of what is theirs. */
static void narrow(struct vidstore_watch *watch) {
    const struct vs_actor *actor = &watch->session->actor;
    vs_watcher_narrow(watch->watcher, &watch->post, &actor->user, vs_policy_is_admin(actor));
}

/* Begins at a position: told of what comes from here on, and told at once when there is something already. What is
 * committed between the two looks is noticed by one of them. */
static int begin(struct vidstore_watch *watch, const char *position, vidstore_error **e) {
    struct vs_watch_reading now = {.session = watch->session}, reading = now;
    int r = vs_watch_locate(&now, NULL, e);
    if (!r)
        r = vs_watcher_of(watch->session->store, &watch->watcher, e);
    if (r)
        return r;
    narrow(watch);
    vs_watcher_join(watch->watcher, &watch->post, now.seq);
    watch->joined = 1;
    r = vs_watch_locate(&reading, position, e);
    if (r)
        return r;
    set_place(watch, &reading);
    if (reading.guest)
        vs_watcher_invite(watch->watcher, &watch->post);
    r = vs_watch_locate(&now, NULL, e);
    if (!r && now.seq > watch->seq)
        vs_watcher_signal(watch->watcher, &watch->post, 1);
    return r;
}

static int make_descriptors(struct vidstore_watch *watch, vidstore_error **e) {
    if (pipe2(watch->post.pipe, O_CLOEXEC | O_NONBLOCK))
        return vs_fail_errno(e, errno, NULL, "make a pipe for the watch");
    watch->halt_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return watch->halt_fd < 0 ? vs_fail_errno(e, errno, NULL, "make a descriptor for the watch") : 0;
}

static int make(vidstore_session *session, const char *filter, const char *position, vidstore_watch **ret,
                vidstore_error **e) {
    struct vidstore_watch *watch = vs_calloc(1, sizeof *watch);
    if (!watch)
        return vs_fail_nomem(e);
    watch->magic = VS_MAGIC_WATCH;
    watch->post.filter = &watch->filter;
    watch->post.pipe[0] = watch->post.pipe[1] = watch->halt_fd = -1;
    int r = vs_watch_filter_make(filter, &watch->filter, e);
    if (!r)
        r = vs_session_copy(session, &watch->session, e);
    if (!r)
        r = make_descriptors(watch, e);
    if (!r)
        r = begin(watch, position, e);
    if (r)
        destroy(watch);
    else
        *ret = watch;
    return r;
}

vidstore_status vidstore_watch_open(vidstore_session *session, const char *filter, const char *position,
                                    vidstore_watch **ret_watch, vidstore_error **reterr) {
    VS_ENTER(session, ret_watch, reterr);
    int r = ret_watch == &vs_unwanted_ ? vs_fail(reterr, VIDSTORE_MISUSE, "ret_watch", "ret_watch is NULL")
                                       : vs_session_outside(session, reterr);
    if (!r)
        r = vs_watch_may(session, reterr);
    return r ? r : make(session, filter, position, ret_watch, reterr);
}

static int is_watch(const vidstore_watch *watch) {
    return watch && watch->magic == VS_MAGIC_WATCH;
}

int32_t vidstore_watch_fd(const vidstore_watch *watch) {
    return is_watch(watch) ? watch->post.pipe[0] : -1;
}

const char *vidstore_watch_position(const vidstore_watch *watch) {
    return is_watch(watch) ? watch->position : NULL;
}

static int enter(vidstore_watch *watch, vidstore_error **e) {
    if (e)
        *e = NULL;
    int r = vs_check_handle(watch, VS_MAGIC_WATCH, "watch", e);
    return r ? r : vs_session_enter(watch->session, e);
}

vidstore_status vidstore_watch_wait(vidstore_watch *watch, int64_t wait_ms, int32_t *ret_ready,
                                    vidstore_error **reterr) {
    int32_t unwanted;
    ret_ready = ret_ready ? ret_ready : &unwanted;
    *ret_ready = 0;
    int r = enter(watch, reterr);
    if (r)
        return r;
    VS_CLEANUP(vs_session_leave) vidstore_session *leave __attribute__((unused)) = watch->session;
    if (wait_ms < 0 || wait_ms > WAIT_MAX_MS)
        return vs_fail_sub(reterr, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "wait_ms", "wait_ms is not between 0 and %d",
                           WAIT_MAX_MS);
    struct pollfd fds[] = {{.fd = watch->halt_fd, .events = POLLIN}, {.fd = watch->post.pipe[0], .events = POLLIN}};
    int got = poll(fds, VS_COUNT(fds), (int)wait_ms);
    if (got < 0 && errno != EINTR)
        return vs_fail_errno(reterr, errno, NULL, "wait for a change");
    eventfd_t halts;
    if (got > 0 && fds[0].revents && !eventfd_read(watch->halt_fd, &halts))
        return vs_fail(reterr, VIDSTORE_CANCELLED, NULL, "interrupted while waiting");
    *ret_ready = got > 0;
    return 0;
}

/* A descriptor and no lock: whoever is about to wait finds it, and a signal handler may do it. */
void vidstore_watch_interrupt(vidstore_watch *watch) {
    if (!is_watch(watch) || vs_db_forked(watch->session->store->db))
        return;
    int before = errno;
    if (atomic_load(&watch->session->busy))
        atomic_store(&watch->session->interrupt, 1);
    eventfd_write(watch->halt_fd, 1);
    errno = before;
}

static int next(vidstore_watch *watch, int64_t max, vidstore_text **ret, vidstore_error **e) {
    struct vs_watch_reading reading = {
        .session = watch->session, .filter = &watch->filter, .seq = watch->seq, .epoch = watch->epoch, .max = max};
    /* Before it is read: what is committed meanwhile signals again. */
    vs_watcher_signal(watch->watcher, &watch->post, 0);
    int r = vs_watch_read(&reading, e);
    if (!r && reading.guest)
        vs_watcher_invite(watch->watcher, &watch->post);
    if (!r)
        r = vs_buf_to_text(&reading.json, ret, e);
    vs_buf_free(&reading.json);
    if (!r || r == VIDSTORE_RESYNC)
        set_place(watch, &reading);
    if (reading.more || r)
        vs_watcher_signal(watch->watcher, &watch->post, 1);
    return r;
}

vidstore_status vidstore_watch_next(vidstore_watch *watch, int64_t max, vidstore_text **ret_json,
                                    vidstore_error **reterr) {
    vidstore_text *unwanted = NULL;
    ret_json = ret_json ? ret_json : &unwanted;
    *ret_json = NULL;
    int r = enter(watch, reterr);
    if (r)
        return r;
    VS_CLEANUP(vs_session_leave) vidstore_session *leave __attribute__((unused)) = watch->session;
    r = vs_session_standing(watch->session, reterr);
    if (!r)
        r = vs_watch_may(watch->session, reterr);
    if (!r) {
        narrow(watch);
        r = next(watch, max, ret_json, reterr);
    }
    vidstore_text_free(unwanted);
    return r;
}

void vidstore_watch_free(vidstore_watch *watch) {
    if (!is_watch(watch) || vs_db_forked(watch->session->store->db))
        return; /* the parent's threads and pipes are not ours to touch: leak */
    destroy(watch);
}

vidstore_status vidstore_changes(vidstore_session *session, const char *filter, const char *position, int64_t max,
                                 vidstore_text **ret_json, vidstore_error **reterr) {
    VS_ENTER(session, ret_json, reterr);
    VS_CLEANUP(vs_watch_filter_free) struct vs_watch_filter wanted = {0};
    struct vs_watch_reading reading = {.session = session, .filter = &wanted, .max = max};
    int r = vs_session_outside(session, reterr);
    if (!r)
        r = vs_watch_may(session, reterr);
    if (!r)
        r = vs_watch_filter_make(filter, &wanted, reterr);
    if (!r)
        r = vs_watch_locate(&reading, position, reterr);
    if (!r)
        r = vs_watch_read(&reading, reterr);
    if (!r)
        r = vs_buf_to_text(&reading.json, ret_json, reterr);
    vs_buf_free(&reading.json);
    vidstore_text_free(vs_unwanted_);
    return r;
}
