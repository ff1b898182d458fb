/* SPDX-License-Identifier: MIT */
/* Handing out bytes: readers, paths, copies. */
#include "crypto/crypto.h"
#include "files/file_repo.h"
#include "files/files.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/env.h"
#include "util/error.h"
#include "util/handle.h"
#include "util/quarantine.h"
#include "util/utf8.h"
#include "vidstore/audit.h"
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#define HOUR_US INT64_C(3600000000)
enum { PIECE = 1 << 20 };

struct vidstore_reader {
    uint32_t magic;
    struct vidstore *store; /* a reference */
    struct vs_blob_reader *blob;
    int64_t size; /* on record */
};

struct look {
    vidstore_session *session;
    const struct vs_uuid *id;
    struct vs_record *file;
};

static int look_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct look *look = arg;
    vs_autorecord *file = NULL;
    int r = vs_crud_load_for(conn, look->session, &vs_file_rules, look->id, 0, VS_READ, &file, e);
    vs_record_free(look->file);
    look->file = r ? NULL : VS_TAKE(file);
    return r;
}

/* The record of a file that this session may read. */
static int find(vidstore_session *session, const struct vs_uuid *id, struct vs_record **ret, vidstore_error **e) {
    struct look look = {session, id, NULL};
    int r = vs_session_read(session, look_op, &look, e);
    if (r == VIDSTORE_FORBIDDEN)
        vs_session_refused(session, VIDSTORE_AUDIT_ACCESS_DENIED, "file", id, NULL, r);
    if (r)
        vs_record_free(look.file);
    else
        *ret = look.file;
    return r;
}

static int bytes_gone(vidstore_error **e) {
    return vs_fail_sub(e, VIDSTORE_CORRUPT, VIDSTORE_SUB_TRUNCATED, NULL, "the bytes of the file are gone");
}

static int open_blob(struct vidstore *store, const struct vs_record *file, struct vs_blob_reader **ret,
                     vidstore_error **e) {
    int r = vs_blob_reader_open(store->blobs, vs_record_text(file, VIDSTORE_FILE_STORAGE_KEY), ret, e);
    return r == VIDSTORE_NOT_FOUND ? bytes_gone(e) : r;
}

int vs_file_open(vidstore_session *session, const struct vs_uuid *id, struct vs_record **ret_file,
                 struct vs_blob_reader **ret_reader, vidstore_error **e) {
    vs_autorecord *file = NULL;
    int r = find(session, id, &file, e);
    if (!r)
        r = open_blob(session->store, file, ret_reader, e);
    if (!r)
        *ret_file = VS_TAKE(file);
    return r;
}

struct handed_out {
    vidstore_session *session;
    const struct vs_record *file;
};

static int handed_out_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct handed_out *h = arg;
    struct vs_uuid id = vs_record_uuid(h->file, VIDSTORE_FILE_ID);
    struct vs_uuid owner = vs_record_uuid(h->file, VIDSTORE_FILE_USER_ID);
    char details[48];
    struct vs_event event = {.action = VIDSTORE_AUDIT_FILE_DOWNLOADED,
                             .noun = "file",
                             .details = details,
                             .object = &id,
                             .owner = &owner,
                             .object_name = vs_record_text(h->file, VIDSTORE_FILE_NAME)};
    int64_t now = vs_now_us(), last = vs_record_int(h->file, VIDSTORE_FILE_LAST_ACCESS_US);
    snprintf(details, sizeof details, "{\"size\":%" PRId64 "}", vs_record_int(h->file, VIDSTORE_FILE_SIZE));
    int r = vs_trail_append(conn, &h->session->actor, &event, e);
    if (!r && (last == INT64_MIN || now < last || now - last > HOUR_US))
        r = vs_file_repo_accessed(conn, &id, now, e);
    return r;
}

/* Who got the bytes is on record before they go out. A store that is open for reading only can't do that. */
static int record_handing_out(vidstore_session *session, const struct vs_record *file, vidstore_error **e) {
    struct handed_out h = {session, file};
    return vs_db_read_only(session->store->db) ? 0 : vs_session_write(session, handed_out_op, &h, e);
}

static int open_reader(vidstore_session *session, const char *text, vidstore_reader **ret, vidstore_error **e) {
    vs_autorecord *file = NULL;
    vs_autoreader *blob = NULL;
    struct vs_uuid id;
    int r = vs_uuid_parse(text, "id", &id, e);
    if (!r)
        r = vs_file_open(session, &id, &file, &blob, e);
    if (!r)
        r = record_handing_out(session, file, e);
    if (r)
        return r;
    struct vidstore_reader *reader = vs_calloc(1, sizeof *reader);
    if (!reader)
        return vs_fail_nomem(e);
    reader->magic = VS_MAGIC_READER;
    reader->store = vs_store_ref(session->store);
    reader->blob = VS_TAKE(blob);
    reader->size = vs_record_int(file, VIDSTORE_FILE_SIZE);
    *ret = reader;
    return 0;
}

