/* SPDX-License-Identifier: MIT */
/* Our own words for libav's enumerations, so that another version of FFmpeg cannot change what is stored. */
#ifndef VS_HELPER_WORDS_H
#define VS_HELPER_WORDS_H

#include <jansson.h>
#include <libavcodec/codec_id.h>
#include <libavcodec/codec_par.h>
#include <libavutil/pixdesc.h>

/* NULL is "not known" from each of these. */
const char *word_format(const char *demuxer, const char *major_brand, int webm);
const char *word_codec(enum AVCodecID id);
const char *word_range(enum AVColorRange range);
const char *word_primaries(enum AVColorPrimaries primaries);
const char *word_transfer(enum AVColorTransferCharacteristic transfer);
const char *word_matrix(enum AVColorSpace matrix);
const char *word_field_order(enum AVFieldOrder order);
const char *word_chroma_location(enum AVChromaLocation location);
/* Of what the planes are samples: "420", "422", "444", …, "gray", "rgb". */
const char *word_chroma(const AVPixFmtDescriptor *d);
const char *word_stereo3d(int type);
const char *word_projection(int projection);
/* As in a MIME type. Returns buf. */
const char *word_codec_string(const AVCodecParameters *p, char buf[64]);
/* An array of words. */
json_t *word_dispositions(int disposition);
/* A codec of single pictures: cover art and slides, unless a file has nothing else. */
int word_is_still_codec(enum AVCodecID id);
/* Brands of pictures that are stored like films. */
int word_is_picture_brand(const char *major_brand);
/* A language as BCP 47 from ISO 639-2; NULL when it says nothing ("und"). Returns buf, or its argument as it is. */
const char *word_language(const char *raw, char buf[3]);
/* What a refused input would have been: "none", "image", "subtitle", or "video" for a format that is not read. */
const char *word_refused_kind(const char *demuxer);

#endif
