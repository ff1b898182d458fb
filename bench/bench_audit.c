/* SPDX-License-Identifier: MIT */
/* What the audit costs: the same job, with its event against without, alone and twelve in a transaction; and how fast
 * the chains are checked. */
#include "bench_raw.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALONE = 500, GROUPS = 60, GROUP = 12, EVENTS = 200000, BATCH = 1000, VERIFY_TARGET = 500000 };

static void submit(vidstore_session *session) {
    vidstore_error *error = NULL;
    vidstore_job_params *params = sample_job();
    must(vidstore_job_submit(session, params, NULL, &error), error, "submit");
    vidstore_job_params_free(params);
}

static double our_groups(vidstore_session *session, int groups, int size) {
    vidstore_error *error = NULL;
    double start = now_s();
    for (int i = 0; i < groups; i++) {
        if (size > 1)
            must(vidstore_begin(session, 0, &error), error, "begin");
        for (int k = 0; k < size; k++)
            submit(session);
        if (size > 1)
            must(vidstore_commit(session, &error), error, "commit");
    }
    return groups * size / (now_s() - start);
}

/* The same rows without the event. */
static double raw_groups(struct raw *r, int groups, int size) {
    double start = now_s();
    for (int i = 0; i < groups; i++) {
        run_stmt(r->db, r->begin);
        for (int k = 0; k < size; k++)
            raw_job(r);
        run_stmt(r->db, r->commit);
    }
    return groups * size / (now_s() - start);
}

static void run_audited(const char *scratch, report_fn *report) {
    char ours_dir[4096], raw_dir[4096];
    snprintf(ours_dir, sizeof ours_dir, "%s", path(scratch, "ours"));
    snprintf(raw_dir, sizeof raw_dir, "%s", path(scratch, "raw"));
    vidstore *store = open_store(ours_dir), *other = open_store(raw_dir);
    vidstore_session *session = system_session(store), *once = system_session(other);
    submit(once);
    vidstore_session_free(once);
    vidstore_close(other);
    struct raw r = raw_open(raw_dir);
    double ours[ROUNDS], raw[ROUNDS], many[ROUNDS], raw_many[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        raw[i] = raw_groups(&r, ALONE, 1);
        ours[i] = our_groups(session, ALONE, 1);
        raw_many[i] = raw_groups(&r, GROUPS, GROUP);
        many[i] = our_groups(session, GROUPS, GROUP);
    }
    double a = median(ours, ROUNDS), b = median(raw, ROUNDS), c = median(many, ROUNDS), d = median(raw_many, ROUNDS);
    report(&(struct result){"audited-alone", "jobs/s", a, b, a / b, 0.75, 0});
    report(&(struct result){"audited-in-twelves", "jobs/s", c, d, c / d, 0.4, 0});
    raw_close(&r);
    vidstore_session_free(session);
    vidstore_close(store);
}

static void run_verify(const char *scratch, report_fn *report) {
    vidstore *store = open_store(path(scratch, "verify"));
    vidstore_session *session = system_session(store);
    vidstore_error *error = NULL;
    for (int i = 0; i < EVENTS / BATCH; i++) {
        must(vidstore_begin(session, 0, &error), error, "begin");
        for (int k = 0; k < BATCH; k++)
            must(vidstore_audit_record(session, "order", NULL, "an event of the host's own", "{\"number\":[17,18]}",
                                       &error),
                 error, "record");
        must(vidstore_commit(session, &error), error, "commit");
    }
    double ours[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        vidstore_text *text = NULL;
        double start = now_s();
        must(vidstore_audit_verify(session, NULL, &text, &error), error, "verify");
        ours[i] = EVENTS / (now_s() - start);
        if (strncmp(vidstore_text_data(text), "{\"verdict\":\"ok\"", 15) != 0)
            fprintf(stderr, "bench: %s\n", vidstore_text_data(text));
        vidstore_text_free(text);
    }
    double a = median(ours, ROUNDS);
    report(&(struct result){"audit-verify", "events/s", a, VERIFY_TARGET, a / VERIFY_TARGET, 1, 0});
    vidstore_session_free(session);
    vidstore_close(store);
}

const struct bench bench_audit[] = {
    {"audited", "submit a job with its event, against the same rows without it; alone and in transactions of twelve",
     run_audited},
    {"audit-verify", "check the chains of the audit, against half a million events a second", run_verify},
    {NULL, NULL, NULL},
};
