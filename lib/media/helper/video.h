/* SPDX-License-Identifier: MIT */
/* What is said of a stream of pictures. */
#ifndef VS_HELPER_VIDEO_H
#define VS_HELPER_VIDEO_H

#include "streams.h"

/* Into the object of the stream. frame: of this stream, or NULL. */
void video_facts(json_t *o, AVFormatContext *ic, AVStream *st, const struct frame_facts *frame,
                 const struct stream_extra *extra);

#endif
