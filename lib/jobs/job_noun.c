/* SPDX-License-Identifier: MIT */
#include "jobs/jobs.h"
#include "util/alloc.h"

const struct vs_word vs_job_priorities[] = {
    {VIDSTORE_PRIORITY_LOW, "low"},
    {VIDSTORE_PRIORITY_NORMAL, "normal"},
    {VIDSTORE_PRIORITY_HIGH, "high"},
    {VIDSTORE_PRIORITY_URGENT, "urgent"},
    {0, NULL},
};

static const struct vs_field fields[] = {
#define VS_FIELD(suffix_, id_, type_, column_, name_, use_, max_, words_)                                              \
    {VIDSTORE_JOB_##suffix_, #column_, name_, VS_##type_, use_, max_, words_},
#include "jobs/job_fields.h"
#undef VS_FIELD
};

const struct vs_noun vs_job_noun = {
    .name = "job",
    .table = "jobs",
    .base = 2000,
    .fields = fields,
    .count = VS_COUNT(fields),
    .columns = VS_COUNT(fields),
    .label = VIDSTORE_JOB_SEASON,
    .stmt = {VS_NOUN_STMTS(JOB), .by_external = VS_STMT_JOB_BY_EXTERNAL},
    .search = {VS_SEARCH_STMTS(JOB)},
};
