/* SPDX-License-Identifier: MIT */
/* lib/db: several processes on one file. */
#include "db_harness.h"
#include <fcntl.h>

/* --- turns --------------------------------------------------------------------------------------------------------
 */

enum { HAMMERS = 4 };

struct hammer {
    struct vs_db *db;
    atomic_int stop;
};

static void *hammer(void *arg) {
    struct hammer *h = arg;
    while (!atomic_load(&h->stop))
        set(h->db, "hammered", 1);
    return NULL;
}

/* Never leaves the writer to anybody of its own accord. */
static int hammer_until(int end) {
    struct hammer h = {.db = opened(file)};
    pthread_t t[HAMMERS];
    char byte;
    for (int i = 0; i < HAMMERS; i++)
        pthread_create(&t[i], NULL, hammer, &h);
    int rc = read(end, &byte, 1) != 0;
    atomic_store(&h.stop, 1);
    for (int i = 0; i < HAMMERS; i++)
        pthread_join(t[i], NULL);
    vs_db_close(h.db);
    return rc;
}

/* 1: the file that they share is there already, and holds something else. */
START_TEST(processes_take_turns) {
    int end[2], status;
    char turn[256];
    snprintf(turn, sizeof turn, "%s-turn", file);
    if (_i) {
        int fd = open(turn, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        ck_assert(fd >= 0 && write(fd, "x", 1) == 1);
        close(fd);
    }
    ck_assert_int_eq(pipe(end), 0);
    pid_t child = fork();
    if (child == 0) {
        close(end[1]);
        _exit(hammer_until(end[0]));
    }
    close(end[0]);
    struct vs_db *db = opened(file);
    while (get(db, "hammered") < 0)
        usleep(1000);
    for (int i = 0; i < 50; i++) {
        struct setting it = {"patient", "1", i};
        struct vs_call call = within_ms(2000);
        must(vs_db_write(db, &call, op_set, &it, e));
    }
    close(end[1]);
    ck_assert(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    must(vs_db_integrity(db, NULL, 0, e));
    vs_db_close(db);
}
END_TEST

static int wait_and_set(void) {
    struct setting it = {"patient", "1", 1};
    struct vs_call call = within_ms(20000);
    struct vs_db *db = opened(file);
    int rc = vs_db_write(db, &call, op_set, &it, NULL);
    vs_db_close(db);
    return rc != 0;
}

static uint32_t read_word(const char *path, int at) {
    uint32_t words[2] = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ck_assert(fd >= 0 && read(fd, words, sizeof words) == sizeof words);
    close(fd);
    return words[at];
}

static int somebody_waits(const char *path) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
    int fd = open(path, O_RDWR | O_CLOEXEC);
    ck_assert(fd >= 0 && fcntl(fd, F_OFD_GETLK, &lock) == 0);
    close(fd);
    return lock.l_type != F_UNLCK;
}

/* Who waits for a long transaction is told when it ends, whatever its end, though nothing is written after it: looking
 * again and again would be slower, and take time from others. */
START_TEST(the_end_of_a_long_transaction_is_told) {
    char turn[256];
    int go[2], status;
    snprintf(turn, sizeof turn, "%s-turn", file);
    ck_assert_int_eq(pipe(go), 0);
    pid_t waiter = fork();
    if (waiter == 0) {
        char byte;
        _exit(read(go[0], &byte, 1) != 1 || wait_and_set());
    }
    struct vs_db *db = opened(file);
    struct vs_txn *txn = NULL;
    must(vs_txn_begin(db, NULL, 0, &txn, e));
    ck_assert_int_eq(write(go[1], "x", 1), 1);
    while (!somebody_waits(turn))
        usleep(1000);
    usleep(10000);
    uint32_t offered = read_word(turn, 0), taken = read_word(turn, 1);
    must(_i ? vs_txn_commit(txn, e) : vs_txn_rollback(txn, e));
    vs_txn_free(txn);
    ck_assert_uint_eq(read_word(turn, 0), offered + 1);
    ck_assert(waitpid(waiter, &status, 0) == waiter && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ck_assert_uint_eq(read_word(turn, 1), taken + 1);
    vs_db_close(db);
    close(go[0]);
    close(go[1]);
}
END_TEST

/* How many commits are made in so many milliseconds. */
static int commits_in(struct vs_db *db, int64_t ms) {
    int count = 0;
    for (int64_t until = vs_mono_us() + ms * 1000; vs_mono_us() < until; count++)
        set(db, "mine", count);
    return count;
}

/* As of a process that was stopped while it waited for its turn. On a machine with other work to do one try may fail.
 */
START_TEST(a_stopped_process_costs_nothing) {
    char path[256];
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
    struct vs_db *db = opened(file);
    int good = 0;
    snprintf(path, sizeof path, "%s-turn", file);
    set(db, "mine", 0);
    for (int tries = 0; !good && tries < 6; tries++) {
        int free = commits_in(db, 400), turn = open(path, O_RDWR | O_CLOEXEC);
        ck_assert(turn >= 0 && fcntl(turn, F_OFD_SETLK, &lock) == 0);
        commits_in(db, 100); /* while it is found out */
        good = commits_in(db, 400) > free * 3 / 4;
        close(turn);
    }
    ck_assert(good);
    vs_db_close(db);
}
END_TEST

static struct stat look(const char *path) {
    struct stat st;
    ck_assert_msg(stat(path, &st) == 0, "%s", path);
    return st;
}

/* Who may write the database may take turns, whoever was the first. */
START_TEST(the_file_of_turns_is_for_all_who_may_write) {
    char turn[256];
    uid_t owner = geteuid() == 0 ? 65534 : geteuid();
    snprintf(turn, sizeof turn, "%s-turn", file);
    vs_db_close(opened(file));
    ck_assert_int_eq(unlink(turn), 0);
    ck_assert_int_eq(chmod(file, 0660), 0);
    ck_assert_int_eq(chown(file, owner, (gid_t)-1), 0);
    vs_db_close(opened(file));
    ck_assert_int_eq(look(turn).st_mode & 07777, 0660);
    ck_assert_int_eq(look(turn).st_uid, owner);
}
END_TEST

/* --- the log ------------------------------------------------------------------------------------------------------
 */

/* The writer copies its log from 16 MB on; a row takes so many bytes there. */
enum { READERS = 2, LIMIT = 20 << 20, ROW = 90000, ROWS = 900 };

static void *read_again(void *arg) {
    struct hammer *h = arg;
    while (!atomic_load(&h->stop))
        must(vs_db_read(h->db, NULL, op_text,
                        SQL("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000) "
                            "SELECT count(*) + (SELECT count(*) FROM settings) FROM n"),
                        e));
    return NULL;
}

static int read_until(int end, int read_only) {
    struct vs_db_params params = {.path = file, .read_only = read_only, .log_limit = LIMIT};
    struct hammer h = {.db = NULL};
    pthread_t t[READERS];
    char byte;
    must(vs_db_open(&params, &h.db, e));
    for (int i = 0; i < READERS; i++)
        pthread_create(&t[i], NULL, read_again, &h);
    int rc = read(end, &byte, 1) != 0;
    atomic_store(&h.stop, 1);
    for (int i = 0; i < READERS; i++)
        pthread_join(t[i], NULL);
    vs_db_close(h.db);
    return rc;
}

/* Short reads of a process that overlap, so that there is always one. 1: it may not write, and so not copy the log. */
START_TEST(readers_elsewhere_do_not_keep_the_log) {
    char log[256];
    int end[2], status;
    snprintf(log, sizeof log, "%s-wal", file);
    vs_db_close(opened(file));
    ck_assert_int_eq(pipe(end), 0);
    pid_t child = fork();
    if (child == 0) {
        close(end[1]);
        _exit(read_until(end[0], _i));
    }
    close(end[0]);
    struct vs_db *db = opened(file);
    for (int i = 0; i < ROWS; i++) {
        must(vs_db_write(db, NULL, op_text,
                         SQL("INSERT OR REPLACE INTO settings VALUES ('k' || (abs(random()) % 40), "
                             "hex(randomblob(30000)), 1, NULL)"),
                         e));
        usleep(10000);
    }
    int64_t size = look(log).st_size;
    ck_assert_msg(size < (int64_t)ROWS * ROW * 3 / 4, "the log has %lld bytes", (long long)size);
    close(end[1]);
    ck_assert(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    vs_db_close(db);
}
END_TEST

Suite *db_processes_suite(void);

Suite *db_processes_suite(void) {
    Suite *suite = suite_create("db_processes");
    TCase *turns = tcase_create("turns");
    tcase_add_checked_fixture(turns, folder_make, folder_remove);
    tcase_add_loop_test(turns, processes_take_turns, 0, 2);
    tcase_add_loop_test(turns, the_end_of_a_long_transaction_is_told, 0, 2); /* 1: by a commit */
    tcase_add_test(turns, a_stopped_process_costs_nothing);
    tcase_add_test(turns, the_file_of_turns_is_for_all_who_may_write);
    suite_add_tcase(suite, turns);
    TCase *log = tcase_create("log");
    tcase_set_timeout(log, 120);
    tcase_add_checked_fixture(log, folder_make, folder_remove);
    tcase_add_loop_test(log, readers_elsewhere_do_not_keep_the_log, 0, 2);
    suite_add_tcase(suite, log);
    return suite;
}
