/* SPDX-License-Identifier: MIT */
#include "media/media_fields.h"
#include "media/media_internal.h"
#include "util/alloc.h"
#include "util/error.h"
#include <stdlib.h>
#include <string.h>

/* Times beyond this are lies: ten thousand years in microseconds. */
#define TIME_MAX  INT64_C(315360000000000000)
#define COUNT_MAX INT64_C(1000000000000000)
#define SIZE_PX   INT64_C(1000000)

static const char *const statuses[] = {
    "ok",         "partial",    "empty",        "not_media",     "unsupported", "truncated", "damaged",
    "limit_time", "limit_read", "limit_memory", "limit_streams", "io_error",    NULL};
static const char *const limits[] = {"time", "read", "memory", "streams", "io", NULL};
static const char *const media_kinds[] = {"video", "audio", "image", "image_sequence", "subtitle", "none", NULL};
static const char *const duration_sources[] = {"header", "stream", "pts", "bitrate", "scan", "tail", NULL};
static const char *const bit_rate_sources[] = {"header", "computed", NULL};
static const char *const created_sources[] = {"quicktime", "container", "date_recorded", "date_encoded", NULL};
static const char *const mastering_sources[] = {"container", "bitstream", NULL};
static const char *const fallbacks[] = {"hdr10", "sdr", "hlg", NULL};
static const char *const rate_modes[] = {"cfr", "vfr", NULL};
static const char *const rate_mode_sources[] = {"samples", "blocks", NULL};
static const char *const kinds[] = {"video", "audio", "subtitle", "data", "attachment", NULL};
static const char *const hdrs[] = {"sdr", "hdr10", "hdr10plus", "hlg", "pq", "dv", NULL};
static const char *const scans[] = {"progressive", "interlaced", NULL};
static const char *const field_orders[] = {"progressive", "tt", "bb", "tb", "bt", NULL};
static const char *const ranges[] = {"limited", "full", NULL};
static const char *const subtitles[] = {"text", "bitmap", NULL};
static const char *const scopes[] = {"container", "stream", "program", "chapter", NULL};

