/* SPDX-License-Identifier: MIT */
/* What the tests of the upkeep share: making records, letting time pass behind the library's back, reading reports. */
#ifndef TESTS_API_UPKEEP_HARNESS_H
#define TESTS_API_UPKEEP_HARNESS_H

#include "harness.h"
#include <dirent.h>
#include <fcntl.h>
#include <sqlite3.h>

#define DAY_US (INT64_C(86400) * 1000000)

/* Runs SQL on a database that nobody has open, and gives the number that it ends with. */
static inline int64_t run_sql(const char *path, const char *sql) {
    sqlite3 *raw = NULL;
    sqlite3_stmt *s = NULL;
    int64_t number = 0;
    ck_assert_int_eq(sqlite3_open(path, &raw), SQLITE_OK);
    for (const char *at = sql; *at;) {
        const char *rest = NULL;
        ck_assert_msg(sqlite3_prepare_v2(raw, at, -1, &s, &rest) == SQLITE_OK, "%s: %s", at, sqlite3_errmsg(raw));
        int rc;
        while (s && (rc = sqlite3_step(s)) == SQLITE_ROW)
            number = sqlite3_column_int64(s, 0);
        ck_assert_msg(!s || rc == SQLITE_DONE, "%s: %s", at, sqlite3_errmsg(raw));
        sqlite3_finalize(s);
        at = rest;
    }
    sqlite3_close(raw);
    return number;
}

/* The same on the store of the test, which is closed for it. */
static inline int64_t tamper(const char *sql) {
    char path[128];
    snprintf(path, sizeof path, "%s/store.db", place);
    close_store();
    int64_t number = run_sql(path, sql);
    open_store();
    return number;
}

/* An id without its hyphens, as it stands in the database. */
static inline struct id hex(struct id id) {
    struct id digits = {""};
    size_t used = 0;
    for (const char *at = id.text; *at; at++)
        if (*at != '-')
            digits.text[used++] = *at;
    return digits;
}

/* A number in a report, by the name of its key. */
static inline int64_t number(const vidstore_text *report, const char *key) {
    char quoted[64];
    snprintf(quoted, sizeof quoted, "\"%s\":", key);
    const char *at = strstr(vidstore_text_data(report), quoted);
    ck_assert_msg(at != NULL, "no %s in %s", key, vidstore_text_data(report));
    return strtoll(at + strlen(quoted), NULL, 10);
}

static inline int says(const vidstore_text *report, const char *part) {
    return strstr(vidstore_text_data(report), part) != NULL;
}

static inline struct id add_job(void) {
    vidstore_job *job = NULL;
    vidstore_job_params *p = vidstore_job_params_new();
    vidstore_job_params_set_text(p, VIDSTORE_JOB_KIND, "download_only");
    must(vidstore_job_submit(sys, p, &job, e));
    vidstore_job_params_free(p);
    struct id id = id_of(vidstore_job_id(job));
    vidstore_job_free(job);
    return id;
}

static inline struct id add_video(void) {
    vidstore_video *video = NULL;
    vidstore_video_params *p = vidstore_video_params_new();
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_TITLE, "a title");
    must(vidstore_video_create(sys, p, &video, e));
    vidstore_video_params_free(p);
    struct id id = id_of(vidstore_video_id(video));
    vidstore_video_free(video);
    return id;
}

/* A file of `size` bytes that no other one has; job and video may be NULL. */
static inline struct id put_file(vidstore_session *session, size_t size, const char *job, const char *video) {
    static _Atomic unsigned turn;
    char path[128];
    unsigned mine = ++turn;
    vidstore_file *file = NULL;
    snprintf(path, sizeof path, "%s/source-%u", folder, mine);
    FILE *f = fopen(path, "wb");
    ck_assert_ptr_nonnull(f);
    for (size_t i = 0; i < size; i++)
        fputc((int)((i * 2654435761u + mine * 40503u) >> 7 & 0xFF), f);
    ck_assert_int_eq(fclose(f), 0);
    vidstore_file_params *p = vidstore_file_params_new();
    if (job)
        vidstore_file_params_set_text(p, VIDSTORE_FILE_JOB_ID, job);
    if (video)
        vidstore_file_params_set_text(p, VIDSTORE_FILE_VIDEO_ID, video);
    vidstore_file_params_set_text(p, VIDSTORE_FILE_NAME, strrchr(path, '/') + 1);
    int fd = open(path, O_RDONLY);
    must(vidstore_file_put_fd(session, fd, INT64_MIN, p, &file, e)); /* a path is not for everybody */
    close(fd);
    vidstore_file_params_free(p);
    unlink(path);
    struct id id = id_of(vidstore_file_id(file));
    vidstore_file_free(file);
    return id;
}

static inline void path_of(struct id file, char *buf, size_t size) {
    vidstore_text *path = NULL;
    must(vidstore_file_path(sys, file.text, &path, e));
    snprintf(buf, size, "%s", vidstore_text_data(path));
    vidstore_text_free(path);
}

/* How many names a directory has. */
static inline int entries(const char *path) {
    int count = 0;
    DIR *d = opendir(path);
    ck_assert_msg(d != NULL, "%s can't be listed", path);
    for (struct dirent *it = readdir(d); it; it = readdir(d))
        count += strcmp(it->d_name, ".") != 0 && strcmp(it->d_name, "..") != 0;
    closedir(d);
    return count;
}

#endif
