/* SPDX-License-Identifier: MIT */
/* The chains of the audit under attack: what is changed in the file is found, and the first bad event named. The
 * numbers are those of the groups of attacks. */
#include "harness.h"
#include <fcntl.h>
#include <sqlite3.h>
#include <vidstore/query.h>

enum { SEGMENT = 4096 };

static void close_all(void) {
    vidstore_session_free(sys);
    vidstore_close(store);
    sys = NULL;
    store = NULL;
}

static void open_with_key(const char *key) {
    vidstore_open_params *p = vidstore_open_params_new();
    vidstore_open_params_set_text(p, VIDSTORE_OPEN_DURABILITY, "relaxed");
    vidstore_open_params_set_text(p, VIDSTORE_OPEN_AUDIT_KEY, key);
    must(vidstore_open(place, p, &store, e));
    vidstore_open_params_free(p);
    must(vidstore_session_system(store, "test", &sys, e));
}

/* Changes the closed store by hand, without the triggers in the way, and opens it again. */
static void forge(const char *sql) {
    char path[128], *message = NULL;
    sqlite3 *raw = NULL;
    snprintf(path, sizeof path, "%s/store.db", place);
    close_all();
    ck_assert_int_eq(sqlite3_open(path, &raw), SQLITE_OK);
    sqlite3_exec(raw,
                 "DROP TRIGGER IF EXISTS audit_events_fixed; DROP TRIGGER IF EXISTS audit_events_kept;"
                 "DROP TRIGGER IF EXISTS audit_checkpoints_fixed; DROP TRIGGER IF EXISTS audit_checkpoints_kept",
                 NULL, NULL, NULL);
    sqlite3_exec(raw, sql, NULL, NULL, &message);
    ck_assert_msg(!message, "%s: %s", sql, message);
    sqlite3_close(raw);
    open_with_key(NULL);
}

static void record(int count) {
    for (int i = 0; i < count;) {
        must(vidstore_begin(sys, 0, e));
        for (int part = 0; part < 500 && i < count; part++, i++) /* within its age, under a sanitizer too */
            must(vidstore_audit_record(sys, "host", NULL, "an event", "{\"n\":1}", e));
        must(vidstore_commit(sys, e));
    }
}

static char *verify(const char *anchor) {
    vidstore_text *text = NULL;
    must(vidstore_audit_verify(sys, anchor, &text, e));
    char *copy = strdup(vidstore_text_data(text));
    vidstore_text_free(text);
    return copy;
}

static void holds(const char *anchor) {
    char *report = verify(anchor);
    ck_assert_msg(strstr(report, "{\"verdict\":\"ok\"") == report, "%s", report);
    free(report);
}

/* Expects the first finding to be of a code, at a position (0: any). */
static void finds(const char *anchor, const char *code, int position) {
    char *report = verify(anchor), want[64];
    const char *first = strstr(report, "\"findings\":[{");
    ck_assert_msg(strstr(report, "{\"verdict\":\"broken\"") == report, "%s: %s", code, report);
    ck_assert_ptr_nonnull(first);
    snprintf(want, sizeof want, "{\"code\":\"%s\"", code);
    ck_assert_msg(strncmp(first + 12, want, strlen(want)) == 0, "not %s first: %s", code, report);
    snprintf(want, sizeof want, "\"position\":%d,", position);
    char *end = strchr(first, '}');
    const char *at = position ? strstr(first, want) : first;
    ck_assert_msg(at && at < end, "not at %d: %s", position, report);
    free(report);
}

static char *checkpoint(void) {
    vidstore_text *text = NULL;
    must(vidstore_audit_checkpoint(sys, &text, e));
    char *copy = strdup(vidstore_text_data(text));
    vidstore_text_free(text);
    return copy;
}

START_TEST(an_honest_store_holds) {
    holds(NULL);
    add_user("ann", VIDSTORE_ROLE_USER);
    record(20);
    holds(NULL);
    char *anchor = checkpoint();
    holds(anchor);
    record(20);
    close_all();
    open_with_key(NULL);
    holds(anchor);
    free(anchor);
}
END_TEST

START_TEST(undone_levels_leave_no_hole) {
    must(vidstore_begin(sys, 0, e));
    for (int i = 0; i < 20; i++) {
        must(vidstore_begin(sys, 0, e));
        must(vidstore_audit_record(sys, "host", NULL, "an event", NULL, e));
        must(i % 3 ? vidstore_commit(sys, e) : vidstore_rollback(sys, e));
    }
    must(vidstore_commit(sys, e));
    ck_assert_int_eq(events("noun = host"), 13);
    holds(NULL);
}
END_TEST

