/* SPDX-License-Identifier: MIT */
/* Searching, for every noun: words, rights, pages, ranks, and that the words follow every change. */
#include "harness.h"
#include <fcntl.h>

static struct id add_video(vidstore_session *s, const char *title, const char *tags) {
    vidstore_video *video = NULL;
    vidstore_video_params *p = vidstore_video_params_new();
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_TITLE, title);
    if (tags)
        vidstore_video_params_set_text(p, VIDSTORE_VIDEO_TAGS, tags);
    must(vidstore_video_create(s, p, &video, e));
    struct id id = id_of(vidstore_video_id(video));
    vidstore_video_params_free(p);
    vidstore_video_free(video);
    return id;
}

static void rename_video(struct id id, const char *title) {
    vidstore_video_params *p = vidstore_video_params_new();
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_TITLE, title);
    must(vidstore_video_update(sys, id.text, p, NULL, e));
    vidstore_video_params_free(p);
}

/* The titles that a search finds, with "|" between them. */
static const char *titles(vidstore_session *s, const char *text, uint32_t flags) {
    static char out[1024];
    vidstore_query *q = vidstore_query_new();
    vidstore_page *page = NULL;
    int64_t count = -1;
    must(vidstore_query_search(q, text, e));
    vidstore_query_flags(q, flags);
    must(vidstore_video_list(s, q, &page, e));
    must(vidstore_video_count(s, q, &count, e));
    ck_assert_int_eq(count, vidstore_page_count(page));
    *out = 0;
    for (int64_t i = 0; i < vidstore_page_count(page); i++) {
        size_t n = strlen(out);
        snprintf(out + n, sizeof out - n, "%s%s", i ? "|" : "", vidstore_video_title(vidstore_page_video(page, i)));
    }
    vidstore_page_free(page);
    vidstore_query_free(q);
    return out;
}

START_TEST(words_follow_every_change) {
    struct id one = add_video(sys, "Die \xC3\x84rzte live", "[\"Punk\",\"concert\"]");
    add_video(sys, "The Doctors", NULL);
    ck_assert_str_eq(titles(sys, "arzte", 0), "Die \xC3\x84rzte live");
    ck_assert_str_eq(titles(sys, "\xC3\x84RZTE LIVE", 0), "Die \xC3\x84rzte live");
    ck_assert_str_eq(titles(sys, "\"live die\"", 0), "");
    ck_assert_str_eq(titles(sys, "tag:punk", 0), "Die \xC3\x84rzte live");
    ck_assert_str_eq(titles(sys, "doc* OR live", 0), "The Doctors|Die \xC3\x84rzte live");
    ck_assert_str_eq(titles(sys, "-punk", 0), "The Doctors");
    rename_video(one, "Changed");
    ck_assert_str_eq(titles(sys, "arzte", 0), "");
    ck_assert_str_eq(titles(sys, "changed concert", 0), "Changed");
    must(vidstore_video_remove(sys, one.text, VIDSTORE_REMOVE_RESTRICT, e));
    ck_assert_str_eq(titles(sys, "changed", 0), "");
    ck_assert_str_eq(titles(sys, "changed", VIDSTORE_QUERY_ONLY_DELETED), "Changed");
    must(vidstore_video_restore(sys, one.text, NULL, e));
    ck_assert_str_eq(titles(sys, "changed", 0), "Changed");
    must(vidstore_video_remove(sys, one.text, VIDSTORE_REMOVE_RESTRICT, e));
    must(vidstore_video_purge(sys, one.text, e));
    ck_assert_str_eq(titles(sys, "changed", VIDSTORE_QUERY_DELETED), "");
}
END_TEST

static void add_episode(const char *title, const char *series, const char *season) {
    vidstore_video_params *p = vidstore_video_params_new();
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_TITLE, title);
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_SERIES, series);
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_SEASON, season);
    must(vidstore_video_create(sys, p, NULL, e));
    vidstore_video_params_free(p);
}

