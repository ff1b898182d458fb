/* SPDX-License-Identifier: MIT */
#include "select.h"
#include "words.h"

int select_is_picture(const AVStream *st) {
    return st->codecpar->codec_type == AVMEDIA_TYPE_VIDEO &&
           (st->disposition &
            (AV_DISPOSITION_ATTACHED_PIC | AV_DISPOSITION_TIMED_THUMBNAILS | AV_DISPOSITION_STILL_IMAGE));
}

/* By rank: not a still codec, default, the larger area; at a tie the lower index stays. */
static int64_t video_rank(const AVStream *st) {
    const AVCodecParameters *p = st->codecpar;
    int64_t area = p->width > 0 && p->height > 0 ? (int64_t)p->width * p->height : 0;
    return (word_is_still_codec(p->codec_id) ? 0 : INT64_C(1) << 62) +
           (st->disposition & AV_DISPOSITION_DEFAULT ? INT64_C(1) << 61 : 0) + (area >> 2);
}

int select_main_video(AVFormatContext *ic) {
    int best = -1;
    int64_t best_rank = -1;
    for (unsigned int i = 0; i < ic->nb_streams; i++) {
        const AVStream *st = ic->streams[i];
        if (st->codecpar->codec_type != AVMEDIA_TYPE_VIDEO || select_is_picture(st))
            continue;
        int64_t rank = video_rank(st);
        if (rank > best_rank) {
            best = (int)i;
            best_rank = rank;
        }
    }
    return best;
}

static int in_program(const AVProgram *program, int stream) {
    for (unsigned int i = 0; i < program->nb_stream_indexes; i++)
        if ((int)program->stream_index[i] == stream)
            return 1;
    return 0;
}

static int shares_program(AVFormatContext *ic, int a, int b) {
    if (a < 0 || !ic->nb_programs)
        return 1;
    int has_program = 0;
    for (unsigned int i = 0; i < ic->nb_programs; i++) {
        if (!in_program(ic->programs[i], a))
            continue;
        has_program = 1;
        if (in_program(ic->programs[i], b))
            return 1;
    }
    return !has_program;
}

/* Tracks beside the main one: commentary, and those for the hard of hearing or seeing. */
static int audio_rank(const AVStream *st) {
    static const int beside = AV_DISPOSITION_COMMENT | AV_DISPOSITION_HEARING_IMPAIRED |
                              AV_DISPOSITION_VISUAL_IMPAIRED | AV_DISPOSITION_DESCRIPTIONS |
                              AV_DISPOSITION_CLEAN_EFFECTS;
    int channels = st->codecpar->ch_layout.nb_channels;
    return (st->disposition & beside ? 0 : 1 << 20) + (st->disposition & AV_DISPOSITION_DEFAULT ? 1 << 19 : 0) +
           (channels > 0 && channels < 1024 ? channels : 0);
}

int select_main_audio(AVFormatContext *ic, int main_video) {
    int best = -1, best_rank = -1;
    for (unsigned int i = 0; i < ic->nb_streams; i++) {
        const AVStream *st = ic->streams[i];
        if (st->codecpar->codec_type != AVMEDIA_TYPE_AUDIO || !shares_program(ic, main_video, (int)i))
            continue;
        int rank = audio_rank(st);
        if (rank > best_rank) {
            best = (int)i;
            best_rank = rank;
        }
    }
    return best;
}
