/* SPDX-License-Identifier: MIT */
/* Canaries, for detection. */
#ifndef VS_AUDIT_AUDIT_CANARY_H
#define VS_AUDIT_AUDIT_CANARY_H

#include "audit/audit_watch.h"
#include "db/db.h"

/* All that there are, in memory of the block. */
int vs_canaries_load(struct vs_conn *conn, struct vs_watch *w, vidstore_error **e);

#endif
