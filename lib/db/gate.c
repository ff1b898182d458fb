/* SPDX-License-Identifier: MIT */
/* The gate before the writer: one at a time, in the order in which they came, and never longer than a call may wait. */
#include "db/db_internal.h"
#include <linux/futex.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_US = 20000 }; /* how often a waiter looks whether it is interrupted */

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

/* How long to sleep before one looks again; 0: not at all. */
static int64_t nap_us(const struct vs_call *call, int64_t look_us) {
    int64_t us = VS_NAP_MS * 1000; /* however long the deadline: the clock may be simulated */
    if (call && call->interrupt)
        us = look_us;
    if (call && call->deadline_us) {
        int64_t left = call->deadline_us - vs_mono_us();
        us = left < us ? left : us;
    }
    return us > 0 ? us : 0;
}

void vs_wait(struct vs_db *db, pthread_cond_t *cond, const struct vs_call *call) {
    int64_t us = nap_us(call, 5000);
    if (!us)
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

/* --- sleeping on a word ------------------------------------------------------------------------------------------ */

/* Who is told by another thread looks at its own word only: no lock is fought for, and nothing has to be destroyed that
 * the waker may still be using. Waking a word that is gone is harmless: its new owner has to expect it anyway. */
static void sleep_on(atomic_int *word, int while_it_is, const struct vs_call *call) {
    int64_t us = nap_us(call, LOOK_US);
    struct timespec nap = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    if (us > 0)
        syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, while_it_is, &nap, NULL, 0);
}

