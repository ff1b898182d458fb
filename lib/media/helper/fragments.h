/* SPDX-License-Identifier: MIT */
/* When the frames of a fragmented MP4 file come: what libavformat knows only of those that it has read. */
#ifndef VS_HELPER_FRAGMENTS_H
#define VS_HELPER_FRAGMENTS_H

#include "boxes.h"
#include "frame_times.h"

/* In the order and the ticks of decoding, as the list of another MP4 file. 0, or -1 when the times are not known. */
int fragments_times(struct source *s, const struct boxes *boxes, uint32_t track, struct frame_times *ret);

#endif
