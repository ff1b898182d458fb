/* SPDX-License-Identifier: MIT */
/* What may happen to a user. */
#include "audit/audit.h"
#include "grants/grants.h"
#include "keys/keys.h"
#include "links/links.h"
#include "record/search.h"
#include "store/standing.h"
#include "users/user_once.h"
#include "users/user_password.h"
#include "users/user_repo.h"
#include "users/users.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "util/unicode.h"
#include <stdio.h>
#include <string.h>

enum { USERNAME_MAX = 50, ERASE_US = 1000000 };

static int check_username(const struct vs_change *c, vidstore_error **e) {
    const char *name = vs_change_text(c, VIDSTORE_USER_USERNAME);
    if (!name || !*name)
        return vs_fail(e, VIDSTORE_INVALID, "username", "username is missing");
    size_t characters = 0;
    for (const unsigned char *p = (const unsigned char *)name; *p; p++) {
        int plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p >= 0x80;
        if (!plain && !strchr("._-+", *p))
            return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "username",
                               "username has a character other than letters, digits and . _ - +");
        characters += (*p & 0xC0) != 0x80;
    }
    size_t len = strlen(name);
    if (*name == '.' || name[len - 1] == '.')
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "username", "username begins or ends with a dot");
    if (!vs_unicode_is_name(name, len))
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "username",
                           "username is more than letters and digits of one script, small and composed beyond ASCII");
    if (characters > USERNAME_MAX)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_TOO_LONG, "username",
                           "username is longer than %d characters", USERNAME_MAX);
    return 0;
}

int vs_user_check_email(const char *email, vidstore_error **e) {
    const char *at = email ? strchr(email, '@') : NULL;
    if (!email || (at && at > email && at[1] && !strchr(at + 1, '@') && !strpbrk(email, " <>,;")))
        return 0;
    return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "email", "email is not an address");
}

static int check(const struct vs_change *c, vidstore_error **e) {
    int r = check_username(c, e);
    return r ? r : vs_user_check_email(vs_change_text(c, VIDSTORE_USER_EMAIL), e);
}

/* A new password, hashed already: its time is set, and the hash is stored once the row is there. */
static int take_password(struct vs_change *c, vidstore_error **e) {
    const struct vs_user_secret *secret = c->extra;
    if (secret && secret->refused)
        return vs_fail_sub(e, vidstore_error_code(secret->refused), vidstore_error_subcode(secret->refused), "password",
                           "%s", vidstore_error_message(secret->refused));
    if (secret && *secret->hash)
        vs_change_set_int(c, VIDSTORE_USER_PASSWORD_CHANGED_US, c->now_us);
    return 0;
}

/* There is no default account: the first one is made by who has the store, once, whoever else tries at the same time.
 */
static int check_first(const struct vs_change *c, vidstore_error **e) {
    const struct vs_user_secret *secret = c->extra;
    int64_t any = 0;
    if (!secret || !secret->first)
        return 0;
    if (vs_change_int(c, VIDSTORE_USER_ROLE) != VIDSTORE_ROLE_ADMIN)
        return vs_fail(e, VIDSTORE_INVALID, "role", "the first user is an admin");
    if (vs_change_int(c, VIDSTORE_USER_STATE) != VIDSTORE_USER_ACTIVE)
        return vs_fail(e, VIDSTORE_INVALID, "state", "the first user is active");
    int r = vs_user_repo_any(c->conn, &any, e);
    return r || !any ? r : vs_fail(e, VIDSTORE_STATE, NULL, "the store has, or had, users already");
}

/* A suspension may have an end; nothing else has. */
static int check_suspension(struct vs_change *c, vidstore_error **e) {
    if (vs_change_int(c, VIDSTORE_USER_STATE) == VIDSTORE_USER_SUSPENDED)
        return 0;
    if (vs_change_int(c, VIDSTORE_USER_SUSPENDED_UNTIL_US) != INT64_MIN &&
        vs_change_differs(c, VIDSTORE_USER_SUSPENDED_UNTIL_US))
        return vs_fail(e, VIDSTORE_INVALID, "suspended_until", "suspended_until is for suspended users");
    vs_change_set_int(c, VIDSTORE_USER_SUSPENDED_UNTIL_US, INT64_MIN);
    return 0;
}

int vs_user_may_govern(const vidstore_session *session, int64_t role, vidstore_error **e) {
    const struct vs_actor *actor = &session->actor;
    if (role <= VIDSTORE_ROLE_USER || !actor->scopes || vs_policy_is_trusted(actor))
        return 0;
    return vs_fail(e, VIDSTORE_FORBIDDEN, "role", "this key does not reach accounts of admins: it has not scope admin");
}

