/* SPDX-License-Identifier: MIT */
/* lib/db: transactions that a host holds, waiting, interrupting, deadlines, threads and forks. */
#include "db_harness.h"
#include <sched.h>

/* --- transactions ----------------------------------------------------------------------------------------------- */

static int txn_set(struct vs_txn *txn, const char *name, int64_t number, int failed, vidstore_error **e) {
    struct setting it = {name, "1", number};
    struct vs_conn *conn;
    int rc = vs_txn_enter(txn, NULL, 1, &conn, e);
    if (rc)
        return rc;
    rc = op_set(conn, &it, e);
    ck_assert_int_eq(rc, 0);
    return vs_txn_leave(txn, failed, e);
}

static struct vs_txn *begun(struct vs_db *db, int64_t max_age_ms) {
    struct vs_txn *txn = NULL;
    must(vs_txn_begin(db, NULL, max_age_ms, &txn, e));
    return txn;
}

START_TEST(commit_and_rollback) {
    struct vs_db *db = opened(_i ? file : NULL);
    struct vs_txn *txn = begun(db, 0);
    must(txn_set(txn, "kept", 1, 0, e));
    must(txn_set(txn, "undone", 1, 1, e)); /* one failed call takes only itself back */
    must(vs_txn_commit(txn, e));
    refused(VIDSTORE_STATE, 0, txn_set(txn, "late", 1, 0, e));
    refused(VIDSTORE_STATE, 0, vs_txn_commit(txn, e));
    vs_txn_free(txn);
    txn = begun(db, 0);
    must(txn_set(txn, "dropped", 1, 0, e));
    must(vs_txn_rollback(txn, e));
    vs_txn_free(txn);
    txn = begun(db, 0);
    must(txn_set(txn, "freed", 1, 0, e));
    vs_txn_free(txn);
    ck_assert_int_eq(get(db, "kept"), 1);
    ck_assert_int_eq(get(db, "undone"), -1);
    ck_assert_int_eq(get(db, "dropped"), -1);
    ck_assert_int_eq(get(db, "freed"), -1);
    vs_db_close(db);
}
END_TEST

START_TEST(nested_levels) {
    struct vs_db *db = opened(_i ? file : NULL);
    struct vs_txn *txn = begun(db, 0);
    ck_assert_int_eq(vs_txn_depth(txn), 1);
    must(txn_set(txn, "outer", 1, 0, e));
    must(vs_txn_nest(txn, e));
    must(txn_set(txn, "inner", 1, 0, e));
    must(vs_txn_nest(txn, e));
    must(txn_set(txn, "innermost", 1, 0, e));
    ck_assert_int_eq(vs_txn_depth(txn), 3);
    must(vs_txn_commit(txn, e));
    must(vs_txn_rollback(txn, e)); /* takes what was committed within it along */
    ck_assert_int_eq(vs_txn_depth(txn), 1);
    must(vs_txn_nest(txn, e));
    must(txn_set(txn, "second", 1, 0, e));
    must(vs_txn_commit(txn, e));
    must(vs_txn_commit(txn, e));
    vs_txn_free(txn);
    ck_assert_int_eq(get(db, "outer"), 1);
    ck_assert_int_eq(get(db, "inner"), -1);
    ck_assert_int_eq(get(db, "innermost"), -1);
    ck_assert_int_eq(get(db, "second"), 1);
    vs_db_close(db);
}
END_TEST

START_TEST(second_write_of_the_thread_is_misuse) {
    struct vs_db *db = opened(_i ? file : NULL);
    struct vs_txn *txn = begun(db, 0), *second;
    struct vs_conn *conn;
    struct setting it = {"a", "1", 1};
    int64_t left, began = vs_mono_us();
    refused(VIDSTORE_MISUSE, 0, vs_db_write(db, NULL, op_set, &it, e));
    refused(VIDSTORE_MISUSE, 0, vs_txn_begin(db, NULL, 0, &second, e));
    if (_i)
        refused(VIDSTORE_MISUSE, 0, vs_db_checkpoint(db, NULL, &left, e));
    must(vs_txn_enter(txn, NULL, 0, &conn, e));
    refused(VIDSTORE_MISUSE, 0, vs_txn_enter(txn, NULL, 0, &conn, e));
    refused(VIDSTORE_MISUSE, 0, vs_txn_commit(txn, e));
    must(vs_txn_leave(txn, 0, e));
    ck_assert(vs_mono_us() - began < 1000000);
    must(vs_txn_commit(txn, e));
    vs_txn_free(txn);
    vs_db_close(db);
}
END_TEST

