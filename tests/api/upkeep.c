/* SPDX-License-Identifier: MIT */
/* Clean-up and statistics. */
#include "upkeep_harness.h"

/* --- maintain ------------------------------------------------------------------------------------------------- */

static vidstore_text *maintain(int64_t budget_ms, uint32_t flags) {
    vidstore_text *report = NULL;
    must(vidstore_maintain(sys, budget_ms, flags, &report, e));
    ck_assert_ptr_nonnull(report);
    return report;
}

static void setting(const char *name, const char *value) {
    must(vidstore_setting_set(sys, name, value, e));
}

static void cancel(struct id job) {
    must(vidstore_job_cancel(sys, job.text, NULL, e));
}

static int job_is_there(struct id id) {
    int32_t there = -1;
    must(vidstore_job_exists(sys, id.text, &there, e));
    return there;
}

static int file_is_there(struct id id) {
    int32_t there = -1;
    must(vidstore_file_exists(sys, id.text, &there, e));
    return there;
}

/* One of everything whose time has come, and one of everything whose time has not. */
static struct {
    struct id old_job, new_job, waiting_job, kept_file, expired_file, gone_file, gone_video, gone_job, fresh_video;
    char gone_path[256], kept_path[256];
} it;

static void make_all(void) {
    it.old_job = add_job();
    it.new_job = add_job();
    it.waiting_job = add_job();
    it.gone_job = add_job();
    it.gone_video = add_video();
    it.fresh_video = add_video();
    it.kept_file = put_file(sys, 1000, it.old_job.text, NULL);
    it.expired_file = put_file(sys, 2000, NULL, NULL);
    it.gone_file = put_file(sys, 3000, NULL, it.gone_video.text);
    path_of(it.gone_file, it.gone_path, sizeof it.gone_path);
    path_of(it.kept_file, it.kept_path, sizeof it.kept_path);
    cancel(it.old_job);
    cancel(it.new_job);
    must(vidstore_job_remove(sys, it.gone_job.text, VIDSTORE_REMOVE_CASCADE, e));
    must(vidstore_video_remove(sys, it.gone_video.text, VIDSTORE_REMOVE_CASCADE, e));
    must(vidstore_video_remove(sys, it.fresh_video.text, VIDSTORE_REMOVE_CASCADE, e));
    setting("retention.completed_days", "7");
    setting("retention.removed_days", "5");
    setting("retention.blob_grace_ms", "0");
    char sql[2048];
    snprintf(sql, sizeof sql,
             "UPDATE jobs SET completed_us = completed_us - 8 * %lld WHERE id = x'%s';"
             "UPDATE jobs SET deleted_us = deleted_us - 6 * %lld WHERE deleted_us IS NOT NULL;"
             "UPDATE videos SET deleted_us = deleted_us - 6 * %lld WHERE id = x'%s';"
             "UPDATE files SET deleted_us = deleted_us - 6 * %lld WHERE deleted_us IS NOT NULL;"
             "UPDATE files SET expires_us = 1 WHERE id = x'%s'",
             (long long)DAY_US, hex(it.old_job).text, (long long)DAY_US, (long long)DAY_US, hex(it.gone_video).text,
             (long long)DAY_US, hex(it.expired_file).text);
    tamper(sql);
}

/* Everything that the database holds, as one number. */
static uint64_t dump(void) {
    static const char *const tables[] = {"vs_meta",    "settings", "users", "jobs",  "job_attempts",
                                         "job_counts", "videos",   "files", "blobs", "audit_events"};
    char path[128], sql[64];
    sqlite3 *raw = NULL;
    uint64_t h = 14695981039346656037u;
    snprintf(path, sizeof path, "%s/store.db", place);
    close_store();
    ck_assert_int_eq(sqlite3_open(path, &raw), SQLITE_OK);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        sqlite3_stmt *s = NULL;
        snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY rowid", tables[i]);
        ck_assert_msg(sqlite3_prepare_v2(raw, sql, -1, &s, NULL) == SQLITE_OK, "%s: %s", sql, sqlite3_errmsg(raw));
        while (sqlite3_step(s) == SQLITE_ROW)
            for (int c = 0; c < sqlite3_column_count(s); c++) {
                const unsigned char *value = sqlite3_column_blob(s, c);
                int size = sqlite3_column_bytes(s, c);
                for (int b = 0; b < size; b++)
                    h = (h ^ value[b]) * 1099511628211u;
                h = (h ^ 0x1FFu) * 1099511628211u;
            }
        sqlite3_finalize(s);
    }
    sqlite3_close(raw);
    open_store();
    return h;
}

