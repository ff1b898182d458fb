/* SPDX-License-Identifier: MIT */
/* Sessions: who acts, transactions, deadlines, interrupts. */
#include "harness.h"
#include <vidstore/query.h>

static int64_t users(vidstore_session *session) {
    int64_t count = -1;
    must(vidstore_user_count(session, NULL, &count, e));
    return count;
}

static vidstore_status create(vidstore_session *session, const char *name, vidstore_error **e) {
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_text(p, VIDSTORE_USER_USERNAME, name);
    vidstore_status status = vidstore_user_create(session, p, NULL, e);
    vidstore_user_params_free(p);
    return status;
}

static vidstore_session *another(void) {
    vidstore_session *session = NULL;
    must(vidstore_session_system(store, "another", &session, e));
    return session;
}

/* --- kinds of sessions ------------------------------------------------------------------------------------------ */

START_TEST(kinds) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_VIEWER);
    vidstore_session *s = NULL;
    ck_assert_str_eq(vidstore_session_user_id(sys), "00000000-0000-0000-0000-000000000000");
    ck_assert_int_eq(vidstore_session_role(sys), VIDSTORE_ROLE_ADMIN);
    must(vidstore_session_anonymous(store, NULL, &s, e));
    ck_assert_ptr_null(vidstore_session_user_id(s));
    ck_assert_int_eq(vidstore_session_role(s), VIDSTORE_ROLE_UNKNOWN);
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_user_list(s, NULL, NULL, e));
    refused(VIDSTORE_FORBIDDEN, NULL, create(s, "eve", e));
    vidstore_session_free(s);
    s = session_of(ann);
    ck_assert_str_eq(vidstore_session_user_id(s), ann.text);
    ck_assert_int_eq(vidstore_session_role(s), VIDSTORE_ROLE_VIEWER);
    vidstore_session_free(s);
    vidstore_session_free(NULL);
    ck_assert_ptr_null(vidstore_session_user_id(NULL));
    ck_assert_int_eq(vidstore_session_role(NULL), VIDSTORE_ROLE_UNKNOWN);
}
END_TEST

START_TEST(names) {
    char name[102];
    vidstore_session *s = NULL;
    memset(name, 'x', sizeof name);
    name[101] = '\0';
    refused(VIDSTORE_INVALID, "name", vidstore_session_system(store, name, &s, e));
    ck_assert_ptr_null(s);
    refused(VIDSTORE_INVALID, "name", vidstore_session_system(store, "", &s, e));
    refused(VIDSTORE_INVALID, "name", vidstore_session_system(store, "\xC0\x80", &s, e));
    refused(VIDSTORE_MISUSE, "name", vidstore_session_system(store, NULL, &s, e));
    refused(VIDSTORE_MISUSE, "store", vidstore_session_system(NULL, "x", &s, e));
    name[100] = '\0';
    must(vidstore_session_system(store, name, &s, e));
    vidstore_session_free(s);
    must(vidstore_session_system(store, "x", NULL, e));
}
END_TEST

START_TEST(on_behalf) {
    static const int32_t states[] = {VIDSTORE_USER_PENDING, VIDSTORE_USER_SUSPENDED, VIDSTORE_USER_DEACTIVATED};
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER);
    vidstore_session *s = (vidstore_session *)1;
    refused(VIDSTORE_NOT_FOUND, "user_id",
            vidstore_session_on_behalf(store, "0190f5fe-7c00-7a00-8abc-012345678901", NULL, &s, e));
    ck_assert_ptr_null(s);
    refused(VIDSTORE_INVALID, "user_id", vidstore_session_on_behalf(store, "ann", NULL, &s, e));
    refused(VIDSTORE_MISUSE, "user_id", vidstore_session_on_behalf(store, NULL, NULL, &s, e));
    for (size_t i = 0; i < 3; i++) {
        must(vidstore_user_set_state(sys, ann.text, states[i], NULL, e));
        refused(VIDSTORE_UNAUTHENTICATED, "user_id", vidstore_session_on_behalf(store, ann.text, NULL, &s, e));
    }
    must(vidstore_user_remove(sys, ann.text, VIDSTORE_REMOVE_RESTRICT, e));
    refused(VIDSTORE_NOT_FOUND, "user_id", vidstore_session_on_behalf(store, ann.text, NULL, &s, e));
}
END_TEST