/* 0: the words come from the index; 1: from the rows themselves, which are noted and not in it yet. */
START_TEST(each_field_has_its_own_words) {
    add_episode("A", "Harbour 2", "One");
    add_episode("B", "One", "Harbour 2");
    add_video(sys, "C", "[\"red car\", \"blue sea\", \"...\", \"sky\"]");
    if (!_i)
        must(vidstore_maintain(sys, 5000, 0, NULL, e));
    ck_assert_str_eq(titles(sys, "series:harbour", 0), "A");
    ck_assert_str_eq(titles(sys, "season:harbour", 0), "B");
    ck_assert_str_eq(titles(sys, "series:2 season:one", 0), "A");
    ck_assert_str_eq(titles(sys, "-season:2 harbour", 0), "A");
    ck_assert_str_eq(titles(sys, "\"harbour 2\"", 0), "B|A");
    ck_assert_str_eq(titles(sys, "\"2 one\"", 0), ""); /* from one field into the next */
    ck_assert_str_eq(titles(sys, "\"one harbour\"", 0), "");
    ck_assert_str_eq(titles(sys, "tag:\"blue sea\"", 0), "C");
    ck_assert_str_eq(titles(sys, "\"car blue\"", 0), ""); /* from one tag into the next */
    ck_assert_str_eq(titles(sys, "\"sea sky\"", 0), "");
    ck_assert_str_eq(titles(sys, "car blue sky", 0), "C");
}
END_TEST

START_TEST(a_rollback_takes_the_words_back) {
    must(vidstore_begin(sys, 0, e));
    add_video(sys, "Unborn", NULL);
    ck_assert_str_eq(titles(sys, "unborn", 0), "Unborn");
    must(vidstore_rollback(sys, e));
    ck_assert_str_eq(titles(sys, "unborn", 0), "");
    close_store();
    open_store();
    add_video(sys, "Born", NULL);
    ck_assert_str_eq(titles(sys, "*born OR born", 0), "Born");
}
END_TEST

START_TEST(nobody_finds_what_it_may_not_see) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER), bob = add_user("bob", VIDSTORE_ROLE_USER);
    vidstore_session *as_ann = session_of(ann), *as_bob = session_of(bob);
    vidstore_page *page = NULL;
    add_video(as_ann, "Secret of Ann", NULL);
    add_video(as_bob, "Secret of Bob", NULL);
    ck_assert_str_eq(titles(sys, "secret", 0), "Secret of Bob|Secret of Ann");
    ck_assert_str_eq(titles(as_ann, "secret", 0), "Secret of Ann");
    ck_assert_str_eq(titles(as_ann, "bob", 0), "");
    ck_assert_str_eq(titles(as_ann, "-ann", 0), "");
    ck_assert_str_eq(titles(as_ann, "ann OR bob", 0), "Secret of Ann");
    ck_assert_str_eq(titles(as_bob, "secret", VIDSTORE_QUERY_RANKED), "Secret of Bob");
    vidstore_query *q = vidstore_query_new();
    must(vidstore_query_search(q, "a* b*", e));
    must(vidstore_user_list(as_ann, q, &page, e));
    ck_assert_int_eq(vidstore_page_count(page), 0);
    vidstore_page_free(page);
    must(vidstore_query_search(q, "bob", e));
    must(vidstore_user_list(as_ann, q, &page, e));
    ck_assert_int_eq(vidstore_page_count(page), 0);
    vidstore_page_free(page);
    must(vidstore_user_list(sys, q, &page, e));
    ck_assert_int_eq(vidstore_page_count(page), 1);
    vidstore_page_free(page);
    vidstore_query_free(q);
    vidstore_session_free(as_ann);
    vidstore_session_free(as_bob);
}
END_TEST