START_TEST(dry_run_tells_and_changes_nothing) {
    make_all();
    uint64_t before = dump();
    vidstore_text *report = maintain(5000, VIDSTORE_MAINTAIN_DRY_RUN);
    ck_assert(says(report, "\"dry_run\":true"));
    ck_assert_int_eq(number(report, "jobs_purged"), 1);
    ck_assert_int_eq(number(report, "records_purged"), 3); /* a job, a video, its file */
    ck_assert_int_eq(number(report, "files_expired"), 1);
    vidstore_text_free(report);
    ck_assert_uint_eq(dump(), before);
    ck_assert_int_eq(access(it.gone_path, F_OK), 0);
}
END_TEST

/* Edited by hand, or damaged: the default would purge what was to be kept, and zero what was to go. */
START_TEST(a_setting_that_cant_be_read_stops_the_retention) {
    static const char *const values[] = {"forever", "", "7 days", "-1", "36601", "99999999999999999999", "0x10", " 7"};
    vidstore_text *text = NULL;
    make_all();
    uint64_t before = 0;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char sql[160];
        snprintf(sql, sizeof sql, "UPDATE settings SET value = '%s' WHERE name = 'retention.removed_days'", values[i]);
        tamper(sql);
        before = dump();
        refused(VIDSTORE_CORRUPT, "retention.removed_days",
                vidstore_maintain(sys, 5000, VIDSTORE_MAINTAIN_ALL, &text, e));
        ck_assert_ptr_null(text);
        refused(VIDSTORE_CORRUPT, "retention.removed_days",
                vidstore_maintain(sys, 5000, VIDSTORE_MAINTAIN_DRY_RUN, &text, e));
        ck_assert_uint_eq(dump(), before);
        ck_assert_int_eq(access(it.gone_path, F_OK), 0);
        refused(VIDSTORE_CORRUPT, "retention.removed_days",
                vidstore_setting_get(sys, "retention.removed_days", &text, e));
        must(vidstore_setting_list(sys, &text, e));
        ck_assert(says(text, "\"name\":\"retention.removed_days\",\"value\":null,\"default\":30,\"changed\":true"));
        ck_assert(says(text, "\"name\":\"retention.completed_days\",\"value\":7,"));
        vidstore_text_free(text);
        must(vidstore_doctor(sys, 0, &text, e));
        ck_assert(says(text, "the setting retention.removed_days is not within its limits"));
        vidstore_text_free(text);
    }
    must(vidstore_setting_get(sys, "retention.completed_days", &text, e)); /* the others are as good as ever */
    ck_assert_str_eq(vidstore_text_data(text), "7");
    vidstore_text_free(text);
    setting("retention.removed_days", "5");
    text = maintain(5000, VIDSTORE_MAINTAIN_ALL);
    ck_assert_int_eq(number(text, "records_purged"), 3);
    ck_assert_int_lt(access(it.gone_path, F_OK), 0);
    vidstore_text_free(text);
}
END_TEST

