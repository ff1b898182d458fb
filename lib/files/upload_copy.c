/* SPDX-License-Identifier: MIT */
/* Copying a file of the host's into an upload, a slice a call; what changes between the slices is not taken in. */
#include "files/upload.h"
#include "util/alloc.h"
#include "util/error.h"
#include <errno.h>
#include <unistd.h>

static void close_fd(int *fd) {
    if (*fd >= 0)
        close(*fd);
}

/* Bytes of a file that changes are of no state that it ever had: the upload is given up. */
static int check_same(vidstore_session *session, vidstore_upload *upload, int fd, int is_short, vidstore_error **e) {
    int r = vs_blob_source_unchanged(fd, &upload->source, "fd", e);
    if (!r && is_short) /* it was cut and put back while it was read */
        r = vs_fail_sub(e, VIDSTORE_IO, VIDSTORE_SUB_CHANGED, "fd", "the source changed while it was read");
    if (r)
        vs_upload_abort(session, upload, NULL);
    return r;
}

/* The descriptor goes to where the upload ends. */
static int place(const vidstore_upload *upload, int fd, vidstore_error **e) {
    int64_t size = vs_blob_writer_size(upload->writer);
    if (size > upload->source.st_size)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_TRUNCATED, "fd",
                           "the file has %lld bytes, and the upload has %lld already",
                           (long long)upload->source.st_size, (long long)size);
    return lseek(fd, size, SEEK_SET) < 0 ? vs_fail_errno(e, errno, "fd", "go on in the source") : 0;
}

static int copy_slice(vidstore_session *session, vidstore_upload *upload, int fd, int64_t max, int64_t *ret_left,
                      vidstore_error **e) {
    int64_t before = vs_blob_writer_size(upload->writer), left = upload->source.st_size - before;
    int64_t want = left < max ? left : max;
    int r = vs_upload_copy_fd(session, upload, fd, want, e);
    if (!r)
        r = check_same(session, upload, fd, vs_blob_writer_size(upload->writer) - before != want, e);
    if (!r)
        *ret_left = left - want;
    return r;
}

int vs_upload_copy_file(vidstore_session *session, vidstore_upload *upload, int fd, int64_t max, int64_t *ret_left,
                        vidstore_error **e) {
    VS_CLEANUP(close_fd) int own = -1;
    struct stat now;
    int r = vs_upload_check_open(upload, e);
    if (!r)
        r = vs_blob_source_reopen(upload->store->blobs, fd, &own, &now, e);
    if (r)
        return r;
    if (upload->source.st_ino == 0)
        upload->source = now;
    r = check_same(session, upload, own, 0, e);
    if (!r)
        r = place(upload, own, e);
    return r ? r : copy_slice(session, upload, own, max, ret_left, e);
}
