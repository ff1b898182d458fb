/* SPDX-License-Identifier: MIT */
/* lib/db: many processes, sudden deaths, a full disk, damage, a long log, copies. */
#include "db/sqlite/sqlite_internal.h"
#include "db_harness.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

/* --- many processes ---------------------------------------------------------------------------------------------- */

enum { PROCESSES = 16 };

static int open_and_write(int number, int start) {
    char byte, name[32];
    struct vs_db *db;
    if (read(start, &byte, 1) != 0)
        return 2;
    vidstore_error *e = NULL;
    struct setting it = {name, "1", number};
    snprintf(name, sizeof name, "process %d", number);
    int rc = vs_db_open(&(struct vs_db_params){.path = file, .create = 1}, &db, &e);
    if (!rc) {
        rc = vs_db_write(db, NULL, op_add, &it, &e);
        vs_db_close(db);
    }
    if (rc)
        fprintf(stderr, "process %d: %s (%s)\n", number, vidstore_error_message(e), vidstore_error_cause(e));
    return rc != 0;
}

START_TEST(all_open_a_new_one_at_once) {
    int start[2];
    ck_assert_int_eq(pipe(start), 0);
    for (int i = 0; i < PROCESSES; i++)
        if (fork() == 0) {
            close(start[1]);
            _exit(open_and_write(i, start[0]));
        }
    close(start[1]); /* now */
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        ck_assert(wait(&status) > 0);
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %d", status);
    }
    struct vs_db *db = opened(file);
    for (int i = 0; i < PROCESSES; i++) {
        char name[32];
        snprintf(name, sizeof name, "process %d", i);
        ck_assert_int_eq(get(db, name), i);
    }
    must(vs_db_schema_check(db, NULL, e));
    must(vs_db_integrity(db, NULL, 1, e));
    vs_db_close(db);
}
END_TEST

/* Writes and tells, until it is killed: a number goes down the pipe once its row is durable. */
static void write_for_ever(int number, int acks) {
    struct vs_db *db = NULL;
    char name[32];
    struct setting it = {name, "1", 0};
    if (vs_db_open(&(struct vs_db_params){.path = file, .create = 1}, &db, NULL))
        _exit(1);
    for (int32_t i = 1;; i++) {
        snprintf(name, sizeof name, "writer %d", number);
        it.number = i;
        if (vs_db_write(db, NULL, op_set, &it, NULL) || write(acks, &i, sizeof i) != sizeof i)
            _exit(1);
    }
}

enum { KILLS = 25, WRITERS = 2 };

START_TEST(killed_writers_lose_nothing) {
    for (int round = 0; round < KILLS; round++) {
        int acks[WRITERS][2];
        pid_t child[WRITERS];
        for (int i = 0; i < WRITERS; i++) {
            ck_assert_int_eq(pipe(acks[i]), 0);
            if ((child[i] = fork()) == 0)
                write_for_ever(round * WRITERS + i, acks[i][1]);
            close(acks[i][1]);
        }
        usleep(20000 + (useconds_t)(rand() % 30000));
        for (int i = 0; i < WRITERS; i++)
            kill(child[i], SIGKILL);
        struct vs_db *db = opened(file);
        for (int i = 0; i < WRITERS; i++) {
            int32_t last = 0, got;
            waitpid(child[i], NULL, 0);
            while (read(acks[i][0], &got, sizeof got) == sizeof got)
                last = got;
            close(acks[i][0]);
            char name[32];
            snprintf(name, sizeof name, "writer %d", round * WRITERS + i);
            int64_t there = get(db, name);
            /* The one after the last told may be there too: it was killed between the commit and the telling. */
            ck_assert_msg(there == last || there == last + 1 || (last == 0 && there == -1),
                          "round %d: told %d, there %lld", round, last, (long long)there);
        }
        must(vs_db_integrity(db, NULL, 1, e));
        vs_db_close(db);
    }
}
END_TEST

/* --- the log ----------------------------------------------------------------------------------------------------- */

static char big[60000];

static void churn(struct vs_db *db, int rounds) {
    for (int i = 0; i < rounds; i++) {
        char name[16];
        memset(big, 'a' + i % 23, sizeof big - 1); /* a page that stays as it is would not be written */
        snprintf(name, sizeof name, "big %d", i % 8);
        struct setting it = {name, big, i};
        must(vs_db_write(db, NULL, op_set, &it, e));
    }
}

static int64_t log_bytes(struct vs_db *db) {
    struct vs_db_info info;
    must(vs_db_info(db, NULL, &info, e));
    return info.wal_bytes;
}

