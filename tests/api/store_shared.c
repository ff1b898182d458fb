/* SPDX-License-Identifier: MIT */
/* A store in other hands: opened for reading, by a guest, by many at once, after a fork. */
#include "store.h"

START_TEST(read_only) {
    vidstore *vs = NULL, *reader = NULL;
    vidstore_session *s = NULL;
    char uri[160];
    must(open_at(place, &vs, e));
    add_one(vs, "ann");
    snprintf(uri, sizeof uri, "vidstore:%s?mode=ro", place);
    must(open_at(uri, &reader, e));
    must(vidstore_session_system(reader, "test", &s, e));
    ck_assert_int_eq(users(reader), 1);
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_text(p, VIDSTORE_USER_USERNAME, "bob");
    refused(VIDSTORE_READONLY, NULL, vidstore_user_create(s, p, NULL, e));
    refused(VIDSTORE_READONLY, NULL, vidstore_begin(s, 0, e));
    refused(VIDSTORE_READONLY, NULL, vidstore_setting_set(s, "job.lease_ms", "1000", e));
    vidstore_session_free(s);
    must(vidstore_session_anonymous(reader, NULL, &s, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_user_list(s, NULL, NULL, e)); /* though it can't be recorded */
    vidstore_session_free(s);
    add_one(vs, "carl");
    ck_assert_int_eq(users(reader), 2);
    vidstore_user_params_free(p);
    vidstore_close(vs);
    ck_assert_int_eq(users(reader), 2); /* the writer went first */
    vidstore_close(reader);
    must(open_at(uri, &reader, e));
    ck_assert_int_eq(users(reader), 2);
    vidstore_close(reader);
}
END_TEST

/* Who comes is checked as ever; that he came can't be written down. */
START_TEST(read_only_passwords) {
    vidstore *vs = NULL, *reader = NULL;
    vidstore_session *s = NULL;
    vidstore_user *user = NULL;
    char uri[160];
    must(open_at(place, &vs, e));
    must(vidstore_session_system(vs, "test", &s, e));
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_text(p, VIDSTORE_USER_USERNAME, "ann");
    must(vidstore_user_create(s, p, &user, e));
    must(vidstore_user_set_password(s, vidstore_user_id(user), "correct horse", e));
    vidstore_user_params_free(p);
    vidstore_user_free(user);
    vidstore_session_free(s);
    vidstore_close(vs);
    snprintf(uri, sizeof uri, "vidstore:%s?mode=ro", place);
    must(open_at(uri, &reader, e));
    must(vidstore_session_anonymous(reader, NULL, &s, e));
    must(vidstore_user_verify_password(s, "ann", "correct horse", &user, e));
    ck_assert_str_eq(vidstore_user_username(user), "ann");
    ck_assert_int_eq(vidstore_user_is_null(user, VIDSTORE_USER_LAST_LOGIN_US), 1);
    vidstore_user_free(user);
    refused(VIDSTORE_UNAUTHENTICATED, NULL, vidstore_user_verify_password(s, "ann", "correct house", &user, e));
    refused(VIDSTORE_UNAUTHENTICATED, NULL, vidstore_user_verify_password(s, "bob", "correct horse", &user, e));
    vidstore_session_free(s);
    must(vidstore_session_login(reader, "ann", "correct horse", NULL, &s, e));
    ck_assert_str_eq(vidstore_session_user_id(s) ? "a user" : "nobody", "a user");
    refused(VIDSTORE_READONLY, NULL, vidstore_user_set_password(s, vidstore_session_user_id(s), "battery staple", e));
    vidstore_session_free(s);
    refused(VIDSTORE_UNAUTHENTICATED, NULL, vidstore_session_login(reader, "ann", "correct house", NULL, &s, e));
    ck_assert_ptr_null(s);
    vidstore_close(reader);
}
END_TEST

static void open_forbidden(void *arg) {
    vidstore *vs = NULL;
    vidstore_error *error = NULL;
    vidstore_status status = vidstore_open(arg, NULL, &vs, &error);
    child_expects(status, VIDSTORE_READONLY, VIDSTORE_IO, __LINE__);
    child_expects(vidstore_error_code(error), status, status, __LINE__);
    if (vs)
        _exit(3);
}

START_TEST(no_permission) {
    vidstore *vs = NULL;
    char below[128];
    if (geteuid() != 0)
        skip_test("only root can become somebody else");
    must(open_at(place, &vs, e));
    add_one(vs, "ann");
    vidstore_close(vs);
    as_somebody(open_forbidden, place); /* 0700 of another */
    ck_assert_int_eq(chmod(folder, 0755), 0);
    snprintf(below, sizeof below, "%s/new", folder);
    as_somebody(open_forbidden, below); /* may not be made */
    ck_assert_int_eq(access(below, F_OK), -1);
    ck_assert_int_eq(chmod(place, 0755), 0);
    ck_assert_int_eq(chmod(in_place("store.db"), 0644), 0);
    as_somebody(open_forbidden, place); /* may be read, not written */
    must(open_at(place, &vs, e));
    ck_assert_int_eq(users(vs), 1);
    vidstore_close(vs);
}
END_TEST

/* A closed store on a medium that can't be written; only where we may mount one. */
START_TEST(a_read_only_medium) {
    vidstore *vs = NULL;
    vidstore_error *error = NULL;
    char uri[160];
    if (!own_mounts() || mount("none", folder, "tmpfs", 0, "size=32m,mode=0700") != 0)
        skip_test("nothing can be mounted here");
    must(open_at(place, &vs, e));
    add_one(vs, "ann");
    vidstore_close(vs);
    ck_assert_int_eq(mount("none", folder, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
    ck_assert_int_eq(open_at(place, &vs, &error), VIDSTORE_READONLY);
    ck_assert_msg(strstr(vidstore_error_message(error), "mode=ro") != NULL, "%s", vidstore_error_message(error));
    vidstore_error_free(error);
    snprintf(uri, sizeof uri, "%s/new", folder);
    refused(VIDSTORE_READONLY, "location", open_at(uri, &vs, e));
    snprintf(uri, sizeof uri, "vidstore:%s?mode=ro", place);
    must(open_at(uri, &vs, e));
    ck_assert_int_eq(users(vs), 1);
    vidstore_close(vs);
    ck_assert_int_eq(umount(folder), 0);
}
END_TEST

static void read_as_guest(void *arg) {
    vidstore *vs = NULL;
    vidstore_session *session = NULL;
    int64_t count = -1;
    vidstore_error *error = NULL;
    vidstore_status status = vidstore_open(arg, NULL, &vs, &error);
    if (status)
        fprintf(stderr, "%s (%s)\n", vidstore_error_message(error), vidstore_error_cause(error));
    child_expects(status, VIDSTORE_OK, VIDSTORE_OK, __LINE__);
    child_expects(vidstore_session_system(vs, "guest", &session, NULL), VIDSTORE_OK, VIDSTORE_OK, __LINE__);
    child_expects(vidstore_user_count(session, NULL, &count, NULL), VIDSTORE_OK, VIDSTORE_OK, __LINE__);
    child_expects((vidstore_status)count, 1, 1, __LINE__);
    child_expects(vidstore_doctor(session, 1, NULL, NULL), VIDSTORE_OK, VIDSTORE_OK, __LINE__);
    child_expects(vidstore_setting_set(session, "job.lease_ms", "2000", NULL), VIDSTORE_READONLY, VIDSTORE_READONLY,
                  __LINE__);
    vidstore_session_free(session);
    vidstore_close(vs);
}

static void guest_is_refused(void *arg) {
    vidstore *vs = NULL;
    vidstore_error *error = NULL;
    child_expects(vidstore_open(arg, NULL, &vs, &error), VIDSTORE_READONLY, VIDSTORE_READONLY, __LINE__);
    if (!strstr(vidstore_error_message(error), "who may write to its folder"))
        _exit(4);
}

/* What may be read and not written: a closed store opens, one in use says what it would take. */
START_TEST(a_guest) {
    vidstore *vs = NULL;
    struct stat st;
    char uri[160];
    if (geteuid() != 0)
        skip_test("only root can become somebody else");
    must(open_at(place, &vs, e));
    add_one(vs, "ann");
    vidstore_close(vs);
    snprintf(uri, sizeof uri, "vidstore:%s?mode=ro", place);
    ck_assert_int_eq(chmod(folder, 0755), 0);
    ck_assert_int_eq(chmod(place, 0755), 0);
    ck_assert_int_eq(chmod(in_place("store.db"), 0644), 0);
    ck_assert_int_eq(chmod(in_place("blobs"), 0755), 0);
    ck_assert_int_eq(chmod(in_place("tmp"), 0755), 0);
    ck_assert_int_eq(chmod(in_place("blobs/INSTANCE"), 0644), 0);
    as_somebody(read_as_guest, uri);
    ck_assert_int_eq(stat(in_place("store.db-shm"), &st), -1);
    pid_t pid = fork(); /* one that does not close it */
    if (pid == 0) {
        if (open_at(place, &vs, NULL))
            _exit(1);
        add_one(vs, "bob");
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    ck_assert_int_eq(chmod(in_place("store.db-shm"), 0600), 0);
    as_somebody(guest_is_refused, uri);
    ck_assert_int_eq(unlink(in_place("store.db-shm")), 0);
    as_somebody(guest_is_refused, uri);
}
END_TEST

/* --- many at once
 * ---------------------------------------------------------------------------------------------------------- */

START_TEST(processes_that_create_at_once) {
    enum { PROCESSES = 16 };
    pid_t pids[PROCESSES];
    vidstore *vs = NULL;
    for (int i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        ck_assert_int_ge(pids[i], 0);
        if (pids[i] == 0) {
            open_and_write(place);
            _exit(0);
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status = 0;
        ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "process %d: status %x", i, (unsigned)status);
    }
    must(open_at(place, &vs, e));
    ck_assert_int_eq(users(vs), 1);
    vidstore_close(vs);
}
END_TEST

static void *open_one(void *arg) {
    must(open_at(place, (vidstore **)arg, e));
    return NULL;
}

START_TEST(threads_that_create_at_once) {
    pthread_t threads[8];
    vidstore *stores[8] = {NULL};
    for (int i = 0; i < 8; i++)
        pthread_create(&threads[i], NULL, open_one, &stores[i]);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    for (int i = 1; i < 8; i++)
        ck_assert_str_eq(vidstore_instance_id(stores[i]), vidstore_instance_id(stores[0]));
    for (int i = 0; i < 8; i++)
        vidstore_close(stores[i]);
}
END_TEST

/* --- the end
 * ----------------------------------------------------------------------------------------------------------------- */

/* Frees what hangs on a store in each of the 24 orders. */
START_TEST(any_order) {
    static vidstore *vs;
    static vidstore_session *s;
    static vidstore_page *page;
    static vidstore_user *user;
    must(open_at(place, &vs, e));
    add_one(vs, "ann");
    vidstore_close(vs);
    must(open_at(place, &vs, e));
    must(vidstore_session_system(vs, "test", &s, e));
    must(vidstore_user_list(s, NULL, &page, e));
    user = vidstore_user_ref(vidstore_page_user(page, 0));
    if (_i % 2)
        must(vidstore_begin(s, 0, e));
    int left[4] = {0, 1, 2, 3}, n = _i;
    for (int size = 4; size; size--) {
        int at = n % size, which = left[at];
        n /= size;
        left[at] = left[size - 1];
        if (which == 0)
            vidstore_close(vs);
        else if (which == 1)
            vidstore_session_free(s);
        else if (which == 2)
            vidstore_page_free(page);
        else
            vidstore_user_free(user);
        if (which != 1 && (left[0] == 1 || left[1] == 1 || left[2] == 1) &&
            size > 1) { /* a session goes on without its root */
            int alive = 0;
            for (int i = 0; i < size - 1; i++)
                alive |= left[i] == 1;
            if (alive)
                must(vidstore_user_list(s, NULL, NULL, e));
        }
    }
    must(open_at(place, &vs, e)); /* nothing holds the store any more */
    add_one(vs, "bob");
    vidstore_close(vs);
}
END_TEST

START_TEST(a_closed_store) {
    vidstore *vs = NULL;
    vidstore_session *s = NULL, *more = NULL;
    must(open_at(place, &vs, e));
    must(vidstore_session_system(vs, "test", &s, e));
    vidstore_close(vs);
    refused(VIDSTORE_MISUSE, "store",
            vidstore_session_system(vs, "test", &more, e)); /* the session keeps it in memory */
    vidstore_close(vs);                                     /* twice: no harm done */
    must(vidstore_user_list(s, NULL, NULL, e));
    vidstore_session_free(s);
}
END_TEST

/* SQLite believes to hold what only the parent holds: a commit could be lost when the parent closes the store. */
static void cant_open_it(void *arg) {
    char link[300], uri[300];
    vidstore *vs = NULL;
    vidstore_error *error = NULL;
    child_expects(vidstore_open(arg, NULL, &vs, &error), VIDSTORE_FORKED, VIDSTORE_FORKED, __LINE__);
    if (vs || !vidstore_error_field(error) || strcmp(vidstore_error_field(error), "path") != 0)
        _exit(3);
    vidstore_error_free(error);
    snprintf(link, sizeof link, "%s/by another name", folder);
    snprintf(uri, sizeof uri, "vidstore:%s?mode=ro", (char *)arg);
    if (symlink(arg, link))
        _exit(4);
    child_expects(vidstore_open(link, NULL, &vs, NULL), VIDSTORE_FORKED, VIDSTORE_FORKED, __LINE__);
    child_expects(vidstore_open(uri, NULL, &vs, NULL), VIDSTORE_FORKED, VIDSTORE_FORKED, __LINE__);
    snprintf(uri, sizeof uri, "%s/copy of it", folder);
    child_expects(vidstore_restore(arg, uri, 0, NULL, NULL), VIDSTORE_FORKED, VIDSTORE_FORKED, __LINE__);
    if (unlink(link) || vidstore_open(":memory:", NULL, &vs, NULL)) /* any other store will do */
        _exit(5);
    vidstore_close(vs);
}

struct forked {
    vidstore *vs;
    vidstore_session *s;
    vidstore_page *page;
};

static void use_after_fork(void *arg) {
    struct forked *f = arg;
    vidstore_session *s = NULL;
    child_expects(vidstore_session_system(f->vs, "test", &s, NULL), VIDSTORE_FORKED, VIDSTORE_FORKED, __LINE__);
    child_expects(vidstore_user_list(f->s, NULL, NULL, NULL), VIDSTORE_FORKED, VIDSTORE_FORKED, __LINE__);
    child_expects(vidstore_commit(f->s, NULL), VIDSTORE_FORKED, VIDSTORE_FORKED, __LINE__);
    if (strcmp(vidstore_user_username(vidstore_page_user(f->page, 0)), "ann") != 0) /* snapshots are memory */
        _exit(2);
    vidstore_page_free(f->page);
    vidstore_session_free(f->s);
    vidstore_close(f->vs);
    cant_open_it(place);
}

START_TEST(forks) {
    struct forked f = {NULL, NULL, NULL};
    must(open_at(place, &f.vs, e));
    add_one(f.vs, "ann");
    must(vidstore_session_system(f.vs, "test", &f.s, e));
    must(vidstore_user_list(f.s, NULL, &f.page, e));
    in_child(use_after_fork, &f);
    must(vidstore_begin(f.s, 0, e)); /* the parent has lost nothing by it */
    pid_t pid = fork();
    if (pid == 0) { /* in the middle of the parent's transaction */
        child_expects(vidstore_commit(f.s, NULL), VIDSTORE_FORKED, VIDSTORE_FORKED, __LINE__);
        vidstore_session_free(f.s);
        vidstore_close(f.vs);
        _exit(0);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    must(vidstore_commit(f.s, e));
    add_one(f.vs, "bob");
    vidstore_page_free(f.page);
    vidstore_session_free(f.s);
    vidstore *second = NULL;
    must(open_at(place, &second, e));
    vidstore_close(f.vs);
    in_child(cant_open_it, place); /* open once more */
    vidstore_close(second);
    in_child(open_and_write, place);
    must(open_at(place, &f.vs, e)); /* the place of an entry is used again */
    in_child(cant_open_it, place);
    vidstore_close(f.vs);
}
END_TEST

START_TEST(locales) {
    static const char *const names[] = {"de_DE.UTF-8", "de_DE", "tr_TR.UTF-8", "C.UTF-8"};
    vidstore *vs = NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        setlocale(LC_ALL, names[i]); /* the last one is always there */
        must(open_at(place, &vs, e));
        vidstore_session *s = NULL;
        vidstore_query *q = vidstore_query_new();
        must(vidstore_session_system(vs, "test", &s, e));
        must(vidstore_query_filter(q, "created > 2026-01-31T12:00 and username = I and job_count < 1000000", e));
        must(vidstore_user_list(s, q, NULL, e));
        vidstore_query_free(q);
        vidstore_session_free(s);
        vidstore_close(vs);
    }
    setlocale(LC_ALL, "C");
}
END_TEST

Suite *store_shared_suite(void);

Suite *store_shared_suite(void) {
    Suite *suite = suite_create("store_shared");
    TCase *t = tcase_create("store");
    tcase_add_checked_fixture(t, make_folder, remove_folder);
    tcase_add_test(t, read_only);
    tcase_add_test(t, read_only_passwords);
    tcase_add_test(t, no_permission);
    tcase_add_test(t, a_read_only_medium);
    tcase_add_test(t, a_guest);
    tcase_add_test(t, processes_that_create_at_once);
    tcase_add_test(t, threads_that_create_at_once);
    tcase_add_loop_test(t, any_order, 0, 48);
    tcase_add_test(t, a_closed_store);
    tcase_add_test(t, forks);
    tcase_add_test(t, locales);
    suite_add_tcase(suite, t);
    return suite;
}
