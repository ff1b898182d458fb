/* SPDX-License-Identifier: MIT */
#include "upkeep/backup_seal.h"
#include "crypto/crypto.h"
#include "store/place.h"
#include "util/buf.h"
#include "util/error.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SEAL "vidstore backup 1\ndatabase %" PRId64 " %64[0-9a-f]\n"

enum { SEAL_MAX = 160 };

static void close_fd(int *fd) {
    if (*fd >= 0)
        close(*fd);
}

static void close_db(struct vs_db **db) {
    vs_db_close(*db);
}

static int digest_of(const struct vs_place *place, const struct vs_call *call, uint8_t sha256[VS_SHA256_SIZE],
                     int64_t *ret_size, vidstore_error **e) {
    vs_autofree char *path = vs_place_name(place, "store.db");
    if (!path)
        return vs_fail_nomem(e);
    struct vs_db_params params = {.path = path, .read_only = 1, .allow_network_fs = 1, .readers = 1};
    VS_CLEANUP(close_db) struct vs_db *db = NULL;
    int r = vs_db_open(&params, &db, e);
    return r ? r : vs_db_digest(db, call, sha256, ret_size, e);
}

int vs_seal_write(const struct vs_place *place, const struct vs_call *call, vidstore_error **e) {
    uint8_t sha256[VS_SHA256_SIZE];
    char hex[2 * VS_SHA256_SIZE + 1], text[SEAL_MAX];
    int64_t size = 0;
    int r = digest_of(place, call, sha256, &size, e);
    if (r)
        return r;
    vs_autofree char *path = vs_place_name(place, VS_PLACE_SEAL);
    if (!path)
        return vs_fail_nomem(e);
    vs_hex(sha256, sizeof sha256, hex);
    int len = snprintf(text, sizeof text, "vidstore backup 1\ndatabase %" PRId64 " %s\n", size, hex);
    VS_CLEANUP(close_fd) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, text, (size_t)len) != len || fsync(fd) < 0)
        return vs_fail_errno(e, errno, "directory", "write what the backup says of itself");
    return 0;
}

static int changed(int32_t sub, vidstore_error **e) {
    return vs_fail_sub(e, VIDSTORE_CORRUPT, sub, "backup",
                       "the database of the backup is not the one that was made: take another backup, or remove its "
                       "file " VS_PLACE_SEAL " to restore what is there all the same");
}

int vs_seal_check(const char *backup, struct vs_db *db, vidstore_error **e) {
    uint8_t wanted[VS_SHA256_SIZE], found[VS_SHA256_SIZE];
    char hex[2 * VS_SHA256_SIZE + 1] = "", text[SEAL_MAX];
    int64_t size = -1, found_size = 0;
    vs_autobuf path = {0};
    vs_buf_fmt(&path, "%s/%s", backup, VS_PLACE_SEAL);
    if (path.failed)
        return vs_fail_nomem(e);
    VS_CLEANUP(close_fd) int fd = open(path.data, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return 0;
    ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (len < 0)
        return vs_fail_errno(e, errno, "backup", "read what the backup says of itself");
    text[len] = '\0';
    if (sscanf(text, SEAL, &size, hex) != 2 || vs_unhex(hex, wanted, sizeof wanted))
        return vs_fail(e, VIDSTORE_CORRUPT, "backup", "the file " VS_PLACE_SEAL " of the backup can't be understood");
    int r = vs_db_digest(db, NULL, found, &found_size, e);
    if (r)
        return r;
    if (found_size != size)
        return changed(found_size < size ? VIDSTORE_SUB_TRUNCATED : VIDSTORE_SUB_TOO_LARGE, e);
    return memcmp(found, wanted, sizeof wanted) == 0 ? 0 : changed(VIDSTORE_SUB_CHECKSUM, e);
}