/* Group 48: one field of one event; each of them. */
static const char *const edits[] = {
    "created_us = created_us + 1", "action = 12", "noun = 'hose'", "object_id = x'00112233445566778899aabbccddeeff'",
    "owner_id = x'00112233445566778899aabbccddeeff'", "user_id = NULL", "success = 0", "error = 'IO'", "actor = 'user'",
    "actor_name = 'tess'", "actor_name = NULL", "ip = '192.0.2.1'", "user_agent = 'x'", "request_id = 'r'",
    "device = 'd'", "details = '{\"n\":2}'", "details = NULL", "description = 'an evenT'", "object_name = 'o'",
    "severity = 5", "back_us = 1", "method = 'key'", "credential_id = x'00112233445566778899aabbccddeeff'",
    "hash = zeroblob(32)", "hash = NULL", "hash = x'00'", "id = randomblob(16)", "actor_salt = zeroblob(16)",
    "object_salt = NULL", "object_salt = zeroblob(32)",
    /* bytes moved from one field to the next */
    "description = 'n event', object_name = 'a'", "actor_name = 'tes', ip = 't'"};

START_TEST(group_48_an_edited_field) {
    char sql[256];
    record(9);
    snprintf(sql, sizeof sql, "UPDATE audit_events SET %s WHERE chain = 2 AND position = 5", edits[_i]);
    forge(sql);
    finds(NULL, "edited", 5);
}
END_TEST

static const struct {
    const char *sql, *code;
    int position;
} moves[] = {
    {"DELETE FROM audit_events WHERE chain = 2 AND position = 5", "missing", 5},
    {"DELETE FROM audit_events WHERE chain = 2 AND position = 1", "missing", 1},
    {"DELETE FROM audit_events WHERE chain = 2 AND position < 9", "missing", 1},
    /* taken out, and the gap closed */
    {"DELETE FROM audit_events WHERE chain = 2 AND position = 5;"
     "UPDATE audit_events SET position = position - 1 WHERE chain = 2 AND position = 6;"
     "UPDATE audit_events SET position = position - 1 WHERE chain = 2 AND position = 7;"
     "UPDATE audit_events SET position = position - 1 WHERE chain = 2 AND position = 8;"
     "UPDATE audit_events SET position = position - 1 WHERE chain = 2 AND position = 9",
     "edited", 5},
    /* two swapped: their places, or all but their places */
    {"UPDATE audit_events SET position = 99 WHERE chain = 2 AND position = 4;"
     "UPDATE audit_events SET position = 4 WHERE chain = 2 AND position = 5;"
     "UPDATE audit_events SET position = 5 WHERE chain = 2 AND position = 99",
     "missing", 4},
    {"UPDATE audit_events SET seq = 999 WHERE chain = 2 AND position = 4", "missing", 4},
    /* doubled, put in at the end, and into a chain of its own */
    {"INSERT INTO audit_events (id, created_us, action, noun, success, actor, chain, position, hash) SELECT "
     "randomblob(16), created_us, action, noun, success, actor, chain, position + 1, hash FROM audit_events WHERE "
     "chain = 2 AND position = 9",
     "edited", 10},
    {"INSERT INTO audit_events (id, created_us, action, noun, success, actor, chain, position) SELECT "
     "randomblob(16), created_us, action, noun, success, actor, 7, 1 FROM audit_events LIMIT 1",
     "chain", 1},
    {"INSERT INTO audit_events (id, created_us, action, noun, success, actor, chain, position) SELECT "
     "randomblob(16), created_us, action, noun, success, actor, 0, 1 FROM audit_events LIMIT 1",
     "chain", 1},
    {"UPDATE audit_events SET chain = 1, position = 1 WHERE chain = 2 AND position = 9", "chain", 1},
    /* the beginning */
    {"DELETE FROM audit_chains", "chain", 1},
    {"UPDATE audit_chains SET format = 2", "chain", 0},
    {"UPDATE audit_chains SET id = randomblob(16)", "edited", 1},
};

START_TEST(group_48_moved_events) {
    record(9);
    forge(moves[_i].sql);
    finds(NULL, moves[_i].code, moves[_i].position);
}
END_TEST

/* Group 49: the end is cut. The store's own checkpoint, made at its close, tells. */
START_TEST(group_49_a_cut_end) {
    char sql[128];
    record(20);
    snprintf(sql, sizeof sql, "DELETE FROM audit_events WHERE chain = 2 AND position > %d", 20 - _i);
    forge(sql);
    if (_i)
        finds(NULL, "truncated", 21 - _i);
    else
        holds(NULL);
    record(1); /* and it goes on */
    if (_i == 1)
        finds(NULL, "root", 20);
    else if (_i)
        finds(NULL, "truncated", 0);
}
END_TEST

/* The checkpoints go as well: only one that was kept elsewhere tells. */
START_TEST(group_49_a_cut_end_and_its_checkpoints) {
    record(10);
    close_all();
    open_with_key(NULL);
    record(10);
    char *anchor = checkpoint();
    forge("DELETE FROM audit_events WHERE chain = 2 AND position > 10; DELETE FROM audit_events WHERE chain = 3;"
          "DELETE FROM audit_chains WHERE chain = 3; DELETE FROM audit_checkpoints WHERE number > 1");
    holds(NULL);
    finds(anchor, "truncated", 11);
    record(50);
    free(checkpoint());
    finds(anchor, "anchor", 0);
    free(anchor);
}
END_TEST

