/* SPDX-License-Identifier: MIT */
/* Runs under a locale that writes 1,5 and 1.000: what the library reads and writes must not follow it. */
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <vidstore/vidstore.h>

static int failed;

static void check(int ok, const char *what) {
    printf("%s: %s\n", ok ? "ok" : "not ok", what);
    failed += !ok;
}

static void round_trip(vidstore_session *session, const char *metadata) {
    vidstore_video_params *params = vidstore_video_params_new();
    vidstore_video *video = NULL;
    vidstore_text *json = NULL;
    char whole[256];
    snprintf(whole, sizeof whole, "{\"metadata\":%s,\"episode\":123456}", metadata);
    vidstore_video_params_set_json(params, whole); /* takes the values apart and writes them again */
    vidstore_error *error = NULL;
    check(vidstore_video_create(session, params, &video, &error) == VIDSTORE_OK, "a record with a fraction in it");
    if (error)
        printf("  %s\n", vidstore_error_message(error));
    vidstore_error_free(error);
    check(vidstore_video_json(video, &json, NULL) == VIDSTORE_OK, "as JSON");
    check(strstr(vidstore_text_data(json), metadata) != NULL, "the fraction as it was written");
    check(strstr(vidstore_text_data(json), "\"episode\":123456,") != NULL, "a number without grouping");
    vidstore_text_free(json);
    vidstore_video_free(video);
    vidstore_video_params_free(params);
}

static void queries(vidstore_session *session) {
    vidstore_query *query = vidstore_query_new();
    int64_t count = 0;
    check(vidstore_query_filter(query, "episode = 123456 and created > 2020-01-31T12:00:00Z", NULL) == VIDSTORE_OK,
          "a filter with a number and a time");
    vidstore_query_flags(query, VIDSTORE_QUERY_SCAN);
    check(vidstore_video_count(session, query, &count, NULL) == VIDSTORE_OK && count == 1, "finds the record");
    vidstore_query_free(query);
}

int main(void) {
    vidstore *store = NULL;
    vidstore_session *session = NULL;
    if (!setlocale(LC_ALL, "") || strcmp(localeconv()->decimal_point, ",") != 0) {
        fprintf(stderr, "the locale is not one with a decimal comma\n");
        return 77;
    }
    check(vidstore_open(":memory:", NULL, &store, NULL) == VIDSTORE_OK, "a store");
    check(vidstore_session_system(store, "locale", &session, NULL) == VIDSTORE_OK, "a session");
    round_trip(session, "{\"rate\":23.976}");
    queries(session);
    check(strcmp(localeconv()->decimal_point, ",") == 0, "the host's locale is left alone");
    vidstore_session_free(session);
    vidstore_close(store);
    return failed != 0;
}
