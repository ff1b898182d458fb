/* SPDX-License-Identifier: MIT */
/* A new directory that is built beside its place and appears there whole, or not at all. */
#ifndef VS_UPKEEP_BACKUP_PLACE_H
#define VS_UPKEEP_BACKUP_PLACE_H

#include "util/alloc.h"
#include "vidstore/base.h"

struct vs_place {
    char *final;  /* absolute */
    char *parent; /* of it */
    char *temp;   /* where it is built */
    int kept;     /* it has been moved into its place */
    int lock;     /* a descriptor of it: who holds it is at work; -1: none */
};
#define VS_PLACE_NONE ((struct vs_place){.lock = -1})

/* Checks that `directory` is free (not there, or an empty directory), removes what others that were killed left when
 * they built for the same place, and makes the one to build in, 0700. INVALID (syntax, parent missing), EXISTS, FULL,
 * READONLY, IO. vs_place_drop in every case. */
int vs_place_make(const char *directory, struct vs_place *ret, vidstore_error **e);
/* A name in the directory that is being built; for vs_free. NULL: out of memory. */
char *vs_place_name(const struct vs_place *place, const char *name);
/* Bytes that may still be written there. */
int vs_place_free_space(const struct vs_place *place, int64_t *ret, vidstore_error **e);
/* Makes it durable and moves it into its place. EXISTS when something stands there by now. */
int vs_place_keep(struct vs_place *place, vidstore_error **e);
/* Takes it out of its place again, for vs_place_drop to remove. */
void vs_place_take_back(struct vs_place *place);
/* Removes what was built and not kept, and frees. */
void vs_place_drop(struct vs_place *place);
#define vs_autoplace VS_CLEANUP(vs_place_drop) struct vs_place

#endif
