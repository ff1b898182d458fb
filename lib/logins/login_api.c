/* SPDX-License-Identifier: MIT */
/* Public calls that make logins: with a password, by the word of the host; and the device list. */
#include "db/bind.h"
#include "logins/login_make.h"
#include "record/record_api.h"
#include "store/crud_api.h"
#include "store/standing.h"
#include "users/users.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "util/utf8.h"
#include <string.h>

static const int64_t TRUST_US = INT64_C(180) * 86400 * 1000000;

VS_RECORD_API(login, login)
VS_CRUD_LOOK_API(login)
VS_GETTER_TEXT(login, id, VIDSTORE_LOGIN_ID)
VS_GETTER_TEXT(login, user_id, VIDSTORE_LOGIN_USER_ID)
VS_GETTER_INT64(login, created_us, VIDSTORE_LOGIN_CREATED_US)
VS_GETTER_INT64(login, expires_us, VIDSTORE_LOGIN_EXPIRES_US)
VS_GETTER_INT64(login, revoked_us, VIDSTORE_LOGIN_REVOKED_US)

/* A login that is being made, from the first check to the token in the caller's hands. */
struct making {
    vidstore *store;
    vidstore_session *nobody; /* carries the origin */
    struct vs_call call;
    struct vs_login_making row;
    char text[VS_TOKEN_LENGTH + 1];
};

static int begin(struct making *m, vidstore *store, const vidstore_origin *origin, char *token, int64_t size,
                 vidstore_error **e) {
    int r = vs_token_buffer(token, size, e), other = vs_store_check(store, r ? NULL : e);
    r = r ? r : other;
    if (!r)
        r = vs_session_new(store, VS_ACTOR_ANONYMOUS, NULL, VIDSTORE_ROLE_UNKNOWN, NULL, origin, &m->nobody, e);
    if (!r)
        r = vs_login_making_begin(store, &m->row, m->text, e);
    if (r)
        return r;
    m->store = store;
    m->call = (struct vs_call){vs_mono_us() + store->options.deadline_ms * 1000, NULL};
    m->row.from = &m->nobody->actor;
    return 0;
}

static int granted(struct vs_conn *conn, const struct vs_record *user, void *arg, vidstore_error **e) {
    const struct making *m = arg;
    return vs_login_make(conn, &m->row, user, e);
}

struct load {
    const struct vs_uuid *id;
    struct vs_record *found;
};

static int load_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct load *load = arg;
    vs_record_free(VS_TAKE(load->found));
    return vs_crud_load(conn, &vs_login_noun, load->id, 0, &load->found, e);
}

/* The record and the token, or neither. */
static int hand_over(struct making *m, int r, vidstore_login **ret_login, char *ret_token, vidstore_error **e) {
    struct load load = {&m->row.id, NULL};
    if (!r)
        r = vs_db_read(m->store->db, &m->call, load_op, &load, e);
    if (!r)
        memcpy(ret_token, m->text, sizeof m->text);
    if (!r && ret_login)
        *ret_login = (vidstore_login *)load.found;
    else
        vs_record_free(load.found);
    vs_wipe(m->text, sizeof m->text);
    vidstore_session_free(m->nobody);
    return r;
}

vidstore_status vidstore_login_create(vidstore *store, const char *name, const char *password, const char *device_token,
                                      uint32_t flags, const vidstore_origin *origin, vidstore_login **ret_login,
                                      char *ret_token, int64_t token_size, vidstore_error **reterr) {
    struct making m = {.row.method = "password"};
    vs_autorecord *user = NULL;
    if (ret_login)
        *ret_login = NULL;
    if (reterr)
        *reterr = NULL;
    int r = begin(&m, store, origin, ret_token, token_size, reterr);
    if (!r && flags & ~(uint32_t)VIDSTORE_CHALLENGE_PASSED)
        r = vs_fail_sub(reterr, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "flags", "flags has unknown bits");
    struct vs_proof_request request = {.store = store,
                                       .actor = r ? NULL : &m.nobody->actor,
                                       .call = &m.call,
                                       .name = name,
                                       .password = password,
                                       .device = device_token,
                                       .challenged = (flags & VIDSTORE_CHALLENGE_PASSED) != 0,
                                       .action = VIDSTORE_AUDIT_USER_LOGIN,
                                       .granted = granted,
                                       .arg = &m};
    if (!r)
        r = vs_user_prove(&request, &user, NULL, reterr);
    return hand_over(&m, r, ret_login, ret_token, reterr);
}

static int check_identity(const char *provider, const char *subject, vidstore_error **e) {
    int r = vs_check_text(provider, "provider", 100, e);
    return r ? r : vs_check_text(subject, "subject", 255, e);
}

vidstore_status vidstore_login_external(vidstore *store, const char *provider, const char *subject,
                                        const vidstore_origin *origin, vidstore_login **ret_login, char *ret_token,
                                        int64_t token_size, vidstore_error **reterr) {
    struct making m = {.row.method = provider};
    vs_autorecord *user = NULL;
    if (ret_login)
        *ret_login = NULL;
    if (reterr)
        *reterr = NULL;
    int r = begin(&m, store, origin, ret_token, token_size, reterr);
    if (!r)
        r = check_identity(provider, subject, reterr);
    struct vs_proof_request request = {.store = store,
                                       .actor = r ? NULL : &m.nobody->actor,
                                       .call = &m.call,
                                       .action = VIDSTORE_AUDIT_USER_LOGIN,
                                       .granted = granted,
                                       .arg = &m};
    if (!r)
        r = vs_user_prove_identity(&request, provider, subject, &user, NULL, reterr);
    return hand_over(&m, r, ret_login, ret_token, reterr);
}

