/* SPDX-License-Identifier: MIT */
/* Making tokens of use once: for a user that is known, and for whoever typed a name. */
#include "store/standing.h"
#include "users/user_once.h"
#include "users/user_repo.h"
#include "users/user_throttle.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "util/utf8.h"
#include "vidstore/key.h"
#include "vidstore/login.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MINUTE_US INT64_C(60000000)
enum { NAME_MAX_BYTES = 254 };

/* A token that is being made, from the first check to the caller's hands. */
struct making {
    struct vidstore *store;
    struct vs_actor *actor;
    const struct vs_once_kind *kind;
    struct vs_once once;
    char text[VS_TOKEN_LENGTH + 1];
    int64_t life_us;
    int failed; /* nothing is to be sent: VIDSTORE_… and why, for the audit */
    const char *why;
    vidstore_session *session; /* of a token for a known user */
    struct vs_uuid id;
    const char *email;
    const char *name; /* of a request: what was typed */
    struct vs_try tried;
};

static int begin(struct making *m, vidstore_error **e) {
    m->once.kind = m->kind->kind;
    m->life_us = vs_setting(m->store, m->kind->minutes) * MINUTE_US;
    return vs_token_make(VIDSTORE_TOKEN_ONCE, m->text, &m->once.token, e);
}

/* The row and its event. One that opens nothing has both as well. */
static int put(struct vs_conn *conn, struct making *m, const struct vs_record *user, vidstore_error **e) {
    struct vs_uuid id = vs_record_uuid(user, VIDSTORE_USER_ID);
    struct vs_event event = {.action = VIDSTORE_AUDIT_TOKEN_ISSUED,
                             .noun = "user",
                             .object = user ? &id : NULL,
                             .owner = user ? &id : NULL,
                             .object_name = vs_record_text(user, VIDSTORE_USER_USERNAME),
                             .failed = m->failed,
                             .description = m->failed ? m->why : m->kind->name};
    m->once.user = m->failed ? (struct vs_uuid){{0}} : id;
    m->once.expires_us = vs_now_us() + m->life_us;
    int r = vs_user_epoch(conn, &id, &m->once.epoch, e);
    if (!r)
        r = vs_once_set(conn, &m->once, e);
    return r ? r : vs_trail_append(conn, m->actor, &event, e);
}

/* The address and the token, or neither. */
static int hand_over(struct making *m, int r, vidstore_text **ret_email, char *ret_token, vidstore_error **e) {
    const char *address = m->failed ? "" : m->once.address;
    if (!r)
        r = vs_text_new(address, strlen(address), ret_email, e);
    if (!r)
        memcpy(ret_token, m->text, sizeof m->text);
    vs_wipe(m, sizeof *m);
    return r;
}

/* --- for a user that is known ------------------------------------------------------------------------------------- */

static int wrong_state(const char *message, vidstore_error **e) {
    return vs_fail_sub(e, VIDSTORE_STATE, VIDSTORE_SUB_TRANSITION, "user_id", "%s", message);
}

static int check_state(const struct making *m, const struct vs_record *user, vidstore_error **e) {
    int pending = vs_record_int(user, VIDSTORE_USER_STATE) == VIDSTORE_USER_PENDING;
    switch (m->once.kind) {
    case VIDSTORE_ONCE_INVITATION:
        return pending ? 0 : wrong_state("only who is pending can be invited", e);
    case VIDSTORE_ONCE_VERIFICATION:
        if (!pending && !vs_user_stands(user))
            return wrong_state("the user is not active", e);
        return vs_record_text(user, VIDSTORE_USER_EMAIL) ? 0 : wrong_state("the user has no e-mail address", e);
    default:
        return vs_user_stands(user) ? 0 : wrong_state("the user is not active", e);
    }
}

/* An address that is another's is not told to be: who asks for it gets a token that opens nothing, and the host none to
 * send. */
