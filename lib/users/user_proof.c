/* SPDX-License-Identifier: MIT */
/* Proving who one is: look, count the try, hash, write the outcome. Nothing is hashed inside a transaction. */
#include "access/password.h"
#include "db/bind.h"
#include "store/standing.h"
#include "users/user_once.h"
#include "users/user_repo.h"
#include "users/user_throttle.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "util/utf8.h"
#include <string.h>

enum { NAME_MAX_BYTES = 254 };

/* A try while it is under way. */
struct proof {
    const struct vs_proof_request *request;
    struct vs_try tried;
    struct vs_record *user; /* NULL: nobody of that name */
    char *hash;             /* what is stored; NULL: no password */
    int64_t pepper;         /* in it; 0: none */
    int lacks_pepper;       /* that one was not given at open */
    int64_t epoch;
    int failed; /* the verdict: 0 or UNAUTHENTICATED */
    const char *reason;
    const char *provider, *subject; /* of an outside identity; NULL: a password */
};

static void forget(struct proof *p) {
    vs_record_free(VS_TAKE(p->user));
    if (p->hash)
        vs_wipe(p->hash, strlen(p->hash));
    vs_free(VS_TAKE(p->hash));
}

int vs_user_stands(const struct vs_record *user) {
    return vs_account_stands(vs_record_int(user, VIDSTORE_USER_STATE),
                             vs_record_int(user, VIDSTORE_USER_SUSPENDED_UNTIL_US), vs_now_us());
}

/* The same statements run whether there is such a user or not. */
static int look_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct proof *p = arg;
    forget(p);
    int r = p->provider ? vs_user_repo_by_identity(conn, p->provider, p->subject, &p->user, e)
                        : vs_user_repo_by_name(conn, p->request->name, &p->user, e);
    if (r == VIDSTORE_NOT_FOUND) {
        vs_error_clear(e);
        r = 0;
    }
    struct vs_uuid id = vs_record_uuid(p->user, VIDSTORE_USER_ID);
    if (!r)
        r = vs_user_epoch(conn, &id, &p->epoch, e);
    if (r || p->provider)
        return r;
    r = vs_user_repo_hash(conn, &id, &p->hash, &p->pepper, e);
    if (!r)
        r = vs_try_look(conn, &p->tried, &id, e);
    return r ? r : vs_try_allowed(conn, &p->tried, e);
}

static int reserve_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct proof *p = arg;
    return vs_try_reserve(conn, &p->tried, e);
}

static int take_back_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    const struct proof *p = arg;
    return vs_try_forgive(conn, &p->tried, 0, e);
}

/* --- the outcome -------------------------------------------------------------------------------------------------- */

/* Who acted: the user who proved to be one, or whoever asked. */
static struct vs_actor actor_of(const struct proof *p) {
    struct vs_actor actor = *p->request->actor;
    if (actor.kind == VS_ACTOR_ANONYMOUS) /* how it was tried, too */
        actor.method = p->provider ? "external" : "password";
    if (!p->failed && actor.kind == VS_ACTOR_ANONYMOUS) {
        actor.kind = VS_ACTOR_USER;
        actor.user = vs_record_uuid(p->user, VIDSTORE_USER_ID);
        actor.name = (char *)(uintptr_t)vs_record_text(p->user, VIDSTORE_USER_USERNAME);
    }
    return actor;
}

/* What was typed as a name may be a password: only a name that is somebody's goes on record. */
static int record(struct vs_conn *conn, const struct proof *p, int32_t action, vidstore_error **e) {
    struct vs_actor actor = actor_of(p);
    struct vs_uuid id = vs_record_uuid(p->user, VIDSTORE_USER_ID);
    struct vs_event event = {.action = action,
                             .noun = "user",
                             .object = p->user ? &id : NULL,
                             .owner = p->user ? &id : NULL,
                             .object_name = vs_record_text(p->user, VIDSTORE_USER_USERNAME),
                             .failed = p->failed,
                             .description = p->reason ? p->reason : p->provider};
    return vs_trail_append(conn, &actor, &event, e);
}

static int stamp_login(struct vs_conn *conn, const struct vs_uuid *user, vidstore_error **e) {
    return vs_exec(conn, VS_STMT_USER_LOGIN, NULL, e, vs_int(vs_now_us()), vs_id(user));
}

