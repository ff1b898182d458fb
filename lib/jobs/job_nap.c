/* SPDX-License-Identifier: MIT */
#include "jobs/job_nap.h"
#include "util/env.h"
#include "util/error.h"
#include <time.h>

enum { SHORTEST_US = 5000, LONGEST_US = 50000, WAIT_MAX_MS = 86400000 };

int vs_nap_begin(struct vs_nap *nap, const vidstore_session *session, int64_t wait_ms, vidstore_error **e) {
    if (wait_ms < 0 || wait_ms > WAIT_MAX_MS)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "wait_ms", "wait_ms is not between 0 and %d",
                           WAIT_MAX_MS);
    *nap = (struct vs_nap){session, vs_mono_us() + wait_ms * 1000, SHORTEST_US};
    return 0;
}

int vs_nap(struct vs_nap *nap, vidstore_error **e) {
    int64_t left = nap->until_us - vs_mono_us();
    int64_t us = nap->next_us < left ? nap->next_us : left;
    struct timespec pause = {.tv_nsec = us * 1000};
    if (atomic_load(&nap->session->interrupt))
        return vs_fail(e, VIDSTORE_CANCELLED, NULL, "interrupted while waiting");
    if (left <= 0)
        return 0;
    nanosleep(&pause, NULL);
    nap->next_us = nap->next_us * 3 / 2 < LONGEST_US ? nap->next_us * 3 / 2 : LONGEST_US;
    return 1;
}
