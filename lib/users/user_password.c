/* SPDX-License-Identifier: MIT */
/* Setting and checking passwords, and the sessions of users. */
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

int vs_user_hash_params(vidstore_session *session, const struct vs_call *call, const struct vs_params *params,
                        struct vs_user_secret *ret, vidstore_error **e) {
    const struct vs_value *password = NULL;
    if (vs_params_get(params, VIDSTORE_USER_PASSWORD, &password) != VS_PARAM_VALUE)
        return 0;
    int r = vs_session_outside(session, e);
    if (!r)
        r = vs_password_check(password->text, vs_setting(session->store, VS_SETTING_PASSWORD_MIN), e);
    return r ? r : vs_password_hash(password->text, call, ret->hash, e);
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
    return r ? r : vs_user_repo_next_epoch(c->conn, &c->id, e);
}

static int set_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct password_write *w = arg;
    vs_autorecord *user = NULL;
    int r = vs_crud_load(conn, &vs_user_noun, &w->id, 0, &user, e);
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
    if (!r && password)
        r = vs_password_check(password, vs_setting(session->store, VS_SETTING_PASSWORD_MIN), reterr);
    if (!r && password)
        r = vs_password_hash(password, &call, hash, reterr);
    if (!r)
        r = vs_session_write(session, set_op, &w, reterr);
    vs_wipe(hash, sizeof hash);
    return r;
}

/* What a name leads to: the user and the stored hash, or nothing. */
struct lookup {
    const char *name;
    struct vs_record *user;
    char *hash;
};

static int lookup_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct lookup *found = arg;
    vs_record_free(found->user);
    vs_free(found->hash);
    found->user = NULL;
    found->hash = NULL;
    int r = vs_user_repo_by_name(conn, found->name, &found->user, e);
    if (r == VIDSTORE_NOT_FOUND) {
        vs_error_clear(e);
        return 0;
    }
    struct vs_uuid id = vs_record_uuid(found->user, VIDSTORE_USER_ID);
    return r ? r : vs_user_repo_hash(conn, &id, &found->hash, e);
}

struct outcome {
    const struct vs_actor *actor;
    const struct vs_record *user; /* NULL: nobody of that name */
    const char *name;
    int failed;
};

/* Who acted: the user who proved to be one, or whoever asked. */
static struct vs_actor actor_of(const struct outcome *o) {
    struct vs_actor actor = *o->actor;
    if (!o->failed && actor.kind == VS_ACTOR_ANONYMOUS) {
        actor.kind = VS_ACTOR_USER;
        actor.user = vs_record_uuid(o->user, VIDSTORE_USER_ID);
        actor.name = (char *)(uintptr_t)vs_record_text(o->user, VIDSTORE_USER_USERNAME);
    }
    return actor;
}

/* One row is written whatever the outcome, so that the time taken says nothing. */
static int outcome_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    const struct outcome *o = arg;
    struct vs_actor actor = actor_of(o);
    struct vs_uuid id = vs_record_uuid(o->user, VIDSTORE_USER_ID);
    struct vs_event event = {.action = o->failed ? VIDSTORE_AUDIT_AUTH_FAILED : VIDSTORE_AUDIT_USER_LOGIN,
                             .noun = "user",
                             .object = o->user ? &id : NULL,
                             .owner = o->user ? &id : NULL,
                             .object_name = o->name,
                             .failed = o->failed};
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, VS_STMT_USER_LOGIN, &s, e);
    if (r)
        return r;
    vs_bind_int(s, 1, vs_now_us());
    vs_bind_uuid(s, 2, o->failed ? NULL : &id);
    r = vs_run(s, NULL, e);
    return r ? r : vs_trail_append(conn, &actor, &event, e);
}

static int stands(const struct vs_record *user) {
    return vs_account_stands(vs_record_int(user, VIDSTORE_USER_STATE),
                             vs_record_int(user, VIDSTORE_USER_SUSPENDED_UNTIL_US), vs_now_us());
}

static int judge(const struct lookup *found, int fits, vidstore_error **e) {
    if (!found->user || !fits)
        return vs_fail_sub(e, VIDSTORE_UNAUTHENTICATED, VIDSTORE_SUB_PASSWORD, NULL, "name and password do not fit");
    if (!stands(found->user))
        return vs_fail_sub(e, VIDSTORE_UNAUTHENTICATED, VIDSTORE_SUB_ACCOUNT, NULL, "the account is not active");
    return 0;
}

