/* SPDX-License-Identifier: MIT */
/* Tokens of use once: invitations, verified and changed addresses, forgotten passwords; and what tries to misuse them.
 */
#include "harness.h"
#include "peek.h"
#include <vidstore/query.h>

static const char PASSWORD[] = "correct horse battery", OTHER[] = "battery horse correct";
static struct id root, ann;

static struct id add(const char *name, const char *email, const char *state) {
    char json[256];
    vidstore_user *user = NULL;
    vidstore_user_params *p = vidstore_user_params_new();
    snprintf(json, sizeof json, "{\"username\":\"%s\",\"email\":%s%s%s,\"state\":\"%s\"}", name, email ? "\"" : "",
             email ? email : "null", email ? "\"" : "", state);
    vidstore_user_params_set_json(p, json);
    must(vidstore_user_create(sys, p, &user, e));
    vidstore_user_params_free(p);
    struct id id = id_of(vidstore_user_id(user));
    vidstore_user_free(user);
    return id;
}

static void setup(void) {
    begin();
    root = add_user("root", VIDSTORE_ROLE_ADMIN);
    ann = add("ann", "ann@example.org", "active");
    must(vidstore_user_set_password(sys, ann.text, PASSWORD, e));
}

struct made {
    char text[VIDSTORE_TOKEN_SIZE], email[256];
};

static vidstore_status make(vidstore_session *s, int32_t kind, struct id user, const char *email, struct made *ret,
                            vidstore_error **e) {
    vidstore_text *address = NULL;
    vidstore_status status =
        vidstore_once_create(store, s, kind, user.text, email, &address, ret->text, sizeof ret->text, e);
    snprintf(ret->email, sizeof ret->email, "%s", address ? vidstore_text_data(address) : "none");
    vidstore_text_free(address);
    return status;
}

static struct made made(int32_t kind, struct id user, const char *email) {
    struct made m;
    must(make(sys, kind, user, email, &m, e));
    return m;
}

static vidstore_origin *from(const char *ip) {
    vidstore_origin *origin = vidstore_origin_new();
    vidstore_origin_set_text(origin, VIDSTORE_ORIGIN_IP, ip);
    return origin;
}

static vidstore_status ask(const char *name, const char *ip, uint32_t flags, struct made *ret, vidstore_error **e) {
    vidstore_text *address = NULL;
    vidstore_origin *origin = ip ? from(ip) : NULL;
    vidstore_status status =
        vidstore_once_request_reset(store, name, flags, origin, &address, ret->text, sizeof ret->text, e);
    snprintf(ret->email, sizeof ret->email, "%s", address ? vidstore_text_data(address) : "none");
    vidstore_text_free(address);
    vidstore_origin_free(origin);
    return status;
}

static vidstore_status spend(int32_t kind, const char *token, const char *password, vidstore_error **e) {
    return vidstore_once_use(store, kind, token, password, NULL, NULL, e);
}

static void dead(int32_t kind, const char *token) {
    const char *password = kind == VIDSTORE_ONCE_RESET || kind == VIDSTORE_ONCE_INVITATION ? OTHER : NULL;
    refused(VIDSTORE_UNAUTHENTICATED, "token", spend(kind, token, password, e));
    ck_assert_str_eq(said, "the token does not count");
}

static vidstore_status log_in(const char *name, const char *password, char token[VIDSTORE_TOKEN_SIZE],
                              vidstore_error **e) {
    return vidstore_login_create(store, name, password, NULL, 0, NULL, NULL, token, VIDSTORE_TOKEN_SIZE, e);
}

static int64_t field(struct id id, int32_t field) {
    vidstore_user *user = NULL;
    must(vidstore_user_get(sys, id.text, &user, e));
    int64_t value = vidstore_user_int64(user, field);
    vidstore_user_free(user);
    return value;
}

START_TEST(an_invitation) {
    struct id bob = add("bob", "bob@example.org", "pending");
    char token[VIDSTORE_TOKEN_SIZE];
    struct made m = made(VIDSTORE_ONCE_INVITATION, bob, NULL);
    ck_assert_str_eq(m.email, "bob@example.org");
    ck_assert_int_eq(vidstore_token_kind(m.text), VIDSTORE_TOKEN_ONCE);
    refused(VIDSTORE_UNAUTHENTICATED, NULL, log_in("bob", PASSWORD, token, e));
    refused(VIDSTORE_INVALID, "password", spend(VIDSTORE_ONCE_INVITATION, m.text, "short", e));
    vidstore_user *user = NULL;
    must(vidstore_once_use(store, VIDSTORE_ONCE_INVITATION, m.text, PASSWORD, NULL, &user, e));
    ck_assert_int_eq(vidstore_user_state(user), VIDSTORE_USER_ACTIVE);
    ck_assert_int_eq(vidstore_user_int64(user, VIDSTORE_USER_EMAIL_VERIFIED), 1);
    vidstore_user_free(user);
    must(log_in("bob", PASSWORD, token, e));
    dead(VIDSTORE_ONCE_INVITATION, m.text);
    ck_assert_int_eq(events("action = token_issued and description = \"invitation\""), 1);
    ck_assert_int_eq(events("action = token_used and actor_name = bob and method = once"), 1);
    refused(VIDSTORE_STATE, "user_id", make(sys, VIDSTORE_ONCE_INVITATION, bob, NULL, &m, e));
}
END_TEST

