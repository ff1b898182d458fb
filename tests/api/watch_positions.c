/* SPDX-License-Identifier: MIT */
/* The change feed: filters by name, what positions tell and do not tell, and that they miss and repeat nothing. */
#include "watched.h"

static void name_of(size_t len, vidstore_status wanted) {
    char filter[256] = "{\"name\": \"";
    size_t used = strlen(filter);
    memset(filter + used, 'n', len);
    snprintf(filter + used + len, sizeof filter - used - len, "\"}");
    ck_assert_int_eq(vidstore_changes(sys, filter, NULL, 1, NULL, NULL), wanted);
}

START_TEST(names_have_a_length) {
    name_of(1, VIDSTORE_OK);
    name_of(128, VIDSTORE_OK);
    name_of(129, VIDSTORE_INVALID);
}
END_TEST

START_TEST(filters_know_names) {
    set("login.idle_minutes", "12");
    const char *tables = "CREATE TABLE app_notes (body TEXT); CREATE TABLE app_other (body TEXT)";
    must(vidstore_app_migrate(sys, "0001", tables, NULL, e));
    vidstore_watch *notes = watch_from(sys, "{\"name\": \"app_notes\"}", NULL);
    vidstore_watch *both = watch_from(sys, "{\"name\": [\"app_other\", \"login.idle_minutes\"]}", NULL);
    vidstore_watch *none = watch_from(sys, "{\"name\": \"app_notes\", \"noun\": \"setting\"}", NULL);
    must(vidstore_app_exec(sys, "INSERT INTO app_notes VALUES ('a')", NULL, NULL, e));
    add_video(sys, "has no name here", NULL);
    ck_assert_int_eq(wait_ready(notes, 1000), 1);
    ck_assert_int_eq(wait_ready(both, 30), 0);
    expect(notes, "app:updated ");
    expect(both, "");
    must(vidstore_app_exec(sys, "INSERT INTO app_other VALUES ('b')", NULL, NULL, e));
    set("login.idle_minutes", "13");
    ck_assert_int_eq(wait_ready(both, 1000), 1);
    expect(both, "app:updated setting:updated ");
    expect(notes, "");
    expect(none, "");
    vidstore_watch_free(none);
    vidstore_watch_free(both);
    vidstore_watch_free(notes);
}
END_TEST

static void position_after(vidstore_session *session, const char *position, char ret[80]) {
    vidstore_text *text = NULL;
    must(vidstore_changes(session, NULL, position, 100, &text, e));
    ck_assert_int_eq(sscanf(strstr(vidstore_text_data(text), "],\"position\":\""), "],\"position\":\"%79[^\"]", ret),
                     1);
    vidstore_text_free(text);
}

/* Who may not see what others do can't count it either, nor see that anything was done. */
START_TEST(positions_tell_nothing) {
    char places[8][80] = {""};
    vidstore_session *as_anna = session_of(add_user("anna", VIDSTORE_ROLE_USER));
    position_after(as_anna, NULL, places[0]);
    for (int i = 1; i < 8; i++) {
        if (i % 2)
            for (int k = 0; k < i; k++)
                add_video(sys, "not hers", NULL);
        position_after(as_anna, places[i - 1], places[i]);
        ck_assert_uint_eq(strlen(places[i]), 64);
        for (int k = 0; k < i; k++)
            ck_assert_int_ne(strncmp(places[k], places[i], 8), 0); /* nothing in common, at rest or not */
    }
    vidstore_session_free(as_anna);
}
END_TEST

enum { WRITERS = 8, EACH = 40 };

static void *write_many(void *arg) {
    vidstore_session *session = NULL;
    (void)arg;
    must(vidstore_session_system(store, "writer", &session, e));
    for (int i = 0; i < EACH; i++)
        add_video(session, "many", NULL);
    vidstore_session_free(session);
    return NULL;
}

static struct id many[WRITERS * EACH];
static char places[WRITERS * EACH][80];

/* Takes the events of an answer, none of which may have come before. */
static int take_events(const char *json, int got) {
    for (const char *at = json; (at = strstr(at, "{\"position\":\"")); at++, got++) {
        ck_assert_int_lt(got, WRITERS * EACH);
        ck_assert_int_eq(sscanf(at, "{\"position\":\"%79[0-9a-f]\"", places[got]), 1);
        memcpy(many[got].text, strstr(at, "\"id\":\"") + 6, 36);
        for (int i = 0; i < got; i++)
            ck_assert_str_ne(many[i].text, many[got].text);
    }
    return got;
}

START_TEST(many_writers_and_nothing_is_missed) {
    pthread_t threads[WRITERS];
    const char *filter = "{\"noun\": \"video\"}";
    vidstore_text *text = NULL;
    vidstore_watch *w = watch_from(sys, filter, NULL);
    int64_t until = now_ms() + 30000;
    int got = 0;
    for (int i = 0; i < WRITERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, write_many, NULL), 0);
    while (got < WRITERS * EACH && now_ms() < until) {
        if (!wait_ready(w, 1000))
            continue;
        must(vidstore_watch_next(w, 7, &text, e));
        got = take_events(vidstore_text_data(text), got);
        vidstore_text_free(text);
    }
    for (int i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(got, WRITERS * EACH);
    expect(w, ""); /* it may have been called for a commit that was read already, and finds nothing */
    for (int i = 0; i + 1 < got; i += 13) { /* from each event's position on comes the one after it */
        must(vidstore_changes(sys, filter, places[i], 1, &text, e));
        ck_assert_ptr_nonnull(strstr(vidstore_text_data(text), many[i + 1].text));
        ck_assert_ptr_nonnull(strstr(vidstore_text_data(text), places[i + 1]));
        vidstore_text_free(text);
    }
    vidstore_watch_free(w);
}
END_TEST

Suite *watch_positions_suite(void) {
    Suite *suite = suite_create("watch_positions");
    TCase *c = tcase_create("watch_positions");
    tcase_add_checked_fixture(c, begin, end);
    tcase_set_timeout(c, 60);
    tcase_add_test(c, names_have_a_length);
    tcase_add_test(c, filters_know_names);
    tcase_add_test(c, positions_tell_nothing);
    tcase_add_test(c, many_writers_and_nothing_is_missed);
    suite_add_tcase(suite, c);
    return suite;
}
