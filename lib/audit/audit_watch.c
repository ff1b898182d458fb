/* SPDX-License-Identifier: MIT */
/* The rules of detection, over rows in memory. */
#include "audit/audit_watch.h"
#include "util/alloc.h"
#include "util/error.h"
#include "vidstore/audit.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE INT64_C(60000000)

void vs_watch_prefix(const char *ip, char ret[48]) {
    unsigned char b[16];
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    snprintf(ret, 48, "%.45s", ip);
    if (inet_pton(AF_INET6, ip, b) != 1)
        return;
    if (memcmp(b, mapped, sizeof mapped) == 0)
        snprintf(ret, 48, "%d.%d.%d.%d", b[12], b[13], b[14], b[15]);
    else
        snprintf(ret, 48, "%x:%x:%x:%x::/64", b[0] << 8 | b[1], b[2] << 8 | b[3], b[4] << 8 | b[5], b[6] << 8 | b[7]);
}

void vs_watch_note(struct vs_watch *w, const char *rule, const char *entity, int is_user, int64_t at_us,
                   int64_t window_us, int64_t count) {
    int64_t window = window_us ? at_us - at_us % window_us : at_us;
    for (size_t i = 0; i < w->alert_count; i++) {
        struct vs_alert *old = &w->alerts[i];
        if (strcmp(old->rule, rule) == 0 && old->window_us == window && strncmp(old->entity, entity, 79) == 0) {
            old->count = count > old->count ? count : old->count;
            return;
        }
    }
    if (w->alert_count == VS_WATCH_ALERTS)
        return;
    struct vs_alert *alert = &w->alerts[w->alert_count++];
    *alert = (struct vs_alert){.rule = rule, .window_us = window, .at_us = at_us, .count = count, .is_user = is_user};
    snprintf(alert->entity, sizeof alert->entity, "%s", entity);
}

/* --- which events count for a rule ----------------------------------------------------------------------------- */

typedef int choose_fn(const struct vs_watched *row);

static int failed_login(const struct vs_watched *row) {
    return row->action == VIDSTORE_AUDIT_AUTH_FAILED && strcmp(row->noun, "user") == 0;
}

static int good_login(const struct vs_watched *row) {
    return row->action == VIDSTORE_AUDIT_USER_LOGIN && row->ok;
}

static int login(const struct vs_watched *row) {
    return failed_login(row) || good_login(row);
}

static int dead_credential(const struct vs_watched *row) {
    return row->action == VIDSTORE_AUDIT_AUTH_FAILED && strcmp(row->noun, "user") != 0;
}

static int denied(const struct vs_watched *row) {
    return row->action == VIDSTORE_AUDIT_ACCESS_DENIED;
}

static int deletion(const struct vs_watched *row) {
    static const int32_t actions[] = {VIDSTORE_AUDIT_JOB_DELETED,  VIDSTORE_AUDIT_VIDEO_DELETED,
                                      VIDSTORE_AUDIT_FILE_DELETED, VIDSTORE_AUDIT_JOB_PURGED,
                                      VIDSTORE_AUDIT_VIDEO_PURGED, VIDSTORE_AUDIT_FILE_PURGED};
    for (size_t i = 0; i < VS_COUNT(actions); i++)
        if (row->action == actions[i])
            return row->ok;
    return 0;
}

/* What is one's own. */
static int own_deletion(const struct vs_watched *row) {
    return deletion(row) && *row->actor && strcmp(row->actor, row->owner) == 0;
}

static int download(const struct vs_watched *row) {
    return row->action == VIDSTORE_AUDIT_FILE_DOWNLOADED && row->ok;
}

/* --- counting within a window ---------------------------------------------------------------------------------- */

enum text { NONE, BYTES, ACCOUNT, PREFIX, ACTOR, SOURCE, OBJECT };

/* Who acts, or where from when nobody is known. */
static const char *text_of(const struct vs_watched *row, enum text which) {
    switch (which) {
    case ACCOUNT:
        return row->account;
    case PREFIX:
        return row->prefix;
    case ACTOR:
        return row->actor;
    case SOURCE:
        return *row->actor ? row->actor : row->prefix;
    case OBJECT:
        return row->object;
    case NONE:
    case BYTES:
        break;
    }
    return "";
}

