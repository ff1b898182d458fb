/* SPDX-License-Identifier: MIT */
/* Where the bytes of files live.
 *
 * A blob is a run of bytes under a random key. It is written once, under a name of its own where nobody looks (a part),
 * and becomes visible whole when it is sealed. Keys are never reused, so that no call here ever has to replace
 * anything. What a blob is for, who may read it and when it goes is the business of the rows that name its key:
 *
 *     row "to be written, under this key" committed -> vs_blob_writer_create ... vs_blob_writer_seal -> row made
 * visible row hidden, committed -> grace -> vs_blob_delete -> row dropped
 *
 * A process that dies leaves at most a part, or a sealed blob, whose key its older row knows: continue with
 * vs_blob_writer_reopen, adopt with vs_blob_digest, or throw away with vs_blob_part_delete and vs_blob_delete.
 *
 * Threads: a vs_blobs and a reader serve any number at once, a writer one at a time. */
#ifndef VS_BLOB_BLOB_H
#define VS_BLOB_BLOB_H

#include "crypto/crypto.h"
#include "util/uuid.h"
#include "vidstore/base.h"
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#define VS_BLOB_KEY_TEXT 33 /* 32 small hexadecimal digits and the NUL */

struct vs_blobs;       /* an open backend */
struct vs_blob_writer; /* a part that is being written */
struct vs_blob_reader; /* a sealed blob that is being read */

struct vs_blob_options {
    int64_t reserve;    /* writing is refused with FULL when fewer bytes than this would stay free; 0: no limit */
    int32_t read_only;  /* create and change nothing */
    int32_t no_openat2; /* resolve names component by component, as on kernels before 5.6 */
};

struct vs_blob_stat {
    int64_t size;
    int64_t modified_us;
};

/* ---- the backend ---- */

/* Opens the blobs of the store directory at store_path, which must exist; makes `blobs` and `tmp` in it when they are
 * missing and options allow it. options may be NULL. 0; NOT_FOUND (NOT_A_STORE) when the directory, or read-only what
 * should be in it, is missing; FORBIDDEN when it belongs to another user (root may, and who only reads) or others may
 * write to it. */
int vs_blobs_open(const char *store_path, const struct vs_blob_options *options, struct vs_blobs **ret,
                  vidstore_error **e);
/* The same in a new private directory under $TMPDIR, which vs_blobs_close removes: for stores in memory. */
int vs_blobs_open_temporary(const struct vs_blob_options *options, struct vs_blobs **ret, vidstore_error **e);
/* Frees the backend; its writers and readers must be gone. NULL is fine. */
void vs_blobs_close(struct vs_blobs *blobs);
/* Which store these blobs belong to. NOT_FOUND when no marker was written yet, CORRUPT when it can't be read. */
int vs_blobs_marker_read(struct vs_blobs *blobs, struct vs_uuid *ret, vidstore_error **e);
/* Writes the marker durably. Without replace: EXISTS when there is one with another id. */
int vs_blobs_marker_write(struct vs_blobs *blobs, const struct vs_uuid *instance, int replace, vidstore_error **e);
/* Bytes that may still be written, the reserve not counted off. */
int vs_blobs_free_space(struct vs_blobs *blobs, int64_t *ret, vidstore_error **e);

/* ---- keys ---- */

int vs_blob_key_make(char ret[VS_BLOB_KEY_TEXT], vidstore_error **e);
/* 0, or INVALID: every function that takes a key checks it itself. */
int vs_blob_key_check(const char *key, vidstore_error **e);

/* ---- writing ---- */

/* Starts a part under a new key. expected: how many bytes will come, -1 when unknown; it is only held against the
 * space that is free. EXISTS when the key was used before; FULL. */
int vs_blob_writer_create(struct vs_blobs *blobs, const char *key, int64_t expected, struct vs_blob_writer **ret,
                          vidstore_error **e);
/* Goes on with a part that somebody left, reading what is there to rebuild its digest; vs_blob_writer_size tells how
 * much that is. After a power cut only what was written before the last vs_blob_writer_sync is certain: whoever can't
 * check the digest in the end keeps that offset and truncates to it. NOT_FOUND; EXISTS when the blob is sealed
 * already; BUSY while another writer, in any process, holds the part. */
