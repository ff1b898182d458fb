/* SPDX-License-Identifier: MIT */
/* Beginning an upload, and going on with one that a process left. */
#include "files/file_rules.h"
#include "files/upload.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "util/utf8.h"
#include <stdio.h>
#include <string.h>

enum { URL_MAX = 8192, VALIDATOR_MAX = 1024 };

static int check_source(const struct vs_upload_source *source, vidstore_error **e) {
    int r = source->url ? vs_check_text(source->url, "url", URL_MAX, e) : 0;
    return r || !source->validator ? r : vs_check_text(source->validator, "validator", VALIDATOR_MAX, e);
}

/* Copies, so that whoever fails keeps what there was. */
static int copy_source(struct vs_blob_row *row, const struct vs_upload_source *source, vidstore_error **e) {
    vs_autofree char *url = source->url ? vs_strdup(source->url) : NULL;
    vs_autofree char *validator = source->validator ? vs_strdup(source->validator) : NULL;
    if ((source->url && !url) || (source->validator && !validator))
        return vs_fail_nomem(e);
    vs_free(row->source);
    vs_free(row->validator);
    row->source = VS_TAKE(url);
    row->validator = VS_TAKE(validator);
    row->source_size = source->size;
    return 0;
}

static int fill_row(vidstore_session *session, vidstore_upload *upload, const struct vs_params *params,
                    vidstore_error **e) {
    struct vs_blob_row *row = &upload->row;
    const struct vs_value *owner = NULL;
    int r = vs_upload_params_json(params, &row->params, e);
    if (!r)
        r = vs_upload_params_read(row->params, &upload->params, e);
    if (!r)
        r = vs_uuid_make(&row->id, e);
    if (!r)
        r = vs_blob_key_make(row->key, e);
    row->owner = session->actor.user;
    if (!r && vs_params_get(upload->params, VIDSTORE_FILE_USER_ID, &owner) == VS_PARAM_VALUE)
        r = vs_uuid_parse(owner->text, "user_id", &row->owner, e);
    row->created_us = vs_now_us();
    row->epoch = 1;
    row->source_size = INT64_MIN;
    snprintf(row->boot, sizeof row->boot, "%s", vs_boot_id());
    vs_uuid_format(&row->id, upload->id);
    return r;
}

struct reserve {
    vidstore_session *session;
    vidstore_upload *upload;
};

static int reserve_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct reserve *w = arg;
    const struct vs_blob_row *row = &w->upload->row;
    int r = vs_file_check_params(conn, w->session, w->upload->params, &row->owner, e);
    if (!r)
        r = vs_blob_repo_reserve(conn, row, VIDSTORE_BACKEND_LOCAL, e);
    return r ? r : vs_upload_check_quota(conn, w->upload, e);
}

int vs_upload_open(vidstore_session *session, const struct vs_params *params, int64_t expected,
                   const struct vs_upload_source *source, vidstore_upload **ret, vidstore_error **e) {
    vs_autoupload *upload = NULL;
    int r = vs_session_outside(session, e);
    if (!r)
        r = vs_params_check(params, &vs_file_noun, e);
    if (!r && source)
        r = check_source(source, e);
    if (!r)
        r = vs_upload_new(session, &upload, e);
    if (!r)
        r = fill_row(session, upload, params, e);
    if (!r && source)
        r = copy_source(&upload->row, source, e);
    if (r)
        return r;
    upload->row.reserved = vs_upload_reservation(expected);
    struct reserve w = {session, upload};
    r = vs_session_write(session, reserve_op, &w, e);
    if (r == VIDSTORE_FORBIDDEN)
        vs_session_refused(session, VIDSTORE_AUDIT_ACCESS_DENIED, "file", NULL, &upload->row.owner, r);
    if (r)
        return r;
    r = vs_blob_writer_create(session->store->blobs, upload->row.key, expected, &upload->writer, e);
    if (r)
        vs_upload_abort(session, upload, NULL);
    else
        *ret = VS_TAKE(upload);
    return r;
}

