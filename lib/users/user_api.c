/* SPDX-License-Identifier: MIT */
/* Public calls on users: records, params, and what every noun has. */
#include "record/record_api.h"
#include "users/user_password.h"
#include "users/user_repo.h"
#include "users/users.h"
#include "util/alloc.h"
#include "util/error.h"
#include "vidstore/query.h"

VS_RECORD_API(user, user)
VS_PARAMS_API(user)
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

static struct vs_record **out(vidstore_user **ret) {
    return (struct vs_record **)ret;
}

/* A wanted result is the caller's; an unwanted one goes. */
static void settle(vidstore_user **ret, vidstore_user **unwanted) {
    if (ret == unwanted)
        vidstore_user_free(*unwanted);
}

vidstore_status vidstore_user_create(vidstore_session *session, const vidstore_user_params *params, vidstore_user **ret_user,
    vidstore_error **reterr) {
    VS_ENTER(session, ret_user, reterr);
    char hash[VS_HASH_MAX] = "";
    int r = vs_params_check(in(params), &vs_user_noun, reterr);
    if (!r)
        r = vs_user_hash_params(session, in(params), hash, reterr);
    if (!r)
        r = vs_crud_create(session, &vs_user_rules, in(params), *hash ? hash : NULL, out(ret_user), reterr);
    settle(ret_user, &vs_unwanted_);
    return r;
}

vidstore_status vidstore_user_get(vidstore_session *session, const char *id, vidstore_user **ret_user, vidstore_error **reterr) {
    VS_ENTER(session, ret_user, reterr);
    int r = vs_crud_get(session, &vs_user_rules, id, out(ret_user), reterr);
    settle(ret_user, &vs_unwanted_);
    return r;
}

vidstore_status vidstore_user_exists(vidstore_session *session, const char *id, int32_t *ret_exists, vidstore_error **reterr) {
    VS_ENTER(session, ret_exists, reterr);
    return vs_crud_exists(session, &vs_user_rules, id, ret_exists, reterr);
}

vidstore_status vidstore_user_update(vidstore_session *session, const char *id, const vidstore_user_params *params,
    vidstore_user **ret_user, vidstore_error **reterr) {
    VS_ENTER(session, ret_user, reterr);
    char hash[VS_HASH_MAX] = "";
    int r = vs_params_check(in(params), &vs_user_noun, reterr);
    if (!r)
        r = vs_user_hash_params(session, in(params), hash, reterr);
    if (!r)
        r = vs_crud_update(session, &vs_user_rules, id, in(params), *hash ? hash : NULL, out(ret_user), reterr);
    settle(ret_user, &vs_unwanted_);
    return r;
}

vidstore_status vidstore_user_remove(vidstore_session *session, const char *id, int32_t mode, vidstore_error **reterr) {
    VS_ENTER_VOID(session, reterr);
    return vs_crud_remove(session, &vs_user_rules, id, mode, reterr);
}

vidstore_status vidstore_user_purge(vidstore_session *session, const char *id, vidstore_error **reterr) {
    VS_ENTER_VOID(session, reterr);
    return vs_crud_purge(session, &vs_user_rules, id, reterr);
}

vidstore_status vidstore_user_list(vidstore_session *session, const vidstore_query *query, vidstore_page **ret_page,
    vidstore_error **reterr) {
    VS_ENTER(session, ret_page, reterr);
    int r = vs_crud_list(session, &vs_user_noun, query, (struct vs_page **)ret_page, reterr);
    vidstore_page_free(vs_unwanted_);
    return r;
}

vidstore_status vidstore_user_count(vidstore_session *session, const vidstore_query *query, int64_t *ret_count, vidstore_error **reterr) {
    VS_ENTER(session, ret_count, reterr);
    return vs_crud_count(session, &vs_user_noun, query, ret_count, reterr);
}

/* The hashes of all items, computed before the transaction: count * VS_HASH_MAX bytes, empty where none was set. */
static int hash_all(vidstore_session *session, const vidstore_user_params *const *params, int64_t count, char **ret_hashes,
    void ***ret_extras, vidstore_error **e) {
    vs_autofree char *hashes = vs_calloc((size_t)count + 1, VS_HASH_MAX);
    vs_autofree void **extras = vs_calloc((size_t)count + 1, sizeof *extras);
    if (!hashes || !extras)
        return vs_fail_nomem(e);
    for (int64_t i = 0; params && i < count; i++) {
        char *hash = hashes + i * VS_HASH_MAX;
        int r = vs_params_check(in(params[i]), &vs_user_noun, NULL) ? 0 : vs_user_hash_params(session, in(params[i]), hash, e);
        if (r)
            return r;
        extras[i] = *hash ? hash : NULL;
    }
    *ret_hashes = VS_TAKE(hashes);
    *ret_extras = VS_TAKE(extras);
    return 0;
}

vidstore_status vidstore_user_bulk_create(vidstore_session *session, const vidstore_user_params *const *params, int64_t count,
    uint32_t flags, vidstore_page **ret_page, vidstore_error **reterr) {
    VS_ENTER(session, ret_page, reterr);
    vs_autofree char *hashes = NULL;
    vs_autofree void **extras = NULL;
    int r = hash_all(session, params, count > 0 && count <= 10000 ? count : 0, &hashes, &extras, reterr);
    if (!r)
        r = vs_crud_bulk_create(session, &vs_user_rules, (const struct vs_params *const *)params, extras, count, flags,
            (struct vs_page **)ret_page, reterr);
    vidstore_page_free(vs_unwanted_);
    return r;
}

vidstore_status vidstore_user_bulk_update(vidstore_session *session, const char *const *ids,
    const vidstore_user_params *const *params, int64_t count, uint32_t flags, vidstore_page **ret_page, vidstore_error **reterr) {
    VS_ENTER(session, ret_page, reterr);
    for (int64_t i = 0; params && i < count && i < 10000; i++) {
        const struct vs_value *value = NULL;
        if (!vs_params_check(in(params[i]), &vs_user_noun, NULL) && vs_params_get(in(params[i]), VIDSTORE_USER_PASSWORD, &value) != VS_PARAM_UNSET)
            return vs_fail(reterr, VIDSTORE_INVALID, "password", "passwords are set one by one");
    }
    int r = vs_crud_bulk_update(session, &vs_user_rules, ids, (const struct vs_params *const *)params, count, flags,
        (struct vs_page **)ret_page, reterr);
    vidstore_page_free(vs_unwanted_);
    return r;
}

vidstore_status vidstore_user_set_state(vidstore_session *session, const char *id, int32_t state, vidstore_user **ret_user,
    vidstore_error **reterr) {
    VS_ENTER(session, ret_user, reterr);
    struct vs_params *params = vs_params_new(&vs_user_noun);
    vs_params_set_int(params, &vs_user_noun, VIDSTORE_USER_STATE, state);
    int r = vs_crud_update(session, &vs_user_rules, id, params, NULL, out(ret_user), reterr);
    vs_params_free(params);
    settle(ret_user, &vs_unwanted_);
    return r;
}