/* So many events of a kind about one entity, or so many different ones, or so many bytes, within a time. */
static const struct rule {
    const char *name;
    choose_fn *choose;
    enum text entity, distinct; /* distinct: what is counted; NONE: each */
    int64_t window_us, threshold;
} rules[] = {
    {"brute_force", failed_login, ACCOUNT, NONE, 10 * MINUTE, 10},
    {"spray", failed_login, PREFIX, ACCOUNT, 5 * MINUTE, 15},
    {"distributed_guessing", failed_login, ACCOUNT, PREFIX, 60 * MINUTE, 10},
    {"dead_credential", dead_credential, SOURCE, NONE, 10 * MINUTE, 3},
    {"denied", denied, SOURCE, NONE, 5 * MINUTE, 5},
    {"probing", denied, SOURCE, OBJECT, 5 * MINUTE, 20},
    {"mass_delete", deletion, ACTOR, NONE, 5 * MINUTE, 21},
    {"mass_download", download, ACTOR, OBJECT, 10 * MINUTE, 201},
    {"mass_download_bytes", download, ACTOR, BYTES, 10 * MINUTE, INT64_C(50) << 30},
    {VS_WATCH_SHARE, own_deletion, ACTOR, OBJECT, 5 * MINUTE, 10}, /* and then what is left is counted */
};

/* A row in a rule's list: entity by entity, each in the order of events. */
struct item {
    const struct vs_watched *row;
    const char *entity, *distinct;
    size_t at, earlier, later; /* where it stands, and its twins with the same entity and distinct value */
};

static int by_time(const void *a, const void *b) {
    const struct item *x = a, *y = b;
    int order = strcmp(x->entity, y->entity);
    return order ? order : (x->row->seq > y->row->seq) - (x->row->seq < y->row->seq);
}

static int by_distinct(const void *a, const void *b) {
    const struct item *x = *(const struct item *const *)a, *y = *(const struct item *const *)b;
    int order = strcmp(x->entity, y->entity);
    if (!order)
        order = strcmp(x->distinct, y->distinct);
    return order ? order : (x->at > y->at) - (x->at < y->at);
}

struct list {
    struct item *items;
    struct item **order;
    size_t count;
};

static void fill(const struct vs_watch *w, choose_fn *fn, enum text entity, enum text distinct, struct list *ret) {
    ret->count = 0;
    for (size_t i = 0; i < w->count; i++)
        if (fn(&w->rows[i]) && *text_of(&w->rows[i], entity))
            ret->items[ret->count++] = (struct item){
                &w->rows[i], text_of(&w->rows[i], entity), text_of(&w->rows[i], distinct), 0, SIZE_MAX, SIZE_MAX};
    qsort(ret->items, ret->count, sizeof *ret->items, by_time);
    for (size_t i = 0; i < ret->count; i++) {
        ret->items[i].at = i;
        ret->order[i] = &ret->items[i];
    }
    if (distinct <= BYTES)
        return;
    qsort(ret->order, ret->count, sizeof *ret->order, by_distinct);
    for (size_t i = 1; i < ret->count; i++) {
        struct item *x = ret->order[i - 1], *y = ret->order[i];
        if (strcmp(x->entity, y->entity) == 0 && strcmp(x->distinct, y->distinct) == 0) {
            x->later = y->at;
            y->earlier = x->at;
        }
    }
}

static int64_t amount(const struct rule *rule, const struct item *item) {
    return rule->distinct == BYTES ? item->row->bytes : item->row->weight;
}

/* A window that moves over the list: what comes in counts when its twin is not in it, and goes out likewise. */
static void count_within(struct vs_watch *w, const struct rule *rule, struct list *list) {
    size_t from = 0;
    int64_t sum = 0;
    fill(w, rule->choose, rule->entity, rule->distinct, list);
    for (size_t to = 0; to < list->count; to++) {
        const struct item *in = &list->items[to];
        for (; from < to && (strcmp(list->items[from].entity, in->entity) != 0 ||
                             in->row->at_us - list->items[from].row->at_us > rule->window_us);
             from++) {
            const struct item *out = &list->items[from];
            if (rule->distinct <= BYTES)
                sum -= amount(rule, out);
            else if (out->later == SIZE_MAX || out->later >= to)
                sum--;
        }
        if (rule->distinct <= BYTES)
            sum += amount(rule, in);
        else if (in->earlier == SIZE_MAX || in->earlier < from)
            sum++;
        if (sum >= rule->threshold && in->row->seq > w->after_seq)
            vs_watch_note(w, rule->name, in->entity,
                          rule->entity == ACCOUNT || rule->entity == ACTOR || *in->row->actor != '\0', in->row->at_us,
                          rule->window_us, sum);
    }
}

