/* SPDX-License-Identifier: MIT */
/* A store of the tests, with a clock that the test moves. */
#ifndef TESTS_UNIT_MOVED_CLOCK_H
#define TESTS_UNIT_MOVED_CLOCK_H

#include "../api/harness.h"
#include "util/env.h"
#include <stdatomic.h>

static _Atomic int64_t ahead; /* how far the clock is */

static inline int64_t moved_now(void) {
    return vs_env_real.now_us() + ahead;
}

static inline void begin_moved(void) {
    static struct vs_env env;
    env = vs_env_real;
    env.now_us = moved_now;
    ahead = 0;
    vs_env_set(&env);
    begin();
}

static inline void end_moved(void) {
    end();
    vs_env_set(NULL);
}

#endif
