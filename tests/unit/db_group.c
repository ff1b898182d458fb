/* SPDX-License-Identifier: MIT */
/* lib/db: writes of many callers in one commit, and the news of commits. */
#include "db_harness.h"

/* --- news of commits -----------------------------------------------------------------------------------------------
 */

static int op_news(struct vs_conn *conn, void *arg, vidstore_error **e) {
    vs_db_mark_changed(conn);
    return op_add(conn, arg, e);
}

static void counted(void *arg) {
    atomic_fetch_add((atomic_int *)arg, 1);
}

START_TEST(news_wakes_once_a_commit) {
    struct vs_db *db = opened(_i ? file : NULL);
    struct vs_listener *listener = NULL;
    atomic_int woken = 0;
    struct setting it = {"a", "1", 1};
    must(vs_db_listen(db, counted, &woken, &listener, e));
    must(vs_db_write(db, NULL, op_text, SQL("UPDATE vs_meta SET value = value"), e)); /* what is on no feed */
    ck_assert_int_eq(woken, 0);
    must(vs_db_write(db, NULL, op_news, &it, e));
    ck_assert_int_eq(woken, 1);
    refused(VIDSTORE_EXISTS, 0, vs_db_write(db, NULL, op_news, &it, e));
    must(vs_db_write(db, NULL, op_text, SQL("UPDATE vs_meta SET value = value"), e)); /* nor is the failed one's */
    ck_assert_int_eq(woken, 1);
    vs_db_unlisten(db, listener);
    it.name = "b";
    must(vs_db_write(db, NULL, op_news, &it, e));
    ck_assert_int_eq(woken, 1);
    vs_db_unlisten(db, NULL);
    vs_db_close(db);
}
END_TEST

START_TEST(news_of_a_transaction_comes_with_its_commit) {
    struct vs_db *db = opened(_i ? file : NULL);
    struct vs_listener *first = NULL, *second = NULL;
    atomic_int woken = 0;
    must(vs_db_listen(db, counted, &woken, &first, e));
    must(vs_db_listen(db, counted, &woken, &second, e));
    for (int commits = 0; commits < 2; commits++) {
        struct setting one = {"one", "1", 1}, two = {"two", "1", 1};
        struct vs_txn *txn = NULL;
        struct vs_conn *conn;
        must(vs_txn_begin(db, NULL, 0, &txn, e));
        must(vs_txn_enter(txn, NULL, 1, &conn, e));
        must(op_news(conn, &one, e));
        must(vs_txn_leave(txn, 0, e));
        must(vs_txn_enter(txn, NULL, 1, &conn, e));
        must(op_set(conn, &two, e));
        must(vs_txn_leave(txn, 0, e));
        ck_assert_int_eq(woken, 0);
        must(commits ? vs_txn_commit(txn, e) : vs_txn_rollback(txn, e));
        vs_txn_free(txn);
        ck_assert_int_eq(woken, commits ? 2 : 0);
    }
    vs_db_unlisten(db, first);
    vs_db_unlisten(db, second);
    vs_db_close(db);
}
END_TEST

/* --- writes of many callers ----------------------------------------------------------------------------------------
 */

enum { CALLERS = 6 };

struct holder {
    struct vs_db *db;
    atomic_int inside, let_go;
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
    must(vs_db_write(h->db, NULL, op_hold, h, e));
    return NULL;
}

/* A write of another thread, and what came of it. */
struct caller {
    struct vs_db *db;
    struct vs_call call;
    vs_op *op;
    struct setting it;
    char name[16];
    int runs, rc, joined;
    vidstore_error *error;
    pthread_t thread;
};

static int op_one(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct caller *c = arg;
    c->runs++;
    vs_db_mark_changed(conn);
    return c->op(conn, &c->it, e);
}

static int op_vanish(struct vs_conn *conn, void *arg, vidstore_error **e) {
    return op_text(conn, SQL("INSERT OR ROLLBACK INTO settings VALUES ('there', '1', 1, NULL)"), e);
}

static int op_endless(struct vs_conn *conn, void *arg, vidstore_error **e) {
    int rc = op_add(conn, arg, e);
    return rc ? rc : op_text(conn, SQL(ENDLESS), e);
}

static void *call_it(void *arg) {
    struct caller *c = arg;
    c->rc = vs_db_write(c->db, &c->call, op_one, c, &c->error);
    return NULL;
}

/* Six callers who queue up in this order behind a seventh, who then lets them go. */
struct crowd {
    struct holder h;
    pthread_t holding;
    atomic_int woken;
    struct vs_listener *listener;
    struct caller c[CALLERS];
};

static void crowd_make(struct crowd *q) {
    memset(q, 0, sizeof *q);
    q->h.db = opened(file);
    set(q->h.db, "there", 1);
    must(vs_db_listen(q->h.db, counted, &q->woken, &q->listener, e));
    for (int i = 0; i < CALLERS; i++) {
        struct caller *c = &q->c[i];
        *c = (struct caller){.db = q->h.db, .op = op_add, .it = {NULL, "1", i}};
        snprintf(c->name, sizeof c->name, "caller %d", i);
        c->it.name = c->name;
    }
    ck_assert_int_eq(pthread_create(&q->holding, NULL, hold, &q->h), 0);
    while (!atomic_load(&q->h.inside))
        usleep(1000);
}