static int look_for_taken(struct vs_conn *conn, struct making *m, const struct vs_record *user, vidstore_error **e) {
    vs_autorecord *holder = NULL;
    const char *own = vs_record_text(user, VIDSTORE_USER_EMAIL);
    if (own && strcmp(own, m->email) == 0)
        return vs_fail(e, VIDSTORE_INVALID, "email", "this is the address on record");
    int r = vs_user_repo_by_name(conn, m->email, &holder, e);
    if (r == VIDSTORE_NOT_FOUND) {
        vs_error_clear(e);
        return 0;
    }
    if (!r && holder->seq != user->seq) {
        m->failed = VIDSTORE_EXISTS;
        m->why = "the address is another user's";
    }
    return r;
}

static int create_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct making *m = arg;
    vs_autorecord *user = NULL;
    int by_user = m->kind->kind == VIDSTORE_ONCE_VERIFICATION || m->kind->kind == VIDSTORE_ONCE_EMAIL;
    m->failed = 0;
    int r = vs_crud_load(conn, &vs_user_noun, &m->id, 0, &user, e);
    if (!r)
        r = vs_session_may(m->session, "user", by_user ? VS_UPDATE : VS_MANAGE, &m->id, &m->id, 0, e);
    if (!r)
        r = vs_user_may_govern(m->session, vs_record_int(user, VIDSTORE_USER_ROLE), e);
    if (!r)
        r = check_state(m, user, e);
    if (!r && m->email)
        r = look_for_taken(conn, m, user, e);
    if (r)
        return r;
    const char *address = m->email ? m->email : vs_record_text(user, VIDSTORE_USER_EMAIL);
    snprintf(m->once.address, sizeof m->once.address, "%s", address ? address : "");
    return put(conn, m, user, e);
}

static int check_create(struct making *m, vidstore *store, int32_t kind, const char *user_id, vidstore_error **e) {
    int r = vs_store_check(store, e);
    if (!r && m->session->store != store)
        r = vs_fail_sub(e, VIDSTORE_MISUSE, VIDSTORE_SUB_WRONG_HANDLE, "session", "the session is of another store");
    if (!r)
        r = vs_once_check_kind(kind, e);
    if (!r)
        r = vs_uuid_parse(user_id, "user_id", &m->id, e);
    if (!r && (kind == VIDSTORE_ONCE_EMAIL) != (m->email != NULL))
        r = vs_fail(e, m->email ? VIDSTORE_INVALID : VIDSTORE_MISUSE, "email",
                    m->email ? "email is for VIDSTORE_ONCE_EMAIL" : "email is NULL");
    if (!r && m->email)
        r = vs_check_text(m->email, "email", NAME_MAX_BYTES, e);
    if (!r)
        r = vs_user_check_email(m->email, e);
    if (!r && kind != VIDSTORE_ONCE_VERIFICATION)
        r = vs_standing_recent(m->session, e);
    m->kind = vs_once_kind(kind);
    return r;
}

vidstore_status vidstore_once_create(vidstore *store, vidstore_session *session, int32_t kind, const char *user_id,
                                     const char *email, vidstore_text **ret_email, char *ret_token, int64_t token_size,
                                     vidstore_error **reterr) {
    int r = vs_token_buffer(ret_token, token_size, NULL);
    VS_ENTER(session, ret_email, reterr);
    if (r)
        return vs_token_buffer(ret_token, token_size, reterr);
    struct making m = {.session = session, .actor = &session->actor, .store = session->store, .email = email};
    r = check_create(&m, store, kind, user_id, reterr);
    if (!r)
        r = begin(&m, reterr);
    if (!r)
        r = vs_session_write(session, create_op, &m, reterr);
    r = hand_over(&m, r, ret_email, ret_token, reterr);
    vidstore_text_free(vs_unwanted_);
    return r;
}

/* --- for whoever typed a name ------------------------------------------------------------------------------------- */

