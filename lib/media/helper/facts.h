/* SPDX-License-Identifier: MIT */
/* What is said of the file as a whole. */
#ifndef VS_HELPER_FACTS_H
#define VS_HELPER_FACTS_H

#include "boxes.h"
#include "ebml_blocks.h"
#include <jansson.h>
#include <libavformat/avformat.h>

/* Everything that one probe has at hand. */
struct probe {
    const struct vs_media_request *request;
    struct source source;
    AVFormatContext *ic;
    AVIOContext *io;
    int score;               /* how sure it is of the format, in percent */
    int64_t header_duration; /* as the demuxer found it, before anything was estimated; AV_NOPTS_VALUE */
    int64_t scan_duration;   /* from reading to the end; AV_NOPTS_VALUE */
    int64_t tail_duration;   /* the time of the last block; -1 */
    int64_t header_bit_rate; /* as the demuxer found it; 0 */
    int main_video, main_audio;
    struct boxes boxes;
    struct ebml ebml;
    struct frame_times times; /* of the main video's frames */
    int other_truncated;      /* AVI, WAV, FLV: it says that it is longer than it is */
    int out_of_memory;
    json_t *answer;
};

void facts_container(struct probe *p);
void facts_chapters(struct probe *p);
void facts_programs(struct probe *p);
void facts_tags(struct probe *p);

#endif
