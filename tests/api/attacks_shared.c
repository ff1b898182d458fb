/* SPDX-License-Identifier: MIT */
/* Two processes on one store: what ends in one has ended in the other, and who is the last admin is nobody's opinion.
 * Tests of attacks have the number of their group in the name. */
#include "objects.h"
#include "peek.h"

static const char PASSWORD[] = "correct horse battery";

/* --- ways in, and what ends them -----------------------------------------------------------------------------------
 */

enum kind { LOGIN, KEY, BEHALF, LINK, GRANT };

struct way {
    struct id user, credential, file;
    char token[VIDSTORE_TOKEN_SIZE];
    vidstore_session *session; /* the other process's */
};

typedef void end_fn(const struct way *w);

static void change(const struct way *w, const char *json) {
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_json(p, json);
    must(vidstore_user_update(sys, w->user.text, p, NULL, e));
    vidstore_user_params_free(p);
}

static void revoke_login(const struct way *w) {
    must(vidstore_login_revoke(sys, w->credential.text, e));
}

static void revoke_logins(const struct way *w) {
    must(vidstore_login_revoke_all(sys, w->user.text, NULL, e));
}

static void revoke_everyones(const struct way *w) {
    (void)w;
    must(vidstore_login_revoke_all(sys, NULL, NULL, e));
}

static void set_password(const struct way *w) {
    must(vidstore_user_set_password(sys, w->user.text, "battery horse correct", e));
}

static void demote(const struct way *w) {
    change(w, "{\"role\":\"viewer\"}");
}

static void suspend(const struct way *w) {
    change(w, "{\"state\":\"suspended\"}");
}

static void deactivate(const struct way *w) {
    change(w, "{\"state\":\"deactivated\"}");
}

static void remove_user(const struct way *w) {
    must(vidstore_user_remove(sys, w->user.text, VIDSTORE_REMOVE_CASCADE, e));
}

static void revoke_key(const struct way *w) {
    must(vidstore_key_revoke(sys, w->credential.text, e));
}

static void revoke_link(const struct way *w) {
    must(vidstore_link_revoke(sys, w->credential.text, e));
}

static void revoke_grant(const struct way *w) {
    must(vidstore_grant_revoke(sys, w->credential.text, e));
}

static const struct {
    enum kind kind;
    end_fn *end;
    vidstore_status then;
} ways[] = {
    {LOGIN, revoke_login, VIDSTORE_UNAUTHENTICATED},
    {LOGIN, revoke_logins, VIDSTORE_UNAUTHENTICATED},
    {LOGIN, set_password, VIDSTORE_UNAUTHENTICATED},
    {LOGIN, demote, VIDSTORE_UNAUTHENTICATED},
    {LOGIN, suspend, VIDSTORE_UNAUTHENTICATED},
    {LOGIN, deactivate, VIDSTORE_UNAUTHENTICATED},
    {LOGIN, remove_user, VIDSTORE_UNAUTHENTICATED},
    {KEY, revoke_key, VIDSTORE_UNAUTHENTICATED},
    {KEY, suspend, VIDSTORE_UNAUTHENTICATED},
    {KEY, deactivate, VIDSTORE_UNAUTHENTICATED},
    {KEY, remove_user, VIDSTORE_UNAUTHENTICATED},
    {BEHALF, suspend, VIDSTORE_UNAUTHENTICATED},
    {BEHALF, deactivate, VIDSTORE_UNAUTHENTICATED},
    {BEHALF, remove_user, VIDSTORE_UNAUTHENTICATED},
    {LINK, revoke_link, VIDSTORE_UNAUTHENTICATED},
    {GRANT, revoke_grant, VIDSTORE_NOT_FOUND},
    {LOGIN, revoke_everyones, VIDSTORE_UNAUTHENTICATED},
};
enum { WAYS = sizeof ways / sizeof *ways };

static struct way made[WAYS];