/* The password was right a moment ago: it must still be the one that counts. */
static int grant(struct vs_conn *conn, const struct proof *p, vidstore_error **e) {
    struct vs_uuid id = vs_record_uuid(p->user, VIDSTORE_USER_ID);
    int64_t epoch = -1;
    int r = vs_user_epoch(conn, &id, &epoch, e);
    if (!r && epoch != p->epoch)
        r = vs_fail_sub(e, VIDSTORE_UNAUTHENTICATED, VIDSTORE_SUB_ACCOUNT, NULL, "the account was changed meanwhile");
    if (!r)
        r = stamp_login(conn, &id, e);
    if (!r && !p->provider)
        r = vs_try_forgive(conn, &p->tried, 1, e);
    return r || !p->request->granted ? r : p->request->granted(conn, p->user, p->request->arg, e);
}

/* One event whatever the reason, and one more when it was a try too many: known or unknown, the same rows. */
static int outcome_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    const struct proof *p = arg;
    int r = p->failed ? stamp_login(conn, NULL, e) : grant(conn, p, e);
    if (!r)
        r = record(conn, p, p->failed ? VIDSTORE_AUDIT_AUTH_FAILED : p->request->action, e);
    if (!r && p->failed && p->tried.locked)
        r = record(conn, p, VIDSTORE_AUDIT_ACCOUNT_LOCKED, e);
    return r;
}

/* State is told only to whoever knows the password. */
static int judge(struct proof *p, int fits, vidstore_error **e) {
    if (!p->user || !fits) {
        p->reason = !p->user                   ? "no such user"
                    : !p->hash && !p->provider ? "no password"
                    : p->tried.muted           ? "too many tries failed, under another name of the account"
                    : p->lacks_pepper          ? "the pepper of the password was not given when the store was opened"
                                               : "wrong password";
        return p->failed = vs_fail_sub(e, VIDSTORE_UNAUTHENTICATED, VIDSTORE_SUB_PASSWORD, NULL,
                                       p->provider ? "nobody has this identity" : "name and password do not fit");
    }
    if (!vs_user_stands(p->user)) {
        p->reason = "account not active";
        return p->failed =
                   vs_fail_sub(e, VIDSTORE_UNAUTHENTICATED, VIDSTORE_SUB_ACCOUNT, NULL, "the account is not active");
    }
    return 0;
}

static int write_outcome(struct proof *p, vidstore_error **e) {
    const struct vs_proof_request *q = p->request;
    if (!vs_db_read_only(q->store->db))
        return vs_db_write(q->store->db, q->call, outcome_op, p, e);
    if (p->failed || !q->granted)
        return 0;
    return vs_fail(e, VIDSTORE_READONLY, NULL, "the store is open for reading only: nobody can log in");
}

/* The verdict, its rows, and the user as it is now. */
static int conclude(struct proof *p, int fits, struct vs_record **ret, int64_t *ret_epoch, vidstore_error **e) {
    int verdict = judge(p, fits, e);
    int r = write_outcome(p, verdict ? NULL : e);
    if (verdict)
        return verdict;
    if (r)
        return r;
    struct vs_record *before = VS_TAKE(p->user);
    r = vs_db_read(p->request->store->db, p->request->call, look_op, p, e); /* the time of this login is in it */
    if (!r && !p->user)
        r = vs_fail(e, VIDSTORE_UNAUTHENTICATED, NULL, "the account was removed meanwhile");
    vs_record_free(before);
    if (ret_epoch)
        *ret_epoch = p->epoch;
    if (!r)
        *ret = VS_TAKE(p->user);
    return r;
}

struct renewal {
    const struct vs_proof_request *request;
    const struct vs_record *user;
    const char *old;
    char hash[VS_HASH_MAX];
};

