/* SPDX-License-Identifier: MIT */
/* The rules of detection: each one below its threshold, at it, and with a harmless twin. Group 56 of the attacks. */
#include "audit/audit_watch.h"
#include "util/alloc.h"
#include "vidstore/audit.h"
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE INT64_C(60000000)
#define SECOND INT64_C(1000000)
#define ANN    "00000000-0000-7000-8000-00000000000a"
#define BOB    "00000000-0000-7000-8000-00000000000b"

static struct vs_watch w;
static struct vs_watched rows[20000];
static char texts[20000][2][40];

static void setup(void) {
    memset(&w, 0, sizeof w);
    w.rows = rows;
}

static struct vs_watched *add(int32_t action, int ok, int64_t at) {
    struct vs_watched *row = &rows[w.count];
    *row = (struct vs_watched){.seq = (int64_t)++w.count,
                               .at_us = 100 * MINUTE + at,
                               .weight = 1,
                               .action = action,
                               .ok = ok,
                               .noun = "user",
                               .error = "",
                               .account = "",
                               .prefix = "",
                               .agent = "",
                               .actor = "",
                               .object = "",
                               .owner = "",
                               .credential = "",
                               .details = ""};
    return row;
}

/* A text of its own for the last row: of before, a number, and after. */
static const char *name(int which, const char *format, int n) {
    const char *at = strstr(format, "%d");
    snprintf(texts[w.count - 1][which], 40, "%.*s%d%s", (int)(at - format), format, n, at + 2);
    return texts[w.count - 1][which];
}

static void tried(const char *account, const char *prefix, int ok, int64_t at) {
    struct vs_watched *row = add(ok ? VIDSTORE_AUDIT_USER_LOGIN : VIDSTORE_AUDIT_AUTH_FAILED, ok, at);
    row->account = account;
    row->prefix = prefix;
    row->actor = ok ? account : "";
}

/* How many alerts a rule raised. */
static int alerts(const char *rule) {
    int count = 0;
    w.alert_count = 0;
    ck_assert_int_eq(vs_watch_rules(&w, NULL), 0);
    for (size_t i = 0; i < w.alert_count; i++)
        count += !rule || strcmp(w.alerts[i].rule, rule) == 0;
    return count;
}

START_TEST(group_56_brute_force) {
    for (int i = 0; i < 9; i++)
        tried(ANN, "192.0.2.1", 0, i * MINUTE);
    ck_assert_int_eq(alerts("brute_force"), 0);
    tried(ANN, "192.0.2.2", 0, 9 * MINUTE);
    ck_assert_int_eq(alerts("brute_force"), 1);
    ck_assert_str_eq(w.alerts[0].entity, ANN);
    ck_assert_int_eq(w.alerts[0].count, 10);
    setup(); /* somebody who forgot, over an hour */
    for (int i = 0; i < 30; i++)
        tried(ANN, "192.0.2.1", 0, i * 2 * MINUTE);
    ck_assert_int_eq(alerts("brute_force"), 0);
    setup(); /* ten people, each once */
    for (int i = 0; i < 10; i++) {
        tried("", "192.0.2.1", 0, i);
        rows[w.count - 1].account = name(0, "user%d", i);
    }
    ck_assert_int_eq(alerts("brute_force"), 0);
}
END_TEST

START_TEST(group_56_repeated_ones_count) {
    tried(ANN, "192.0.2.1", 0, 0);
    rows[0].weight = 9;
    ck_assert_int_eq(alerts("brute_force"), 0);
    rows[0].weight = 10;
    ck_assert_int_eq(alerts("brute_force"), 1);
}
END_TEST

