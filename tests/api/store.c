/* SPDX-License-Identifier: MIT */
/* Opening and closing a store: options, places that are none, many at once, forks, permissions. */
#include "store.h"

/* --- options
 * ---------------------------------------------------------------------------------------------------------- */

/* How long a call waits for a writer tells which deadline is in force. */
static int64_t waits(const char *location, vidstore_open_params *params) {
    vidstore *vs = NULL, *holder = NULL;
    vidstore_session *a = NULL, *b = NULL;
    must(open_at(place, &holder, e));
    must(vidstore_open(location, params, &vs, e));
    must(vidstore_session_system(holder, "holder", &a, e));
    must(vidstore_session_system(vs, "waiter", &b, e));
    must(vidstore_begin(a, 0, e));
    int64_t start = now_ms();
    vidstore_error *error = NULL;
    vidstore_status status = vidstore_begin(b, 0, &error);
    ck_assert_msg(status == VIDSTORE_BUSY || status == VIDSTORE_TIMEOUT, "%s: %s", vidstore_status_name(status),
                  vidstore_error_message(error));
    vidstore_error_free(error);
    int64_t took = now_ms() - start;
    vidstore_session_free(a);
    vidstore_session_free(b);
    vidstore_close(vs);
    vidstore_close(holder);
    return took;
}

static void close_to(int64_t took, int64_t wanted) {
    ck_assert_msg(took >= wanted - 20 && took < wanted + 250, "%d ms instead of %d", (int)took, (int)wanted);
}

START_TEST(precedence) {
    char uri[160];
    vidstore *vs = NULL;
    must(open_at(place, &vs, e));
    vidstore_close(vs);
    snprintf(uri, sizeof uri, "vidstore:%s?deadline_ms=600", place);
    vidstore_open_params *p = vidstore_open_params_new();
    vidstore_open_params_set_int64(p, VIDSTORE_OPEN_DEADLINE_MS, 100);
    setenv("VIDSTORE_DEADLINE_MS", "1100", 1);
    close_to(waits(uri, p), 100);
    close_to(waits(uri, NULL), 600);
    close_to(waits(place, NULL), 1100);
    setenv("VIDSTORE_DEADLINE_MS", "soon", 1);
    refused(VIDSTORE_INVALID, "VIDSTORE_DEADLINE_MS", open_at(place, &vs, e));
    ck_assert_ptr_null(vs);
    must(open_at(uri, &vs, e)); /* what is not asked is not judged */
    vidstore_close(vs);
    setenv("VIDSTORE_DEADLINE_MS", "", 1);
    must(open_at(place, &vs, e));
    vidstore_close(vs);
    unsetenv("VIDSTORE_DEADLINE_MS");
    vidstore_open_params_free(p);
}
END_TEST

static const struct {
    int32_t option;
    int64_t low, high; /* the range, both ends allowed */
    const char *name;
} ranges[] = {
    {VIDSTORE_OPEN_READ_ONLY, 0, 1, "read_only"},
    {VIDSTORE_OPEN_CREATE, 0, 1, "create"},
    {VIDSTORE_OPEN_DEADLINE_MS, 1, 86400000, "deadline_ms"},
    {VIDSTORE_OPEN_TXN_MAX_AGE_MS, 10, 600000, "txn_max_age_ms"},
    {VIDSTORE_OPEN_READERS, 1, 64, "readers"},
    {VIDSTORE_OPEN_NETWORK_FS, 0, 1, "network_fs"},
    {VIDSTORE_OPEN_LOST_BLOBS, 0, 1, "lost_blobs"},
};

START_TEST(option_ranges) {
    vidstore *vs = NULL;
    must(open_at(place, &vs, e));
    vidstore_close(vs);
    const int64_t values[] = {ranges[_i].low - 1, ranges[_i].high + 1, INT64_MIN,
                              INT64_MAX,          ranges[_i].low,      ranges[_i].high};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        vidstore_open_params *p = vidstore_open_params_new();
        if (ranges[_i].option != VIDSTORE_OPEN_DEADLINE_MS) /* one of a millisecond may well pass */
            vidstore_open_params_set_int64(p, VIDSTORE_OPEN_DEADLINE_MS, 10000);
        vidstore_open_params_set_int64(p, ranges[_i].option, values[i]);
        vidstore_error *error = NULL;
        vidstore_status status = vidstore_open(place, p, &vs, &error);
        if (i < 4)
            fails("open", VIDSTORE_INVALID, ranges[_i].name, status, error);
        else
            ck_assert_msg(status == VIDSTORE_OK || (values[i] == 1 && vidstore_error_retryable(error)), "%s",
                          vidstore_error_message(error));
        if (i >= 4)
            vidstore_error_free(error);
        vidstore_close(vs);
        vidstore_open_params_free(p);
    }
    vidstore_open_params *p = vidstore_open_params_new();
    vidstore_open_params_set_text(p, ranges[_i].option, "1");
    refused(VIDSTORE_INVALID, ranges[_i].name, vidstore_open(place, p, &vs, e));
    vidstore_open_params_free(p);
}
END_TEST

