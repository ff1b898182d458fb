/* SPDX-License-Identifier: MIT */
/* Collections: what stands in them, in which order, and who sees it. */
#include "collected.h"
#include <sqlite3.h>
#include <vidstore/query.h>

static int64_t version_of(struct id collection) {
    vidstore_collection *record = NULL;
    must(vidstore_collection_get(sys, collection.text, &record, e));
    int64_t version = vidstore_collection_version(record);
    vidstore_collection_free(record);
    return version;
}

START_TEST(videos_stand_in_the_order_that_was_given) {
    struct id list = put_collection(as_ann, "list"), videos[5];
    const char *names[] = {"a", "b", "c", "d", "e"};
    for (int i = 0; i < 5; i++)
        videos[i] = put_video(as_ann, names[i]);
    order(as_ann, list, "");
    add(as_ann, list, videos[3], NULL, 1);
    add(as_ann, list, videos[1], NULL, 1);
    add(as_ann, list, videos[0], videos[3].text, 1);
    add(as_ann, list, videos[2], videos[1].text, 1);
    order(as_ann, list, "adcb");
    for (int64_t limit = 1; limit <= 5; limit++)
        ck_assert_str_eq(titles(as_ann, list, limit, NULL), "adcb");
    ck_assert_str_eq(titles(as_ann, list, 1, "title != \"c\""), "adb");
    must(vidstore_collection_video_move(as_ann, list.text, videos[0].text, NULL, e));
    order(as_ann, list, "dcba");
    must(vidstore_collection_video_move(as_ann, list.text, videos[0].text, videos[2].text, e));
    order(as_ann, list, "dacb");
    must(vidstore_collection_video_drop(as_ann, list.text, videos[3].text, e));
    order(as_ann, list, "acb");
    refused(VIDSTORE_NOT_FOUND, "video_id", vidstore_collection_video_drop(as_ann, list.text, videos[3].text, e));
    refused(VIDSTORE_NOT_FOUND, "video_id", vidstore_collection_video_move(as_ann, list.text, videos[4].text, NULL, e));
    refused(VIDSTORE_NOT_FOUND, "before",
            vidstore_collection_video_move(as_ann, list.text, videos[0].text, videos[4].text, e));
    refused(VIDSTORE_NOT_FOUND, "before",
            vidstore_collection_video_add(as_ann, list.text, videos[4].text, videos[3].text, NULL, e));
    order(as_ann, list, "acb");
}
END_TEST

START_TEST(what_changes_nothing_is_no_event) {
    struct id list = put_collection(as_ann, "list"), a = put_video(as_ann, "a"), b = put_video(as_ann, "b");
    add(as_ann, list, a, NULL, 1);
    add(as_ann, list, b, NULL, 1);
    ck_assert_int_eq(version_of(list), 3);
    add(as_ann, list, a, NULL, 0); /* stays where it stands */
    must(vidstore_collection_video_move(as_ann, list.text, b.text, NULL, e));
    must(vidstore_collection_video_move(as_ann, list.text, a.text, b.text, e));
    must(vidstore_collection_video_move(as_ann, list.text, a.text, a.text, e));
    order(as_ann, list, "ab");
    ck_assert_int_eq(version_of(list), 3);
    ck_assert_int_eq(events("action = collection_video_added"), 2);
    ck_assert_int_eq(events("action = collection_video_moved"), 0);
    must(vidstore_collection_video_move(as_ann, list.text, a.text, NULL, e));
    must(vidstore_collection_video_drop(as_ann, list.text, b.text, e));
    ck_assert_int_eq(version_of(list), 5);
    ck_assert_int_eq(events("action = collection_video_moved"), 1);
    ck_assert_int_eq(events("action = collection_video_dropped"), 1);
    order(as_ann, list, "a");
}
END_TEST

static int64_t count(vidstore_session *s, const char *filter, struct id id) {
    int64_t found = -1;
    vidstore_query *q = vidstore_query_new();
    must(vidstore_query_filter(q, filter, e));
    vidstore_query_bind_text(q, 1, id.text);
    must(vidstore_video_count(s, q, &found, e));
    vidstore_query_free(q);
    return found;
}

