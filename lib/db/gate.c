/* SPDX-License-Identifier: MIT */
/* The gate before the writer: one at a time, in the order in which they came, and never longer than a call may wait. */
#include "db/db_internal.h"
#include <stdio.h>
#include <time.h>

int vs_cond_init(pthread_cond_t *cond) {
    pthread_condattr_t attr;
    int rc = pthread_condattr_init(&attr);
    if (rc)
        return rc;
    rc = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    if (!rc)
        rc = pthread_cond_init(cond, &attr);
    pthread_condattr_destroy(&attr);
    return rc;
}

void vs_wait(struct vs_db *db, pthread_cond_t *cond, const struct vs_call *call) {
    int64_t us = VS_NAP_MS * 1000; /* however long the deadline: the clock may be simulated */
    if (call && call->interrupt)
        us = 5000;
    if (call && call->deadline_us) {
        int64_t left = call->deadline_us - vs_mono_us();
        us = left < us ? left : us;
    }
    if (us <= 0)
        return;
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    int64_t ns = at.tv_nsec + us * 1000;
    at.tv_sec += ns / 1000000000;
    at.tv_nsec = ns % 1000000000;
    pthread_cond_timedwait(cond, &db->lock, &at);
}

static int call_state(const struct vs_call *call, int late) {
    if (call && call->interrupt && atomic_load(call->interrupt))
        return VIDSTORE_CANCELLED;
    return call && call->deadline_us && vs_mono_us() >= call->deadline_us ? late : 0;
}

int vs_call_check(const struct vs_call *call, int late, vidstore_error **e) {
    int code = call_state(call, late);
    if (code == VIDSTORE_CANCELLED)
        return vs_fail(e, code, NULL, "interrupted");
    return code ? vs_fail(e, code, NULL, "the deadline passed") : 0;
}

static void grant(struct vs_gate *g, pthread_t to, const char *what) {
    g->held = 1;
    g->owner = to;
    g->what = what;
    g->since_us = vs_mono_us();
}

static void leave_queue(struct vs_gate *g, struct vs_waiter *w) {
    struct vs_waiter *before = NULL;
    for (struct vs_waiter *at = g->first; at; before = at, at = at->next) {
        if (at != w)
            continue;
        if (before)
            before->next = w->next;
        else
            g->first = w->next;
        if (g->last == w)
            g->last = before;
        return;
    }
}

/* With the lock held. 0, or why not. */
static int queue_up(struct vs_db *db, const struct vs_call *call, const char *what) {
    struct vs_gate *g = &db->gate;
    struct vs_waiter w = {.thread = pthread_self(), .what = what};
    if (vs_cond_init(&w.cond))
        return VIDSTORE_NOMEM;
    if (g->last)
        g->last->next = &w;
    else
        g->first = &w;
    g->last = &w;
    int code = 0;
    while (!w.granted && !code) {
        vs_wait(db, &w.cond, call);
        if (!w.granted)
            code = g->closed ? VIDSTORE_MISUSE : call_state(call, VIDSTORE_BUSY);
    }
    if (code)
        leave_queue(g, &w);
    pthread_cond_destroy(&w.cond);
    return code;
}

static int refuse(struct vs_db *db, int code, vidstore_error **e) {
    char holder[160];
    switch (code) {
    case VIDSTORE_BUSY:
        vs_db_holder(db, holder, sizeof holder);
        vs_fail(e, code, NULL, "the database is in use%s%s", *holder ? " by " : "", holder);
        vs_error_set_retry(e, 100);
        return code;
    case VIDSTORE_CANCELLED:
        return vs_fail(e, code, NULL, "interrupted while waiting to write");
    case VIDSTORE_NOMEM:
        return vs_fail_nomem(e);
    default:
        return vs_fail(e, VIDSTORE_MISUSE, NULL, "the database is closed");
    }
}

int vs_gate_take(struct vs_db *db, const struct vs_call *call, const char *what, vidstore_error **e) {
    struct vs_gate *g = &db->gate;
    pthread_mutex_lock(&db->lock);
    if (g->held && pthread_equal(g->owner, pthread_self())) {
        int txn = g->txn != NULL;
        pthread_mutex_unlock(&db->lock);
        return vs_fail(e, VIDSTORE_MISUSE, NULL, "this thread holds %s already: write through it or end it first",
                       txn ? "a transaction" : "the writer");
    }
    int code = g->closed ? VIDSTORE_MISUSE : 0;
    if (!code && !g->held)
        grant(g, pthread_self(), what);
    else if (!code)
        code = queue_up(db, call, what);
    pthread_mutex_unlock(&db->lock);
    return code ? refuse(db, code, e) : 0;
}

void vs_gate_give(struct vs_db *db) {
    struct vs_gate *g = &db->gate;
    pthread_mutex_lock(&db->lock);
    struct vs_waiter *w = g->first;
    if (w) {
        leave_queue(g, w);
        grant(g, w->thread, w->what);
        w->granted = 1;
        pthread_cond_signal(&w->cond);
    } else {
        g->held = 0;
    }
    pthread_mutex_unlock(&db->lock);
}

int vs_gate_mine(struct vs_db *db) {
    pthread_mutex_lock(&db->lock);
    int mine = db->gate.held && pthread_equal(db->gate.owner, pthread_self());
    pthread_mutex_unlock(&db->lock);
    return mine;
}

void vs_db_holder(struct vs_db *db, char *buf, size_t size) {
    if (!size)
        return;
    *buf = 0;
    pthread_mutex_lock(&db->lock);
    struct vs_gate *g = &db->gate;
    if (g->held && !pthread_equal(g->owner, pthread_self()))
        snprintf(buf, size, "%s of this process, for %lld ms", g->what,
                 (long long)((vs_mono_us() - g->since_us) / 1000));
    pthread_mutex_unlock(&db->lock);
    if (!*buf && db->path)
        db->drv->holder(db->path, buf, size);
}