START_TEST(log_stays_bounded) {
    struct vs_db *db = opened(file);
    churn(db, 1500); /* about 90 MB of changes */
    ck_assert_int_lt(log_bytes(db), 24 << 20);
    ck_assert_int_gt(log_bytes(db), 8 << 20); /* there was something to bound */
    int64_t left;
    must(vs_db_checkpoint(db, NULL, &left, e));
    ck_assert_int_eq(left, 0);
    vs_db_close(db);
}
END_TEST

static int op_churn(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct setting it = {"a", NULL, 0};
    int rc = op_get(conn, &it, e); /* from here on this reader stands in its snapshot */
    churn(arg, 600);
    return rc ? rc : op_get(conn, &it, e);
}

START_TEST(old_reader_delays_the_checkpoint_only) {
    struct vs_db *db = opened(file);
    int64_t left;
    set(db, "a", 1);
    must(vs_db_read(db, NULL, op_churn, db, e));
    int64_t long_log = log_bytes(db);
    ck_assert_int_gt(long_log, 30 << 20);
    must(vs_db_checkpoint(db, NULL, &left, e));
    ck_assert_int_eq(left, 0);
    churn(db, 50);
    ck_assert_int_le(log_bytes(db), long_log);
    must(vs_db_integrity(db, NULL, 1, e));
    vs_db_close(db);
}
END_TEST

static int64_t fast_mono_us(void) {
    return vs_env_real.mono_us() * 50;
}

struct endless {
    struct vs_db *db;
    atomic_int began;
    int rc;
};

static int op_endless(struct vs_conn *conn, void *arg, vidstore_error **e) {
    atomic_store(&((struct endless *)arg)->began, 1);
    return op_text(conn, SQL(ENDLESS), e);
}

static void *read_for_ever(void *arg) {
    struct endless *r = arg;
    r->rc = vs_db_read(r->db, NULL, op_endless, r, NULL);
    return NULL;
}

START_TEST(reader_can_not_make_the_log_grow_for_ever) {
    static struct vs_env fast;
    fast = vs_env_real;
    fast.mono_us = fast_mono_us;
    vs_env_set(&fast);
    struct vs_db_info info;
    struct endless r = {0};
    pthread_t t;
    char who[160];
    must(vs_db_open(&(struct vs_db_params){.path = file, .create = 1, .log_limit = 1 << 20}, &r.db, e));
    ck_assert_int_eq(pthread_create(&t, NULL, read_for_ever, &r), 0);
    while (!atomic_load(&r.began))
        usleep(1000);
    vs_db_oldest_reader(r.db, who, sizeof who);
    ck_assert_msg(strstr(who, "a read of this process (thread ") == who, "%s", who);
    usleep(300000); /* fifteen seconds for the library: long, but the log is short */
    ck_assert_int_eq(r.rc, 0);
    churn(r.db, 40);
    pthread_join(t, NULL);
    ck_assert_int_eq(r.rc, VIDSTORE_RETRY);
    must(vs_db_checkpoint(r.db, NULL, NULL, e));
    must(vs_db_info(r.db, NULL, &info, e));
    ck_assert_int_lt(info.wal_bytes, 8 << 20);
    vs_db_close(r.db);
    vs_env_set(NULL);
}
END_TEST

static int op_linger(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct setting it = {"a", NULL, 0};
    int rc = op_get(conn, &it, e);
    churn(arg, 40);
    return rc ? rc : op_text(conn, SQL(ENDLESS), e);
}

/* A log that somebody has made long: only one that goes on growing is the reader's fault. */
START_TEST(a_long_log_ends_no_reader) {
    static struct vs_env fast;
    fast = vs_env_real;
    fast.mono_us = fast_mono_us;
    vs_env_set(&fast);
    struct vs_db *db = NULL;
    must(vs_db_open(&(struct vs_db_params){.path = file, .create = 1, .log_limit = 1 << 20}, &db, e));
    set(db, "a", 1);
    struct vs_call call = within_ms(30000);
    ck_assert_int_eq(vs_db_read(db, &call, op_linger, db, NULL), VIDSTORE_TIMEOUT);
    ck_assert_int_gt(log_bytes(db), 1 << 20);
    vs_db_close(db);
    vs_env_set(NULL);
}
END_TEST

struct crowd {
    struct vs_db *db;
    atomic_int over;
    atomic_long reads, slowest_us;
};

static int op_short_read(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct setting it = {"a", NULL, 0};
    (void)arg;
    int rc = op_get(conn, &it, e);
    usleep(20000);
    return rc ? rc : op_get(conn, &it, e);
}

