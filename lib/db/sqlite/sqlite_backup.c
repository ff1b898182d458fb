/* SPDX-License-Identifier: MIT */
/* Copying a database to a new file while it is in use. */
#include "db/sqlite/sqlite_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

typedef int progress_fn(void *arg, int64_t done_pages, int64_t all_pages);

static char *joined(const char *a, const char *b) {
    size_t len = strlen(a) + strlen(b) + 1;
    char *s = vs_malloc(len);
    if (s)
        snprintf(s, len, "%s%s", a, b);
    return s;
}

static char *folder_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? vs_strndup(path, slash == path ? 1 : (size_t)(slash - path)) : vs_strdup(".");
}

static int sync_path(const char *path, int flags, vidstore_error **e) {
    int fd = open(path, flags | O_CLOEXEC);
    if (fd < 0)
        return vs_fail_errno(e, errno, NULL, "open the copy of the database");
    int failed = fsync(fd) < 0 ? errno : 0;
    close(fd);
    return failed ? vs_fail_errno(e, failed, NULL, "sync the copy of the database") : 0;
}

static int room_for(struct sqlite_conn *c, const char *folder, vidstore_error **e) {
    int64_t pages = 0, size = 0;
    int rc = vs_sqlite_number(c, "PRAGMA page_count", &pages, e);
    if (!rc)
        rc = vs_sqlite_number(c, "PRAGMA page_size", &size, e);
    struct statvfs fs;
    if (!rc && statvfs(folder, &fs) < 0)
        return vs_fail_errno(e, errno, "target", "look at the folder of the copy");
    if (!rc && (uint64_t)pages * (uint64_t)size > (uint64_t)fs.f_bavail * fs.f_frsize)
        return vs_fail(e, VIDSTORE_FULL, "target", "no room for a copy of %lld pages", (long long)pages);
    return rc;
}

static int make_target(const char *target, vidstore_error **e) {
    int fd = open(target, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return errno == EEXIST ? vs_fail(e, VIDSTORE_EXISTS, "target", "%s exists already", target)
                               : vs_fail_errno(e, errno, "target", "create the copy of the database");
    int failed = fchmod(fd, 0600) < 0 ? errno : 0;
    close(fd);
    return failed ? vs_fail_errno(e, failed, "target", "create the copy of the database") : 0;
}

/* A connection of its own for the target, sharing deadline and interrupt with the source. */
static int open_target(struct sqlite_conn *from, const char *target, struct vs_conn **ret, vidstore_error **e) {
    struct vs_driver_open how = {.path = target, .role = VS_ROLE_CHECKPOINT, .call = from->base.call};
    return vs_sqlite_open(&how, ret, e);
}

static int should_stop(const struct vs_call *call, vidstore_error **e) {
    if (call && call->interrupt && atomic_load(call->interrupt))
        return vs_fail(e, VIDSTORE_CANCELLED, NULL, "the backup was interrupted");
    if (call && call->deadline_us && vs_mono_us() >= call->deadline_us)
        return vs_fail(e, VIDSTORE_TIMEOUT, NULL, "the deadline passed before the backup was done");
    return 0;
}

static int copy_pages(struct sqlite_conn *from, struct sqlite_conn *to, progress_fn *progress, void *arg,
                      vidstore_error **e) {
    /* Nobody else sees the target before it is whole, and a failed one is deleted: no journal, one sync at the end. */
    int code = vs_sqlite_exec(to, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF", "set up the copy", e);
    if (code)
        return code;
    sqlite3_backup *b = sqlite3_backup_init(to->db, "main", from->db, "main");
    if (!b)
        return vs_sqlite_fail(to, sqlite3_errcode(to->db), "begin the backup", e);
    int rc = SQLITE_OK;
    while (!code && rc == SQLITE_OK) {
        rc = sqlite3_backup_step(b, SQLITE_CHUNK_PAGES);
        int64_t all = sqlite3_backup_pagecount(b), left = sqlite3_backup_remaining(b);
        if ((rc == SQLITE_OK || rc == SQLITE_DONE) && progress && progress(arg, all - left, all))
            code = vs_fail(e, VIDSTORE_CANCELLED, NULL, "the backup was cancelled");
        else if (rc == SQLITE_OK)
            code = should_stop(from->base.call, e);
    }
    int ended = sqlite3_backup_finish(b);
    if (code)
        return code;
    return rc == SQLITE_DONE && ended == SQLITE_OK
               ? 0
               : vs_sqlite_fail(to, ended != SQLITE_OK ? ended : rc, "copy the database", e);
}

static int copy_to(struct sqlite_conn *from, const char *target, progress_fn *progress, void *arg, vidstore_error **e) {
    struct vs_conn *to = NULL;
    int rc = open_target(from, target, &to, e);
    if (rc)
        return rc;
    rc = copy_pages(from, sqlite_of(to), progress, arg, e);
    vs_sqlite_close(to);
    return rc ? rc : sync_path(target, O_RDWR, e);
}

/* Reads the copy back as a store would. */
static int verify(struct sqlite_conn *from, const char *target, vidstore_error **e) {
    struct vs_conn *copy = NULL;
    int64_t version = 0, expected = 0;
    int rc = open_target(from, target, &copy, e);
    if (rc)
        return rc;
    rc = vs_sqlite_integrity(copy, 1, e);
    if (!rc)
        rc = vs_sqlite_number(sqlite_of(copy), "PRAGMA user_version", &version, e);
    if (!rc)
        rc = vs_sqlite_number(from, "PRAGMA user_version", &expected, e);
    if (!rc && version != expected)
        rc = vs_fail(e, VIDSTORE_CORRUPT, "target", "the copy has version %lld instead of %lld", (long long)version,
                     (long long)expected);
    /* Without a log a copy can be read from a disk that can't be written, and reading it leaves nothing beside it. */
    if (!rc)
        rc = vs_sqlite_exec(sqlite_of(copy), "PRAGMA journal_mode=DELETE", "finish the copy", e);
    vs_sqlite_close(copy);
    return rc;
}

static void remove_target(const char *target) {
    static const char *const suffix[] = {"-wal", "-shm", "-journal", ""};
    for (size_t i = 0; i < VS_COUNT(suffix); i++) {
        vs_autofree char *name = joined(target, suffix[i]);
        if (name)
            unlink(name);
    }
}

int vs_sqlite_backup(struct vs_conn *conn, const char *target, progress_fn *progress, void *arg, vidstore_error **e) {
    struct sqlite_conn *from = sqlite_of(conn);
    /* A relative name gets a "./": one such as "file:x" or ":memory:" must not mean something else to SQLite. */
    vs_autofree char *path = joined(target[0] == '/' ? "" : "./", target);
    vs_autofree char *folder = path ? folder_of(path) : NULL;
    if (!folder)
        return vs_fail_nomem(e);
    int rc = room_for(from, folder, e);
    if (!rc)
        rc = make_target(path, e);
    if (rc)
        return rc; /* what stands there, if anything, is not ours to remove */
    rc = copy_to(from, path, progress, arg, e);
    if (!rc)
        rc = verify(from, path, e);
    if (!rc)
        rc = sync_path(folder, O_RDONLY | O_DIRECTORY, e);
    if (rc)
        remove_target(path);
    return rc;
}
