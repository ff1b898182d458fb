/* SPDX-License-Identifier: MIT */
/* Probing a video's bytes, and keeping what was found. The probe runs before the write begins. */
#include "files/files.h"
#include "util/alloc.h"
#include "util/error.h"
#include "videos/video_repo.h"
#include "videos/videos.h"
#include <inttypes.h>
#include <string.h>
#include <time.h>

struct keep {
    vidstore_session *session;
    struct vs_uuid id;
    const struct vs_uuid *file;
    const struct vs_probe *probe;
    const json_t *facts;
    struct vs_record *result;
};

static const struct vs_probe_stream *stream_at(const struct vs_probe *probe, int64_t index) {
    for (size_t i = 0; i < probe->n_streams; i++)
        if (index != VS_MEDIA_UNKNOWN && probe->streams[i].index == index)
            return &probe->streams[i];
    return NULL;
}

static int video_facts(struct vs_change *c, const struct vs_probe_stream *v, vidstore_error **e) {
    static const struct vs_probe_stream none = {.width = VS_MEDIA_UNKNOWN,
                                                .height = VS_MEDIA_UNKNOWN,
                                                .display_width = VS_MEDIA_UNKNOWN,
                                                .display_height = VS_MEDIA_UNKNOWN,
                                                .avg_rate_num = VS_MEDIA_UNKNOWN,
                                                .avg_rate_den = VS_MEDIA_UNKNOWN,
                                                .bit_depth = VS_MEDIA_UNKNOWN,
                                                .rotation = VS_MEDIA_UNKNOWN};
    v = v ? v : &none;
    const struct {
        int32_t field;
        int64_t value;
    } numbers[] = {{VIDSTORE_VIDEO_WIDTH, v->width},
                   {VIDSTORE_VIDEO_HEIGHT, v->height},
                   {VIDSTORE_VIDEO_DISPLAY_WIDTH, v->display_width},
                   {VIDSTORE_VIDEO_DISPLAY_HEIGHT, v->display_height},
                   {VIDSTORE_VIDEO_FPS_NUM, v->avg_rate_num},
                   {VIDSTORE_VIDEO_FPS_DEN, v->avg_rate_den},
                   {VIDSTORE_VIDEO_BIT_DEPTH, v->bit_depth},
                   {VIDSTORE_VIDEO_ROTATION, v->rotation}};
    const struct {
        int32_t field;
        const char *value;
    } texts[] = {{VIDSTORE_VIDEO_CODEC, v->codec},
                 {VIDSTORE_VIDEO_PROFILE, v->profile},
                 {VIDSTORE_VIDEO_PIX_FMT, v->pix_fmt},
                 {VIDSTORE_VIDEO_HDR, v->hdr},
                 {VIDSTORE_VIDEO_SCAN, v->scan}};
    int r = 0;
    for (size_t i = 0; i < VS_COUNT(numbers); i++)
        vs_change_set_int(c, numbers[i].field, numbers[i].value);
    for (size_t i = 0; !r && i < VS_COUNT(texts); i++)
        r = vs_change_set_text(c, texts[i].field, texts[i].value, e);
    return r ? r : vs_change_set_text(c, VIDSTORE_VIDEO_RESOLUTION, vs_video_resolution(v->width, v->height), e);
}

static int audio_facts(struct vs_change *c, const struct vs_probe_stream *a, vidstore_error **e) {
    vs_change_set_int(c, VIDSTORE_VIDEO_AUDIO_CHANNELS, a ? a->channels : INT64_MIN);
    vs_change_set_int(c, VIDSTORE_VIDEO_SAMPLE_RATE, a ? a->sample_rate : INT64_MIN);
    vs_change_set_int(c, VIDSTORE_VIDEO_AUDIO_BIT_RATE, a ? a->bit_rate : INT64_MIN);
    int r = vs_change_set_text(c, VIDSTORE_VIDEO_AUDIO_CODEC, a ? a->codec : NULL, e);
    if (!r)
        r = vs_change_set_text(c, VIDSTORE_VIDEO_AUDIO_LAYOUT, a ? a->layout : NULL, e);
    return r ? r : vs_change_set_text(c, VIDSTORE_VIDEO_LANGUAGE, a ? a->language : NULL, e);
}

static int64_t year_of(int64_t time_us) {
    time_t seconds = (time_t)(time_us / 1000000);
    struct tm tm;
    return time_us > 0 && gmtime_r(&seconds, &tm) ? tm.tm_year + 1900 : INT64_MIN;
}

static int container_facts(struct vs_change *c, const struct vs_probe *p, vidstore_error **e) {
    const struct {
        int32_t field;
        int64_t value;
    } numbers[] = {{VIDSTORE_VIDEO_PROBED_US, c->now_us},
                   {VIDSTORE_VIDEO_DURATION_US, p->duration_us},
                   {VIDSTORE_VIDEO_SIZE, p->size},
                   {VIDSTORE_VIDEO_BIT_RATE, p->bit_rate},
                   {VIDSTORE_VIDEO_STREAMS, (int64_t)p->n_streams},
                   {VIDSTORE_VIDEO_CHAPTERS, (int64_t)p->n_chapters},
                   {VIDSTORE_VIDEO_RECORDED_US, p->created_us}};
    const struct {
        int32_t field;
        const char *value;
    } texts[] = {{VIDSTORE_VIDEO_PROBE_STATUS, p->status},
                 {VIDSTORE_VIDEO_PROBER, p->prober},
                 {VIDSTORE_VIDEO_MEDIA_KIND, p->media_kind},
                 {VIDSTORE_VIDEO_FORMAT, p->format},
                 {VIDSTORE_VIDEO_DURATION_SOURCE, p->duration_source}};
    int r = 0;
    for (size_t i = 0; i < VS_COUNT(numbers); i++)
        vs_change_set_int(c, numbers[i].field, numbers[i].value);
    for (size_t i = 0; !r && i < VS_COUNT(texts); i++)
        r = vs_change_set_text(c, texts[i].field, texts[i].value, e);
    if (p->created_us != VS_MEDIA_UNKNOWN && vs_change_int(c, VIDSTORE_VIDEO_YEAR) == INT64_MIN)
        vs_change_set_int(c, VIDSTORE_VIDEO_YEAR, year_of(p->created_us));
    if (!r && p->title && !vs_change_text(c, VIDSTORE_VIDEO_TITLE) && strlen(p->title) <= 500)
        r = vs_change_set_text(c, VIDSTORE_VIDEO_TITLE, p->title, e);
    return r;
}

