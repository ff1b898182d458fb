/* SPDX-License-Identifier: MIT */
/* Opening and closing a store: options, places that are none, many at once, forks, permissions. */
#include "harness.h"
#include "skip.h"
#include <dirent.h>
#include <fcntl.h>
#include <locale.h>
#include <sched.h>
#include <sys/mount.h>
#include <vidstore/query.h>

static vidstore_status open_at(const char *location, vidstore **ret, vidstore_error **e) {
    return vidstore_open(location, NULL, ret, e);
}

static void add_one(vidstore *vs, const char *name) {
    vidstore_session *s = NULL;
    must(vidstore_session_system(vs, "test", &s, e));
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_text(p, VIDSTORE_USER_USERNAME, name);
    must(vidstore_user_create(s, p, NULL, e));
    vidstore_user_params_free(p);
    vidstore_session_free(s);
}

static int64_t users(vidstore *vs) {
    vidstore_session *s = NULL;
    int64_t count = -1;
    must(vidstore_session_system(vs, "test", &s, e));
    must(vidstore_user_count(s, NULL, &count, e));
    vidstore_session_free(s);
    return count;
}

static void write_file(const char *path, const void *data, size_t size) {
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(data, 1, size, f), size);
    ck_assert_int_eq(fclose(f), 0);
}

static const char *in_place(const char *name) {
    static char path[160];
    snprintf(path, sizeof path, "%s/%s", place, name);
    return path;
}

/* --- options
 * ---------------------------------------------------------------------------------------------------------- */

/* How long a call waits for a writer tells which deadline is in force. */
static int64_t waits(const char *location, vidstore_open_params *params) {
    vidstore *vs = NULL, *holder = NULL;
    vidstore_session *a = NULL, *b = NULL;
    must(open_at(place, &holder, e));
    must(vidstore_open(location, params, &vs, e));
    must(vidstore_session_system(holder, "holder", &a, e));
    must(vidstore_session_system(vs, "waiter", &b, e));
    must(vidstore_begin(a, 0, e));
    int64_t start = now_ms();
    vidstore_error *error = NULL;
    vidstore_status status = vidstore_begin(b, 0, &error);
    ck_assert_msg(status == VIDSTORE_BUSY || status == VIDSTORE_TIMEOUT, "%s: %s", vidstore_status_name(status),
                  vidstore_error_message(error));
    vidstore_error_free(error);
    int64_t took = now_ms() - start;
    vidstore_session_free(a);
    vidstore_session_free(b);
    vidstore_close(vs);
    vidstore_close(holder);
    return took;
}

static void close_to(int64_t took, int64_t wanted) {
    ck_assert_msg(took >= wanted - 20 && took < wanted + 250, "%d ms instead of %d", (int)took, (int)wanted);
}

START_TEST(precedence) {
    char uri[160];
    vidstore *vs = NULL;
    must(open_at(place, &vs, e));
    vidstore_close(vs);
    snprintf(uri, sizeof uri, "vidstore:%s?deadline_ms=600", place);
    vidstore_open_params *p = vidstore_open_params_new();
    vidstore_open_params_set_int64(p, VIDSTORE_OPEN_DEADLINE_MS, 100);
    setenv("VIDSTORE_DEADLINE_MS", "1100", 1);
    close_to(waits(uri, p), 100);
    close_to(waits(uri, NULL), 600);
    close_to(waits(place, NULL), 1100);
    setenv("VIDSTORE_DEADLINE_MS", "soon", 1);
    refused(VIDSTORE_INVALID, "VIDSTORE_DEADLINE_MS", open_at(place, &vs, e));
    ck_assert_ptr_null(vs);
    must(open_at(uri, &vs, e)); /* what is not asked is not judged */
    vidstore_close(vs);
    setenv("VIDSTORE_DEADLINE_MS", "", 1);
    must(open_at(place, &vs, e));
    vidstore_close(vs);
    unsetenv("VIDSTORE_DEADLINE_MS");
    vidstore_open_params_free(p);
}
END_TEST

