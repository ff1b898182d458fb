/* SPDX-License-Identifier: MIT */
#include "logins/logins.h"
#include "util/alloc.h"

static const struct vs_field fields[] = {
#define VS_FIELD(suffix_, id_, type_, column_, name_, use_, max_, words_)                                              \
    {VIDSTORE_LOGIN_##suffix_, #column_, name_, VS_##type_, use_, max_, words_},
#include "logins/login_fields.h"
#undef VS_FIELD
};

const struct vs_noun vs_login_noun = {
    .name = "login",
    .table = "logins",
    .base = 7000,
    .fields = fields,
    .count = VS_COUNT(fields),
    .columns = VS_COUNT(fields),
    .stmt = {.by_id = VS_STMT_LOGIN_BY_ID,
             .update = VS_STMT_LOGIN_UPDATE,
             .list = VS_STMT_LOGIN_LIST,
             .count = VS_STMT_LOGIN_COUNT},
};

const struct vs_rules vs_login_rules = {.noun = &vs_login_noun};