START_TEST(what_is_due_goes_and_nothing_else) {
    make_all();
    vidstore_text *report = maintain(5000, VIDSTORE_MAINTAIN_ALL);
    ck_assert(says(report, "\"dry_run\":false"));
    ck_assert_int_eq(number(report, "jobs_purged"), 1);
    ck_assert_int_eq(number(report, "records_purged"), 3);
    ck_assert_int_eq(number(report, "files_expired"), 1);
    ck_assert_int_eq(number(report, "blobs_deleted"), 1);
    ck_assert_int_eq(number(report, "bytes_freed"), 3000);
    ck_assert(says(report, "\"more\":false"));
    vidstore_text_free(report);
    ck_assert(!job_is_there(it.old_job) && job_is_there(it.new_job) && job_is_there(it.waiting_job));
    ck_assert(!file_is_there(it.expired_file) && file_is_there(it.kept_file));
    ck_assert_int_ne(access(it.gone_path, F_OK), 0);
    ck_assert_int_eq(access(it.kept_path, F_OK), 0);
    must(vidstore_video_restore(sys, it.fresh_video.text, NULL, e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_video_restore(sys, it.gone_video.text, NULL, e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_job_restore(sys, it.gone_job.text, NULL, e));
    /* The time of a file that was removed just now has not come. */
    must(vidstore_file_restore(sys, it.expired_file.text, NULL, e));
}
END_TEST

START_TEST(the_file_of_a_purged_job_stays) {
    make_all();
    vidstore_text_free(maintain(5000, 0));
    vidstore_file *file = NULL;
    must(vidstore_file_get(sys, it.kept_file.text, &file, e));
    ck_assert(vidstore_file_is_null(file, VIDSTORE_FILE_JOB_ID));
    ck_assert_int_eq(vidstore_file_size(file), 1000);
    vidstore_file_free(file);
    must(vidstore_file_verify(sys, it.kept_file.text, NULL, e));
}
END_TEST

START_TEST(one_event_tells_what_was_done) {
    make_all();
    vidstore_text_free(maintain(5000, VIDSTORE_MAINTAIN_DRY_RUN));
    ck_assert_int_eq(events("action = retention_run"), 0);
    vidstore_text_free(maintain(5000, VIDSTORE_MAINTAIN_ALL));
    ck_assert_int_eq(events("action = retention_run"), 1);
    vidstore_text *report = maintain(5000, VIDSTORE_MAINTAIN_ALL); /* nothing is left */
    ck_assert_int_eq(number(report, "jobs_purged"), 0);
    ck_assert_int_eq(number(report, "records_purged"), 0);
    vidstore_text_free(report);
    ck_assert_int_eq(events("action = retention_run"), 1);
}
END_TEST

START_TEST(retention_of_zero_days_keeps_for_ever) {
    make_all();
    setting("retention.completed_days", "0");
    setting("retention.removed_days", "0");
    vidstore_text *report = maintain(5000, 0);
    ck_assert_int_eq(number(report, "jobs_purged"), 0);
    ck_assert_int_eq(number(report, "records_purged"), 0);
    vidstore_text_free(report);
    ck_assert(job_is_there(it.old_job));
}
END_TEST

START_TEST(states_have_retentions_of_their_own) {
    static const struct {
        int state;
        const char *days;
        int kept;
    } cases[] = {{50, "60", 0}, {70, "60", 0}, {60, "60", 1}, {80, "60", 1},
                 {60, "91", 0}, {80, "91", 0}, {20, "400", 1}};
    char sql[256];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct id job = add_job();
        cancel(job);
        snprintf(sql, sizeof sql,
                 "UPDATE jobs SET completed_us = completed_us - %s * %lld, state = %d; "
                 "DELETE FROM job_counts; INSERT INTO job_counts SELECT user_id, %d, 1 FROM jobs",
                 cases[i].days, (long long)DAY_US, cases[i].state, cases[i].state);
        tamper(sql);
        vidstore_text_free(maintain(5000, 0));
        ck_assert_msg(job_is_there(job) == cases[i].kept, "a job in state %d of %s days", cases[i].state,
                      cases[i].days);
        tamper("DELETE FROM jobs; DELETE FROM job_counts");
    }
}
END_TEST

/* Those that wait for them never run. */
static void fail_all(void) {
    for (;;) {
        vidstore_lease *lease = NULL;
        must(vidstore_job_claim(sys, NULL, 0, &lease, e));
        if (!lease)
            return;
        must(vidstore_lease_fail(lease, "gone", 0, e));
        vidstore_lease_free(lease);
    }
}

/* 0: it was cancelled, 1: its parts have failed. */
START_TEST(a_season_goes_whole_and_when_it_has_ended_as_a_whole) {
    vidstore_job *job = NULL;
    vidstore_text *report = NULL;
    int64_t count = -1;
    vidstore_job_params *p = vidstore_job_params_new();
    vidstore_job_params_set_text(p, VIDSTORE_JOB_KIND, "full_pipeline");
    vidstore_job_params_set_text(p, VIDSTORE_JOB_SOURCES,
                                 "[{\"url\":\"https://example.org/1.mp4\"},{\"url\":\"https://example.org/2.mp4\"}]");
    must(vidstore_job_submit(sys, p, &job, e));
    vidstore_job_params_free(p);
    must(vidstore_job_count(sys, NULL, &count, e));
    ck_assert_int_ge(count, 3);
    if (_i)
        fail_all();
    else
        cancel(id_of(vidstore_job_id(job)));
    vidstore_job_free(job);
    char sql[256];
    snprintf(sql, sizeof sql, "UPDATE jobs SET completed_us = 1 WHERE parent_id IS NOT NULL");
    tamper(sql);
    vidstore_text_free(maintain(5000, 0));
    int64_t left = -1;
    must(vidstore_job_count(sys, NULL, &left, e));
    ck_assert_int_eq(left, count);
    tamper("UPDATE jobs SET completed_us = 1");
    report = maintain(5000, VIDSTORE_MAINTAIN_DRY_RUN);
    ck_assert_int_eq(number(report, "jobs_purged"), count);
    vidstore_text_free(report);
    report = maintain(5000, 0);
    ck_assert_int_eq(number(report, "jobs_purged"), count);
    vidstore_text_free(report);
    must(vidstore_job_count(sys, NULL, &left, e));
    ck_assert_int_eq(left, 0);
    must(vidstore_stats(sys, &report, e));
    ck_assert(says(report, "\"jobs\":{\"total\":0,\"active\":0"));
    ck_assert(says(report, "\"cancelled\":0"));
    ck_assert(says(report, "\"failed\":0"));
    ck_assert(says(report, "\"blocked\":0"));
    vidstore_text_free(report);
}
END_TEST

/* What a person removed a moment ago can be had back for as long as the setting says, with or without its season. */
START_TEST(a_removed_episode_outlives_its_season) {
    vidstore_job *season = NULL, *episode = NULL;
    vidstore_page *page = NULL;
    vidstore_job_params *p = vidstore_job_params_new();
    vidstore_query *q = vidstore_query_new();
    vidstore_job_params_set_text(p, VIDSTORE_JOB_KIND, "full_pipeline");
    vidstore_job_params_set_text(p, VIDSTORE_JOB_SOURCES,
                                 "[{\"url\":\"https://example.org/1.mp4\"},{\"url\":\"https://example.org/2.mp4\"}]");
    must(vidstore_job_submit(sys, p, &season, e));
    vidstore_job_params_free(p);
    must(vidstore_query_filter(q, "parent_id = $1", e));
    vidstore_query_bind_text(q, 1, vidstore_job_id(season));
    must(vidstore_job_list(sys, q, &page, e));
    struct id first = id_of(vidstore_job_id(vidstore_page_job(page, 0)));
    vidstore_page_free(page);
    vidstore_query_free(q);
    cancel(id_of(vidstore_job_id(season)));
    must(vidstore_job_remove(sys, first.text, 0, e));
    tamper("UPDATE jobs SET completed_us = 1");
    vidstore_text_free(maintain(5000, 0));
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_job_get(sys, vidstore_job_id(season), &episode, e));
    must(vidstore_job_restore(sys, first.text, NULL, e));
    must(vidstore_job_get(sys, first.text, &episode, e));
    ck_assert_int_eq(vidstore_job_is_null(episode, VIDSTORE_JOB_PARENT_ID), 1);
    vidstore_job_free(episode);
    vidstore_job_free(season);
}
END_TEST

