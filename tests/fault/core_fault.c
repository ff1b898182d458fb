/* SPDX-License-Identifier: MIT */
/* Every allocation of the calls on users, videos, queries, sessions and the audit fails in turn: the call says NOMEM
 * and leaves nothing behind, or it has not noticed and its result is the right one. */
#include "fault.h"
#include "util/env.h"
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vidstore/vidstore.h>

enum { MOST_ALLOCATIONS = 20000 };

static vidstore *store;
static vidstore_session *sys, *as_user;
static char user_id[37], video_id[37], collection_id[37], other_id[37], cursor[256];
static int null_fd;
static long turn;

typedef vidstore_status operation(vidstore_error **e);

static void must(vidstore_status status) {
    ck_assert_msg(status == VIDSTORE_OK, "%s", vidstore_status_name(status));
}

static int64_t count_of(vidstore_status (*count)(vidstore_session *, const vidstore_query *, int64_t *,
                                                 vidstore_error **)) {
    int64_t n = -1;
    must(count(sys, NULL, &n, NULL));
    return n;
}

static int64_t written(void) {
    return count_of(vidstore_user_count) + count_of(vidstore_video_count) + count_of(vidstore_audit_count);
}

static void sweep(operation *run) {
    for (long nth = 1;; nth++) {
        ck_assert_int_lt(nth, MOST_ALLOCATIONS);
        int64_t before = written();
        vidstore_error *error = NULL;
        turn++;
        fault_arm(nth);
        vidstore_status status = run(&error);
        int hit = fault_disarm();
        ck_assert_int_eq(vidstore_error_code(error), status);
        ck_assert_msg(status == VIDSTORE_OK || status == VIDSTORE_NOMEM, "allocation %ld: %s: %s", nth,
                      vidstore_status_name(status), vidstore_error_message(error));
        vidstore_error_free(error);
        if (status)
            ck_assert_msg(written() == before, "allocation %ld: something was left behind", nth);
        if (!hit) {
            ck_assert_int_eq(status, VIDSTORE_OK);
            ck_assert_msg(nth > 1, "nothing was allocated: the operation does nothing");
            return;
        }
    }
}

#define RESULT_AGREES(status, result)                                                                                  \
    ck_assert_msg(((status) == VIDSTORE_OK) == ((result) != NULL), "status and result disagree")

/* --- users ----------------------------------------------------------------------------------------------------------
 */

static vidstore_user_params *new_user(int number) {
    char name[48];
    snprintf(name, sizeof name, "u-%ld-%d", turn, number);
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_text(p, VIDSTORE_USER_USERNAME, name);
    vidstore_user_params_set_text(p, VIDSTORE_USER_METADATA, "{\"a\":[1,2,3]}");
    return p;
}

static vidstore_status user_create(vidstore_error **e) {
    vidstore_user *user = NULL;
    vidstore_user_params *p = new_user(0);
    vidstore_status status = vidstore_user_create(sys, p, &user, e);
    RESULT_AGREES(status, user);
    ck_assert(status || strcmp(vidstore_user_text(user, VIDSTORE_USER_METADATA), "{\"a\":[1,2,3]}") == 0);
    vidstore_user_params_free(p);
    vidstore_user_free(user);
    return status;
}

static vidstore_status user_update(vidstore_error **e) {
    vidstore_user *user = NULL;
    char json[80];
    snprintf(json, sizeof json, "{\"full_name\":\"n-%ld\",\"metadata\":{\"t\":%ld}}", turn, turn);
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_json(p, json);
    vidstore_status status = vidstore_user_update(sys, user_id, p, &user, e);
    RESULT_AGREES(status, user);
    vidstore_user_params_free(p);
    vidstore_user_free(user);
    return status;
}

static vidstore_status user_life(vidstore_error **e) {
    vidstore_user *user = NULL;
    vidstore_status status = vidstore_begin(sys, 0, e);
    if (status)
        return status;
    vidstore_user_params *p = new_user(0);
    status = vidstore_user_create(sys, p, &user, e);
    if (!status)
        status = vidstore_user_remove(sys, vidstore_user_id(user), VIDSTORE_REMOVE_CASCADE, e);
    if (!status)
        status = vidstore_user_purge(sys, vidstore_user_id(user), e);
    vidstore_rollback(sys, NULL);
    vidstore_user_params_free(p);
    vidstore_user_free(user);
    return status;
}

