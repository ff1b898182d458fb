/* SPDX-License-Identifier: MIT */
/* Turns among processes. SQLite's write lock has no queue: who has it and takes it again at once keeps all others out,
 * who can only look now and then. So whoever waits holds a shared lock on a file beside the database for as long, and
 * who has had the writer for a while looks, at the end of a transaction, whether there is such a lock, offers its turn,
 * and stands back for a moment before it begins again. Two words in that file wake the other side: who waits sleeps
 * until an offer, and who made one until it is taken. It is a courtesy: without the file all goes on, only less fairly,
 * without the words slower, and a process that dies leaves no lock behind. */
#include "db/sqlite/sqlite_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const int64_t RECENT_US = 20000; /* an own commit so long ago took nobody's turn */
static const int64_t TURN_US = 4000;    /* commits in a row: handing over costs about half of one */
static const int64_t STAND_BACK_US = 3000;
static const int64_t NAP_US = 200;
enum { PATIENCE = 4, SKIP_MOST = 16 };

struct turn_words {
    _Atomic uint32_t offered, taken; /* counters that all processes share */
};

static void map_words(struct sqlite_conn *c) {
    static const char nothing[sizeof(struct turn_words)];
    struct stat st;
    if (c->turn < 0 || fstat(c->turn, &st) != 0)
        return;
    /* Written, not just made longer: a page that the disk has no room for would end the process when it is touched. */
    if ((size_t)st.st_size < sizeof nothing && pwrite(c->turn, nothing, sizeof nothing, 0) != sizeof nothing)
        return;
    void *at = mmap(NULL, sizeof nothing, PROT_READ | PROT_WRITE, MAP_SHARED, c->turn, 0);
    c->words = at == MAP_FAILED ? NULL : at;
}

/* Whoever may write the database takes turns, whoever makes the file: as SQLite does with its own. The database is not
 * opened for that: closing a descriptor of it would end SQLite's locks. */
static int make_file(const struct sqlite_conn *c, const char *name) {
    struct stat database;
    int fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return errno == EEXIST ? open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW) : -1;
    if (stat(c->path, &database) == 0) {
        int changed = geteuid() == 0 ? fchown(fd, database.st_uid, database.st_gid) : 0;
        changed |= fchmod(fd, database.st_mode & 0666);
        (void)changed; /* then some take no turns */
    }
    return fd;
}

void vs_sqlite_turn_open(struct sqlite_conn *c) {
    size_t size = strlen(c->path) + sizeof VS_TURN_SUFFIX;
    vs_autofree char *name = vs_malloc(size);
    if (!name)
        return;
    snprintf(name, size, "%s" VS_TURN_SUFFIX, c->path);
    c->turn = open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (c->turn < 0 && (errno == ENOENT || (errno == EACCES && unlink(name) == 0))) /* of whoever had the database */
        c->turn = make_file(c, name);
    map_words(c);
}

void vs_sqlite_turn_close(struct sqlite_conn *c) {
    if (c->words)
        munmap(c->words, sizeof *c->words);
    c->words = NULL;
    if (c->turn >= 0)
        close(c->turn);
    c->turn = -1;
}

/* The lock belongs to the open file, not to the process: another handle of this process is another waiter. */
static int turn_lock(const struct sqlite_conn *c, int command, short type) {
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
    return c->turn >= 0 && fcntl(c->turn, command, &lock) == 0 ? lock.l_type : F_UNLCK;
}

static int others_wait(const struct sqlite_conn *c) {
    return turn_lock(c, F_OFD_GETLK, F_WRLCK) != F_UNLCK;
}

static uint32_t offered(const struct sqlite_conn *c) {
    return c->words ? atomic_load(&c->words->offered) : 0;
}

/* word: NULL: all of the time. */
static void sleep_on(_Atomic uint32_t *word, uint32_t while_it_is, int64_t us) {
    struct timespec ts = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    if (word)
        syscall(SYS_futex, word, FUTEX_WAIT, while_it_is, &ts, NULL, 0);
    else
        nanosleep(&ts, NULL);
}

static void tell(_Atomic uint32_t *word) {
    atomic_fetch_add(word, 1);
    syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

void vs_sqlite_turn_await(struct sqlite_conn *c) {
    if (c->awaits)
        return;
    c->awaits = 1;
    c->heard = offered(c);
    turn_lock(c, F_OFD_SETLK, F_RDLCK);
}

void vs_sqlite_turn_nap(struct sqlite_conn *c, int64_t us) {
    if (offered(c) == c->heard)
        sleep_on(c->words ? &c->words->offered : NULL, c->heard, us);
    c->heard = offered(c);
}

void vs_sqlite_turn_over(struct sqlite_conn *c, int got) {
    if (!c->awaits)
        return;
    turn_lock(c, F_OFD_SETLK, F_UNLCK);
    c->awaits = 0;
    if (got && c->words)
        tell(&c->words->taken);
    if (got)
        c->began_us = vs_mono_us();
}

/* Changes with each commit of others. */
static int64_t commits_of_others(struct sqlite_conn *c) {
    int64_t version = 0;
    vs_sqlite_number(c, "PRAGMA data_version", &version, NULL);
    return version;
}

/* A process that was stopped while it waited keeps its lock, and would have all others stand back until it goes on:
 * offers that nobody takes are made more and more seldom. */
static void note_offer(struct sqlite_conn *c, int withdrawn) {
    int64_t now = withdrawn ? c->seen : commits_of_others(c);
    c->untaken = withdrawn || now != c->seen ? 0 : c->untaken + 1;
    c->seen = now;
    c->skip = c->untaken < PATIENCE ? 0 : c->untaken < SKIP_MOST ? c->untaken : SKIP_MOST;
}

static int is_over(const struct sqlite_conn *c, int64_t now) {
    return c->turn >= 0 && now - c->began_us >= TURN_US;
}

/* As early as it can be: a process that sleeps takes its time to wake up, while there is still work to do here. */
static void offer(struct sqlite_conn *c) {
    c->offers = others_wait(c);
    if (!c->offers || !c->words)
        return;
    c->taken = atomic_load(&c->words->taken);
    tell(&c->words->offered);
}

void vs_sqlite_turn_ended(struct sqlite_conn *c) {
    int64_t now = vs_mono_us();
    if (c->skip == 0 && is_over(c, now))
        offer(c);
    c->ended_us = now;
}

/* 1: one of them has got it. */
static int stand_back(const struct sqlite_conn *c, int64_t until) {
    for (int64_t now = vs_mono_us(); now < until; now = vs_mono_us()) {
        if (c->words ? atomic_load(&c->words->taken) != c->taken : !others_wait(c))
            return 1;
        sleep_on(c->words ? &c->words->taken : NULL, c->taken, c->words ? until - now : NAP_US);
    }
    return 0;
}

void vs_sqlite_turn_offer(struct sqlite_conn *c) {
    int64_t now = vs_mono_us(), until = now + STAND_BACK_US;
    if (now - c->ended_us > RECENT_US) {
        c->began_us = now;
        c->offers = 0;
    }
    if (!is_over(c, now))
        return;
    if (c->skip > 0) {
        c->skip--;
        c->began_us = now;
        return;
    }
    if (!c->offers || !others_wait(c)) /* who waited then may have given up, or been killed */
        offer(c);
    note_offer(c, !c->offers || stand_back(c, until));
    c->offers = 0;
    c->began_us = vs_mono_us();
}