static const struct {
    int32_t option;
    int64_t low, high; /* the range, both ends allowed */
    const char *name;
} ranges[] = {
    {VIDSTORE_OPEN_READ_ONLY, 0, 1, "read_only"},
    {VIDSTORE_OPEN_CREATE, 0, 1, "create"},
    {VIDSTORE_OPEN_DEADLINE_MS, 1, 86400000, "deadline_ms"},
    {VIDSTORE_OPEN_TXN_MAX_AGE_MS, 10, 600000, "txn_max_age_ms"},
    {VIDSTORE_OPEN_READERS, 1, 64, "readers"},
    {VIDSTORE_OPEN_NETWORK_FS, 0, 1, "network_fs"},
    {VIDSTORE_OPEN_LOST_BLOBS, 0, 1, "lost_blobs"},
};

START_TEST(option_ranges) {
    vidstore *vs = NULL;
    must(open_at(place, &vs, e));
    vidstore_close(vs);
    const int64_t values[] = {ranges[_i].low - 1, ranges[_i].high + 1, INT64_MIN,
                              INT64_MAX,          ranges[_i].low,      ranges[_i].high};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        vidstore_open_params *p = vidstore_open_params_new();
        if (ranges[_i].option != VIDSTORE_OPEN_DEADLINE_MS) /* one of a millisecond may well pass */
            vidstore_open_params_set_int64(p, VIDSTORE_OPEN_DEADLINE_MS, 10000);
        vidstore_open_params_set_int64(p, ranges[_i].option, values[i]);
        vidstore_error *error = NULL;
        vidstore_status status = vidstore_open(place, p, &vs, &error);
        if (i < 4)
            fails("open", VIDSTORE_INVALID, ranges[_i].name, status, error);
        else
            ck_assert_msg(status == VIDSTORE_OK || (values[i] == 1 && vidstore_error_retryable(error)), "%s",
                          vidstore_error_message(error));
        if (i >= 4)
            vidstore_error_free(error);
        vidstore_close(vs);
        vidstore_open_params_free(p);
    }
    vidstore_open_params *p = vidstore_open_params_new();
    vidstore_open_params_set_text(p, ranges[_i].option, "1");
    refused(VIDSTORE_INVALID, ranges[_i].name, vidstore_open(place, p, &vs, e));
    vidstore_open_params_free(p);
}
END_TEST

