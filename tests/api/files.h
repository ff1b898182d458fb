/* SPDX-License-Identifier: MIT */
/* What the tests of files share. */
#ifndef TESTS_API_FILES_H
#define TESTS_API_FILES_H

#include "harness.h"
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/socket.h>

static char source[128]; /* a file of the host */

static inline void write_source(const void *data, size_t size) {
    snprintf(source, sizeof source, "%s/clip.mp4", folder);
    FILE *f = fopen(source, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(data, 1, size, f), size);
    ck_assert_int_eq(fclose(f), 0);
}

static inline vidstore_file_params *params(int32_t field, const char *value) {
    vidstore_file_params *p = vidstore_file_params_new();
    vidstore_file_params_set_text(p, field, value);
    return p;
}

static inline struct id take_id(vidstore_file *file) {
    struct id id = id_of(vidstore_file_id(file));
    vidstore_file_free(file);
    return id;
}

/* A file of these bytes, with one value set (field 0: none). */
static inline struct id put_with(vidstore_session *s, const char *data, int32_t field, const char *value) {
    vidstore_file *file = NULL;
    vidstore_file_params *p = vidstore_file_params_new();
    if (field)
        vidstore_file_params_set_text(p, field, value);
    write_source(data, strlen(data));
    if (!field || field != VIDSTORE_FILE_NAME)
        vidstore_file_params_set_text(p, VIDSTORE_FILE_NAME, "clip.mp4");
    int fd = open(source, O_RDONLY);
    must(vidstore_file_put_fd(s, fd, INT64_MIN, p, &file, e)); /* a path is not for everybody */
    close(fd);
    vidstore_file_params_free(p);
    return take_id(file);
}

static inline struct id put(vidstore_session *s, const char *data) {
    return put_with(s, data, 0, NULL);
}

static inline void holds(vidstore_session *s, struct id id, const char *data) {
    vidstore_reader *reader = NULL;
    int64_t got = -1, size = (int64_t)strlen(data);
    char bytes[4096];
    must(vidstore_file_open(s, id.text, &reader, e));
    must(vidstore_reader_read(reader, 0, bytes, sizeof bytes, &got, e));
    ck_assert_int_eq(got, size);
    ck_assert_int_eq(memcmp(bytes, data, (size_t)size), 0);
    vidstore_reader_free(reader);
}

static inline vidstore_file *get(struct id id) {
    vidstore_file *file = NULL;
    must(vidstore_file_get(sys, id.text, &file, e));
    return file;
}

static inline int64_t count(vidstore_session *s) {
    int64_t n = -1;
    must(vidstore_file_count(s, NULL, &n, e));
    return n;
}

#endif