START_TEST(others_see_nothing_of_it) {
    struct id list = put_collection(as_ann, "list"), a = put_video(as_ann, "a"), b = put_video(as_bob, "b");
    add(as_ann, list, a, NULL, 1);
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_collection_get(as_bob, list.text, NULL, e));
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_collection_videos(as_bob, list.text, NULL, NULL, e));
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_collection_video_add(as_bob, list.text, b.text, NULL, NULL, e));
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_collection_video_drop(as_bob, list.text, a.text, e));
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_video_collections(as_bob, a.text, NULL, NULL, e));
    refused(VIDSTORE_NOT_FOUND, "video_id", vidstore_collection_video_add(as_ann, list.text, b.text, NULL, NULL, e));
    add(sys, list, b, NULL, 1); /* the system sees all, and its owner still does not */
    order(sys, list, "ab");
    order(as_ann, list, "a");
    ck_assert_int_eq(count(as_ann, "collection = $1", list), 1);
    ck_assert_int_eq(count(sys, "collection = $1", list), 2);
    ck_assert_int_eq(count(as_bob, "collection = $1", list), 0);
    /* Its own video, but not what stands in another's list: not even in the negative. */
    ck_assert_int_eq(count(as_bob, "collection != $1", list), 1);
    ck_assert_int_eq(count(as_bob, "not collection = $1", list), 1);
    ck_assert_int_eq(count(as_bob, "collection = $1 or title = \"b\"", list), 1);
    ck_assert_int_eq(count(as_bob, "collection not in ($1)", list), 1);
    vidstore_page *page = NULL;
    must(vidstore_video_collections(as_bob, b.text, NULL, &page, e));
    ck_assert_int_eq(vidstore_page_count(page), 0);
    vidstore_page_free(page);
    vidstore_session *nobody = NULL;
    must(vidstore_session_anonymous(store, NULL, &nobody, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_collection_list(nobody, NULL, NULL, e));
    vidstore_session_free(nobody);
}
END_TEST

/* A video that was shared, while it is. */
START_TEST(a_grant_that_ends_takes_it_out_of_sight) {
    struct id list = put_collection(as_bob, "list"), a = put_video(as_ann, "a"), b = put_video(as_bob, "b");
    vidstore_grant *grant = NULL;
    vidstore_grant_params *p = vidstore_grant_params_new();
    vidstore_grant_params_set_text(p, VIDSTORE_GRANT_NOUN, "video");
    vidstore_grant_params_set_text(p, VIDSTORE_GRANT_OBJECT_ID, a.text);
    vidstore_grant_params_set_text(p, VIDSTORE_GRANT_SUBJECT_ID, bob.text);
    must(vidstore_grant_create(as_ann, p, &grant, e));
    add(as_bob, list, a, NULL, 1);
    add(as_bob, list, b, NULL, 1);
    order(as_bob, list, "ab");
    ck_assert_int_eq(count(as_bob, "collection = $1", list), 2);
    must(vidstore_grant_revoke(as_ann, vidstore_grant_id(grant), e));
    order(as_bob, list, "b");
    ck_assert_int_eq(count(as_bob, "collection = $1", list), 1);
    must(vidstore_collection_video_drop(as_bob, list.text, a.text, e)); /* it is out of sight, but can be taken out */
    vidstore_grant_free(grant);
    vidstore_grant_params_free(p);
}
END_TEST

