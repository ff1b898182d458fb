/* SPDX-License-Identifier: MIT */
/* Working off what changes have left to be done in the index of words. A query is right without it (record/search.h),
 * so nobody waits for it. */
#ifndef VS_STORE_INDEX_H
#define VS_STORE_INDEX_H

#include "record/field.h"
#include "store/session.h"

/* Indexes noted records of a noun before a query, a few in each commit and for a moment at most: not in a transaction
 * or snapshot of the host's, nor while somebody writes or when the store can't be written. Errors are nobody's, since
 * nothing was asked for. 0 when no record is noted any more. */
int vs_index_settle(vidstore_session *session, const struct vs_noun *noun);
/* Remembers that a record of the noun was noted. */
void vs_index_noted(struct vidstore *store, const struct vs_noun *noun);
/* Before the store closes: settles what was noted through it, unless somebody writes. Who opens it for reading only
 * then has nothing to look at. */
void vs_index_close(struct vidstore *store);

#endif