static void wake(struct vs_waiter *w) {
    syscall(SYS_futex, &w->state, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

/* --- the queue --------------------------------------------------------------------------------------------------- */

static void grant(struct vs_gate *g, pthread_t to, const char *what) {
    g->held = 1;
    g->owner = to;
    g->what = what;
    g->since_us = vs_mono_us();
}

static void unqueue(struct vs_gate *g, struct vs_waiter *w) {
    struct vs_waiter *before = NULL, *at = g->first;
    for (; at != w; at = at->next)
        before = at;
    if (before)
        before->next = w->next;
    else
        g->first = w->next;
    if (g->last == w)
        g->last = before;
}

/* Leaves the queue with code, unless the writer or the outcome came first. */
static int give_up(struct vs_db *db, struct vs_waiter *w, const struct vs_call *call) {
    pthread_mutex_lock(&db->lock);
    int code = atomic_load(&w->state) != VS_WAITER_QUEUED ? 0
               : db->gate.closed                          ? VIDSTORE_MISUSE
                                                          : call_state(call, VIDSTORE_BUSY);
    if (code)
        unqueue(&db->gate, w);
    pthread_mutex_unlock(&db->lock);
    return code;
}

/* 0, or why it left. */
static int await(struct vs_db *db, struct vs_waiter *w, const struct vs_call *call) {
    int state = atomic_load_explicit(&w->state, memory_order_acquire), code = 0;
    while (!code && (state == VS_WAITER_QUEUED || state == VS_WAITER_TAKEN)) {
        /* What is being run is waited for, whatever the deadline says. */
        sleep_on(&w->state, state, state == VS_WAITER_QUEUED ? call : NULL);
        state = atomic_load_explicit(&w->state, memory_order_acquire);
        if (state == VS_WAITER_QUEUED)
            code = give_up(db, w, call);
    }
    if (state == VS_WAITER_GRANTED && (code = call_state(call, VIDSTORE_BUSY)))
        vs_gate_give(db); /* too late */
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
    default:
        return vs_fail(e, VIDSTORE_MISUSE, NULL, "the database is closed");
    }
}

/* With the lock held, which it gives up. The state in which the wait ended, or a refusal. */
static int enter(struct vs_db *db, const struct vs_call *call, struct vs_waiter *w, vidstore_error **e) {
    struct vs_gate *g = &db->gate;
    int code = g->closed ? VIDSTORE_MISUSE : 0;
    int queued = !code && g->held;
    if (!code && !queued) {
        grant(g, w->thread, w->what);
        atomic_store(&w->state, VS_WAITER_GRANTED);
    } else if (queued) {
        if (g->last)
            g->last->next = w;
        else
            g->first = w;
        g->last = w;
    }
    pthread_mutex_unlock(&db->lock);
    if (queued)
        code = await(db, w, call);
    return code ? refuse(db, code, e) : atomic_load_explicit(&w->state, memory_order_acquire);
}

static int join(struct vs_db *db, const struct vs_call *call, const char *what, struct vs_write *write,
                vidstore_error **e) {
    struct vs_gate *g = &db->gate;
    struct vs_waiter w = {.thread = pthread_self(),
                          .what = call && call->what ? call->what : what,
                          .write = write && !write->alone ? write : NULL};
    atomic_init(&w.state, VS_WAITER_QUEUED);
    if (write)
        write->waiter = &w;
    pthread_mutex_lock(&db->lock);
    if (g->held && pthread_equal(g->owner, w.thread)) {
        int txn = g->txn != NULL;
        pthread_mutex_unlock(&db->lock);
        return vs_fail(e, VIDSTORE_MISUSE, NULL, "this thread holds %s already: write through it or end it first",
                       txn ? "a transaction" : "the writer");
    }
    int r = enter(db, call, &w, e);
    if (write)
        write->waiter = NULL;
    return r < 0 ? r : r == VS_WAITER_DONE ? VS_GATE_DONE : VS_GATE_GOT;
}

int vs_gate_take(struct vs_db *db, const struct vs_call *call, const char *what, vidstore_error **e) {
    return join(db, call, what, NULL, e);
}

int vs_gate_join(struct vs_db *db, struct vs_write *write, vidstore_error **e) {
    return join(db, write->call, "a write", write, e);
}

struct vs_write *vs_gate_next(struct vs_db *db) {
    struct vs_gate *g = &db->gate;
    pthread_mutex_lock(&db->lock);
    struct vs_write *write = NULL;
    struct vs_waiter *w = g->first;
    /* One that is late or interrupted finds that out by itself: it must not run. */
    while (w && w->write && call_state(w->write->call, VIDSTORE_BUSY))
        w = w->next;
    if (w && w->write) {
        write = w->write;
        unqueue(g, w);
        atomic_store(&w->state, VS_WAITER_TAKEN);
    }
    pthread_mutex_unlock(&db->lock);
    return write;
}

void vs_gate_tell(struct vs_write *write) {
    struct vs_waiter *w = write->waiter;
    atomic_store_explicit(&w->state, VS_WAITER_DONE, memory_order_release);
    wake(w);
}

void vs_gate_give(struct vs_db *db) {
    struct vs_gate *g = &db->gate;
    pthread_mutex_lock(&db->lock);
    struct vs_waiter *w = g->first;
    if (w) {
        unqueue(g, w);
        grant(g, w->thread, w->what);
        atomic_store_explicit(&w->state, VS_WAITER_GRANTED, memory_order_release);
    } else {
        g->held = 0;
    }
    pthread_mutex_unlock(&db->lock);
    if (w)
        wake(w);
}

int vs_gate_mine(struct vs_db *db) {
    pthread_mutex_lock(&db->lock);
    int mine = db->gate.held && pthread_equal(db->gate.owner, pthread_self());
    pthread_mutex_unlock(&db->lock);
    return mine;
}

void vs_db_holder(struct vs_db *db, char *buf, size_t size) {
    char ours[96] = "", other[96] = "";
    pthread_mutex_lock(&db->lock);
    struct vs_gate *g = &db->gate;
    int64_t ms = (vs_mono_us() - g->since_us) / 1000;
    if (g->held && !pthread_equal(g->owner, pthread_self()))
        snprintf(ours, sizeof ours, "%s", g->what);
    pthread_mutex_unlock(&db->lock);
    if (db->path)
        db->drv->holder(db->path, other, sizeof other);
    if (!*ours)
        snprintf(buf, size, "%s", other);
    else if (!*other || strncmp(other, VS_OWN_HANDLE, sizeof VS_OWN_HANDLE - 1) == 0)
        snprintf(buf, size, "%s of this process, for %lld ms", ours, (long long)ms);
    else
        snprintf(buf, size, "%s, for which %s of this process has waited %lld ms", other, ours, (long long)ms);
}
