/* SPDX-License-Identifier: MIT */
/* Building the answer. What is not known is left out, so each of these does nothing for its "unknown" value. */
#ifndef VS_HELPER_OUTPUT_H
#define VS_HELPER_OUTPUT_H

#include <jansson.h>
#include <libavutil/rational.h>
#include <stdint.h>

#define UNKNOWN INT64_MIN

void put_int(json_t *o, const char *key, int64_t value);
/* Numbers of which libav says 0 for unknown. */
void put_positive(json_t *o, const char *key, int64_t value);
void put_flag(json_t *o, const char *key, int value); /* negative: unknown */
/* A word of ours: ASCII. NULL: unknown. */
void put_word(json_t *o, const char *key, const char *word);
/* A text from the file: made valid, cut at max bytes, left out when empty. 1 when it had to be altered. */
int put_text(json_t *o, const char *key, const char *text, size_t max);
/* As [numerator, denominator]; 0 in either is unknown. */
void put_ratio(json_t *o, const char *key, AVRational r);
/* An array of whole numbers. */
void put_numbers(json_t *o, const char *key, const int64_t *values, size_t count);
/* A time in some time base, in microseconds; AV_NOPTS_VALUE is unknown. */
void put_time(json_t *o, const char *key, int64_t value, AVRational base);
/* Writes the document and a newline, at most max bytes, to the answer pipe. 0, or -1. */
int output_write(int fd, const json_t *document, size_t max);

#endif
