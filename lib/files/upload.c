/* SPDX-License-Identifier: MIT */
/* Bytes on their way into the store: writing, sealing, giving up. */
#include "files/upload.h"
#include "quotas/quotas.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "util/handle.h"
#include "util/quarantine.h"
#include <string.h>

#define TOUCH_EVERY_US INT64_C(30000000)

int vs_upload_new(vidstore_session *session, vidstore_upload **ret, vidstore_error **e) {
    vidstore_upload *upload = vs_calloc(1, sizeof *upload);
    if (!upload)
        return vs_fail_nomem(e);
    upload->magic = VS_MAGIC_UPLOAD;
    upload->store = vs_store_ref(session->store);
    upload->session = vs_session_ref(session);
    if (session->fence) {
        upload->fence = session->fence;
        upload->fence_arg = session->fence_arg;
        upload->fence_ref = session->fence_ref;
        upload->fence_ref(upload->fence_arg, 1);
    }
    upload->touched_us = vs_mono_us();
    *ret = upload;
    return 0;
}

void vs_upload_destroy(vidstore_upload *upload) {
    if (!upload)
        return;
    upload->magic = VS_MAGIC_FREED;
    vs_blob_writer_free(upload->writer);
    vs_blob_writer_free(upload->kept);
    vs_params_free(upload->params);
    vs_blob_row_clear(&upload->row);
    if (upload->fence)
        upload->fence_ref(upload->fence_arg, -1);
    vs_session_unref(upload->session);
    vs_store_unref(upload->store);
    vs_quarantine(upload, sizeof *upload);
}

struct fenced {
    const vidstore_upload *upload;
    vs_op *op;
    void *arg;
};

static int fenced_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct fenced *f = arg;
    int r = f->upload->fence(conn, f->upload->fence_arg, e);
    return r ? r : f->op(conn, f->arg, e);
}

int vs_upload_db(vidstore_session *session, vidstore_upload *upload, vs_op *op, void *arg, vidstore_error **e) {
    struct vs_call call = {vs_mono_us() + upload->store->options.deadline_ms * 1000, NULL};
    struct fenced fenced = {upload, op, arg};
    if (session)
        return vs_session_write(session, op, arg, e);
    if (upload->fence)
        return vs_db_write(upload->store->db, &call, fenced_op, &fenced, e);
    return vs_db_write(upload->store->db, &call, op, arg, e);
}

int vs_upload_check_open(const vidstore_upload *upload, vidstore_error **e) {
    switch (upload->state) {
    case VS_UPLOAD_OPEN:
        return 0;
    case VS_UPLOAD_SEALED:
        return vs_fail_sub(e, VIDSTORE_STATE, VIDSTORE_SUB_TRANSITION, "upload", "the upload is sealed");
    default:
        return vs_fail_sub(e, VIDSTORE_STATE, VIDSTORE_SUB_TRANSITION, "upload", "the upload was given up");
    }
}

int vs_upload_is_sealed(const vidstore_upload *upload) {
    return upload->state == VS_UPLOAD_SEALED;
}

/* The bytes can't be kept, or nobody wants them any more. */
static void give_up(vidstore_upload *upload) {
    vs_blob_writer_abort(VS_TAKE(upload->writer));
    upload->state = VS_UPLOAD_OVER;
}

static int gone(vidstore_error **e) {
    return vs_fail_sub(e, VIDSTORE_STATE, VIDSTORE_SUB_TRANSITION, "upload",
                       "the bytes of the upload are gone: nobody worked on it for too long, or its file was purged");
}

static int taken(vidstore_error **e) {
    return vs_fail_sub(e, VIDSTORE_STATE, VIDSTORE_SUB_TRANSITION, "upload",
                       "somebody else has gone on with the upload");
}

struct touch {
    vidstore_upload *upload;
    int64_t synced;
    int done, anothers;
};

static int touch_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct touch *touch = arg;
    vs_autoblobrow row = {0};
    int r = vs_blob_repo_touch(conn, &touch->upload->row, vs_now_us(), touch->synced, &touch->done, e);
    if (r || touch->done)
        return r;
    r = vs_blob_repo_get(conn, &touch->upload->row.id, &row, e);
    touch->anothers = !r && vs_upload_is_anothers(touch->upload, &row);
    if (r == VIDSTORE_NOT_FOUND)
        vs_error_clear(e);
    return r == VIDSTORE_NOT_FOUND ? 0 : r;
}

int vs_upload_touch(vidstore_session *session, vidstore_upload *upload, int force, vidstore_error **e) {
    int64_t now = vs_mono_us();
    if (!force && now - upload->touched_us < TOUCH_EVERY_US)
        return 0;
    struct touch touch = {upload, vs_blob_writer_size(upload->writer), 0, 0};
    int r = vs_blob_writer_sync(upload->writer, e);
    if (!r)
        r = vs_upload_db(session, upload, touch_op, &touch, e);
    if (!r && touch.anothers) { /* the part is theirs, too */
        vs_blob_writer_free(VS_TAKE(upload->writer));
        upload->state = VS_UPLOAD_OVER;
        return taken(e);
    }
    if (!r && !touch.done) {
        give_up(upload);
        return gone(e);
    }
    if (!r) {
        upload->row.synced = touch.synced;
        upload->touched_us = now;
    }
    return r;
}