static void copy_file(const char *from, const char *to) {
    char command[400];
    snprintf(command, sizeof command, "rm -rf %s && cp -r %s %s", to, from, to);
    ck_assert_int_eq(system(command), 0);
}

START_TEST(group_49_an_older_copy) {
    char copy[128];
    snprintf(copy, sizeof copy, "%s/copy", folder);
    record(10);
    close_all();
    copy_file(place, copy);
    open_with_key(NULL);
    record(10);
    char *anchor = checkpoint();
    close_all();
    copy_file(copy, place);
    open_with_key(NULL);
    holds(NULL);
    finds(anchor, "truncated", 11);
    free(anchor);
}
END_TEST

START_TEST(group_49_another_stores_chains) {
    char *anchor = checkpoint(), other[128], command[400];
    record(10);
    close_all();
    snprintf(other, sizeof other, "%s/other", folder);
    snprintf(command, sizeof command, "mv %s %s", place, other);
    ck_assert_int_eq(system(command), 0);
    open_with_key(NULL);
    record(30);
    holds(NULL);
    finds(anchor, "anchor", 0);
    free(anchor);
}
END_TEST

/* --- signatures */

static const char *write_key(int n) {
    static char paths[2][96];
    snprintf(paths[n], sizeof paths[n], "%s/key%d", folder, n);
    FILE *f = fopen(paths[n], "w");
    for (int i = 0; i < 32; i++)
        fprintf(f, "%02x", 7 * i + n + 1);
    fclose(f);
    return paths[n];
}

static const struct {
    const char *sql, *code;
} seals[] = {
    {"UPDATE audit_checkpoints SET signature = NULL WHERE number = 2", "signature"},
    {"UPDATE audit_checkpoints SET signature = NULL", "signature"},
    {"UPDATE audit_checkpoints SET signature = replace(signature, '1', '2') WHERE number = 2", "signature"},
    {"UPDATE audit_checkpoints SET body = replace(body, 'kind call', 'kind time') WHERE number = 1", "signature"},
    {"DELETE FROM audit_checkpoints WHERE number = 2", "checkpoint"},
    {"DELETE FROM audit_checkpoints WHERE number = 1", "checkpoint"},
    {"UPDATE audit_checkpoints SET body = 'x' WHERE number = 2", "checkpoint"},
    {"UPDATE audit_checkpoints SET body = (SELECT body FROM audit_checkpoints WHERE number = 1), signature = (SELECT "
     "signature FROM audit_checkpoints WHERE number = 1) WHERE number = 2",
     "checkpoint"},
    {"UPDATE audit_checkpoints SET body = body || 'x' WHERE number = 2", "checkpoint"},
};

START_TEST(group_50_seals) {
    const char *key = write_key(0);
    close_all();
    open_with_key(key);
    char *anchor = checkpoint();
    ck_assert_ptr_nonnull(strstr(anchor, "\nsignature "));
    record(5);
    free(checkpoint());
    record(5);
    free(checkpoint());
    holds(anchor);
    forge(seals[_i].sql);
    finds(NULL, seals[_i].code, 0);
    free(anchor);
}
END_TEST

START_TEST(group_50_a_key_of_ones_own) {
    close_all();
    open_with_key(write_key(0));
    char *anchor = checkpoint();
    record(5);
    close_all();
    open_with_key(write_key(1)); /* sealed again with the key that is at hand now */
    free(checkpoint());
    finds(anchor, "signature", 0);
    close_all();
    open_with_key(NULL);
    free(checkpoint());
    finds(NULL, "signature", 0);
    free(anchor);
}
END_TEST

START_TEST(keys_that_are_none) {
    vidstore_open_params *p = vidstore_open_params_new();
    char path[96];
    snprintf(path, sizeof path, "%s/key", folder);
    close_all();
    vidstore_open_params_set_text(p, VIDSTORE_OPEN_AUDIT_KEY, path);
    refused(VIDSTORE_NOT_FOUND, "audit_key", vidstore_open(place, p, &store, e));
    static const char *const bad[] = {"", "00", "not a key",
                                      "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        FILE *f = fopen(path, "w");
        fputs(bad[i], f);
        fclose(f);
        refused(VIDSTORE_INVALID, "audit_key", vidstore_open(place, p, &store, e));
    }
    vidstore_open_params_free(p);
    open_with_key(NULL);
}
END_TEST