static void crowd_queue(struct crowd *q) {
    for (int i = 0; i < CALLERS; i++) {
        ck_assert_int_eq(pthread_create(&q->c[i].thread, NULL, call_it, &q->c[i]), 0);
        usleep(10000); /* in this order */
    }
}

static void caller_join(struct caller *c) {
    if (!c->joined)
        pthread_join(c->thread, NULL);
    c->joined = 1;
}

static void crowd_go(struct crowd *q) {
    atomic_store(&q->h.let_go, 1);
    pthread_join(q->holding, NULL);
    for (int i = 0; i < CALLERS; i++)
        caller_join(&q->c[i]);
}

static void crowd_free(struct crowd *q) {
    for (int i = 0; i < CALLERS; i++)
        vidstore_error_free(q->c[i].error);
    vs_db_unlisten(q->h.db, q->listener);
    must(vs_db_integrity(q->h.db, NULL, 0, e));
    vs_db_close(q->h.db);
}

/* All but one succeeded, each exactly once in the end. */
static void check_others(struct crowd *q, int but, int runs) {
    for (int i = 0; i < CALLERS; i++) {
        if (i == but)
            continue;
        ck_assert_msg(q->c[i].rc == 0, "caller %d: %s", i, vidstore_error_message(q->c[i].error));
        ck_assert_ptr_null(q->c[i].error);
        ck_assert_int_eq(get(q->h.db, q->c[i].name), i);
        ck_assert_int_le(q->c[i].runs, runs);
    }
}

/* A slow machine may need one more: a batch is limited in time as well. */
static void check_commits(const struct crowd *q, int least, int writes) {
    ck_assert_int_ge(q->woken, least);
    ck_assert_int_lt(q->woken, writes);
}

START_TEST(waiting_writes_share_a_commit) {
    struct crowd q;
    crowd_make(&q);
    crowd_queue(&q);
    crowd_go(&q);
    check_others(&q, -1, 1);
    check_commits(&q, 1, CALLERS);
    crowd_free(&q);
}
END_TEST

/* _i: which of them fails. The first has no savepoint. */
START_TEST(failing_write_fails_alone) {
    struct crowd q;
    crowd_make(&q);
    q.c[_i].it.name = "there";
    crowd_queue(&q);
    crowd_go(&q);
    ck_assert_int_eq(q.c[_i].rc, VIDSTORE_EXISTS);
    ck_assert_int_eq(vidstore_error_code(q.c[_i].error), VIDSTORE_EXISTS);
    ck_assert_int_eq(q.c[_i].runs, 1);
    check_others(&q, _i, 1);
    check_commits(&q, 1, CALLERS - 1);
    crowd_free(&q);
}
END_TEST

static int op_half(struct vs_conn *conn, void *arg, vidstore_error **e) {
    int rc = op_add(conn, arg, e);
    return rc ? rc : vs_fail(e, VIDSTORE_QUOTA, "name", "no more");
}

static int op_refuse(struct vs_conn *conn, void *arg, vidstore_error **e) {
    (void)conn, (void)arg;
    return vs_fail(e, VIDSTORE_QUOTA, "name", "no more");
}

START_TEST(half_done_writes_leave_nothing) {
    struct crowd q;
    vs_op *const ops[CALLERS] = {op_add, op_refuse, op_half, op_add, op_half, op_add};
    crowd_make(&q);
    for (int i = 0; i < CALLERS; i++)
        q.c[i].op = ops[i];
    crowd_queue(&q);
    crowd_go(&q);
    for (int i = 0; i < CALLERS; i++) {
        ck_assert_int_eq(q.c[i].rc, ops[i] == op_add ? 0 : VIDSTORE_QUOTA);
        ck_assert_int_eq(get(q.h.db, q.c[i].name), ops[i] == op_add ? i : -1);
        ck_assert_int_eq(q.c[i].runs, 1);
    }
    crowd_free(&q);
}
END_TEST

START_TEST(lost_transaction_is_made_good) {
    struct crowd q;
    crowd_make(&q);
    q.c[_i].op = op_vanish;
    crowd_queue(&q);
    crowd_go(&q);
    ck_assert_int_eq(q.c[_i].rc, VIDSTORE_EXISTS);
    ck_assert_int_eq(q.c[_i].runs, 1);
    check_others(&q, _i, 2);
    crowd_free(&q);
}
END_TEST

START_TEST(own_deadline_undoes_only_oneself) {
    struct crowd q;
    crowd_make(&q);
    q.c[_i].op = op_endless;
    q.c[_i].call.deadline_us = vs_mono_us() + 400000;
    crowd_queue(&q);
    crowd_go(&q);
    ck_assert_int_eq(q.c[_i].rc, VIDSTORE_TIMEOUT);
    ck_assert_int_eq(get(q.h.db, q.c[_i].name), -1);
    check_others(&q, _i, 1);
    crowd_free(&q);
}
END_TEST

