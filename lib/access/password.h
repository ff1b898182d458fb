/* SPDX-License-Identifier: MIT */
/* Passwords: argon2id. The memory that hashing takes at once in the whole process is bounded. */
#ifndef VS_ACCESS_PASSWORD_H
#define VS_ACCESS_PASSWORD_H

#include "db/db.h"

enum { VS_PASSWORD_MAX = 1024, VS_HASH_MAX = 128 };

/* Text that is not a password: too short (min, in characters), too long, not UTF-8. INVALID naming "password". */
int vs_password_check(const char *password, int64_t min, vidstore_error **e);
/* A PHC string. BUSY when too many are being computed until the deadline. */
int vs_password_hash(const char *password, const struct vs_call *call, char ret[VS_HASH_MAX], vidstore_error **e);
/* Computes exactly one hash, whether there is a stored one to compare with (NULL: none) or not. *ret 1: it fits. */
int vs_password_verify(const char *password, const char *stored, const struct vs_call *call, int *ret,
                       vidstore_error **e);

#endif