static int check_right(vidstore_session *session, const struct vs_blob_row *row, vidstore_error **e) {
    int r = vs_session_may(session, "file", VS_UPDATE, &row->id, &row->owner, 0, e);
    if (r == VIDSTORE_NOT_FOUND)
        return vs_fail(e, r, "upload_id", "no such upload");
    return r;
}

struct look {
    struct vs_uuid id;
    struct vs_blob_row *row;
};

static int look_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct look *look = arg;
    return vs_blob_repo_get(conn, &look->id, look->row, e);
}

static int check_unfinished(const struct vs_blob_row *row, vidstore_error **e) {
    if (row->state <= VS_BLOB_STORED && row->refs == 0)
        return 0;
    return vs_fail_sub(e, VIDSTORE_STATE, VIDSTORE_SUB_TRANSITION, "upload_id",
                       row->refs > 0 ? "the upload is a file already" : "the upload was given up");
}

static int take_over_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct look *look = arg;
    int done = 0;
    int r = vs_blob_repo_take_over(conn, &look->id, vs_now_us(), &done, e);
    if (!r)
        r = vs_blob_repo_get(conn, &look->id, look->row, e);
    return r ? r : check_unfinished(look->row, e);
}

/* From now on nobody who had it before can end it. The row is read anew: they may have got on until now. */
static int take_over(vidstore_session *session, vidstore_upload *upload, vidstore_error **e) {
    struct look look = {upload->row.id, &upload->row};
    int r = vs_session_write(session, take_over_op, &look, e);
    if (!r && upload->row.state == VS_BLOB_STORED) {
        vs_blob_writer_free(VS_TAKE(upload->writer));
        upload->state = VS_UPLOAD_SEALED;
        upload->stored = 1;
    }
    return r;
}

/* The bytes were sealed, but that did not come on record: they are whole all the same. */
static int adopt(vidstore_session *session, vidstore_upload *upload, vidstore_error **e) {
    struct vs_blob_row *row = &upload->row;
    int64_t size = 0;
    uint8_t sha256[VS_SHA256_SIZE];
    int r = vs_blob_settle(upload->store->blobs, row->key, &upload->kept, e);
    if (!r)
        r = vs_blob_digest(upload->store->blobs, row->key, NULL, NULL, &size, sha256, e);
    if (!r)
        r = take_over(session, upload, e);
    if (r || upload->stored)
        return r;
    row->size = size;
    memcpy(row->sha256, sha256, sizeof sha256);
    row->sealed_us = vs_now_us();
    upload->state = VS_UPLOAD_SEALED;
    return 0;
}

/* Somebody has sealed it, on record: all that is left to do is to publish it. */
static int retake(vidstore_session *session, vidstore_upload *upload, vidstore_error **e) {
    int r = vs_blob_settle(upload->store->blobs, upload->row.key, &upload->kept, e);
    int missing = r == VIDSTORE_NOT_FOUND; /* lost, or just being deleted: its row says which */
    if (missing)
        vs_error_clear(e);
    if (!r || missing)
        r = take_over(session, upload, e);
    if (r || !missing)
        return r;
    vs_upload_abort(session, upload, NULL);
    return vs_fail_sub(e, VIDSTORE_STATE, VIDSTORE_SUB_TRANSITION, "upload_id", "the bytes of the upload are lost");
}

/* After a restart of the machine only that is certain which was synced. */
static int reopen(vidstore_session *session, vidstore_upload *upload, vidstore_error **e) {
    struct vs_blob_row *row = &upload->row;
    const char *boot = vs_boot_id();
    int r = vs_blob_writer_reopen(upload->store->blobs, row->key, &upload->writer, e);
    if (r == VIDSTORE_EXISTS) {
        vs_error_clear(e);
        return adopt(session, upload, e);
    }
    if (r == VIDSTORE_NOT_FOUND) { /* it never got as far as its first byte */
        vs_error_clear(e);
        r = vs_blob_writer_create(upload->store->blobs, row->key, -1, &upload->writer, e);
    }
    if (!r)
        r = take_over(session, upload, e);
    if (r || upload->stored)
        return r;
    if ((!*boot || strcmp(boot, row->boot) != 0) && vs_blob_writer_size(upload->writer) > row->synced)
        r = vs_blob_writer_truncate(upload->writer, row->synced, e);
    snprintf(row->boot, sizeof row->boot, "%s", boot);
    return r ? r : vs_upload_touch(session, upload, 1, e);
}

