/* SPDX-License-Identifier: MIT */
/* What a fetch that fails leaves behind. */
#include "range_server.h"
#include "upkeep_harness.h"
#include <pthread.h>

enum { SIZE = 600000 };

static struct range_server server;
static char parts[128]; /* where unfinished bytes lie */

static void set(const char *name, const char *value) {
    must(vidstore_setting_set(sys, name, value, e));
}

static void setup(void) {
    static unsigned char data[SIZE];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (unsigned char)(i * 2654435761u >> 9);
    begin();
    snprintf(parts, sizeof parts, "%s/tmp", place);
    range_server_folder(&server);
    range_server_file(&server, "a.mp4", data, sizeof data);
    range_server_start(&server, "127.0.0.1", NULL, NULL);
    set("fetch.allow_private", "1");
    set("fetch.tries", "1");
}

static void teardown(void) {
    range_server_stop(&server);
    ck_assert_int_eq(nftw(server.dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
    end();
}

/* A video with a source on the server; `more` is further JSON. */
static struct id video_from(const char *target, const char *more) {
    char json[512];
    vidstore_video *video = NULL;
    vidstore_video_params *p = vidstore_video_params_new();
    snprintf(json, sizeof json, "{\"title\": \"a\", \"url\": \"http://127.0.0.1:%d/%s\"%s}", server.port, target, more);
    vidstore_video_params_set_json(p, json);
    must(vidstore_video_create(sys, p, &video, e));
    vidstore_video_params_free(p);
    struct id id = id_of(vidstore_video_id(video));
    vidstore_video_free(video);
    return id;
}

static void state_is(struct id id, int64_t state, int64_t done, const char *why) {
    vidstore_video *video = NULL;
    must(vidstore_video_get(sys, id.text, &video, e));
    const char *error = vidstore_video_text(video, VIDSTORE_VIDEO_DOWNLOAD_ERROR);
    ck_assert_int_eq(vidstore_video_int64(video, VIDSTORE_VIDEO_DOWNLOAD_STATE), state);
    ck_assert_int_eq(vidstore_video_int64(video, VIDSTORE_VIDEO_DOWNLOAD_DONE), done);
    ck_assert_msg(!why == !error && (!why || strncmp(error, why, strlen(why)) == 0), "%s", error ? error : "no error");
    vidstore_video_free(video);
}

static int64_t uploads_on_record(void) {
    return tamper("SELECT count(*) FROM blobs WHERE refs = 0");
}

/* The source gives its first bytes and breaks off: they are kept. */
static struct id broken_off(const char *target, const char *more) {
    struct id id = video_from(target, more);
    refused(VIDSTORE_UNAVAILABLE, "url", vidstore_video_fetch(sys, id.text, NULL, e));
    ck_assert_int_eq(entries(parts), 1);
    ck_assert_int_eq(uploads_on_record(), 1);
    return id;
}

static void change(struct id id, const char *json) {
    vidstore_video_params *p = vidstore_video_params_new();
    vidstore_video_params_set_json(p, json);
    must(vidstore_video_update(sys, id.text, p, NULL, e));
    vidstore_video_params_free(p);
}

START_TEST(what_may_pass_keeps_the_bytes) {
    vidstore_file *file = NULL;
    struct id id = broken_off("a.mp4?drop=300000x1", "");
    vidstore_video *video = NULL;
    must(vidstore_video_get(sys, id.text, &video, e));
    ck_assert_int_eq(vidstore_video_int64(video, VIDSTORE_VIDEO_DOWNLOAD_STATE), VIDSTORE_WORK_FAILED);
    vidstore_video_free(video);
    must(vidstore_video_fetch(sys, id.text, &file, e));
    ck_assert_int_eq(vidstore_file_int64(file, VIDSTORE_FILE_SIZE), SIZE);
    vidstore_file_free(file);
    ck_assert_int_eq(range_server_logged(&server, "/a.mp4?drop=300000x1", "bytes=300000-"), 1);
    state_is(id, VIDSTORE_WORK_COMPLETED, SIZE, NULL);
    ck_assert_int_eq(entries(parts), 0);
}
END_TEST

/* Killed when all bytes were there, and before there was a file: nothing is fetched again. */
START_TEST(what_is_whole_is_not_fetched_again) {
    vidstore_file *file = NULL;
    struct id id = video_from("a.mp4?once", "");
    must(vidstore_video_fetch(sys, id.text, &file, e));
    vidstore_file_free(file);
    tamper(
        "DELETE FROM files; UPDATE blobs SET refs = 0; UPDATE videos SET source_file_id = NULL, download_state = 20");
    must(vidstore_video_fetch(sys, id.text, &file, e));
    ck_assert_int_eq(vidstore_file_int64(file, VIDSTORE_FILE_SIZE), SIZE);
    must(vidstore_file_verify(sys, vidstore_file_id(file), NULL, e));
    vidstore_file_free(file);
    ck_assert_int_eq(range_server_logged(&server, "/a.mp4?once", "GET"), 1);
    state_is(id, VIDSTORE_WORK_COMPLETED, SIZE, NULL);
    ck_assert_int_eq(tamper("SELECT count(*) FROM blobs"), 1);
}
END_TEST

/* Each ends the fetch for good, the first time or when it goes on with what an earlier one left. */
static const struct {
    const char *target, *more;
    vidstore_status code;
    const char *why;
} for_good[] = {
    {"nothing.mp4", "", VIDSTORE_NOT_FOUND, "NOT_FOUND: "},
    {"a.mp4?fail=404", "", VIDSTORE_NOT_FOUND, "NOT_FOUND: "},
    {"a.mp4?fail=410", "", VIDSTORE_NOT_FOUND, "NOT_FOUND: "},
    {"a.mp4?fail=403", "", VIDSTORE_FORBIDDEN, "FORBIDDEN: "},
    {"a.mp4?fail=400", "", VIDSTORE_INVALID, "INVALID: "},
    {"a.mp4?redirect=ftp%3A%2F%2Flocalhost%2Fa", "", VIDSTORE_INVALID, "INVALID: "},
    {"a.mp4?nolength", "", VIDSTORE_INVALID, "INVALID: the server does not say"},
    {"a.mp4?nolength&short", "", VIDSTORE_INVALID, "INVALID: the server does not say"},
    {"a.mp4?nolength&short",
     ", \"expected_sha256\": \"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"", VIDSTORE_INVALID,
     "INVALID: "},
    {"a.mp4", ", \"expected_sha256\": \"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"",
     VIDSTORE_INVALID, "INVALID: "},
};

START_TEST(what_is_refused_for_good_leaves_nothing) {
    for (size_t i = 0; i < sizeof for_good / sizeof *for_good; i++) {
        struct id id = video_from(for_good[i].target, for_good[i].more);
        refused(for_good[i].code, NULL, vidstore_video_fetch(sys, id.text, NULL, e));
        state_is(id, VIDSTORE_WORK_FAILED, 0, for_good[i].why);
        ck_assert_int_eq(entries(parts), 0);
        ck_assert_int_eq(uploads_on_record(), 0);
    }
}
END_TEST

/* What has no length is whole when its checksum says so, or when somebody has allowed it. */
START_TEST(an_end_that_is_not_told_can_be_vouched_for) {
    vidstore_file *file = NULL;
    char more[128];
    struct id id = video_from("a.mp4", "");
    must(vidstore_video_fetch(sys, id.text, &file, e));
    snprintf(more, sizeof more, ", \"expected_sha256\": \"%s\"", vidstore_file_text(file, VIDSTORE_FILE_SHA256));
    vidstore_file_free(file);
    id = video_from("a.mp4?nolength", more);
    must(vidstore_video_fetch(sys, id.text, NULL, e));
    state_is(id, VIDSTORE_WORK_COMPLETED, SIZE, NULL);
    set("fetch.allow_unsized", "1");
    id = video_from("a.mp4?nolength", "");
    must(vidstore_video_fetch(sys, id.text, NULL, e));
    state_is(id, VIDSTORE_WORK_COMPLETED, SIZE, NULL);
}
END_TEST

START_TEST(too_much_leaves_nothing) {
    set("fetch.max_bytes", "400000");
    struct id told = video_from("a.mp4", ""), untold = video_from("a.mp4?chunked", "");
    refused(VIDSTORE_INVALID, "url", vidstore_video_fetch(sys, told.text, NULL, e));
    state_is(told, VIDSTORE_WORK_FAILED, 0, "INVALID: ");
    refused(VIDSTORE_INVALID, "url", vidstore_video_fetch(sys, untold.text, NULL, e));
    state_is(untold, VIDSTORE_WORK_FAILED, 0, "INVALID: ");
    ck_assert_int_eq(entries(parts), 0);
    ck_assert_int_eq(uploads_on_record(), 0);
}
END_TEST

START_TEST(a_source_that_goes_away_takes_its_bytes_along) {
    char path[128];
    struct id id = broken_off("a.mp4?drop=300000", "");
    snprintf(path, sizeof path, "%s/a.mp4", server.dir);
    ck_assert_int_eq(unlink(path), 0);
    refused(VIDSTORE_NOT_FOUND, "url", vidstore_video_fetch(sys, id.text, NULL, e));
    state_is(id, VIDSTORE_WORK_FAILED, 0, "NOT_FOUND: ");
    ck_assert_int_eq(entries(parts), 0);
    ck_assert_int_eq(uploads_on_record(), 0);
}
END_TEST

/* The address was allowed when the first bytes came. */
START_TEST(what_is_not_allowed_any_more_takes_its_bytes_along) {
    struct id id = broken_off("a.mp4?drop=300000", "");
    set("fetch.allow_private", "0");
    refused(VIDSTORE_FORBIDDEN, "url", vidstore_video_fetch(sys, id.text, NULL, e));
    state_is(id, VIDSTORE_WORK_FAILED, 0, "FORBIDDEN: ");
    ck_assert_int_eq(entries(parts), 0);
    ck_assert_int_eq(uploads_on_record(), 0);
}
END_TEST

/* --- what is said between two tries ---------------------------------------------------------------------------- */

#define WRONG "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

/* 0: the first try has some of the bytes, 1: all of them, sealed and not yet a file. */
START_TEST(a_checksum_counts_whenever_it_is_set) {
    struct id id = video_from(_i ? "a.mp4?whole" : "a.mp4?drop=300000x1", "");
    if (_i) {
        must(vidstore_video_fetch(sys, id.text, NULL, e));
        tamper("DELETE FROM files; UPDATE blobs SET refs = 0; UPDATE videos SET source_file_id = NULL, "
               "download_state = 20");
    } else {
        refused(VIDSTORE_UNAVAILABLE, "url", vidstore_video_fetch(sys, id.text, NULL, e));
    }
    change(id, "{\"expected_sha256\": \"" WRONG "\"}");
    refused(VIDSTORE_INVALID, NULL, vidstore_video_fetch(sys, id.text, NULL, e));
    state_is(id, VIDSTORE_WORK_FAILED, 0, "INVALID: ");
    ck_assert_int_eq(entries(parts), 0);
    ck_assert_int_eq(uploads_on_record(), 0);
}
END_TEST

START_TEST(a_job_that_went_meanwhile_is_in_nobodys_way) {
    char more[128];
    vidstore_job *job = NULL;
    vidstore_job_params *p = vidstore_job_params_new();
    vidstore_job_params_set_text(p, VIDSTORE_JOB_KIND, "download_only");
    must(vidstore_job_submit(sys, p, &job, e));
    snprintf(more, sizeof more, ", \"job_id\": \"%s\"", vidstore_job_id(job));
    struct id id = broken_off("a.mp4?drop=300000x1", more);
    must(vidstore_job_remove(sys, vidstore_job_id(job), VIDSTORE_REMOVE_DETACH, e));
    must(vidstore_video_fetch(sys, id.text, NULL, e));
    state_is(id, VIDSTORE_WORK_COMPLETED, SIZE, NULL);
    vidstore_job_params_free(p);
    vidstore_job_free(job);
}
END_TEST

START_TEST(sealed_bytes_that_are_lost_are_fetched_again) {
    char blobs[160];
    vidstore_file *file = NULL;
    struct id id = video_from("a.mp4?lost", "");
    must(vidstore_video_fetch(sys, id.text, NULL, e));
    tamper(
        "DELETE FROM files; UPDATE blobs SET refs = 0; UPDATE videos SET source_file_id = NULL, download_state = 20");
    snprintf(blobs, sizeof blobs, "find %s/blobs -type f ! -name INSTANCE -delete", place);
    ck_assert_int_eq(system(blobs), 0);
    must(vidstore_video_fetch(sys, id.text, &file, e));
    must(vidstore_file_verify(sys, vidstore_file_id(file), NULL, e));
    vidstore_file_free(file);
    ck_assert_int_eq(range_server_logged(&server, "/a.mp4?lost", "GET"), 2);
}
END_TEST

/* --- another source ------------------------------------------------------------------------------------------------
 */

static void set_url(struct id id, const char *target, const char *more) {
    char json[256];
    snprintf(json, sizeof json, "{\"url\": \"http://127.0.0.1:%d/%s\"%s}", server.port, target, more);
    change(id, json);
}

static struct id source_of(struct id id) {
    vidstore_video *video = NULL;
    must(vidstore_video_get(sys, id.text, &video, e));
    struct id file = id_of(vidstore_video_text(video, VIDSTORE_VIDEO_SOURCE_FILE_ID));
    vidstore_video_free(video);
    return file;
}

START_TEST(another_url_is_another_download) {
    struct id id = video_from("a.mp4", "");
    must(vidstore_video_fetch(sys, id.text, NULL, e));
    struct id first = source_of(id);
    set_url(id, "a.mp4?2", "");
    state_is(id, VIDSTORE_WORK_PENDING, INT64_MIN, NULL);
    ck_assert_str_eq(source_of(id).text, first.text);
    must(vidstore_video_fetch(sys, id.text, NULL, e));
    state_is(id, VIDSTORE_WORK_COMPLETED, SIZE, NULL);
    ck_assert_str_ne(source_of(id).text, first.text);
    ck_assert_int_eq(range_server_logged(&server, "/a.mp4?2", "GET"), 1);
    /* The same one again changes nothing; and who knows better says so. */
    set_url(id, "a.mp4?2", "");
    state_is(id, VIDSTORE_WORK_COMPLETED, SIZE, NULL);
    set_url(id, "a.mp4?3", ", \"download_state\": \"completed\"");
    state_is(id, VIDSTORE_WORK_COMPLETED, SIZE, NULL);
    set_url(id, "a.mp4?4", ", \"download_state\": \"failed\", \"download_error\": \"moved\"");
    state_is(id, VIDSTORE_WORK_FAILED, SIZE, "moved");
    set_url(id, "a.mp4?5", "");
    state_is(id, VIDSTORE_WORK_PENDING, INT64_MIN, NULL);
}
END_TEST

struct slow_fetch {
    struct id id;
    int code;
};

static void *fetch_slowly(void *arg) {
    struct slow_fetch *f = arg;
    vidstore_session *s = NULL;
    must(vidstore_session_system(store, "slow", &s, e));
    f->code = vidstore_video_fetch(s, f->id.text, NULL, NULL);
    vidstore_session_free(s);
    return NULL;
}

static int64_t fetched(struct id id) {
    vidstore_video *video = NULL;
    must(vidstore_video_get(sys, id.text, &video, e));
    int64_t done = vidstore_video_int64(video, VIDSTORE_VIDEO_DOWNLOAD_DONE);
    vidstore_video_free(video);
    return done;
}

/* 0: while it is under way, 1: when only its last byte is missing. */
START_TEST(another_url_ends_a_fetch) {
    struct slow_fetch f = {.id = video_from(_i ? "a.mp4?stall=599999x1" : "a.mp4?slow=100000", "")};
    pthread_t thread;
    if (_i)
        set("fetch.tries", "2");
    set("fetch.stall_ms", "1500");
    ck_assert_int_eq(pthread_create(&thread, NULL, fetch_slowly, &f), 0);
    while (fetched(f.id) <= 0)
        usleep(10000);
    set_url(f.id, "a.mp4", "");
    pthread_join(thread, NULL);
    ck_assert_int_eq(f.code, VIDSTORE_CONFLICT);
    state_is(f.id, VIDSTORE_WORK_PENDING, INT64_MIN, NULL);
    ck_assert_int_eq(entries(parts), 0);
    ck_assert_int_eq(uploads_on_record(), 0);
    must(vidstore_video_fetch(sys, f.id.text, NULL, e));
    state_is(f.id, VIDSTORE_WORK_COMPLETED, SIZE, NULL);
}
END_TEST

/* --- two at a time --------------------------------------------------------------------------------------------- */

/* The first of them falls silent before its last byte. 0: that is its end, 1: it tries again. Who is late changes
 * nothing of what the other has done. */
START_TEST(two_fetches_give_one_file) {
    struct slow_fetch f = {.id = video_from("a.mp4?stall=599999x1", "")};
    vidstore_video *video = NULL;
    pthread_t thread;
    set("fetch.tries", _i ? "2" : "1");
    set("fetch.stall_ms", "1500");
    ck_assert_int_eq(pthread_create(&thread, NULL, fetch_slowly, &f), 0);
    while (fetched(f.id) <= 0)
        usleep(10000);
    must(vidstore_video_fetch(sys, f.id.text, NULL, e));
    struct id first = source_of(f.id);
    pthread_join(thread, NULL);
    ck_assert_int_eq(f.code, _i ? VIDSTORE_OK : VIDSTORE_UNAVAILABLE);
    state_is(f.id, VIDSTORE_WORK_COMPLETED, SIZE, NULL);
    ck_assert_str_eq(source_of(f.id).text, first.text);
    ck_assert_int_eq(tamper("SELECT count(*) FROM files"), 1);
    must(vidstore_video_get(sys, f.id.text, &video, e));
    ck_assert_int_eq(vidstore_video_int64(video, VIDSTORE_VIDEO_DOWNLOAD_RETRIES), 0);
    vidstore_video_free(video);
}
END_TEST

/* A store that is held for longer than a call may wait costs the progress its record, not the bytes their way. */
START_TEST(a_busy_store_ends_no_download) {
    struct slow_fetch f = {.id = video_from("a.mp4?slow=200000", "")};
    vidstore_open_params *p = vidstore_open_params_new();
    vidstore *usual = store;
    pthread_t thread;
    vidstore_open_params_set_int64(p, VIDSTORE_OPEN_DEADLINE_MS, 300);
    must(vidstore_open(place, p, &store, e));
    ck_assert_int_eq(pthread_create(&thread, NULL, fetch_slowly, &f), 0);
    while (fetched(f.id) <= 0)
        usleep(10000);
    must(vidstore_begin(sys, 0, e));
    usleep(1500000);
    must(vidstore_commit(sys, e));
    pthread_join(thread, NULL);
    ck_assert_int_eq(f.code, VIDSTORE_OK);
    vidstore_close(store);
    store = usual;
    vidstore_open_params_free(p);
    state_is(f.id, VIDSTORE_WORK_COMPLETED, SIZE, NULL);
}
END_TEST

Suite *fetch_suite(void) {
    Suite *suite = suite_create("fetch");
    TCase *t = tcase_create("fetch");
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, what_may_pass_keeps_the_bytes);
    tcase_add_test(t, what_is_whole_is_not_fetched_again);
    tcase_add_test(t, what_is_refused_for_good_leaves_nothing);
    tcase_add_test(t, an_end_that_is_not_told_can_be_vouched_for);
    tcase_add_test(t, too_much_leaves_nothing);
    tcase_add_test(t, a_source_that_goes_away_takes_its_bytes_along);
    tcase_add_test(t, what_is_not_allowed_any_more_takes_its_bytes_along);
    tcase_add_loop_test(t, a_checksum_counts_whenever_it_is_set, 0, 2);
    tcase_add_test(t, a_job_that_went_meanwhile_is_in_nobodys_way);
    tcase_add_test(t, sealed_bytes_that_are_lost_are_fetched_again);
    tcase_add_loop_test(t, two_fetches_give_one_file, 0, 2);
    tcase_add_test(t, a_busy_store_ends_no_download);
    tcase_add_test(t, another_url_is_another_download);
    tcase_add_loop_test(t, another_url_ends_a_fetch, 0, 2);
    suite_add_tcase(suite, t);
    return suite;
}