START_TEST(text_options) {
    vidstore *vs = NULL;
    static const struct {
        int32_t option;
        const char *value, *field;
    } bad[] = {
        {VIDSTORE_OPEN_DURABILITY, "none", "durability"},
        {VIDSTORE_OPEN_DURABILITY, "", "durability"},
        {VIDSTORE_OPEN_WORKER_NAME, "\xFF", "worker_name"},
        {VIDSTORE_OPEN_PROBE_HELPER, "\xFF", "probe_helper"},
        {0, "x", "option"},
        {99, "x", "option"},
        {-1, "x", "option"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        vidstore_open_params *p = vidstore_open_params_new();
        vidstore_open_params_set_text(p, bad[i].option, bad[i].value);
        vidstore_open_params_set_text(p, VIDSTORE_OPEN_DURABILITY, "full"); /* does not mend it */
        refused(VIDSTORE_INVALID, bad[i].field, vidstore_open(place, p, &vs, e));
        vidstore_open_params_free(p);
    }
    vidstore_open_params *p = vidstore_open_params_new();
    vidstore_open_params_set_int64(p, VIDSTORE_OPEN_WORKER_NAME, 1);
    refused(VIDSTORE_INVALID, "worker_name", vidstore_open(place, p, &vs, e));
    vidstore_open_params_free(p);
    p = vidstore_open_params_new();
    vidstore_open_params_set_text(p, VIDSTORE_OPEN_DURABILITY, "relaxed");
    vidstore_open_params_set_text(p, VIDSTORE_OPEN_WORKER_NAME, "w");
    vidstore_open_params_set_text(p, VIDSTORE_OPEN_WORKER_NAME, NULL);
    must(vidstore_open(place, p, &vs, e));
    vidstore_open_params_free(p);
    vidstore_close(vs);
    vidstore_open_params_free(NULL);
    vidstore_open_params_set_text(NULL, 1, "x");
}
END_TEST

START_TEST(uris) {
    static const struct {
        const char *form; /* %s: the place */
        vidstore_status status;
        const char *field;
    } rows[] = {
        {"vidstore:%s", VIDSTORE_OK, NULL},
        {"vidstore://%s", VIDSTORE_OK, NULL},
        {"vidstore:%s?", VIDSTORE_OK, NULL},
        {"vidstore:%s?mode=rwc", VIDSTORE_OK, NULL},
        {"vidstore:%s?mode=rw&readers=2&durability=relaxed&network_fs=0&txn_max_age_ms=10&deadline_ms=9999",
         VIDSTORE_OK, NULL},
        {"vidstore:%s?mode=ro", VIDSTORE_OK, NULL},
        {"vidstore:%s?m%%6Fde=r%%6f", VIDSTORE_OK, NULL},
        {"vidstore:%s?mode=x", VIDSTORE_INVALID, "mode"},
        {"vidstore:%s?mode=", VIDSTORE_INVALID, "mode"},
        {"vidstore:%s?mode", VIDSTORE_INVALID, "location"},
        {"vidstore:%s?nothing=1", VIDSTORE_INVALID, "location"},
        {"vidstore:%s?readers=0", VIDSTORE_INVALID, "readers"},
        {"vidstore:%s?readers=65", VIDSTORE_INVALID, "readers"},
        {"vidstore:%s?readers=-1", VIDSTORE_INVALID, "readers"},
        {"vidstore:%s?readers= 1", VIDSTORE_INVALID, "readers"},
        {"vidstore:%s?readers=1x", VIDSTORE_INVALID, "readers"},
        {"vidstore:%s?readers=99999999999999999999", VIDSTORE_INVALID, "readers"},
        {"vidstore:%s?network_fs=yes", VIDSTORE_INVALID, "network_fs"},
        {"vidstore:%s%%", VIDSTORE_INVALID, "location"},
        {"vidstore:%s%%4", VIDSTORE_INVALID, "location"},
        {"vidstore:%s%%zz", VIDSTORE_INVALID, "location"},
        {"vidstore:%s%%00", VIDSTORE_INVALID, "location"},
        {"vidstore:%s%%ff", VIDSTORE_INVALID, "location"},
        {"vidstore:", VIDSTORE_INVALID, "location"},
        {"vidstore:?mode=ro", VIDSTORE_INVALID, "location"},
        {"", VIDSTORE_INVALID, "location"},
        {"\xFF", VIDSTORE_INVALID, "location"},
    };
    vidstore *vs = NULL;
    must(open_at(place, &vs, e));
    vidstore_close(vs);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char uri[256];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(uri, sizeof uri, rows[i].form, place);
#pragma GCC diagnostic pop
        vidstore_error *error = NULL;
        vidstore_status status = vidstore_open(uri, NULL, &vs, &error);
        if (rows[i].status == VIDSTORE_OK)
            succeeds(uri, status, error);
        else
            fails(uri, rows[i].status, rows[i].field, status, error);
        vidstore_close(vs);
    }
    char odd[128], uri[256];
    snprintf(odd, sizeof odd, "%s/a %%?&=\xC3\xBC", folder);
    must(open_at(odd, &vs, e)); /* a plain path is what it is */
    ck_assert_str_eq(vidstore_location(vs), odd);
    vidstore_close(vs);
    snprintf(uri, sizeof uri, "vidstore:%s/a%%20%%25%%3f%%26=%%C3%%BC?mode=rw", folder);
    must(open_at(uri, &vs, e));
    ck_assert_str_eq(vidstore_location(vs), odd);
    vidstore_close(vs);
    refused(VIDSTORE_MISUSE, "location", open_at(NULL, &vs, e));
}
END_TEST

