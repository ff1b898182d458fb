/* SPDX-License-Identifier: MIT */
/* Leases that are lost: to a worker that crashed, slept or stood still, and to the end of a job. */
#include "leases.h"

static void expect_lost(vidstore_lease *lease) {
    int64_t began = now_ms();
    while (!(vidstore_lease_signals(lease) & VIDSTORE_SIGNAL_LOST)) {
        ck_assert_msg(now_ms() - began < 10000, "the loss is not noticed");
        sleep_ms(5);
    }
}

static void expect_refusals(vidstore_lease *lease) {
    refused(VIDSTORE_LEASE_LOST, "lease", make_video(vidstore_lease_session(lease), e));
    refused(VIDSTORE_LEASE_LOST, "lease", vidstore_lease_progress(lease, "late", 1, 1, e));
    refused(VIDSTORE_LEASE_LOST, "lease", vidstore_lease_checkpoint(lease, "late", 4, e));
    refused(VIDSTORE_LEASE_LOST, "lease", vidstore_lease_checkpoint_get(lease, NULL, e));
    refused(VIDSTORE_LEASE_LOST, "lease", vidstore_lease_fail(lease, "late", 1, e));
    refused(VIDSTORE_LEASE_LOST, "lease", vidstore_lease_release(lease, e));
    refused(VIDSTORE_LEASE_LOST, "lease", vidstore_lease_finish(lease, NULL, e));
    ck_assert_int_eq(count_videos(), 0);
}

START_TEST(work_that_stands_still_is_given_to_another) {
    set("job.lease_ms", "500");
    set("job.stall_ms", "1000");
    struct id id = submit(sys, "{\"kind\": \"x\"}");
    vidstore_lease *lease = claim("x"), *next = NULL;
    must(vidstore_job_claim(sys, "x", 10000, &next, e));
    ck_assert_ptr_nonnull(next);
    ck_assert_str_eq(job_of(next).text, id.text);
    ck_assert_int_eq(vidstore_job_int64(vidstore_lease_job(next), VIDSTORE_JOB_CRASHES), 1);
    expect_lost(lease);
    expect_refusals(lease);
    vidstore_lease_free(lease);
    finish(next);
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_STATE), VIDSTORE_JOB_COMPLETED);
    ck_assert_int_eq(events("action = job_completed"), 1);
}
END_TEST

START_TEST(a_crash_is_no_failure) {
    set("job.lease_ms", "500");
    struct id id = submit(sys, "{\"kind\": \"x\", \"max_attempts\": 2, \"backoff_ms\": 0}");
    vidstore_lease *lease = claim("x");
    vidstore_lease_free(lease);
    lease = NULL;
    must(vidstore_job_claim(sys, "x", 10000, &lease, e));
    ck_assert_ptr_nonnull(lease);
    must(vidstore_lease_fail(lease, "once", 1, e));
    vidstore_lease_free(lease);
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_STATE), VIDSTORE_JOB_READY); /* one failure is left */
    finish(claim("x"));
}
END_TEST

START_TEST(cancelling_what_nobody_works_at) {
    set("job.lease_ms", "500");
    struct id id = submit(sys, "{\"kind\": \"x\"}");
    vidstore_lease_free(claim("x"));
    sleep_ms(600);
    vidstore_job *job = NULL;
    must(vidstore_job_cancel(sys, id.text, &job, e));
    ck_assert_int_eq(vidstore_job_state(job), VIDSTORE_JOB_CANCELLED);
    vidstore_job_free(job);
}
END_TEST

/* Somebody else gets the job of a worker that does not move. */
static vidstore_lease *replace(vidstore_lease *lease) {
    vidstore_lease *next = NULL;
    must(vidstore_job_claim(sys, "x", 10000, &next, e));
    ck_assert_ptr_nonnull(next);
    ck_assert_str_eq(job_of(next).text, job_of(lease).text);
    return next;
}

/* How a transaction that a lease was to end with comes to nothing. */
static void roll_back(vidstore_session *session) {
    must(vidstore_rollback(session, e));
}

static void roll_back_inner(vidstore_session *session) {
    must(vidstore_rollback(session, e));
    must(vidstore_commit(session, e));
}

static void expire_unnoticed(vidstore_session *session) {
    (void)session;
}

static void expire(vidstore_session *session) {
    sleep_ms(400);
    refused(VIDSTORE_TXN_EXPIRED, NULL, vidstore_commit(session, e));
}