START_TEST(group_56_success_after_failures) {
    for (int i = 0; i < 4; i++)
        tried(ANN, "192.0.2.1", 0, i * SECOND);
    tried(ANN, "192.0.2.1", 1, 5 * SECOND);
    ck_assert_int_eq(alerts("success_after_failures"), 0);
    setup();
    for (int i = 0; i < 5; i++)
        tried(ANN, "192.0.2.1", 0, i * SECOND);
    ck_assert_int_eq(alerts("success_after_failures"), 0);
    tried(BOB, "192.0.2.1", 1, 6 * SECOND); /* somebody else */
    ck_assert_int_eq(alerts("success_after_failures"), 0);
    tried(ANN, "192.0.2.1", 1, 7 * SECOND);
    ck_assert_int_eq(alerts("success_after_failures"), 1);
    setup(); /* later */
    for (int i = 0; i < 5; i++)
        tried(ANN, "192.0.2.1", 0, i * SECOND);
    tried(ANN, "192.0.2.1", 1, 11 * MINUTE);
    ck_assert_int_eq(alerts("success_after_failures"), 0);
}
END_TEST

START_TEST(group_56_spray) {
    for (int i = 0; i < 14; i++) {
        tried("", "192.0.2.1", 0, i * SECOND);
        rows[w.count - 1].account = name(0, "user%d", i);
    }
    for (int i = 0; i < 20; i++) /* the same again is no other account */
        tried("user3", "192.0.2.1", 0, (20 + i) * SECOND);
    ck_assert_int_eq(alerts("spray"), 0);
    tried("user14", "192.0.2.1", 0, 50 * SECOND);
    ck_assert_int_eq(alerts("spray"), 1);
    ck_assert_str_eq(w.alerts[w.alert_count - 1].entity, "192.0.2.1");
    setup(); /* an office behind one address, over the morning */
    for (int i = 0; i < 60; i++) {
        tried("", "192.0.2.1", 0, i * 25 * SECOND);
        rows[w.count - 1].account = name(0, "user%d", i);
    }
    ck_assert_int_eq(alerts("spray"), 0);
}
END_TEST

START_TEST(group_56_stuffing) {
    for (int i = 0; i < 49; i++) {
        tried("", "", 0, i * SECOND);
        rows[w.count - 1].account = name(0, "user%d", i);
        rows[w.count - 1].prefix = name(1, "10.0.0.%d", i);
    }
    ck_assert_int_eq(alerts("stuffing"), 0);
    tried("user49", "10.0.1.1", 0, 50 * SECOND);
    ck_assert_int_eq(alerts("stuffing"), 1);
    for (int i = 0; i < 6; i++) /* more than one in ten succeed: Monday morning */
        tried("", "10.0.2.1", 1, (51 + i) * SECOND), rows[w.count - 1].account = name(0, "good%d", i);
    ck_assert_int_eq(alerts("stuffing"), 0);
    setup();
    for (int i = 0; i < 50; i++)
        for (int k = 0; k < 4; k++) { /* four tries at each: people, not a list */
            tried("", "", 0, i * SECOND);
            rows[w.count - 1].account = name(0, "user%d", i);
        }
    ck_assert_int_eq(alerts("stuffing"), 0);
}
END_TEST

START_TEST(group_56_distributed_guessing) {
    for (int i = 0; i < 9; i++) {
        tried(ANN, "", 0, i * 6 * MINUTE);
        rows[w.count - 1].prefix = name(1, "10.0.%d.1", i);
    }
    tried(ANN, "10.0.3.1", 0, 55 * MINUTE);
    ck_assert_int_eq(alerts("distributed_guessing"), 0);
    tried(ANN, "10.9.9.9", 0, 56 * MINUTE);
    ck_assert_int_eq(alerts("distributed_guessing"), 1);
    setup(); /* a traveller: as many, over a day */
    for (int i = 0; i < 20; i++) {
        tried(ANN, "", 0, i * 60 * MINUTE);
        rows[w.count - 1].prefix = name(1, "10.0.%d.1", i);
    }
    ck_assert_int_eq(alerts("distributed_guessing"), 0);
}
END_TEST

static void was_denied(const char *actor, int object, int64_t at) {
    struct vs_watched *row = add(VIDSTORE_AUDIT_ACCESS_DENIED, 0, at);
    row->actor = actor;
    row->object = name(0, "o%d", object);
}

