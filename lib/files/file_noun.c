/* SPDX-License-Identifier: MIT */
#include "files/files.h"
#include "util/alloc.h"

const struct vs_word vs_file_backends[] = {
    {VIDSTORE_BACKEND_LOCAL, "local"}, {VIDSTORE_BACKEND_S3, "s3"},   {VIDSTORE_BACKEND_MINIO, "minio"},
    {VIDSTORE_BACKEND_AZURE, "azure"}, {VIDSTORE_BACKEND_GCS, "gcs"}, {0, NULL},
};

const struct vs_word vs_file_access[] = {
    {VIDSTORE_ACCESS_PRIVATE, "private"},
    {VIDSTORE_ACCESS_RESTRICTED, "restricted"},
    {VIDSTORE_ACCESS_AUTHENTICATED, "authenticated"},
    {VIDSTORE_ACCESS_PUBLIC, "public"},
    {0, NULL},
};

const struct vs_word vs_file_categories[] = {
    {VIDSTORE_CATEGORY_TEMPORARY, "temporary"},
    {VIDSTORE_CATEGORY_PROCESSED, "processed"},
    {VIDSTORE_CATEGORY_ARCHIVE, "archive"},
    {VIDSTORE_CATEGORY_PERMANENT, "permanent"},
    {0, NULL},
};

static const struct vs_field fields[] = {
#define VS_FIELD(suffix_, id_, type_, column_, name_, use_, max_, words_)                                              \
    {VIDSTORE_FILE_##suffix_, #column_, name_, VS_##type_, use_, max_, words_},
#include "files/file_fields.h"
#undef VS_FIELD
};

const struct vs_noun vs_file_noun = {
    .name = "file",
    .table = "files",
    .base = 4000,
    .fields = fields,
    .count = VS_COUNT(fields),
    .columns = VS_COUNT(fields),
    .label = VIDSTORE_FILE_NAME,
    .stmt = {VS_NOUN_STMTS(FILE), .by_external = VS_STMT_FILE_BY_EXTERNAL},
    .search = {VS_SEARCH_STMTS(FILE), .open = VIDSTORE_FILE_ACCESS},
};
