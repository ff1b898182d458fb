/* SPDX-License-Identifier: MIT */
/* Reading all bytes again, in slices. */
#include "upkeep_harness.h"
#include <stdatomic.h>
#include <sys/resource.h>

static vidstore_text *verify_all(int64_t since_us, int64_t budget_ms) {
    vidstore_text *report = NULL;
    must(vidstore_file_verify_all(sys, since_us, budget_ms, &report, e));
    return report;
}

static void expect(int64_t since_us, int64_t blobs, int64_t damaged) {
    vidstore_text *report = verify_all(since_us, 60000);
    ck_assert_int_eq(number(report, "blobs"), blobs);
    ck_assert_int_eq(number(report, "damaged"), damaged);
    ck_assert(says(report, "\"more\":false"));
    vidstore_text_free(report);
}

static int64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t file_int(struct id id, int32_t field) {
    vidstore_file *file = NULL;
    must(vidstore_file_get(sys, id.text, &file, e));
    int64_t value = vidstore_file_is_null(file, field) ? -1 : vidstore_file_int64(file, field);
    vidstore_file_free(file);
    return value;
}

/* The same bytes each time. */
static struct id put_text(const char *text) {
    char path[128];
    vidstore_file *file = NULL;
    vidstore_file_params *p = vidstore_file_params_new();
    snprintf(path, sizeof path, "%s/text", folder);
    FILE *f = fopen(path, "w");
    ck_assert(f && fputs(text, f) >= 0 && fclose(f) == 0);
    vidstore_file_params_set_text(p, VIDSTORE_FILE_NAME, "text");
    must(vidstore_file_put_path(sys, path, p, &file, e));
    vidstore_file_params_free(p);
    struct id id = id_of(vidstore_file_id(file));
    vidstore_file_free(file);
    return id;
}

static void flip(const char *path) {
    ck_assert_int_eq(chmod(path, 0600), 0);
    FILE *f = fopen(path, "r+b");
    ck_assert_ptr_nonnull(f);
    int c = fgetc(f);
    ck_assert(fseek(f, 0, SEEK_SET) == 0 && fputc(c ^ 1, f) != EOF && fclose(f) == 0);
}

START_TEST(all_is_well) {
    struct id one = put_text("one"), again = put_text("one"), two = put_text("two");
    struct id gone = put_text("gone");
    must(vidstore_file_remove(sys, gone.text, VIDSTORE_REMOVE_RESTRICT, e));
    int64_t began = now_us(), version = file_int(one, VIDSTORE_FILE_VERSION);
    ck_assert_int_eq(file_int(one, VIDSTORE_FILE_VERIFIED_US), -1);
    vidstore_text *report = verify_all(0, 60000);
    ck_assert_int_eq(number(report, "blobs"), 3); /* two share theirs; a removed one can come back */
    ck_assert_int_eq(number(report, "bytes"), 10);
    ck_assert(says(report, "\"damaged\":0,\"found\":[],\"more\":false"));
    vidstore_text_free(report);
    struct id seen[] = {one, again, two};
    for (int i = 0; i < 3; i++) {
        ck_assert_int_ge(file_int(seen[i], VIDSTORE_FILE_VERIFIED_US), began);
        ck_assert_int_eq(file_int(seen[i], VIDSTORE_FILE_VERSION), version);
    }
    ck_assert_int_eq(events("action = file_verified"), 1);
    ck_assert_int_eq(events("action = file_verified and noun = store"), 1);
    expect(began, 0, 0); /* lately enough */
    ck_assert_int_eq(events("action = file_verified"), 1);
    put_text("three");
    expect(began, 1, 0);
    expect(0, 4, 0);
}
END_TEST