static struct id grant(vidstore_session *s, struct id video, struct id subject, int64_t denies) {
    vidstore_grant *made = NULL;
    vidstore_grant_params *p = vidstore_grant_params_new();
    vidstore_grant_params_set_text(p, VIDSTORE_GRANT_NOUN, "video");
    vidstore_grant_params_set_text(p, VIDSTORE_GRANT_OBJECT_ID, video.text);
    vidstore_grant_params_set_text(p, VIDSTORE_GRANT_SUBJECT_ID, subject.text);
    if (denies)
        vidstore_grant_params_set_int64(p, VIDSTORE_GRANT_DENIES, denies);
    must(vidstore_grant_create(s, p, &made, e));
    struct id id = id_of(vidstore_grant_id(made));
    vidstore_grant_free(made);
    vidstore_grant_params_free(p);
    return id;
}

/* All titles of a search, a page of one after the other. */
static const char *one_by_one(vidstore_session *s, const char *text) {
    static char out[1024];
    vidstore_query *q = vidstore_query_new();
    must(vidstore_query_search(q, text, e));
    vidstore_query_limit(q, 1);
    *out = 0;
    for (int more = 1; more;) {
        vidstore_page *page = NULL;
        must(vidstore_video_list(s, q, &page, e));
        size_t n = strlen(out);
        if (vidstore_page_count(page))
            snprintf(out + n, sizeof out - n, "%s%s", n ? "|" : "", vidstore_video_title(vidstore_page_video(page, 0)));
        more = vidstore_page_cursor(page) != NULL;
        vidstore_query_cursor(q, vidstore_page_cursor(page));
        vidstore_page_free(page);
    }
    vidstore_query_free(q);
    return out;
}

START_TEST(what_was_granted_is_found_among_ones_own) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER), bob = add_user("bob", VIDSTORE_ROLE_USER);
    vidstore_session *as_ann = session_of(ann), *as_bob = session_of(bob);
    vidstore_text *facets = NULL;
    vidstore_query *q = vidstore_query_new();
    add_video(as_bob, "Talk one of Bob", NULL);
    struct id two = add_video(as_ann, "Talk two of Ann", NULL);
    add_video(as_bob, "Talk three of Bob", NULL);
    struct id four = add_video(as_ann, "Talk four of Ann talk", NULL);
    add_video(as_ann, "Talk five of Ann", NULL);
    ck_assert_str_eq(titles(as_bob, "talk", 0), "Talk three of Bob|Talk one of Bob");
    struct id given = grant(as_ann, two, bob, 0);
    ck_assert_str_eq(titles(as_bob, "talk", 0), "Talk three of Bob|Talk two of Ann|Talk one of Bob");
    grant(as_ann, four, bob, 0);
    ck_assert_str_eq(titles(as_bob, "talk", 0),
                     "Talk four of Ann talk|Talk three of Bob|Talk two of Ann|Talk one of Bob");
    ck_assert_str_eq(one_by_one(as_bob, "talk"), titles(as_bob, "talk", 0));
    ck_assert_str_eq(titles(as_bob, "ann talk -four", 0), "Talk two of Ann");
    ck_assert_str_eq(titles(as_bob, "talk ann", VIDSTORE_QUERY_RANKED), "Talk four of Ann talk|Talk two of Ann");
    must(vidstore_query_search(q, "talk", e));
    must(vidstore_video_facets(as_bob, q, &facets, e));
    ck_assert_ptr_nonnull(strstr(vidstore_text_data(facets), "\"counted\":4,"));
    vidstore_text_free(facets);
    vidstore_query_free(q);
    grant(as_ann, four, bob, 1);
    must(vidstore_grant_revoke(as_ann, given.text, e));
    ck_assert_str_eq(titles(as_bob, "talk", 0), "Talk three of Bob|Talk one of Bob");
    ck_assert_str_eq(titles(as_ann, "talk", 0), "Talk five of Ann|Talk four of Ann talk|Talk two of Ann");
    vidstore_session_free(as_ann);
    vidstore_session_free(as_bob);
}
END_TEST

