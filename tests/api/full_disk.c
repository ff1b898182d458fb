/* SPDX-License-Identifier: MIT */
/* No room is left: a limit on the size of any file stands in for the end of the disk, so that it needs no rights. What
 * fails says FULL and leaves nothing half-written, what is there can be read, and with room again all goes on. */
#include "upkeep_harness.h"
#include <sys/resource.h>

static struct rlimit roomy;
static char source[128];

static void setup(void) {
    begin();
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &roomy), 0);
    snprintf(source, sizeof source, "%s/source", folder);
}

/* No file can grow beyond so many bytes. */
static void disk_ends_at(rlim_t size) {
    struct rlimit tight = {size, roomy.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &tight), 0);
}

static void disk_has_room(void) {
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &roomy), 0);
}

static void teardown(void) {
    disk_has_room();
    end();
}

/* The store holds together, and can be written to. */
static void is_well(void) {
    vidstore_text *report = NULL;
    must(vidstore_doctor(sys, 1, &report, e));
    ck_assert_msg(!says(report, "\"verdict\":\"bad\""), "%s", vidstore_text_data(report));
    vidstore_text_free(report);
    add_job();
}

static int unfinished(void) {
    char parts[128];
    snprintf(parts, sizeof parts, "%s/tmp", place);
    return entries(parts);
}

static int64_t count_of(vidstore_status (*count)(vidstore_session *, const vidstore_query *, int64_t *,
                                                 vidstore_error **)) {
    int64_t found = -1;
    must(count(sys, NULL, &found, e));
    return found;
}

/* Jobs with much in them, until there is an end to it. */
static int64_t submit_until(vidstore_status *ret) {
    static char json[60000];
    int64_t made = 0;
    memset(json, ' ', sizeof json - 1);
    memcpy(json, "{\"a\":\"", 6);
    memset(json + 6, 'a', sizeof json - 10);
    memcpy(json + sizeof json - 4, "\"}", 3);
    vidstore_job_params *p = vidstore_job_params_new();
    vidstore_job_params_set_text(p, VIDSTORE_JOB_KIND, "download_only");
    vidstore_job_params_set_text(p, VIDSTORE_JOB_REQUEST, json);
    for (*ret = VIDSTORE_OK; made < 1000; made++) {
        vidstore_job *job = NULL;
        vidstore_error *error = NULL;
        *ret = vidstore_job_submit(sys, p, &job, &error);
        ck_assert(!*ret == !!job && vidstore_error_code(error) == *ret);
        vidstore_job_free(job);
        vidstore_error_free(error);
        if (*ret)
            break;
    }
    vidstore_job_params_free(p);
    return made;
}

START_TEST(submit) {
    vidstore_status status;
    struct id before = add_job();
    disk_ends_at(3000000);
    int64_t made = submit_until(&status);
    ck_assert_msg(status == VIDSTORE_FULL, "%s", vidstore_status_name(status));
    ck_assert_int_gt(made, 3);
    ck_assert_int_eq(count_of(vidstore_job_count), made + 1);
    ck_assert_int_eq(events("action = job_created"), made + 1);
    int32_t there = 0;
    must(vidstore_job_exists(sys, before.text, &there, e));
    ck_assert_int_eq(there, 1);
    disk_has_room();
    is_well();
    ck_assert_int_eq(count_of(vidstore_job_count), made + 2);
    close_store();
    open_store();
    ck_assert_int_eq(count_of(vidstore_job_count), made + 2);
}
END_TEST

static void write_source(size_t size) {
    FILE *f = fopen(source, "wb");
    ck_assert_ptr_nonnull(f);
    for (size_t i = 0; i < size; i++)
        fputc((int)(i * 2654435761u >> 7 & 0xFF), f);
    ck_assert_int_eq(fclose(f), 0);
}

