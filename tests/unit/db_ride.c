/* SPDX-License-Identifier: MIT */
/* lib/db: small writes that ride along with the commits of others. */
#include "db_harness.h"

struct passenger {
    struct setting what;
    vs_op *op;
    int ready, asked, run, told, rc;
};

static int is_ready(void *arg) {
    struct passenger *p = arg;
    p->asked++;
    return p->ready;
}

static int ride(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct passenger *p = arg;
    p->run++;
    return p->op(conn, &p->what, e);
}

static void is_told(void *arg, int rc) {
    struct passenger *p = arg;
    p->told++;
    p->rc = rc;
}

static struct vs_rider *board(struct vs_db *db, struct passenger *p) {
    struct vs_rider *rider = NULL;
    must(vs_db_ride(db, &(struct vs_ride){is_ready, ride, is_told, p}, &rider, e));
    return rider;
}

START_TEST(rides_with_the_next_commit) {
    struct vs_db *db = opened(_i ? file : NULL);
    struct passenger p = {.what = {"rider", "1", 7}, .op = op_set};
    struct vs_rider *rider = board(db, &p);
    set(db, "a", 1);
    ck_assert_int_eq(p.asked, 1);
    ck_assert_int_eq(p.run + p.told, 0);
    p.ready = 1;
    set(db, "b", 2);
    ck_assert_int_eq(p.run, 1);
    ck_assert_int_eq(p.told, 1);
    ck_assert_int_eq(p.rc, 0);
    ck_assert_int_eq(get(db, "rider"), 7);
    ck_assert_int_eq(get(db, "b"), 2);
    vs_db_unride(db, rider);
    set(db, "c", 3);
    ck_assert_int_eq(p.asked, 2);
    vs_db_unride(db, NULL);
    vs_db_close(db);
}
END_TEST

static int op_half_done(struct vs_conn *conn, void *arg, vidstore_error **e) {
    int r = op_set(conn, arg, e);
    return r ? r : vs_fail(e, VIDSTORE_CONFLICT, NULL, "changed its mind");
}

START_TEST(it_fails_alone) {
    struct vs_db *db = opened(file);
    struct passenger bad = {.what = {"bad", "1", 1}, .op = op_half_done, .ready = 1};
    struct passenger good = {.what = {"good", "1", 1}, .op = op_set, .ready = 1};
    struct vs_rider *first = board(db, &good), *second = board(db, &bad);
    set(db, "a", 1);
    ck_assert_int_eq(bad.rc, VIDSTORE_CONFLICT);
    ck_assert_int_eq(good.rc, 0);
    ck_assert_int_eq(get(db, "a"), 1);
    ck_assert_int_eq(get(db, "good"), 1);
    ck_assert_int_eq(get(db, "bad"), -1);
    vs_db_unride(db, first);
    vs_db_unride(db, second);
    vs_db_close(db);
}
END_TEST

/* Even one that takes the whole transaction away costs the others nothing but time. */
static int op_rolls_back(struct vs_conn *conn, void *arg, vidstore_error **e) {
    (void)arg;
    return op_text(conn, SQL("INSERT OR ROLLBACK INTO settings VALUES ('there', '1', 1, NULL)"), e);
}

START_TEST(it_spoils_no_commit) {
    struct vs_db *db = opened(file);
    struct passenger p = {.op = op_rolls_back, .ready = 1};
    set(db, "there", 1);
    struct vs_rider *rider = board(db, &p);
    set(db, "a", 1);
    ck_assert_int_eq(p.run, 1);
    ck_assert_int_eq(p.told, 1);
    ck_assert_int_ne(p.rc, 0);
    ck_assert_int_eq(get(db, "a"), 1);
    vs_db_unride(db, rider);
    vs_db_close(db);
}
END_TEST

START_TEST(nobody_rides_with_a_failure_or_a_write_that_is_alone) {
    struct vs_db *db = opened(file);
    struct passenger p = {.what = {"rider", "1", 7}, .op = op_set, .ready = 1};
    struct vs_rider *rider = board(db, &p);
    struct setting it = {"a", "1", 1};
    struct vs_call alone = {.alone = 1};
    must(vs_db_write(db, &alone, op_set, &it, e));
    refused(VIDSTORE_EXISTS, 0, vs_db_write(db, NULL, op_add, &it, e));
    ck_assert_int_eq(p.asked + p.run + p.told, 0);
    vs_db_unride(db, rider);
    vs_db_close(db);
}
END_TEST

Suite *db_ride_suite(void);

Suite *db_ride_suite(void) {
    Suite *suite = suite_create("db_ride");
    TCase *c = tcase_create("ride");
    tcase_add_checked_fixture(c, folder_make, folder_remove);
    tcase_add_loop_test(c, rides_with_the_next_commit, 0, 2); /* 0 in memory, 1 in a file */
    tcase_add_test(c, it_fails_alone);
    tcase_add_test(c, it_spoils_no_commit);
    tcase_add_test(c, nobody_rides_with_a_failure_or_a_write_that_is_alone);
    suite_add_tcase(suite, c);
    return suite;
}