int vs_upload_resume(vidstore_session *session, const struct vs_uuid *id, vidstore_upload **ret, vidstore_error **e) {
    vs_autoupload *upload = NULL;
    int r = vs_session_outside(session, e);
    if (!r)
        r = vs_upload_new(session, &upload, e);
    if (r)
        return r;
    struct look look = {*id, &upload->row};
    r = vs_session_read(session, look_op, &look, e);
    if (!r)
        r = check_right(session, &upload->row, e);
    if (!r)
        r = check_unfinished(&upload->row, e);
    if (!r)
        r = vs_upload_params_read(upload->row.params, &upload->params, e);
    if (r)
        return r;
    vs_uuid_format(id, upload->id);
    upload->room = upload->row.reserved > 0 ? upload->row.reserved : 0;
    r = upload->row.state == VS_BLOB_STORED ? retake(session, upload, e) : reopen(session, upload, e);
    if (!r)
        *ret = VS_TAKE(upload);
    return r;
}

struct find {
    vidstore_session *session;
    const struct vs_uuid *owner, *video;
    const char *url;
    struct vs_uuid found;
};

/* 1: this upload is for the same video. */
static int is_for(void *arg, const struct vs_uuid *id, const char *json) {
    struct find *find = arg;
    const struct vs_value *value = NULL;
    struct vs_params *params = NULL;
    struct vs_uuid video;
    int same = 0;
    if (!json || vs_upload_params_read(json, &params, NULL))
        return 0;
    if (vs_params_get(params, VIDSTORE_FILE_VIDEO_ID, &value) == VS_PARAM_VALUE)
        same =
            find->video && !vs_uuid_parse(value->text, "video_id", &video, NULL) && vs_uuid_equal(&video, find->video);
    else
        same = !find->video;
    vs_params_free(params);
    if (same)
        find->found = *id;
    return same;
}

static int find_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct find *find = arg;
    int r = vs_blob_repo_find_source(conn, find->owner, find->url, is_for, find, e);
    if (r > 0)
        return 0;
    return r ? r : vs_fail(e, VIDSTORE_NOT_FOUND, "url", "no upload from this URL is unfinished");
}

int vs_upload_find_source(vidstore_session *session, const struct vs_uuid *owner, const char *url,
                          const struct vs_uuid *video, struct vs_uuid *ret, vidstore_error **e) {
    struct find find = {session, owner, video, url, {{0}}};
    int r = vs_check_text(url, "url", URL_MAX, e);
    if (!r)
        r = vs_session_read(session, find_op, &find, e);
    if (!r)
        *ret = find.found;
    return r;
}

struct vs_upload_source vs_upload_source(const vidstore_upload *upload) {
    return (struct vs_upload_source){upload->row.source, upload->row.validator, upload->row.source_size};
}

struct set_source {
    const struct vs_blob_row *row;
    int done;
};

static int set_source_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct set_source *w = arg;
    return vs_blob_repo_set_source(conn, w->row, vs_now_us(), &w->done, e);
}

int vs_upload_set_source(vidstore_session *session, vidstore_upload *upload, const struct vs_upload_source *source,
                         vidstore_error **e) {
    struct set_source w = {&upload->row, 0};
    int r = vs_upload_check_open(upload, e);
    if (!r)
        r = check_source(source, e);
    if (!r)
        r = copy_source(&upload->row, source, e);
    if (!r)
        r = vs_upload_db(session, upload, set_source_op, &w, e);
    return r;
}
