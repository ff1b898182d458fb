/* SPDX-License-Identifier: MIT */
/* The queue: submit, claim and finish, durable, one thread, against the same rows by hand. */
#include "bench_raw.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPS = 500, CLAIMS = 300 };

static double our_submits(vidstore_session *session, int count) {
    vidstore_error *error = NULL;
    double start = now_s();
    for (int i = 0; i < count; i++) {
        vidstore_job_params *params = sample_job();
        must(vidstore_job_submit(session, params, NULL, &error), error, "submit");
        vidstore_job_params_free(params);
    }
    return count / (now_s() - start);
}

static double raw_submits(struct raw *r, int count) {
    double start = now_s();
    for (int i = 0; i < count; i++)
        raw_submit(r);
    return count / (now_s() - start);
}

static void run_submit(const char *scratch, report_fn *report) {
    char ours_dir[4096], raw_dir[4096];
    snprintf(ours_dir, sizeof ours_dir, "%s", path(scratch, "ours"));
    snprintf(raw_dir, sizeof raw_dir, "%s", path(scratch, "raw"));
    vidstore *store = open_store(ours_dir), *other = open_store(raw_dir);
    vidstore_session *session = system_session(store), *once = system_session(other);
    our_submits(once, 1);
    vidstore_session_free(once);
    vidstore_close(other);
    struct raw r = raw_open(raw_dir);
    double ours[ROUNDS], raw[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        raw[i] = raw_submits(&r, OPS);
        ours[i] = our_submits(session, OPS);
    }
    double a = median(ours, ROUNDS), b = median(raw, ROUNDS);
    report(&(struct result){"submit", "jobs/s", a, b, a / b, 0.9, 0});
    raw_close(&r);
    vidstore_session_free(session);
    vidstore_close(store);
}

static double our_claims(vidstore_session *session, int count) {
    vidstore_error *error = NULL;
    double start = now_s();
    for (int i = 0; i < count; i++) {
        vidstore_lease *lease = NULL;
        must(vidstore_job_claim(session, "encode", 0, &lease, &error), error, "claim");
        if (!lease) {
            fprintf(stderr, "bench: no job to claim\n");
            exit(1);
        }
        must(vidstore_lease_finish(lease, NULL, &error), error, "finish");
        vidstore_lease_free(lease);
    }
    return count / (now_s() - start);
}

/* The same rows by hand: claim (find, update, attempt, counters, event) and finish (update, attempt, counters, event).
 */
static double raw_claims(struct raw *r, int count) {
    sqlite3_stmt *find = prepare(r->db, "SELECT seq, id FROM jobs WHERE state = 20 AND deleted_us IS NULL AND kind = "
                                        "'encode' AND priority = ? ORDER BY seq LIMIT 1");
    sqlite3_stmt *take = prepare(
        r->db,
        "UPDATE jobs SET state = 40, stage = 'initializing', attempts = attempts + 1, started_us = ?, lease_until_us = "
        "?, worker = 'bench/1', lease_hash = randomblob(32), version = version + 1, updated_us = ? WHERE seq = ?");
    sqlite3_stmt *attempt =
        prepare(r->db, "INSERT INTO job_attempts (job_id, number, worker, started_us) VALUES (?, 1, 'bench/1', ?)");
    sqlite3_stmt *read = prepare(r->db, "SELECT * FROM jobs WHERE id = ?");
    sqlite3_stmt *end =
        prepare(r->db, "UPDATE jobs SET state = 50, completed_us = ?, lease_until_us = NULL, lease_hash = NULL, "
                       "progress_done = 10000, version = version + 1, updated_us = ? WHERE id = ?");
    sqlite3_stmt *close =
        prepare(r->db, "UPDATE job_attempts SET ended_us = ?, outcome = 'completed' WHERE job_id = ? AND number = 1");
    static const int levels[] = {10, 8, 5};
    double start = now_s();
    for (int i = 0; i < count; i++) {
        uint8_t id[16];
        int64_t seq = 0, t = (int64_t)(now_s() * 1e6);
        run_stmt(r->db, r->begin);
        for (size_t k = 0; k < sizeof levels / sizeof *levels && !seq; k++) {
            sqlite3_bind_int(find, 1, levels[k]);
            if (sqlite3_step(find) == SQLITE_ROW) {
                seq = sqlite3_column_int64(find, 0);
                memcpy(id, sqlite3_column_blob(find, 1), 16);
            }
            sqlite3_reset(find);
        }
        for (int k = 1; k <= 3; k++)
            sqlite3_bind_int64(take, k, t);
        sqlite3_bind_int64(take, 4, seq);
        run_stmt(r->db, take);
        sqlite3_bind_blob(attempt, 1, id, 16, SQLITE_STATIC);
        sqlite3_bind_int64(attempt, 2, t);
        run_stmt(r->db, attempt);
        raw_count(r, 20, -1);
        raw_count(r, 40, 1);
        raw_event(r);
        run_stmt(r->db, r->commit);
        sqlite3_bind_blob(read, 1, id, 16, SQLITE_STATIC);
        sqlite3_step(read);
        read_row(read);
        sqlite3_reset(read);
        run_stmt(r->db, r->begin);
        sqlite3_bind_int64(end, 1, t);
        sqlite3_bind_int64(end, 2, t);
        sqlite3_bind_blob(end, 3, id, 16, SQLITE_STATIC);
        run_stmt(r->db, end);
        sqlite3_bind_int64(close, 1, t);
        sqlite3_bind_blob(close, 2, id, 16, SQLITE_STATIC);
        run_stmt(r->db, close);
        raw_count(r, 40, -1);
        raw_count(r, 50, 1);
        raw_event(r);
        run_stmt(r->db, r->commit);
    }
    double rate = count / (now_s() - start);
    sqlite3_stmt *all[] = {find, take, attempt, read, end, close};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        sqlite3_finalize(all[i]);
    return rate;
}

