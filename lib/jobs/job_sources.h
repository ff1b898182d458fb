/* SPDX-License-Identifier: MIT */
/* The sources of a job: what is to be fetched, one video each. */
#ifndef VS_JOBS_JOB_SOURCES_H
#define VS_JOBS_JOB_SOURCES_H

#include "store/crud.h"
#include "util/json.h"

enum { VS_SOURCES_MAX = 1000, VS_SOURCES_SUM = 10000, VS_EPISODE_MAX = 1000000 };

/* One of them; texts are borrowed, NULL or INT64_MIN is not given. */
struct vs_source {
    const char *url, *path, *title, *sha256, *file_name;
    int64_t episode;
};

/* Reads and checks an array of sources (NULL: none), which the caller frees. INVALID names what is bad, as in
 * "sources[3].url"; FORBIDDEN when an actor names a path who may not. */
int vs_sources_read(const char *json, const struct vs_actor *actor, json_t **ret, vidstore_error **e);
/* Whether the sources of jobs that are submitted in one commit are few enough: every one is a job and a video, and all
 * other writers wait for them. INVALID names the item with which they are too many. */
int vs_sources_check_sum(const struct vs_params *const *params, int64_t count, vidstore_error **e);
size_t vs_sources_count(const json_t *sources); /* NULL: 0 */
void vs_source_at(const json_t *sources, size_t index, struct vs_source *ret);

#endif