static vidstore_status bulk(uint32_t flags, vidstore_error **e) {
    vidstore_user_params *list[3] = {new_user(1), new_user(2), new_user(3)};
    vidstore_page *page = NULL;
    vidstore_status status =
        vidstore_user_bulk_create(sys, (const vidstore_user_params *const *)list, 3, flags, &page, e);
    RESULT_AGREES(status, page);
    if (!status)
        for (int i = 0; i < 3; i++)
            ck_assert_ptr_nonnull(vidstore_page_user(page, i));
    for (int i = 0; i < 3; i++)
        vidstore_user_params_free(list[i]);
    vidstore_page_free(page);
    return status;
}

static vidstore_status bulk_atomic(vidstore_error **e) {
    return bulk(VIDSTORE_BULK_ATOMIC, e);
}

static vidstore_status bulk_each(vidstore_error **e) {
    return bulk(VIDSTORE_BULK_EACH, e);
}

static vidstore_status user_reads(vidstore_error **e) {
    vidstore_user *user = NULL;
    vidstore_text *text = NULL;
    int32_t there = 0;
    vidstore_status status = vidstore_user_get_by_name(sys, "Ann", &user, e);
    vidstore_user_free(user);
    if (!status)
        status = vidstore_user_get_external(sys, NULL, "ext", &user, e);
    if (!status)
        vidstore_user_free(user);
    if (!status)
        status = vidstore_user_get_by_identity(sys, "p", "s", &user, e);
    if (!status)
        vidstore_user_free(user);
    if (!status)
        status = vidstore_user_exists(sys, user_id, &there, e);
    ck_assert(status || there);
    if (!status)
        status = vidstore_user_stats(sys, user_id, &text, e);
    ck_assert(status || strstr(vidstore_text_data(text), "\"provider\":\"p\""));
    vidstore_text_free(text);
    return status;
}

/* --- queries
 * ---------------------------------------------------------------------------------------------------------- */

static vidstore_status list_users(vidstore_error **e) {
    vidstore_query *q = vidstore_query_new();
    vidstore_page *page = NULL;
    vidstore_text *text = NULL;
    vidstore_status status =
        vidstore_query_filter(q, "username ~ \"n\" and (state = active or full_name = $1) and created > -7d", e);
    if (!status) {
        vidstore_query_bind_text(q, 1, "x");
        vidstore_query_sort(q, "username asc");
        vidstore_query_limit(q, 2);
        vidstore_query_flags(q, VIDSTORE_QUERY_SCAN);
        vidstore_query_cursor(q, *cursor ? cursor : NULL);
        status = vidstore_user_list(sys, q, &page, e);
        RESULT_AGREES(status, page);
    }
    if (!status) { /* the right records, not fewer and not all */
        ck_assert_int_eq(vidstore_page_count(page), 2);
        ck_assert_str_eq(vidstore_user_username(vidstore_page_user(page, 0)), *cursor ? "mon" : "Ann");
        ck_assert_ptr_nonnull(vidstore_page_cursor(page));
        if (!*cursor)
            snprintf(cursor, sizeof cursor, "%s", vidstore_page_cursor(page));
        status = vidstore_page_json(page, &text, e);
        RESULT_AGREES(status, text);
    }
    vidstore_text_free(text);
    vidstore_page_free(page);
    vidstore_query_free(q);
    return status;
}

/* --- sessions
 * --------------------------------------------------------------------------------------------------------- */

static vidstore_status sessions(vidstore_error **e) {
    vidstore_session *s = NULL;
    vidstore_origin *o = vidstore_origin_new();
    vidstore_origin_set_text(o, VIDSTORE_ORIGIN_IP, "192.0.2.1");
    vidstore_origin_set_text(o, VIDSTORE_ORIGIN_DEVICE, "d");
    vidstore_status status = vidstore_session_on_behalf(store, user_id, o, &s, e);
    RESULT_AGREES(status, s);
    vidstore_origin_free(o);
    if (!status)
        status = vidstore_begin(s, 0, e);
    if (!status)
        status = vidstore_begin(s, 0, e);
    if (!status)
        status = vidstore_commit(s, e);
    if (!status)
        status = vidstore_rollback(s, e);
    vidstore_session_free(s);
    return status;
}