START_TEST(without_an_address_or_a_password) {
    struct id bob = add("bob", NULL, "pending");
    struct made m = made(VIDSTORE_ONCE_INVITATION, bob, NULL);
    ck_assert_str_eq(m.email, "");
    refused(VIDSTORE_STATE, "user_id", make(sys, VIDSTORE_ONCE_VERIFICATION, bob, NULL, &m, e));
    ck_assert_str_eq(m.text, "");
    m = made(VIDSTORE_ONCE_INVITATION, bob, NULL);
    must(spend(VIDSTORE_ONCE_INVITATION, m.text, NULL, e));
    ck_assert_int_eq(field(bob, VIDSTORE_USER_STATE), VIDSTORE_USER_ACTIVE);
    ck_assert_int_eq(field(bob, VIDSTORE_USER_EMAIL_VERIFIED), 0);
    ck_assert_int_eq(field(bob, VIDSTORE_USER_PASSWORD_CHANGED_US), INT64_MIN);
}
END_TEST

START_TEST(addresses) {
    struct made m = made(VIDSTORE_ONCE_VERIFICATION, ann, NULL);
    ck_assert_int_eq(field(ann, VIDSTORE_USER_EMAIL_VERIFIED), 0);
    must(spend(VIDSTORE_ONCE_VERIFICATION, m.text, NULL, e));
    ck_assert_int_eq(field(ann, VIDSTORE_USER_EMAIL_VERIFIED), 1);
    vidstore_session *s = session_of(ann);
    must(make(s, VIDSTORE_ONCE_EMAIL, ann, "new@example.org", &m, e));
    ck_assert_str_eq(m.email, "new@example.org");
    vidstore_user *user = NULL;
    must(vidstore_user_get(s, ann.text, &user, e));
    ck_assert_str_eq(vidstore_user_email(user), "ann@example.org"); /* until it is proved */
    vidstore_user_free(user);
    must(vidstore_once_use(store, VIDSTORE_ONCE_EMAIL, m.text, NULL, NULL, &user, e));
    ck_assert_str_eq(vidstore_user_email(user), "new@example.org");
    ck_assert_int_eq(vidstore_user_int64(user, VIDSTORE_USER_EMAIL_VERIFIED), 1);
    vidstore_user_free(user);
    refused(VIDSTORE_INVALID, "email", make(s, VIDSTORE_ONCE_EMAIL, ann, "new@example.org", &m, e));
    refused(VIDSTORE_INVALID, "email", make(s, VIDSTORE_ONCE_EMAIL, ann, "nowhere", &m, e));
    vidstore_session_free(s);
}
END_TEST

START_TEST(a_reset) {
    struct made m;
    char before[VIDSTORE_TOKEN_SIZE], after[VIDSTORE_TOKEN_SIZE];
    must(log_in("ann", PASSWORD, before, e));
    must(ask("ANN@example.org", "192.0.2.1", 0, &m, e));
    ck_assert_str_eq(m.email, "ann@example.org");
    must(vidstore_session_resume(store, before, NULL, NULL, e)); /* asking changes nothing */
    must(spend(VIDSTORE_ONCE_RESET, m.text, OTHER, e));
    refused(VIDSTORE_UNAUTHENTICATED, "token", vidstore_session_resume(store, before, NULL, NULL, e));
    refused(VIDSTORE_UNAUTHENTICATED, NULL, log_in("ann", PASSWORD, after, e));
    must(log_in("ann", OTHER, after, e));
    dead(VIDSTORE_ONCE_RESET, m.text);
    ck_assert_int_eq(field(ann, VIDSTORE_USER_EMAIL_VERIFIED), 0);
}
END_TEST

