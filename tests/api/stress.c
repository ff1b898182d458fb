/* SPDX-License-Identifier: MIT */
/* Many at once: 64 threads here and as many as a quarter of it in a second process hammer one store with submits, host
 * transactions (some forgotten), snapshots, workers and random interrupts. What was acknowledged is there, what failed
 * is not, the feed tells each exactly once, and nobody waits longer than he said. VIDSTORE_STRESS_SECONDS makes it
 * longer than a moment. */
#include "harness.h"
#include <stdatomic.h>
#include <sys/mman.h>
#include <vidstore/query.h>
#include <vidstore/watch.h>

enum {
    SUBMITTERS = 44,
    HOSTS = 8,
    READERS = 8,
    WORKERS = 4,
    HERE = SUBMITTERS + HOSTS + READERS + WORKERS,
    THERE = HERE / 4,
    ALL = HERE + THERE,
    MOST = 8000, /* records of one thread */
    DEADLINE_MS = 4000,
    AGE_MS = 200
};

enum { NOTHING, ASKED, ACKNOWLEDGED, FAILED, UNKNOWN };

/* In memory that both processes share. */
struct ledger {
    atomic_int stop;
    atomic_int count[ALL];
    atomic_int meant[ALL]; /* how often the caller tried to bring something through, and not to roll it back itself */
    atomic_long worst_ms, calls, refused, expired, claimed;
    uint8_t outcome[ALL][MOST];
    uint8_t seen[ALL][MOST];
};
static struct ledger *ledger;

struct caller {
    int number;
    unsigned seed;
    vidstore *store;
    vidstore_session *session;
    void (*work)(struct caller *c);
    pthread_t thread;
};

static int seconds(void) {
    const char *text = getenv("VIDSTORE_STRESS_SECONDS");
    return text && atoi(text) > 0 ? atoi(text) : 2;
}

/* What the machine may add to a wait by being busy itself. */
static int64_t slack_ms(void) {
    const char *slower = getenv("CK_TIMEOUT_MULTIPLIER");
    return 2000 * (slower && atoi(slower) > 1 ? atoi(slower) : 1);
}

static void timed(int64_t since_ms) {
    long took = (long)(now_ms() - since_ms), worst = atomic_load(&ledger->worst_ms);
    atomic_fetch_add(&ledger->calls, 1);
    while (took > worst && !atomic_compare_exchange_weak(&ledger->worst_ms, &worst, took))
        continue;
}

static int expected_refusal(vidstore_status status) {
    return status == VIDSTORE_BUSY || status == VIDSTORE_TIMEOUT || status == VIDSTORE_CANCELLED ||
           status == VIDSTORE_TXN_EXPIRED;
}

/* OK or one of those that this test brings about. */
static vidstore_status judged(const char *what, vidstore_status status, vidstore_error *error) {
    ck_assert_msg(!status || expected_refusal(status), "%s: %s: %s (%s)", what, vidstore_status_name(status),
                  vidstore_error_message(error), vidstore_error_cause(error));
    if (status)
        atomic_fetch_add(&ledger->refused, 1);
    vidstore_error_free(error);
    return status;
}

#define tried(what, call)                                                                                              \
    __extension__({                                                                                                    \
        vidstore_error *e_ = NULL, **e = &e_;                                                                          \
        int64_t since_ = now_ms();                                                                                     \
        vidstore_status status_ = (call);                                                                              \
        timed(since_);                                                                                                 \
        judged(what, status_, e_);                                                                                     \
    })

static void name_of(int number, int n, char id[37]) {
    snprintf(id, 37, "%08x-0000-7000-8000-%012x", (unsigned)number, (unsigned)n);
}

/* The number of a record that is yet to be written; -1 when the ledger is full. */
static int next_record(struct caller *c) {
    int n = atomic_load(&ledger->count[c->number]);
    if (n == MOST)
        return -1;
    ledger->outcome[c->number][n] = ASKED;
    atomic_store(&ledger->count[c->number], n + 1);
    return n;
}

static vidstore_status submit(struct caller *c, int n) {
    char id[37];
    name_of(c->number, n, id);
    vidstore_job_params *p = vidstore_job_params_new();
    vidstore_job_params_set_text(p, VIDSTORE_JOB_ID, id);
    vidstore_job_params_set_text(p, VIDSTORE_JOB_KIND, "encode");
    vidstore_status status = tried("submit", vidstore_job_submit(c->session, p, NULL, e));
    vidstore_job_params_free(p);
    return status;
}

/* --- what they do ---------------------------------------------------------------------------------------------------
 */