START_TEST(long_prefixes) {
    static const char *const names[] = {"Harbour one",
                                        "Harbinger two",
                                        "Harbouring three",
                                        "The harbour four",
                                        "Harbors five",
                                        "\xC3\x9C"
                                        "ber Stra\xC3\x9F"
                                        "en six",
                                        "Harbo seven"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        add_video(sys, names[i], i == 4 ? "[\"harbouring\"]" : NULL);
    static const struct {
        const char *text, *found;
    } cases[] = {
        {"harbour*", "Harbors five|The harbour four|Harbouring three|Harbour one"},
        {"harbo*", "Harbo seven|Harbors five|The harbour four|Harbouring three|Harbour one"},
        {"harbouri*", "Harbors five|Harbouring three"},
        {"title:harbouri*", "Harbouring three"},
        {"tag:harbou*", "Harbors five"},
        {"\"the harbou\"*", "The harbour four"},
        {"\"harbour o\"*", "Harbour one"},
        {"harbour* -harbouri*", "The harbour four|Harbour one"},
        {"harbour* three*", "Harbouring three"},
        {"harbour* OR binge*", "Harbors five|The harbour four|Harbouring three|Harbour one"},
        {"title:harbouri*,harbors*", "Harbors five|Harbouring three"},
        {"strass*", "\xC3\x9C"
                    "ber Stra\xC3\x9F"
                    "en six"},
        {"harbx*", ""},
        {"harbourings*", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert_str_eq(titles(sys, cases[i].text, 0), cases[i].found);
        ck_assert_str_eq(one_by_one(sys, cases[i].text), cases[i].found);
    }
}
END_TEST

static void add_many(vidstore_session *s, const char *title, int count) {
    vidstore_video_params *p = vidstore_video_params_new(), *all[600];
    vidstore_page *page = NULL;
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_TITLE, title);
    for (int i = 0; i < count; i++)
        all[i] = p;
    must(vidstore_video_bulk_create(s, (const vidstore_video_params *const *)all, count, VIDSTORE_BULK_ATOMIC, &page,
                                    e));
    vidstore_page_free(page);
    vidstore_video_params_free(p);
}

/* Behind more rows than are looked at by shortened prefixes, and in front of them. */
START_TEST(long_prefixes_that_lie_deep) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER);
    vidstore_session *as_ann = session_of(ann);
    add_video(as_ann, "Harbour of Ann", NULL);
    struct id given = add_video(sys, "Harbour of others", NULL);
    add_video(sys, "Harbour of none", NULL);
    add_many(as_ann, "Harbinger", 600);
    grant(sys, given, ann, 0);
    ck_assert_str_eq(titles(as_ann, "harbou*", 0), "Harbour of others|Harbour of Ann");
    ck_assert_str_eq(titles(sys, "harbou*", 0), "Harbour of none|Harbour of others|Harbour of Ann");
    add_video(as_ann, "Harbours of Ann", NULL);
    ck_assert_str_eq(one_by_one(as_ann, "harbou*"), "Harbours of Ann|Harbour of others|Harbour of Ann");
    ck_assert_str_eq(one_by_one(sys, "harbou*"), "Harbours of Ann|Harbour of none|Harbour of others|Harbour of Ann");
    vidstore_session_free(as_ann);
}
END_TEST

START_TEST(pages_go_on_where_they_ended) {
    char title[32];
    int seen = 0;
    for (int i = 0; i < 25; i++) {
        snprintf(title, sizeof title, "%s %d", i % 5 ? "common" : "other", i);
        add_video(sys, title, NULL);
    }
    vidstore_query *q = vidstore_query_new();
    must(vidstore_query_search(q, "common", e));
    vidstore_query_limit(q, 7);
    int last = 1000;
    for (int pages = 0;; pages++) {
        vidstore_page *page = NULL;
        must(vidstore_video_list(sys, q, &page, e));
        for (int64_t i = 0; i < vidstore_page_count(page); i++, seen++) {
            int n = 0;
            ck_assert_int_eq(sscanf(vidstore_video_title(vidstore_page_video(page, i)), "common %d", &n), 1);
            ck_assert_int_lt(n, last);
            last = n;
        }
        vidstore_query_cursor(q, vidstore_page_cursor(page));
        int more = vidstore_page_cursor(page) != NULL;
        vidstore_page_free(page);
        ck_assert_int_lt(pages, 4);
        if (!more)
            break;
    }
    ck_assert_int_eq(seen, 20);
    vidstore_query_cursor(q, NULL);
    must(vidstore_query_search(q, "other", e));
    vidstore_page *page = NULL;
    must(vidstore_video_list(sys, q, &page, e));
    ck_assert_int_eq(vidstore_page_count(page), 5);
    vidstore_page_free(page);
    vidstore_query_free(q);
}
END_TEST

