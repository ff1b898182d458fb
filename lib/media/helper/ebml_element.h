/* SPDX-License-Identifier: MIT */
/* What the readers of Matroska have in common: the names of elements, and the numbers that they begin with. */
#ifndef VS_HELPER_EBML_ELEMENT_H
#define VS_HELPER_EBML_ELEMENT_H

#include <stdint.h>

enum {
    ID_EBML = 0x1A45DFA3,
    ID_DOCTYPE = 0x4282,
    ID_SEGMENT = 0x18538067,
    ID_SEEK_HEAD = 0x114D9B74,
    ID_SEEK = 0x4DBB,
    ID_SEEK_ID = 0x53AB,
    ID_INFO = 0x1549A966,
    ID_SCALE = 0x2AD7B1,
    ID_TRACKS = 0x1654AE6B,
    ID_TRACK = 0xAE,
    ID_TRACK_NUMBER = 0xD7,
    ID_TRACK_TYPE = 0x83,
    ID_CODEC = 0x86,
    ID_LANGUAGE_BCP47 = 0x22B59D,
    ID_VIDEO = 0xE0,
    ID_CROP_BOTTOM = 0x54AA,
    ID_CROP_TOP = 0x54BB,
    ID_CROP_LEFT = 0x54CC,
    ID_CROP_RIGHT = 0x54DD,
    ID_ENCODINGS = 0x6D80,
    ID_ENCODING = 0x6240,
    ID_ENCRYPTION = 0x5035,
    ID_CUES = 0x1C53BB6B,
    ID_CLUSTER = 0x1F43B675,
    ID_CLUSTER_TIME = 0xE7,
    ID_SIMPLE_BLOCK = 0xA3,
    ID_BLOCK_GROUP = 0xA0,
    ID_BLOCK = 0xA1,
    ID_ENCRYPTED_BLOCK = 0xAF,
};

enum { EBML_UNKNOWN_SIZE = -2 };

struct cursor {
    const uint8_t *p, *end;
};

/* A variable-length number; keep_marker for ids. -1: cut off or too long; EBML_UNKNOWN_SIZE. */
int64_t ebml_number(struct cursor *c, int keep_marker);
/* The whole of c as a number; -1: it is longer than 7 bytes. */
int64_t ebml_unsigned(struct cursor c);

#endif
