/* SPDX-License-Identifier: MIT */
/* An upload from the inside. */
#ifndef VS_FILES_UPLOAD_H
#define VS_FILES_UPLOAD_H

#include "files/blob_repo.h"
#include "files/files.h"
#include <stdatomic.h>
#include <sys/stat.h>

enum vs_upload_state {
    VS_UPLOAD_OPEN,
    VS_UPLOAD_SEALED, /* the bytes are whole and durable */
    VS_UPLOAD_OVER,   /* given up, or lost */
};

struct vidstore_upload {
    uint32_t magic;
    atomic_int busy;
    struct vidstore *store;    /* a reference */
    vidstore_session *session; /* whose it was opened by: its memory, perhaps freed as a session */
    /* The lease that it was opened under still ends it when that session is gone: see struct vidstore_session. */
    vs_op *fence;
    void *fence_arg;
    void (*fence_ref)(void *arg, int by);
    struct vs_params *params;
    struct vs_blob_row row;
    char id[VS_UUID_TEXT];
    enum vs_upload_state state;
    int stored;                    /* 1: that it is sealed is on record */
    struct vs_blob_writer *writer; /* while open */
    struct vs_blob_writer *kept;   /* once sealed: the clean-up sees that somebody has it; NULL: it does not */
    int64_t touched_us;            /* monotonic */
    struct stat source;            /* of the file that is copied, as it was when that began; st_ino 0: none */
    int64_t room;                  /* so many bytes may be written before the owner's quota is asked again */
};

/* ---- what the files of uploads share ---- */

/* An upload without a writer. */
int vs_upload_new(vidstore_session *session, vidstore_upload **ret, vidstore_error **e);
/* Frees the memory and the writer; the part stays. NULL is fine. */
void vs_upload_destroy(vidstore_upload *upload);
static inline void vs_upload_cleanup(vidstore_upload **upload) {
    vs_upload_destroy(*upload);
}
#define vs_autoupload __attribute__((cleanup(vs_upload_cleanup))) vidstore_upload

/* A write for an upload: through the session, or past it when it is not at hand; with the fence either way. */
int vs_upload_db(vidstore_session *session, vidstore_upload *upload, vs_op *op, void *arg, vidstore_error **e);
/* STATE unless the upload is open for writing. */
int vs_upload_check_open(const vidstore_upload *upload, vidstore_error **e);
/* Says on record that the upload lives, if it was long ago that it did; STATE when somebody gave it up meanwhile. */
int vs_upload_touch(vidstore_session *session, vidstore_upload *upload, int force, vidstore_error **e);
/* Reserves of the owner's quota what an upload of `size` bytes needs, and some more; QUOTA when there is not as much.
 */
int vs_upload_reserve(vidstore_session *session, vidstore_upload *upload, int64_t size, vidstore_error **e);
/* What is reserved for an upload of which so many bytes are expected (-1: not known); INT64_MIN: nothing. */
int64_t vs_upload_reservation(int64_t expected);
/* In the transaction that has begun the upload: what it took of the quota. Sets upload->room. */
int vs_upload_check_quota(struct vs_conn *conn, vidstore_upload *upload, vidstore_error **e);
/* Seals the bytes; nothing on record. */
int vs_upload_seal_bytes(vidstore_session *session, vidstore_upload *upload, int64_t total, vidstore_error **e);
/* Inside a write: that the bytes are sealed. The row is read anew into *ret_row. STATE when it was given up meanwhile,
 * or somebody else has gone on with it: vs_upload_is_anothers tells of its row. */
int vs_upload_store_in(struct vs_conn *conn, const vidstore_upload *upload, struct vs_blob_row *ret_row,
                       vidstore_error **e);

static inline int vs_upload_is_anothers(const vidstore_upload *upload, const struct vs_blob_row *row) {
    return row->epoch != upload->row.epoch && (row->state == VS_BLOB_RESERVED || row->state == VS_BLOB_STORED);
}

/* The values that are set in params, as a JSON object, and back. */
int vs_upload_params_json(const struct vs_params *params, char **ret, vidstore_error **e);
int vs_upload_params_read(const char *json, struct vs_params **ret, vidstore_error **e);

#endif
