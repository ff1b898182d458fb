/* SPDX-License-Identifier: MIT */
/* What the part that fetches tells of a video. */
#include "db/bind.h"
#include "util/alloc.h"
#include "util/error.h"
#include "videos/videos.h"
#include <string.h>
#include <strings.h>

struct look {
    vidstore_session *session;
    struct vs_uuid id;
    struct vs_record *found;
};

static int look_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct look *look = arg;
    vs_autorecord *video = NULL;
    int r = vs_crud_load_for(conn, look->session, &vs_video_rules, &look->id, 0, VS_UPDATE, &video, e);
    if (!r)
        look->found = VS_TAKE(video);
    return r;
}

int vs_video_for_update(vidstore_session *session, const char *id, struct vs_record **ret, vidstore_error **e) {
    struct look look = {session, {{0}}, NULL};
    int r = vs_uuid_parse(id, "id", &look.id, e);
    if (!r)
        r = vs_session_read(session, look_op, &look, e);
    if (r == VIDSTORE_FORBIDDEN)
        vs_session_refused(session, VIDSTORE_AUDIT_ACCESS_DENIED, "video", &look.id, NULL, r);
    if (r)
        vs_record_free(look.found);
    else
        *ret = look.found;
    return r;
}

static int another_source(vidstore_error **e) {
    return vs_fail(e, VIDSTORE_CONFLICT, "url", "the video was given another URL while this one was fetched");
}

struct progress {
    struct vs_uuid id;
    const char *url;
    int64_t done, total;
};

static int progress_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct progress *p = arg;
    int64_t changed = 0;
    int r = vs_exec(conn, VS_STMT_VIDEO_PROGRESS, &changed, e, vs_int(p->done),
                    vs_int(p->total < 0 ? INT64_MIN : p->total), vs_id(&p->id), vs_text(p->url));
    return r || changed ? r : another_source(e);
}

int vs_video_progress(vidstore_session *session, const struct vs_uuid *id, const char *url, int64_t done, int64_t total,
                      vidstore_error **e) {
    struct progress p = {*id, url, done, total};
    return vs_session_write(session, progress_op, &p, e);
}

struct download {
    vidstore_session *session;
    struct vs_uuid id;
    const struct vs_video_download *to;
    struct vs_record *result;
};

/* What is expected may have been said while the bytes came. */
static int check_expected(const struct vs_change *c, const char *sha256, vidstore_error **e) {
    const char *expected = vs_change_text(c, VIDSTORE_VIDEO_EXPECTED_SHA256);
    if (!expected || strcasecmp(expected, sha256) == 0)
        return 0;
    return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_CHECKSUM, "expected_sha256",
                       "the bytes are not those of the SHA-256 that the video expects");
}

static int set_download(struct vs_change *c, void *arg, vidstore_error **e) {
    const struct vs_video_download *to = arg;
    const char *error = to->error && *to->error ? to->error : NULL,
               *sha256 = to->sha256 && *to->sha256 ? to->sha256 : NULL;
    const char *url = vs_change_text(c, VIDSTORE_VIDEO_URL);
    int r = 0;
    if (!url || strcmp(url, to->url) != 0)
        return another_source(e);
    if (to->unless_done && vs_change_int(c, VIDSTORE_VIDEO_DOWNLOAD_STATE) == VIDSTORE_WORK_COMPLETED)
        return 0;
    if (to->sha256 && (r = check_expected(c, to->sha256, e)))
        return r;
    if (to->state != INT64_MIN)
        vs_change_set_int(c, VIDSTORE_VIDEO_DOWNLOAD_STATE, to->state);
    if (to->done != INT64_MIN)
        vs_change_set_int(c, VIDSTORE_VIDEO_DOWNLOAD_DONE, to->done);
    if (to->total != INT64_MIN)
        vs_change_set_int(c, VIDSTORE_VIDEO_DOWNLOAD_TOTAL, to->total);
    if (to->error)
        r = vs_change_set_text(c, VIDSTORE_VIDEO_DOWNLOAD_ERROR, error, e);
    if (!r && to->sha256)
        r = vs_change_set_text(c, VIDSTORE_VIDEO_DOWNLOAD_CHECKSUM, sha256, e);
    if (!r && to->file)
        r = vs_change_set_uuid(c, VIDSTORE_VIDEO_SOURCE_FILE_ID, to->file, e);
    return r ? r : vs_video_rules.update(c, e);
}

static int download_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct download *d = arg;
    vs_record_free(d->result);
    d->result = NULL;
    return vs_crud_touch(conn, d->session, &vs_video_noun, &d->id, d->to->action, set_download,
                         (void *)(uintptr_t)d->to, &d->result, e);
}

int vs_video_set_download(vidstore_session *session, const struct vs_uuid *id, const struct vs_video_download *to,
                          struct vs_record **ret, vidstore_error **e) {
    struct download d = {session, *id, to, NULL};
    int r = vs_session_write(session, download_op, &d, e);
    if (!r && ret)
        *ret = VS_TAKE(d.result);
    vs_record_free(d.result);
    return r;
}
