/* SPDX-License-Identifier: MIT */
/* Taking in files and streams of the host: upload, seal and publish in one call. */
#include "files/upload.h"
#include "util/alloc.h"
#include "util/error.h"
#include "util/utf8.h"
#include "vidstore/audit.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void close_fd(int *fd) {
    if (*fd >= 0)
        close(*fd);
}
#define AUTO_FD VS_CLEANUP(close_fd) int

static void free_params(struct vs_params **params) {
    vs_params_free(*params);
}
#define AUTO_PARAMS VS_CLEANUP(free_params) struct vs_params

/* Where the bytes come from. */
struct origin {
    int fd;
    struct stat before; /* of a regular file */
    int regular;
    int64_t size, max; /* how many there must be, and how many to read at most */
};

static int check_after(const struct origin *from, const vidstore_upload *upload, vidstore_error **e) {
    int64_t came = vs_blob_writer_size(upload->writer);
    int r = from->regular ? vs_blob_source_unchanged(from->fd, &from->before, "path", e) : 0;
    if (r || came == from->size)
        return r;
    if (from->regular) /* it was cut and put back while it was read */
        return vs_fail_sub(e, VIDSTORE_IO, VIDSTORE_SUB_CHANGED, "path", "the source changed while it was read");
    return vs_fail_sub(e, VIDSTORE_INVALID, came < from->size ? VIDSTORE_SUB_TRUNCATED : VIDSTORE_SUB_TOO_LARGE, "size",
                       came < from->size ? "the stream ended after %lld of %lld bytes"
                                         : "the stream has more than the %lld bytes that it should",
                       (long long)(came < from->size ? came : from->size), (long long)from->size);
}

static int put(vidstore_session *session, const struct origin *from, const struct vs_params *params,
               struct vs_record **ret, vidstore_error **e) {
    vs_autoupload *upload = NULL;
    int r = vs_upload_open(session, params, from->size, NULL, &upload, e);
    if (r)
        return r;
    r = vs_upload_copy_fd(session, upload, from->fd, from->max, e);
    if (!r)
        r = check_after(from, upload, e);
    if (!r)
        r = vs_upload_finish(session, upload, from->size, ret, e);
    /* An unknown outcome may be a file by now: the clean-up finds out. */
    if (r && r != VIDSTORE_UNKNOWN_OUTCOME && upload->state != VS_UPLOAD_OVER)
        vs_upload_abort(session, upload, NULL);
    return r;
}

/* The params with a name from the path, when they have none. */
static int named(const struct vs_params *params, const char *path, struct vs_params **ret, vidstore_error **e) {
    vs_autofree char *json = NULL;
    AUTO_PARAMS *copy = NULL;
    const struct vs_value *value = NULL;
    const char *slash = strrchr(path, '/');
    int r = vs_params_check(params, &vs_file_noun, e);
    if (!r)
        r = vs_upload_params_json(params, &json, e);
    if (!r)
        r = vs_upload_params_read(json, &copy, e);
    if (r)
        return r;
    if (vs_params_get(copy, VIDSTORE_FILE_NAME, &value) == VS_PARAM_UNSET)
        vs_params_set_text(copy, &vs_file_noun, VIDSTORE_FILE_NAME, slash ? slash + 1 : path);
    r = vs_params_check(copy, &vs_file_noun, e);
    if (!r)
        *ret = VS_TAKE(copy);
    return r;
}

int vs_file_may_name_path(vidstore_session *session, const char *field, const struct vs_uuid *object,
                          vidstore_error **e) {
    if (vs_policy_is_trusted(&session->actor))
        return 0;
    vs_session_refused(session, VIDSTORE_AUDIT_ACCESS_DENIED, "file", object, NULL, VIDSTORE_FORBIDDEN);
    return vs_fail(e, VIDSTORE_FORBIDDEN, field, "only an admin may name a path or a descriptor of this machine");
}

