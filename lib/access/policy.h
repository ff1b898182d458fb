/* SPDX-License-Identifier: MIT */
/* Who acts, and the one table that says who may do what. */
#ifndef VS_ACCESS_POLICY_H
#define VS_ACCESS_POLICY_H

#include "record/query.h"
#include "trail/actor.h"

enum vs_verb { VS_CREATE, VS_READ, VS_LIST, VS_UPDATE, VS_REMOVE, VS_RESTORE, VS_PURGE, VS_MANAGE, VS_VERBS };

/* OK, or why not: FORBIDDEN when the actor may know of the object, NOT_FOUND when not. noun is a noun's name, or
 * "store" (settings, upkeep) or "claim". owner: of the object; NULL for what belongs to nobody. open: 0, or the
 * file's access level as a number (VIDSTORE_ACCESS_…). */
int vs_policy_check(const struct vs_actor *actor, const char *noun, enum vs_verb verb, const struct vs_uuid *owner,
                    int64_t access_level, vidstore_error **e);
/* The same decision for a list: narrows the query to what the actor may see; FORBIDDEN when that is nothing. */
int vs_policy_narrow(const struct vs_actor *actor, struct vs_compiled *query, vidstore_error **e);
/* Takes from a record what only its owner may see, when that is not who reads. The record must be new: nobody else has
 * it yet. */
void vs_policy_hide(const struct vs_actor *actor, struct vs_record *record);
/* 1 when the actor may do all (the system, admins). */
int vs_policy_is_admin(const struct vs_actor *actor);

#endif
