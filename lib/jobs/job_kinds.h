/* SPDX-License-Identifier: MIT */
/* The kinds of jobs: their stages with weights, and what a season of a kind is made of. */
#ifndef VS_JOBS_JOB_KINDS_H
#define VS_JOBS_JOB_KINDS_H

#include "vidstore/base.h"
#include <stddef.h>

enum { VS_KIND_STAGES = 7, VS_KIND_THEN = 2, VS_PROGRESS_WHOLE = 10000 };

struct vs_job_kind {
    const char *name; /* NULL: a word of the host */
    struct {
        const char *name; /* NULL: no more */
        int weight;
    } stages[VS_KIND_STAGES];
    const char *part;               /* kind of the child for each source; NULL: the same */
    const char *then[VS_KIND_THEN]; /* kinds of the children that follow, one after the other */
};

/* The kind of a name. Never NULL: a word of the host has no stages. */
const struct vs_job_kind *vs_kind_find(const char *name);
/* 0, or INVALID: a kind is letters, digits and _ . : - */
int vs_kind_check(const char *name, size_t len, const char *field, vidstore_error **e);
/* How far the whole is, in ten-thousandths, when a stage has done so much of total (INT64_MIN: not known). A stage that
 * the kind does not know says nothing: -1. */
int64_t vs_kind_progress(const struct vs_job_kind *kind, const char *stage, int64_t done, int64_t total);

#endif