START_TEST(who_may_make_one) {
    struct made m;
    struct id bob = add("bob", "bob@example.org", "active");
    vidstore_session *s = session_of(ann), *admin = session_of(root), *nobody = NULL;
    must(vidstore_session_anonymous(store, NULL, &nobody, e));
    refused(VIDSTORE_FORBIDDEN, NULL, make(s, VIDSTORE_ONCE_RESET, ann, NULL, &m, e));
    refused(VIDSTORE_FORBIDDEN, NULL, make(s, VIDSTORE_ONCE_INVITATION, ann, NULL, &m, e));
    refused(VIDSTORE_NOT_FOUND, NULL, make(s, VIDSTORE_ONCE_VERIFICATION, bob, NULL, &m, e));
    refused(VIDSTORE_NOT_FOUND, NULL, make(s, VIDSTORE_ONCE_EMAIL, bob, "x@example.org", &m, e));
    refused(VIDSTORE_NOT_FOUND, NULL, make(nobody, VIDSTORE_ONCE_RESET, ann, NULL, &m, e));
    must(make(s, VIDSTORE_ONCE_VERIFICATION, ann, NULL, &m, e));
    must(make(admin, VIDSTORE_ONCE_RESET, ann, NULL, &m, e));
    /* A login wants the password again for a new address. */
    char token[VIDSTORE_TOKEN_SIZE];
    vidstore_session *login = NULL;
    must(log_in("ann", PASSWORD, token, e));
    must(vidstore_session_resume(store, token, NULL, &login, e));
    must(make(login, VIDSTORE_ONCE_EMAIL, ann, "x@example.org", &m, e));
    sql("UPDATE logins SET proved_us = proved_us - 601000000");
    vidstore_error *error = NULL;
    ck_assert_int_eq(make(login, VIDSTORE_ONCE_EMAIL, ann, "x@example.org", &m, &error), VIDSTORE_UNAUTHENTICATED);
    ck_assert_int_eq(vidstore_error_subcode(error), VIDSTORE_SUB_CONFIRM);
    vidstore_error_free(error);
    vidstore_session_free(login);
    vidstore_session_free(nobody);
    vidstore_session_free(admin);
    vidstore_session_free(s);
}
END_TEST

START_TEST(bad_arguments) {
    struct made m = {"x", ""};
    refused(VIDSTORE_MISUSE, "store", vidstore_once_create(NULL, sys, 10, ann.text, NULL, NULL, m.text, 69, e));
    refused(VIDSTORE_MISUSE, "session", vidstore_once_create(store, NULL, 10, ann.text, NULL, NULL, m.text, 69, e));
    refused(VIDSTORE_INVALID, "kind", vidstore_once_create(store, sys, 11, ann.text, NULL, NULL, m.text, 69, e));
    refused(VIDSTORE_INVALID, "user_id", vidstore_once_create(store, sys, 10, "x", NULL, NULL, m.text, 69, e));
    refused(VIDSTORE_MISUSE, "ret_token", vidstore_once_create(store, sys, 10, ann.text, NULL, NULL, NULL, 69, e));
    refused(VIDSTORE_INVALID, "token_size", vidstore_once_create(store, sys, 10, ann.text, NULL, NULL, m.text, 68, e));
    refused(VIDSTORE_MISUSE, "email", make(sys, VIDSTORE_ONCE_EMAIL, ann, NULL, &m, e));
    refused(VIDSTORE_INVALID, "email", make(sys, VIDSTORE_ONCE_RESET, ann, "a@b.example", &m, e));
    ck_assert_str_eq(m.text, "");
    refused(VIDSTORE_MISUSE, "store", vidstore_once_request_reset(NULL, "a", 0, NULL, NULL, m.text, 69, e));
    refused(VIDSTORE_MISUSE, "name", vidstore_once_request_reset(store, NULL, 0, NULL, NULL, m.text, 69, e));
    refused(VIDSTORE_INVALID, "name", vidstore_once_request_reset(store, "\xFF", 0, NULL, NULL, m.text, 69, e));
    refused(VIDSTORE_INVALID, "flags", vidstore_once_request_reset(store, "a", 2, NULL, NULL, m.text, 69, e));
    refused(VIDSTORE_MISUSE, "store", vidstore_once_use(NULL, 30, "x", PASSWORD, NULL, NULL, e));
    refused(VIDSTORE_INVALID, "kind", spend(0, "x", PASSWORD, e));
    refused(VIDSTORE_MISUSE, "token", spend(30, NULL, PASSWORD, e));
    refused(VIDSTORE_MISUSE, "password", spend(30, "x", NULL, e));
    refused(VIDSTORE_INVALID, "password", spend(20, "x", PASSWORD, e));
    refused(VIDSTORE_INVALID, "password", spend(30, "x", "\xFF", e));
    char where[128];
    vidstore *two = NULL;
    vidstore_session *theirs = NULL;
    snprintf(where, sizeof where, "%s/two", folder);
    must(vidstore_open(where, NULL, &two, e));
    must(vidstore_session_system(two, "two", &theirs, e));
    refused(VIDSTORE_MISUSE, "session", vidstore_once_create(store, theirs, 30, ann.text, NULL, NULL, m.text, 69, e));
    vidstore_session_free(theirs);
    vidstore_close(two);
}
END_TEST

