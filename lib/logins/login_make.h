/* SPDX-License-Identifier: MIT */
/* Making logins: the row, and the token for whoever proved to be its user. */
#ifndef VS_LOGINS_LOGIN_MAKE_H
#define VS_LOGINS_LOGIN_MAKE_H

#include "access/token.h"
#include "logins/logins.h"

struct vs_login_making {
    struct vs_token token;
    const struct vs_actor *from; /* the origin of the request */
    const char *method;          /* password, or the provider of an outside identity */
    int64_t limits[4];           /* idle and absolute, in microseconds: of admins, and of others */
    struct vs_uuid id;           /* of the row */
};

/* The limits in force, and a new id and token. */
int vs_login_making_begin(struct vidstore *store, struct vs_login_making *ret, char text[VS_TOKEN_LENGTH + 1],
                          vidstore_error **e);
/* Writes the row for a user; those of its logins that were idle for longest make room. */
int vs_login_make(struct vs_conn *conn, const struct vs_login_making *making, const struct vs_record *user,
                  vidstore_error **e);

#endif
