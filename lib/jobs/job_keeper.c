/* SPDX-License-Identifier: MIT */
#include "jobs/job_keeper.h"
#include "jobs/job_renew.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "vidstore/job.h"
#include <time.h>

/* ASK_US: for a setting, which is read behind the host's own reads; a lease may not run out for theirs. RIDE_US:
 * between rides; a store that commits a thousand times a second need not know each time how far the work is */
enum { RETRY_US = 100000, NAP_US = 1000000, ASK_US = 20000, RIDE_US = 20000 };

struct vs_keeper {
    struct vidstore *store;
    pthread_t thread;
    atomic_int stop;
    struct vs_rider *rider;
    struct vs_renewal riding[VS_RENEW_MAX]; /* these three: of the thread that commits */
    struct vs_renewals ride;
    int64_t ride_us;      /* not before */
    pthread_mutex_t lock; /* guards what follows; taken before a hold's */
    pthread_cond_t wake;
    struct vs_hold *first;
    int64_t asleep_us; /* the thread looks again by then; INT64_MAX: when it is woken; INT64_MIN: it is awake */
    uint64_t pokes, ride_pokes;
    int64_t lease_ms, stall_ms; /* as they were last; 0: not known yet */
};

/* --- holds ------------------------------------------------------------------------------------------------------ */

int vs_hold_new(struct vs_hold **ret, vidstore_error **e) {
    struct vs_hold *hold = vs_calloc(1, sizeof *hold);
    if (!hold)
        return vs_fail_nomem(e);
    atomic_init(&hold->refs, 1);
    pthread_mutex_init(&hold->lock, NULL);
    hold->moved_us = vs_mono_us();
    *ret = hold;
    return 0;
}

struct vs_hold *vs_hold_ref(struct vs_hold *hold) {
    atomic_fetch_add_explicit(&hold->refs, 1, memory_order_relaxed);
    return hold;
}

void vs_hold_unref(struct vs_hold *hold) {
    if (!hold || atomic_fetch_sub_explicit(&hold->refs, 1, memory_order_acq_rel) != 1)
        return;
    pthread_mutex_destroy(&hold->lock);
    vs_wipe(hold->hash, sizeof hold->hash);
    vs_free(hold);
}

void vs_hold_moved(struct vs_hold *hold) {
    pthread_mutex_lock(&hold->lock);
    hold->moved_us = vs_mono_us();
    pthread_mutex_unlock(&hold->lock);
}

void vs_hold_stays(struct vs_hold *hold) {
    pthread_mutex_lock(&hold->lock);
    hold->aboard = hold->written;
    pthread_mutex_unlock(&hold->lock);
}

void vs_hold_signal(struct vs_hold *hold, uint32_t signal) {
    atomic_fetch_or(&hold->signals, signal);
}

void vs_hold_lost(struct vs_hold *hold) {
    if (atomic_load(&hold->end) != VS_HOLD_ENDED)
        vs_hold_signal(hold, VIDSTORE_SIGNAL_LOST);
}

int vs_hold_is_ending(struct vs_hold *hold) {
    return atomic_load(&hold->end) == VS_HOLD_ENDING && vs_mono_us() < atomic_load(&hold->ending_until_us);
}

/* --- the list, under the keeper's lock --------------------------------------------------------------------------- */

static void unlist(struct vs_keeper *keeper, struct vs_hold *hold) {
    struct vs_hold **at = &keeper->first;
    while (*at && *at != hold)
        at = &(*at)->next;
    if (!*at)
        return;
    *at = hold->next;
    hold->listed = 0;
    vs_hold_unref(hold);
}

static int64_t next_due(const struct vs_keeper *keeper) {
    int64_t due = INT64_MAX;
    for (const struct vs_hold *h = keeper->first; h; h = h->next)
        due = h->due_us < due ? h->due_us : due;
    return due;
}

/* Those that are due, with a reference each. */
static size_t take_due(const struct vs_keeper *keeper, int64_t now_us, struct vs_renewal batch[VS_RENEW_MAX]) {
    size_t count = 0;
    for (struct vs_hold *h = keeper->first; h && count < VS_RENEW_MAX; h = h->next)
        if (h->due_us <= now_us) {
            atomic_fetch_add(&h->refs, 1);
            batch[count++] = (struct vs_renewal){.hold = h};
        }
    return count;
}

static void settle(struct vs_keeper *keeper, const struct vs_renewal *batch, size_t count, int failed,
                   int64_t after_us) {
    int64_t now = vs_mono_us();
    for (size_t i = 0; i < count; i++) {
        struct vs_hold *hold = batch[i].hold;
        if (hold->listed) {
            hold->due_us = now + after_us;
            if (!failed && batch[i].outcome == VS_RENEW_GONE)
                unlist(keeper, hold);
        }
        vs_hold_unref(hold);
    }
}

/* --- the thread -------------------------------------------------------------------------------------------------- */