START_TEST(a_small_budget_leaves_the_rest_for_later) {
    enum { JOBS = 3000 };
    cancel(add_job());
    char sql[2048];
    /* Clones of the one job, with ids of their own. */
    snprintf(
        sql, sizeof sql,
        "UPDATE jobs SET completed_us = 1; CREATE TEMP TABLE t AS SELECT * FROM jobs;"
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
        "INSERT INTO jobs (id, user_id, created_us, updated_us, version, kind, state, priority, attempts, "
        "max_attempts, "
        "crashes, max_crashes, progress_done, progress_total, error_count, completed_us, cancel_requested, children, "
        "children_done, children_failed, backoff_ms) SELECT randomblob(16), user_id, created_us, updated_us, version, "
        "kind, state, priority, attempts, max_attempts, crashes, max_crashes, progress_done, progress_total, "
        "error_count, completed_us, cancel_requested, children, children_done, children_failed, backoff_ms FROM t, n;"
        "UPDATE job_counts SET jobs = %d WHERE state = 70",
        JOBS - 1, JOBS);
    tamper(sql);
    vidstore_text *report = maintain(1, 0);
    ck_assert(says(report, "\"more\":true"));
    int64_t purged = number(report, "jobs_purged");
    ck_assert_int_gt(purged, 0);
    ck_assert_int_lt(purged, JOBS);
    ck_assert_int_lt(number(report, "took_ms"), 5000);
    vidstore_text_free(report);
    report = maintain(60000, 0);
    ck_assert(says(report, "\"more\":false"));
    ck_assert_int_eq(purged + number(report, "jobs_purged"), JOBS);
    vidstore_text_free(report);
    must(vidstore_stats(sys, &report, e));
    ck_assert(says(report, "\"cancelled\":0"));
    vidstore_text_free(report);
}
END_TEST

