/* SPDX-License-Identifier: MIT */
/* Bytes as text that JSON can carry (RFC 4648, section 4). */
#ifndef VS_UTIL_BASE64_H
#define VS_UTIL_BASE64_H

#include "util/buf.h"

void vs_base64_add(struct vs_buf *b, const void *data, size_t len);
/* The bytes that a text stands for, in memory of their own; 0, INVALID naming the field, or NOMEM. */
int vs_base64_decode(const char *text, size_t len, const char *field, void **ret, size_t *ret_len, vidstore_error **e);

#endif
