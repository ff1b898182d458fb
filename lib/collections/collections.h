/* SPDX-License-Identifier: MIT */
/* Collections, as the other parts see them. */
#ifndef VS_COLLECTIONS_COLLECTIONS_H
#define VS_COLLECTIONS_COLLECTIONS_H

#include "store/crud.h"
#include "vidstore/collection.h"

extern const struct vs_noun vs_collection_noun;
extern const struct vs_rules vs_collection_rules;

/* How many places are not what they should be: a diagnosis. */
int vs_collections_strays(struct vs_conn *conn, int64_t *ret, vidstore_error **e);

#endif
