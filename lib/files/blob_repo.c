/* SPDX-License-Identifier: MIT */
#include "files/blob_repo.h"
#include "util/alloc.h"
#include "util/error.h"
#include <stdio.h>
#include <string.h>

void vs_blob_row_clear(struct vs_blob_row *row) {
    vs_free(row->params);
    vs_free(row->source);
    vs_free(row->validator);
    *row = (struct vs_blob_row){0};
}

/* A copy of a column's text; NULL stays NULL. */
static int copy_text(struct vs_stmt *s, int at, char **ret, vidstore_error **e) {
    const char *text = vs_col_text(s, at, NULL);
    *ret = text ? vs_strdup(text) : NULL;
    return text && !*ret ? vs_fail_nomem(e) : 0;
}

static void copy_short(struct vs_stmt *s, int at, char *ret, size_t size) {
    const char *text = vs_col_text(s, at, NULL);
    snprintf(ret, size, "%s", text ? text : "");
}

static void copy_digest(struct vs_stmt *s, int at, uint8_t ret[VS_SHA256_SIZE]) {
    size_t len = 0;
    const void *bytes = vs_col_blob(s, at, &len);
    memset(ret, 0, VS_SHA256_SIZE);
    if (bytes && len == VS_SHA256_SIZE)
        memcpy(ret, bytes, len);
}

int vs_blob_repo_get(struct vs_conn *conn, const struct vs_uuid *id, struct vs_blob_row *ret, vidstore_error **e) {
    vs_autostmt *s = NULL;
    vs_blob_row_clear(ret);
    int r = vs_stmt(conn, VS_STMT_BLOB_BY_ID, &s, e);
    if (r)
        return r;
    vs_bind_uuid(s, 1, id);
    r = vs_row(s, e);
    if (r != VS_ROW)
        return r < 0 ? r : vs_fail(e, VIDSTORE_NOT_FOUND, "upload_id", "no such upload");
    ret->id = *id;
    vs_col_uuid(s, 0, &ret->owner);
    ret->state = vs_col_int(s, 1);
    copy_short(s, 2, ret->key, sizeof ret->key);
    ret->size = vs_col_int(s, 3);
    copy_digest(s, 4, ret->sha256);
    ret->refs = vs_col_int(s, 5);
    ret->source_size = vs_col_int(s, 9);
    ret->synced = vs_col_int(s, 10);
    copy_short(s, 11, ret->boot, sizeof ret->boot);
    ret->created_us = vs_col_int(s, 12);
    ret->sealed_us = vs_col_int(s, 13);
    ret->epoch = vs_col_int(s, 14);
    ret->reserved = vs_col_int(s, 15);
    r = copy_text(s, 6, &ret->params, e);
    if (!r)
        r = copy_text(s, 7, &ret->source, e);
    return r ? r : copy_text(s, 8, &ret->validator, e);
}

int vs_blob_repo_reserve(struct vs_conn *conn, const struct vs_blob_row *row, int64_t backend, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, VS_STMT_BLOB_RESERVE, &s, e);
    if (r)
        return r;
    vs_bind_uuid(s, 1, &row->id);
    vs_bind_uuid(s, 2, &row->owner);
    vs_bind_int(s, 3, backend);
    vs_bind_text(s, 4, row->key, -1);
    vs_bind_text(s, 5, row->params, -1);
    vs_bind_text(s, 6, row->source, -1);
    vs_bind_text(s, 7, row->validator, -1);
    vs_bind_int(s, 8, row->source_size);
    vs_bind_text(s, 9, row->boot, -1);
    vs_bind_int(s, 10, row->created_us);
    vs_bind_int(s, 11, row->reserved);
    return vs_run(s, NULL, e);
}

/* Runs a bound statement that changes one row or none. */
static int run_one(struct vs_stmt *s, int *ret_done, vidstore_error **e) {
    int64_t changes = 0;
    int r = vs_run(s, &changes, e);
    if (ret_done)
        *ret_done = changes > 0;
    return r;
}

int vs_blob_repo_touch(struct vs_conn *conn, const struct vs_blob_row *row, int64_t now_us, int64_t synced,
                       int *ret_done, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, VS_STMT_BLOB_TOUCH, &s, e);
    if (r)
        return r;
    vs_bind_int(s, 1, now_us);
    vs_bind_int(s, 2, synced);
    vs_bind_text(s, 3, row->boot, -1);
    vs_bind_uuid(s, 4, &row->id);
    vs_bind_int(s, 5, row->epoch);
    return run_one(s, ret_done, e);
}

int vs_blob_repo_reserve_more(struct vs_conn *conn, const struct vs_blob_row *row, int64_t bytes, int *ret_done,
                              vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, VS_STMT_BLOB_RESERVE_MORE, &s, e);
    if (r)
        return r;
    vs_bind_int(s, 1, bytes);
    vs_bind_uuid(s, 2, &row->id);
    vs_bind_int(s, 3, row->epoch);
    return run_one(s, ret_done, e);
}

