/* SPDX-License-Identifier: MIT */
/* Where a store lies, before it is one. */
#ifndef VS_STORE_PLACE_H
#define VS_STORE_PLACE_H

#include "store/store.h"

/* What a backup says of itself, beside its database; gone once it was opened as a store that can be written. */
#define VS_PLACE_SEAL "BACKUP"

/* The directory of the store: made when it may be, private to its owner. One that is there and has no database in it is
 * taken when it is empty, and made private. INVALID or NOT_FOUND (NOT_A_STORE), FORBIDDEN, IO; nothing was written. */
int vs_place_prepare(const struct vs_options *options, vidstore_error **e);
/* Bytes that carry a store's mark while its database is gone or empty: a new one in its place would be refused in the
 * end, and would be in the way of a restore. Read before anything is written; the mark comes after the database. */
int vs_place_check_orphaned(const struct vs_options *options, const char *database, vidstore_error **e);
/* The store was opened for writing: from now on it may change. */
void vs_place_unseal(const char *path);
/* Whether bytes lie there that carry a store's mark. */
int vs_place_is_marked(const char *path);

#endif