START_TEST(group_56_denied_and_probing) {
    for (int i = 0; i < 4; i++)
        was_denied(ANN, 1, i * SECOND);
    ck_assert_int_eq(alerts("denied"), 0);
    was_denied(ANN, 1, 5 * SECOND);
    ck_assert_int_eq(alerts("denied"), 1);
    for (int i = 2; i < 20; i++)
        was_denied(ANN, i, 6 * SECOND);
    ck_assert_int_eq(alerts("probing"), 0);
    was_denied(ANN, 20, 7 * SECOND);
    ck_assert_int_eq(alerts("probing"), 1);
    setup(); /* five people, once each; and one of them again later */
    for (int i = 0; i < 5; i++)
        was_denied("", 1, i), rows[w.count - 1].actor = name(1, "u%d", i);
    for (int i = 0; i < 4; i++)
        was_denied("u1", 1, (i + 1) * 6 * MINUTE);
    ck_assert_int_eq(alerts("denied"), 0);
}
END_TEST

START_TEST(group_56_mass_delete_and_download) {
    for (int i = 0; i < 20; i++)
        add(VIDSTORE_AUDIT_FILE_DELETED, 1, i * SECOND)->actor = ANN;
    ck_assert_int_eq(alerts("mass_delete"), 0);
    add(VIDSTORE_AUDIT_VIDEO_PURGED, 0, 21 * SECOND)->actor = ANN; /* was refused */
    ck_assert_int_eq(alerts("mass_delete"), 0);
    add(VIDSTORE_AUDIT_VIDEO_PURGED, 1, 21 * SECOND)->actor = ANN;
    ck_assert_int_eq(alerts("mass_delete"), 1);
    setup(); /* the upkeep removes as much as it wants */
    for (int i = 0; i < 100; i++)
        add(VIDSTORE_AUDIT_FILE_DELETED, 1, i * SECOND);
    ck_assert_int_eq(alerts("mass_delete"), 0);
    for (int i = 0; i < 400; i++) { /* one file again and again: a player */
        struct vs_watched *row = add(VIDSTORE_AUDIT_FILE_DOWNLOADED, 1, 100 * SECOND + i);
        row->actor = ANN;
        row->object = "one";
    }
    for (int i = 1; i < 200; i++) {
        struct vs_watched *row = add(VIDSTORE_AUDIT_FILE_DOWNLOADED, 1, 110 * SECOND + i);
        row->actor = ANN;
        row->object = name(0, "o%d", i);
    }
    ck_assert_int_eq(alerts("mass_download"), 0);
    struct vs_watched *row = add(VIDSTORE_AUDIT_FILE_DOWNLOADED, 1, 120 * SECOND);
    row->actor = ANN;
    row->object = "another";
    ck_assert_int_eq(alerts("mass_download"), 1);
}
END_TEST

START_TEST(group_56_dead_credentials) {
    for (int i = 0; i < 2; i++) {
        struct vs_watched *row = add(VIDSTORE_AUDIT_AUTH_FAILED, 0, i * MINUTE);
        row->noun = "key";
        row->prefix = "192.0.2.1";
    }
    ck_assert_int_eq(alerts("dead_credential"), 0);
    rows[1].weight = 2;
    ck_assert_int_eq(alerts("dead_credential"), 1);
    ck_assert_int_eq(alerts("brute_force"), 0);
    rows[1].weight = 1; /* a job that runs each hour with an old key */
    struct vs_watched *row = add(VIDSTORE_AUDIT_AUTH_FAILED, 0, 60 * MINUTE);
    row->noun = "key";
    row->prefix = "192.0.2.1";
    ck_assert_int_eq(alerts("dead_credential"), 0);
}
END_TEST

static void acts_from(const char *credential, const char *prefix, int64_t at) {
    struct vs_watched *row = add(VIDSTORE_AUDIT_FILE_UPDATED, 1, at);
    row->actor = ANN;
    row->credential = credential;
    row->prefix = prefix;
}

