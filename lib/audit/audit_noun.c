/* SPDX-License-Identifier: MIT */
#include "audit/audit.h"
#include "trail/chain.h"
#include "util/alloc.h"

static const struct vs_field fields[] = {
#define VS_FIELD(suffix_, id_, type_, column_, name_, use_, max_, words_)                                              \
    {VIDSTORE_AUDIT_##suffix_, #column_, name_, VS_##type_, use_, max_, words_},
#include "audit/audit_fields.h"
#undef VS_FIELD
};

static const struct vs_served served[] = {{VIDSTORE_AUDIT_ACTION, VIDSTORE_AUDIT_ALERT}, {0, 0}};

const struct vs_noun vs_audit_noun = {
    .name = "audit",
    .table = "audit_events",
    .base = 5000,
    .fields = fields,
    .count = VS_COUNT(fields),
    .columns = VS_COUNT(fields),
    .served = served,
    .stmt = {.by_id = VS_STMT_AUDIT_BY_ID,
             .insert = VS_STMT_AUDIT_LINK_INSERT,
             .list = VS_STMT_AUDIT_LIST,
             .count = VS_STMT_AUDIT_COUNT},
    .search = {VS_SEARCH_STMTS(AUDIT)},
};
