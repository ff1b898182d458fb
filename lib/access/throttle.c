/* SPDX-License-Identifier: MIT */
#include "access/throttle.h"

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)

/* names: of 64 bits, thirteen are set by fifteen accounts on the average. */
enum { NAMES_MANY = 13 };
static const int64_t NAMES_WINDOW = 5 * MINUTE, NAMES_WAIT = MINUTE;

static const struct rule {
    int64_t free;        /* failures without a wait */
    int64_t window;      /* failures are counted for so long; 0: until a success */
    int64_t first, most; /* the wait after them; doubled by each further one up to `most` */
    int64_t last;        /* and then this; 0: `most` */
    int64_t close;       /* failures that close it; 0: never */
    int64_t kept;        /* how long a count outlives its last wait */
} rules[VS_THROTTLE_KINDS] = {
    [VS_THROTTLE_STRANGE] = {5, 0, 30 * SECOND, 1920 * SECOND, HOUR, 100, 24 * HOUR},
    [VS_THROTTLE_KNOWN] = {10, 15 * MINUTE, MINUTE, 15 * MINUTE, 0, 0, 15 * MINUTE},
    [VS_THROTTLE_SOURCE] = {30, 15 * MINUTE, 10 * SECOND, 10 * SECOND, 0, 0, 15 * MINUTE},
    [VS_THROTTLE_NETWORK] = {240, 15 * MINUTE, 10 * SECOND, 10 * SECOND, 0, 0, 15 * MINUTE},
    [VS_THROTTLE_STORE] = {50, MINUTE, MINUTE, MINUTE, 0, 0, MINUTE},
    [VS_THROTTLE_CHALLENGE] = {5, HOUR, HOUR, HOUR, 0, 0, HOUR},
};

/* No clock makes a sum run over, whatever it says. */
static int64_t plus(int64_t a, int64_t b) {
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

static int64_t free_of(enum vs_throttle_kind kind, const struct vs_throttle_settings *settings) {
    if (kind == VS_THROTTLE_STRANGE)
        return settings->free_failures;
    if (kind == VS_THROTTLE_STORE)
        return settings->store_rate ? settings->store_rate : INT64_MAX;
    return rules[kind].free;
}

/* A clock that was set back must not make a wait longer than it can ever be. */
int64_t vs_throttle_wait(const struct vs_throttle *t, enum vs_throttle_kind kind, int64_t now_us) {
    const struct rule *rule = &rules[kind];
    int64_t longest = rule->last ? rule->last : rule->most > NAMES_WAIT ? rule->most : NAMES_WAIT;
    if (t->wait_us == INT64_MAX)
        return INT64_MAX;
    if (t->wait_us <= now_us)
        return 0;
    return plus(now_us, longest) < t->wait_us ? longest : t->wait_us - now_us;
}

/* The wait after so many failures past the free ones (0: the first of them). */
static int64_t wait_after(const struct rule *rule, int64_t past) {
    int64_t wait = rule->first;
    for (; past > 0 && wait < rule->most; past--)
        wait *= 2;
    return past > 0 && rule->last ? rule->last : wait > rule->most ? rule->most : wait;
}

static void count_name(struct vs_throttle *t, uint64_t name, int64_t now_us) {
    if (now_us - t->names_us >= NAMES_WINDOW || now_us < t->names_us) {
        t->names = 0;
        t->names_us = now_us;
    }
    t->names = (int64_t)((uint64_t)t->names | UINT64_C(1) << (name % 64));
    if (__builtin_popcountll((uint64_t)t->names) >= NAMES_MANY && t->wait_us < plus(now_us, NAMES_WAIT))
        t->wait_us = plus(now_us, NAMES_WAIT);
}

int vs_throttle_count(struct vs_throttle *t, enum vs_throttle_kind kind, const struct vs_throttle_settings *settings,
                      uint64_t name, int64_t now_us) {
    const struct rule *rule = &rules[kind];
    int64_t allowed = free_of(kind, settings);
    if (rule->window && (now_us - t->since_us >= rule->window || now_us < t->since_us) && t->wait_us <= now_us) {
        t->failures = 0;
        t->since_us = now_us;
    }
    if (t->failures < INT64_MAX)
        t->failures++;
    if (rule->close && t->failures >= rule->close)
        t->wait_us = INT64_MAX;
    else if (t->failures >= allowed)
        t->wait_us = plus(now_us, wait_after(rule, t->failures - allowed));
    if (kind == VS_THROTTLE_SOURCE)
        count_name(t, name, now_us);
    return t->failures == allowed || (rule->close && t->failures == rule->close);
}

void vs_throttle_forgive(struct vs_throttle *t) {
    if (t->failures > 0)
        t->failures--;
    if (t->wait_us != INT64_MAX)
        t->wait_us = 0;
}

int64_t vs_throttle_expiry(const struct vs_throttle *t, enum vs_throttle_kind kind, int64_t now_us) {
    const struct rule *rule = &rules[kind];
    if (t->wait_us == INT64_MAX)
        return plus(now_us, 30 * 24 * HOUR);
    return plus(t->wait_us > now_us ? t->wait_us : now_us, rule->kept);
}
