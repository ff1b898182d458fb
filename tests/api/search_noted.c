/* SPDX-License-Identifier: MIT */
/* Searches while changes are not indexed yet and nobody can do it now: they find the same, and wait for nobody. */
#include "harness.h"
#include <inttypes.h>

enum { VIDEOS = 10 };

static void add_videos(void) {
    for (int i = 0; i < VIDEOS; i++) {
        char title[40];
        vidstore_video_params *p = vidstore_video_params_new();
        snprintf(title, sizeof title, i % 2 ? "gamma %d" : "delta gamma %d", i);
        vidstore_video_params_set_text(p, VIDSTORE_VIDEO_TITLE, title);
        vidstore_video_params_set_int64(p, VIDSTORE_VIDEO_YEAR, 2000 + i);
        must(vidstore_video_create(sys, p, NULL, e));
        vidstore_video_params_free(p);
    }
}

/* How many a search finds, by a count, a list and the facets. */
static int64_t found(vidstore_session *s, const char *text, uint32_t flags) {
    char counted[40];
    int64_t count = -1;
    vidstore_query *q = vidstore_query_new();
    vidstore_page *page = NULL;
    vidstore_text *json = NULL;
    must(vidstore_query_search(q, text, e));
    vidstore_query_flags(q, flags);
    must(vidstore_video_count(s, q, &count, e));
    must(vidstore_video_list(s, q, &page, e));
    must(vidstore_video_facets(s, q, &json, e));
    ck_assert_int_eq(vidstore_page_count(page), count);
    for (int64_t i = 1; !flags && i < count; i++)
        ck_assert_int_lt(vidstore_video_int64(vidstore_page_video(page, i), VIDSTORE_VIDEO_YEAR),
                         vidstore_video_int64(vidstore_page_video(page, i - 1), VIDSTORE_VIDEO_YEAR));
    snprintf(counted, sizeof counted, "{\"counted\":%" PRId64 ",", count);
    ck_assert_msg(strncmp(vidstore_text_data(json), counted, strlen(counted)) == 0, "%s", vidstore_text_data(json));
    vidstore_text_free(json);
    vidstore_page_free(page);
    vidstore_query_free(q);
    return count;
}

static void look(vidstore_session *s) {
    ck_assert_int_eq(found(s, "gamma", 0), VIDEOS);
    ck_assert_int_eq(found(s, "title:gamma", 0), VIDEOS);
    ck_assert_int_eq(found(s, "title:delta OR \"gamma 1\"", 0), VIDEOS / 2 + 1);
    ck_assert_int_eq(found(s, "gamm* -delta", 0), VIDEOS / 2);
    ck_assert_int_eq(found(s, "-gamma", 0), 0);
    ck_assert_int_eq(found(s, "gamma year:2003..2005", 0), 3);
    ck_assert_int_eq(found(s, "gamma delta", VIDSTORE_QUERY_RANKED), VIDEOS / 2);
}

/* What maintain would have to index. */
static int64_t left(void) {
    vidstore_text *report = NULL;
    must(vidstore_maintain(sys, 1000, VIDSTORE_MAINTAIN_DRY_RUN, &report, e));
    const char *at = strstr(vidstore_text_data(report), "\"records_indexed\":");
    int64_t count = at ? strtoll(at + strlen("\"records_indexed\":"), NULL, 10) : -1;
    vidstore_text_free(report);
    return count;
}

START_TEST(a_store_that_is_only_read) {
    vidstore *reading = NULL;
    vidstore_session *reader = NULL;
    vidstore_open_params *params = vidstore_open_params_new();
    vidstore_open_params_set_int64(params, VIDSTORE_OPEN_READ_ONLY, 1);
    add_videos();
    must(vidstore_open(place, params, &reading, e));
    must(vidstore_session_system(reading, "reader", &reader, e));
    look(reader);
    ck_assert_int_eq(left(), VIDEOS);
    vidstore_session_free(reader);
    vidstore_close(reading);
    vidstore_open_params_free(params);
}
END_TEST

START_TEST(a_snapshot) {
    add_videos();
    must(vidstore_snapshot_begin(sys, 60000, e));
    look(sys);
    must(vidstore_snapshot_end(sys, e));
    ck_assert_int_eq(left(), VIDEOS);
    look(sys);
    ck_assert_int_eq(left(), 0);
}
END_TEST

/* Another handle, as another process would have it, keeps the writer. */
START_TEST(while_another_writes) {
    vidstore *other = NULL;
    vidstore_session *writer = NULL;
    vidstore_job_params *p = vidstore_job_params_new();
    add_videos();
    must(vidstore_open(place, NULL, &other, e));
    must(vidstore_session_system(other, "writer", &writer, e));
    must(vidstore_begin(writer, 0, e));
    must(vidstore_job_submit(writer, p, NULL, e));
    int64_t before = now_ms();
    look(sys);
    ck_assert_int_lt(now_ms() - before, 2000); /* the transaction would have ended by itself after 5 seconds */
    must(vidstore_rollback(writer, e));
    ck_assert_int_eq(left(), VIDEOS);
    look(sys);
    ck_assert_int_eq(left(), 0);
    vidstore_session_free(writer);
    vidstore_close(other);
    vidstore_job_params_free(p);
}
END_TEST

START_TEST(closing_and_upkeep_index_what_is_left) {
    vidstore_text *report = NULL;
    add_videos();
    ck_assert_int_eq(left(), VIDEOS);
    must(vidstore_maintain(sys, 1000, 0, &report, e));
    ck_assert_ptr_nonnull(strstr(vidstore_text_data(report), "\"records_indexed\":10"));
    vidstore_text_free(report);
    ck_assert_int_eq(left(), 0);
    add_videos();
    ck_assert_int_eq(left(), VIDEOS);
    close_store();
    open_store();
    ck_assert_int_eq(left(), 0);
    ck_assert_int_eq(found(sys, "delta", VIDSTORE_QUERY_RANKED), VIDEOS);
}
END_TEST

Suite *search_noted_suite(void) {
    Suite *s = suite_create("search_noted");
    TCase *tc = tcase_create("search_noted");
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_test(tc, a_store_that_is_only_read);
    tcase_add_test(tc, a_snapshot);
    tcase_add_test(tc, while_another_writes);
    tcase_add_test(tc, closing_and_upkeep_index_what_is_left);
    suite_add_tcase(s, tc);
    return s;
}