START_TEST(reading_beside_it) {
    struct vs_db *db = opened(_i ? file : NULL);
    set(db, "a", 1);
    struct vs_txn *txn = begun(db, 0);
    must(txn_set(txn, "a", 2, 0, e));
    /* In a file a reader sees what is committed; in memory there is only one connection. */
    ck_assert_int_eq(get(db, "a"), _i ? 1 : 2);
    must(vs_txn_commit(txn, e));
    vs_txn_free(txn);
    ck_assert_int_eq(get(db, "a"), 2);
    vs_db_close(db);
}
END_TEST

START_TEST(old_one_expires) {
    struct vs_db *db = opened(_i ? file : NULL);
    struct vs_txn *txn = begun(db, 100);
    must(txn_set(txn, "a", 1, 0, e));
    usleep(300000);
    refused(VIDSTORE_TXN_EXPIRED, 0, txn_set(txn, "a", 2, 0, e));
    refused(VIDSTORE_TXN_EXPIRED, 0, vs_txn_nest(txn, e));
    refused(VIDSTORE_TXN_EXPIRED, 0, vs_txn_commit(txn, e));
    set(db, "b", 1); /* the writer is free again, before the handle is */
    vs_txn_free(txn);
    ck_assert_int_eq(get(db, "a"), -1);
    vs_db_close(db);
}
END_TEST

START_TEST(call_is_not_cut_short) {
    struct vs_db *db = opened(file);
    struct vs_txn *txn = begun(db, 100);
    struct vs_conn *conn;
    struct setting it = {"a", "1", 1};
    must(vs_txn_enter(txn, NULL, 1, &conn, e));
    usleep(300000);
    must(op_set(conn, &it, e));
    refused(VIDSTORE_TXN_EXPIRED, 0, vs_txn_leave(txn, 0, e));
    set(db, "b", 1);
    vs_txn_free(txn);
    ck_assert_int_eq(get(db, "a"), -1);
    vs_db_close(db);
}
END_TEST

START_TEST(engine_rolled_it_away) {
    struct vs_db *db = opened(_i ? file : NULL);
    set(db, "a", 1);
    struct vs_txn *txn = begun(db, 0);
    struct vs_conn *conn;
    must(txn_set(txn, "b", 1, 0, e));
    must(vs_txn_enter(txn, NULL, 1, &conn, e));
    refused(VIDSTORE_EXISTS, 0, op_text(conn, SQL("INSERT OR ROLLBACK INTO settings VALUES ('a', '1', 1, NULL)"), e));
    refused(VIDSTORE_ABORTED, 0, vs_txn_leave(txn, 1, e));
    refused(VIDSTORE_ABORTED, 0, vs_txn_commit(txn, e));
    set(db, "c", 1);
    vs_txn_free(txn);
    ck_assert_int_eq(get(db, "b"), -1);
    vs_db_close(db);
}
END_TEST

START_TEST(close_before_free) {
    struct vs_db *db = opened(file);
    struct vs_txn *txn = begun(db, 60000);
    must(txn_set(txn, "a", 1, 0, e));
    vs_db_close(db);
    refused(VIDSTORE_ABORTED, 0, vs_txn_commit(txn, e));
    vs_txn_free(txn);
    vs_txn_free(NULL);
    db = opened(file);
    ck_assert_int_eq(get(db, "a"), -1);
    vs_db_close(db);
}
END_TEST

/* --- snapshots ---------------------------------------------------------------------------------------------------- */

