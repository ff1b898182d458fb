/* SPDX-License-Identifier: MIT */
/* Waiting for something that another process may do: the change feed tells of it. What only time brings is looked for
 * now and then. */
#ifndef VS_JOBS_JOB_NAP_H
#define VS_JOBS_JOB_NAP_H

#include "store/watcher.h"

enum { VS_NAP_LONGEST_US = 250000 };

struct vs_nap {
    const vidstore_session *session;
    enum vs_turn which;
    int64_t until_us;   /* monotonic */
    int64_t longest_us; /* of the next nap: the caller may know of something that is due earlier */
    int begun;
    struct vs_watcher *watcher; /* NULL: it can't be had */
    uint64_t turn;
};

/* 0, or INVALID: 0 to 24 hours. */
int vs_nap_begin(struct vs_nap *nap, const vidstore_session *session, enum vs_turn which, int64_t wait_ms,
                 vidstore_error **e);
/* 1 after a nap, 0 when the time is over, CANCELLED when interrupted. */
int vs_nap(struct vs_nap *nap, vidstore_error **e);
void vs_nap_end(struct vs_nap *nap); /* always */
#define vs_autonap __attribute__((cleanup(vs_nap_end))) struct vs_nap

#endif
