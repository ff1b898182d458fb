/* SPDX-License-Identifier: MIT */
#include "facts.h"
#include "media/media_wire.h"
#include "output.h"
#include "select.h"
#include "streams.h"
#include "text.h"
#include "words.h"
#include <string.h>

enum { SLACK_US = 10000000 };

static const char *tag(const AVDictionary *d, const char *key) {
    const AVDictionaryEntry *e = av_dict_get(d, key, NULL, 0);
    return e ? e->value : NULL;
}

static const char *media_kind(const struct probe *p) {
    if (word_is_picture_brand(p->boxes.major_brand))
        return p->boxes.has_moov ? "image_sequence" : "image";
    if (p->main_video >= 0) {
        const char *demuxer = p->ic->iformat->name;
        return strcmp(demuxer, "gif") == 0 || strcmp(demuxer, "apng") == 0 ? "image_sequence" : "video";
    }
    if (p->main_audio >= 0)
        return "audio";
    for (unsigned int i = 0; i < p->ic->nb_streams; i++)
        if (p->ic->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_SUBTITLE)
            return "subtitle";
    return "none";
}

/* The longest of the streams, as the container says; 0 when it says nothing. */
static int64_t longest_stream(const AVFormatContext *ic) {
    int64_t longest = 0;
    for (unsigned int i = 0; i < ic->nb_streams; i++) {
        const AVStream *st = ic->streams[i];
        int64_t us = st->duration > 0 ? av_rescale_q(st->duration, st->time_base, AV_TIME_BASE_Q) : 0;
        longest = us > longest ? us : longest;
    }
    return longest;
}

/* Never without its source: a duration guessed from a bit rate is another thing than one that was written down. And a
 * header that says twice what its own streams say is not believed. */
static void put_duration(const struct probe *p) {
    int64_t duration = p->ic->duration, header = p->header_duration, streams = longest_stream(p->ic);
    const char *source = NULL;
    int suspect = header > 0 && streams > 0 && header > 2 * streams + SLACK_US;
    if (header > 0)
        put_int(p->answer, "duration_header_us", header);
    if (p->scan_duration != AV_NOPTS_VALUE) {
        duration = p->scan_duration;
        source = "scan";
    } else if (p->tail_duration > 0) {
        duration = p->tail_duration;
        source = "tail";
        suspect |= p->ic->start_time == AV_NOPTS_VALUE;
    } else if (duration == AV_NOPTS_VALUE || duration <= 0) {
        return;
    } else if (suspect) {
        duration = streams;
        source = "stream";
    } else if (duration == header) {
        source = "header";
    } else {
        enum AVDurationEstimationMethod method = p->ic->duration_estimation_method;
        source = method == AVFMT_DURATION_FROM_PTS      ? "pts"
                 : method == AVFMT_DURATION_FROM_STREAM ? "stream"
                                                        : "bitrate";
    }
    put_int(p->answer, "duration_us", duration);
    put_word(p->answer, "duration_source", source);
    put_flag(p->answer, "duration_suspect", suspect || strcmp(source, "bitrate") == 0);
}

static void put_bit_rate(const struct probe *p) {
    if (p->ic->bit_rate <= 0)
        return;
    put_int(p->answer, "bit_rate", p->ic->bit_rate);
    put_word(p->answer, "bit_rate_source", p->ic->bit_rate == p->header_bit_rate ? "header" : "computed");
}

static void put_counts(const struct probe *p) {
    static const char *const kinds[] = {"video", "audio", "subtitle", "data", "attachment"};
    static const char *const keys[] = {"n_video", "n_audio", "n_subtitle", "n_data", "n_attachment"};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        int n = 0;
        for (unsigned int i = 0; i < p->ic->nb_streams; i++)
            n += strcmp(stream_kind(p->ic->streams[i]), kinds[k]) == 0;
        put_int(p->answer, keys[k], n);
    }
    put_int(p->answer, "n_programs", p->ic->nb_programs);
}

