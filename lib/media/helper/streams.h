/* SPDX-License-Identifier: MIT */
#ifndef VS_HELPER_STREAMS_H
#define VS_HELPER_STREAMS_H

#include "frame.h"
#include <jansson.h>

/* The facts about one stream as a JSON object. frame: of this stream, or NULL. */
json_t *stream_facts(AVFormatContext *ic, AVStream *st, const struct frame_facts *frame);
/* "video", "audio", "subtitle", "data", "attachment". */
const char *stream_kind(const AVStream *st);

#endif