START_TEST(group_50_all_made_anew_without_checkpoints) {
    char *anchor = checkpoint();
    record(10);
    /* A store whose checkpoints were all taken away: its next one would be the first again. */
    forge("DELETE FROM audit_checkpoints");
    finds(anchor, "anchor", 0);
    free(checkpoint());
    record(1);
    finds(anchor, "anchor", 0);
    free(anchor);
}
END_TEST

START_TEST(anchors_that_are_none) {
    static const char *const bad[] = {"", "x", "vidstore-audit-checkpoint/1\n",
                                      "vidstore-audit-checkpoint/2\nstore x\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refused(VIDSTORE_INVALID, "anchor", vidstore_audit_verify(sys, bad[i], NULL, e));
    char *anchor = checkpoint();
    for (size_t i = 0; i < strlen(anchor); i += 7) { /* cut anywhere */
        char *cut = strndup(anchor, i);
        refused(VIDSTORE_INVALID, "anchor", vidstore_audit_verify(sys, cut, NULL, e));
        free(cut);
    }
    must(vidstore_begin(sys, 0, e));
    refused(VIDSTORE_STATE, NULL, vidstore_audit_verify(sys, NULL, NULL, e));
    refused(VIDSTORE_STATE, NULL, vidstore_audit_checkpoint(sys, NULL, e));
    must(vidstore_rollback(sys, e));
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER);
    vidstore_session *s = session_of(ann);
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_audit_verify(s, NULL, NULL, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_audit_checkpoint(s, NULL, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_audit_checkpoint_get(s, 0, NULL, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_audit_prune(s, 0, NULL, e));
    vidstore_session_free(s);
    refused(VIDSTORE_NOT_FOUND, "number", vidstore_audit_checkpoint_get(sys, 99, NULL, e));
    refused(VIDSTORE_INVALID, "number", vidstore_audit_checkpoint_get(sys, -1, NULL, e));
    vidstore_text *text = NULL;
    must(vidstore_audit_checkpoint_get(sys, 1, &text, e));
    ck_assert_str_eq(vidstore_text_data(text), anchor);
    vidstore_text_free(text);
    free(anchor);
}
END_TEST

/* --- segments */

START_TEST(group_53_pruning) {
    int64_t count = -1;
    record(2 * SEGMENT + 10);
    forge("DELETE FROM audit_checkpoints");
    must(vidstore_audit_prune(sys, INT64_MAX, &count, e));
    ck_assert_int_eq(count, 0); /* no checkpoint covers them */
    char *anchor = checkpoint();
    must(vidstore_setting_set(sys, "audit.hold", "1", e));
    refused(VIDSTORE_STATE, NULL, vidstore_audit_prune(sys, INT64_MAX, &count, e));
    must(vidstore_setting_set(sys, "audit.hold", "0", e));
    must(vidstore_setting_set(sys, "audit.export_first", "1", e));
    must(vidstore_audit_prune(sys, INT64_MAX, &count, e));
    ck_assert_int_eq(count, 0);
    int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    must(vidstore_audit_export(sys, NULL, fd, NULL, e));
    close(fd);
    must(vidstore_audit_prune(sys, 1, &count, e));
    ck_assert_int_eq(count, 0); /* none is that old */
    must(vidstore_audit_prune(sys, INT64_MAX, &count, e));
    ck_assert_int_eq(count, 2 * SEGMENT);
    ck_assert_int_eq(events("action = audit_pruned"), 2);
    holds(anchor);
    record(SEGMENT);
    free(checkpoint());
    holds(anchor);
    forge("UPDATE audit_segments SET root = zeroblob(32) WHERE chain = 2 AND segment = 0");
    finds(anchor, "root", 2 * SEGMENT + 10);
    free(anchor);
}
END_TEST

START_TEST(group_48_a_segment_made_anew) {
    record(SEGMENT + 1);
    free(checkpoint());
    forge("UPDATE audit_segments SET root = zeroblob(32)");
    finds(NULL, "segment", SEGMENT);
}
END_TEST

START_TEST(what_is_pruned_by_hand_is_missing) {
    record(SEGMENT + 10);
    free(checkpoint());
    forge("DELETE FROM audit_events WHERE chain = 2 AND position <= 4096");
    finds(NULL, "missing", 1);
}
END_TEST

/* Group 54: a person is erased, and the chain holds. */
START_TEST(group_54_an_erased_person) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER);
    add_user("bob", VIDSTORE_ROLE_USER);
    vidstore_origin *o = vidstore_origin_new();
    vidstore_session *s = NULL;
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_origin_set_text(o, VIDSTORE_ORIGIN_IP, "192.0.2.7");
    vidstore_origin_set_text(o, VIDSTORE_ORIGIN_USER_AGENT, "browser/1");
    must(vidstore_session_on_behalf(store, ann.text, o, &s, e));
    vidstore_user_params_set_text(p, VIDSTORE_USER_FULL_NAME, "Ann of Example");
    must(vidstore_user_update(s, ann.text, p, NULL, e));
    for (int i = 0; i < 250; i++)
        must(vidstore_audit_record(s, "host", NULL, "of ann", NULL, e));
    vidstore_session_free(s);
    char *anchor = checkpoint();
    ck_assert_int_eq(events("ip = 192.0.2.7"), 251);
    must(vidstore_user_remove(sys, ann.text, VIDSTORE_REMOVE_CASCADE, e));
    ck_assert_int_eq(events("ip = 192.0.2.7 or user_agent ~ browser or actor_name = ann or object_name = ann"), 0);
    ck_assert_int_eq(events("object_name = bob"), 1);
    holds(anchor);
    close_all();
    open_with_key(NULL);
    holds(anchor);
    /* What was erased can't be put back otherwise, nor more be erased unseen. */
    forge("UPDATE audit_events SET actor_salt = zeroblob(32), actor_name = NULL WHERE chain = 1 AND position = 2");
    finds(anchor, "edited", 2);
    vidstore_user_params_free(p);
    vidstore_origin_free(o);
    free(anchor);
}
END_TEST

