/* SPDX-License-Identifier: MIT */
#include "users/user_once.h"
#include "db/bind.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include <stdio.h>

static const struct vs_once_kind kinds[] = {
    {VIDSTORE_ONCE_INVITATION, "invitation", VS_SETTING_TOKEN_INVITATION},
    {VIDSTORE_ONCE_VERIFICATION, "verification of the address", VS_SETTING_TOKEN_VERIFICATION},
    {VIDSTORE_ONCE_RESET, "password reset", VS_SETTING_TOKEN_RESET},
    {VIDSTORE_ONCE_EMAIL, "change of the address", VS_SETTING_TOKEN_EMAIL},
};

const struct vs_once_kind *vs_once_kind(int32_t kind) {
    for (size_t i = 0; i < VS_COUNT(kinds); i++)
        if (kinds[i].kind == kind)
            return &kinds[i];
    return NULL;
}

int vs_once_check_kind(int32_t kind, vidstore_error **e) {
    return vs_once_kind(kind)
               ? 0
               : vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "kind", "kind is none of VIDSTORE_ONCE_…");
}

int vs_once_set(struct vs_conn *conn, const struct vs_once *once, vidstore_error **e) {
    return vs_exec(conn, VS_STMT_ONCE_SET, NULL, e, vs_id(&once->user), vs_int(once->kind), vs_text(once->token.id),
                   vs_bytes(once->token.digest, VS_SHA256_SIZE), vs_text(*once->address ? once->address : NULL),
                   vs_int(once->epoch), vs_int(vs_now_us()), vs_int(once->expires_us));
}

int vs_once_get(struct vs_conn *conn, struct vs_once *once, int64_t now_us, const char **ret_why, vidstore_error **e) {
    vs_autostmt *s = NULL;
    size_t len = 0;
    int r = vs_ask(conn, VS_STMT_ONCE_GET, &s, e, vs_text(once->token.id));
    if (r < 0)
        return r;
    const void *digest = r == VS_ROW ? vs_col_blob(s, 2, &len) : NULL;
    int fits = vs_token_fits(&once->token, digest, len);
    once->user = (struct vs_uuid){{0}};
    *ret_why = r != VS_ROW ? "no such token, or not any more" : "wrong secret";
    if (!fits)
        return 0;
    const char *address = vs_col_text(s, 3, NULL);
    vs_col_uuid(s, 0, &once->user);
    snprintf(once->address, sizeof once->address, "%s", address ? address : "");
    once->epoch = vs_col_int(s, 4);
    once->expires_us = vs_col_int(s, 5);
    *ret_why = vs_col_int(s, 1) != once->kind ? "a token for something else"
               : once->expires_us <= now_us   ? "the token has expired"
               : vs_uuid_is_nil(&once->user)  ? "a token that opens nothing"
                                              : NULL;
    return 0;
}

int vs_once_take(struct vs_conn *conn, const struct vs_once *once, int64_t now_us, int64_t *ret, vidstore_error **e) {
    return vs_exec(conn, VS_STMT_ONCE_TAKE, ret, e, vs_text(once->token.id),
                   vs_bytes(once->token.digest, VS_SHA256_SIZE), vs_int(now_us));
}

int vs_once_clear(struct vs_conn *conn, const struct vs_uuid *user, vidstore_error **e) {
    return vs_exec(conn, VS_STMT_ONCE_CLEAR, NULL, e, vs_id(user));
}

int vs_user_epoch(struct vs_conn *conn, const struct vs_uuid *user, int64_t *ret, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_ask(conn, VS_STMT_USER_STANDING, &s, e, vs_id(user));
    *ret = r == VS_ROW ? vs_col_int(s, 3) : -1;
    return r < 0 ? r : 0;
}
