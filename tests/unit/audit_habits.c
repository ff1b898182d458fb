/* SPDX-License-Identifier: MIT */
/* Detection of what is much for the one who does it, through the library with a clock that the test moves; and what
 * users took, day by day, for as long as it is kept. Group 56 of the attacks. */
#include "audit/audit_habits.h"
#include "../api/work.h"
#include "moved_clock.h"
#include "util/alloc.h"
#include <fcntl.h>

#define HOUR_US INT64_C(3600000000)
#define GIB     (INT64_C(1) << 30)

static struct id ann;
static vidstore_session *as_ann;

static void start(void) {
    begin_moved();
    ahead = HOUR_US - vs_env_real.now_us() % HOUR_US; /* an hour begins: what follows is all in it */
    ann = add_user("ann", VIDSTORE_ROLE_USER);
    as_ann = session_of(ann);
}

static void stop(void) {
    vidstore_session_free(as_ann);
    end_moved();
}

static void maintain(void) {
    must(vidstore_maintain(sys, 1000, 0, NULL, e));
}

static int64_t alerts(const char *rule) {
    vidstore_query *q = vidstore_query_new();
    int64_t count = 0;
    must(vidstore_query_filter(q, "action = alert and object_name = $1", e));
    vidstore_query_bind_text(q, 1, rule);
    must(vidstore_audit_count(sys, q, &count, e)); /* served by an index */
    vidstore_query_free(q);
    return count;
}

/* --- usual hours -------------------------------------------------------------------------------------------------- */

START_TEST(group_56_the_usual_hour) {
    int64_t amounts[100], few[] = {9, 7, 8, 6};
    ck_assert_int_eq(vs_habits_usual(few, 4), 0); /* too few to tell */
    for (int i = 0; i < 100; i++)
        amounts[i] = 1000 - i;
    ck_assert_int_eq(vs_habits_usual(amounts, 5), 1000); /* of five the largest */
    for (int i = 0; i < 100; i++)
        amounts[i] = i + 1;
    ck_assert_int_eq(vs_habits_usual(amounts, 100), 95);
    ck_assert_int_eq(vs_habits_usual(amounts, 20), 19);
    ck_assert_int_eq(vs_habits_usual(amounts, 21), 20);
}
END_TEST

static int keep_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    return vs_habits_keep(conn, arg, 1, e);
}

/* Hours of the past with so much each. */
static void remember(int hours, int64_t files, int64_t bytes) {
    int64_t now = vs_now_us();
    for (int i = 1; i <= hours; i++) {
        struct vs_habit habit = {ann.text, now / HOUR_US - i, now, files, bytes};
        ck_assert_int_eq(vs_session_write(sys, keep_op, &habit, NULL), 0);
    }
}

static int judged(const char *rule, int64_t files, int64_t bytes) {
    struct vs_watch w = {0};
    struct vs_habit habit = {ann.text, vs_now_us() / HOUR_US, vs_now_us(), files, bytes};
    int count = 0;
    ck_assert_int_eq(vs_habits_judge(sys, &w, &habit, 1, NULL), 0);
    for (size_t i = 0; i < w.alert_count; i++)
        count += strcmp(w.alerts[i].rule, rule) == 0;
    return count;
}

START_TEST(group_56_ten_times_the_usual) {
    ck_assert_int_eq(judged("unusual_download", 100000, 0), 0); /* who came for the first time */
    remember(4, 20, 2 * GIB);
    ck_assert_int_eq(judged("unusual_download", 100000, 0), 0);
    remember(5, 1, 0); /* the fifth hour; four have 21 */
    ck_assert_int_eq(judged("unusual_download", 210, 0), 0);
    ck_assert_int_eq(judged("unusual_download", 211, 0), 1);
    remember(5, 0, 1);
    ck_assert_int_eq(judged("unusual_download_bytes", 0, 20 * GIB + 10), 0);
    ck_assert_int_eq(judged("unusual_download_bytes", 0, 20 * GIB + 11), 1);
    ahead += INT64_C(15) * 24 * HOUR_US; /* what was two weeks ago is not known any more */
    ck_assert_int_eq(judged("unusual_download", 100000, 0), 0);
}
END_TEST

START_TEST(group_56_little_is_nothing_unusual) {
    remember(20, 1, 10);
    ck_assert_int_eq(judged("unusual_download", 49, 0), 0); /* much for her, but not much */
    ck_assert_int_eq(judged("unusual_download", 50, 0), 1);
    ck_assert_int_eq(judged("unusual_download_bytes", 0, GIB - 1), 0);
    ck_assert_int_eq(judged("unusual_download_bytes", 0, GIB), 1);
}
END_TEST