static const struct undoing {
    int depth;
    void (*undo)(vidstore_session *session);
} undoings[] = {{1, roll_back}, {2, roll_back_inner}, {1, expire}, {1, expire_unnoticed}};

START_TEST(a_loss_is_told_after_an_end_that_was_undone) {
    close_store();
    vidstore_open_params *p = vidstore_open_params_new();
    vidstore_open_params_set_int64(p, VIDSTORE_OPEN_TXN_MAX_AGE_MS, 200);
    vidstore_open_params_set_int64(p, VIDSTORE_OPEN_DEADLINE_MS, 3000);
    must(vidstore_open(place, p, &store, e));
    must(vidstore_session_system(store, "test", &sys, e));
    vidstore_open_params_free(p);
    set("job.lease_ms", "500");
    set("job.stall_ms", "1000");
    submit(sys, "{\"kind\": \"x\"}");
    vidstore_lease *lease = claim("x");
    vidstore_session *session = vidstore_lease_session(lease);
    for (int i = 0; i < undoings[_i].depth; i++)
        must(vidstore_begin(session, 0, e));
    must(vidstore_lease_finish(lease, NULL, e));
    refused(VIDSTORE_STATE, "lease", vidstore_lease_finish(lease, NULL, e)); /* once is enough */
    undoings[_i].undo(session);
    vidstore_lease *next = replace(lease);
    expect_lost(lease);
    refused(VIDSTORE_LEASE_LOST, "lease", vidstore_lease_progress(lease, NULL, 1, 2, e));
    vidstore_lease_free(lease);
    finish(next);
}
END_TEST

START_TEST(an_end_that_was_committed_is_no_loss) {
    set("job.lease_ms", "500");
    submit(sys, "{\"kind\": \"x\"}");
    vidstore_lease *lease = claim("x");
    vidstore_session *session = vidstore_lease_session(lease);
    must(vidstore_begin(session, 0, e));
    must(vidstore_begin(session, 0, e));
    must(vidstore_lease_finish(lease, NULL, e));
    must(vidstore_commit(session, e)); /* now it is the outer one's */
    must(vidstore_begin(session, 0, e));
    must(vidstore_rollback(session, e));
    must(vidstore_commit(session, e));
    refused(VIDSTORE_STATE, "lease", vidstore_lease_progress(lease, NULL, 1, 2, e));
    sleep_ms(600);
    ck_assert_uint_eq(vidstore_lease_signals(lease), 0);
    vidstore_lease_free(lease);
}
END_TEST

/* --- other processes ------------------------------------------------------------------------------------------------
 */

struct worker_child {
    pid_t pid;
    int said; /* a byte a step */
};

/* A process with a store of its own that claims a job, says so, and then lives until it is killed or continued. */
static struct worker_child start_worker(void (*then)(vidstore_lease *lease)) {
    struct worker_child child;
    int pipes[2];
    close_store();
    ck_assert_int_eq(pipe(pipes), 0);
    child.pid = fork();
    ck_assert_int_ge(child.pid, 0);
    if (child.pid == 0) {
        open_store();
        vidstore_lease *lease = claim("x");
        ck_assert_int_eq(write(pipes[1], "c", 1), 1);
        then(lease);
        _exit(0);
    }
    close(pipes[1]);
    child.said = pipes[0];
    char byte = 0;
    ck_assert_int_eq(read(child.said, &byte, 1), 1);
    open_store();
    return child;
}

static int end_of(struct worker_child *child) {
    int status = 0;
    ck_assert_int_eq(waitpid(child->pid, &status, 0), child->pid);
    close(child->said);
    return status;
}

static void live_on(vidstore_lease *lease) {
    must(vidstore_lease_progress(lease, "deep in work", 1, 2, e));
    for (;;)
        sleep_ms(1000);
}

START_TEST(a_killed_worker_is_replaced) {
    set("job.lease_ms", "1000");
    struct id id = submit(sys, "{\"kind\": \"x\"}");
    struct worker_child child = start_worker(live_on);
    vidstore_lease *lease = NULL;
    must(vidstore_job_claim(sys, "x", 2500, &lease, e)); /* it lives: nobody takes its job */
    ck_assert_ptr_null(lease);
    kill(child.pid, SIGKILL);
    ck_assert(WIFSIGNALED(end_of(&child)));
    int64_t began = now_ms();
    must(vidstore_job_claim(sys, "x", 20000, &lease, e));
    ck_assert_ptr_nonnull(lease);
    ck_assert_int_lt(now_ms() - began, 2000); /* the lease, and a second */
    ck_assert_int_eq(vidstore_job_int64(vidstore_lease_job(lease), VIDSTORE_JOB_ATTEMPTS), 2);
    finish(lease);
    vidstore_text *json = NULL;
    must(vidstore_job_history(sys, id.text, &json, e));
    const char *crashed = strstr(vidstore_text_data(json), "\"outcome\":\"crashed\"");
    ck_assert_msg(crashed && strstr(crashed, "\"stage\":\"deep in work\"") &&
                      strstr(crashed, "\"outcome\":\"completed\""),
                  "%s", vidstore_text_data(json));
    vidstore_text_free(json);
}
END_TEST

