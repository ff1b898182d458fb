/* SPDX-License-Identifier: MIT */
#include "logins/login_make.h"
#include "db/bind.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "vidstore/user.h"

#define MINUTE_US INT64_C(60000000)
enum { IDLE_ADMIN, WHOLE_ADMIN, IDLE, WHOLE };

int vs_login_making_begin(struct vidstore *store, struct vs_login_making *ret, char text[VS_TOKEN_LENGTH + 1],
                          vidstore_error **e) {
    ret->limits[IDLE_ADMIN] = vs_setting(store, VS_SETTING_LOGIN_IDLE_ADMIN) * MINUTE_US;
    ret->limits[WHOLE_ADMIN] = vs_setting(store, VS_SETTING_LOGIN_HOURS_ADMIN) * 60 * MINUTE_US;
    ret->limits[IDLE] = vs_setting(store, VS_SETTING_LOGIN_IDLE) * MINUTE_US;
    ret->limits[WHOLE] = vs_setting(store, VS_SETTING_LOGIN_HOURS) * 60 * MINUTE_US;
    int r = vs_uuid_make(&ret->id, e);
    return r ? r : vs_token_make(VIDSTORE_TOKEN_LOGIN, text, &ret->token, e);
}

static int make_room(struct vs_conn *conn, const struct vs_uuid *user, int64_t now, vidstore_error **e) {
    return vs_exec(conn, VS_STMT_LOGIN_END_IDLEST, NULL, e, vs_int(now), vs_text("room for others"), vs_id(user));
}

int vs_login_make(struct vs_conn *conn, const struct vs_login_making *making, const struct vs_record *user,
                  vidstore_error **e) {
    int64_t now = vs_now_us();
    int admin = vs_record_int(user, VIDSTORE_USER_ROLE) == VIDSTORE_ROLE_ADMIN;
    const int64_t *limits = making->limits + (admin ? IDLE_ADMIN : IDLE);
    struct vs_uuid owner = vs_record_uuid(user, VIDSTORE_USER_ID);
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, VS_STMT_LOGIN_ADD, &s, e);
    if (r)
        return r;
    vs_bind_uuid(s, 1, &making->id);
    vs_bind_uuid(s, 2, &owner);
    vs_bind_int(s, 3, now);
    vs_bind_int(s, 4, now);
    vs_bind_int(s, 5, 1);
    vs_bind_text(s, 6, making->token.id, -1);
    vs_bind_text(s, 7, making->method, -1);
    vs_bind_text(s, 8, making->from->origin[VS_ORIGIN_IP], -1);
    vs_bind_text(s, 9, making->from->origin[VS_ORIGIN_USER_AGENT], -1);
    vs_bind_text(s, 10, making->from->origin[VS_ORIGIN_DEVICE], -1);
    vs_bind_int(s, 11, now); /* proved */
    vs_bind_int(s, 12, now); /* seen */
    vs_bind_text(s, 13, making->from->origin[VS_ORIGIN_IP], -1);
    vs_bind_int(s, 14, now + limits[1]);
    vs_bind_int(s, 15, limits[0] / 1000);
    vs_bind_null(s, 16);
    vs_bind_null(s, 17);
    vs_bind_blob(s, 18, making->token.digest, VS_SHA256_SIZE);
    r = vs_run(s, NULL, e);
    return r ? r : make_room(conn, &owner, now, e);
}

int vs_logins_end_all(struct vs_conn *conn, const struct vs_uuid *user, const struct vs_uuid *keep, const char *reason,
                      int64_t *ret, vidstore_error **e) {
    static const struct vs_uuid nil;
    return vs_exec(conn, VS_STMT_LOGIN_END_USER, ret, e, vs_int(vs_now_us()), vs_text(reason), vs_id(user),
                   vs_id(keep ? keep : &nil));
}
