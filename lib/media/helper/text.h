/* SPDX-License-Identifier: MIT */
/* Texts from a file, which may be anything. */
#ifndef VS_HELPER_TEXT_H
#define VS_HELPER_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* A copy that is UTF-8 and at most max bytes: bytes that are not, and control characters other than tab and newline,
 * become U+FFFD; blanks at the end go. NULL: out of memory. */
char *text_clean(const char *text, size_t max, size_t *ret_size, int *ret_altered);
/* Whether the first bytes of a file are plain text: playlists, scripts, subtitles, source code, but never media. */
int text_is_plain(const uint8_t *head, size_t size);
/* "2024-05-01T12:30:00.5+02:00" in microseconds UTC, and its offset in minutes if it names one. 0, or -1. */
int text_parse_time(const char *text, int64_t *ret_us, int64_t *ret_offset_min);

#endif
