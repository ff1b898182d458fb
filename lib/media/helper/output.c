/* SPDX-License-Identifier: MIT */
#include "output.h"
#include "text.h"
#include <errno.h>
#include <libavutil/avutil.h>
#include <libavutil/mathematics.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void put_int(json_t *o, const char *key, int64_t value) {
    if (value != UNKNOWN)
        json_object_set_new(o, key, json_integer(value));
}

void put_positive(json_t *o, const char *key, int64_t value) {
    if (value > 0)
        put_int(o, key, value);
}

void put_flag(json_t *o, const char *key, int value) {
    if (value >= 0)
        json_object_set_new(o, key, json_boolean(value));
}

void put_word(json_t *o, const char *key, const char *word) {
    if (word && *word)
        json_object_set_new(o, key, json_string(word));
}

int put_text(json_t *o, const char *key, const char *text, size_t max) {
    if (!text || !*text)
        return 0;
    int altered;
    size_t size;
    char *clean = text_clean(text, max, &size, &altered);
    if (clean && size)
        json_object_set_new(o, key, json_stringn_nocheck(clean, size));
    free(clean);
    return altered;
}

void put_ratio(json_t *o, const char *key, AVRational r) {
    if (r.num > 0 && r.den > 0)
        json_object_set_new(o, key, json_pack("[ii]", r.num, r.den));
}

void put_numbers(json_t *o, const char *key, const int64_t *values, size_t count) {
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, json_integer(values[i]));
    json_object_set_new(o, key, array);
}

void put_time(json_t *o, const char *key, int64_t value, AVRational base) {
    if (value == AV_NOPTS_VALUE || base.num <= 0 || base.den <= 0)
        return;
    /* what does not fit 64 bits comes back as INT64_MIN, which is unknown here too */
    put_int(o, key, av_rescale_q(value, base, AV_TIME_BASE_Q));
}

int output_write(int fd, const json_t *document, size_t max) {
    char *text = json_dumps(document, JSON_COMPACT);
    size_t size = text ? strlen(text) : 0;
    int rc = size > 0 && size < max ? 0 : -1;
    if (rc == 0)
        text[size++] = '\n'; /* in the NUL's place: the end of the answer */
    for (size_t done = 0; rc == 0 && done < size;) {
        ssize_t n = write(fd, text + done, size - done);
        if (n > 0)
            done += (size_t)n;
        else if (n == 0 || errno != EINTR)
            rc = -1;
    }
    free(text);
    return rc;
}