static int64_t after(const vidstore_upload *upload, size_t len) {
    int64_t size = vs_blob_writer_size(upload->writer);
    return len > (uint64_t)(INT64_MAX - size) ? INT64_MAX : size + (int64_t)len;
}

int vs_upload_write(vidstore_session *session, vidstore_upload *upload, const void *data, size_t len,
                    vidstore_error **e) {
    int r = vs_upload_check_open(upload, e);
    if (!r)
        r = vs_upload_touch(session, upload, 0, e);
    if (!r)
        r = vs_upload_reserve(session, upload, after(upload, len), e);
    if (!r)
        r = vs_blob_writer_write(upload->writer, data, len, e);
    if (r && upload->writer && vs_blob_writer_lost(upload->writer))
        give_up(upload);
    return r;
}

/* A copy that is under way. */
struct copy {
    vidstore_session *session;
    vidstore_upload *upload;
    int64_t deadline_us; /* 0: none */
    int code;            /* why it stops */
    vidstore_error *why;
};

static int go_on(void *arg, int64_t done) {
    struct copy *copy = arg;
    if (copy->session && atomic_load(&copy->session->interrupt))
        copy->code = vs_fail(&copy->why, VIDSTORE_CANCELLED, NULL, "the call was interrupted");
    else if (copy->deadline_us && vs_mono_us() > copy->deadline_us)
        copy->code = vs_fail(&copy->why, VIDSTORE_TIMEOUT, NULL, "the session's deadline passed");
    else
        copy->code = vs_upload_touch(copy->session, copy->upload, 0, &copy->why);
    if (!copy->code)
        copy->code =
            vs_upload_reserve(copy->session, copy->upload, vs_blob_writer_size(copy->upload->writer), &copy->why);
    return copy->code;
}

int vs_upload_copy_fd(vidstore_session *session, vidstore_upload *upload, int fd, int64_t max, vidstore_error **e) {
    struct copy copy = {session, upload, session ? vs_session_limit_us(session) : 0, 0, NULL};
    int r = vs_upload_check_open(upload, e);
    if (!r)
        r = vs_blob_writer_copy_fd(upload->writer, fd, max, go_on, &copy, NULL, e);
    if (r && copy.code) {
        r = copy.code;
        vs_error_clear(e);
        if (e)
            *e = VS_TAKE(copy.why);
    }
    vidstore_error_free(copy.why);
    if (r && upload->writer && vs_blob_writer_lost(upload->writer))
        give_up(upload);
    return r;
}

int vs_upload_truncate(vidstore_session *session, vidstore_upload *upload, int64_t size, vidstore_error **e) {
    int r = vs_upload_check_open(upload, e);
    if (!r)
        r = vs_blob_writer_truncate(upload->writer, size, e);
    return r || size >= upload->row.synced ? r : vs_upload_touch(session, upload, 1, e);
}

static int check_total(const vidstore_upload *upload, int64_t total, vidstore_error **e) {
    int64_t size = upload->writer ? vs_blob_writer_size(upload->writer) : upload->row.size;
    if (total < 0)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "total", "total is negative");
    if (size == total)
        return 0;
    return vs_fail_sub(e, VIDSTORE_INVALID, size < total ? VIDSTORE_SUB_TRUNCATED : VIDSTORE_SUB_TOO_LARGE, "total",
                       "%lld bytes were written and not %lld", (long long)size, (long long)total);
}

int vs_upload_become(vidstore_upload *upload, const struct vs_params *params, vidstore_error **e) {
    vs_autofree char *json = NULL;
    struct vs_params *copy = NULL;
    int r = vs_upload_params_json(params, &json, e);
    if (!r)
        r = vs_upload_params_read(json, &copy, e);
    if (r)
        return r;
    vs_params_free(upload->params);
    upload->params = copy;
    return 0;
}

/* The SHA-256 that the params demand. 1: they demand none, or this one. */
static int is_wanted(const vidstore_upload *upload, const uint8_t sha256[VS_SHA256_SIZE]) {
    const struct vs_value *value = NULL;
    uint8_t wanted[VS_SHA256_SIZE];
    if (vs_params_get(upload->params, VIDSTORE_FILE_SHA256, &value) != VS_PARAM_VALUE)
        return 1;
    return vs_unhex(value->text, wanted, sizeof wanted) == 0 && memcmp(wanted, sha256, sizeof wanted) == 0;
}

