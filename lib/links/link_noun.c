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
    .stmt = {VS_NOUN_STMTS(LINK)},
};