static int64_t snap_get(struct vs_snap *snap, const char *name) {
    struct setting it = {name, NULL, 0};
    struct vs_conn *conn;
    must(vs_snap_enter(snap, NULL, &conn, e));
    must(op_get(conn, &it, e));
    must(vs_snap_leave(snap, e));
    return it.number;
}

START_TEST(snapshot_stays_as_it_is) {
    struct vs_db *db = opened(file);
    struct vs_snap *snap = NULL;
    char who[160], expected[160];
    set(db, "a", 1);
    must(vs_snap_begin(db, NULL, 60000, &snap, e));
    set(db, "a", 2); /* before it has read anything */
    ck_assert_int_eq(snap_get(snap, "a"), 1);
    ck_assert_int_eq(get(db, "a"), 2);
    ck_assert_int_eq(snap_get(snap, "a"), 1);
    vs_db_oldest_reader(db, who, sizeof who);
    snprintf(expected, sizeof expected, "a snapshot of this process (thread %d), for ", (int)gettid());
    ck_assert_msg(strstr(who, expected) == who, "%s", who);
    vs_snap_free(snap);
    vs_db_oldest_reader(db, who, sizeof who);
    ck_assert_str_eq(who, "");
    must(vs_snap_begin(db, NULL, 60000, &snap, e));
    ck_assert_int_eq(snap_get(snap, "a"), 2);
    vs_db_close(db); /* first */
    struct vs_conn *conn;
    refused(VIDSTORE_ABORTED, 0, vs_snap_enter(snap, NULL, &conn, e));
    vs_snap_free(snap);
    vs_snap_free(NULL);
}
END_TEST

START_TEST(old_snapshot_is_ended) {
    struct vs_db *db = opened(_i ? file : NULL);
    struct vs_snap *snap = NULL;
    struct vs_conn *conn;
    int64_t left = -1;
    must(vs_snap_begin(db, NULL, 100, &snap, e));
    usleep(300000);
    set(db, "a", 1);
    must(vs_db_checkpoint(db, NULL, &left, e)); /* though nobody has touched the handle */
    ck_assert_int_eq(left, 0);
    refused(VIDSTORE_TXN_EXPIRED, 0, vs_snap_enter(snap, NULL, &conn, e));
    refused(VIDSTORE_TXN_EXPIRED, 0, vs_snap_enter(snap, NULL, &conn, e));
    vs_snap_free(snap);
    /* A query under way is stopped at that age. */
    must(vs_snap_begin(db, NULL, 200, &snap, e));
    must(vs_snap_enter(snap, NULL, &conn, e));
    refused(VIDSTORE_TIMEOUT, 0, op_text(conn, SQL(ENDLESS), e));
    vs_snap_leave(snap, NULL);
    refused(VIDSTORE_TXN_EXPIRED, 0, vs_snap_enter(snap, NULL, &conn, e));
    vs_snap_free(snap);
    vs_db_close(db);
}
END_TEST

START_TEST(snapshots_are_limited) {
    enum { MOST = 64 };
    struct vs_db *db = opened(file);
    struct vs_snap *snap[MOST], *one_more;
    for (int i = 0; i < MOST; i++)
        must(vs_snap_begin(db, NULL, 60000, &snap[i], e));
    refused(VIDSTORE_BUSY, 0, vs_snap_begin(db, NULL, 60000, &one_more, e));
    ck_assert_ptr_null(one_more);
    set(db, "a", 1);
    ck_assert_int_eq(get(db, "a"), 1);
    for (int i = 0; i < MOST; i++)
        vs_snap_free(snap[i]);
    vs_db_close(db);
}
END_TEST

/* --- waiting ---------------------------------------------------------------------------------------------------- */

struct holder {
    struct vs_db *db;
    atomic_int inside, let_go;
    int reading;
};

static int op_hold(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct holder *h = arg;
    atomic_store(&h->inside, 1);
    while (!atomic_load(&h->let_go))
        usleep(1000);
    return 0;
}

static void *hold(void *arg) {
    struct holder *h = arg;
    must(h->reading ? vs_db_read(h->db, NULL, op_hold, h, e) : vs_db_write(h->db, NULL, op_hold, h, e));
    return NULL;
}