/* The accounts before and after. */
static int check_govern(const struct vs_change *c, vidstore_error **e) {
    int r = vs_user_may_govern(c->session, vs_change_int(c, VIDSTORE_USER_ROLE), e);
    return r || !c->old ? r : vs_user_may_govern(c->session, vs_record_int(c->old, VIDSTORE_USER_ROLE), e);
}

static int create(struct vs_change *c, vidstore_error **e) {
    const struct vs_user_secret *secret = c->extra;
    vs_change_default_int(c, VIDSTORE_USER_ROLE, secret && secret->first ? VIDSTORE_ROLE_ADMIN : VIDSTORE_ROLE_USER);
    vs_change_default_int(c, VIDSTORE_USER_STATE, VIDSTORE_USER_ACTIVE);
    vs_change_default_int(c, VIDSTORE_USER_EMAIL_VERIFIED, 0);
    vs_change_set_int(c, VIDSTORE_USER_JOB_COUNT, 0);
    vs_change_set_int(c, VIDSTORE_USER_PROCESSING_MS, 0);
    if (vs_change_int(c, VIDSTORE_USER_STATE) == VIDSTORE_USER_DELETED)
        return vs_fail(e, VIDSTORE_INVALID, "state", "a user can't be created deleted");
    int r = check_govern(c, e);
    if (!r)
        r = check_first(c, e);
    if (!r)
        r = take_password(c, e);
    if (!r)
        r = check_suspension(c, e);
    return r ? r : check(c, e);
}

/* The store must not lock its people out: one admin who can act stays. */
static int keep_an_admin(const struct vs_change *c, vidstore_error **e) {
    int64_t others = 0;
    int was = vs_record_int(c->old, VIDSTORE_USER_ROLE) == VIDSTORE_ROLE_ADMIN && vs_user_stands(c->old);
    int stays = vs_change_int(c, VIDSTORE_USER_ROLE) == VIDSTORE_ROLE_ADMIN &&
                vs_account_stands(vs_change_int(c, VIDSTORE_USER_STATE),
                                  vs_change_int(c, VIDSTORE_USER_SUSPENDED_UNTIL_US), c->now_us);
    if (!was || stays)
        return 0;
    int r = vs_user_repo_other_admins(c->conn, &c->id, c->now_us, &others, e);
    if (!r && !others)
        r = vs_fail_sub(e, VIDSTORE_STATE, VIDSTORE_SUB_TRANSITION, "state", "this is the last active admin");
    return r;
}

static int update(struct vs_change *c, vidstore_error **e) {
    const struct vs_value *verified = NULL;
    int r = check_govern(c, e);
    if (!r)
        r = check(c, e);
    if (!r)
        r = check_suspension(c, e);
    if (!r && vs_change_int(c, VIDSTORE_USER_STATE) == VIDSTORE_USER_DELETED)
        r = vs_fail(e, VIDSTORE_INVALID, "state", "a user is deleted by removing it");
    if (!r)
        r = keep_an_admin(c, e);
    if (!r)
        r = take_password(c, e);
    /* A new address is not the one that was verified, unless who sets it says so. */
    if (vs_change_differs(c, VIDSTORE_USER_EMAIL) &&
        vs_params_get(c->params, VIDSTORE_USER_EMAIL_VERIFIED, &verified) == VS_PARAM_UNSET)
        vs_change_set_int(c, VIDSTORE_USER_EMAIL_VERIFIED, 0);
    if (vs_change_differs(c, VIDSTORE_USER_ROLE))
        c->action = VIDSTORE_AUDIT_ROLE_CHANGED;
    else if (c->extra)
        c->action = VIDSTORE_AUDIT_PASSWORD_CHANGED;
    return r;
}

/* Rights to give that are gone, or whose giver is. */
static int cannot_give(const struct vs_change *c) {
    return vs_change_int(c, VIDSTORE_USER_STATE) == VIDSTORE_USER_DEACTIVATED ||
           vs_change_int(c, VIDSTORE_USER_ROLE) < vs_record_int(c->old, VIDSTORE_USER_ROLE);
}

/* Who was let in before, as somebody with other rights or another password, has to prove it again. Keys outlive a
 * suspension, but not an account that was closed: opening it again revives nothing. */