START_TEST(origins) {
    static const size_t most[] = {45, 512, 128, 128};
    static const char *const facts[] = {"ip", "user_agent", "request_id", "device"};
    struct id ann = add_user("ann", VIDSTORE_ROLE_ADMIN);
    for (int32_t fact = VIDSTORE_ORIGIN_IP; fact <= VIDSTORE_ORIGIN_DEVICE; fact++)
        for (size_t more = 0; more < 2; more++) {
            char value[600];
            size_t size = most[fact - 1] + more;
            memset(value, 'x', size);
            value[size] = '\0';
            vidstore_origin *o = vidstore_origin_new();
            vidstore_session *s = NULL;
            vidstore_origin_set_text(o, fact, "first");
            vidstore_origin_set_text(o, fact, value);
            if (more)
                refused(VIDSTORE_INVALID, facts[fact - 1], vidstore_session_on_behalf(store, ann.text, o, &s, e));
            else
                must(vidstore_session_on_behalf(store, ann.text, o, &s, e));
            vidstore_origin_free(o);
            vidstore_session_free(s);
        }
    vidstore_origin *o = vidstore_origin_new();
    vidstore_session *s = NULL;
    vidstore_origin_set_text(o, 5, "x");
    refused(VIDSTORE_INVALID, "origin", vidstore_session_anonymous(store, o, &s, e));
    vidstore_origin_free(o);
    o = vidstore_origin_new();
    vidstore_origin_set_text(o, VIDSTORE_ORIGIN_IP, "192.0.2.7");
    vidstore_origin_set_text(o, VIDSTORE_ORIGIN_REQUEST_ID, "r-1");
    vidstore_origin_set_text(o, VIDSTORE_ORIGIN_DEVICE, "x");
    vidstore_origin_set_text(o, VIDSTORE_ORIGIN_DEVICE, NULL);
    must(vidstore_session_on_behalf(store, ann.text, o, &s, e));
    vidstore_origin_free(o); /* it was copied */
    must(create(s, "bob", e));
    ck_assert_int_eq(events("action = user_created and ip = 192.0.2.7 and request_id = r-1 and device is null"), 1);
    vidstore_session_free(s);
}
END_TEST

/* --- transactions ------------------------------------------------------------------------------------------------- */

START_TEST(commit_and_rollback) {
    must(vidstore_begin(sys, 0, e));
    must(create(sys, "ann", e));
    ck_assert_int_eq(users(sys), 1); /* its own writes are there for it */
    must(vidstore_rollback(sys, e));
    ck_assert_int_eq(users(sys), 0);
    ck_assert_int_eq(events("action = user_created"), 0);
    must(vidstore_begin(sys, 0, e));
    must(create(sys, "ann", e));
    must(create(sys, "bob", e));
    must(vidstore_commit(sys, e));
    ck_assert_int_eq(users(sys), 2);
    ck_assert_int_eq(events("action = user_created"), 2);
    refused(VIDSTORE_STATE, "session", vidstore_commit(sys, e));
    refused(VIDSTORE_STATE, "session", vidstore_rollback(sys, e));
    refused(VIDSTORE_INVALID, "flags", vidstore_begin(sys, 1, e));
}
END_TEST

static void *count_users(void *arg) {
    int64_t *ret = arg;
    vidstore_session *s = another();
    *ret = users(s);
    vidstore_session_free(s);
    return NULL;
}

static int64_t seen_from_outside(void) {
    int64_t count = -1;
    pthread_t thread;
    pthread_create(&thread, NULL, count_users, &count);
    pthread_join(thread, NULL);
    return count;
}

START_TEST(others_see_it_after_the_commit) {
    must(vidstore_begin(sys, 0, e));
    must(create(sys, "ann", e));
    ck_assert_int_eq(seen_from_outside(), 0);
    must(vidstore_commit(sys, e));
    ck_assert_int_eq(seen_from_outside(), 1);
}
END_TEST

