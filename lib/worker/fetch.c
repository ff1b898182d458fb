/* SPDX-License-Identifier: MIT */
/* vidstore_video_fetch: from the record's URL to a file that is linked to it. What is there after a dropped connection
 * or a killed process is an upload with its URL and validator on record; the next attempt goes on from there. */
#include "worker/fetch.h"
#include "jobs/jobs.h"
#include "store/crud.h"
#include "util/alloc.h"
#include "util/error.h"
#include "util/utf8.h"
#include <string.h>
#include <unistd.h>

/* What nothing is said of yet. */
static struct vs_video_download about(const struct vs_fetching *f) {
    return (struct vs_video_download){.url = f->url, .state = INT64_MIN, .done = INT64_MIN, .total = INT64_MIN};
}

/* A path of this machine, for sessions that may name one. */
static int copy_path(struct vs_fetching *f, vidstore_error **e) {
    struct stat before;
    int fd = -1;
    int r = vs_file_may_name_path(f->session, "url", NULL, e);
    if (!r)
        r = vs_blob_source_open(f->session->store->blobs, f->url, &fd, &before, e);
    if (r)
        return r;
    r = vs_upload_truncate(f->session, f->upload, 0, e);
    if (!r)
        r = vs_upload_copy_fd(f->session, f->upload, fd, -1, e);
    if (!r)
        r = vs_blob_source_unchanged(fd, &before, "url", e);
    close(fd);
    return r;
}

/* The file is there, the bytes are right: the video says so. */
static int completed(struct vs_fetching *f, const struct vs_record *file, vidstore_error **e) {
    struct vs_uuid file_id = vs_record_uuid(file, VIDSTORE_FILE_ID);
    int64_t size = vs_record_int(file, VIDSTORE_FILE_SIZE);
    struct vs_video_download to = {.url = f->url,
                                   .state = VIDSTORE_WORK_COMPLETED,
                                   .done = size,
                                   .total = size,
                                   .error = "",
                                   .sha256 = vs_record_text(file, VIDSTORE_FILE_SHA256),
                                   .file = &file_id,
                                   .action = VIDSTORE_AUDIT_VIDEO_FETCHED};
    return vs_video_set_download(f->session, &f->id, &to, NULL, e);
}

/* What a video says of its file is its owner's word: it must be the file that was fetched for it. */
static int is_its_own(const struct vs_fetching *f, const struct vs_record *file) {
    struct vs_uuid owner = vs_record_uuid(file, VIDSTORE_FILE_USER_ID);
    struct vs_uuid video = vs_record_uuid(file, VIDSTORE_FILE_VIDEO_ID);
    return vs_uuid_equal(&owner, &f->owner) && vs_uuid_equal(&video, &f->id);
}

/* Fetched already: the same call again gives the same file. NOT_FOUND: there is none. */
static int existing(struct vs_fetching *f, const struct vs_record *video, struct vs_record **ret, vidstore_error **e) {
    const char *file = vs_record_text(video, VIDSTORE_VIDEO_SOURCE_FILE_ID);
    if (!file || vs_record_int(video, VIDSTORE_VIDEO_DOWNLOAD_STATE) != VIDSTORE_WORK_COMPLETED)
        return VIDSTORE_NOT_FOUND;
    vs_autorecord *found = NULL;
    int r = vs_crud_get(f->session, &vs_file_rules, file, &found, e);
    if (r == VIDSTORE_NOT_FOUND || r == VIDSTORE_FORBIDDEN) {
        vs_error_clear(e);
        return VIDSTORE_NOT_FOUND;
    }
    if (!r && !is_its_own(f, found))
        return VIDSTORE_NOT_FOUND;
    if (!r)
        *ret = VS_TAKE(found);
    return r;
}

/* Somebody else was as far meanwhile, and first: one file is enough. */
static int overtaken(struct vs_fetching *f, struct vs_record **ret, vidstore_error **e) {
    vs_autorecord *now = NULL;
    int r = vs_video_for_update(f->session, vs_record_text(f->video, VIDSTORE_VIDEO_ID), &now, e);
    if (r)
        return r;
    const char *url = vs_record_text(now, VIDSTORE_VIDEO_URL);
    return url && strcmp(url, f->url) == 0 ? existing(f, now, ret, e) : VIDSTORE_NOT_FOUND;
}

