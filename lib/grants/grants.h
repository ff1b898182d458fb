/* SPDX-License-Identifier: MIT */
/* Grants, as the other parts see them. */
#ifndef VS_GRANTS_GRANTS_H
#define VS_GRANTS_GRANTS_H

#include "store/crud.h"
#include "vidstore/grant.h"

extern const struct vs_noun vs_grant_noun;
extern const struct vs_rules vs_grant_rules;
extern const struct vs_word vs_grant_reach[];

/* Ends a grant with all that was handed on from it, an event each; one that is not there is ended. */
int vs_grant_end(struct vs_conn *conn, vidstore_session *session, const struct vs_uuid *id, vidstore_error **e);
/* Ends what a user has given: its right to give is gone. */
int vs_grants_end_given(struct vs_conn *conn, vidstore_session *session, const struct vs_uuid *user,
                        vidstore_error **e);

#endif
