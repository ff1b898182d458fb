/* SPDX-License-Identifier: MIT */
#include "text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The length of the well-formed UTF-8 sequence at p, or 0. */
static size_t sequence(const unsigned char *p, size_t left) {
    static const struct {
        unsigned char first, last, second_low, second_high, length;
    } forms[] = {
        {0x01, 0x7F, 0, 0, 1},       {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
        {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
        {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
    };
    for (size_t f = 0; f < sizeof forms / sizeof *forms; f++) {
        if (*p < forms[f].first || *p > forms[f].last)
            continue;
        size_t n = forms[f].length;
        if (n > left || (n > 1 && (p[1] < forms[f].second_low || p[1] > forms[f].second_high)))
            return 0;
        for (size_t i = 2; i < n; i++)
            if ((p[i] & 0xC0) != 0x80)
                return 0;
        return n;
    }
    return 0;
}

static int is_control(unsigned char c) {
    return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F;
}

char *text_clean(const char *text, size_t max, size_t *ret_size, int *ret_altered) {
    const unsigned char *p = (const unsigned char *)text;
    size_t left = strlen(text), n = 0;
    char *out = malloc((left < max ? left * 3 : max) + 1);
    *ret_altered = 0;
    *ret_size = 0;
    if (!out)
        return NULL;
    while (left) {
        size_t length = is_control(*p) ? 0 : sequence(p, left);
        size_t wanted = length ? length : 3;
        if (n + wanted > max) {
            *ret_altered = 1;
            break;
        }
        memcpy(out + n, length ? (const char *)p : "\xEF\xBF\xBD", wanted);
        *ret_altered |= !length;
        n += wanted;
        p += length ? length : 1;
        left -= length ? length : 1;
    }
    while (n && strchr(" \t\r\n", out[n - 1]))
        n--;
    out[n] = 0;
    *ret_size = n;
    return out;
}

int text_is_plain(const uint8_t *head, size_t size) {
    static const char y4m[] = "YUV4MPEG2 "; /* the one format of ours that begins as text */
    if (size >= sizeof y4m - 1 && memcmp(head, y4m, sizeof y4m - 1) == 0)
        return 0;
    for (size_t i = 0; i < size;) {
        size_t n = head[i] == '\f' || head[i] == 0x1B ? 1 : is_control(head[i]) ? 0 : sequence(head + i, size - i);
        if (!n) /* a sequence that the buffer's end has cut is none of the file's fault */
            return size - i < 4 && head[i] >= 0xC2 && i > 0;
        i += n;
    }
    return size > 0;
}

/* "Z", "+02:00", "-0330"; INT64_MIN when it is none. */
static int64_t parse_offset(const char *s) {
    if (*s == 'Z')
        return 0;
    int hours, minutes;
    if ((*s != '+' && *s != '-') ||
        sscanf(s + 1, s[1] && s[2] && s[3] == ':' ? "%2d:%2d" : "%2d%2d", &hours, &minutes) != 2)
        return INT64_MIN;
    if (hours < 0 || hours > 14 || minutes < 0 || minutes > 59)
        return INT64_MIN;
    int64_t offset = hours * 60 + minutes;
    return *s == '-' ? -offset : offset;
}

int text_parse_time(const char *text, int64_t *ret_us, int64_t *ret_offset_min) {
    struct tm t = {0};
    int used = 0;
    *ret_offset_min = INT64_MIN;
    if (!text ||
        sscanf(text, "%4d-%2d-%2d%*1[T ]%2d:%2d:%2d%n", &t.tm_year, &t.tm_mon, &t.tm_mday, &t.tm_hour, &t.tm_min,
               &t.tm_sec, &used) != 6 ||
        !used)
        return -1;
    if (t.tm_year < 1970 || t.tm_mon < 1 || t.tm_mon > 12 || t.tm_mday < 1 || t.tm_mday > 31 || t.tm_hour < 0 ||
        t.tm_hour > 23 || t.tm_min < 0 || t.tm_min > 59 || t.tm_sec < 0 || t.tm_sec > 60)
        return -1;
    t.tm_year -= 1900;
    t.tm_mon -= 1;
    int64_t us = (int64_t)timegm(&t) * 1000000;
    const char *rest = text + used;
    if (*rest == '.') {
        int64_t scale = 100000;
        for (rest++; *rest >= '0' && *rest <= '9'; rest++, scale /= 10)
            us += (*rest - '0') * scale;
    }
    int64_t offset = parse_offset(rest);
    if (offset != INT64_MIN)
        us -= offset * 60000000;
    *ret_us = us;
    *ret_offset_min = offset;
    return 0;
}
