/* SPDX-License-Identifier: MIT */
/* A packet without most of its picture: what a frame says of itself stands before it. */
#ifndef VS_HELPER_BRIEF_H
#define VS_HELPER_BRIEF_H

#include <libavcodec/avcodec.h>

/* Makes packet the brief one of its codec: headers, user data and the beginning of the picture, so that its decoder
 * gives a frame. Other codecs' packets stay as they are, and all do when there is no memory. */
void brief_packet(const AVCodecParameters *codec, AVPacket *packet);

#endif
