/* SPDX-License-Identifier: MIT */
/* Writing: the digest, the size and the order of things; the driver moves the bytes. */
#include "blob/blob.h"
#include "blob/blob_driver.h"
#include "util/alloc.h"
#include "util/error.h"
#include <string.h>

#define LOOK_EVERY ((int64_t)8 << 20) /* how much may be written before the free space is looked at again */

/* Whether the writer takes further calls. */
static int check_usable(const struct vs_blob_writer *w, vidstore_error **e) {
    if (w->lost)
        return vs_fail(e, VIDSTORE_IO, NULL, "what was written before was lost: start again under a new key");
    if (w->sealed)
        return vs_fail(e, VIDSTORE_STATE, NULL, "the blob is sealed");
    return 0;
}

/* The bytes are not worth keeping: nobody may go on with them. */
static int give_up_if_lost(struct vs_blob_writer *w, int r) {
    if (w->lost)
        w->blobs->driver->writer_discard(w);
    return r;
}

/* Starts the digest anew from the first `size` bytes of the part. */
static int rebuild_digest(struct vs_blob_writer *w, int64_t size, vidstore_error **e) {
    struct vs_sha256 *h = NULL;
    vs_autofree uint8_t *piece = vs_malloc(VS_BLOB_PIECE);
    int r = piece ? vs_sha256_new(&h, e) : vs_fail_nomem(e);
    for (int64_t at = 0; r == 0 && at < size;) {
        size_t len = VS_BLOB_PIECE;
        if ((int64_t)len > size - at)
            len = (size_t)(size - at);
        size_t got;
        r = w->blobs->driver->writer_read(w, at, piece, len, &got, e);
        if (r == 0 && got == 0)
            r = vs_fail_sub(e, VIDSTORE_IO, VIDSTORE_SUB_CHANGED, NULL, "the part shrank while it was read");
        if (r == 0 && vs_sha256_add(h, piece, got) != 0)
            r = vs_fail(e, VIDSTORE_INTERNAL, NULL, "the digest can't go on");
        at += (int64_t)(r == 0 ? got : 0);
    }
    if (r != 0) {
        vs_sha256_free(h);
        return r;
    }
    vs_sha256_free(w->digest);
    w->digest = h;
    return 0;
}

int vs_blob_writer_create(struct vs_blobs *blobs, const char *key, int64_t expected, struct vs_blob_writer **ret,
                          vidstore_error **e) {
    struct vs_sha256 *h = NULL;
    *ret = NULL;
    int r = vs_blob_key_check(key, e);
    if (r == 0)
        r = vs_blob_may_write(blobs, expected > 0 ? expected : 0, e);
    if (r == 0)
        r = vs_sha256_new(&h, e);
    if (r == 0)
        r = blobs->driver->writer_create(blobs, key, ret, e);
    if (r != 0) {
        vs_sha256_free(h);
        return r;
    }
    (*ret)->blobs = blobs;
    (*ret)->digest = h;
    (*ret)->next_look = LOOK_EVERY;
    return 0;
}

int vs_blob_writer_reopen(struct vs_blobs *blobs, const char *key, struct vs_blob_writer **ret, vidstore_error **e) {
    vs_autowriter *w = NULL;
    *ret = NULL;
    int r = vs_blob_key_check(key, e);
    if (r == 0)
        r = vs_blob_may_write(blobs, 0, e);
    if (r == 0)
        r = blobs->driver->writer_reopen(blobs, key, &w, e);
    if (r != 0)
        return r;
    w->blobs = blobs;
    w->next_look = w->size + LOOK_EVERY;
    r = rebuild_digest(w, w->size, e);
    if (r == 0)
        *ret = VS_TAKE(w);
    return r;
}

