/* SPDX-License-Identifier: MIT */
/* Appending to the audit, in the transaction of the change. */
#ifndef VS_TRAIL_TRAIL_H
#define VS_TRAIL_TRAIL_H

#include "db/db.h"
#include "record/field.h"
#include "trail/actor.h"
#include "vidstore/audit.h"

extern const struct vs_word vs_audit_actions[];

/* One event. What is NULL is not known. */
struct vs_event {
    int32_t action; /* VIDSTORE_AUDIT_… */
    const char *noun;
    const struct vs_uuid *object, *owner;
    const char *object_name;
    int failed;          /* status code of what was refused or failed; 0: it was done */
    const char *details; /* JSON object */
    const char *description;
};

int vs_trail_append(struct vs_conn *conn, const struct vs_actor *actor, const struct vs_event *event,
                    vidstore_error **e);

#endif