static int put_path(vidstore_session *session, const char *path, const struct vs_params *params, struct vs_record **ret,
                    vidstore_error **e) {
    AUTO_FD fd = -1;
    AUTO_PARAMS *full = NULL;
    struct origin from = {.regular = 1};
    int r = vs_session_outside(session, e);
    if (!r)
        r = vs_check_path(path, "path", e);
    if (!r)
        r = named(params, path, &full, e);
    if (!r)
        r = vs_file_may_name_path(session, "path", NULL, e);
    if (!r)
        r = vs_blob_source_open(session->store->blobs, path, &fd, &from.before, e);
    from.fd = fd;
    from.size = from.max = from.before.st_size;
    return r ? r : put(session, &from, full, ret, e);
}

vidstore_status vidstore_file_put_path(vidstore_session *session, const char *path, const vidstore_file_params *params,
                                       vidstore_file **ret_file, vidstore_error **reterr) {
    VS_ENTER(session, ret_file, reterr);
    int r = put_path(session, path, (const struct vs_params *)params, (struct vs_record **)ret_file, reterr);
    vidstore_file_free(vs_unwanted_);
    return r;
}

/* The same file or pipe, opened anew: its position and its way of waiting are ours then, not the host's. -1: it can't
 * be opened (a socket). */
static int own_descriptor(int fd) {
    char path[40];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

static int regular_size(struct origin *from, int64_t size, vidstore_error **e) {
    from->regular = 1;
    from->size = from->max = from->before.st_size;
    if (size == INT64_MIN || size == from->size)
        return 0;
    return vs_fail_sub(e, VIDSTORE_INVALID, size > from->size ? VIDSTORE_SUB_TRUNCATED : VIDSTORE_SUB_TOO_LARGE, "size",
                       "the file has %lld bytes and not %lld", (long long)from->size, (long long)size);
}

/* A pipe is read to its end, so that bytes too many are found out; what else there is may never end. */
static int stream_size(struct origin *from, int64_t size, vidstore_error **e) {
    if (size == INT64_MIN)
        return vs_fail(e, VIDSTORE_INVALID, "size", "a stream needs a size: its end can't be told from an abort");
    from->size = size;
    from->max = S_ISFIFO(from->before.st_mode) && size < INT64_MAX ? size + 1 : size;
    return 0;
}

static int look_at(struct origin *from, int64_t size, vidstore_error **e) {
    if (from->fd < 0 || fstat(from->fd, &from->before) != 0)
        return vs_fail(e, VIDSTORE_INVALID, "fd", "fd is not an open descriptor");
    if (size < 0 && size != INT64_MIN)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "size", "size is negative");
    int flags = fcntl(from->fd, F_GETFL);
    if (flags < 0 || (flags & O_ACCMODE) == O_WRONLY || (flags & O_PATH))
        return vs_fail(e, VIDSTORE_INVALID, "fd", "fd is not open for reading");
    if (S_ISDIR(from->before.st_mode) || S_ISBLK(from->before.st_mode))
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_NOT_A_FILE, "fd", "fd is neither a file nor a stream");
    return S_ISREG(from->before.st_mode) ? regular_size(from, size, e) : stream_size(from, size, e);
}

static int put_fd(vidstore_session *session, int fd, int64_t size, const struct vs_params *params,
                  struct vs_record **ret, vidstore_error **e) {
    AUTO_FD own = -1;
    struct origin from = {.fd = fd};
    int r = vs_session_outside(session, e);
    if (!r)
        r = vs_params_check(params, &vs_file_noun, e);
    if (!r)
        r = look_at(&from, size, e);
    if (!r)
        r = vs_blob_source_check(session->store->blobs, fd, "fd", e);
    if (r)
        return r;
    own = own_descriptor(fd);
    if (own >= 0)
        from.fd = own;
    else if (from.regular && lseek(fd, 0, SEEK_SET) < 0)
        return vs_fail_errno(e, errno, "fd", "go to the start of the source");
    return put(session, &from, params, ret, e);
}

vidstore_status vidstore_file_put_fd(vidstore_session *session, int32_t fd, int64_t size,
                                     const vidstore_file_params *params, vidstore_file **ret_file,
                                     vidstore_error **reterr) {
    VS_ENTER(session, ret_file, reterr);
    int r = put_fd(session, fd, size, (const struct vs_params *)params, (struct vs_record **)ret_file, reterr);
    vidstore_file_free(vs_unwanted_);
    return r;
}
