/* SPDX-License-Identifier: MIT */
/* Statements about blobs: the rows that know where bytes lie, from the intention to write them to the end. */
#ifndef VS_FILES_BLOB_REPO_H
#define VS_FILES_BLOB_REPO_H

#include "blob/blob.h"
#include "db/db.h"

enum vs_blob_state { VS_BLOB_RESERVED = 10, VS_BLOB_STORED = 20, VS_BLOB_DOOMED = 30, VS_BLOB_DELETING = 40 };

enum { VS_BOOT_TEXT = 40 };

struct vs_blob_row {
    struct vs_uuid id, owner;
    int64_t state, refs;
    char key[VS_BLOB_KEY_TEXT];
    int64_t size; /* INT64_MIN: not sealed */
    uint8_t sha256[VS_SHA256_SIZE];
    int64_t synced, created_us, sealed_us;
    int64_t epoch; /* counts those who went on with it */
    char boot[VS_BOOT_TEXT];
    char *params;             /* JSON */
    char *source, *validator; /* NULL: none */
    int64_t source_size;      /* INT64_MIN: not known */
    int64_t reserved;         /* of the owner's quota, while the size is not known; INT64_MIN: nothing */
};

void vs_blob_row_clear(struct vs_blob_row *row);

int vs_blob_repo_get(struct vs_conn *conn, const struct vs_uuid *id, struct vs_blob_row *ret, vidstore_error **e);
/* Takes id, owner, key, params, source…, boot, created_us and reserved of the row. */
int vs_blob_repo_reserve(struct vs_conn *conn, const struct vs_blob_row *row, int64_t backend, vidstore_error **e);
/* The following say in *ret_done whether the row was in the state for it; those that take an epoch, whether it is still
 * the row's. */
/* Takes id, epoch and boot of the row. */
int vs_blob_repo_touch(struct vs_conn *conn, const struct vs_blob_row *row, int64_t now_us, int64_t synced,
                       int *ret_done, vidstore_error **e);
/* Takes id and epoch of the row; bytes: as many as are reserved from now on. */
int vs_blob_repo_reserve_more(struct vs_conn *conn, const struct vs_blob_row *row, int64_t bytes, int *ret_done,
                              vidstore_error **e);
int vs_blob_repo_take_over(struct vs_conn *conn, const struct vs_uuid *id, int64_t now_us, int *ret_done,
                           vidstore_error **e);
int vs_blob_repo_set_source(struct vs_conn *conn, const struct vs_blob_row *row, int64_t now_us, int *ret_done,
                            vidstore_error **e);
/* Takes id, epoch, size, sha256 and sealed_us of the row. */
int vs_blob_repo_stored(struct vs_conn *conn, const struct vs_blob_row *row, int *ret_done, vidstore_error **e);
int vs_blob_repo_link(struct vs_conn *conn, const struct vs_uuid *id, int *ret_done, vidstore_error **e);
int vs_blob_repo_give_up(struct vs_conn *conn, const struct vs_uuid *id, int64_t epoch, int64_t now_us, int *ret_done,
                         vidstore_error **e);
int vs_blob_repo_expire(struct vs_conn *conn, const struct vs_uuid *id, int64_t now_us, int64_t touched_us,
                        int *ret_done, vidstore_error **e);
int vs_blob_repo_doom_left(struct vs_conn *conn, const struct vs_uuid *id, int64_t now_us, int64_t touched_us,
                           int *ret_done, vidstore_error **e);
int vs_blob_repo_condemn(struct vs_conn *conn, const struct vs_uuid *id, int *ret_done, vidstore_error **e);
/* These do nothing when there is nothing to do. */
int vs_blob_repo_unlink(struct vs_conn *conn, const struct vs_uuid *id, vidstore_error **e);
int vs_blob_repo_doom(struct vs_conn *conn, const struct vs_uuid *id, int64_t now_us, vidstore_error **e);
int vs_blob_repo_drop(struct vs_conn *conn, const struct vs_uuid *id, vidstore_error **e);
/* Its bytes were read, and found damaged or whole. */
int vs_blob_repo_verified(struct vs_conn *conn, const struct vs_uuid *id, int64_t now_us, int damaged,
                          vidstore_error **e);
/* That they were whole, with its files. */
int vs_blob_repo_files_verified(struct vs_conn *conn, const struct vs_uuid *id, int64_t now_us, vidstore_error **e);

/* A blob of the same owner with the same bytes that files refer to: *ret_key is "" when there is none. */
int vs_blob_repo_twin(struct vs_conn *conn, const struct vs_blob_row *row, struct vs_uuid *ret_id,
                      char ret_key[VS_BLOB_KEY_TEXT], vidstore_error **e);
/* Unfinished uploads from a source: each is asked until `each` returns something else than 0, which is returned. */
int vs_blob_repo_find_source(struct vs_conn *conn, const struct vs_uuid *owner, const char *source,
                             int (*each)(void *arg, const struct vs_uuid *id, const char *params), void *arg,
                             vidstore_error **e);
/* 1 when a row knows the key. */
int vs_blob_repo_knows(struct vs_conn *conn, const char *key, int *ret, vidstore_error **e);

/* A place in a list that is ordered by a time, and by the number of the row where times are the same. */
struct vs_list_at {
    int64_t us, seq;
};
/* An item of a list for the clean-up. */
struct vs_blob_item {
    struct vs_uuid id;
    char key[VS_BLOB_KEY_TEXT];
    int64_t at_us, seq, size;
};
/* stmt: VS_STMT_BLOB_…_LIST; fills at most `room` items after *at, which is moved on, and not later than until_us. */
int vs_blob_repo_list(struct vs_conn *conn, enum vs_stmt_id stmt, struct vs_list_at *at, int64_t until_us,
                      struct vs_blob_item *items, int room, int *ret_count, vidstore_error **e);
/* Stored blobs by their number, after *at, which is moved on. */
int vs_blob_repo_list_stored(struct vs_conn *conn, int64_t *at, struct vs_blob_item *items, int room, int *ret_count,
                             vidstore_error **e);

static inline void vs_blob_row_cleanup(struct vs_blob_row *row) {
    vs_blob_row_clear(row);
}
#define vs_autoblobrow __attribute__((cleanup(vs_blob_row_cleanup))) struct vs_blob_row

#endif