/* --- rules of their own ---------------------------------------------------------------------------------------- */

/* A login that succeeds within ten minutes after five or more that failed. */
static void success_after_failures(struct vs_watch *w, struct list *list) {
    enum { FAILURES = 5 };
    int64_t failures = 0;
    fill(w, login, ACCOUNT, NONE, list);
    for (size_t from = 0, to = 0; to < list->count; to++) {
        const struct item *in = &list->items[to];
        for (; from < to && (strcmp(list->items[from].entity, in->entity) != 0 ||
                             in->row->at_us - list->items[from].row->at_us > 10 * MINUTE);
             from++)
            failures -= failed_login(list->items[from].row) ? list->items[from].row->weight : 0;
        if (failed_login(in->row))
            failures += in->row->weight;
        else if (failures >= FAILURES && in->row->seq > w->after_seq)
            vs_watch_note(w, "success_after_failures", in->entity, 1, in->row->at_us, 10 * MINUTE, failures);
    }
}

/* Fifty accounts or more in ten minutes, nine of ten tries in vain, no more than three tries at each: a list of stolen
 * passwords. Looked at in steps of the window, from the last event backwards. */
static void stuffing(struct vs_watch *w, struct list *list) {
    enum { ACCOUNTS = 50, TRIES = 3 };
    int64_t end = w->count ? w->rows[w->count - 1].at_us : 0;
    for (int half = 0; half < 12; half++) {
        int64_t accounts = 0, tries = 0, failures = 0, most = 0, of_this = 0;
        int64_t until = end - half * 5 * MINUTE, since = until - 10 * MINUTE, last = 0, last_seq = 0;
        fill(w, login, ACCOUNT, NONE, list);
        const char *account = NULL;
        for (size_t i = 0; i < list->count; i++) {
            const struct item *in = &list->items[i];
            if (in->row->at_us <= since || in->row->at_us > until)
                continue;
            if (!account || strcmp(account, in->entity) != 0) {
                accounts++;
                of_this = 0;
                account = in->entity;
            }
            of_this += in->row->weight;
            tries += in->row->weight;
            failures += failed_login(in->row) ? in->row->weight : 0;
            most = of_this > most ? of_this : most;
            last = in->row->at_us > last ? in->row->at_us : last;
            last_seq = in->row->seq > last_seq ? in->row->seq : last_seq;
        }
        if (accounts >= ACCOUNTS && failures * 10 >= tries * 9 && most <= TRIES && last_seq > w->after_seq)
            vs_watch_note(w, "stuffing", "all", 0, last, 10 * MINUTE, accounts);
    }
}

/* One credential that comes from A, then B, then A within ten minutes: two people use it. */
static int acted(const struct vs_watched *row) {
    return *row->actor && *row->prefix;
}

static void changing_address(struct vs_watch *w, struct list *list) {
    fill(w, acted, ACTOR, NONE, list);
    const struct item *a = NULL, *b = NULL; /* the last ones of the two latest addresses */
    for (size_t i = 0; i < list->count; i++) {
        const struct item *in = &list->items[i];
        if (!b || strcmp(b->entity, in->entity) != 0 || strcmp(b->row->credential, in->row->credential) != 0) {
            a = NULL;
            b = in;
            continue;
        }
        if (strcmp(b->row->prefix, in->row->prefix) == 0) {
            b = in;
            continue;
        }
        if (a && strcmp(a->row->prefix, in->row->prefix) == 0 && in->row->at_us - a->row->at_us <= 10 * MINUTE &&
            in->row->seq > w->after_seq)
            vs_watch_note(w, "changing_address", in->entity, 1, in->row->at_us, 10 * MINUTE, 3);
        a = b;
        b = in;
    }
}

