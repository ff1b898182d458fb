/* SPDX-License-Identifier: MIT */
/* Detection: what the latest events look like together. */
#ifndef VS_AUDIT_AUDIT_WATCH_H
#define VS_AUDIT_AUDIT_WATCH_H

#include "record/block.h"
#include "trail/chain.h"

#define VS_WATCH_SHARE "mass_delete_share"
enum { VS_WATCH_ENTITY = 80, VS_WATCH_ROWS = 100000, VS_WATCH_ALERTS = 200 };

/* One event as the rules see it. Texts are never NULL. */
struct vs_watched {
    int64_t seq, at_us, back_us;
    int64_t weight; /* how many tries it stands for */
    int64_t bytes;  /* that were handed out */
    int32_t action;
    int ok, chain;
    const char *noun, *error;
    const char *account; /* whom a login was for: an id, or a name that nobody has */
    const char *prefix;  /* of the address: all of IPv4, 64 bits of IPv6 */
    const char *agent;
    const char *actor; /* the user who acted; "" for the system and for nobody */
    const char *object, *owner, *credential;
    const char *details;
    int64_t position; /* in its chain; 0: not known */
};

/* The last event of a chain that a run had looked at; 0: not known. */
struct vs_mark {
    int64_t position, seq;
};

/* What nobody has a reason to touch. */
struct vs_canary {
    char id[37];
    int64_t since_seq; /* what happened to it up to here does not count */
    char noun[16];
};

struct vs_alert {
    const char *rule;
    char entity[VS_WATCH_ENTITY];
    int64_t window_us, at_us, count;
    int is_user; /* the entity is a user's id */
};

struct vs_watch {
    struct vs_block *block; /* of the texts */
    struct vs_watched *rows;
    size_t count;
    size_t whole;                     /* from this row on they are all events there are; before it only failures */
    const struct vs_canary *canaries; /* in the order of their ids */
    size_t canary_count;
    int64_t after_seq; /* up to here alerts were raised before: only what ends later is news */
    struct vs_mark marks[VS_CHAINS];
    struct vs_alert alerts[VS_WATCH_ALERTS];
    size_t alert_count;
};

/* The address without what a host can choose itself. */
void vs_watch_prefix(const char *ip, char ret[48]);
/* Runs the rules that need nothing but the rows (which are in the order of seq), and notes alerts. 0 or NOMEM. */
int vs_watch_rules(struct vs_watch *w, vidstore_error **e);
/* Some of these: that a canary was touched, and what the audit says of itself. */
void vs_watch_canaries(struct vs_watch *w);
void vs_watch_gaps(struct vs_watch *w);
/* The noun of the canary that an alert is about; NULL: it is about none. */
const char *vs_canary_noun(const struct vs_watch *w, const struct vs_alert *alert);
/* What a rule's count is of, in words. */
const char *vs_watch_says(const char *rule);
/* 1 when somebody was given more rights: the role of an admin, or a key for accounts. */
int vs_watch_raises_rights(const struct vs_watched *row);
/* entity: what the alert is about, is_user: a user's id. One alert is told for a rule and an entity in a window. */
void vs_watch_note(struct vs_watch *w, const char *rule, const char *entity, int is_user, int64_t at_us,
                   int64_t window_us, int64_t count);

#endif
