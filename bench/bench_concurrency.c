/* SPDX-License-Identifier: MIT */
/* Many callers: durable submits and reports of progress from threads and processes, against raw SQLite with a
 * connection a thread, and with one connection behind a mutex. */
#include "bench_raw.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS_MAX = 64, LATENCIES = 20000, TURNS = 3 };
static const double SECONDS = 0.8;

/* One caller: does its work again and again until the time is over. */
struct caller {
    void (*work)(struct caller *c);
    vidstore_session *session;
    vidstore_lease *lease;
    struct raw *raw;
    pthread_mutex_t *mutex;
    sqlite3_stmt *renew;
    double until, *latency;
    long ops;
    pthread_t thread;
};

struct cell {
    double rate, cpu_us, p50_ms, p99_ms, worst_ms, fairness;
};

static double cpu_s(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void *call_again(void *arg) {
    struct caller *c = arg;
    for (double start = now_s(); start < c->until;) {
        c->work(c);
        double end = now_s();
        if (c->ops < LATENCIES)
            c->latency[c->ops] = end - start;
        c->ops++;
        start = end;
    }
    return NULL;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static struct cell judge(const struct caller *c, int threads, double seconds, double cpu) {
    double *all = malloc((size_t)threads * LATENCIES * sizeof *all);
    long ops = 0, least = c[0].ops, most = c[0].ops;
    size_t known = 0;
    for (int i = 0; i < threads; i++) {
        ops += c[i].ops;
        least = c[i].ops < least ? c[i].ops : least;
        most = c[i].ops > most ? c[i].ops : most;
        for (long k = 0; k < c[i].ops && k < LATENCIES; k++)
            all[known++] = c[i].latency[k] * 1e3;
    }
    qsort(all, known, sizeof *all, by_value);
    struct cell cell = {.rate = (double)ops / seconds,
                        .cpu_us = cpu / (double)ops * 1e6,
                        .p50_ms = all[known / 2],
                        .p99_ms = all[known * 99 / 100],
                        .worst_ms = all[known - 1],
                        .fairness = most ? (double)least / (double)most : 0};
    free(all);
    return cell;
}

static struct cell run_cell(struct caller *c, int threads) {
    double start = now_s(), cpu = cpu_s();
    for (int i = 0; i < threads; i++) {
        c[i].until = start + SECONDS;
        c[i].ops = 0;
        c[i].latency = calloc(LATENCIES, sizeof *c[i].latency);
        if (!c[i].latency || pthread_create(&c[i].thread, NULL, call_again, &c[i]))
            exit(1);
    }
    for (int i = 0; i < threads; i++)
        pthread_join(c[i].thread, NULL);
    struct cell cell = judge(c, threads, now_s() - start, cpu_s() - cpu);
    for (int i = 0; i < threads; i++)
        free(c[i].latency);
    return cell;
}

/* The cell with the middle rate. */
static int by_rate(const void *a, const void *b) {
    return by_value(&((const struct cell *)a)->rate, &((const struct cell *)b)->rate);
}

static struct cell middle(struct cell *cells) {
    qsort(cells, TURNS, sizeof *cells, by_rate);
    return cells[TURNS / 2];
}

static void tell(const char *what, int threads, struct cell c) {
    if (getenv("BENCH_VERBOSE"))
        printf("  %-12s %2d threads %8.0f/s  cpu %6.1f us  p50 %7.2f ms  p99 %8.2f ms  worst %8.2f ms  fair %.2f\n",
               what, threads, c.rate, c.cpu_us, c.p50_ms, c.p99_ms, c.worst_ms, c.fairness);
}

/* --- what they do ---------------------------------------------------------------------------------------------------
 */

static void submit(struct caller *c) {
    vidstore_error *error = NULL;
    vidstore_job_params *params = sample_job();
    must(vidstore_job_submit(c->session, params, NULL, &error), error, "submit");
    vidstore_job_params_free(params);
}

static void submit_raw(struct caller *c) {
    if (c->mutex)
        pthread_mutex_lock(c->mutex);
    raw_submit(c->raw);
    if (c->mutex)
        pthread_mutex_unlock(c->mutex);
}

/* Another stage each time: that is written at once, with the lease renewed. */
static void report_progress(struct caller *c) {
    static const char *const stages[] = {"downloading", "processing"};
    vidstore_error *error = NULL;
    must(vidstore_lease_progress(c->lease, stages[c->ops % 2], c->ops, 1000000, &error), error, "progress");
}

/* The same two updates. */
static void report_raw(struct caller *c) {
    struct raw *r = c->raw;
    if (c->mutex)
        pthread_mutex_lock(c->mutex);
    run_stmt(r->db, r->begin);
    sqlite3_bind_int64(c->renew, 1, (int64_t)(now_s() * 1e6));
    sqlite3_bind_int64(c->renew, 2, c->ops % 10000);
    run_stmt(r->db, c->renew);
    run_stmt(r->db, r->commit);
    if (c->mutex)
        pthread_mutex_unlock(c->mutex);
}

/* --- who they are ---------------------------------------------------------------------------------------------------
 */

enum { MAX_PATH = 4096 };

struct stage {
    char ours[MAX_PATH], raw[MAX_PATH];
    vidstore *store;
    struct raw one, each[THREADS_MAX];
    pthread_mutex_t mutex;
    struct caller callers[THREADS_MAX];
};

static struct stage *stage_make(const char *scratch) {
    struct stage *s = calloc(1, sizeof *s);
    if (!s)
        exit(1);
    snprintf(s->ours, sizeof s->ours, "%s", path(scratch, "ours"));
    snprintf(s->raw, sizeof s->raw, "%s", path(scratch, "raw"));
    pthread_mutex_init(&s->mutex, NULL);
    s->store = open_store(s->ours);
    vidstore *other = open_store(s->raw);
    vidstore_session *session = system_session(other);
    struct caller first = {.session = session};
    for (int i = 0; i < THREADS_MAX; i++)
        submit(&first);
    vidstore_session_free(session);
    vidstore_close(other);
    s->one = raw_open(s->raw);
    for (int i = 0; i < THREADS_MAX; i++) {
        s->each[i] = raw_open(s->raw);
        sqlite3_busy_timeout(s->each[i].db, 60000);
    }
    return s;
}

static void stage_free(struct stage *s) {
    raw_close(&s->one);
    for (int i = 0; i < THREADS_MAX; i++)
        raw_close(&s->each[i]);
    vidstore_close(s->store);
    pthread_mutex_destroy(&s->mutex);
    free(s);
}

static struct cell submit_ours(vidstore *store, struct caller *c, int threads) {
    for (int i = 0; i < threads; i++)
        c[i] = (struct caller){.work = submit, .session = system_session(store)};
    struct cell cell = run_cell(c, threads);
    for (int i = 0; i < threads; i++)
        vidstore_session_free(c[i].session);
    return cell;
}

static struct cell submit_by_hand(struct stage *s, int threads, int mutex) {
    for (int i = 0; i < threads; i++)
        s->callers[i] = (struct caller){
            .work = submit_raw, .raw = mutex ? &s->one : &s->each[i], .mutex = mutex ? &s->mutex : NULL};
    return run_cell(s->callers, threads);
}

static void run_submits(const char *scratch, report_fn *report) {
    static const struct {
        int threads;
        double target;
    } sizes[] = {{1, 0.9}, {4, 1.0}, {16, 1.7}, {64, 2.5}};
    struct stage *s = stage_make(scratch);
    char name[64];
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        struct cell ours[TURNS], each[TURNS], mutex[TURNS];
        int threads = sizes[k].threads;
        for (int i = 0; i < TURNS; i++) {
            each[i] = submit_by_hand(s, threads, 0);
            ours[i] = submit_ours(s->store, s->callers, threads);
            mutex[i] = submit_by_hand(s, threads, 1);
        }
        struct cell a = middle(ours), b = middle(each), c = middle(mutex);
        tell("ours", threads, a);
        tell("connections", threads, b);
        tell("mutex", threads, c);
        snprintf(name, sizeof name, "submit-%d-connections", threads);
        report(&(struct result){name, "jobs/s", a.rate, b.rate, a.rate / b.rate, sizes[k].target, 0});
        snprintf(name, sizeof name, "submit-%d-mutex", threads);
        report(&(struct result){name, "jobs/s", a.rate, c.rate, a.rate / c.rate, sizes[k].target, 0});
        if (threads != 16)
            continue;
        report(&(struct result){"submit-16-cpu", "us/job", a.cpu_us, c.cpu_us, a.cpu_us, 130, 1});
        report(&(struct result){"submit-16-p99", "ms", a.p99_ms, b.p99_ms, a.p99_ms, 50, 1});
        report(&(struct result){"submit-16-fairness", "least/most", a.fairness, b.fairness, a.fairness, 0.9, 0});
    }
    stage_free(s);
}

/* --- progress -------------------------------------------------------------------------------------------------------
 */

static void run_progress(const char *scratch, report_fn *report) {
    enum { THREADS = 16 };
    struct stage *s = stage_make(scratch);
    struct caller ours[THREADS];
    struct cell a[TURNS], b[TURNS], c[TURNS];
    vidstore_error *error = NULL;
    for (int i = 0; i < THREADS; i++) {
        ours[i] = (struct caller){.work = report_progress, .session = system_session(s->store)};
        submit(&ours[i]);
        must(vidstore_job_claim(ours[i].session, "encode", 0, &ours[i].lease, &error), error, "claim");
    }
    for (int i = 0; i < TURNS; i++) {
        a[i] = run_cell(ours, THREADS);
        for (int mutex = 0; mutex < 2; mutex++) {
            for (int k = 0; k < THREADS; k++) {
                struct raw *raw = mutex ? &s->one : &s->each[k];
                char sql[400];
                snprintf(sql, sizeof sql,
                         "UPDATE jobs SET lease_until_us = ?1, stage = 'processing', stage_done = ?2, progress_done = "
                         "?2 WHERE id = (SELECT id FROM jobs ORDER BY seq LIMIT 1 OFFSET %d)",
                         k);
                s->callers[k] = (struct caller){
                    .work = report_raw, .raw = raw, .mutex = mutex ? &s->mutex : NULL, .renew = prepare(raw->db, sql)};
            }
            *(mutex ? &c[i] : &b[i]) = run_cell(s->callers, THREADS);
            for (int k = 0; k < THREADS; k++)
                sqlite3_finalize(s->callers[k].renew);
        }
    }
    struct cell x = middle(a), y = middle(b), z = middle(c);
    tell("ours", THREADS, x);
    tell("connections", THREADS, y);
    tell("mutex", THREADS, z);
    report(&(struct result){"progress-16-connections", "writes/s", x.rate, y.rate, x.rate / y.rate, 4, 0});
    report(&(struct result){"progress-16-mutex", "writes/s", x.rate, z.rate, x.rate / z.rate, 4, 0});
    for (int i = 0; i < THREADS; i++) {
        vidstore_lease_free(ours[i].lease);
        vidstore_session_free(ours[i].session);
    }
    stage_free(s);
}

/* --- processes ------------------------------------------------------------------------------------------------------
 */

/* A process of its own that submits with so many threads; its cell comes through the pipe. */
static pid_t start_process(const char *dir, int threads, int start, int *ret_answer) {
    int answer[2];
    if (pipe(answer))
        exit(1);
    pid_t child = fork();
    if (child == 0) {
        static struct caller callers[THREADS_MAX];
        char byte;
        vidstore *store = open_store(dir);
        struct caller first = {.session = system_session(store)};
        submit(&first);
        vidstore_session_free(first.session);
        if (read(start, &byte, 1) != 1)
            _exit(1);
        struct cell cell = submit_ours(store, callers, threads);
        vidstore_close(store);
        _exit(write(answer[1], &cell, sizeof cell) != sizeof cell);
    }
    close(answer[1]);
    *ret_answer = answer[0];
    return child;
}

static struct cell run_processes(const char *dir, int processes, int threads) {
    int start[2], answer[2];
    pid_t child[2];
    struct cell sum = {.fairness = 1}, one;
    if (pipe(start))
        exit(1);
    for (int i = 0; i < processes; i++)
        child[i] = start_process(dir, threads / processes, start[0], &answer[i]);
    usleep(200000);
    if (write(start[1], "xx", (size_t)processes) != processes)
        exit(1);
    double least = 0, most = 0;
    for (int i = 0; i < processes; i++) {
        if (read(answer[i], &one, sizeof one) != sizeof one)
            exit(1);
        close(answer[i]);
        waitpid(child[i], NULL, 0);
        sum.rate += one.rate;
        sum.cpu_us += one.cpu_us / processes;
        sum.p99_ms = one.p99_ms > sum.p99_ms ? one.p99_ms : sum.p99_ms;
        sum.worst_ms = one.worst_ms > sum.worst_ms ? one.worst_ms : sum.worst_ms;
        least = !i || one.rate < least ? one.rate : least;
        most = one.rate > most ? one.rate : most;
    }
    sum.fairness = least / most;
    close(start[0]);
    close(start[1]);
    return sum;
}

struct pair {
    struct cell one, two;
};

static int by_ratio(const void *a, const void *b) {
    const struct pair *x = a, *y = b;
    double p = x->two.rate / x->one.rate, q = y->two.rate / y->one.rate;
    return (p > q) - (p < q);
}

/* What is compared was measured one right after the other: the machine is faster in one second than in the next. */
static void run_two(const char *scratch, report_fn *report) {
    enum { PAIRS = 7 };
    char dir[MAX_PATH];
    struct pair pairs[PAIRS];
    snprintf(dir, sizeof dir, "%s", path(scratch, "shared"));
    for (int i = 0; i < PAIRS; i++) {
        pairs[i].one = run_processes(dir, 1, 16);
        pairs[i].two = run_processes(dir, 2, 16);
    }
    qsort(pairs, PAIRS, sizeof *pairs, by_ratio);
    struct cell a = pairs[PAIRS / 2].two, b = pairs[PAIRS / 2].one;
    tell("one process", 16, b);
    tell("two", 16, a);
    report(&(struct result){"processes-2-to-1", "jobs/s", a.rate, b.rate, a.rate / b.rate, 0.7, 0});
    report(&(struct result){"processes-2-p99", "ms", a.p99_ms, b.p99_ms, a.p99_ms, 50, 1});
    report(&(struct result){"processes-2-fairness", "least/most", a.fairness, b.fairness, a.fairness, 0.7, 0});
}

const struct bench bench_concurrency[] = {
    {"submits", "submit from 1, 4, 16 and 64 threads, durable, against raw SQLite with a connection each and a mutex",
     run_submits},
    {"progress", "reports that are written at once from 16 threads, against the same updates by hand", run_progress},
    {"processes", "submit from two processes with 8 threads each, against one with 16", run_two},
    {NULL, NULL, NULL},
};
