/* SPDX-License-Identifier: MIT */
/* Each public operation with its first allocation failing, then its second, and so on until it needs no more. Whatever
 * fails must say NOMEM, hand out nothing, leave nothing half-written, and work when it is repeated. */
#include "fault.h"
#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vidstore/vidstore.h>

enum { MOST_ALLOCATIONS = 20000 };

static char folder[64];
static vidstore *store;
static vidstore_session *session;
static char job_id[37], user_id[37], file_id[37], video_id[37];
static long turn; /* makes names unique */

typedef vidstore_status operation(vidstore_error **reterr);

static void must(vidstore_status status, vidstore_error *error) {
    ck_assert_msg(status == VIDSTORE_OK, "%s: %s", vidstore_status_name(status), vidstore_error_message(error));
}

static int64_t records(void) {
    int64_t users = 0, jobs = 0, videos = 0, files = 0;
    must(vidstore_user_count(session, NULL, &users, NULL), NULL);
    must(vidstore_job_count(session, NULL, &jobs, NULL), NULL);
    must(vidstore_video_count(session, NULL, &videos, NULL), NULL);
    must(vidstore_file_count(session, NULL, &files, NULL), NULL);
    return users + jobs + videos + files;
}

/* One attempt, with the n-th allocation failing. 1 when there was no n-th. */
static int attempt(operation *run, long nth) {
    int64_t before = records();
    vidstore_error *error = NULL;
    turn++;
    fault_arm(nth);
    vidstore_status status = run(&error);
    int hit = fault_disarm();
    if (status == VIDSTORE_OK) {
        ck_assert_ptr_null(error);
        return !hit;
    }
    ck_assert_msg(status == VIDSTORE_NOMEM, "allocation %ld: %s: %s", nth, vidstore_status_name(status),
                  vidstore_error_message(error));
    ck_assert_int_eq(vidstore_error_code(error), status);
    vidstore_error_free(error);
    ck_assert_msg(records() == before, "allocation %ld: something was left behind", nth);
    return 0;
}

static void sweep(operation *run) {
    long nth = 1;
    while (!attempt(run, nth))
        ck_assert_int_lt(++nth, MOST_ALLOCATIONS);
    ck_assert_msg(nth > 1, "nothing was allocated: the operation does nothing");
}

/* What must be NULL after a failure is given back on success. */
#define DONE(status, result, free)                                                                                     \
    do {                                                                                                               \
        ck_assert_msg(((status) == VIDSTORE_OK) == ((result) != NULL), "status and result disagree");                  \
        free(result);                                                                                                  \
        return status;                                                                                                 \
    } while (0)

static vidstore_status open_store(vidstore_error **reterr) {
    vidstore *second = NULL;
    vidstore_status status = vidstore_open(folder, NULL, &second, reterr);
    DONE(status, second, vidstore_close);
}

static vidstore_status make_session(vidstore_error **reterr) {
    vidstore_session *second = NULL;
    vidstore_status status = vidstore_session_system(store, "sweep", &second, reterr);
    DONE(status, second, vidstore_session_free);
}

static vidstore_status create_user(vidstore_error **reterr) {
    char name[32];
    vidstore_user *user = NULL;
    snprintf(name, sizeof name, "user-%ld", turn);
    vidstore_user_params *params = vidstore_user_params_new();
    vidstore_user_params_set_text(params, VIDSTORE_USER_USERNAME, name);
    vidstore_status status = vidstore_user_create(session, params, &user, reterr);
    vidstore_user_params_free(params);
    DONE(status, user, vidstore_user_free);
}

static vidstore_status get_user(vidstore_error **reterr) {
    vidstore_user *user = NULL;
    vidstore_status status = vidstore_user_get(session, user_id, &user, reterr);
    DONE(status, user, vidstore_user_free);
}

static vidstore_status submit_job(vidstore_error **reterr) {
    vidstore_job *job = NULL;
    vidstore_job_params *params = vidstore_job_params_new();
    vidstore_job_params_set_text(params, VIDSTORE_JOB_KIND, "download_only");
    vidstore_job_params_set_text(params, VIDSTORE_JOB_METADATA, "{\"a\":[1,2,{\"b\":null}]}");
    vidstore_job_params_set_text(params, VIDSTORE_JOB_SOURCES, "[{\"url\":\"https://example.org/a.mp4\"}]");
    vidstore_status status = vidstore_job_submit(session, params, &job, reterr);
    vidstore_job_params_free(params);
    DONE(status, job, vidstore_job_free);
}

