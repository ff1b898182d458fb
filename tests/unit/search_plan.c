/* SPDX-License-Identifier: MIT */
/* What a search begins with: whatever is rare first and what is left to the rows, a page has what the words say. */
#include "db/bind.h"
#include "record/search.h"
#include "store/crud.h"
#include "util/alloc.h"
#include "util/env.h"
#include "videos/videos.h"
#include <check.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <vidstore/vidstore.h>

#define M "\xEE\x80\x80"

enum { VIDEOS = 4000, BULK = 200, GRANTED = 1290 };

static vidstore *store;
static vidstore_session *sys, *ann;
static char ann_id[40];

#define must(call)                                                                                                     \
    do {                                                                                                               \
        vidstore_error *e_ = NULL, **e = &e_;                                                                          \
        int rc_ = (call);                                                                                              \
        ck_assert_msg(rc_ == 0, "%s: %s: %s (%s)", #call, vidstore_status_name(rc_), vidstore_error_message(e_),       \
                      vidstore_error_cause(e_));                                                                       \
    } while (0)

/* --- the data: what is written in video i follows from i --------------------------------------------------------- */

static int is_anns(int i) {
    return i % 65 == 0;
}

static vidstore_video_params *video(int i) {
    char text[200];
    vidstore_video_params *p = vidstore_video_params_new();
    snprintf(text, sizeof text, "n%04d common%s%s%s", i, i % 2 ? "" : " even", i % 3 ? "" : " third",
             i % 325 ? "" : " rare");
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_TITLE, text);
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_SERIES, i % 5 ? "harbour lights" : "lights of a harbour");
    vidstore_video_params_set_int64(p, VIDSTORE_VIDEO_YEAR, 1900 + i % 7 * 16);
    if (is_anns(i))
        vidstore_video_params_set_text(p, VIDSTORE_VIDEO_USER_ID, ann_id);
    return p;
}

static void grant(const char *id) {
    vidstore_grant_params *p = vidstore_grant_params_new();
    vidstore_grant_params_set_text(p, VIDSTORE_GRANT_NOUN, "video");
    vidstore_grant_params_set_text(p, VIDSTORE_GRANT_OBJECT_ID, id);
    vidstore_grant_params_set_text(p, VIDSTORE_GRANT_SUBJECT_ID, ann_id);
    must(vidstore_grant_create(sys, p, NULL, e));
    vidstore_grant_params_free(p);
}

static void begin(void) {
    vidstore_user *user = NULL;
    vidstore_user_params *up = vidstore_user_params_new();
    must(vidstore_open(":memory:", NULL, &store, e));
    must(vidstore_session_system(store, "test", &sys, e));
    vidstore_user_params_set_text(up, VIDSTORE_USER_USERNAME, "ann");
    must(vidstore_user_create(sys, up, &user, e));
    snprintf(ann_id, sizeof ann_id, "%s", vidstore_user_id(user));
    vidstore_user_params_free(up);
    vidstore_user_free(user);
    for (int from = 0; from < VIDEOS; from += BULK) {
        vidstore_video_params *many[BULK];
        vidstore_page *page = NULL;
        for (int i = 0; i < BULK; i++)
            many[i] = video(from + i);
        must(vidstore_video_bulk_create(sys, (const vidstore_video_params *const *)many, BULK, 0, &page, e));
        for (int i = 0; i < BULK; i++)
            vidstore_video_params_free(many[i]);
        if (from <= GRANTED && GRANTED < from + BULK)
            grant(vidstore_video_id(vidstore_page_video(page, GRANTED - from)));
        vidstore_page_free(page);
    }
    must(vidstore_session_on_behalf(store, ann_id, NULL, &ann, e));
}

static void end(void) {
    vidstore_session_free(ann);
    vidstore_session_free(sys);
    vidstore_close(store);
}

/* --- pages -------------------------------------------------------------------------------------------------------- */

static int even_third(int i) {
    return i % 6 == 0;
}
static int rare_third(int i) {
    return i % 975 == 0;
}
static int rare_odd(int i) {
    return i % 325 == 0 && i % 2;
}
static int one_1913(int i) {
    return i == 1300;
}
static int phrase(int i) {
    return i % 5 && i % 3 == 0;
}
static int prefix(int i) {
    return i % 2 == 0 && i >= 1000 && i < 2000;
}
static int of_year(int i) {
    return i % 7 == 2 && i % 6 == 0;
}
static int of_years(int i) {
    return i % 7 >= 2 && i % 7 <= 3 && i % 3 == 0;
}
static int nothing(int i) {
    return i < 0;
}
static int either(int i) {
    return (i % 325 == 0 || i % 6 == 0) && i % 5;
}
static int without(int i) {
    return i % 2 == 0 && i % 3 == 0 && i % 5;
}

