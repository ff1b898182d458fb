/* SPDX-License-Identifier: MIT */
/* Sessions of users, by the word of the host or by a password. */
#include "store/origin.h"
#include "store/standing.h"
#include "users/users.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"

vidstore_status vidstore_user_verify_password(vidstore_session *session, const char *name, const char *password,
                                              vidstore_user **ret_user, vidstore_error **reterr) {
    VS_ENTER(session, ret_user, reterr);
    struct vs_call call = vs_session_call(session);
    struct vs_proof_request request = {.store = session->store,
                                       .actor = &session->actor,
                                       .call = &call,
                                       .name = name,
                                       .password = password,
                                       .action = VIDSTORE_AUDIT_USER_LOGIN};
    int r = vs_session_outside(session, reterr);
    if (!r)
        r = vs_user_prove(&request, (struct vs_record **)ret_user, NULL, reterr);
    vidstore_user_free(vs_unwanted_);
    return r;
}

static int user_session(vidstore *store, const struct vs_record *user, const char *method,
                        const vidstore_origin *origin, vidstore_session **ret, vidstore_error **e) {
    struct vs_uuid id = vs_record_uuid(user, VIDSTORE_USER_ID);
    int r = vs_session_new(store, VS_ACTOR_USER, &id, (int32_t)vs_record_int(user, VIDSTORE_USER_ROLE),
                           vs_record_text(user, VIDSTORE_USER_USERNAME), origin, ret, e);
    if (!r)
        (*ret)->actor.method = method;
    return r;
}

struct find {
    struct vs_uuid id;
    struct vs_record *user;
};

static int find_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct find *find = arg;
    return vs_crud_load(conn, &vs_user_noun, &find->id, 0, &find->user, e);
}

vidstore_status vidstore_session_on_behalf(vidstore *store, const char *user_id, const vidstore_origin *origin,
                                           vidstore_session **ret_session, vidstore_error **reterr) {
    vidstore_session *unwanted = NULL, **ret = ret_session ? ret_session : &unwanted;
    struct find find = {{{0}}, NULL};
    const struct vs_origin *from = NULL;
    *ret = NULL;
    if (reterr)
        *reterr = NULL;
    int r = vs_store_check(store, reterr);
    if (!r)
        r = vs_uuid_parse(user_id, "user_id", &find.id, reterr);
    if (!r)
        r = vs_origin_check(origin, &from, reterr);
    if (r)
        return r;
    struct vs_call call = {vs_mono_us() + store->options.deadline_ms * 1000, NULL};
    r = vs_db_read(store->db, &call, find_op, &find, reterr);
    if (r == VIDSTORE_NOT_FOUND)
        r = vs_fail(reterr, r, "user_id", "no such user");
    if (!r && !vs_user_stands(find.user))
        r = vs_fail_sub(reterr, VIDSTORE_UNAUTHENTICATED, VIDSTORE_SUB_ACCOUNT, "user_id", "the account is not active");
    if (!r)
        r = user_session(store, find.user, "host", origin, ret, reterr);
    vs_record_free(find.user);
    vidstore_session_free(unwanted);
    return r;
}

vidstore_status vidstore_session_login(vidstore *store, const char *name, const char *password,
                                       const vidstore_origin *origin, vidstore_session **ret_session,
                                       vidstore_error **reterr) {
    vidstore_session *unwanted = NULL, *nobody = NULL, **ret = ret_session ? ret_session : &unwanted;
    vs_autorecord *user = NULL;
    int64_t epoch = 0;
    *ret = NULL;
    if (reterr)
        *reterr = NULL;
    int r = vs_store_check(store, reterr);
    if (!r)
        r = vs_session_new(store, VS_ACTOR_ANONYMOUS, NULL, VIDSTORE_ROLE_UNKNOWN, NULL, origin, &nobody, reterr);
    if (r)
        return r;
    struct vs_call call = {vs_mono_us() + store->options.deadline_ms * 1000, NULL};
    struct vs_proof_request request = {.store = store,
                                       .actor = &nobody->actor,
                                       .call = &call,
                                       .name = name,
                                       .password = password,
                                       .action = VIDSTORE_AUDIT_USER_LOGIN};
    r = vs_user_prove(&request, &user, &epoch, reterr);
    if (!r)
        r = user_session(store, user, "password", origin, ret, reterr);
    if (!r)
        (*ret)->credential = (struct vs_credential){VS_PROOF_PASSWORD, {{0}}, epoch, vs_now_us()};
    vidstore_session_free(nobody);
    vidstore_session_free(unwanted);
    return r;
}
