/* SPDX-License-Identifier: MIT */
/* Users, as the other parts see them. */
#ifndef VS_USERS_USERS_H
#define VS_USERS_USERS_H

#include "store/crud.h"
#include "vidstore/user.h"

extern const struct vs_noun vs_user_noun;
extern const struct vs_rules vs_user_rules;
extern const struct vs_word vs_user_roles[], vs_user_states[];

/* Counts a submitted job, and time spent on one, for a user. A user who is not there any more is no failure. */
int vs_user_count_job(struct vs_conn *conn, const struct vs_uuid *user, int64_t jobs, int64_t processing_ms,
                      vidstore_error **e);

#endif
