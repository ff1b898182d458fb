/* SPDX-License-Identifier: MIT */
/* The first frame of a stream, decoded: the only way to facts that stand in the bitstream alone. */
#ifndef VS_HELPER_FRAME_H
#define VS_HELPER_FRAME_H

#include <libavformat/avformat.h>
#include <libavutil/mastering_display_metadata.h>
#include <stdint.h>

struct frame_facts {
    int decoded; /* nothing below is known otherwise */
    int out_of_memory;
    int interlaced, top_first;
    int hdr10plus, dolby_vision, closed_captions;
    int repeated; /* a field or frame is shown again */
    int has_mastering;
    AVMasteringDisplayMetadata mastering;
    int64_t max_cll, max_fall; /* UNKNOWN if not signalled */
    enum AVColorPrimaries primaries;
    enum AVColorTransferCharacteristic transfer;
    enum AVColorSpace matrix;
    enum AVColorRange range;
    enum AVChromaLocation chroma_location;
    enum AVPixelFormat pix_fmt;
};

/* Reads on from where the format context stands. Only decoders that its white list has. */
void frame_decode_first(AVFormatContext *ic, AVStream *st, struct frame_facts *ret);

#endif
