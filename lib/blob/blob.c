/* SPDX-License-Identifier: MIT */
/* What is common to all backends, writing apart: checks, then the driver. */
#include "blob/blob.h"
#include "blob/blob_driver.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include <string.h>

int vs_blob_key_make(char ret[VS_BLOB_KEY_TEXT], vidstore_error **e) {
    uint8_t bytes[(VS_BLOB_KEY_TEXT - 1) / 2];
    ret[0] = '\0';
    if (vs_random(bytes, sizeof bytes) != 0)
        return vs_fail(e, VIDSTORE_IO, NULL, "the system gave no random bytes");
    vs_hex(bytes, sizeof bytes, ret);
    return 0;
}

int vs_blob_key_check(const char *key, vidstore_error **e) {
    size_t len = key ? strnlen(key, VS_BLOB_KEY_TEXT) : 0;
    if (len != VS_BLOB_KEY_TEXT - 1 || strspn(key, "0123456789abcdef") != len)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "key",
                           "a blob key is 32 small hexadecimal digits");
    return 0;
}

int vs_blob_may_write(struct vs_blobs *blobs, int64_t coming, vidstore_error **e) {
    if (blobs->options.read_only)
        return vs_fail(e, VIDSTORE_READONLY, NULL, "the store is open for reading only");
    if (!blobs->driver->free_space || (coming == 0 && blobs->options.reserve == 0))
        return 0;
    int64_t available;
    int r = blobs->driver->free_space(blobs, &available, e);
    if (r != 0)
        return r;
    if (available < coming || available - coming < blobs->options.reserve)
        return vs_fail(e, VIDSTORE_FULL, NULL,
                       "%lld bytes are free, fewer than the %lld to come and the reserve of %lld", (long long)available,
                       (long long)coming, (long long)blobs->options.reserve);
    return 0;
}

void vs_blobs_close(struct vs_blobs *blobs) {
    if (blobs)
        blobs->driver->close(blobs);
}

int vs_blobs_marker_read(struct vs_blobs *blobs, struct vs_uuid *ret, vidstore_error **e) {
    *ret = (struct vs_uuid){0};
    return blobs->driver->marker_read(blobs, ret, e);
}

int vs_blobs_marker_write(struct vs_blobs *blobs, const struct vs_uuid *instance, int replace, vidstore_error **e) {
    if (blobs->options.read_only)
        return vs_fail(e, VIDSTORE_READONLY, NULL, "the store is open for reading only");
    return blobs->driver->marker_write(blobs, instance, replace, e);
}

int vs_blobs_free_space(struct vs_blobs *blobs, int64_t *ret, vidstore_error **e) {
    *ret = INT64_MAX;
    return blobs->driver->free_space ? blobs->driver->free_space(blobs, ret, e) : 0;
}

int vs_blob_reader_open(struct vs_blobs *blobs, const char *key, struct vs_blob_reader **ret, vidstore_error **e) {
    *ret = NULL;
    int r = vs_blob_key_check(key, e);
    if (r == 0)
        r = blobs->driver->reader_open(blobs, key, ret, e);
    if (r == 0)
        (*ret)->blobs = blobs;
    return r;
}

int64_t vs_blob_reader_size(const struct vs_blob_reader *r) {
    return r->size;
}

int vs_blob_reader_pread(struct vs_blob_reader *r, int64_t offset, void *buf, size_t len, size_t *ret_len,
                         vidstore_error **e) {
    *ret_len = 0;
    if (offset < 0)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "offset", "an offset can't be negative");
    if (offset >= r->size || len == 0)
        return 0;
    if ((uint64_t)len > (uint64_t)(r->size - offset))
        len = (size_t)(r->size - offset);
    return r->blobs->driver->reader_pread(r, offset, buf, len, ret_len, e);
}

int vs_blob_reader_fd(const struct vs_blob_reader *r) {
    return r->blobs->driver->reader_fd ? r->blobs->driver->reader_fd(r) : -1;
}

void vs_blob_reader_close(struct vs_blob_reader *r) {
    if (r)
        r->blobs->driver->reader_close(r);
}

int vs_blob_path(struct vs_blobs *blobs, const char *key, char *ret, size_t size, vidstore_error **e) {
    if (size > 0)
        ret[0] = '\0';
    int r = vs_blob_key_check(key, e);
    if (r != 0)
        return r;
    if (!blobs->driver->path)
        return vs_fail(e, VIDSTORE_UNSUPPORTED, NULL, "blobs of a %s backend have no path", blobs->driver->name);
    return blobs->driver->path(blobs, key, ret, size, e);
}

int vs_blob_stat(struct vs_blobs *blobs, const char *key, struct vs_blob_stat *ret, vidstore_error **e) {
    *ret = (struct vs_blob_stat){0};
    int r = vs_blob_key_check(key, e);
    return r != 0 ? r : blobs->driver->stat(blobs, key, ret, e);
}

int vs_blob_settle(struct vs_blobs *blobs, const char *key, struct vs_blob_writer **ret, vidstore_error **e) {
    *ret = NULL;
    int r = vs_blob_key_check(key, e);
    if (r != 0)
        return r;
    if (blobs->options.read_only)
        return vs_fail(e, VIDSTORE_READONLY, NULL, "the store is open for reading only");
    r = blobs->driver->settle ? blobs->driver->settle(blobs, key, ret, e) : 0;
    if (*ret) {
        (*ret)->blobs = blobs;
        (*ret)->sealed = 1;
    }
    return r;
}

int vs_blob_is_kept(struct vs_blobs *blobs, const char *key) {
    return vs_blob_key_check(key, NULL) == 0 && blobs->driver->is_kept && blobs->driver->is_kept(blobs, key);
}

int vs_blob_delete(struct vs_blobs *blobs, const char *key, vidstore_error **e) {
    int r = vs_blob_key_check(key, e);
    if (r != 0)
        return r;
    if (blobs->options.read_only)
        return vs_fail(e, VIDSTORE_READONLY, NULL, "the store is open for reading only");
    return blobs->driver->remove(blobs, key, e);
}

int vs_blob_part_delete(struct vs_blobs *blobs, const char *key, vidstore_error **e) {
    int r = vs_blob_key_check(key, e);
    if (r != 0)
        return r;
    if (blobs->options.read_only)
        return vs_fail(e, VIDSTORE_READONLY, NULL, "the store is open for reading only");
    return blobs->driver->part_remove(blobs, key, e);
}

int vs_blob_part_stat(struct vs_blobs *blobs, const char *key, struct vs_blob_stat *ret, vidstore_error **e) {
    int r = vs_blob_key_check(key, e);
    return r != 0 ? r : blobs->driver->part_stat(blobs, key, ret, e);
}

int vs_blob_list(struct vs_blobs *blobs, const char *after, vs_blob_each each, void *arg, vidstore_error **e) {
    int r = after ? vs_blob_key_check(after, e) : 0;
    return r != 0 ? r : blobs->driver->list(blobs, after, each, arg, e);
}

int vs_blob_part_list(struct vs_blobs *blobs, const char *after, vs_blob_each each, void *arg, vidstore_error **e) {
    int r = after ? vs_blob_key_check(after, e) : 0;
    return r != 0 ? r : blobs->driver->part_list(blobs, after, each, arg, e);
}
