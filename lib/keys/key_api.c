/* SPDX-License-Identifier: MIT */
/* Public calls on API keys. */
#include "keys/key_rules.h"
#include "record/record_api.h"
#include "store/crud_api.h"
#include "store/standing.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include <string.h>

#define HOUR_MS INT64_C(3600000)
static const int64_t OVERLAP_MS = 24 * HOUR_MS, OVERLAP_MAX_MS = 168 * HOUR_MS;

VS_RECORD_API(key, key)
VS_PARAMS_API(key)
VS_CRUD_LOOK_API(key)
VS_GETTER_TEXT(key, id, VIDSTORE_KEY_ID)
VS_GETTER_TEXT(key, user_id, VIDSTORE_KEY_USER_ID)
VS_GETTER_TEXT(key, name, VIDSTORE_KEY_NAME)
VS_GETTER_TEXT(key, scopes, VIDSTORE_KEY_SCOPES)
VS_GETTER_INT64(key, expires_us, VIDSTORE_KEY_EXPIRES_US)
VS_GETTER_INT64(key, revoked_us, VIDSTORE_KEY_REVOKED_US)
VS_GETTER_INT64(key, version, VIDSTORE_KEY_VERSION)

int32_t vidstore_token_kind(const char *token) {
    return vs_token_kind(token);
}

const char *vidstore_token_pattern(void) {
    return "\\bvs[ksdrl]_[0-9A-Za-z]{14}_[0-9A-Za-z]{49}\\b";
}

vidstore_status vidstore_key_create(vidstore_session *session, const vidstore_key_params *params,
                                    vidstore_key **ret_key, char *ret_token, int64_t token_size,
                                    vidstore_error **reterr) {
    char text[VS_TOKEN_LENGTH + 1] = "";
    struct vs_key_making making = {0};
    struct vs_record *key = NULL;
    int r = vs_token_buffer(ret_token, token_size, NULL);
    VS_ENTER(session, ret_key, reterr);
    if (r)
        return vs_token_buffer(ret_token, token_size, reterr);
    r = vs_standing_recent(session, reterr);
    if (!r)
        r = vs_token_make(VIDSTORE_TOKEN_KEY, text, &making.token, reterr);
    if (r)
        return r;
    vs_key_making_read(session->store, &making);
    r = vs_crud_create(session, &vs_key_rules, (const struct vs_params *)params, &making, &key, reterr);
    vs_token_hand_over(text, &making.token, vs_record_text(key, VIDSTORE_KEY_TOKEN_ID), ret_token);
    *ret_key = (vidstore_key *)key;
    vidstore_key_free(vs_unwanted_);
    return r;
}

vidstore_status vidstore_key_update(vidstore_session *session, const char *id, const vidstore_key_params *params,
                                    vidstore_key **ret_key, vidstore_error **reterr) {
    VS_ENTER(session, ret_key, reterr);
    int r = vs_standing_recent(session, reterr);
    if (!r)
        r = vs_crud_update(session, &vs_key_rules, id, (const struct vs_params *)params, NULL,
                           (struct vs_record **)ret_key, reterr);
    vidstore_key_free(vs_unwanted_);
    return r;
}

struct key_write {
    vidstore_session *session;
    struct vs_uuid id, new_id;
    const char *reason;
    struct vs_key_making making;
    int64_t overlap_us, now_us;
    struct vs_record *made;
};

/* The key as it is, when the actor may change it. */
static int load(struct vs_conn *conn, const struct key_write *w, enum vs_verb verb, struct vs_record **ret,
                vidstore_error **e) {
    vs_autorecord *key = NULL;
    int r = vs_crud_load(conn, &vs_key_noun, &w->id, 0, &key, e);
    struct vs_uuid owner = vs_record_uuid(key, VIDSTORE_KEY_USER_ID);
    if (!r)
        r = vs_session_may(w->session, "key", verb, &w->id, &owner, 0, e);
    if (!r)
        *ret = VS_TAKE(key);
    return r;
}

static int revoke_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    const struct key_write *w = arg;
    vs_autorecord *key = NULL;
    int r = load(conn, w, VS_REMOVE, &key, e);
    return r ? r : vs_key_end(conn, w->session, &w->id, VIDSTORE_AUDIT_API_KEY_REVOKED, w->reason, e);
}

vidstore_status vidstore_key_revoke(vidstore_session *session, const char *id, vidstore_error **reterr) {
    VS_ENTER_VOID(session, reterr);
    struct key_write w = {.session = session, .reason = "revoked"};
    int r = vs_uuid_parse(id, "id", &w.id, reterr);
    return r ? r : vs_session_write(session, revoke_op, &w, reterr);
}

/* --- rotation --------------------------------------------------------------------------------------------------- */

