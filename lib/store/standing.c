/* SPDX-License-Identifier: MIT */
#include "store/standing.h"
#include "access/scope.h"
#include "db/bind.h"
#include "store/seen.h"
#include "util/env.h"
#include "util/error.h"
#include "vidstore/user.h"

/* A clock that runs behind by more than this is no clock to judge a login's age by. */
static const int64_t SET_BACK_US = 300000000;

/* The first four columns of every statement here. */
enum { ROLE, STATE, UNTIL, EPOCH, OWN };

int vs_account_stands(int64_t state, int64_t suspended_until_us, int64_t now_us) {
    if (state == VIDSTORE_USER_SUSPENDED)
        return suspended_until_us != INT64_MIN && suspended_until_us <= now_us;
    return state == VIDSTORE_USER_ACTIVE;
}

void vs_standing_row(struct vs_stmt *row, struct vs_standing_row *ret) {
    *ret = (struct vs_standing_row){(int32_t)vs_col_int(row, ROLE),
                                    vs_col_int(row, STATE),
                                    vs_col_int(row, UNTIL),
                                    vs_col_int(row, EPOCH),
                                    vs_col_int(row, 4),
                                    vs_col_int(row, 5),
                                    vs_col_int(row, 6),
                                    vs_col_int(row, 7),
                                    vs_col_int(row, 8) * 1000,
                                    vs_col_int(row, 9)};
}

int vs_login_stands(const struct vs_standing_row *row, int64_t seen_us, int64_t now_us) {
    int64_t last = seen_us > row->last_us ? seen_us : row->last_us;
    return row->revoked_us == INT64_MIN && now_us < row->expires_us && now_us - last <= row->idle_us &&
           now_us >= row->created_us - SET_BACK_US;
}

static int stale(vidstore_error **e, const char *what) {
    return vs_fail_sub(e, VIDSTORE_UNAUTHENTICATED, VIDSTORE_SUB_CREDENTIAL, "session", "%s does not count any more",
                       what);
}

/* revoked_us, expires_us, scopes */
static int key_stands(vidstore_session *session, struct vs_stmt *row, int64_t now, vidstore_error **e) {
    if (!vs_col_null(row, OWN) || (!vs_col_null(row, OWN + 1) && vs_col_int(row, OWN + 1) <= now))
        return stale(e, "the key");
    vs_seen_note(session->store, VS_SEEN_KEY, &session->credential.id, session->actor.origin[VS_ORIGIN_IP], now);
    if (session->actor.kind == VS_ACTOR_WORKER)
        return 0; /* what it may was settled when it claimed */
    return vs_scopes_parse(vs_col_text(row, OWN + 2, NULL), &session->actor.scopes, e);
}

static int login_stands(vidstore_session *session, struct vs_stmt *s, int64_t now, vidstore_error **e) {
    struct vs_standing_row row;
    vs_standing_row(s, &row);
    if (!vs_login_stands(&row, vs_seen_last(session->store, VS_SEEN_LOGIN, &session->credential.id), now))
        return stale(e, "the login");
    session->credential.proved_us = row.proved_us;
    if (now - row.last_us > row.idle_us / 20)
        vs_seen_note(session->store, VS_SEEN_LOGIN, &session->credential.id, session->actor.origin[VS_ORIGIN_IP], now);
    return 0;
}

static int look_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    static const enum vs_stmt_id statements[] = {[VS_PROOF_NONE] = VS_STMT_USER_STANDING,
                                                 [VS_PROOF_PASSWORD] = VS_STMT_USER_STANDING,
                                                 [VS_PROOF_KEY] = VS_STMT_KEY_STANDING,
                                                 [VS_PROOF_LOGIN] = VS_STMT_LOGIN_STANDING};
    vidstore_session *session = arg;
    const struct vs_credential *by = &session->credential;
    int64_t now = vs_now_us();
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, statements[by->proof], &s, e);
    if (r)
        return r;
    int worker = session->actor.kind == VS_ACTOR_WORKER; /* stands as long as who claimed its lease */
    vs_bind_uuid(s, 1, by->proof >= VS_PROOF_KEY ? &by->id : worker ? &session->claimer : &session->actor.user);
    r = vs_row(s, e);
    if (r < 0)
        return r;
    if (r == VS_DONE || !vs_account_stands(vs_col_int(s, STATE), vs_col_int(s, UNTIL), now))
        return vs_fail_sub(e, VIDSTORE_UNAUTHENTICATED, VIDSTORE_SUB_ACCOUNT, "session",
                           "the account is not active any more");
    if (worker && vs_col_int(s, ROLE) != VIDSTORE_ROLE_ADMIN)
        return stale(e, "the claim");
    if (!worker)
        session->actor.role = (int32_t)vs_col_int(s, ROLE);
    if (by->proof == VS_PROOF_PASSWORD && vs_col_int(s, EPOCH) != by->epoch)
        return stale(e, "this login");
    if (by->proof == VS_PROOF_LOGIN)
        return login_stands(session, s, now, e);
    return by->proof == VS_PROOF_KEY ? key_stands(session, s, now, e) : 0;
}

/* Whoever came by a link is nobody; the link has to be there still. */
static int link_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    vidstore_session *session = arg;
    int64_t now = vs_now_us();
    vs_autostmt *s = NULL;
    int r = vs_ask(conn, VS_STMT_LINK_STANDING, &s, e, vs_id(&session->credential.id));
    if (r < 0)
        return r;
    if (r == VS_DONE || !vs_col_null(s, 0) || vs_col_int(s, 1) <= now)
        return stale(e, "the link");
    return vs_col_null(s, 2) || vs_account_stands(vs_col_int(s, 2), vs_col_int(s, 3), now) ? 0 : stale(e, "the link");
}

/* As things are now, and not as a snapshot keeps them: who was turned out reads no old state either. In memory nobody
 * can have changed anything since the snapshot began. */
static int look(vidstore_session *session, vs_op *op, vidstore_error **e) {
    struct vs_call call = vs_session_call(session);
    if (session->snap && !vs_db_in_memory(session->store->db))
        return vs_db_peek(session->store->db, &call, op, session, e);
    return vs_session_read(session, op, session, e);
}

int vs_standing_look(vidstore_session *session, vidstore_error **e) {
    int claimed = session->actor.kind == VS_ACTOR_WORKER && !vs_uuid_is_nil(&session->claimer);
    if (session->credential.proof == VS_PROOF_LINK)
        return look(session, link_op, e);
    return claimed || session->actor.kind == VS_ACTOR_USER ? look(session, look_op, e) : 0;
}

int vs_standing_recent(const vidstore_session *session, vidstore_error **e) {
    const struct vs_credential *by = &session->credential;
    if ((by->proof != VS_PROOF_LOGIN && by->proof != VS_PROOF_PASSWORD) || vs_now_us() - by->proved_us <= VS_SUDO_US)
        return 0;
    return vs_fail_sub(e, VIDSTORE_UNAUTHENTICATED, VIDSTORE_SUB_CONFIRM, "session",
                       "this wants the password again: vidstore_login_confirm()");
}
