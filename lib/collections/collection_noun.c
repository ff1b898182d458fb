/* SPDX-License-Identifier: MIT */
#include "collections/collections.h"
#include "util/alloc.h"

static const struct vs_field fields[] = {
#define VS_FIELD(suffix_, id_, type_, column_, name_, use_, max_, words_)                                              \
    {VIDSTORE_COLLECTION_##suffix_, #column_, name_, VS_##type_, use_, max_, words_},
#include "collections/collection_fields.h"
#undef VS_FIELD
};

static const struct vs_related related[] = {{"video", "collections.id", VS_STMT_COLLECTION_OF_VIDEO}, {NULL, NULL, 0}};

const struct vs_noun vs_collection_noun = {
    .name = "collection",
    .table = "collections",
    .base = 12000,
    .fields = fields,
    .count = VS_COUNT(fields),
    .columns = VS_COUNT(fields),
    .label = VIDSTORE_COLLECTION_NAME,
    .stmt = {VS_NOUN_STMTS(COLLECTION), .by_external = VS_STMT_COLLECTION_BY_EXTERNAL},
    .related = related,
};
