/* SPDX-License-Identifier: MIT */
/* The top-level boxes of an MP4 file: what libavformat knows and does not tell. */
#ifndef VS_HELPER_BOXES_H
#define VS_HELPER_BOXES_H

#include "source.h"

struct boxes {
    int found;      /* it looks like one at all */
    int complete;   /* the walk reached the end of the file, within its bounds */
    int faststart;  /* the index stands before the data; -1: one of the two is missing */
    int fragmented; /* -1: not known */
    int has_moov;
    int truncated;       /* a box goes on past the end of the file */
    char major_brand[5]; /* "" when there is none */
};

void boxes_walk(struct source *s, struct boxes *ret);

#endif
