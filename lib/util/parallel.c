/* SPDX-License-Identifier: MIT */
#include "util/parallel.h"
#include "util/env.h"
#include <errno.h>
#include <pthread.h>
#include <time.h>

enum { LOOK_MS = 20, AHEAD = 3, READY_MAX = AHEAD * VS_PARALLEL_MAX };

struct crew {
    const struct vs_parallel *p;
    pthread_mutex_t lock;
    pthread_cond_t ready, room;
    int64_t next;
    int working, full; /* full: as many wait to be taken as may */
    int stop, count;
    int64_t done[READY_MAX];
};

/* With the lock held: the next one to begin; -1: there is none. */
static int64_t begin(struct crew *c) {
    while (!c->stop && c->next < c->p->count && c->count + c->working >= c->full)
        pthread_cond_wait(&c->room, &c->lock);
    if (c->stop || c->next >= c->p->count)
        return -1;
    c->working++;
    return c->next++;
}

static void *work_on(void *arg) {
    struct crew *c = arg;
    pthread_mutex_lock(&c->lock);
    for (int64_t i; (i = begin(c)) >= 0;) {
        pthread_mutex_unlock(&c->lock);
        c->p->work(c->p->arg, i);
        pthread_mutex_lock(&c->lock);
        c->working--;
        c->done[c->count++] = i;
        pthread_cond_signal(&c->ready);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

static void wait_a_little(struct crew *c) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += LOOK_MS * 1000000L;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_cond_timedwait(&c->ready, &c->lock, &until);
}

static int is_stopped(const struct vs_parallel *p) {
    return p->stopped && p->stopped(p->arg);
}

/* With the lock held. */
static int follow(struct crew *c, vidstore_error **e) {
    int r = 0;
    for (;;) {
        c->stop |= r != 0 || is_stopped(c->p);
        if (c->stop)
            pthread_cond_broadcast(&c->room);
        if (!c->count && !c->working && (c->stop || c->next >= c->p->count))
            return r;
        if (!c->count) {
            wait_a_little(c);
            continue;
        }
        int64_t done[READY_MAX];
        int count = c->count;
        for (int i = 0; i < count; i++)
            done[i] = c->done[i];
        c->count = 0;
        pthread_cond_broadcast(&c->room);
        pthread_mutex_unlock(&c->lock);
        if (!r)
            r = c->p->take(c->p->arg, done, count, e);
        pthread_mutex_lock(&c->lock);
    }
}

static int run_here(const struct vs_parallel *p, vidstore_error **e) {
    int r = 0;
    for (int64_t i = 0; !r && i < p->count && !is_stopped(p); i++) {
        p->work(p->arg, i);
        r = p->take(p->arg, &i, 1, e);
    }
    return r;
}

static void init(struct crew *c) {
    pthread_condattr_t attributes;
    pthread_mutex_init(&c->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&c->ready, &attributes);
    pthread_cond_init(&c->room, NULL);
    pthread_condattr_destroy(&attributes);
}

int vs_parallel_run(const struct vs_parallel *p, vidstore_error **e) {
    pthread_t threads[VS_PARALLEL_MAX];
    int wanted = p->count < p->threads ? (int)p->count : p->threads, started = 0;
    if (wanted < 2)
        return run_here(p, e);
    struct crew c = {.p = p, .full = AHEAD * wanted};
    init(&c);
    while (started < wanted && vs_env()->thread_start(work_on, &c, &threads[started]) == 0)
        started++;
    int r;
    if (started) {
        pthread_mutex_lock(&c.lock);
        r = follow(&c, e);
        pthread_mutex_unlock(&c.lock);
    } else {
        r = run_here(p, e);
    }
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    pthread_cond_destroy(&c.room);
    pthread_cond_destroy(&c.ready);
    pthread_mutex_destroy(&c.lock);
    return r;
}
