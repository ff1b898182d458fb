/* SPDX-License-Identifier: MIT */
/* Our own parsers of containers: the boxes of MP4, the elements of Matroska, the head of RIFF. */
#include "media/helper/boxes.h"
#include "media/helper/ebml_blocks.h"
#include "media/helper/fragments.h"
#include <stdlib.h>

/* Of each track; they are in order, whatever the blocks say. */
static void time_tracks(struct source *s, const struct ebml *ebml) {
    for (int i = 0; i < ebml->n_tracks; i++) {
        struct frame_times times;
        if (ebml_block_times(s, ebml, &ebml->tracks[i], &times) != 0)
            continue;
        for (int k = 1; k < times.n; k++)
            if (times.at[k] < times.at[k - 1])
                __builtin_trap();
        free(times.at);
    }
}

/* Of each track in the fragments, however many frames they claim to have. */
static void time_fragments(struct source *s, const struct boxes *boxes) {
    enum { MOST = 1 << 16 };
    for (int i = 0; i < boxes->n_tracks; i++) {
        struct frame_times times;
        if (fragments_times(s, boxes, boxes->tracks[i].id, &times) == 0 && (times.n < 1 || times.n > MOST))
            __builtin_trap();
        free(times.at);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct source s = {.memory = data, .size = (int64_t)size, .budget = 16 << 20, .deadline_us = INT64_MAX};
    struct boxes *boxes = malloc(sizeof *boxes);
    struct ebml *ebml = malloc(sizeof *ebml);
    if (boxes && ebml && size > 0) {
        boxes_walk(&s, boxes);
        ebml_read_head(&s, ebml);
        ebml_last_time(&s, ebml, 1 << 20);
        time_tracks(&s, ebml);
        time_fragments(&s, boxes);
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