int vs_blob_repo_set_source(struct vs_conn *conn, const struct vs_blob_row *row, int64_t now_us, int *ret_done,
                            vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, VS_STMT_BLOB_SOURCE_SET, &s, e);
    if (r)
        return r;
    vs_bind_text(s, 1, row->source, -1);
    vs_bind_text(s, 2, row->validator, -1);
    vs_bind_int(s, 3, row->source_size);
    vs_bind_int(s, 4, now_us);
    vs_bind_uuid(s, 5, &row->id);
    vs_bind_int(s, 6, row->epoch);
    return run_one(s, ret_done, e);
}

int vs_blob_repo_stored(struct vs_conn *conn, const struct vs_blob_row *row, int *ret_done, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, VS_STMT_BLOB_STORED, &s, e);
    if (r)
        return r;
    vs_bind_int(s, 1, row->size);
    vs_bind_blob(s, 2, row->sha256, VS_SHA256_SIZE);
    vs_bind_int(s, 3, row->sealed_us);
    vs_bind_uuid(s, 4, &row->id);
    vs_bind_int(s, 5, row->epoch);
    return run_one(s, ret_done, e);
}

/* A statement of an id alone, or of a time and an id. */
static int on_id(struct vs_conn *conn, enum vs_stmt_id stmt, const struct vs_uuid *id, int *ret_done,
                 vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, stmt, &s, e);
    if (r)
        return r;
    vs_bind_uuid(s, 1, id);
    return run_one(s, ret_done, e);
}

static int on_time_and_id(struct vs_conn *conn, enum vs_stmt_id stmt, int64_t us, const struct vs_uuid *id,
                          int *ret_done, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, stmt, &s, e);
    if (r)
        return r;
    vs_bind_int(s, 1, us);
    vs_bind_uuid(s, 2, id);
    return run_one(s, ret_done, e);
}

int vs_blob_repo_link(struct vs_conn *conn, const struct vs_uuid *id, int *ret_done, vidstore_error **e) {
    return on_id(conn, VS_STMT_BLOB_LINK, id, ret_done, e);
}

int vs_blob_repo_take_over(struct vs_conn *conn, const struct vs_uuid *id, int64_t now_us, int *ret_done,
                           vidstore_error **e) {
    return on_time_and_id(conn, VS_STMT_BLOB_TAKE_OVER, now_us, id, ret_done, e);
}

/* A statement of two numbers around an id. */
static int on_two(struct vs_conn *conn, enum vs_stmt_id stmt, int64_t us, const struct vs_uuid *id, int64_t number,
                  int *ret_done, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, stmt, &s, e);
    if (r)
        return r;
    vs_bind_int(s, 1, us);
    vs_bind_uuid(s, 2, id);
    vs_bind_int(s, 3, number);
    return run_one(s, ret_done, e);
}

int vs_blob_repo_give_up(struct vs_conn *conn, const struct vs_uuid *id, int64_t epoch, int64_t now_us, int *ret_done,
                         vidstore_error **e) {
    return on_two(conn, VS_STMT_BLOB_GIVE_UP, now_us, id, epoch, ret_done, e);
}

int vs_blob_repo_expire(struct vs_conn *conn, const struct vs_uuid *id, int64_t now_us, int64_t touched_us,
                        int *ret_done, vidstore_error **e) {
    return on_two(conn, VS_STMT_BLOB_EXPIRE, now_us, id, touched_us, ret_done, e);
}

int vs_blob_repo_doom_left(struct vs_conn *conn, const struct vs_uuid *id, int64_t now_us, int64_t touched_us,
                           int *ret_done, vidstore_error **e) {
    return on_two(conn, VS_STMT_BLOB_DOOM_LEFT, now_us, id, touched_us, ret_done, e);
}

int vs_blob_repo_condemn(struct vs_conn *conn, const struct vs_uuid *id, int *ret_done, vidstore_error **e) {
    return on_id(conn, VS_STMT_BLOB_CONDEMN, id, ret_done, e);
}

int vs_blob_repo_unlink(struct vs_conn *conn, const struct vs_uuid *id, vidstore_error **e) {
    return on_id(conn, VS_STMT_BLOB_UNLINK, id, NULL, e);
}

int vs_blob_repo_doom(struct vs_conn *conn, const struct vs_uuid *id, int64_t now_us, vidstore_error **e) {
    return on_time_and_id(conn, VS_STMT_BLOB_DOOM, now_us, id, NULL, e);
}

int vs_blob_repo_drop(struct vs_conn *conn, const struct vs_uuid *id, vidstore_error **e) {
    int r = on_id(conn, VS_STMT_PROBE_FORGET, id, NULL, e);
    return r ? r : on_id(conn, VS_STMT_BLOB_DROP, id, NULL, e);
}

