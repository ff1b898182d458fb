/* SPDX-License-Identifier: MIT */
/* Filters on members of free metadata: keys of any kind, numbers as numbers, texts as texts. */
#include "harness.h"
#include <vidstore/query.h>

static void teardown(void) {
    end();
}

static void put(const char *title, const char *metadata) {
    vidstore_video_params *p = vidstore_video_params_new();
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_TITLE, title);
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_METADATA, metadata);
    must(vidstore_video_create(sys, p, NULL, e));
    vidstore_video_params_free(p);
}

static void setup(void) {
    begin();
    put("a",
        "{\"year\": 1999, \"genre\": \"Noir\", \"crew\": {\"director\": \"Lang\", \"of\": {\"light\": \"Baum\"}}}");
    put("b", "{\"year\": 2001, \"genre\": \"noir\", \"rating\": 7.5, \"seen\": true, \"tags\": [\"old\", 3, true]}");
    put("c", "{\"year\": \"1999\", \"genre\": \"10\", \"rating\": 7, \"seen\": false, \"none\": null}");
    put("d", "{\"year\": 9223372036854775807, \"a.b\": 1, \"a b\": 2, \"\": 3, \"q\\\"\\\\\\n'\": 4, \"\\u00e9\": 5, "
             "\"$1\": 6, \"%_\": 7, \"-- x\": 8}");
    put("e", NULL);
    put("f", "{}");
}

/* The titles that a filter finds, in their order. */
static const char *found(vidstore_session *s, const char *filter, const char *text, int64_t number) {
    static char titles[16];
    size_t at = 0;
    vidstore_page *page = NULL;
    vidstore_query *q = vidstore_query_new();
    must(vidstore_query_filter(q, filter, e));
    if (text)
        vidstore_query_bind_text(q, 1, text);
    vidstore_query_bind_int64(q, 2, number);
    vidstore_query_sort(q, "created asc");
    vidstore_query_flags(q, VIDSTORE_QUERY_SCAN);
    must(vidstore_video_list(s, q, &page, e));
    for (int64_t i = 0; i < vidstore_page_count(page); i++)
        titles[at++] = vidstore_video_title(vidstore_page_video(page, i))[0];
    titles[at] = '\0';
    vidstore_page_free(page);
    vidstore_query_free(q);
    return titles;
}

struct row {
    const char *filter, *wanted;
};

static void check(const struct row *rows, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const char *titles = found(sys, rows[i].filter, "noir", 2001);
        ck_assert_msg(strcmp(titles, rows[i].wanted) == 0, "%s: \"%s\", not \"%s\"", rows[i].filter, titles,
                      rows[i].wanted);
    }
}
#define holds(rows) check(rows, sizeof rows / sizeof *(rows))

START_TEST(numbers_are_compared_with_numbers) {
    static const struct row rows[] = {
        {"metadata.year = 1999", "a"},
        {"metadata.year = \"1999\"", "c"},
        {"metadata.year != 1999", "bd"},
        {"metadata.year < 2001", "a"},
        {"metadata.year <= 2001", "ab"},
        {"metadata.year > 2001", "d"},
        {"metadata.year >= 2001", "bd"},
        {"metadata.year = $2", "b"},
        {"metadata.year = 9223372036854775807", "d"},
        {"metadata.year = 9223372036854775806", ""},
        {"metadata.rating > 7.25", "b"},
        {"metadata.rating = 7.0", "c"},
        {"metadata.rating = 75e-1", "b"},
        {"metadata.rating < -1", ""},
        {"metadata.year in (1999, 2001)", "ab"},
        {"metadata.year in (\"1999\", 2001)", "bc"},
        {"metadata.year not in (1999)", "bd"},
        {"not metadata.year = 1999", "bd"},
    };
    holds(rows);
}
END_TEST