START_TEST(the_best_come_first) {
    add_video(sys, "The matrix", NULL);
    add_video(sys, "Algebra", "[\"matrix\"]");
    add_video(sys, "Matrix", NULL);
    add_video(sys, "Rows of the matrix", "[\"matrix\"]");
    ck_assert_str_eq(titles(sys, "matrix", VIDSTORE_QUERY_RANKED), "Matrix|Rows of the matrix|The matrix|Algebra");
    ck_assert_str_eq(titles(sys, "matrix", 0), "Rows of the matrix|Matrix|Algebra|The matrix");
    vidstore_query *q = vidstore_query_new();
    vidstore_page *page = NULL;
    must(vidstore_query_search(q, "matrix", e));
    vidstore_query_sort(q, "created asc");
    must(vidstore_video_list(sys, q, &page, e));
    ck_assert_str_eq(vidstore_video_title(vidstore_page_video(page, 0)), "The matrix");
    vidstore_page_free(page);
    vidstore_query_free(q);
}
END_TEST

START_TEST(every_noun_is_found) {
    vidstore_job *job = NULL;
    vidstore_lease *lease = NULL;
    vidstore_page *page = NULL;
    vidstore_job_params *p = vidstore_job_params_new();
    vidstore_job_params_set_text(p, VIDSTORE_JOB_KIND, "download_only");
    vidstore_job_params_set_text(p, VIDSTORE_JOB_SEASON, "First Season");
    vidstore_job_params_set_int64(p, VIDSTORE_JOB_MAX_ATTEMPTS, 1);
    must(vidstore_job_submit(sys, p, &job, e));
    vidstore_job_params_free(p);
    must(vidstore_job_claim(sys, "download_only", 0, &lease, e));
    must(vidstore_lease_fail(lease, "the server said: Tea\xC2\xADpot", 0, e));
    vidstore_lease_free(lease);
    vidstore_query *q = vidstore_query_new();
    must(vidstore_query_search(q, "season teapot error:server", e));
    must(vidstore_job_list(sys, q, &page, e));
    ck_assert_int_eq(vidstore_page_count(page), 1);
    vidstore_page_free(page);
    must(vidstore_audit_record(sys, "invoice", NULL,
                               "Paid by Ma\xC3\xB1"
                               "ana Ltd",
                               NULL, e));
    must(vidstore_query_search(q, "manana", e));
    must(vidstore_audit_list(sys, q, &page, e));
    ck_assert_int_eq(vidstore_page_count(page), 1);
    vidstore_page_free(page);
    vidstore_file *file = NULL;
    vidstore_file_params *fp = vidstore_file_params_new();
    vidstore_file_params_set_text(fp, VIDSTORE_FILE_NAME, "Holiday.2024.mkv");
    char path[128];
    snprintf(path, sizeof path, "%s/f", folder);
    FILE *f = fopen(path, "w");
    fputs("x", f);
    fclose(f);
    must(vidstore_file_put_path(sys, path, fp, &file, e));
    vidstore_file_params_free(fp);
    vidstore_file_free(file);
    must(vidstore_query_search(q, "holiday extension:mkv", e));
    must(vidstore_file_list(sys, q, &page, e));
    ck_assert_int_eq(vidstore_page_count(page), 1);
    vidstore_page_free(page);
    vidstore_query_free(q);
    vidstore_job_free(job);
}
END_TEST

