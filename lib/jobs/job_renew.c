/* SPDX-License-Identifier: MIT */
#include "jobs/job_renew.h"
#include "db/bind.h"
#include "jobs/job_season.h"
#include "util/env.h"
#include <string.h>

/* Taken inside the write, so that of two writers of one lease the later one has the later progress. */
static int copy_progress(struct vs_hold *hold, struct vs_progress *ret, uint64_t *ret_serial) {
    pthread_mutex_lock(&hold->lock);
    int news = hold->serial != hold->written;
    *ret = hold->progress;
    *ret_serial = hold->aboard = hold->serial;
    pthread_mutex_unlock(&hold->lock);
    return news;
}

static int is_stalled(struct vs_hold *hold, int64_t stall_ms) {
    pthread_mutex_lock(&hold->lock);
    int stalled = stall_ms != INT64_MAX && vs_mono_us() - hold->moved_us > stall_ms * 1000;
    pthread_mutex_unlock(&hold->lock);
    return stalled;
}

static int write_progress(struct vs_conn *conn, const struct vs_hold *hold, const struct vs_progress *p,
                          vidstore_error **e) {
    vs_autostmt *s = NULL;
    struct vs_uuid parent;
    int r = vs_ask(conn, VS_STMT_JOB_PROGRESS, &s, e, vs_text(*p->stage ? p->stage : NULL), vs_int(p->done),
                   vs_int(p->total), vs_int(p->whole), vs_id(&hold->job));
    int has_parent = r == VS_ROW && vs_col_uuid(s, 0, &parent);
    vs_reset(s);
    return r < 0 ? r : has_parent ? vs_season_progress(conn, &parent, e) : 0;
}

static void bind_ends(struct vs_stmt *s, int64_t lease_ms) {
    vs_bind_int(s, 1, vs_now_us() + lease_ms * 1000);
    vs_bind_text(s, 2, *vs_boot_id() ? vs_boot_id() : NULL, -1);
    vs_bind_int(s, 3, vs_boot_us() + lease_ms * 1000);
}

/* By the hash: a process may have lost a job and claimed it again. */
static void note_kept(const struct vs_renewals *all, struct vs_stmt *s) {
    size_t len = 0;
    const void *hash = vs_col_blob(s, 0, &len);
    for (size_t i = 0; i < all->count && len == VS_SHA256_SIZE; i++) {
        struct vs_renewal *one = &all->items[i];
        if (one->outcome == VS_RENEW_STALLED || memcmp(one->hold->hash, hash, len) != 0)
            continue;
        one->outcome = VS_RENEW_KEPT;
        one->cancel = vs_col_int(s, 1) == 1;
    }
}

/* One statement for all; those that it does not give back are gone. */
static int renew_all(struct vs_conn *conn, const struct vs_renewals *all, vidstore_error **e) {
    enum { FIRST_HASH = 4 };
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, VS_STMT_JOB_RENEW_ALL, &s, e);
    if (r)
        return r;
    bind_ends(s, all->lease_ms);
    for (size_t i = 0; i < VS_RENEW_MAX; i++) {
        int wanted = i < all->count && all->items[i].outcome != VS_RENEW_STALLED;
        vs_bind_blob(s, FIRST_HASH + (int)i, wanted ? all->items[i].hold->hash : NULL, VS_SHA256_SIZE);
    }
    while ((r = vs_step(s, e)) == VS_ROW)
        note_kept(all, s);
    return r;
}

/* What a statement of the lease's row says: it is there, and whether the job is to be cancelled. */
static int read_outcome(struct vs_stmt *s, struct vs_renewal *one, int there, vidstore_error **e) {
    int r = vs_row(s, e);
    if (r < 0)
        return r;
    one->outcome = r == VS_ROW ? there : VS_RENEW_GONE;
    one->cancel = r == VS_ROW && vs_col_int(s, 0) == 1;
    return 0;
}

static void bind_progress(struct vs_stmt *s, const struct vs_progress *p) {
    enum { FIRST = 4 };
    vs_bind_text(s, FIRST, *p->stage ? p->stage : NULL, -1);
    vs_bind_int(s, FIRST + 1, p->done);
    vs_bind_int(s, FIRST + 2, p->total);
    vs_bind_int(s, FIRST + 3, p->whole);
}

