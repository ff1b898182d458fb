/* SPDX-License-Identifier: MIT */
/* Detection: how far the last run had looked, in each chain. */
#ifndef VS_AUDIT_AUDIT_MARKS_H
#define VS_AUDIT_AUDIT_MARKS_H

#include "audit/audit_watch.h"
#include "db/db.h"

/* Reads what the last run left into w->after_seq and w->marks; zeros before the first. */
int vs_audit_marks_load(struct vs_conn *conn, struct vs_watch *w, vidstore_error **e);
/* Notes that events are not there any more which the last run saw at the end of a chain, but for those that were pruned
 * since; their marks are taken back. In a read. */
int vs_audit_marks_check(struct vs_conn *conn, struct vs_watch *w, vidstore_error **e);
/* *ret 0: another run has looked further since the load. */
int vs_audit_marks_are_same(struct vs_conn *conn, const struct vs_watch *w, int *ret, vidstore_error **e);
/* Leaves the marks for the next run: of each chain the last event that is not after last_seq. In a write. */
int vs_audit_marks_keep(struct vs_conn *conn, const struct vs_watch *w, int64_t last_seq, vidstore_error **e);

#endif
