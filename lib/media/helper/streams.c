/* SPDX-License-Identifier: MIT */
#include "streams.h"
#include "compat.h"
#include "media/media_wire.h"
#include "output.h"
#include "select.h"
#include "words.h"
#include <libavutil/channel_layout.h>
#include <libavutil/dovi_meta.h>
#include <libavutil/mastering_display_metadata.h>
#include <libavutil/pixdesc.h>
#include <math.h>

struct turn {
    int known;
    int rotation; /* quarter turns clockwise, in degrees */
    int flip;     /* mirrored left to right before it is turned */
};

/* From the display matrix. One that is neither a turn nor a mirror (a zero matrix, a shear) stays unknown. */
static struct turn read_turn(const AVStream *st) {
    const int32_t *m = stream_side_data(st, AV_PKT_DATA_DISPLAYMATRIX, 9 * sizeof *m);
    if (!m)
        return (struct turn){.known = 1};
    double a = m[0], b = m[1], c = m[3], d = m[4], det = a * d - b * c;
    if (det == 0)
        return (struct turn){0};
    struct turn t = {.flip = det < 0};
    if (t.flip) {
        a = -a;
        b = -b;
    }
    double degrees = atan2(b, a) * 180 / 3.14159265358979323846;
    int quarters = (int)lrint(degrees / 90);
    t.known = fabs(degrees - quarters * 90) < 0.5;
    t.rotation = ((quarters % 4) + 4) % 4 * 90;
    return t;
}

static void put_geometry(json_t *o, AVFormatContext *ic, AVStream *st) {
    const AVCodecParameters *p = st->codecpar;
    if (p->width <= 0 || p->height <= 0)
        return;
    put_int(o, "width", p->width);
    put_int(o, "height", p->height);
    AVRational sar = av_guess_sample_aspect_ratio(ic, st, NULL);
    put_ratio(o, "sar", sar);
    struct turn t = read_turn(st);
    if (t.known) {
        put_int(o, "rotation", t.rotation);
        put_flag(o, "flip", t.flip);
    }
    int64_t width = p->width, height = p->height;
    if (sar.num > 0 && sar.den > 0) /* the side that grows, so that no line is lost */
        sar.num > sar.den ? (width = av_rescale(width, sar.num, sar.den))
                          : (height = av_rescale(height, sar.den, sar.num));
    int sideways = t.known && (t.rotation == 90 || t.rotation == 270);
    put_positive(o, "display_width", sideways ? height : width);
    put_positive(o, "display_height", sideways ? width : height);
}

static void put_pixels(json_t *o, const AVCodecParameters *p) {
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(p->format);
    if (!d)
        return;
    put_word(o, "pix_fmt", d->name);
    put_positive(o, "bit_depth", d->comp[0].depth);
    put_flag(o, "alpha", !!(d->flags & AV_PIX_FMT_FLAG_ALPHA));
}

static void put_scan(json_t *o, const AVCodecParameters *p, const struct frame_facts *frame) {
    const char *order = word_field_order(p->field_order);
    int interlaced = order ? p->field_order != AV_FIELD_PROGRESSIVE : -1;
    if (frame && frame->decoded && (interlaced < 0 || frame->interlaced)) {
        interlaced = frame->interlaced;
        if (!order || p->field_order == AV_FIELD_PROGRESSIVE)
            order = !interlaced ? "progressive" : frame->top_first ? "tt" : "bb";
    }
    put_word(o, "field_order", order);
    if (interlaced >= 0)
        put_word(o, "scan", interlaced ? "interlaced" : "progressive");
}

/* What is needed to name the dynamic range; the frame's word counts where the container says nothing. */
struct light {
    enum AVColorTransferCharacteristic transfer;
    const AVDOVIDecoderConfigurationRecord *dolby;
    int mastering, hdr10plus, dolby_frame;
    int64_t max_cll, max_fall;
};

static struct light read_light(const AVStream *st, const struct frame_facts *frame) {
    struct light l = {.transfer = st->codecpar->color_trc, .max_cll = UNKNOWN, .max_fall = UNKNOWN};
    l.dolby = stream_side_data(st, AV_PKT_DATA_DOVI_CONF, sizeof *l.dolby);
    l.mastering = !!stream_side_data(st, AV_PKT_DATA_MASTERING_DISPLAY_METADATA, 1);
    const AVContentLightMetadata *level = stream_side_data(st, AV_PKT_DATA_CONTENT_LIGHT_LEVEL, sizeof *level);
    if (level) {
        l.max_cll = level->MaxCLL;
        l.max_fall = level->MaxFALL;
    }
    if (frame && frame->decoded) {
        l.mastering |= frame->mastering;
        l.hdr10plus = frame->hdr10plus;
        l.dolby_frame = frame->dolby_vision;
        if (l.transfer == AVCOL_TRC_UNSPECIFIED)
            l.transfer = frame->transfer;
        if (l.max_cll == UNKNOWN) {
            l.max_cll = frame->max_cll;
            l.max_fall = frame->max_fall;
        }
    }
    return l;
}

