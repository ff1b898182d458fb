/* SPDX-License-Identifier: MIT */
/* What a codec is called in a MIME type (RFC 6381 and the registrations of the codecs), so that a player can be asked
 * whether it takes the stream. From the decoder's configuration alone; nothing is guessed. */
#include "words.h"
#include <libavcodec/avcodec.h>
#include <stdio.h>
#include <string.h>

enum { SIZE = 64 };

static void h264(const AVCodecParameters *p, char ret[SIZE]) {
    const uint8_t *d = p->extradata;
    if (p->extradata_size >= 4 && d[0] == 1)
        snprintf(ret, SIZE, "avc1.%02X%02X%02X", d[1], d[2], d[3]);
}

/* ISO/IEC 14496-15, annex E: hvc1.PROFILE.COMPATIBILITY.TIERLEVEL.CONSTRAINTS */
static void hevc(const AVCodecParameters *p, char ret[SIZE]) {
    const uint8_t *d = p->extradata;
    if (p->extradata_size < 13 || d[0] != 1)
        return;
    static const char *const spaces[] = {"", "A", "B", "C"};
    uint32_t flags = (uint32_t)d[2] << 24 | (uint32_t)d[3] << 16 | (uint32_t)d[4] << 8 | d[5], reversed = 0;
    for (int i = 0; i < 32; i++)
        reversed |= (flags >> i & 1) << (31 - i);
    int n = snprintf(ret, SIZE, "%s.%s%d.%X.%c%d", p->codec_tag == MKTAG('h', 'e', 'v', '1') ? "hev1" : "hvc1",
                     spaces[d[1] >> 6], d[1] & 31, reversed, d[1] & 32 ? 'H' : 'L', d[12]);
    int last = 11;
    while (last > 5 && d[last] == 0)
        last--;
    for (int i = 6; i <= last && n < SIZE - 4; i++)
        n += snprintf(ret + n, (size_t)(SIZE - n), ".%X", d[i]);
}

static void av1(const AVCodecParameters *p, char ret[SIZE]) {
    const uint8_t *d = p->extradata;
    if (p->extradata_size < 4 || d[0] != 0x81)
        return;
    int profile = d[1] >> 5, level = d[1] & 31, high = d[2] >> 6 & 1, twelve = d[2] >> 5 & 1;
    snprintf(ret, SIZE, "av01.%d.%02d%c.%02d", profile, level, d[2] & 0x80 ? 'H' : 'M',
             !high                    ? 8
             : profile == 2 && twelve ? 12
                                      : 10);
}

static void aac(const AVCodecParameters *p, char ret[SIZE]) {
    if (p->profile >= 0 && p->profile < 64)
        snprintf(ret, SIZE, "mp4a.40.%d", p->profile + 1);
}

const char *word_codec_string(const AVCodecParameters *p, char ret[SIZE]) {
    static const struct {
        enum AVCodecID id;
        const char *word;
    } plain[] = {
        {AV_CODEC_ID_VP8, "vp8"},       {AV_CODEC_ID_OPUS, "opus"},      {AV_CODEC_ID_FLAC, "flac"},
        {AV_CODEC_ID_VORBIS, "vorbis"}, {AV_CODEC_ID_MP3, "mp4a.40.34"}, {AV_CODEC_ID_MP2, "mp4a.40.33"},
        {AV_CODEC_ID_AC3, "ac-3"},      {AV_CODEC_ID_EAC3, "ec-3"},      {AV_CODEC_ID_ALAC, "alac"},
        {AV_CODEC_ID_THEORA, "theora"}, {AV_CODEC_ID_WEBVTT, "wvtt"},    {AV_CODEC_ID_MOV_TEXT, "tx3g"},
    };
    ret[0] = 0;
    if (p->codec_id == AV_CODEC_ID_H264)
        h264(p, ret);
    else if (p->codec_id == AV_CODEC_ID_HEVC)
        hevc(p, ret);
    else if (p->codec_id == AV_CODEC_ID_AV1)
        av1(p, ret);
    else if (p->codec_id == AV_CODEC_ID_AAC)
        aac(p, ret);
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (plain[i].id == p->codec_id)
            snprintf(ret, SIZE, "%s", plain[i].word);
    return ret[0] ? ret : NULL;
}