static void wait_until(struct vs_keeper *keeper, int64_t due_us) {
    int64_t left = due_us == INT64_MAX ? NAP_US : due_us - vs_mono_us();
    struct timespec at;
    left = left < NAP_US ? left : NAP_US; /* the clock may be simulated */
    if (left <= 0)
        return;
    keeper->asleep_us = due_us == INT64_MAX ? INT64_MAX : vs_mono_us() + left;
    if (due_us == INT64_MAX) {
        pthread_cond_wait(&keeper->wake, &keeper->lock);
        return;
    }
    clock_gettime(CLOCK_MONOTONIC, &at);
    int64_t ns = at.tv_nsec + left * 1000;
    at.tv_sec += ns / 1000000000;
    at.tv_nsec = ns % 1000000000;
    pthread_cond_timedwait(&keeper->wake, &keeper->lock, &at);
}

/* One round, with the lock held; it is given up while the store works. */
static void renew_due(struct vs_keeper *keeper) {
    struct vs_renewal batch[VS_RENEW_MAX];
    size_t count = take_due(keeper, vs_mono_us(), batch);
    uint64_t pokes = keeper->pokes;
    pthread_mutex_unlock(&keeper->lock);
    int64_t lease_ms = vs_setting_within(keeper->store, VS_SETTING_JOB_LEASE_MS, ASK_US);
    /* The first try begins after a third of the lease: there is time for two more before it has run out. */
    struct vs_call call = {vs_mono_us() + lease_ms * 1000 / 5, &keeper->stop};
    struct vs_renewals all = {.items = batch,
                              .count = count,
                              .lease_ms = lease_ms,
                              .stall_ms = vs_setting_within(keeper->store, VS_SETTING_JOB_STALL_MS, ASK_US)};
    int r = vs_renew(keeper->store->db, &call, &all, NULL);
    pthread_mutex_lock(&keeper->lock);
    keeper->lease_ms = lease_ms;
    keeper->stall_ms = all.stall_ms;
    /* Poked meanwhile: what was just read may be older than what there is to learn. */
    settle(keeper, batch, count, r != 0, r ? RETRY_US : keeper->pokes != pokes ? 0 : lease_ms * 1000 / 3);
}

static void *run(void *arg) {
    struct vs_keeper *keeper = arg;
    pthread_mutex_lock(&keeper->lock);
    while (!atomic_load(&keeper->stop)) {
        keeper->asleep_us = INT64_MIN;
        int64_t due = next_due(keeper);
        if (due > vs_mono_us())
            wait_until(keeper, due);
        else
            renew_due(keeper);
    }
    pthread_mutex_unlock(&keeper->lock);
    return NULL;
}

/* --- riding along with the commits of others --------------------------------------------------------------------- */

static int has_news(struct vs_hold *hold) {
    pthread_mutex_lock(&hold->lock);
    int news = hold->serial != hold->written && hold->serial != hold->aboard;
    pthread_mutex_unlock(&hold->lock);
    return news;
}

/* Progress that nobody has written yet, and leases in the second half of their time until they are due: unless it is
 * known how long work may stand still, only with progress. */
static int may_ride(const struct vs_keeper *keeper, struct vs_hold *h, int64_t now_us) {
    if (atomic_load(&h->end) != VS_HOLD_LIVE)
        return 0;
    return has_news(h) || (keeper->stall_ms && h->due_us - now_us < keeper->lease_ms * 1000 / 6);
}

static int ready_to_ride(void *arg) {
    struct vs_keeper *keeper = arg;
    int64_t now = vs_mono_us();
    if (now < keeper->ride_us)
        return 0;
    struct vs_renewals *ride = &keeper->ride;
    *ride = (struct vs_renewals){.items = keeper->riding};
    pthread_mutex_lock(&keeper->lock);
    for (struct vs_hold *h = keeper->first; h && keeper->lease_ms && ride->count < VS_RENEW_MAX; h = h->next)
        if (may_ride(keeper, h, now))
            ride->items[ride->count++] = (struct vs_renewal){.hold = vs_hold_ref(h)};
    ride->lease_ms = keeper->lease_ms;
    ride->stall_ms = keeper->stall_ms ? keeper->stall_ms : INT64_MAX;
    keeper->ride_pokes = keeper->pokes;
    pthread_mutex_unlock(&keeper->lock);
    if (ride->count)
        keeper->ride_us = now + RIDE_US;
    return ride->count > 0;
}

static int ride_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct vs_keeper *keeper = arg;
    return vs_renew_op(conn, &keeper->ride, e);
}

