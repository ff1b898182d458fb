/* SPDX-License-Identifier: MIT */
/* Jobs made of other jobs: how a season becomes children, and how a parent follows them. Inside a write operation. */
#ifndef VS_JOBS_JOB_SEASON_H
#define VS_JOBS_JOB_SEASON_H

#include "jobs/job_state.h"

/* What the rules of a child that a season makes are told: it is created without checks of its own and without an event.
 */
struct vs_job_part {
    int blocked; /* it waits for its siblings */
};
extern const struct vs_rules vs_job_part_rules;

/* How many children a job of a kind with so many sources has; 0: it is done as one. */
int64_t vs_season_size(const char *kind, size_t sources);
/* Makes the children and videos of a job whose row has just been written. */
int vs_season_expand(struct vs_change *c, vidstore_error **e);
/* The parent's state, numbers and progress from its children; children that have nothing left to wait for begin. A
 * parent that is not there, is removed, or is itself held by a worker is left alone. */
int vs_season_follow(struct vs_conn *conn, const struct vs_actor *actor, const struct vs_uuid *parent,
                     vidstore_error **e);
/* Only its numbers and progress. */
int vs_season_progress(struct vs_conn *conn, const struct vs_uuid *parent, vidstore_error **e);
/* The ids of a job's children that are not removed, in their order. Owned; free with vs_free. */
int vs_season_children(struct vs_conn *conn, const struct vs_uuid *parent, struct vs_uuid **ret, size_t *ret_count,
                       vidstore_error **e);
/* Whether a job of this owner may get another child: NOT_FOUND, STATE, or INVALID when it lies too deep. */
int vs_season_check_parent(struct vs_change *c, const char *parent, vidstore_error **e);

#endif