int vs_blob_repo_verified(struct vs_conn *conn, const struct vs_uuid *id, int64_t now_us, int damaged,
                          vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, VS_STMT_BLOB_VERIFIED, &s, e);
    if (r)
        return r;
    vs_bind_int(s, 1, now_us);
    vs_bind_int(s, 2, damaged ? now_us : INT64_MIN);
    vs_bind_uuid(s, 3, id);
    return vs_run(s, NULL, e);
}

int vs_blob_repo_files_verified(struct vs_conn *conn, const struct vs_uuid *id, int64_t now_us, vidstore_error **e) {
    return on_time_and_id(conn, VS_STMT_BLOB_FILES_VERIFIED, now_us, id, NULL, e);
}

int vs_blob_repo_twin(struct vs_conn *conn, const struct vs_blob_row *row, struct vs_uuid *ret_id,
                      char ret_key[VS_BLOB_KEY_TEXT], vidstore_error **e) {
    vs_autostmt *s = NULL;
    *ret_key = '\0';
    int r = vs_stmt(conn, VS_STMT_BLOB_TWIN, &s, e);
    if (r)
        return r;
    vs_bind_blob(s, 1, row->sha256, VS_SHA256_SIZE);
    vs_bind_int(s, 2, row->size);
    vs_bind_uuid(s, 3, &row->owner);
    vs_bind_uuid(s, 4, &row->id);
    r = vs_row(s, e);
    if (r != VS_ROW)
        return r;
    vs_col_uuid(s, 0, ret_id);
    copy_short(s, 1, ret_key, VS_BLOB_KEY_TEXT);
    return 0;
}

int vs_blob_repo_find_source(struct vs_conn *conn, const struct vs_uuid *owner, const char *source,
                             int (*each)(void *arg, const struct vs_uuid *id, const char *params), void *arg,
                             vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, VS_STMT_BLOB_SOURCE_FIND, &s, e);
    if (r)
        return r;
    vs_bind_text(s, 1, source, -1);
    vs_bind_uuid(s, 2, owner);
    while ((r = vs_step(s, e)) == VS_ROW) {
        struct vs_uuid id;
        vs_col_uuid(s, 0, &id);
        r = each(arg, &id, vs_col_text(s, 1, NULL));
        if (r)
            return r;
    }
    return r;
}

int vs_blob_repo_knows(struct vs_conn *conn, const char *key, int *ret, vidstore_error **e) {
    vs_autostmt *s = NULL;
    *ret = 0;
    int r = vs_stmt(conn, VS_STMT_BLOB_BY_KEY, &s, e);
    if (r)
        return r;
    vs_bind_text(s, 1, key, -1);
    r = vs_row(s, e);
    *ret = r == VS_ROW;
    return r < 0 ? r : 0;
}

int vs_blob_repo_list(struct vs_conn *conn, enum vs_stmt_id stmt, struct vs_list_at *at, int64_t until_us,
                      struct vs_blob_item *items, int room, int *ret_count, vidstore_error **e) {
    vs_autostmt *s = NULL;
    *ret_count = 0;
    int r = vs_stmt(conn, stmt, &s, e);
    if (r)
        return r;
    vs_bind_int(s, 1, at->us);
    vs_bind_int(s, 2, at->seq);
    vs_bind_int(s, 3, until_us);
    vs_bind_int(s, 4, room);
    while ((r = vs_step(s, e)) == VS_ROW && *ret_count < room) {
        struct vs_blob_item *item = &items[(*ret_count)++];
        at->seq = item->seq = vs_col_int(s, 0);
        vs_col_uuid(s, 1, &item->id);
        copy_short(s, 2, item->key, sizeof item->key);
        at->us = item->at_us = vs_col_int(s, 3);
        item->size = stmt == VS_STMT_BLOB_DOOMED_LIST ? vs_col_int(s, 4) : INT64_MIN;
    }
    return r < 0 ? r : 0;
}

int vs_blob_repo_list_stored(struct vs_conn *conn, int64_t *at, struct vs_blob_item *items, int room, int *ret_count,
                             vidstore_error **e) {
    vs_autostmt *s = NULL;
    *ret_count = 0;
    int r = vs_stmt(conn, VS_STMT_BLOB_STORED_LIST, &s, e);
    if (r)
        return r;
    vs_bind_int(s, 1, *at);
    vs_bind_int(s, 2, room);
    while ((r = vs_step(s, e)) == VS_ROW && *ret_count < room) {
        struct vs_blob_item *item = &items[(*ret_count)++];
        *at = vs_col_int(s, 0);
        vs_col_uuid(s, 1, &item->id);
        copy_short(s, 2, item->key, sizeof item->key);
        item->size = vs_col_int(s, 3);
    }
    return r < 0 ? r : 0;
}