START_TEST(in_memory) {
    vidstore *a = NULL, *b = NULL;
    must(open_at(":memory:", &a, e));
    must(open_at("vidstore::memory:", &b, e));
    ck_assert_str_eq(vidstore_location(a), ":memory:");
    ck_assert_str_ne(vidstore_instance_id(a), vidstore_instance_id(b));
    add_one(a, "ann");
    ck_assert_int_eq(users(a), 1);
    ck_assert_int_eq(users(b), 0);
    vidstore_close(a);
    vidstore_close(b);
}
END_TEST

START_TEST(relative_paths) {
    vidstore *vs = NULL;
    char wanted[160], cwd[160];
    ck_assert_ptr_nonnull(getcwd(cwd, sizeof cwd));
    ck_assert_int_eq(chdir(folder), 0);
    must(open_at("here/", &vs, e));
    snprintf(wanted, sizeof wanted, "%s/here", folder);
    ck_assert_str_eq(vidstore_location(vs), wanted);
    ck_assert_int_eq(chdir("/"), 0);
    add_one(vs, "ann"); /* wherever the host goes */
    vidstore_close(vs);
    ck_assert_int_eq(chdir(cwd), 0);
}
END_TEST

START_TEST(small_calls) {
    ck_assert_ptr_null(vidstore_location(NULL));
    ck_assert_ptr_null(vidstore_instance_id(NULL));
    vidstore_close(NULL);
    ck_assert_int_eq(vidstore_feature_supported(VIDSTORE_FEATURE_SQLITE), 1);
    ck_assert_int_eq(vidstore_feature_supported(0), 0);
    ck_assert_int_eq(vidstore_feature_supported(-1), 0);
    ck_assert_int_eq(vidstore_feature_supported(INT32_MAX), 0);
    ck_assert_str_eq(vidstore_version(), VIDSTORE_VERSION);
    ck_assert_int_eq(vidstore_version_number(), VIDSTORE_VERSION_NUMBER);
    ck_assert_str_eq(vidstore_status_name(VIDSTORE_OK), "OK");
    ck_assert_str_eq(vidstore_status_name(VIDSTORE_INTERNAL), "INTERNAL");
    ck_assert_str_eq(vidstore_status_name(1), "UNKNOWN");
    ck_assert_str_eq(vidstore_status_name(INT32_MIN), "UNKNOWN");
    vidstore *vs = NULL;
    must(open_at(place, NULL, e)); /* made, and closed again */
    must(open_at(place, &vs, e));
    vidstore_close(vs);
}
END_TEST

/* --- what is there
 * ----------------------------------------------------------------------------------------------------- */

START_TEST(created_once_for_good) {
    vidstore *vs = NULL, *again = NULL;
    struct stat st;
    char id[37];
    must(open_at(place, &vs, e));
    snprintf(id, sizeof id, "%s", vidstore_instance_id(vs));
    ck_assert_int_eq(stat(place, &st), 0);
    ck_assert_int_eq(st.st_mode & 07777, 0700);
    ck_assert_int_eq(stat(in_place("store.db"), &st), 0);
    ck_assert_int_eq(st.st_mode & 07777, 0600);
    must(open_at(place, &again, e));
    ck_assert_str_eq(vidstore_instance_id(again), id);
    add_one(vs, "ann");
    ck_assert_int_eq(users(again), 1);
    vidstore_close(vs);
    vidstore_close(again);
    must(open_at(place, &vs, e));
    ck_assert_str_eq(vidstore_instance_id(vs), id);
    ck_assert_int_eq(users(vs), 1);
    vidstore_close(vs);
}
END_TEST

