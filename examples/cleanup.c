/* SPDX-License-Identifier: MIT */
/* Clean-up: a file whose time is over, and the upkeep that removes it and then its bytes. */
#include "example.h"
#include <string.h>
#include <time.h>

static void put(vidstore_session *session, const char *name, int64_t expires_us) {
    vidstore_error *error = NULL;
    vidstore_upload *upload = NULL;
    vidstore_file_params *params = vidstore_file_params_new();
    vidstore_file_params_set_text(params, VIDSTORE_FILE_NAME, name);
    vidstore_file_params_set_text(params, VIDSTORE_FILE_CATEGORY, "temporary");
    vidstore_file_params_set_int64(params, VIDSTORE_FILE_EXPIRES_US, expires_us);
    example_check(vidstore_upload_open(session, params, &upload, &error), &error);
    example_check(vidstore_upload_write(upload, name, (int64_t)strlen(name), &error), &error);
    example_check(vidstore_upload_seal(upload, (int64_t)strlen(name), &error), &error);
    example_check(vidstore_upload_publish(session, upload, NULL, &error), &error);
    vidstore_upload_free(upload);
    vidstore_file_params_free(params);
}

static int64_t files(vidstore_session *session) {
    vidstore_error *error = NULL;
    int64_t count = 0;
    example_check(vidstore_file_count(session, NULL, &count, &error), &error);
    return count;
}

static void maintain(vidstore_session *session, uint32_t flags) {
    vidstore_error *error = NULL;
    vidstore_text *report = NULL;
    example_check(vidstore_maintain(session, 5000, flags, &report, &error), &error);
    printf("%s: %s\n", flags & VIDSTORE_MAINTAIN_DRY_RUN ? "would do" : "did", vidstore_text_data(report));
    vidstore_text_free(report);
}

int main(void) {
    vidstore_error *error = NULL;
    vidstore_session *session = NULL;
    vidstore *store = example_store();
    example_check(vidstore_session_system(store, "cleanup", &session, &error), &error);
    int64_t now_us = (int64_t)time(NULL) * 1000000;
    put(session, "yesterday.part", now_us - 86400LL * 1000000);
    put(session, "tomorrow.part", now_us + 86400LL * 1000000);

    maintain(session, VIDSTORE_MAINTAIN_DRY_RUN | VIDSTORE_MAINTAIN_ALL);
    example_expect(files(session) == 2, "a dry run removes nothing");
    maintain(session, VIDSTORE_MAINTAIN_ALL);
    example_expect(files(session) == 1, "the file of yesterday is gone, that of tomorrow is not");

    vidstore_session_free(session);
    vidstore_close(store);
    return EXIT_SUCCESS;
}
