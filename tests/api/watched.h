/* SPDX-License-Identifier: MIT */
/* What a watch gave, as text. */
#ifndef TESTS_API_WATCHED_H
#define TESTS_API_WATCHED_H

#include "work.h"
#include <poll.h>

static inline vidstore_watch *watch_from(vidstore_session *session, const char *filter, const char *position) {
    vidstore_watch *watch = NULL;
    must(vidstore_watch_open(session, filter, position, &watch, e));
    return watch;
}

static inline struct id add_video(vidstore_session *session, const char *title, const char *job) {
    vidstore_video *video = NULL;
    vidstore_video_params *p = vidstore_video_params_new();
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_TITLE, title);
    if (job)
        vidstore_video_params_set_text(p, VIDSTORE_VIDEO_JOB_ID, job);
    must(vidstore_video_create(session, p, &video, e));
    vidstore_video_params_free(p);
    struct id id = id_of(vidstore_video_id(video));
    vidstore_video_free(video);
    return id;
}

/* All that there is now, as "noun:kind " an event. */
static char seen[65536];
static char last_json[262144];

static inline int count_events(const char *json) {
    int count = 0;
    for (const char *at = json; (at = strstr(at, "\"kind\":")); at++)
        count++;
    return count;
}

static inline void note_events(const char *json) {
    for (const char *at = json; (at = strstr(at, "\"kind\":\"")); at++) {
        char kind[32] = "", noun[32] = "";
        ck_assert_int_eq(sscanf(at, "\"kind\":\"%31[a-z]\",\"noun\":\"%31[a-z]\"", kind, noun), 2);
        size_t used = strlen(seen);
        snprintf(seen + used, sizeof seen - used, "%s:%s ", noun, kind);
    }
}

static inline const char *drain(vidstore_watch *watch) {
    seen[0] = '\0';
    for (int more = 1; more;) {
        vidstore_text *text = NULL;
        must(vidstore_watch_next(watch, 100, &text, e));
        snprintf(last_json, sizeof last_json, "%s", vidstore_text_data(text));
        note_events(last_json);
        more = strstr(last_json, "\"more\":true") != NULL;
        vidstore_text_free(text);
    }
    return seen;
}

static inline void expect(vidstore_watch *watch, const char *wanted) {
    drain(watch);
    ck_assert_msg(strcmp(seen, wanted) == 0, "the feed gave \"%s\", not \"%s\"", seen, wanted);
}

static inline void expect_within(vidstore_watch *watch, const char *part) {
    drain(watch);
    ck_assert_msg(strstr(seen, part) != NULL, "the feed gave \"%s\" without \"%s\"", seen, part);
}

static inline int readable(vidstore_watch *watch) {
    struct pollfd fd = {.fd = vidstore_watch_fd(watch), .events = POLLIN};
    return poll(&fd, 1, 0) == 1;
}

static inline int wait_ready(vidstore_watch *watch, int64_t ms) {
    int32_t ready = -1;
    must(vidstore_watch_wait(watch, ms, &ready, e));
    return ready;
}

#endif