START_TEST(texts_are_compared_with_texts) {
    static const struct row rows[] = {
        {"metadata.genre = noir", "b"},   {"metadata.genre = $1", "b"},         {"metadata.genre ~ NOI", "ab"},
        {"metadata.genre ~ \"%\"", ""},   {"metadata.genre = 10", ""},          {"metadata.genre = \"10\"", "c"},
        {"metadata.genre < a", "ac"},     {"metadata.genre > \"Noir\"", "b"},   {"metadata.seen = true", "b"},
        {"metadata.seen = \"true\"", ""}, {"metadata.seen != true", "c"},       {"metadata.seen < true", "c"},
        {"metadata.tags = old", "b"},     {"metadata.tags = 3", "b"},           {"metadata.tags = 4", ""},
        {"metadata.tags < zzz", ""},      {"metadata.tags in (new, old)", "b"}, {"metadata.rating ~ 7.5", "b"},
        {"metadata.genre = \"\"", ""},
    };
    holds(rows);
}
END_TEST

START_TEST(what_is_not_there_is_null) {
    static const struct row rows[] = {
        {"metadata.rating is null", "adef"},
        {"metadata.rating is not null", "bc"},
        {"metadata.none is null", "abcdef"},
        {"metadata.crew is not null", "a"},
        {"metadata.crew.director is null", "bcdef"},
        {"metadata.genre.director is null", "abcdef"},
        {"metadata.crew = Lang", ""},
    };
    holds(rows);
}
END_TEST

START_TEST(any_text_can_be_a_key) {
    static const struct row rows[] = {
        {"metadata.crew.director = Lang", "a"},
        {"metadata.crew.of.light = Baum", "a"},
        {"metadata.\"crew\".\"director\" = \"Lang\"", "a"},
        {"metadata.\"a.b\" = 1", "d"},
        {"metadata.a.b = 1", ""},
        {"metadata.\"a b\" = 2", "d"},
        {"metadata.\"\" = 3", "d"},
        {"metadata.\"q\\\"\\\\\n'\" = 4", "d"},
        {"metadata.\xc3\xa9 = 5", "d"},
        {"metadata.\"\xc3\xa9\" = 5", "d"},
        {"metadata.\"$1\" = 6", "d"},
        {"metadata.\"%_\" = 7", "d"},
        {"metadata.\"%%\" = 7", ""},
        {"metadata.\"-- x\" = 8", "d"},
        {"metadata.\"') or 1 = 1 --\" = 8", ""},
        {"metadata.year = 1999 and metadata.genre ~ noir or metadata.\"a b\" = 2", "ad"},
        {"(metadata.year = 2001) and title = \"b\"", "b"},
    };
    holds(rows);
}
END_TEST

START_TEST(what_can_not_be_meant_is_refused) {
    static const char *const bad[] = {
        "metadata = 1",       "metadata. = 1",   "metadata.a",          "metadata.a =",     "metadata.a = null",
        "metadata.a. = 1",    "metadata..a = 1", "metadata.\"a = 1",    "metadata.a in 1",  "metadata.a in (1",
        "metadata.a not = 1", "metadata.a is 1", "metadata.a is not 1", "metadata.a in ()", "title.a = 1",
        "metadata.a = $3",    "tags.a = 1",      "metadata.a ~",        "metadata .a = 1",  "metadata.$1 = 1",
        "metadata.a = 1 2",   "facts.a = 1",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        vidstore_query *q = vidstore_query_new();
        vidstore_query_flags(q, VIDSTORE_QUERY_SCAN);
        if (!vidstore_query_filter(q, bad[i], NULL))
            refused(VIDSTORE_INVALID, "filter", vidstore_video_list(sys, q, NULL, e));
        vidstore_query_free(q);
    }
    vidstore_query *q = vidstore_query_new(); /* it can be slow: whoever may see all has to want that */
    must(vidstore_query_filter(q, "metadata.year = 1999", e));
    refused(VIDSTORE_UNSUPPORTED, "filter", vidstore_video_list(sys, q, NULL, e));
    must(vidstore_query_filter(q, "metadata.year = 1999 and id = 01900000-0000-7000-8000-000000000000", e));
    must(vidstore_video_list(sys, q, NULL, e));
    vidstore_query_free(q);
}
END_TEST