static void *read_again_and_again(void *arg) {
    struct crowd *crowd = arg;
    while (!atomic_load(&crowd->over)) {
        int64_t since = vs_mono_us();
        if (atomic_load(&crowd->reads) % 7 == 6) {
            struct vs_snap *snap = NULL;
            must(vs_snap_begin(crowd->db, NULL, 1000, &snap, e));
            usleep(20000);
            vs_snap_free(snap);
        } else {
            must(vs_db_read(crowd->db, NULL, op_short_read, NULL, e));
        }
        long took = (long)(vs_mono_us() - since);
        if (took > atomic_load(&crowd->slowest_us))
            atomic_store(&crowd->slowest_us, took);
        atomic_fetch_add(&crowd->reads, 1);
    }
    return NULL;
}

/* Each of them is short, but there is never a moment without one. */
START_TEST(readers_together_can_not_make_the_log_grow_for_ever) {
    enum { READERS = 4 };
    struct crowd crowd = {0};
    pthread_t threads[READERS];
    struct vs_db_params params = {.path = file, .create = 1, .relaxed = 1, .log_limit = 1 << 20};
    must(vs_db_open(&params, &crowd.db, e));
    for (int i = 0; i < READERS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, read_again_and_again, &crowd), 0);
        usleep(5000);
    }
    while (atomic_load(&crowd.reads) < READERS)
        usleep(1000);
    churn(crowd.db, 1500); /* about 90 MB of changes */
    atomic_store(&crowd.over, 1);
    for (int i = 0; i < READERS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_lt(log_bytes(crowd.db), 48 << 20);
    ck_assert_int_lt(atomic_load(&crowd.slowest_us), 5000000);
    vs_db_close(crowd.db);
}
END_TEST

START_TEST(reader_of_another_process_is_named) {
    struct vs_db *db = opened(file);
    int ready[2], done[2];
    char byte, who[160], expected[64];
    ck_assert(pipe(ready) == 0 && pipe(done) == 0);
    set(db, "a", 1);
    pid_t child = fork();
    if (child == 0) {
        sqlite3 *raw;
        sqlite3_open(file, &raw);
        sqlite3_exec(raw, "BEGIN; SELECT count(*) FROM settings", NULL, NULL, NULL);
        _exit(write(ready[1], "x", 1) != 1 || read(done[0], &byte, 1) != 1);
    }
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    vs_db_oldest_reader(db, who, sizeof who);
    snprintf(expected, sizeof expected, "process %d (", (int)child);
    ck_assert_msg(strstr(who, expected) == who, "%s", who);
    ck_assert_int_eq(write(done[1], "x", 1), 1);
    waitpid(child, NULL, 0);
    vs_db_oldest_reader(db, who, sizeof who);
    ck_assert_str_eq(who, "");
    vs_db_close(db);
}
END_TEST

START_TEST(versions_with_the_race) {
    ck_assert(vs_sqlite_has_checkpoint_race(3040001));
    ck_assert(vs_sqlite_has_checkpoint_race(3044005));
    ck_assert(!vs_sqlite_has_checkpoint_race(3044006));
    ck_assert(vs_sqlite_has_checkpoint_race(3045000));
    ck_assert(!vs_sqlite_has_checkpoint_race(3050007));
    ck_assert(vs_sqlite_has_checkpoint_race(3051002));
    ck_assert(!vs_sqlite_has_checkpoint_race(3051003));
    ck_assert(!vs_sqlite_has_checkpoint_race(3052000));
}
END_TEST

/* --- a full disk and damage -------------------------------------------------------------------------------------- */

START_TEST(full_disk) {
    struct vs_db *db = opened(file);
    set(db, "a", 1);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit before, tight = {1500000, 1500000};
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    tight.rlim_max = before.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &tight), 0);
    int64_t last = 0;
    int rc = 0;
    vidstore_error *error = NULL;
    while (!rc) {
        memset(big, 'a' + (int)(last % 23), sizeof big - 1);
        struct setting it = {"big", big, last + 1};
        rc = vs_db_write(db, NULL, op_set, &it, &error);
        last += !rc;
    }
    ck_assert_msg(rc == VIDSTORE_FULL, "%s (%s)", vidstore_error_message(error), vidstore_error_cause(error));
    vidstore_error_free(error);
    ck_assert_int_gt(last, 0);
    ck_assert_int_eq(get(db, "big"), last);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    set(db, "a", 2);
    must(vs_db_integrity(db, NULL, 1, e));
    vs_db_close(db);
    db = opened(file);
    ck_assert_int_eq(get(db, "a"), 2);
    ck_assert_int_eq(get(db, "big"), last);
    vs_db_close(db);
}
END_TEST

