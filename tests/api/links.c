/* SPDX-License-Identifier: MIT */
/* Links: one file for whoever has the text, and nothing else of the store. Tests of
 * attacks have the number of their group in the name. */
#include "upkeep_harness.h"

enum { THREADS = 16 };

static struct id ann, bob, file, other;
static vidstore_session *as_ann, *as_bob;

static void access_of(struct id id, int32_t level) {
    vidstore_file_params *p = vidstore_file_params_new();
    vidstore_file_params_set_int64(p, VIDSTORE_FILE_ACCESS, level);
    must(vidstore_file_update(as_ann, id.text, p, NULL, e));
    vidstore_file_params_free(p);
}

static void come(void) {
    as_ann = session_of(ann);
    as_bob = session_of(bob);
}

static void leave(void) {
    vidstore_session_free(as_ann);
    vidstore_session_free(as_bob);
}

static void setup(void) {
    begin();
    ann = add_user("ann", VIDSTORE_ROLE_USER);
    bob = add_user("bob", VIDSTORE_ROLE_USER);
    come();
    file = put_file(as_ann, 100, NULL, NULL);
    other = put_file(as_ann, 100, NULL, NULL);
    access_of(file, VIDSTORE_ACCESS_RESTRICTED);
    access_of(other, VIDSTORE_ACCESS_RESTRICTED);
}

static void teardown(void) {
    leave();
    end();
}

struct link {
    struct id id;
    char token[VIDSTORE_TOKEN_SIZE];
};

/* FILE stands for the file. */
static vidstore_link_params *params(const char *form) {
    char json[256];
    vidstore_link_params *p = vidstore_link_params_new();
    const char *at = strstr(form, "FILE");
    if (at)
        snprintf(json, sizeof json, "%.*s%s%s", (int)(at - form), form, file.text, at + 4);
    vidstore_link_params_set_json(p, at ? json : form);
    return p;
}

static struct link link_as(vidstore_session *session, const char *form) {
    struct link made = {0};
    vidstore_link *link = NULL;
    vidstore_link_params *p = params(form);
    must(vidstore_link_create(session, p, &link, made.token, sizeof made.token, e));
    made.id = id_of(vidstore_link_id(link));
    ck_assert_int_eq(vidstore_token_kind(made.token), VIDSTORE_TOKEN_LINK);
    vidstore_link_free(link);
    vidstore_link_params_free(p);
    return made;
}

static struct link a_link(void) {
    return link_as(as_ann, "{\"file_id\": \"FILE\"}");
}

static void refuse_link(vidstore_session *session, vidstore_status code, const char *field, const char *form) {
    char token[VIDSTORE_TOKEN_SIZE] = "x";
    vidstore_link_params *p = params(form);
    refused(code, field, vidstore_link_create(session, p, NULL, token, sizeof token, e));
    ck_assert_str_eq(token, "");
    vidstore_link_params_free(p);
}

static vidstore_session *opened(struct link link) {
    vidstore_session *session = NULL;
    must(vidstore_session_link(store, link.token, NULL, &session, e));
    return session;
}

static void refuse_open(const char *token) {
    vidstore_session *session = (vidstore_session *)-1;
    refused(VIDSTORE_UNAUTHENTICATED, "token", vidstore_session_link(store, token, NULL, &session, e));
    ck_assert_str_eq(said, "the link does not count");
    ck_assert_ptr_null(session);
}

static int64_t reads(vidstore_session *session, struct id id) {
    vidstore_reader *reader = NULL;
    char buffer[256];
    int64_t got = 0;
    must(vidstore_file_open(session, id.text, &reader, e));
    must(vidstore_reader_read(reader, 0, buffer, sizeof buffer, &got, e));
    vidstore_reader_free(reader);
    return got;
}

/* --- what it opens --------------------------------------------------------------------------------------------------
 */

