/* SPDX-License-Identifier: MIT */
/* What may happen to an API key. */
#include "keys/key_rules.h"
#include "access/address.h"
#include "access/scope.h"
#include "db/bind.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"

#define DAY_US (INT64_C(86400) * 1000000)
enum { LIVE_MAX = 50 };

void vs_key_making_read(struct vidstore *store, struct vs_key_making *ret) {
    ret->default_us = vs_setting(store, VS_SETTING_KEY_DEFAULT_DAYS) * DAY_US;
    ret->most_us = vs_setting(store, VS_SETTING_KEY_MAX_DAYS) * DAY_US;
    ret->never = (int)vs_setting(store, VS_SETTING_KEY_ALLOW_NEVER);
    ret->live_max = LIVE_MAX;
}

static int check_name(const struct vs_change *c, vidstore_error **e) {
    const char *name = vs_change_text(c, VIDSTORE_KEY_NAME);
    return name && *name ? 0 : vs_fail(e, VIDSTORE_INVALID, "name", "name is missing");
}

/* The words in their one order. Whoever comes with a key can't hand on more than that key has. */
static int check_scopes(struct vs_change *c, vidstore_error **e) {
    const char *text = vs_change_text(c, VIDSTORE_KEY_SCOPES);
    char canonical[VS_SCOPES_MAX + 1];
    uint32_t scopes = 0;
    int r = vs_scopes_parse(text ? text : "read", &scopes, e);
    if (!r && !vs_scopes_within(scopes, c->session->actor.scopes))
        r = vs_fail(e, VIDSTORE_FORBIDDEN, "scopes", "a key can't give more than it has itself");
    if (r)
        return r;
    vs_scopes_format(scopes, canonical);
    return vs_change_set_text(c, VIDSTORE_KEY_SCOPES, canonical, e);
}

/* What a key makes or changes lives no longer than it, and is of use from nowhere else; and it does not untie itself.
 */
static int check_bounds(struct vs_change *c, vidstore_error **e) {
    const struct vs_credential *by = &c->session->credential;
    vs_autorecord *own = NULL;
    if (by->proof != VS_PROOF_KEY || c->session->actor.kind != VS_ACTOR_USER)
        return 0;
    int r = vs_crud_load(c->conn, &vs_key_noun, &by->id, 0, &own, e);
    if (r)
        return r;
    int64_t end = vs_record_int(own, VIDSTORE_KEY_EXPIRES_US), wanted = vs_change_int(c, VIDSTORE_KEY_EXPIRES_US);
    const char *networks = vs_record_text(own, VIDSTORE_KEY_ADDRESSES);
    if (!c->old && networks && !vs_change_text(c, VIDSTORE_KEY_ADDRESSES))
        r = vs_change_set_text(c, VIDSTORE_KEY_ADDRESSES, networks, e);
    if (!r && !vs_networks_within(vs_change_text(c, VIDSTORE_KEY_ADDRESSES), networks))
        return vs_fail(e, VIDSTORE_FORBIDDEN, "addresses", "a key can't be of use where the key that makes it is not");
    if (!r && end != INT64_MIN && (wanted == INT64_MIN || wanted > end) &&
        (!c->old || vs_change_differs(c, VIDSTORE_KEY_EXPIRES_US)))
        return vs_fail(e, VIDSTORE_FORBIDDEN, "expires", "a key can't last longer than the key that makes it");
    return r;
}

static int check(struct vs_change *c, vidstore_error **e) {
    const char *addresses = vs_change_text(c, VIDSTORE_KEY_ADDRESSES);
    int r = check_name(c, e);
    if (!r)
        r = check_scopes(c, e);
    if (!r && addresses)
        r = vs_networks_check(addresses, e);
    return r ? r : check_bounds(c, e);
}

/* The default life, or what is left to the key that makes this one. */
static int default_end(struct vs_change *c, int64_t end, vidstore_error **e) {
    const struct vs_credential *by = &c->session->credential;
    vs_autorecord *own = NULL;
    int r = by->proof == VS_PROOF_KEY ? vs_crud_load(c->conn, &vs_key_noun, &by->id, 0, &own, e) : 0;
    int64_t most = own ? vs_record_int(own, VIDSTORE_KEY_EXPIRES_US) : INT64_MIN;
    if (!r)
        vs_change_set_int(c, VIDSTORE_KEY_EXPIRES_US, most != INT64_MIN && most < end ? most : end);
    return r;
}