/* What is looked at is the same whether there is such a user or not. */
static int look(struct vs_conn *conn, struct making *m, struct vs_record **ret, vidstore_error **e) {
    char *hash = NULL;
    int64_t pepper = 0;
    int r = vs_user_repo_by_name(conn, m->name, ret, e);
    if (r == VIDSTORE_NOT_FOUND) {
        vs_error_clear(e);
        r = 0;
    }
    struct vs_uuid id = vs_record_uuid(*ret, VIDSTORE_USER_ID);
    if (!r)
        r = vs_user_repo_hash(conn, &id, &hash, &pepper, e);
    if (!r)
        r = vs_try_look(conn, &m->tried, &id, e);
    if (!r)
        r = vs_try_allowed(conn, &m->tried, e);
    const char *address = vs_record_text(*ret, VIDSTORE_USER_EMAIL);
    m->why = !*ret                   ? "no such user"
             : !vs_user_stands(*ret) ? "account not active"
             : !hash                 ? "no password that could be reset"
             : !address              ? "no address to send to"
                                     : NULL;
    m->failed = m->why ? VIDSTORE_NOT_FOUND : 0;
    snprintf(m->once.address, sizeof m->once.address, "%s", address ? address : "");
    if (hash)
        vs_wipe(hash, strlen(hash));
    vs_free(hash);
    return r;
}

static int look_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    vs_autorecord *user = NULL;
    return look(conn, arg, &user, e);
}

static int request_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct making *m = arg;
    vs_autorecord *user = NULL;
    int r = look(conn, m, &user, e);
    if (!r)
        r = vs_try_reserve(conn, &m->tried, e);
    if (!r && m->tried.muted && !m->failed) {
        m->failed = VIDSTORE_NOT_FOUND;
        m->why = "too many requests, under another name of the account";
    }
    return r ? r : put(conn, m, user, e);
}

static int request(struct making *m, const vidstore_origin *origin, uint32_t flags, vidstore_error **e) {
    vidstore_session *nobody = NULL;
    int r = vs_check_text(m->name, "name", NAME_MAX_BYTES, e);
    if (!r && flags & ~(uint32_t)VIDSTORE_CHALLENGE_PASSED)
        r = vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "flags", "flags has unknown bits");
    if (!r)
        r = vs_session_new(m->store, VS_ACTOR_ANONYMOUS, NULL, VIDSTORE_ROLE_UNKNOWN, NULL, origin, &nobody, e);
    if (r)
        return r;
    struct vs_call call = {vs_mono_us() + m->store->options.deadline_ms * 1000, NULL};
    m->actor = &nobody->actor;
    r = begin(m, e);
    if (!r)
        r = vs_try_begin(m->store, &call, m->name, m->actor->origin[VS_ORIGIN_IP], NULL,
                         (flags & VIDSTORE_CHALLENGE_PASSED) != 0, &m->tried, e);
    if (!r) /* who has to wait takes no lock */
        r = vs_db_read(m->store->db, &call, look_op, m, e);
    if (!r)
        r = vs_db_write(m->store->db, &call, request_op, m, e);
    vidstore_session_free(nobody);
    return r;
}

vidstore_status vidstore_once_request_reset(vidstore *store, const char *name, uint32_t flags,
                                            const vidstore_origin *origin, vidstore_text **ret_email, char *ret_token,
                                            int64_t token_size, vidstore_error **reterr) {
    vidstore_text *unwanted = NULL, **ret = ret_email ? ret_email : &unwanted;
    struct making m = {
        .store = store, .kind = vs_once_kind(VIDSTORE_ONCE_RESET), .name = name, .tried.purpose = VS_TRY_RESET};
    *ret = NULL;
    if (reterr)
        *reterr = NULL;
    int r = vs_token_buffer(ret_token, token_size, reterr), other = vs_store_check(store, r ? NULL : reterr);
    r = r ? r : other;
    if (!r)
        r = request(&m, origin, flags, reterr);
    r = hand_over(&m, r, ret, ret_token, reterr);
    vidstore_text_free(unwanted);
    return r;
}
