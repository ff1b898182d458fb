/* SPDX-License-Identifier: MIT */
/* Public calls on grants. */
#include "grants/grants.h"
#include "record/record_api.h"
#include "store/crud_api.h"
#include "store/standing.h"
#include "util/alloc.h"
#include "util/error.h"

VS_RECORD_API(grant, grant)
VS_PARAMS_API(grant)
VS_CRUD_LOOK_API(grant)
VS_GETTER_TEXT(grant, id, VIDSTORE_GRANT_ID)
VS_GETTER_TEXT(grant, user_id, VIDSTORE_GRANT_USER_ID)
VS_GETTER_INT64(grant, version, VIDSTORE_GRANT_VERSION)

vidstore_status vidstore_grant_create(vidstore_session *session, const vidstore_grant_params *params,
                                      vidstore_grant **ret_grant, vidstore_error **reterr) {
    VS_ENTER(session, ret_grant, reterr);
    int r = vs_crud_create(session, &vs_grant_rules, (const struct vs_params *)params, NULL,
                           (struct vs_record **)ret_grant, reterr);
    vidstore_grant_free(vs_unwanted_);
    return r;
}

struct revoke {
    vidstore_session *session;
    struct vs_uuid id;
};

static int may_revoke(const struct vs_actor *actor, const struct vs_record *grant) {
    struct vs_uuid owner = vs_record_uuid(grant, VIDSTORE_GRANT_USER_ID),
                   giver = vs_record_uuid(grant, VIDSTORE_GRANT_GRANTED_BY);
    if (vs_policy_is_admin(actor) || vs_record_int(grant, VIDSTORE_GRANT_DENIES) != 1)
        return 1; /* whoever sees it is a party to it */
    return vs_uuid_equal(&actor->user, &owner) || vs_uuid_equal(&actor->user, &giver);
}

static int revoke_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    const struct revoke *w = arg;
    vs_autorecord *grant = NULL;
    int r = vs_crud_load_for(conn, w->session, &vs_grant_rules, &w->id, 0, VS_READ, &grant, e);
    if (!r && !may_revoke(&w->session->actor, grant)) {
        vs_session_refused(w->session, VIDSTORE_AUDIT_ACCESS_DENIED, "grant", &w->id, NULL, VIDSTORE_FORBIDDEN);
        r = vs_fail(e, VIDSTORE_FORBIDDEN, "id", "only the owner of the object and admins lift a denial");
    }
    return r ? r : vs_grant_end(conn, w->session, &w->id, e);
}

vidstore_status vidstore_grant_revoke(vidstore_session *session, const char *id, vidstore_error **reterr) {
    VS_ENTER_VOID(session, reterr);
    struct revoke w = {session, {{0}}};
    int r = vs_uuid_parse(id, "id", &w.id, reterr);
    return r ? r : vs_session_write(session, revoke_op, &w, reterr);
}
