/* SPDX-License-Identifier: MIT */
#include "util/base64.h"
#include "util/alloc.h"
#include "util/error.h"
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void vs_base64_add(struct vs_buf *b, const void *data, size_t len) {
    const uint8_t *bytes = data;
    for (size_t i = 0; i < len; i += 3) {
        size_t n = len - i < 3 ? len - i : 3;
        uint32_t word =
            (uint32_t)bytes[i] << 16 | (n > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) | (n > 2 ? bytes[i + 2] : 0);
        char four[4] = {alphabet[word >> 18], alphabet[word >> 12 & 63], alphabet[word >> 6 & 63], alphabet[word & 63]};
        memset(four + n + 1, '=', 3 - n);
        vs_buf_add(b, four, 4);
    }
}

static int value_of(char c) {
    const char *at = c ? strchr(alphabet, c) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

static int refuse(const char *field, vidstore_error **e) {
    return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, field, "%s is not base64", field);
}

int vs_base64_decode(const char *text, size_t len, const char *field, void **ret, size_t *ret_len, vidstore_error **e) {
    size_t padding = 0, count = 0;
    while (padding < 2 && len > padding && text[len - 1 - padding] == '=')
        padding++;
    if (len % 4)
        return refuse(field, e);
    vs_autofree uint8_t *bytes = vs_malloc(len / 4 * 3 + 1);
    if (!bytes)
        return vs_fail_nomem(e);
    uint32_t word = 0;
    for (size_t i = 0; i < len; i++) {
        int value = i < len - padding ? value_of(text[i]) : 0;
        if (value < 0)
            return refuse(field, e);
        word = word << 6 | (uint32_t)value;
        if (i % 4 == 3) {
            bytes[count++] = (uint8_t)(word >> 16);
            bytes[count++] = (uint8_t)(word >> 8);
            bytes[count++] = (uint8_t)word;
        }
    }
    *ret = VS_TAKE(bytes);
    *ret_len = count - padding;
    return 0;
}