static int has_word(const char *text, size_t len, const char *word) {
    size_t n = strlen(word);
    for (const char *at = text; (at = memmem(at, len - (size_t)(at - text), word, n)); at += n)
        if ((at == text || strchr("\" ,", at[-1])) && strchr("\" ,", at[n]))
            return 1;
    return 0;
}

/* The details of a change have each field with its old and its new value. */
int vs_watch_raises_rights(const struct vs_watched *row) {
    const char *scopes = strstr(row->details, "\"scopes\":[");
    if (!row->ok || !*row->actor)
        return 0;
    if (row->action == VIDSTORE_AUDIT_ROLE_CHANGED)
        return strstr(row->details, "\"admin\"]") != NULL;
    if (!scopes || (row->action != VIDSTORE_AUDIT_API_KEY_CREATED && row->action != VIDSTORE_AUDIT_API_KEY_UPDATED))
        return 0;
    size_t len = strcspn(scopes, "]");
    return has_word(scopes, len, "iam") || has_word(scopes, len, "admin");
}

/* More rights, given by somebody who came in less than ten minutes ago. */
static void escalation(struct vs_watch *w) {
    for (size_t i = 0; i < w->count; i++) {
        const struct vs_watched *row = &w->rows[i];
        if (row->seq <= w->after_seq || !vs_watch_raises_rights(row))
            continue;
        for (size_t k = i; k-- > 0 && row->at_us - w->rows[k].at_us <= 10 * MINUTE;)
            if (good_login(&w->rows[k]) && strcmp(w->rows[k].account, row->actor) == 0) {
                vs_watch_note(w, "escalation", row->actor, 1, row->at_us, 10 * MINUTE, 1);
                break;
            }
    }
}

const char *vs_watch_says(const char *rule) {
    static const char *const words[][2] = {
        {"brute_force", "failed logins of one account"},
        {"success_after_failures", "failed logins before one that succeeded"},
        {"spray", "accounts tried from one address"},
        {"stuffing", "accounts tried, nearly all in vain"},
        {"distributed_guessing", "addresses from which one account was tried"},
        {"changing_address", "changes of address of one credential"},
        {"new_origin", "earlier logins, none from this address or with this agent"},
        {"dormant", "days without a login before this one"},
        {"dead_credential", "uses of keys that are unknown, expired or revoked"},
        {"denied", "refusals"},
        {"probing", "objects that were refused"},
        {"mass_delete", "objects deleted"},
        {"mass_download", "files read"},
        {"mass_download_bytes", "bytes read"},
        {"escalation", "rights raised soon after a login, or from a new address"},
        {"clock_back", "seconds by which the clock was put back"},
        {"late_checkpoint", "minutes without a checkpoint, and no proper close"},
        {"pruned_by_hand", "times that old events were removed by hand"},
        {"restored", "times that a backup took the store's place"},
        {"history_cut", "times that events were gone which had been there"},
        {"history_gap", "events missing in between"},
        {"refusals_lost", "refusals that could not be recorded"},
        {"canary", "times that something was touched that nobody has a reason to touch"},
        {"mass_delete_share", "objects deleted, more than a tenth of one's own"},
        {"unusual_download", "files read in an hour, ten times what is usual"},
        {"unusual_download_bytes", "bytes read in an hour, ten times what is usual"},
    };
    for (size_t i = 0; i < VS_COUNT(words); i++)
        if (strcmp(words[i][0], rule) == 0)
            return words[i][1];
    return rule;
}

int vs_watch_rules(struct vs_watch *w, vidstore_error **e) {
    vs_autofree struct item *items = vs_reallocarray(NULL, w->count + 1, sizeof *items);
    vs_autofree struct item **order = vs_reallocarray(NULL, w->count + 1, sizeof *order);
    struct list list = {items, order, 0};
    if (!items || !order)
        return vs_fail_nomem(e);
    for (size_t i = 0; i < VS_COUNT(rules); i++)
        count_within(w, &rules[i], &list);
    success_after_failures(w, &list);
    stuffing(w, &list);
    changing_address(w, &list);
    escalation(w);
    vs_watch_canaries(w);
    vs_watch_gaps(w);
    return 0;
}
