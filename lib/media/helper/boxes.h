/* SPDX-License-Identifier: MIT */
/* The boxes of an MP4 file: what libavformat knows and does not tell. */
#ifndef VS_HELPER_BOXES_H
#define VS_HELPER_BOXES_H

#include "source.h"

enum { BOXES_MAX_BRANDS = 32, BOXES_MAX_TRACKS = 256 };

struct boxes_track {
    uint32_t id;
    int encrypted;
};

struct boxes {
    int found;      /* it looks like one at all */
    int complete;   /* the walk reached the end of the file, within its bounds */
    int faststart;  /* the index stands before the data; -1: one of the two is missing */
    int fragmented; /* -1: not known */
    int has_moov;
    int has_index;       /* of the fragments of a fragmented one */
    int truncated;       /* a box goes on past the end of the file */
    int encrypted;       /* some track is, or keys for one are announced */
    char major_brand[5]; /* "" when there is none */
    int n_brands;
    char brands[BOXES_MAX_BRANDS][5]; /* the compatible ones */
    int n_tracks;
    struct boxes_track tracks[BOXES_MAX_TRACKS];
};

void boxes_walk(struct source *s, struct boxes *ret);

#endif
