/* SPDX-License-Identifier: MIT */
/* Logins, as the other parts see them. */
#ifndef VS_LOGINS_LOGINS_H
#define VS_LOGINS_LOGINS_H

#include "store/crud.h"
#include "vidstore/key.h"
#include "vidstore/login.h"

extern const struct vs_noun vs_login_noun;
extern const struct vs_rules vs_login_rules;

/* All logins of all users, and with them every session of a password; *ret_ended may be NULL. */
int vs_logins_end_everyone(struct vs_conn *conn, const char *reason, int64_t *ret_ended, vidstore_error **e);
/* Ends all logins of a user but one (keep NULL: none stays). *ret (may be NULL): how many. No event. */
int vs_logins_end_all(struct vs_conn *conn, const struct vs_uuid *user, const struct vs_uuid *keep, const char *reason,
                      int64_t *ret, vidstore_error **e);

#endif
