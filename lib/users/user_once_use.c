/* SPDX-License-Identifier: MIT */
/* Using a token of use once: what it is for is done in the commit that ends it. */
#include "store/knock.h"
#include "users/user_once.h"
#include "users/user_password.h"
#include "users/user_repo.h"
#include "users/user_throttle.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "util/utf8.h"
#include "vidstore/key.h"
#include <string.h>

enum { NAMES = 2 }; /* that a user may have typed: username and address */

/* A use while it is under way. */
struct use {
    struct vidstore *store;
    struct vs_call call;
    vidstore_session *session; /* nobody's; from when the token was found good, its user's */
    struct vs_once once;
    const char *why;        /* it counts for nothing; NULL: it is good */
    struct vs_record *user; /* as it was looked at */
    const char *password;
    char hash[VS_HASH_MAX];
    struct vs_try tries[NAMES][VS_TRY_PURPOSES];
    int names;
    struct vs_record *after;
};

static int same_address(const struct use *u) {
    const char *now = vs_record_text(u->user, VIDSTORE_USER_EMAIL);
    return u->once.kind == VIDSTORE_ONCE_EMAIL || strcmp(now ? now : "", u->once.address) == 0;
}

/* Whether the token counts, looked at before the hash and again with the lock held. */
static int judge_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct use *u = arg;
    int64_t epoch = -1;
    vs_record_free(VS_TAKE(u->user));
    int r = vs_once_get(conn, &u->once, vs_now_us(), &u->why, e);
    if (r || u->why)
        return r;
    r = vs_crud_load(conn, &vs_user_noun, &u->once.user, 0, &u->user, e);
    if (r == VIDSTORE_NOT_FOUND) {
        vs_error_clear(e);
        u->why = "the account is gone";
        return 0;
    }
    if (!r)
        r = vs_user_epoch(conn, &u->once.user, &epoch, e);
    if (r)
        return r;
    int pending = vs_record_int(u->user, VIDSTORE_USER_STATE) == VIDSTORE_USER_PENDING;
    int stands = u->once.kind == VIDSTORE_ONCE_INVITATION     ? pending
                 : u->once.kind == VIDSTORE_ONCE_VERIFICATION ? pending || vs_user_stands(u->user)
                                                              : vs_user_stands(u->user);
    u->why = epoch != u->once.epoch ? "the account was changed"
             : !same_address(u)     ? "the address was changed"
             : !stands              ? "account not active"
                                    : NULL;
    return 0;
}

static int refuse(struct use *u, vidstore_error **e) {
    struct vs_uuid id = vs_record_uuid(u->user, VIDSTORE_USER_ID);
    struct vs_knock knock = {&u->session->actor, "user", u->user ? &id : NULL, u->user ? &id : NULL, u->why};
    vs_knock_refused(u->store, &u->call, &knock);
    return vs_fail_sub(e, VIDSTORE_UNAUTHENTICATED, VIDSTORE_SUB_CREDENTIAL, "token", "the token does not count");
}

/* --- what it does ------------------------------------------------------------------------------------------------- */

static int apply(struct vs_change *c, void *arg, vidstore_error **e) {
    const struct use *u = arg;
    int r = 0;
    c->description = vs_once_kind(u->once.kind)->name;
    if (u->once.kind == VIDSTORE_ONCE_INVITATION)
        vs_change_set_int(c, VIDSTORE_USER_STATE, VIDSTORE_USER_ACTIVE);
    if (u->once.kind == VIDSTORE_ONCE_EMAIL)
        r = vs_change_set_text(c, VIDSTORE_USER_EMAIL, u->once.address, e);
    if (u->once.kind != VIDSTORE_ONCE_RESET && *u->once.address)
        vs_change_set_int(c, VIDSTORE_USER_EMAIL_VERIFIED, 1);
    if (*u->hash)
        vs_change_set_int(c, VIDSTORE_USER_PASSWORD_CHANGED_US, c->now_us);
    return r;
}

/* A new password, a new account: whatever was proved before has to be proved again. */
static int end_others(struct vs_conn *conn, struct use *u, vidstore_error **e) {
    const struct vs_uuid *id = &u->once.user;
    int r = vs_once_clear(conn, id, e);
    if (!r && *u->hash)
        r = vs_user_repo_set_hash(conn, id, u->hash, vs_user_pepper(u->store), vs_now_us(), e);
    if (!r)
        r = vs_user_repo_next_epoch(conn, id, NULL, vs_once_kind(u->once.kind)->name, e);
    if (!r)
        r = vs_user_repo_distrust(conn, id, e);
    for (int i = 0; !r && i < u->names * VS_TRY_PURPOSES; i++)
        r = vs_try_recover(conn, &u->tries[i / VS_TRY_PURPOSES][i % VS_TRY_PURPOSES], id, e);
    return r;
}

