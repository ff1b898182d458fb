/* SPDX-License-Identifier: MIT */
/* Reading a sealed blob from end to end, to know or to check what it holds. */
#include "blob/blob.h"
#include "blob/blob_driver.h"
#include "blob/blob_hasher.h"
#include "util/error.h"

static void digest_cleanup(struct vs_sha256 **h) {
    vs_sha256_free(*h);
}

static int digest_pieces(struct vs_blob_reader *reader, vs_blob_progress progress, void *arg, struct vs_blob_hasher *h,
                         vidstore_error **e) {
    for (int64_t at = 0; at < reader->size;) {
        uint8_t *piece = vs_blob_hasher_piece(h);
        size_t len;
        int r = vs_blob_reader_pread(reader, at, piece, VS_BLOB_PIECE, &len, e);
        if (r != 0)
            return r;
        if (len == 0)
            return vs_fail_sub(e, VIDSTORE_IO, VIDSTORE_SUB_CHANGED, NULL, "the blob shrank while it was read");
        vs_blob_hasher_add(h, len);
        if (reader->blobs->driver->reader_done_with)
            reader->blobs->driver->reader_done_with(reader, at, at + (int64_t)len);
        at += (int64_t)len;
        if (progress && progress(arg, at) != 0)
            return vs_fail(e, VIDSTORE_CANCELLED, NULL, "reading the blob was stopped");
    }
    return 0;
}

static int digest_reader(struct vs_blob_reader *reader, vs_blob_progress progress, void *arg, struct vs_sha256 *digest,
                         vidstore_error **e) {
    struct vs_blob_hasher h;
    int r = vs_blob_hasher_start(&h, digest, e);
    if (r == 0)
        r = digest_pieces(reader, progress, arg, &h, e);
    return vs_blob_hasher_finish(&h) == 0 ? r : vs_fail(e, VIDSTORE_INTERNAL, NULL, "the digest can't go on");
}

int vs_blob_digest(struct vs_blobs *blobs, const char *key, vs_blob_progress progress, void *arg, int64_t *ret_size,
                   uint8_t ret_sha256[VS_SHA256_SIZE], vidstore_error **e) {
    __attribute__((cleanup(digest_cleanup))) struct vs_sha256 *h = NULL;
    vs_autoreader *reader = NULL;
    if (ret_size)
        *ret_size = 0;
    int r = vs_blob_reader_open(blobs, key, &reader, e);
    if (r == 0)
        r = vs_sha256_new(&h, e);
    if (r == 0)
        r = digest_reader(reader, progress, arg, h, e);
    if (r != 0)
        return r;
    if (ret_size)
        *ret_size = reader->size;
    if (ret_sha256 && vs_sha256_peek(h, ret_sha256) != 0)
        return vs_fail_nomem(e);
    return 0;
}

int vs_blob_verify(struct vs_blobs *blobs, const char *key, int64_t size, const uint8_t sha256[VS_SHA256_SIZE],
                   vs_blob_progress progress, void *arg, vidstore_error **e) {
    struct vs_blob_stat stat;
    uint8_t found[VS_SHA256_SIZE];
    int r = vs_blob_stat(blobs, key, &stat, e);
    if (r != 0)
        return r;
    if (stat.size != size) /* no need to read it all to know that */
        return vs_fail_sub(e, VIDSTORE_CORRUPT, stat.size < size ? VIDSTORE_SUB_TRUNCATED : VIDSTORE_SUB_TOO_LARGE,
                           NULL, "the blob has %lld bytes and should have %lld", (long long)stat.size, (long long)size);
    r = vs_blob_digest(blobs, key, progress, arg, NULL, found, e);
    if (r != 0)
        return r;
    if (!vs_secret_equal(found, sha256, VS_SHA256_SIZE))
        return vs_fail_sub(e, VIDSTORE_CORRUPT, VIDSTORE_SUB_CHECKSUM, NULL,
                           "the blob's bytes are not those of its SHA-256");
    return 0;
}
