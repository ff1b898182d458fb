/* SPDX-License-Identifier: MIT */
/* The doctor: what it finds, and what it leaves alone. */
#include "upkeep_backup.h"

static vidstore_text *examine(int32_t full) {
    vidstore_text *report = NULL;
    must(vidstore_doctor(sys, full, &report, e));
    return report;
}

static int finds(const char *name, const char *verdict, int32_t full) {
    char part[96];
    vidstore_text *report = examine(full);
    snprintf(part, sizeof part, "{\"name\":\"%s\",\"verdict\":\"%s\"", name, verdict);
    int found = says(report, part);
    if (found && strcmp(verdict, "bad") == 0)
        found = says(report, "{\"verdict\":\"bad\"");
    vidstore_text_free(report);
    return found;
}

START_TEST(a_sound_store_has_nothing_bad) {
    static const char *const names[] = {"connection", "integrity", "schema", "version",  "engine",
                                        "log",        "database",  "disk",   "marker",   "bytes",
                                        "leases",     "probe",     "clock",  "settings", "collections"};
    put_file(sys, 100, NULL, NULL);
    for (int full = 0; full <= 1; full++) {
        vidstore_text *report = examine(full);
        ck_assert_msg(!says(report, "\"bad\""), "%s", vidstore_text_data(report));
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            char part[64];
            snprintf(part, sizeof part, "{\"name\":\"%s\",", names[i]);
            ck_assert_msg(says(report, part), "no %s", names[i]);
        }
        vidstore_text_free(report);
    }
}
END_TEST

START_TEST(doctor_takes_what_it_says_and_no_more) {
    vidstore_text *report = (vidstore_text *)-1;
    refused(VIDSTORE_INVALID, "full", vidstore_doctor(sys, 2, &report, e));
    ck_assert_ptr_null(report);
    refused(VIDSTORE_INVALID, "full", vidstore_doctor(sys, -1, NULL, e));
    refused(VIDSTORE_MISUSE, "session", vidstore_doctor(NULL, 0, NULL, e));
    must(vidstore_doctor(sys, 0, NULL, e));
    must(vidstore_begin(sys, 0, e));
    refused(VIDSTORE_STATE, NULL, vidstore_doctor(sys, 0, NULL, e));
    must(vidstore_rollback(sys, e));
}
END_TEST

START_TEST(missing_and_cut_bytes_are_found) {
    char path[256];
    struct id file = put_file(sys, 100, NULL, NULL);
    put_file(sys, 200, NULL, NULL);
    path_of(file, path, sizeof path);
    ck_assert_int_eq(chmod(path, 0600), 0);
    for (int lost = 0; lost < 2; lost++) {
        ck_assert_int_eq(lost ? unlink(path) : truncate(path, 99), 0);
        for (int full = 0; full <= 1; full++) {
            ck_assert(finds("bytes", "bad", full));
            vidstore_text *report = examine(full);
            ck_assert_msg(says(report, file.text), "not named in %s", vidstore_text_data(report));
            vidstore_text_free(report);
        }
    }
}
END_TEST

START_TEST(bytes_that_nobody_knows_are_found) {
    put_file(sys, 100, NULL, NULL);
    ck_assert(finds("bytes", "ok", 1));
    tamper("DELETE FROM files; DELETE FROM blobs");
    ck_assert(finds("bytes", "warning", 1));
}
END_TEST

START_TEST(an_edited_schema_is_found) {
    tamper("CREATE INDEX of_mine ON users(full_name)");
    ck_assert(finds("schema", "bad", 0));
}
END_TEST

START_TEST(odd_settings_and_clocks_are_found) {
    ck_assert(finds("settings", "ok", 0));
    tamper("INSERT INTO settings VALUES ('job.lease_ms', '7', 1, NULL)");
    ck_assert(finds("settings", "warning", 0));
    tamper("DELETE FROM settings; INSERT INTO settings VALUES ('no.such', '7', 1, NULL)");
    ck_assert(finds("settings", "warning", 0));
    add_job();
    ck_assert(finds("clock", "ok", 0));
    tamper("DROP TRIGGER audit_events_fixed; UPDATE audit_events SET created_us = created_us + 3600000000");
    ck_assert(finds("clock", "warning", 0));
}
END_TEST

START_TEST(a_damaged_database_is_found) {
    for (int i = 0; i < 200; i++)
        add_video();
    char path[128];
    snprintf(path, sizeof path, "%s/store.db", place);
    close_store();
    run_sql(path, "PRAGMA wal_checkpoint(TRUNCATE)");
    int64_t root = run_sql(path, "SELECT rootpage FROM sqlite_schema WHERE name = 'videos_user'");
    for (int i = 0; i < 64; i++) /* entries are laid down from the end of a page */
        damage(path, (long)root * 4096 - 10 - i * 7);
    open_store();
    ck_assert(finds("integrity", "bad", 1));
}
END_TEST

START_TEST(a_missing_helper_is_a_warning) {
    vidstore *second = NULL;
    vidstore_session *session = NULL;
    vidstore_text *report = NULL;
    vidstore_open_params *p = vidstore_open_params_new();
    vidstore_open_params_set_text(p, VIDSTORE_OPEN_PROBE_HELPER, "/nonexistent/vidstore-probe");
    must(vidstore_open(place, p, &second, e));
    vidstore_open_params_free(p);
    must(vidstore_session_system(second, "test", &session, e));
    must(vidstore_doctor(session, 0, &report, e));
    ck_assert(says(report, "{\"name\":\"probe\",\"verdict\":\"warning\""));
    ck_assert(says(report, "{\"verdict\":\"warning\""));
    vidstore_text_free(report);
    vidstore_session_free(session);
    vidstore_close(second);
}
END_TEST

Suite *doctor_suite(void);

Suite *doctor_suite(void) {
    Suite *suite = suite_create("doctor");
    TCase *t = tcase_create("doctor");
    tcase_add_checked_fixture(t, begin_places, end);
    tcase_add_test(t, a_sound_store_has_nothing_bad);
    tcase_add_test(t, doctor_takes_what_it_says_and_no_more);
    tcase_add_test(t, missing_and_cut_bytes_are_found);
    tcase_add_test(t, bytes_that_nobody_knows_are_found);
    tcase_add_test(t, an_edited_schema_is_found);
    tcase_add_test(t, odd_settings_and_clocks_are_found);
    tcase_add_test(t, a_damaged_database_is_found);
    tcase_add_test(t, a_missing_helper_is_a_warning);
    suite_add_tcase(suite, t);
    return suite;
}
