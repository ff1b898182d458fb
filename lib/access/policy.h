/* SPDX-License-Identifier: MIT */
/* Who acts, and the one table that says who may do what. Two forms are read from it: a decision on one object, and a
 * predicate for the database. Nothing of either is kept for the next call. */
#ifndef VS_ACCESS_POLICY_H
#define VS_ACCESS_POLICY_H

#include "record/query.h"
#include "trail/actor.h"

enum vs_verb { VS_CREATE, VS_READ, VS_LIST, VS_UPDATE, VS_REMOVE, VS_RESTORE, VS_PURGE, VS_MANAGE, VS_SHARE, VS_VERBS };

/* How far a grant reaches: each more than the one before it. */
enum { VS_REACH_NONE = 0, VS_REACH_READ = 10, VS_REACH_WRITE = 20, VS_REACH_MANAGE = 30 };

/* What the policy wants to know of an object. All zero: one that nobody was granted and that belongs to nobody. */
struct vs_object {
    const char *noun;            /* a noun's name, or "store" (settings, upkeep) or "claim" */
    const struct vs_uuid *owner; /* NULL: what belongs to nobody */
    int64_t level;               /* VIDSTORE_ACCESS_… of a file; 0: none */
    int removed, expired, held;
    int64_t granted, denied; /* reach of the live grants to the actor: the farthest, and the least that is denied; 0:
                                none */
    int handed;              /* a grant may be handed on */
    int linked;              /* the actor came by a link to this object */
};

enum vs_decision { VS_DENY, VS_ALLOW, VS_DENY_HELD };
enum vs_decision vs_policy_decide(const struct vs_actor *actor, const struct vs_object *object, enum vs_verb verb);
/* OK, or why not: FORBIDDEN when the actor may know of the object, NOT_FOUND when not. */
int vs_policy_judge(const struct vs_actor *actor, const struct vs_object *object, enum vs_verb verb,
                    vidstore_error **e);
/* The same for what needs no look at grants: an object as good as new. owner: of the object; NULL for what belongs to
 * nobody. access_level: 0, or the file's. */
int vs_policy_check(const struct vs_actor *actor, const char *noun, enum vs_verb verb, const struct vs_uuid *owner,
                    int64_t access_level, vidstore_error **e);
/* Adds to the query, as a condition on the noun's rows, what vs_policy_decide says of each of them at now_us. */
int vs_policy_where(const struct vs_actor *actor, struct vs_compiled *query, enum vs_verb verb, int64_t now_us,
                    vidstore_error **e);
/* The decision for a list: narrows the query to what the actor may see; FORBIDDEN when that is nothing. */
int vs_policy_narrow(const struct vs_actor *actor, struct vs_compiled *query, vidstore_error **e);
/* Takes from a record what only its owner may see, when that is not who reads. The record must be new: nobody else has
 * it yet. */
void vs_policy_hide(const struct vs_actor *actor, struct vs_record *record);
/* The same for each record of a page; every item has one. */
void vs_policy_hide_page(const struct vs_actor *actor, struct vs_page *page);
/* 1 when the actor may do all (the system, admins). */
int vs_policy_is_admin(const struct vs_actor *actor);
/* The same for the objects of one noun: not for a key that leaves an admin its own alone. */
int vs_policy_sees_all(const struct vs_actor *actor, const char *noun);
/* 1 when the actor may reach beyond the records, to paths of the machine and a host's tables: the system, admins whose
 * credential leaves them all of it, and the leases that such a one has claimed. */
int vs_policy_is_trusted(const struct vs_actor *actor);
/* 1 when what belongs to owner is the actor's own, or the actor may do all. */
int vs_policy_owns(const struct vs_actor *actor, const struct vs_uuid *owner);
/* 1 when objects of this noun can be shared. */
int vs_policy_is_shared(const char *noun);

#endif
