/* SPDX-License-Identifier: MIT */
/* Links to files, as the other parts see them. */
#ifndef VS_LINKS_LINKS_H
#define VS_LINKS_LINKS_H

#include "access/token.h"
#include "store/crud.h"
#include "vidstore/link.h"

extern const struct vs_noun vs_link_noun;
extern const struct vs_rules vs_link_rules;

/* What the rules take as the extra of a change. */
struct vs_link_making {
    struct vs_token token;
    int64_t default_us, most_us; /* how long links live; most_us 0: no limit */
};

/* Ends a link with an event; one that has ended stays as it is. */
int vs_link_end(struct vs_conn *conn, vidstore_session *session, const struct vs_uuid *id, const char *reason,
                vidstore_error **e);
/* Ends the links that a user has made: its right to share is gone. */
int vs_links_end_made(struct vs_conn *conn, vidstore_session *session, const struct vs_uuid *user, const char *reason,
                      vidstore_error **e);

#endif
