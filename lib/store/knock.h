/* SPDX-License-Identifier: MIT */
/* Credentials that were refused: what goes on record of them, and when whoever sends them has to wait. */
#ifndef VS_STORE_KNOCK_H
#define VS_STORE_KNOCK_H

#include "store/store.h"
#include "trail/actor.h"

struct vs_knock {
    const struct vs_actor *actor;         /* nobody, and from where */
    const char *noun;                     /* of what was shown: key, user, link */
    const struct vs_uuid *object, *owner; /* that it is one of; NULL: of nothing */
    const char *why;
};

/* One event a minute for each source and reason, whoever knocks how often; how often stands in the next one. */
void vs_knock_refused(struct vidstore *store, const struct vs_call *call, const struct vs_knock *knock);
/* A text that is no such credential at all, which costs no look at the store: on record, and THROTTLED for a minute
 * when it comes in masses; else 0. */
int vs_knock_junk(struct vidstore *store, const struct vs_call *call, const struct vs_knock *knock, vidstore_error **e);

#endif
