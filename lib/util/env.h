/* SPDX-License-Identifier: MIT */
/* What the library takes from outside: clock, randomness, memory, threads. Tests replace it to simulate time and
 * faults. */
#ifndef VS_UTIL_ENV_H
#define VS_UTIL_ENV_H

#include <stddef.h>
#include <stdint.h>

struct vs_env {
    int64_t (*now_us)(void);  /* UTC, microseconds since 1970 */
    int64_t (*mono_us)(void); /* monotonic, any origin */
    int64_t (*boot_us)(void); /* since the machine started, its sleep included: the same for all its processes */
    int (*random)(void *buf, size_t size); /* 0, or -1 */
    void *(*alloc)(void *p, size_t size);  /* realloc's contract; size is never 0 */
    void (*release)(void *p);
    int (*thread_start)(void *(*run)(void *), void *arg, void *ret_pthread_t); /* all signals blocked; 0 or errno */
};

/* The one in force. In the shared library it is always the real one. */
const struct vs_env *vs_env(void);

/* Put another one in force; NULL brings the real one back. For tests that link the internals; not exported. */
void vs_env_set(const struct vs_env *env);
extern const struct vs_env vs_env_real;

int64_t vs_now_us(void);
int64_t vs_mono_us(void);
int64_t vs_boot_us(void);
/* Which start of which machine vs_boot_us() counts from; "" when the system does not say. Static. */
const char *vs_boot_id(void);
int vs_random(void *buf, size_t size);

#endif