START_TEST(group_56_changing_address) {
    acts_from("k", "10.0.0.1", 0);
    acts_from("k", "10.0.0.2", MINUTE); /* at home, then on the way: no way back */
    ck_assert_int_eq(alerts("changing_address"), 0);
    acts_from("k", "10.0.0.1", 2 * MINUTE);
    ck_assert_int_eq(alerts("changing_address"), 1);
    setup(); /* two devices with a login each */
    for (int i = 0; i < 10; i++)
        acts_from(i < 5 ? "k" : "l", i < 5 ? "10.0.0.1" : "10.0.0.2", i * SECOND);
    ck_assert_int_eq(alerts("changing_address"), 0);
    setup(); /* the same, slowly: a VPN that is on in the evening */
    acts_from("k", "10.0.0.1", 0);
    acts_from("k", "10.0.0.2", 9 * MINUTE);
    acts_from("k", "10.0.0.1", 18 * MINUTE);
    ck_assert_int_eq(alerts("changing_address"), 0);
}
END_TEST

START_TEST(group_56_escalation) {
    tried(ANN, "10.0.0.1", 1, 0);
    struct vs_watched *row = add(VIDSTORE_AUDIT_ROLE_CHANGED, 1, 11 * MINUTE);
    row->actor = ANN;
    row->details = "{\"role\":[\"user\",\"admin\"]}";
    ck_assert_int_eq(alerts("escalation"), 0); /* long after the login */
    row->at_us = 100 * MINUTE + 9 * MINUTE;
    ck_assert_int_eq(alerts("escalation"), 1);
    row->details = "{\"role\":[\"admin\",\"user\"]}";
    ck_assert_int_eq(alerts("escalation"), 0);
}
END_TEST

static void raised(const char *actor, int32_t action, const char *details, int64_t at) {
    struct vs_watched *row = add(action, 1, at);
    row->actor = actor;
    row->details = details;
}

START_TEST(group_56_escalation_by_key) {
    static const char iam[] = "{\"name\":[null,\"x\"],\"scopes\":[null,\"read iam\"]}",
                      admin[] = "{\"scopes\":[\"read\",\"admin\"]}",
                      read[] = "{\"scopes\":[null,\"read\"],\"name\":[null,\"iam admin\"]}",
                      like[] = "{\"scopes\":[null,\"iamx administration\"]}";
    static const struct {
        const char *details;
        int32_t action;
        int64_t after;
        int alerts;
    } cases[] = {
        {iam, VIDSTORE_AUDIT_API_KEY_CREATED, 10 * MINUTE, 1},
        {iam, VIDSTORE_AUDIT_API_KEY_CREATED, 10 * MINUTE + 1, 0},
        {admin, VIDSTORE_AUDIT_API_KEY_UPDATED, MINUTE, 1},
        {read, VIDSTORE_AUDIT_API_KEY_CREATED, MINUTE, 0},
        {like, VIDSTORE_AUDIT_API_KEY_CREATED, MINUTE, 0},
        {iam, VIDSTORE_AUDIT_API_KEY_REVOKED, MINUTE, 0},
    };
    for (size_t i = 0; i < VS_COUNT(cases); i++) {
        setup();
        tried(ANN, "192.0.2.1", 1, 0);
        raised(ANN, cases[i].action, cases[i].details, cases[i].after);
        ck_assert_int_eq(alerts("escalation"), cases[i].alerts);
    }
    setup(); /* somebody else came in */
    tried(BOB, "192.0.2.1", 1, 0);
    raised(ANN, VIDSTORE_AUDIT_API_KEY_CREATED, iam, MINUTE);
    ck_assert_int_eq(alerts("escalation"), 0);
}
END_TEST

static void read_bytes(const char *actor, int64_t bytes, int64_t at) {
    struct vs_watched *row = add(VIDSTORE_AUDIT_FILE_DOWNLOADED, 1, at);
    row->actor = actor;
    row->object = BOB;
    row->bytes = bytes;
}