static void claim_and_die(void *arg) {
    vidstore *mine = NULL;
    vidstore_session *session = NULL;
    vidstore_lease *lease = NULL;
    (void)arg;
    if (vidstore_open(place, NULL, &mine, NULL) || vidstore_session_system(mine, "worker", &session, NULL) ||
        vidstore_job_claim(session, NULL, 0, &lease, NULL) || !lease)
        _exit(1);
    _exit(0);
}

START_TEST(a_dead_workers_job_is_taken_back) {
    vidstore_job *job = NULL;
    struct id id = add_job();
    setting("job.lease_ms", "500");
    close_store();
    in_child(claim_and_die, NULL);
    open_store();
    sleep_ms(700);
    vidstore_text *report = maintain(1000, VIDSTORE_MAINTAIN_DRY_RUN);
    ck_assert_int_eq(number(report, "leases_recovered"), 1);
    vidstore_text_free(report);
    must(vidstore_doctor(sys, 0, &report, e));
    ck_assert(says(report, "{\"name\":\"leases\",\"verdict\":\"warning\""));
    vidstore_text_free(report);
    report = maintain(1000, 0);
    ck_assert_int_eq(number(report, "leases_recovered"), 1);
    vidstore_text_free(report);
    must(vidstore_job_get(sys, id.text, &job, e));
    ck_assert_int_ne(vidstore_job_int64(job, VIDSTORE_JOB_STATE), VIDSTORE_JOB_RUNNING);
    ck_assert_int_eq(vidstore_job_int64(job, VIDSTORE_JOB_CRASHES), 1);
    vidstore_job_free(job);
}
END_TEST