static void add_file(vidstore_session *s, const char *name, int32_t access) {
    char path[128];
    vidstore_file_params *p = vidstore_file_params_new();
    vidstore_file_params_set_text(p, VIDSTORE_FILE_NAME, name);
    vidstore_file_params_set_int64(p, VIDSTORE_FILE_ACCESS, access);
    snprintf(path, sizeof path, "%s/f", folder);
    FILE *f = fopen(path, "w");
    fputs(name, f);
    fclose(f);
    int fd = open(path, O_RDONLY);
    must(vidstore_file_put_fd(s, fd, (int64_t)strlen(name), p, NULL, e));
    close(fd);
    vidstore_file_params_free(p);
}

/* The names of files that a session sees, with "|" between them. */
static const char *names(vidstore_session *s, const char *filter, const char *text) {
    static char out[1024];
    vidstore_query *q = vidstore_query_new();
    vidstore_page *page = NULL;
    must(vidstore_query_filter(q, filter, e));
    must(vidstore_query_search(q, text, e));
    must(vidstore_file_list(s, q, &page, e));
    *out = 0;
    for (int64_t i = 0; i < vidstore_page_count(page); i++) {
        const vidstore_file *file = vidstore_page_file(page, i);
        size_t n = strlen(out);
        vidstore_file *same = NULL;
        must(vidstore_file_get(s, vidstore_file_id(file), &same, e)); /* a list shows what get shows */
        ck_assert(!vidstore_file_text(file, VIDSTORE_FILE_STORAGE_KEY) ==
                  !vidstore_file_text(same, VIDSTORE_FILE_STORAGE_KEY));
        vidstore_file_free(same);
        snprintf(out + n, sizeof out - n, "%s%s", i ? "|" : "", vidstore_file_name(file));
    }
    vidstore_page_free(page);
    vidstore_query_free(q);
    return out;
}

START_TEST(lists_show_what_get_shows) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER), bob = add_user("bob", VIDSTORE_ROLE_USER);
    vidstore_session *as_ann = session_of(ann), *as_bob = session_of(bob), *nobody = NULL;
    must(vidstore_session_anonymous(store, NULL, &nobody, e));
    add_file(as_ann, "ann private", VIDSTORE_ACCESS_PRIVATE);
    add_file(as_ann, "ann known", VIDSTORE_ACCESS_AUTHENTICATED);
    add_file(as_ann, "ann public", VIDSTORE_ACCESS_PUBLIC);
    add_file(as_bob, "bob private", VIDSTORE_ACCESS_PRIVATE);
    ck_assert_str_eq(names(sys, NULL, NULL), "bob private|ann public|ann known|ann private");
    ck_assert_str_eq(names(as_ann, NULL, NULL), "ann public|ann known|ann private");
    ck_assert_str_eq(names(as_bob, NULL, NULL), "bob private|ann public|ann known");
    ck_assert_str_eq(names(as_bob, NULL, "ann"), "ann public|ann known");
    ck_assert_str_eq(names(as_bob, "size > 9", NULL), "bob private|ann public");
    ck_assert_str_eq(names(nobody, NULL, NULL), "ann public");
    ck_assert_str_eq(names(nobody, NULL, "ann"), "ann public");
    /* what only owners see can't be asked for */
    char filter[80];
    snprintf(filter, sizeof filter, "user_id = %s", ann.text);
    ck_assert_str_eq(names(as_bob, filter, NULL), "");
    ck_assert_str_eq(names(as_ann, filter, NULL), "ann public|ann known|ann private");
    vidstore_query *q = vidstore_query_new();
    vidstore_page *page = NULL;
    must(vidstore_query_filter(q, filter, e));
    refused(VIDSTORE_FORBIDDEN, "filter", vidstore_file_list(nobody, q, &page, e));
    vidstore_query_free(q);
    /* a removed one is its owner's alone */
    q = vidstore_query_new();
    must(vidstore_query_search(q, "public", e));
    must(vidstore_file_list(as_ann, q, &page, e));
    struct id id = id_of(vidstore_file_id(vidstore_page_file(page, 0)));
    vidstore_page_free(page);
    must(vidstore_file_remove(as_ann, id.text, VIDSTORE_REMOVE_RESTRICT, e));
    vidstore_query_flags(q, VIDSTORE_QUERY_DELETED);
    must(vidstore_file_list(as_bob, q, &page, e));
    ck_assert_int_eq(vidstore_page_count(page), 0);
    vidstore_page_free(page);
    must(vidstore_file_list(as_ann, q, &page, e));
    ck_assert_int_eq(vidstore_page_count(page), 1);
    vidstore_page_free(page);
    vidstore_query_free(q);
    vidstore_session_free(as_ann);
    vidstore_session_free(as_bob);
    vidstore_session_free(nobody);
}
END_TEST

