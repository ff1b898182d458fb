/* SPDX-License-Identifier: MIT */
#include "files/file_repo.h"
#include "db/bind.h"
#include "files/files.h"
#include "store/settings.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "vidstore/file.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_MS INT64_C(3600000)

int vs_file_repo_owner(struct vs_conn *conn, enum vs_stmt_id stmt, const struct vs_uuid *id, struct vs_uuid *ret,
                       vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_ask(conn, stmt, &s, e, vs_id(id));
    if (r != VS_ROW)
        return r < 0 ? r : vs_fail(e, VIDSTORE_NOT_FOUND, NULL, "there is no such object");
    vs_col_uuid(s, 0, ret);
    return 0;
}

int vs_file_repo_user(struct vs_conn *conn, const struct vs_uuid *id, int *ret, vidstore_error **e) {
    vs_autostmt *s = NULL;
    *ret = 0;
    int r = vs_ask(conn, VS_STMT_FILE_OWNER_KNOWN, &s, e, vs_id(id));
    *ret = r == VS_ROW;
    return r < 0 ? r : 0;
}

/* The setting that holds for a category, or -1. */
static int setting_of(int64_t category) {
    switch (category) {
    case VIDSTORE_CATEGORY_TEMPORARY:
        return VS_SETTING_TEMPORARY_HOURS;
    case VIDSTORE_CATEGORY_PROCESSED:
        return VS_SETTING_PROCESSED_HOURS;
    case VIDSTORE_CATEGORY_ARCHIVE:
        return VS_SETTING_ARCHIVE_HOURS;
    default:
        return -1;
    }
}

int vs_file_repo_lifetime(struct vs_conn *conn, int64_t category, int64_t *ret_ms, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int at = setting_of(category);
    *ret_ms = 0;
    int r = at < 0 ? 0 : vs_stmt(conn, VS_STMT_SETTING_GET, &s, e);
    if (r || at < 0)
        return r;
    const struct vs_setting *setting = &vs_setting_table[at];
    vs_bind_text(s, 1, setting->name, -1);
    r = vs_row(s, e);
    if (r < 0)
        return r;
    int64_t hours = r == VS_ROW ? strtoll(vs_col_text(s, 1, NULL), NULL, 10) : setting->value;
    if (hours < setting->min || hours > setting->max)
        hours = setting->value;
    *ret_ms = hours * HOUR_MS;
    return 0;
}

/* A statement of a time and the id of a file. */
static int set_time(struct vs_conn *conn, enum vs_stmt_id stmt, int64_t us, const struct vs_uuid *id,
                    vidstore_error **e) {
    return vs_exec(conn, stmt, NULL, e, vs_int(us), vs_id(id));
}

int vs_file_repo_accessed(struct vs_conn *conn, const struct vs_uuid *id, int64_t now_us, vidstore_error **e) {
    return set_time(conn, VS_STMT_FILE_ACCESSED, now_us, id, e);
}

int vs_file_repo_set_expiry(struct vs_conn *conn, const struct vs_uuid *id, int64_t expires_us, vidstore_error **e) {
    return set_time(conn, VS_STMT_FILE_EXPIRY_SET, expires_us, id, e);
}

int vs_file_repo_list(struct vs_conn *conn, enum vs_stmt_id stmt, struct vs_list_at *at, int64_t until_us,
                      struct vs_uuid *ids, int room, int *ret_count, vidstore_error **e) {
    vs_autostmt *s = NULL;
    *ret_count = 0;
    int r = vs_bound(conn, stmt, &s, e, vs_int(at->us), vs_int(at->seq), vs_int(until_us), vs_int(room));
    if (r)
        return r;
    while ((r = vs_step(s, e)) == VS_ROW && *ret_count < room) {
        at->seq = vs_col_int(s, 0);
        vs_col_uuid(s, 1, &ids[(*ret_count)++]);
        at->us = vs_col_int(s, 2);
    }
    return r < 0 ? r : 0;
}

int vs_file_keep_kind(struct vs_conn *conn, const struct vs_uuid *id, const char *kind, const char *format,
                      vidstore_error **e) {
    static const char *const known[][2] = {{"matroska", "x-matroska"}, {"webm", "webm"},   {"mp4", "mp4"},
                                           {"avi", "x-msvideo"},       {"mpegts", "mp2t"}, {"mp3", "mpeg"},
                                           {"flac", "flac"},           {"ogg", "ogg"}};
    char type[64] = "application/octet-stream";
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, VS_STMT_FILE_KIND_SET, &s, e);
    if (r)
        return r;
    for (size_t i = 0; format && i < VS_COUNT(known); i++)
        if (strstr(format, known[i][0])) {
            snprintf(type, sizeof type, "%s/%s", kind, known[i][1]);
            break;
        }
    vs_bind_text(s, 1, kind, -1);
    vs_bind_text(s, 2, type, -1);
    vs_bind_int(s, 3, vs_now_us());
    vs_bind_uuid(s, 4, id);
    r = vs_run(s, NULL, e);
    vs_reset(VS_TAKE(s)); /* before the text that was bound goes */
    return r;
}
