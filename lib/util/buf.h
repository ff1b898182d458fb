/* SPDX-License-Identifier: MIT */
/* A growing text with a maximum. The first failure sticks: check once, at the end. */
#ifndef VS_UTIL_BUF_H
#define VS_UTIL_BUF_H

#include "vidstore/base.h"
#include <stddef.h>
#include <stdint.h>

struct vs_buf {
    char *data;           /* NUL-terminated once anything was added */
    size_t len, cap, max; /* max 0: 64 MiB */
    int failed;           /* VIDSTORE_NOMEM, or VIDSTORE_INVALID past the maximum */
};

void vs_buf_reserve(struct vs_buf *b, size_t len); /* room for so much more, for what comes in small pieces */
void vs_buf_add(struct vs_buf *b, const void *data, size_t len);
void vs_buf_str(struct vs_buf *b, const char *s);
/* One text after the other, up to NULL: what vs_buf_fmt does with %s, in a tenth of the time. */
void vs_buf_strs(struct vs_buf *b, const char *const *texts);
#define vs_buf_all(b, ...) vs_buf_strs(b, (const char *const[]){__VA_ARGS__, NULL})
void vs_buf_char(struct vs_buf *b, char c);
void vs_buf_fmt(struct vs_buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void vs_buf_int(struct vs_buf *b, int64_t value);
void vs_buf_free(struct vs_buf *b);
/* The text as an owned public object; the buffer is left empty. */
int vs_buf_to_text(struct vs_buf *b, vidstore_text **ret, vidstore_error **e);
/* A copy of s as a public text. */
int vs_text_new(const char *s, size_t len, vidstore_text **ret, vidstore_error **e);
#define vs_autobuf __attribute__((cleanup(vs_buf_free))) struct vs_buf

#endif