static char *repeated(const char *what, size_t times) {
    size_t len = strlen(what);
    char *text = malloc(len * times + 1);
    for (size_t i = 0; i < times; i++)
        memcpy(text + i * len, what, len);
    text[len * times] = 0;
    return text;
}

START_TEST(hostile_texts) {
    static const struct {
        const char *what;
        size_t times;
    } bad[] = {{"x", 1 << 20}, {"a ", 10000}, {"-", 5000}, {"\"", 4097}, {"a ", 65}, {"\xFF", 3}, {"\xC3", 1}};
    vidstore_query *q = vidstore_query_new();
    vidstore_page *page = NULL;
    int64_t began = now_ms();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *text = repeated(bad[i].what, bad[i].times);
        refused(VIDSTORE_INVALID, "search", vidstore_query_search(q, text, e));
        refused(VIDSTORE_INVALID, "search", vidstore_video_list(sys, q, &page, e));
        free(text);
    }
    static const char *const good[] = {"a ", "a* ", "(a) ", "\xE6\x9D\xB1"};
    static const size_t times[] = {64, 60, 64, 100};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char *text = repeated(good[i], times[i]);
        must(vidstore_query_search(q, text, e));
        must(vidstore_video_list(sys, q, &page, e));
        vidstore_page_free(page);
        free(text);
    }
    char *many = repeated("\xE6\x9D\xB1", 1000); /* each character is a word */
    must(vidstore_query_search(q, many, e));
    refused(VIDSTORE_INVALID, "search", vidstore_video_list(sys, q, &page, e));
    free(many);
    refused(VIDSTORE_MISUSE, NULL, vidstore_query_search(NULL, "x", e));
    must(vidstore_query_search(q, "-- !! **", e));
    refused(VIDSTORE_INVALID, "search", vidstore_video_list(sys, q, &page, e));
    must(vidstore_query_search(q, " \t", e));
    must(vidstore_video_list(sys, q, &page, e));
    vidstore_page_free(page);
    ck_assert_int_lt(now_ms() - began, 5000);
    vidstore_query_free(q);
}
END_TEST

Suite *search_suite(void);

Suite *search_suite(void) {
    Suite *suite = suite_create("search");
    TCase *tc = tcase_create("search");
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_test(tc, words_follow_every_change);
    tcase_add_loop_test(tc, each_field_has_its_own_words, 0, 2);
    tcase_add_test(tc, a_rollback_takes_the_words_back);
    tcase_add_test(tc, nobody_finds_what_it_may_not_see);
    tcase_add_test(tc, what_was_granted_is_found_among_ones_own);
    tcase_add_test(tc, long_prefixes);
    tcase_add_test(tc, long_prefixes_that_lie_deep);
    tcase_add_test(tc, pages_go_on_where_they_ended);
    tcase_add_test(tc, the_best_come_first);
    tcase_add_test(tc, every_noun_is_found);
    tcase_add_test(tc, lists_show_what_get_shows);
    tcase_add_test(tc, hostile_texts);
    suite_add_tcase(suite, tc);
    return suite;
}
