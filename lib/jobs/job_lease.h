/* SPDX-License-Identifier: MIT */
/* A lease inside: the handle of one attempt at one job. */
#ifndef VS_JOBS_JOB_LEASE_H
#define VS_JOBS_JOB_LEASE_H

#include "jobs/job_keeper.h"
#include "jobs/jobs.h"

enum { VS_TOKEN_BYTES = 32, VS_TOKEN_TEXT = 2 * VS_TOKEN_BYTES + 1 };

struct vidstore_lease {
    uint32_t magic;
    vidstore_session *session; /* its own; it holds the store */
    struct vs_record *job;     /* as it was when claimed */
    struct vs_hold *hold;
    struct vs_keeper *keeper;
    char token[VS_TOKEN_TEXT];
};

/* A lease on nothing yet: all that may fail is done before a job is claimed for it. token: NULL makes a new one. */
int vs_lease_new(const vidstore_session *claimer, const char *token, vidstore_lease **ret, vidstore_error **e);
/* Takes the record over and begins: renewals at the given time, a session that acts for the owner. */
void vs_lease_begin(vidstore_lease *lease, struct vs_record *job, int32_t owner_role, int64_t due_us);
void vs_lease_destroy(vidstore_lease *lease); /* NULL is fine */
/* The role of a job's owner, or that of a user when there is none. Inside a read or write. */
int vs_lease_owner_role(struct vs_conn *conn, const struct vs_record *job, int32_t *ret, vidstore_error **e);
/* The handle is that of a lease that has not ended, in the process that made it. */
int vs_lease_check(const vidstore_lease *lease, vidstore_error **e);

static inline void vs_lease_cleanup(vidstore_lease **lease) {
    vs_lease_destroy(*lease);
}
#define vs_autolease __attribute__((cleanup(vs_lease_cleanup))) vidstore_lease

#endif
