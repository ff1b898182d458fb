/* SPDX-License-Identifier: MIT */
/* Bringing a database to the version of this library. */
#ifndef VS_DB_MIGRATE_H
#define VS_DB_MIGRATE_H

#include "db/db_internal.h"

/* The migrations that a library knows: version i + 1 is list[i]. */
struct vs_history {
    const struct vs_migration *list;
    int count;
};

/* Applies what is missing, all in one transaction, on an idle writer connection. Several processes may try at once: one
 * does it, the others find it done. *ret_newer 1: a later library has migrated it compatibly. */
int vs_migrate(struct vs_conn *conn, const struct vs_call *call, const struct vs_history *h, int *ret_newer,
               vidstore_error **e);
/* Only judges: SCHEMA when the database is too new or its history is not the library's. *ret_version: where it stands.
 */
int vs_migrate_check(struct vs_conn *conn, const struct vs_call *call, const struct vs_history *h, int64_t *ret_version,
                     int *ret_newer, vidstore_error **e);

#endif