static void stop_and_try(vidstore_lease *lease) {
    raise(SIGSTOP);
    vidstore_error *error = NULL;
    vidstore_status made = make_video(vidstore_lease_session(lease), NULL);
    vidstore_status ended = vidstore_lease_finish(lease, "{\"late\": true}", &error);
    _exit(made == VIDSTORE_LEASE_LOST && ended == VIDSTORE_LEASE_LOST ? 7 : 1);
}

START_TEST(a_worker_that_slept_changes_nothing) {
    set("job.lease_ms", "500");
    struct id id = submit(sys, "{\"kind\": \"x\"}");
    struct worker_child child = start_worker(stop_and_try);
    vidstore_lease *lease = NULL;
    must(vidstore_job_claim(sys, "x", 20000, &lease, e));
    ck_assert_ptr_nonnull(lease);
    kill(child.pid, SIGCONT);
    int status = end_of(&child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 7, "the late worker was not told: %x", (unsigned)status);
    must(vidstore_lease_finish(lease, "{\"late\": false}", e));
    vidstore_lease_free(lease);
    vidstore_job *job = get_job(id);
    ck_assert_str_eq(vidstore_job_text(job, VIDSTORE_JOB_RESULT), "{\"late\": false}");
    vidstore_job_free(job);
    ck_assert_int_eq(count_videos(), 0);
}
END_TEST

static void sleep_and_finish(vidstore_lease *lease) {
    raise(SIGSTOP);
    sleep_ms(300); /* time enough for the renewal that is late */
    _exit(vidstore_lease_finish(lease, NULL, NULL) == VIDSTORE_OK ? 7 : 1);
}

START_TEST(who_is_late_but_not_replaced_goes_on) {
    set("job.lease_ms", "500");
    struct id id = submit(sys, "{\"kind\": \"x\"}");
    struct worker_child child = start_worker(sleep_and_finish);
    sleep_ms(700);
    kill(child.pid, SIGCONT);
    int status = end_of(&child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 7, "the late worker was stopped: %x", (unsigned)status);
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_STATE), VIDSTORE_JOB_COMPLETED);
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_CRASHES), 0);
}
END_TEST

static void use_in_child(void *arg) {
    vidstore_lease *lease = arg;
    refused(VIDSTORE_FORKED, "lease", vidstore_lease_progress(lease, "forked", 1, 2, e));
    refused(VIDSTORE_FORKED, "lease", vidstore_lease_finish(lease, NULL, e));
    ck_assert_str_eq(vidstore_job_kind(vidstore_lease_job(lease)), "x");
    vidstore_lease_free(lease);
}

START_TEST(a_fork_has_no_lease) {
    struct id id = submit(sys, "{\"kind\": \"x\"}");
    vidstore_lease *lease = claim("x");
    in_child(use_in_child, lease);
    finish(lease);
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_STATE), VIDSTORE_JOB_COMPLETED);
}
END_TEST

Suite *leases_lost_suite(void);

Suite *leases_lost_suite(void) {
    Suite *suite = suite_create("leases_lost");
    TCase *t = tcase_create("losing");
    tcase_add_checked_fixture(t, begin, end);
    tcase_add_test(t, work_that_stands_still_is_given_to_another);
    tcase_add_test(t, a_crash_is_no_failure);
    tcase_add_test(t, cancelling_what_nobody_works_at);
    tcase_add_loop_test(t, a_loss_is_told_after_an_end_that_was_undone, 0, sizeof undoings / sizeof *undoings);
    tcase_add_test(t, an_end_that_was_committed_is_no_loss);
    tcase_add_test(t, a_killed_worker_is_replaced);
    tcase_add_test(t, a_worker_that_slept_changes_nothing);
    tcase_add_test(t, who_is_late_but_not_replaced_goes_on);
    tcase_add_test(t, a_fork_has_no_lease);
    suite_add_tcase(suite, t);
    return suite;
}
