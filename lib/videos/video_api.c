/* SPDX-License-Identifier: MIT */
/* Public calls on videos. */
#include "record/record_api.h"
#include "store/crud_api.h"
#include "util/alloc.h"
#include "util/error.h"
#include "videos/video_repo.h"
#include "videos/videos.h"
#include "vidstore/query.h"
#include <fcntl.h>

VS_RECORD_API(video, video)
VS_PARAMS_API(video)
VS_CRUD_API(video, create)
VS_CRUD_BULK_CREATE_API(video)
VS_CRUD_RESTORE_API(video)
VS_GETTER_TEXT(video, id, VIDSTORE_VIDEO_ID)
VS_GETTER_TEXT(video, user_id, VIDSTORE_VIDEO_USER_ID)
VS_GETTER_TEXT(video, title, VIDSTORE_VIDEO_TITLE)
VS_GETTER_TEXT(video, url, VIDSTORE_VIDEO_URL)
VS_GETTER_INT64(video, episode, VIDSTORE_VIDEO_EPISODE)
VS_GETTER_INT64(video, width, VIDSTORE_VIDEO_WIDTH)
VS_GETTER_INT64(video, height, VIDSTORE_VIDEO_HEIGHT)
VS_GETTER_INT64(video, duration_us, VIDSTORE_VIDEO_DURATION_US)
VS_GETTER_TEXT(video, codec, VIDSTORE_VIDEO_CODEC)
VS_GETTER_TEXT(video, format, VIDSTORE_VIDEO_FORMAT)
VS_GETTER_INT64(video, created_us, VIDSTORE_VIDEO_CREATED_US)
VS_GETTER_INT64(video, version, VIDSTORE_VIDEO_VERSION)

vidstore_status vidstore_video_probe(vidstore_session *session, const char *id, vidstore_video **ret_video,
                                     vidstore_error **reterr) {
    VS_ENTER(session, ret_video, reterr);
    int r = vs_video_probe_stored(session, id, (struct vs_record **)ret_video, reterr);
    vidstore_video_free(vs_unwanted_);
    return r;
}

vidstore_status vidstore_video_probe_many(vidstore_session *session, const char *const *ids, int64_t count,
                                          uint32_t flags, vidstore_page **ret_page, vidstore_error **reterr) {
    VS_ENTER(session, ret_page, reterr);
    int r = vs_video_probe_many(session, ids, count, flags, (struct vs_page **)ret_page, reterr);
    vidstore_page_free(vs_unwanted_);
    return r;
}

vidstore_status vidstore_video_probe_fd(vidstore_session *session, const char *id, int32_t fd,
                                        vidstore_video **ret_video, vidstore_error **reterr) {
    VS_ENTER(session, ret_video, reterr);
    vs_autorecord *video = NULL;
    int r = vs_session_outside(session, reterr);
    if (!r)
        r = vs_video_for_update(session, id, &video, reterr);
    if (!r)
        r = vs_blob_source_readable(session->store->blobs, fd, "fd", reterr);
    struct vs_uuid uuid = vs_record_uuid(video, VIDSTORE_VIDEO_ID);
    if (!r)
        r = vs_video_probe_and_keep(session, &uuid, fd, (struct vs_record **)ret_video, reterr);
    vidstore_video_free(vs_unwanted_);
    return r;
}

struct facts {
    vidstore_session *session;
    struct vs_uuid id;
    struct vs_buf b;
};

static int facts_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct facts *facts = arg;
    vs_autorecord *video = NULL;
    vs_buf_free(&facts->b);
    int r = vs_crud_load_for(conn, facts->session, &vs_video_rules, &facts->id, 0, VS_READ, &video, e);
    return r ? r : vs_video_repo_facts(conn, &facts->id, &facts->b, e);
}

vidstore_status vidstore_video_facts(vidstore_session *session, const char *id, vidstore_text **ret_json,
                                     vidstore_error **reterr) {
    VS_ENTER(session, ret_json, reterr);
    struct facts facts = {session, {{0}}, {0}};
    int r = vs_uuid_parse(id, "id", &facts.id, reterr);
    if (!r)
        r = vs_session_read(session, facts_op, &facts, reterr);
    if (!r)
        r = vs_buf_to_text(&facts.b, ret_json, reterr);
    vs_buf_free(&facts.b);
    vidstore_text_free(vs_unwanted_);
    return r;
}