/* The camera's own clock with its offset is better than the container's, which is often local time called UTC. */
static void put_created(const struct probe *p) {
    static const struct {
        const char *key, *source;
        int has_offset;
    } tags[] = {{"com.apple.quicktime.creationdate", "quicktime", 1},
                {"creation_time", "container", 0},
                {"DATE_RECORDED", "date_recorded", 1},
                {"DATE_ENCODED", "date_encoded", 1}};
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        int64_t us, offset;
        if (text_parse_time(tag(p->ic->metadata, tags[i].key), &us, &offset) != 0)
            continue;
        put_int(p->answer, "created_us", us);
        put_word(p->answer, "created_source", tags[i].source);
        if (tags[i].has_offset)
            put_int(p->answer, "created_utc_offset_min", offset);
        return;
    }
}

/* Of the container, or else of the first stream that has one. */
static void put_timecode(const struct probe *p) {
    const char *code = tag(p->ic->metadata, "timecode");
    for (unsigned int i = 0; !code && i < p->ic->nb_streams; i++)
        code = tag(p->ic->streams[i]->metadata, "timecode");
    if (!code)
        return;
    put_text(p->answer, "timecode", code, 32);
    put_flag(p->answer, "timecode_drop", strchr(code, ';') != NULL);
}

/* The first of the keys that is there, by the makers' different habits. */
static void put_first(const struct probe *p, const char *name, const char *const keys[], size_t max) {
    for (; *keys; keys++) {
        const char *value = tag(p->ic->metadata, *keys);
        if (value && *value) {
            put_text(p->answer, name, value, max);
            return;
        }
    }
}

static void put_origin(const struct probe *p) {
    static const char *const makes[] = {"com.apple.quicktime.make", "com.android.manufacturer", "make", "MAKE", NULL};
    static const char *const models[] = {"com.apple.quicktime.model", "com.android.model", "model", "MODEL", NULL};
    static const char *const places[] = {"com.apple.quicktime.location.ISO6709", "location", "location-eng", "LOCATION",
                                         NULL};
    put_first(p, "make", makes, 128);
    put_first(p, "model", models, 128);
    put_first(p, "location", places, 128);
}

