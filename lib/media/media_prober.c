/* SPDX-License-Identifier: MIT */
#include "media/media_internal.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

enum { MIN_PLACES = 2, MAX_PLACES = 16, FORKED_BUSY = -1, LOOK_MS = 20 };

struct vs_prober {
    char *wanted_path; /* NULL: to be looked for */
    /* The process that the rest belongs to. In one that was forked off, the lock may be held by a thread that is not
     * there: the first to notice starts afresh. FORKED_BUSY while it does. */
    atomic_int owner;
    pthread_mutex_t lock;
    pthread_cond_t place_free;
    int running;
    struct vs_media_helper *helper; /* NULL: none runs */
};

int vs_prober_places(int32_t wanted) {
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    if (wanted > 0)
        return wanted;
    return n < MIN_PLACES ? MIN_PLACES : n > MAX_PLACES ? MAX_PLACES : (int)n;
}

static void init_process(struct vs_prober *p) {
    pthread_condattr_t attributes;
    pthread_mutex_init(&p->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&p->place_free, &attributes);
    pthread_condattr_destroy(&attributes);
    p->running = 0;
    p->helper = NULL;
}

/* Must come before the lock is touched. */
static void notice_fork(struct vs_prober *p) {
    int self = (int)getpid();
    for (int owner = atomic_load(&p->owner); owner != self; owner = atomic_load(&p->owner)) {
        if (owner == FORKED_BUSY || !atomic_compare_exchange_strong(&p->owner, &owner, FORKED_BUSY)) {
            sched_yield();
            continue;
        }
        vs_media_helper_abandon(p->helper);
        init_process(p);
        atomic_store(&p->owner, self);
    }
}

int vs_prober_new(const char *helper_path, struct vs_prober **ret, vidstore_error **e) {
    *ret = NULL;
    struct vs_prober *p = vs_calloc(1, sizeof *p);
    if (!p)
        return vs_fail_nomem(e);
    if (helper_path && !(p->wanted_path = vs_strdup(helper_path))) {
        vs_free(p);
        return vs_fail_nomem(e);
    }
    init_process(p);
    atomic_init(&p->owner, (int)getpid());
    *ret = p;
    return 0;
}

void vs_prober_free(struct vs_prober *p) {
    if (!p)
        return;
    notice_fork(p);
    vs_media_helper_unref(p->helper);
    pthread_cond_destroy(&p->place_free);
    pthread_mutex_destroy(&p->lock);
    vs_free(p->wanted_path);
    vs_free(p);
}

/* With the lock held: waits until a time on the monotonic clock, or a while, or for a place. */
static void wait_for_place(struct vs_prober *p, int64_t until_us) {
    struct timespec until;
    int64_t left_us = until_us - vs_mono_us();
    int64_t wait_us = left_us < LOOK_MS * 1000 ? left_us : LOOK_MS * 1000;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += wait_us * 1000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_cond_timedwait(&p->place_free, &p->lock, &until);
}

int vs_media_enter(struct vs_prober *p, int places, int64_t wait_ms, const atomic_int *cancel, vidstore_error **e) {
    int64_t until_us = vs_mono_us() + wait_ms * 1000;
    int cancelled = 0;
    notice_fork(p);
    pthread_mutex_lock(&p->lock);
    while (p->running >= places && vs_mono_us() < until_us && !(cancelled = cancel && atomic_load(cancel)))
        wait_for_place(p, until_us);
    int entered = p->running < places && !cancelled;
    p->running += entered;
    pthread_mutex_unlock(&p->lock);
    if (entered)
        return 0;
    if (cancelled)
        return vs_fail(e, VIDSTORE_CANCELLED, NULL, "cancelled while waiting to probe");
    vs_fail(e, VIDSTORE_BUSY, NULL, "%d probes were running until the waiting time was over", places);
    vs_error_set_retry(e, 1000);
    return VIDSTORE_BUSY;
}

void vs_media_leave(struct vs_prober *p) {
    pthread_mutex_lock(&p->lock);
    p->running--;
    pthread_cond_signal(&p->place_free);
    pthread_mutex_unlock(&p->lock);
}

static int start_helper(struct vs_prober *p, vidstore_error **e) {
    vs_autofree char *path = NULL;
    int rc = vs_media_locate(p->wanted_path, &path, e);
    rc = rc ? rc : vs_media_helper_start(path, &p->helper, e);
    if (rc != VIDSTORE_UNAVAILABLE || !path)
        return rc;
    vs_error_clear(e); /* once more: one that was killed while it started says nothing about the next */
    return vs_media_helper_start(path, &p->helper, e);
}

int vs_media_helper_get(struct vs_prober *p, struct vs_media_helper **ret, vidstore_error **e) {
    *ret = NULL;
    int rc = 0;
    struct vs_media_helper *dead = NULL;
    notice_fork(p);
    pthread_mutex_lock(&p->lock);
    if (p->helper && vs_media_helper_dead(p->helper, 0))
        dead = VS_TAKE(p->helper);
    if (!p->helper)
        rc = start_helper(p, e); /* under the lock: the others need the same helper, and would start their own */
    if (rc == 0)
        *ret = vs_media_helper_ref(p->helper);
    pthread_mutex_unlock(&p->lock);
    vs_media_helper_unref(dead);
    return rc;
}

void vs_media_helper_forget(struct vs_prober *p, struct vs_media_helper *h) {
    pthread_mutex_lock(&p->lock);
    int current = p->helper == h;
    if (current)
        p->helper = NULL;
    pthread_mutex_unlock(&p->lock);
    if (current)
        vs_media_helper_unref(h);
}

int vs_prober_check(struct vs_prober *p, char **ret_version, char **ret_isolation, vidstore_error **e) {
    struct vs_media_helper *h;
    if (ret_version)
        *ret_version = NULL;
    if (ret_isolation)
        *ret_isolation = NULL;
    int rc = vs_media_helper_get(p, &h, e);
    if (rc)
        return rc;
    vs_autofree char *version = vs_strdup(h->hello.version);
    vs_autofree char *isolation = vs_media_isolation_words(h->hello.isolation, 0);
    vs_media_helper_unref(h);
    if (!version || !isolation)
        return vs_fail_nomem(e);
    if (ret_version)
        *ret_version = VS_TAKE(version);
    if (ret_isolation)
        *ret_isolation = VS_TAKE(isolation);
    return 0;
}
