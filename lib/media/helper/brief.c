/* SPDX-License-Identifier: MIT */
#include "brief.h"
#include <stddef.h>
#include <string.h>

/* Enough for the header of any picture, and for the macroblock without which there is no frame. */
enum { BEGINNING = 512, MARK = 3, LEAST = 4096 };

/* Where the next start code (00 00 01) is; end when there is none. */
static const uint8_t *find_mark(const uint8_t *p, const uint8_t *end) {
    while (end - p >= MARK) {
        const uint8_t *one = memchr(p + 2, 1, (size_t)(end - p - 2));
        if (!one)
            return end;
        if (!one[-1] && !one[-2])
            return one - 2;
        p = one - 1;
    }
    return end;
}

static ptrdiff_t least(ptrdiff_t size, int most) {
    return size < most ? size : most;
}

/* How much of a unit is kept. Of MPEG-1 and 2 each picture's first row of slices, for with it the picture has begun: a
 * packet may hold two, the fields of a frame. Of the others the beginning of each picture or slice. */
static ptrdiff_t kept_of(enum AVCodecID codec, const uint8_t *unit, ptrdiff_t size) {
    enum { SECOND_ROW = 0x02, LAST_ROW = 0xAF, PICTURE = 0xB6, SLICE = 1, KEY_SLICE = 5 };
    int kind = size > 0 ? unit[0] : 0;
    if (codec == AV_CODEC_ID_H264)
        return (kind & 0x1F) == SLICE || (kind & 0x1F) == KEY_SLICE ? least(size, BEGINNING) : size;
    if (codec == AV_CODEC_ID_MPEG4)
        return kind == PICTURE ? least(size, BEGINNING) : size;
    return kind >= SECOND_ROW && kind <= LAST_ROW ? 0 : size;
}

/* Units that begin with a mark. The new end. */
static uint8_t *shorten_marked(enum AVCodecID codec, uint8_t *data, const uint8_t *end) {
    const uint8_t *unit = find_mark(data, end);
    uint8_t *to = data + (unit - data);
    while (end - unit > MARK) {
        const uint8_t *next = find_mark(unit + MARK, end);
        ptrdiff_t kept = kept_of(codec, unit + MARK, next - unit - MARK);
        if (kept > 0) {
            memmove(to, unit, (size_t)(MARK + kept));
            to += MARK + kept;
        }
        unit = next;
    }
    return to;
}

/* Units that begin with their length, in this many bytes. The new end, which is the old one if they are not such. */
static uint8_t *shorten_counted(enum AVCodecID codec, uint8_t *data, uint8_t *end, int bytes) {
    uint8_t *to = data;
    for (const uint8_t *unit = data; unit < end;) {
        uint32_t size = 0;
        for (int i = 0; i < bytes; i++)
            size = end - unit > i ? size << 8 | unit[i] : UINT32_MAX;
        if (end - unit < bytes || size > (uint64_t)(end - unit - bytes))
            return to == data ? end : to;
        ptrdiff_t kept = kept_of(codec, unit + bytes, (ptrdiff_t)size);
        memmove(to + bytes, unit + bytes, (size_t)kept);
        for (int i = 0; i < bytes; i++)
            to[i] = (uint8_t)(kept >> 8 * (bytes - 1 - i));
        to += bytes + kept;
        unit += bytes + size;
    }
    return to;
}

void brief_packet(const AVCodecParameters *codec, AVPacket *packet) {
    enum AVCodecID id = codec->codec_id;
    /* H.264 in MP4 and Matroska, by its configuration record */
    int counted = id == AV_CODEC_ID_H264 && codec->extradata_size > 4 && codec->extradata[0] == 1;
    if ((id != AV_CODEC_ID_H264 && id != AV_CODEC_ID_MPEG4 && id != AV_CODEC_ID_MPEG2VIDEO &&
         id != AV_CODEC_ID_MPEG1VIDEO) ||
        packet->size < LEAST || av_packet_make_writable(packet) < 0)
        return;
    uint8_t *end = packet->data + packet->size;
    end = counted ? shorten_counted(id, packet->data, end, (codec->extradata[4] & 3) + 1)
                  : shorten_marked(id, packet->data, end);
    av_shrink_packet(packet, (int)(end - packet->data));
}
