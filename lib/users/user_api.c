/* SPDX-License-Identifier: MIT */
/* Public calls on users: records, params, and what every noun has. */
#include "record/record_api.h"
#include "store/crud_api.h"
#include "store/standing.h"
#include "users/user_password.h"
#include "users/user_repo.h"
#include "users/users.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "vidstore/query.h"

VS_RECORD_API(user, user)
VS_PARAMS_API(user)
VS_CRUD_BASE_API(user)
VS_GETTER_TEXT(user, id, VIDSTORE_USER_ID)
VS_GETTER_TEXT(user, username, VIDSTORE_USER_USERNAME)
VS_GETTER_TEXT(user, email, VIDSTORE_USER_EMAIL)
VS_GETTER_ENUM(user, role, VIDSTORE_USER_ROLE)
VS_GETTER_ENUM(user, state, VIDSTORE_USER_STATE)
VS_GETTER_INT64(user, created_us, VIDSTORE_USER_CREATED_US)
VS_GETTER_INT64(user, version, VIDSTORE_USER_VERSION)

static const struct vs_params *in(const vidstore_user_params *params) {
    return (const struct vs_params *)params;
}

/* What changes who can get in, or what somebody may do, wants a fresh proof of who asks. */
static int check_recent(const vidstore_session *session, const struct vs_params *params, vidstore_error **e) {
    static const int32_t sensitive[] = {VIDSTORE_USER_PASSWORD, VIDSTORE_USER_EMAIL, VIDSTORE_USER_ROLE};
    const struct vs_value *value = NULL;
    for (size_t i = 0; i < VS_COUNT(sensitive); i++)
        if (vs_params_get(params, sensitive[i], &value) != VS_PARAM_UNSET)
            return vs_standing_recent(session, e);
    return 0;
}

static int check_recent_all(const vidstore_session *session, const vidstore_user_params *const *params, int64_t count,
                            vidstore_error **e) {
    int r = 0;
    if (!params || count > VS_BULK_MAX)
        return 0; /* to be refused for that */
    for (int64_t i = 0; !r && i < count; i++)
        if (!vs_params_check(in(params[i]), &vs_user_noun, NULL))
            r = check_recent(session, in(params[i]), e);
    return r;
}

enum how { UPDATE, CREATE, CREATE_FIRST };

/* Creates (id NULL) or updates, with the password hashed before the transaction. */
static int write_user(vidstore_session *session, enum how how, const char *id, const vidstore_user_params *params,
                      vidstore_user **ret_user, vidstore_error **e) {
    vs_autosecret secret = {.first = how == CREATE_FIRST};
    enum vs_verb verb = how == UPDATE ? VS_UPDATE : how == CREATE ? VS_CREATE : VS_MANAGE;
    int create = how != UPDATE;
    struct vs_call call = vs_session_call(session);
    struct vs_uuid who;
    int r = vs_params_check(in(params), &vs_user_noun, e);
    if (!r && !create)
        r = vs_uuid_parse(id, "id", &who, e);
    if (!r) /* before the hash, which costs more than all the rest */
        r = vs_session_may(session, "user", verb, NULL, create ? NULL : &who, 0, e);
    if (!r)
        r = check_recent(session, in(params), e);
    if (!r)
        r = vs_user_hash_params(session, &call, in(params), &secret, e);
    void *extra = *secret.hash || secret.first ? &secret : NULL;
    if (!r && create)
        return vs_crud_create(session, &vs_user_rules, in(params), extra, (struct vs_record **)ret_user, e);
    return r ? r : vs_crud_update(session, &vs_user_rules, id, in(params), extra, (struct vs_record **)ret_user, e);
}

vidstore_status vidstore_user_create(vidstore_session *session, const vidstore_user_params *params,
                                     vidstore_user **ret_user, vidstore_error **reterr) {
    VS_ENTER(session, ret_user, reterr);
    int r = write_user(session, CREATE, NULL, params, ret_user, reterr);
    vidstore_user_free(vs_unwanted_);
    return r;
}

vidstore_status vidstore_user_bootstrap(vidstore_session *session, const vidstore_user_params *params,
                                        vidstore_user **ret_user, vidstore_error **reterr) {
    VS_ENTER(session, ret_user, reterr);
    int r = write_user(session, CREATE_FIRST, NULL, params, ret_user, reterr);
    vidstore_user_free(vs_unwanted_);
    return r;
}

vidstore_status vidstore_user_update(vidstore_session *session, const char *id, const vidstore_user_params *params,
                                     vidstore_user **ret_user, vidstore_error **reterr) {
    VS_ENTER(session, ret_user, reterr);
    int r = write_user(session, UPDATE, id, params, ret_user, reterr);
    vidstore_user_free(vs_unwanted_);
    return r;
}