/* What a token is bound to, it dies with. */
START_TEST(bound_to_what_it_changes) {
    struct made m = made(VIDSTORE_ONCE_RESET, ann, NULL), newer = made(VIDSTORE_ONCE_RESET, ann, NULL);
    dead(VIDSTORE_ONCE_RESET, m.text); /* the newest replaces it */
    dead(VIDSTORE_ONCE_VERIFICATION, newer.text);
    dead(VIDSTORE_ONCE_INVITATION, newer.text);
    must(vidstore_user_set_password(sys, ann.text, PASSWORD, e));
    dead(VIDSTORE_ONCE_RESET, newer.text);
    static const struct {
        int32_t kind;
        const char *change;
    } cases[] = {{VIDSTORE_ONCE_RESET, "{\"email\":\"1@example.org\"}"},
                 {VIDSTORE_ONCE_VERIFICATION, "{\"email\":\"2@example.org\"}"},
                 {VIDSTORE_ONCE_VERIFICATION, "{\"email\":null}"},
                 {VIDSTORE_ONCE_RESET, "{\"role\":\"viewer\"}"},
                 {VIDSTORE_ONCE_RESET, "{\"state\":\"suspended\"}"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vidstore_user_params *p = vidstore_user_params_new();
        vidstore_user_params_set_json(p, cases[i].change);
        m = made(cases[i].kind, ann, NULL);
        must(vidstore_user_update(sys, ann.text, p, NULL, e));
        vidstore_user_params_free(p);
        dead(cases[i].kind, m.text);
    }
    must(vidstore_user_set_state(sys, ann.text, VIDSTORE_USER_ACTIVE, NULL, e));
    dead(VIDSTORE_ONCE_RESET, m.text); /* nothing is revived */
    m = made(VIDSTORE_ONCE_RESET, ann, NULL);
    must(vidstore_user_remove(sys, ann.text, VIDSTORE_REMOVE_RESTRICT, e));
    dead(VIDSTORE_ONCE_RESET, m.text);
    ck_assert_int_eq(sql("SELECT count(*) FROM one_time_tokens"), 0);
}
END_TEST

START_TEST(attack_29_expired) {
    must(vidstore_setting_set(sys, "token.reset_minutes", "7", e));
    struct made m = made(VIDSTORE_ONCE_RESET, ann, NULL);
    ck_assert_int_eq((sql("SELECT expires_us - created_us FROM one_time_tokens") + 500000) / 1000000, 420);
    sql("UPDATE one_time_tokens SET expires_us = created_us");
    dead(VIDSTORE_ONCE_RESET, m.text);
    m = made(VIDSTORE_ONCE_RESET, ann, NULL);
    sql("UPDATE one_time_tokens SET expires_us = created_us - 1");
    vidstore_text *json = NULL;
    must(vidstore_maintain(sys, 1000, 0, &json, e));
    ck_assert_ptr_nonnull(strstr(vidstore_text_data(json), "\"tokens_purged\":1"));
    vidstore_text_free(json);
    ck_assert_int_eq(sql("SELECT count(*) FROM one_time_tokens"), 0);
}
END_TEST

START_TEST(attack_26_and_28_texts_that_are_none) {
    struct made m = made(VIDSTORE_ONCE_RESET, ann, NULL);
    char text[VIDSTORE_TOKEN_SIZE], key[VIDSTORE_TOKEN_SIZE], longer[VIDSTORE_TOKEN_SIZE + 2];
    strcpy(text, m.text);
    text[30] = text[30] == 'a' ? 'b' : 'a'; /* the check sum is wrong */
    dead(VIDSTORE_ONCE_RESET, text);
    dead(VIDSTORE_ONCE_RESET, "");
    snprintf(longer, sizeof longer, "%s\n", m.text);
    dead(VIDSTORE_ONCE_RESET, longer);
    vidstore_key_params *p = vidstore_key_params_new();
    vidstore_key_params_set_text(p, VIDSTORE_KEY_NAME, "k");
    vidstore_key_params_set_text(p, VIDSTORE_KEY_USER_ID, ann.text);
    must(vidstore_key_create(sys, p, NULL, key, sizeof key, e));
    vidstore_key_params_free(p);
    dead(VIDSTORE_ONCE_RESET, key);
    refused(VIDSTORE_UNAUTHENTICATED, "token", vidstore_session_key(store, m.text, NULL, NULL, e));
    refused(VIDSTORE_UNAUTHENTICATED, "token", vidstore_session_resume(store, m.text, NULL, NULL, e));
    must(spend(VIDSTORE_ONCE_RESET, m.text, OTHER, e));
    for (int i = 0; i < 120; i++)
        spend(VIDSTORE_ONCE_RESET, "junk", OTHER, NULL);
    refused(VIDSTORE_THROTTLED, "token", spend(VIDSTORE_ONCE_RESET, "junk", OTHER, e));
    ck_assert_int_le(events("action = auth_failed"), 4); /* one a minute for each reason */
}
END_TEST

/* The same outcome, the same rows, and the address on record instead of the one that was typed. */
START_TEST(attack_14_reset_tells_nobody) {
    add("off", "off@example.org", "deactivated");
    add("wait", "wait@example.org", "pending");
    add("none", "none@example.org", "active"); /* has no password */
    struct id bare = add("bare", NULL, "active");
    must(vidstore_user_set_password(sys, bare.text, PASSWORD, e));
    static const struct {
        const char *name, *email;
    } cases[] = {{"nobody", ""},        {"ann", "ann@example.org"},
                 {"x@example.org", ""}, {"Ann@Example.ORG", "ann@example.org"},
                 {"off", ""},           {"wait", ""},
                 {"none", ""},          {"bare", ""}};
    static const char rows[] = "SELECT (SELECT count(*) FROM audit_events) + (SELECT count(*) FROM throttles)";
    struct made m;
    must(ask("first", NULL, 0, &m, e));      /* the row of nobody is there */
    must(ask("ann", "192.0.2.1", 0, &m, e)); /* and that of ann */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char ip[32];
        snprintf(ip, sizeof ip, "198.51.100.%zu", i);
        int64_t before = sql(rows), tokens = sql("SELECT count(*) FROM one_time_tokens");
        must(ask(cases[i].name, ip, 0, &m, e));
        ck_assert_str_eq(m.email, cases[i].email);
        ck_assert_int_eq(vidstore_token_kind(m.text), VIDSTORE_TOKEN_ONCE);
        ck_assert_int_eq(sql("SELECT count(*) FROM one_time_tokens"), tokens);
        if (i != 1) /* its name was counted before; and by the address in case 3 the account */
            ck_assert_msg(sql(rows) - before == (i == 3 ? 3 : 4), "%s", cases[i].name);
        if (!*cases[i].email)
            dead(VIDSTORE_ONCE_RESET, m.text);
    }
    ck_assert_int_eq(events("action = token_issued and object_name = \"nobody\""), 0);
    ck_assert_int_eq(sql("SELECT count(*) FROM audit_events WHERE description LIKE '%example%'"), 0);
}
END_TEST

