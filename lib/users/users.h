/* SPDX-License-Identifier: MIT */
/* Users, as the other parts see them. */
#ifndef VS_USERS_USERS_H
#define VS_USERS_USERS_H

#include "access/password.h"
#include "store/crud.h"
#include "vidstore/user.h"

extern const struct vs_noun vs_user_noun;
extern const struct vs_rules vs_user_rules;
extern const struct vs_word vs_user_roles[], vs_user_states[];

/* A try to prove who one is. Every login, every confirmation goes through here and nowhere else. */
struct vs_proof_request {
    struct vidstore *store;
    const struct vs_actor *actor; /* who asks, from where */
    const struct vs_call *call;
    const char *name, *password;
    const char *device; /* the token of a trusted device; NULL: none */
    int challenged;     /* the host has put a challenge, and it was passed */
    int32_t action;     /* of the audit, when it is proved */
    /* What else is written with the outcome when it is proved; NULL: nothing. May run more than once. */
    int (*granted)(struct vs_conn *conn, const struct vs_record *user, void *arg, vidstore_error **e);
    void *arg;
};

/* UNAUTHENTICATED unless the password is that of an active user of this name; THROTTLED when too many tries failed.
 * Exactly one hash is computed and the same rows are written whatever the reason of a refusal. *ret: the user;
 * *ret_epoch: of the account, as it is now. */
int vs_user_prove(const struct vs_proof_request *request, struct vs_record **ret, int64_t *ret_epoch,
                  vidstore_error **e);
/* The user of an outside identity, for a host that has checked who it is: no name, no password, no hash. */
int vs_user_prove_identity(const struct vs_proof_request *request, const char *provider, const char *subject,
                           struct vs_record **ret, int64_t *ret_epoch, vidstore_error **e);
/* What a new hash of a password costs in this store, with its newest pepper. Outside of database operations. STATE when
 * the store has hashes with peppers and none was given at open: then no password is checked and none is set, for a hash
 * without one would be weaker than its host wants. */
int vs_user_hash_cost(struct vidstore *store, const struct vs_call *call, struct vs_cost *ret, vidstore_error **e);
/* The number of the pepper in new hashes; 0: none. */
int64_t vs_user_pepper(const struct vidstore *store);
/* Only what everybody agrees on: something, one @, something; no space. Mail to it proves the rest. NULL is none, and
 * fine. INVALID naming "email". */
int vs_user_check_email(const char *email, vidstore_error **e);
/* A key that leaves its admin less than everything is no way to the rest: FORBIDDEN naming "role" when the session came
 * by such a one and would make, or get into, an account of this role. */
int vs_user_may_govern(const vidstore_session *session, int64_t role, vidstore_error **e);
/* 1 while the account may be used. */
int vs_user_stands(const struct vs_record *user);

/* Counts a submitted job, and time spent on one, for a user. A user who is not there any more is no failure. */
int vs_user_count_job(struct vs_conn *conn, const struct vs_uuid *user, int64_t jobs, int64_t processing_ms,
                      vidstore_error **e);

#endif
