/* SPDX-License-Identifier: MIT */
/* The head of a Matroska file, and of the RIFF family: which of them it is, and how long it says that it is. */
#ifndef VS_HELPER_EBML_H
#define VS_HELPER_EBML_H

#include "source.h"

struct ebml {
    int found;
    int webm;      /* the document type says so */
    int truncated; /* the segment goes on past the end of the file */
};

void ebml_read_head(struct source *s, struct ebml *ret);
/* Whether the file is RIFF and its first chunk goes on past the end of the file. */
int riff_truncated(struct source *s);

#endif
