/* SPDX-License-Identifier: MIT */
/* What the tests of jobs share. */
#ifndef TESTS_API_JOBS_H
#define TESTS_API_JOBS_H

#include "harness.h"
#include "work.h"

/* {"kind": …, "sources": [{"path": "/a/1", …}, …]} */
static inline vidstore_job_params *many_sources(const char *kind, int count) {
    size_t size = 100 + (size_t)count * 64, used;
    char *json = malloc(size);
    used = (size_t)snprintf(json, size, "{\"kind\": \"%s\", \"season\": \"One\", \"sources\": [", kind);
    for (int i = 1; i <= count; i++)
        used += (size_t)snprintf(json + used, size - used, "%s{\"path\": \"/a/%d\", \"episode\": %d}", i > 1 ? "," : "",
                                 i, i);
    snprintf(json + used, size - used, "]}");
    vidstore_job_params *p = params(json);
    free(json);
    return p;
}

#endif
