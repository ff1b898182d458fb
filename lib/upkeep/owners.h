/* SPDX-License-Identifier: MIT */
/* Which files bytes belong to: people know files, and no blobs. */
#ifndef VS_UPKEEP_OWNERS_H
#define VS_UPKEEP_OWNERS_H

#include "db/db.h"
#include "util/buf.h"

struct vs_owners {
    struct vs_uuid blob; /* of which is asked */
    struct vs_buf ids;   /* a JSON array of the ids of its files; NULL data: none was read yet */
    char first[VS_UUID_TEXT];
    int64_t count;
};

/* A vs_op on a struct vs_owners. vs_owners_free in every case. */
int vs_owners_op(struct vs_conn *conn, void *owners, vidstore_error **e);
/* "file ...", or "file ... and 2 more that share its bytes". */
void vs_owners_name(const struct vs_owners *owners, char *buf, size_t size);
void vs_owners_free(struct vs_owners *owners);
#define vs_autoowners VS_CLEANUP(vs_owners_free) struct vs_owners

#endif
