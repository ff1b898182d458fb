/* SPDX-License-Identifier: MIT */
/* Numbers as bytes, the highest first. */
#ifndef VS_UTIL_BYTES_H
#define VS_UTIL_BYTES_H

#include <stdint.h>

static inline void vs_put_number(uint8_t *at, uint64_t value, int size) {
    for (int i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> 8 * (size - 1 - i));
}

static inline uint64_t vs_get_number(const uint8_t *at, int size) {
    uint64_t value = 0;
    for (int i = 0; i < size; i++)
        value = value << 8 | at[i];
    return value;
}

#endif
