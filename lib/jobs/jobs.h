/* SPDX-License-Identifier: MIT */
/* Jobs, as the other parts see them. */
#ifndef VS_JOBS_JOBS_H
#define VS_JOBS_JOBS_H

#include "store/crud.h"
#include "trail/feed.h"
#include "vidstore/job.h"

extern const struct vs_noun vs_job_noun;
extern const struct vs_rules vs_job_rules;
extern const struct vs_word vs_job_priorities[];

/* Inside a write: takes at most `limit` jobs from workers whose lease has run out, and says from how many. Call it
 * until that is less than the limit. */
int vs_jobs_recover(struct vs_conn *conn, vidstore_session *session, int64_t lease_ms, int64_t limit,
                    int64_t *ret_recovered, vidstore_error **e);
/* Inside a write: scheduled jobs whose time has come become ready, some dozens a call. */
int vs_jobs_promote(struct vs_conn *conn, vidstore_session *session, vidstore_error **e);
/* Inside a read: how many leases have run out, at most `limit`. */
int vs_jobs_expired(struct vs_conn *conn, int64_t limit, int64_t *ret_count, vidstore_error **e);
/* The ids of jobs that reached a final state before a time, oldest first; ret_ids has room for `limit`. */
int vs_jobs_ended(struct vs_conn *conn, int32_t state, int64_t before_us, int64_t limit, struct vs_uuid *ret_ids,
                  int64_t *ret_count, vidstore_error **e);
/* How many jobs (not removed) are in a state: of one owner, or of all (NULL). */
int vs_jobs_count(struct vs_conn *conn, const struct vs_uuid *owner, int32_t state, int64_t *ret, vidstore_error **e);
/* Inside a write: a user's jobs were removed or came back all at once; the numbers by state follow. */
int vs_jobs_recount(struct vs_conn *conn, const struct vs_uuid *owner, vidstore_error **e);

/* Progress from inside a call on a lease's session, as vidstore_lease_progress; nothing for other sessions. */
int vs_lease_report(vidstore_session *session, const char *stage, int64_t done, int64_t total, vidstore_error **e);

#endif