START_TEST(group_56_mass_download_of_bytes) {
    const int64_t gib = INT64_C(1) << 30;
    read_bytes(ANN, 25 * gib, 0);
    read_bytes(ANN, 25 * gib - 1, 10 * MINUTE);
    ck_assert_int_eq(alerts("mass_download_bytes"), 0);
    read_bytes(ANN, 1, 10 * MINUTE);
    ck_assert_int_eq(alerts("mass_download_bytes"), 1);
    ck_assert_int_eq(w.alerts[0].count, 50 * gib);
    setup(); /* a nightly job that takes its time */
    for (int i = 0; i < 20; i++)
        read_bytes(ANN, 24 * gib, i * 6 * MINUTE);
    ck_assert_int_eq(alerts("mass_download_bytes"), 0);
    setup(); /* two people */
    read_bytes(ANN, 49 * gib, 0);
    read_bytes(BOB, 49 * gib, 0);
    ck_assert_int_eq(alerts("mass_download_bytes"), 0);
}
END_TEST

START_TEST(group_56_the_audits_own) {
    add(VIDSTORE_AUDIT_PRUNED, 1, 0)->details = "{\"chain\":\"system\",\"by\":\"settings\"}";
    ck_assert_int_eq(alerts(NULL), 0);
    add(VIDSTORE_AUDIT_PRUNED, 1, 1)->details = "{\"chain\":\"system\",\"by\":\"call\"}";
    ck_assert_int_eq(alerts("pruned_by_hand"), 1);
    setup();
    add(VIDSTORE_AUDIT_BACKUP, 1, 0);
    ck_assert_int_eq(alerts(NULL), 0);
    add(VIDSTORE_AUDIT_RESTORED, 1, 1);
    ck_assert_int_eq(alerts("restored"), 1);
}
END_TEST

START_TEST(group_56_lost_refusals) {
    was_denied(ANN, 1, 0);
    rows[0].details = "{\"repeated\":3}";
    struct vs_watched *row = add(VIDSTORE_AUDIT_HOST_EVENT, 1, 1); /* the host may say what it likes */
    row->details = "{\"unrecorded\":5}";
    ck_assert_int_eq(alerts("refusals_lost"), 0);
    rows[0].details = "{\"repeated\":3,\"unrecorded\":0}";
    ck_assert_int_eq(alerts("refusals_lost"), 0);
    rows[0].details = "{\"repeated\":3,\"unrecorded\":1}";
    ck_assert_int_eq(alerts("refusals_lost"), 1);
}
END_TEST

START_TEST(group_56_holes) {
    static const int chains[] = {VIDSTORE_AUDIT_CHAIN_SECURITY, VIDSTORE_AUDIT_CHAIN_ACTIVITY};
    for (int i = 0; i < 10; i++) {
        struct vs_watched *row = add(VIDSTORE_AUDIT_HOST_EVENT, 1, i);
        row->chain = chains[i % 2];
        row->position = 100 * (i % 2) + i / 2 + 1;
    }
    ck_assert_int_eq(alerts("history_gap"), 0);
    rows[8].position += 2; /* two of the first chain are not there */
    ck_assert_int_eq(alerts("history_gap"), 1);
    ck_assert_str_eq(w.alerts[0].entity, "security");
    ck_assert_int_eq(w.alerts[0].count, 2);
    w.whole = 8; /* before it stand failures alone: holes are nothing */
    ck_assert_int_eq(alerts("history_gap"), 0);
    w.whole = 0;
    w.after_seq = 9; /* was looked at: it came to be since, or has the same key as what was told */
    ck_assert_int_eq(alerts("history_gap"), 1);
}
END_TEST