static void submit_one(struct caller *c) {
    int n = next_record(c);
    if (n < 0) {
        sleep_ms(10);
        return;
    }
    atomic_fetch_add(&ledger->meant[c->number], 1);
    ledger->outcome[c->number][n] = submit(c, n) ? FAILED : ACKNOWLEDGED;
}

/* Two jobs in a transaction, which is committed, rolled back, or forgotten until it expires. */
static void transact(struct caller *c) {
    int n[2] = {next_record(c), next_record(c)}, chance = rand_r(&c->seed) % 16, kept = 0;
    if (n[1] < 0) {
        sleep_ms(10);
        return;
    }
    int meant = chance && chance % 4 != 3;
    atomic_fetch_add(&ledger->meant[c->number], meant);
    if (!tried("begin", vidstore_begin(c->session, 0, e))) {
        kept = !submit(c, n[0]) && !submit(c, n[1]);
        sleep_ms(chance == 0 ? AGE_MS + 100 : chance % 8);
        if (kept && (meant || !chance))
            kept = !tried("commit", vidstore_commit(c->session, e));
        else
            kept = tried("rollback", vidstore_rollback(c->session, e)) && 0;
        if (chance == 0)
            atomic_fetch_add(&ledger->expired, 1);
    }
    ledger->outcome[c->number][n[0]] = ledger->outcome[c->number][n[1]] = kept ? ACKNOWLEDGED : FAILED;
    sleep_ms(20);
}

static vidstore_status newest(struct caller *c, char id[37]) {
    vidstore_query *q = vidstore_query_new();
    vidstore_page *page = NULL;
    vidstore_query_limit(q, 1);
    vidstore_status status = tried("list", vidstore_job_list(c->session, q, &page, e));
    if (!status && vidstore_page_count(page))
        snprintf(id, 37, "%s", vidstore_job_id(vidstore_page_job(page, 0)));
    vidstore_page_free(page);
    vidstore_query_free(q);
    return status;
}

/* Reads until the snapshot is taken away: always the same. */
static void look(struct caller *c) {
    char first[37] = "", again[37] = "";
    if (tried("snapshot", vidstore_snapshot_begin(c->session, AGE_MS, e)))
        return;
    if (!newest(c, first))
        while (!newest(c, again)) {
            ck_assert_str_eq(first, again);
            sleep_ms(rand_r(&c->seed) % 10);
        }
    must(vidstore_snapshot_end(c->session, e));
}

static void work(struct caller *c) {
    vidstore_lease *lease = NULL;
    if (tried("claim", vidstore_job_claim(c->session, "encode", 0, &lease, e)) || !lease)
        return;
    tried("progress", vidstore_lease_progress(lease, "processing", 1, 2, e));
    if (!tried("finish", vidstore_lease_finish(lease, NULL, e)))
        atomic_fetch_add(&ledger->claimed, 1);
    vidstore_lease_free(lease);
}

/* --- who they are ---------------------------------------------------------------------------------------------------
 */

static void *call_again(void *arg) {
    struct caller *c = arg;
    while (!atomic_load(&ledger->stop))
        c->work(c);
    return NULL;
}

static vidstore *opened_here(void) {
    vidstore *opened = NULL;
    vidstore_open_params *p = vidstore_open_params_new();
    vidstore_open_params_set_int64(p, VIDSTORE_OPEN_TXN_MAX_AGE_MS, AGE_MS);
    must(vidstore_open(place, p, &opened, e));
    vidstore_open_params_free(p);
    return opened;
}

/* Callers first to first + count; a sixteenth of a second apart somebody is interrupted. */
static void hammer(vidstore *at, struct caller *c, int first, int count) {
    void (*const kinds[])(struct caller *) = {submit_one, transact, look, work};
    const int until[] = {SUBMITTERS * count / HERE, (SUBMITTERS + HOSTS) * count / HERE,
                         (SUBMITTERS + HOSTS + READERS) * count / HERE, count};
    unsigned seed = (unsigned)first;
    for (int i = 0; i < count; i++) {
        int kind = 0;
        while (i >= until[kind])
            kind++;
        c[i] = (struct caller){.number = first + i, .seed = (unsigned)(first + i), .store = at, .work = kinds[kind]};
        must(vidstore_session_system(at, "stress", &c[i].session, e));
        must(vidstore_session_set_deadline(c[i].session, DEADLINE_MS, e));
    }
    for (int i = 0; i < count; i++)
        ck_assert_int_eq(pthread_create(&c[i].thread, NULL, call_again, &c[i]), 0);
    for (int64_t end = now_ms() + seconds() * 1000; now_ms() < end && !atomic_load(&ledger->stop); sleep_ms(15))
        vidstore_interrupt(c[rand_r(&seed) % (unsigned)count].session);
    atomic_store(&ledger->stop, 1);
    for (int i = 0; i < count; i++) {
        pthread_join(c[i].thread, NULL);
        vidstore_session_free(c[i].session);
    }
}