vidstore_status vidstore_file_open(vidstore_session *session, const char *id, vidstore_reader **ret_reader,
                                   vidstore_error **reterr) {
    VS_ENTER(session, ret_reader, reterr);
    int r = open_reader(session, id, ret_reader, reterr);
    vidstore_reader_free(vs_unwanted_);
    return r;
}

int64_t vidstore_reader_size(const vidstore_reader *reader) {
    return reader && reader->magic == VS_MAGIC_READER ? reader->size : 0;
}

static int read_range(const vidstore_reader *reader, int64_t offset, void *buffer, int64_t size, int64_t *ret_read,
                      vidstore_error **e) {
    size_t got = 0;
    if (offset < 0 || size < 0)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, offset < 0 ? "offset" : "size", "%s is negative",
                           offset < 0 ? "offset" : "size");
    if (offset >= reader->size || size == 0)
        return 0;
    if (!buffer)
        return vs_fail(e, VIDSTORE_MISUSE, "buffer", "buffer is NULL");
    int64_t want = size < reader->size - offset ? size : reader->size - offset;
    int r = vs_blob_reader_pread(reader->blob, offset, buffer, (size_t)want, &got, e);
    *ret_read = r ? 0 : (int64_t)got;
    if (r || (int64_t)got == want)
        return r;
    return vs_fail_sub(e, VIDSTORE_CORRUPT, VIDSTORE_SUB_TRUNCATED, NULL, "the bytes of the file end too early");
}

vidstore_status vidstore_reader_read(const vidstore_reader *reader, int64_t offset, void *buffer, int64_t size,
                                     int64_t *ret_read, vidstore_error **reterr) {
    int64_t unwanted = 0;
    if (!ret_read)
        ret_read = &unwanted;
    *ret_read = 0;
    if (reterr)
        *reterr = NULL;
    int r = vs_check_handle(reader, VS_MAGIC_READER, "reader", reterr);
    if (!r)
        r = vs_db_check(reader->store->db, "reader", reterr);
    return r ? r : read_range(reader, offset, buffer, size, ret_read, reterr);
}

int32_t vidstore_reader_fd(const vidstore_reader *reader) {
    return reader && reader->magic == VS_MAGIC_READER ? vs_blob_reader_fd(reader->blob) : -1;
}

void vidstore_reader_free(vidstore_reader *reader) {
    if (!reader || reader->magic != VS_MAGIC_READER)
        return;
    reader->magic = VS_MAGIC_FREED;
    vs_blob_reader_close(reader->blob);
    vs_store_unref(reader->store);
    vs_quarantine(reader, sizeof *reader);
}

vidstore_status vidstore_file_path(vidstore_session *session, const char *text, vidstore_text **ret_path,
                                   vidstore_error **reterr) {
    VS_ENTER(session, ret_path, reterr);
    char path[PATH_MAX];
    struct vs_uuid id;
    vs_autorecord *file = NULL;
    int r = vs_uuid_parse(text, "id", &id, reterr);
    if (!r)
        r = find(session, &id, &file, reterr);
    if (!r)
        r = vs_blob_path(session->store->blobs, vs_record_text(file, VIDSTORE_FILE_STORAGE_KEY), path, sizeof path,
                         reterr);
    if (r == VIDSTORE_NOT_FOUND && file)
        r = bytes_gone(reterr);
    if (!r)
        r = record_handing_out(session, file, reterr);
    if (!r)
        r = vs_text_new(path, strlen(path), ret_path, reterr);
    vidstore_text_free(vs_unwanted_);
    return r;
}

/* ---- copies ---- */

