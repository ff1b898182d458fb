/* SPDX-License-Identifier: MIT */
/* A session from the token of a login. All refusals are one. */
#include "access/token.h"
#include "db/bind.h"
#include "logins/logins.h"
#include "store/origin.h"
#include "store/seen.h"
#include "store/standing.h"
#include "util/env.h"
#include "util/error.h"
#include "util/handle.h"
#include "vidstore/user.h"
#include <stdio.h>
#include <string.h>

struct resume {
    vidstore *store;
    const struct vs_token *token;
    int64_t now_us, last_us, idle_us, proved_us;
    int good;
    struct vs_uuid id, user;
    int32_t role;
    char username[256];
};

enum { ID = VS_STANDING_COLUMNS, USER, DIGEST, USERNAME };

static int resume_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct resume *w = arg;
    struct vs_standing_row row;
    vs_autostmt *s = NULL;
    size_t len = 0;
    w->good = 0;
    int r = vs_ask(conn, VS_STMT_LOGIN_BY_TOKEN, &s, e, vs_text(w->token->id));
    if (r < 0)
        return r;
    const void *digest = r == VS_ROW ? vs_col_blob(s, DIGEST, &len) : NULL;
    if (!vs_token_fits(w->token, digest, len) || r == VS_DONE)
        return 0;
    vs_col_uuid(s, ID, &w->id);
    vs_col_uuid(s, USER, &w->user);
    vs_standing_row(s, &row);
    w->good = vs_account_stands(row.state, row.until_us, w->now_us) &&
              vs_login_stands(&row, vs_seen_last(w->store, VS_SEEN_LOGIN, &w->id), w->now_us);
    w->role = row.role;
    w->last_us = row.last_us;
    w->idle_us = row.idle_us;
    w->proved_us = row.proved_us;
    snprintf(w->username, sizeof w->username, "%s", vs_col_text(s, USERNAME, NULL));
    return 0;
}

static int refuse(vidstore_error **e) {
    return vs_fail_sub(e, VIDSTORE_UNAUTHENTICATED, VIDSTORE_SUB_CREDENTIAL, "token", "the login does not count");
}

static int resume(struct resume *w, const char *text, const vidstore_origin *origin, vidstore_session **ret,
                  vidstore_error **e) {
    struct vs_call call = {vs_mono_us() + w->store->options.deadline_ms * 1000, NULL};
    struct vs_token token;
    if (vs_token_read(text, VIDSTORE_TOKEN_LOGIN, &token))
        return refuse(e);
    w->token = &token;
    int r = vs_db_read(w->store->db, &call, resume_op, w, e);
    vs_wipe(&token, sizeof token);
    if (r || !w->good)
        return r ? r : refuse(e);
    r = vs_session_new(w->store, VS_ACTOR_USER, &w->user, w->role, w->username, origin, ret, e);
    if (r)
        return r;
    (*ret)->actor.credential = w->id;
    (*ret)->actor.method = "login";
    vs_uuid_format(&w->id, (*ret)->login_id);
    (*ret)->credential = (struct vs_credential){VS_PROOF_LOGIN, w->id, 0, w->proved_us};
    vs_seen_login(w->store, &call, &w->id, (*ret)->actor.origin[VS_ORIGIN_IP], w->last_us, w->idle_us, w->now_us);
    return 0;
}

vidstore_status vidstore_session_resume(vidstore *store, const char *token, const vidstore_origin *origin,
                                        vidstore_session **ret_session, vidstore_error **reterr) {
    vidstore_session *unwanted = NULL, **ret = ret_session ? ret_session : &unwanted;
    struct resume w = {.store = store, .now_us = vs_now_us()};
    const struct vs_origin *from = NULL;
    *ret = NULL;
    if (reterr)
        *reterr = NULL;
    int r = vs_store_check(store, reterr);
    if (!r && !token)
        r = vs_fail(reterr, VIDSTORE_MISUSE, "token", "token is NULL");
    if (!r)
        r = vs_origin_check(origin, &from, reterr);
    if (!r)
        r = resume(&w, token, origin, ret, reterr);
    vidstore_session_free(unwanted);
    return r;
}

const char *vidstore_session_login_id(const vidstore_session *session) {
    int by_login = session && session->magic == VS_MAGIC_SESSION && session->credential.proof == VS_PROOF_LOGIN;
    return by_login ? session->login_id : NULL;
}
