/* SPDX-License-Identifier: MIT */
/* Writing to the local disk: tmp/KEY.part grows in place, so that it can be continued after kill -9, and is moved into
 * blobs/ when it is whole and on the disk. */
#include "blob/local_blob.h"
#include "util/alloc.h"
#include "util/error.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FLUSH_EVERY  ((int64_t)8 << 20)  /* how much is handed to the disk at a time */
#define FLUSH_BEHIND ((int64_t)64 << 20) /* how far the disk may fall behind before the writer waits */

static struct vs_local_writer *local(struct vs_blob_writer *w) {
    return (struct vs_local_writer *)w;
}

static void writer_cleanup(struct vs_local_writer **w) {
    if (*w)
        vs_local_writer_free(&(*w)->base);
}
#define autowriter __attribute__((cleanup(writer_cleanup))) struct vs_local_writer

/* The lock says that somebody writes; it goes with the process that holds it. Once it is ours, the part must still be
 * the file of that name: it may have been sealed or removed while we came. */
static int lock_part(struct vs_local_blobs *lb, int fd, const char *name, vidstore_error **e) {
    struct stat mine, named;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? vs_fail(e, VIDSTORE_BUSY, NULL, "the part is being written")
                                    : vs_local_fail(e, errno, "lock the part");
    if (fstat(fd, &mine) != 0)
        return vs_local_fail(e, errno, "look at the part");
    if (fstatat(lb->tmp, name, &named, AT_SYMLINK_NOFOLLOW) != 0)
        return vs_local_fail(e, errno, "find the part");
    if (!S_ISREG(mine.st_mode) || mine.st_dev != named.st_dev || mine.st_ino != named.st_ino)
        return vs_fail(e, VIDSTORE_CORRUPT, NULL, "the part is not the file that was made");
    return 0;
}

static int writer_new(const char *key, struct vs_local_writer **ret, vidstore_error **e) {
    *ret = vs_calloc(1, sizeof **ret);
    if (!*ret)
        return vs_fail_nomem(e);
    (*ret)->fd = -1;
    memcpy((*ret)->key, key, VS_BLOB_KEY_TEXT);
    return 0;
}