static int verify(struct vidstore *store, const struct vs_actor *actor, const struct vs_call *call, const char *name,
                  const char *password, struct vs_record **ret, vidstore_error **e) {
    struct lookup found = {name, NULL, NULL};
    int fits = 0, r = vs_check_text(name, "name", 254, e);
    if (!r)
        r = vs_check_text(password, "password", VS_PASSWORD_MAX, e);
    if (!r)
        r = vs_db_read(store->db, call, lookup_op, &found, e);
    if (!r)
        r = vs_password_verify(password, found.hash, call, &fits, e);
    int verdict = r ? r : judge(&found, fits, e);
    if (!r && (!verdict || verdict == VIDSTORE_UNAUTHENTICATED) && !vs_db_read_only(store->db)) {
        struct outcome o = {actor, found.user, name, verdict};
        r = vs_db_write(store->db, call, outcome_op, &o, verdict ? NULL : e);
        if (!r && !verdict) /* again: the time of this login is in it now */
            r = vs_db_read(store->db, call, lookup_op, &found, e);
    }
    r = verdict ? verdict : r;
    if (!r)
        *ret = VS_TAKE(found.user);
    vs_record_free(found.user);
    vs_free(found.hash);
    return r;
}

vidstore_status vidstore_user_verify_password(vidstore_session *session, const char *name, const char *password,
                                              vidstore_user **ret_user, vidstore_error **reterr) {
    VS_ENTER(session, ret_user, reterr);
    struct vs_call call = vs_session_call(session);
    int r = vs_session_outside(session, reterr);
    if (!r)
        r = verify(session->store, &session->actor, &call, name, password, (struct vs_record **)ret_user, reterr);
    vidstore_user_free(vs_unwanted_);
    return r;
}

static int user_session(vidstore *store, const struct vs_record *user, const vidstore_origin *origin,
                        vidstore_session **ret, vidstore_error **e) {
    struct vs_uuid id = vs_record_uuid(user, VIDSTORE_USER_ID);
    return vs_session_new(store, VS_ACTOR_USER, &id, (int32_t)vs_record_int(user, VIDSTORE_USER_ROLE),
                          vs_record_text(user, VIDSTORE_USER_USERNAME), origin, ret, e);
}

struct find {
    struct vs_uuid id;
    struct vs_record *user;
};

static int find_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct find *find = arg;
    return vs_crud_load(conn, &vs_user_noun, &find->id, 0, &find->user, e);
}

vidstore_status vidstore_session_on_behalf(vidstore *store, const char *user_id, const vidstore_origin *origin,
                                           vidstore_session **ret_session, vidstore_error **reterr) {
    vidstore_session *unwanted = NULL, **ret = ret_session ? ret_session : &unwanted;
    struct find find = {{{0}}, NULL};
    *ret = NULL;
    if (reterr)
        *reterr = NULL;
    int r = vs_store_check(store, reterr);
    if (!r)
        r = vs_uuid_parse(user_id, "user_id", &find.id, reterr);
    if (r)
        return r;
    struct vs_call call = {vs_mono_us() + store->options.deadline_ms * 1000, NULL};
    r = vs_db_read(store->db, &call, find_op, &find, reterr);
    if (r == VIDSTORE_NOT_FOUND)
        r = vs_fail(reterr, r, "user_id", "no such user");
    if (!r && !stands(find.user))
        r = vs_fail_sub(reterr, VIDSTORE_UNAUTHENTICATED, VIDSTORE_SUB_ACCOUNT, "user_id", "the account is not active");
    if (!r)
        r = user_session(store, find.user, origin, ret, reterr);
    vs_record_free(find.user);
    vidstore_session_free(unwanted);
    return r;
}

vidstore_status vidstore_session_login(vidstore *store, const char *name, const char *password,
                                       const vidstore_origin *origin, vidstore_session **ret_session,
                                       vidstore_error **reterr) {
    vidstore_session *unwanted = NULL, *nobody = NULL, **ret = ret_session ? ret_session : &unwanted;
    vs_autorecord *user = NULL;
    *ret = NULL;
    if (reterr)
        *reterr = NULL;
    int r = vs_store_check(store, reterr);
    if (!r)
        r = vs_session_new(store, VS_ACTOR_ANONYMOUS, NULL, VIDSTORE_ROLE_UNKNOWN, NULL, origin, &nobody, reterr);
    if (r)
        return r;
    struct vs_call call = {vs_mono_us() + store->options.deadline_ms * 1000, NULL};
    r = verify(store, &nobody->actor, &call, name, password, &user, reterr);
    if (!r)
        r = user_session(store, user, origin, ret, reterr);
    vidstore_session_free(nobody);
    vidstore_session_free(unwanted);
    return r;
}
