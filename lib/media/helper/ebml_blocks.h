/* SPDX-License-Identifier: MIT */
/* When the frames of a Matroska track are shown, from the heads of its blocks. */
#ifndef VS_HELPER_EBML_BLOCKS_H
#define VS_HELPER_EBML_BLOCKS_H

#include "ebml.h"

struct ebml_times {
    int64_t *at; /* ascending, in ticks of head->scale; for free() */
    int n;
    int complete; /* to the end of the file; else the first ones only, without a gap */
};

/* Reads no more than a part of the budget, and far less than its time: what stops it stops nothing else. 0, or -1 when
 * the times are not known. */
int ebml_block_times(struct source *s, const struct ebml *head, const struct ebml_track *track, struct ebml_times *ret);

#endif
