/* SPDX-License-Identifier: MIT */
/* Scopes: what of its owner's rights an API key has. A list of words as text, and the same as bits. */
#ifndef VS_ACCESS_SCOPE_H
#define VS_ACCESS_SCOPE_H

#include "vidstore/base.h"
#include <stdint.h>

struct vs_actor;
enum { VS_SCOPES_MAX = 255 };

/* The bits of a list of scopes, with commas or blanks between them; never 0. INVALID naming "scopes". */
int vs_scopes_parse(const char *text, uint32_t *ret, vidstore_error **e);
/* The list of some bits in its canonical form. */
void vs_scopes_format(uint32_t scopes, char ret[VS_SCOPES_MAX + 1]);
/* The verbs (bits, 1 << VS_READ…) that an actor's credential leaves it on a noun; all when it is not narrowed. */
uint32_t vs_scopes_verbs(const struct vs_actor *actor, const char *noun);
/* 1 when all that the credential leaves of a noun is what is the actor's own. */
int vs_scopes_own(const struct vs_actor *actor, const char *noun);
/* 1 when nothing is in `scopes` that is not in `of` as well; `of` 0: not narrowed. */
int vs_scopes_within(uint32_t scopes, uint32_t of);

#endif
