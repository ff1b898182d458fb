/* SPDX-License-Identifier: MIT */
#include "util/utf8.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/error.h"
#include <limits.h>
#include <string.h>

/* Table 3-7 of the Unicode standard. */
size_t vs_utf8_sequence(const char *text, size_t left) {
    const unsigned char *s = (const unsigned char *)text;
    unsigned char c = *s, low = 0x80, high = 0xBF;
    size_t n = c < 0x80 ? 1 : c >= 0xC2 && c <= 0xDF ? 2 : (c & 0xF0) == 0xE0 ? 3 : c >= 0xF0 && c <= 0xF4 ? 4 : 0;
    if (!c || !n || n > left)
        return 0;
    if (c == 0xE0)
        low = 0xA0;
    else if (c == 0xED)
        high = 0x9F;
    else if (c == 0xF0)
        low = 0x90;
    else if (c == 0xF4)
        high = 0x8F;
    for (size_t i = 1; i < n; i++, low = 0x80, high = 0xBF)
        if (s[i] < low || s[i] > high)
            return 0;
    return n;
}

int vs_utf8_valid(const char *s, size_t len) {
    for (size_t at = 0; at < len;) {
        size_t n = vs_utf8_sequence(s + at, len - at);
        if (!n)
            return 0;
        at += n;
    }
    return 1;
}

size_t vs_utf8_cut(const char *s, size_t max) {
    size_t len = strnlen(s, max + 1);
    if (len <= max)
        return len;
    /* The first byte that goes must begin a character; in what is no UTF-8 there is none to be kept whole. */
    for (size_t at = max; at > 0 && max - at < 4; at--)
        if (((unsigned char)s[at] & 0xC0) != 0x80)
            return at;
    return max;
}

int vs_check_text(const char *s, const char *field, size_t max, vidstore_error **e) {
    if (!s)
        return vs_fail(e, VIDSTORE_MISUSE, field, "%s is NULL", field);
    size_t len = strnlen(s, max + 1);
    if (len > max)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_TOO_LONG, field, "%s is longer than %zu bytes", field,
                           max);
    if (!vs_utf8_valid(s, len))
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_UTF8, field, "%s is not valid UTF-8", field);
    return 0;
}

int vs_check_path(const char *path, const char *field, vidstore_error **e) {
    if (!path)
        return vs_fail(e, VIDSTORE_MISUSE, field, "%s is NULL", field);
    if (strnlen(path, PATH_MAX) >= PATH_MAX)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_TOO_LONG, field, "%s is longer than %d bytes", field,
                           PATH_MAX - 1);
    return 0;
}

char *vs_utf8_scrub(const char *s, size_t len) {
    vs_autobuf out = {0};
    for (size_t at = 0; at < len;) {
        size_t n = vs_utf8_sequence(s + at, len - at);
        if (n)
            vs_buf_add(&out, s + at, n);
        else
            vs_buf_str(&out, "\xEF\xBF\xBD");
        at += n ? n : 1;
    }
    vs_buf_add(&out, "", 0);
    return out.failed ? NULL : VS_TAKE(out.data);
}

char *vs_ascii_fold(const char *s) {
    char *folded = vs_strdup(s);
    for (char *c = folded; c && *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + ('a' - 'A'));
    return folded;
}