/* However many people read at once, a run writes for so many of them: those who read the most. */
START_TEST(group_56_a_crowd_is_bounded) {
    enum { PEOPLE = 6000 };
    struct vs_watched *rows = calloc(PEOPLE + 2, sizeof *rows);
    char(*names)[37] = calloc(PEOPLE, sizeof *names);
    struct vs_watch w = {.rows = rows};
    for (int i = 0; i < PEOPLE + 2; i++) {
        int who = i < PEOPLE ? i : PEOPLE - 1; /* the last one reads three files */
        snprintf(names[who], sizeof names[who], "00000000-0000-7000-8000-%012d", who);
        rows[w.count++] = (struct vs_watched){.seq = i + 1,
                                              .at_us = 1,
                                              .action = VIDSTORE_AUDIT_FILE_DOWNLOADED,
                                              .ok = 1,
                                              .actor = names[who],
                                              .object = i == PEOPLE  ? "b"
                                                        : i > PEOPLE ? "c"
                                                                     : "a"};
    }
    struct vs_habit *habits = NULL;
    size_t count = 0;
    ck_assert_int_eq(vs_habits_count(&w, &habits, &count, NULL), 0);
    ck_assert_uint_eq(count, 5000);
    ck_assert_str_eq(habits[0].user, names[PEOPLE - 1]);
    ck_assert_int_eq(habits[0].files, 3);
    vs_free(habits);
    free(rows);
    free(names);
}
END_TEST

static struct id files[64];

static void put_files(int count) {
    char path[128];
    snprintf(path, sizeof path, "%s/source", folder);
    for (int i = 0; i < count; i++) {
        vidstore_file *file = NULL;
        FILE *out = fopen(path, "w");
        fprintf(out, "%d", i);
        fclose(out);
        vidstore_file_params *p = vidstore_file_params_new();
        vidstore_file_params_set_text(p, VIDSTORE_FILE_USER_ID, ann.text);
        must(vidstore_file_put_path(sys, path, p, &file, e));
        vidstore_file_params_free(p);
        files[i] = id_of(vidstore_file_id(file));
        vidstore_file_free(file);
    }
}

static void read_files(int from, int to) {
    for (int i = from; i < to; i++) {
        vidstore_reader *reader = NULL;
        must(vidstore_file_open(as_ann, files[i].text, &reader, e));
        vidstore_reader_free(reader);
    }
}

START_TEST(group_56_an_unusual_hour) {
    put_files(52);
    for (int i = 0; i < 6; i++) {
        read_files(0, 5);
        read_files(0, 5); /* again: a player */
        maintain();
        maintain(); /* nothing counts twice */
        ahead += HOUR_US;
    }
    read_files(0, 30); /* in two runs of the upkeep */
    maintain();
    read_files(10, 50);
    maintain();
    ck_assert_int_eq(alerts("unusual_download"), 0); /* fifty: ten times five */
    read_files(50, 51);
    maintain();
    maintain();
    ck_assert_int_eq(alerts("unusual_download"), 1);
    read_files(51, 52); /* within the hour it was told */
    maintain();
    ck_assert_int_eq(alerts("unusual_download"), 1);
}
END_TEST

/* --- a share of one's own ----------------------------------------------------------------------------------------- */

static struct id jobs[128];

static void submit_jobs(vidstore_session *session, int count) {
    for (int i = 0; i < count; i++)
        jobs[i] = submit(session, "{\"kind\": \"work\"}");
}

static void remove_jobs(vidstore_session *session, int from, int to) {
    for (int i = from; i < to; i++)
        must(vidstore_job_remove(session, jobs[i].text, VIDSTORE_REMOVE_RESTRICT, e));
}

START_TEST(group_56_a_share_of_ones_own) {
    submit_jobs(as_ann, 100);
    maintain();
    remove_jobs(as_ann, 0, 9);
    maintain();
    ck_assert_int_eq(alerts("mass_delete_share"), 0);
    remove_jobs(as_ann, 9, 10); /* ten of a hundred: a tenth, not more */
    maintain();
    ck_assert_int_eq(alerts("mass_delete_share"), 0);
    remove_jobs(as_ann, 10, 11);
    must(vidstore_job_purge(as_ann, jobs[10].text, e)); /* the same one */
    maintain();
    maintain();
    ck_assert_int_eq(alerts("mass_delete_share"), 1);
    ck_assert_int_eq(alerts("mass_delete"), 0);
}
END_TEST

START_TEST(group_56_tidying_up) {
    submit_jobs(as_ann, 9); /* all of the few that there are */
    remove_jobs(as_ann, 0, 9);
    maintain();
    ck_assert_int_eq(alerts("mass_delete_share"), 0);
    submit_jobs(as_ann, 12);
    ahead += HOUR_US;
    for (int i = 0; i < 12; i++) { /* slowly */
        remove_jobs(as_ann, i, i + 1);
        ahead += HOUR_US / 60;
    }
    maintain();
    ck_assert_int_eq(alerts("mass_delete_share"), 0);
    submit_jobs(as_ann, 20); /* by somebody else, who may */
    remove_jobs(sys, 0, 20);
    maintain();
    ck_assert_int_eq(alerts("mass_delete_share"), 0);
}
END_TEST

Suite *audit_habits_suite(void);
Suite *audit_habits_suite(void) {
    Suite *suite = suite_create("audit_habits");
    TCase *tests = tcase_create("habits");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, start, stop);
    tcase_add_test(tests, group_56_the_usual_hour);
    tcase_add_test(tests, group_56_ten_times_the_usual);
    tcase_add_test(tests, group_56_little_is_nothing_unusual);
    tcase_add_test(tests, group_56_a_crowd_is_bounded);
    tcase_add_test(tests, group_56_an_unusual_hour);
    tcase_add_test(tests, group_56_a_share_of_ones_own);
    tcase_add_test(tests, group_56_tidying_up);
    suite_add_tcase(suite, tests);
    return suite;
}
