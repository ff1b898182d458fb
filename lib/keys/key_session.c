/* SPDX-License-Identifier: MIT */
/* A session from an API key. All refusals are one: which it was is for the audit. */
#include "access/address.h"
#include "access/scope.h"
#include "access/token.h"
#include "db/bind.h"
#include "keys/keys.h"
#include "store/knock.h"
#include "store/origin.h"
#include "store/seen.h"
#include "store/standing.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "vidstore/user.h"
#include <stdio.h>
#include <string.h>

struct proof {
    const struct vs_token *token;
    const char *ip;
    int64_t now_us;
    const char *refused; /* why; NULL: it holds */
    int there;
    struct vs_uuid id, user;
    int32_t role;
    int64_t epoch;
    uint32_t scopes;
    char username[256];
};

enum { ROLE, STATE, UNTIL, EPOCH, ID, USER, DIGEST, REVOKED, EXPIRES, SCOPES, ADDRESSES, USERNAME, CANARY };

/* Why a row does not hold; the digest comes first, so that nobody learns of a key without having it. */
static const char *judge(struct vs_stmt *row, const struct proof *p, const void *digest, size_t len) {
    if (!vs_token_fits(p->token, digest, len))
        return "wrong secret";
    if (!vs_col_null(row, REVOKED))
        return "revoked";
    if (!vs_col_null(row, EXPIRES) && vs_col_int(row, EXPIRES) <= p->now_us)
        return "expired";
    if (!vs_account_stands(vs_col_int(row, STATE), vs_col_int(row, UNTIL), p->now_us))
        return "account not active";
    if (!vs_networks_hold(vs_col_text(row, ADDRESSES, NULL), p->ip))
        return "address not allowed";
    return vs_col_null(row, CANARY) ? NULL : "canary";
}

static int prove_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct proof *p = arg;
    vs_autostmt *s = NULL;
    size_t len = 0;
    int r = vs_ask(conn, VS_STMT_KEY_BY_TOKEN, &s, e, vs_text(p->token->id));
    if (r < 0)
        return r;
    p->there = r == VS_ROW;
    p->refused = "no such key";
    if (!p->there) {
        vs_token_fits(p->token, NULL, 0); /* the same work */
        return 0;
    }
    const void *digest = vs_col_blob(s, DIGEST, &len);
    p->refused = judge(s, p, digest, len);
    vs_col_uuid(s, ID, &p->id);
    vs_col_uuid(s, USER, &p->user);
    p->role = (int32_t)vs_col_int(s, ROLE);
    p->epoch = vs_col_int(s, EPOCH);
    snprintf(p->username, sizeof p->username, "%s", vs_col_text(s, USERNAME, NULL));
    return p->refused ? 0 : vs_scopes_parse(vs_col_text(s, SCOPES, NULL), &p->scopes, e);
}

static int refuse(vidstore_error **e) {
    return vs_fail_sub(e, VIDSTORE_UNAUTHENTICATED, VIDSTORE_SUB_CREDENTIAL, "token", "the key does not count");
}

static int make_session(struct vidstore *store, const struct proof *p, const vidstore_origin *origin,
                        vidstore_session **ret, vidstore_error **e) {
    int r = vs_session_new(store, VS_ACTOR_USER, &p->user, p->role, p->username, origin, ret, e);
    if (r)
        return r;
    (*ret)->actor.scopes = p->scopes;
    (*ret)->actor.credential = p->id;
    (*ret)->actor.method = "key";
    (*ret)->credential = (struct vs_credential){VS_PROOF_KEY, p->id, p->epoch, 0};
    return 0;
}

static int prove(struct vidstore *store, const char *text, const vidstore_origin *origin, vidstore_session *nobody,
                 vidstore_session **ret, vidstore_error **e) {
    struct vs_call call = {vs_mono_us() + store->options.deadline_ms * 1000, NULL};
    const char *ip = nobody->actor.origin[VS_ORIGIN_IP];
    struct vs_token token;
    struct proof p = {.token = &token, .ip = ip, .now_us = vs_now_us()};
    struct vs_knock knock = {.actor = &nobody->actor, .noun = "key", .why = "no key"};
    if (vs_token_read(text, VIDSTORE_TOKEN_KEY, &token)) {
        int waits = vs_knock_junk(store, &call, &knock, e);
        return waits ? waits : refuse(e);
    }
    int r = vs_db_read(store->db, &call, prove_op, &p, e);
    vs_wipe(&token, sizeof token);
    if (r)
        return r;
    if (p.refused) {
        knock = (struct vs_knock){&nobody->actor, "key", p.there ? &p.id : NULL, p.there ? &p.user : NULL, p.refused};
        vs_knock_refused(store, &call, &knock);
        return refuse(e);
    }
    vs_seen_note(store, VS_SEEN_KEY, &p.id, ip, p.now_us);
    vs_seen_flush(store, &call, 0);
    return make_session(store, &p, origin, ret, e);
}

vidstore_status vidstore_session_key(vidstore *store, const char *token, const vidstore_origin *origin,
                                     vidstore_session **ret_session, vidstore_error **reterr) {
    vidstore_session *unwanted = NULL, *nobody = NULL, **ret = ret_session ? ret_session : &unwanted;
    *ret = NULL;
    if (reterr)
        *reterr = NULL;
    int r = vs_store_check(store, reterr);
    if (!r && !token)
        r = vs_fail(reterr, VIDSTORE_MISUSE, "token", "token is NULL");
    if (!r)
        r = vs_session_new(store, VS_ACTOR_ANONYMOUS, NULL, VIDSTORE_ROLE_UNKNOWN, NULL, origin, &nobody, reterr);
    if (r)
        return r;
    nobody->actor.method = "key"; /* what was refused is one too */
    r = prove(store, token, origin, nobody, ret, reterr);
    vidstore_session_free(nobody);
    vidstore_session_free(unwanted);
    return r;
}