static vidstore_status update_job(vidstore_error **reterr) {
    char season[32];
    vidstore_job *job = NULL;
    snprintf(season, sizeof season, "season %ld", turn);
    vidstore_job_params *params = vidstore_job_params_new();
    vidstore_job_params_set_text(params, VIDSTORE_JOB_SEASON, season);
    vidstore_status status = vidstore_job_update(session, job_id, params, &job, reterr);
    vidstore_job_params_free(params);
    DONE(status, job, vidstore_job_free);
}

static vidstore_status list_jobs(vidstore_error **reterr) {
    vidstore_page *page = NULL;
    vidstore_query *query = vidstore_query_new();
    vidstore_status status = vidstore_query_filter(query, "state = ready and (season ~ $1 or season is null)", reterr);
    if (status == VIDSTORE_OK) {
        vidstore_query_flags(query, VIDSTORE_QUERY_SCAN);
        vidstore_query_bind_text(query, 1, "x");
        status = vidstore_job_list(session, query, &page, reterr);
    }
    vidstore_query_free(query);
    DONE(status, page, vidstore_page_free);
}

static vidstore_status job_as_json(vidstore_error **reterr) {
    vidstore_job *job = NULL;
    vidstore_text *json = NULL;
    vidstore_status status = vidstore_job_get(session, job_id, &job, reterr);
    if (status == VIDSTORE_OK)
        status = vidstore_job_json(job, &json, reterr);
    vidstore_job_free(job);
    DONE(status, json, vidstore_text_free);
}

static vidstore_status list_settings(vidstore_error **reterr) {
    vidstore_text *json = NULL;
    vidstore_status status = vidstore_setting_list(session, &json, reterr);
    DONE(status, json, vidstore_text_free);
}

static vidstore_status in_a_transaction(vidstore_error **reterr) {
    vidstore_status status = vidstore_begin(session, 0, reterr);
    if (status != VIDSTORE_OK)
        return status;
    status = submit_job(reterr);
    if (status == VIDSTORE_OK)
        return vidstore_commit(session, reterr);
    vidstore_rollback(session, NULL);
    return status;
}

static vidstore_status put_file(vidstore_error **reterr) {
    vidstore_file *file = NULL;
    vidstore_upload *upload = NULL;
    vidstore_file_params *params = vidstore_file_params_new();
    vidstore_file_params_set_text(params, VIDSTORE_FILE_NAME, "a.mp4");
    vidstore_status status = vidstore_upload_open(session, params, &upload, reterr);
    vidstore_file_params_free(params);
    if (status == VIDSTORE_OK)
        status = vidstore_upload_write(upload, "bytes", 5, reterr);
    if (status == VIDSTORE_OK)
        status = vidstore_upload_seal(upload, 5, reterr);
    if (status == VIDSTORE_OK)
        status = vidstore_upload_publish(session, upload, &file, reterr);
    vidstore_upload_free(upload);
    DONE(status, file, vidstore_file_free);
}

static vidstore_status read_file(vidstore_error **reterr) {
    char buffer[5];
    int64_t got = 0;
    vidstore_reader *reader = NULL;
    vidstore_status status = vidstore_file_open(session, file_id, &reader, reterr);
    if (status == VIDSTORE_OK)
        status = vidstore_reader_read(reader, 0, buffer, sizeof buffer, &got, reterr);
    ck_assert_msg(status != VIDSTORE_OK || (got == 5 && memcmp(buffer, "bytes", 5) == 0),
                  "other bytes than were written");
    vidstore_reader_free(reader);
    return status;
}

/* Twice the same bytes: one is probed, or known, the other known. They are no media. */
static vidstore_status probe_videos(vidstore_error **reterr) {
    const char *const ids[] = {video_id, video_id};
    vidstore_page *page = NULL;
    vidstore_status status = vidstore_video_probe_many(session, ids, 2, 0, &page, reterr);
    ck_assert_int_eq(page != NULL, status == VIDSTORE_OK);
    for (int64_t i = 0; i < vidstore_page_count(page); i++) {
        vidstore_status outcome = vidstore_page_status(page, i);
        ck_assert_msg(outcome == VIDSTORE_MEDIA || outcome == VIDSTORE_NOMEM, "%s", vidstore_status_name(outcome));
    }
    vidstore_page_free(page);
    return status;
}