START_TEST(group_56_holes_between_two_runs) {
    for (int i = 0; i < 3; i++) {
        struct vs_watched *row = add(VIDSTORE_AUDIT_HOST_EVENT, 1, i);
        row->chain = VIDSTORE_AUDIT_CHAIN_SECURITY;
        row->position = 41 + i;
    }
    ck_assert_int_eq(alerts("history_gap"), 0); /* nothing is known of what was before */
    w.marks[VIDSTORE_AUDIT_CHAIN_SECURITY].position = 40;
    ck_assert_int_eq(alerts("history_gap"), 0);
    w.marks[VIDSTORE_AUDIT_CHAIN_SECURITY].position = 39;
    ck_assert_int_eq(alerts("history_gap"), 1);
    ck_assert_int_eq(w.alerts[0].count, 1);
    w.after_seq = 1; /* the first of them was seen by the run before */
    w.marks[VIDSTORE_AUDIT_CHAIN_SECURITY].position = 41;
    ck_assert_int_eq(alerts("history_gap"), 0);
    w.marks[VIDSTORE_AUDIT_CHAIN_SECURITY].position = 39;
    w.after_seq = 0;
    w.whole = 3;
    ck_assert_int_eq(alerts("history_gap"), 0);
}
END_TEST

START_TEST(group_56_canaries) {
    static const struct vs_canary list[] = {{ANN, 1}, {BOB, 0}};
    static const char bulk[] = "{\"ids\":[\"00000000-0000-7000-8000-00000000000c\",\"" BOB "\"],\"count\":2}";
    w.canaries = list;
    w.canary_count = 2;
    add(VIDSTORE_AUDIT_FILE_UPLOADED, 1, 0)->object = ANN; /* before it was one */
    add(VIDSTORE_AUDIT_CANARY_SET, 1, 1)->object = ANN;
    add(VIDSTORE_AUDIT_ALERT, 1, 2)->object = ANN;
    add(VIDSTORE_AUDIT_FILE_VERIFIED, 1, 3)->object = ANN;
    was_denied("", 1, 4); /* another */
    ck_assert_int_eq(alerts("canary"), 0);
    was_denied("", 1, 5);
    rows[w.count - 1].object = ANN;
    ck_assert_int_eq(alerts("canary"), 1);
    add(VIDSTORE_AUDIT_FILE_DOWNLOADED, 1, 6)->object = ANN; /* the same is told once */
    add(VIDSTORE_AUDIT_JOB_CREATED, 1, 7)->credential = BOB;
    ck_assert_int_eq(alerts("canary"), 2);
    setup();
    w.canaries = list;
    w.canary_count = 2;
    add(VIDSTORE_AUDIT_JOB_UPDATED, 1, 0)->details = bulk;
    ck_assert_int_eq(alerts("canary"), 1);
    rows[0].object = "something"; /* its own details, not a list of ids */
    ck_assert_int_eq(alerts("canary"), 0);
    rows[0].object = "";
    rows[0].details = "{\"ids\":[\"" BOB;
    ck_assert_int_eq(alerts("canary"), 0);
}
END_TEST

START_TEST(group_56_own_deletions) {
    for (int i = 0; i < 30; i++) { /* the same ones removed and purged count once */
        struct vs_watched *row = add(i < 9 ? VIDSTORE_AUDIT_JOB_DELETED : VIDSTORE_AUDIT_JOB_PURGED, 1, i);
        row->actor = row->owner = ANN;
        row->object = name(0, "o%d", i % 9);
    }
    ck_assert_int_eq(alerts("mass_delete_share"), 0);
    struct vs_watched *row = add(VIDSTORE_AUDIT_JOB_DELETED, 1, 30);
    row->actor = ANN;
    row->object = "another";
    row->owner = BOB;
    ck_assert_int_eq(alerts("mass_delete_share"), 0);
    row->owner = ANN;
    ck_assert_int_eq(alerts("mass_delete_share"), 1);
}
END_TEST

START_TEST(every_rule_has_words) {
    static const char *const rules[] = {"brute_force",
                                        "success_after_failures",
                                        "spray",
                                        "stuffing",
                                        "denied",
                                        "distributed_guessing",
                                        "changing_address",
                                        "new_origin",
                                        "dormant",
                                        "probing",
                                        "dead_credential",
                                        "mass_delete",
                                        "mass_download",
                                        "mass_download_bytes",
                                        "escalation",
                                        "clock_back",
                                        "late_checkpoint",
                                        "pruned_by_hand",
                                        "restored",
                                        "history_cut",
                                        "history_gap",
                                        "refusals_lost",
                                        "canary",
                                        "mass_delete_share",
                                        "unusual_download",
                                        "unusual_download_bytes"};
    for (size_t i = 0; i < VS_COUNT(rules); i++)
        ck_assert_str_ne(vs_watch_says(rules[i]), rules[i]);
}
END_TEST