START_TEST(videos_are_found_by_collection) {
    struct id list = put_collection(as_ann, "list"), other = put_collection(as_ann, "other");
    struct id a = put_video(as_ann, "a harbour"), b = put_video(as_ann, "b"), c = put_video(as_ann, "c");
    add(as_ann, list, a, NULL, 1);
    add(as_ann, list, b, NULL, 1);
    add(as_ann, other, b, NULL, 1);
    vidstore_session *who[] = {as_ann, sys};
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(count(who[i], "collection = $1", list), 2);
        ck_assert_int_eq(count(who[i], "collection = $1 and title = \"b\"", list), 1);
        ck_assert_int_eq(count(who[i], "collection in ($1)", other), 1);
    }
    ck_assert_int_eq(count(as_ann, "collection != $1", other), 2);
    char both[200];
    snprintf(both, sizeof both, "collection in (%s, %s) and id = $1", list.text, other.text);
    ck_assert_int_eq(count(as_ann, both, a), 1);
    ck_assert_int_eq(count(as_ann, both, c), 0);
    /* with words, through their index */
    int64_t found = -1;
    vidstore_query *q = vidstore_query_new();
    must(vidstore_query_filter(q, "collection = $1", e));
    vidstore_query_bind_text(q, 1, list.text);
    must(vidstore_query_search(q, "harbour", e));
    must(vidstore_video_count(as_ann, q, &found, e));
    ck_assert_int_eq(found, 1);
    refused(VIDSTORE_UNSUPPORTED, "search", vidstore_collection_videos(as_ann, list.text, q, NULL, e));
    vidstore_query_free(q);
    q = vidstore_query_new();
    vidstore_query_sort(q, "created asc");
    refused(VIDSTORE_UNSUPPORTED, "sort", vidstore_collection_videos(as_ann, list.text, q, NULL, e));
    vidstore_query_free(q);
    static const char *const bad[] = {"collection = x", "collection < $1",  "collection ~ $1",    "collection is null",
                                      "collection = ",  "collection in $1", "collection not = $1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        vidstore_query *wrong = vidstore_query_new();
        if (!vidstore_query_filter(wrong, bad[i], NULL)) {
            vidstore_query_bind_text(wrong, 1, list.text);
            refused(VIDSTORE_INVALID, "filter", vidstore_video_list(as_ann, wrong, NULL, e));
        }
        vidstore_query_free(wrong);
    }
}
END_TEST

START_TEST(a_video_names_its_collections) {
    struct id list = put_collection(as_ann, "list"), other = put_collection(as_ann, "other");
    struct id a = put_video(as_ann, "a");
    add(as_ann, list, a, NULL, 1);
    add(as_ann, other, a, NULL, 1);
    vidstore_page *page = NULL;
    vidstore_query *q = vidstore_query_new();
    vidstore_query_limit(q, 1);
    must(vidstore_video_collections(as_ann, a.text, q, &page, e));
    ck_assert_str_eq(vidstore_collection_name(vidstore_page_collection(page, 0)), "other");
    ck_assert_ptr_nonnull(vidstore_page_cursor(page));
    vidstore_query_cursor(q, vidstore_page_cursor(page));
    vidstore_page_free(page);
    must(vidstore_video_collections(as_ann, a.text, q, &page, e));
    ck_assert_str_eq(vidstore_collection_name(vidstore_page_collection(page, 0)), "list");
    vidstore_page_free(page);
    struct id b = put_video(as_ann, "b"); /* whose page that is not */
    refused(VIDSTORE_INVALID, "cursor", vidstore_video_collections(as_ann, b.text, q, NULL, e));
    vidstore_query_free(q);
    q = vidstore_query_new();
    int64_t found = -1;
    must(vidstore_query_filter(q, "video = $1 and name = \"list\"", e));
    vidstore_query_bind_text(q, 1, a.text);
    must(vidstore_collection_count(as_ann, q, &found, e));
    ck_assert_int_eq(found, 1);
    must(vidstore_collection_count(as_bob, q, &found, e));
    ck_assert_int_eq(found, 0);
    vidstore_query_free(q);
}
END_TEST

START_TEST(removed_videos_are_not_shown_and_come_back) {
    struct id list = put_collection(as_ann, "list"), a = put_video(as_ann, "a"), b = put_video(as_ann, "b");
    add(as_ann, list, a, NULL, 1);
    add(as_ann, list, b, NULL, 1);
    must(vidstore_video_remove(as_ann, a.text, VIDSTORE_REMOVE_RESTRICT, e));
    order(as_ann, list, "b");
    refused(VIDSTORE_NOT_FOUND, "video_id", vidstore_collection_video_add(as_ann, list.text, a.text, NULL, NULL, e));
    must(vidstore_video_restore(as_ann, a.text, NULL, e));
    order(as_ann, list, "ab");
    must(vidstore_video_remove(as_ann, a.text, VIDSTORE_REMOVE_RESTRICT, e));
    must(vidstore_video_purge(as_ann, a.text, e));
    order(as_ann, list, "b");
    must(vidstore_collection_remove(as_ann, list.text, VIDSTORE_REMOVE_RESTRICT, e));
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_collection_videos(as_ann, list.text, NULL, NULL, e));
    ck_assert_int_eq(count(as_ann, "collection = $1", list), 0);
    must(vidstore_collection_restore(as_ann, list.text, NULL, e));
    order(as_ann, list, "b");
    must(vidstore_collection_remove(as_ann, list.text, VIDSTORE_REMOVE_RESTRICT, e));
    must(vidstore_collection_purge(as_ann, list.text, e));
    must(vidstore_video_get(as_ann, b.text, NULL, e));
}
END_TEST