/* Who asks for the address of another learns nothing by it, and gets nothing. */
START_TEST(attack_14_an_address_that_is_taken) {
    add("bob", "bob@example.org", "active");
    struct made m;
    vidstore_session *s = session_of(ann);
    must(make(s, VIDSTORE_ONCE_EMAIL, ann, "BOB@example.org", &m, e));
    ck_assert_str_eq(m.email, "");
    dead(VIDSTORE_ONCE_EMAIL, m.text);
    must(make(s, VIDSTORE_ONCE_EMAIL, ann, "free@example.org", &m, e));
    add("eve", "free@example.org", "active"); /* meanwhile */
    refused(VIDSTORE_EXISTS, "email", spend(VIDSTORE_ONCE_EMAIL, m.text, NULL, e));
    vidstore_session_free(s);
}
END_TEST

/* Both names of an account are counted together; whoever asks sees no difference. */
START_TEST(attack_14_asking_under_two_names) {
    struct made m;
    for (int i = 0; i < 5; i++)
        must(ask("ann", "198.51.100.7", 0, &m, e));
    ck_assert_str_eq(m.email, "ann@example.org");
    must(ask("ann@example.org", "198.51.100.7", 0, &m, e));
    ck_assert_str_eq(m.email, ""); /* nothing is to be sent */
    ck_assert_int_eq(vidstore_token_kind(m.text), VIDSTORE_TOKEN_ONCE);
    ck_assert_int_eq(events("action = token_issued and description ~ \"another name\""), 1);
    must(ask("ann@example.org", "198.51.100.7", VIDSTORE_CHALLENGE_PASSED, &m, e));
    ck_assert_str_eq(m.email, "ann@example.org");
}
END_TEST

