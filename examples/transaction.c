/* SPDX-License-Identifier: MIT */
/* Several changes as one commit, with a savepoint inside; and what happens to them when the commit never comes. */
#include "example.h"

static void create(vidstore_session *session, const char *title, int64_t episode) {
    vidstore_error *error = NULL;
    vidstore_video_params *params = vidstore_video_params_new();
    vidstore_video_params_set_text(params, VIDSTORE_VIDEO_TITLE, title);
    vidstore_video_params_set_int64(params, VIDSTORE_VIDEO_EPISODE, episode);
    example_check(vidstore_video_create(session, params, NULL, &error), &error);
    vidstore_video_params_free(params);
}

static int64_t videos(vidstore_session *session) {
    vidstore_error *error = NULL;
    int64_t count = 0;
    example_check(vidstore_video_count(session, NULL, &count, &error), &error);
    return count;
}

int main(void) {
    vidstore_error *error = NULL;
    vidstore_session *session = NULL, *other = NULL;
    vidstore *store = example_store();
    example_check(vidstore_session_system(store, "editor", &session, &error), &error);
    example_check(vidstore_session_system(store, "reader", &other, &error), &error);

    example_check(vidstore_begin(session, 0, &error), &error);
    create(session, "The harbour", 1);
    example_check(vidstore_begin(session, 0, &error), &error); /* a savepoint */
    create(session, "A mistake", 2);
    example_check(vidstore_rollback(session, &error), &error); /* undoes the mistake only */
    create(session, "The mountain", 2);
    printf("inside: %lld, outside: %lld\n", (long long)videos(session), (long long)videos(other));
    example_expect(videos(session) == 2 && videos(other) == 0, "nobody sees what is not committed");
    example_check(vidstore_commit(session, &error), &error);
    printf("committed: %lld\n", (long long)videos(other));
    example_expect(videos(other) == 2, "both at once");

    example_check(vidstore_begin(session, 0, &error), &error);
    create(session, "Never seen", 3);
    vidstore_session_free(session); /* rolls back, as does the end of the process */
    printf("abandoned: %lld\n", (long long)videos(other));
    example_expect(videos(other) == 2, "what was not committed is not there");

    vidstore_session_free(other);
    vidstore_close(store);
    return EXIT_SUCCESS;
}