/* Rows of the table of places, which nothing public counts. */
static int64_t places(void) {
    char path[160];
    sqlite3 *raw = NULL;
    sqlite3_stmt *s = NULL;
    snprintf(path, sizeof path, "%s/store.db", place);
    ck_assert_int_eq(sqlite3_open_v2(path, &raw, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(raw, "SELECT count(*) FROM collection_videos", -1, &s, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
    int64_t rows = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    sqlite3_close(raw);
    return rows;
}

START_TEST(nothing_dangles) {
    struct id list = put_collection(as_ann, "list"), other = put_collection(as_bob, "bob's");
    struct id a = put_video(as_ann, "a"), b = put_video(as_ann, "b");
    add(as_ann, list, a, NULL, 1);
    add(as_ann, list, b, NULL, 1);
    add(sys, other, a, NULL, 1);
    ck_assert_int_eq(places(), 3);
    refused(VIDSTORE_STATE, "id", vidstore_user_remove(sys, bob.text, VIDSTORE_REMOVE_RESTRICT, e));
    must(vidstore_user_remove(sys, bob.text, VIDSTORE_REMOVE_CASCADE, e));
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_collection_get(sys, other.text, NULL, e));
    must(vidstore_collection_purge(sys, other.text, e));
    ck_assert_int_eq(places(), 2);
    must(vidstore_video_remove(as_ann, a.text, VIDSTORE_REMOVE_RESTRICT, e));
    must(vidstore_video_purge(as_ann, a.text, e));
    ck_assert_int_eq(places(), 1);
    must(vidstore_collection_remove(as_ann, list.text, VIDSTORE_REMOVE_RESTRICT, e));
    must(vidstore_collection_purge(as_ann, list.text, e));
    ck_assert_int_eq(places(), 0);
}
END_TEST

static void count_in_stats(vidstore_session *s, const char *wanted) {
    vidstore_text *report = NULL;
    must(vidstore_stats(s, &report, e));
    ck_assert_ptr_nonnull(strstr(vidstore_text_data(report), wanted));
    vidstore_text_free(report);
}

START_TEST(statistics_count_them) {
    struct id list = put_collection(as_ann, "list");
    put_collection(as_ann, "other");
    put_collection(as_bob, "bob's");
    count_in_stats(sys, "\"collections\":{\"total\":3}");
    count_in_stats(as_ann, "\"collections\":{\"total\":2}");
    must(vidstore_collection_remove(as_ann, list.text, VIDSTORE_REMOVE_RESTRICT, e));
    count_in_stats(sys, "\"collections\":{\"total\":2}");
    count_in_stats(as_ann, "\"collections\":{\"total\":1}");
}
END_TEST

START_TEST(upkeep_ends_what_was_removed_long_ago) {
    struct id list = put_collection(as_ann, "list"), other = put_collection(as_ann, "other");
    struct id a = put_video(as_ann, "a");
    char path[160];
    sqlite3 *raw = NULL;
    vidstore_text *report = NULL;
    add(as_ann, list, a, NULL, 1);
    must(vidstore_collection_remove(as_ann, list.text, VIDSTORE_REMOVE_RESTRICT, e));
    must(vidstore_collection_remove(as_ann, other.text, VIDSTORE_REMOVE_RESTRICT, e));
    snprintf(path, sizeof path, "%s/store.db", place);
    ck_assert_int_eq(sqlite3_open(path, &raw), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(raw, "UPDATE collections SET deleted_us = 1 WHERE name = 'list'", NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(raw);
    must(vidstore_maintain(sys, 5000, 0, &report, e));
    vidstore_text_free(report);
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_collection_restore(as_ann, list.text, NULL, e));
    must(vidstore_collection_restore(as_ann, other.text, NULL, e));
    ck_assert_int_eq(places(), 0);
    must(vidstore_video_get(as_ann, a.text, NULL, e));
}
END_TEST

/* As a program might that writes into the tables by hand, without the checks. */
START_TEST(a_diagnosis_finds_what_dangles) {
    struct id list = put_collection(as_ann, "list"), a = put_video(as_ann, "a");
    char path[160];
    sqlite3 *raw = NULL;
    vidstore_text *report = NULL;
    add(as_ann, list, a, NULL, 1);
    must(vidstore_doctor(sys, 0, &report, e));
    ck_assert_ptr_nonnull(strstr(vidstore_text_data(report), "what stands in collections is there"));
    vidstore_text_free(report);
    snprintf(path, sizeof path, "%s/store.db", place);
    ck_assert_int_eq(sqlite3_open(path, &raw), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(raw, "UPDATE collection_videos SET video_id = collection_id", NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(raw);
    must(vidstore_doctor(sys, 0, &report, e));
    ck_assert_ptr_nonnull(strstr(vidstore_text_data(report), "1 places in collections hang on nothing"));
    vidstore_text_free(report);
}
END_TEST

START_TEST(names_are_an_owners_own) {
    struct id list = put_collection(as_ann, "list");
    put_collection(as_bob, "list");
    vidstore_collection_params *p = named_params("list");
    refused(VIDSTORE_EXISTS, "name", vidstore_collection_create(as_ann, p, NULL, e));
    vidstore_collection_params_free(p);
    must(vidstore_collection_remove(as_ann, list.text, VIDSTORE_REMOVE_RESTRICT, e));
    put_collection(as_ann, "list");
    refused(VIDSTORE_EXISTS, "name", vidstore_collection_restore(as_ann, list.text, NULL, e));
    p = named_params("  ");
    refused(VIDSTORE_INVALID, "name", vidstore_collection_create(as_ann, p, NULL, e));
    vidstore_collection_params_free(p);
    p = vidstore_collection_params_new();
    refused(VIDSTORE_INVALID, "name", vidstore_collection_create(as_ann, p, NULL, e));
    vidstore_collection_params_clear(p, VIDSTORE_COLLECTION_NAME);
    refused(VIDSTORE_INVALID, "name", vidstore_collection_update(as_ann, list.text, p, NULL, e));
    vidstore_collection_params_free(p);
}
END_TEST

START_TEST(viewers_look_and_keys_reach_as_far_as_they_say) {
    struct id list = put_collection(as_ann, "list"), a = put_video(as_ann, "a");
    add(as_ann, list, a, NULL, 1);
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_int64(p, VIDSTORE_USER_ROLE, VIDSTORE_ROLE_VIEWER);
    must(vidstore_user_update(sys, ann.text, p, NULL, e));
    vidstore_user_params_free(p);
    order(as_ann, list, "a");
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_collection_video_drop(as_ann, list.text, a.text, e));
    p = vidstore_user_params_new();
    vidstore_user_params_set_int64(p, VIDSTORE_USER_ROLE, VIDSTORE_ROLE_USER);
    must(vidstore_user_update(sys, ann.text, p, NULL, e));
    vidstore_user_params_free(p);
    static const struct {
        const char *scopes;
        int looks, changes;
    } keys[] = {{"read", 1, 0}, {"videos:read", 1, 0}, {"videos:write", 1, 1}, {"jobs:read", 0, 0}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char token[VIDSTORE_TOKEN_SIZE];
        vidstore_session *s = NULL;
        vidstore_key_params *k = vidstore_key_params_new();
        vidstore_key_params_set_text(k, VIDSTORE_KEY_NAME, keys[i].scopes);
        vidstore_key_params_set_text(k, VIDSTORE_KEY_USER_ID, ann.text);
        vidstore_key_params_set_text(k, VIDSTORE_KEY_SCOPES, keys[i].scopes);
        must(vidstore_key_create(sys, k, NULL, token, sizeof token, e));
        must(vidstore_session_key(store, token, NULL, &s, e));
        ck_assert_int_eq(vidstore_collection_get(s, list.text, NULL, NULL) == 0, keys[i].looks);
        ck_assert_int_eq(vidstore_collection_video_add(s, list.text, a.text, NULL, NULL, NULL) == 0, keys[i].changes);
        vidstore_session_free(s);
        vidstore_key_params_free(k);
    }
}
END_TEST

/* All but two of them by hand: what is counted is the same. */
START_TEST(ten_thousand_and_no_more) {
    struct id list = put_collection(sys, "list");
    char path[160];
    sqlite3 *raw = NULL;
    vidstore_video_params *p = vidstore_video_params_new();
    const vidstore_video_params **many = calloc(1111, sizeof *many);
    for (int i = 0; i < 1111; i++)
        many[i] = p;
    for (int i = 0; i < 9; i++) /* each within the time of one write, on a slow machine too */
        must(vidstore_video_bulk_create(sys, many, 1111, VIDSTORE_BULK_ATOMIC, NULL, e));
    snprintf(path, sizeof path, "%s/store.db", place);
    ck_assert_int_eq(sqlite3_open(path, &raw), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(raw,
                                  "INSERT INTO collection_videos (collection_id, video_id, place) "
                                  "SELECT c.id, v.id, v.seq FROM collections AS c, videos AS v",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(raw);
    ck_assert_int_eq(places(), 9999);
    struct id last = put_video(sys, "v"), more = put_video(sys, "w");
    add(sys, list, last, NULL, 1);
    refused(VIDSTORE_QUOTA, "id", vidstore_collection_video_add(sys, list.text, more.text, NULL, NULL, e));
    add(sys, list, last, NULL, 0);
    vidstore_video_params_free(p);
    free(many);
}
END_TEST

START_TEST(changes_are_on_the_feed) {
    vidstore_watch *watch = NULL;
    vidstore_text *json = NULL;
    must(vidstore_watch_open(as_ann, "{\"noun\": \"collection\"}", NULL, &watch, e));
    struct id list = put_collection(as_ann, "list"), a = put_video(as_ann, "a");
    put_collection(as_bob, "of bob");
    add(as_ann, list, a, NULL, 1);
    must(vidstore_collection_remove(as_ann, list.text, VIDSTORE_REMOVE_RESTRICT, e));
    must(vidstore_watch_next(watch, 100, &json, e));
    const char *text = vidstore_text_data(json);
    ck_assert_ptr_nonnull(strstr(text, "\"kind\":\"created\",\"noun\":\"collection\""));
    ck_assert_ptr_nonnull(strstr(text, "\"kind\":\"updated\",\"noun\":\"collection\""));
    ck_assert_ptr_nonnull(strstr(text, "\"kind\":\"removed\",\"noun\":\"collection\""));
    ck_assert_ptr_null(strstr(text, bob.text));
    vidstore_text_free(json);
    vidstore_watch_free(watch);
}
END_TEST

Suite *collections_suite(void);
Suite *collections_suite(void) {
    Suite *suite = suite_create("collections");
    TCase *tests = tcase_create("collections");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, videos_stand_in_the_order_that_was_given);
    tcase_add_test(tests, what_changes_nothing_is_no_event);
    tcase_add_test(tests, others_see_nothing_of_it);
    tcase_add_test(tests, a_grant_that_ends_takes_it_out_of_sight);
    tcase_add_test(tests, videos_are_found_by_collection);
    tcase_add_test(tests, a_video_names_its_collections);
    tcase_add_test(tests, removed_videos_are_not_shown_and_come_back);
    tcase_add_test(tests, nothing_dangles);
    tcase_add_test(tests, statistics_count_them);
    tcase_add_test(tests, upkeep_ends_what_was_removed_long_ago);
    tcase_add_test(tests, a_diagnosis_finds_what_dangles);
    tcase_add_test(tests, names_are_an_owners_own);
    tcase_add_test(tests, viewers_look_and_keys_reach_as_far_as_they_say);
    tcase_add_test(tests, ten_thousand_and_no_more);
    tcase_add_test(tests, changes_are_on_the_feed);
    suite_add_tcase(suite, tests);
    return suite;
}
