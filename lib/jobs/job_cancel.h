/* SPDX-License-Identifier: MIT */
/* What people do to jobs that were submitted. */
#ifndef VS_JOBS_JOB_CANCEL_H
#define VS_JOBS_JOB_CANCEL_H

#include "jobs/jobs.h"

/* Cancels a job and its children: at once what waits, through its lease what runs. STATE when it has ended already. */
int vs_job_cancel(vidstore_session *session, const char *id, struct vs_record **ret, vidstore_error **e);
/* Makes a failed, dead or cancelled job ready again, and its children that did not complete. */
int vs_job_retry(vidstore_session *session, const char *id, struct vs_record **ret, vidstore_error **e);
/* The attempts at a job as a JSON array. */
int vs_job_history(vidstore_session *session, const char *id, vidstore_text **ret, vidstore_error **e);

#endif
