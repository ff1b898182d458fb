/* SPDX-License-Identifier: MIT */
/* What moves in the queue by itself: time passes, workers die. */
#ifndef VS_JOBS_JOB_QUEUE_H
#define VS_JOBS_JOB_QUEUE_H

#include "jobs/job_state.h"

/* Inside a read: whether a scheduled job's time has come or a lease has run out, or can't be right. */
int vs_queue_is_due(struct vs_conn *conn, int64_t lease_ms, int *ret, vidstore_error **e);
/* Inside a read: when the next scheduled job is due, by the clock; INT64_MAX: none is scheduled. */
int vs_queue_next_due(struct vs_conn *conn, int64_t *ret_us, vidstore_error **e);
/* Whether a job is held by a lease that has run out. */
int vs_queue_is_over(const struct vs_job_run *run, int *ret, vidstore_error **e);
/* Inside a write: takes a job from a worker whose lease has run out. */
int vs_queue_take_back(struct vs_job_run *run, int64_t lease_ms, vidstore_error **e);

#endif
