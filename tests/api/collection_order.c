/* SPDX-License-Identifier: MIT */
/* The order of a collection: room for what is put between others, and pages that go on while it changes. */
#include "collected.h"
#include <sqlite3.h>

/* Which numbering the places have, which nothing public tells; 0: their first. */
static int64_t turn_of(void) {
    char path[160];
    sqlite3 *raw = NULL;
    sqlite3_stmt *s = NULL;
    snprintf(path, sizeof path, "%s/store.db", place);
    ck_assert_int_eq(sqlite3_open_v2(path, &raw, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(raw, "SELECT max(turn) FROM collections", -1, &s, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
    int64_t found = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    sqlite3_close(raw);
    return found;
}

/* Each comes before the last, so that the room between neighbours is used up and made anew. */
START_TEST(room_never_runs_out) {
    struct id list = put_collection(as_ann, "list"), last = put_video(as_ann, "z"), first = put_video(as_ann, "a");
    char wanted[64] = "a";
    add(as_ann, list, first, NULL, 1);
    add(as_ann, list, last, NULL, 1);
    must(vidstore_begin(as_ann, 0, e));
    for (int i = 0; i < 40; i++) {
        const char title[] = {(char)('b' + i % 20), '\0'};
        add(as_ann, list, put_video(as_ann, title), last.text, 1);
        wanted[i + 1] = *title;
    }
    must(vidstore_commit(as_ann, e));
    wanted[41] = 'z';
    order(as_ann, list, wanted);
    ck_assert_str_eq(titles(as_ann, list, 7, NULL), wanted);
    for (int i = 0; i < 100; i++) /* two that change places over and over */
        must(vidstore_collection_video_move(as_ann, list.text, i % 2 ? first.text : last.text,
                                            i % 2 ? last.text : first.text, e));
    ck_assert_int_eq(strlen(titles(as_ann, list, 100, NULL)), 42);
}
END_TEST

/* What was to be moved stood on a place that, after all were numbered anew, was the one to move to. */
START_TEST(a_move_for_which_room_is_made) {
    struct id list = put_collection(as_ann, "list"), a = put_video(as_ann, "a"), b = put_video(as_ann, "b"),
              x = put_video(as_ann, "x"), last = {{0}};
    add(as_ann, list, put_video(as_ann, "f"), NULL, 1);
    add(as_ann, list, a, NULL, 1);
    add(as_ann, list, b, NULL, 1);
    add(as_ann, list, x, b.text, 1);
    for (int i = 0; i < 32; i++) {
        struct id next = put_video(as_ann, "v");
        add(as_ann, list, next, a.text, 1);
        if (i)
            must(vidstore_collection_video_drop(as_ann, list.text, last.text, e));
        last = next;
    }
    order(as_ann, list, "fvaxb");
    must(vidstore_collection_video_move(as_ann, list.text, x.text, a.text, e));
    order(as_ann, list, "fvxab");
    ck_assert_int_eq(events("action = collection_video_moved"), 1);
}
END_TEST

START_TEST(what_comes_first_or_last_takes_no_room) {
    struct id list = put_collection(as_ann, "list"), first = put_video(as_ann, "m");
    char wanted[82] = "";
    add(as_ann, list, first, NULL, 1);
    wanted[40] = 'm';
    for (int i = 0; i < 40; i++) {
        struct id next = put_video(as_ann, "f");
        add(as_ann, list, next, first.text, 1);
        add(as_ann, list, put_video(as_ann, "l"), NULL, 1);
        first = next;
        wanted[i] = 'f';
        wanted[41 + i] = 'l';
    }
    order(as_ann, list, wanted);
    ck_assert_int_eq(turn_of(), 0);
}
END_TEST

/* Twelve videos whose places are not those that a new numbering gives; every third is bob's, and out of ann's sight. */
static struct id put_twelve(struct id videos[12]) {
    struct id list = put_collection(as_ann, "list"), gone[4];
    for (int i = 0; i < 12; i++) {
        const char title[] = {(char)('a' + i), '\0'};
        videos[i] = put_video(i % 3 == 2 ? as_bob : as_ann, title);
    }
    must(vidstore_begin(sys, 0, e));
    for (int i = 0; i < 4; i++)
        add(sys, list, gone[i] = put_video(sys, "-"), NULL, 1);
    for (int i = 0; i < 12; i++)
        add(sys, list, videos[i], NULL, 1);
    for (int i = 0; i < 4; i++)
        must(vidstore_collection_video_drop(sys, list.text, gone[i].text, e));
    must(vidstore_commit(sys, e));
    order(sys, list, "abcdefghijkl");
    return list;
}

/* Until the places have been numbered anew, once, by videos that come and go before one. */
static void use_up_room(struct id list, struct id before) {
    int64_t at_first = turn_of();
    struct id two[2] = {put_video(sys, "+"), put_video(sys, "+")};
    must(vidstore_begin(sys, 0, e));
    for (int i = 0; i < 40; i++) {
        add(sys, list, two[i % 2], before.text, 1);
        if (i)
            must(vidstore_collection_video_drop(sys, list.text, two[1 - i % 2].text, e));
    }
    must(vidstore_collection_video_drop(sys, list.text, two[1].text, e));
    must(vidstore_commit(sys, e));
    ck_assert_int_eq(turn_of() >> 31, at_first & INT32_MAX);
    ck_assert_int_ne(turn_of(), at_first);
}

/* Reads a page, and sets its cursor for the next; *ret_last is what stood last. 1: there is more. */
static int read_page(vidstore_session *s, struct id list, vidstore_query *q, char *titles_of, struct id *ret_last) {
    vidstore_page *page = NULL;
    must(vidstore_collection_videos(s, list.text, q, &page, e));
    int64_t n = vidstore_page_count(page);
    for (int64_t i = 0; i < n; i++)
        titles_of[i] = vidstore_video_title(vidstore_page_video(page, i))[0];
    titles_of[n] = '\0';
    if (n)
        *ret_last = id_of(vidstore_video_id(vidstore_page_video(page, n - 1)));
    int more = vidstore_page_cursor(page) != NULL;
    vidstore_query_cursor(q, vidstore_page_cursor(page));
    vidstore_page_free(page);
    return more;
}

static void stays(struct id list, struct id last) {
    (void)list, (void)last;
}

static void leaves(struct id list, struct id last) {
    must(vidstore_collection_video_drop(sys, list.text, last.text, e));
}

static void ends(struct id list, struct id last) {
    (void)list;
    must(vidstore_video_remove(sys, last.text, VIDSTORE_REMOVE_RESTRICT, e));
    must(vidstore_video_purge(sys, last.text, e));
}

static void goes_behind(struct id list, struct id last) {
    must(vidstore_collection_video_move(sys, list.text, last.text, NULL, e));
}

static void goes_in_front(struct id list, struct id last) {
    vidstore_page *page = NULL;
    must(vidstore_collection_videos(sys, list.text, NULL, &page, e));
    must(vidstore_collection_video_move(sys, list.text, last.text, vidstore_video_id(vidstore_page_video(page, 0)), e));
    vidstore_page_free(page);
}

typedef void fate(struct id list, struct id last);

/* All pages. Behind each of the first, its last video meets its fate, and the places are numbered anew before that
 * (early) or after it, or not at all. What the fate puts behind all others comes a second time. */
static void walk(vidstore_session *s, int64_t limit, const char *filter, fate *meets, int early, int late,
                 const char *wanted) {
    struct id videos[12], list = put_twelve(videos), last = {{0}};
    char got[64] = "", page[16] = "", again[16] = "";
    size_t pages = 0;
    vidstore_query *q = vidstore_query_new();
    vidstore_query_limit(q, limit);
    if (filter)
        must(vidstore_query_filter(q, filter, e));
    while (read_page(s, list, q, page, &last)) {
        strcat(got, page);
        if (strlen(got) + (size_t)limit > 8 || pages++ > 1)
            continue;
        if (early)
            use_up_room(list, videos[11]);
        if (meets == goes_behind)
            strncat(again, page + strlen(page) - 1, 1);
        meets(list, last);
        if (late)
            use_up_room(list, videos[11]);
    }
    strcat(got, page);
    ck_assert_int_eq(strncmp(got, wanted, strlen(wanted)), 0);
    ck_assert_str_eq(got + strlen(wanted), again);
    ck_assert_int_eq(turn_of() > 0, early || late);
    vidstore_query_free(q);
    must(vidstore_collection_remove(as_ann, list.text, VIDSTORE_REMOVE_RESTRICT, e));
    must(vidstore_collection_purge(as_ann, list.text, e));
}

START_TEST(pages_go_on_while_the_order_changes) {
    static fate *const fates[] = {stays, leaves, ends, goes_behind, goes_in_front};
    for (size_t i = 0; i < sizeof fates / sizeof *fates; i++)
        for (int when = 0; when < 3; when++) {
            walk(sys, 1, NULL, fates[i], when == 1, when == 2, "abcdefghijkl");
            walk(sys, 4, NULL, fates[i], when == 1, when == 2, "abcdefghijkl");
            walk(as_ann, 1, NULL, fates[i], when == 1, when == 2, "abdeghjk");
            walk(as_ann, 2, "title != \"e\"", fates[i], when == 1, when == 2, "abdghjk");
        }
}
END_TEST

START_TEST(a_cursor_outlives_one_new_numbering) {
    struct id videos[12], list = put_twelve(videos), last = {{0}};
    char page[16];
    vidstore_query *q = vidstore_query_new();
    vidstore_query_limit(q, 5);
    ck_assert_int_eq(read_page(sys, list, q, page, &last), 1);
    use_up_room(list, videos[11]);
    add(sys, list, put_video(sys, "+"), videos[7].text, 1); /* put there since, and before that page's end and behind */
    add(sys, list, put_video(sys, "+"), videos[1].text, 1);
    must(vidstore_collection_video_move(sys, list.text, videos[9].text, videos[0].text, e));
    vidstore_query *other = vidstore_query_new();
    vidstore_query_limit(other, 5);
    ck_assert_int_eq(read_page(sys, list, other, page, &last), 1);
    ck_assert_str_eq(page, "ja+bc");
    vidstore_query_free(other);
    vidstore_page *rest = NULL;
    must(vidstore_collection_videos(sys, list.text, q, &rest, e));
    ck_assert_int_eq(vidstore_page_count(rest), 5);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(vidstore_video_title(vidstore_page_video(rest, i))[0], "fg+hi"[i]);
    vidstore_page_free(rest);
    use_up_room(list, videos[11]);
    refused(VIDSTORE_INVALID, "cursor", vidstore_collection_videos(sys, list.text, q, NULL, e));
    vidstore_query_cursor(q, NULL);
    ck_assert_int_eq(read_page(sys, list, q, page, &last), 1);
    ck_assert_str_eq(page, "ja+bc");
    ck_assert_int_eq(read_page(sys, list, q, page, &last), 1);
    ck_assert_str_eq(page, "defg+");
    vidstore_query_free(q);
}
END_TEST

/* Other numberings than those that a cursor was given in or goes on in: undone, or not yet seen. */
START_TEST(a_cursor_knows_its_numbering) {
    struct id videos[12], list = put_twelve(videos), last = {{0}}, two[2] = {put_video(sys, "+"), put_video(sys, "+")};
    char page[16];
    vidstore_query *q = vidstore_query_new();
    vidstore_query_limit(q, 5);
    must(vidstore_begin(sys, 0, e));
    for (int i = 0; i < 40; i++) {
        add(sys, list, two[i % 2], videos[11].text, 1);
        if (i)
            must(vidstore_collection_video_drop(sys, list.text, two[1 - i % 2].text, e));
    }
    ck_assert_int_eq(read_page(sys, list, q, page, &last), 1);
    must(vidstore_rollback(sys, e));
    refused(VIDSTORE_INVALID, "cursor", vidstore_collection_videos(sys, list.text, q, NULL, e));
    leaves(list, videos[0]);
    use_up_room(list, videos[11]); /* another new numbering in the place of that one */
    refused(VIDSTORE_INVALID, "cursor", vidstore_collection_videos(sys, list.text, q, NULL, e));
    must(vidstore_snapshot_begin(as_ann, 60000, e));
    vidstore_query_cursor(q, NULL);
    ck_assert_int_eq(read_page(as_ann, list, q, page, &last), 1);
    ck_assert_str_eq(page, "bdegh");
    use_up_room(list, videos[11]);
    ck_assert_int_eq(read_page(as_ann, list, q, page, &last), 0);
    ck_assert_str_eq(page, "jk");
    vidstore_query_limit(q, 3);
    vidstore_query_cursor(q, NULL);
    vidstore_session *other = session_of(ann);
    ck_assert_int_eq(read_page(other, list, q, page, &last), 1);
    refused(VIDSTORE_INVALID, "cursor", vidstore_collection_videos(as_ann, list.text, q, NULL, e));
    must(vidstore_snapshot_end(as_ann, e));
    ck_assert_int_eq(read_page(as_ann, list, q, page, &last), 1);
    ck_assert_str_eq(page, "ghj");
    vidstore_session_free(other);
    vidstore_query_free(q);
}
END_TEST

Suite *collection_order_suite(void);
Suite *collection_order_suite(void) {
    Suite *suite = suite_create("collection_order");
    TCase *tests = tcase_create("collection_order");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, room_never_runs_out);
    tcase_add_test(tests, a_move_for_which_room_is_made);
    tcase_add_test(tests, what_comes_first_or_last_takes_no_room);
    tcase_add_test(tests, pages_go_on_while_the_order_changes);
    tcase_add_test(tests, a_cursor_outlives_one_new_numbering);
    tcase_add_test(tests, a_cursor_knows_its_numbering);
    suite_add_tcase(suite, tests);
    return suite;
}
