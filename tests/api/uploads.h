/* SPDX-License-Identifier: MIT */
/* What the tests of uploads share. */
#ifndef TESTS_API_UPLOADS_H
#define TESTS_API_UPLOADS_H

#include "harness.h"
#include <fcntl.h>
#include <sys/stat.h>

static inline vidstore_file_params *named_params(const char *name) {
    vidstore_file_params *p = vidstore_file_params_new();
    vidstore_file_params_set_text(p, VIDSTORE_FILE_NAME, name);
    return p;
}

static inline vidstore_upload *open_upload(vidstore_session *s, const char *name) {
    vidstore_upload *up = NULL;
    vidstore_file_params *p = named_params(name);
    must(vidstore_upload_open(s, p, &up, e));
    vidstore_file_params_free(p);
    return up;
}

/* An upload of these bytes that is sealed. */
static inline vidstore_upload *sealed_upload(vidstore_session *s, const char *name, const void *data, int64_t size) {
    vidstore_upload *up = open_upload(s, name);
    must(vidstore_upload_write(up, data, size, e));
    must(vidstore_upload_seal(up, size, e));
    return up;
}

static inline struct id publish(vidstore_session *s, vidstore_upload *up) {
    vidstore_file *file = NULL;
    must(vidstore_upload_publish(s, up, &file, e));
    struct id id = id_of(vidstore_file_id(file));
    vidstore_file_free(file);
    return id;
}

static inline struct id store_file(vidstore_session *s, const char *name, const void *data, int64_t size) {
    vidstore_upload *up = sealed_upload(s, name, data, size);
    struct id id = publish(s, up);
    vidstore_upload_free(up);
    return id;
}

static inline int64_t count_files(vidstore_session *s) {
    int64_t count = -1;
    must(vidstore_file_count(s, NULL, &count, e));
    return count;
}

static inline vidstore_file *get(vidstore_session *s, struct id id) {
    vidstore_file *file = NULL;
    must(vidstore_file_get(s, id.text, &file, e));
    return file;
}

static inline void holds(vidstore_session *s, struct id id, const void *data, int64_t size) {
    vidstore_reader *reader = NULL;
    int64_t got = -1;
    char *bytes = malloc((size_t)size + 16);
    must(vidstore_file_open(s, id.text, &reader, e));
    ck_assert_int_eq(vidstore_reader_size(reader), size);
    must(vidstore_reader_read(reader, 0, bytes, size + 16, &got, e));
    ck_assert_int_eq(got, size);
    ck_assert_int_eq(memcmp(bytes, data, (size_t)size), 0);
    vidstore_reader_free(reader);
    free(bytes);
}

static int parts, blobs;

static inline int count_entry(const char *path, const struct stat *st, int type, struct FTW *where) {
    (void)st, (void)where;
    if (type == FTW_F && strstr(path, "/tmp/"))
        parts += strstr(path, "/library.vidstore/tmp/") != NULL;
    if (type == FTW_F && strstr(path, "/library.vidstore/blobs/") && strlen(strrchr(path, '/') + 1) == 32)
        blobs++;
    return 0;
}

/* What lies on the disk: parts and sealed blobs. */
static inline void count_disk(void) {
    parts = blobs = 0;
    ck_assert_int_eq(nftw(place, count_entry, 16, FTW_PHYS), 0);
}

#endif