static int64_t count_of(const char *query) {
    char path[128];
    sqlite3 *raw = NULL;
    sqlite3_stmt *s = NULL;
    snprintf(path, sizeof path, "%s/store.db", place);
    ck_assert_int_eq(sqlite3_open(path, &raw), SQLITE_OK);
    ck_assert_msg(sqlite3_prepare_v2(raw, query, -1, &s, NULL) == SQLITE_OK, "%s: %s", query, sqlite3_errmsg(raw));
    ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
    int64_t count = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    sqlite3_close(raw);
    return count;
}

/* Calling a loss an erasure or an end of its time wants more than a shell: history says itself who was deleted and what
 * was pruned. */
START_TEST(group_48_an_erasure_of_the_living) {
    vidstore_text *report = NULL;
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER);
    vidstore_session *s = session_of(ann);
    must(vidstore_audit_record(s, "host", NULL, "of ann", NULL, e));
    vidstore_session_free(s);
    char *anchor = checkpoint();
    holds(anchor);
    forge("INSERT INTO audit_erasures (user_id, created_us) SELECT id, 0 FROM users WHERE username = 'ann'");
    must(vidstore_maintain(sys, 60000, VIDSTORE_MAINTAIN_ALL, &report, e));
    vidstore_text_free(report);
    ck_assert_int_eq(events("object_name = ann"), 0); /* her parts are blank, each with its right hash */
    char *found = verify(anchor);
    ck_assert_ptr_nonnull(strstr(found, "\"code\":\"edited\""));
    ck_assert_ptr_nonnull(strstr(found, "no event says that its person was deleted"));
    free(found);
    free(anchor);
}
END_TEST

START_TEST(group_49_a_pruning_that_was_none) {
    record(5000);
    char *anchor = checkpoint();
    vidstore_text *report = NULL;
    must(vidstore_maintain(sys, 60000, VIDSTORE_MAINTAIN_ALL, &report, e)); /* seals the segment */
    vidstore_text_free(report);
    holds(anchor);
    forge("UPDATE audit_segments SET pruned_us = last_us + 1 WHERE chain = 2 AND segment = 0;"
          "DELETE FROM audit_events WHERE chain = 2 AND position <= 4096");
    finds(anchor, "missing", 1);
    free(anchor);
}
END_TEST

/* The person is gone from everywhere: words of the search, logins, keys, what others tried with them, and what a
 * session that was still open left behind. */