START_TEST(it_opens_one_file_and_nothing_else) {
    vidstore_file *got = NULL;
    vidstore_text *text = NULL;
    int64_t count = 0;
    struct id public = put_file(as_ann, 50, NULL, NULL);
    access_of(public, VIDSTORE_ACCESS_PUBLIC);
    vidstore_session *session = opened(a_link());
    ck_assert_str_eq(vidstore_session_file_id(session), file.text);
    ck_assert_ptr_null(vidstore_session_file_id(as_ann));
    ck_assert_ptr_null(vidstore_session_file_id(NULL));
    must(vidstore_file_get(session, file.text, &got, e));
    ck_assert_int_eq(vidstore_file_is_null(got, VIDSTORE_FILE_USER_ID), 1); /* what owners see stays theirs */
    ck_assert_int_eq(vidstore_file_is_null(got, VIDSTORE_FILE_STORAGE_KEY), 1);
    vidstore_file_free(got);
    ck_assert_int_eq(reads(session, file), 100);
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_file_get(session, other.text, &got, e));
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_file_get(session, public.text, &got, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_file_list(session, NULL, NULL, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_file_count(session, NULL, &count, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_video_list(session, NULL, NULL, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_link_list(session, NULL, NULL, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_stats(session, &text, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_setting_list(session, &text, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_job_submit(session, NULL, NULL, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_file_update(session, file.text, NULL, NULL, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_file_remove(session, file.text, VIDSTORE_REMOVE_CASCADE, e));
    refuse_link(session, VIDSTORE_FORBIDDEN, NULL, "{\"file_id\": \"FILE\"}");
    vidstore_session_free(session);
}
END_TEST

START_TEST(attack_47_a_link_shows_no_twin_and_no_video) {
    vidstore_text *text = NULL;
    vidstore_session *session = opened(a_link());
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_file_duplicates(session, NULL, &text, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_video_facets(session, NULL, &text, e));
    vidstore_session_free(session);
}
END_TEST

START_TEST(attack_29_it_ends_at_the_next_call) {
    struct link link = a_link();
    vidstore_session *session = opened(link);
    must(vidstore_file_get(session, file.text, NULL, e));
    must(vidstore_link_revoke(as_ann, link.id.text, e));
    must(vidstore_link_revoke(as_ann, link.id.text, e)); /* ended is ended */
    refused(VIDSTORE_UNAUTHENTICATED, "session", vidstore_file_get(session, file.text, NULL, e));
    refuse_open(link.token);
    vidstore_session_free(session);
    ck_assert_int_eq(events("action = link_revoked"), 1);
}
END_TEST

START_TEST(attack_29_it_ends_in_time) {
    struct link link = a_link();
    vidstore_session *session = opened(link);
    vidstore_session_free(session);
    leave();
    tamper("UPDATE links SET expires_us = 1");
    come();
    refuse_open(link.token);
    ck_assert_int_eq(events("action = auth_failed and noun = link"), 1);
    vidstore_text *report = NULL;
    must(vidstore_maintain(sys, 5000, VIDSTORE_MAINTAIN_ALL, &report, e));
    ck_assert_int_eq(number(report, "records_purged"), 1); /* long ago: nobody asks for it any more */
    vidstore_text_free(report);
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_link_get(as_ann, link.id.text, NULL, e));
}
END_TEST

START_TEST(a_session_ends_with_the_time_of_its_link) {
    struct timespec now;
    vidstore_link *made = NULL;
    struct link link = {0};
    vidstore_link_params *p = params("{\"file_id\": \"FILE\"}");
    clock_gettime(CLOCK_REALTIME, &now);
    vidstore_link_params_set_int64(p, VIDSTORE_LINK_EXPIRES_US,
                                   (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000 + 700000);
    must(vidstore_link_create(as_ann, p, &made, link.token, sizeof link.token, e));
    vidstore_session *session = opened(link);
    must(vidstore_file_get(session, file.text, NULL, e));
    sleep_ms(900);
    refused(VIDSTORE_UNAUTHENTICATED, "session", vidstore_file_get(session, file.text, NULL, e));
    vidstore_session_free(session);
    vidstore_link_free(made);
    vidstore_link_params_free(p);
}
END_TEST

START_TEST(it_is_worth_what_its_file_is) {
    struct link link = a_link();
    vidstore_session *session = opened(link);
    access_of(file, VIDSTORE_ACCESS_PRIVATE);
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_file_get(session, file.text, NULL, e));
    refuse_open(link.token);
    access_of(file, VIDSTORE_ACCESS_AUTHENTICATED);
    must(vidstore_file_get(session, file.text, NULL, e));
    must(vidstore_file_remove(as_ann, file.text, VIDSTORE_REMOVE_RESTRICT, e));
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_file_get(session, file.text, NULL, e));
    refuse_open(link.token);
    must(vidstore_file_restore(as_ann, file.text, NULL, e));
    ck_assert_int_eq(reads(session, file), 100);
    must(vidstore_file_remove(as_ann, file.text, VIDSTORE_REMOVE_RESTRICT, e));
    must(vidstore_file_purge(as_ann, file.text, e));
    refused(VIDSTORE_UNAUTHENTICATED, "session", vidstore_file_get(session, file.text, NULL, e));
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_link_get(as_ann, link.id.text, NULL, e));
    vidstore_session_free(session);
}
END_TEST

START_TEST(attack_41_it_ends_with_who_made_it) {
    struct link link = a_link();
    vidstore_session *session = opened(link);
    must(vidstore_user_set_state(sys, ann.text, VIDSTORE_USER_SUSPENDED, NULL, e));
    refused(VIDSTORE_UNAUTHENTICATED, "session", vidstore_file_get(session, file.text, NULL, e));
    refuse_open(link.token);
    must(vidstore_user_set_state(sys, ann.text, VIDSTORE_USER_ACTIVE, NULL, e));
    must(vidstore_file_get(session, file.text, NULL, e)); /* a suspension passes */
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_int64(p, VIDSTORE_USER_ROLE, VIDSTORE_ROLE_VIEWER);
    must(vidstore_user_update(sys, ann.text, p, NULL, e));
    refused(VIDSTORE_UNAUTHENTICATED, "session", vidstore_file_get(session, file.text, NULL, e));
    vidstore_user_params_set_int64(p, VIDSTORE_USER_ROLE, VIDSTORE_ROLE_USER);
    must(vidstore_user_update(sys, ann.text, p, NULL, e));
    refuse_open(link.token); /* nothing brings it back */
    vidstore_user_params_free(p);
    vidstore_session_free(session);
    vidstore_link *got = NULL;
    must(vidstore_link_get(as_ann, link.id.text, &got, e));
    ck_assert_str_eq(vidstore_link_text(got, VIDSTORE_LINK_REASON), "role changed");
    vidstore_link_free(got);
}
END_TEST

/* --- the token ------------------------------------------------------------------------------------------------------
 */

START_TEST(attack_26_what_is_no_token) {
    static char longer[1 << 20];
    struct link link = a_link();
    char text[VIDSTORE_TOKEN_SIZE + 8];
    memset(longer, 'a', sizeof longer - 1);
    refuse_open("");
    refuse_open("x");
    refuse_open(longer);
    snprintf(text, sizeof text, "%s\n", link.token);
    refuse_open(text);
    snprintf(text, sizeof text, "%s", link.token);
    text[2] = 'k'; /* another kind: the check sum is wrong then, too */
    refuse_open(text);
    for (size_t i = 0; i < strlen(link.token); i++) {
        snprintf(text, sizeof text, "%s", link.token);
        text[i] = text[i] == 'a' ? 'b' : 'a';
        vidstore_session *session = NULL;
        vidstore_status status = vidstore_session_link(store, text, NULL, &session, NULL);
        ck_assert(status == VIDSTORE_UNAUTHENTICATED && !session);
    }
    refused(VIDSTORE_MISUSE, "token", vidstore_session_link(store, NULL, NULL, NULL, e));
    vidstore_session *session = opened(link);
    vidstore_session_free(session);
}
END_TEST

START_TEST(attack_27_and_28_neither_anothers_secret_nor_the_digest) {
    struct link one = a_link(), two = a_link();
    vidstore_session *session = NULL;
    char mixed[VIDSTORE_TOKEN_SIZE];
    memcpy(mixed, one.token, sizeof mixed);
    memcpy(mixed + 19, two.token + 19, sizeof mixed - 19);
    refuse_open(mixed);
    refused(VIDSTORE_UNAUTHENTICATED, NULL, vidstore_session_key(store, one.token, NULL, &session, e));
    refused(VIDSTORE_UNAUTHENTICATED, NULL, vidstore_session_resume(store, one.token, NULL, &session, e));
    /* what is stored is 32 bytes that are no token in any form, and the text is nowhere */
    char path[128], *found = NULL;
    snprintf(path, sizeof path, "%s/store.db", place);
    leave();
    close_store();
    static char all[4 << 20];
    FILE *f = fopen(path, "rb");
    size_t size = fread(all, 1, sizeof all, f);
    fclose(f);
    found = memmem(all, size, one.token + 19, 43);
    open_store();
    come();
    ck_assert_ptr_null(found);
    ck_assert_int_eq(tamper("SELECT length(digest) FROM links LIMIT 1"), 32);
    leave();
    come();
}
END_TEST

START_TEST(attack_22_who_comes_in_masses_waits) {
    vidstore_session *session = NULL;
    vidstore_origin *origin = vidstore_origin_new();
    struct link link = a_link();
    int throttled = 0;
    for (int i = 0; i < 120; i++) {
        char ip[64]; /* from all over one /64 */
        vidstore_error *error = NULL;
        snprintf(ip, sizeof ip, "2001:db8:1:2::%x", i + 1);
        vidstore_origin_set_text(origin, VIDSTORE_ORIGIN_IP, ip);
        vidstore_status status = vidstore_session_link(store, "junk", origin, &session, &error);
        ck_assert(status == VIDSTORE_UNAUTHENTICATED || status == VIDSTORE_THROTTLED);
        if (status == VIDSTORE_THROTTLED)
            ck_assert_int_gt(vidstore_error_retry_after_ms(error), 0);
        throttled += status == VIDSTORE_THROTTLED;
        vidstore_error_free(error);
    }
    ck_assert_int_eq(throttled, 20);
    must(vidstore_session_link(store, link.token, origin, &session, e)); /* who has one gets in all the same */
    vidstore_session_free(session);
    vidstore_origin_free(origin);
    ck_assert_int_eq(events("action = auth_failed"), 1);
}
END_TEST

static int came_in;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *come_in(void *arg) {
    vidstore_session *session = NULL;
    vidstore_status status = vidstore_session_link(store, arg, NULL, &session, NULL);
    ck_assert(status == VIDSTORE_OK || status == VIDSTORE_UNAUTHENTICATED);
    pthread_mutex_lock(&lock);
    came_in += status == VIDSTORE_OK;
    pthread_mutex_unlock(&lock);
    vidstore_session_free(session);
    return NULL;
}

START_TEST(attack_32_as_many_uses_as_it_has) {
    pthread_t threads[THREADS];
    vidstore_link *got = NULL;
    struct link link = link_as(as_ann, "{\"file_id\": \"FILE\", \"max_uses\": 5}");
    came_in = 0;
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, come_in, link.token), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(came_in, 5);
    must(vidstore_link_get(as_ann, link.id.text, &got, e));
    ck_assert_int_eq(vidstore_link_uses(got), 5);
    ck_assert_int_gt(vidstore_link_int64(got, VIDSTORE_LINK_LAST_USED_US), 0);
    ck_assert_int_eq(vidstore_link_version(got), 1); /* a use is no change */
    vidstore_link_free(got);
    refuse_open(link.token);
    ck_assert_int_eq(events("action = link_opened"), 5);
}
END_TEST

START_TEST(its_openings_are_on_record) {
    vidstore_session *session = NULL;
    vidstore_origin *origin = vidstore_origin_new();
    vidstore_page *page = NULL;
    struct link link = a_link();
    vidstore_origin_set_text(origin, VIDSTORE_ORIGIN_IP, "192.0.2.7");
    must(vidstore_session_link(store, link.token, origin, &session, e));
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_file_get(session, other.text, NULL, e));
    vidstore_session_free(session);
    vidstore_origin_free(origin);
    vidstore_query *q = vidstore_query_new();
    must(vidstore_query_filter(q, "action = link_opened and owner_id = $1", e));
    vidstore_query_bind_text(q, 1, ann.text);
    must(vidstore_audit_list(as_ann, q, &page, e)); /* the owner sees who came */
    ck_assert_int_eq(vidstore_page_count(page), 1);
    const vidstore_audit_event *event = vidstore_page_audit_event(page, 0);
    ck_assert_str_eq(vidstore_audit_event_text(event, VIDSTORE_AUDIT_IP), "192.0.2.7");
    ck_assert_str_eq(vidstore_audit_event_text(event, VIDSTORE_AUDIT_OBJECT_ID), link.id.text);
    ck_assert_str_eq(vidstore_audit_event_text(event, VIDSTORE_AUDIT_ACTOR), "anonymous");
    vidstore_page_free(page);
    vidstore_query_free(q);
    ck_assert_int_eq(events("action = access_denied"), 1);
}
END_TEST

/* --- making ---------------------------------------------------------------------------------------------------------
 */

START_TEST(who_may_make_one) {
    refuse_link(as_bob, VIDSTORE_NOT_FOUND, "id", "{\"file_id\": \"FILE\"}");
    vidstore_grant_params *p = vidstore_grant_params_new();
    vidstore_grant_params_set_text(p, VIDSTORE_GRANT_NOUN, "file");
    vidstore_grant_params_set_text(p, VIDSTORE_GRANT_OBJECT_ID, file.text);
    vidstore_grant_params_set_text(p, VIDSTORE_GRANT_SUBJECT_ID, bob.text);
    vidstore_grant_params_set_int64(p, VIDSTORE_GRANT_CAN_SHARE, 1);
    must(vidstore_grant_create(as_ann, p, NULL, e));
    vidstore_grant_params_free(p);
    refuse_link(as_bob, VIDSTORE_FORBIDDEN, "file_id", "{\"file_id\": \"FILE\"}"); /* could not be taken back with it */
    struct link by_system = link_as(sys, "{\"file_id\": \"FILE\", \"name\": \"for the press\"}");
    vidstore_link *got = NULL;
    must(vidstore_link_get(as_ann, by_system.id.text, &got, e)); /* it is her file */
    ck_assert_str_eq(vidstore_link_user_id(got), ann.text);
    ck_assert_str_eq(vidstore_link_file_id(got), file.text);
    ck_assert_str_eq(vidstore_link_text(got, VIDSTORE_LINK_NAME), "for the press");
    vidstore_link_free(got);
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_link_get(as_bob, by_system.id.text, &got, e));
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_link_revoke(as_bob, by_system.id.text, e));
    must(vidstore_link_revoke(as_ann, by_system.id.text, e));
    access_of(file, VIDSTORE_ACCESS_PRIVATE);
    refuse_link(as_ann, VIDSTORE_STATE, "file_id", "{\"file_id\": \"FILE\"}");
}
END_TEST