START_TEST(late_and_interrupted_never_run) {
    struct crowd q;
    atomic_int interrupt = 0;
    crowd_make(&q);
    q.c[1].call.deadline_us = vs_mono_us() + 100000;
    q.c[3].call.interrupt = &interrupt;
    crowd_queue(&q);
    atomic_store(&interrupt, 1);
    caller_join(&q.c[1]); /* they do not wait for the writer */
    caller_join(&q.c[3]);
    ck_assert_int_eq(q.c[1].rc, VIDSTORE_BUSY);
    ck_assert_msg(strstr(vidstore_error_message(q.c[1].error), "by a write of this process, for ") != NULL, "%s",
                  vidstore_error_message(q.c[1].error));
    ck_assert_int_eq(q.c[3].rc, VIDSTORE_CANCELLED);
    crowd_go(&q);
    for (int i = 1; i <= 3; i += 2) {
        ck_assert_int_eq(q.c[i].runs, 0);
        ck_assert_int_eq(get(q.h.db, q.c[i].name), -1);
    }
    for (int i = 0; i < CALLERS; i++)
        if (i != 1 && i != 3)
            ck_assert_int_eq(q.c[i].rc, 0);
    check_commits(&q, 1, CALLERS - 2);
    crowd_free(&q);
}
END_TEST

/* --- order ---------------------------------------------------------------------------------------------------------
 */

struct guest {
    struct vs_db *db;
    struct caller *before, *after;
    int before_rows, after_rows;
    pthread_t thread;
};

static void *transact(void *arg) {
    struct guest *g = arg;
    struct vs_txn *txn = NULL;
    struct vs_conn *conn;
    must(vs_txn_begin(g->db, NULL, 0, &txn, e));
    must(vs_txn_enter(txn, NULL, 0, &conn, e));
    must(op_get(conn, &g->before->it, e));
    must(op_get(conn, &g->after->it, e));
    must(vs_txn_leave(txn, 0, e));
    must(vs_txn_commit(txn, e));
    vs_txn_free(txn);
    g->before_rows = g->before->it.number >= 0;
    g->after_rows = g->after->it.number >= 0;
    return NULL;
}

START_TEST(transaction_of_a_host_keeps_its_place) {
    struct crowd q;
    crowd_make(&q);
    struct caller early = {.name = "caller 2", .it = {"caller 2", "1", 0}}, late = early;
    late.it.name = "caller 3";
    struct guest g = {.db = q.h.db, .before = &early, .after = &late};
    for (int i = 0; i < CALLERS; i++) {
        if (i == 3) {
            ck_assert_int_eq(pthread_create(&g.thread, NULL, transact, &g), 0);
            usleep(10000);
        }
        ck_assert_int_eq(pthread_create(&q.c[i].thread, NULL, call_it, &q.c[i]), 0);
        usleep(10000);
    }
    crowd_go(&q);
    pthread_join(g.thread, NULL);
    ck_assert_int_eq(g.before_rows, 1);
    ck_assert_int_eq(g.after_rows, 0);
    check_others(&q, -1, 1);
    check_commits(&q, 2, CALLERS);
    crowd_free(&q);
}
END_TEST

START_TEST(long_write_is_committed_by_itself) {
    struct crowd q;
    crowd_make(&q);
    q.c[2].call.alone = 1;
    crowd_queue(&q);
    crowd_go(&q);
    check_others(&q, -1, 1);
    check_commits(&q, 3, CALLERS);
    crowd_free(&q);
}
END_TEST

Suite *db_group_suite(void);

Suite *db_group_suite(void) {
    Suite *suite = suite_create("db_group");
    TCase *news = tcase_create("news"); /* the loops: 0 in memory, 1 in a file */
    tcase_add_checked_fixture(news, folder_make, folder_remove);
    tcase_add_loop_test(news, news_wakes_once_a_commit, 0, 2);
    tcase_add_loop_test(news, news_of_a_transaction_comes_with_its_commit, 0, 2);
    suite_add_tcase(suite, news);
    TCase *many = tcase_create("many callers"); /* the loops: which of them is at fault */
    tcase_add_checked_fixture(many, folder_make, folder_remove);
    tcase_add_test(many, waiting_writes_share_a_commit);
    tcase_add_loop_test(many, failing_write_fails_alone, 0, CALLERS);
    tcase_add_test(many, half_done_writes_leave_nothing);
    tcase_add_loop_test(many, lost_transaction_is_made_good, 0, CALLERS);
    tcase_add_loop_test(many, own_deadline_undoes_only_oneself, 0, 3);
    tcase_add_test(many, late_and_interrupted_never_run);
    tcase_add_test(many, transaction_of_a_host_keeps_its_place);
    tcase_add_test(many, long_write_is_committed_by_itself);
    suite_add_tcase(suite, many);
    return suite;
}
