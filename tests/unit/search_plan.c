/* SPDX-License-Identifier: MIT */
/* What a search begins with: whatever is rare first and what is left to the rows, a page has what the words say. */
#include "record/search.h"
#include "store/crud.h"
#include "util/alloc.h"
#include "videos/videos.h"
#include <check.h>
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

/* Takes every 13th video out of the index, or gives it words there that it does not have, with a note of it. */
static int unsettle_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    static const char wrong[] = "common even third rare harbour lights n1300";
    int r = 0;
    (void)arg;
    for (int64_t seq = 7; !r && seq <= VIDEOS; seq += 13) {
        struct vs_search_doc doc = {0};
        if (seq % 64 == 0) /* would work notes off */
            continue;
        r = vs_search_drop(conn, &vs_video_noun, seq, e);
        vs_search_doc_text(&doc, VS_IN_TITLE, wrong, sizeof wrong - 1);
        if (!r && seq % 2)
            r = vs_search_doc_put(conn, vs_video_noun.search.put, seq, &doc, e);
        vs_search_doc_free(&doc);
        if (!r)
            r = vs_search_note(conn, &vs_video_noun, seq, e);
    }
    return r;
}

static int settle_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    return vs_search_settle(conn, &vs_video_noun, VIDEOS, arg, e);
}

static int left_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    return vs_search_settle(conn, &vs_video_noun, 0, arg, e);
}

/* In a snapshot the notes can't be worked off. */
START_TEST(what_is_noted_is_found_as_it_is) {
    int left = 0;
    must(vs_session_write(sys, settle_op, &left, e));
    must(vs_session_write(sys, unsettle_op, NULL, e));
    for (int own = 0; own < 2; own++) {
        vidstore_session *session = own ? ann : sys;
        must(vidstore_snapshot_begin(session, 60000, e));
        for (int n = 0; n < (int)VS_COUNT(asked); n++)
            compare(session, own, n);
        must(vidstore_snapshot_end(session, e));
    }
    must(vs_session_read(sys, left_op, &left, e));
    ck_assert_int_eq(left, 1);
    compare(sys, 0, 0); /* and now they are */
    must(vs_session_read(sys, left_op, &left, e));
    ck_assert_int_eq(left, 0);
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
    tcase_add_test(t, rare_words_come_first);
    suite_add_tcase(s, t);
    return s;
}