static vidstore_status list_audit(vidstore_error **reterr) {
    vidstore_page *page = NULL;
    vidstore_status status = vidstore_audit_list(session, NULL, &page, reterr);
    DONE(status, page, vidstore_page_free);
}

static vidstore_status use_once(vidstore_error **reterr) {
    char token[VIDSTORE_TOKEN_SIZE];
    vidstore_text *address = NULL;
    vidstore_user *user = NULL;
    vidstore_status status = vidstore_once_create(store, session, VIDSTORE_ONCE_VERIFICATION, user_id, NULL, &address,
                                                  token, sizeof token, reterr);
    ck_assert_msg((status == VIDSTORE_OK) == (*token != '\0'), "status and token disagree");
    vidstore_text_free(address);
    if (status == VIDSTORE_OK)
        status = vidstore_once_use(store, VIDSTORE_ONCE_VERIFICATION, token, NULL, NULL, &user, reterr);
    DONE(status, user, vidstore_user_free);
}

static vidstore_status ask_for_reset(vidstore_error **reterr) {
    char token[VIDSTORE_TOKEN_SIZE], name[32];
    vidstore_text *address = NULL;
    snprintf(name, sizeof name, "nobody-%ld", turn); /* nobody asks too often */
    vidstore_status status = vidstore_once_request_reset(store, name, 0, NULL, &address, token, sizeof token, reterr);
    ck_assert_msg((status == VIDSTORE_OK) == (*token != '\0'), "status and token disagree");
    DONE(status, address, vidstore_text_free);
}

static vidstore_status call_by_name(vidstore_error **reterr) {
    vidstore_text *text = NULL;
    vidstore_status status = vidstore_call(
        session, "job.list", "{\"query\": {\"filter\": \"state = ready\", \"sort\": \"created\"}}", &text, reterr);
    DONE(status, text, vidstore_text_free);
}

/* All or nothing, as what it leaves behind is looked at. */
static vidstore_status batch(vidstore_error **reterr) {
    vidstore_text *text = NULL;
    vidstore_status status = vidstore_batch(session,
                                            "[{\"name\": \"job.submit\", \"args\": {\"params\": {\"kind\": \"a\"}}},"
                                            "{\"name\": \"video.create\", \"args\": {\"params\": {\"title\": \"b\"}}}]",
                                            0, &text, reterr);
    DONE(status, text, vidstore_text_free);
}

/* A change by name has been made when there is no memory for its answer alone: then nobody may say that it has failed.
 */
static vidstore_status change_by_name(vidstore_error **reterr) {
    vidstore_text *text = NULL;
    vidstore_status status = vidstore_call(session, "job.submit", "{\"params\": {\"kind\": \"a\"}}", &text, reterr);
    if (status == VIDSTORE_UNKNOWN_OUTCOME && !text) {
        ck_assert_int_eq(vidstore_error_code(*reterr), status);
        vidstore_error_free(*reterr);
        *reterr = NULL;
        return VIDSTORE_OK;
    }
    DONE(status, text, vidstore_text_free);
}

static vidstore_status read_changes(vidstore_error **reterr) {
    vidstore_text *text = NULL;
    vidstore_status status = vidstore_changes(session, "{\"noun\": [\"job\", \"user\"]}", "start", 100, &text, reterr);
    DONE(status, text, vidstore_text_free);
}

static vidstore_status watch(vidstore_error **reterr) {
    vidstore_watch *watch = NULL;
    vidstore_text *text = NULL;
    vidstore_status status = vidstore_watch_open(session, "{\"noun\": \"job\"}", "start", &watch, reterr);
    ck_assert_int_eq(watch != NULL, status == VIDSTORE_OK);
    if (status == VIDSTORE_OK)
        status = vidstore_watch_next(watch, 10, &text, reterr);
    vidstore_watch_free(watch);
    DONE(status, text, vidstore_text_free);
}

static vidstore_status in_a_snapshot(vidstore_error **reterr) {
    vidstore_page *page = NULL;
    vidstore_status status = vidstore_snapshot_begin(session, 10000, reterr);
    if (status == VIDSTORE_OK) {
        status = vidstore_user_list(session, NULL, &page, reterr);
        vidstore_status ended = vidstore_snapshot_end(session, NULL);
        ck_assert_int_eq(ended, VIDSTORE_OK);
    }
    DONE(status, page, vidstore_page_free);
}

