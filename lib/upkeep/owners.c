/* SPDX-License-Identifier: MIT */
#include "upkeep/owners.h"
#include "util/alloc.h"
#include "util/error.h"
#include <inttypes.h>
#include <stdio.h>

int vs_owners_op(struct vs_conn *conn, void *owners, vidstore_error **e) {
    struct vs_owners *o = owners;
    struct vs_uuid id;
    char text[VS_UUID_TEXT];
    vs_autostmt *s = NULL;
    vs_owners_free(o); /* of a run before */
    int r = vs_stmt(conn, VS_STMT_UPKEEP_BLOB_FILES, &s, e);
    if (r)
        return r;
    vs_buf_char(&o->ids, '[');
    vs_bind_uuid(s, 1, &o->blob);
    while ((r = vs_step(s, e)) == VS_ROW) {
        vs_col_uuid(s, 0, &id);
        vs_uuid_format(&id, text);
        vs_buf_fmt(&o->ids, "%s\"%s\"", o->count++ ? "," : "", text);
        if (o->count == 1)
            snprintf(o->first, sizeof o->first, "%s", text);
    }
    vs_buf_char(&o->ids, ']');
    return !r && o->ids.failed ? vs_fail_nomem(e) : r;
}

void vs_owners_name(const struct vs_owners *owners, char *buf, size_t size) {
    char blob[VS_UUID_TEXT];
    vs_uuid_format(&owners->blob, blob);
    if (owners->count == 0)
        snprintf(buf, size, "blob %s, which is no file's,", blob);
    else if (owners->count == 1)
        snprintf(buf, size, "file %s", owners->first);
    else
        snprintf(buf, size, "file %s and %" PRId64 " more that share its bytes", owners->first, owners->count - 1);
}

void vs_owners_free(struct vs_owners *owners) {
    vs_buf_free(&owners->ids);
    owners->ids = (struct vs_buf){0};
    owners->first[0] = '\0';
    owners->count = 0;
}
