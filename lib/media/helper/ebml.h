/* SPDX-License-Identifier: MIT */
/* What the head of a Matroska file says and libavformat keeps to itself, or changes. */
#ifndef VS_HELPER_EBML_H
#define VS_HELPER_EBML_H

#include "source.h"

enum { EBML_MAX_TRACKS = 256, EBML_LANGUAGE = 64 };

struct ebml_track {
    int type;      /* 1 video, 2 audio, 17 subtitle, 33 metadata; 0: not said */
    int has_codec; /* one without is no stream of libavformat's */
    int is_vp8;
    int encoded; /* compressed or encrypted: a block is not the frame itself */
    int encrypted;
    int64_t number;               /* by which its blocks name it */
    char language[EBML_LANGUAGE]; /* BCP 47, from LanguageBCP47 alone; "" when there is none */
    int64_t crop[4];              /* left, top, right, bottom, in pixels */
};

struct ebml {
    int found;
    int webm;
    int truncated;      /* the segment says that it is longer than the file */
    int has_cues;       /* an index is there; -1: not known */
    int64_t segment_at; /* where the segment's contents begin; 0: nowhere */
    int64_t scale;      /* nanoseconds a tick of the clusters */
    int n_tracks;
    struct ebml_track tracks[EBML_MAX_TRACKS];
};

void ebml_read_head(struct source *s, struct ebml *ret);
/* The time of the last block, in microseconds, from at most `most` bytes at the file's end; -1: none was found. */
int64_t ebml_last_time(struct source *s, const struct ebml *head, int64_t most);
/* Whether a RIFF file (AVI, WAV) is shorter than it says. */
int riff_truncated(struct source *s);
/* The same of FLV, by the size in its first kibibyte. */
int flv_truncated(struct source *s);

#endif