static int is_word(const char *s) {
    while (*s && ((*s >= '0' && *s <= '9') || (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z')))
        s++;
    return !*s;
}

static void put_brands(const struct probe *p) {
    json_t *words = json_array();
    for (int i = 0; i < p->boxes.n_brands; i++)
        if (is_word(p->boxes.brands[i]))
            json_array_append_new(words, json_string(p->boxes.brands[i]));
    if (p->boxes.n_brands > 0)
        json_object_set(p->answer, "compatible_brands", words);
    json_decref(words);
}

/* What our own parsers say of the file's make-up. */
static void put_layout(const struct probe *p) {
    const struct boxes *b = &p->boxes;
    put_text(p->answer, "major_brand", b->major_brand, 4);
    put_brands(p);
    if (b->found) {
        put_flag(p->answer, "faststart", b->faststart);
        put_flag(p->answer, "fragmented", b->fragmented);
        if (b->complete && b->has_moov)
            put_flag(p->answer, "has_index", b->fragmented == 0 || b->has_index);
        if (b->has_moov)
            put_flag(p->answer, "encrypted", b->encrypted);
    }
    if (!p->ebml.found)
        return;
    int encrypted = 0;
    for (int i = 0; i < p->ebml.n_tracks; i++)
        encrypted |= p->ebml.tracks[i].encrypted;
    put_flag(p->answer, "has_index", p->ebml.has_cues);
    if (p->ebml.n_tracks > 0)
        put_flag(p->answer, "encrypted", encrypted);
}

void facts_container(struct probe *p) {
    AVFormatContext *ic = p->ic;
    json_t *o = p->answer;
    put_word(o, "format", word_format(ic->iformat->name, p->boxes.major_brand, p->ebml.webm));
    put_word(o, "media_kind", media_kind(p));
    put_int(o, "probe_score", p->score);
    if (ic->start_time != AV_NOPTS_VALUE)
        put_int(o, "start_us", ic->start_time);
    put_duration(p);
    put_bit_rate(p);
    put_layout(p);
    put_counts(p);
    if (p->main_video >= 0)
        put_int(o, "main_video", p->main_video);
    if (p->main_audio >= 0)
        put_int(o, "main_audio", p->main_audio);
    put_created(p);
    put_timecode(p);
    put_origin(p);
    put_text(o, "title", tag(ic->metadata, "title"), VS_MEDIA_MAX_TITLE);
    put_text(o, "encoder", tag(ic->metadata, "encoder"), VS_MEDIA_MAX_TITLE);
}

void facts_chapters(struct probe *p) {
    json_t *list = json_array();
    json_object_set_new(p->answer, "chapters", list);
    for (unsigned int i = 0; i < p->ic->nb_chapters; i++) {
        if (i == VS_MEDIA_MAX_CHAPTERS) {
            put_flag(p->answer, "chapters_cut", 1);
            return;
        }
        const AVChapter *c = p->ic->chapters[i];
        json_t *o = json_object();
        put_time(o, "start_us", c->start, c->time_base);
        put_time(o, "end_us", c->end, c->time_base);
        put_text(o, "title", tag(c->metadata, "title"), VS_MEDIA_MAX_TITLE);
        json_array_append_new(list, o);
    }
}

void facts_programs(struct probe *p) {
    json_t *list = json_array();
    json_object_set_new(p->answer, "programs", list);
    for (unsigned int i = 0; i < p->ic->nb_programs && i < VS_MEDIA_MAX_PROGRAMS; i++) {
        const AVProgram *program = p->ic->programs[i];
        json_t *o = json_object(), *streams = json_array();
        put_int(o, "number", program->program_num);
        put_text(o, "name", tag(program->metadata, "service_name"), 255);
        put_text(o, "provider", tag(program->metadata, "service_provider"), 255);
        for (unsigned int k = 0; k < program->nb_stream_indexes && k < VS_MEDIA_MAX_STREAMS; k++)
            json_array_append_new(streams, json_integer(program->stream_index[k]));
        json_object_set_new(o, "streams", streams);
        json_array_append_new(list, o);
    }
}

struct tag_list {
    json_t *array;
    size_t count, bytes;
    int cut;
};

static void add_tags(struct tag_list *list, const char *scope, int64_t index, const AVDictionary *d) {
    const AVDictionaryEntry *e = NULL;
    while ((e = av_dict_get(d, "", e, AV_DICT_IGNORE_SUFFIX))) {
        size_t size = strlen(e->key) + strlen(e->value);
        if (size > VS_MEDIA_MAX_TAG_KEY + VS_MEDIA_MAX_TAG_VALUE)
            size = VS_MEDIA_MAX_TAG_KEY + VS_MEDIA_MAX_TAG_VALUE;
        if (list->count == VS_MEDIA_MAX_TAGS || list->bytes + size > VS_MEDIA_MAX_TAG_BYTES) {
            list->cut = 1;
            return;
        }
        json_t *o = json_object();
        put_word(o, "scope", scope);
        put_int(o, "index", index);
        int altered = put_text(o, "key", e->key, VS_MEDIA_MAX_TAG_KEY);
        altered |= put_text(o, "value", e->value, VS_MEDIA_MAX_TAG_VALUE);
        if (altered)
            put_flag(o, "altered", 1);
        if (json_object_get(o, "key") && json_object_get(o, "value")) {
            json_array_append(list->array, o);
            list->count++;
            list->bytes += size;
        }
        json_decref(o);
    }
}

void facts_tags(struct probe *p) {
    struct tag_list list = {.array = json_array()};
    add_tags(&list, "container", UNKNOWN, p->ic->metadata);
    for (unsigned int i = 0; i < p->ic->nb_streams; i++)
        add_tags(&list, "stream", i, p->ic->streams[i]->metadata);
    for (unsigned int i = 0; i < p->ic->nb_programs; i++)
        add_tags(&list, "program", i, p->ic->programs[i]->metadata);
    for (unsigned int i = 0; i < p->ic->nb_chapters && i < VS_MEDIA_MAX_CHAPTERS; i++)
        add_tags(&list, "chapter", i, p->ic->chapters[i]->metadata);
    json_object_set_new(p->answer, "tags", list.array);
    if (list.cut)
        put_flag(p->answer, "tags_cut", 1);
}
