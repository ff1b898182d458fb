/* SPDX-License-Identifier: MIT */
/* What a probe found, put into the record of a video. */
#include "files/files.h"
#include "util/alloc.h"
#include "util/error.h"
#include "videos/probe_outcome.h"
#include "videos/probing.h"
#include "videos/videos.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { TITLE_MAX = 500 };

static const struct vs_probe_stream *stream_at(const struct vs_probe *probe, int64_t index) {
    for (size_t i = 0; i < probe->n_streams; i++)
        if (index != VS_MEDIA_UNKNOWN && probe->streams[i].index == index)
            return &probe->streams[i];
    return NULL;
}

/* Frames a thousand seconds, rounded. */
static int64_t milli(int64_t num, int64_t den) {
    return num == VS_MEDIA_UNKNOWN || den <= 0 ? INT64_MIN : (num * 1000 + den / 2) / den;
}

/* The languages of all streams of a kind, each once; as many as there is room for. */
static int languages(struct vs_change *c, const struct vs_probe *p, const char *kind, int32_t field,
                     vidstore_error **e) {
    char words[1024] = " ", word[68];
    size_t len = 1;
    for (size_t i = 0; i < p->n_streams; i++) {
        const struct vs_probe_stream *stream = &p->streams[i];
        if (!stream->kind || strcmp(stream->kind, kind) != 0 || !stream->language || !*stream->language ||
            strchr(stream->language, ' '))
            continue;
        int n = snprintf(word, sizeof word, " %s ", stream->language);
        if (n >= (int)sizeof word || strstr(words, word) || len + (size_t)n > sizeof words)
            continue;
        memcpy(words + len, word + 1, (size_t)n);
        len += (size_t)n - 1;
    }
    words[len - 1] = '\0';
    return vs_change_set_text(c, field, len > 1 ? words + 1 : NULL, e);
}