/* Every key ends, unless the store's settings say otherwise and the maker asks for it by clearing the field. */
static int check_end(struct vs_change *c, const struct vs_key_making *making, vidstore_error **e) {
    const struct vs_value *given = NULL;
    int64_t end = vs_change_int(c, VIDSTORE_KEY_EXPIRES_US);
    int asked = vs_params_get(c->params, VIDSTORE_KEY_EXPIRES_US, &given);
    if (asked == VS_PARAM_CLEAR && making->never)
        return 0;
    if (asked == VS_PARAM_CLEAR)
        return vs_fail(e, VIDSTORE_INVALID, "expires", "every key ends, as long as key.allow_never is off");
    if (asked == VS_PARAM_UNSET)
        return default_end(c, c->now_us + making->default_us, e);
    else if (end <= c->now_us)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "expires", "expires is not in the future");
    else if (making->most_us && end - c->now_us > making->most_us)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "expires", "expires is more than %d days away",
                           (int)(making->most_us / DAY_US));
    return 0;
}

static int check_count(const struct vs_change *c, int64_t most, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_ask(c->conn, VS_STMT_KEY_LIVE_COUNT, &s, e, vs_id(&c->owner), vs_int(c->now_us));
    if (r == VS_ROW && vs_col_int(s, 0) >= most)
        return vs_fail(e, VIDSTORE_QUOTA, "user_id", "the user has %d keys already", (int)most);
    return r < 0 ? r : 0;
}

static int create(struct vs_change *c, vidstore_error **e) {
    const struct vs_key_making *making = c->extra;
    int r = check_end(c, making, e);
    if (!r)
        r = check(c, e);
    if (!r && vs_uuid_is_nil(&c->owner))
        r = vs_fail(e, VIDSTORE_INVALID, "user_id", "the system needs no key: user_id is missing");
    if (!r)
        r = check_count(c, making->live_max, e);
    vs_change_set_int(c, VIDSTORE_KEY_USE_COUNT, 0);
    if (!r)
        r = vs_change_set_uuid(c, VIDSTORE_KEY_CREATED_BY, &c->session->actor.user, e);
    return r ? r : vs_change_set_text(c, VIDSTORE_KEY_TOKEN_ID, making->token.id, e);
}

static int update(struct vs_change *c, vidstore_error **e) {
    if (vs_change_int(c, VIDSTORE_KEY_REVOKED_US) != INT64_MIN)
        return vs_fail_sub(e, VIDSTORE_STATE, VIDSTORE_SUB_TRANSITION, "id", "the key has been revoked");
    return check(c, e);
}

static int saved(struct vs_change *c, vidstore_error **e) {
    const struct vs_key_making *making = c->extra;
    vs_autostmt *s = NULL;
    int r = making ? vs_stmt(c->conn, VS_STMT_KEY_DIGEST_SET, &s, e) : 0;
    if (r || !making)
        return r;
    vs_bind_blob(s, 1, making->token.digest, VS_SHA256_SIZE);
    vs_bind_uuid(s, 2, &c->id);
    return vs_run(s, NULL, e);
}

const struct vs_rules vs_key_rules = {
    .noun = &vs_key_noun,
    .created = VIDSTORE_AUDIT_API_KEY_CREATED,
    .updated = VIDSTORE_AUDIT_API_KEY_UPDATED,
    .create = create,
    .update = update,
    .saved = saved,
};

/* --- ending ----------------------------------------------------------------------------------------------------- */

static int set_ended(struct vs_change *c, void *arg, vidstore_error **e) {
    if (vs_change_int(c, VIDSTORE_KEY_REVOKED_US) != INT64_MIN)
        return 0;
    vs_change_set_int(c, VIDSTORE_KEY_REVOKED_US, c->now_us);
    return vs_change_set_text(c, VIDSTORE_KEY_REASON, arg, e);
}

int vs_key_end(struct vs_conn *conn, vidstore_session *session, const struct vs_uuid *id, int32_t action,
               const char *reason, vidstore_error **e) {
    vs_autorecord *key = NULL;
    int r = vs_crud_load(conn, &vs_key_noun, id, 0, &key, e);
    if (r || !vs_record_is_null(key, VIDSTORE_KEY_REVOKED_US))
        return r;
    return vs_crud_touch(conn, session, &vs_key_noun, id, action, set_ended, (void *)(uintptr_t)reason, NULL, e);
}

int vs_keys_end_all(struct vs_conn *conn, vidstore_session *session, const struct vs_uuid *user, const char *reason,
                    vidstore_error **e) {
    struct vs_uuid ids[64];
    int count, r;
    do { /* the list is read to its end before anything changes below it */
        vs_autostmt *s = NULL;
        count = 0;
        r = vs_bound(conn, VS_STMT_KEY_LIVE_OF_USER, &s, e, vs_id(user));
        if (r)
            return r;
        while (count < (int)VS_COUNT(ids) && (r = vs_step(s, e)) == VS_ROW)
            vs_col_uuid(s, 0, &ids[count++]);
        vs_reset(VS_TAKE(s));
        r = r < 0 ? r : 0;
        for (int i = 0; !r && i < count; i++)
            r = vs_key_end(conn, session, &ids[i], VIDSTORE_AUDIT_API_KEY_REVOKED, reason, e);
    } while (!r && count == (int)VS_COUNT(ids));
    return r;
}
