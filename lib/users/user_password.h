/* SPDX-License-Identifier: MIT */
/* Passwords of users: hashing happens before the write begins. */
#ifndef VS_USERS_USER_PASSWORD_H
#define VS_USERS_USER_PASSWORD_H

#include "access/password.h"
#include "record/params.h"
#include "store/session.h"

/* The hash of the password among the params; "" when none is set. STATE inside a transaction. */
int vs_user_hash_params(vidstore_session *session, const struct vs_params *params, char ret[VS_HASH_MAX], vidstore_error **e);

#endif
