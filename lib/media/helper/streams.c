/* SPDX-License-Identifier: MIT */
#include "streams.h"
#include "compat.h"
#include "media/media_wire.h"
#include "output.h"
#include "select.h"
#include "video.h"
#include "words.h"
#include <libavutil/channel_layout.h>
#include <string.h>

static void put_audio(json_t *o, const AVCodecParameters *p) {
    char layout[128];
    put_positive(o, "channels", p->ch_layout.nb_channels);
    if (p->ch_layout.order != AV_CHANNEL_ORDER_UNSPEC &&
        av_channel_layout_describe(&p->ch_layout, layout, sizeof layout) > 0)
        put_text(o, "layout", layout, sizeof layout);
    put_positive(o, "sample_rate", p->sample_rate);
    put_word(o, "sample_fmt", av_get_sample_fmt_name(p->format));
    put_positive(o, "bits", p->bits_per_raw_sample ? p->bits_per_raw_sample : p->bits_per_coded_sample);
}

static void put_subtitle(json_t *o, enum AVCodecID id) {
    const AVCodecDescriptor *d = avcodec_descriptor_get(id);
    if (d && (d->props & AV_CODEC_PROP_TEXT_SUB))
        put_word(o, "subtitle", "text");
    else if (d && (d->props & AV_CODEC_PROP_BITMAP_SUB))
        put_word(o, "subtitle", "bitmap");
}

const char *stream_kind(const AVStream *st) {
    switch (st->codecpar->codec_type) {
    case AVMEDIA_TYPE_VIDEO:
        return "video";
    case AVMEDIA_TYPE_AUDIO:
        return "audio";
    case AVMEDIA_TYPE_SUBTITLE:
        return "subtitle";
    case AVMEDIA_TYPE_ATTACHMENT:
        return "attachment";
    default:
        return "data";
    }
}

static const char *tag_of(const AVStream *st, const char *key) {
    const AVDictionaryEntry *e = av_dict_get(st->metadata, key, NULL, 0);
    return e ? e->value : NULL;
}

int stream_is_complete(const AVStream *st) {
    const AVCodecParameters *c = st->codecpar;
    if (c->codec_id == AV_CODEC_ID_NONE)
        return 0;
    return c->codec_type == AVMEDIA_TYPE_VIDEO ? c->width > 0
                                               : c->codec_type != AVMEDIA_TYPE_AUDIO || c->sample_rate > 0;
}

static void put_codec(json_t *o, const AVStream *st) {
    const AVCodecParameters *p = st->codecpar;
    char text[64] = {(char)p->codec_tag, (char)(p->codec_tag >> 8), (char)(p->codec_tag >> 16),
                     (char)(p->codec_tag >> 24)};
    put_word(o, "codec", word_codec(p->codec_id));
    if (text[0] > 0x20 && text[1] > 0x20 && text[2] >= 0x20 && text[3] >= 0x20)
        put_text(o, "codec_tag", text, 4);
    put_word(o, "codec_string", word_codec_string(p, text));
    put_text(o, "profile", avcodec_profile_name(p->codec_id, p->profile), 64);
    if (p->level != AV_LEVEL_UNKNOWN && p->level > 0)
        put_int(o, "level", p->level);
    put_flag(o, "params_complete", stream_is_complete(st));
}

static void put_language(json_t *o, const char *raw, const char *exact) {
    char two[3];
    const char *said = exact && *exact ? exact : raw;
    put_text(o, "language_raw", said, 64);
    put_text(o, "language", said == raw ? word_language(raw, two) : strcmp(said, "und") == 0 ? NULL : said, 64);
}

static void put_common(json_t *o, AVFormatContext *ic, const AVStream *st, const struct stream_extra *extra) {
    put_word(o, "kind", stream_kind(st));
    if (ic->iformat->flags & AVFMT_SHOW_IDS)
        put_int(o, "container_id", (uint32_t)st->id);
    put_codec(o, st);
    put_positive(o, "bit_rate", st->codecpar->bit_rate);
    put_language(o, tag_of(st, "language"), extra->language);
    put_text(o, "title", tag_of(st, "title"), VS_MEDIA_MAX_TITLE);
    json_object_set_new(o, "disposition", word_dispositions(st->disposition));
    put_flag(o, "is_picture", select_is_picture(st));
    put_flag(o, "encrypted", extra->encrypted);
    put_ratio(o, "time_base", st->time_base);
    put_time(o, "start_us", st->start_time, st->time_base);
    if (st->duration > 0)
        put_time(o, "duration_us", st->duration, st->time_base);
    put_positive(o, "nb_frames", extra->in_pieces ? 0 : st->nb_frames);
}

static void put_attachment(json_t *o, const AVStream *st) {
    put_text(o, "file_name", tag_of(st, "filename"), 255);
    put_text(o, "mime_type", tag_of(st, "mimetype"), 128);
    put_positive(o, "size", st->codecpar->extradata_size);
}

json_t *stream_facts(AVFormatContext *ic, AVStream *st, const struct frame_facts *frame,
                     const struct stream_extra *extra) {
    json_t *o = json_object();
    put_int(o, "index", st->index);
    put_common(o, ic, st, extra);
    if (st->codecpar->codec_type == AVMEDIA_TYPE_VIDEO)
        video_facts(o, ic, st, frame, extra);
    else if (st->codecpar->codec_type == AVMEDIA_TYPE_AUDIO)
        put_audio(o, st->codecpar);
    else if (st->codecpar->codec_type == AVMEDIA_TYPE_SUBTITLE)
        put_subtitle(o, st->codecpar->codec_id);
    else if (st->codecpar->codec_type == AVMEDIA_TYPE_ATTACHMENT)
        put_attachment(o, st);
    return o;
}
