/* SPDX-License-Identifier: MIT */
/* Pages of what was granted: whatever ways lead to rows (one's own, open ones, granted ones, what hangs on few or many
 * granted videos and jobs, several at once), pages of any size in any order hold just what a check of each row leaves.
 */
#include "access/policy.h"
#include "db_harness.h"
#include "files/files.h"
#include "util/alloc.h"
#include "videos/videos.h"
#include <vidstore/file.h>
#include <vidstore/query.h>
#include <vidstore/user.h>

enum { JOBS = 20, VIDEOS = 40, OWN_VIDEOS = 5, FILES = 400, OPEN_FILES = 158, ROWS = 1000 };

static const int granted[] = {0, 1, 3, 12, 13, JOBS}; /* so many videos, and so many jobs */
static const uint8_t seal[VS_SIV_KEY] = {1, 2, 3};    /* of cursors */
static struct vs_db *db;
static const struct vs_uuid me = {{1}}, other = {{2}}, nobody = {{3}}, third = {{4}};

static struct vs_uuid id_of(int kind, int number) {
    return (struct vs_uuid){{(uint8_t)kind, (uint8_t)(number >> 8), (uint8_t)number}};
}

/* Values: two ids, then numbers; of a negative one, NULL. */
static void put(struct vs_conn *conn, const char *sql, struct vs_uuid a, struct vs_uuid b, int64_t x, int64_t y) {
    struct vs_stmt *s = NULL;
    must(vs_stmt_composed(conn, sql, strlen(sql), &s, e));
    vs_bind_uuid(s, 1, &a);
    vs_bind_uuid(s, 2, &b);
    vs_bind_int(s, 3, x < 0 ? INT64_MIN : x);
    vs_bind_int(s, 4, y < 0 ? INT64_MIN : y);
    must(vs_run(s, NULL, e));
}

static const char insert_user[] =
    "INSERT INTO users (id, user_id, created_us, updated_us, version, username, role, state, email_verified, "
    "job_count, processing_ms) VALUES ($1, $2, 1, 1, 1, hex($1), $3, $4, 0, 0, 0)";
static const char insert_job[] =
    "INSERT INTO jobs (id, user_id, created_us, updated_us, version, kind, state, priority, attempts, max_attempts, "
    "crashes, max_crashes, progress_done, progress_total, error_count, cancel_requested, children, children_done, "
    "children_failed, backoff_ms) VALUES ($1, $2, 1, 1, 1, 'x', 10, $3, $4, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0)";
static const char insert_video[] =
    "INSERT INTO videos (id, user_id, created_us, updated_us, version, job_id, deleted_us, download_state, "
    "download_retries, processing_state, processing_retries) VALUES ($1, $2, 1, 1, 1, (SELECT id FROM jobs WHERE seq = "
    "$3), $4, 10, 0, 10, 0)";
static const char insert_file[] =
    "INSERT INTO files (id, user_id, access, video_id, created_us, updated_us, version, name, size, extension, sha256, "
    "backend, storage_key, category, type, encrypted, upload_started_us, upload_completed_us, blob_id) SELECT $1, $2, "
    "$3, (SELECT id FROM videos WHERE seq = $4), 1, 1, 1, 'x', 1, '', id, 10, 'k', 10, 'other', 0, 1, 1, id FROM blobs";
static const char hang_on_jobs[] =
    "UPDATE files SET job_id = (SELECT id FROM jobs WHERE jobs.seq = files.seq % 20 + 1) "
    "WHERE user_id IN ($1, $2) AND seq % $3 = $4";
static const char insert_blob[] =
    "INSERT INTO blobs (id, user_id, state, backend, storage_key, refs, params, synced, epoch, created_us, touched_us) "
    "VALUES ($1, $2, $3, 10, 'k', $4, '{}', 0, 1, 1, 1)";
/* Of the object $1; reach, and when it is over. By $2, as a second one by another hand. */
#define GRANT(noun_, denies_)                                                                                          \
    "INSERT INTO grants (object_id, granted_by, reach, expires_us, id, user_id, created_us, updated_us, version, "     \
    "noun, subject_id, denies, can_share) VALUES ($1, $2, $3, $4, randomblob(16), $2, 1, 1, 1, '" noun_                \
    "', x'01000000000000000000000000000000', " denies_ ", 0)"

static void put_files(struct vs_conn *conn) {
    static const int64_t levels[] = {10, 20, 20, 20, 30, 40};
    for (int i = 0; i < FILES; i++)
        put(conn, insert_file, id_of('f', i), i % 11 == 0 ? me : other, levels[i * 7 / 3 % 6],
            i * 5 % (2 * VIDEOS) + 1);
    put(conn, hang_on_jobs, me, other, 3, 0);
}

static void put_grants(struct vs_conn *conn, int count) {
    int64_t over = vs_now_us() - 1, later = vs_now_us() + 3600000000;
    for (int i = 0; i < count; i++) {
        put(conn, GRANT("video", "0"), id_of('v', (i * 3 + 1) % VIDEOS), other, VS_REACH_READ, i % 2 ? later : -1);
        put(conn, GRANT("video", "0"), id_of('v', (i * 3 + 1) % VIDEOS), nobody, VS_REACH_MANAGE, -1);
        put(conn, GRANT("job", "0"), id_of('j', i), other, i % 5 == 4 ? VS_REACH_NONE : VS_REACH_READ, later);
    }
    for (int i = 0; i < count * 8; i++)
        put(conn, GRANT("file", "0"), id_of('f', i * 3), other, VS_REACH_READ, i % 4 == 3 ? over : -1);
    for (int i = 0; i < count; i++) {
        put(conn, GRANT("file", "1"), id_of('f', i * 20), other, VS_REACH_READ, i % 3 ? -1 : over);
        put(conn, GRANT("video", "0"), id_of('v', i + VIDEOS / 2), third, VS_REACH_READ, over);
    }
    if (count > 2)
        put(conn, GRANT("video", "1"), id_of('v', 4), nobody, VS_REACH_READ, -1);
}

