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

/* How much of a unit is kept. Of MPEG-1 and 2 each picture's first row of slices, for with it the picture has begun: a
 * packet may hold two, the fields of a frame. */
static ptrdiff_t kept_of(enum AVCodecID codec, const uint8_t *unit, ptrdiff_t size) {
    enum { SECOND_ROW = 0x02, LAST_ROW = 0xAF, PICTURE = 0xB6 };
    int kind = size > MARK ? unit[MARK] : 0;
    if (codec == AV_CODEC_ID_MPEG4)
        return kind == PICTURE && size > BEGINNING ? BEGINNING : size;
    return kind >= SECOND_ROW && kind <= LAST_ROW ? 0 : size;
}

void brief_packet(enum AVCodecID codec, AVPacket *packet) {
    if (codec != AV_CODEC_ID_MPEG4 && codec != AV_CODEC_ID_MPEG2VIDEO && codec != AV_CODEC_ID_MPEG1VIDEO)
        return;
    if (packet->size < LEAST || av_packet_make_writable(packet) < 0)
        return;
    const uint8_t *end = packet->data + packet->size, *unit = find_mark(packet->data, end);
    uint8_t *to = packet->data + (unit - (const uint8_t *)packet->data);
    while (unit < end) {
        const uint8_t *next = end - unit > MARK ? find_mark(unit + MARK, end) : end;
        ptrdiff_t kept = kept_of(codec, unit, next - unit);
        memmove(to, unit, (size_t)kept);
        to += kept;
        unit = next;
    }
    av_shrink_packet(packet, (int)(to - packet->data));
}
