/* SPDX-License-Identifier: MIT */
/* What of the change feed a session may see: what get and list would show it now. */
#ifndef VS_STORE_WATCH_RIGHTS_H
#define VS_STORE_WATCH_RIGHTS_H

#include "store/session.h"
#include "trail/feed.h"

/* Whether something of another's was granted to the session's user. */
int vs_watch_is_guest(struct vs_conn *conn, const vidstore_session *session, int *ret, vidstore_error **e);
/* Whether the session may see an entry. guest: as above. A removal is shown to those who saw what was removed. */
int vs_watch_may_see(struct vs_conn *conn, const vidstore_session *session, const struct vs_feed_entry *entry,
                     int guest, int *ret, vidstore_error **e);

#endif
