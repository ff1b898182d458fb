/* SPDX-License-Identifier: MIT */
#include "video.h"
#include "compat.h"
#include "output.h"
#include "rate.h"
#include "words.h"
#include <libavutil/dovi_meta.h>
#include <libavutil/mastering_display_metadata.h>
#include <libavutil/pixdesc.h>
#include <libavutil/spherical.h>
#include <libavutil/stereo3d.h>
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

static void put_matrix(json_t *o, const AVStream *st) {
    const int32_t *m = stream_side_data(st, AV_PKT_DATA_DISPLAYMATRIX, 9 * sizeof *m);
    int64_t numbers[9];
    for (int i = 0; m && i < 9; i++)
        numbers[i] = m[i];
    if (m)
        put_numbers(o, "display_matrix", numbers, 9);
}

static void put_geometry(json_t *o, AVFormatContext *ic, AVStream *st) {
    const AVCodecParameters *p = st->codecpar;
    if (p->width <= 0 || p->height <= 0)
        return;
    put_int(o, "width", p->width);
    put_int(o, "height", p->height);
    AVRational sar = av_guess_sample_aspect_ratio(ic, st, NULL);
    put_ratio(o, "sar", sar);
    put_matrix(o, st);
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

static void put_pixels(json_t *o, const AVCodecParameters *p, const struct frame_facts *frame) {
    int seen = frame && frame->decoded;
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(p->format < 0 && seen ? (int)frame->pix_fmt : p->format);
    enum AVChromaLocation location = p->chroma_location;
    if (location == AVCHROMA_LOC_UNSPECIFIED && seen)
        location = frame->chroma_location;
    put_word(o, "chroma_location", word_chroma_location(location));
    if (!d)
        return;
    put_word(o, "chroma", word_chroma(d));
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
    const AVMasteringDisplayMetadata *mastering;
    const char *mastering_source;
    int hdr10plus, dolby_frame;
    int64_t max_cll, max_fall;
};

static int is_bright(enum AVColorTransferCharacteristic transfer) {
    return transfer == AVCOL_TRC_SMPTE2084 || transfer == AVCOL_TRC_ARIB_STD_B67;
}

/* A stream may call itself BT.2020 for those who know no better, and say in each picture what it prefers to be. */
static int is_preferred(enum AVColorTransferCharacteristic frame, enum AVColorTransferCharacteristic container) {
    return container == AVCOL_TRC_UNSPECIFIED ||
           (is_bright(frame) && (container == AVCOL_TRC_BT2020_10 || container == AVCOL_TRC_BT2020_12));
}

static struct light read_light(const AVStream *st, const struct frame_facts *frame) {
    struct light l = {.transfer = st->codecpar->color_trc, .max_cll = UNKNOWN, .max_fall = UNKNOWN};
    l.dolby = stream_side_data(st, AV_PKT_DATA_DOVI_CONF, sizeof *l.dolby);
    l.mastering = stream_side_data(st, AV_PKT_DATA_MASTERING_DISPLAY_METADATA, sizeof *l.mastering);
    l.mastering_source = l.mastering ? "container" : NULL;
    const AVContentLightMetadata *level = stream_side_data(st, AV_PKT_DATA_CONTENT_LIGHT_LEVEL, sizeof *level);
    if (level) {
        l.max_cll = level->MaxCLL;
        l.max_fall = level->MaxFALL;
    }
    if (frame && frame->decoded) {
        if (!l.mastering && frame->has_mastering) {
            l.mastering = &frame->mastering;
            l.mastering_source = "bitstream";
        }
        l.hdr10plus = frame->hdr10plus;
        l.dolby_frame = frame->dolby_vision;
        if (is_preferred(frame->transfer, l.transfer))
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

/* In what the standards count in: 1/50000 of a chromaticity, 1/10000 of a candela a square metre. */
static void put_mastering(json_t *o, const struct light *l) {
    const AVMasteringDisplayMetadata *m = l->mastering;
    static const AVRational point = {1, 50000}, candela = {1, 10000};
    int64_t n[10];
    if (!m || !m->has_primaries || !m->has_luminance)
        return;
    for (int i = 0; i < 6; i++)
        n[i] = av_rescale_q(1, m->display_primaries[i / 2][i % 2], point);
    for (int i = 0; i < 2; i++)
        n[6 + i] = av_rescale_q(1, m->white_point[i], point);
    n[8] = av_rescale_q(1, m->min_luminance, candela);
    n[9] = av_rescale_q(1, m->max_luminance, candela);
    put_numbers(o, "mastering", n, 10);
    put_word(o, "mastering_source", l->mastering_source);
}

/* What a player without Dolby Vision can make of it. */
static const char *dolby_fallback(const AVDOVIDecoderConfigurationRecord *d) {
    switch (d->dv_bl_signal_compatibility_id) {
    case 1:
    case 6:
        return "hdr10";
    case 2:
        return "sdr";
    case 4:
        return "hlg";
    default:
        return NULL;
    }
}

static void put_dolby(json_t *o, const AVDOVIDecoderConfigurationRecord *d) {
    if (!d)
        return;
    put_int(o, "dv_profile", d->dv_profile);
    put_int(o, "dv_level", d->dv_level);
    put_int(o, "dv_compat", d->dv_bl_signal_compatibility_id);
    put_flag(o, "dv_rpu", !!d->rpu_present_flag);
    put_flag(o, "dv_el", !!d->el_present_flag);
    put_flag(o, "dv_bl", !!d->bl_present_flag);
    put_word(o, "hdr_fallback", dolby_fallback(d));
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
    put_mastering(o, &l);
    put_dolby(o, l.dolby);
}

static void put_space(json_t *o, const AVStream *st) {
    const AVStereo3D *stereo = stream_side_data(st, AV_PKT_DATA_STEREO3D, sizeof *stereo);
    const AVSphericalMapping *sphere = stream_side_data(st, AV_PKT_DATA_SPHERICAL, sizeof *sphere);
    if (stereo)
        put_word(o, "stereo3d", word_stereo3d((int)stereo->type));
    if (sphere)
        put_word(o, "projection", word_projection((int)sphere->projection));
}

static int has_crop(const int64_t crop[4]) {
    return crop[0] > 0 || crop[1] > 0 || crop[2] > 0 || crop[3] > 0;
}

void video_facts(json_t *o, AVFormatContext *ic, AVStream *st, const struct frame_facts *frame,
                 const struct stream_extra *extra) {
    put_geometry(o, ic, st);
    if (extra->crop && has_crop(extra->crop))
        put_numbers(o, "crop", extra->crop, 4);
    rate_facts(o, st, extra);
    put_pixels(o, st->codecpar, frame);
    put_scan(o, st->codecpar, frame);
    put_light(o, st, frame);
    put_space(o, st);
    if (st->codecpar->video_delay >= 0 && st->codecpar->codec_id != AV_CODEC_ID_NONE)
        put_int(o, "has_b_frames", st->codecpar->video_delay);
    if (!frame || !frame->decoded)
        return;
    /* one picture tells that they are there, never that none follow */
    put_flag(o, "closed_captions", frame->closed_captions ? 1 : -1);
    put_flag(o, "pulldown", frame->repeated ? 1 : -1);
}