static int use_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct use *u = arg;
    int64_t taken = 0;
    vs_record_free(VS_TAKE(u->after));
    int r = judge_op(conn, u, e);
    if (!r && !u->why)
        r = vs_once_take(conn, &u->once, vs_now_us(), &taken, e);
    if (!r && !u->why && !taken)
        u->why = "no such token, or not any more";
    if (r || u->why)
        return r;
    if (u->once.kind == VIDSTORE_ONCE_INVITATION || u->once.kind == VIDSTORE_ONCE_RESET)
        r = end_others(conn, u, e);
    return r ? r
             : vs_crud_touch(conn, u->session, &vs_user_noun, &u->once.user, VIDSTORE_AUDIT_TOKEN_USED, apply, u,
                             &u->after, e);
}

/* --- the call ----------------------------------------------------------------------------------------------------- */

static int hash_password(struct use *u, vidstore_error **e) {
    const char *name = vs_record_text(u->user, VIDSTORE_USER_USERNAME);
    return vs_user_hash_new(u->store, &u->call, u->password, name, u->hash, e);
}

/* What strangers did to the account under its names is forgotten with the reset. */
static int begin_recovery(struct use *u, vidstore_error **e) {
    const char *names[NAMES] = {vs_record_text(u->user, VIDSTORE_USER_USERNAME),
                                vs_record_text(u->user, VIDSTORE_USER_EMAIL)};
    int r = 0;
    for (u->names = 0; !r && u->names < NAMES && names[u->names]; u->names++)
        for (int purpose = 0; !r && purpose < VS_TRY_PURPOSES; purpose++) {
            struct vs_try *t = &u->tries[u->names][purpose];
            t->purpose = (enum vs_try_purpose)purpose;
            r = vs_try_begin(u->store, &u->call, names[u->names], u->session->actor.origin[VS_ORIGIN_IP], NULL, 0, t,
                             e);
        }
    return r;
}

/* From here on it is the user who acts. */
static int become(struct use *u, const vidstore_origin *origin, vidstore_error **e) {
    vidstore_session *session = NULL;
    int r = vs_session_new(u->store, VS_ACTOR_USER, &u->once.user, (int32_t)vs_record_int(u->user, VIDSTORE_USER_ROLE),
                           vs_record_text(u->user, VIDSTORE_USER_USERNAME), origin, &session, e);
    if (r)
        return r;
    session->actor.method = "once";
    vidstore_session_free(u->session);
    u->session = session;
    return 0;
}

static int use(struct use *u, const char *text, const vidstore_origin *origin, vidstore_error **e) {
    if (vs_token_read(text, VIDSTORE_TOKEN_ONCE, &u->once.token)) {
        struct vs_knock knock = {.actor = &u->session->actor, .noun = "user", .why = "no token"};
        int waits = vs_knock_junk(u->store, &u->call, &knock, e);
        u->why = "no token";
        return waits ? waits
                     : vs_fail_sub(e, VIDSTORE_UNAUTHENTICATED, VIDSTORE_SUB_CREDENTIAL, "token",
                                   "the token does not count");
    }
    int r = vs_db_read(u->store->db, &u->call, judge_op, u, e);
    if (r || u->why)
        return r ? r : refuse(u, e);
    if (u->password)
        r = hash_password(u, e);
    if (!r && u->once.kind == VIDSTORE_ONCE_RESET)
        r = begin_recovery(u, e);
    if (!r)
        r = become(u, origin, e);
    if (!r)
        r = vs_session_write(u->session, use_op, u, e);
    return r || !u->why ? r : refuse(u, e);
}

static int check(const struct use *u, const char *token, vidstore_error **e) {
    int32_t kind = u->once.kind;
    int r = vs_store_check(u->store, e);
    if (!r)
        r = vs_once_check_kind(kind, e);
    if (!r && !token)
        r = vs_fail(e, VIDSTORE_MISUSE, "token", "token is NULL");
    if (!r && kind == VIDSTORE_ONCE_RESET && !u->password)
        r = vs_fail(e, VIDSTORE_MISUSE, "password", "password is NULL");
    if (!r && u->password && kind != VIDSTORE_ONCE_RESET && kind != VIDSTORE_ONCE_INVITATION)
        r = vs_fail(e, VIDSTORE_INVALID, "password", "password is for invitations and resets");
    return !r && u->password ? vs_check_text(u->password, "password", VS_PASSWORD_MAX, e) : r;
}

vidstore_status vidstore_once_use(vidstore *store, int32_t kind, const char *token, const char *password,
                                  const vidstore_origin *origin, vidstore_user **ret_user, vidstore_error **reterr) {
    struct use u = {.store = store, .once.kind = kind, .password = password};
    if (ret_user)
        *ret_user = NULL;
    if (reterr)
        *reterr = NULL;
    int r = check(&u, token, reterr);
    if (!r)
        r = vs_session_new(store, VS_ACTOR_ANONYMOUS, NULL, VIDSTORE_ROLE_UNKNOWN, NULL, origin, &u.session, reterr);
    if (r)
        return r;
    u.session->actor.method = "once";
    u.call = (struct vs_call){vs_mono_us() + store->options.deadline_ms * 1000, NULL};
    r = use(&u, token, origin, reterr);
    if (!r && ret_user)
        *ret_user = (vidstore_user *)VS_TAKE(u.after);
    vs_record_free(u.after);
    vs_record_free(u.user);
    vidstore_session_free(u.session);
    vs_wipe(&u, sizeof u);
    return r;
}
