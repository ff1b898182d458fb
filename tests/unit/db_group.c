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
    set(db, "silent", 1);
    ck_assert_int_eq(woken, 0);
    must(vs_db_write(db, NULL, op_news, &it, e));
    ck_assert_int_eq(woken, 1);
    refused(VIDSTORE_EXISTS, 0, vs_db_write(db, NULL, op_news, &it, e));
    set(db, "silent", 2); /* the failed one's news is not this one's */
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

Suite *db_group_suite(void);

Suite *db_group_suite(void) {
    Suite *suite = suite_create("db_group");
    TCase *news = tcase_create("news"); /* the loops: 0 in memory, 1 in a file */
    tcase_add_checked_fixture(news, folder_make, folder_remove);
    tcase_add_loop_test(news, news_wakes_once_a_commit, 0, 2);
    tcase_add_loop_test(news, news_of_a_transaction_comes_with_its_commit, 0, 2);
    suite_add_tcase(suite, news);
    return suite;
}
