/* SPDX-License-Identifier: MIT */
/* Appending to the audit, in the transaction of the change: the event becomes the last link of its chain. The end of a
 * chain is read from the database each time, so that several processes, operations committed together and savepoints
 * that are undone all leave one unbroken chain. */
#ifndef VS_TRAIL_TRAIL_H
#define VS_TRAIL_TRAIL_H

#include "db/db.h"
#include "record/field.h"
#include "trail/actor.h"
#include "vidstore/audit.h"

extern const struct vs_word vs_audit_actions[];

/* Which chain the events of an action stand in (VS_CHAIN_…), and how much they weigh: 1 informational, 2 low, 3 medium,
 * 4 high, 5 critical. A failure weighs one more. */
int vs_audit_chain(int32_t action);
int vs_audit_severity(int32_t action, int failed);

/* One event. What is NULL is not known. */
struct vs_event {
    int32_t action; /* VIDSTORE_AUDIT_… */
    const char *noun;
    const struct vs_uuid *object, *owner;
    const char *object_name;
    int failed;          /* status code of what was refused or failed; 0: it was done */
    const char *details; /* JSON object */
    const char *description;
    int chain; /* VS_CHAIN_…; 0: by the action */
};

int vs_trail_append(struct vs_conn *conn, const struct vs_actor *actor, const struct vs_event *event,
                    vidstore_error **e);

#endif