START_TEST(attack_31_what_it_may_not_be) {
    char token[VIDSTORE_TOKEN_SIZE];
    vidstore_link_params *p = params("{\"file_id\": \"FILE\"}");
    refuse_link(as_ann, VIDSTORE_INVALID, "file_id", "{}");
    refuse_link(as_ann, VIDSTORE_INVALID, "file_id", "{\"file_id\": \"xFILE\"}");
    refuse_link(as_ann, VIDSTORE_INVALID, "max_uses", "{\"file_id\": \"FILE\", \"max_uses\": 0}");
    refuse_link(as_ann, VIDSTORE_INVALID, "max_uses", "{\"file_id\": \"FILE\", \"max_uses\": 1000000001}");
    refuse_link(as_ann, VIDSTORE_INVALID, "expires", "{\"file_id\": \"FILE\", \"expires\": 1000}");
    refuse_link(as_ann, VIDSTORE_INVALID, "expires", "{\"file_id\": \"FILE\", \"expires\": 253402300799000000}");
    refuse_link(as_ann, VIDSTORE_INVALID, "token_id", "{\"file_id\": \"FILE\", \"token_id\": \"abc\"}");
    refuse_link(as_ann, VIDSTORE_INVALID, "uses", "{\"file_id\": \"FILE\", \"uses\": 0}");
    refused(VIDSTORE_MISUSE, "ret_token", vidstore_link_create(as_ann, p, NULL, NULL, 100, e));
    refused(VIDSTORE_INVALID, "token_size", vidstore_link_create(as_ann, p, NULL, token, 68, e));
    vidstore_link_params_free(p);
    int64_t count = -1;
    must(vidstore_link_count(as_ann, NULL, &count, e));
    ck_assert_int_eq(count, 0);
}
END_TEST