static int video_facts(struct vs_change *c, const struct vs_probe_stream *v, vidstore_error **e) {
    static const struct vs_probe_stream none = {.width = VS_MEDIA_UNKNOWN,
                                                .height = VS_MEDIA_UNKNOWN,
                                                .display_width = VS_MEDIA_UNKNOWN,
                                                .display_height = VS_MEDIA_UNKNOWN,
                                                .avg_rate_num = VS_MEDIA_UNKNOWN,
                                                .avg_rate_den = VS_MEDIA_UNKNOWN,
                                                .bit_depth = VS_MEDIA_UNKNOWN,
                                                .level = VS_MEDIA_UNKNOWN,
                                                .dv_profile = VS_MEDIA_UNKNOWN,
                                                .closed_captions = VS_MEDIA_UNKNOWN,
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
                   {VIDSTORE_VIDEO_FPS_MILLI, milli(v->avg_rate_num, v->avg_rate_den)},
                   {VIDSTORE_VIDEO_LEVEL, v->level},
                   {VIDSTORE_VIDEO_DV_PROFILE, v->dv_profile},
                   {VIDSTORE_VIDEO_CLOSED_CAPTIONS, v->closed_captions},
                   {VIDSTORE_VIDEO_ROTATION, v->rotation}};
    const struct {
        int32_t field;
        const char *value;
    } texts[] = {{VIDSTORE_VIDEO_CODEC, v->codec},
                 {VIDSTORE_VIDEO_PROFILE, v->profile},
                 {VIDSTORE_VIDEO_PIX_FMT, v->pix_fmt},
                 {VIDSTORE_VIDEO_HDR, v->hdr},
                 {VIDSTORE_VIDEO_RATE_MODE, v->rate_mode},
                 {VIDSTORE_VIDEO_CHROMA, v->chroma},
                 {VIDSTORE_VIDEO_COLOR_RANGE, v->color_range},
                 {VIDSTORE_VIDEO_PRIMARIES, v->primaries},
                 {VIDSTORE_VIDEO_TRANSFER, v->transfer},
                 {VIDSTORE_VIDEO_PROJECTION, v->projection},
                 {VIDSTORE_VIDEO_STEREO3D, v->stereo3d},
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

/* A title is one line, and a file's tags are anybody's. */
static int set_title(struct vs_change *c, const char *found, vidstore_error **e) {
    char title[TITLE_MAX + 1];
    snprintf(title, sizeof title, "%s", found);
    for (char *at = title; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7F)
            *at = ' ';
    return vs_change_set_text(c, VIDSTORE_VIDEO_TITLE, title, e);
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
                   {VIDSTORE_VIDEO_AUDIO_STREAMS, p->n_audio},
                   {VIDSTORE_VIDEO_SUBTITLE_STREAMS, p->n_subtitle},
                   {VIDSTORE_VIDEO_FASTSTART, p->faststart},
                   {VIDSTORE_VIDEO_FRAGMENTED, p->fragmented},
                   {VIDSTORE_VIDEO_ENCRYPTED, p->encrypted},
                   {VIDSTORE_VIDEO_RECORDED_US, p->created_us}};
    const struct {
        int32_t field;
        const char *value;
    } texts[] = {{VIDSTORE_VIDEO_PROBE_STATUS, p->status},
                 {VIDSTORE_VIDEO_PROBER, p->prober},
                 {VIDSTORE_VIDEO_MEDIA_KIND, p->media_kind},
                 {VIDSTORE_VIDEO_FORMAT, p->format},
                 {VIDSTORE_VIDEO_MAKE, p->make},
                 {VIDSTORE_VIDEO_MODEL, p->model},
                 {VIDSTORE_VIDEO_DURATION_SOURCE, p->duration_source}};
    int r = 0;
    for (size_t i = 0; i < VS_COUNT(numbers); i++)
        vs_change_set_int(c, numbers[i].field, numbers[i].value);
    for (size_t i = 0; !r && i < VS_COUNT(texts); i++)
        r = vs_change_set_text(c, texts[i].field, texts[i].value, e);
    if (!r)
        r = languages(c, p, "audio", VIDSTORE_VIDEO_AUDIO_LANGUAGES, e);
    if (!r)
        r = languages(c, p, "subtitle", VIDSTORE_VIDEO_SUBTITLE_LANGUAGES, e);
    if (p->created_us != VS_MEDIA_UNKNOWN && vs_change_int(c, VIDSTORE_VIDEO_YEAR) == INT64_MIN)
        vs_change_set_int(c, VIDSTORE_VIDEO_YEAR, year_of(p->created_us));
    if (!r && p->title && !vs_change_text(c, VIDSTORE_VIDEO_TITLE) && strlen(p->title) <= TITLE_MAX)
        r = set_title(c, p->title, e);
    return r;
}

static int set_facts(struct vs_change *c, void *arg, vidstore_error **e) {
    const struct vs_probing *p = arg;
    int r = vs_crud_may(c->conn, c->session, &vs_video_rules, c->old, VS_UPDATE, e);
    if (!r)
        r = container_facts(c, p->probe, e);
    if (!r)
        r = video_facts(c, stream_at(p->probe, p->probe->main_video), e);
    if (!r)
        r = audio_facts(c, stream_at(p->probe, p->probe->main_audio), e);
    if (!r)
        r = vs_change_set_uuid(c, VIDSTORE_VIDEO_PROBED_FILE_ID, p->stored ? &p->bytes.file : NULL, e);
    c->refind = 1;
    return r ? r : vs_video_repo_keep(c->conn, &p->id, p->probe, p->facts, e);
}

/* Whether the record is of the same bytes; of those that are no file of the store, as far as their size tells. */
static int is_of_same_bytes(const struct vs_record *video, const struct vs_probing *p) {
    struct vs_uuid file = vs_record_uuid(video, VIDSTORE_VIDEO_PROBED_FILE_ID);
    if (p->stored && !vs_uuid_is_nil(&file))
        return vs_uuid_equal(&file, &p->bytes.file);
    return vs_record_int(video, VIDSTORE_VIDEO_SIZE) == p->probe->size;
}

/* A machine under load, or a limit, is no reason to forget what was known. */
static int see_whether_spared(struct vs_conn *conn, const struct vs_prospect *on, struct vs_probing *p,
                              vidstore_error **e) {
    vs_autorecord *video = NULL;
    p->spared = 0;
    if (vs_probe_is_lasting(p->probe))
        return 0;
    int r = vs_crud_load_for(conn, on->session, &vs_video_rules, &p->id, 0, VS_UPDATE, &video, e);
    p->spared = !r && is_of_same_bytes(video, p) &&
                vs_probe_is_less(p->probe, vs_record_text(video, VIDSTORE_VIDEO_PROBE_STATUS));
    return r;
}

int vs_probing_keep(struct vs_conn *conn, const struct vs_prospect *on, struct vs_probing *p, vidstore_error **e) {
    vs_record_free(p->result);
    p->result = NULL;
    int r = see_whether_spared(conn, on, p, e);
    if (r || p->spared)
        return r;
    r = vs_crud_touch(conn, on->session, &vs_video_noun, &p->id, VIDSTORE_AUDIT_VIDEO_PROBED, set_facts, p, &p->result,
                      e);
    const char *kind = p->probe->media_kind;
    if (!r && p->stored && kind && (strcmp(kind, "video") == 0 || strcmp(kind, "audio") == 0))
        r = vs_file_keep_kind(conn, &p->bytes.file, kind, p->probe->format, e);
    if (!r && p->stored && !p->bytes.damaged && p->probe->reused != 1)
        r = vs_probe_repo_remember(conn, p->bytes.sha256, &on->terms, p->probe, p->facts, e);
    return r;
}