START_TEST(attack_19_a_locked_account_can_be_reset) {
    struct made m;
    char token[VIDSTORE_TOKEN_SIZE];
    for (int i = 0; i < 5; i++)
        refused(VIDSTORE_UNAUTHENTICATED, NULL, log_in("ann", "wrong", token, e));
    refused(VIDSTORE_THROTTLED, NULL, log_in("ann", PASSWORD, token, e));
    must(ask("ann", NULL, 0, &m, e)); /* counted apart */
    must(spend(VIDSTORE_ONCE_RESET, m.text, OTHER, e));
    must(log_in("ann", OTHER, token, e)); /* what strangers did is forgotten */
    /* Asking in masses has to wait, known or not; a challenge lets it through. */
    for (int i = 0; i < 5; i++) {
        must(ask("ann", NULL, 0, &m, e));
        must(ask("nobody", NULL, 0, &m, e));
    }
    struct made last = m;
    refused(VIDSTORE_THROTTLED, "name", ask("ann", NULL, 0, &m, e));
    ck_assert_str_eq(m.text, "");
    refused(VIDSTORE_THROTTLED, "name", ask("nobody", NULL, 0, &m, e));
    must(ask("ann", NULL, VIDSTORE_CHALLENGE_PASSED, &m, e));
    must(log_in("ann", OTHER, token, e)); /* nor does that lock anybody out */
    dead(VIDSTORE_ONCE_RESET, last.text);
}
END_TEST

/* Who spams with requests can't keep the user from its own, from where it is known. */
START_TEST(attack_17_asking_locks_nobody_out) {
    struct made m;
    char token[VIDSTORE_TOKEN_SIZE];
    vidstore_origin *home = from("192.0.2.1");
    must(vidstore_login_create(store, "ann", PASSWORD, NULL, 0, home, NULL, token, sizeof token, e));
    vidstore_origin_free(home);
    for (int i = 0; i < 5; i++)
        must(ask("ann", "198.51.100.7", 0, &m, e));
    refused(VIDSTORE_THROTTLED, "name", ask("ann", "198.51.100.8", 0, &m, e));
    must(ask("ann", "192.0.2.1", 0, &m, e));
    ck_assert_str_eq(m.email, "ann@example.org");
}
END_TEST

struct race {
    const char *token;
    int won, lost;
    pthread_mutex_t lock;
};

static void *consume(void *arg) {
    struct race *race = arg;
    vidstore_status status = spend(VIDSTORE_ONCE_RESET, race->token, OTHER, NULL);
    pthread_mutex_lock(&race->lock);
    race->won += status == VIDSTORE_OK;
    race->lost += status == VIDSTORE_UNAUTHENTICATED;
    pthread_mutex_unlock(&race->lock);
    return NULL;
}

START_TEST(attack_32_one_of_many_wins) {
    struct made m = made(VIDSTORE_ONCE_RESET, ann, NULL);
    struct race race = {m.text, 0, 0, PTHREAD_MUTEX_INITIALIZER};
    pthread_t threads[16];
    for (int i = 0; i < 16; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, consume, &race), 0);
    for (int i = 0; i < 16; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(race.won, 1);
    ck_assert_int_eq(race.lost, 15);
    ck_assert_int_eq(events("action = token_used"), 1);
}
END_TEST

/* --- the memory of a process -----------------------------------------------------------------------------------------
 */

enum { SECRETS = 13, SECRET_SIZE = 96 };

/* What was issued, and the passwords that were given, as they go to the parent. */
struct issued {
    int count;
    char text[SECRETS][SECRET_SIZE];
};

static void keep(struct issued *all, char *secret) {
    snprintf(all->text[all->count++], SECRET_SIZE, "%s", secret);
    explicit_bzero(secret, strlen(secret));
}

static void make_password(char *ret, char mark) {
    static const char digits[] = "0123456789abcdef";
    unsigned char random[20];
    ck_assert_int_eq(getentropy(random, sizeof random), 0);
    for (int i = 0; i < 40; i++)
        ret[i] = digits[random[i / 2] >> (i % 2 * 4) & 15];
    ret[39] = mark;
    ret[40] = '\0';
}

