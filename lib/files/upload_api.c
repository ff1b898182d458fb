/* SPDX-License-Identifier: MIT */
/* Public calls on uploads. Their session is asked when it is at hand: it may have been freed, or be at work. */
#include "files/upload.h"
#include "store/session.h"
#include "util/alloc.h"
#include "util/error.h"
#include "util/handle.h"

static int enter(vidstore_upload *upload, vidstore_error **e) {
    if (e)
        *e = NULL;
    int r = vs_check_handle(upload, VS_MAGIC_UPLOAD, "upload", e);
    if (!r)
        r = vs_db_check(upload->store->db, "upload", e);
    if (r)
        return r;
    if (atomic_exchange(&upload->busy, 1))
        return vs_fail(e, VIDSTORE_MISUSE, "upload", "the upload is in use by another thread");
    return 0;
}

static void leave(vidstore_upload **upload) {
    atomic_store(&(*upload)->busy, 0);
}

static void give_back(vidstore_session **session) {
    if (*session)
        vs_session_leave(session);
}

/* The head of a call on an upload: `session` is the session, or NULL. */
#define ENTER_UPLOAD(upload_, reterr_)                                                                                 \
    int entered_ = enter(upload_, reterr_);                                                                            \
    if (entered_)                                                                                                      \
        return entered_;                                                                                               \
    __attribute__((cleanup(leave), unused)) vidstore_upload *leave_ = upload_;                                         \
    VS_CLEANUP(give_back) vidstore_session *session = vs_session_lend(upload_->session);                               \
    int outside_ = session ? vs_session_outside(session, reterr_) : 0;                                                 \
    if (outside_)                                                                                                      \
    return outside_

vidstore_status vidstore_upload_open(vidstore_session *session, const vidstore_file_params *params,
                                     vidstore_upload **ret_upload, vidstore_error **reterr) {
    VS_ENTER(session, ret_upload, reterr);
    int r = vs_upload_open(session, (const struct vs_params *)params, -1, NULL, ret_upload, reterr);
    vidstore_upload_free(vs_unwanted_);
    return r;
}

vidstore_status vidstore_upload_resume(vidstore_session *session, const char *upload_id, vidstore_upload **ret_upload,
                                       vidstore_error **reterr) {
    VS_ENTER(session, ret_upload, reterr);
    struct vs_uuid id;
    int r = vs_uuid_parse(upload_id, "upload_id", &id, reterr);
    if (!r)
        r = vs_upload_resume(session, &id, ret_upload, reterr);
    vidstore_upload_free(vs_unwanted_);
    return r;
}

const char *vidstore_upload_id(const vidstore_upload *upload) {
    return upload && upload->magic == VS_MAGIC_UPLOAD ? upload->id : NULL;
}

int64_t vidstore_upload_size(const vidstore_upload *upload) {
    if (!upload || upload->magic != VS_MAGIC_UPLOAD)
        return 0;
    if (upload->writer)
        return vs_blob_writer_size(upload->writer);
    return upload->state == VS_UPLOAD_SEALED ? upload->row.size : 0;
}

vidstore_status vidstore_upload_write(vidstore_upload *upload, const void *data, int64_t size,
                                      vidstore_error **reterr) {
    ENTER_UPLOAD(upload, reterr);
    if (size < 0)
        return vs_fail_sub(reterr, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "size", "size is negative");
    if (!data && size > 0)
        return vs_fail(reterr, VIDSTORE_MISUSE, "data", "data is NULL");
    return vs_upload_write(session, upload, data, (size_t)size, reterr);
}

vidstore_status vidstore_upload_copy(vidstore_upload *upload, int32_t fd, int64_t size, int64_t *ret_left,
                                     vidstore_error **reterr) {
    int64_t unwanted, *left = ret_left ? ret_left : &unwanted;
    *left = 0;
    ENTER_UPLOAD(upload, reterr);
    if (size < 1)
        return vs_fail_sub(reterr, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "size", "size is less than 1");
    return vs_upload_copy_file(session, upload, fd, size, left, reterr);
}

vidstore_status vidstore_upload_seal(vidstore_upload *upload, int64_t total, vidstore_error **reterr) {
    ENTER_UPLOAD(upload, reterr);
    return vs_upload_seal(session, upload, total, reterr);
}

/* The upload is held beside the session that publishes it, which may be another than the one that it was opened by. */
static int publish(vidstore_session *session, vidstore_upload *upload, vidstore_file **ret_file, vidstore_error **e) {
    int r = enter(upload, e);
    if (r)
        return r;
    r = vs_upload_publish(session, upload, (struct vs_record **)ret_file, e);
    leave(&upload);
    return r;
}

vidstore_status vidstore_upload_publish(vidstore_session *session, vidstore_upload *upload, vidstore_file **ret_file,
                                        vidstore_error **reterr) {
    VS_ENTER(session, ret_file, reterr);
    int r = publish(session, upload, ret_file, reterr);
    vidstore_file_free(vs_unwanted_);
    return r;
}

void vidstore_upload_free(vidstore_upload *upload) {
    if (upload && upload->magic == VS_MAGIC_UPLOAD && !atomic_exchange(&upload->busy, 1))
        vs_upload_destroy(upload);
}

vidstore_status vidstore_upload_abort(vidstore_upload *upload, vidstore_error **reterr) {
    ENTER_UPLOAD(upload, reterr);
    return vs_upload_abort(session, upload, reterr);
}
