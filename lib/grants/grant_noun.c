/* SPDX-License-Identifier: MIT */
#include "grants/grants.h"
#include "util/alloc.h"

const struct vs_word vs_grant_reach[] = {
    {VIDSTORE_REACH_READ, "read"},
    {VIDSTORE_REACH_WRITE, "write"},
    {VIDSTORE_REACH_MANAGE, "manage"},
    {0, NULL},
};

static const struct vs_field fields[] = {
#define VS_FIELD(suffix_, id_, type_, column_, name_, use_, max_, words_)                                              \
    {VIDSTORE_GRANT_##suffix_, #column_, name_, VS_##type_, use_, max_, words_},
#include "grants/grant_fields.h"
#undef VS_FIELD
};

const struct vs_noun vs_grant_noun = {
    .name = "grant",
    .table = "grants",
    .base = 8000,
    .fields = fields,
    .count = VS_COUNT(fields),
    .columns = VS_COUNT(fields),
    .stmt = {VS_NOUN_STMTS(GRANT)},
};
