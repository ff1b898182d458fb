/* SPDX-License-Identifier: MIT */
/* Counting tries to prove a password: what a try is counted under, before it and after it. */
#ifndef VS_USERS_USER_THROTTLE_H
#define VS_USERS_USER_THROTTLE_H

#include "access/address.h"
#include "access/throttle.h"
#include "crypto/crypto.h"
#include "users/users.h"

/* What a try is counted in. Names that mean one account (its username, its address) are counted together as well: while
 * that count holds tries back, they are refused as if the password were wrong. To say why would tell that both names
 * are somebody's. */
enum vs_try_bucket {
    VS_TRY_NAME, /* as it was typed */
    VS_TRY_SOURCE,
    VS_TRY_NETWORK,
    VS_TRY_STORE,
    VS_TRY_CHALLENGE,
    VS_TRY_ACCOUNT, /* from here on it is not told: whosever the name is; nobody's has one of its own */
    VS_TRY_ACCOUNT_CHALLENGE,
    VS_TRY_SPARE,
    VS_TRY_BUCKETS
};
/* What is tried: each is counted apart. Asking for a reset counts whatever comes of it. */
enum vs_try_purpose { VS_TRY_PASSWORD, VS_TRY_RESET, VS_TRY_PURPOSES };

/* One try. Otherwise filled by vs_try_begin; `known` and `user` by vs_try_look. */
struct vs_try {
    enum vs_try_purpose purpose; /* set before vs_try_begin */
    struct vs_throttle_settings settings;
    const char *ip, *device; /* address and device token; NULL: none */
    int challenged;
    uint64_t name; /* stands for the account */
    uint8_t account[VS_SHA256_SIZE], key[32];
    struct vs_uuid user;  /* nil: nobody of that name */
    int known, by_device; /* the user is known to come from there */
    char device_id[15], source[VS_SOURCE_TEXT];
    int counted[VS_TRY_BUCKETS]; /* which buckets it is counted in */
    uint8_t buckets[VS_TRY_BUCKETS][VS_SHA256_SIZE];
    enum vs_throttle_kind kinds[VS_TRY_BUCKETS];
    int muted;  /* the account has to wait, under another of its names: nothing that was typed counts as right */
    int locked; /* with this try a wait begins: worth an event */
    int64_t now_us;
};

/* The store's key for the digests, made at the first use, and what is known of the try without its user. */
int vs_try_begin(struct vidstore *store, const struct vs_call *call, const char *name, const char *ip,
                 const char *device, int challenged, struct vs_try *ret, vidstore_error **e);
/* Whether the user is known to come from there; the same reads when there is no user. */
int vs_try_look(struct vs_conn *conn, struct vs_try *t, const struct vs_uuid *user, vidstore_error **e);
/* Under what is told alone: THROTTLED (with the time to wait; sub CHALLENGE when a challenge would let it through) or
 * 0. Reads only. */
int vs_try_allowed(struct vs_conn *conn, struct vs_try *t, vidstore_error **e);
/* Counts the try as failed, before the hash: so that no number of them at once gets past the limits. Says in t->muted
 * whether it is one that must fail; the same rows are written. */
int vs_try_reserve(struct vs_conn *conn, struct vs_try *t, vidstore_error **e);
/* It was no failure: what was counted against this account from there is forgotten, the rest takes it back. With
 * `learned` the source is one that the user is known by from now on. */
int vs_try_forgive(struct vs_conn *conn, const struct vs_try *t, int learned, vidstore_error **e);
/* The user has proved by other means who it is: what strangers did to the account is forgotten, and it is known to come
 * from there from now on. A try that was begun is enough. */
int vs_try_recover(struct vs_conn *conn, struct vs_try *t, const struct vs_uuid *user, vidstore_error **e);

#endif