START_TEST(not_to_be_created) {
    vidstore *vs = NULL;
    char uri[160], below[160];
    snprintf(uri, sizeof uri, "vidstore:%s?mode=rw", place);
    refused(VIDSTORE_NOT_FOUND, "location", open_at(uri, &vs, e));
    snprintf(uri, sizeof uri, "vidstore:%s?mode=ro", place);
    refused(VIDSTORE_NOT_FOUND, "location", open_at(uri, &vs, e));
    ck_assert_int_eq(access(place, F_OK), -1);
    snprintf(below, sizeof below, "%s/not/there", place);
    refused(VIDSTORE_NOT_FOUND, "location", open_at(below, &vs, e));
    ck_assert_int_eq(mkdir(place, 0700), 0); /* an empty folder is no store either */
    refused(VIDSTORE_NOT_FOUND, NULL, open_at(uri, &vs, e));
    ck_assert_int_eq(rmdir(place), 0); /* and nothing was left in it */
}
END_TEST

START_TEST(places_that_are_none) {
    vidstore *vs = NULL;
    char text[6000];
    write_file(place, "hello", 5);
    refused(VIDSTORE_INVALID, "location", open_at(place, &vs, e));
    unlink(place);
    memset(text, 'x', sizeof text);
    text[4097] = '\0';
    refused(VIDSTORE_INVALID, "location", open_at(text, &vs, e));
    ck_assert_int_eq(mkdir(place, 0700), 0);
    write_file(in_place("store.db"), "this is not a database, whatever its name says", 46);
    refused(VIDSTORE_SCHEMA, NULL, open_at(place, &vs, e));
    char back[64] = "";
    FILE *f = fopen(in_place("store.db"), "r");
    ck_assert_uint_eq(fread(back, 1, sizeof back, f), 46); /* untouched */
    fclose(f);
    ck_assert_str_eq(back, "this is not a database, whatever its name says");
    ck_assert_ptr_null(vs);
}
END_TEST

START_TEST(another_instances_bytes) {
    vidstore *vs = NULL;
    char other[96], from[160], to[160];
    snprintf(other, sizeof other, "%s/other", folder);
    must(open_at(place, &vs, e));
    vidstore_close(vs);
    must(open_at(other, &vs, e));
    vidstore_close(vs);
    snprintf(from, sizeof from, "%s/store.db", other);
    snprintf(to, sizeof to, "%s/store.db", place);
    ck_assert_int_eq(rename(from, to), 0);
    vidstore_error *error = NULL;
    ck_assert_int_eq(vidstore_open(place, NULL, &vs, &error), VIDSTORE_SCHEMA);
    ck_assert_int_eq(vidstore_error_subcode(error), VIDSTORE_SUB_FOREIGN_BLOBS);
    vidstore_error_free(error);
}
END_TEST

/* Bytes whose database is gone: nothing is made in its place, and with the database back all is as before. */
START_TEST(bytes_without_a_database) {
    static const char *const leftovers[] = {"store.db-wal", "store.db-shm"};
    vidstore *vs = NULL;
    struct stat st;
    char kept[96];
    must(open_at(place, &vs, e));
    add_one(vs, "someone");
    vidstore_close(vs);
    snprintf(kept, sizeof kept, "%s/kept", folder);
    ck_assert_int_eq(rename(in_place("store.db"), kept), 0);
    for (int empty = 0; empty < 2; empty++) {
        if (empty)
            write_file(in_place("store.db"), "", 0);
        vidstore_error *error = NULL;
        ck_assert_int_eq(vidstore_open(place, NULL, &vs, &error), VIDSTORE_SCHEMA);
        ck_assert_int_eq(vidstore_error_subcode(error), VIDSTORE_SUB_FOREIGN_BLOBS);
        ck_assert_ptr_nonnull(strstr(vidstore_error_message(error), "restore"));
        vidstore_error_free(error);
        ck_assert_ptr_null(vs);
        ck_assert_int_eq(stat(in_place("store.db"), &st), empty ? 0 : -1);
        ck_assert(!empty || st.st_size == 0);
        for (size_t i = 0; i < sizeof leftovers / sizeof *leftovers; i++)
            ck_assert_int_eq(stat(in_place(leftovers[i]), &st), -1);
    }
    ck_assert_int_eq(rename(kept, in_place("store.db")), 0);
    must(open_at(place, &vs, e));
    ck_assert_int_eq(users(vs), 1);
    vidstore_close(vs);
}
END_TEST

