/* SPDX-License-Identifier: MIT */
#include "links/links.h"
#include "util/alloc.h"

static const struct vs_field fields[] = {
#define VS_FIELD(suffix_, id_, type_, column_, name_, use_, max_, words_)                                              \
    {VIDSTORE_LINK_##suffix_, #column_, name_, VS_##type_, use_, max_, words_},
#include "links/link_fields.h"
#undef VS_FIELD
};

const struct vs_noun vs_link_noun = {
    .name = "link",
    .table = "links",
    .base = 11000,
    .fields = fields,
    .count = VS_COUNT(fields),
    .columns = VS_COUNT(fields),
    .label = VIDSTORE_LINK_NAME,
    .stmt = {.by_id = VS_STMT_LINK_BY_ID,
             .insert = VS_STMT_LINK_INSERT,
             .update = VS_STMT_LINK_UPDATE,
             .purge = VS_STMT_LINK_PURGE,
             .list = VS_STMT_LINK_LIST,
             .count = VS_STMT_LINK_COUNT},
};
