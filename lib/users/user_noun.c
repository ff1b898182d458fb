/* SPDX-License-Identifier: MIT */
#include "users/users.h"
#include "util/alloc.h"

const struct vs_word vs_user_roles[] = {
    {VIDSTORE_ROLE_VIEWER, "viewer"},
    {VIDSTORE_ROLE_USER, "user"},
    {VIDSTORE_ROLE_ADMIN, "admin"},
    {0, NULL},
};

const struct vs_word vs_user_states[] = {
    {VIDSTORE_USER_PENDING, "pending"},     {VIDSTORE_USER_ACTIVE, "active"},
    {VIDSTORE_USER_SUSPENDED, "suspended"}, {VIDSTORE_USER_DEACTIVATED, "deactivated"},
    {VIDSTORE_USER_DELETED, "deleted"},     {0, NULL},
};

static const struct vs_field fields[] = {
#define VS_FIELD(suffix_, id_, type_, column_, name_, use_, max_, words_)                                              \
    {VIDSTORE_USER_##suffix_, #column_, name_, VS_##type_, use_, max_, words_},
#define VS_VIRTUAL(suffix_, id_, type_, column_, name_, use_, max_, words_)                                            \
    {VIDSTORE_USER_##suffix_, NULL, name_, VS_##type_, use_, max_, words_},
#include "users/user_fields.h"
#undef VS_FIELD
#undef VS_VIRTUAL
};

const struct vs_noun vs_user_noun = {
    .name = "user",
    .table = "users",
    .base = 1000,
    .fields = fields,
    .count = VS_COUNT(fields),
    .columns = VS_COUNT(fields) - 1, /* the password is none */
    .label = VIDSTORE_USER_USERNAME,
    .stmt = {VS_NOUN_STMTS(USER), .by_external = VS_STMT_USER_BY_EXTERNAL},
    .search = {VS_SEARCH_STMTS(USER)},
};