START_TEST(full_disk_at_the_start) {
    struct vs_db *db = NULL;
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit before, tight = {20000, 20000};
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    tight.rlim_max = before.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &tight), 0);
    refused(VIDSTORE_FULL, 0, vs_db_open(&(struct vs_db_params){.path = file, .create = 1}, &db, e));
    ck_assert_ptr_null(db);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    db = opened(file);
    must(vs_db_schema_check(db, NULL, e));
    vs_db_close(db);
}
END_TEST

static void scribble(long at, size_t size) {
    char junk[4096];
    memset(junk, 0xA5, sizeof junk);
    int fd = open(file, O_WRONLY);
    ck_assert_int_eq(pwrite(fd, junk, size, at), (ssize_t)size);
    close(fd);
}

START_TEST(damage_is_named) {
    struct vs_db *db = opened(file);
    churn(db, 8);
    vs_db_close(db);
    scribble(4096 * 3, 4096);
    vidstore_error *error = NULL;
    int rc = vs_db_open(&(struct vs_db_params){.path = file}, &db, &error);
    if (!rc) {
        rc = vs_db_integrity(db, NULL, 1, &error);
        vs_db_close(db);
    }
    ck_assert_msg(rc == VIDSTORE_CORRUPT, "%s", vidstore_error_message(error));
    vidstore_error_free(error);
}
END_TEST

START_TEST(damaged_header_is_refused) {
    vs_db_close(opened(file));
    struct vs_db *db = NULL;
    scribble(0, 64);
    uint64_t before = digest(file);
    refused(VIDSTORE_SCHEMA, VIDSTORE_SUB_FOREIGN_FILE, vs_db_open(&(struct vs_db_params){.path = file}, &db, e));
    ck_assert(digest(file) == before);
}
END_TEST

START_TEST(dangling_reference_is_found) {
    struct vs_db *db = opened(file);
    tamper(file, "CREATE TABLE a (x INTEGER PRIMARY KEY); CREATE TABLE b (y INTEGER REFERENCES a(x)); "
                 "PRAGMA foreign_keys=OFF; INSERT INTO b VALUES (7)");
    refused(VIDSTORE_CORRUPT, 0, vs_db_integrity(db, NULL, 0, e));
    ck_assert_msg(strstr(said, "of b refers to nothing in a") != NULL, "%s", said);
    refused(VIDSTORE_INVALID, 0, vs_db_write(db, NULL, op_text, SQL("INSERT INTO b VALUES (8)"), e));
    vs_db_close(db);
}
END_TEST

/* --- copies ------------------------------------------------------------------------------------------------------ */

struct progress {
    struct vs_db *db;
    int calls, stop_at;
    int64_t done, all;
};

static int watch(void *arg, int64_t done, int64_t all) {
    struct progress *p = arg;
    ck_assert_int_ge(done, p->done);
    p->done = done;
    p->all = all;
    set(p->db, "during", ++p->calls); /* others write meanwhile */
    return p->stop_at && p->calls >= p->stop_at;
}

static int files_in_folder(void) {
    int n = 0;
    DIR *d = opendir(folder);
    for (struct dirent *it = readdir(d); it; it = readdir(d))
        n += it->d_name[0] != '.';
    closedir(d);
    return n;
}

