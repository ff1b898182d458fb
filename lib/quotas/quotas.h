/* SPDX-License-Identifier: MIT */
/* What a user may take of the store, as the other parts see it. Triggers count what is taken, in the transaction that
 * takes it; whoever takes more asks afterwards, in the same transaction, and undoes it when it was too much: so nobody
 * ever has more than that, however many try at once. */
#ifndef VS_QUOTAS_QUOTAS_H
#define VS_QUOTAS_QUOTAS_H

#include "db/db.h"
#include "util/buf.h"

enum vs_quota { VS_QUOTA_BYTES, VS_QUOTA_FILES, VS_QUOTA_RUNNING, VS_QUOTA_JOBS, VS_QUOTAS };

struct vs_quota_state {
    int64_t limit; /* INT64_MAX: none */
    int64_t used;
    int own; /* the limit is the user's, not the setting's */
};

/* NOT_FOUND when there is no such user. The system's limits are none. */
int vs_quota_look(struct vs_conn *conn, enum vs_quota which, const struct vs_uuid *user, int64_t now_us,
                  struct vs_quota_state *ret, vidstore_error **e);
/* QUOTA when more is used than the limit, of which `taken` were added just now: names which, and how much was left. */
int vs_quota_check(struct vs_conn *conn, enum vs_quota which, const struct vs_uuid *user, int64_t taken, int64_t now_us,
                   vidstore_error **e);
/* How much is left: INT64_MAX when there is no limit, 0 when there is nothing. */
int vs_quota_left(struct vs_conn *conn, enum vs_quota which, const struct vs_uuid *user, int64_t now_us, int64_t *ret,
                  vidstore_error **e);
/* All of them, as members of a JSON object. */
int vs_quota_json(struct vs_conn *conn, const struct vs_uuid *user, int64_t now_us, struct vs_buf *b,
                  vidstore_error **e);

/* The name of a quota, and the other way round; -1: there is none. */
extern const char *const vs_quota_names[VS_QUOTAS];
int vs_quota_find(const char *name);

#endif