static const struct {
    const char *search, *filter;
    int (*fits)(int i);
} asked[] = {
    {"common even third", NULL, even_third},
    {"common third rare", NULL, rare_third},
    {"harbour common rare -even", NULL, rare_odd},
    {"common lights n1300 rare", NULL, one_1913},
    {"common third \"harbour lights\"", NULL, phrase},
    {"common third series:\"harbour lights\"", NULL, phrase},
    {"common n1* even", NULL, prefix},
    {"title:even title:n1* common", NULL, prefix},
    {"even third", "year = 1932", of_year},
    {"common even title:third year:1932", NULL, of_year},
    {"common third", "year >= 1932 and year < 1950", of_years},
    {"title:harbour common even", NULL, nothing},
    {"series:third even common", NULL, nothing},
    {"rare OR even rare OR third \"harbour lights\" common", NULL, either},
    {"even third lights -\"of a\"", NULL, without},
};

/* All that is found, page by page; one more or less shows. */
static void compare(vidstore_session *session, int own, int n) {
    int left = VIDEOS, pages = 0;
    vidstore_query *q = vidstore_query_new();
    must(vidstore_query_search(q, asked[n].search, e));
    must(vidstore_query_filter(q, asked[n].filter, e));
    vidstore_query_limit(q, 37);
    for (const char *cursor = ""; cursor; pages++) {
        vidstore_page *page = NULL;
        must(vidstore_video_list(session, q, &page, e));
        for (int64_t i = 0; i < vidstore_page_count(page); i++) {
            int number = atoi(vidstore_video_title(vidstore_page_video(page, i)) + 1);
            while (--left >= 0 && !(asked[n].fits(left) && (!own || is_anns(left) || left == GRANTED)))
                ;
            ck_assert_msg(number == left, "%s%s: %d instead of %d", own ? "ann: " : "", asked[n].search, number, left);
        }
        cursor = vidstore_page_cursor(page);
        vidstore_query_cursor(q, cursor);
        vidstore_page_free(page);
    }
    while (--left >= 0)
        ck_assert_msg(!(asked[n].fits(left) && (!own || is_anns(left) || left == GRANTED)), "%s%s: no %d",
                      own ? "ann: " : "", asked[n].search, left);
    vidstore_query_free(q);
}

START_TEST(pages_are_right) {
    for (int n = 0; n < (int)VS_COUNT(asked); n++) {
        compare(sys, 0, n);
        compare(ann, 1, n);
    }
}
END_TEST

static int64_t note_of(int64_t seq) {
    return ((int64_t)(vs_video_noun.base / 1000) << 48) + seq;
}

/* Takes every so many-th video out of the index, or gives it words there that it does not have, with a note of it: the
 * note alone, since vs_search_note() works notes off. */
static int unsettle_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    static const char wrong[] = "common even third rare harbour lights n1300";
    int r = 0;
    for (int64_t seq = 7; !r && seq <= VIDEOS; seq += *(int *)arg) {
        struct vs_search_doc doc = {0};
        r = vs_search_drop(conn, &vs_video_noun, seq, e);
        vs_search_doc_text(&doc, VS_IN_TITLE, wrong, sizeof wrong - 1);
        if (!r && seq % 2)
            r = vs_search_doc_put(conn, vs_video_noun.search.put, seq, &doc, e);
        vs_search_doc_free(&doc);
        if (!r)
            r = vs_exec(conn, VS_STMT_SEARCH_NOTE_ADD, NULL, e, vs_int(note_of(seq)));
    }
    return r;
}

static int settle_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    return vs_search_settle(conn, &vs_video_noun, VIDEOS, 0, arg, e);
}

static int left_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    return vs_search_notes(conn, &vs_video_noun, VIDEOS, (int64_t[VIDEOS]){0}, arg, e);
}

static int notes_left(void) {
    int left = 0;
    must(vs_session_read(sys, left_op, &left, e));
    return left;
}

