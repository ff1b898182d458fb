/* SPDX-License-Identifier: MIT */
/* Passwords of users: hashing happens before the write begins. */
#ifndef VS_USERS_USER_PASSWORD_H
#define VS_USERS_USER_PASSWORD_H

#include "access/password.h"
#include "record/params.h"
#include "store/session.h"

/* What the rules take as the extra of a change: the hash of a new password ("": none), or why it can't be one; and
 * whether it must be the first user of the store. */
struct vs_user_secret {
    int first;
    char hash[VS_HASH_MAX];
    vidstore_error *refused;
};
void vs_user_secret_free(struct vs_user_secret *secret);
#define vs_autosecret __attribute__((cleanup(vs_user_secret_free))) struct vs_user_secret

/* Checks a new password and hashes it. name: of its user; NULL: not known. */
int vs_user_hash_new(struct vidstore *store, const struct vs_call *call, const char *password, const char *name,
                     char ret[VS_HASH_MAX], vidstore_error **e);
/* The hash of the password among the params; "" when none is set. INVALID for what can't be a password; STATE inside a
 * transaction. */
int vs_user_hash_params(vidstore_session *session, const struct vs_call *call, const struct vs_params *params,
                        struct vs_user_secret *ret, vidstore_error **e);

#endif