START_TEST(group_54_nothing_of_the_person_stays) {
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_origin *o = vidstore_origin_new();
    vidstore_key_params *kp = vidstore_key_params_new();
    vidstore_user *user = NULL;
    vidstore_session *s = NULL, *by_key = NULL;
    vidstore_page *page = NULL;
    vidstore_query *q = vidstore_query_new();
    char token[VIDSTORE_TOKEN_SIZE], key[VIDSTORE_TOKEN_SIZE];
    vidstore_origin_set_text(o, VIDSTORE_ORIGIN_IP, "192.0.2.7");
    vidstore_origin_set_text(o, VIDSTORE_ORIGIN_USER_AGENT, "zebulonbrowser");
    vidstore_origin_set_text(o, VIDSTORE_ORIGIN_DEVICE, "zebulonphone");
    vidstore_user_params_set_json(p, "{\"username\":\"zebulon\",\"full_name\":\"Zebulon Zander\",\"email\":"
                                     "\"zebulon@example.org\",\"password\":\"a long enough password\"}");
    must(vidstore_user_create(sys, p, &user, e));
    struct id who = id_of(vidstore_user_id(user));
    must(vidstore_login_create(store, "zebulon", "a long enough password", NULL, 0, o, NULL, token, sizeof token, e));
    must(vidstore_session_resume(store, token, o, &s, e));
    vidstore_key_params_set_json(kp, "{\"name\":\"zebulonkey\",\"scopes\":\"read\",\"addresses\":\"10.0.0.0/8\"}");
    must(vidstore_key_create(s, kp, NULL, key, sizeof key, e));
    refused(VIDSTORE_UNAUTHENTICATED, "token", vidstore_session_key(store, key, o, &by_key, e));
    must(vidstore_query_search(q, "zander", e)); /* the words are in the index */
    must(vidstore_user_list(sys, q, &page, e));
    ck_assert_int_eq(vidstore_page_count(page), 1);
    ck_assert_int_gt(
        count_of("SELECT count(*) FROM users_search_content WHERE quote(c0) || quote(c1) || quote(c2) LIKE "
                 "'%zander%' COLLATE NOCASE"),
        0);
    must(vidstore_user_remove(sys, who.text, VIDSTORE_REMOVE_CASCADE, e));
    refused(VIDSTORE_UNAUTHENTICATED, NULL, vidstore_video_list(s, NULL, NULL, e));
    vidstore_session_free(s);
    ck_assert_int_eq(
        count_of("SELECT count(*) FROM users_search_content WHERE quote(c0) || quote(c1) || quote(c2) LIKE "
                 "'%zebulon%' COLLATE NOCASE"),
        0);
    ck_assert_int_eq(count_of("SELECT count(*) FROM logins WHERE ip IS NOT NULL OR user_agent IS NOT NULL OR device IS "
                              "NOT NULL OR last_ip IS NOT NULL"),
                     0);
    ck_assert_int_eq(count_of("SELECT (SELECT count(*) FROM login_sources) + (SELECT count(*) FROM login_devices)"), 0);
    ck_assert_int_eq(count_of("SELECT count(*) FROM api_keys WHERE name LIKE '%zebulon%' OR last_ip IS NOT NULL OR "
                              "addresses IS NOT NULL"),
                     0);
    ck_assert_int_eq(events("ip = 192.0.2.7 or user_agent ~ zebulon or device ~ zebulon"), 0);
    ck_assert_int_eq(events("actor_name ~ zebulon or object_name ~ zebulon"), 0);
    vidstore_page_free(page);
    vidstore_query_free(q);
    vidstore_user_free(user);
    vidstore_user_params_free(p);
    vidstore_key_params_free(kp);
    vidstore_origin_free(o);
}
END_TEST

START_TEST(the_triggers_stop_accidents) {
    char path[128];
    sqlite3 *raw = NULL;
    record(3);
    snprintf(path, sizeof path, "%s/store.db", place);
    ck_assert_int_eq(sqlite3_open(path, &raw), SQLITE_OK);
    static const char *const sql[] = {"UPDATE audit_events SET noun = 'x'", "DELETE FROM audit_events",
                                      "UPDATE audit_checkpoints SET body = 'x'", "DELETE FROM audit_checkpoints"};
    free(checkpoint());
    for (size_t i = 0; i < sizeof sql / sizeof *sql; i++)
        ck_assert_int_eq(sqlite3_exec(raw, sql[i], NULL, NULL, NULL), SQLITE_CONSTRAINT);
    sqlite3_close(raw);
}
END_TEST

/* --- two processes, many threads: group 60 */

static void *write_some(void *arg) {
    vidstore_session *s = NULL;
    must(vidstore_session_system(arg, "thread", &s, e));
    for (int i = 0; i < 40; i++) {
        must(vidstore_audit_record(s, "host", NULL, "an event", NULL, e));
        if (i % 5 == 0)
            refused(VIDSTORE_INVALID, NULL, vidstore_audit_record(s, "", NULL, "an event", NULL, e));
    }
    vidstore_session_free(s);
    return NULL;
}

static void write_in_threads(void) {
    pthread_t threads[8];
    for (size_t i = 0; i < 8; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, write_some, store), 0);
    for (size_t i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
}

START_TEST(group_60_many_writers) {
    close_all();
    pid_t child = fork();
    if (!child) {
        open_with_key(NULL);
        write_in_threads();
        free(checkpoint());
        close_all();
        _exit(0);
    }
    open_with_key(NULL);
    for (int i = 0; i < 5; i++)
        free(checkpoint());
    write_in_threads();
    int status = 0;
    waitpid(child, &status, 0);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(events("noun = host"), 640);
    char *report = verify(NULL);
    ck_assert_ptr_nonnull(strstr(report, "\"verdict\":\"ok\""));
    free(report);
}
END_TEST

/* Group 51: killed anywhere, what is there holds. */
START_TEST(group_51_killed) {
    for (int round = 0; round < 4; round++) {
        close_all();
        pid_t child = fork();
        if (!child) {
            open_with_key(NULL);
            for (;;) {
                write_in_threads();
                free(checkpoint());
            }
        }
        usleep(150000 + 40000 * (unsigned)round);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        open_with_key(NULL);
        char *report = verify(NULL);
        ck_assert_msg(!strstr(report, "\"verdict\":\"broken\""), "%s", report);
        free(report);
    }
}
END_TEST