START_TEST(they_are_listed_for_the_owner) {
    vidstore_page *page = NULL;
    int64_t count = -1;
    int32_t exists = -1;
    struct link one = a_link(), two = a_link();
    must(vidstore_link_list(as_ann, NULL, &page, e));
    ck_assert_int_eq(vidstore_page_count(page), 2);
    ck_assert_str_eq(vidstore_link_id(vidstore_page_link(page, 0)), two.id.text);
    ck_assert_ptr_null(vidstore_page_grant(page, 0));
    vidstore_page_free(page);
    vidstore_query *q = vidstore_query_new();
    must(vidstore_query_filter(q, "file_id = $1", e));
    vidstore_query_bind_text(q, 1, file.text);
    must(vidstore_link_count(as_ann, q, &count, e));
    ck_assert_int_eq(count, 2);
    vidstore_query_free(q);
    must(vidstore_link_count(as_bob, NULL, &count, e));
    ck_assert_int_eq(count, 0);
    must(vidstore_link_exists(as_bob, one.id.text, &exists, e));
    ck_assert_int_eq(exists, 0);
    ck_assert_int_eq(events("action = link_created"), 2);
}
END_TEST

START_TEST(the_same_id_gives_no_second_token) {
    char first[VIDSTORE_TOKEN_SIZE], again[VIDSTORE_TOKEN_SIZE] = "x";
    vidstore_link *one = NULL, *two = NULL;
    vidstore_link_params *p =
        params("{\"id\": \"0190a000-0000-7000-8000-000000000001\", \"file_id\": \"FILE\", \"name\": \"n\"}");
    must(vidstore_link_create(as_ann, p, &one, first, sizeof first, e));
    must(vidstore_link_create(as_ann, p, &two, again, sizeof again, e));
    ck_assert_str_eq(again, "");
    ck_assert_str_eq(vidstore_link_text(one, VIDSTORE_LINK_TOKEN_ID), vidstore_link_text(two, VIDSTORE_LINK_TOKEN_ID));
    vidstore_link_params_set_text(p, VIDSTORE_LINK_NAME, "another");
    refused(VIDSTORE_CONFLICT, "name", vidstore_link_create(as_ann, p, NULL, again, sizeof again, e));
    vidstore_link_free(one);
    vidstore_link_free(two);
    vidstore_link_params_free(p);
}
END_TEST

