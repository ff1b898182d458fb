/* SPDX-License-Identifier: MIT */
/* When the frames of a Matroska track are shown, from the heads of its blocks. */
#ifndef VS_HELPER_EBML_BLOCKS_H
#define VS_HELPER_EBML_BLOCKS_H

#include "ebml.h"
#include "frame_times.h"

/* Ascending, in ticks of head->scale. 0, or -1 when the times are not known. */
int ebml_block_times(struct source *s, const struct ebml *head, const struct ebml_track *track,
                     struct frame_times *ret);

#endif
