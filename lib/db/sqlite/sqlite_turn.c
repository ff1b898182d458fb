/* SPDX-License-Identifier: MIT */
/* Turns among processes. SQLite's write lock has no queue: who has it and takes it again at once keeps all others out,
 * who can only look now and then. So whoever waits holds a shared lock on a file beside the database for as long, and
 * who has just committed looks whether there is such a lock, and then stands back for a moment. It is a courtesy:
 * without the file all goes on, only less fairly, and a process that dies leaves no lock behind. */
#include "db/sqlite/sqlite_internal.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const int64_t RECENT_US = 20000; /* an own commit so long ago took nobody's turn */
static const int64_t TURN_US = 4000;    /* commits in a row: handing over costs about one of them */
static const int64_t STAND_BACK_US = 3000;
enum { PATIENCE = 4, SKIP_MOST = 16 };

void vs_sqlite_turn_open(struct sqlite_conn *c) {
    size_t size = strlen(c->path) + sizeof VS_TURN_SUFFIX;
    vs_autofree char *name = vs_malloc(size);
    if (!name)
        return;
    snprintf(name, size, "%s" VS_TURN_SUFFIX, c->path);
    c->turn = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

void vs_sqlite_turn_close(struct sqlite_conn *c) {
    if (c->turn >= 0)
        close(c->turn);
    c->turn = -1;
}

/* The lock belongs to the open file, not to the process: another handle of this process is another waiter. */
static int turn_lock(struct sqlite_conn *c, int command, short type) {
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
    return c->turn >= 0 && fcntl(c->turn, command, &lock) == 0 ? lock.l_type : F_UNLCK;
}

static int others_wait(struct sqlite_conn *c) {
    return turn_lock(c, F_OFD_GETLK, F_WRLCK) != F_UNLCK;
}

void vs_sqlite_turn_await(struct sqlite_conn *c) {
    if (c->awaits)
        return;
    c->awaits = 1;
    turn_lock(c, F_OFD_SETLK, F_RDLCK);
}

void vs_sqlite_turn_got(struct sqlite_conn *c) {
    if (!c->awaits)
        return;
    turn_lock(c, F_OFD_SETLK, F_UNLCK);
    c->awaits = 0;
    c->began_us = vs_mono_us();
}

void vs_sqlite_turn_ended(struct sqlite_conn *c) {
    c->ended_us = vs_mono_us();
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

void vs_sqlite_turn_offer(struct sqlite_conn *c) {
    int64_t now = vs_mono_us(), until = now + STAND_BACK_US;
    int waiting = 1;
    if (now - c->ended_us > RECENT_US)
        c->began_us = now;
    if (c->turn < 0 || now - c->began_us < TURN_US)
        return;
    if (c->skip > 0) {
        c->skip--;
        c->began_us = now;
        return;
    }
    /* It is over when one of them has got it, and withdraws. */
    for (; now < until && (waiting = others_wait(c)); now = vs_mono_us()) {
        struct timespec nap = {.tv_nsec = 200000};
        nanosleep(&nap, NULL);
    }
    note_offer(c, !waiting);
    c->began_us = now;
}
