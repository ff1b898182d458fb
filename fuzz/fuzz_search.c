/* SPDX-License-Identifier: MIT */
/* What people type, and filters: the first line is a search, the rest a filter. Whatever they are, they are answered or
 * refused for what they are, never with an error of the database. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <vidstore/vidstore.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static vidstore_session *session_with_videos(void) {
    static const char *const titles[] = {"The harbour one", "Harbouring two", "Harbinger of cats, season 1"};
    vidstore *store = NULL;
    vidstore_session *session = NULL;
    if (vidstore_open(":memory:", NULL, &store, NULL) || vidstore_session_system(store, "fuzz", &session, NULL))
        abort();
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++) {
        vidstore_video_params *params = vidstore_video_params_new();
        vidstore_video_params_set_text(params, VIDSTORE_VIDEO_TITLE, titles[i]);
        vidstore_video_params_set_text(params, VIDSTORE_VIDEO_TAGS, "[\"new\",\"harbours\"]");
        vidstore_video_params_set_text(params, VIDSTORE_VIDEO_METADATA,
                                       "{\"year\": 1999, \"a b\": {\"c\": [1, \"x\", null]}, \"half\": 0.5}");
        if (vidstore_video_create(session, params, NULL, NULL))
            abort();
        vidstore_video_params_free(params);
    }
    return session;
}

static int is_answer(int status) {
    return status == VIDSTORE_OK || status == VIDSTORE_INVALID || status == VIDSTORE_UNSUPPORTED;
}

static void ask(vidstore_session *session, const char *search, const char *filter, uint32_t flags) {
    vidstore_query *query = vidstore_query_new();
    vidstore_page *page = NULL;
    vidstore_text *facets = NULL;
    int64_t count = 0, on_page;
    vidstore_query_flags(query, flags);
    if (!is_answer(vidstore_query_search(query, search, NULL)) ||
        !is_answer(vidstore_query_filter(query, filter, NULL)))
        abort();
    int status = vidstore_video_list(session, query, &page, NULL);
    on_page = vidstore_page_count(page);
    if (!is_answer(status))
        abort();
    /* the page, the number and the facets are three ways to the same rows */
    if (status == VIDSTORE_OK && (vidstore_video_count(session, query, &count, NULL) || count != on_page ||
                                  vidstore_video_facets(session, query, &facets, NULL)))
        abort();
    vidstore_text_free(facets);
    vidstore_page_free(page);
    vidstore_query_free(query);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static vidstore_session *session;
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (!session)
        session = session_with_videos();
    char *filter = strchr(text, '\n');
    if (filter)
        *filter++ = '\0';
    ask(session, text, filter, VIDSTORE_QUERY_SCAN);
    ask(session, text, filter, VIDSTORE_QUERY_SCAN | VIDSTORE_QUERY_RANKED);
    free(text);
    return 0;
}