static const char *hdr_word(const struct light *l) {
    if (l->dolby || l->dolby_frame)
        return "dv";
    if (l->transfer == AVCOL_TRC_SMPTE2084)
        return l->hdr10plus ? "hdr10plus" : l->mastering || l->max_cll > 0 ? "hdr10" : "pq";
    if (l->transfer == AVCOL_TRC_ARIB_STD_B67)
        return "hlg";
    return word_transfer(l->transfer) ? "sdr" : NULL;
}

static void put_light(json_t *o, const AVStream *st, const struct frame_facts *frame) {
    const AVCodecParameters *p = st->codecpar;
    int seen = frame && frame->decoded;
    struct light l = read_light(st, frame);
    put_word(o, "color_range", word_range(p->color_range || !seen ? p->color_range : frame->range));
    put_word(
        o, "primaries",
        word_primaries(p->color_primaries != AVCOL_PRI_UNSPECIFIED || !seen ? p->color_primaries : frame->primaries));
    put_word(o, "transfer", word_transfer(l.transfer));
    put_word(o, "matrix",
             word_matrix(p->color_space != AVCOL_SPC_UNSPECIFIED || !seen ? p->color_space : frame->matrix));
    put_word(o, "hdr", hdr_word(&l));
    put_positive(o, "max_cll", l.max_cll);
    put_positive(o, "max_fall", l.max_fall);
    if (l.dolby)
        put_int(o, "dv_profile", l.dolby->dv_profile);
}

static void put_video(json_t *o, AVFormatContext *ic, AVStream *st, const struct frame_facts *frame) {
    put_geometry(o, ic, st);
    put_ratio(o, "avg_rate", st->avg_frame_rate);
    put_ratio(o, "r_rate", st->r_frame_rate);
    put_pixels(o, st->codecpar);
    put_scan(o, st->codecpar, frame);
    put_light(o, st, frame);
    if (frame && frame->decoded)
        put_flag(o, "closed_captions", frame->closed_captions);
}

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

static void put_common(json_t *o, const AVStream *st) {
    const AVCodecParameters *p = st->codecpar;
    const AVDictionaryEntry *language = av_dict_get(st->metadata, "language", NULL, 0);
    const AVDictionaryEntry *title = av_dict_get(st->metadata, "title", NULL, 0);
    char two[3];
    put_word(o, "kind", stream_kind(st));
    put_word(o, "codec", word_codec(p->codec_id));
    put_text(o, "profile", avcodec_profile_name(p->codec_id, p->profile), 64);
    if (p->level != AV_LEVEL_UNKNOWN && p->level > 0)
        put_int(o, "level", p->level);
    put_positive(o, "bit_rate", p->bit_rate);
    if (language) {
        put_text(o, "language_raw", language->value, 64);
        put_text(o, "language", word_language(language->value, two), 64);
    }
    if (title)
        put_text(o, "title", title->value, VS_MEDIA_MAX_TITLE);
    json_object_set_new(o, "disposition", word_dispositions(st->disposition));
    put_flag(o, "is_picture", select_is_picture(st));
    put_ratio(o, "time_base", st->time_base);
    put_time(o, "start_us", st->start_time, st->time_base);
    if (st->duration > 0)
        put_time(o, "duration_us", st->duration, st->time_base);
    put_positive(o, "nb_frames", st->nb_frames);
}

json_t *stream_facts(AVFormatContext *ic, AVStream *st, const struct frame_facts *frame) {
    json_t *o = json_object();
    put_int(o, "index", st->index);
    put_common(o, st);
    if (st->codecpar->codec_type == AVMEDIA_TYPE_VIDEO)
        put_video(o, ic, st, frame);
    else if (st->codecpar->codec_type == AVMEDIA_TYPE_AUDIO)
        put_audio(o, st->codecpar);
    else if (st->codecpar->codec_type == AVMEDIA_TYPE_SUBTITLE)
        put_subtitle(o, st->codecpar->codec_id);
    return o;
}
