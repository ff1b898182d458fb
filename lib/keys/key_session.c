/* SPDX-License-Identifier: MIT */
/* A session from an API key. All refusals are one: which it was is for the audit. */
#include "access/address.h"
#include "access/scope.h"
#include "access/token.h"
#include "keys/keys.h"
#include "store/origin.h"
#include "store/seen.h"
#include "store/standing.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "vidstore/user.h"
#include <stdio.h>
#include <string.h>

enum { JUNK_MAX = 100 }; /* texts that are no keys, of one source in a minute */

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

enum { ROLE, STATE, UNTIL, EPOCH, ID, USER, DIGEST, REVOKED, EXPIRES, SCOPES, ADDRESSES, USERNAME };

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
    return vs_networks_hold(vs_col_text(row, ADDRESSES, NULL), p->ip) ? NULL : "address not allowed";
}

static int prove_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct proof *p = arg;
    vs_autostmt *s = NULL;
    size_t len = 0;
    int r = vs_stmt(conn, VS_STMT_KEY_BY_TOKEN, &s, e);
    if (r)
        return r;
    vs_bind_text(s, 1, p->token->id, -1);
    r = vs_row(s, e);
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

struct failure {
    const struct vs_actor *actor;
    const struct proof *proof;
    int64_t before;
};

static int failure_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    const struct failure *f = arg;
    const struct proof *p = f->proof;
    char details[48];
    snprintf(details, sizeof details, "{\"repeated\":%lld}", (long long)f->before - 1);
    struct vs_event event = {.action = VIDSTORE_AUDIT_AUTH_FAILED,
                             .noun = "key",
                             .object = p->there ? &p->id : NULL,
                             .owner = p->there ? &p->user : NULL,
                             .failed = VIDSTORE_UNAUTHENTICATED,
                             .details = f->before > 1 ? details : NULL,
                             .description = p->refused};
    return vs_trail_append(conn, f->actor, &event, e);
}

/* One event a minute for each source and reason, whoever knocks how often; how often stands in the next one. */
static void record_failure(struct vidstore *store, const struct vs_call *call, const struct vs_actor *actor,
                           const struct proof *p) {
    char what[128];
    struct failure failure = {actor, p, 0};
    snprintf(what, sizeof what, "key %s %s", p->refused, p->ip ? p->ip : "");
    if (vs_seen_strike(store, what, &failure.before) == 1 && !vs_db_read_only(store->db))
        vs_db_write(store->db, call, failure_op, &failure, NULL);
}

static int refuse(vidstore_error **e) {
    return vs_fail_sub(e, VIDSTORE_UNAUTHENTICATED, VIDSTORE_SUB_CREDENTIAL, "token", "the key does not count");
}

/* What is no key at all costs no look at the store; whoever sends it in masses is told to wait. */
static int refuse_junk(struct vidstore *store, const struct vs_call *call, const struct vs_actor *actor, const char *ip,
                       vidstore_error **e) {
    struct proof junk = {.ip = ip, .refused = "no key"};
    char what[64];
    snprintf(what, sizeof what, "junk %s", ip ? ip : "");
    record_failure(store, call, actor, &junk);
    if (vs_seen_strike(store, what, NULL) <= JUNK_MAX)
        return refuse(e);
    vs_fail(e, VIDSTORE_THROTTLED, "token", "too many texts that are no keys came from this address");
    vs_error_set_retry(e, 60000);
    return VIDSTORE_THROTTLED;
}

static int make_session(struct vidstore *store, const struct proof *p, const vidstore_origin *origin,
                        vidstore_session **ret, vidstore_error **e) {
    int r = vs_session_new(store, VS_ACTOR_USER, &p->user, p->role, p->username, origin, ret, e);
    if (r)
        return r;
    (*ret)->actor.scopes = p->scopes;
    (*ret)->actor.credential = p->id;
    (*ret)->credential = (struct vs_credential){VS_PROOF_KEY, p->id, p->epoch, 0};
    return 0;
}

static int prove(struct vidstore *store, const char *text, const vidstore_origin *origin, vidstore_session *nobody,
                 vidstore_session **ret, vidstore_error **e) {
    struct vs_call call = {vs_mono_us() + store->options.deadline_ms * 1000, NULL};
    const char *ip = nobody->actor.origin[VS_ORIGIN_IP];
    struct vs_token token;
    struct proof p = {.token = &token, .ip = ip, .now_us = vs_now_us()};
    if (vs_token_read(text, VIDSTORE_TOKEN_KEY, &token))
        return refuse_junk(store, &call, &nobody->actor, ip, e);
    int r = vs_db_read(store->db, &call, prove_op, &p, e);
    vs_wipe(&token, sizeof token);
    if (r)
        return r;
    if (p.refused) {
        record_failure(store, &call, &nobody->actor, &p);
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
    r = prove(store, token, origin, nobody, ret, reterr);
    vidstore_session_free(nobody);
    vidstore_session_free(unwanted);
    return r;
}
