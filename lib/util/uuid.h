/* SPDX-License-Identifier: MIT */
/* UUIDs: made here in version 7 (RFC 9562), read and written by libuuid. */
#ifndef VS_UTIL_UUID_H
#define VS_UTIL_UUID_H

#include "vidstore/base.h"
#include <stdint.h>
#include <string.h>

struct vs_uuid {
    uint8_t b[16];
};
#define VS_UUID_TEXT 37 /* 36 characters and the NUL */

/* A new version 7 UUID, greater than every earlier one of this process. 0, or IO. */
int vs_uuid_make(struct vs_uuid *ret, vidstore_error **e);
/* From 36 characters. 0, or INVALID naming the field. */
int vs_uuid_parse(const char *text, const char *field, struct vs_uuid *ret, vidstore_error **e);
int vs_uuid_is_text(const char *text);
void vs_uuid_format(const struct vs_uuid *u, char ret[VS_UUID_TEXT]);

static inline int vs_uuid_equal(const struct vs_uuid *a, const struct vs_uuid *b) {
    return memcmp(a->b, b->b, 16) == 0;
}
static inline int vs_uuid_is_nil(const struct vs_uuid *u) {
    static const struct vs_uuid nil;
    return memcmp(u->b, nil.b, 16) == 0;
}

#endif
