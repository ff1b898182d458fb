/* SPDX-License-Identifier: MIT */
#include "store/standing.h"
#include "access/scope.h"
#include "store/seen.h"
#include "util/env.h"
#include "util/error.h"
#include "vidstore/user.h"

/* The first four columns of every statement here. */
enum { ROLE, STATE, UNTIL, EPOCH, OWN };

int vs_account_stands(int64_t state, int64_t suspended_until_us, int64_t now_us) {
    if (state == VIDSTORE_USER_SUSPENDED)
        return suspended_until_us != INT64_MIN && suspended_until_us <= now_us;
    return state == VIDSTORE_USER_ACTIVE;
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
    return vs_scopes_parse(vs_col_text(row, OWN + 2, NULL), &session->actor.scopes, e);
}

static int look_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    static const enum vs_stmt_id statements[] = {[VS_PROOF_NONE] = VS_STMT_USER_STANDING,
                                                 [VS_PROOF_PASSWORD] = VS_STMT_USER_STANDING,
                                                 [VS_PROOF_KEY] = VS_STMT_KEY_STANDING};
    vidstore_session *session = arg;
    const struct vs_credential *by = &session->credential;
    int64_t now = vs_now_us();
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, statements[by->proof], &s, e);
    if (r)
        return r;
    vs_bind_uuid(s, 1, by->proof == VS_PROOF_KEY ? &by->id : &session->actor.user);
    r = vs_row(s, e);
    if (r < 0)
        return r;
    if (r == VS_DONE || !vs_account_stands(vs_col_int(s, STATE), vs_col_int(s, UNTIL), now))
        return vs_fail_sub(e, VIDSTORE_UNAUTHENTICATED, VIDSTORE_SUB_ACCOUNT, "session",
                           "the account is not active any more");
    session->actor.role = (int32_t)vs_col_int(s, ROLE);
    if (by->proof == VS_PROOF_PASSWORD && vs_col_int(s, EPOCH) != by->epoch)
        return stale(e, "this login");
    return by->proof == VS_PROOF_KEY ? key_stands(session, s, now, e) : 0;
}

int vs_standing_look(vidstore_session *session, vidstore_error **e) {
    return session->actor.kind == VS_ACTOR_USER ? vs_session_read(session, look_op, session, e) : 0;
}

int vs_standing_recent(const vidstore_session *session, vidstore_error **e) {
    const struct vs_credential *by = &session->credential;
    if ((by->proof != VS_PROOF_LOGIN && by->proof != VS_PROOF_PASSWORD) || vs_now_us() - by->proved_us <= VS_SUDO_US)
        return 0;
    return vs_fail_sub(e, VIDSTORE_UNAUTHENTICATED, VIDSTORE_SUB_CONFIRM, "session",
                       "this wants the password again: vidstore_login_confirm()");
}