static vidstore_status set_a_setting(vidstore_error **e) {
    char value[24];
    vidstore_text *text = NULL;
    snprintf(value, sizeof value, "%ld", 1000 + turn);
    vidstore_status status = vidstore_setting_set(sys, "job.lease_ms", value, e);
    if (status)
        return status;
    fault_disarm(); /* what was said to be done is */
    must(vidstore_setting_get(sys, "job.lease_ms", &text, NULL));
    ck_assert_str_eq(vidstore_text_data(text), value);
    vidstore_text_free(text);
    return status;
}

/* --- videos and the audit
 * ---------------------------------------------------------------------------------------------- */

static vidstore_status video_create(vidstore_error **e) {
    vidstore_video *video = NULL;
    vidstore_video_params *p = vidstore_video_params_new();
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_TITLE, "t");
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_URL, "https://example.org/a?b=c");
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_TAGS, "[\"x\"]");
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_EXPECTED_SHA256,
                                   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    vidstore_status status = vidstore_video_create(sys, p, &video, e);
    RESULT_AGREES(status, video);
    vidstore_video_params_free(p);
    vidstore_video_free(video);
    return status;
}

static vidstore_status video_change(vidstore_error **e) {
    vidstore_video *video = NULL;
    vidstore_video_params *p = vidstore_video_params_new();
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_DOWNLOAD_STATE, turn % 2 ? "active" : "completed");
    vidstore_status status = vidstore_video_update(sys, video_id, p, &video, e);
    RESULT_AGREES(status, video);
    vidstore_video_params_free(p);
    vidstore_video_free(video);
    return status;
}

static vidstore_status video_facts(vidstore_error **e) {
    vidstore_text *text = NULL;
    vidstore_status status = vidstore_video_facts(sys, video_id, &text, e);
    RESULT_AGREES(status, text);
    ck_assert(status ||
              strcmp(vidstore_text_data(text), "{\"container\":null,\"streams\":[],\"chapters\":[],\"tags\":[]}") == 0);
    vidstore_text_free(text);
    return status;
}

static vidstore_status audit_reads(vidstore_error **e) {
    vidstore_text *text = NULL;
    int64_t count = 0;
    vidstore_query *query = vidstore_query_new(); /* a part: a whole export leaves an event */
    vidstore_status status = vidstore_audit_export(sys, query, null_fd, &count, e);
    vidstore_query_free(query);
    ck_assert((status == VIDSTORE_OK) == (count > 0));
    if (!status)
        status = vidstore_audit_stats(sys, 0, &text, e);
    ck_assert(status || strstr(vidstore_text_data(text), "user_created"));
    vidstore_text_free(text);
    if (!status)
        status = vidstore_audit_canary_list(sys, &text, e);
    ck_assert(status || strcmp(vidstore_text_data(text), "[]") == 0);
    if (!status)
        vidstore_text_free(text);
    if (!status)
        status = vidstore_quota_list(sys, NULL, 1, &text, e);
    ck_assert(status || strstr(vidstore_text_data(text), "\"running_jobs\""));
    if (!status)
        vidstore_text_free(text);
    return status;
}

static void share_videos(void) {
    static const char *const titles[] = {"Harbour one", "Harbouring two", "Harbinger three"};
    for (int i = 0; i < 3; i++) {
        vidstore_video *video = NULL;
        vidstore_video_params *p = vidstore_video_params_new();
        vidstore_grant_params *grant = vidstore_grant_params_new();
        vidstore_video_params_set_text(p, VIDSTORE_VIDEO_TITLE, titles[i]);
        must(vidstore_video_create(i ? sys : as_user, p, &video, NULL));
        vidstore_grant_params_set_text(grant, VIDSTORE_GRANT_NOUN, "video");
        vidstore_grant_params_set_text(grant, VIDSTORE_GRANT_OBJECT_ID, vidstore_video_id(video));
        vidstore_grant_params_set_text(grant, VIDSTORE_GRANT_SUBJECT_ID, user_id);
        if (i)
            must(vidstore_grant_create(sys, grant, NULL, NULL));
        vidstore_grant_params_free(grant);
        vidstore_video_params_free(p);
        vidstore_video_free(video);
    }
}

