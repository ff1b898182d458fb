/* SPDX-License-Identifier: MIT */
#include "access/scope.h"
#include "access/policy.h"
#include "util/error.h"
#include "vidstore/user.h"
#include <stdio.h>
#include <string.h>

enum {
    LOOK = 1 << VS_READ | 1 << VS_LIST,
    CHANGE = LOOK | 1 << VS_CREATE | 1 << VS_UPDATE | 1 << VS_REMOVE | 1 << VS_RESTORE | 1 << VS_PURGE,
    ALL = (1 << VS_VERBS) - 1
};

/* Bit i is line i: lines are added at the end, and never change. Several lines of one word would be several bits. */
static const struct {
    const char *word;
    const char *nouns; /* with blanks around each; NULL: every one */
    uint32_t verbs;
    int admin; /* of effect only while the owner is an admin */
    int own;   /* reaches what is the owner's own, whatever the owner's role */
} table[] = {
    {"read", " job video collection file stats setting feed quota ", LOOK, 0, 0},
    {"write", " job video collection file ", CHANGE, 0, 0},
    {"jobs:read", " job ", LOOK, 0, 0},
    {"jobs:write", " job ", CHANGE, 0, 0},
    {"videos:read", " video collection ", LOOK, 0, 0},
    {"videos:write", " video collection ", CHANGE, 0, 0},
    {"files:read", " file ", LOOK, 0, 0},
    {"files:write", " file ", CHANGE, 0, 0},
    {"profile", " user ", LOOK, 0, 1},
    {"work", " claim ", ALL, 1, 0},
    {"audit", " audit ", LOOK, 1, 0},
    {"iam", " user key login quota ", ALL, 1, 0},
    {"admin", NULL, ALL, 1, 0},
};
enum { SCOPES = sizeof table / sizeof *table };

int vs_scopes_parse(const char *text, uint32_t *ret, vidstore_error **e) {
    uint32_t bits = 0;
    for (const char *at = text; *at;) {
        size_t gap = strspn(at, " ,"), len = strcspn(at + gap, " ,"), found = SCOPES;
        at += gap;
        for (size_t i = 0; len && i < SCOPES; i++)
            if (strlen(table[i].word) == len && memcmp(table[i].word, at, len) == 0)
                found = i;
        if (len && found == SCOPES)
            return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "scopes", "there is no scope \"%.*s\"",
                               len > 40 ? 40 : (int)len, at);
        bits |= len ? 1u << found : 0;
        at += len;
    }
    if (!bits)
        return vs_fail(e, VIDSTORE_INVALID, "scopes", "scopes names none");
    *ret = bits;
    return 0;
}

void vs_scopes_format(uint32_t scopes, char ret[VS_SCOPES_MAX + 1]) {
    size_t at = 0;
    *ret = '\0';
    for (size_t i = 0; i < SCOPES; i++)
        if (scopes & 1u << i)
            at += (size_t)snprintf(ret + at, VS_SCOPES_MAX + 1 - at, "%s%s", at ? "," : "", table[i].word);
}

/* The verbs of the lines that reach all that the role does, or of those that reach what is the owner's own alone. */
static uint32_t verbs_of(const struct vs_actor *actor, const char *noun, int own) {
    char wanted[48];
    uint32_t verbs = 0;
    snprintf(wanted, sizeof wanted, " %.40s ", noun);
    for (size_t i = 0; i < SCOPES; i++)
        if (actor->scopes & 1u << i && table[i].own == own && (!table[i].admin || actor->role == VIDSTORE_ROLE_ADMIN) &&
            (!table[i].nouns || strstr(table[i].nouns, wanted)))
            verbs |= table[i].verbs;
    return verbs;
}

uint32_t vs_scopes_verbs(const struct vs_actor *actor, const char *noun) {
    return actor->scopes ? verbs_of(actor, noun, 0) | verbs_of(actor, noun, 1) : ALL;
}

int vs_scopes_own(const struct vs_actor *actor, const char *noun) {
    return actor->scopes && !verbs_of(actor, noun, 0) && verbs_of(actor, noun, 1);
}

/* By what the words allow, not by the words: whoever has write may hand on jobs:read. */
int vs_scopes_within(uint32_t scopes, uint32_t of) {
    static const char *const nouns[] = {"user",       "key",   "login", "job",   "video",
                                        "collection", "file",  "audit", "stats", "setting",
                                        "store",      "claim", "feed",  "quota", "any other"};
    struct vs_actor inner = {.scopes = scopes, .role = VIDSTORE_ROLE_ADMIN},
                    outer = {.scopes = of, .role = VIDSTORE_ROLE_ADMIN};
    for (size_t i = 0; of && i < sizeof nouns / sizeof *nouns; i++)
        if (vs_scopes_verbs(&inner, nouns[i]) & ~vs_scopes_verbs(&outer, nouns[i]))
            return 0;
    return 1;
}