START_TEST(a_failed_call_is_undone_alone) {
    must(vidstore_begin(sys, 0, e));
    must(create(sys, "ann", e));
    refused(VIDSTORE_EXISTS, "username", create(sys, "ANN", e));
    refused(VIDSTORE_INVALID, "username", create(sys, "b o b", e));
    must(create(sys, "bob", e));
    must(vidstore_commit(sys, e));
    ck_assert_int_eq(users(sys), 2);
}
END_TEST

START_TEST(nesting) {
    must(vidstore_begin(sys, 0, e));
    must(create(sys, "one", e));
    must(vidstore_begin(sys, 0, e));
    must(create(sys, "two", e));
    must(vidstore_begin(sys, 0, e));
    must(create(sys, "three", e));
    must(vidstore_rollback(sys, e)); /* three goes */
    ck_assert_int_eq(users(sys), 2);
    must(vidstore_commit(sys, e));
    must(vidstore_begin(sys, 0, e));
    must(create(sys, "four", e));
    must(vidstore_commit(sys, e));
    must(vidstore_commit(sys, e));
    refused(VIDSTORE_STATE, "session", vidstore_commit(sys, e));
    ck_assert_int_eq(users(sys), 3);
    ck_assert_int_eq(events("action = user_created"), 3);
    must(vidstore_begin(sys, 0, e));
    must(vidstore_begin(sys, 0, e));
    must(create(sys, "five", e));
    must(vidstore_commit(sys, e));
    must(vidstore_rollback(sys, e)); /* takes what the inner one had kept */
    ck_assert_int_eq(users(sys), 3);
    for (int i = 0; i < 50; i++)
        must(vidstore_begin(sys, 0, e));
    must(create(sys, "deep", e));
    for (int i = 0; i < 50; i++)
        must(vidstore_commit(sys, e));
    ck_assert_int_eq(users(sys), 4);
}
END_TEST

static void open_with_age(int64_t age_ms) {
    close_store();
    vidstore_open_params *p = vidstore_open_params_new();
    vidstore_open_params_set_int64(p, VIDSTORE_OPEN_TXN_MAX_AGE_MS, age_ms);
    must(vidstore_open(place, p, &store, e));
    vidstore_open_params_free(p);
    must(vidstore_session_system(store, "test", &sys, e));
}

START_TEST(expiry) {
    open_with_age(100);
    must(vidstore_begin(sys, 0, e));
    must(create(sys, "ann", e));
    sleep_ms(250);
    vidstore_session *s = another();
    must(create(s, "other", e)); /* the writer is free, though nobody ended the transaction */
    refused(VIDSTORE_TXN_EXPIRED, NULL, create(sys, "bob", e));
    refused(VIDSTORE_TXN_EXPIRED, NULL, vidstore_user_list(sys, NULL, NULL, e));
    refused(VIDSTORE_TXN_EXPIRED, NULL, vidstore_begin(sys, 0, e));
    refused(VIDSTORE_TXN_EXPIRED, NULL, vidstore_commit(sys, e));
    ck_assert_int_eq(users(sys), 1); /* and the session is good again */
    must(create(sys, "bob", e));
    must(vidstore_begin(sys, 0, e));
    must(vidstore_begin(sys, 0, e));
    sleep_ms(250);
    refused(VIDSTORE_TXN_EXPIRED, NULL, vidstore_commit(sys, e)); /* of the inner level, which stays open */
    refused(VIDSTORE_TXN_EXPIRED, NULL, vidstore_rollback(sys, e));
    refused(VIDSTORE_TXN_EXPIRED, NULL, create(sys, "carl", e)); /* the outer one is still open: nothing stands alone */
    refused(VIDSTORE_TXN_EXPIRED, NULL, vidstore_rollback(sys, e));
    refused(VIDSTORE_STATE, "session", vidstore_rollback(sys, e));
    must(create(sys, "carl", e));
    vidstore_session_free(s);
}
END_TEST

START_TEST(freeing_rolls_back) {
    vidstore_session *s = another();
    must(vidstore_begin(s, 0, e));
    must(create(s, "ann", e));
    vidstore_session_free(s);
    ck_assert_int_eq(users(sys), 0);
    must(create(sys, "ann", e));
}
END_TEST

