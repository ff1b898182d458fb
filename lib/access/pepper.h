/* SPDX-License-Identifier: MIT */
/* Peppers: secrets of the host that go into every hash of a password, and never into the store. Who steals the store
 * alone can't try passwords on it. */
#ifndef VS_ACCESS_PEPPER_H
#define VS_ACCESS_PEPPER_H

#include "vidstore/base.h"
#include <stdint.h>

enum { VS_PEPPERS_MAX = 8, VS_PEPPER_SIZE = 32 };

struct vs_pepper {
    int64_t id; /* 1 to INT32_MAX: what the store keeps of it */
    uint8_t key[VS_PEPPER_SIZE];
};

/* All that may be needed; the last one is for new hashes. */
struct vs_peppers {
    int count;
    struct vs_pepper list[VS_PEPPERS_MAX];
};

/* "1=<64 hex digits>", as many as there are, with commas, blanks or line ends between them. Adds them to *ret; INVALID
 * naming the field, and not a word of the text. */
int vs_peppers_parse(const char *text, const char *field, struct vs_peppers *ret, vidstore_error **e);
/* NULL: it is not among them. */
const struct vs_pepper *vs_pepper_find(const struct vs_peppers *peppers, int64_t id);
/* NULL: there is none. */
const struct vs_pepper *vs_pepper_newest(const struct vs_peppers *peppers);

#endif
