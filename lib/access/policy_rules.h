/* SPDX-License-Identifier: MIT */
/* The decision table, for the files that read it. */
#ifndef VS_ACCESS_POLICY_RULES_H
#define VS_ACCESS_POLICY_RULES_H

#include "access/policy.h"

/* What can be asked. Up to VS_BY_LINK of the actor alone, from VS_IS_OWN on of the object too. */
enum vs_test {
    VS_SCOPE_LACKS = 1 << 0, /* the credential leaves no right to the verb */
    VS_IS_ADMIN = 1 << 1,
    VS_NO_ADMIN = 1 << 2,
    VS_ROLE_MAY = 1 << 3, /* the role has the verb on what is its own */
    VS_ROLE_LACKS = 1 << 4,
    VS_ANYBODYS = 1 << 5, /* the role has the verb on what is another's */
    VS_IS_KNOWN = 1 << 6, /* not anonymous */
    VS_IS_USER = 1 << 7,  /* more than a viewer */
    VS_BY_LINK = 1 << 8,  /* came by a link to one file */
    VS_IS_OWN = 1 << 9,
    VS_IS_GONE = 1 << 10, /* removed or expired */
    VS_IS_HELD = 1 << 11,
    VS_IS_DENIED = 1 << 12,
    VS_IS_PUBLIC = 1 << 13,
    VS_IS_OPEN = 1 << 14,   /* to every user, or public */
    VS_IS_SHARED = 1 << 15, /* open to those who were granted it */
    VS_IS_GRANTED = 1 << 16,
    VS_IS_LINKED = 1 << 17, /* it is the file of the link */
    VS_TESTS = 18,
    VS_TESTS_OF_ACTOR = VS_IS_OWN - 1
};

struct vs_rule {
    uint32_t when;  /* all of these tests hold */
    uint32_t verbs; /* 1 << VS_READ … */
    enum vs_decision then;
};

/* The first that fits decides; the last fits always. */
extern const struct vs_rule vs_rules_table[];
/* 1 when a test of the actor holds. */
int vs_rule_actor(const struct vs_actor *actor, const char *noun, enum vs_verb verb, enum vs_test test);
/* The least reach that a grant of the verb has, and that a denial of it has at most; 0: the verb can't be granted. */
int64_t vs_rule_reach(enum vs_verb verb);
/* What the actor may list at all. */
int vs_rule_lists(const struct vs_actor *actor, const char *noun);

#endif
