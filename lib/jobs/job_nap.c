/* SPDX-License-Identifier: MIT */
#include "jobs/job_nap.h"
#include "util/env.h"
#include "util/error.h"
#include <time.h>

enum {
    WAIT_MAX_MS = 86400000,
    SLICE_US = 20000, /* how soon an interrupt is noticed */
    BLIND_US = 50000, /* between looks when nothing tells of changes */
};

int vs_nap_begin(struct vs_nap *nap, const vidstore_session *session, enum vs_turn which, int64_t wait_ms,
                 vidstore_error **e) {
    *nap = (struct vs_nap){
        .session = session, .which = which, .until_us = vs_mono_us() + wait_ms * 1000, .longest_us = VS_NAP_LONGEST_US};
    if (wait_ms < 0 || wait_ms > WAIT_MAX_MS)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "wait_ms", "wait_ms is not between 0 and %d",
                           WAIT_MAX_MS);
    return 0;
}

/* Who does not find what it waits for begins to listen, and then looks again: what came in between is found. */
static void listen(struct vs_nap *nap) {
    nap->begun = 1;
    if (vs_watcher_of(nap->session->store, &nap->watcher, NULL) ||
        vs_watcher_turns_begin(nap->watcher, nap->which, &nap->turn, NULL))
        nap->watcher = NULL;
}

/* 1 when there is a reason to look. */
static int doze(struct vs_nap *nap, int64_t us) {
    if (nap->watcher)
        return vs_watcher_turn_wait(nap->watcher, nap->which, &nap->turn, vs_mono_us() + us);
    struct timespec pause = {.tv_nsec = us * 1000};
    nanosleep(&pause, NULL);
    return 0;
}

int vs_nap(struct vs_nap *nap, vidstore_error **e) {
    int64_t now = vs_mono_us(), longest = nap->watcher ? nap->longest_us : BLIND_US;
    int64_t end = nap->until_us < now + longest ? nap->until_us : now + longest;
    nap->longest_us = VS_NAP_LONGEST_US;
    if (atomic_load(&nap->session->interrupt))
        return vs_fail(e, VIDSTORE_CANCELLED, NULL, "interrupted while waiting");
    if (nap->until_us <= now)
        return 0;
    if (!nap->begun) {
        listen(nap);
        return 1;
    }
    for (int64_t left; (left = end - vs_mono_us()) > 0;) {
        if (doze(nap, left < SLICE_US ? left : SLICE_US))
            break;
        if (atomic_load(&nap->session->interrupt))
            return vs_fail(e, VIDSTORE_CANCELLED, NULL, "interrupted while waiting");
    }
    return 1;
}

void vs_nap_end(struct vs_nap *nap) {
    if (nap->watcher)
        vs_watcher_turns_end(nap->watcher);
}