int vs_blob_writer_reopen(struct vs_blobs *blobs, const char *key, struct vs_blob_writer **ret, vidstore_error **e);
/* Appends all of it, or nothing and fails. */
int vs_blob_writer_write(struct vs_blob_writer *w, const void *data, size_t len, vidstore_error **e);
/* Called after each piece with the bytes copied so far; anything but 0 stops with CANCELLED. */
typedef int (*vs_blob_progress)(void *arg, int64_t done);
/* Appends what fd gives from its position on, up to its end or max bytes (-1: no maximum). On failure *ret_copied bytes
 * were appended all the same. progress may be NULL. */
int vs_blob_writer_copy_fd(struct vs_blob_writer *w, int fd, int64_t max, vs_blob_progress progress, void *arg,
                           int64_t *ret_copied, vidstore_error **e);
/* Bytes in the part. */
int64_t vs_blob_writer_size(const struct vs_blob_writer *w);
/* SHA-256 of the bytes in the part. */
int vs_blob_writer_digest(const struct vs_blob_writer *w, uint8_t ret[VS_SHA256_SIZE], vidstore_error **e);
/* 1 when the system could not keep what was written (a failed flush). Nothing can save such a part: it has been
 * removed, and every further call on the writer gives IO. */
int vs_blob_writer_lost(const struct vs_blob_writer *w);
/* Makes what was written so far survive a power cut. */
int vs_blob_writer_sync(struct vs_blob_writer *w, vidstore_error **e);
/* Cuts the part to size bytes, which must not be more than it has. */
int vs_blob_writer_truncate(struct vs_blob_writer *w, int64_t size, vidstore_error **e);
/* Makes the blob durable and visible under its key; ret_sha256 may be NULL. total is what the sender says that it sent:
 * fewer bytes give IO (TRUNCATED), more give INVALID (TOO_LARGE). After 0 the writer can only be freed, and shows until
 * then that somebody has to do with the blob; after a failure it can go on, unless the bytes are lost. */
int vs_blob_writer_seal(struct vs_blob_writer *w, int64_t total, uint8_t ret_sha256[VS_SHA256_SIZE],
                        vidstore_error **e);
/* Frees the writer and leaves its part for vs_blob_writer_reopen. NULL is fine. */
void vs_blob_writer_free(struct vs_blob_writer *w);
/* Frees the writer and removes its part; what was sealed stays. NULL is fine. */
void vs_blob_writer_abort(struct vs_blob_writer *w);
static inline void vs_blob_writer_cleanup(struct vs_blob_writer **w) {
    vs_blob_writer_free(*w);
}
#define vs_autowriter __attribute__((cleanup(vs_blob_writer_cleanup))) struct vs_blob_writer

/* ---- reading ---- */

int vs_blob_reader_open(struct vs_blobs *blobs, const char *key, struct vs_blob_reader **ret, vidstore_error **e);
int64_t vs_blob_reader_size(const struct vs_blob_reader *r);
/* Reads up to len bytes at offset; *ret_len is less only at the end. An offset past the end gives 0 bytes. */
int vs_blob_reader_pread(struct vs_blob_reader *r, int64_t offset, void *buf, size_t len, size_t *ret_len,
                         vidstore_error **e);
/* A descriptor on the blob, borrowed, its position shared by all who use it; -1 when the backend has none. */
int vs_blob_reader_fd(const struct vs_blob_reader *r);
void vs_blob_reader_close(struct vs_blob_reader *r);
static inline void vs_blob_reader_cleanup(struct vs_blob_reader **r) {
    vs_blob_reader_close(*r);
}
#define vs_autoreader __attribute__((cleanup(vs_blob_reader_cleanup))) struct vs_blob_reader

/* Where another program finds a sealed blob: an absolute path. NOT_FOUND; UNSUPPORTED when the backend has no paths;
 * INVALID when size is too small. */
int vs_blob_path(struct vs_blobs *blobs, const char *key, char *ret, size_t size, vidstore_error **e);
int vs_blob_stat(struct vs_blobs *blobs, const char *key, struct vs_blob_stat *ret, vidstore_error **e);
/* Makes sure that the name of a sealed blob is on the disk: for whoever finds one that it has not sealed itself. *ret,
 * perhaps NULL, can only be freed, and keeps the blob until then as the writer does that sealed it. BUSY while the one
 * who seals it is still at it, NOT_FOUND. */
