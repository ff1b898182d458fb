/* SPDX-License-Identifier: MIT */
/* A session from a link. All refusals are one: which it was is for the audit. */
#include "db/bind.h"
#include "links/links.h"
#include "store/knock.h"
#include "store/standing.h"
#include "util/env.h"
#include "util/error.h"
#include "util/handle.h"
#include "vidstore/file.h"
#include "vidstore/key.h"
#include "vidstore/user.h"

struct opening {
    const struct vs_token *token;
    vidstore_session *session;
    const char *refused; /* why; NULL: it holds */
    int there;
    struct vs_uuid id, file, owner;
};

enum { ID, FILE_ID, OWNER, DIGEST, REVOKED, EXPIRES, MAX_USES, USES, DELETED, FILE_EXPIRES, ACCESS, STATE, UNTIL };

static int is_past(struct vs_stmt *row, int at, int64_t now_us) {
    return !vs_col_null(row, at) && vs_col_int(row, at) <= now_us;
}

/* Why a row does not hold; the digest comes first, so that nobody learns of a link without having it. */
static const char *judge(struct vs_stmt *row, const struct vs_token *token, int64_t now_us) {
    size_t len = 0;
    const void *digest = vs_col_blob(row, DIGEST, &len);
    if (!vs_token_fits(token, digest, len))
        return "wrong secret";
    if (!vs_col_null(row, REVOKED))
        return "revoked";
    if (is_past(row, EXPIRES, now_us))
        return "expired";
    if (!vs_col_null(row, MAX_USES) && vs_col_int(row, USES) >= vs_col_int(row, MAX_USES))
        return "used up";
    if (!vs_col_null(row, DELETED) || is_past(row, FILE_EXPIRES, now_us))
        return "file removed";
    if (vs_col_int(row, ACCESS) == VIDSTORE_ACCESS_PRIVATE)
        return "file private";
    return vs_col_null(row, STATE) || vs_account_stands(vs_col_int(row, STATE), vs_col_int(row, UNTIL), now_us)
               ? NULL
               : "account not active";
}

static int look_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct opening *o = arg;
    vs_autostmt *s = NULL;
    int r = vs_ask(conn, VS_STMT_LINK_BY_TOKEN, &s, e, vs_text(o->token->id));
    if (r < 0)
        return r;
    o->there = r == VS_ROW;
    o->refused = "no such link";
    if (!o->there) {
        vs_token_fits(o->token, NULL, 0); /* the same work */
        return 0;
    }
    o->refused = judge(s, o->token, vs_now_us());
    vs_col_uuid(s, ID, &o->id);
    vs_col_uuid(s, FILE_ID, &o->file);
    vs_col_uuid(s, OWNER, &o->owner);
    return 0;
}

static int note(struct vs_conn *conn, const struct opening *o, vidstore_error **e) {
    struct vs_event event = {
        .action = VIDSTORE_AUDIT_LINK_OPENED, .noun = "link", .object = &o->id, .owner = &o->owner};
    return vs_trail_append(conn, &o->session->actor, &event, e);
}

/* Judged anew by who counts: two who come at once with the last use are told apart here. */
static int use_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct opening *o = arg;
    int64_t used = 0;
    int r = look_op(conn, o, e);
    if (r || o->refused)
        return r;
    r = vs_exec(conn, VS_STMT_LINK_USED, &used, e, vs_int(vs_now_us()), vs_id(&o->id));
    if (!r && !used)
        o->refused = "used up";
    o->session->actor.credential = o->id;
    o->session->actor.method = "link";
    return r || o->refused ? r : note(conn, o, e);
}

/* Each that is refused counts as junk: nobody has a hundred links that do not count. */
static int refuse(struct vidstore *store, const struct vs_call *call, const struct opening *o, vidstore_error **e) {
    struct vs_knock knock = {&o->session->actor, "link", o->there ? &o->id : NULL, o->there ? &o->owner : NULL,
                             o->refused};
    int waits = vs_knock_junk(store, call, &knock, e);
    return waits
               ? waits
               : vs_fail_sub(e, VIDSTORE_UNAUTHENTICATED, VIDSTORE_SUB_CREDENTIAL, "token", "the link does not count");
}

static int open_link(struct vidstore *store, const char *text, vidstore_session *session, vidstore_error **e) {
    struct vs_call call = {vs_mono_us() + store->options.deadline_ms * 1000, NULL};
    struct vs_token token;
    struct opening o = {.token = &token, .session = session, .refused = "no link"};
    if (vs_token_read(text, VIDSTORE_TOKEN_LINK, &token))
        return refuse(store, &call, &o, e);
    int r = vs_db_read(store->db, &call, look_op, &o, e);
    if (!r && !o.refused)
        r = vs_db_write(store->db, &call, use_op, &o, e);
    vs_wipe(&token, sizeof token);
    if (r || o.refused)
        return r ? r : refuse(store, &call, &o, e);
    session->actor.opens = o.file;
    vs_uuid_format(&o.file, session->file_id);
    session->credential = (struct vs_credential){VS_PROOF_LINK, o.id, 0, 0};
    return 0;
}

vidstore_status vidstore_session_link(vidstore *store, const char *token, const vidstore_origin *origin,
                                      vidstore_session **ret_session, vidstore_error **reterr) {
    vidstore_session *unwanted = NULL, **ret = ret_session ? ret_session : &unwanted;
    *ret = NULL;
    if (reterr)
        *reterr = NULL;
    int r = vs_store_check(store, reterr);
    if (!r && !token)
        r = vs_fail(reterr, VIDSTORE_MISUSE, "token", "token is NULL");
    if (!r)
        r = vs_session_new(store, VS_ACTOR_ANONYMOUS, NULL, VIDSTORE_ROLE_UNKNOWN, NULL, origin, ret, reterr);
    if (r)
        return r;
    r = open_link(store, token, *ret, reterr);
    if (r) {
        vidstore_session_free(*ret);
        *ret = NULL;
    }
    vidstore_session_free(unwanted);
    return r;
}

const char *vidstore_session_file_id(const vidstore_session *session) {
    return session && session->magic == VS_MAGIC_SESSION && *session->file_id ? session->file_id : NULL;
}