/* Only an owner sees the metadata of a file; so nobody else asks for it. */
START_TEST(hidden_members_are_not_to_be_guessed) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER), bob = add_user("bob", VIDSTORE_ROLE_USER);
    vidstore_session *as_ann = session_of(ann), *as_bob = session_of(bob);
    vidstore_file_params *p = vidstore_file_params_new();
    vidstore_upload *upload = NULL;
    vidstore_file_params_set_text(p, VIDSTORE_FILE_NAME, "a");
    vidstore_file_params_set_text(p, VIDSTORE_FILE_METADATA, "{\"pin\": 1234}");
    vidstore_file_params_set_int64(p, VIDSTORE_FILE_ACCESS, VIDSTORE_ACCESS_PUBLIC);
    must(vidstore_upload_open(as_ann, p, &upload, e));
    must(vidstore_upload_seal(upload, 0, e));
    must(vidstore_upload_publish(as_ann, upload, NULL, e));
    vidstore_session *who[] = {as_ann, as_bob};
    for (int i = 0; i < 2; i++) {
        int64_t count = -1;
        vidstore_query *q = vidstore_query_new();
        must(vidstore_query_filter(q, "metadata.pin = 1234", e));
        must(vidstore_file_count(who[i], q, &count, e));
        ck_assert_int_eq(count, i == 0);
        vidstore_query_free(q);
    }
    vidstore_file_params_free(p);
    vidstore_upload_free(upload);
    vidstore_session_free(as_ann);
    vidstore_session_free(as_bob);
}
END_TEST

START_TEST(every_noun_with_metadata_has_them) {
    int64_t count = -1;
    vidstore_query *q = vidstore_query_new();
    vidstore_job_params *j = vidstore_job_params_new();
    vidstore_user_params *u = vidstore_user_params_new();
    vidstore_collection_params *c = vidstore_collection_params_new();
    vidstore_job_params_set_json(j, "{\"kind\": \"work\", \"metadata\": {\"cost\": {\"cents\": 120}}}");
    vidstore_user_params_set_json(u, "{\"username\": \"ann\", \"metadata\": {\"cost\": {\"cents\": 120}}}");
    vidstore_collection_params_set_json(c, "{\"name\": \"list\", \"metadata\": {\"cost\": {\"cents\": 120}}}");
    must(vidstore_job_submit(sys, j, NULL, e));
    must(vidstore_user_create(sys, u, NULL, e));
    must(vidstore_collection_create(sys, c, NULL, e));
    must(vidstore_query_filter(q, "metadata.cost.cents > 119 and metadata.cost.cents < 120.5", e));
    vidstore_query_flags(q, VIDSTORE_QUERY_SCAN);
    must(vidstore_job_count(sys, q, &count, e));
    ck_assert_int_eq(count, 1);
    must(vidstore_user_count(sys, q, &count, e));
    ck_assert_int_eq(count, 1);
    must(vidstore_collection_count(sys, q, &count, e));
    ck_assert_int_eq(count, 1);
    vidstore_query_free(q);
    vidstore_job_params_free(j);
    vidstore_user_params_free(u);
    vidstore_collection_params_free(c);
}
END_TEST

Suite *members_suite(void);
Suite *members_suite(void) {
    Suite *suite = suite_create("members");
    TCase *tests = tcase_create("members");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, numbers_are_compared_with_numbers);
    tcase_add_test(tests, texts_are_compared_with_texts);
    tcase_add_test(tests, what_is_not_there_is_null);
    tcase_add_test(tests, any_text_can_be_a_key);
    tcase_add_test(tests, what_can_not_be_meant_is_refused);
    tcase_add_test(tests, hidden_members_are_not_to_be_guessed);
    tcase_add_test(tests, every_noun_with_metadata_has_them);
    suite_add_tcase(suite, tests);
    return suite;
}