int vs_blob_append(struct vs_blob_writer *w, const void *data, size_t len, vidstore_error **e) {
    int r = check_usable(w, e);
    if (r != 0 || len == 0)
        return r;
    if ((uint64_t)len > (uint64_t)(INT64_MAX - LOOK_EVERY - w->size))
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_TOO_LARGE, "size", "more bytes than a file can have");
    if (w->size + (int64_t)len > w->next_look) {
        r = vs_blob_may_write(w->blobs, (int64_t)len, e);
        if (r != 0)
            return r;
        w->next_look = w->size + (int64_t)len + LOOK_EVERY;
    }
    r = w->blobs->driver->writer_append(w, data, len, e);
    if (r != 0)
        return give_up_if_lost(w, r);
    w->size += (int64_t)len;
    return 0;
}

int vs_blob_digest_failed(struct vs_blob_writer *w, vidstore_error **e) {
    w->lost = 1;
    return give_up_if_lost(w, vs_fail(e, VIDSTORE_INTERNAL, NULL, "the digest can't go on"));
}

int vs_blob_writer_write(struct vs_blob_writer *w, const void *data, size_t len, vidstore_error **e) {
    int r = vs_blob_append(w, data, len, e);
    if (r == 0 && len > 0 && vs_sha256_add(w->digest, data, len) != 0)
        r = vs_blob_digest_failed(w, e);
    return r;
}

int64_t vs_blob_writer_size(const struct vs_blob_writer *w) {
    return w->size;
}

int vs_blob_writer_lost(const struct vs_blob_writer *w) {
    return w->lost;
}

int vs_blob_writer_digest(const struct vs_blob_writer *w, uint8_t ret[VS_SHA256_SIZE], vidstore_error **e) {
    return vs_sha256_peek(w->digest, ret) == 0 ? 0 : vs_fail_nomem(e);
}

int vs_blob_writer_sync(struct vs_blob_writer *w, vidstore_error **e) {
    int r = check_usable(w, e);
    return r != 0 ? r : give_up_if_lost(w, w->blobs->driver->writer_sync(w, e));
}

int vs_blob_writer_truncate(struct vs_blob_writer *w, int64_t size, vidstore_error **e) {
    int r = check_usable(w, e);
    if (r != 0 || size == w->size)
        return r;
    if (size < 0 || size > w->size)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "size", "the part has %lld bytes",
                           (long long)w->size);
    struct vs_sha256 *before = w->digest;
    w->digest = NULL;
    r = rebuild_digest(w, size, e);
    if (r == 0)
        r = w->blobs->driver->writer_truncate(w, size, e);
    if (r != 0) {
        vs_sha256_free(w->digest);
        w->digest = before;
        return give_up_if_lost(w, r);
    }
    vs_sha256_free(before);
    w->size = size;
    w->next_look = size + LOOK_EVERY;
    return 0;
}

static int check_total(const struct vs_blob_writer *w, int64_t total, vidstore_error **e) {
    if (total < 0)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "total", "the size of a file can't be negative");
    if (w->size < total)
        return vs_fail_sub(e, VIDSTORE_IO, VIDSTORE_SUB_TRUNCATED, "total", "only %lld of %lld bytes came",
                           (long long)w->size, (long long)total);
    if (w->size > total)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_TOO_LARGE, "total", "%lld bytes came and not %lld",
                           (long long)w->size, (long long)total);
    return 0;
}

int vs_blob_writer_seal(struct vs_blob_writer *w, int64_t total, uint8_t ret_sha256[VS_SHA256_SIZE],
                        vidstore_error **e) {
    uint8_t digest[VS_SHA256_SIZE];
    int r = check_usable(w, e);
    if (r == 0)
        r = check_total(w, total, e);
    if (r == 0)
        r = vs_blob_writer_digest(w, digest, e);
    if (r != 0)
        return r;
    r = w->blobs->driver->writer_seal(w, e);
    if (r != 0)
        return give_up_if_lost(w, r);
    w->sealed = 1;
    if (ret_sha256)
        memcpy(ret_sha256, digest, sizeof digest);
    return 0;
}

void vs_blob_writer_free(struct vs_blob_writer *w) {
    if (!w)
        return;
    vs_sha256_free(w->digest);
    w->blobs->driver->writer_free(w);
}

void vs_blob_writer_abort(struct vs_blob_writer *w) {
    if (w && !w->sealed && !w->lost)
        w->blobs->driver->writer_discard(w);
    vs_blob_writer_free(w);
}
