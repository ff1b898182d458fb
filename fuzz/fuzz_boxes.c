/* SPDX-License-Identifier: MIT */
/* Our own parsers of containers: the boxes of MP4, the elements of Matroska, the head of RIFF. */
#include "media/helper/boxes.h"
#include "media/helper/ebml.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct source s = {.memory = data, .size = (int64_t)size, .budget = 16 << 20, .deadline_us = INT64_MAX};
    struct boxes *boxes = malloc(sizeof *boxes);
    struct ebml *ebml = malloc(sizeof *ebml);
    if (boxes && ebml && size > 0) {
        boxes_walk(&s, boxes);
        ebml_read_head(&s, ebml);
        ebml_last_time(&s, ebml, 1 << 20);
        riff_truncated(&s);
        flv_truncated(&s);
        if (boxes->n_tracks > BOXES_MAX_TRACKS || boxes->n_brands > BOXES_MAX_BRANDS ||
            ebml->n_tracks > EBML_MAX_TRACKS)
            __builtin_trap();
    }
    free(boxes);
    free(ebml);
    return 0;
}