START_TEST(damage_is_a_finding) {
    char one_path[256], two_path[256];
    struct id one = put_text("one"), again = put_text("one"), two = put_text("two"), three = put_text("three");
    path_of(one, one_path, sizeof one_path);
    path_of(two, two_path, sizeof two_path);
    flip(one_path);
    ck_assert_int_eq(unlink(two_path), 0);
    vidstore_text *report = NULL;
    must(vidstore_doctor(sys, 0, &report, e)); /* a look from outside sees the one that is gone */
    ck_assert(says(report, "1 are missing"));
    vidstore_text_free(report);
    report = verify_all(0, 60000);
    ck_assert_int_eq(number(report, "blobs"), 3);
    ck_assert_int_eq(number(report, "damaged"), 2);
    ck_assert_int_eq(number(report, "bytes"), 5);
    ck_assert(says(report, one.text) && says(report, again.text) && says(report, two.text));
    ck_assert(!says(report, three.text));
    ck_assert(says(report, "its bytes are gone"));
    vidstore_text_free(report);
    ck_assert_int_eq(events("action = file_verified and noun = file"), 3);
    ck_assert_int_eq(events("action = file_verified and noun = store"), 1);
    ck_assert_int_eq(file_int(one, VIDSTORE_FILE_VERIFIED_US), -1);
    ck_assert_int_gt(file_int(three, VIDSTORE_FILE_VERIFIED_US), 0);
    /* A new file with these bytes brings its own. */
    char fresh_path[256];
    struct id fresh = put_text("one");
    path_of(fresh, fresh_path, sizeof fresh_path);
    ck_assert_str_ne(fresh_path, one_path);
    flip(one_path); /* and back */
    expect(0, 4, 1);
    ck_assert_int_gt(file_int(again, VIDSTORE_FILE_VERIFIED_US), 0);
}
END_TEST

START_TEST(doctor_reads_everything) {
    char path[256];
    vidstore_text *report = NULL;
    struct id one = put_text("one");
    put_text("two");
    must(vidstore_doctor(sys, 1, &report, e));
    ck_assert(says(report, "6 bytes were read and are whole"));
    vidstore_text_free(report);
    ck_assert_int_eq(file_int(one, VIDSTORE_FILE_VERIFIED_US), -1); /* it only looks */
    path_of(one, path, sizeof path);
    flip(path);
    must(vidstore_doctor(sys, 0, &report, e));
    ck_assert(!says(report, "\"verdict\":\"bad\""));
    vidstore_text_free(report);
    must(vidstore_doctor(sys, 1, &report, e));
    ck_assert(says(report, "{\"verdict\":\"bad\"") && says(report, "1 are damaged") && says(report, one.text));
    vidstore_text_free(report);
    ck_assert_int_eq(events("action = file_verified"), 0);
}
END_TEST

/* Each slice does something, none does it twice, and another process may go on. */
/* What the process lacks says nothing about the bytes. */
START_TEST(no_free_descriptor_is_no_damage) {
    enum { MOST = 256 };
    struct rlimit before, few = {0};
    int fds[MOST], count = 0;
    struct id id = put_text("whole");
    vidstore_text *report = NULL;
    expect(0, 1, 0);
    must(vidstore_file_verify(sys, id.text, NULL, e));
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = MOST;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    while (count < MOST && (fds[count] = dup(STDERR_FILENO)) >= 0)
        count++;
    refused(VIDSTORE_UNAVAILABLE, NULL, vidstore_file_verify_all(sys, 0, 60000, &report, e));
    refused(VIDSTORE_UNAVAILABLE, NULL, vidstore_file_verify(sys, id.text, NULL, e));
    while (count)
        close(fds[--count]);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    ck_assert_int_eq(events("action = file_verified and success = false"), 0);
    expect(0, 1, 0);
}
END_TEST

START_TEST(slices_add_up) {
    enum { FILES = 40 };
    for (int i = 0; i < FILES; i++)
        put_file(sys, 30000, NULL, NULL);
    int64_t began = now_us(), sum = 0, calls = 0, more = 1;
    while (more) {
        vidstore_text *report = verify_all(began, 1);
        ck_assert_int_ge(number(report, "blobs") + (calls > 0), 1);
        sum += number(report, "blobs");
        more = says(report, "\"more\":true");
        vidstore_text_free(report);
        ck_assert_int_lt(++calls, FILES + 2);
        if (calls % 4 == 0) {
            close_store();
            open_store();
        }
    }
    ck_assert_int_eq(sum, FILES);
    ck_assert_int_gt(calls, 1);
}
END_TEST

static void *interrupt_always(void *arg) {
    for (atomic_int *stop = arg; !atomic_load(stop); sleep_ms(1))
        vidstore_interrupt(sys);
    return NULL;
}

/* What was read before is on record all the same. */
START_TEST(an_interrupt_ends_it) {
    atomic_int stop = 0;
    pthread_t t;
    struct id large = put_file(sys, 30000000, NULL, NULL);
    ck_assert_int_eq(pthread_create(&t, NULL, interrupt_always, &stop), 0);
    refused(VIDSTORE_CANCELLED, NULL, vidstore_file_verify_all(sys, 0, 60000, NULL, e));
    atomic_store(&stop, 1);
    pthread_join(t, NULL);
    ck_assert_int_eq(file_int(large, VIDSTORE_FILE_VERIFIED_US), -1);
    expect(0, 1, 0);
}
END_TEST