int vs_blob_settle(struct vs_blobs *blobs, const char *key, struct vs_blob_writer **ret, vidstore_error **e);
/* 1: somebody, in any process, has a writer that sealed or settled it, or it can't be told. */
int vs_blob_is_kept(struct vs_blobs *blobs, const char *key);
/* Reads a sealed blob from end to end. progress may be NULL, and so may each ret. */
int vs_blob_digest(struct vs_blobs *blobs, const char *key, vs_blob_progress progress, void *arg, int64_t *ret_size,
                   uint8_t ret_sha256[VS_SHA256_SIZE], vidstore_error **e);
/* Reads it and compares. CORRUPT, with TRUNCATED (or TOO_LARGE) for a wrong size, CHECKSUM for wrong bytes. */
int vs_blob_verify(struct vs_blobs *blobs, const char *key, int64_t size, const uint8_t sha256[VS_SHA256_SIZE],
                   vs_blob_progress progress, void *arg, vidstore_error **e);

/* ---- throwing away, finding ---- */

/* Removes a sealed blob for good. One that is not there is no failure. Its readers can finish. */
int vs_blob_delete(struct vs_blobs *blobs, const char *key, vidstore_error **e);
/* Removes a part. One that is not there is no failure; BUSY while somebody writes it. */
int vs_blob_part_delete(struct vs_blobs *blobs, const char *key, vidstore_error **e);
/* How much a part has. NOT_FOUND. */
int vs_blob_part_stat(struct vs_blobs *blobs, const char *key, struct vs_blob_stat *ret, vidstore_error **e);
/* Anything but 0 ends the list, and is what it returns. */
typedef int (*vs_blob_each)(void *arg, const char *key, const struct vs_blob_stat *stat);
/* Each sealed blob with a key after `after` (NULL: all), in the order of keys. What comes or goes meanwhile may or may
 * not be seen. The callback may delete. */
int vs_blob_list(struct vs_blobs *blobs, const char *after, vs_blob_each each, void *arg, vidstore_error **e);
/* The same for parts. */
int vs_blob_part_list(struct vs_blobs *blobs, const char *after, vs_blob_each each, void *arg, vidstore_error **e);

/* ---- files of the host that are to be taken in, or to be written ---- */

/* Opens a file for reading, without waiting for anything: regular files only, and none of the store's own, else INVALID
 * (NOT_A_FILE). */
int vs_blob_source_open(struct vs_blobs *blobs, const char *path, int *ret_fd, struct stat *ret_before,
                        vidstore_error **e);
/* The same of a file that the host has a descriptor of, open for reading or with O_PATH: a descriptor of our own, at
 * the start of the file. */
int vs_blob_source_reopen(struct vs_blobs *blobs, int handle, int *ret_fd, struct stat *ret_before, vidstore_error **e);
/* INVALID (NOT_A_FILE) when the descriptor is on something of a store's own. To be asked before any descriptor of that
 * file is opened or closed: closing one drops the locks that this process has on it, and with them the order in which
 * processes write to the database. The descriptor may be one with O_PATH. */
int vs_blob_source_check(struct vs_blobs *blobs, int fd, const char *field, vidstore_error **e);
/* The same of a descriptor that the host gave us to read a file from: INVALID also when it is not open for reading, or
 * on something else than a regular file. */
int vs_blob_source_readable(struct vs_blobs *blobs, int fd, const char *field, vidstore_error **e);
/* Creates a file for writing, which must not exist, outside of the store. *ret_dir and *ret_name (in path) are where it
 * lies. INVALID, EXISTS, FORBIDDEN, NOT_FOUND; both descriptors are -1 then. */
int vs_blob_target_create(struct vs_blobs *blobs, const char *path, int *ret_fd, int *ret_dir, const char **ret_name,
                          vidstore_error **e);
/* 0 when the file is still the one that `before` described, else IO (CHANGED) naming the field: call it after the last
 * read. */
int vs_blob_source_unchanged(int fd, const struct stat *before, const char *field, vidstore_error **e);

#endif