static void make_login(struct way *w, const char *name) {
    vidstore_login *login = NULL;
    must(vidstore_user_set_password(sys, w->user.text, PASSWORD, e));
    must(vidstore_login_create(store, name, PASSWORD, NULL, 0, NULL, &login, w->token, sizeof w->token, e));
    w->credential = id_of(vidstore_login_id(login));
    vidstore_login_free(login);
}

static void make_key(struct way *w) {
    vidstore_key *key = NULL;
    vidstore_key_params *p = vidstore_key_params_new();
    vidstore_key_params_set_text(p, VIDSTORE_KEY_NAME, "backup");
    vidstore_key_params_set_text(p, VIDSTORE_KEY_USER_ID, w->user.text);
    vidstore_key_params_set_text(p, VIDSTORE_KEY_SCOPES, "read");
    must(vidstore_key_create(sys, p, &key, w->token, sizeof w->token, e));
    w->credential = id_of(vidstore_key_id(key));
    vidstore_key_params_free(p);
    vidstore_key_free(key);
}

static void make_link(struct way *w) {
    vidstore_link *link = NULL;
    vidstore_link_params *p = vidstore_link_params_new();
    vidstore_link_params_set_text(p, VIDSTORE_LINK_FILE_ID, w->file.text);
    must(vidstore_link_create(sys, p, &link, w->token, sizeof w->token, e));
    w->credential = id_of(vidstore_link_id(link));
    vidstore_link_params_free(p);
    vidstore_link_free(link);
}

static void make_grant(struct way *w) {
    vidstore_grant *grant = NULL;
    vidstore_grant_params *p = vidstore_grant_params_new();
    vidstore_grant_params_set_text(p, VIDSTORE_GRANT_NOUN, "file");
    vidstore_grant_params_set_text(p, VIDSTORE_GRANT_OBJECT_ID, w->file.text);
    vidstore_grant_params_set_text(p, VIDSTORE_GRANT_SUBJECT_ID, w->user.text);
    must(vidstore_grant_create(sys, p, &grant, e));
    w->credential = id_of(vidstore_grant_id(grant));
    vidstore_grant_params_free(p);
    vidstore_grant_free(grant);
}

static void make(struct way *w, enum kind kind, int number) {
    char name[16];
    snprintf(name, sizeof name, "user%d", number);
    w->user = add_user(name, VIDSTORE_ROLE_USER);
    if (kind == LINK || kind == GRANT)
        w->file = put_file(sys, VIDSTORE_ACCESS_RESTRICTED, NULL);
    if (kind == LOGIN)
        make_login(w, name);
    if (kind == KEY)
        make_key(w);
    if (kind == LINK)
        make_link(w);
    if (kind == GRANT)
        make_grant(w);
}

/* --- the other process ---------------------------------------------------------------------------------------------
 */

static void enter(struct way *w, enum kind kind) {
    if (kind == LOGIN)
        must(vidstore_session_resume(store, w->token, NULL, &w->session, e));
    else if (kind == KEY)
        must(vidstore_session_key(store, w->token, NULL, &w->session, e));
    else if (kind == LINK)
        must(vidstore_session_link(store, w->token, NULL, &w->session, e));
    else
        w->session = session_of(w->user);
}

static vidstore_status use(const struct way *w) {
    return *w->file.text ? vidstore_file_get(w->session, w->file.text, NULL, NULL)
                         : vidstore_video_list(w->session, NULL, NULL, NULL);
}

/* Uses the way that it is told, and says how that went, until nobody asks any more. */
static void serve(int asked, int answers) {
    unsigned char which;
    open_store();
    for (int i = 0; i < WAYS; i++)
        enter(&made[i], ways[i].kind);
    while (read(asked, &which, 1) == 1) {
        int32_t status = use(&made[which]);
        if (write(answers, &status, sizeof status) != sizeof status)
            _exit(1);
    }
    for (int i = 0; i < WAYS; i++)
        vidstore_session_free(made[i].session);
    close_store();
    _exit(0);
}

