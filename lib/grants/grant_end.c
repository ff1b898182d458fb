/* SPDX-License-Identifier: MIT */
/* Ending grants, with what hangs on them. */
#include "db/bind.h"
#include "grants/grants.h"
#include "util/error.h"

enum { PIECE = 64 };

static int end_one(struct vs_conn *conn, vidstore_session *session, const struct vs_record *grant, vidstore_error **e) {
    struct vs_uuid id = vs_record_uuid(grant, VIDSTORE_GRANT_ID);
    struct vs_uuid owner = vs_record_uuid(grant, VIDSTORE_GRANT_USER_ID);
    struct vs_event event = {.action = VIDSTORE_AUDIT_GRANT_REVOKED, .noun = "grant", .object = &id, .owner = &owner};
    int r = vs_exec(conn, VS_STMT_GRANT_PURGE, NULL, e, vs_id(&id));
    return r ? r : vs_trail_append(conn, &session->actor, &event, e);
}

/* The first grants of a list by one id; the list is read to its end before anything changes below it. */
static int read_ids(struct vs_conn *conn, enum vs_stmt_id stmt, const struct vs_uuid *of, struct vs_uuid *ids,
                    int *ret_count, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, stmt, &s, e);
    *ret_count = 0;
    if (r)
        return r;
    vs_bind_uuid(s, 1, of);
    vs_bind_int(s, 2, PIECE);
    while (*ret_count < PIECE && (r = vs_step(s, e)) == VS_ROW)
        vs_col_uuid(s, 0, &ids[(*ret_count)++]);
    return r < 0 ? r : 0;
}

/* From the leaves up: a grant whose children are gone goes itself. What hangs on a grant is younger than it, so there
 * are no circles. */
int vs_grant_end(struct vs_conn *conn, vidstore_session *session, const struct vs_uuid *id, vidstore_error **e) {
    struct vs_uuid at = *id, children[PIECE];
    for (;;) {
        vs_autorecord *grant = NULL;
        int count = 0;
        int r = vs_crud_load(conn, &vs_grant_noun, &at, 1, &grant, e);
        if (r == VIDSTORE_NOT_FOUND) {
            vs_error_clear(e);
            return 0;
        }
        if (!r)
            r = read_ids(conn, VS_STMT_GRANT_CHILDREN_LIST, &at, children, &count, e);
        if (r)
            return r;
        if (count) {
            at = children[0];
            continue;
        }
        r = end_one(conn, session, grant, e);
        if (r || vs_uuid_equal(&at, id))
            return r;
        at = *id;
    }
}

int vs_grants_end_given(struct vs_conn *conn, vidstore_session *session, const struct vs_uuid *user,
                        vidstore_error **e) {
    struct vs_uuid ids[PIECE];
    int count = 0, r;
    do {
        r = read_ids(conn, VS_STMT_GRANT_GIVEN_LIST, user, ids, &count, e);
        for (int i = 0; !r && i < count; i++)
            r = vs_grant_end(conn, session, &ids[i], e);
    } while (!r && count == PIECE);
    return r;
}
