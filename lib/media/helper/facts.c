/* SPDX-License-Identifier: MIT */
#include "facts.h"
#include "media/media_wire.h"
#include "output.h"
#include "select.h"
#include "streams.h"
#include "text.h"
#include "words.h"
#include <string.h>

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

/* Never without its source: a duration guessed from a bit rate is another thing than one that was written down. */
static void put_duration(const struct probe *p) {
    int64_t duration = p->ic->duration;
    const char *source = NULL;
    if (p->scan_duration != AV_NOPTS_VALUE) {
        duration = p->scan_duration;
        source = "scan";
    } else if (duration == AV_NOPTS_VALUE || duration <= 0) {
        return;
    } else if (duration == p->header_duration) {
        source = "header";
    } else {
        enum AVDurationEstimationMethod method = p->ic->duration_estimation_method;
        source = method == AVFMT_DURATION_FROM_PTS      ? "pts"
                 : method == AVFMT_DURATION_FROM_STREAM ? "stream"
                                                        : "bitrate";
    }
    put_int(p->answer, "duration_us", duration);
    put_word(p->answer, "duration_source", source);
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
    static const char *const keys[] = {"com.apple.quicktime.creationdate", "creation_time", "DATE_RECORDED"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        int64_t us, offset;
        if (text_parse_time(tag(p->ic->metadata, keys[i]), &us, &offset) != 0)
            continue;
        put_int(p->answer, "created_us", us);
        if (strcmp(keys[i], "creation_time") != 0)
            put_int(p->answer, "created_utc_offset_min", offset);
        return;
    }
}

void facts_container(struct probe *p) {
    AVFormatContext *ic = p->ic;
    json_t *o = p->answer;
    put_word(o, "format", word_format(ic->iformat->name, p->boxes.major_brand, p->ebml.webm));
    put_text(o, "major_brand", p->boxes.major_brand, 4);
    put_word(o, "media_kind", media_kind(p));
    put_int(o, "probe_score", p->score);
    if (ic->start_time != AV_NOPTS_VALUE)
        put_int(o, "start_us", ic->start_time);
    put_duration(p);
    put_positive(o, "bit_rate", ic->bit_rate);
    put_counts(p);
    if (p->main_video >= 0)
        put_int(o, "main_video", p->main_video);
    if (p->main_audio >= 0)
        put_int(o, "main_audio", p->main_audio);
    if (p->boxes.found) {
        put_flag(o, "faststart", p->boxes.faststart);
        put_flag(o, "fragmented", p->boxes.fragmented);
    }
    put_created(p);
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
