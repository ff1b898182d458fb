/* SPDX-License-Identifier: MIT */
/* What a backend does for lib/blob. It keeps its own state behind the structures below, as their first member, and may
 * take keys, sizes and offsets as checked. Digests, sizes and what may follow what are common, in blob_writer.c. */
#ifndef VS_BLOB_BLOB_DRIVER_H
#define VS_BLOB_BLOB_DRIVER_H

#include "blob/blob.h"

struct vs_blobs {
    const struct vs_blob_driver *driver;
    struct vs_blob_options options;
};

struct vs_blob_writer {
    struct vs_blobs *blobs;
    struct vs_sha256 *digest; /* of the first `size` bytes */
    int64_t size;
    int64_t next_look; /* the size at which to look at the free space again */
    int sealed, lost;
};

struct vs_blob_reader {
    struct vs_blobs *blobs;
    int64_t size;
};

struct vs_blob_driver {
    const char *name;
    void (*close)(struct vs_blobs *blobs);
    int (*marker_read)(struct vs_blobs *blobs, struct vs_uuid *ret, vidstore_error **e);
    int (*marker_write)(struct vs_blobs *blobs, const struct vs_uuid *instance, int replace, vidstore_error **e);
    int (*free_space)(struct vs_blobs *blobs, int64_t *ret, vidstore_error **e); /* NULL: without end */

    /* Both leave blobs, digest and next_look to the caller; open sets size to what is there. */
    int (*writer_create)(struct vs_blobs *blobs, const char *key, struct vs_blob_writer **ret, vidstore_error **e);
    int (*writer_reopen)(struct vs_blobs *blobs, const char *key, struct vs_blob_writer **ret, vidstore_error **e);
    /* Writes all of it at w->size, or leaves the part as it was; when it can do neither it sets w->lost. */
    int (*writer_append)(struct vs_blob_writer *w, const void *data, size_t len, vidstore_error **e);
    int (*writer_read)(struct vs_blob_writer *w, int64_t offset, void *buf, size_t len, size_t *ret_len,
                       vidstore_error **e);
    int (*writer_truncate)(struct vs_blob_writer *w, int64_t size, vidstore_error **e);
    /* A failure of these two means that the bytes are lost. */
    int (*writer_sync)(struct vs_blob_writer *w, vidstore_error **e);
    int (*writer_seal)(struct vs_blob_writer *w, vidstore_error **e);
    void (*writer_discard)(struct vs_blob_writer *w); /* removes the part */
    void (*writer_free)(struct vs_blob_writer *w);

    int (*reader_open)(struct vs_blobs *blobs, const char *key, struct vs_blob_reader **ret, vidstore_error **e);
    int (*reader_pread)(struct vs_blob_reader *r, int64_t offset, void *buf, size_t len, size_t *ret_len,
                        vidstore_error **e);
    int (*reader_fd)(const struct vs_blob_reader *r); /* NULL: none */
    /* The bytes up to `to` were read once and will hardly be read again. NULL: no matter. */
    void (*reader_done_with)(struct vs_blob_reader *r, int64_t from, int64_t to);
    void (*reader_close)(struct vs_blob_reader *r);

    int (*path)(struct vs_blobs *blobs, const char *key, char *ret, size_t size, vidstore_error **e); /* NULL: none */
    /* See vs_blob_settle; the writer needs its blobs only. NULL: what is sealed always is settled. */
    int (*settle)(struct vs_blobs *blobs, const char *key, struct vs_blob_writer **ret, vidstore_error **e);
    int (*is_kept)(struct vs_blobs *blobs, const char *key); /* NULL: nobody can tell */
    /* 1 when a descriptor of the host is on something of the store's own, or on its directory; -1: the system doesn't
     * say where it is. NULL: can't be. */
    int (*owns)(struct vs_blobs *blobs, int fd, const struct stat *stat);
    int (*stat)(struct vs_blobs *blobs, const char *key, struct vs_blob_stat *ret, vidstore_error **e);
    int (*remove)(struct vs_blobs *blobs, const char *key, vidstore_error **e);
    int (*part_stat)(struct vs_blobs *blobs, const char *key, struct vs_blob_stat *ret, vidstore_error **e);
    int (*part_remove)(struct vs_blobs *blobs, const char *key, vidstore_error **e);
    int (*list)(struct vs_blobs *blobs, const char *after, vs_blob_each each, void *arg, vidstore_error **e);
    int (*part_list)(struct vs_blobs *blobs, const char *after, vs_blob_each each, void *arg, vidstore_error **e);
};

/* Writing is refused on a read-only backend, and with FULL when `coming` more bytes would eat into the reserve. */
int vs_blob_may_write(struct vs_blobs *blobs, int64_t coming, vidstore_error **e);
/* Writing without digesting: whoever calls it sees to it that the bytes get into w->digest, in order. */
int vs_blob_append(struct vs_blob_writer *w, const void *data, size_t len, vidstore_error **e);
/* The digest failed: the part is lost. */
int vs_blob_digest_failed(struct vs_blob_writer *w, vidstore_error **e);
/* The size of the pieces in which long runs of bytes are moved. */
#define VS_BLOB_PIECE ((size_t)1 << 20)

#endif