static void run_claim(const char *scratch, report_fn *report) {
    char ours_dir[4096], raw_dir[4096];
    snprintf(ours_dir, sizeof ours_dir, "%s", path(scratch, "ours"));
    snprintf(raw_dir, sizeof raw_dir, "%s", path(scratch, "raw"));
    vidstore *store = open_store(ours_dir), *other = open_store(raw_dir);
    vidstore_session *session = system_session(store), *once = system_session(other);
    our_submits(session, ROUNDS * CLAIMS);
    our_submits(once, ROUNDS * CLAIMS + 1);
    vidstore_session_free(once);
    vidstore_close(other);
    struct raw r = raw_open(raw_dir);
    double ours[ROUNDS], raw[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        raw[i] = raw_claims(&r, CLAIMS);
        ours[i] = our_claims(session, CLAIMS);
    }
    double a = median(ours, ROUNDS), b = median(raw, ROUNDS);
    report(&(struct result){"claim-finish", "jobs/s", a, b, a / b, 0.8, 0});
    raw_close(&r);
    vidstore_session_free(session);
    vidstore_close(store);
}

/* A store with so many jobs, finished, waiting for workers of another kind, and less urgent; and some to claim. */
struct queue {
    char dir[4096];
    vidstore *store;
    vidstore_session *session;
    double times[ROUNDS * CLAIMS];
};

static void submit_other(vidstore_session *session, const char *params) {
    vidstore_error *error = NULL;
    must(vidstore_call(session, "job.submit", params, NULL, &error), error, "submit");
}

static void open_queue(struct queue *q, const char *dir, int64_t rows) {
    snprintf(q->dir, sizeof q->dir, "%s", dir);
    q->store = open_store(q->dir);
    q->session = system_session(q->store);
    our_submits(q->session, 1);
    our_claims(q->session, 1);
    submit_other(q->session, "{\"params\": {\"kind\": \"archive\", \"priority\": \"urgent\"}}");
    submit_other(q->session, "{\"params\": {\"kind\": \"encode\", \"priority\": \"low\"}}");
    vidstore_session_free(q->session);
    vidstore_close(q->store);
    add_copies(q->dir, "jobs", "state = 50", rows / 3);
    add_copies(q->dir, "jobs", "kind = 'archive'", rows / 3);
    add_copies(q->dir, "jobs", "priority = 1", rows / 3);
    q->store = open_store(q->dir);
    q->session = system_session(q->store);
    our_submits(q->session, ROUNDS * CLAIMS);
}

static void close_queue(struct queue *q) {
    vidstore_session_free(q->session);
    vidstore_close(q->store);
}

/* Microseconds of one claim; finishing it is not counted. */
static double claim_time(struct queue *q) {
    vidstore_error *error = NULL;
    vidstore_lease *lease = NULL;
    double start = now_s();
    must(vidstore_job_claim(q->session, "encode", 0, &lease, &error), error, "claim");
    double took = (now_s() - start) * 1e6;
    must(vidstore_lease_finish(lease, NULL, &error), error, "finish");
    vidstore_lease_free(lease);
    return took;
}

/* One claim here, one there, so that both meet the same disk. */
static void run_claim_scale(const char *scratch, report_fn *report) {
    static struct queue small, large;
    open_queue(&small, path(scratch, "small"), 1000);
    open_queue(&large, path(scratch, "large"), 1000000);
    for (int i = 0; i < ROUNDS * CLAIMS; i++) {
        small.times[i] = claim_time(&small);
        large.times[i] = claim_time(&large);
    }
    double a = median(large.times, ROUNDS * CLAIMS), b = median(small.times, ROUNDS * CLAIMS);
    report(&(struct result){"claim-1e6-to-1e3", "us p50", a, b, a / b, 1.3, 1});
    close_queue(&small);
    close_queue(&large);
}

const struct bench bench_jobs[] = {
    {"submit", "submit a job, durable, against the same rows by hand", run_submit},
    {"claim", "claim and finish a job, durable, against the same rows by hand", run_claim},
    {"claim-scale", "claim among a million jobs, two thirds of them ready, against among a thousand", run_claim_scale},
    {NULL, NULL, NULL},
};
