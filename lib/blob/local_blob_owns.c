/* SPDX-License-Identifier: MIT */
/* What of the host's files is the store's own. Its database must never be opened, and above all never be closed, by
 * anybody but SQLite: POSIX locks belong to the process and not to the descriptor, so that the first close drops all of
 * them. Nothing here opens anything but with O_PATH, which takes part in no locks. */
#include "blob/local_blob.h"
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static const char *const database[] = {"store.db", "store.db-wal", "store.db-shm", "store.db-journal", "store.db-turn"};
enum { FILES = sizeof database / sizeof *database };

/* Under whatever name and through whatever mount: it is the file itself that counts. */
static int is_database_in(int dir, const struct stat *st) {
    struct stat own;
    for (int i = 0; i < FILES; i++)
        if (fstatat(dir, database[i], &own, AT_SYMLINK_NOFOLLOW) == 0 && own.st_dev == st->st_dev &&
            own.st_ino == st->st_ino)
            return 1;
    return 0;
}

static int lies_under(const char *path, const char *root) {
    size_t len = strlen(root);
    return strncmp(path, root, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

/* Another store may be open in this process too: a database that lies beside blobs. */
static int is_of_some_store(char *path, const struct stat *st) {
    char *slash = strrchr(path, '/');
    struct stat blobs;
    if (!slash || !S_ISREG(st->st_mode))
        return 0;
    *slash = '\0';
    vs_autofd dir = open(slash == path ? "/" : path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return dir >= 0 && fstatat(dir, "blobs", &blobs, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(blobs.st_mode) &&
           is_database_in(dir, st);
}

int vs_local_owns(struct vs_blobs *blobs, int fd, const struct stat *st) {
    const struct vs_local_blobs *lb = vs_local(blobs);
    char link[40], path[PATH_MAX];
    if (is_database_in(lb->root, st))
        return 1;
    if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode))
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof path - 1);
    if (len <= 0)
        return -1;
    path[len] = '\0';
    return lies_under(path, lb->path) || is_of_some_store(path, st);
}