/* Cuts and scribbles: an error or a working store, never a crash, and never another store's silence. */
START_TEST(damaged) {
    vidstore *vs = NULL;
    must(open_at(place, &vs, e));
    for (int i = 0; i < 20; i++) {
        char name[16];
        snprintf(name, sizeof name, "u%d", i);
        add_one(vs, name);
    }
    vidstore_close(vs);
    struct stat st;
    ck_assert_int_eq(stat(in_place("store.db"), &st), 0);
    size_t size = (size_t)st.st_size;
    char *good = malloc(size), *bad = malloc(size);
    FILE *f = fopen(in_place("store.db"), "r");
    ck_assert_uint_eq(fread(good, 1, size, f), size);
    fclose(f);
    for (int i = 0; i < 60; i++) {
        memcpy(bad, good, size);
        size_t length = i % 3 == 0 ? size * (size_t)i / 60 : size;
        for (int n = 0; i % 3 && n < 200; n++) {
            size_t at = (size_t)random() % (i % 3 == 1 ? 4096 : size);
            bad[at] = (char)random();
        }
        unlink(in_place("store.db-wal"));
        unlink(in_place("store.db-shm"));
        write_file(in_place("store.db"), bad, length);
        vidstore_error *error = NULL;
        vidstore_status status = vidstore_open(place, NULL, &vs, &error);
        if (status == VIDSTORE_OK) {
            vidstore_session *s = NULL;
            vidstore_page *page = NULL;
            must(vidstore_session_system(vs, "test", &s, e));
            status = vidstore_user_list(s, NULL, &page, NULL);
            ck_assert_msg(status == VIDSTORE_OK || status == VIDSTORE_CORRUPT || status == VIDSTORE_IO ||
                              status == VIDSTORE_SCHEMA || status == VIDSTORE_INTERNAL,
                          "%s", vidstore_status_name(status));
            vidstore_page_free(page);
            vidstore_session_free(s);
        } else {
            ck_assert(status != VIDSTORE_CORRUPT || strstr(vidstore_error_message(error), "vidstore_restore"));
            ck_assert_msg(status == VIDSTORE_CORRUPT || status == VIDSTORE_SCHEMA || status == VIDSTORE_IO,
                          "round %d: %s: %s (%s)", i, vidstore_status_name(status), vidstore_error_message(error),
                          vidstore_error_cause(error));
        }
        vidstore_error_free(error);
        vidstore_close(vs);
    }
    free(good);
    free(bad);
}
END_TEST

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

/* --- permissions
 * --------------------------------------------------------------------------------------------------------- */

enum { SOMEBODY = 54321 };

static void as_somebody(void (*run)(void *arg), void *arg) {
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        if (setresgid(SOMEBODY, SOMEBODY, SOMEBODY) || setresuid(SOMEBODY, SOMEBODY, SOMEBODY))
            _exit(77);
        run(arg);
        _exit(0);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child ended with status %x", (unsigned)status);
}

/* In a child a failed assertion can't be told from a crash by message: the exit code says which line. */
static void child_expects(vidstore_status status, vidstore_status a, vidstore_status b, int line) {
    if (status != a && status != b)
        _exit(line % 200 + 1);
}

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

