/* SPDX-License-Identifier: MIT */
#include "users/user_throttle.h"
#include "access/address.h"
#include "access/token.h"
#include "db/bind.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "util/unicode.h"
#include "vidstore/key.h"
#include <stdio.h>
#include <string.h>

enum { KEY_BYTES = 32, ROWS_MAX = 50000, TIDY_EVERY = 64 };
static const int64_t KNOWN_US = INT64_C(30) * 86400 * 1000000;

/* --- the key ------------------------------------------------------------------------------------------------------ */

struct key {
    uint8_t bytes[KEY_BYTES];
    int there;
};

static int key_read(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct key *key = arg;
    vs_autostmt *s = NULL;
    int r = vs_ask(conn, VS_STMT_META_GET, &s, e, vs_text("throttle_key"));
    key->there = r == VS_ROW && !vs_unhex(vs_col_text(s, 0, NULL), key->bytes, KEY_BYTES);
    return r < 0 ? r : 0;
}

static int key_write(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct key *key = arg;
    char hex[2 * KEY_BYTES + 1];
    vs_autostmt *s = NULL;
    int r = key_read(conn, key, e);
    if (r || key->there)
        return r;
    if (vs_random(key->bytes, KEY_BYTES))
        return vs_fail(e, VIDSTORE_IO, NULL, "the system gives no random numbers");
    r = vs_stmt(conn, VS_STMT_META_SET, &s, e);
    if (r)
        return r;
    vs_hex(key->bytes, KEY_BYTES, hex);
    vs_bind_text(s, 1, "throttle_key", -1);
    vs_bind_text(s, 2, hex, -1);
    return vs_run(s, NULL, e);
}

static int get_key(struct vidstore *store, const struct vs_call *call, uint8_t ret[KEY_BYTES], vidstore_error **e) {
    struct key key = {.there = 0};
    int r = vs_db_peek(store->db, call, key_read, &key, e);
    if (!r && !key.there && !vs_db_read_only(store->db))
        r = vs_db_write(store->db, call, key_write, &key, e);
    memcpy(ret, key.bytes, KEY_BYTES);
    return r;
}

/* --- what is counted ---------------------------------------------------------------------------------------------- */

static int keyed(const struct vs_try *t, char kind, const void *data, size_t len, uint8_t ret[VS_SHA256_SIZE]) {
    uint8_t input[KEY_BYTES + 1 + 512];
    if (len > 512)
        len = 512;
    memcpy(input, t->key, KEY_BYTES);
    input[KEY_BYTES] = (uint8_t)kind;
    memcpy(input + KEY_BYTES + 1, data, len);
    return vs_sha256(input, KEY_BYTES + 1 + len, ret);
}

static void source_of(const char *ip, char ret[VS_SOURCE_TEXT], uint8_t network[16], int *has_network) {
    struct vs_address address = vs_address_read(ip);
    *has_network = address.family == 6;
    vs_address_source(ip, ret);
    memcpy(network, vs_address_prefix(address, 48).bytes, 16);
}

static int set_bucket(struct vs_try *t, int at, enum vs_throttle_kind kind, const void *data, size_t len) {
    t->counted[at] = 1;
    t->kinds[at] = kind;
    return keyed(t, (char)('A' + kind + (int)t->purpose * VS_THROTTLE_KINDS), data, len, t->buckets[at]);
}

int vs_try_begin(struct vidstore *store, const struct vs_call *call, const char *name, const char *ip,
                 const char *device, int challenged, struct vs_try *t, vidstore_error **e) {
    uint8_t network[16];
    int has_network = 0, r = get_key(store, call, t->key, e);
    vs_autofree char *folded = r ? NULL : vs_unicode_fold(name, strlen(name));
    if (!r && !folded)
        r = vs_fail_nomem(e);
    if (r)
        return r;
    t->settings.free_failures = vs_setting(store, VS_SETTING_LOGIN_FREE_FAILURES);
    t->settings.store_rate = vs_setting(store, VS_SETTING_LOGIN_CHALLENGE_RATE);
    t->ip = ip;
    t->device = device;
    t->challenged = challenged;
    t->now_us = vs_now_us();
    source_of(ip, t->source, network, &has_network);
    r = keyed(t, 'a', folded, strlen(folded), t->account);
    if (!r && *t->source)
        r = set_bucket(t, VS_TRY_SOURCE, VS_THROTTLE_SOURCE, t->source, strlen(t->source));
    if (!r && has_network)
        r = set_bucket(t, VS_TRY_NETWORK, VS_THROTTLE_NETWORK, network, sizeof network);
    if (!r && t->purpose == VS_TRY_PASSWORD)
        r = set_bucket(t, VS_TRY_STORE, VS_THROTTLE_STORE, "", 0);
    memcpy(&t->name, t->account, sizeof t->name);
    return r ? vs_fail_nomem(e) : 0;
}

