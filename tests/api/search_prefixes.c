/* SPDX-License-Identifier: MIT */
/* Prefixes of facts, which are asked for as the words that begin so: of few and of many, excluded, and of a record that
 * the index does not know yet. */
#include "files.h"

enum { KINDS = 70 };

/* The names of the files that a search finds, newest first, a page of one after the other. */
static const char *names(vidstore_session *s, const char *text) {
    static char out[2048];
    vidstore_query *q = vidstore_query_new();
    int64_t count = -1, seen = 0;
    must(vidstore_query_search(q, text, e));
    must(vidstore_file_count(s, q, &count, e));
    vidstore_query_limit(q, 3);
    *out = 0;
    for (const char *cursor = ""; cursor;) {
        vidstore_page *page = NULL;
        must(vidstore_file_list(s, q, &page, e));
        for (int64_t i = 0; i < vidstore_page_count(page); i++, seen++) {
            size_t n = strlen(out);
            snprintf(out + n, sizeof out - n, "%s%s", n ? "|" : "", vidstore_file_name(vidstore_page_file(page, i)));
        }
        cursor = vidstore_page_cursor(page);
        vidstore_query_cursor(q, cursor);
        vidstore_page_free(page);
    }
    ck_assert_int_eq(seen, count);
    vidstore_query_free(q);
    return out;
}

static void add(vidstore_session *s, const char *name, const char *type) {
    vidstore_file *file = NULL;
    vidstore_file_params *p = params(VIDSTORE_FILE_NAME, name);
    vidstore_file_params_set_text(p, VIDSTORE_FILE_CONTENT_TYPE, type);
    vidstore_file_params_set_int64(p, VIDSTORE_FILE_ACCESS, VIDSTORE_ACCESS_RESTRICTED);
    write_source(name, strlen(name));
    int fd = open(source, O_RDONLY);
    must(vidstore_file_put_fd(s, fd, INT64_MIN, p, &file, e));
    close(fd);
    vidstore_file_params_free(p);
    vidstore_file_free(file);
}

START_TEST(prefixes_of_facts) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER);
    vidstore_session *as_ann = session_of(ann);
    add(sys, "one", "audio/mpeg");
    add(as_ann, "two", "audio/mp4");
    add(sys, "three", "Audio/OGG");
    add(sys, "four", "text/plain");
    add(as_ann, "five", "text/vtt");
    add(sys, "six", "audio/mp4");
    static const struct {
        const char *text, *found, *anns;
    } cases[] = {
        {"content_type:audio*", "six|three|two|one", "two"},
        {"content_type:audio/mp*", "six|two|one", "two"},
        {"content_type:AUDIO/M*", "six|two|one", "two"},
        {"content_type:audio/mp4*", "six|two", "two"},
        {"content_type:audio/o*,text*", "five|four|three", "five"},
        {"-content_type:audio*", "five|four", "five"},
        {"content_type:audio* -content_type:audio/mp4*", "three|one", ""},
        {"content_type:audio* -content_type:audio*", "", ""},
        {"content_type:audio* six OR two", "six|two", "two"},
        {"content_type:video*", "", ""},
        {"content_type:audio/m* content_type:text*", "", ""},
        {"content_type:te* content_type:tex* content_type:text* content_type:text/* content_type:text/v* "
         "content_type:text/vt* content_type:t* content_type:text/vtt* content_type:text/vtt",
         "five", "five"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert_msg(strcmp(names(sys, cases[i].text), cases[i].found) == 0, "%s: %s", cases[i].text,
                      names(sys, cases[i].text));
        ck_assert_msg(strcmp(names(as_ann, cases[i].text), cases[i].anns) == 0, "%s: %s", cases[i].text,
                      names(as_ann, cases[i].text));
    }
    vidstore_session_free(as_ann);
}
END_TEST

/* More words than are asked for one by one. */
START_TEST(prefixes_of_many_facts) {
    char name[16], type[32], expected[2048] = "", *at = expected;
    for (int i = 0; i < KINDS; i++) {
        snprintf(name, sizeof name, "n%02d", i);
        snprintf(type, sizeof type, "video/x%02d", i);
        add(sys, name, type);
    }
    for (int i = KINDS - 1; i >= 0; i--)
        at += sprintf(at, "n%02d%s", i, i ? "|" : "");
    ck_assert_str_eq(names(sys, "content_type:video*"), expected);
    ck_assert_str_eq(names(sys, "content_type:video/x6*"), "n69|n68|n67|n66|n65|n64|n63|n62|n61|n60");
    ck_assert_str_eq(names(sys, "content_type:video* -content_type:video/x1* n1*"), "");
}
END_TEST

/* In a transaction of one's own, the index does not know the newest words. */
START_TEST(prefixes_of_facts_that_are_not_indexed_yet) {
    add(sys, "one", "audio/mpeg");
    add(sys, "two", "audio/mp4");
    ck_assert_str_eq(names(sys, "content_type:audio*"), "two|one");
    vidstore_file_params *p = params(VIDSTORE_FILE_CONTENT_TYPE, "audio/aac");
    vidstore_query *q = vidstore_query_new();
    vidstore_page *page = NULL;
    must(vidstore_file_list(sys, q, &page, e));
    struct id two = id_of(vidstore_file_id(vidstore_page_file(page, 0)));
    vidstore_page_free(page);
    vidstore_query_free(q);
    must(vidstore_begin(sys, 0, e));
    must(vidstore_file_update(sys, two.text, p, NULL, e));
    ck_assert_str_eq(names(sys, "content_type:audio*"), "two|one");
    ck_assert_str_eq(names(sys, "content_type:audio/a*"), "two");
    ck_assert_str_eq(names(sys, "content_type:audio/mp*"), "one");
    ck_assert_str_eq(names(sys, "-content_type:audio/aa*"), "one");
    must(vidstore_rollback(sys, e));
    ck_assert_str_eq(names(sys, "content_type:audio/mp*"), "two|one");
    vidstore_file_params_free(p);
}
END_TEST

Suite *search_prefixes_suite(void) {
    Suite *s = suite_create("search_prefixes");
    TCase *tc = tcase_create("search_prefixes");
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_test(tc, prefixes_of_facts);
    tcase_add_test(tc, prefixes_of_many_facts);
    tcase_add_test(tc, prefixes_of_facts_that_are_not_indexed_yet);
    suite_add_tcase(s, tc);
    return s;
}