static pthread_t held(struct holder *h) {
    pthread_t t;
    ck_assert_int_eq(pthread_create(&t, NULL, hold, h), 0);
    while (!atomic_load(&h->inside))
        sched_yield();
    return t;
}

static void released(struct holder *h, pthread_t t) {
    atomic_store(&h->let_go, 1);
    pthread_join(t, NULL);
}

START_TEST(busy_names_the_operation) {
    struct holder h = {.db = opened(_i ? file : NULL)};
    pthread_t t = held(&h);
    struct setting it = {"a", "1", 1};
    struct vs_call call = within_ms(50);
    refused(VIDSTORE_BUSY, 0, vs_db_write(h.db, &call, op_set, &it, e));
    ck_assert_msg(strstr(said, "a write of this process, for ") != NULL, "%s", said);
    char who[160];
    vs_db_holder(h.db, who, sizeof who);
    ck_assert(strstr(who, "a write of this process") != NULL);
    released(&h, t);
    vs_db_holder(h.db, who, sizeof who);
    ck_assert_str_eq(who, "");
    set(h.db, "a", 1);
    vs_db_close(h.db);
}
END_TEST

START_TEST(busy_names_the_process) {
    struct vs_db *db = opened(file);
    int ready[2], done[2];
    char byte, expected[64];
    ck_assert(pipe(ready) == 0 && pipe(done) == 0);
    pid_t child = fork();
    if (child == 0) {
        sqlite3 *raw;
        sqlite3_open(file, &raw);
        sqlite3_exec(raw, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        _exit(write(ready[1], "x", 1) != 1 || read(done[0], &byte, 1) != 1);
    }
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    struct setting it = {"a", "1", 1};
    struct vs_call call = within_ms(100);
    int64_t began = vs_mono_us();
    refused(VIDSTORE_BUSY, 0, vs_db_write(db, &call, op_set, &it, e));
    ck_assert(vs_mono_us() - began >= 100000 && vs_mono_us() - began < 2000000);
    snprintf(expected, sizeof expected, "process %d (", (int)child);
    ck_assert_msg(strstr(said, expected) != NULL, "%s", said);
    ck_assert_int_eq(write(done[1], "x", 1), 1);
    waitpid(child, NULL, 0);
    set(db, "a", 1);
    vs_db_close(db);
}
END_TEST

START_TEST(readers_are_limited) {
    struct holder h = {.reading = 1};
    must(vs_db_open(&(struct vs_db_params){.path = file, .create = 1, .readers = 1}, &h.db, e));
    pthread_t t = held(&h);
    struct setting it = {"a", NULL, 0};
    struct vs_call call = within_ms(50);
    refused(VIDSTORE_BUSY, 0, vs_db_read(h.db, &call, op_get, &it, e));
    set(h.db, "a", 1); /* a reader does not keep the writer */
    released(&h, t);
    ck_assert_int_eq(get(h.db, "a"), 1);
    vs_db_close(h.db);
}
END_TEST

START_TEST(deadline_ends_a_read) {
    struct vs_db *db = opened(_i ? file : NULL);
    struct vs_call call = within_ms(50);
    refused(VIDSTORE_TIMEOUT, 0, vs_db_read(db, &call, op_text, SQL(ENDLESS), e));
    ck_assert_int_eq(get(db, "a"), -1);
    /* A query within a write ends as well, without taking the transaction along. */
    call = within_ms(50);
    refused(VIDSTORE_TIMEOUT, 0, vs_db_write(db, &call, op_text, SQL(ENDLESS), e));
    set(db, "a", 1);
    vs_db_close(db);
}
END_TEST

/* A clock that runs away: what takes the library a second takes the test a fiftieth of one. */
static int64_t fast_mono_us(void) {
    return vs_env_real.mono_us() * 50;
}

/* Nobody set a deadline, and yet the others get their turn. */
START_TEST(a_write_does_not_keep_the_writer) {
    struct vs_db *db = opened(_i ? file : NULL);
    struct vs_env env = vs_env_real;
    env.mono_us = fast_mono_us;
    vs_env_set(&env);
    int64_t start = vs_mono_us();
    refused(VIDSTORE_TIMEOUT, 0, vs_db_write(db, NULL, op_text, SQL(ENDLESS), e));
    int64_t took = vs_mono_us() - start;
    ck_assert_msg(took >= 5000000 && took < 30000000, "after %lld us", (long long)took);
    struct vs_call call = within_ms(60000); /* a later one of the caller's makes no difference */
    start = vs_mono_us();
    refused(VIDSTORE_TIMEOUT, 0, vs_db_write(db, &call, op_text, SQL(ENDLESS), e));
    took = vs_mono_us() - start;
    ck_assert_msg(took >= 5000000 && took < 30000000, "after %lld us", (long long)took);
    vs_env_set(NULL);
    set(db, "a", 1);
    vs_db_close(db);
}
END_TEST

static void *interrupt_later(void *arg) {
    usleep(50000);
    atomic_store((atomic_int *)arg, 1);
    return NULL;
}

START_TEST(interrupt_ends_a_read) {
    struct vs_db *db = opened(_i ? file : NULL);
    atomic_int flag = 0;
    struct vs_call call = {.interrupt = &flag};
    pthread_t t;
    pthread_create(&t, NULL, interrupt_later, &flag);
    refused(VIDSTORE_CANCELLED, 0, vs_db_read(db, &call, op_text, SQL(ENDLESS), e));
    pthread_join(t, NULL);
    set(db, "a", 1);
    vs_db_close(db);
}
END_TEST

START_TEST(interrupt_ends_a_wait) {
    struct holder h = {.db = opened(file)};
    pthread_t holding = held(&h), t;
    atomic_int flag = 0;
    struct vs_call call = {.interrupt = &flag};
    struct setting it = {"a", "1", 1};
    pthread_create(&t, NULL, interrupt_later, &flag);
    refused(VIDSTORE_CANCELLED, 0, vs_db_write(h.db, &call, op_set, &it, e));
    pthread_join(t, NULL);
    released(&h, holding);
    vs_db_close(h.db);
}
END_TEST

/* --- threads and forks ------------------------------------------------------------------------------------------- */

enum { THREADS = 8, ROUNDS = 50 };

static int op_count(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct setting it = {"counter", "1", 0};
    int rc = op_get(conn, &it, e);
    it.number = it.number < 0 ? 1 : it.number + 1;
    return rc ? rc : op_set(conn, &it, e);
}

static void *count(void *arg) {
    struct vs_db *db = arg;
    for (int i = 0; i < ROUNDS; i++) {
        if (i % 5 == 4) {
            struct vs_txn *txn = begun(db, 0);
            struct vs_conn *conn;
            must(vs_txn_enter(txn, NULL, 1, &conn, e));
            must(op_count(conn, NULL, e));
            must(vs_txn_leave(txn, 0, e));
            must(vs_txn_commit(txn, e));
            vs_txn_free(txn);
        } else {
            must(vs_db_write(db, NULL, op_count, NULL, e));
        }
        ck_assert_int_gt(get(db, "counter"), 0);
    }
    return NULL;
}

START_TEST(no_update_is_lost) {
    struct vs_db *db = opened(_i ? file : NULL);
    pthread_t t[THREADS];
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&t[i], NULL, count, db), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(t[i], NULL);
    ck_assert_int_eq(get(db, "counter"), THREADS * ROUNDS);
    vs_db_close(db);
}
END_TEST

