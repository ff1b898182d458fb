/* SPDX-License-Identifier: MIT */
/* The change feed: what it costs a submit, and how soon it tells of one in this process and in another. */
#include "bench_raw.h"
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SUBMITS = 400, NEWS = 500 };

static const char *const nouns[] = {"user", "job", "video", "file"};

static void submit(vidstore_session *session) {
    vidstore_error *error = NULL;
    vidstore_job_params *params = sample_job();
    must(vidstore_job_submit(session, params, NULL, &error), error, "submit");
    vidstore_job_params_free(params);
}

static double submits(vidstore_session *session) {
    double start = now_s();
    for (int i = 0; i < SUBMITS; i++)
        submit(session);
    return SUBMITS / (now_s() - start);
}

/* A store whose changes leave no entries: the triggers are gone. */
static void silence(const char *dir) {
    static const char *const ends[] = {"created", "changed", "progress", "purged"};
    sqlite3 *db = open_raw(dir);
    for (size_t i = 0; i < sizeof nouns / sizeof *nouns; i++)
        for (size_t j = 0; j < sizeof ends / sizeof *ends; j++) {
            char sql[96];
            snprintf(sql, sizeof sql, "DROP TRIGGER IF EXISTS feed_%s_%s", nouns[i], ends[j]);
            must_sql(sqlite3_exec(db, sql, NULL, NULL, NULL), db, sql);
        }
    sqlite3_close(db);
}

static void run_cost(const char *scratch, report_fn *report) {
    char with_dir[4096], without_dir[4096];
    double with_feed[ROUNDS], without[ROUNDS];
    snprintf(with_dir, sizeof with_dir, "%s", path(scratch, "with"));
    snprintf(without_dir, sizeof without_dir, "%s", path(scratch, "without"));
    vidstore *a = open_store(with_dir), *b = open_store(without_dir);
    silence(without_dir);
    vidstore_session *sa = system_session(a), *sb = system_session(b);
    for (int i = 0; i < ROUNDS; i++) {
        without[i] = submits(sb);
        with_feed[i] = submits(sa);
    }
    double x = median(with_feed, ROUNDS), y = median(without, ROUNDS);
    report(&(struct result){"feed-cost", "jobs/s", x, y, x / y, 0.85, 0});
    vidstore_session_free(sa);
    vidstore_session_free(sb);
    vidstore_close(a);
    vidstore_close(b);
}

/* Another process that submits whenever a byte comes, and tells when that was durable. */
static void submit_on_demand(const char *dir, int orders, int answers) {
    vidstore *store = open_store(dir);
    vidstore_session *session = system_session(store);
    char order;
    double at;
    while (read(orders, &order, 1) == 1) {
        submit(session);
        at = now_s();
        if (write(answers, &at, sizeof at) != sizeof at)
            break;
    }
    vidstore_session_free(session);
    vidstore_close(store);
    _exit(0);
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void report_times(const char *name, double *us, double bound_us, report_fn *report) {
    char half[32], most[32];
    qsort(us, NEWS, sizeof *us, ascending);
    snprintf(half, sizeof half, "%s-p50", name);
    snprintf(most, sizeof most, "%s-p99", name);
    double p50 = us[NEWS / 2], p99 = us[NEWS * 99 / 100];
    report(&(struct result){half, "us (bound)", p50, bound_us, p50 / bound_us, 1, 1});
    report(&(struct result){most, "us (bound)", p99, bound_us, p99 / bound_us, 1, 1});
}

/* From the moment at which the commit returned to that at which the descriptor was readable and the event read. */
static void listen_to(vidstore *store, int orders, int answers, double *us) {
    vidstore_error *error = NULL;
    vidstore_watch *watch = NULL;
    vidstore_session *session = system_session(store);
    must(vidstore_watch_open(session, "{\"noun\": \"job\"}", NULL, &watch, &error), error, "watch");
    for (int i = 0; i < NEWS; i++) {
        struct pollfd fd = {.fd = vidstore_watch_fd(watch), .events = POLLIN};
        vidstore_text *text = NULL;
        double at = 0;
        nanosleep(&(struct timespec){0, 2000000 + i % 17 * 1000000}, NULL);
        if (write(orders, "x", 1) != 1 || poll(&fd, 1, 10000) != 1) {
            fprintf(stderr, "bench: no news\n");
            exit(1);
        }
        must(vidstore_watch_next(watch, 100, &text, &error), error, "next");
        double seen = now_s();
        vidstore_text_free(text);
        if (read(answers, &at, sizeof at) != sizeof at)
            exit(1);
        us[i] = seen > at ? (seen - at) * 1e6 : 0;
    }
    vidstore_watch_free(watch);
    vidstore_session_free(session);
}

static void run_far(const char *scratch, report_fn *report) {
    static double us[NEWS];
    char dir[4096];
    int orders[2], answers[2];
    snprintf(dir, sizeof dir, "%s", path(scratch, "far"));
    vidstore_close(open_store(dir));
    if (pipe(orders) || pipe(answers))
        exit(1);
    pid_t child = fork();
    if (child == 0) {
        close(orders[1]);
        submit_on_demand(dir, orders[0], answers[1]);
    }
    close(orders[0]);
    vidstore *store = open_store(dir);
    listen_to(store, orders[1], answers[0], us);
    close(orders[1]);
    waitpid(child, NULL, 0);
    close(answers[0]);
    close(answers[1]);
    vidstore_close(store);
    report_times("feed-far", us, 50000, report);
}

struct near {
    vidstore *store;
    int orders, answers;
};

static void *submit_near(void *arg) {
    struct near *n = arg;
    vidstore_session *session = system_session(n->store);
    char order;
    while (read(n->orders, &order, 1) == 1) {
        submit(session);
        double at = now_s();
        if (write(n->answers, &at, sizeof at) != sizeof at)
            break;
    }
    vidstore_session_free(session);
    return NULL;
}

static void run_near(const char *scratch, report_fn *report) {
    static double us[NEWS];
    int orders[2], answers[2];
    pthread_t thread;
    vidstore *store = open_store(path(scratch, "near"));
    if (pipe(orders) || pipe(answers))
        exit(1);
    struct near n = {store, orders[0], answers[1]};
    if (pthread_create(&thread, NULL, submit_near, &n))
        exit(1);
    listen_to(store, orders[1], answers[0], us);
    close(orders[1]);
    pthread_join(thread, NULL);
    close(orders[0]);
    close(answers[0]);
    close(answers[1]);
    vidstore_close(store);
    report_times("feed-near", us, 5000, report);
}

const struct bench bench_feed[] = {
    {"feed-cost", "submit with the change feed / without", run_cost},
    {"feed-near", "from a commit to the event in the same process", run_near},
    {"feed-far", "from a commit to the event in another process", run_far},
    {NULL, NULL, NULL},
};
