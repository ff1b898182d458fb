/* SPDX-License-Identifier: MIT */
/* How failed tries are counted, and how long the next one has to wait. Pure: the store keeps the counts.
 *
 * Tries on an account are counted apart for each place that its user is known to come from, and together for all
 * others: who guesses from elsewhere can't lock the user out. */
#ifndef VS_ACCESS_THROTTLE_H
#define VS_ACCESS_THROTTLE_H

#include <stdint.h>

enum vs_throttle_kind {
    VS_THROTTLE_STRANGE,   /* an account, from all places that its user is not known by */
    VS_THROTTLE_KNOWN,     /* an account, from one place that its user is known by */
    VS_THROTTLE_SOURCE,    /* one source (/32 or /64), all accounts */
    VS_THROTTLE_NETWORK,   /* a /48 of IPv6, all accounts */
    VS_THROTTLE_STORE,     /* everything: past its rate, strange tries want a challenge */
    VS_THROTTLE_CHALLENGE, /* an account: tries that came with a passed challenge */
    VS_THROTTLE_KINDS
};

struct vs_throttle {
    int64_t failures, since_us; /* counted since when */
    int64_t wait_us;            /* no try before this time; INT64_MAX: closed */
    int64_t names, names_us;    /* of a source: a bit for each account that it tried, of 64, and since when */
};

/* What the rule for a kind depends on besides. */
struct vs_throttle_settings {
    int64_t free_failures; /* of an account from strange places */
    int64_t store_rate;    /* failures a minute before a challenge is wanted; 0: never */
};

/* How long a try has to wait: 0: not at all; INT64_MAX: for good. */
int64_t vs_throttle_wait(const struct vs_throttle *t, enum vs_throttle_kind kind, int64_t now_us);
/* Counts a try as failed, before anybody knows: success takes it back. name: a number that stands for the account.
 * Returns 1 when with this one a wait begins or the account closes. */
int vs_throttle_count(struct vs_throttle *t, enum vs_throttle_kind kind, const struct vs_throttle_settings *settings,
                      uint64_t name, int64_t now_us);
/* Takes one counted try back. */
void vs_throttle_forgive(struct vs_throttle *t);
/* When the count may be forgotten. */
int64_t vs_throttle_expiry(const struct vs_throttle *t, enum vs_throttle_kind kind, int64_t now_us);

#endif