START_TEST(group_56_clock) {
    add(VIDSTORE_AUDIT_FILE_UPDATED, 1, 0)->back_us = 5 * SECOND;
    ck_assert_int_eq(alerts("clock_back"), 0);
    add(VIDSTORE_AUDIT_FILE_UPDATED, 1, 0)->back_us = 5 * SECOND + 1;
    ck_assert_int_eq(alerts("clock_back"), 1);
}
END_TEST

START_TEST(group_56_what_was_told_is_not_told_again) {
    for (int i = 0; i < 200; i++)
        tried(ANN, "192.0.2.1", 0, i * 10);
    ck_assert_int_eq(alerts("brute_force"), 1); /* one in a window, however many */
    w.after_seq = 200;
    ck_assert_int_eq(alerts(NULL), 0);
    tried(ANN, "192.0.2.1", 0, 3000);
    ck_assert_int_eq(alerts("brute_force"), 1);
}
END_TEST

START_TEST(group_56_a_flood_is_bounded) {
    for (int i = 0; i < 19000; i++) {
        tried("", "", 0, i * 1000);
        rows[w.count - 1].account = name(0, "user%d", i / 12);
        rows[w.count - 1].prefix = name(1, "10.0.0.%d", i % 250);
    }
    alerts(NULL);
    ck_assert_uint_le(w.alert_count, VS_WATCH_ALERTS);
}
END_TEST

START_TEST(prefixes) {
    static const char *const pairs[][2] = {{"192.0.2.1", "192.0.2.1"},
                                           {"::ffff:192.0.2.1", "192.0.2.1"},
                                           {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
                                           {"2001:db8:1:2::9", "2001:db8:1:2::/64"},
                                           {"no address", "no address"},
                                           {"", ""}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char prefix[48];
        vs_watch_prefix(pairs[i][0], prefix);
        ck_assert_str_eq(prefix, pairs[i][1]);
    }
}
END_TEST

Suite *audit_watch_suite(void);
Suite *audit_watch_suite(void) {
    Suite *suite = suite_create("audit_watch");
    TCase *tests = tcase_create("rules");
    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_add_test(tests, group_56_brute_force);
    tcase_add_test(tests, group_56_repeated_ones_count);
    tcase_add_test(tests, group_56_success_after_failures);
    tcase_add_test(tests, group_56_spray);
    tcase_add_test(tests, group_56_stuffing);
    tcase_add_test(tests, group_56_distributed_guessing);
    tcase_add_test(tests, group_56_denied_and_probing);
    tcase_add_test(tests, group_56_mass_delete_and_download);
    tcase_add_test(tests, group_56_dead_credentials);
    tcase_add_test(tests, group_56_changing_address);
    tcase_add_test(tests, group_56_escalation);
    tcase_add_test(tests, group_56_escalation_by_key);
    tcase_add_test(tests, group_56_mass_download_of_bytes);
    tcase_add_test(tests, group_56_the_audits_own);
    tcase_add_test(tests, group_56_lost_refusals);
    tcase_add_test(tests, group_56_holes);
    tcase_add_test(tests, group_56_holes_between_two_runs);
    tcase_add_test(tests, group_56_canaries);
    tcase_add_test(tests, group_56_own_deletions);
    tcase_add_test(tests, every_rule_has_words);
    tcase_add_test(tests, group_56_clock);
    tcase_add_test(tests, group_56_what_was_told_is_not_told_again);
    tcase_add_test(tests, group_56_a_flood_is_bounded);
    tcase_add_test(tests, prefixes);
    suite_add_tcase(suite, tests);
    return suite;
}