static int unsettle(int each) {
    int left = 0;
    must(vs_session_write(sys, settle_op, &left, e));
    must(vs_session_write(sys, unsettle_op, &each, e));
    return notes_left();
}

/* In a snapshot and in a transaction the notes aren't worked off. */
START_TEST(what_is_noted_is_found_as_it_is) {
    int noted = unsettle(13);
    ck_assert_int_gt(noted, 300);
    for (int own = 0; own < 2; own++) {
        vidstore_session *session = own ? ann : sys;
        must(vidstore_snapshot_begin(session, 60000, e));
        for (int n = 0; n < (int)VS_COUNT(asked); n++)
            compare(session, own, n);
        must(vidstore_snapshot_end(session, e));
    }
    must(vidstore_begin(sys, 0, e));
    compare(sys, 0, 0);
    must(vidstore_rollback(sys, e));
    ck_assert_int_eq(notes_left(), noted);
    for (int i = 0; i < 100 && notes_left();
         i++) /* now they are, some in each query, how many is the machine's matter */
        compare(sys, 0, 0);
    ck_assert_int_eq(notes_left(), 0);
}
END_TEST

static atomic_int_least64_t passed_us; /* the clock goes on by 0.2 ms whenever somebody looks at it */

static int64_t hurried(void) {
    return vs_env_real.mono_us() + atomic_fetch_add(&passed_us, 200);
}

/* Of many notes a query works off what takes it a moment, and at least some. */
START_TEST(a_query_does_not_do_all_the_work) {
    struct vs_env env = vs_env_real;
    vidstore_query *q = vidstore_query_new();
    vidstore_page *page = NULL;
    int noted = unsettle(2);
    ck_assert_int_eq(noted, VIDEOS / 2 - 3);
    must(vidstore_query_search(q, "common", e));
    vidstore_query_limit(q, 1);
    env.mono_us = hurried;
    vs_env_set(&env);
    must(vidstore_video_list(sys, q, &page, e));
    vs_env_set(NULL);
    ck_assert_int_gt(notes_left(), noted - 500);
    ck_assert_int_lt(notes_left(), noted);
    vidstore_page_free(page);
    vidstore_query_free(q);
}
END_TEST

/* Whatever rows are changed: the same odd ones, again and again. */
START_TEST(changes_work_notes_off) {
    int left = 0;
    vidstore_page *page = NULL;
    vidstore_query *q = vidstore_query_new();
    vidstore_video_params *p = vidstore_video_params_new();
    must(vs_session_write(sys, settle_op, &left, e));
    vidstore_query_limit(q, 100);
    must(vidstore_video_list(sys, q, &page, e));
    must(vidstore_begin(sys, 0, e));
    for (int round = 0; round < 4; round++)
        for (int64_t i = 1; i < vidstore_page_count(page); i += 2) {
            char title[40];
            snprintf(title, sizeof title, "odd %d", round);
            vidstore_video_params_set_text(p, VIDSTORE_VIDEO_TITLE, title);
            must(vidstore_video_update(sys, vidstore_video_id(vidstore_page_video(page, i)), p, NULL, e));
            left = notes_left();
            ck_assert_int_lt(left, 64);
        }
    must(vidstore_commit(sys, e));
    vidstore_video_params_free(p);
    vidstore_page_free(page);
    vidstore_query_free(q);
}
END_TEST

/* Notes of rows that are gone: as many as a query looks at. */
static int overfill_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    int r = 0;
    (void)arg;
    for (int64_t seq = VIDEOS + 1; !r && seq <= VIDEOS + 8192; seq++)
        r = vs_exec(conn, VS_STMT_SEARCH_NOTE_ADD, NULL, e, vs_int(note_of(seq)));
    return r;
}

