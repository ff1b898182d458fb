/* SPDX-License-Identifier: MIT */
/* Making a sealed upload a file. */
#include "files/file_rules.h"
#include "files/upload.h"
#include "util/alloc.h"
#include "util/error.h"
#include "vidstore/session.h"
#include <string.h>

/* The file has the id that the params ask for, else that of the upload: whoever is not told how a commit ended can
 * publish again, and gets the file that there is. */
struct publish {
    vidstore_session *session;
    vidstore_upload *upload;
    struct vs_uuid file;
    int chosen; /* 1: the params name the id */
    struct vs_record *result;
};

static int64_t int_of(const struct vs_record *record, int32_t field) {
    return vs_record_int(record, field);
}

/* There is a file of this id. */
static int republish(struct publish *p, struct vs_conn *conn, struct vs_record **found, vidstore_error **e) {
    const struct vs_blob_row *row = &p->upload->row;
    struct vs_uuid owner = vs_record_uuid(*found, VIDSTORE_FILE_USER_ID);
    struct vs_uuid blob = vs_record_uuid(*found, VIDSTORE_FILE_BLOB_ID);
    char sha256[2 * VS_SHA256_SIZE + 1];
    vs_hex(row->sha256, VS_SHA256_SIZE, sha256);
    if (!vs_uuid_equal(&owner, &row->owner) || int_of(*found, VIDSTORE_FILE_SIZE) != row->size ||
        strcmp(vs_record_text(*found, VIDSTORE_FILE_SHA256), sha256) != 0)
        return vs_fail(e, VIDSTORE_CONFLICT, "id", "a file of this id exists with other bytes");
    if (!vs_record_is_null(*found, VIDSTORE_FILE_DELETED_US))
        return vs_fail_sub(e, VIDSTORE_STATE, VIDSTORE_SUB_TRANSITION, "upload", "the file of this upload was removed");
    int r = p->chosen
                ? vs_crud_create_in(conn, p->session, &vs_file_rules, p->upload->params, NULL, &p->file, &p->result, e)
                : 0;
    if (!r && !vs_uuid_equal(&blob, &row->id))
        r = vs_blob_repo_doom(conn, &row->id, row->sealed_us, e);
    if (!r && !p->chosen)
        p->result = VS_TAKE(*found);
    return r;
}

/* Bytes that the owner has already are kept once; these go. */
static int choose_bytes(struct vs_conn *conn, struct vidstore *store, const struct vs_blob_row *row,
                        struct vs_file_bytes *bytes, vidstore_error **e) {
    struct vs_blob_stat stat;
    struct vs_uuid twin;
    char key[VS_BLOB_KEY_TEXT];
    int done = 0;
    int r = vs_blob_repo_twin(conn, row, &twin, key, e);
    if (!r && *key && vs_blob_stat(store->blobs, key, &stat, NULL) == 0 && stat.size == row->size) {
        bytes->blob = twin;
        memcpy(bytes->key, key, sizeof key);
    }
    if (!r)
        r = vs_blob_repo_link(conn, &bytes->blob, &done, e);
    if (!r && !done)
        r = vs_fail(e, VIDSTORE_INTERNAL, NULL, "the bytes of the upload can't be linked");
    if (!r && !vs_uuid_equal(&bytes->blob, &row->id))
        r = vs_blob_repo_doom(conn, &row->id, row->sealed_us, e);
    return r;
}

static int create_file(struct publish *p, struct vs_conn *conn, vidstore_error **e) {
    vs_autoblobrow row = {0};
    int r = vs_upload_store_in(conn, p->upload, &row, e);
    if (r)
        return r;
    if (row.refs > 0) /* a file of another id has them: that can only be one that was purged and made again */
        return vs_fail_sub(e, VIDSTORE_STATE, VIDSTORE_SUB_TRANSITION, "upload", "the upload is a file already");
    struct vs_file_bytes bytes = {
        .blob = row.id, .size = row.size, .started_us = row.created_us, .sealed_us = row.sealed_us};
    memcpy(bytes.key, row.key, sizeof bytes.key);
    vs_hex(row.sha256, VS_SHA256_SIZE, bytes.sha256);
    r = choose_bytes(conn, p->upload->store, &row, &bytes, e);
    if (!r)
        r = vs_crud_create_in(conn, p->session, &vs_file_rules, p->upload->params, &bytes, &p->file, &p->result, e);
    return r;
}

static int publish_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct publish *p = arg;
    vs_autorecord *found = NULL;
    vs_record_free(p->result);
    p->result = NULL;
    int r = vs_policy_check(&p->session->actor, "file", VS_CREATE, &p->upload->row.owner, 0, e);
    if (r)
        return r;
    r = vs_crud_load(conn, &vs_file_noun, &p->file, 1, &found, e);
    if (!r)
        return republish(p, conn, &found, e);
    if (r != VIDSTORE_NOT_FOUND)
        return r;
    vs_error_clear(e);
    return create_file(p, conn, e);
}

/* The params say whose the file is exactly when that is somebody else than who publishes it. */
static int name_owner(struct publish *p, vidstore_error **e) {
    struct vs_params *params = p->upload->params;
    int at = vs_field_index(&vs_file_noun, VIDSTORE_FILE_USER_ID);
    char owner[VS_UUID_TEXT];
    params->state[at] = VS_PARAM_UNSET;
    if (vs_uuid_equal(&p->upload->row.owner, &p->session->actor.user))
        return 0;
    vs_uuid_format(&p->upload->row.owner, owner);
    vs_params_set_text(params, &vs_file_noun, VIDSTORE_FILE_USER_ID, owner);
    return vs_params_check(params, &vs_file_noun, e);
}

int vs_upload_publish(vidstore_session *session, vidstore_upload *upload, struct vs_record **ret, vidstore_error **e) {
    struct publish p = {session, upload, upload->row.id, 0, NULL};
    const struct vs_value *id = NULL;
    if (upload->store != session->store)
        return vs_fail_sub(e, VIDSTORE_MISUSE, VIDSTORE_SUB_WRONG_HANDLE, "upload", "the upload is of another store");
    if (upload->state != VS_UPLOAD_SEALED)
        return vs_fail_sub(e, VIDSTORE_STATE, VIDSTORE_SUB_TRANSITION, "upload",
                           upload->state == VS_UPLOAD_OPEN ? "the upload is not sealed" : "the upload was given up");
    int r = name_owner(&p, e);
    p.chosen = vs_params_get(upload->params, VIDSTORE_FILE_ID, &id) == VS_PARAM_VALUE;
    if (!r && p.chosen)
        r = vs_uuid_parse(id->text, "id", &p.file, e);
    if (!r)
        r = vs_session_write(session, publish_op, &p, e);
    if (r == VIDSTORE_FORBIDDEN)
        vs_session_refused(session, VIDSTORE_AUDIT_ACCESS_DENIED, "file", NULL, &upload->row.owner, r);
    if (r)
        vs_record_free(p.result);
    else
        *ret = p.result;
    return r;
}

int vs_upload_finish(vidstore_session *session, vidstore_upload *upload, int64_t total, struct vs_record **ret,
                     vidstore_error **e) {
    int r = vs_session_outside(session, e);
    if (!r)
        r = vs_upload_seal_bytes(session, upload, total, e);
    return r ? r : vs_upload_publish(session, upload, ret, e);
}