static int saved(struct vs_change *c, vidstore_error **e) {
    const struct vs_user_secret *secret = c->extra;
    int state = vs_change_differs(c, VIDSTORE_USER_STATE);
    if (secret && !*secret->hash)
        secret = NULL;
    int r = secret
                ? vs_user_repo_set_hash(c->conn, &c->id, secret->hash, vs_user_pepper(c->session->store), c->now_us, e)
                : 0;
    const char *reason = state ? "account changed" : secret ? "password changed" : "role changed";
    if (!r && c->old && (secret || state || vs_change_differs(c, VIDSTORE_USER_ROLE)))
        r = vs_user_repo_next_epoch(c->conn, &c->id, NULL, reason, e);
    if (!r && c->old && state && vs_change_int(c, VIDSTORE_USER_STATE) == VIDSTORE_USER_DEACTIVATED)
        r = vs_keys_end_all(c->conn, c->session, &c->id, "account deactivated", e);
    if (!r && c->old && cannot_give(c))
        r = vs_grants_end_given(c->conn, c->session, &c->id, e);
    if (!r && c->old && cannot_give(c))
        r = vs_links_end_made(c->conn, c->session, &c->id, reason, e);
    return r;
}

/* A removed user is a tombstone: the row stays, so that what it did keeps a name that says so; the person goes. */
static int remove_user(struct vs_change *c, vidstore_error **e) {
    int64_t owned = 0;
    char name[32];
    vs_change_set_int(c, VIDSTORE_USER_STATE, VIDSTORE_USER_DELETED);
    int r = keep_an_admin(c, e);
    if (!r && c->mode == VIDSTORE_REMOVE_RESTRICT) {
        r = vs_user_repo_owned(c->conn, &c->id, &owned, e);
        if (!r && owned)
            r = vs_fail_sub(e, VIDSTORE_STATE, VIDSTORE_SUB_DEPENDENTS, "id",
                            "the user still owns jobs, videos, files or collections");
    }
    if (!r && c->mode == VIDSTORE_REMOVE_CASCADE)
        r = vs_user_repo_remove_owned(c->conn, &c->id, &c->removal, c->now_us, e);
    if (!r)
        r = vs_user_repo_forget(c->conn, &c->id, e);
    if (!r)
        r = vs_once_clear(c->conn, &c->id, e);
    if (!r)
        r = vs_user_repo_next_epoch(c->conn, &c->id, NULL, "account removed", e);
    if (!r)
        r = vs_keys_end_all(c->conn, c->session, &c->id, "account removed", e);
    if (!r)
        r = vs_audit_forget(c->conn, &c->id, e);
    if (!r) /* the words that the person was found by: at once, and not when somebody searches next */
        r = vs_search_drop(c->conn, c->noun, c->old->seq, e);
    if (!r)
        r = vs_grants_end_given(c->conn, c->session, &c->id, e);
    if (!r)
        r = vs_links_end_made(c->conn, c->session, &c->id, "account removed", e);
    vs_change_set_int(c, VIDSTORE_USER_SUSPENDED_UNTIL_US, INT64_MIN);
    snprintf(name, sizeof name, "deleted-%.12s", vs_record_text(c->old, VIDSTORE_USER_ID) + 24);
    if (!r)
        r = vs_change_set_text(c, VIDSTORE_USER_USERNAME, name, e);
    static const int32_t personal[] = {VIDSTORE_USER_EMAIL, VIDSTORE_USER_FULL_NAME, VIDSTORE_USER_METADATA,
                                       VIDSTORE_USER_EXTERNAL_ID};
    for (size_t i = 0; !r && i < VS_COUNT(personal); i++) {
        r = vs_change_set_text(c, personal[i], NULL, e);
    }
    return r;
}

static void erase(vidstore_session *session) {
    int more = 0;
    vs_audit_erase(session, vs_mono_us() + ERASE_US, &more, NULL);
}

static int purge(struct vs_change *c, vidstore_error **e) {
    int64_t owned = 0;
    int r = vs_user_repo_owned(c->conn, &c->id, &owned, e);
    if (!r && owned)
        r = vs_fail_sub(e, VIDSTORE_STATE, VIDSTORE_SUB_DEPENDENTS, "id",
                        "the user still owns jobs, videos, files or collections");
    return r;
}

const struct vs_rules vs_user_rules = {
    .noun = &vs_user_noun,
    .created = VIDSTORE_AUDIT_USER_CREATED,
    .updated = VIDSTORE_AUDIT_USER_UPDATED,
    .removed = VIDSTORE_AUDIT_USER_DELETED,
    .purged = VIDSTORE_AUDIT_USER_PURGED,
    .create = create,
    .update = update,
    .saved = saved,
    .remove = remove_user,
    .purge = purge,
    .after_remove = erase,
};