/* --- the same login, proved again ------------------------------------------------------------------------------- */

struct renewal {
    vidstore_session *session;
    struct vs_token token;
    int64_t now_us;
};

/* The old token dies with the commit that makes the new one. */
static int renew(struct vs_conn *conn, const struct vs_record *user, void *arg, vidstore_error **e) {
    struct renewal *w = arg;
    vs_autostmt *s = NULL;
    int64_t changed = 0;
    struct vs_uuid id = vs_record_uuid(user, VIDSTORE_USER_ID);
    if (!vs_uuid_equal(&id, &w->session->actor.user)) /* the name is another's by now */
        return vs_fail_sub(e, VIDSTORE_UNAUTHENTICATED, VIDSTORE_SUB_PASSWORD, NULL, "name and password do not fit");
    int r = vs_stmt(conn, VS_STMT_LOGIN_RENEW, &s, e);
    if (r)
        return r;
    w->now_us = vs_now_us();
    vs_bind_text(s, 1, w->token.id, -1);
    vs_bind_blob(s, 2, w->token.digest, VS_SHA256_SIZE);
    vs_bind_int(s, 3, w->now_us);
    vs_bind_uuid(s, 4, &w->session->credential.id);
    r = vs_run(s, &changed, e);
    if (!r && !changed)
        r = vs_fail_sub(e, VIDSTORE_UNAUTHENTICATED, VIDSTORE_SUB_CREDENTIAL, "session",
                        "this login does not count any more");
    return r;
}

static int check_login(const vidstore_session *session, vidstore_error **e) {
    if (session->credential.proof == VS_PROOF_LOGIN)
        return 0;
    return vs_fail(e, VIDSTORE_STATE, "session", "the session is not one of a login");
}

vidstore_status vidstore_login_confirm(vidstore_session *session, const char *password, char *ret_token,
                                       int64_t token_size, vidstore_error **reterr) {
    char text[VS_TOKEN_LENGTH + 1] = "";
    vs_autorecord *user = NULL;
    int r = vs_token_buffer(ret_token, token_size, NULL);
    VS_ENTER_VOID(session, reterr);
    if (r)
        return vs_token_buffer(ret_token, token_size, reterr);
    struct renewal renewal = {.session = session};
    struct vs_call call = vs_session_call(session);
    struct vs_proof_request request = {.store = session->store,
                                       .actor = &session->actor,
                                       .call = &call,
                                       .name = session->actor.name,
                                       .password = password,
                                       .action = VIDSTORE_AUDIT_LOGIN_CONFIRMED,
                                       .granted = renew,
                                       .arg = &renewal};
    r = vs_session_outside(session, reterr);
    if (!r)
        r = vs_check_text(password, "password", VS_PASSWORD_MAX, reterr);
    if (!r)
        r = check_login(session, reterr);
    if (!r)
        r = vs_token_make(VIDSTORE_TOKEN_LOGIN, text, &renewal.token, reterr);
    if (!r)
        r = vs_user_prove(&request, &user, NULL, reterr);
    if (!r) {
        session->credential.proved_us = renewal.now_us;
        memcpy(ret_token, text, sizeof text);
    }
    vs_wipe(text, sizeof text);
    return r;
}

/* --- devices ------------------------------------------------------------------------------------------------------ */

struct trust {
    vidstore_session *session;
    struct vs_token token;
};

static int trust_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    const struct trust *w = arg;
    const struct vs_actor *actor = &w->session->actor;
    int64_t now = vs_now_us();
    int r = vs_exec(conn, VS_STMT_LOGIN_DEVICE_ADD, NULL, e, vs_text(w->token.id), vs_id(&actor->user),
                    vs_bytes(w->token.digest, VS_SHA256_SIZE), vs_int(now), vs_int(now + TRUST_US));
    struct vs_event event = {.action = VIDSTORE_AUDIT_TOKEN_ISSUED,
                             .noun = "login",
                             .object = &w->session->credential.id,
                             .owner = &actor->user,
                             .description = "trusted device"};
    return r ? r : vs_trail_append(conn, actor, &event, e);
}

vidstore_status vidstore_login_trust(vidstore_session *session, char *ret_token, int64_t token_size,
                                     vidstore_error **reterr) {
    char text[VS_TOKEN_LENGTH + 1] = "";
    int r = vs_token_buffer(ret_token, token_size, NULL);
    VS_ENTER_VOID(session, reterr);
    if (r)
        return vs_token_buffer(ret_token, token_size, reterr);
    struct trust w = {.session = session};
    r = check_login(session, reterr);
    if (!r)
        r = vs_standing_recent(session, reterr);
    if (!r)
        r = vs_token_make(VIDSTORE_TOKEN_DEVICE, text, &w.token, reterr);
    if (!r)
        r = vs_session_write(session, trust_op, &w, reterr);
    if (!r)
        memcpy(ret_token, text, sizeof text);
    vs_wipe(text, sizeof text);
    return r;
}
