/* SPDX-License-Identifier: MIT */
/* Passwords: argon2id. The memory that hashing takes at once in the whole process is bounded; what does not fit waits,
 * and what waits too long is refused without a hash. */
#ifndef VS_ACCESS_PASSWORD_H
#define VS_ACCESS_PASSWORD_H

#include "access/blocklist.h"
#include "access/pepper.h"
#include "access/phc.h"
#include "db/db.h"

enum { VS_PASSWORD_MAX = 1024, VS_HASH_MAX = VS_PHC_MAX };
enum { VS_HASH_BUDGET_KIB = 256 << 10 }; /* of the process */

/* What a new hash costs, and the secret that goes into it. */
struct vs_cost {
    uint32_t memory_kib, passes;
    const struct vs_pepper *pepper; /* NULL: none */
};
/* 0: for tests, as good as nothing; 1: the least that counts as safe; 2: the default; 3: high. */
struct vs_cost vs_password_cost(int64_t level);

/* Text that is not a password: too short (min, in characters), too long, not UTF-8, or one that everybody tries first
 * (list: NULL is the library's own; name: of the user; may be NULL). INVALID naming "password". */
int vs_password_check(struct vs_blocklist *list, const char *password, const char *name, int64_t min,
                      vidstore_error **e);
/* A PHC string. BUSY, with a time to wait, when too many are being computed for two seconds or until the deadline. */
int vs_password_hash(const char *password, struct vs_cost cost, const struct vs_call *call, char ret[VS_HASH_MAX],
                     vidstore_error **e);
/* Computes exactly one hash, whether there is a stored one to compare with (NULL: none; then of this cost) or not. The
 * pepper is that of the stored one.
 * known: of somebody who is known to come from there; for those a place is kept free. *ret 1: it fits. A stored text
 * that is no hash fits nothing. */
int vs_password_verify(const char *password, const char *stored, struct vs_cost cost, int known,
                       const struct vs_call *call, int *ret, vidstore_error **e);
/* 1 when a stored hash is not what a new one would be. */
int vs_password_outdated(const char *stored, struct vs_cost cost);
/* Whether a hash of another system can be checked here: bcrypt or argon2 within the limits. INVALID naming "hash". */
int vs_password_check_hash(const char *hash, vidstore_error **e);
/* How many hashes this process has computed. For tests. */
int64_t vs_password_computed(void);

#endif