static int check_wanted(vidstore_session *session, vidstore_upload *upload, const uint8_t sha256[VS_SHA256_SIZE],
                        vidstore_error **e) {
    if (is_wanted(upload, sha256))
        return 0;
    vs_upload_abort(session, upload, NULL);
    return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_CHECKSUM, "sha256",
                       "the bytes are not those of the SHA-256 that was asked for");
}

int vs_upload_seal_bytes(vidstore_session *session, vidstore_upload *upload, int64_t total, vidstore_error **e) {
    uint8_t sha256[VS_SHA256_SIZE];
    int sealed = upload->state == VS_UPLOAD_SEALED, r = sealed ? 0 : vs_upload_check_open(upload, e);
    if (!r)
        r = check_total(upload, total, e);
    if (r)
        return r;
    if (sealed) /* by whoever had it before, who may have wanted something else */
        return check_wanted(session, upload, upload->row.sha256, e);
    r = vs_blob_writer_digest(upload->writer, sha256, e);
    if (!r && (r = check_wanted(session, upload, sha256, e)))
        return r;
    if (!r)
        r = vs_blob_writer_seal(upload->writer, total, upload->row.sha256, e);
    if (r && vs_blob_writer_lost(upload->writer))
        give_up(upload);
    if (r)
        return r;
    upload->kept = VS_TAKE(upload->writer);
    upload->row.size = total;
    upload->row.sealed_us = vs_now_us();
    upload->state = VS_UPLOAD_SEALED;
    return 0;
}

int vs_upload_store_in(struct vs_conn *conn, const vidstore_upload *upload, struct vs_blob_row *ret_row,
                       vidstore_error **e) {
    const struct vs_blob_row *row = &upload->row;
    int done = 0;
    int64_t had = row->reserved > 0 ? row->reserved : 0;
    int r = vs_blob_repo_stored(conn, row, &done, e);
    if (!r && done)
        r = vs_quota_check(conn, VS_QUOTA_BYTES, &row->owner, row->size - had, vs_now_us(), e);
    if (!r)
        r = vs_blob_repo_get(conn, &row->id, ret_row, e);
    if (!r && vs_upload_is_anothers(upload, ret_row))
        return taken(e);
    if (r == VIDSTORE_NOT_FOUND || (!r && ret_row->state != VS_BLOB_STORED))
        return gone(e);
    return r;
}

struct storing {
    vidstore_upload *upload;
    int anothers;
};

static int store_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct storing *storing = arg;
    vs_autoblobrow row = {0};
    int r = vs_upload_store_in(conn, storing->upload, &row, e);
    storing->anothers = r == VIDSTORE_STATE && vs_upload_is_anothers(storing->upload, &row);
    return r;
}

int vs_upload_seal(vidstore_session *session, vidstore_upload *upload, int64_t total, vidstore_error **e) {
    struct storing storing = {upload, 0};
    int r = vs_upload_seal_bytes(session, upload, total, e);
    if (r || upload->stored)
        return r;
    r = vs_upload_db(session, upload, store_op, &storing, e);
    upload->stored = r == 0;
    if (r != VIDSTORE_STATE)
        return r;
    if (!storing.anothers) /* the clean-up was faster: nobody knows these bytes any more */
        vs_blob_delete(upload->store->blobs, upload->row.key, NULL);
    upload->state = VS_UPLOAD_OVER;
    return r;
}

struct end {
    const vidstore_upload *upload;
    int done;
};

static int end_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct end *end = arg;
    const struct vs_blob_row *mine = &end->upload->row;
    vs_autoblobrow row = {0};
    int r = vs_blob_repo_give_up(conn, &mine->id, mine->epoch, vs_now_us(), &end->done, e);
    if (r || end->done)
        return r;
    r = vs_blob_repo_get(conn, &mine->id, &row, e);
    if (r == VIDSTORE_NOT_FOUND) {
        vs_error_clear(e);
        return 0;
    }
    if (!r && row.refs == 0 && vs_upload_is_anothers(end->upload, &row))
        return taken(e);
    if (!r && row.state != VS_BLOB_DELETING)
        r = vs_fail_sub(e, VIDSTORE_STATE, VIDSTORE_SUB_TRANSITION, "upload", "the upload is a file already");
    return r;
}

static int drop_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    return vs_blob_repo_drop(conn, arg, e);
}

/* The row says first that the bytes go, then they go, then the row. */
int vs_upload_abort(vidstore_session *session, vidstore_upload *upload, vidstore_error **e) {
    struct vs_blobs *blobs = upload->store->blobs;
    struct end end = {upload, 0};
    int r = vs_upload_db(session, upload, end_op, &end, e);
    if (r)
        return r;
    give_up(upload);
    r = vs_blob_part_delete(blobs, upload->row.key, e);
    if (!r)
        r = vs_blob_delete(blobs, upload->row.key, e);
    if (!r && end.done)
        r = vs_upload_db(session, upload, drop_op, &upload->row.id, e);
    return r;
}