static int look_device(struct vs_conn *conn, struct vs_try *t, vidstore_error **e) {
    struct vs_token token;
    struct vs_uuid owner;
    vs_autostmt *s = NULL;
    size_t len = 0;
    if (!t->device || vs_token_read(t->device, VIDSTORE_TOKEN_DEVICE, &token))
        return 0;
    int r = vs_ask(conn, VS_STMT_LOGIN_DEVICE_GET, &s, e, vs_text(token.id));
    if (r < 0)
        return r;
    const void *digest = r == VS_ROW ? vs_col_blob(s, 1, &len) : NULL;
    if (vs_token_fits(&token, digest, len) && vs_col_uuid(s, 0, &owner) && vs_uuid_equal(&owner, &t->user) &&
        vs_col_int(s, 2) > t->now_us) {
        t->known = t->by_device = 1;
        memcpy(t->device_id, token.id, sizeof t->device_id);
    }
    return 0;
}

static int look_source(struct vs_conn *conn, struct vs_try *t, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_ask(conn, VS_STMT_LOGIN_SOURCE_GET, &s, e, vs_id(&t->user), vs_text(t->source));
    if (r == VS_ROW && *t->source && !vs_uuid_is_nil(&t->user) && t->now_us - vs_col_int(s, 0) < KNOWN_US)
        t->known = 1;
    return r < 0 ? r : 0;
}

/* One bucket for all strange places, one for each that is known; and one for tries with a passed challenge. */
static int set_place(struct vs_try *t, const char *who, enum vs_try_bucket at, enum vs_try_bucket challenge) {
    enum vs_throttle_kind kind = t->known ? VS_THROTTLE_KNOWN : VS_THROTTLE_STRANGE;
    char what[2 * VS_SHA256_SIZE + 128];
    snprintf(what, sizeof what, "%s%s", who, !t->known ? "" : t->by_device ? t->device_id : t->source);
    int r = set_bucket(t, at, kind, what, strlen(what));
    if (!r && t->challenged && !t->known)
        r = set_bucket(t, challenge, VS_THROTTLE_CHALLENGE, who, strlen(who));
    return r;
}

/* By the name as it was typed, and by the account: the user's id, or for nobody the name once more. */
enum { WHO_TEXT = 2 * VS_SHA256_SIZE + 2 };
static void who_is(const struct vs_try *t, const struct vs_uuid *user, char name[WHO_TEXT], char account[WHO_TEXT]) {
    vs_hex(t->account, VS_SHA256_SIZE, name);
    account[0] = '=';
    memcpy(account + 1, name, WHO_TEXT - 1);
    if (!vs_uuid_is_nil(user))
        vs_uuid_format(user, account + 1);
}

int vs_try_look(struct vs_conn *conn, struct vs_try *t, const struct vs_uuid *user, vidstore_error **e) {
    char name[WHO_TEXT], account[WHO_TEXT];
    t->user = *user;
    t->known = t->by_device = 0;
    int r = look_source(conn, t, e);
    if (!r)
        r = look_device(conn, t, e);
    if (r)
        return r;
    who_is(t, user, name, account);
    r = set_place(t, name, VS_TRY_NAME, VS_TRY_CHALLENGE);
    if (!r)
        r = set_place(t, account, VS_TRY_ACCOUNT, VS_TRY_ACCOUNT_CHALLENGE);
    return r ? vs_fail_nomem(e) : 0;
}

