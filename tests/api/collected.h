/* SPDX-License-Identifier: MIT */
/* Two users, their videos, and collections of them. */
#ifndef TESTS_API_COLLECTED_H
#define TESTS_API_COLLECTED_H

#include "harness.h"
#include <vidstore/query.h>

static struct id ann, bob;
static vidstore_session *as_ann, *as_bob;

static inline void setup(void) {
    begin();
    add_user("root", VIDSTORE_ROLE_ADMIN);
    ann = add_user("ann", VIDSTORE_ROLE_USER);
    bob = add_user("bob", VIDSTORE_ROLE_USER);
    as_ann = session_of(ann);
    as_bob = session_of(bob);
}

static inline void teardown(void) {
    vidstore_session_free(as_ann);
    vidstore_session_free(as_bob);
    end();
}

static inline struct id put_video(vidstore_session *s, const char *title) {
    vidstore_video *video = NULL;
    vidstore_video_params *p = vidstore_video_params_new();
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_TITLE, title);
    must(vidstore_video_create(s, p, &video, e));
    struct id id = id_of(vidstore_video_id(video));
    vidstore_video_free(video);
    vidstore_video_params_free(p);
    return id;
}

static inline vidstore_collection_params *named_params(const char *name) {
    vidstore_collection_params *p = vidstore_collection_params_new();
    vidstore_collection_params_set_text(p, VIDSTORE_COLLECTION_NAME, name);
    return p;
}

static inline struct id put_collection(vidstore_session *s, const char *name) {
    vidstore_collection *collection = NULL;
    vidstore_collection_params *p = named_params(name);
    must(vidstore_collection_create(s, p, &collection, e));
    ck_assert_str_eq(vidstore_collection_name(collection), name);
    struct id id = id_of(vidstore_collection_id(collection));
    vidstore_collection_free(collection);
    vidstore_collection_params_free(p);
    return id;
}

static inline void add(vidstore_session *s, struct id collection, struct id video, const char *before, int wanted) {
    int32_t added = -1;
    must(vidstore_collection_video_add(s, collection.text, video.text, before, &added, e));
    ck_assert_int_eq(added, wanted);
}

/* The titles of a collection, a letter each, page by page of `limit`. */
static inline const char *titles(vidstore_session *s, struct id collection, int64_t limit, const char *filter) {
    static char said_titles[128];
    char cursor[256] = "";
    size_t at = 0;
    do {
        vidstore_page *page = NULL;
        vidstore_query *q = vidstore_query_new();
        vidstore_query_limit(q, limit);
        if (filter)
            must(vidstore_query_filter(q, filter, e));
        if (*cursor)
            vidstore_query_cursor(q, cursor);
        must(vidstore_collection_videos(s, collection.text, q, &page, e));
        ck_assert_int_le(vidstore_page_count(page), limit);
        for (int64_t i = 0; i < vidstore_page_count(page); i++)
            said_titles[at++] = vidstore_video_title(vidstore_page_video(page, i))[0];
        snprintf(cursor, sizeof cursor, "%s", vidstore_page_cursor(page) ? vidstore_page_cursor(page) : "");
        vidstore_page_free(page);
        vidstore_query_free(q);
    } while (*cursor);
    said_titles[at] = '\0';
    return said_titles;
}

/* All of it. */
#define order(s, collection, wanted) ck_assert_str_eq(titles(s, collection, 100, NULL), wanted)

#endif
