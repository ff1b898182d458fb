/* SPDX-License-Identifier: MIT */
/* The audit, as the other parts see it. Appending is in trail/. */
#ifndef VS_AUDIT_AUDIT_H
#define VS_AUDIT_AUDIT_H

#include "store/crud.h"
#include "vidstore/audit.h"

extern const struct vs_noun vs_audit_noun;

/* Removes at most `limit` events that are older than before_us; *ret: how many (dry: how many there would be). */
int vs_audit_prune(struct vs_conn *conn, int64_t before_us, int64_t limit, int dry, int64_t *ret, vidstore_error **e);

#endif
