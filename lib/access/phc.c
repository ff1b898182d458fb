/* SPDX-License-Identifier: MIT */
#include "access/phc.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int digit(char c) {
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* Base 64 without padding, up to a `$` or the end; unused bits are zero, so that there is one text for some bytes. */
static int read_bytes(const char **text, uint8_t *ret, size_t min, size_t *ret_len) {
    uint32_t bits = 0;
    int have = 0, value;
    size_t len = 0;
    while ((value = digit(**text)) >= 0) {
        bits = bits << 6 | (uint32_t)value;
        have += 6;
        ++*text;
        if (have < 8)
            continue;
        if (len == VS_PHC_BYTES)
            return -1;
        have -= 8;
        ret[len++] = (uint8_t)(bits >> have);
        bits &= (1u << have) - 1;
    }
    *ret_len = len;
    return have >= 6 || bits || len < min ? -1 : 0;
}

static size_t write_bytes(const uint8_t *bytes, size_t len, char *ret) {
    uint32_t bits = 0;
    int have = 0;
    char *at = ret;
    for (size_t i = 0; i < len; i++) {
        bits = bits << 8 | bytes[i];
        for (have += 8; have >= 6; have -= 6)
            *at++ = digits[bits >> (have - 6) & 63];
    }
    if (have)
        *at++ = digits[bits << (6 - have) & 63];
    *at = '\0';
    return (size_t)(at - ret);
}

/* "m=" and a number without leading zeros, from 1 to max. */
static int read_number(const char **text, const char *name, uint32_t max, uint32_t *ret) {
    uint64_t value = 0;
    size_t len = strlen(name);
    if (strncmp(*text, name, len) != 0)
        return -1;
    *text += len;
    if (**text < '1' || **text > '9')
        return -1;
    for (; **text >= '0' && **text <= '9'; ++*text)
        if ((value = value * 10 + (uint64_t)(**text - '0')) > max)
            return -1;
    *ret = (uint32_t)value;
    return 0;
}

static int expect(const char **text, const char *what) {
    size_t len = strlen(what);
    if (strncmp(*text, what, len) != 0)
        return -1;
    *text += len;
    return 0;
}

int vs_phc_read(const char *text, struct vs_phc *ret) {
    memset(ret, 0, sizeof *ret);
    if (strnlen(text, VS_PHC_MAX) >= VS_PHC_MAX)
        return -1;
    ret->i = strncmp(text, "$argon2i$", 9) == 0;
    if (expect(&text, ret->i ? "$argon2i$v=19$" : "$argon2id$v=19$") ||
        read_number(&text, "m=", VS_PHC_KIB_MAX, &ret->memory_kib) ||
        read_number(&text, ",t=", VS_PHC_PASSES_MAX, &ret->passes) ||
        read_number(&text, ",p=", VS_PHC_LANES_MAX, &ret->lanes) || expect(&text, "$") ||
        read_bytes(&text, ret->salt, VS_PHC_SALT_MIN, &ret->salt_len) || expect(&text, "$") ||
        read_bytes(&text, ret->tag, VS_PHC_TAG_MIN, &ret->tag_len))
        return -1;
    return *text || ret->memory_kib < 8 * ret->lanes ? -1 : 0;
}

void vs_phc_write(const struct vs_phc *phc, char *ret) {
    size_t at = (size_t)snprintf(ret, VS_PHC_MAX, "$argon2%s$v=19$m=%" PRIu32 ",t=%" PRIu32 ",p=%" PRIu32 "$",
                                 phc->i ? "i" : "id", phc->memory_kib, phc->passes, phc->lanes);
    at += write_bytes(phc->salt, phc->salt_len, ret + at);
    ret[at++] = '$';
    write_bytes(phc->tag, phc->tag_len, ret + at);
}

int vs_phc_is_bcrypt(const char *text) {
    static const char set[] = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    if (strnlen(text, 61) != 60 || text[0] != '$' || text[1] != '2' || !strchr("aby", text[2]) || text[3] != '$' ||
        text[6] != '$' || text[4] < '0' || text[4] > '1' || text[5] < '0' || text[5] > '9')
        return 0;
    int cost = (text[4] - '0') * 10 + text[5] - '0';
    return cost >= 4 && cost <= 14 && strspn(text + 7, set) == 53;
}
