/* SPDX-License-Identifier: MIT */
/* Waiting for something that another process may do: naps that grow, up to a deadline, unless interrupted. */
#ifndef VS_JOBS_JOB_NAP_H
#define VS_JOBS_JOB_NAP_H

#include "store/session.h"

struct vs_nap {
    const vidstore_session *session;
    int64_t until_us; /* monotonic */
    int64_t next_us;
};

/* 0, or INVALID: 0 to 24 hours. */
int vs_nap_begin(struct vs_nap *nap, const vidstore_session *session, int64_t wait_ms, vidstore_error **e);
/* 1 after a nap, 0 when the time is over, CANCELLED when interrupted. */
int vs_nap(struct vs_nap *nap, vidstore_error **e);

#endif
