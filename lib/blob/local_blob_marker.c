/* SPDX-License-Identifier: MIT */
/* blobs/INSTANCE: which store these blobs belong to, as 36 characters and a line end. */
#include "blob/local_blob.h"
#include "util/error.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARKER "INSTANCE"

int vs_local_marker_read(struct vs_blobs *blobs, struct vs_uuid *ret, vidstore_error **e) {
    struct vs_local_blobs *lb = vs_local(blobs);
    char text[VS_UUID_TEXT + 2];
    size_t len;
    struct stat st;
    vs_autofd fd = vs_local_open(lb, lb->blobs, MARKER, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return vs_local_fail(e, errno, "open the instance marker");
    if (fstat(fd, &st) != 0 || vs_local_pread(fd, 0, text, sizeof text - 1, &len) != 0)
        return vs_local_fail(e, errno, "read the instance marker");
    text[len] = '\0';
    text[strcspn(text, "\n")] = '\0';
    if (!S_ISREG(st.st_mode) || len > VS_UUID_TEXT || !vs_uuid_is_text(text))
        return vs_fail(e, VIDSTORE_CORRUPT, NULL, "the instance marker holds no id");
    return vs_uuid_parse(text, "instance", ret, e);
}

/* A durable file in tmp with the marker's text. */
static int write_text(struct vs_local_blobs *lb, const char *name, const struct vs_uuid *instance, vidstore_error **e) {
    char text[VS_UUID_TEXT + 1];
    vs_uuid_format(instance, text);
    text[VS_UUID_TEXT - 1] = '\n';
    vs_autofd fd = openat(lb->tmp, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 || fchmod(fd, 0600) != 0)
        return vs_local_fail(e, errno, "make the instance marker");
    ssize_t n = pwrite(fd, text, VS_UUID_TEXT, 0);
    if (n >= 0 && n != VS_UUID_TEXT)
        errno = ENOSPC;
    if (n != VS_UUID_TEXT || fsync(fd) != 0)
        return vs_local_fail(e, errno, "write the instance marker");
    return 0;
}

static int check_same(struct vs_blobs *blobs, const struct vs_uuid *instance, vidstore_error **e) {
    struct vs_uuid found;
    int r = vs_local_marker_read(blobs, &found, e);
    if (r == 0 && !vs_uuid_equal(&found, instance))
        r = vs_fail(e, VIDSTORE_EXISTS, NULL, "the blobs carry the marker of another instance");
    return r;
}

int vs_local_marker_write(struct vs_blobs *blobs, const struct vs_uuid *instance, int replace, vidstore_error **e) {
    struct vs_local_blobs *lb = vs_local(blobs);
    char key[VS_BLOB_KEY_TEXT], name[VS_LOCAL_NAME];
    int r = vs_blob_key_make(key, e);
    if (r != 0)
        return r;
    snprintf(name, sizeof name, "%s.%s", MARKER, key);
    r = write_text(lb, name, instance, e);
    if (r == 0) {
        int moved =
            replace ? renameat(lb->tmp, name, lb->blobs, MARKER) : vs_local_move(lb->tmp, name, lb->blobs, MARKER);
        if (moved != 0)
            r = !replace && errno == EEXIST ? check_same(blobs, instance, e)
                                            : vs_local_fail(e, errno, "put the instance marker in place");
    }
    unlinkat(lb->tmp, name, 0); /* there only after a failure */
    if (r == 0 && fsync(lb->blobs) != 0)
        r = vs_local_fail(e, errno, "write the instance marker to the disk");
    return r;
}