/* Only in the place of the one that was proved: a password that was set meanwhile wins. */
static int renew_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    const struct renewal *w = arg;
    struct vs_uuid id = vs_record_uuid(w->user, VIDSTORE_USER_ID);
    int64_t changed = 0;
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, VS_STMT_USER_HASH_SWAP, &s, e);
    if (r)
        return r;
    int64_t pepper = vs_user_pepper(w->request->store);
    vs_bind_text(s, 1, w->hash, -1);
    vs_bind_int(s, 2, pepper ? pepper : INT64_MIN);
    vs_bind_int(s, 3, vs_now_us());
    vs_bind_uuid(s, 4, &id);
    vs_bind_text(s, 5, w->old, -1);
    r = vs_run(s, &changed, e);
    struct vs_event event = {.action = VIDSTORE_AUDIT_USER_UPDATED,
                             .noun = "user",
                             .object = &id,
                             .owner = &id,
                             .object_name = vs_record_text(w->user, VIDSTORE_USER_USERNAME),
                             .description = "the hash of the password was renewed"};
    return r || !changed ? r : vs_trail_append(conn, w->request->actor, &event, e);
}

/* A hash that is not what a new one would be is replaced while the password is at hand. That it fails is no reason to
 * keep anybody out. */
static void renew_hash(const struct vs_proof_request *q, const struct vs_record *user, const char *old,
                       struct vs_cost cost) {
    struct renewal w = {.request = q, .user = user, .old = old};
    if (!vs_db_read_only(q->store->db) && !vs_password_hash(q->password, cost, q->call, w.hash, NULL))
        vs_db_write(q->store->db, q->call, renew_op, &w, NULL);
    vs_wipe(w.hash, sizeof w.hash);
}

/* One hash, with the pepper of the stored one; where there is nothing to compare with, as for a new one. */
static int verify(struct proof *p, struct vs_cost cost, int *fits, vidstore_error **e) {
    const struct vs_proof_request *q = p->request;
    const struct vs_pepper *pepper = vs_pepper_find(&q->store->peppers, p->pepper);
    p->lacks_pepper = p->pepper && !pepper;
    if (p->hash && !p->lacks_pepper)
        cost.pepper = pepper;
    return vs_password_verify(q->password, p->lacks_pepper ? NULL : p->hash, cost, p->tried.known, q->call, fits, e);
}

static int try_password(struct proof *p, struct vs_record **ret, int64_t *ret_epoch, vidstore_error **e) {
    const struct vs_proof_request *q = p->request;
    struct vs_db *db = q->store->db;
    struct vs_cost cost = {0};
    int fits = 0, r = vs_user_hash_cost(q->store, q->call, &cost, e); /* alike for all names */
    if (!r)
        r = vs_db_read(db, q->call, look_op, p, e);
    if (!r && !vs_db_read_only(db))
        r = vs_db_write(db, q->call, reserve_op, p, e);
    if (r)
        return r;
    r = verify(p, cost, &fits, e);
    fits = fits && !p->tried.muted;
    if (r && !vs_db_read_only(db)) /* no try was made */
        vs_db_write(db, q->call, take_back_op, p, NULL);
    int64_t pepper = p->pepper;
    vs_autofree char *old = fits && p->hash ? vs_strdup(p->hash) : NULL;
    if (!r)
        r = conclude(p, fits, ret, ret_epoch, e);
    if (!r && old && (pepper != vs_user_pepper(q->store) || vs_password_outdated(old, cost)))
        renew_hash(q, *ret, old, cost);
    return r;
}

int vs_user_prove(const struct vs_proof_request *request, struct vs_record **ret, int64_t *ret_epoch,
                  vidstore_error **e) {
    struct proof p = {.request = request};
    int r = vs_check_text(request->name, "name", NAME_MAX_BYTES, e);
    if (!r)
        r = vs_check_text(request->password, "password", VS_PASSWORD_MAX, e);
    if (!r)
        r = vs_try_begin(request->store, request->call, request->name, request->actor->origin[VS_ORIGIN_IP],
                         request->device, request->challenged, &p.tried, e);
    if (!r)
        r = try_password(&p, ret, ret_epoch, e);
    forget(&p);
    return r;
}

int vs_user_prove_identity(const struct vs_proof_request *request, const char *provider, const char *subject,
                           struct vs_record **ret, int64_t *ret_epoch, vidstore_error **e) {
    struct proof p = {.request = request, .provider = provider, .subject = subject};
    int r = vs_db_read(request->store->db, request->call, look_op, &p, e);
    if (!r)
        r = conclude(&p, 1, ret, ret_epoch, e);
    forget(&p);
    return r;
}