static void told_of_ride(void *arg, int rc) {
    struct vs_keeper *keeper = arg;
    struct vs_renewals *ride = &keeper->ride;
    if (!rc)
        vs_renew_tell(ride);
    pthread_mutex_lock(&keeper->lock);
    if (!rc)
        settle(keeper, ride->items, ride->count, 0,
               keeper->ride_pokes == keeper->pokes ? ride->lease_ms * 1000 / 3 : 0);
    else
        for (size_t i = 0; i < ride->count; i++) {
            vs_hold_stays(ride->items[i].hold);
            vs_hold_unref(ride->items[i].hold);
        }
    pthread_mutex_unlock(&keeper->lock);
}

/* --- the service of a store --------------------------------------------------------------------------------------- */

static int init_wake(pthread_cond_t *cond) {
    pthread_condattr_t attr;
    int r = pthread_condattr_init(&attr);
    if (r)
        return r;
    r = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    if (!r)
        r = pthread_cond_init(cond, &attr);
    pthread_condattr_destroy(&attr);
    return r;
}

static void dispose(struct vs_keeper *keeper) {
    vs_db_unride(keeper->store->db, keeper->rider);
    while (keeper->first)
        unlist(keeper, keeper->first);
    pthread_cond_destroy(&keeper->wake);
    pthread_mutex_destroy(&keeper->lock);
    vs_free(keeper);
}

static int start(struct vidstore *store, void **ret, vidstore_error **e) {
    struct vs_keeper *keeper = vs_calloc(1, sizeof *keeper);
    if (!keeper || init_wake(&keeper->wake)) {
        vs_free(keeper);
        return vs_fail_nomem(e);
    }
    keeper->store = store;
    pthread_mutex_init(&keeper->lock, NULL);
    struct vs_ride ride = {ready_to_ride, ride_op, told_of_ride, keeper};
    int r = vs_db_ride(store->db, &ride, &keeper->rider, e);
    int err = r ? 0 : vs_env()->thread_start(run, keeper, &keeper->thread);
    if (err)
        r = vs_fail_errno(e, err, NULL, "start the thread that renews leases");
    if (r)
        dispose(keeper);
    else
        *ret = keeper;
    return r;
}

static void stop(void *state) {
    struct vs_keeper *keeper = state;
    pthread_mutex_lock(&keeper->lock);
    atomic_store(&keeper->stop, 1);
    pthread_cond_broadcast(&keeper->wake);
    pthread_mutex_unlock(&keeper->lock);
    pthread_join(keeper->thread, NULL);
    dispose(keeper);
}

int vs_keeper_of(struct vidstore *store, struct vs_keeper **ret, vidstore_error **e) {
    void *state = NULL;
    int r = vs_store_service(store, VS_SLOT_LEASES, start, stop, &state, e);
    *ret = state;
    return r;
}

int64_t vs_keeper_first_due(struct vs_keeper *keeper, int64_t lease_ms) {
    pthread_mutex_lock(&keeper->lock);
    keeper->lease_ms = lease_ms;
    pthread_mutex_unlock(&keeper->lock);
    return vs_mono_us() + lease_ms * 1000 / 3;
}

void vs_keeper_add(struct vs_keeper *keeper, struct vs_hold *hold, int64_t due_us) {
    atomic_fetch_add(&hold->refs, 1);
    pthread_mutex_lock(&keeper->lock);
    hold->due_us = due_us;
    hold->next = keeper->first;
    hold->listed = 1;
    keeper->first = hold;
    if (due_us < keeper->asleep_us) /* to wake it for each job would take longer than claiming one */
        pthread_cond_signal(&keeper->wake);
    pthread_mutex_unlock(&keeper->lock);
}

void vs_keeper_drop(struct vs_keeper *keeper, struct vs_hold *hold) {
    pthread_mutex_lock(&keeper->lock);
    unlist(keeper, hold);
    pthread_mutex_unlock(&keeper->lock);
}

void vs_keeper_poke(struct vidstore *store) {
    pthread_mutex_lock(&store->lock);
    struct vs_keeper *keeper = store->services[VS_SLOT_LEASES].state;
    pthread_mutex_unlock(&store->lock);
    if (!keeper)
        return;
    pthread_mutex_lock(&keeper->lock);
    for (struct vs_hold *h = keeper->first; h; h = h->next)
        h->due_us = 0;
    keeper->pokes++;
    pthread_cond_signal(&keeper->wake);
    pthread_mutex_unlock(&keeper->lock);
}

int vs_keeper_renew(struct vidstore *store, struct vs_hold *hold, int64_t wait_ms, vidstore_error **e) {
    struct vs_call call = {vs_mono_us() + wait_ms * 1000, NULL};
    struct vs_renewal one = {.hold = hold};
    struct vs_renewals all = {
        .items = &one, .count = 1, .lease_ms = vs_setting(store, VS_SETTING_JOB_LEASE_MS), .stall_ms = INT64_MAX};
    int r = vs_renew(store->db, &call, &all, e);
    if (!r && one.outcome == VS_RENEW_GONE)
        r = vs_fail(e, VIDSTORE_LEASE_LOST, "lease", "the job was taken back");
    return r;
}