int vs_local_writer_create(struct vs_blobs *blobs, const char *key, struct vs_blob_writer **ret, vidstore_error **e) {
    struct vs_local_blobs *lb = vs_local(blobs);
    struct vs_blob_stat stat;
    char name[VS_LOCAL_NAME];
    autowriter *w = NULL;
    int r = vs_local_stat(blobs, key, &stat, e);
    if (r != VIDSTORE_NOT_FOUND)
        return r != 0 ? r : vs_fail(e, VIDSTORE_EXISTS, "key", "a blob has this key already");
    vs_error_clear(e);
    r = writer_new(key, &w, e);
    if (r != 0)
        return r;
    vs_local_part_name(key, name);
    w->fd = openat(lb->tmp, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (w->fd < 0)
        return errno == EEXIST ? vs_fail(e, VIDSTORE_EXISTS, "key", "a part has this key already")
                               : vs_local_fail(e, errno, "make the part");
    r = fchmod(w->fd, 0600) == 0 ? lock_part(lb, w->fd, name, e) : vs_local_fail(e, errno, "make the part");
    if (r != 0)
        return r; /* the part stays, empty: its intent row leads to it */
    *ret = &VS_TAKE(w)->base;
    return 0;
}

/* A part that can't be found may have been sealed. */
static int fail_missing(struct vs_blobs *blobs, const char *key, vidstore_error **e) {
    struct vs_blob_stat stat;
    int r = vs_local_stat(blobs, key, &stat, e);
    if (r == 0)
        return vs_fail(e, VIDSTORE_EXISTS, "key", "the blob is sealed already");
    return r != VIDSTORE_NOT_FOUND ? r : vs_fail(e, r, "key", "there is no part under this key");
}

int vs_local_writer_reopen(struct vs_blobs *blobs, const char *key, struct vs_blob_writer **ret, vidstore_error **e) {
    struct vs_local_blobs *lb = vs_local(blobs);
    char name[VS_LOCAL_NAME];
    struct stat st;
    autowriter *w = NULL;
    int r = writer_new(key, &w, e);
    if (r != 0)
        return r;
    vs_local_part_name(key, name);
    const int flags = O_RDWR | O_NONBLOCK | O_NOCTTY;
    w->fd = vs_local_open(lb, lb->tmp, name, flags);
    if (w->fd < 0 && errno == EACCES && fchmodat(lb->tmp, name, 0600, 0) == 0) /* killed under a hostile umask */
        w->fd = vs_local_open(lb, lb->tmp, name, flags);
    if (w->fd < 0 && errno != ENOENT)
        return vs_local_fail(e, errno, "open the part");
    r = w->fd < 0 ? VIDSTORE_NOT_FOUND : lock_part(lb, w->fd, name, e);
    if (r == VIDSTORE_NOT_FOUND)
        return fail_missing(blobs, key, e);
    if (r != 0)
        return r;
    if (fstat(w->fd, &st) != 0)
        return vs_local_fail(e, errno, "look at the part");
    if (st.st_nlink > 1 && vs_local_stat(blobs, key, &(struct vs_blob_stat){0}, NULL) == 0) {
        unlinkat(lb->tmp, name, 0); /* killed while it was moved by linking: the two names are one file */
        return fail_missing(blobs, key, e);
    }
    posix_fadvise(w->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    w->base.size = w->started = st.st_size;
    *ret = &VS_TAKE(w)->base;
    return 0;
}

/* Keeps the disk busy while bytes still come, so that little is left to wait for in the end. The wait keeps a fast
 * sender from filling the memory with bytes that the disk has not seen. 0 or errno. */
static int flush_behind(struct vs_local_writer *w, int64_t end) {
    if (end - w->started < FLUSH_EVERY)
        return 0;
    int64_t from = w->started - FLUSH_BEHIND;
    int r = sync_file_range(w->fd, w->started, end - w->started, SYNC_FILE_RANGE_WRITE);
    if (r == 0 && from >= 0)
        r = sync_file_range(w->fd, from, FLUSH_EVERY,
                            SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
    w->started = end;
    return r == 0 || errno == ENOSYS || errno == EINVAL || errno == ESPIPE ? 0 : errno;
}

/* Puts the part back to what the digest knows. */
static int undo_append(struct vs_local_writer *w, int why, vidstore_error **e) {
    if (ftruncate(w->fd, w->base.size) != 0)
        w->base.lost = 1;
    if (w->started > w->base.size)
        w->started = w->base.size;
    return vs_local_fail(e, why, "write the part");
}

int vs_local_writer_append(struct vs_blob_writer *base, const void *data, size_t len, vidstore_error **e) {
    struct vs_local_writer *w = local(base);
    size_t done = 0;
    while (done < len) {
        size_t piece = len - done < (size_t)FLUSH_EVERY ? len - done : (size_t)FLUSH_EVERY;
        ssize_t n = pwrite(w->fd, (const char *)data + done, piece, base->size + (int64_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return undo_append(w, n < 0 ? errno : EIO, e);
        done += (size_t)n;
        int why = flush_behind(w, base->size + (int64_t)done);
        if (why != 0) {
            base->lost = 1;
            return vs_local_fail(e, why, "write the part to the disk");
        }
    }
    return 0;
}

int vs_local_writer_read(struct vs_blob_writer *w, int64_t offset, void *buf, size_t len, size_t *ret_len,
                         vidstore_error **e) {
    return vs_local_pread(local(w)->fd, offset, buf, len, ret_len) == 0 ? 0 : vs_local_fail(e, errno, "read the part");
}

int vs_local_writer_truncate(struct vs_blob_writer *base, int64_t size, vidstore_error **e) {
    struct vs_local_writer *w = local(base);
    if (ftruncate(w->fd, size) != 0)
        return vs_local_fail(e, errno, "cut the part");
    if (w->started > size)
        w->started = size;
    return 0;
}

int vs_local_writer_sync(struct vs_blob_writer *w, vidstore_error **e) {
    /* The first fsync that fails is the only one that says so: the system may have dropped the pages. */
    if (fdatasync(local(w)->fd) == 0)
        return 0;
    w->lost = 1;
    return vs_local_fail(e, errno, "write the part to the disk");
}

int vs_local_writer_seal(struct vs_blob_writer *base, vidstore_error **e) {
    struct vs_local_writer *w = local(base);
    struct vs_local_blobs *lb = vs_local(base->blobs);
    char name[VS_LOCAL_NAME];
    struct stat st;
    vs_autofd leaf = -1;
    int r = vs_local_writer_sync(base, e);
    if (r == 0)
        r = vs_local_open_leaf(lb, w->key, 1, &leaf, e);
    if (r != 0)
        return r;
    vs_local_part_name(w->key, name);
    if (fstat(w->fd, &st) != 0 || st.st_size != base->size) {
        base->lost = 1; /* somebody else wrote to it */
        return vs_fail_sub(e, VIDSTORE_IO, VIDSTORE_SUB_CHANGED, NULL, "the part has not the size that was written");
    }
    if (vs_local_move(lb->tmp, name, leaf, w->key) != 0)
        return vs_local_fail(e, errno, "put the blob in its place");
    if (fsync(leaf) == 0) {
        flock(w->fd, LOCK_SH); /* anybody may settle it from now on, but it is not one that was left */
        return 0;
    }
    r = vs_local_fail(e, errno, "write the blob's directory to the disk");
    unlinkat(leaf, w->key, 0);
    base->lost = 1;
    return r;
}

/* Whoever moved the blob here may have died before its directory was on the disk; who has not has its lock still. */
int vs_local_settle(struct vs_blobs *blobs, const char *key, struct vs_blob_writer **ret, vidstore_error **e) {
    vs_autofd leaf = -1;
    autowriter *w = NULL;
    int r = writer_new(key, &w, e);
    if (r == 0)
        r = vs_local_open_leaf(vs_local(blobs), key, 1, &leaf, e);
    if (r != 0)
        return r;
    w->fd = vs_local_open(vs_local(blobs), leaf, key, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (w->fd < 0)
        return errno == ENOENT ? vs_fail(e, VIDSTORE_NOT_FOUND, "key", "there is no blob under this key")
                               : vs_local_fail(e, errno, "open the blob");
    if (flock(w->fd, LOCK_SH | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? vs_fail(e, VIDSTORE_BUSY, "key", "the blob is being sealed")
                                    : vs_local_fail(e, errno, "lock the blob");
    if (fdatasync(w->fd) != 0 || fsync(leaf) != 0)
        return vs_local_fail(e, errno, "write the blob's directory to the disk");
    *ret = &VS_TAKE(w)->base;
    return 0;
}

int vs_local_is_kept(struct vs_blobs *blobs, const char *key) {
    vs_autofd leaf = -1, fd = -1;
    int r = vs_local_open_leaf(vs_local(blobs), key, 0, &leaf, NULL);
    if (r != 0)
        return r != VIDSTORE_NOT_FOUND;
    fd = vs_local_open(vs_local(blobs), leaf, key, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return errno == EMFILE || errno == ENFILE || errno == ENOMEM; /* what is no file of ours nobody has */
    return flock(fd, LOCK_EX | LOCK_NB) != 0;
}

void vs_local_writer_discard(struct vs_blob_writer *w) {
    char name[VS_LOCAL_NAME];
    vs_local_part_name(local(w)->key, name);
    unlinkat(vs_local(w->blobs)->tmp, name, 0);
}

void vs_local_writer_free(struct vs_blob_writer *w) {
    vs_local_close(&local(w)->fd);
    vs_free(w);
}

int vs_local_part_stat(struct vs_blobs *blobs, const char *key, struct vs_blob_stat *ret, vidstore_error **e) {
    char name[VS_LOCAL_NAME];
    struct stat st;
    vs_local_part_name(key, name);
    if (fstatat(vs_local(blobs)->tmp, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? vs_fail(e, VIDSTORE_NOT_FOUND, "key", "there is no part under this key")
                               : vs_local_fail(e, errno, "look at the part");
    *ret = vs_local_stat_of(&st);
    return 0;
}

int vs_local_part_remove(struct vs_blobs *blobs, const char *key, vidstore_error **e) {
    struct vs_local_blobs *lb = vs_local(blobs);
    char name[VS_LOCAL_NAME];
    vs_local_part_name(key, name);
    vs_autofd fd = vs_local_open(lb, lb->tmp, name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    /* What can't be opened as a file is nobody's part: it only has to go. */
    if (fd >= 0) {
        int r = lock_part(lb, fd, name, e);
        if (r != 0 && r != VIDSTORE_CORRUPT)
            return r == VIDSTORE_NOT_FOUND ? (vs_error_clear(e), 0) : r;
        vs_error_clear(e);
    }
    if (unlinkat(lb->tmp, name, 0) != 0 && errno != ENOENT)
        return vs_local_fail(e, errno, "remove the part");
    return 0;
}