/* --- the counts --------------------------------------------------------------------------------------------------- */

static int get(struct vs_conn *conn, const uint8_t *bucket, struct vs_throttle *ret, vidstore_error **e) {
    vs_autostmt *s = NULL;
    *ret = (struct vs_throttle){0};
    int r = vs_ask(conn, VS_STMT_THROTTLE_GET, &s, e, vs_bytes(bucket, VS_SHA256_SIZE));
    if (r == VS_ROW)
        *ret = (struct vs_throttle){vs_col_int(s, 0), vs_col_int(s, 1), vs_col_int(s, 2), vs_col_int(s, 3),
                                    vs_col_int(s, 4)};
    return r < 0 ? r : 0;
}

static int set(struct vs_conn *conn, const uint8_t *bucket, const struct vs_throttle *t, int64_t expires_us,
               vidstore_error **e) {
    return vs_exec(conn, VS_STMT_THROTTLE_SET, NULL, e, vs_bytes(bucket, VS_SHA256_SIZE), vs_int(t->failures),
                   vs_int(t->since_us), vs_int(t->wait_us), vs_int(t->names == INT64_MIN ? 0 : t->names),
                   vs_int(t->names_us), vs_int(expires_us));
}

static int refuse(int64_t wait_us, int challenge, vidstore_error **e) {
    if (challenge)
        vs_fail_sub(e, VIDSTORE_THROTTLED, VIDSTORE_SUB_CHALLENGE, "name", "too many tries failed: a challenge is due");
    else
        vs_fail(e, VIDSTORE_THROTTLED, "name", "too many tries failed");
    vs_error_set_retry(e, wait_us == INT64_MAX ? 3600000 : wait_us / 1000 + 1);
    return VIDSTORE_THROTTLED;
}

/* Whether a bucket can hold this try back: the store's rate is no matter of known places, and a challenge that was
 * passed opens what is closed to strangers. */
static int binds(const struct vs_try *t, int at) {
    if (!t->counted[at] || (t->kinds[at] == VS_THROTTLE_STORE && t->known))
        return 0;
    return !t->challenged || t->known || (t->kinds[at] != VS_THROTTLE_STRANGE && t->kinds[at] != VS_THROTTLE_STORE);
}

int vs_try_allowed(struct vs_conn *conn, struct vs_try *t, vidstore_error **e) {
    for (int at = 0; at < VS_TRY_ACCOUNT; at++) {
        struct vs_throttle state;
        int r = binds(t, at) ? get(conn, t->buckets[at], &state, e) : 0;
        if (r)
            return r;
        int64_t wait = binds(t, at) ? vs_throttle_wait(&state, t->kinds[at], t->now_us) : 0;
        if (wait)
            return refuse(wait, t->kinds[at] == VS_THROTTLE_STRANGE || t->kinds[at] == VS_THROTTLE_STORE, e);
    }
    return 0;
}

/* Random identifiers in masses fill no disk: what would be forgotten first goes first. */
static int tidy(struct vs_conn *conn, int64_t now_us, vidstore_error **e) {
    uint8_t dice = 1;
    int64_t rows = 0;
    if (vs_random(&dice, 1) || dice % TIDY_EVERY)
        return 0;
    vs_autostmt *total = NULL;
    int r = vs_exec(conn, VS_STMT_THROTTLE_EXPIRE, NULL, e, vs_int(now_us));
    if (!r)
        r = vs_stmt(conn, VS_STMT_THROTTLE_TOTAL, &total, e);
    if (!r && (r = vs_row(total, e)) == VS_ROW)
        rows = vs_col_int(total, 0);
    if (r < 0 || rows <= ROWS_MAX)
        return r < 0 ? r : 0;
    return vs_exec(conn, VS_STMT_THROTTLE_PRUNE, NULL, e, vs_int(rows - ROWS_MAX));
}

/* The last ten failures of a trusted device end the trust. */
static int strip_device(struct vs_conn *conn, const struct vs_try *t, vidstore_error **e) {
    return vs_exec(conn, VS_STMT_LOGIN_DEVICE_END, NULL, e, vs_text(t->device_id));
}