/* File and video in one commit: a process that dies before it has lost nothing, one that dies after it is done. */
static int publish(struct vs_fetching *f, struct vs_record **ret, vidstore_error **e) {
    int r = vs_upload_seal(f->session, f->upload, vidstore_upload_size(f->upload), e);
    if (!r)
        r = vs_session_begin(f->session, e);
    if (r)
        return r;
    r = overtaken(f, ret, e);
    int mine = r == VIDSTORE_NOT_FOUND;
    if (mine) {
        vs_error_clear(e);
        r = vs_upload_publish(f->session, f->upload, ret, e);
        if (!r)
            r = completed(f, *ret, e);
    }
    r = vs_session_end(f->session, r, e);
    if (!r && !mine)
        vs_upload_abort(f->session, f->upload, NULL);
    return r;
}

/* Another try can only end the same way, or is not wanted any more: the source is gone, too large, forbidden, not what
 * it should be, or not the video's. */
static int is_for_good(int code) {
    return code == VIDSTORE_INVALID || code == VIDSTORE_NOT_FOUND || code == VIDSTORE_FORBIDDEN ||
           code == VIDSTORE_CONFLICT;
}

/* Keeps the reason with the video, unless the work now belongs to somebody else or is none any more; and for the next
 * try the bytes that are there, unless there is no use in one. */
static void failed(struct vs_fetching *f, int code, const vidstore_error *why) {
    char text[600];
    if (code == VIDSTORE_LEASE_LOST || code == VIDSTORE_FORKED || code == VIDSTORE_MISUSE)
        return;
    const char *message = vidstore_error_message(why);
    snprintf(text, sizeof text, "%s: %.*s", vidstore_status_name(code), (int)vs_utf8_cut(message, 500), message);
    struct vs_video_download to = about(f);
    to.unless_done = 1;
    to.state = code == VIDSTORE_CANCELLED ? VIDSTORE_WORK_PENDING : VIDSTORE_WORK_FAILED;
    to.error = text;
    if (is_for_good(code)) {
        to.done = 0;
        if (f->upload)
            vs_upload_abort(f->session, f->upload, NULL);
    }
    vs_video_set_download(f->session, &f->id, &to, NULL, NULL);
}

static int run(struct vs_fetching *f, struct vs_record **ret, vidstore_error **e) {
    struct vs_video_download active = about(f);
    active.state = VIDSTORE_WORK_ACTIVE;
    vs_autorecord *file = NULL;
    int r = vs_fetch_upload(f, e);
    if (!r)
        r = vs_video_set_download(f->session, &f->id, &active, NULL, e);
    if (!r)
        r = vs_upload_is_sealed(f->upload) ? 0 : *f->url == '/' ? copy_path(f, e) : vs_fetch_transfer(f, e);
    if (!r)
        r = publish(f, &file, e);
    if (!r)
        *ret = VS_TAKE(file);
    return r;
}

static int fetch(vidstore_session *session, const char *id, struct vs_record **ret, vidstore_error **e) {
    struct vs_fetching f = {.session = session};
    int r = vs_session_outside(session, e);
    if (!r)
        r = vs_video_for_update(session, id, &f.video, e);
    if (r)
        return r;
    f.id = vs_record_uuid(f.video, VIDSTORE_VIDEO_ID);
    f.owner = vs_record_uuid(f.video, VIDSTORE_VIDEO_USER_ID);
    f.url = vs_record_text(f.video, VIDSTORE_VIDEO_URL);
    if (!f.url) {
        r = vs_fail(e, VIDSTORE_INVALID, "url", "the video has no URL");
    } else if ((r = existing(&f, f.video, ret, e)) == VIDSTORE_NOT_FOUND) {
        vidstore_error *why = NULL;
        r = run(&f, ret, &why);
        if (r)
            failed(&f, r, why);
        if (e)
            *e = VS_TAKE(why);
        vidstore_error_free(why);
    }
    vidstore_upload_free(f.upload);
    vs_record_free(f.video);
    return r;
}

vidstore_status vidstore_video_fetch(vidstore_session *session, const char *id, vidstore_file **ret_file,
                                     vidstore_error **reterr) {
    VS_ENTER(session, ret_file, reterr);
    int r = fetch(session, id, (struct vs_record **)ret_file, reterr);
    vidstore_file_free(vs_unwanted_);
    return r;
}