START_TEST(put) {
    vidstore_file *file = NULL;
    vidstore_file_params *p = vidstore_file_params_new();
    vidstore_file_params_set_text(p, VIDSTORE_FILE_NAME, "a.bin");
    write_source(3000000);
    disk_ends_at(1500000);
    for (int by_fd = 0; by_fd < 2; by_fd++) {
        int fd = open(source, O_RDONLY);
        refused(VIDSTORE_FULL, NULL,
                by_fd ? vidstore_file_put_fd(sys, fd, INT64_MIN, p, &file, e)
                      : vidstore_file_put_path(sys, source, p, &file, e));
        close(fd);
        ck_assert_ptr_null(file);
        ck_assert_int_eq(count_of(vidstore_file_count), 0);
        ck_assert_int_eq(unfinished(), 0);
    }
    disk_has_room();
    ck_assert_int_eq(tamper("SELECT count(*) FROM blobs"), 0);
    must(vidstore_file_put_path(sys, source, p, &file, e));
    ck_assert_int_eq(vidstore_file_int64(file, VIDSTORE_FILE_SIZE), 3000000);
    must(vidstore_file_verify(sys, vidstore_file_id(file), NULL, e));
    vidstore_file_free(file);
    vidstore_file_params_free(p);
    is_well();
}
END_TEST

/* What was accepted before stays, and the sender goes on from there. */
START_TEST(upload) {
    static char piece[100000];
    vidstore_upload *up = NULL;
    vidstore_file *file = NULL;
    vidstore_file_params *p = vidstore_file_params_new();
    vidstore_file_params_set_text(p, VIDSTORE_FILE_NAME, "a.bin");
    must(vidstore_upload_open(sys, p, &up, e));
    vidstore_file_params_free(p);
    disk_ends_at(1450000);
    int64_t sent = 0;
    for (vidstore_status status = 0; !status && sent < 10000000;) {
        vidstore_error *error = NULL;
        memset(piece, (int)(sent / (int64_t)sizeof piece), sizeof piece);
        status = vidstore_upload_write(up, piece, sizeof piece, &error);
        ck_assert_msg(!status || status == VIDSTORE_FULL, "%s", vidstore_error_message(error));
        vidstore_error_free(error);
        sent += status ? 0 : (int64_t)sizeof piece;
    }
    ck_assert_int_eq(sent, 1400000);
    ck_assert_int_eq(vidstore_upload_size(up), sent);
    ck_assert_int_eq(count_of(vidstore_file_count), 0);
    disk_has_room();
    must(vidstore_upload_write(up, piece, sizeof piece, e));
    must(vidstore_upload_seal(up, sent + (int64_t)sizeof piece, e));
    must(vidstore_upload_publish(sys, up, &file, e));
    must(vidstore_file_verify(sys, vidstore_file_id(file), NULL, e));
    ck_assert_int_eq(vidstore_file_int64(file, VIDSTORE_FILE_SIZE), 1500000);
    vidstore_file_free(file);
    vidstore_upload_free(up);
    is_well();
}
END_TEST

/* At first the bytes of a file have no room in the copy, then the database. */
START_TEST(backup) {
    static const rlim_t ends[] = {2000000, 50000};
    char copy[128];
    vidstore_text *report = NULL;
    put_file(sys, 2500000, NULL, NULL);
    snprintf(copy, sizeof copy, "%s/copy", folder);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        int before = entries(folder);
        disk_ends_at(ends[i]);
        refused(VIDSTORE_FULL, NULL, vidstore_backup(sys, copy, 0, &report, e));
        disk_has_room();
        ck_assert_ptr_null(report);
        ck_assert_int_eq(entries(folder), before);
        is_well();
    }
    must(vidstore_backup(sys, copy, 0, &report, e));
    ck_assert_int_eq(number(report, "blobs"), 1);
    vidstore_text_free(report);
    is_well();
}
END_TEST

static void leave_a_log(void *arg) {
    (void)arg;
    open_store();
    add_job();
}

