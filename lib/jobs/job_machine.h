/* SPDX-License-Identifier: MIT */
/* The states of a job, and the steps between them that there are. */
#ifndef VS_JOBS_JOB_MACHINE_H
#define VS_JOBS_JOB_MACHINE_H

#include "record/record.h"
#include "vidstore/job.h"

/* 1 when there is a step from one state to the other. */
int vs_job_may_step(int64_t from, int64_t to);
/* 0, or STATE with both states in the message. */
int vs_job_check_step(int64_t from, int64_t to, vidstore_error **e);
/* completed, failed, cancelled or dead. */
int vs_job_is_final(int64_t state);
/* "ready"; "unknown" for a number that is no state. */
const char *vs_job_state_name(int64_t state);
/* The one word of old for a job, static; NULL for NULL. */
const char *vs_job_status_word(const struct vs_record *job);

#endif