START_TEST(scheduled_jobs_become_ready) {
    vidstore_job *job = NULL;
    struct id id = add_job();
    tamper("UPDATE jobs SET state = 10, run_at_us = 1; UPDATE job_counts SET state = 10 WHERE state = 20");
    vidstore_text *report = maintain(1000, 0);
    ck_assert_int_eq(number(report, "jobs_promoted"), 1);
    vidstore_text_free(report);
    must(vidstore_job_get(sys, id.text, &job, e));
    ck_assert_int_eq(vidstore_job_int64(job, VIDSTORE_JOB_STATE), VIDSTORE_JOB_READY);
    vidstore_job_free(job);
}
END_TEST

START_TEST(maintain_takes_what_it_says_and_no_more) {
    vidstore_text *report = (vidstore_text *)-1;
    refused(VIDSTORE_INVALID, "budget_ms", vidstore_maintain(sys, 0, 0, &report, e));
    ck_assert_ptr_null(report);
    refused(VIDSTORE_INVALID, "budget_ms", vidstore_maintain(sys, -1, 0, &report, e));
    refused(VIDSTORE_INVALID, "budget_ms", vidstore_maintain(sys, 3600001, 0, &report, e));
    refused(VIDSTORE_INVALID, "budget_ms", vidstore_maintain(sys, INT64_MAX, 0, &report, e));
    refused(VIDSTORE_INVALID, "flags", vidstore_maintain(sys, 1000, 4, &report, e));
    refused(VIDSTORE_INVALID, "flags", vidstore_maintain(sys, 1000, UINT32_MAX, &report, e));
    refused(VIDSTORE_MISUSE, "session", vidstore_maintain(NULL, 1000, 0, &report, e));
    must(vidstore_maintain(sys, 3600000, 0, NULL, e)); /* nothing to do: it does not use its budget up */
    must(vidstore_maintain(sys, 1, VIDSTORE_MAINTAIN_ALL, NULL, e));
    must(vidstore_begin(sys, 0, e));
    refused(VIDSTORE_STATE, NULL, vidstore_maintain(sys, 1000, 0, NULL, e));
    must(vidstore_rollback(sys, e));
}
END_TEST

START_TEST(only_admins_maintain) {
    vidstore_session *user = session_of(add_user("lena", VIDSTORE_ROLE_USER));
    vidstore_session *admin = session_of(add_user("root", VIDSTORE_ROLE_ADMIN));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_maintain(user, 1000, 0, NULL, e));
    ck_assert_int_eq(events("action = access_denied and noun = store"), 1);
    must(vidstore_maintain(admin, 1000, 0, NULL, e));
    vidstore_session_free(user);
    vidstore_session_free(admin);
}
END_TEST

START_TEST(a_store_for_reading_is_left_alone) {
    vidstore *reading = NULL;
    vidstore_session *session = NULL;
    vidstore_open_params *p = vidstore_open_params_new();
    vidstore_open_params_set_int64(p, VIDSTORE_OPEN_READ_ONLY, 1);
    must(vidstore_open(place, p, &reading, e));
    vidstore_open_params_free(p);
    must(vidstore_session_system(reading, "reader", &session, e));
    refused(VIDSTORE_READONLY, NULL, vidstore_maintain(session, 1000, 0, NULL, e));
    must(vidstore_maintain(session, 1000, VIDSTORE_MAINTAIN_DRY_RUN, NULL, e));
    vidstore_session_free(session);
    vidstore_close(reading);
}
END_TEST

static void *maintain_again_and_again(void *arg) {
    vidstore_session *session = NULL;
    (void)arg;
    must(vidstore_session_system(store, "janitor", &session, e));
    for (int i = 0; i < 10; i++)
        must(vidstore_maintain(session, 100, VIDSTORE_MAINTAIN_ALL, NULL, e));
    vidstore_session_free(session);
    return NULL;
}

START_TEST(several_may_maintain_at_once) {
    pthread_t threads[4];
    make_all();
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, maintain_again_and_again, NULL), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    ck_assert(!job_is_there(it.old_job) && job_is_there(it.new_job));
    ck_assert(file_is_there(it.kept_file));
    must(vidstore_file_verify(sys, it.kept_file.text, NULL, e));
    vidstore_text *report = NULL;
    must(vidstore_doctor(sys, 1, &report, e));
    ck_assert_msg(!says(report, "\"bad\""), "%s", vidstore_text_data(report));
    vidstore_text_free(report);
}
END_TEST

