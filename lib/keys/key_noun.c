/* SPDX-License-Identifier: MIT */
#include "keys/keys.h"
#include "util/alloc.h"

static const struct vs_field fields[] = {
#define VS_FIELD(suffix_, id_, type_, column_, name_, use_, max_, words_)                                              \
    {VIDSTORE_KEY_##suffix_, #column_, name_, VS_##type_, use_, max_, words_},
#include "keys/key_fields.h"
#undef VS_FIELD
};

const struct vs_noun vs_key_noun = {
    .name = "key",
    .table = "api_keys",
    .base = 6000,
    .fields = fields,
    .count = VS_COUNT(fields),
    .columns = VS_COUNT(fields),
    .label = VIDSTORE_KEY_NAME,
    .stmt = {VS_NOUN_STMTS(KEY)},
};