/* A try that must fail is none at the account: it makes no wait longer. */
static void count(struct vs_try *t, int at, struct vs_throttle *state) {
    if (at >= VS_TRY_ACCOUNT && binds(t, at) && vs_throttle_wait(state, t->kinds[at], t->now_us)) {
        t->muted = 1;
        return;
    }
    if (vs_throttle_count(state, t->kinds[at], &t->settings, t->name, t->now_us))
        t->locked |= t->kinds[at] <= VS_THROTTLE_SOURCE ? 1 << at : 0;
}

int vs_try_reserve(struct vs_conn *conn, struct vs_try *t, vidstore_error **e) {
    int r = vs_try_allowed(conn, t, e);
    t->locked = t->muted = 0;
    for (int at = 0; !r && at < VS_TRY_BUCKETS; at++) {
        struct vs_throttle state;
        if (!t->counted[at] || (r = get(conn, t->buckets[at], &state, e)))
            continue;
        count(t, at, &state);
        r = set(conn, t->buckets[at], &state, vs_throttle_expiry(&state, t->kinds[at], t->now_us), e);
        if (!r && t->locked & 1 << at && t->by_device && t->kinds[at] == VS_THROTTLE_KNOWN)
            r = strip_device(conn, t, e);
    }
    return r ? r : tidy(conn, t->now_us, e);
}

static int learn(struct vs_conn *conn, const struct vs_try *t, vidstore_error **e) {
    vs_autostmt *s = NULL, *old = NULL;
    int r = *t->source ? vs_stmt(conn, VS_STMT_LOGIN_SOURCE_SET, &s, e) : 0;
    if (r || !s)
        return r;
    vs_bind_uuid(s, 1, &t->user);
    vs_bind_text(s, 2, t->source, -1);
    vs_bind_int(s, 3, t->now_us);
    r = vs_run(s, NULL, e);
    if (!r)
        r = vs_stmt(conn, VS_STMT_LOGIN_SOURCE_EXPIRE, &old, e);
    if (r)
        return r;
    vs_bind_int(old, 1, t->now_us - KNOWN_US);
    return vs_run(old, NULL, e);
}

int vs_try_forgive(struct vs_conn *conn, const struct vs_try *t, int learned, vidstore_error **e) {
    int r = 0;
    for (int at = 0; !r && at < VS_TRY_BUCKETS; at++) {
        struct vs_throttle state;
        if (!t->counted[at] || t->kinds[at] == VS_THROTTLE_CHALLENGE || (t->muted && at >= VS_TRY_ACCOUNT))
            continue;
        r = get(conn, t->buckets[at], &state, e);
        vs_throttle_forgive(&state);
        if ((at == VS_TRY_NAME || at == VS_TRY_ACCOUNT) && learned)
            state = (struct vs_throttle){0};
        if (!r)
            r = set(conn, t->buckets[at], &state, vs_throttle_expiry(&state, t->kinds[at], t->now_us), e);
    }
    return r || !learned ? r : learn(conn, t, e);
}

int vs_try_recover(struct vs_conn *conn, struct vs_try *t, const struct vs_uuid *user, vidstore_error **e) {
    static const enum vs_throttle_kind kinds[] = {VS_THROTTLE_STRANGE, VS_THROTTLE_CHALLENGE};
    char whos[2][WHO_TEXT];
    int r = 0;
    who_is(t, user, whos[0], whos[1]);
    for (size_t i = 0; !r && i < 2 * VS_COUNT(kinds); i++) {
        const char *who = whos[i / VS_COUNT(kinds)];
        if (set_bucket(t, VS_TRY_SPARE, kinds[i % VS_COUNT(kinds)], who, strlen(who)))
            return vs_fail_nomem(e);
        r = vs_exec(conn, VS_STMT_THROTTLE_CLEAR, NULL, e, vs_bytes(t->buckets[VS_TRY_SPARE], VS_SHA256_SIZE));
    }
    t->counted[VS_TRY_SPARE] = 0;
    t->user = *user;
    return r ? r : learn(conn, t, e);
}
