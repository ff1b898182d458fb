/* SPDX-License-Identifier: MIT */
#include "util/buf.h"
#include "util/alloc.h"
#include "util/error.h"
#include "util/handle.h"
#include "util/quarantine.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { DEFAULT_MAX = 64 << 20 };

/* Room for len more bytes and the NUL. */
static int reserve(struct vs_buf *b, size_t len) {
    size_t max = b->max ? b->max : DEFAULT_MAX;
    if (b->failed)
        return 0;
    if (len > max || b->len + len > max) {
        b->failed = VIDSTORE_INVALID;
        return 0;
    }
    if (b->len + len + 1 <= b->cap)
        return 1;
    size_t cap = b->cap ? b->cap * 2 : 256;
    while (cap < b->len + len + 1)
        cap *= 2;
    char *data = vs_realloc(b->data, cap);
    if (!data) {
        b->failed = VIDSTORE_NOMEM;
        return 0;
    }
    b->data = data;
    b->cap = cap;
    return 1;
}

void vs_buf_reserve(struct vs_buf *b, size_t len) {
    reserve(b, len);
}

void vs_buf_add(struct vs_buf *b, const void *data, size_t len) {
    if (!reserve(b, len))
        return;
    if (len)
        memcpy(b->data + b->len, data, len);
    b->len += len;
    b->data[b->len] = '\0';
}

void vs_buf_str(struct vs_buf *b, const char *s) {
    vs_buf_add(b, s, strlen(s));
}

void vs_buf_strs(struct vs_buf *b, const char *const *texts) {
    for (; *texts; texts++)
        vs_buf_str(b, *texts);
}

void vs_buf_char(struct vs_buf *b, char c) {
    vs_buf_add(b, &c, 1);
}

void vs_buf_fmt(struct vs_buf *b, const char *format, ...) {
    va_list args, again;
    size_t room = b->failed ? 0 : b->cap - b->len; /* mostly enough, and then it is printed once */
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(room ? b->data + b->len : NULL, room, format, args);
    if (n >= 0 && (size_t)n < room && b->len + (size_t)n <= (b->max ? b->max : DEFAULT_MAX)) {
        b->len += (size_t)n;
    } else {
        if (room)
            b->data[b->len] = '\0';
        if (n >= 0 && reserve(b, (size_t)n)) {
            vsnprintf(b->data + b->len, (size_t)n + 1, format, again);
            b->len += (size_t)n;
        }
    }
    va_end(again);
    va_end(args);
}

void vs_buf_int(struct vs_buf *b, int64_t value) {
    char digits[24], *at = digits + sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do
        *--at = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0)
        *--at = '-';
    vs_buf_add(b, at, (size_t)(digits + sizeof digits - at));
}

void vs_buf_free(struct vs_buf *b) {
    vs_free(b->data);
    *b = (struct vs_buf){0};
}

struct vidstore_text {
    uint32_t magic;
    size_t len;
    char *data;
};

static int text_of(char *data, size_t len, vidstore_text **ret, vidstore_error **e) {
    vidstore_text *text = data ? vs_malloc(sizeof *text) : NULL;
    if (!text) {
        vs_free(data);
        return vs_fail_nomem(e);
    }
    *text = (vidstore_text){VS_MAGIC_TEXT, len, data};
    *ret = text;
    return 0;
}

int vs_buf_to_text(struct vs_buf *b, vidstore_text **ret, vidstore_error **e) {
    if (b->failed == VIDSTORE_INVALID)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_TOO_LARGE, NULL, "the result is too large");
    vs_buf_add(b, "", 0);
    if (b->failed)
        return vs_fail_nomem(e);
    size_t len = b->len;
    char *data = VS_TAKE(b->data);
    vs_buf_free(b);
    return text_of(data, len, ret, e);
}

int vs_text_new(const char *s, size_t len, vidstore_text **ret, vidstore_error **e) {
    return text_of(vs_strndup(s, len), len, ret, e);
}

static int is_text(const vidstore_text *text) {
    return text && text->magic == VS_MAGIC_TEXT;
}

const char *vidstore_text_data(const vidstore_text *text) {
    return is_text(text) ? text->data : "";
}

int64_t vidstore_text_size(const vidstore_text *text) {
    return is_text(text) ? (int64_t)text->len : 0;
}

void vidstore_text_free(vidstore_text *text) {
    if (!is_text(text))
        return;
    vs_free(text->data);
    vs_quarantine(text, sizeof *text);
}