START_TEST(text_options) {
    vidstore *vs = NULL;
    static const struct {
        int32_t option;
        const char *value, *field;
    } bad[] = {
        {VIDSTORE_OPEN_DURABILITY, "none", "durability"},
        {VIDSTORE_OPEN_DURABILITY, "", "durability"},
        {VIDSTORE_OPEN_WORKER_NAME, "\xFF", "worker_name"},
        {VIDSTORE_OPEN_PROBE_HELPER, "\xFF", "probe_helper"},
        {0, "x", "option"},
        {99, "x", "option"},
        {-1, "x", "option"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        vidstore_open_params *p = vidstore_open_params_new();
        vidstore_open_params_set_text(p, bad[i].option, bad[i].value);
        vidstore_open_params_set_text(p, VIDSTORE_OPEN_DURABILITY, "full"); /* does not mend it */
        refused(VIDSTORE_INVALID, bad[i].field, vidstore_open(place, p, &vs, e));
        vidstore_open_params_free(p);
    }
    vidstore_open_params *p = vidstore_open_params_new();
    vidstore_open_params_set_int64(p, VIDSTORE_OPEN_WORKER_NAME, 1);
    refused(VIDSTORE_INVALID, "worker_name", vidstore_open(place, p, &vs, e));
    vidstore_open_params_free(p);
    p = vidstore_open_params_new();
    vidstore_open_params_set_text(p, VIDSTORE_OPEN_DURABILITY, "relaxed");
    vidstore_open_params_set_text(p, VIDSTORE_OPEN_WORKER_NAME, "w");
    vidstore_open_params_set_text(p, VIDSTORE_OPEN_WORKER_NAME, NULL);
    must(vidstore_open(place, p, &vs, e));
    vidstore_open_params_free(p);
    vidstore_close(vs);
    vidstore_open_params_free(NULL);
    vidstore_open_params_set_text(NULL, 1, "x");
}
END_TEST

START_TEST(uris) {
    static const struct {
        const char *form; /* %s: the place */
        vidstore_status status;
        const char *field;
    } rows[] = {
        {"vidstore:%s", VIDSTORE_OK, NULL},
        {"vidstore://%s", VIDSTORE_OK, NULL},
        {"vidstore:%s?", VIDSTORE_OK, NULL},
        {"vidstore:%s?mode=rwc", VIDSTORE_OK, NULL},
        {"vidstore:%s?mode=rw&readers=2&durability=relaxed&network_fs=0&txn_max_age_ms=10&deadline_ms=9999",
         VIDSTORE_OK, NULL},
        {"vidstore:%s?mode=ro", VIDSTORE_OK, NULL},
        {"vidstore:%s?m%%6Fde=r%%6f", VIDSTORE_OK, NULL},
        {"vidstore:%s?mode=x", VIDSTORE_INVALID, "mode"},
        {"vidstore:%s?mode=", VIDSTORE_INVALID, "mode"},
        {"vidstore:%s?mode", VIDSTORE_INVALID, "location"},
        {"vidstore:%s?nothing=1", VIDSTORE_INVALID, "location"},
        {"vidstore:%s?readers=0", VIDSTORE_INVALID, "readers"},
        {"vidstore:%s?readers=65", VIDSTORE_INVALID, "readers"},
        {"vidstore:%s?readers=-1", VIDSTORE_INVALID, "readers"},
        {"vidstore:%s?readers= 1", VIDSTORE_INVALID, "readers"},
        {"vidstore:%s?readers=1x", VIDSTORE_INVALID, "readers"},
        {"vidstore:%s?readers=99999999999999999999", VIDSTORE_INVALID, "readers"},
        {"vidstore:%s?network_fs=yes", VIDSTORE_INVALID, "network_fs"},
        {"vidstore:%s%%", VIDSTORE_INVALID, "location"},
        {"vidstore:%s%%4", VIDSTORE_INVALID, "location"},
        {"vidstore:%s%%zz", VIDSTORE_INVALID, "location"},
        {"vidstore:%s%%00", VIDSTORE_INVALID, "location"},
        {"vidstore:%s%%ff", VIDSTORE_INVALID, "location"},
        {"vidstore:", VIDSTORE_INVALID, "location"},
        {"vidstore:?mode=ro", VIDSTORE_INVALID, "location"},
        {"", VIDSTORE_INVALID, "location"},
        {"\xFF", VIDSTORE_INVALID, "location"},
    };
    vidstore *vs = NULL;
    must(open_at(place, &vs, e));
    vidstore_close(vs);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char uri[256];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(uri, sizeof uri, rows[i].form, place);
#pragma GCC diagnostic pop
        vidstore_error *error = NULL;
        vidstore_status status = vidstore_open(uri, NULL, &vs, &error);
        if (rows[i].status == VIDSTORE_OK)
            succeeds(uri, status, error);
        else
            fails(uri, rows[i].status, rows[i].field, status, error);
        vidstore_close(vs);
    }
    char odd[128], uri[256];
    snprintf(odd, sizeof odd, "%s/a %%?&=\xC3\xBC", folder);
    must(open_at(odd, &vs, e)); /* a plain path is what it is */
    ck_assert_str_eq(vidstore_location(vs), odd);
    vidstore_close(vs);
    snprintf(uri, sizeof uri, "vidstore:%s/a%%20%%25%%3f%%26=%%C3%%BC?mode=rw", folder);
    must(open_at(uri, &vs, e));
    ck_assert_str_eq(vidstore_location(vs), odd);
    vidstore_close(vs);
    refused(VIDSTORE_MISUSE, "location", open_at(NULL, &vs, e));
}
END_TEST

