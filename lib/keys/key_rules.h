/* SPDX-License-Identifier: MIT */
/* What the rules of keys take as the extra of a change. */
#ifndef VS_KEYS_KEY_RULES_H
#define VS_KEYS_KEY_RULES_H

#include "access/token.h"
#include "keys/keys.h"

struct vs_key_making {
    struct vs_token token;
    int64_t default_us, most_us; /* how long keys live; most_us 0: no limit */
    int never;                   /* keys without an end are allowed */
    int64_t live_max;            /* of a user, without this one */
};

/* The settings; before any transaction's operation. */
void vs_key_making_read(struct vidstore *store, struct vs_key_making *ret);

#endif