#define INT(record, field, low, high)                                                                                  \
    { #field, offsetof(struct record, field), VS_MEDIA_INT, VS_MEDIA_ANSWER, low, high, NULL }
#define FLAG(record, field)                                                                                            \
    { #field, offsetof(struct record, field), VS_MEDIA_FLAG, VS_MEDIA_ANSWER, 0, 1, NULL }
#define RATIO(record, field)                                                                                           \
    { #field, offsetof(struct record, field##_num), VS_MEDIA_RATIO, VS_MEDIA_ANSWER, 1, INT32_MAX, NULL }
#define WORD(record, field, size)                                                                                      \
    { #field, offsetof(struct record, field), VS_MEDIA_WORD, VS_MEDIA_ANSWER, 0, size, NULL }
#define ENUM(record, field, words)                                                                                     \
    { #field, offsetof(struct record, field), VS_MEDIA_WORD, VS_MEDIA_ANSWER, 0, 32, words }
#define TEXT(record, field, size)                                                                                      \
    { #field, offsetof(struct record, field), VS_MEDIA_TEXT, VS_MEDIA_ANSWER, 0, size, NULL }
#define WORDS(record, field, size)                                                                                     \
    { #field, offsetof(struct record, field), VS_MEDIA_WORDS, VS_MEDIA_ANSWER, 0, size, NULL }
#define NUMBERS(record, field, count)                                                                                  \
    { #field, offsetof(struct record, field), VS_MEDIA_NUMBERS, VS_MEDIA_ANSWER, 0, count, NULL }
#define HOST_INT(record, field)                                                                                        \
    { #field, offsetof(struct record, field), VS_MEDIA_INT, VS_MEDIA_HOST, 0, INT64_MAX, NULL }
#define HOST_FLAG(record, field)                                                                                       \
    { #field, offsetof(struct record, field), VS_MEDIA_FLAG, VS_MEDIA_HOST, 0, 1, NULL }
#define HOST_TEXT(record, field)                                                                                       \
    { #field, offsetof(struct record, field), VS_MEDIA_TEXT, VS_MEDIA_HOST, 0, 0, NULL }

static const struct vs_media_field probe_fields[] = {
    ENUM(vs_probe, status, statuses),
    ENUM(vs_probe, limited_by, limits),
    HOST_TEXT(vs_probe, detail),
    HOST_TEXT(vs_probe, prober),
    HOST_TEXT(vs_probe, isolation),
    HOST_FLAG(vs_probe, reused),
    HOST_INT(vs_probe, elapsed_us),
    INT(vs_probe, bytes_read, 0, INT64_MAX),
    HOST_INT(vs_probe, size),
    ENUM(vs_probe, media_kind, media_kinds),
    WORD(vs_probe, format, 32),
    TEXT(vs_probe, major_brand, 4),
    WORDS(vs_probe, compatible_brands, 4),
    INT(vs_probe, probe_score, 0, 100),
    INT(vs_probe, start_us, -TIME_MAX, TIME_MAX),
    INT(vs_probe, duration_us, 0, TIME_MAX),
    ENUM(vs_probe, duration_source, duration_sources),
    INT(vs_probe, duration_header_us, 0, TIME_MAX),
    FLAG(vs_probe, duration_suspect),
    INT(vs_probe, bit_rate, 1, COUNT_MAX),
    ENUM(vs_probe, bit_rate_source, bit_rate_sources),
    INT(vs_probe, created_us, 0, TIME_MAX),
    ENUM(vs_probe, created_source, created_sources),
    INT(vs_probe, created_utc_offset_min, -900, 900),
    INT(vs_probe, n_video, 0, VS_MEDIA_MAX_STREAMS),
    INT(vs_probe, n_audio, 0, VS_MEDIA_MAX_STREAMS),
    INT(vs_probe, n_subtitle, 0, VS_MEDIA_MAX_STREAMS),
    INT(vs_probe, n_data, 0, VS_MEDIA_MAX_STREAMS),
    INT(vs_probe, n_attachment, 0, VS_MEDIA_MAX_STREAMS),
    INT(vs_probe, n_programs, 0, COUNT_MAX),
    INT(vs_probe, main_video, 0, VS_MEDIA_MAX_STREAMS - 1),
    INT(vs_probe, main_audio, 0, VS_MEDIA_MAX_STREAMS - 1),
    FLAG(vs_probe, faststart),
    FLAG(vs_probe, fragmented),
    FLAG(vs_probe, has_index),
    FLAG(vs_probe, encrypted),
    TEXT(vs_probe, timecode, 32),
    FLAG(vs_probe, timecode_drop),
    TEXT(vs_probe, make, 128),
    TEXT(vs_probe, model, 128),
    TEXT(vs_probe, location, 128),
    FLAG(vs_probe, chapters_cut),
    FLAG(vs_probe, tags_cut),
    TEXT(vs_probe, title, VS_MEDIA_MAX_TITLE),
    TEXT(vs_probe, encoder, VS_MEDIA_MAX_TITLE),
};

static const struct vs_media_field stream_fields[] = {
    INT(vs_probe_stream, index, 0, VS_MEDIA_MAX_STREAMS - 1),
    ENUM(vs_probe_stream, kind, kinds),
    INT(vs_probe_stream, container_id, 0, UINT32_MAX),
    WORD(vs_probe_stream, codec, 64),
    TEXT(vs_probe_stream, codec_tag, 4),
    WORD(vs_probe_stream, codec_string, 64),
    TEXT(vs_probe_stream, profile, 64),
    INT(vs_probe_stream, level, 0, INT32_MAX),
    INT(vs_probe_stream, bit_rate, 1, COUNT_MAX),
    TEXT(vs_probe_stream, language_raw, 64),
    TEXT(vs_probe_stream, language, 64),
    TEXT(vs_probe_stream, title, VS_MEDIA_MAX_TITLE),
    WORDS(vs_probe_stream, disposition, 32),
    FLAG(vs_probe_stream, is_picture),
    FLAG(vs_probe_stream, encrypted),
    FLAG(vs_probe_stream, params_complete),
    RATIO(vs_probe_stream, time_base),
    INT(vs_probe_stream, start_us, -TIME_MAX, TIME_MAX),
    INT(vs_probe_stream, duration_us, 0, TIME_MAX),
    INT(vs_probe_stream, nb_frames, 1, COUNT_MAX),
    INT(vs_probe_stream, width, 1, SIZE_PX),
    INT(vs_probe_stream, height, 1, SIZE_PX),
    RATIO(vs_probe_stream, sar),
    INT(vs_probe_stream, display_width, 1, COUNT_MAX),
    INT(vs_probe_stream, display_height, 1, COUNT_MAX),
    INT(vs_probe_stream, rotation, 0, 270),
    FLAG(vs_probe_stream, flip),
    NUMBERS(vs_probe_stream, display_matrix, 9),
    NUMBERS(vs_probe_stream, crop, 4),
    RATIO(vs_probe_stream, avg_rate),
    RATIO(vs_probe_stream, r_rate),
    ENUM(vs_probe_stream, rate_mode, rate_modes),
    ENUM(vs_probe_stream, rate_mode_source, rate_mode_sources),
    RATIO(vs_probe_stream, rate_min),
    RATIO(vs_probe_stream, rate_max),
    WORD(vs_probe_stream, pix_fmt, 64),
    INT(vs_probe_stream, bit_depth, 1, 64),
    FLAG(vs_probe_stream, alpha),
    WORD(vs_probe_stream, chroma, 8),
    WORD(vs_probe_stream, chroma_location, 16),
    ENUM(vs_probe_stream, color_range, ranges),
    WORD(vs_probe_stream, primaries, 32),
    WORD(vs_probe_stream, transfer, 32),
    WORD(vs_probe_stream, matrix, 32),
    ENUM(vs_probe_stream, hdr, hdrs),
    INT(vs_probe_stream, max_cll, 1, UINT32_MAX),
    INT(vs_probe_stream, max_fall, 1, UINT32_MAX),
    NUMBERS(vs_probe_stream, mastering, 10),
    ENUM(vs_probe_stream, mastering_source, mastering_sources),
    INT(vs_probe_stream, dv_profile, 0, 255),
    INT(vs_probe_stream, dv_level, 0, 255),
    INT(vs_probe_stream, dv_compat, 0, 255),
    FLAG(vs_probe_stream, dv_rpu),
    FLAG(vs_probe_stream, dv_el),
    FLAG(vs_probe_stream, dv_bl),
    ENUM(vs_probe_stream, hdr_fallback, fallbacks),
    ENUM(vs_probe_stream, scan, scans),
    ENUM(vs_probe_stream, field_order, field_orders),
    FLAG(vs_probe_stream, closed_captions),
    FLAG(vs_probe_stream, pulldown),
    WORD(vs_probe_stream, stereo3d, 32),
    WORD(vs_probe_stream, projection, 32),
    INT(vs_probe_stream, has_b_frames, 0, 64),
    INT(vs_probe_stream, channels, 1, 65536),
    TEXT(vs_probe_stream, layout, 128),
    INT(vs_probe_stream, sample_rate, 1, INT32_MAX),
    WORD(vs_probe_stream, sample_fmt, 32),
    INT(vs_probe_stream, bits, 1, 1024),
    ENUM(vs_probe_stream, subtitle, subtitles),
    TEXT(vs_probe_stream, file_name, 255),
    TEXT(vs_probe_stream, mime_type, 128),
    INT(vs_probe_stream, size, 0, INT32_MAX),
};

static const struct vs_media_field chapter_fields[] = {
    INT(vs_probe_chapter, start_us, -TIME_MAX, TIME_MAX),
    INT(vs_probe_chapter, end_us, -TIME_MAX, TIME_MAX),
    TEXT(vs_probe_chapter, title, VS_MEDIA_MAX_TITLE),
};

static const struct vs_media_field program_fields[] = {
    INT(vs_probe_program, number, 0, INT32_MAX),
    TEXT(vs_probe_program, name, 255),
    TEXT(vs_probe_program, provider, 255),
    NUMBERS(vs_probe_program, streams, VS_MEDIA_MAX_STREAMS),
};

static const struct vs_media_field tag_fields[] = {
    ENUM(vs_probe_tag, scope, scopes),
    INT(vs_probe_tag, index, 0, COUNT_MAX),
    TEXT(vs_probe_tag, key, VS_MEDIA_MAX_TAG_KEY),
    TEXT(vs_probe_tag, value, VS_MEDIA_MAX_TAG_VALUE),
    FLAG(vs_probe_tag, altered),
};

const struct vs_media_fields vs_media_probe_fields = {probe_fields, VS_COUNT(probe_fields)};
const struct vs_media_fields vs_media_stream_fields = {stream_fields, VS_COUNT(stream_fields)};
const struct vs_media_fields vs_media_chapter_fields = {chapter_fields, VS_COUNT(chapter_fields)};
const struct vs_media_fields vs_media_program_fields = {program_fields, VS_COUNT(program_fields)};
const struct vs_media_fields vs_media_tag_fields = {tag_fields, VS_COUNT(tag_fields)};

void vs_media_record_init(const struct vs_media_fields *fields, void *record) {
    for (size_t i = 0; i < fields->count; i++) {
        const struct vs_media_field *f = &fields->list[i];
        if (vs_media_is_text(f)) {
            *vs_media_text_at(record, f) = NULL;
            continue;
        }
        vs_media_int_at(record, f)[0] = VS_MEDIA_UNKNOWN;
        if (f->kind == VS_MEDIA_RATIO)
            vs_media_int_at(record, f)[1] = VS_MEDIA_UNKNOWN;
    }
}

void vs_media_record_clear(const struct vs_media_fields *fields, void *record) {
    for (size_t i = 0; i < fields->count; i++)
        if (vs_media_is_text(&fields->list[i]))
            vs_free(*vs_media_text_at(record, &fields->list[i]));
    vs_media_record_init(fields, record);
}

void vs_media_probe_init(struct vs_probe *probe) {
    *probe = (struct vs_probe){0};
    vs_media_record_init(&vs_media_probe_fields, probe);
}

void vs_media_probe_clear(struct vs_probe *probe) {
    for (size_t i = 0; i < probe->n_streams; i++)
        vs_media_record_clear(&vs_media_stream_fields, &probe->streams[i]);
    for (size_t i = 0; i < probe->n_chapters; i++)
        vs_media_record_clear(&vs_media_chapter_fields, &probe->chapters[i]);
    for (size_t i = 0; i < probe->n_program_list; i++)
        vs_media_record_clear(&vs_media_program_fields, &probe->programs[i]);
    for (size_t i = 0; i < probe->n_tags; i++)
        vs_media_record_clear(&vs_media_tag_fields, &probe->tags[i]);
    vs_free(probe->streams);
    vs_free(probe->chapters);
    vs_free(probe->programs);
    vs_free(probe->tags);
    vs_media_record_clear(&vs_media_probe_fields, probe);
    vs_media_probe_init(probe);
}

void vs_probe_free(struct vs_probe *probe) {
    if (!probe)
        return;
    vs_media_probe_clear(probe);
    vs_free(probe);
}

/* "default forced" as an array again. NULL: out of memory. */
static json_t *split_words(const char *words, enum vs_media_field_kind kind) {
    json_t *array = json_array();
    while (array && *words) {
        size_t n = strcspn(words, " ");
        json_t *item = kind == VS_MEDIA_NUMBERS ? json_integer(strtoll(words, NULL, 10)) : json_stringn(words, n);
        if (json_array_append_new(array, item) != 0) {
            json_decref(array);
            return NULL;
        }
        words += n + (words[n] == ' ');
    }
    return array;
}

/* The value of a field; NULL when it is not known, or memory is out. */
static json_t *field_json(const struct vs_media_field *f, const void *record) {
    if (vs_media_is_text(f)) {
        const char *text = *vs_media_text_at(record, f);
        return f->kind >= VS_MEDIA_WORDS ? split_words(text, f->kind) : json_string(text);
    }
    const int64_t *number = vs_media_int_at(record, f);
    if (f->kind == VS_MEDIA_RATIO)
        return json_pack("[II]", (json_int_t)number[0], (json_int_t)number[1]);
    return f->kind == VS_MEDIA_FLAG ? json_boolean(*number) : json_integer(*number);
}

static json_t *record_json(const struct vs_media_fields *fields, const void *record) {
    json_t *o = json_object();
    for (size_t i = 0; o && i < fields->count; i++) {
        const struct vs_media_field *f = &fields->list[i];
        int known = vs_media_is_text(f) ? *vs_media_text_at(record, f) != NULL
                                        : *vs_media_int_at(record, f) != VS_MEDIA_UNKNOWN;
        if (known && json_object_set_new(o, f->name, field_json(f, record)) != 0) {
            json_decref(o);
            return NULL;
        }
    }
    return o;
}

static json_t *list_json(const struct vs_media_fields *fields, const void *records, size_t count, size_t size) {
    json_t *array = json_array();
    for (size_t i = 0; array && i < count; i++) {
        if (json_array_append_new(array, record_json(fields, (const char *)records + i * size)) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

int vs_probe_to_json(const struct vs_probe *p, json_t **ret, vidstore_error **e) {
    json_t *o = record_json(&vs_media_probe_fields, p);
    int rc = o ? 0 : -1;
    if (rc == 0)
        rc = json_object_set_new(o, "streams",
                                 list_json(&vs_media_stream_fields, p->streams, p->n_streams, sizeof *p->streams));
    if (rc == 0)
        rc = json_object_set_new(o, "chapters",
                                 list_json(&vs_media_chapter_fields, p->chapters, p->n_chapters, sizeof *p->chapters));
    if (rc == 0)
        rc = json_object_set_new(
            o, "programs", list_json(&vs_media_program_fields, p->programs, p->n_program_list, sizeof *p->programs));
    if (rc == 0)
        rc = json_object_set_new(o, "tags", list_json(&vs_media_tag_fields, p->tags, p->n_tags, sizeof *p->tags));
    *ret = NULL;
    if (rc) {
        json_decref(o);
        return vs_fail_nomem(e);
    }
    *ret = o;
    return 0;
}

int vs_probe_to_document(const struct vs_probe *p, json_t **ret, vidstore_error **e) {
    static const char *const lists[] = {"streams", "chapters", "tags"};
    json_t *container = NULL, *o = json_object();
    *ret = NULL;
    int rc = vs_probe_to_json(p, &container, e), failed = !o;
    failed |= rc == 0 && json_object_set_new(o, "container", container) != 0;
    for (size_t i = 0; rc == 0 && !failed && i < VS_COUNT(lists); i++) {
        failed = json_object_set(o, lists[i], json_object_get(container, lists[i])) != 0;
        json_object_del(container, lists[i]);
    }
    if (rc || failed) {
        json_decref(o);
        return rc ? rc : vs_fail_nomem(e);
    }
    *ret = o;
    return 0;
}
