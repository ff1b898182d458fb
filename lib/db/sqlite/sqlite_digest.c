/* SPDX-License-Identifier: MIT */
/* The digest of a database's file, read through SQLite's own descriptor: the close of any other one would drop the
 * locks that this process has on the file. */
#include "crypto/crypto.h"
#include "db/sqlite/sqlite_internal.h"

enum { PIECE = 1 << 16 };

static void digest_free(struct vs_sha256 **h) {
    vs_sha256_free(*h);
}

static int add_file(struct sqlite_conn *c, sqlite3_file *file, int64_t size, struct vs_sha256 *h, vidstore_error **e) {
    vs_autofree uint8_t *piece = vs_malloc(PIECE);
    if (!piece)
        return vs_fail_nomem(e);
    for (int64_t at = 0; at < size; at += PIECE) {
        int len = size - at < PIECE ? (int)(size - at) : PIECE;
        int rc = file->pMethods->xRead(file, piece, len, at);
        if (rc != SQLITE_OK)
            return vs_sqlite_fail(c, rc, "read the file of the database", e);
        if (vs_sha256_add(h, piece, (size_t)len))
            return vs_fail(e, VIDSTORE_INTERNAL, NULL, "the digest failed");
    }
    return 0;
}

int vs_sqlite_digest(struct vs_conn *conn, uint8_t *ret_sha256, int64_t *ret_size, vidstore_error **e) {
    struct sqlite_conn *c = sqlite_of(conn);
    sqlite3_file *file = NULL;
    sqlite3_int64 size = 0;
    int rc = sqlite3_file_control(c->db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (rc == SQLITE_OK)
        rc = file && file->pMethods ? file->pMethods->xFileSize(file, &size) : SQLITE_NOTFOUND;
    if (rc != SQLITE_OK)
        return vs_sqlite_fail(c, rc, "look at the file of the database", e);
    VS_CLEANUP(digest_free) struct vs_sha256 *h = NULL;
    int r = vs_sha256_new(&h, e);
    if (!r)
        r = add_file(c, file, size, h, e);
    if (!r && vs_sha256_peek(h, ret_sha256))
        r = vs_fail(e, VIDSTORE_INTERNAL, NULL, "the digest failed");
    *ret_size = r ? 0 : size;
    return r;
}
