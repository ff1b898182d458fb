/* SPDX-License-Identifier: MIT */
/* The chains of the audit under attack: what is changed in the file is found, and the first bad event named. The
 * numbers are those of the groups of attacks. */
#include "audit_chain.h"

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

Suite *audit_chain_suite(void);

Suite *audit_chain_suite(void) {
    Suite *suite = suite_create("audit_chain");
    TCase *t = tcase_create("attacks");
    tcase_add_checked_fixture(t, begin, end);
    tcase_add_test(t, an_honest_store_holds);
    tcase_add_test(t, undone_levels_leave_no_hole);
    tcase_add_loop_test(t, group_48_an_edited_field, 0, sizeof edits / sizeof *edits);
    tcase_add_loop_test(t, group_48_moved_events, 0, sizeof moves / sizeof *moves);
    tcase_add_loop_test(t, group_49_a_cut_end, 0, 21);
    tcase_add_test(t, group_49_a_cut_end_and_its_checkpoints);
    tcase_add_test(t, group_49_an_older_copy);
    tcase_add_test(t, group_49_another_stores_chains);
    tcase_add_loop_test(t, group_50_seals, 0, sizeof seals / sizeof *seals);
    tcase_add_test(t, group_50_a_key_of_ones_own);
    tcase_add_test(t, group_50_all_made_anew_without_checkpoints);
    tcase_add_test(t, keys_that_are_none);
    tcase_add_test(t, anchors_that_are_none);
    suite_add_tcase(suite, t);
    return suite;
}
