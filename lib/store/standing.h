/* SPDX-License-Identifier: MIT */
/* Whether an account and a credential still count, looked at anew by every call. */
#ifndef VS_STORE_STANDING_H
#define VS_STORE_STANDING_H

#include "store/session.h"

enum { VS_SUDO_US = 600000000 }; /* how long a proof of the password opens the way to sensitive calls */

/* 1 while an account of this state may act; a suspension that has a time ends by itself. */
int vs_account_stands(int64_t state, int64_t suspended_until_us, int64_t now_us);
/* Looks once at the account and the credential of a session, and brings its role and scopes up to date.
 * UNAUTHENTICATED when one of them does not count any more. */
int vs_standing_look(vidstore_session *session, vidstore_error **e);
/* For calls that change who may do what: UNAUTHENTICATED (sub CONFIRM) when a login's proof of the password is older
 * than ten minutes. Sessions of the host's own need none. */
int vs_standing_recent(const vidstore_session *session, vidstore_error **e);

#endif