START_TEST(a_second_session_of_the_same_thread) {
    vidstore_session *s = another();
    must(vidstore_begin(sys, 0, e));
    int64_t start = now_ms();
    refused(VIDSTORE_MISUSE, NULL, create(s, "ann", e));
    refused(VIDSTORE_MISUSE, NULL, vidstore_begin(s, 0, e));
    ck_assert_int_lt(now_ms() - start, 2000); /* said, not waited for */
    ck_assert_int_eq(users(s), 0);            /* reading is fine */
    must(create(sys, "ann", e));
    must(vidstore_commit(sys, e));
    must(create(s, "bob", e));
    vidstore_session_free(s);
}
END_TEST

START_TEST(slow_calls_refuse_inside) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_ADMIN);
    must(vidstore_user_set_password(sys, ann.text, "correct horse", e));
    must(vidstore_begin(sys, 0, e));
    refused(VIDSTORE_STATE, "session", vidstore_user_set_password(sys, ann.text, "correct horse 2", e));
    refused(VIDSTORE_STATE, "session", vidstore_user_verify_password(sys, "ann", "correct horse", NULL, e));
    refused(VIDSTORE_STATE, "session", vidstore_video_probe(sys, ann.text, NULL, e));
    refused(VIDSTORE_STATE, "session", vidstore_video_probe_fd(sys, ann.text, 0, NULL, e));
    refused(VIDSTORE_STATE, "session", vidstore_audit_export(sys, NULL, 1, NULL, e));
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_text(p, VIDSTORE_USER_USERNAME, "bob");
    vidstore_user_params_set_text(p, VIDSTORE_USER_PASSWORD, "correct horse");
    refused(VIDSTORE_STATE, "session", vidstore_user_create(sys, p, NULL, e));
    vidstore_user_params_free(p);
    must(create(sys, "carl", e)); /* the transaction lives on */
    must(vidstore_commit(sys, e));
    must(vidstore_user_verify_password(sys, "ann", "correct horse", NULL, e));
}
END_TEST

