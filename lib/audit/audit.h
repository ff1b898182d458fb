/* SPDX-License-Identifier: MIT */
/* The audit, as the other parts see it. Appending is in trail/. */
#ifndef VS_AUDIT_AUDIT_H
#define VS_AUDIT_AUDIT_H

#include "store/crud.h"
#include "vidstore/audit.h"

extern const struct vs_noun vs_audit_noun;

/* What the upkeep does for the audit, until end_us on the clock of vs_mono_us(): a checkpoint when one is due, and the
 * end of what the settings say is old or too much. Adds to *ret_pruned how many events went (dry: would go), and sets
 * *ret_more when some were left over. Must not be called from inside a transaction. */
int vs_audit_upkeep(vidstore_session *session, int dry, int64_t end_us, int64_t *ret_pruned, int *ret_more,
                    vidstore_error **e);

/* Raises alerts for what the events since the last time look like, each once: see vidstore-audit(7). Adds to
 * *ret_alerts how many there were, and sets *ret_more when there was more than one run looks at. */
int vs_audit_detect(vidstore_session *session, int64_t *ret_alerts, int *ret_more, vidstore_error **e);

/* The place of the last event; 0: there is none. */
int vs_audit_last_seq(struct vs_conn *conn, int64_t *ret, vidstore_error **e);
/* Erasing a person from the events. The first, in the transaction that deletes the user, only puts it on the list; the
 * second works the list off in slices until end_us, and is called after that transaction and by the upkeep. */
int vs_audit_forget(struct vs_conn *conn, const struct vs_uuid *user, vidstore_error **e);
int vs_audit_erase(vidstore_session *session, int64_t end_us, int *ret_more, vidstore_error **e);

#endif
