/* SPDX-License-Identifier: MIT */
/* Ending logins: this one, another, all others, all of a user, everybody's. */
#include "db/bind.h"
#include "logins/logins.h"
#include "store/standing.h"
#include "util/env.h"
#include "util/error.h"
#include <stdio.h>

struct ending {
    vidstore_session *session;
    struct vs_uuid id, user;
    int32_t action;
    const char *reason;
    int everyone, keep_own;
    int64_t ended;
};

static int tell(struct vs_conn *conn, const struct ending *w, const struct vs_uuid *object, vidstore_error **e) {
    char details[48];
    snprintf(details, sizeof details, "{\"logins\":%lld}", (long long)w->ended);
    struct vs_event event = {.action = w->action,
                             .noun = "login",
                             .object = object,
                             .owner = w->everyone ? NULL : &w->user,
                             .details = object ? NULL : details,
                             .description = w->reason};
    return vs_trail_append(conn, &w->session->actor, &event, e);
}

static int end_one_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct ending *w = arg;
    vs_autorecord *login = NULL;
    vs_autostmt *s = NULL;
    int r = vs_crud_load(conn, &vs_login_noun, &w->id, 0, &login, e);
    w->user = vs_record_uuid(login, VIDSTORE_LOGIN_USER_ID);
    if (!r)
        r = vs_session_may(w->session, "login", VS_REMOVE, &w->id, &w->user, 0, e);
    if (!r)
        r = vs_stmt(conn, VS_STMT_LOGIN_END, &s, e);
    if (r)
        return r;
    vs_bind_int(s, 1, vs_now_us());
    vs_bind_text(s, 2, w->reason, -1);
    vs_bind_uuid(s, 3, &w->id);
    r = vs_run(s, &w->ended, e);
    return r || !w->ended ? r : tell(conn, w, &w->id, e);
}

vidstore_status vidstore_login_revoke(vidstore_session *session, const char *id, vidstore_error **reterr) {
    VS_ENTER_VOID(session, reterr);
    struct ending w = {.session = session, .action = VIDSTORE_AUDIT_LOGIN_REVOKED, .reason = "revoked"};
    int r = vs_uuid_parse(id, "id", &w.id, reterr);
    return r ? r : vs_session_write(session, end_one_op, &w, reterr);
}

vidstore_status vidstore_login_end(vidstore_session *session, vidstore_error **reterr) {
    VS_ENTER_VOID(session, reterr);
    struct ending w = {
        .session = session, .id = session->credential.id, .action = VIDSTORE_AUDIT_USER_LOGOUT, .reason = "logged out"};
    if (session->credential.proof != VS_PROOF_LOGIN)
        return vs_fail(reterr, VIDSTORE_STATE, "session", "the session is not one of a login");
    return vs_session_write(session, end_one_op, &w, reterr);
}

static int run_user(struct vs_conn *conn, enum vs_stmt_id id, const struct vs_uuid *user, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, id, &s, e);
    if (r)
        return r;
    if (user)
        vs_bind_uuid(s, 1, user);
    return vs_run(s, NULL, e);
}

int vs_logins_end_everyone(struct vs_conn *conn, const char *reason, int64_t *ret_ended, vidstore_error **e) {
    int r = vs_exec(conn, VS_STMT_LOGIN_END_EVERYONE, ret_ended, e, vs_int(vs_now_us()), vs_text(reason));
    return r ? r : run_user(conn, VS_STMT_USER_NEXT_EPOCH_EVERYONE, NULL, e);
}

/* Sessions that a password opened without a row end with the epoch; those of a login with its row. */
static int end_all_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct ending *w = arg;
    const struct vs_uuid *keep = w->keep_own ? &w->session->credential.id : NULL;
    int r = vs_session_may(w->session, "login", VS_REMOVE, NULL, w->everyone ? NULL : &w->user, 0, e);
    vs_autostmt *s = NULL;
    if (!r && !w->everyone) {
        r = vs_logins_end_all(conn, &w->user, keep, w->reason, &w->ended, e);
        if (!r)
            r = run_user(conn, VS_STMT_LOGIN_DEVICE_END_USER, &w->user, e);
        if (!r)
            r = run_user(conn, VS_STMT_USER_NEXT_EPOCH, &w->user, e);
        return r ? r : tell(conn, w, NULL, e);
    }
    if (!r)
        r = vs_logins_end_everyone(conn, w->reason, &w->ended, e);
    return r ? r : tell(conn, w, NULL, e);
}

static int end_all(struct ending *w, int64_t *ret_count, vidstore_error **e) {
    int r = vs_standing_recent(w->session, e);
    if (!r)
        r = vs_session_write(w->session, end_all_op, w, e);
    *ret_count = r ? 0 : w->ended;
    return r;
}

vidstore_status vidstore_login_revoke_others(vidstore_session *session, int64_t *ret_count, vidstore_error **reterr) {
    VS_ENTER(session, ret_count, reterr);
    struct ending w = {.session = session,
                       .user = session->actor.user,
                       .action = VIDSTORE_AUDIT_LOGIN_REVOKED,
                       .reason = "revoked by another login",
                       .keep_own = 1};
    if (session->credential.proof != VS_PROOF_LOGIN)
        return vs_fail(reterr, VIDSTORE_STATE, "session", "the session is not one of a login");
    return end_all(&w, ret_count, reterr);
}

vidstore_status vidstore_login_revoke_all(vidstore_session *session, const char *user_id, int64_t *ret_count,
                                          vidstore_error **reterr) {
    VS_ENTER(session, ret_count, reterr);
    struct ending w = {.session = session,
                       .action = VIDSTORE_AUDIT_LOGIN_REVOKED,
                       .reason = user_id ? "all of the user revoked" : "everybody's revoked",
                       .everyone = !user_id};
    int r = user_id ? vs_uuid_parse(user_id, "user_id", &w.user, reterr) : 0;
    return r ? r : end_all(&w, ret_count, reterr);
}
