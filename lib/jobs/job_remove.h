/* SPDX-License-Identifier: MIT */
/* The rules of removing, restoring and purging a job, with what hangs on it. */
#ifndef VS_JOBS_JOB_REMOVE_H
#define VS_JOBS_JOB_REMOVE_H

#include "store/crud.h"

int vs_job_rule_remove(struct vs_change *c, vidstore_error **e);
int vs_job_rule_restore(struct vs_change *c, vidstore_error **e);
int vs_job_rule_purge(struct vs_change *c, vidstore_error **e);

#endif