/* The rest of what can be issued: a key in the place of another, addresses, a link, a lease. */
static void live_on(struct issued *all, char text[SECRET_SIZE]) {
    vidstore_key *key = NULL;
    vidstore_key_params *kp = vidstore_key_params_new();
    vidstore_key_params_set_text(kp, VIDSTORE_KEY_NAME, "old");
    vidstore_key_params_set_text(kp, VIDSTORE_KEY_USER_ID, ann.text);
    must(vidstore_key_create(sys, kp, &key, text, SECRET_SIZE, e));
    must(vidstore_key_rotate(sys, vidstore_key_id(key), 0, NULL, text, SECRET_SIZE, e));
    vidstore_key_free(key);
    vidstore_key_params_free(kp);
    keep(all, text);
    must(vidstore_once_create(store, sys, VIDSTORE_ONCE_VERIFICATION, ann.text, NULL, NULL, text, SECRET_SIZE, e));
    must(vidstore_once_use(store, VIDSTORE_ONCE_VERIFICATION, text, NULL, NULL, NULL, e));
    keep(all, text);
    must(
        vidstore_once_create(store, sys, VIDSTORE_ONCE_EMAIL, ann.text, "new@example.org", NULL, text, SECRET_SIZE, e));
    must(vidstore_once_use(store, VIDSTORE_ONCE_EMAIL, text, NULL, NULL, NULL, e));
    keep(all, text);
    vidstore_file *file = NULL;
    vidstore_file_params *fp = vidstore_file_params_new();
    vidstore_file_params_set_int64(fp, VIDSTORE_FILE_ACCESS, VIDSTORE_ACCESS_RESTRICTED);
    must(vidstore_file_put_path(sys, "/proc/self/cmdline", fp, &file, e));
    vidstore_file_params_free(fp);
    vidstore_link_params *lp = vidstore_link_params_new();
    vidstore_link_params_set_text(lp, VIDSTORE_LINK_FILE_ID, vidstore_file_id(file));
    must(vidstore_link_create(sys, lp, NULL, text, SECRET_SIZE, e));
    vidstore_link_params_free(lp);
    vidstore_file_free(file);
    vidstore_session *s = NULL;
    must(vidstore_session_link(store, text, NULL, &s, e));
    vidstore_session_free(s);
    keep(all, text);
    vidstore_job_params *jp = vidstore_job_params_new();
    vidstore_lease *lease = NULL, *again = NULL;
    vidstore_job_params_set_text(jp, VIDSTORE_JOB_KIND, "work");
    must(vidstore_job_submit(sys, jp, NULL, e));
    vidstore_job_params_free(jp);
    must(vidstore_job_claim(sys, "work", 0, &lease, e));
    snprintf(text, SECRET_SIZE, "%s", vidstore_lease_token(lease));
    must(vidstore_lease_attach(sys, text, &again, e));
    vidstore_lease_free(again);
    must(vidstore_lease_finish(lease, NULL, e));
    vidstore_lease_free(lease);
    keep(all, text);
}

/* Does what people do with secrets, and keeps none of them: the copies go through the pipe. */
static void live(int out) {
    struct issued all = {0};
    char first[SECRET_SIZE], second[SECRET_SIZE], text[SECRET_SIZE];
    vidstore_session *s = NULL;
    vidstore_key *key = NULL;
    make_password(first, 'x');
    make_password(second, 'y');
    begin();
    ann = add("ann", "ann@example.org", "pending");
    must(vidstore_once_create(store, sys, VIDSTORE_ONCE_INVITATION, ann.text, NULL, NULL, text, sizeof text, e));
    must(vidstore_once_use(store, VIDSTORE_ONCE_INVITATION, text, first, NULL, NULL, e));
    keep(&all, text);
    must(vidstore_login_create(store, "ann", first, NULL, 0, NULL, NULL, text, sizeof text, e));
    must(vidstore_session_resume(store, text, NULL, &s, e));
    keep(&all, text);
    must(vidstore_login_trust(s, text, sizeof text, e));
    keep(&all, text);
    must(vidstore_login_confirm(s, first, text, sizeof text, e));
    keep(&all, text);
    vidstore_key_params *p = vidstore_key_params_new();
    vidstore_key_params_set_text(p, VIDSTORE_KEY_NAME, "k");
    must(vidstore_key_create(s, p, &key, text, sizeof text, e));
    vidstore_key_params_free(p);
    vidstore_key_free(key);
    vidstore_session_free(s);
    must(vidstore_session_key(store, text, NULL, &s, e));
    vidstore_session_free(s);
    keep(&all, text);
    live_on(&all, text);
    must(vidstore_once_request_reset(store, "ann", 0, NULL, NULL, text, sizeof text, e));
    must(vidstore_once_use(store, VIDSTORE_ONCE_RESET, text, second, NULL, NULL, e));
    keep(&all, text);
    refused(VIDSTORE_UNAUTHENTICATED, NULL, log_in("ann", first, text, e));
    must(log_in("ann", second, text, e));
    explicit_bzero(text, sizeof text);
    keep(&all, first);
    keep(&all, second);
    ck_assert_int_eq(write(out, &all, sizeof all), (ssize_t)sizeof all);
    ck_assert_int_eq(write(out, place, sizeof place), (ssize_t)sizeof place);
    explicit_bzero(&all, sizeof all);
    for (;;)
        pause();
}