START_TEST(backup_is_a_snapshot) {
    char target[128];
    snprintf(target, sizeof target, "%s/copy.db", folder);
    struct vs_db *db = opened(file), *copy;
    for (int i = 0; i < 200; i++) {
        char name[16];
        snprintf(name, sizeof name, "row %d", i);
        memset(big, 'x', sizeof big - 1);
        struct setting it = {name, big, i};
        must(vs_db_write(db, NULL, op_set, &it, e));
    }
    set(db, "during", 0);
    struct progress p = {.db = db};
    must(vs_db_backup(db, NULL, target, watch, &p, e));
    ck_assert_int_gt(p.calls, 5);
    ck_assert_int_eq(p.done, p.all);
    struct stat st;
    ck_assert_int_eq(stat(target, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0600);
    uint64_t before = digest(target);
    refused(VIDSTORE_EXISTS, 0, vs_db_backup(db, NULL, target, NULL, NULL, e));
    ck_assert_str_eq(named, "target");
    ck_assert(digest(target) == before);
    copy = opened(target);
    ck_assert_int_eq(get(copy, "row 199"), 199);
    ck_assert_int_eq(get(copy, "during"), 0);
    must(vs_db_schema_check(copy, NULL, e));
    vs_db_close(copy);
    vs_db_close(db);
}
END_TEST

START_TEST(failed_backup_leaves_nothing) {
    char target[128];
    snprintf(target, sizeof target, "%s/copy.db", folder);
    struct vs_db *db = opened(file);
    churn(db, 100);
    int before = files_in_folder();
    struct progress p = {.db = db, .stop_at = 1};
    refused(VIDSTORE_CANCELLED, 0, vs_db_backup(db, NULL, target, watch, &p, e));
    ck_assert_int_eq(files_in_folder(), before);
    atomic_int flag = 1;
    struct vs_call call = {.interrupt = &flag};
    refused(VIDSTORE_CANCELLED, 0, vs_db_backup(db, &call, target, NULL, NULL, e));
    call = (struct vs_call){.deadline_us = vs_mono_us() - 1};
    refused(VIDSTORE_TIMEOUT, 0, vs_db_backup(db, &call, target, NULL, NULL, e));
    refused(VIDSTORE_INVALID, 0, vs_db_backup(db, NULL, "", NULL, NULL, e));
    refused(VIDSTORE_INVALID, 0, vs_db_backup(db, NULL, NULL, NULL, NULL, e));
    snprintf(target, sizeof target, "%s/none/copy.db", folder);
    refused(VIDSTORE_NOT_FOUND, 0, vs_db_backup(db, NULL, target, NULL, NULL, e));
    ck_assert_int_eq(files_in_folder(), before);
    vs_db_close(db);
}
END_TEST

START_TEST(unused_pages_go_back) {
    struct vs_db *db = opened(file);
    struct vs_db_info full, empty;
    for (int i = 0; i < 100; i++) {
        char name[16];
        snprintf(name, sizeof name, "row %d", i);
        memset(big, 'x', sizeof big - 1);
        struct setting it = {name, big, i};
        must(vs_db_write(db, NULL, op_set, &it, e));
    }
    must(vs_db_info(db, NULL, &full, e));
    must(vs_db_write(db, NULL, op_text, SQL("DELETE FROM settings"), e));
    must(vs_db_optimize(db, NULL, 600, e));
    must(vs_db_info(db, NULL, &empty, e));
    /* A page of pointers goes with the last of those that it points at. */
    ck_assert_int_le(empty.page_count, full.page_count - 600);
    ck_assert_int_ge(empty.page_count, full.page_count - 602);
    must(vs_db_optimize(db, NULL, 1000000, e));
    must(vs_db_info(db, NULL, &empty, e));
    ck_assert_int_eq(empty.freelist_count, 0);
    must(vs_db_schema_check(db, NULL, e));
    must(vs_db_integrity(db, NULL, 1, e));
    vs_db_close(db);
}
END_TEST

Suite *db_crash_suite(void);

Suite *db_crash_suite(void) {
    Suite *suite = suite_create("db_crash");
    TCase *processes = tcase_create("processes");
    tcase_add_checked_fixture(processes, folder_make, folder_remove);
    tcase_add_loop_test(processes, all_open_a_new_one_at_once, 0, 5);
    tcase_add_test(processes, killed_writers_lose_nothing);
    suite_add_tcase(suite, processes);
    TCase *log = tcase_create("log");
    tcase_add_checked_fixture(log, folder_make, folder_remove);
    tcase_add_test(log, log_stays_bounded);
    tcase_add_test(log, old_reader_delays_the_checkpoint_only);
    tcase_add_test(log, reader_can_not_make_the_log_grow_for_ever);
    tcase_add_test(log, a_long_log_ends_no_reader);
    tcase_add_test(log, readers_together_can_not_make_the_log_grow_for_ever);
    tcase_add_test(log, reader_of_another_process_is_named);
    tcase_add_test(log, versions_with_the_race);
    suite_add_tcase(suite, log);
    TCase *trouble = tcase_create("trouble");
    tcase_add_checked_fixture(trouble, folder_make, folder_remove);
    tcase_add_test(trouble, full_disk);
    tcase_add_test(trouble, full_disk_at_the_start);
    tcase_add_test(trouble, damage_is_named);
    tcase_add_test(trouble, damaged_header_is_refused);
    tcase_add_test(trouble, dangling_reference_is_found);
    suite_add_tcase(suite, trouble);
    TCase *copies = tcase_create("copies");
    tcase_add_checked_fixture(copies, folder_make, folder_remove);
    tcase_add_test(copies, backup_is_a_snapshot);
    tcase_add_test(copies, failed_backup_leaves_nothing);
    tcase_add_test(copies, unused_pages_go_back);
    suite_add_tcase(suite, copies);
    return suite;
}
