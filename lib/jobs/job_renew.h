/* SPDX-License-Identifier: MIT */
/* Renewing leases: one write for many. */
#ifndef VS_JOBS_JOB_RENEW_H
#define VS_JOBS_JOB_RENEW_H

#include "jobs/job_keeper.h"

enum { VS_RENEW_MAX = 64 };
/* ending: gone, most likely by the end that its own transaction has just brought it */
enum { VS_RENEW_KEPT, VS_RENEW_STALLED, VS_RENEW_ENDING, VS_RENEW_GONE };

struct vs_renewal {
    struct vs_hold *hold;
    int outcome; /* VS_RENEW_… */
    int cancel;
    uint64_t serial; /* of the progress that was written */
};

struct vs_renewals {
    struct vs_renewal *items;
    size_t count;
    int64_t lease_ms, stall_ms;
};

/* The two halves of that which follows: the write, and after its commit what there is to tell. */
int vs_renew_op(struct vs_conn *conn, void *renewals, vidstore_error **e);
void vs_renew_tell(struct vs_renewals *all);
/* Renews them, writes the progress that is new, and tells the holds what was learnt. */
int vs_renew(struct vs_db *db, const struct vs_call *call, struct vs_renewals *all, vidstore_error **e);

#endif