/* Words, long prefixes and facts, among what is one's own and what was granted. */
static vidstore_status search(vidstore_error **e) {
    static const char *const texts[] = {"harbour* -none", "one OR harbouri*", "subtitle:none fps:none har*"};
    vidstore_status status = VIDSTORE_OK;
    for (int i = 0; i < 3 && !status; i++) {
        vidstore_page *page = NULL, *best = NULL;
        int64_t count = 0;
        vidstore_query *q = vidstore_query_new();
        status = vidstore_query_search(q, texts[i], e);
        if (!status)
            status = vidstore_video_list(as_user, q, &page, e);
        if (!status)
            status = vidstore_video_count(as_user, q, &count, e);
        vidstore_query_flags(q, VIDSTORE_QUERY_RANKED);
        if (!status)
            status = vidstore_video_list(as_user, q, &best, e);
        if (!status)
            ck_assert_msg(vidstore_page_count(page) == count && vidstore_page_count(best) == count &&
                              count == (i < 2 ? 2 : 3),
                          "turn %ld, %s: %d on the page, %d of the best, %d counted", turn, texts[i],
                          (int)vidstore_page_count(page), (int)vidstore_page_count(best), (int)count);
        vidstore_page_free(page);
        vidstore_page_free(best);
        vidstore_query_free(q);
    }
    return status;
}

/* Two videos of the user's own, the second with metadata. */
static void collect_videos(void) {
    vidstore_collection *collection = NULL;
    vidstore_collection_params *c = vidstore_collection_params_new();
    vidstore_video_params *p = vidstore_video_params_new();
    vidstore_collection_params_set_text(c, VIDSTORE_COLLECTION_NAME, "list");
    must(vidstore_collection_create(as_user, c, &collection, NULL));
    snprintf(collection_id, sizeof collection_id, "%s", vidstore_collection_id(collection));
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_METADATA, "{\"year\": 1999, \"crew\": {\"a b\": [\"Lang\"]}}");
    for (int i = 0; i < 2; i++) {
        vidstore_video *video = NULL;
        must(vidstore_video_create(as_user, i ? p : NULL, &video, NULL));
        snprintf(other_id, sizeof other_id, "%s", vidstore_video_id(video));
        must(vidstore_collection_video_add(as_user, collection_id, other_id, NULL, NULL, NULL));
        vidstore_video_free(video);
    }
    vidstore_collection_free(collection);
    vidstore_collection_params_free(c);
    vidstore_video_params_free(p);
}

static vidstore_status collection_change(vidstore_error **e) {
    int32_t added = -1;
    vidstore_status status = turn % 2 ? vidstore_collection_video_add(sys, collection_id, video_id, other_id, &added, e)
                                      : vidstore_collection_video_drop(sys, collection_id, video_id, e);
    if (status == VIDSTORE_NOT_FOUND) { /* the turn before did nothing: so this one has nothing to undo */
        vidstore_error_free(*e);
        *e = NULL;
        return vidstore_collection_video_add(sys, collection_id, video_id, NULL, NULL, e);
    }
    return status;
}

static vidstore_status collection_reads(vidstore_error **e) {
    vidstore_page *page = NULL, *lists = NULL;
    int64_t count = 0;
    vidstore_query *q = vidstore_query_new();
    vidstore_status status = vidstore_query_filter(q, "collection in ($1, $2) and not collection = $2", e);
    vidstore_query_bind_text(q, 1, collection_id);
    vidstore_query_bind_text(q, 2, video_id);
    if (!status)
        status = vidstore_video_count(as_user, q, &count, e);
    if (!status)
        status = vidstore_collection_videos(as_user, collection_id, NULL, &page, e);
    if (!status)
        status = vidstore_video_collections(as_user, other_id, NULL, &lists, e);
    ck_assert(status || (count == 2 && vidstore_page_count(page) == 2 && vidstore_page_count(lists) == 1));
    vidstore_page_free(page);
    vidstore_page_free(lists);
    vidstore_query_free(q);
    return status;
}

/* What can't be read for want of memory is not taken for what is not there. */
static vidstore_status members(vidstore_error **e) {
    static const char *const filters[] = {"metadata.year = 1999 and metadata.crew.\"a b\" in (Lang, 7)",
                                          "metadata.year is not null and metadata.year ~ 99"};
    vidstore_status status = VIDSTORE_OK;
    for (int i = 0; i < 2 && !status; i++) {
        vidstore_page *page = NULL;
        vidstore_query *q = vidstore_query_new();
        status = vidstore_query_filter(q, filters[i], e);
        if (!status)
            status = vidstore_video_list(as_user, q, &page, e);
        ck_assert_msg(status || vidstore_page_count(page) == 1, "turn %ld, %s: %d", turn, filters[i],
                      (int)vidstore_page_count(page));
        vidstore_page_free(page);
        vidstore_query_free(q);
    }
    return status;
}

