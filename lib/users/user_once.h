/* SPDX-License-Identifier: MIT */
/* Tokens of use once: their rows, and whether one counts. */
#ifndef VS_USERS_USER_ONCE_H
#define VS_USERS_USER_ONCE_H

#include "access/token.h"
#include "store/session.h"
#include "vidstore/once.h"

enum { VS_ONCE_ADDRESS = 256 };

/* What there is to know of a kind. */
struct vs_once_kind {
    int32_t kind;
    const char *name;
    enum vs_setting_id minutes;
};
/* NULL: there is no such kind. */
const struct vs_once_kind *vs_once_kind(int32_t kind);
/* INVALID naming "kind" for a number that is none. */
int vs_once_check_kind(int32_t kind, vidstore_error **e);

/* A token as it is stored, or is going to be. */
struct vs_once {
    struct vs_uuid user; /* nil: it opens nothing */
    int32_t kind;
    struct vs_token token;
    char address[VS_ONCE_ADDRESS]; /* that it is bound to; "": none */
    int64_t epoch, expires_us;
};

/* Stores it in the place of the one of this user and kind before it. */
int vs_once_set(struct vs_conn *conn, const struct vs_once *once, vidstore_error **e);
/* Fills `once` by its token: *ret_why is NULL, or why it counts for nothing; the same work in both cases. Whoever the
 * user is and what became of it is for the caller to look at. */
int vs_once_get(struct vs_conn *conn, struct vs_once *once, int64_t now_us, const char **ret_why, vidstore_error **e);
/* Ends it; *ret 1: it was there, and nobody else has used it. */
int vs_once_take(struct vs_conn *conn, const struct vs_once *once, int64_t now_us, int64_t *ret, vidstore_error **e);
/* Ends all of a user. */
int vs_once_clear(struct vs_conn *conn, const struct vs_uuid *user, vidstore_error **e);
/* The epoch of an account; -1: there is none. */
int vs_user_epoch(struct vs_conn *conn, const struct vs_uuid *user, int64_t *ret, vidstore_error **e);

#endif