START_TEST(transaction_changes_threads) {
    struct vs_db *db = opened(file);
    struct vs_txn *txn = begun(db, 0);
    struct holder h = {.db = db};
    pthread_t t;
    must(txn_set(txn, "a", 1, 0, e));
    /* Another thread waits for the writer and gets it after the commit. */
    ck_assert_int_eq(pthread_create(&t, NULL, hold, &h), 0);
    usleep(20000);
    ck_assert_int_eq(atomic_load(&h.inside), 0);
    must(vs_txn_commit(txn, e));
    while (!atomic_load(&h.inside))
        sched_yield();
    released(&h, t);
    vs_txn_free(txn);
    vs_db_close(db);
}
END_TEST

static int all_say_forked(struct vs_db *db, struct vs_txn *txn) {
    struct setting it = {"a", "1", 1};
    struct vs_txn *other;
    struct vs_db_info info;
    int64_t left;
    int good = vs_db_forked(db) && vs_db_read(db, NULL, op_get, &it, NULL) == VIDSTORE_FORKED &&
               vs_db_write(db, NULL, op_set, &it, NULL) == VIDSTORE_FORKED &&
               vs_txn_begin(db, NULL, 0, &other, NULL) == VIDSTORE_FORKED &&
               vs_txn_commit(txn, NULL) == VIDSTORE_FORKED && vs_db_info(db, NULL, &info, NULL) == VIDSTORE_FORKED &&
               vs_db_checkpoint(db, NULL, &left, NULL) == VIDSTORE_FORKED &&
               vs_db_optimize(db, NULL, 1, NULL) == VIDSTORE_FORKED &&
               vs_db_schema_check(db, NULL, NULL) == VIDSTORE_FORKED;
    vs_txn_free(txn);
    vs_db_close(db);
    return good;
}

