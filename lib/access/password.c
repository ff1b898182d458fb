/* SPDX-License-Identifier: MIT */
#include "access/password.h"
#include "crypto/crypto.h"
#include "util/env.h"
#include "util/error.h"
#include "util/utf8.h"
#include <argon2.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

/* 19 MiB, two passes: the floor that OWASP names for argon2id with one lane. */
enum { MEMORY_KIB = 19456, PASSES = 2, LANES = 1, SALT = 16, TAG = 32, AT_ONCE = 8 };

/* The budget is the process's, not a store's: it is the process that runs out of memory. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t freed;
    int taken;
} budget = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};

static int take(const struct vs_call *call, vidstore_error **e) {
    int r = 0;
    pthread_mutex_lock(&budget.lock);
    while (!r && budget.taken >= AT_ONCE) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 20000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&budget.freed, &budget.lock, &until);
        if (call->interrupt && atomic_load(call->interrupt))
            r = vs_fail(e, VIDSTORE_CANCELLED, NULL, "interrupted");
        else if (call->deadline_us && vs_mono_us() > call->deadline_us)
            r = vs_fail(e, VIDSTORE_BUSY, NULL, "too many passwords are being checked");
    }
    budget.taken += !r;
    pthread_mutex_unlock(&budget.lock);
    return r;
}

static void give(void) {
    pthread_mutex_lock(&budget.lock);
    budget.taken--;
    pthread_cond_signal(&budget.freed);
    pthread_mutex_unlock(&budget.lock);
}

int vs_password_check(const char *password, int64_t min, vidstore_error **e) {
    int64_t characters = 0;
    int r = vs_check_text(password, "password", VS_PASSWORD_MAX, e);
    for (const char *p = password; !r && *p; p++)
        characters += (*p & 0xC0) != 0x80;
    if (!r && characters < min)
        r = vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "password", "password is shorter than %lld characters",
                        (long long)min);
    return r;
}

static int argon_error(int code, vidstore_error **e) {
    if (code == ARGON2_MEMORY_ALLOCATION_ERROR)
        return vs_fail_nomem(e);
    return vs_fail(e, VIDSTORE_INTERNAL, NULL, "hashing failed: %s", argon2_error_message(code));
}

int vs_password_hash(const char *password, const struct vs_call *call, char ret[VS_HASH_MAX], vidstore_error **e) {
    uint8_t salt[SALT];
    if (vs_random(salt, sizeof salt))
        return vs_fail(e, VIDSTORE_IO, NULL, "the system gives no random numbers");
    int r = take(call, e);
    if (r)
        return r;
    int code = argon2id_hash_encoded(PASSES, MEMORY_KIB, LANES, password, strlen(password), salt, sizeof salt, TAG, ret,
                                     VS_HASH_MAX);
    give();
    return code == ARGON2_OK ? 0 : argon_error(code, e);
}

int vs_password_verify(const char *password, const char *stored, const struct vs_call *call, int *ret,
                       vidstore_error **e) {
    /* Of random bytes that nobody kept: the work for a user that does not exist is that for one that does. */
    static const char nobody[] = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$"
                                 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    int r = take(call, e);
    *ret = 0;
    if (r)
        return r;
    int code = argon2id_verify(stored ? stored : nobody, password, strlen(password));
    give();
    if (code == ARGON2_OK)
        *ret = stored != NULL;
    else if (code != ARGON2_VERIFY_MISMATCH)
        return argon_error(code, e);
    return 0;
}
