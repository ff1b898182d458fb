/* SPDX-License-Identifier: MIT */
/* How many frames a second, and whether that is so of each of them. */
#ifndef VS_HELPER_RATE_H
#define VS_HELPER_RATE_H

#include "streams.h"

/* Adds the rates of a video stream, and its mode where the times of the frames prove one. */
void rate_facts(json_t *o, AVStream *st, const struct stream_extra *extra);

#endif