/* A directory that is no store and not empty is somebody's: nothing is put into it. */
START_TEST(no_directory_is_taken_over) {
    vidstore *vs = NULL;
    struct stat st;
    char other[160];
    ck_assert_int_eq(mkdir(place, 0755), 0);
    ck_assert_int_eq(chmod(place, 0755), 0);
    write_file(in_place("letter.txt"), "dear", 4);
    vidstore_error *error = NULL;
    ck_assert_int_eq(open_at(place, &vs, &error), VIDSTORE_INVALID);
    ck_assert_int_eq(vidstore_error_subcode(error), VIDSTORE_SUB_NOT_A_STORE);
    ck_assert_str_eq(vidstore_error_field(error), "location");
    vidstore_error_free(error);
    ck_assert_int_ne(access(in_place("store.db"), F_OK), 0);
    ck_assert_int_ne(access(in_place("blobs"), F_OK), 0);
    ck_assert_int_eq(stat(place, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0755);
    ck_assert_int_eq(unlink(in_place("letter.txt")), 0);
    ck_assert_int_eq(mkdir(in_place("tmp"), 0700), 0); /* what others may write is refused before a database is made */
    ck_assert_int_eq(chmod(in_place("tmp"), 0777), 0);
    refused(VIDSTORE_FORBIDDEN, "location", open_at(place, &vs, e));
    ck_assert_int_ne(access(in_place("store.db"), F_OK), 0);
    ck_assert_int_eq(rmdir(in_place("tmp")), 0);
    must(open_at(place, &vs, e)); /* empty: taken, and private from now on */
    vidstore_close(vs);
    ck_assert_int_eq(stat(place, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0700);
    write_file(in_place("letter.txt"), "dear", 4); /* what is a store stays one */
    ck_assert_int_eq(chmod(place, 0750), 0);
    must(open_at(place, &vs, e));
    vidstore_close(vs);
    ck_assert_int_eq(stat(place, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0750);
    snprintf(other, sizeof other, "%s/fresh", folder);
    ck_assert_int_eq(mkdir(other, 0700), 0);
    snprintf(other, sizeof other, "%s/fresh/lost+found", folder); /* a volume of its own */
    ck_assert_int_eq(mkdir(other, 0700), 0);
    snprintf(other, sizeof other, "%s/fresh", folder);
    must(open_at(other, &vs, e));
    vidstore_close(vs);
}
END_TEST

static void put_bytes(vidstore *vs) {
    vidstore_session *s = NULL;
    vidstore_upload *upload = NULL;
    vidstore_file_params *p = vidstore_file_params_new();
    must(vidstore_session_system(vs, "test", &s, e));
    vidstore_file_params_set_text(p, VIDSTORE_FILE_NAME, "a");
    must(vidstore_upload_open(s, p, &upload, e));
    must(vidstore_upload_write(upload, "bytes", 5, e));
    must(vidstore_upload_seal(upload, 5, e));
    must(vidstore_upload_publish(s, upload, NULL, e));
    vidstore_upload_free(upload);
    vidstore_file_params_free(p);
    vidstore_session_free(s);
}

/* The volume with the bytes is not mounted: nothing is written below its mount point, least of all a mark. */
START_TEST(lost_bytes_are_told) {
    vidstore *vs = NULL;
    char first[160], away[160], uri[160];
    snprintf(first, sizeof first, "%s/first", folder);
    snprintf(away, sizeof away, "%s/away", folder);
    snprintf(uri, sizeof uri, "vidstore:%s?lost_blobs=1", place);
    must(open_at(place, &vs, e));
    vidstore_close(vs);
    ck_assert_int_eq(rename(in_place("blobs"), first), 0);
    must(open_at(place, &vs, e)); /* there were none yet */
    put_bytes(vs);
    vidstore_close(vs);
    ck_assert_int_eq(rename(in_place("blobs"), away), 0);
    for (int mounted = 0; mounted < 2; mounted++) { /* gone, and an empty mount point */
        vidstore_error *error = NULL;
        if (mounted)
            ck_assert_int_eq(mkdir(in_place("blobs"), 0700), 0);
        ck_assert_int_eq(open_at(place, &vs, &error), VIDSTORE_SCHEMA);
        ck_assert_int_eq(vidstore_error_subcode(error), VIDSTORE_SUB_FOREIGN_BLOBS);
        vidstore_error_free(error);
        ck_assert_int_eq(access(in_place("blobs"), F_OK) == 0, mounted);
        ck_assert_int_ne(access(in_place("blobs/INSTANCE"), F_OK), 0);
    }
    ck_assert_int_eq(rmdir(in_place("blobs")), 0);
    char there[160];
    snprintf(there, sizeof there, "%s", in_place("blobs"));
    ck_assert_int_eq(rename(away, there), 0);
    must(open_at(place, &vs, e)); /* mounted again */
    vidstore_close(vs);
    ck_assert_int_eq(rename(there, away), 0);
    must(open_at(uri, &vs, e)); /* gone for good */
    vidstore_close(vs);
    must(open_at(place, &vs, e));
    vidstore_close(vs);
}
END_TEST

static void open_and_write(void *arg) {
    vidstore *vs = NULL;
    vidstore_session *s = NULL;
    child_expects(vidstore_open(arg, NULL, &vs, NULL), VIDSTORE_OK, VIDSTORE_OK, __LINE__);
    child_expects(vidstore_session_system(vs, "test", &s, NULL), VIDSTORE_OK, VIDSTORE_OK, __LINE__);
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_text(p, VIDSTORE_USER_USERNAME, "ann");
    child_expects(vidstore_user_create(s, p, NULL, NULL), VIDSTORE_OK, VIDSTORE_EXISTS, __LINE__);
    vidstore_user_params_free(p);
    vidstore_session_free(s);
    vidstore_close(vs);
}

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

START_TEST(umasks) {
    static const mode_t masks[] = {0777, 0000, 0277};
    char path[128];
    struct stat st;
    ck_assert_int_eq(chmod(folder, 0777), 0);
    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
        snprintf(path, sizeof path, "%s/store-%zu", folder, i);
        mode_t before = umask(masks[i]);
        if (geteuid() == 0)
            as_somebody(open_and_write, path);
        else
            in_child(open_and_write, path);
        umask(before);
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_int_eq(st.st_mode & 0777, 0700);
        strcat(path, "/store.db");
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_int_eq(st.st_mode & 0777, 0600);
    }
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
    open_and_write(place); /* a store of its own */
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

Suite *store_suite(void);
Suite *store_suite(void) {
    Suite *suite = suite_create("store");
    TCase *tests = tcase_create("store");
    tcase_add_checked_fixture(tests, make_folder, remove_folder);
    tcase_add_test(tests, precedence);
    tcase_add_loop_test(tests, option_ranges, 0, sizeof ranges / sizeof *ranges);
    tcase_add_test(tests, text_options);
    tcase_add_test(tests, uris);
    tcase_add_test(tests, in_memory);
    tcase_add_test(tests, relative_paths);
    tcase_add_test(tests, small_calls);
    tcase_add_test(tests, created_once_for_good);
    tcase_add_test(tests, not_to_be_created);
    tcase_add_test(tests, places_that_are_none);
    tcase_add_test(tests, another_instances_bytes);
    tcase_add_test(tests, bytes_without_a_database);
    tcase_add_test(tests, damaged);
    tcase_add_test(tests, read_only);
    tcase_add_test(tests, read_only_passwords);
    tcase_add_test(tests, no_permission);
    tcase_add_test(tests, a_read_only_medium);
    tcase_add_test(tests, no_directory_is_taken_over);
    tcase_add_test(tests, lost_bytes_are_told);
    tcase_add_test(tests, a_guest);
    tcase_add_test(tests, umasks);
    tcase_add_test(tests, processes_that_create_at_once);
    tcase_add_test(tests, threads_that_create_at_once);
    tcase_add_loop_test(tests, any_order, 0, 48);
    tcase_add_test(tests, a_closed_store);
    tcase_add_test(tests, forks);
    tcase_add_test(tests, locales);
    suite_add_tcase(suite, tests);
    return suite;
}