static int32_t ask(int asks, int answers, int which) {
    unsigned char byte = (unsigned char)which;
    int32_t status = 1;
    ck_assert_int_eq(write(asks, &byte, 1), 1);
    ck_assert_int_eq(read(answers, &status, sizeof status), sizeof status);
    return status;
}

START_TEST(attack_29_ended_by_another_process) {
    int to[2], back[2], status = -1;
    add_user("root", VIDSTORE_ROLE_ADMIN);
    for (int i = 0; i < WAYS; i++)
        make(&made[i], ways[i].kind, i);
    close_store();
    ck_assert_int_eq(pipe(to), 0);
    ck_assert_int_eq(pipe(back), 0);
    pid_t child = fork();
    if (!child) {
        close(to[1]);
        serve(to[0], back[1]);
    }
    close(to[0]);
    close(back[1]);
    open_store();
    for (int i = 0; i < WAYS; i++) {
        ck_assert_msg(ask(to[1], back[0], i) == VIDSTORE_OK, "way %d is not open", i);
        ways[i].end(&made[i]);
        int32_t then = ask(to[1], back[0], i);
        ck_assert_msg(then == ways[i].then, "way %d then gives %s", i, vidstore_status_name(then));
    }
    close(to[1]);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}
END_TEST

/* --- the last admin ------------------------------------------------------------------------------------------------
 */

enum { ADMINS = 64, PROCESSES = 2 };

static struct id admins[ADMINS];

/* Demotes everybody else, and at last itself, for as long as it may. */
static void *demote_all(void *arg) {
    const int me = (int)(intptr_t)arg;
    vidstore_session *s = NULL;
    if (vidstore_session_on_behalf(store, admins[me].text, NULL, &s, NULL))
        return NULL;
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_json(p, "{\"role\":\"viewer\"}");
    for (int i = 1; i <= ADMINS; i++)
        while (vidstore_user_update(s, admins[(me + i) % ADMINS].text, p, NULL, NULL) == VIDSTORE_BUSY)
            continue;
    vidstore_user_params_free(p);
    vidstore_session_free(s);
    return NULL;
}

static void demote_in_threads(int process, int start) {
    enum { THREADS = ADMINS / PROCESSES };
    pthread_t threads[THREADS];
    char byte;
    open_store();
    ck_assert_int_eq(read(start, &byte, 1), 0); /* until all are there */
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, demote_all, (void *)(intptr_t)(process + PROCESSES * i)), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    close_store();
    _exit(0);
}

START_TEST(attack_42_everybody_demotes_everybody) {
    int start[2], status = -1;
    char name[16];
    for (int i = 0; i < ADMINS; i++) {
        snprintf(name, sizeof name, "admin%d", i);
        admins[i] = add_user(name, VIDSTORE_ROLE_ADMIN);
    }
    close_store();
    ck_assert_int_eq(pipe(start), 0);
    for (int i = 0; i < PROCESSES; i++)
        if (fork() == 0) {
            close(start[1]);
            demote_in_threads(i, start[0]);
        }
    close(start[0]);
    close(start[1]);
    for (int i = 0; i < PROCESSES; i++) {
        ck_assert_int_gt(waitpid(-1, &status, 0), 0);
        ck_assert_int_eq(status, 0);
    }
    open_store();
    ck_assert_int_eq(sql("SELECT count(*) FROM users WHERE role = 30 AND state = 20"), 1);
    ck_assert_int_eq(events("action = role_changed and success = true"), ADMINS - 1);
}
END_TEST

Suite *attacks_shared_suite(void);

Suite *attacks_shared_suite(void) {
    Suite *suite = suite_create("attacks_shared");
    TCase *t = tcase_create("two processes");
    tcase_add_checked_fixture(t, begin, end);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, attack_29_ended_by_another_process);
    tcase_add_test(t, attack_42_everybody_demotes_everybody);
    suite_add_tcase(suite, t);
    return suite;
}
