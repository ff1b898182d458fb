/* SPDX-License-Identifier: MIT */
/* What was refused, on its way into the audit: noted in memory, so that no refusal waits for the writer, and written a
 * moment later by a thread of the store's own, many in one commit. In a minute one actor leaves, for an action on a
 * kind of things, an event an object for the first of them and one for all others, and another with how often it came
 * again. An orderly close writes all. What a kill loses is what came in the last moment, or since somebody keeps the
 * writer. */
#ifndef VS_STORE_REFUSALS_H
#define VS_STORE_REFUSALS_H

#include "store/store.h"
#include "trail/actor.h"

struct vs_refusal {
    char noun[32];
    struct vs_uuid object, owner;
    int has_object, has_owner, code;
    int32_t action; /* 0: nothing was refused */
};

/* Notes one, with a copy of the actor. 0 when it will be written; 1: only a flush will write it, because there is no
 * thread. Never waits for the database. */
int vs_refusals_note(struct vidstore *store, const struct vs_actor *actor, const struct vs_refusal *refusal);
/* Writes what was not written yet; `all`: also how often the others came again, before their minute is over. */
int vs_refusals_flush(struct vidstore *store, const struct vs_call *call, int all);

#endif