static int write_all(int fd, const uint8_t *data, size_t len, vidstore_error **e) {
    for (size_t done = 0; done < len;) {
        ssize_t n = write(fd, data + done, len - done);
        if (n < 0 && errno != EINTR)
            return vs_fail_errno(e, errno, "path", "write the copy");
        done += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static int keep_going(const vidstore_session *session, int64_t deadline_us, vidstore_error **e) {
    if (atomic_load(&session->interrupt))
        return vs_fail(e, VIDSTORE_CANCELLED, NULL, "the call was interrupted");
    if (deadline_us && vs_mono_us() > deadline_us)
        return vs_fail(e, VIDSTORE_TIMEOUT, NULL, "the session's deadline passed");
    return 0;
}

/* Bytes go out piece by piece; the digest tells in the end whether they were right. */
static int copy_out(vidstore_session *session, struct vs_blob_reader *blob, int fd, struct vs_sha256 *digest,
                    int64_t *ret_size, vidstore_error **e) {
    int64_t deadline = vs_session_limit_us(session);
    vs_autofree uint8_t *piece = vs_malloc(PIECE);
    size_t len = PIECE;
    int r = piece ? 0 : vs_fail_nomem(e);
    for (*ret_size = 0; !r && len > 0;) {
        r = vs_blob_reader_pread(blob, *ret_size, piece, PIECE, &len, e);
        if (!r)
            r = write_all(fd, piece, len, e);
        if (!r && len > 0 && vs_sha256_add(digest, piece, len))
            r = vs_fail(e, VIDSTORE_INTERNAL, NULL, "the digest can't go on");
        if (!r)
            r = keep_going(session, deadline, e);
        *ret_size += r ? 0 : (int64_t)len;
    }
    return r;
}

static void free_digest(struct vs_sha256 **digest) {
    vs_sha256_free(*digest);
}

static int check_copy(const struct vs_record *file, const struct vs_sha256 *digest, int64_t size, vidstore_error **e) {
    uint8_t found[VS_SHA256_SIZE];
    char hex[2 * VS_SHA256_SIZE + 1];
    int64_t wanted = vs_record_int(file, VIDSTORE_FILE_SIZE);
    if (size != wanted)
        return vs_fail_sub(e, VIDSTORE_CORRUPT, size < wanted ? VIDSTORE_SUB_TRUNCATED : VIDSTORE_SUB_TOO_LARGE, NULL,
                           "the file has %lld bytes and should have %lld", (long long)size, (long long)wanted);
    if (vs_sha256_peek(digest, found))
        return vs_fail_nomem(e);
    vs_hex(found, sizeof found, hex);
    if (strcmp(hex, vs_record_text(file, VIDSTORE_FILE_SHA256)) != 0)
        return vs_fail_sub(e, VIDSTORE_CORRUPT, VIDSTORE_SUB_CHECKSUM, NULL,
                           "the bytes of the file are not those of its SHA-256");
    return 0;
}

static int save_to(vidstore_session *session, const struct vs_record *file, struct vs_blob_reader *blob, int fd,
                   vidstore_error **e) {
    VS_CLEANUP(free_digest) struct vs_sha256 *digest = NULL;
    int64_t size = 0;
    int r = vs_sha256_new(&digest, e);
    if (!r)
        r = copy_out(session, blob, fd, digest, &size, e);
    if (!r)
        r = check_copy(file, digest, size, e);
    if (!r && fsync(fd))
        r = vs_fail_errno(e, errno, "path", "make the copy durable");
    return r;
}

/* Where a copy is being written. */
struct target {
    int fd, dir;
    const char *name;
};

static void close_target(struct target *target) {
    if (target->fd >= 0)
        close(target->fd);
    if (target->dir >= 0)
        close(target->dir);
}

static int write_target(vidstore_session *session, const struct vs_record *file, struct vs_blob_reader *blob,
                        struct target *target, vidstore_error **e) {
    int r = record_handing_out(session, file, e);
    if (!r)
        r = save_to(session, file, blob, target->fd, e);
    if (close(target->fd) && !r)
        r = vs_fail_errno(e, errno, "path", "close the copy");
    target->fd = -1;
    if (r)
        unlinkat(target->dir, target->name, 0);
    return r;
}

static int save(vidstore_session *session, const char *text, const char *path, vidstore_error **e) {
    vs_autorecord *file = NULL;
    vs_autoreader *blob = NULL;
    VS_CLEANUP(close_target) struct target target = {-1, -1, NULL};
    struct vs_uuid id;
    int r = vs_session_outside(session, e);
    if (!r)
        r = vs_check_path(path, "path", e);
    if (!r && !*path)
        r = vs_fail(e, VIDSTORE_INVALID, "path", "a path is needed");
    if (!r)
        r = vs_uuid_parse(text, "id", &id, e);
    if (!r)
        r = vs_file_open(session, &id, &file, &blob, e);
    if (!r)
        r = vs_file_may_name_path(session, "path", &id, e);
    if (!r)
        r = vs_blob_target_create(session->store->blobs, path, &target.fd, &target.dir, &target.name, e);
    return r ? r : write_target(session, file, blob, &target, e);
}

vidstore_status vidstore_file_save(vidstore_session *session, const char *id, const char *path,
                                   vidstore_error **reterr) {
    VS_ENTER_VOID(session, reterr);
    return save(session, id, path, reterr);
}