/* --- alerts: group 56, through the library; the rules themselves have tests of their own */

static void try_login(const char *name, const char *password, const char *ip) {
    vidstore_origin *o = vidstore_origin_new();
    vidstore_session *s = NULL;
    vidstore_origin_set_text(o, VIDSTORE_ORIGIN_IP, ip);
    vidstore_session_login(store, name, password, o, &s, NULL);
    vidstore_session_free(s);
    vidstore_origin_free(o);
}

static void maintain(void) {
    must(vidstore_maintain(sys, 1000, 0, NULL, e));
}

START_TEST(group_56_alerts_are_raised_once) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER);
    must(vidstore_user_set_password(sys, ann.text, "correct horse battery", e));
    maintain();
    ck_assert_int_eq(events("action = alert"), 0);
    for (int i = 0; i < 4; i++)
        try_login("ann", "wrong", "192.0.2.1");
    maintain();
    ck_assert_int_eq(events("action = alert"), 0);
    try_login("ann", "wrong", "192.0.2.1"); /* the fifth: the four before are looked at again */
    try_login("ann", "correct horse battery", "192.0.2.1");
    maintain();
    if (events("action = user_login") == 1) /* it was not made to wait */
        ck_assert_int_eq(events("action = alert and object_name = success_after_failures"), 1);
    int64_t raised = events("action = alert");
    maintain();
    maintain();
    ck_assert_int_eq(events("action = alert"), raised);
    holds(NULL);
}
END_TEST

START_TEST(group_56_refusals) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER), bob = add_user("bob", VIDSTORE_ROLE_USER);
    vidstore_session *a = session_of(ann);
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_text(p, VIDSTORE_USER_FULL_NAME, "x");
    for (int i = 0; i < 4; i++)
        refused(VIDSTORE_NOT_FOUND, NULL, vidstore_user_update(a, bob.text, p, NULL, e));
    vidstore_session_free(a); /* what was held back is told */
    maintain();
    ck_assert_int_eq(events("action = alert"), 0);
    a = session_of(ann);
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_user_update(a, bob.text, p, NULL, e));
    vidstore_session_free(a);
    maintain();
    ck_assert_int_eq(events("action = alert and object_name = denied"), 1);
    vidstore_user_params_free(p);
}
END_TEST

static int told(vidstore_session *session) {
    vidstore_text *text = NULL;
    int count = 0;
    must(vidstore_changes(session, NULL, "start", 1000, &text, e));
    for (const char *at = vidstore_text_data(text); (at = strstr(at, "\"noun\":\"alert\"")); at++)
        count++;
    vidstore_text_free(text);
    return count;
}

/* Puts the last but one checkpoint so many microseconds before the last, as one that was asked for or a close. */
static void part(int64_t us, const char *kind) {
    char sql[900];
    snprintf(sql, sizeof sql,
             "UPDATE audit_checkpoints SET body = replace(replace(substr(body, 1, instr(body, 'time_us ') + 7) || "
             "(SELECT CAST(substr(b.body, instr(b.body, 'time_us ') + 8, 16) AS INTEGER) - %lld FROM audit_checkpoints "
             "AS b WHERE b.number = audit_checkpoints.number + 1) || substr(body, instr(body, 'time_us ') + 24), "
             "'kind call', 'kind %s'), 'kind close', 'kind %s') WHERE number = (SELECT max(number) - 1 FROM "
             "audit_checkpoints)",
             (long long)us, kind, kind);
    forge(sql);
}

START_TEST(group_56_late_checkpoints) {
    const int64_t late = 3 * INT64_C(15) * 60000000;
    for (int i = 0; i < 2; i++) {
        record(1);
        free(checkpoint());
    }
    record(1);
    part(late, "call");
    maintain();
    ck_assert_int_eq(events("action = alert"), 0);
    record(1);
    part(late + 1, "close"); /* nobody was there, and that was said */
    maintain();
    ck_assert_int_eq(events("action = alert"), 0);
    record(1);
    part(late + 1, "call");
    maintain();
    maintain();
    ck_assert_int_eq(events("action = alert and object_name = late_checkpoint"), 1);
    ck_assert_int_eq(told(sys), 1);
}
END_TEST

START_TEST(group_56_a_cut_end) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER);
    record(5);
    maintain();
    close_all();
    open_with_key(NULL);
    maintain();
    ck_assert_int_eq(events("action = alert"), 0);
    record(5);
    maintain();
    forge("DELETE FROM audit_events WHERE seq > (SELECT max(seq) - 3 FROM audit_events)");
    record(5);
    maintain();
    maintain();
    ck_assert_int_eq(events("action = alert and object_name = history_cut"), 1);
    ck_assert_int_eq(told(sys), 1);
    vidstore_session *a = session_of(ann); /* whom it is about shall not learn of it */
    ck_assert_int_eq(told(a), 0);
    vidstore_session_free(a);
}
END_TEST

