/* SPDX-License-Identifier: MIT */
/* Reading where nothing can be written: on a read-only medium, in a folder of somebody else, on a full disk. SQLite
 * then can't make the index of the log that readers share, and needs to be told that nobody changes the database.
 * Whether that stays true is looked at before and after each transaction. */
#include "db/sqlite/sqlite_internal.h"
#include "util/buf.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define INDEX_BYTES 32768 /* the least that an index has; a stump of it is left by who could not make one */
#define ROOM_NEEDED (INT64_C(2) * INDEX_BYTES)

/* -1: not there. */
static int64_t size_beside(const char *path, const char *suffix) {
    vs_autobuf name = {0};
    struct stat st;
    vs_buf_fmt(&name, "%s%s", path, suffix);
    return !name.failed && stat(name.data, &st) == 0 ? (int64_t)st.st_size : -1;
}

static int can_make_index(const char *path) {
    vs_autobuf folder = {0};
    struct statvfs fs;
    struct rlimit most;
    const char *slash = strrchr(path, '/');
    vs_buf_add(&folder, path, slash ? (size_t)(slash - path) + 1 : 0);
    vs_buf_char(&folder, '.');
    if (folder.failed || access(folder.data, W_OK) != 0)
        return 0;
    if (getrlimit(RLIMIT_FSIZE, &most) == 0 && most.rlim_cur < INDEX_BYTES)
        return 0;
    return statvfs(folder.data, &fs) != 0 || (int64_t)fs.f_bavail > ROOM_NEEDED / (int64_t)fs.f_frsize;
}

int vs_sqlite_is_still(const char *path) {
    return size_beside(path, "-shm") < INDEX_BYTES && size_beside(path, "-wal") <= 0 && !can_make_index(path);
}

static int look(const char *path, struct sqlite_stamp *ret) {
    struct stat st;
    if (stat(path, &st) != 0)
        return 0;
    *ret = (struct sqlite_stamp){(uint64_t)st.st_ino, (int64_t)st.st_size, (int64_t)st.st_mtim.tv_sec,
                                 (int64_t)st.st_mtim.tv_nsec};
    return 1;
}

int vs_sqlite_still_uri(struct sqlite_conn *c, struct vs_buf *uri, vidstore_error **e) {
    vs_buf_str(uri, "file:");
    for (const unsigned char *at = (const unsigned char *)c->path; *at; at++) {
        if (isalnum(*at) || strchr("/-._~", *at))
            vs_buf_char(uri, (char)*at);
        else
            vs_buf_fmt(uri, "%%%02X", *at);
    }
    vs_buf_str(uri, "?immutable=1");
    if (uri->failed)
        return vs_fail_nomem(e);
    c->still = 1;
    return look(c->path, &c->stamp) ? 0 : vs_fail(e, VIDSTORE_IO, NULL, "the database file is gone");
}

int vs_sqlite_still_check(struct sqlite_conn *c, vidstore_error **e) {
    struct sqlite_stamp now;
    if (!c->still || (size_beside(c->path, "-wal") <= 0 && look(c->path, &now) && now.inode == c->stamp.inode &&
                      now.size == c->stamp.size && now.seconds == c->stamp.seconds && now.nanos == c->stamp.nanos))
        return 0;
    return vs_fail(e, VIDSTORE_IO, NULL,
                   "the database was changed while it was open in a place that can't be written: "
                   "open it anew");
}