START_TEST(who_may_and_with_what) {
    vidstore_text *report = (vidstore_text *)&report;
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER), root = add_user("root", VIDSTORE_ROLE_ADMIN);
    vidstore_session *hers = session_of(ann), *roots = session_of(root);
    put_text("one");
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_file_verify_all(hers, 0, 1000, &report, e));
    ck_assert_ptr_null(report);
    must(vidstore_file_verify_all(roots, 0, 1000, NULL, e));
    refused(VIDSTORE_INVALID, "budget_ms", vidstore_file_verify_all(sys, 0, 0, &report, e));
    refused(VIDSTORE_INVALID, "budget_ms", vidstore_file_verify_all(sys, 0, 86400001, &report, e));
    refused(VIDSTORE_INVALID, "budget_ms", vidstore_file_verify_all(sys, 0, INT64_MIN, &report, e));
    must(vidstore_file_verify_all(sys, 1, 86400000, NULL, e));
    refused(VIDSTORE_INVALID, "since_us", vidstore_file_verify_all(sys, -1, 1000, &report, e));
    refused(VIDSTORE_INVALID, "since_us", vidstore_file_verify_all(sys, INT64_MAX, 1000, &report, e));
    refused(VIDSTORE_INVALID, "since_us", vidstore_file_verify_all(sys, now_us() + 60000000, 1000, &report, e));
    must(vidstore_begin(sys, 0, e));
    refused(VIDSTORE_STATE, NULL, vidstore_file_verify_all(sys, 0, 1000, &report, e));
    must(vidstore_rollback(sys, e));
    refused(VIDSTORE_MISUSE, "session", vidstore_file_verify_all(NULL, 0, 1000, &report, e));
    vidstore_session_free(hers);
    vidstore_session_free(roots);
    close_store();
    char uri[160];
    snprintf(uri, sizeof uri, "vidstore:%s?mode=ro", place);
    must(vidstore_open(uri, NULL, &store, e));
    must(vidstore_session_system(store, "test", &sys, e));
    refused(VIDSTORE_READONLY, NULL, vidstore_file_verify_all(sys, 0, 1000, &report, e));
    must(vidstore_doctor(sys, 1, &report, e));
    ck_assert(says(report, "3 bytes were read and are whole"));
    vidstore_text_free(report);
}
END_TEST

/* The bytes of an upload that nobody went on with are freed bytes, too. */
START_TEST(parts_count_as_freed) {
    static char piece[70000];
    vidstore_upload *up = NULL;
    vidstore_text *report = NULL;
    vidstore_file_params *p = vidstore_file_params_new();
    vidstore_file_params_set_text(p, VIDSTORE_FILE_NAME, "a.bin");
    must(vidstore_upload_open(sys, p, &up, e));
    must(vidstore_upload_write(up, piece, sizeof piece, e));
    vidstore_upload_free(up);
    vidstore_file_params_free(p);
    tamper("UPDATE blobs SET touched_us = touched_us - 3600000000");
    must(vidstore_maintain(sys, 5000, VIDSTORE_MAINTAIN_ALL | VIDSTORE_MAINTAIN_DRY_RUN, &report, e));
    ck_assert_int_eq(number(report, "uploads_removed"), 1);
    ck_assert_int_eq(number(report, "bytes_freed"), sizeof piece);
    vidstore_text_free(report);
    must(vidstore_maintain(sys, 5000, VIDSTORE_MAINTAIN_ALL, &report, e));
    ck_assert_int_eq(number(report, "uploads_removed"), 1);
    ck_assert_int_eq(number(report, "bytes_freed"), sizeof piece);
    vidstore_text_free(report);
}
END_TEST

Suite *verify_suite(void) {
    Suite *suite = suite_create("verify");
    TCase *t = tcase_create("verify");
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, begin, end);
    tcase_add_test(t, all_is_well);
    tcase_add_test(t, damage_is_a_finding);
    tcase_add_test(t, doctor_reads_everything);
    tcase_add_test(t, no_free_descriptor_is_no_damage);
    tcase_add_test(t, slices_add_up);
    tcase_add_test(t, an_interrupt_ends_it);
    tcase_add_test(t, who_may_and_with_what);
    tcase_add_test(t, parts_count_as_freed);
    suite_add_tcase(suite, t);
    return suite;
}