static vidstore_status use_own_table(vidstore_error **reterr) {
    vidstore_text *text = NULL;
    int64_t changes = 0;
    vidstore_status status =
        vidstore_app_exec(session, "INSERT INTO app_notes VALUES ($1, $2)", "[1, \"a\"]", &changes, reterr);
    if (status == VIDSTORE_OK)
        status = vidstore_app_query(session, "SELECT n, t FROM app_notes WHERE n = $1", "[1]", 10, &text, reterr);
    DONE(status, text, vidstore_text_free);
}

static void make_records(void) {
    vidstore_error *error = NULL;
    vidstore_user *user = NULL;
    vidstore_user_params *up = vidstore_user_params_new();
    vidstore_user_params_set_text(up, VIDSTORE_USER_USERNAME, "first");
    vidstore_user_params_set_text(up, VIDSTORE_USER_EMAIL, "first@example.org");
    must(vidstore_user_create(session, up, &user, &error), error);
    snprintf(user_id, sizeof user_id, "%s", vidstore_user_id(user));
    vidstore_user_params_free(up);
    vidstore_user_free(user);

    vidstore_job *job = NULL;
    vidstore_job_params *jp = vidstore_job_params_new();
    vidstore_job_params_set_text(jp, VIDSTORE_JOB_KIND, "download_only");
    must(vidstore_job_submit(session, jp, &job, &error), error);
    snprintf(job_id, sizeof job_id, "%s", vidstore_job_id(job));
    vidstore_job_params_free(jp);
    vidstore_job_free(job);
}

static void make_file(void) {
    vidstore_error *error = NULL;
    vidstore_page *page = NULL;
    must(put_file(&error), error);
    must(vidstore_file_list(session, NULL, &page, &error), error);
    snprintf(file_id, sizeof file_id, "%s", vidstore_file_id(vidstore_page_file(page, 0)));
    vidstore_page_free(page);

    vidstore_video *video = NULL;
    vidstore_video_params *vp = vidstore_video_params_new();
    vidstore_video_params_set_text(vp, VIDSTORE_VIDEO_SOURCE_FILE_ID, file_id);
    must(vidstore_video_create(session, vp, &video, &error), error);
    snprintf(video_id, sizeof video_id, "%s", vidstore_video_id(video));
    vidstore_video_params_free(vp);
    vidstore_video_free(video);
}

/* The library within this program looks for the prober beside it. */
static void name_prober(void) {
    const char *build = getenv("VIDSTORE_BUILD_ROOT");
    char path[4096];
    ck_assert_ptr_nonnull(build);
    snprintf(path, sizeof path, "%s/lib/media/helper/vidstore-probe", build);
    setenv("VIDSTORE_PROBE_HELPER", path, 1);
}

static void begin(void) {
    vidstore_error *error = NULL;
    name_prober();
    snprintf(folder, sizeof folder, "/tmp/vidstore-fault-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    must(vidstore_open(folder, NULL, &store, &error), error);
    must(vidstore_session_system(store, "test", &session, &error), error);
    must(vidstore_app_migrate(session, "notes", "CREATE TABLE app_notes (n INTEGER, t TEXT)", NULL, &error), error);
    make_records();
    make_file();
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at) {
    (void)st, (void)type, (void)at;
    return remove(path);
}

static void end(void) {
    vidstore_session_free(session);
    vidstore_close(store);
    ck_assert_int_eq(nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static operation *const operations[] = {open_store,   make_session,  create_user,  get_user,       submit_job,
                                        update_job,   list_jobs,     job_as_json,  list_settings,  in_a_transaction,
                                        put_file,     read_file,     list_audit,   use_once,       ask_for_reset,
                                        probe_videos, call_by_name,  batch,        change_by_name, read_changes,
                                        watch,        in_a_snapshot, use_own_table};

START_TEST(every_allocation) {
    sweep(operations[_i]);
}
END_TEST

Suite *sweep_suite(void);
Suite *sweep_suite(void) {
    Suite *suite = suite_create("sweep");
    TCase *tests = tcase_create("allocations");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_loop_test(tests, every_allocation, 0, sizeof operations / sizeof *operations);
    suite_add_tcase(suite, tests);
    return suite;
}
