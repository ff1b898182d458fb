/* SPDX-License-Identifier: MIT */
/* The first frame of a stream, decoded: the only way to facts that stand in the bitstream alone. */
#ifndef VS_HELPER_FRAME_H
#define VS_HELPER_FRAME_H

#include <libavformat/avformat.h>
#include <stdint.h>

struct frame_facts {
    int decoded; /* nothing below is known otherwise */
    int out_of_memory;
    int interlaced, top_first;
    int hdr10plus, dolby_vision, closed_captions, mastering;
    int64_t max_cll, max_fall; /* UNKNOWN if not signalled */
    enum AVColorPrimaries primaries;
    enum AVColorTransferCharacteristic transfer;
    enum AVColorSpace matrix;
    enum AVColorRange range;
};

/* Reads on from where the format context stands. Only decoders that its white list has. */
void frame_decode_first(AVFormatContext *ic, AVStream *st, struct frame_facts *ret);

#endif