/* --- statistics ----------------------------------------------------------------------------------------------- */

START_TEST(stats_of_an_empty_store_have_every_key) {
    static const char *const keys[] = {"users",
                                       "jobs",
                                       "videos",
                                       "files",
                                       "audit",
                                       "total",
                                       "active",
                                       "recent",
                                       "by_role",
                                       "by_state",
                                       "by_kind",
                                       "average_processing_ms",
                                       "by_download_state",
                                       "by_processing_state",
                                       "average_size",
                                       "bytes",
                                       "temporary",
                                       "expired",
                                       "by_backend",
                                       "by_category",
                                       "by_type",
                                       "blobs"};
    vidstore_text *report = NULL;
    char quoted[64];
    must(vidstore_stats(sys, &report, e));
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        snprintf(quoted, sizeof quoted, "\"%s\":", keys[i]);
        ck_assert_msg(says(report, quoted), "no %s in %s", keys[i], vidstore_text_data(report));
    }
    vidstore_text_free(report);
}
END_TEST

START_TEST(stats_count_what_there_is) {
    vidstore_text *report = NULL;
    add_user("lena", VIDSTORE_ROLE_USER);
    add_user("root", VIDSTORE_ROLE_ADMIN);
    struct id video = add_video(), job = add_job(), other = add_job(), removed = add_job();
    put_file(sys, 1000, NULL, video.text);
    put_file(sys, 500, NULL, NULL);
    must(vidstore_job_remove(sys, removed.text, VIDSTORE_REMOVE_CASCADE, e));
    cancel(other);
    (void)job;
    tamper("UPDATE videos SET size = 700, duration_us = 5; UPDATE files SET expires_us = 1 WHERE size = 500;"
           "UPDATE users SET created_us = 1 WHERE role = 30;"
           "UPDATE jobs SET state = 50, started_us = 1000000, completed_us = 4000000 WHERE state = 70;"
           "UPDATE job_counts SET state = 50 WHERE state = 70");
    must(vidstore_stats(sys, &report, e));
    static const char *const parts[] = {
        "\"scope\":\"store\"",
        "\"users\":{\"total\":2,\"active\":2,\"recent\":1",
        "\"by_role\":{\"viewer\":0,\"user\":1,\"admin\":1}",
        "\"jobs\":{\"total\":2,\"active\":1",
        "\"ready\":1",
        "\"completed\":1",
        "\"by_kind\":{\"download_only\":2}",
        "\"average_processing_ms\":3000",
        "\"videos\":{\"total\":1,\"by_download_state\":{\"none\":1",
        "\"average_size\":700",
        "\"files\":{\"total\":2,\"bytes\":1500,\"temporary\":0,\"expired\":1",
        "\"by_backend\":{\"local\":{\"files\":2,\"bytes\":1500}}",
        "\"by_category\":{\"permanent\":{\"files\":2,\"bytes\":1500}}",
        "\"blobs\":{\"stored\":{\"count\":2,\"bytes\":1500}}",
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        ck_assert_msg(says(report, parts[i]), "no %s in %s", parts[i], vidstore_text_data(report));
    vidstore_text_free(report);
}
END_TEST

START_TEST(users_see_their_own_numbers) {
    vidstore_text *report = NULL;
    vidstore_job_params *p = vidstore_job_params_new();
    struct id lena = add_user("lena", VIDSTORE_ROLE_USER), mara = add_user("mara", VIDSTORE_ROLE_USER);
    vidstore_session *user = session_of(lena), *other = session_of(mara);
    must(vidstore_job_submit(user, p, NULL, e));
    must(vidstore_job_submit(other, p, NULL, e));
    must(vidstore_job_submit(other, p, NULL, e));
    put_file(user, 300, NULL, NULL);
    put_file(other, 400, NULL, NULL);
    must(vidstore_stats(user, &report, e));
    ck_assert(says(report, "\"scope\":\"user\",\"users\":{\"total\":1,"));
    ck_assert(says(report, "\"jobs\":{\"total\":1,"));
    ck_assert(says(report, "\"files\":{\"total\":1,\"bytes\":300,"));
    ck_assert(says(report, "\"stored\":{\"count\":1,\"bytes\":300}"));
    vidstore_text_free(report);
    must(vidstore_stats(sys, &report, e));
    ck_assert(says(report, "\"jobs\":{\"total\":3,"));
    vidstore_text_free(report);
    vidstore_job_params_free(p);
    vidstore_session_free(user);
    vidstore_session_free(other);
}
END_TEST

START_TEST(nobody_sees_no_numbers) {
    vidstore_session *nobody = NULL;
    vidstore_text *report = (vidstore_text *)-1;
    must(vidstore_session_anonymous(store, NULL, &nobody, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_stats(nobody, &report, e));
    ck_assert_ptr_null(report);
    ck_assert_int_eq(events("action = access_denied"), 1);
    refused(VIDSTORE_MISUSE, "session", vidstore_stats(NULL, &report, e));
    must(vidstore_stats(sys, NULL, e));
    vidstore_session_free(nobody);
}
END_TEST

START_TEST(stats_see_the_transaction_they_are_in) {
    vidstore_text *report = NULL;
    must(vidstore_begin(sys, 0, e));
    add_video();
    must(vidstore_stats(sys, &report, e));
    ck_assert(says(report, "\"videos\":{\"total\":1,"));
    vidstore_text_free(report);
    must(vidstore_rollback(sys, e));
    must(vidstore_stats(sys, &report, e));
    ck_assert(says(report, "\"videos\":{\"total\":0,"));
    vidstore_text_free(report);
}
END_TEST

Suite *upkeep_suite(void);

Suite *upkeep_suite(void) {
    Suite *suite = suite_create("upkeep");
    TCase *cleanup = tcase_create("maintain");
    tcase_add_checked_fixture(cleanup, begin, end);
    tcase_add_test(cleanup, dry_run_tells_and_changes_nothing);
    tcase_add_test(cleanup, a_setting_that_cant_be_read_stops_the_retention);
    tcase_add_test(cleanup, what_is_due_goes_and_nothing_else);
    tcase_add_test(cleanup, the_file_of_a_purged_job_stays);
    tcase_add_test(cleanup, one_event_tells_what_was_done);
    tcase_add_test(cleanup, retention_of_zero_days_keeps_for_ever);
    tcase_add_test(cleanup, states_have_retentions_of_their_own);
    tcase_add_loop_test(cleanup, a_season_goes_whole_and_when_it_has_ended_as_a_whole, 0, 2);
    tcase_add_test(cleanup, a_removed_episode_outlives_its_season);
    tcase_add_test(cleanup, a_small_budget_leaves_the_rest_for_later);
    tcase_add_test(cleanup, a_dead_workers_job_is_taken_back);
    tcase_add_test(cleanup, scheduled_jobs_become_ready);
    tcase_add_test(cleanup, maintain_takes_what_it_says_and_no_more);
    tcase_add_test(cleanup, only_admins_maintain);
    tcase_add_test(cleanup, a_store_for_reading_is_left_alone);
    tcase_add_test(cleanup, several_may_maintain_at_once);
    suite_add_tcase(suite, cleanup);
    TCase *numbers = tcase_create("stats");
    tcase_add_checked_fixture(numbers, begin, end);
    tcase_add_test(numbers, stats_of_an_empty_store_have_every_key);
    tcase_add_test(numbers, stats_count_what_there_is);
    tcase_add_test(numbers, users_see_their_own_numbers);
    tcase_add_test(numbers, nobody_sees_no_numbers);
    tcase_add_test(numbers, stats_see_the_transaction_they_are_in);
    suite_add_tcase(suite, numbers);
    return suite;
}