START_TEST(refusals_survive_a_rollback) {
    vidstore_session *s = session_of(add_user("ann", VIDSTORE_ROLE_VIEWER));
    must(vidstore_begin(s, 0, e));
    refused(VIDSTORE_FORBIDDEN, NULL, create(s, "eve", e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_setting_set(s, "job.lease_ms", "1000", e));
    ck_assert_int_eq(events("action = access_denied"), 0);
    must(vidstore_rollback(s, e));
    ck_assert_int_eq(events("action = access_denied and success = false and error = FORBIDDEN"), 2);
    must(vidstore_begin(s, 0, e));
    refused(VIDSTORE_FORBIDDEN, NULL, create(s, "eve", e));
    must(vidstore_commit(s, e));
    ck_assert_int_eq(events("action = access_denied"), 3);
    must(vidstore_begin(s, 0, e));
    refused(VIDSTORE_FORBIDDEN, NULL, create(s, "eve", e));
    vidstore_session_free(s); /* neither of the two */
    ck_assert_int_eq(events("action = access_denied"), 4);
}
END_TEST

START_TEST(a_setting_is_part_of_the_transaction) {
    vidstore_text *value = NULL;
    must(vidstore_begin(sys, 0, e));
    must(vidstore_setting_set(sys, "password.min_length", "20", e));
    must(vidstore_rollback(sys, e));
    must(vidstore_setting_get(sys, "password.min_length", &value, e));
    ck_assert_str_eq(vidstore_text_data(value), "12");
    vidstore_text_free(value);
}
END_TEST

/* --- snapshots ---------------------------------------------------------------------------------------------------- */

START_TEST(a_snapshot_is_of_one_state) {
    vidstore_session *s = another();
    must(create(sys, "ann", e));
    must(vidstore_snapshot_begin(sys, INT64_MIN, e));
    must(create(s, "bob", e));
    ck_assert_int_eq(users(sys), 1);
    ck_assert_int_eq(users(s), 2);
    refused(VIDSTORE_STATE, "session", create(sys, "carl", e));
    refused(VIDSTORE_STATE, "session", vidstore_begin(sys, 0, e));
    refused(VIDSTORE_STATE, "session", vidstore_snapshot_begin(sys, INT64_MIN, e));
    refused(VIDSTORE_STATE, "session", vidstore_user_verify_password(sys, "ann", "correct horse", NULL, e));
    vidstore_lease *lease = NULL;
    refused(VIDSTORE_STATE, "session", vidstore_job_claim(sys, NULL, 0, &lease, e));
    ck_assert_int_eq(users(sys), 1);
    must(vidstore_snapshot_end(sys, e));
    refused(VIDSTORE_STATE, "session", vidstore_snapshot_end(sys, e));
    ck_assert_int_eq(users(sys), 2);
    must(create(sys, "carl", e));
    must(vidstore_begin(sys, 0, e));
    refused(VIDSTORE_STATE, "session", vidstore_snapshot_begin(sys, INT64_MIN, e));
    must(vidstore_rollback(sys, e));
    must(vidstore_snapshot_begin(s, 60000, e));
    vidstore_session_free(s); /* ends it */
}
END_TEST

START_TEST(a_snapshot_has_an_age) {
    refused(VIDSTORE_INVALID, "max_age_ms", vidstore_snapshot_begin(sys, 0, e));
    refused(VIDSTORE_INVALID, "max_age_ms", vidstore_snapshot_begin(sys, 60001, e));
    refused(VIDSTORE_MISUSE, "session", vidstore_snapshot_begin(NULL, 1, e));
    must(vidstore_snapshot_begin(sys, 60000, e));
    must(vidstore_snapshot_end(sys, e));
    must(vidstore_snapshot_begin(sys, 1, e));
    sleep_ms(50);
    refused(VIDSTORE_TXN_EXPIRED, NULL, vidstore_user_list(sys, NULL, NULL, e));
    refused(VIDSTORE_TXN_EXPIRED, NULL, vidstore_user_list(sys, NULL, NULL, e));
    must(vidstore_snapshot_end(sys, e));
    ck_assert_int_eq(users(sys), 0);
}
END_TEST

START_TEST(a_refusal_in_a_snapshot_is_on_record) {
    vidstore_session *s = session_of(add_user("ann", VIDSTORE_ROLE_VIEWER));
    must(vidstore_snapshot_begin(s, INT64_MIN, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_setting_set(s, "job.lease_ms", "1000", e));
    ck_assert_int_eq(events("action = access_denied"), 1);
    must(vidstore_snapshot_end(s, e));
    vidstore_session_free(s);
    ck_assert_int_eq(events("action = access_denied"), 1);
}
END_TEST

/* --- deadlines and interrupts ------------------------------------------------------------------------------------- */

struct holder {
    pthread_barrier_t taken, release;
};

static void *hold_writer(void *arg) {
    struct holder *h = arg;
    vidstore_session *s = another();
    must(vidstore_begin(s, 0, e));
    pthread_barrier_wait(&h->taken);
    pthread_barrier_wait(&h->release);
    must(vidstore_rollback(s, e));
    vidstore_session_free(s);
    return NULL;
}

static void hold(struct holder *h, pthread_t *thread) {
    pthread_barrier_init(&h->taken, NULL, 2);
    pthread_barrier_init(&h->release, NULL, 2);
    pthread_create(thread, NULL, hold_writer, h);
    pthread_barrier_wait(&h->taken);
}

START_TEST(deadline) {
    struct holder h;
    pthread_t thread;
    hold(&h, &thread);
    must(vidstore_session_set_deadline(sys, 100, e));
    int64_t start = now_ms();
    vidstore_error *error = NULL;
    vidstore_status status = create(sys, "ann", &error);
    ck_assert_msg(status == VIDSTORE_BUSY || status == VIDSTORE_TIMEOUT, "%s", vidstore_status_name(status));
    ck_assert_int_eq(vidstore_error_retryable(error), 1);
    vidstore_error_free(error);
    ck_assert_int_ge(now_ms() - start, 90);
    ck_assert_int_lt(now_ms() - start, 3000);
    pthread_barrier_wait(&h.release);
    pthread_join(thread, NULL);
    must(vidstore_session_set_deadline(sys, INT64_MIN, e));
    must(create(sys, "ann", e));
    refused(VIDSTORE_INVALID, "deadline_ms", vidstore_session_set_deadline(sys, 0, e));
    refused(VIDSTORE_INVALID, "deadline_ms", vidstore_session_set_deadline(sys, 86400001, e));
    refused(VIDSTORE_INVALID, "deadline_ms", vidstore_session_set_deadline(sys, INT64_MAX, e));
    must(vidstore_session_set_deadline(sys, 86400000, e));
    must(vidstore_session_set_deadline(sys, 1, e));
}
END_TEST

static void *interrupt_soon(void *arg) {
    sleep_ms(100);
    vidstore_interrupt(arg);
    return NULL;
}

START_TEST(interrupt) {
    struct holder h;
    pthread_t thread, breaker;
    vidstore_interrupt(NULL);
    vidstore_interrupt(sys); /* idle: nothing happens, now or at the next call */
    must(create(sys, "first", e));
    hold(&h, &thread);
    pthread_create(&breaker, NULL, interrupt_soon, sys);
    int64_t start = now_ms();
    refused(VIDSTORE_CANCELLED, NULL, create(sys, "ann", e));
    ck_assert_int_lt(now_ms() - start, 3000);
    pthread_join(breaker, NULL);
    pthread_barrier_wait(&h.release);
    pthread_join(thread, NULL);
    must(create(sys, "ann", e));
}
END_TEST

/* A session in use is refused to a second thread, never corrupted by it. */
static vidstore_session *contended;

static void *use_it(void *arg) {
    int64_t *outcomes = arg;
    for (int i = 0; i < 200; i++) {
        vidstore_error *error = NULL;
        vidstore_status status = vidstore_user_list(contended, NULL, NULL, &error);
        ck_assert_msg(status == VIDSTORE_OK || status == VIDSTORE_MISUSE, "%s", vidstore_status_name(status));
        outcomes[status != VIDSTORE_OK]++;
        vidstore_error_free(error);
    }
    return NULL;
}

START_TEST(two_threads_in_one_session) {
    pthread_t threads[4];
    int64_t outcomes[4][2] = {{0}};
    contended = sys;
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, use_it, outcomes[i]);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    int64_t good = 0;
    for (int i = 0; i < 4; i++)
        good += outcomes[i][0];
    ck_assert_int_gt(good, 0);
    must(create(sys, "ann", e));
}
END_TEST

/* A transaction may go from thread to thread. */
static void *go_on(void *arg) {
    (void)arg;
    must(create(sys, "bob", e));
    must(vidstore_commit(sys, e));
    return NULL;
}

START_TEST(a_transaction_is_not_bound_to_a_thread) {
    pthread_t thread;
    must(vidstore_begin(sys, 0, e));
    must(create(sys, "ann", e));
    pthread_create(&thread, NULL, go_on, NULL);
    pthread_join(thread, NULL);
    ck_assert_int_eq(users(sys), 2);
    vidstore_session *s = another();
    must(create(s, "carl", e)); /* this thread holds nothing any more */
    vidstore_session_free(s);
}
END_TEST

/* --- many at once ---------------------------------------------------------------------------------------------------
 */

static void *write_some(void *arg) {
    vidstore_session *s = another();
    for (int i = 0; i < 20; i++) {
        char name[32];
        snprintf(name, sizeof name, "t%d-%d", *(int *)arg, i);
        if (i % 5 == 4) {
            must(vidstore_begin(s, 0, e));
            must(create(s, name, e));
            must(vidstore_commit(s, e));
        } else {
            must(create(s, name, e));
        }
        refused(VIDSTORE_EXISTS, "username", create(s, name, e)); /* a failure among others' successes */
    }
    vidstore_session_free(s);
    return NULL;
}

START_TEST(many_writers) {
    pthread_t threads[16];
    int numbers[16];
    for (int i = 0; i < 16; i++) {
        numbers[i] = i;
        pthread_create(&threads[i], NULL, write_some, &numbers[i]);
    }
    for (int i = 0; i < 16; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(users(sys), 320);
    ck_assert_int_eq(events("action = user_created"), 320);
}
END_TEST

/* --- settings
 * --------------------------------------------------------------------------------------------------------- */

START_TEST(settings) {
    static const struct {
        const char *name, *value;
    } bad[] = {
        {"job.lease_ms", ""},
        {"job.lease_ms", "x"},
        {"job.lease_ms", "499"},
        {"job.lease_ms", "1 "},
        {"job.lease_ms", " 1000"},
        {"job.lease_ms", "+1000"},
        {"job.lease_ms", "1e3"},
        {"job.lease_ms", "86400001"},
        {"fetch.max_bytes", "9223372036854775808"},
        {"job.lease_ms", "-1000"},
        {"job.lease_ms", "true"},
        {"fetch.allow_private", "2"},
        {"fetch.max_bytes", "99999999999999999999999999999"},
        {"password.min_length", "7"},
    };
    vidstore_text *text = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refused(VIDSTORE_INVALID, "value", vidstore_setting_set(sys, bad[i].name, bad[i].value, e));
    refused(VIDSTORE_NOT_FOUND, "name", vidstore_setting_set(sys, "nothing", "1", e));
    refused(VIDSTORE_NOT_FOUND, "name", vidstore_setting_get(sys, "nothing", &text, e));
    must(vidstore_setting_set(sys, "fetch.max_bytes", "9223372036854775807", e));
    must(vidstore_setting_set(sys, "job.lease_ms", "500", e));
    must(vidstore_setting_set(sys, "fetch.allow_private", "true", e));
    must(vidstore_setting_get(sys, "fetch.allow_private", &text, e));
    ck_assert_str_eq(vidstore_text_data(text), "1");
    vidstore_text_free(text);
    must(vidstore_setting_set(sys, "job.lease_ms", NULL, e));
    must(vidstore_setting_get(sys, "job.lease_ms", &text, e));
    ck_assert_str_eq(vidstore_text_data(text), "30000");
    vidstore_text_free(text);
    ck_assert_int_eq(events("action = config_changed and noun = setting"), 4);
    must(vidstore_setting_list(sys, &text, e));
    ck_assert_ptr_nonnull(strstr(vidstore_text_data(text),
                                 "{\"name\":\"fetch.allow_private\",\"value\":1,\"default\":0,\"changed\":true"));
    vidstore_text_free(text);
    vidstore_session *s = session_of(add_user("ann", VIDSTORE_ROLE_USER));
    must(vidstore_setting_get(s, "job.lease_ms", NULL, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_setting_set(s, "job.lease_ms", "1000", e));
    vidstore_session_free(s);
    must(vidstore_session_anonymous(store, NULL, &s, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_setting_list(s, &text, e));
    vidstore_session_free(s);
}
END_TEST

Suite *session_suite(void);
Suite *session_suite(void) {
    Suite *suite = suite_create("session");
    TCase *tests = tcase_create("session");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, kinds);
    tcase_add_test(tests, names);
    tcase_add_test(tests, on_behalf);
    tcase_add_test(tests, origins);
    tcase_add_test(tests, commit_and_rollback);
    tcase_add_test(tests, others_see_it_after_the_commit);
    tcase_add_test(tests, a_failed_call_is_undone_alone);
    tcase_add_test(tests, nesting);
    tcase_add_test(tests, expiry);
    tcase_add_test(tests, freeing_rolls_back);
    tcase_add_test(tests, a_second_session_of_the_same_thread);
    tcase_add_test(tests, slow_calls_refuse_inside);
    tcase_add_test(tests, refusals_survive_a_rollback);
    tcase_add_test(tests, a_setting_is_part_of_the_transaction);
    tcase_add_test(tests, a_snapshot_is_of_one_state);
    tcase_add_test(tests, a_snapshot_has_an_age);
    tcase_add_test(tests, a_refusal_in_a_snapshot_is_on_record);
    tcase_add_test(tests, deadline);
    tcase_add_test(tests, interrupt);
    tcase_add_test(tests, two_threads_in_one_session);
    tcase_add_test(tests, a_transaction_is_not_bound_to_a_thread);
    tcase_add_test(tests, many_writers);
    tcase_add_test(tests, settings);
    suite_add_tcase(suite, tests);
    return suite;
}
