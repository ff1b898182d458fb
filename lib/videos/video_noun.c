/* SPDX-License-Identifier: MIT */
#include "util/alloc.h"
#include "videos/videos.h"

const struct vs_word vs_video_work[] = {
    {VIDSTORE_WORK_NONE, "none"},           {VIDSTORE_WORK_PENDING, "pending"}, {VIDSTORE_WORK_ACTIVE, "active"},
    {VIDSTORE_WORK_COMPLETED, "completed"}, {VIDSTORE_WORK_FAILED, "failed"},   {0, NULL},
};

static const struct vs_field fields[] = {
#define VS_FIELD(suffix_, id_, type_, column_, name_, use_, max_, words_)                                              \
    {VIDSTORE_VIDEO_##suffix_, #column_, name_, VS_##type_, use_, max_, words_},
#include "videos/video_fields.h"
#undef VS_FIELD
};

static const struct vs_saying sayings[] = {
    {"hdr", "any", "hdr10,hdr10plus,hlg,pq,dv"},
    {"hdr", "none", "sdr"},
    {"media_kind", "none", "\"none\""},
    {"codec", "h265", "hevc"},
    {"codec", "avc", "h264"},
    {"codec", "x264", "h264"},
    {"codec", "x265", "hevc"},
    {"resolution", "hd", "720p,1080p"},
    {"resolution", "fullhd", "1080p"},
    {"resolution", "4k", "2160p"},
    {"resolution", "uhd", "2160p,4320p"},
    {"resolution", "8k", "4320p"},
    {"resolution", "sd", "low,360p,480p,576p"},
    {"tag", NULL, "tags"},
    {"lang", NULL, "language"},
    {"fps", NULL, "fps_milli"},
    {"audio", NULL, "audio_languages"},
    {"subtitle", NULL, "subtitle_languages"},
    {"subtitles", NULL, "subtitle_languages"},
    {"vr", NULL, "projection"},
    {"file", NULL, "file_name"},
    {"name", NULL, "file_name"},
    {NULL, NULL, NULL},
};

const char *vs_video_resolution(int64_t width, int64_t height) {
    static const struct {
        int64_t wide, high;
        const char *name;
    } classes[] = {{7680, 4320, "4320p"}, {3840, 2160, "2160p"}, {2560, 1440, "1440p"}, {1920, 1080, "1080p"},
                   {1280, 720, "720p"},   {1024, 576, "576p"},   {720, 480, "480p"},    {480, 360, "360p"}};
    int64_t wide = width > height ? width : height, high = width > height ? height : width;
    if (width <= 0 || height <= 0)
        return NULL;
    for (size_t i = 0; i < VS_COUNT(classes); i++)
        if (wide >= classes[i].wide || high >= classes[i].high)
            return classes[i].name;
    return "low";
}

static const struct vs_related related[] = {{"collection", "videos.id", VS_STMT_VIDEO_IN_COLLECTION}, {NULL, NULL, 0}};

const struct vs_noun vs_video_noun = {
    .name = "video",
    .table = "videos",
    .base = 3000,
    .fields = fields,
    .count = VS_COUNT(fields),
    .columns = VS_COUNT(fields),
    .label = VIDSTORE_VIDEO_TITLE,
    .stmt = {VS_NOUN_STMTS(VIDEO), .by_external = VS_STMT_VIDEO_BY_EXTERNAL},
    .search = {VS_SEARCH_STMTS(VIDEO), .more = VS_STMT_VIDEO_WORDS, .sayings = sayings},
    .related = related,
};