/* The secrets of the items of a bulk call, computed before the transaction. One that can't be a password fails its
 * item. */
struct secrets {
    int64_t count;
    struct vs_user_secret *list;
    void **extras; /* what the rules take: NULL where no password was set */
};

static void secrets_free(struct secrets *s) {
    for (int64_t i = 0; s->list && i < s->count; i++)
        vs_user_secret_free(&s->list[i]);
    vs_free(s->list);
    vs_free(s->extras);
}

static int hash_item(vidstore_session *session, const struct vs_call *call, const struct vs_params *params,
                     struct vs_user_secret *secret, vidstore_error **e) {
    if (vs_params_check(params, &vs_user_noun, NULL))
        return 0; /* the item itself will say what is wrong */
    if (vs_mono_us() > call->deadline_us)
        return vs_fail(e, VIDSTORE_TIMEOUT, NULL, "the deadline passed while passwords were hashed");
    int r = vs_user_hash_params(session, call, params, secret, e);
    if (r != VIDSTORE_INVALID)
        return r;
    if (e)
        secret->refused = VS_TAKE(*e);
    else
        vs_fail(&secret->refused, r, "password", "password is not acceptable");
    return 0;
}

static int hash_all(vidstore_session *session, const vidstore_user_params *const *params, struct secrets *s,
                    vidstore_error **e) {
    struct vs_call call = vs_session_call(session);
    s->list = vs_calloc((size_t)s->count + 1, sizeof *s->list);
    s->extras = vs_calloc((size_t)s->count + 1, sizeof *s->extras);
    int r = s->list && s->extras ? 0 : vs_fail_nomem(e);
    for (int64_t i = 0; !r && params && i < s->count; i++) {
        r = hash_item(session, &call, in(params[i]), &s->list[i], e);
        s->extras[i] = *s->list[i].hash || s->list[i].refused ? &s->list[i] : NULL;
    }
    return r;
}

vidstore_status vidstore_user_bulk_create(vidstore_session *session, const vidstore_user_params *const *params,
                                          int64_t count, uint32_t flags, vidstore_page **ret_page,
                                          vidstore_error **reterr) {
    VS_ENTER(session, ret_page, reterr);
    VS_CLEANUP(secrets_free) struct secrets secrets = {count > 0 && count <= VS_BULK_MAX ? count : 0, NULL, NULL};
    int r = vs_session_may(session, "user", VS_CREATE, NULL, NULL, 0, reterr);
    if (!r)
        r = check_recent_all(session, params, count, reterr);
    if (!r)
        r = hash_all(session, params, &secrets, reterr);
    if (!r)
        r = vs_crud_bulk_create(session, &vs_user_rules, (const struct vs_params *const *)params, secrets.extras, count,
                                flags, (struct vs_page **)ret_page, reterr);
    vidstore_page_free(vs_unwanted_);
    return r;
}

vidstore_status vidstore_user_bulk_update(vidstore_session *session, const char *const *ids,
                                          const vidstore_user_params *const *params, int64_t count, uint32_t flags,
                                          vidstore_page **ret_page, vidstore_error **reterr) {
    VS_ENTER(session, ret_page, reterr);
    for (int64_t i = 0; params && i < count && i < VS_BULK_MAX; i++) {
        const struct vs_value *value = NULL;
        if (!vs_params_check(in(params[i]), &vs_user_noun, NULL) &&
            vs_params_get(in(params[i]), VIDSTORE_USER_PASSWORD, &value) != VS_PARAM_UNSET)
            return vs_fail(reterr, VIDSTORE_INVALID, "password", "passwords are changed one by one");
    }
    int r = check_recent_all(session, params, count, reterr);
    if (!r)
        r = vs_crud_bulk_update(session, &vs_user_rules, ids, (const struct vs_params *const *)params, count, flags,
                                (struct vs_page **)ret_page, reterr);
    vidstore_page_free(vs_unwanted_);
    return r;
}

vidstore_status vidstore_user_set_state(vidstore_session *session, const char *id, int32_t state,
                                        vidstore_user **ret_user, vidstore_error **reterr) {
    VS_ENTER(session, ret_user, reterr);
    struct vs_params *params = vs_params_new(&vs_user_noun);
    vs_params_set_int(params, &vs_user_noun, VIDSTORE_USER_STATE, state);
    int r = vs_crud_update(session, &vs_user_rules, id, params, NULL, (struct vs_record **)ret_user, reterr);
    vs_params_free(params);
    vidstore_user_free(vs_unwanted_);
    return r;
}