/* check itself writes a file for each assertion: none while there is no room at all. */
struct opened {
    vidstore_status reading, writing, submitting; /* submitting through the one for writing */
    int64_t jobs, jobs_again;
    char said[200];
};

static void open_without_room(rlim_t ends, struct opened *ret) {
    char uri[160];
    vidstore *vs = NULL;
    vidstore_session *s = NULL;
    vidstore_error *error = NULL;
    *ret = (struct opened){.submitting = VIDSTORE_FULL, .jobs = -1, .jobs_again = -1};
    snprintf(uri, sizeof uri, "vidstore:%s?mode=ro", place);
    struct rlimit tight = {ends, roomy.rlim_max};
    setrlimit(RLIMIT_FSIZE, &tight);
    ret->reading = vidstore_open(uri, NULL, &vs, &error);
    snprintf(ret->said, sizeof ret->said, "%s (%s)", vidstore_error_message(error), vidstore_error_cause(error));
    vidstore_error_free(error);
    if (!ret->reading && !vidstore_session_system(vs, "test", &s, NULL))
        vidstore_job_count(s, NULL, &ret->jobs, NULL);
    vidstore_session_free(s);
    vidstore_close(vs);
    ret->writing = vidstore_open(place, NULL, &vs, &error);
    if (!ret->reading)
        snprintf(ret->said, sizeof ret->said, "%s (%s)", vidstore_error_message(error), vidstore_error_cause(error));
    vidstore_error_free(error);
    s = NULL;
    if (!ret->writing && !vidstore_session_system(vs, "test", &s, NULL)) {
        vidstore_job_params *p = vidstore_job_params_new();
        vidstore_job_count(s, NULL, &ret->jobs_again, NULL);
        ret->submitting = vidstore_job_submit(s, p, NULL, NULL);
        vidstore_job_params_free(p);
    }
    vidstore_session_free(s);
    vidstore_close(vs);
    setrlimit(RLIMIT_FSIZE, &roomy);
}

/* Opening a store that was closed always works, and what is there can be read; writing may say FULL. Nothing is lost.
 * After a crash there is a log, of which even who reads has to make an index. */
START_TEST(open_again) {
    static const rlim_t ends[] = {0, 1, 4096, 32768, 100000, 1000000};
    int64_t jobs = 0;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct opened opened;
        add_job();
        jobs++;
        close_store();
        if (_i) {
            in_child(leave_a_log, NULL);
            jobs++;
        }
        open_without_room(ends[i], &opened);
        int may_fail = _i && ends[i] < 32768;
        ck_assert_msg(opened.reading == VIDSTORE_OK ? opened.jobs == jobs : may_fail && opened.reading == VIDSTORE_FULL,
                      "%llu: %s: %s, %lld jobs", (unsigned long long)ends[i], vidstore_status_name(opened.reading),
                      opened.said, (long long)opened.jobs);
        ck_assert_msg(opened.writing == opened.reading, "%llu: %s: %s", (unsigned long long)ends[i],
                      vidstore_status_name(opened.writing), opened.said);
        ck_assert_int_eq(opened.jobs_again, opened.jobs);
        ck_assert_msg(opened.submitting == VIDSTORE_FULL || (opened.submitting == VIDSTORE_OK && ends[i] > 4096),
                      "%llu: %s", (unsigned long long)ends[i], vidstore_status_name(opened.submitting));
        jobs += opened.writing == VIDSTORE_OK && opened.submitting == VIDSTORE_OK;
        open_store();
        ck_assert_int_eq(count_of(vidstore_job_count), jobs);
    }
    is_well();
}
END_TEST

Suite *full_disk_suite(void) {
    Suite *suite = suite_create("full_disk");
    TCase *t = tcase_create("full disk");
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, submit);
    tcase_add_test(t, put);
    tcase_add_test(t, upload);
    tcase_add_test(t, backup);
    tcase_add_loop_test(t, open_again, 0, 2);
    suite_add_tcase(suite, t);
    return suite;
}
