/* SPDX-License-Identifier: MIT */
#include "files/blob_repo.h"
#include "db/bind.h"
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
    int r = vs_ask(conn, VS_STMT_BLOB_BY_ID, &s, e, vs_id(id));
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
    return vs_exec(conn, VS_STMT_BLOB_RESERVE, NULL, e, vs_id(&row->id), vs_id(&row->owner), vs_int(backend),
                   vs_text(row->key), vs_text(row->params), vs_text(row->source), vs_text(row->validator),
                   vs_int(row->source_size), vs_text(row->boot), vs_int(row->created_us), vs_int(row->reserved));
}

int vs_blob_repo_touch(struct vs_conn *conn, const struct vs_blob_row *row, int64_t now_us, int64_t synced,
                       int *ret_done, vidstore_error **e) {
    return vs_exec_one(conn, VS_STMT_BLOB_TOUCH, ret_done, e, vs_int(now_us), vs_int(synced), vs_text(row->boot),
                       vs_id(&row->id), vs_int(row->epoch));
}

int vs_blob_repo_reserve_more(struct vs_conn *conn, const struct vs_blob_row *row, int64_t bytes, int *ret_done,
                              vidstore_error **e) {
    return vs_exec_one(conn, VS_STMT_BLOB_RESERVE_MORE, ret_done, e, vs_int(bytes), vs_id(&row->id),
                       vs_int(row->epoch));
}

int vs_blob_repo_set_source(struct vs_conn *conn, const struct vs_blob_row *row, int64_t now_us, int *ret_done,
                            vidstore_error **e) {
    return vs_exec_one(conn, VS_STMT_BLOB_SOURCE_SET, ret_done, e, vs_text(row->source), vs_text(row->validator),
                       vs_int(row->source_size), vs_int(now_us), vs_id(&row->id), vs_int(row->epoch));
}

int vs_blob_repo_stored(struct vs_conn *conn, const struct vs_blob_row *row, int *ret_done, vidstore_error **e) {
    return vs_exec_one(conn, VS_STMT_BLOB_STORED, ret_done, e, vs_int(row->size), vs_bytes(row->sha256, VS_SHA256_SIZE),
                       vs_int(row->sealed_us), vs_id(&row->id), vs_int(row->epoch));
}

int vs_blob_repo_link(struct vs_conn *conn, const struct vs_uuid *id, int *ret_done, vidstore_error **e) {
    return vs_exec_one(conn, VS_STMT_BLOB_LINK, ret_done, e, vs_id(id));
}

int vs_blob_repo_take_over(struct vs_conn *conn, const struct vs_uuid *id, int64_t now_us, int *ret_done,
                           vidstore_error **e) {
    return vs_exec_one(conn, VS_STMT_BLOB_TAKE_OVER, ret_done, e, vs_int(now_us), vs_id(id));
}

int vs_blob_repo_give_up(struct vs_conn *conn, const struct vs_uuid *id, int64_t epoch, int64_t now_us, int *ret_done,
                         vidstore_error **e) {
    return vs_exec_one(conn, VS_STMT_BLOB_GIVE_UP, ret_done, e, vs_int(now_us), vs_id(id), vs_int(epoch));
}

int vs_blob_repo_expire(struct vs_conn *conn, const struct vs_uuid *id, int64_t now_us, int64_t touched_us,
                        int *ret_done, vidstore_error **e) {
    return vs_exec_one(conn, VS_STMT_BLOB_EXPIRE, ret_done, e, vs_int(now_us), vs_id(id), vs_int(touched_us));
}

int vs_blob_repo_doom_left(struct vs_conn *conn, const struct vs_uuid *id, int64_t now_us, int64_t touched_us,
                           int *ret_done, vidstore_error **e) {
    return vs_exec_one(conn, VS_STMT_BLOB_DOOM_LEFT, ret_done, e, vs_int(now_us), vs_id(id), vs_int(touched_us));
}

int vs_blob_repo_condemn(struct vs_conn *conn, const struct vs_uuid *id, int *ret_done, vidstore_error **e) {
    return vs_exec_one(conn, VS_STMT_BLOB_CONDEMN, ret_done, e, vs_id(id));
}

int vs_blob_repo_unlink(struct vs_conn *conn, const struct vs_uuid *id, vidstore_error **e) {
    return vs_exec_one(conn, VS_STMT_BLOB_UNLINK, NULL, e, vs_id(id));
}

int vs_blob_repo_doom(struct vs_conn *conn, const struct vs_uuid *id, int64_t now_us, vidstore_error **e) {
    return vs_exec_one(conn, VS_STMT_BLOB_DOOM, NULL, e, vs_int(now_us), vs_id(id));
}

int vs_blob_repo_drop(struct vs_conn *conn, const struct vs_uuid *id, vidstore_error **e) {
    int r = vs_exec_one(conn, VS_STMT_PROBE_FORGET, NULL, e, vs_id(id));
    return r ? r : vs_exec_one(conn, VS_STMT_BLOB_DROP, NULL, e, vs_id(id));
}

int vs_blob_repo_verified(struct vs_conn *conn, const struct vs_uuid *id, int64_t now_us, int damaged,
                          vidstore_error **e) {
    return vs_exec(conn, VS_STMT_BLOB_VERIFIED, NULL, e, vs_int(now_us), vs_int(damaged ? now_us : INT64_MIN),
                   vs_id(id));
}

int vs_blob_repo_files_verified(struct vs_conn *conn, const struct vs_uuid *id, int64_t now_us, vidstore_error **e) {
    return vs_exec_one(conn, VS_STMT_BLOB_FILES_VERIFIED, NULL, e, vs_int(now_us), vs_id(id));
}

int vs_blob_repo_twin(struct vs_conn *conn, const struct vs_blob_row *row, struct vs_uuid *ret_id,
                      char ret_key[VS_BLOB_KEY_TEXT], vidstore_error **e) {
    vs_autostmt *s = NULL;
    *ret_key = '\0';
    int r = vs_ask(conn, VS_STMT_BLOB_TWIN, &s, e, vs_bytes(row->sha256, VS_SHA256_SIZE), vs_int(row->size),
                   vs_id(&row->owner), vs_id(&row->id));
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
    int r = vs_bound(conn, VS_STMT_BLOB_SOURCE_FIND, &s, e, vs_text(source), vs_id(owner));
    if (r)
        return r;
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
    int r = vs_ask(conn, VS_STMT_BLOB_BY_KEY, &s, e, vs_text(key));
    *ret = r == VS_ROW;
    return r < 0 ? r : 0;
}

int vs_blob_repo_list(struct vs_conn *conn, enum vs_stmt_id stmt, struct vs_list_at *at, int64_t until_us,
                      struct vs_blob_item *items, int room, int *ret_count, vidstore_error **e) {
    vs_autostmt *s = NULL;
    *ret_count = 0;
    int r = vs_bound(conn, stmt, &s, e, vs_int(at->us), vs_int(at->seq), vs_int(until_us), vs_int(room));
    if (r)
        return r;
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
    int r = vs_bound(conn, VS_STMT_BLOB_STORED_LIST, &s, e, vs_int(*at), vs_int(room));
    if (r)
        return r;
    while ((r = vs_step(s, e)) == VS_ROW && *ret_count < room) {
        struct vs_blob_item *item = &items[(*ret_count)++];
        *at = vs_col_int(s, 0);
        vs_col_uuid(s, 1, &item->id);
        copy_short(s, 2, item->key, sizeof item->key);
        item->size = vs_col_int(s, 3);
    }
    return r < 0 ? r : 0;
}
