/* SPDX-License-Identifier: MIT */
#include "fault.h"
#include "util/env.h"
#include <stdatomic.h>
#include <stddef.h>

static atomic_long seen, failing;

static void *failing_alloc(void *p, size_t size) {
    return atomic_fetch_add(&seen, 1) + 1 == atomic_load(&failing) ? NULL : vs_env_real.alloc(p, size);
}

void fault_arm(long nth) {
    /* Not on the stack and never changed once in force: threads of the library may be reading it. */
    static struct vs_env env;
    if (!env.alloc) {
        env = vs_env_real;
        env.alloc = failing_alloc;
    }
    atomic_store(&seen, 0);
    atomic_store(&failing, nth);
    vs_env_set(&env);
}

int fault_disarm(void) {
    vs_env_set(NULL);
    return atomic_load(&seen) >= atomic_load(&failing);
}
