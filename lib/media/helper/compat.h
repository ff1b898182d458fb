/* SPDX-License-Identifier: MIT */
/* What the versions of FFmpeg call differently. */
#ifndef VS_HELPER_COMPAT_H
#define VS_HELPER_COMPAT_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/frame.h>

#ifndef AV_LEVEL_UNKNOWN
#define AV_LEVEL_UNKNOWN FF_LEVEL_UNKNOWN
#endif

/* Side data of a stream; NULL when there is none, or it is shorter than size. */
static inline const void *stream_side_data(const AVStream *st, enum AVPacketSideDataType type, size_t size) {
#if LIBAVFORMAT_VERSION_INT >= AV_VERSION_INT(60, 15, 100)
    const AVPacketSideData *s =
        av_packet_side_data_get(st->codecpar->coded_side_data, st->codecpar->nb_coded_side_data, type);
    return s && s->size >= size ? s->data : NULL;
#else
    size_t got = 0;
    const void *data = av_stream_get_side_data(st, type, &got);
    return data && got >= size ? data : NULL;
#endif
}

static inline int frame_is_interlaced(const AVFrame *f) {
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(58, 7, 100)
    return !!(f->flags & AV_FRAME_FLAG_INTERLACED);
#else
    return !!f->interlaced_frame;
#endif
}

static inline int frame_is_top_first(const AVFrame *f) {
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(58, 7, 100)
    return !!(f->flags & AV_FRAME_FLAG_TOP_FIELD_FIRST);
#else
    return !!f->top_field_first;
#endif
}

#endif
