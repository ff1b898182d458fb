/* SPDX-License-Identifier: MIT */
/* Reading all bytes of a file to see that they are still those that were stored. */
#include "files/blob_repo.h"
#include "files/files.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "vidstore/audit.h"

struct check {
    vidstore_session *session;
    struct vs_uuid id;
    struct vs_record *file; /* as it was found */
    struct vs_record *result;
    int failed; /* what the check said */
    int64_t deadline_us;
};

static int look_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct check *check = arg;
    vs_record_free(check->file);
    check->file = NULL;
    return vs_crud_load_for(conn, check->session, &vs_file_rules, &check->id, 0, VS_UPDATE, &check->file, e);
}

static int go_on(void *arg, int64_t done) {
    const struct check *check = arg;
    return atomic_load(&check->session->interrupt) || (check->deadline_us && vs_mono_us() > check->deadline_us);
}

static int read_all(struct check *check, vidstore_error **e) {
    uint8_t sha256[VS_SHA256_SIZE];
    const char *hex = vs_record_text(check->file, VIDSTORE_FILE_SHA256);
    if (!hex || vs_unhex(hex, sha256, sizeof sha256))
        return vs_fail(e, VIDSTORE_CORRUPT, "sha256", "the record's SHA-256 can't be read");
    int r = vs_blob_verify(check->session->store->blobs, vs_record_text(check->file, VIDSTORE_FILE_STORAGE_KEY),
                           vs_record_int(check->file, VIDSTORE_FILE_SIZE), sha256, go_on, check, e);
    if (r == VIDSTORE_NOT_FOUND)
        return vs_fail_sub(e, VIDSTORE_CORRUPT, VIDSTORE_SUB_TRUNCATED, NULL, "the bytes of the file are gone");
    if (r == VIDSTORE_CANCELLED && !atomic_load(&check->session->interrupt))
        return vs_fail(e, VIDSTORE_TIMEOUT, NULL, "the session's deadline passed");
    return r;
}

static int set_verified(struct vs_change *c, void *arg, vidstore_error **e) {
    vs_change_set_int(c, VIDSTORE_FILE_VERIFIED_US, c->now_us);
    return 0;
}

static int fail_event(struct check *check, struct vs_conn *conn, vidstore_error **e) {
    struct vs_uuid owner = vs_record_uuid(check->file, VIDSTORE_FILE_USER_ID);
    struct vs_event event = {.action = VIDSTORE_AUDIT_FILE_VERIFIED,
                             .noun = "file",
                             .object = &check->id,
                             .owner = &owner,
                             .object_name = vs_record_text(check->file, VIDSTORE_FILE_NAME),
                             .failed = check->failed};
    return vs_trail_append(conn, &check->session->actor, &event, e);
}

/* Bytes that were found wrong are never given to a new file. */
static int verdict_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct check *check = arg;
    struct vs_uuid blob = vs_record_uuid(check->file, VIDSTORE_FILE_BLOB_ID);
    vs_record_free(check->result);
    check->result = NULL;
    int r = vs_blob_repo_verified(conn, &blob, vs_now_us(), check->failed != 0, e);
    if (r)
        return r;
    if (check->failed)
        return fail_event(check, conn, e);
    return vs_crud_touch(conn, check->session, &vs_file_noun, &check->id, VIDSTORE_AUDIT_FILE_VERIFIED, set_verified,
                         NULL, &check->result, e);
}

static int verify(struct check *check, const char *id, vidstore_error **e) {
    vidstore_session *session = check->session;
    int r = vs_session_outside(session, e);
    if (!r)
        r = vs_uuid_parse(id, "id", &check->id, e);
    if (!r && vs_db_read_only(session->store->db))
        r = vs_fail(e, VIDSTORE_READONLY, NULL, "the store is open for reading only");
    if (r)
        return r;
    r = vs_session_read(session, look_op, check, e);
    if (r == VIDSTORE_FORBIDDEN)
        vs_session_refused(session, VIDSTORE_AUDIT_ACCESS_DENIED, "file", &check->id, NULL, r);
    if (!r)
        r = read_all(check, e);
    if (r && r != VIDSTORE_CORRUPT)
        return r;
    check->failed = r;
    int written = vs_session_write(session, verdict_op, check, r ? NULL : e);
    return r ? r : written;
}

vidstore_status vidstore_file_verify(vidstore_session *session, const char *id, vidstore_file **ret_file,
                                     vidstore_error **reterr) {
    VS_ENTER(session, ret_file, reterr);
    struct check check = {.session = session, .deadline_us = vs_session_limit_us(session)};
    int r = verify(&check, id, reterr);
    vs_record_free(check.file);
    if (r)
        vs_record_free(check.result);
    else
        *ret_file = (vidstore_file *)check.result;
    vidstore_file_free(vs_unwanted_);
    return r;
}