static void begin(void) {
    static const char *const names[] = {"Ann", "ben", "mon", "non", "znn"};
    vidstore_error *error = NULL;
    must(vidstore_open(":memory:", NULL, &store, &error));
    must(vidstore_session_system(store, "test", &sys, &error));
    for (int i = 0; i < 5; i++) {
        vidstore_user *user = NULL;
        vidstore_user_params *p = vidstore_user_params_new();
        vidstore_user_params_set_text(p, VIDSTORE_USER_USERNAME, names[i]);
        if (i == 0)
            vidstore_user_params_set_text(p, VIDSTORE_USER_EXTERNAL_ID, "ext");
        must(vidstore_user_create(sys, p, &user, &error));
        if (i == 0)
            snprintf(user_id, sizeof user_id, "%s", vidstore_user_id(user));
        vidstore_user_params_free(p);
        vidstore_user_free(user);
    }
    must(vidstore_user_link_identity(sys, user_id, "p", "s", &error));
    vidstore_video *video = NULL;
    must(vidstore_video_create(sys, NULL, &video, &error));
    snprintf(video_id, sizeof video_id, "%s", vidstore_video_id(video));
    vidstore_video_free(video);
    must(vidstore_session_on_behalf(store, user_id, NULL, &as_user, &error));
    share_videos();
    collect_videos();
    null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    *cursor = '\0';
}

static void end(void) {
    close(null_fd);
    vidstore_session_free(as_user);
    vidstore_session_free(sys);
    vidstore_close(store);
}

static operation *const operations[] = {user_create,      user_update, user_life,   bulk_atomic,   bulk_each,
                                        user_reads,       list_users,  sessions,    set_a_setting, video_create,
                                        video_change,     video_facts, audit_reads, search,        collection_change,
                                        collection_reads, members};

START_TEST(every_allocation) {
    sweep(operations[_i]);
    if (operations[_i] == list_users)
        sweep(list_users); /* again, from the cursor */
}
END_TEST

static int no_random(void *buf, size_t size) {
    memset(buf, 7, size); /* what looks like numbers must not be taken for some */
    return -1;
}

/* Whoever makes secrets makes none, and leaves nothing behind, when the system gives no random numbers. */
START_TEST(attack_25_no_random_numbers) {
    char token[VIDSTORE_TOKEN_SIZE] = "x";
    struct vs_env env = vs_env_real;
    int64_t before = written();
    vidstore_key_params *p = vidstore_key_params_new();
    vidstore_key_params_set_text(p, VIDSTORE_KEY_NAME, "k");
    vidstore_key_params_set_text(p, VIDSTORE_KEY_USER_ID, user_id);
    env.random = no_random;
    vs_env_set(&env);
    ck_assert_int_eq(vidstore_key_create(sys, p, NULL, token, sizeof token, NULL), VIDSTORE_IO);
    ck_assert_str_eq(token, "");
    ck_assert_int_eq(
        vidstore_once_create(store, sys, VIDSTORE_ONCE_RESET, user_id, NULL, NULL, token, sizeof token, NULL),
        VIDSTORE_IO);
    ck_assert_str_eq(token, "");
    ck_assert_int_eq(vidstore_once_request_reset(store, "Ann", 0, NULL, NULL, token, sizeof token, NULL), VIDSTORE_IO);
    ck_assert_str_eq(token, "");
    ck_assert_int_eq(vidstore_login_external(store, "p", "s", NULL, NULL, token, sizeof token, NULL), VIDSTORE_IO);
    ck_assert_str_eq(token, "");
    ck_assert_int_eq(vidstore_user_set_password(sys, user_id, "correct horse battery", NULL), VIDSTORE_IO);
    vs_env_set(NULL);
    vidstore_key_params_free(p);
    ck_assert_int_eq(written(), before);
}
END_TEST

Suite *core_fault_suite(void);
Suite *core_fault_suite(void) {
    Suite *suite = suite_create("core_fault");
    TCase *tests = tcase_create("allocations");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_loop_test(tests, every_allocation, 0, sizeof operations / sizeof *operations);
    tcase_add_test(tests, attack_25_no_random_numbers);
    suite_add_tcase(suite, tests);
    return suite;
}