static int second_process(void) {
    static struct caller callers[THERE];
    vidstore *own = opened_here();
    hammer(own, callers, HERE, THERE);
    vidstore_close(own);
    return 0;
}

/* --- what the feed says
 * ----------------------------------------------------------------------------------------------- */

static int note_all(vidstore_watch *watch) {
    vidstore_text *text = NULL;
    must(vidstore_watch_next(watch, 1000, &text, e));
    const char *json = vidstore_text_data(text);
    for (const char *at = json; (at = strstr(at, "\"id\":\"")); at++) {
        unsigned number, n;
        ck_assert_int_eq(sscanf(at, "\"id\":\"%8x-0000-7000-8000-%12x\"", &number, &n), 2);
        ck_assert(number < ALL && n < MOST);
        ledger->seen[number][n]++;
    }
    int more = strstr(json, "\"more\":true") != NULL;
    vidstore_text_free(text);
    return more;
}

static atomic_int all_written;

static void *follow(void *arg) {
    vidstore_watch *watch = arg;
    while (!atomic_load(&all_written)) {
        int32_t ready = 0;
        must(vidstore_watch_wait(watch, 50, &ready, e));
        while (note_all(watch))
            continue;
    }
    while (note_all(watch))
        continue;
    return NULL;
}

/* --- the verdict
 * ------------------------------------------------------------------------------------------------------- */

static int is_there(const char *id) {
    vidstore_error *error = NULL;
    vidstore_job *job = NULL;
    vidstore_status status = vidstore_job_get(sys, id, &job, &error);
    ck_assert_msg(!status || status == VIDSTORE_NOT_FOUND, "%s: %s", id, vidstore_error_message(error));
    vidstore_error_free(error);
    vidstore_job_free(job);
    return !status;
}

static void check_ledger(void) {
    long there = 0;
    for (int number = 0; number < ALL; number++) {
        int own = 0;
        for (int n = 0; n < ledger->count[number]; n++) {
            char id[37];
            name_of(number, n, id);
            int outcome = ledger->outcome[number][n], found = is_there(id);
            ck_assert_msg(outcome == (found ? ACKNOWLEDGED : FAILED), "%s has outcome %d and is %sthere", id, outcome,
                          found ? "" : "not ");
            ck_assert_msg(ledger->seen[number][n] == found, "%s came %d times on the feed", id,
                          ledger->seen[number][n]);
            there += found;
            own += found;
        }
        ck_assert_msg(own || ledger->meant[number] < 10, "caller %d never got through", number);
    }
    printf("%ld jobs, %ld calls, %ld refused, %ld transactions forgotten, %ld jobs done, longest call %ld ms\n", there,
           atomic_load(&ledger->calls), atomic_load(&ledger->refused), atomic_load(&ledger->expired),
           atomic_load(&ledger->claimed), atomic_load(&ledger->worst_ms));
    ck_assert_int_gt(there, 0);
    ck_assert_int_le(atomic_load(&ledger->worst_ms), DEADLINE_MS + slack_ms());
}

START_TEST(nothing_is_lost) {
    static struct caller callers[HERE];
    pthread_t follower;
    int status;
    ledger = mmap(NULL, sizeof *ledger, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(ledger, MAP_FAILED);
    vidstore_close(opened_here()); /* made before either of them comes */
    pid_t child = fork();
    if (child == 0)
        _exit(second_process());
    store = opened_here();
    must(vidstore_session_system(store, "test", &sys, e));
    vidstore_watch *watch = NULL;
    must(vidstore_watch_open(sys, "{\"noun\":\"job\",\"kind\":\"created\"}", "start", &watch, e));
    ck_assert_int_eq(pthread_create(&follower, NULL, follow, watch), 0);
    hammer(store, callers, 0, HERE);
    ck_assert(waitpid(child, &status, 0) == child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the second process ended with %d", status);
    atomic_store(&all_written, 1);
    pthread_join(follower, NULL);
    vidstore_watch_free(watch);
    check_ledger();
    close_store();
    munmap(ledger, sizeof *ledger);
}
END_TEST

Suite *stress_suite(void);
Suite *stress_suite(void) {
    Suite *suite = suite_create("stress");
    TCase *tests = tcase_create("stress");
    tcase_add_checked_fixture(tests, make_folder, remove_folder);
    tcase_set_timeout(tests, 60 + 10 * seconds());
    tcase_add_test(tests, nothing_is_lost);
    suite_add_tcase(suite, tests);
    return suite;
}
