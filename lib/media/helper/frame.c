/* SPDX-License-Identifier: MIT */
#include "frame.h"
#include "compat.h"
#include "output.h"
#include <libavutil/opt.h>
#include <string.h>

enum { MAX_PACKETS = 2048, MAX_OWN_PACKETS = 128 };
#define MAX_PIXELS (INT64_C(16384) * 16384)

static AVCodecContext *open_decoder(const AVFormatContext *ic, const AVStream *st) {
    const AVCodec *decoder = avcodec_find_decoder(st->codecpar->codec_id);
    AVCodecContext *c = decoder ? avcodec_alloc_context3(decoder) : NULL;
    if (!c)
        return NULL;
    c->thread_count = 1;
    /* nobody looks at the picture */
    c->skip_loop_filter = AVDISCARD_ALL;
    c->skip_idct = AVDISCARD_ALL;
    c->flags2 |= AV_CODEC_FLAG2_FAST;
    if (avcodec_parameters_to_context(c, st->codecpar) >= 0 &&
        av_opt_set(c, "codec_whitelist", ic->codec_whitelist, 0) >= 0 &&
        av_opt_set_int(c, "max_pixels", MAX_PIXELS, 0) >= 0 && avcodec_open2(c, decoder, NULL) >= 0)
        return c;
    avcodec_free_context(&c);
    return NULL;
}

/* The frame of one packet, without waiting for those that follow. 0, or an error. */
static int decode_packet(AVCodecContext *c, AVPacket *packet, AVFrame *frame) {
    int rc = avcodec_send_packet(c, packet);
    rc = rc < 0 ? rc : avcodec_receive_frame(c, frame);
    if (rc != AVERROR(EAGAIN) || !(packet->flags & AV_PKT_FLAG_KEY))
        return rc;
    if (avcodec_send_packet(c, NULL) >= 0)
        rc = avcodec_receive_frame(c, frame);
    if (rc < 0)
        avcodec_flush_buffers(c);
    return rc;
}

/* 1 with a frame, 0 without. */
static int decode(AVFormatContext *ic, const AVStream *st, AVCodecContext *c, AVPacket *packet, AVFrame *frame,
                  struct frame_facts *ret) {
    int own = 0;
    for (int n = 0; n < MAX_PACKETS && own < MAX_OWN_PACKETS && av_read_frame(ic, packet) >= 0; n++) {
        int rc = AVERROR(EAGAIN);
        if (packet->stream_index == st->index) {
            own++;
            packet->flags &=
                ~AV_PKT_FLAG_DISCARD; /* an edit list hides it from those who watch, and it tells as much */
            rc = decode_packet(c, packet, frame);
            ret->out_of_memory |= rc == AVERROR(ENOMEM);
        }
        av_packet_unref(packet);
        if (rc >= 0)
            return 1;
    }
    return avcodec_send_packet(c, NULL) >= 0 && avcodec_receive_frame(c, frame) >= 0;
}

static void take_facts(const AVFrame *f, struct frame_facts *ret) {
    ret->decoded = 1;
    ret->interlaced = frame_is_interlaced(f);
    ret->top_first = frame_is_top_first(f);
    ret->hdr10plus = !!av_frame_get_side_data(f, AV_FRAME_DATA_DYNAMIC_HDR_PLUS);
    ret->dolby_vision = !!av_frame_get_side_data(f, AV_FRAME_DATA_DOVI_METADATA);
    ret->closed_captions = !!av_frame_get_side_data(f, AV_FRAME_DATA_A53_CC);
    ret->repeated = f->repeat_pict > 0;
    const AVFrameSideData *mastering = av_frame_get_side_data(f, AV_FRAME_DATA_MASTERING_DISPLAY_METADATA);
    ret->has_mastering = mastering && mastering->size >= sizeof ret->mastering;
    if (ret->has_mastering)
        memcpy(&ret->mastering, mastering->data, sizeof ret->mastering);
    const AVFrameSideData *light = av_frame_get_side_data(f, AV_FRAME_DATA_CONTENT_LIGHT_LEVEL);
    if (light && light->size >= sizeof(AVContentLightMetadata)) {
        const AVContentLightMetadata *level = (const AVContentLightMetadata *)light->data;
        ret->max_cll = level->MaxCLL;
        ret->max_fall = level->MaxFALL;
    }
    ret->primaries = f->color_primaries;
    ret->transfer = f->color_trc;
    ret->matrix = f->colorspace;
    ret->range = f->color_range;
    ret->chroma_location = f->chroma_location;
    ret->pix_fmt = f->format;
}

/* Formats in which a picture says no more than its stream: whole, once each, and nothing beside it. */
static int says_no_more(enum AVCodecID codec) {
    static const enum AVCodecID plain[] = {AV_CODEC_ID_VP9, AV_CODEC_ID_THEORA};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (codec == plain[i])
            return 1;
    return 0;
}

static void take_stream(const AVCodecParameters *p, struct frame_facts *ret) {
    ret->decoded = 1;
    ret->primaries = p->color_primaries;
    ret->transfer = p->color_trc;
    ret->matrix = p->color_space;
    ret->range = p->color_range;
    ret->chroma_location = p->chroma_location;
    ret->pix_fmt = p->format;
}

void frame_decode_first(AVFormatContext *ic, AVStream *st, struct frame_facts *ret) {
    if (says_no_more(st->codecpar->codec_id) && st->codecpar->format >= 0) { /* it was decoded to learn that */
        take_stream(st->codecpar, ret);
        return;
    }
    AVCodecContext *c = open_decoder(ic, st);
    AVPacket *packet = av_packet_alloc();
    AVFrame *frame = av_frame_alloc();
    if (c && packet && frame) {
        /* packets that were read while looking for the streams come first, so this starts at the beginning */
        for (unsigned int i = 0; i < ic->nb_streams; i++)
            ic->streams[i]->discard = ic->streams[i] == st ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
        if (decode(ic, st, c, packet, frame, ret))
            take_facts(frame, ret);
    }
    av_frame_free(&frame);
    av_packet_free(&packet);
    avcodec_free_context(&c);
}
