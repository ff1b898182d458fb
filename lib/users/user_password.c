/* SPDX-License-Identifier: MIT */
/* Setting passwords. */
#include "users/user_password.h"
#include "crypto/crypto.h"
#include "store/standing.h"
#include "users/user_repo.h"
#include "users/users.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "util/utf8.h"
#include <string.h>

void vs_user_secret_free(struct vs_user_secret *secret) {
    vs_wipe(secret->hash, sizeof secret->hash);
    vidstore_error_free(secret->refused);
}

struct vs_cost vs_user_hash_cost(struct vidstore *store) {
    return vs_password_cost(store->options.weak_hashes ? 0 : vs_setting(store, VS_SETTING_PASSWORD_COST));
}

int vs_user_hash_params(vidstore_session *session, const struct vs_call *call, const struct vs_params *params,
                        struct vs_user_secret *ret, vidstore_error **e) {
    const struct vs_value *password = NULL;
    if (vs_params_get(params, VIDSTORE_USER_PASSWORD, &password) != VS_PARAM_VALUE)
        return 0;
    const struct vs_value *name = NULL;
    int named = vs_params_get(params, VIDSTORE_USER_USERNAME, &name) == VS_PARAM_VALUE;
    int r = vs_session_outside(session, e);
    if (!r)
        r = vs_password_check(password->text, named ? name->text : NULL,
                              vs_setting(session->store, VS_SETTING_PASSWORD_MIN), e);
    return r ? r : vs_password_hash(password->text, vs_user_hash_cost(session->store), call, ret->hash, e);
}

struct password_write {
    vidstore_session *session;
    struct vs_uuid id;
    const char *hash; /* "": none any more */
};

static int stamp(struct vs_change *c, void *arg, vidstore_error **e) {
    const struct password_write *w = arg;
    int r = vs_session_may(c->session, "user", VS_UPDATE, NULL, &c->owner, 0, e);
    if (r)
        return r;
    vs_change_set_int(c, VIDSTORE_USER_PASSWORD_CHANGED_US, *w->hash ? c->now_us : INT64_MIN);
    r = vs_user_repo_set_hash(c->conn, &c->id, w->hash, c->now_us, e);
    /* Who changes its own password stays in; all others have to come again. */
    const struct vs_credential *by = &c->session->credential;
    int own = by->proof == VS_PROOF_LOGIN && vs_uuid_equal(&c->session->actor.user, &c->id);
    return r ? r : vs_user_repo_next_epoch(c->conn, &c->id, own ? &by->id : NULL, "password changed", e);
}

static int set_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct password_write *w = arg;
    vs_autorecord *user = NULL;
    int r = vs_crud_load(conn, &vs_user_noun, &w->id, 0, &user, e);
    if (!r)
        r = vs_user_may_govern(w->session, vs_record_int(user, VIDSTORE_USER_ROLE), e);
    return r ? r
             : vs_crud_touch(conn, w->session, &vs_user_noun, &w->id, VIDSTORE_AUDIT_PASSWORD_CHANGED, stamp, w, NULL,
                             e);
}

vidstore_status vidstore_user_set_password(vidstore_session *session, const char *id, const char *password,
                                           vidstore_error **reterr) {
    VS_ENTER_VOID(session, reterr);
    char hash[VS_HASH_MAX] = "";
    struct password_write w = {session, {{0}}, hash};
    struct vs_call call = vs_session_call(session);
    int r = vs_session_outside(session, reterr);
    if (!r)
        r = vs_uuid_parse(id, "id", &w.id, reterr);
    if (!r)
        r = vs_session_may(session, "user", VS_UPDATE, &w.id, &w.id, 0, reterr);
    if (!r)
        r = vs_standing_recent(session, reterr);
    const char *name = vs_uuid_equal(&session->actor.user, &w.id) ? session->actor.name : NULL;
    if (!r && password)
        r = vs_password_check(password, name, vs_setting(session->store, VS_SETTING_PASSWORD_MIN), reterr);
    if (!r && password)
        r = vs_password_hash(password, vs_user_hash_cost(session->store), &call, hash, reterr);
    if (!r)
        r = vs_session_write(session, set_op, &w, reterr);
    vs_wipe(hash, sizeof hash);
    return r;
}

vidstore_status vidstore_user_import_hash(vidstore_session *session, const char *id, const char *hash,
                                          vidstore_error **reterr) {
    VS_ENTER_VOID(session, reterr);
    struct password_write w = {session, {{0}}, hash};
    int r = vs_uuid_parse(id, "id", &w.id, reterr);
    if (!r)
        r = vs_session_may(session, "user", VS_MANAGE, &w.id, &w.id, 0, reterr);
    if (!r)
        r = vs_standing_recent(session, reterr);
    if (!r)
        r = vs_password_check_hash(hash, reterr);
    return r ? r : vs_session_write(session, set_op, &w, reterr);
}
