/* SPDX-License-Identifier: MIT */
/* What the tests of the public calls share: a store in a folder of its own, the system's session, and the two ways in
 * which a call can end. */
#ifndef TESTS_API_HARNESS_H
#define TESTS_API_HARNESS_H

#include <check.h>
#include <ftw.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <vidstore/vidstore.h>

static char folder[64]; /* of the test */
static char place[96];  /* of the store in it */
static vidstore *store;
static vidstore_session *sys;

static _Thread_local char said[1024], named[256]; /* message and field of the last refusal */

static inline int succeeds(const char *what, vidstore_status status, vidstore_error *error) {
    ck_assert_msg(status == VIDSTORE_OK, "%s: %s: %s [%s] (%s)", what, vidstore_status_name(status),
                  vidstore_error_message(error), vidstore_error_field(error), vidstore_error_cause(error));
    ck_assert_ptr_null(error);
    return 1;
}

/* Expects OK. The call passes `e`. */
#define must(call)                                                                                                     \
    do {                                                                                                               \
        vidstore_error *e_ = (vidstore_error *)-1, **e = &e_;                                                          \
        vidstore_status status_ = (call);                                                                              \
        succeeds(#call, status_, e_);                                                                                  \
    } while (0)

static inline void fails(const char *what, vidstore_status wanted, const char *field, vidstore_status status,
                         vidstore_error *error) {
    ck_assert_msg(status == wanted, "%s gave %s instead of %s: %s [%s] (%s)", what, vidstore_status_name(status),
                  vidstore_status_name(wanted), vidstore_error_message(error), vidstore_error_field(error),
                  vidstore_error_cause(error));
    ck_assert_msg(vidstore_error_code(error) == wanted, "%s: the error object says %s", what,
                  vidstore_status_name(vidstore_error_code(error)));
    snprintf(said, sizeof said, "%s", vidstore_error_message(error));
    snprintf(named, sizeof named, "%s", vidstore_error_field(error) ? vidstore_error_field(error) : "");
    ck_assert_msg(*said, "%s: an error without a message", what);
    ck_assert_msg(!field || strcmp(named, field) == 0, "%s: names \"%s\", not \"%s\": %s", what, named, field, said);
    vidstore_error_free(error);
}

/* Expects this status and, unless NULL, this field. The call passes `e`. */
#define refused(code, field, call)                                                                                     \
    do {                                                                                                               \
        vidstore_error *e_ = NULL, **e = &e_;                                                                          \
        vidstore_status status_ = (call);                                                                              \
        fails(#call, code, field, status_, e_);                                                                        \
    } while (0)

static inline void make_folder(void) {
    snprintf(folder, sizeof folder, "/tmp/vidstore-api-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(place, sizeof place, "%s/library.vidstore", folder);
}

static inline int remove_entry(const char *path, const struct stat *st, int type, struct FTW *where) {
    (void)st, (void)type, (void)where;
    return remove(path);
}

static inline void remove_folder(void) {
    ck_assert_int_eq(nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* Passwords cost next to nothing here: a suite with hundreds of logins has other things to find out. */
static inline void open_store_with(int32_t option, int64_t value) {
    vidstore_open_params *params = vidstore_open_params_new();
    vidstore_open_params_set_int64(params, VIDSTORE_OPEN_WEAK_HASHES, 1);
    vidstore_open_params_set_int64(params, option, value);
    must(vidstore_open(place, params, &store, e));
    vidstore_open_params_free(params);
    must(vidstore_session_system(store, "test", &sys, e));
}

static inline void open_store(void) {
    open_store_with(VIDSTORE_OPEN_WEAK_HASHES, 1);
}

static inline void close_store(void) {
    vidstore_session_free(sys);
    vidstore_close(store);
    sys = NULL;
    store = NULL;
}

static inline void begin(void) {
    make_folder();
    open_store();
}

static inline void end(void) {
    close_store();
    remove_folder();
}

struct id {
    char text[37];
};

static inline struct id id_of(const char *text) {
    struct id id;
    ck_assert_ptr_nonnull(text);
    ck_assert_uint_eq(strlen(text), 36);
    memcpy(id.text, text, sizeof id.text);
    return id;
}

/* A user of this name and role, created by the system. */
static inline struct id add_user(const char *name, int32_t role) {
    vidstore_user *user = NULL;
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_text(p, VIDSTORE_USER_USERNAME, name);
    vidstore_user_params_set_int64(p, VIDSTORE_USER_ROLE, role);
    must(vidstore_user_create(sys, p, &user, e));
    vidstore_user_params_free(p);
    struct id id = id_of(vidstore_user_id(user));
    vidstore_user_free(user);
    return id;
}

static inline vidstore_session *session_of(struct id user) {
    vidstore_session *session = NULL;
    must(vidstore_session_on_behalf(store, user.text, NULL, &session, e));
    return session;
}

/* How many events a filter finds, whoever may see them. */
static inline int64_t events(const char *filter) {
    int64_t count = -1;
    vidstore_query *q = vidstore_query_new();
    must(vidstore_query_filter(q, filter, e));
    vidstore_query_flags(q, VIDSTORE_QUERY_SCAN);
    must(vidstore_audit_count(sys, q, &count, e));
    vidstore_query_free(q);
    return count;
}

/* How often something was refused: once an event, and as often more as it says. */
static inline int64_t refusals(void) {
    int64_t times = 0;
    vidstore_page *page = NULL;
    vidstore_query *q = vidstore_query_new();
    must(vidstore_query_filter(q, "action = access_denied", e));
    vidstore_query_flags(q, VIDSTORE_QUERY_SCAN);
    vidstore_query_limit(q, 1000);
    must(vidstore_audit_list(sys, q, &page, e));
    for (int64_t i = 0; i < vidstore_page_count(page); i++) {
        const char *details = vidstore_audit_event_text(vidstore_page_audit_event(page, i), VIDSTORE_AUDIT_DETAILS);
        const char *more = details ? strstr(details, "\"repeated\":") : NULL;
        times += 1 + (more ? strtoll(more + 11, NULL, 10) : 0);
    }
    vidstore_page_free(page);
    vidstore_query_free(q);
    return times;
}

static inline int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static inline void sleep_ms(int64_t ms) {
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* Runs a piece of a test in a child; it must leave by itself with 0. */
/* A thread that keeps one of the store's readers busy for so many milliseconds. */
static inline void *read_for(void *ms) {
    static const char endless[] =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    vidstore_session *reader = NULL;
    must(vidstore_session_system(store, "reader", &reader, e));
    must(vidstore_session_set_deadline(reader, *(int64_t *)ms, e));
    refused(VIDSTORE_TIMEOUT, NULL, vidstore_app_query(reader, endless, NULL, 1, NULL, e));
    vidstore_session_free(reader);
    return NULL;
}

static inline void in_child(void (*run)(void *arg), void *arg) {
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        run(arg);
        _exit(0);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child ended with status %x", (unsigned)status);
}

#endif