/* With its progress, when that is new, in one statement. */
static int renew_one(struct vs_conn *conn, struct vs_renewal *one, int64_t lease_ms, vidstore_error **e) {
    vs_autostmt *s = NULL;
    struct vs_progress progress;
    struct vs_uuid parent;
    int news = copy_progress(one->hold, &progress, &one->serial);
    int r = vs_stmt(conn, news ? VS_STMT_JOB_RENEW_WITH : VS_STMT_JOB_RENEW, &s, e);
    if (r)
        return r;
    bind_ends(s, lease_ms);
    if (news)
        bind_progress(s, &progress);
    vs_bind_uuid(s, news ? 8 : 4, &one->hold->job);
    vs_bind_blob(s, news ? 9 : 5, one->hold->hash, VS_SHA256_SIZE);
    r = read_outcome(s, one, VS_RENEW_KEPT, e);
    int has_parent = !r && news && one->outcome == VS_RENEW_KEPT && vs_col_uuid(s, 1, &parent);
    vs_reset(s);
    return has_parent ? vs_season_progress(conn, &parent, e) : r;
}

/* A lease whose work stands still runs out by itself, and is gone when somebody has taken the job. */
static int leave_stalled(struct vs_conn *conn, struct vs_renewal *one, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_bound(conn, VS_STMT_JOB_LEASE_HOLDS, &s, e, vs_id(&one->hold->job),
                     vs_bytes(one->hold->hash, VS_SHA256_SIZE));
    if (r)
        return r;
    return read_outcome(s, one, VS_RENEW_STALLED, e);
}

/* What stands with the renewal: the progress that is new, and whether one that stands still has lost its job. */
static int renew_rest(struct vs_conn *conn, struct vs_renewal *one, vidstore_error **e) {
    struct vs_progress progress;
    if (one->outcome == VS_RENEW_STALLED)
        return leave_stalled(conn, one, e);
    int news = copy_progress(one->hold, &progress, &one->serial);
    return news && one->outcome == VS_RENEW_KEPT ? write_progress(conn, one->hold, &progress, e) : 0;
}

int vs_renew_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct vs_renewals *all = arg;
    size_t live = 0;
    for (size_t i = 0; i < all->count; i++) {
        struct vs_renewal *one = &all->items[i];
        one->cancel = 0;
        one->outcome = is_stalled(one->hold, all->stall_ms) ? VS_RENEW_STALLED : VS_RENEW_GONE;
        live += one->outcome != VS_RENEW_STALLED;
    }
    if (all->count == 1 && live)
        return renew_one(conn, &all->items[0], all->lease_ms, e);
    int r = live ? renew_all(conn, all, e) : 0;
    for (size_t i = 0; !r && i < all->count; i++)
        r = renew_rest(conn, &all->items[i], e);
    return r;
}

static void tell(struct vs_renewal *one) {
    struct vs_hold *hold = one->hold;
    pthread_mutex_lock(&hold->lock);
    if (one->outcome == VS_RENEW_KEPT)
        hold->written = one->serial > hold->written ? one->serial : hold->written;
    pthread_mutex_unlock(&hold->lock);
    vs_hold_stays(hold);
    if (one->cancel)
        vs_hold_signal(hold, VIDSTORE_SIGNAL_CANCEL);
    if (one->outcome == VS_RENEW_GONE && vs_hold_is_ending(hold))
        one->outcome = VS_RENEW_ENDING;
    if (one->outcome == VS_RENEW_GONE)
        vs_hold_lost(hold);
}

void vs_renew_tell(struct vs_renewals *all) {
    for (size_t i = 0; i < all->count; i++)
        tell(&all->items[i]);
}

int vs_renew(struct vs_db *db, const struct vs_call *call, struct vs_renewals *all, vidstore_error **e) {
    int r = all->count ? vs_db_write(db, call, vs_renew_op, all, e) : 0;
    for (size_t i = 0; r && i < all->count; i++)
        vs_hold_stays(all->items[i].hold);
    if (!r)
        vs_renew_tell(all);
    return r;
}
