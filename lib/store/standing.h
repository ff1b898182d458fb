/* SPDX-License-Identifier: MIT */
/* Whether an account and a credential still count, looked at anew by every call. */
#ifndef VS_STORE_STANDING_H
#define VS_STORE_STANDING_H

#include "store/session.h"

enum { VS_SUDO_US = 600000000 }; /* how long a proof of the password opens the way to sensitive calls */

/* The first columns of every statement that looks up an account and a login with it. */
struct vs_standing_row {
    int32_t role;
    int64_t state, until_us, epoch;
    int64_t revoked_us, expires_us, last_us, proved_us, idle_us, created_us; /* of the login */
};
enum { VS_STANDING_COLUMNS = 10 };
void vs_standing_row(struct vs_stmt *row, struct vs_standing_row *ret);
/* 1 while a login counts: not ended, not too old, not idle for too long, not from the future. seen_us: a later use
 * than the one that is stored; INT64_MIN: none. */
int vs_login_stands(const struct vs_standing_row *row, int64_t seen_us, int64_t now_us);

/* 1 while an account of this state may act; a suspension that has a time ends by itself. */
int vs_account_stands(int64_t state, int64_t suspended_until_us, int64_t now_us);
/* Looks once at the account and the credential of a session, and brings its role and scopes up to date.
 * UNAUTHENTICATED when one of them does not count any more. */
int vs_standing_look(vidstore_session *session, vidstore_error **e);
/* For calls that change who may do what: UNAUTHENTICATED (sub CONFIRM) when a login's proof of the password is older
 * than ten minutes. Sessions of the host's own need none. */
int vs_standing_recent(const vidstore_session *session, vidstore_error **e);

#endif