START_TEST(child_is_turned_away) {
    struct vs_db *db = opened(file);
    struct vs_txn *txn = begun(db, 60000);
    must(txn_set(txn, "a", 1, 0, e));
    int status;
    pid_t child = fork();
    if (child == 0)
        _exit(all_say_forked(db, txn) ? 0 : 1);
    waitpid(child, &status, 0);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    must(vs_txn_commit(txn, e));
    vs_txn_free(txn);
    ck_assert_int_eq(get(db, "a"), 1);
    vs_db_close(db);
}
END_TEST

Suite *db_txn_suite(void);

Suite *db_txn_suite(void) {
    Suite *suite = suite_create("db_txn");
    TCase *txns = tcase_create("transactions"); /* the loops: 0 in memory, 1 in a file */
    tcase_add_checked_fixture(txns, folder_make, folder_remove);
    tcase_add_loop_test(txns, commit_and_rollback, 0, 2);
    tcase_add_loop_test(txns, nested_levels, 0, 2);
    tcase_add_loop_test(txns, second_write_of_the_thread_is_misuse, 0, 2);
    tcase_add_loop_test(txns, reading_beside_it, 0, 2);
    tcase_add_loop_test(txns, old_one_expires, 0, 2);
    tcase_add_test(txns, call_is_not_cut_short);
    tcase_add_loop_test(txns, engine_rolled_it_away, 0, 2);
    tcase_add_test(txns, close_before_free);
    suite_add_tcase(suite, txns);
    TCase *snaps = tcase_create("snapshots");
    tcase_add_checked_fixture(snaps, folder_make, folder_remove);
    tcase_add_test(snaps, snapshot_stays_as_it_is);
    tcase_add_loop_test(snaps, old_snapshot_is_ended, 0, 2);
    tcase_add_test(snaps, snapshots_are_limited);
    suite_add_tcase(suite, snaps);
    TCase *waits = tcase_create("waiting");
    tcase_add_checked_fixture(waits, folder_make, folder_remove);
    tcase_add_loop_test(waits, busy_names_the_operation, 0, 2);
    tcase_add_test(waits, busy_names_the_process);
    tcase_add_test(waits, readers_are_limited);
    tcase_add_loop_test(waits, deadline_ends_a_read, 0, 2);
    tcase_add_loop_test(waits, a_write_does_not_keep_the_writer, 0, 2);
    tcase_add_loop_test(waits, interrupt_ends_a_read, 0, 2);
    tcase_add_test(waits, interrupt_ends_a_wait);
    suite_add_tcase(suite, waits);
    TCase *many = tcase_create("threads and forks");
    tcase_add_checked_fixture(many, folder_make, folder_remove);
    tcase_add_loop_test(many, no_update_is_lost, 0, 2);
    tcase_add_test(many, transaction_changes_threads);
    tcase_add_test(many, child_is_turned_away);
    suite_add_tcase(suite, many);
    return suite;
}
