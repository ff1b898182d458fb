/* SPDX-License-Identifier: MIT */
#include "call/call_leases.h"
#include "crypto/crypto.h"
#include "jobs/job_lease.h"
#include "util/alloc.h"
#include "util/error.h"
#include "vidstore/job.h"
#include <string.h>

enum { KEPT_MAX = 4096, LOOK_MIN = 64 };

struct kept_leases {
    pthread_mutex_t lock;
    struct vs_kept_lease *first;
    int count, closed;
    int look_at; /* at so many it is time to look for those that are over */
};

static void free_kept(struct vs_kept_lease *kept) {
    vidstore_lease_free(kept->lease);
    pthread_mutex_destroy(&kept->lock);
    vs_free(kept);
}

static void free_list(struct vs_kept_lease *idle) {
    for (struct vs_kept_lease *next; idle; idle = next) {
        next = idle->next;
        free_kept(idle);
    }
}

/* With the lock held: takes out those that nobody uses and that were lost. Whoever claimed them may never come back,
 * and when he does, his token says the same without this handle. */
static struct vs_kept_lease *take_lost(struct kept_leases *all) {
    struct vs_kept_lease *lost = NULL;
    if (all->count < all->look_at)
        return NULL;
    for (struct vs_kept_lease **at = &all->first, *kept; (kept = *at);) {
        if (kept->refs || !(atomic_load(&kept->lease->hold->signals) & VIDSTORE_SIGNAL_LOST)) {
            at = &kept->next;
            continue;
        }
        *at = kept->next;
        kept->next = lost;
        lost = kept;
        all->count--;
    }
    all->look_at = 2 * all->count > LOOK_MIN ? 2 * all->count : LOOK_MIN;
    all->look_at = all->look_at < KEPT_MAX ? all->look_at : KEPT_MAX;
    return lost;
}

/* Lets go of all; what is in use is freed by who uses it. Leases hold the store, so this is what lets it close. */
static void let_go(void *state) {
    struct kept_leases *all = state;
    pthread_mutex_lock(&all->lock);
    struct vs_kept_lease *idle = NULL;
    for (struct vs_kept_lease *at = all->first, *next; at; at = next) {
        next = at->next;
        at->gone = 1;
        at->next = NULL;
        if (!at->refs) {
            at->next = idle;
            idle = at;
        }
    }
    all->first = NULL;
    all->count = 0;
    all->closed = 1;
    pthread_mutex_unlock(&all->lock);
    free_list(idle);
}

static void stop(void *state) {
    struct kept_leases *all = state;
    pthread_mutex_destroy(&all->lock);
    vs_free(all);
}

static int start(struct vidstore *store, void **ret, vidstore_error **e) {
    (void)store;
    struct kept_leases *all = vs_calloc(1, sizeof *all);
    if (!all)
        return vs_fail_nomem(e);
    pthread_mutex_init(&all->lock, NULL);
    all->look_at = LOOK_MIN;
    *ret = all;
    return 0;
}

static int all_of(struct vidstore *store, struct kept_leases **ret, vidstore_error **e) {
    void *state = NULL;
    int r = vs_store_service(store, VS_SLOT_KEPT_LEASES, start, stop, &state, e);
    if (!r)
        vs_store_service_closing(store, VS_SLOT_KEPT_LEASES, let_go);
    *ret = state;
    return r;
}

static int add(struct kept_leases *all, vidstore_lease *lease, struct vs_kept_lease **ret, vidstore_error **e) {
    struct vs_kept_lease *kept = vs_calloc(1, sizeof *kept);
    if (!kept)
        return vs_fail_nomem(e);
    pthread_mutex_lock(&all->lock);
    struct vs_kept_lease *lost = take_lost(all);
    int closed = all->closed, full = all->count >= KEPT_MAX;
    if (!closed && !full) {
        pthread_mutex_init(&kept->lock, NULL);
        kept->lease = lease;
        kept->next = all->first;
        kept->refs = ret ? 1 : 0;
        all->first = kept;
        all->count++;
    }
    pthread_mutex_unlock(&all->lock);
    free_list(lost);
    if (!closed && !full) {
        if (ret)
            *ret = kept;
        return 0;
    }
    vs_free(kept);
    return closed ? vs_fail(e, VIDSTORE_STATE, "lease", "the store has been closed")
                  : vs_fail(e, VIDSTORE_BUSY, "lease", "%d leases are held by name already", KEPT_MAX);
}

int vs_call_lease_keep(struct vidstore *store, vidstore_lease *lease, vidstore_error **e) {
    struct kept_leases *all = NULL;
    int r = all_of(store, &all, e);
    return r ? r : add(all, lease, NULL, e);
}

static struct vs_kept_lease *find(struct kept_leases *all, const char *token) {
    size_t len = strlen(token);
    pthread_mutex_lock(&all->lock);
    struct vs_kept_lease *at = all->first;
    while (at && (len != VS_TOKEN_TEXT - 1 || !vs_secret_equal(at->lease->token, token, len)))
        at = at->next;
    if (at)
        at->refs++;
    pthread_mutex_unlock(&all->lock);
    return at;
}

/* Who may not claim may not use what was claimed either, whatever token it got hold of. */
static int may_use(vidstore_session *session, vidstore_error **e) {
    int r = vs_session_enter(session, e);
    if (r)
        return r;
    r = vs_session_standing(session, e);
    if (!r)
        r = vs_session_may(session, "claim", VS_UPDATE, NULL, NULL, 0, e);
    vs_session_leave(&session);
    return r;
}

int vs_call_lease_use(vidstore_session *session, const char *token, struct vs_kept_lease **ret, vidstore_error **e) {
    struct kept_leases *all = NULL;
    vidstore_lease *lease = NULL;
    int r = may_use(session, e);
    if (!r)
        r = all_of(session->store, &all, e);
    if (r || (*ret = find(all, token)))
        return r;
    r = vidstore_lease_attach(session, token, &lease, e);
    if (!r)
        r = add(all, lease, ret, e);
    if (r)
        vidstore_lease_free(lease);
    return r;
}

void vs_call_lease_done(struct vidstore *store, struct vs_kept_lease *kept, int ended) {
    struct kept_leases *all = store->services[VS_SLOT_KEPT_LEASES].state;
    pthread_mutex_lock(&all->lock);
    if (ended && !kept->gone) {
        struct vs_kept_lease **at = &all->first;
        while (*at != kept)
            at = &(*at)->next;
        *at = kept->next;
        all->count--;
        kept->gone = 1;
    }
    int last = --kept->refs == 0 && kept->gone;
    pthread_mutex_unlock(&all->lock);
    if (last)
        free_kept(kept);
}

void vs_call_lease_return(vidstore_lease *lease) {
    if (lease)
        vidstore_lease_release(lease, NULL);
    vidstore_lease_free(lease);
}
