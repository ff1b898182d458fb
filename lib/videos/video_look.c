/* SPDX-License-Identifier: MIT */
/* Probing what the host points at: to keep it in a record, or only to know. */
#include "files/files.h"
#include "util/error.h"
#include "util/json.h"
#include "util/utf8.h"
#include "videos/videos.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void close_fd(int *fd) {
    if (*fd >= 0)
        close(*fd);
}
#define AUTO_FD __attribute__((cleanup(close_fd))) int

static int open_path(struct vidstore *store, const char *path, int *ret_fd, vidstore_error **e) {
    struct stat before;
    int r = vs_check_path(path, "path", e);
    return r ? r : vs_blob_source_open(store->blobs, path, ret_fd, &before, e);
}

vidstore_status vidstore_video_probe_path(vidstore_session *session, const char *id, const char *path,
                                          vidstore_video **ret_video, vidstore_error **reterr) {
    VS_ENTER(session, ret_video, reterr);
    vs_autorecord *video = NULL;
    AUTO_FD fd = -1;
    int r = vs_session_outside(session, reterr);
    if (!r)
        r = vs_check_path(path, "path", reterr);
    if (!r)
        r = vs_video_for_update(session, id, &video, reterr);
    struct vs_uuid uuid = vs_record_uuid(video, VIDSTORE_VIDEO_ID);
    if (!r)
        r = vs_file_may_name_path(session, "path", &uuid, reterr);
    if (!r)
        r = open_path(session->store, path, &fd, reterr);
    if (!r)
        r = vs_video_probe_and_keep(session, &uuid, fd, (struct vs_record **)ret_video, reterr);
    vidstore_video_free(vs_unwanted_);
    return r;
}

int vs_video_may_look(vidstore_session *session, uint32_t flags, vidstore_error **e) {
    const uint32_t known = VIDSTORE_PROBE_WARM | VIDSTORE_PROBE_NO_DECODE;
    int r = vs_session_outside(session, e);
    if (!r && (flags & ~known))
        r = vs_fail(e, VIDSTORE_INVALID, "flags", "flags has bits that are not known");
    return r ? r : vs_session_may(session, "video", VS_CREATE, NULL, &session->actor.user, 0, e);
}

static int look(struct vs_prober *prober, int fd, const struct vs_probe_limits *limits, json_t **ret,
                vidstore_error **e) {
    vs_autoprobe *probe = NULL;
    int r = vs_probe_fd(prober, fd, limits, &probe, e);
    return r ? r : vs_probe_to_document(probe, ret, e);
}

int vs_video_look_at(struct vidstore *store, struct vs_prober *prober, const char *path,
                     const struct vs_probe_limits *limits, json_t **ret, vidstore_error **e) {
    AUTO_FD fd = -1;
    int r = open_path(store, path, &fd, e);
    return r ? r : look(prober, fd, limits, ret, e);
}

vidstore_status vidstore_media_probe_path(vidstore_session *session, const char *path, uint32_t flags,
                                          vidstore_text **ret_json, vidstore_error **reterr) {
    VS_ENTER(session, ret_json, reterr);
    struct vs_probe_limits limits = vs_video_probe_limits(session, flags);
    struct vs_prober *prober = NULL;
    vs_autojson *found = NULL;
    int r = vs_video_may_look(session, flags, reterr);
    if (!r)
        r = vs_file_may_name_path(session, "path", NULL, reterr);
    if (!r)
        r = vs_store_prober(session->store, &prober, reterr);
    if (!r)
        r = vs_video_look_at(session->store, prober, path, &limits, &found, reterr);
    if (!r)
        r = vs_json_to_text(found, JSON_COMPACT, ret_json, reterr);
    vidstore_text_free(vs_unwanted_);
    return r;
}

vidstore_status vidstore_media_probe_fd(vidstore_session *session, int32_t fd, uint32_t flags, vidstore_text **ret_json,
                                        vidstore_error **reterr) {
    VS_ENTER(session, ret_json, reterr);
    struct vs_probe_limits limits = vs_video_probe_limits(session, flags);
    struct vs_prober *prober = NULL;
    vs_autojson *found = NULL;
    int r = vs_video_may_look(session, flags, reterr);
    if (!r)
        r = vs_blob_source_readable(session->store->blobs, fd, "fd", reterr);
    if (!r)
        r = vs_store_prober(session->store, &prober, reterr);
    if (!r)
        r = look(prober, fd, &limits, &found, reterr);
    if (!r)
        r = vs_json_to_text(found, JSON_COMPACT, ret_json, reterr);
    vidstore_text_free(vs_unwanted_);
    return r;
}