static int set_facts(struct vs_change *c, void *arg, vidstore_error **e) {
    const struct keep *keep = arg;
    int r = vs_crud_may(c->conn, c->session, &vs_video_rules, c->old, VS_UPDATE, e);
    if (!r)
        r = container_facts(c, keep->probe, e);
    if (!r)
        r = video_facts(c, stream_at(keep->probe, keep->probe->main_video), e);
    if (!r)
        r = audio_facts(c, stream_at(keep->probe, keep->probe->main_audio), e);
    if (!r)
        r = vs_change_set_uuid(c, VIDSTORE_VIDEO_PROBED_FILE_ID, keep->file, e);
    c->refind = 1;
    return r ? r : vs_video_repo_keep(c->conn, &keep->id, keep->probe, keep->facts, e);
}

static int keep_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct keep *keep = arg;
    vs_record_free(keep->result);
    keep->result = NULL;
    int r = vs_crud_touch(conn, keep->session, &vs_video_noun, &keep->id, VIDSTORE_AUDIT_VIDEO_PROBED, set_facts, keep,
                          &keep->result, e);
    const char *kind = keep->probe->media_kind;
    if (!r && keep->file && kind && (strcmp(kind, "video") == 0 || strcmp(kind, "audio") == 0))
        r = vs_file_keep_kind(conn, keep->file, kind, keep->probe->format, e);
    return r;
}

/* What the status means to the caller: facts, or bytes that are no media. */
static int verdict(const struct vs_probe *probe, vidstore_error **e) {
    static const char *const facts[] = {"ok", "partial", "truncated", "damaged", "changed_while_probing"};
    for (size_t i = 0; i < VS_COUNT(facts); i++)
        if (strcmp(probe->status, facts[i]) == 0)
            return 0;
    return vs_fail_sub(e, VIDSTORE_MEDIA,
                       strcmp(probe->status, "empty") == 0 ? VIDSTORE_SUB_TRUNCATED : VIDSTORE_SUB_NONE, NULL,
                       "the bytes are no media that can be understood: %s", probe->status);
}

struct vs_probe_limits vs_video_probe_limits(vidstore_session *session) {
    return (struct vs_probe_limits){.max_read = vs_setting(session->store, VS_SETTING_PROBE_MAX_BYTES),
                                    .timeout_ms = vs_setting(session->store, VS_SETTING_PROBE_DEADLINE_MS),
                                    .warm = (int32_t)vs_setting(session->store, VS_SETTING_PROBE_WARM)};
}

int vs_video_probe_and_keep(vidstore_session *session, const struct vs_uuid *id, int fd, const struct vs_uuid *file,
                            struct vs_record **ret, vidstore_error **e) {
    struct vs_prober *prober = NULL;
    vs_autoprobe *probe = NULL;
    vs_autojson *facts = NULL;
    struct vs_probe_limits limits = vs_video_probe_limits(session);
    int r = vs_store_prober(session->store, &prober, e);
    if (!r)
        r = vs_probe_fd(prober, fd, &limits, &probe, e);
    if (!r)
        r = vs_probe_to_json(probe, &facts, e);
    if (r)
        return r;
    struct keep keep = {session, *id, file, probe, facts, NULL};
    r = vs_session_write(session, keep_op, &keep, e);
    if (!r)
        r = verdict(probe, e);
    if (!r)
        *ret = VS_TAKE(keep.result);
    vs_record_free(keep.result);
    return r;
}

struct find {
    const struct vs_record *video;
    struct vs_uuid file;
    char key[VS_BLOB_KEY_TEXT];
};

static int find_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct find *find = arg;
    struct vs_uuid id = vs_record_uuid(find->video, VIDSTORE_VIDEO_ID),
                   source = vs_record_uuid(find->video, VIDSTORE_VIDEO_SOURCE_FILE_ID);
    struct vs_uuid owner = vs_record_uuid(find->video, VIDSTORE_VIDEO_USER_ID);
    return vs_video_repo_file(conn, &id, &owner, vs_uuid_is_nil(&source) ? NULL : &source, &find->file, find->key, e);
}

int vs_video_probe_stored(vidstore_session *session, const char *id, struct vs_record **ret, vidstore_error **e) {
    vs_autorecord *video = NULL;
    vs_autoreader *reader = NULL;
    int r = vs_session_outside(session, e);
    if (!r)
        r = vs_video_for_update(session, id, &video, e);
    struct find find = {video, {{0}}, ""};
    if (!r)
        r = vs_session_read(session, find_op, &find, e);
    if (!r)
        r = vs_blob_reader_open(session->store->blobs, find.key, &reader, e);
    if (r)
        return r;
    struct vs_uuid uuid = vs_record_uuid(video, VIDSTORE_VIDEO_ID);
    return vs_video_probe_and_keep(session, &uuid, vs_blob_reader_fd(reader), &find.file, ret, e);
}
