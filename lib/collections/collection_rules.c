/* SPDX-License-Identifier: MIT */
/* What may happen to a collection. Its videos do not hang on it: they stay whatever becomes of it. */
#include "collections/collections.h"
#include "util/error.h"
#include <string.h>

static int check(struct vs_change *c, vidstore_error **e) {
    const char *name = vs_change_text(c, VIDSTORE_COLLECTION_NAME);
    if (!name)
        return vs_fail(e, VIDSTORE_INVALID, "name", "name is missing");
    if (!name[strspn(name, " ")])
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "name", "name is empty");
    return 0;
}

const struct vs_rules vs_collection_rules = {
    .noun = &vs_collection_noun,
    .created = VIDSTORE_AUDIT_COLLECTION_CREATED,
    .updated = VIDSTORE_AUDIT_COLLECTION_UPDATED,
    .removed = VIDSTORE_AUDIT_COLLECTION_DELETED,
    .restored = VIDSTORE_AUDIT_COLLECTION_RESTORED,
    .purged = VIDSTORE_AUDIT_COLLECTION_PURGED,
    .create = check,
    .update = check,
};

int vs_collections_strays(struct vs_conn *conn, int64_t *ret, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, VS_STMT_COLLECTION_STRAYS, &s, e);
    if (!r)
        r = vs_row(s, e);
    *ret = r == VS_ROW ? vs_col_int(s, 0) : 0;
    return r < 0 ? r : 0;
}
