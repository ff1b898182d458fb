/* SPDX-License-Identifier: MIT */
/* What the readers of MP4 have in common: a box, and how to step from one to the next. */
#ifndef VS_HELPER_BOX_H
#define VS_HELPER_BOX_H

#include "source.h"

enum { BOXES_MAX = 4096 };

struct box {
    uint32_t type;
    int64_t size; /* with its header; 0: to the end of the file */
    int header;
};

#define FOURCC(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

uint64_t box_number(const uint8_t *p, int bytes);
/* Steps through the boxes between two places: 1 with the next one in *ret and its place in *ret_at. One whose size is
 * open, or too large, ends with its parent. */
int box_step(struct source *s, int64_t *at, int64_t end, int *left, struct box *ret, int64_t *ret_at);

#endif
