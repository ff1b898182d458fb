/* SPDX-License-Identifier: MIT */
/* API keys, as the other parts see them. */
#ifndef VS_KEYS_KEYS_H
#define VS_KEYS_KEYS_H

#include "store/crud.h"
#include "vidstore/key.h"

extern const struct vs_noun vs_key_noun;
extern const struct vs_rules vs_key_rules;

/* Ends all keys of a user, with an event each. */
int vs_keys_end_all(struct vs_conn *conn, vidstore_session *session, const struct vs_uuid *user, const char *reason,
                    vidstore_error **e);
/* Ends one key (action: VIDSTORE_AUDIT_API_KEY_REVOKED or _KEY_EXPIRED). One that has ended stays as it is. */
int vs_key_end(struct vs_conn *conn, vidstore_session *session, const struct vs_uuid *id, int32_t action,
               const char *reason, vidstore_error **e);

#endif
