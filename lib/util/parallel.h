/* SPDX-License-Identifier: MIT */
/* One thing done for many, a few at a time, on threads that last as long as the call. */
#ifndef VS_UTIL_PARALLEL_H
#define VS_UTIL_PARALLEL_H

#include "vidstore/base.h"
#include <stdint.h>

enum { VS_PARALLEL_MAX = 64 };

struct vs_parallel {
    int64_t count;
    int threads; /* at most, 1 to VS_PARALLEL_MAX; the caller's own works when none can be started */
    void *arg;
    /* On any thread, in order of the beginning. What it finds out goes where take() looks for it. */
    void (*work)(void *arg, int64_t i);
    /* On the caller's thread: these are done. While it runs, at most as many more get done as there are threads, and
     * twice that; so what waits to be taken is bounded. Not 0: no more is begun, and the run gives that. */
    int (*take)(void *arg, const int64_t *done, int count, vidstore_error **e);
    /* On the caller's thread, now and then; NULL: never. 1: no more is begun. */
    int (*stopped)(void *arg);
};

/* Returns when all that was begun is done and taken (after a failure of take: done). What was never begun is never
 * taken. */
int vs_parallel_run(const struct vs_parallel *p, vidstore_error **e);

#endif