/* Behind the public part of a token; of the token of a lease, behind the job's id. */
static const char *secret_of(const struct issued *all, int i) {
    const char *text = all->text[i];
    size_t len = strlen(text);
    return text + (len == VIDSTORE_TOKEN_SIZE - 1 ? 19 : len > 40 ? len - 24 : 0);
}

/* How many bytes of the process's memory were read; none of the secrets may be in them. */
static size_t search_memory(pid_t pid, const struct issued *all) {
    char path[64], line[512];
    size_t total = 0;
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *maps = fopen(path, "r");
    snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
    FILE *memory = fopen(path, "rb");
    ck_assert_ptr_nonnull(maps);
    ck_assert_ptr_nonnull(memory);
    setvbuf(memory, NULL, _IONBF, 0);
    while (fgets(line, sizeof line, maps)) {
        unsigned long from, to;
        char rights[8];
        if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) != 3 || strncmp(rights, "rw", 2) != 0 ||
            to - from > 1 << 30)
            continue; /* what is larger is the shadow of a sanitizer */
        char *bytes = malloc(to - from);
        size_t got = fseeko(memory, (off_t)from, SEEK_SET) ? 0 : fread(bytes, 1, to - from, memory);
        for (int i = 0; i < all->count; i++) {
            ck_assert_msg(!memmem(bytes, got, secret_of(all, i), 24), "secret %d is in the memory: %s", i, line);
        }
        total += got;
        free(bytes);
    }
    fclose(maps);
    fclose(memory);
    return total;
}

static void search_file(const char *name, const struct issued *all) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", place, name);
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s is not there", path);
    static char bytes[8 << 20];
    size_t got = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    for (int i = 0; i < all->count; i++)
        ck_assert_msg(!memmem(bytes, got, secret_of(all, i), 24), "secret %d is in %s", i, name);
}

/* What a core of a process would show, and what it leaves behind when it is killed. */
START_TEST(attack_35_the_memory_of_a_process) {
    int ends[2];
    struct issued all;
    if (getenv("VIDSTORE_TEST_FORM"))
        return; /* results by name are JSON, which is the caller's to wipe */
    ck_assert_int_eq(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        live(ends[1]);
        _exit(0);
    }
    close(ends[1]);
    ck_assert_int_eq(read(ends[0], &all, sizeof all), (ssize_t)sizeof all);
    ck_assert_int_eq(read(ends[0], place, sizeof place), (ssize_t)sizeof place);
    close(ends[0]);
    sleep_ms(50);
    ck_assert_int_eq(all.count, SECRETS);
    size_t read = search_memory(pid, &all);
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    ck_assert_uint_gt(read, 1 << 20);
    search_file("store.db", &all);
    search_file("store.db-wal", &all);
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(place, '/') - place), place);
    remove_folder();
}
END_TEST

Suite *once_suite(void) {
    Suite *suite = suite_create("once");
    TCase *tests = tcase_create("once");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, end);
    tcase_add_test(tests, an_invitation);
    tcase_add_test(tests, without_an_address_or_a_password);
    tcase_add_test(tests, addresses);
    tcase_add_test(tests, a_reset);
    tcase_add_test(tests, who_may_make_one);
    tcase_add_test(tests, bad_arguments);
    tcase_add_test(tests, bound_to_what_it_changes);
    tcase_add_test(tests, attack_29_expired);
    tcase_add_test(tests, attack_26_and_28_texts_that_are_none);
    tcase_add_test(tests, attack_14_reset_tells_nobody);
    tcase_add_test(tests, attack_14_an_address_that_is_taken);
    tcase_add_test(tests, attack_19_a_locked_account_can_be_reset);
    tcase_add_test(tests, attack_14_asking_under_two_names);
    tcase_add_test(tests, attack_17_asking_locks_nobody_out);
    tcase_add_test(tests, attack_32_one_of_many_wins);
    suite_add_tcase(suite, tests);
    TCase *memory = tcase_create("memory");
    tcase_set_timeout(memory, 60);
    tcase_add_test(memory, attack_35_the_memory_of_a_process);
    suite_add_tcase(suite, memory);
    return suite;
}