Suite *links_suite(void) {
    Suite *s = suite_create("links");
    TCase *c = tcase_create("links");
    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, it_opens_one_file_and_nothing_else);
    tcase_add_test(c, attack_47_a_link_shows_no_twin_and_no_video);
    tcase_add_test(c, attack_29_it_ends_at_the_next_call);
    tcase_add_test(c, attack_29_it_ends_in_time);
    tcase_add_test(c, a_session_ends_with_the_time_of_its_link);
    tcase_add_test(c, it_is_worth_what_its_file_is);
    tcase_add_test(c, attack_41_it_ends_with_who_made_it);
    tcase_add_test(c, attack_26_what_is_no_token);
    tcase_add_test(c, attack_27_and_28_neither_anothers_secret_nor_the_digest);
    tcase_add_test(c, attack_22_who_comes_in_masses_waits);
    tcase_add_test(c, attack_32_as_many_uses_as_it_has);
    tcase_add_test(c, its_openings_are_on_record);
    tcase_add_test(c, who_may_make_one);
    tcase_add_test(c, attack_31_what_it_may_not_be);
    tcase_add_test(c, they_are_listed_for_the_owner);
    tcase_add_test(c, the_same_id_gives_no_second_token);
    suite_add_tcase(s, c);
    return s;
}
