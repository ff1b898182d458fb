/* SPDX-License-Identifier: MIT */
/* The local disk: STORE/blobs/ab/cd/abcd…  for sealed blobs, STORE/tmp/KEY.part for parts, on one file system. */
#ifndef VS_BLOB_LOCAL_BLOB_H
#define VS_BLOB_LOCAL_BLOB_H

#include "blob/blob_driver.h"
#include <stdatomic.h>
#include <sys/types.h>
#include <unistd.h>

#define VS_LOCAL_NAME 64 /* room for the longest name that we make */

struct vs_local_blobs {
    struct vs_blobs base;
    int root, blobs, tmp; /* directories */
    atomic_int openat2_works;
    char *path;      /* of the store, absolute, as it was when it was opened */
    pid_t temporary; /* the process that removes the directory when it closes it; 0: nobody */
    /* One bit a leaf directory: this process has made sure that its name is on the disk. */
    _Atomic uint64_t durable[65536 / 64];
};

struct vs_local_writer {
    struct vs_blob_writer base;
    int fd;          /* holds a lock on the part while it is open */
    int64_t started; /* up to where the system was asked to start writing to the disk */
    char key[VS_BLOB_KEY_TEXT];
};

extern const struct vs_blob_driver vs_local_driver;

static inline struct vs_local_blobs *vs_local(struct vs_blobs *blobs) {
    return (struct vs_local_blobs *)blobs;
}

/* Opens a path beneath dir that goes through no symbolic link, `..` or mount trick. The descriptor, or -1 with errno.
 */
int vs_local_open(struct vs_local_blobs *lb, int dir, const char *path, int flags);
/* The same for a directory that is made, 0700 whatever the umask, when create is set and it is missing. *ret_made
 * tells. */
int vs_local_open_dir(struct vs_local_blobs *lb, int dir, const char *name, int create, int *ret_made);
/* The directory in which the key's blob lies. Created, it is on the disk before this returns. 0, NOT_FOUND, ... */
int vs_local_open_leaf(struct vs_local_blobs *lb, const char *key, int create, int *ret_fd, vidstore_error **e);
/* What errno says of a name in the store: links and other foreign things are CORRUPT. */
int vs_local_fail(vidstore_error **e, int errnum, const char *what);
/* "KEY.part" */
void vs_local_part_name(const char *key, char ret[VS_LOCAL_NAME]);
/* Moves a name onto one that must not exist. 0, or -1 with errno. */
int vs_local_move(int from_dir, const char *from, int to_dir, const char *to);

int vs_local_marker_read(struct vs_blobs *blobs, struct vs_uuid *ret, vidstore_error **e);
int vs_local_marker_write(struct vs_blobs *blobs, const struct vs_uuid *instance, int replace, vidstore_error **e);

int vs_local_writer_create(struct vs_blobs *blobs, const char *key, struct vs_blob_writer **ret, vidstore_error **e);
int vs_local_writer_reopen(struct vs_blobs *blobs, const char *key, struct vs_blob_writer **ret, vidstore_error **e);
int vs_local_writer_append(struct vs_blob_writer *w, const void *data, size_t len, vidstore_error **e);
int vs_local_writer_read(struct vs_blob_writer *w, int64_t offset, void *buf, size_t len, size_t *ret_len,
                         vidstore_error **e);
int vs_local_writer_truncate(struct vs_blob_writer *w, int64_t size, vidstore_error **e);
int vs_local_writer_sync(struct vs_blob_writer *w, vidstore_error **e);
int vs_local_writer_seal(struct vs_blob_writer *w, vidstore_error **e);
void vs_local_writer_discard(struct vs_blob_writer *w);
void vs_local_writer_free(struct vs_blob_writer *w);
int vs_local_part_stat(struct vs_blobs *blobs, const char *key, struct vs_blob_stat *ret, vidstore_error **e);
int vs_local_part_remove(struct vs_blobs *blobs, const char *key, vidstore_error **e);

int vs_local_reader_open(struct vs_blobs *blobs, const char *key, struct vs_blob_reader **ret, vidstore_error **e);
int vs_local_reader_pread(struct vs_blob_reader *r, int64_t offset, void *buf, size_t len, size_t *ret_len,
                          vidstore_error **e);
int vs_local_reader_fd(const struct vs_blob_reader *r);
void vs_local_reader_done_with(struct vs_blob_reader *r, int64_t from, int64_t to);
void vs_local_reader_close(struct vs_blob_reader *r);
int vs_local_path(struct vs_blobs *blobs, const char *key, char *ret, size_t size, vidstore_error **e);
int vs_local_settle(struct vs_blobs *blobs, const char *key, struct vs_blob_writer **ret, vidstore_error **e);
int vs_local_is_kept(struct vs_blobs *blobs, const char *key);
int vs_local_owns(struct vs_blobs *blobs, int fd, const struct stat *stat);
int vs_local_stat(struct vs_blobs *blobs, const char *key, struct vs_blob_stat *ret, vidstore_error **e);
int vs_local_remove(struct vs_blobs *blobs, const char *key, vidstore_error **e);

int vs_local_list(struct vs_blobs *blobs, const char *after, vs_blob_each each, void *arg, vidstore_error **e);
int vs_local_part_list(struct vs_blobs *blobs, const char *after, vs_blob_each each, void *arg, vidstore_error **e);

static inline struct vs_blob_stat vs_local_stat_of(const struct stat *st) {
    return (struct vs_blob_stat){st->st_size, st->st_mtim.tv_sec * INT64_C(1000000) + st->st_mtim.tv_nsec / 1000};
}
/* pread until len bytes or the end. 0, or -1 with errno. */
int vs_local_pread(int fd, int64_t offset, void *buf, size_t len, size_t *ret_len);

static inline void vs_local_close(int *fd) {
    if (*fd >= 0)
        close(*fd);
}
#define vs_autofd __attribute__((cleanup(vs_local_close))) int

#endif