/* Where the index is too far behind, facts are asked of the rows: pages, counts and facets. */
START_TEST(facts_need_no_index) {
    int64_t count[2] = {0, 0}, seen = 0;
    vidstore_text *json = NULL;
    vidstore_query *q = vidstore_query_new();
    vidstore_page *page = NULL;
    vidstore_error *error = NULL;
    must(vidstore_query_filter(q, "year = 1932", e));
    must(vidstore_video_count(sys, q, &count[0], e));
    must(vs_session_write(sys, overfill_op, NULL, e));
    must(vidstore_snapshot_begin(sys, 60000, e));
    must(vidstore_video_count(sys, q, &count[1], e));
    ck_assert_int_eq(count[0], count[1]);
    must(vidstore_video_facets(sys, q, &json, e));
    vidstore_text_free(json);
    vidstore_query_limit(q, 500);
    for (const char *cursor = ""; cursor; seen += vidstore_page_count(page)) {
        vidstore_page_free(page);
        must(vidstore_video_list(sys, q, &page, e));
        cursor = vidstore_page_cursor(page);
        vidstore_query_cursor(q, cursor);
    }
    ck_assert_int_eq(seen, count[0]);
    vidstore_page_free(page);
    vidstore_query_cursor(q, NULL);
    must(vidstore_query_search(q, "common", e));
    ck_assert_int_eq(vidstore_video_list(sys, q, &page, &error), VIDSTORE_BUSY);
    vidstore_error_free(error);
    must(vidstore_snapshot_end(sys, e));
    for (int i = 0; i < 1000 && vidstore_video_count(sys, q, &count[1], NULL); i++) /* each works some of them off */
        ;
    must(vidstore_video_count(sys, q, &count[1], e));
    vidstore_query_free(q);
}
END_TEST

/* What asks the rows leaves room for what has to ask them: a search that fits is answered whatever is rare. */
START_TEST(values_are_left_for_prefixes) {
    char search[1000] = "rare", filter[1000] = "";
    vidstore_query *q = vidstore_query_new();
    vidstore_page *page = NULL;
    for (int i = 0; i < 54; i++)
        snprintf(search + strlen(search), sizeof search - strlen(search), " title:%s", i % 2 ? "common" : "rare");
    strcat(search, " harbo*");
    for (int i = 0; i < 10; i++)
        snprintf(filter + strlen(filter), sizeof filter - strlen(filter), "%screated > 20%02d-01-01", i ? " and " : "",
                 i);
    must(vidstore_query_search(q, search, e));
    must(vidstore_query_filter(q, filter, e));
    must(vidstore_video_list(sys, q, &page, e));
    ck_assert_int_eq(vidstore_page_count(page), (VIDEOS + 324) / 325);
    vidstore_page_free(page);
    vidstore_query_free(q);
}
END_TEST

/* --- plans -------------------------------------------------------------------------------------------------------- */

static int plan_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    return vs_search_plan(arg, conn, e);
}

static const struct {
    const char *search, *match;
    int lean;
} plans[] = {
    /* all are common: the rarer two find, the others are held against what they found */
    {"common even harbour third",
     "(((((\"third\") AND (\"even\")) NOT \"" M M "\") AND (\"common\")) NOT \"" M M "\") AND "
     "(\"harbour\")",
     0},
    {"common even rare", "(((\"rare\") AND (\"even\")) NOT \"" M M "\") AND (\"common\")", 1},
    {"title:common even rare", "(\"rare\") AND (\"even\")", 1},
    {"common even harbour*", "(((\"even\") AND (\"common\")) NOT \"" M M "\") AND (\"harbour\" *)", 0},
    {"common rare harbour*", "(\"rare\") AND (\"common\")", 1},
    {"common even", "(\"common\") AND (\"even\")", 0}, /* nothing to plan */
};

START_TEST(rare_words_come_first) {
    int left = 0;
    must(vs_session_write(sys, settle_op, &left, e));
    for (size_t i = 0; i < VS_COUNT(plans); i++) {
        vs_autocompiled c = {.noun = &vs_video_noun, .matched = 1};
        vs_autobuf match = {0};
        must(vs_search_compile(plans[i].search, &c, e));
        must(vs_session_read(sys, plan_op, &c, e));
        must(vs_search_match(&c, 0, &match, e));
        ck_assert_msg(c.lean == plans[i].lean, "%s: %d", plans[i].search, c.lean);
        ck_assert_str_eq(match.data, plans[i].match);
    }
}
END_TEST

Suite *search_plan_suite(void) {
    Suite *s = suite_create("search_plan");
    TCase *t = tcase_create("search_plan");
    tcase_add_checked_fixture(t, begin, end);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, pages_are_right);
    tcase_add_test(t, what_is_noted_is_found_as_it_is);
    tcase_add_test(t, a_query_does_not_do_all_the_work);
    tcase_add_test(t, changes_work_notes_off);
    tcase_add_test(t, facts_need_no_index);
    tcase_add_test(t, values_are_left_for_prefixes);
    tcase_add_test(t, rare_words_come_first);
    suite_add_tcase(s, t);
    return s;
}
