/* SPDX-License-Identifier: MIT */
#include "access/pepper.h"
#include "crypto/crypto.h"
#include "util/env.h"
#include "util/error.h"
#include <stddef.h>
#include <string.h>

enum { DIGITS = 10 };

/* The number before the `=`; 0: there is none that could be an id. */
static int64_t read_id(const char *text, size_t len) {
    int64_t id = 0;
    if (len == 0 || len > DIGITS || *text == '0')
        return 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return 0;
        id = id * 10 + (text[i] - '0');
    }
    return id <= INT32_MAX ? id : 0;
}

static int add(const char *text, size_t len, const char *field, struct vs_peppers *ret, vidstore_error **e) {
    const char *equals = memchr(text, '=', len);
    struct vs_pepper *pepper = &ret->list[ret->count];
    char hex[2 * VS_PEPPER_SIZE + 1];
    size_t before = equals ? (size_t)(equals - text) : 0;
    int64_t id = read_id(text, before);
    if (ret->count == VS_PEPPERS_MAX)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, field, "%s has more than %d keys", field,
                           VS_PEPPERS_MAX);
    if (!id || len - before - 1 != 2 * VS_PEPPER_SIZE)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, field,
                           "%s has a part that is not a number, = and 64 hex digits", field);
    if (vs_pepper_find(ret, id))
        return vs_fail(e, VIDSTORE_INVALID, field, "%s has key %lld twice", field, (long long)id);
    memcpy(hex, equals + 1, sizeof hex - 1);
    hex[sizeof hex - 1] = '\0';
    int bad = vs_unhex(hex, pepper->key, VS_PEPPER_SIZE);
    vs_wipe(hex, sizeof hex);
    if (bad)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, field, "%s has a key that is not 64 hex digits",
                           field);
    pepper->id = id;
    ret->count++;
    return 0;
}

int vs_peppers_parse(const char *text, const char *field, struct vs_peppers *ret, vidstore_error **e) {
    static const char between[] = ", \t\r\n";
    int r = 0;
    for (text += strspn(text, between); !r && *text; text += strspn(text, between)) {
        size_t len = strcspn(text, between);
        r = add(text, len, field, ret, e);
        text += len;
    }
    if (!r && !ret->count)
        r = vs_fail(e, VIDSTORE_INVALID, field, "%s has no key", field);
    return r;
}

const struct vs_pepper *vs_pepper_find(const struct vs_peppers *peppers, int64_t id) {
    for (int i = 0; i < peppers->count; i++)
        if (peppers->list[i].id == id)
            return &peppers->list[i];
    return NULL;
}

const struct vs_pepper *vs_pepper_newest(const struct vs_peppers *peppers) {
    return peppers->count ? &peppers->list[peppers->count - 1] : NULL;
}