START_TEST(in_memory) {
    vidstore *a = NULL, *b = NULL;
    must(open_at(":memory:", &a, e));
    must(open_at("vidstore::memory:", &b, e));
    ck_assert_str_eq(vidstore_location(a), ":memory:");
    ck_assert_str_ne(vidstore_instance_id(a), vidstore_instance_id(b));
    add_one(a, "ann");
    ck_assert_int_eq(users(a), 1);
    ck_assert_int_eq(users(b), 0);
    vidstore_close(a);
    vidstore_close(b);
}
END_TEST

START_TEST(relative_paths) {
    vidstore *vs = NULL;
    char wanted[160], cwd[160];
    ck_assert_ptr_nonnull(getcwd(cwd, sizeof cwd));
    ck_assert_int_eq(chdir(folder), 0);
    must(open_at("here/", &vs, e));
    snprintf(wanted, sizeof wanted, "%s/here", folder);
    ck_assert_str_eq(vidstore_location(vs), wanted);
    ck_assert_int_eq(chdir("/"), 0);
    add_one(vs, "ann"); /* wherever the host goes */
    vidstore_close(vs);
    ck_assert_int_eq(chdir(cwd), 0);
}
END_TEST

START_TEST(small_calls) {
    ck_assert_ptr_null(vidstore_location(NULL));
    ck_assert_ptr_null(vidstore_instance_id(NULL));
    vidstore_close(NULL);
    ck_assert_int_eq(vidstore_feature_supported(VIDSTORE_FEATURE_SQLITE), 1);
    ck_assert_int_eq(vidstore_feature_supported(0), 0);
    ck_assert_int_eq(vidstore_feature_supported(-1), 0);
    ck_assert_int_eq(vidstore_feature_supported(INT32_MAX), 0);
    ck_assert_str_eq(vidstore_version(), VIDSTORE_VERSION);
    ck_assert_int_eq(vidstore_version_number(), VIDSTORE_VERSION_NUMBER);
    ck_assert_str_eq(vidstore_status_name(VIDSTORE_OK), "OK");
    ck_assert_str_eq(vidstore_status_name(VIDSTORE_INTERNAL), "INTERNAL");
    ck_assert_str_eq(vidstore_status_name(1), "UNKNOWN");
    ck_assert_str_eq(vidstore_status_name(INT32_MIN), "UNKNOWN");
    vidstore *vs = NULL;
    must(open_at(place, NULL, e)); /* made, and closed again */
    must(open_at(place, &vs, e));
    vidstore_close(vs);
}
END_TEST

Suite *store_suite(void);

Suite *store_suite(void) {
    Suite *suite = suite_create("store");
    TCase *t = tcase_create("store");
    tcase_add_checked_fixture(t, make_folder, remove_folder);
    tcase_add_test(t, precedence);
    tcase_add_loop_test(t, option_ranges, 0, sizeof ranges / sizeof *ranges);
    tcase_add_test(t, text_options);
    tcase_add_test(t, uris);
    tcase_add_test(t, in_memory);
    tcase_add_test(t, relative_paths);
    tcase_add_test(t, small_calls);
    suite_add_tcase(suite, t);
    return suite;
}
