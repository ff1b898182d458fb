/* SPDX-License-Identifier: MIT */
#ifndef VS_HELPER_STREAMS_H
#define VS_HELPER_STREAMS_H

#include "ebml_blocks.h"
#include "frame.h"
#include <jansson.h>

/* What our own parsers know of a stream. */
struct stream_extra {
    int encrypted;                   /* -1: not known */
    int sampled;                     /* the container lists each sample */
    int in_pieces;                   /* it lists but those of its first piece, or none */
    const char *language;            /* BCP 47, or NULL */
    const int64_t *crop;             /* left, top, right, bottom, or NULL */
    const struct frame_times *times; /* of its frames, or NULL */
    int64_t tick_ns;                 /* of these; 0: the stream's own */
};

/* The facts about one stream as a JSON object. frame: of this stream, or NULL. */
json_t *stream_facts(AVFormatContext *ic, AVStream *st, const struct frame_facts *frame,
                     const struct stream_extra *extra);
/* "video", "audio", "subtitle", "data", "attachment". */
const char *stream_kind(const AVStream *st);
/* Whether what is needed to decode it is known. */
int stream_is_complete(const AVStream *st);

#endif
