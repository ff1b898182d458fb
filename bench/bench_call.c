/* SPDX-License-Identifier: MIT */
/* What a call by name and a call in the background cost beside the direct call, and beside a thread by hand. */
#include "bench.h"
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { CALLS = 5000, DEPTH = 256 };

struct setting {
    vidstore_session *session;
    vidstore_queue *queue;
    char id[37], args[64];
};

static void make(struct setting *s, const char *dir) {
    vidstore *store = open_store(path(dir, "call"));
    vidstore_error *error = NULL;
    vidstore_job *job = NULL;
    vidstore_job_params *params = vidstore_job_params_new();
    s->session = system_session(store);
    vidstore_job_params_set_text(params, VIDSTORE_JOB_KIND, "download_only");
    must(vidstore_job_submit(s->session, params, &job, &error), error, "submit");
    snprintf(s->id, sizeof s->id, "%s", vidstore_job_id(job));
    snprintf(s->args, sizeof s->args, "{\"id\":\"%s\"}", s->id);
    must(vidstore_queue_new(store, 0, &s->queue, &error), error, "queue");
    vidstore_job_free(job);
    vidstore_job_params_free(params);
    vidstore_close(store); /* session and queue keep it */
}

static double direct(struct setting *s) {
    double start = now_s();
    for (int i = 0; i < CALLS; i++) {
        vidstore_error *error = NULL;
        vidstore_job *job = NULL;
        vidstore_text *text = NULL;
        must(vidstore_job_get(s->session, s->id, &job, &error), error, "get");
        must(vidstore_job_json(job, &text, &error), error, "json");
        vidstore_text_free(text);
        vidstore_job_free(job);
    }
    return (now_s() - start) / CALLS * 1e6;
}

static double by_name(struct setting *s) {
    double start = now_s();
    for (int i = 0; i < CALLS; i++) {
        vidstore_error *error = NULL;
        vidstore_text *text = NULL;
        must(vidstore_call(s->session, "job.get", s->args, &text, &error), error, "call");
        vidstore_text_free(text);
    }
    return (now_s() - start) / CALLS * 1e6;
}

static void fetch(struct setting *s, int wait) {
    vidstore_error *error = NULL;
    vidstore_result *result = NULL;
    must(wait ? vidstore_queue_wait(s->queue, 10000, &result, &error) : vidstore_queue_next(s->queue, &result, &error),
         error, "next");
    if (!result)
        return;
    must(vidstore_result_status(result), NULL, "result");
    vidstore_job_free(vidstore_result_take(result, "vidstore_job"));
    vidstore_result_free(result);
}

static double cpu_s(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* Processor time a call, with so many in the queue at a time. */
static double queued(struct setting *s, const char *name, const char *args, int depth, double *ret_rate) {
    double start = now_s(), cpu = cpu_s();
    for (int i = 0; i < CALLS + depth; i++) {
        vidstore_error *error = NULL;
        if (i < CALLS)
            must(vidstore_call_start(s->session, s->queue, i, name, args, NULL, &error), error, "start");
        if (i >= depth)
            fetch(s, 1);
    }
    *ret_rate = CALLS / (now_s() - start);
    return (cpu_s() - cpu) / CALLS * 1e6;
}

static double cpu_of(double (*work)(struct setting *), struct setting *s) {
    double cpu = cpu_s();
    work(s);
    return (cpu_s() - cpu) / CALLS * 1e6;
}

/* --- the same by hand -------------------------------------------------------------------------------------------- */

/* A thread that is given one thing at a time, and says through a pipe that it is done. */
struct hand {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    int todo, stop, fds[2];
};

static void *take_over(void *arg) {
    struct hand *h = arg;
    pthread_mutex_lock(&h->lock);
    while (!h->stop) {
        if (!h->todo) {
            pthread_cond_wait(&h->wake, &h->lock);
            continue;
        }
        h->todo = 0;
        pthread_mutex_unlock(&h->lock);
        if (write(h->fds[1], "", 1) != 1)
            exit(1);
        pthread_mutex_lock(&h->lock);
    }
    pthread_mutex_unlock(&h->lock);
    return NULL;
}

static void hand_over(struct hand *h, int todo, int stop) {
    pthread_mutex_lock(&h->lock);
    h->todo = todo;
    h->stop = stop;
    pthread_mutex_unlock(&h->lock);
    pthread_cond_signal(&h->wake);
}

static double handed_over(struct setting *s) {
    struct hand h = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};
    pthread_t thread;
    (void)s;
    if (pipe(h.fds) || pthread_create(&thread, NULL, take_over, &h))
        exit(1);
    for (int i = 0; i < CALLS; i++) {
        char byte;
        struct pollfd look = {.fd = h.fds[0], .events = POLLIN};
        hand_over(&h, 1, 0);
        if (poll(&look, 1, -1) != 1 || read(h.fds[0], &byte, 1) != 1)
            exit(1);
    }
    hand_over(&h, 0, 1);
    pthread_join(thread, NULL);
    close(h.fds[0]);
    close(h.fds[1]);
    return 0;
}

static double submit_one_by_one(struct setting *s) {
    double start = now_s();
    for (int i = 0; i < CALLS / 5; i++) {
        vidstore_error *error = NULL;
        must(vidstore_call(s->session, "job.submit", "{\"kind\":\"x\"}", NULL, &error), error, "submit");
    }
    return CALLS / 5 / (now_s() - start);
}

static void run(const char *dir, report_fn *report) {
    struct setting s;
    double us[5][ROUNDS], rate[3][ROUNDS];
    make(&s, dir);
    for (int i = 0; i < ROUNDS; i++) {
        us[0][i] = direct(&s);
        us[1][i] = by_name(&s);
        double plain = cpu_of(direct, &s);
        us[2][i] = queued(&s, "job.get", s.args, 1, &rate[0][i]) - plain;
        us[4][i] = cpu_of(handed_over, &s);
        us[3][i] = queued(&s, "job.get", s.args, DEPTH, &rate[0][i]) - plain;
        rate[1][i] = submit_one_by_one(&s);
        queued(&s, "job.submit", "{\"kind\":\"x\"}", DEPTH, &rate[2][i]);
    }
    double plain = median(us[0], ROUNDS), named = median(us[1], ROUNDS);
    report(&(struct result){"call by name (get as JSON)", "us/call", named, plain, named / plain, 2.0, 1});
    double alone = median(us[2], ROUNDS), deep = median(us[3], ROUNDS);
    report(&(struct result){"queue overhead, one at a time", "us CPU/call", alone, plain, alone / plain, 2.0, 1});
    double hand = median(us[4], ROUNDS);
    report(&(struct result){"queue overhead, against by hand", "us CPU/call", alone, hand, alone / hand, 1.5, 1});
    report(&(struct result){"queue overhead, 256 at a time", "us CPU/call", deep, plain, deep / plain, 1.0, 1});
    double single = median(rate[1], ROUNDS), many = median(rate[2], ROUNDS);
    report(&(struct result){"submits through a queue", "1/s", many, single, many / single, 3.0, 0});
    vidstore_queue_free(s.queue);
    vidstore_session_free(s.session);
}

const struct bench bench_call[] = {
    {"call", "calls by name and in the background beside direct calls", run},
    {NULL, NULL, NULL},
};
