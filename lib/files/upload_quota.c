/* SPDX-License-Identifier: MIT */
/* What an upload takes of its owner's quota before its size is known: as much as was written, in steps, so that a
 * stream without an end stops where the quota does. Its size takes the place of that when it is sealed. */
#include "files/upload.h"
#include "quotas/quotas.h"
#include "util/env.h"
#include "util/error.h"

static const int64_t STEP = INT64_C(32) << 20;
static const int64_t MOST = INT64_C(1) << 50; /* nobody's disk has as much; thousands of them still have a sum */

int64_t vs_upload_reservation(int64_t expected) {
    return expected < 0 ? INT64_MIN : expected < MOST ? expected : MOST;
}

static int64_t reserved(const vidstore_upload *upload) {
    return upload->row.reserved > 0 ? upload->row.reserved : 0;
}

int vs_upload_check_quota(struct vs_conn *conn, vidstore_upload *upload, vidstore_error **e) {
    const struct vs_blob_row *row = &upload->row;
    int64_t now = vs_now_us(), left = 0;
    int r = vs_quota_check(conn, VS_QUOTA_FILES, &row->owner, 1, now, e);
    if (!r)
        r = vs_quota_check(conn, VS_QUOTA_BYTES, &row->owner, reserved(upload), now, e);
    if (!r)
        r = vs_quota_left(conn, VS_QUOTA_BYTES, &row->owner, now, &left, e);
    upload->room = left == INT64_MAX ? INT64_MAX : reserved(upload);
    return r;
}

struct more {
    vidstore_upload *upload;
    int64_t size, left, reserve;
    int done;
};

static int look_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct more *more = arg;
    return vs_quota_left(conn, VS_QUOTA_BYTES, &more->upload->row.owner, vs_now_us(), &more->left, e);
}

/* A step more when there is as much, else what is needed; which may be too much. */
static int reserve_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct more *more = arg;
    const struct vs_blob_row *row = &more->upload->row;
    int64_t now = vs_now_us(), had = reserved(more->upload);
    int r = vs_quota_left(conn, VS_QUOTA_BYTES, &row->owner, now, &more->left, e);
    if (r)
        return r;
    more->reserve = more->left >= more->size - had + STEP ? more->size + STEP : more->size;
    r = vs_blob_repo_reserve_more(conn, row, more->reserve, &more->done, e);
    return r ? r : vs_quota_check(conn, VS_QUOTA_BYTES, &row->owner, more->reserve - had, now, e);
}

int vs_upload_reserve(vidstore_session *session, vidstore_upload *upload, int64_t size, vidstore_error **e) {
    struct more more = {.upload = upload, .size = size < MOST ? size : MOST};
    struct vs_call call = {vs_mono_us() + upload->store->options.deadline_ms * 1000, NULL};
    if (size <= upload->room)
        return 0;
    int r = vs_db_read(upload->store->db, &call, look_op, &more, e);
    if (!r && more.left == INT64_MAX) {
        upload->room = INT64_MAX;
        return 0;
    }
    if (!r)
        r = vs_upload_db(session, upload, reserve_op, &more, e);
    if (!r && more.done)
        upload->room = upload->row.reserved = more.reserve;
    return r;
}