static int fill_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    const int *count = arg;
    (void)e;
    put(conn, insert_blob, other, other, 20, 1);
    put(conn, insert_user, me, me, VIDSTORE_ROLE_USER, 20);
    put(conn, insert_user, other, other, VIDSTORE_ROLE_USER, 20);
    for (int i = 0; i < JOBS; i++)
        put(conn, insert_job, id_of('j', i), i % 6 ? other : me, 50, 0);
    for (int i = 0; i < VIDEOS; i++)
        put(conn, insert_video, id_of('v', i), i % 9 ? other : me, i % 2 ? i % JOBS + 1 : -1, i % 13 == 12 ? 5 : -1);
    put_files(conn);
    put_grants(conn, *count);
    return 0;
}

static struct vs_call call(void) {
    return (struct vs_call){.deadline_us = vs_mono_us() + 30000000};
}

/* --- lists -------------------------------------------------------------------------------------------------------- */

struct asked {
    struct vs_compiled *query;
    struct vs_page *page;
};

static int page_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct asked *asked = arg;
    return vs_compiled_page(asked->query, conn, &asked->page, e);
}

static struct vs_page *page_of(struct vs_compiled *query, int64_t limit) {
    struct asked asked = {query, NULL};
    struct vs_call c = call();
    query->limit = limit;
    query->indexed = 1;
    must(vs_db_read(db, &c, page_op, &asked, e));
    return asked.page;
}

static void compile(const char *sort, const struct vs_noun *noun, struct vs_compiled *ret) {
    vidstore_query *all = vidstore_query_new();
    vidstore_query_flags(all, VIDSTORE_QUERY_DELETED);
    vidstore_query_sort(all, sort);
    must(vs_query_compile((struct vs_query *)all, noun, ret, e));
    ret->seal = seal;
    vidstore_query_free(all);
}

static struct vs_actor actor(void) {
    return (struct vs_actor){.kind = VS_ACTOR_USER, .role = VIDSTORE_ROLE_USER, .user = me};
}

/* All pages together. */
static int64_t walk(const struct vs_noun *noun, const char *sort, int64_t limit, int64_t ret[ROWS]) {
    char *cursor = NULL;
    int64_t count = 0;
    do {
        vs_autocompiled query = {0};
        struct vs_actor who = actor();
        compile(sort, noun, &query);
        must(vs_policy_narrow(&who, &query, e));
        if (cursor)
            must(vs_cursor_apply(&query, cursor, e));
        vs_free(cursor);
        struct vs_page *page = page_of(&query, limit);
        ck_assert_int_le(page->count, limit);
        for (int64_t i = 0; i < page->count; i++)
            ret[count++] = page->items[i].record->seq;
        cursor = page->cursor ? vs_strdup(page->cursor) : NULL;
        ck_assert(!cursor || page->count == limit);
        vs_page_free(page);
    } while (cursor);
    return count;
}

static int64_t check(const struct vs_noun *noun, const char *sort, int64_t ret[ROWS]) {
    vs_autocompiled query = {0};
    struct vs_actor who = actor();
    compile(sort, noun, &query);
    must(vs_policy_where(&who, &query, VS_LIST, vs_now_us(), e));
    struct vs_page *page = page_of(&query, ROWS);
    int64_t count = page->count;
    for (int64_t i = 0; i < count; i++)
        ret[i] = page->items[i].record->seq;
    vs_page_free(page);
    return count;
}

static int64_t compare(const struct vs_noun *noun, const char *sort) {
    static const int64_t limits[] = {1, 7, 50, ROWS};
    int64_t wanted[ROWS], got[ROWS], count = check(noun, sort, wanted);
    for (size_t k = 0; k < VS_COUNT(limits); k++) {
        ck_assert_int_eq(walk(noun, sort, limits[k], got), count);
        for (int64_t i = 0; i < count; i++)
            ck_assert_int_eq(got[i], wanted[i]);
    }
    return count;
}

START_TEST(pages_hold_what_a_check_leaves) {
    struct vs_db_params params = {.path = NULL, .create = 1};
    struct vs_call c = call();
    int count = granted[_i];
    must(vs_db_open(&params, &db, e));
    must(vs_db_write(db, &c, fill_op, &count, e));
    int64_t files = compare(&vs_file_noun, "created desc"), videos = compare(&vs_video_noun, "created desc");
    ck_assert_int_eq(compare(&vs_file_noun, "created asc"), files);
    ck_assert_int_eq(compare(&vs_file_noun, "size desc"), files);
    ck_assert_int_eq(compare(&vs_video_noun, "created asc"), videos);
    ck_assert_int_eq(videos > OWN_VIDEOS, count > 0);
    ck_assert_int_ge(files, OPEN_FILES + 5 * count); /* with every grant more is seen, never all */
    ck_assert_int_lt(files, FILES);
    vs_db_close(db);
}
END_TEST

Suite *policy_ways_suite(void);
Suite *policy_ways_suite(void) {
    Suite *suite = suite_create("policy_ways");
    TCase *tests = tcase_create("policy_ways");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, pages_hold_what_a_check_leaves, 0, (int)VS_COUNT(granted));
    suite_add_tcase(suite, tests);
    return suite;
}