/* The new key is as the old one was: its name, scopes and networks, and as long a life. */
static void copy_params(struct vs_params *params, const struct vs_record *old, const struct key_write *w) {
    static const int32_t texts[] = {VIDSTORE_KEY_NAME, VIDSTORE_KEY_SCOPES, VIDSTORE_KEY_ADDRESSES,
                                    VIDSTORE_KEY_USER_ID};
    struct vs_uuid owner = vs_record_uuid(old, VIDSTORE_KEY_USER_ID);
    size_t count = VS_COUNT(texts) - vs_uuid_equal(&owner, &w->session->actor.user); /* its own: nothing to say */
    int64_t ends = vs_record_int(old, VIDSTORE_KEY_EXPIRES_US), life = ends;
    for (size_t i = 0; i < count; i++)
        if (vs_record_text(old, texts[i]))
            vs_params_set_text(params, &vs_key_noun, texts[i], vs_record_text(old, texts[i]));
    if (ends != INT64_MIN)
        life = w->now_us + (ends - vs_record_int(old, VIDSTORE_KEY_CREATED_US));
    if (ends < life && vs_uuid_equal(&w->session->credential.id, &w->id))
        life = ends; /* a key that renews itself does not outlive itself */
    if (ends != INT64_MIN && w->making.most_us && life > w->now_us + w->making.most_us)
        life = w->now_us + w->making.most_us;
    vs_params_set_int(params, &vs_key_noun, VIDSTORE_KEY_EXPIRES_US, life);
}

static int set_replaced(struct vs_change *c, void *arg, vidstore_error **e) {
    const struct key_write *w = arg;
    int64_t until = w->now_us + w->overlap_us, ends = vs_change_int(c, VIDSTORE_KEY_EXPIRES_US);
    int r = vs_change_set_uuid(c, VIDSTORE_KEY_REPLACED_BY, &w->new_id, e);
    if (!r)
        r = vs_change_set_text(c, VIDSTORE_KEY_REASON, "replaced", e);
    if (!w->overlap_us)
        vs_change_set_int(c, VIDSTORE_KEY_REVOKED_US, w->now_us);
    else if (ends == INT64_MIN || until < ends)
        vs_change_set_int(c, VIDSTORE_KEY_EXPIRES_US, until);
    return r;
}

static int make_successor(struct vs_conn *conn, struct key_write *w, const struct vs_record *old, vidstore_error **e) {
    struct vs_params *params = vs_params_new(&vs_key_noun);
    copy_params(params, old, w);
    int r = vs_params_check(params, &vs_key_noun, e);
    if (!r)
        r = vs_crud_create_in(conn, w->session, &vs_key_rules, params, &w->making, &w->new_id, &w->made, e);
    vs_params_free(params);
    return r;
}

static int rotate_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct key_write *w = arg;
    vs_autorecord *old = NULL;
    vs_record_free(VS_TAKE(w->made));
    int r = load(conn, w, VS_UPDATE, &old, e);
    int64_t ends = vs_record_int(old, VIDSTORE_KEY_EXPIRES_US);
    if (!r && !vs_record_is_null(old, VIDSTORE_KEY_REPLACED_BY))
        r = vs_fail(e, VIDSTORE_CONFLICT, "id", "the key has been replaced already");
    if (!r && (!vs_record_is_null(old, VIDSTORE_KEY_REVOKED_US) || (ends != INT64_MIN && ends <= w->now_us)))
        r = vs_fail_sub(e, VIDSTORE_STATE, VIDSTORE_SUB_TRANSITION, "id", "the key has ended: create another one");
    if (!r)
        r = make_successor(conn, w, old, e);
    return r ? r
             : vs_crud_touch(conn, w->session, &vs_key_noun, &w->id, VIDSTORE_AUDIT_API_KEY_ROTATED, set_replaced, w,
                             NULL, e);
}

vidstore_status vidstore_key_rotate(vidstore_session *session, const char *id, int64_t overlap_ms,
                                    vidstore_key **ret_key, char *ret_token, int64_t token_size,
                                    vidstore_error **reterr) {
    char text[VS_TOKEN_LENGTH + 1] = "";
    int r = vs_token_buffer(ret_token, token_size, NULL);
    VS_ENTER(session, ret_key, reterr);
    struct key_write w = {.session = session, .now_us = vs_now_us()};
    if (r)
        return vs_token_buffer(ret_token, token_size, reterr);
    if (overlap_ms == INT64_MIN)
        overlap_ms = OVERLAP_MS;
    if (overlap_ms < 0 || overlap_ms > OVERLAP_MAX_MS)
        return vs_fail_sub(reterr, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "overlap_ms",
                           "overlap_ms is not between 0 and %lld", (long long)OVERLAP_MAX_MS);
    r = vs_uuid_parse(id, "id", &w.id, reterr);
    if (!r)
        r = vs_standing_recent(session, reterr);
    if (!r)
        r = vs_uuid_make(&w.new_id, reterr);
    if (!r)
        r = vs_token_make(VIDSTORE_TOKEN_KEY, text, &w.making.token, reterr);
    if (r)
        return r;
    vs_key_making_read(session->store, &w.making);
    w.making.never = 1;     /* what the old one was allowed */
    w.making.live_max += 1; /* the old one goes */
    w.overlap_us = overlap_ms * 1000;
    r = vs_session_write(session, rotate_op, &w, reterr);
    if (r)
        vs_record_free(VS_TAKE(w.made));
    vs_token_hand_over(text, &w.making.token, vs_record_text(w.made, VIDSTORE_KEY_TOKEN_ID), ret_token);
    *ret_key = (vidstore_key *)w.made;
    vidstore_key_free(vs_unwanted_);
    return r;
}
