/* SPDX-License-Identifier: MIT */
/* Bytes: streamed into the store, sealed with their total, published, read in ranges, checked, and saved elsewhere. */
#include "example.h"
#include <string.h>

enum { PIECES = 64, PIECE = 65536 };

static vidstore_file *put(vidstore_session *session) {
    vidstore_error *error = NULL;
    vidstore_file *file = NULL;
    vidstore_upload *upload = NULL;
    vidstore_file_params *params = vidstore_file_params_new();
    vidstore_file_params_set_json(params, "{\"name\": \"episode-1.mkv\", \"access\": \"authenticated\"}");
    example_check(vidstore_upload_open(session, params, &upload, &error), &error);
    vidstore_file_params_free(params);
    static char piece[PIECE];
    for (int i = 0; i < PIECES; i++) {
        memset(piece, 'a' + i % 26, sizeof(piece));
        example_check(vidstore_upload_write(upload, piece, sizeof(piece), &error), &error);
    }
    /* The total tells an end from an abort: a stream that broke off is never taken for a file. */
    vidstore_status early = vidstore_upload_seal(upload, (PIECES + 1) * (int64_t)PIECE, NULL);
    example_expect(early == VIDSTORE_INVALID, "another total is refused");
    example_check(vidstore_upload_seal(upload, PIECES * (int64_t)PIECE, &error), &error);
    example_check(vidstore_upload_publish(session, upload, &file, &error), &error);
    vidstore_upload_free(upload);
    return file;
}

static void read_back(vidstore_session *session, const char *id) {
    vidstore_error *error = NULL;
    vidstore_reader *reader = NULL;
    char bytes[4];
    int64_t got = 0;
    example_check(vidstore_file_open(session, id, &reader, &error), &error);
    example_check(vidstore_reader_read(reader, PIECE - 2, bytes, sizeof(bytes), &got, &error), &error);
    example_expect(got == 4 && memcmp(bytes, "aabb", 4) == 0, "a range over the border of two pieces");
    example_check(vidstore_reader_read(reader, vidstore_reader_size(reader), bytes, sizeof(bytes), &got, &error),
                  &error);
    example_expect(got == 0, "nothing lies behind the end");
    vidstore_reader_free(reader);
}

int main(void) {
    vidstore_error *error = NULL;
    vidstore_session *session = NULL;
    vidstore *store = example_store();
    example_check(vidstore_session_system(store, "uploader", &session, &error), &error);

    vidstore_file *file = put(session);
    const char *id = vidstore_file_id(file);
    printf("%s: %lld bytes, %s, sha256 %.12s…\n", vidstore_file_name(file), (long long)vidstore_file_size(file),
           vidstore_file_content_type(file), vidstore_file_sha256(file));
    read_back(session, id);
    vidstore_file *checked = NULL;
    example_check(vidstore_file_verify(session, id, &checked, &error), &error);
    example_expect(!vidstore_file_is_null(checked, VIDSTORE_FILE_VERIFIED_US), "the time of the check is kept");
    char path[64];
    snprintf(path, sizeof(path), "%s.mkv", example_directory); /* beside the store, not in it */
    example_check(vidstore_file_save(session, id, path, &error), &error);
    printf("verified, and saved as %s\n", path);
    remove(path);

    vidstore_file_free(checked);
    vidstore_file_free(file);
    vidstore_session_free(session);
    vidstore_close(store);
    return EXIT_SUCCESS;
}
