/* SPDX-License-Identifier: MIT */
/* What the policy costs a list: a page of files as a user sees it, among a million of many owners, against a page for
 * an admin, who may see all. Both are sessions of a user's, looked after alike in every call, and read as many rows of
 * the same columns, scattered alike: the predicate is the difference. */
#include "bench.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FILES = 1000000, PAGES = 200, TURNS = 25, PAGE = 50 }; /* short turns: a slow moment is met by both */

/* Of a thousand files one is the user's own, two are open to all users, one can be granted; and five hang on a video.
 */
static const char spread[] =
    "UPDATE files SET user_id = (SELECT id FROM users WHERE username = 'ann') WHERE seq % 1000 = 1;"
    "UPDATE files SET video_id = (SELECT id FROM videos) WHERE seq % 200000 = 2;"
    "UPDATE files SET access = 30 WHERE seq % 500 = 3;"
    "UPDATE files SET access = 20 WHERE seq % 1000 IN (2, 4);"
    "ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)";

/* A thousand more hang on the video. */
static const char hang[] = "UPDATE files SET video_id = (SELECT id FROM videos) WHERE seq % 1000 = 2;"
                           "DELETE FROM grants WHERE noun = 'file'; PRAGMA wal_checkpoint(TRUNCATE)";

static void make_user(vidstore_session *session, const char *name, int32_t role) {
    vidstore_error *error = NULL;
    vidstore_user_params *params = vidstore_user_params_new();
    vidstore_user_params_set_text(params, VIDSTORE_USER_USERNAME, name);
    vidstore_user_params_set_int64(params, VIDSTORE_USER_ROLE, role);
    must(vidstore_user_create(session, params, NULL, &error), error, "user");
    vidstore_user_params_free(params);
}

static void make_video(vidstore_session *session) {
    vidstore_error *error = NULL;
    vidstore_video_params *params = vidstore_video_params_new();
    vidstore_video_params_set_text(params, VIDSTORE_VIDEO_TITLE, "One that is shared");
    must(vidstore_video_create(session, params, NULL, &error), error, "video");
    vidstore_video_params_free(params);
}

static vidstore_session *session_of(vidstore *store, vidstore_session *all, const char *name) {
    vidstore_error *error = NULL;
    vidstore_session *session = NULL;
    vidstore_user *user = NULL;
    must(vidstore_user_get_by_name(all, name, &user, &error), error, "user");
    must(vidstore_session_on_behalf(store, vidstore_user_id(user), NULL, &session, &error), error, "session");
    vidstore_user_free(user);
    return session;
}

/* The bytes don't matter here. */
static void make_file(vidstore_session *session, const char *source, const char *owner) {
    vidstore_error *error = NULL;
    vidstore_file_params *params = vidstore_file_params_new();
    vidstore_file_params_set_text(params, VIDSTORE_FILE_USER_ID, owner);
    vidstore_file_params_set_text(params, VIDSTORE_FILE_NAME, "episode-01.mkv");
    must(vidstore_file_put_path(session, source, params, NULL, &error), error, "file");
    vidstore_file_params_free(params);
}

static void run_sql(sqlite3 *db, const char *sql) {
    must_sql(sqlite3_exec(db, sql, NULL, NULL, NULL), db, "sql");
}

static void fill(const char *dir) {
    vidstore *store = open_store(dir);
    vidstore_session *session = system_session(store);
    make_user(session, "ann", VIDSTORE_ROLE_USER);
    make_user(session, "bob", VIDSTORE_ROLE_USER);
    make_user(session, "eve", VIDSTORE_ROLE_ADMIN);
    make_video(session);
    vidstore_session *bob = session_of(store, session, "bob");
    make_file(session, "/proc/self/exe", vidstore_session_user_id(bob));
    vidstore_session_free(bob);
    vidstore_session_free(session);
    vidstore_close(store);
    add_copies(dir, "files", "1", FILES - 1);
    sqlite3 *db = open_raw(dir);
    run_sql(db, spread);
    sqlite3_close(db);
}

/* So many grants of files to ann, the newest of those that are shared, and one of a video. */
static void grant(const char *dir, int count) {
    char sql[1024];
    sqlite3 *db = open_raw(dir);
    snprintf(sql, sizeof sql,
             "INSERT OR IGNORE INTO grants (id, user_id, created_us, updated_us, version, noun, object_id, subject_id, "
             "reach, denies, can_share, granted_by) SELECT randomblob(16), user_id, 1, 1, 1, 'file', id, "
             "(SELECT id FROM users WHERE username = 'ann'), 10, 0, 0, user_id FROM files WHERE seq %% 1000 = 4 "
             "ORDER BY seq DESC LIMIT %d;"
             "INSERT OR IGNORE INTO grants (id, user_id, created_us, updated_us, version, noun, object_id, subject_id, "
             "reach, denies, can_share, granted_by) SELECT randomblob(16), user_id, 1, 1, 1, 'video', id, "
             "(SELECT id FROM users WHERE username = 'ann'), 10, 0, 0, user_id FROM videos;"
             "PRAGMA wal_checkpoint(TRUNCATE)",
             count);
    run_sql(db, sql);
    sqlite3_close(db);
}

/* Time of the processor: all is read from memory by one thread, and what else the machine does is left out. */
static double cpu_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double pages(vidstore_session *session, const char *owner) {
    vidstore_query *query = vidstore_query_new();
    vidstore_error *error = NULL;
    vidstore_query_limit(query, PAGE);
    if (owner) {
        must(vidstore_query_filter(query, "user_id = $1", &error), error, "filter");
        vidstore_query_bind_text(query, 1, owner);
    }
    double start = cpu_s();
    for (int i = 0; i < PAGES; i++) {
        vidstore_page *page = NULL;
        must(vidstore_file_list(session, query, &page, &error), error, "list");
        if (vidstore_page_count(page) != PAGE)
            must(VIDSTORE_INTERNAL, NULL, "page");
        vidstore_page_free(page);
    }
    double took = cpu_s() - start;
    vidstore_query_free(query);
    return PAGES / took;
}

static void compare(const char *name, const char *dir, report_fn *report) {
    vidstore *store = open_store(dir);
    vidstore_session *all = system_session(store), *ann = session_of(store, all, "ann");
    vidstore_session *eve = session_of(store, all, "eve");
    double ours[TURNS], without[TURNS];
    for (int i = 0; i < TURNS; i++) {
        ours[i] = pages(ann, NULL);
        without[i] = pages(eve, vidstore_session_user_id(ann));
    }
    double a = median(ours, TURNS), b = median(without, TURNS);
    report(&(struct result){name, "pages/s", a, b, a / b, 0.8, 0});
    vidstore_session_free(eve);
    vidstore_session_free(ann);
    vidstore_session_free(all);
    vidstore_close(store);
}

static void run_policy(const char *scratch, report_fn *report) {
    char dir[4096];
    snprintf(dir, sizeof dir, "%s", path(scratch, "policy"));
    fill(dir);
    compare("policy-page-0", dir, report);
    grant(dir, 10);
    compare("policy-page-10", dir, report);
    grant(dir, 1000);
    compare("policy-page-1000", dir, report);
    sqlite3 *db = open_raw(dir);
    run_sql(db, hang);
    sqlite3_close(db);
    compare("policy-page-video", dir, report);
}

const struct bench bench_policy[] = {
    {"policy",
     "pages of 50 among 1e6 files for a user with 0, 10 and 1000 grants, and 1000 files by one grant, against pages by "
     "owner for an admin",
     run_policy},
    {NULL, NULL, NULL},
};