START_TEST(group_56_a_hole) {
    record(5);
    maintain();
    record(5);
    forge("DELETE FROM audit_events WHERE chain = 2 AND position = (SELECT max(position) - 2 FROM audit_events WHERE "
          "chain = 2)");
    ck_assert_int_eq(events("action = alert"), 0);
    maintain();
    maintain();
    ck_assert_int_eq(events("action = alert and object_name = history_gap"), 1);
    ck_assert_int_eq(events("action = alert"), 1);
}
END_TEST

/* --- no event, no change ---------------------------------------------------------------------------------------- */

static int64_t users_called(const char *name) {
    vidstore_query *q = vidstore_query_new();
    char filter[64];
    int64_t count = 0;
    snprintf(filter, sizeof filter, "username = %s", name);
    must(vidstore_query_filter(q, filter, e));
    must(vidstore_user_count(sys, q, &count, e));
    vidstore_query_free(q);
    return count;
}

static vidstore_status try_user(const char *name) {
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_text(p, VIDSTORE_USER_USERNAME, name);
    vidstore_status status = vidstore_user_create(sys, p, NULL, NULL);
    vidstore_user_params_free(p);
    return status;
}

START_TEST(group_52_no_event_no_change) {
    char sql[200];
    snprintf(sql, sizeof sql,
             "CREATE TRIGGER no_event BEFORE INSERT ON audit_events WHEN NEW.action = %d "
             "BEGIN SELECT RAISE(ABORT, 'not this one'); END",
             VIDSTORE_AUDIT_USER_CREATED);
    forge(sql);
    ck_assert_int_lt(try_user("ann"), 0);
    ck_assert_int_eq(users_called("ann"), 0);
    must(vidstore_begin(sys, 0, e)); /* the transaction around it goes on without it */
    must(vidstore_audit_record(sys, "host", NULL, "before", NULL, e));
    must(vidstore_begin(sys, 0, e));
    ck_assert_int_lt(try_user("bob"), 0);
    must(vidstore_rollback(sys, e));
    must(vidstore_audit_record(sys, "host", NULL, "after", NULL, e));
    must(vidstore_commit(sys, e));
    ck_assert_int_eq(users_called("bob"), 0);
    ck_assert_int_eq(events("noun = host"), 2);
    holds(NULL);
    forge("DROP TRIGGER no_event");
    ck_assert_int_eq(try_user("ann"), 0);
    ck_assert_int_eq(users_called("ann"), 1);
    holds(NULL);
}
END_TEST

Suite *audit_chain_suite(void);
Suite *audit_chain_suite(void) {
    Suite *suite = suite_create("audit_chain");
    TCase *tests = tcase_create("attacks");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, an_honest_store_holds);
    tcase_add_test(tests, undone_levels_leave_no_hole);
    tcase_add_loop_test(tests, group_48_an_edited_field, 0, sizeof edits / sizeof *edits);
    tcase_add_loop_test(tests, group_48_moved_events, 0, sizeof moves / sizeof *moves);
    tcase_add_loop_test(tests, group_49_a_cut_end, 0, 21);
    tcase_add_test(tests, group_49_a_cut_end_and_its_checkpoints);
    tcase_add_test(tests, group_49_an_older_copy);
    tcase_add_test(tests, group_49_another_stores_chains);
    tcase_add_loop_test(tests, group_50_seals, 0, sizeof seals / sizeof *seals);
    tcase_add_test(tests, group_50_a_key_of_ones_own);
    tcase_add_test(tests, group_50_all_made_anew_without_checkpoints);
    tcase_add_test(tests, keys_that_are_none);
    tcase_add_test(tests, anchors_that_are_none);
    tcase_add_test(tests, group_53_pruning);
    tcase_add_test(tests, group_48_a_segment_made_anew);
    tcase_add_test(tests, what_is_pruned_by_hand_is_missing);
    tcase_add_test(tests, group_54_an_erased_person);
    tcase_add_test(tests, group_54_nothing_of_the_person_stays);
    tcase_add_test(tests, group_48_an_erasure_of_the_living);
    tcase_add_test(tests, group_49_a_pruning_that_was_none);
    tcase_add_test(tests, the_triggers_stop_accidents);
    tcase_add_test(tests, group_56_alerts_are_raised_once);
    tcase_add_test(tests, group_56_refusals);
    tcase_add_test(tests, group_56_late_checkpoints);
    tcase_add_test(tests, group_56_a_cut_end);
    tcase_add_test(tests, group_56_a_hole);
    tcase_add_test(tests, group_52_no_event_no_change);
    tcase_add_test(tests, group_60_many_writers);
    tcase_add_test(tests, group_51_killed);
    suite_add_tcase(suite, tests);
    return suite;
}
