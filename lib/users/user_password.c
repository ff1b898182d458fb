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

static int peppered_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    return vs_user_repo_peppered(conn, arg, e);
}

int vs_user_hash_cost(struct vidstore *store, const struct vs_call *call, struct vs_cost *ret, vidstore_error **e) {
    int64_t peppered = 0;
    *ret = vs_password_cost(store->options.weak_hashes ? 0 : vs_setting(store, VS_SETTING_PASSWORD_COST));
    ret->pepper = vs_pepper_newest(&store->peppers);
    int r = ret->pepper ? 0 : vs_db_read(store->db, call, peppered_op, &peppered, e);
    if (!r && peppered)
        r = vs_fail(e, VIDSTORE_STATE, "peppers",
                    "the passwords of this store are hashed with peppers, and none was given when it was opened");
    return r;
}

int64_t vs_user_pepper(const struct vidstore *store) {
    const struct vs_pepper *newest = vs_pepper_newest(&store->peppers);
    return newest ? newest->id : 0;
}

int vs_user_hash_new(struct vidstore *store, const struct vs_call *call, const char *password, const char *name,
                     char ret[VS_HASH_MAX], vidstore_error **e) {
    struct vs_cost cost = {0};
    int r = vs_password_check(store->blocklist, password, name, vs_setting(store, VS_SETTING_PASSWORD_MIN), e);
    if (!r)
        r = vs_user_hash_cost(store, call, &cost, e);
    return r ? r : vs_password_hash(password, cost, call, ret, e);
}

int vs_user_hash_params(vidstore_session *session, const struct vs_call *call, const struct vs_params *params,
                        struct vs_user_secret *ret, vidstore_error **e) {
    const struct vs_value *password = NULL;
    if (vs_params_get(params, VIDSTORE_USER_PASSWORD, &password) != VS_PARAM_VALUE)
        return 0;
    const struct vs_value *name = NULL;
    int named = vs_params_get(params, VIDSTORE_USER_USERNAME, &name) == VS_PARAM_VALUE;
    int r = vs_session_outside(session, e);
    return r ? r : vs_user_hash_new(session->store, call, password->text, named ? name->text : NULL, ret->hash, e);
}

struct password_write {
    vidstore_session *session;
    struct vs_uuid id;
    const char *hash; /* "": none any more */
    int64_t pepper;   /* in it; 0: none */
};

static int stamp(struct vs_change *c, void *arg, vidstore_error **e) {
    const struct password_write *w = arg;
    int r = vs_session_may(c->session, "user", VS_UPDATE, NULL, &c->owner, 0, e);
    if (r)
        return r;
    vs_change_set_int(c, VIDSTORE_USER_PASSWORD_CHANGED_US, *w->hash ? c->now_us : INT64_MIN);
    r = vs_user_repo_set_hash(c->conn, &c->id, w->hash, w->pepper, c->now_us, e);
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
    struct password_write w = {session, {{0}}, hash, vs_user_pepper(session->store)};
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
        r = vs_user_hash_new(session->store, &call, password, name, hash, reterr);
    if (!r)
        r = vs_session_write(session, set_op, &w, reterr);
    vs_wipe(hash, sizeof hash);
    return r;
}

vidstore_status vidstore_user_import_hash(vidstore_session *session, const char *id, const char *hash,
                                          vidstore_error **reterr) {
    VS_ENTER_VOID(session, reterr);
    struct password_write w = {session, {{0}}, hash, 0};
    int r = vs_uuid_parse(id, "id", &w.id, reterr);
    if (!r)
        r = vs_session_may(session, "user", VS_MANAGE, &w.id, &w.id, 0, reterr);
    if (!r)
        r = vs_standing_recent(session, reterr);
    if (!r)
        r = vs_password_check_hash(hash, reterr);
    return r ? r : vs_session_write(session, set_op, &w, reterr);
}
