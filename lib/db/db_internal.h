/* SPDX-License-Identifier: MIT */
/* The parts of an open database, shared by the files of lib/db and by nobody else. */
#ifndef VS_DB_DB_INTERNAL_H
#define VS_DB_DB_INTERNAL_H

#include "db/catalog.h"
#include "db/db.h"
#include "db/driver.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

/* A write of a caller, run by whoever holds the writer. */
struct vs_write {
    vs_op *op;
    void *arg;
    const struct vs_call *call;
    vidstore_error **e;
    int rc, alone, again; /* alone: not with others; again: through no fault of its own it has to be run once more */
    struct vs_waiter *waiter; /* NULL: the caller runs it himself */
    struct vs_write *next;    /* in its batch */
};

enum vs_waiter_state {
    VS_WAITER_QUEUED,  /* may leave */
    VS_WAITER_TAKEN,   /* its write is being run */
    VS_WAITER_GRANTED, /* has the writer */
    VS_WAITER_DONE,    /* its write has been run */
};

struct vs_waiter {
    atomic_int state; /* out of QUEUED only with the lock held; also what the waiter sleeps on */
    pthread_t thread;
    const char *what;
    struct vs_write *write; /* NULL: wants the writer for itself */
    struct vs_waiter *next;
};

/* The way to the writer: one holder, the others in the order in which they came. */
struct vs_gate {
    int held, closed;
    pthread_t owner;
    const char *what; /* static: what the holder does */
    int64_t since_us;
    struct vs_txn *txn; /* a host's transaction that holds it */
    struct vs_waiter *first, *last;
};

struct vs_pool {
    struct vs_conn *idle, *busy;
    int open, max, waiting;
    pthread_cond_t freed;
    int64_t drain_until_us; /* no new reads until those under way are over, at most until then; 0: no matter */
    int64_t drain_next_us;  /* the next time that this may be tried */
    int64_t look_us;        /* the next time that the log is looked at */
};

struct vs_db {
    struct vs_open_file *file; /* NULL: in memory */
    const struct vs_driver *drv;
    pid_t pid;
    atomic_int refs;
    char *path; /* absolute; NULL: in memory */
    dev_t dev;
    ino_t ino;
    int64_t log_limit;
    int read_only, relaxed, newer; /* newer: a later library has migrated it compatibly */
    int full;                      /* opened for writing, but read only: there was no room to write */
    pthread_mutex_t lock;          /* gate, pool and guard; never held while the engine works */
    struct vs_gate gate;
    struct vs_pool pool;
    struct vs_conn *writer;       /* NULL when read-only, except in memory */
    struct vs_conn *checkpointer; /* opened when first needed; used by the holder of the gate */
    int64_t checkpoint_at;        /* next checkpoint when the log has so many pages */
    struct vs_group {             /* the last commit; used by the holder of the gate */
        int count, skip;          /* skip: so many do not wait for others to come back */
        int64_t ended_us;
    } group;
    struct vs_snap *snap;  /* that are open */
    struct vs_conn *spare; /* connections for further ones */
    int snaps, spares;
    pthread_t guard;
    int64_t guard_until_us; /* when it looks next by itself */
    int guard_running, guard_stop, guard_awaits_call;
    pthread_cond_t guard_wake;
    pthread_mutex_t listen_lock; /* taken alone: guards what follows */
    struct vs_listener *listeners;
    pthread_mutex_t ride_lock; /* taken last, kept while they ride: guards what follows */
    struct vs_rider *riders;
};

struct vs_rider {
    struct vs_ride ride;
    int aboard, rc;
    struct vs_rider *next;
};

enum vs_txn_state { VS_TXN_ACTIVE, VS_TXN_ENDED, VS_TXN_EXPIRED, VS_TXN_ABORTED };

struct vs_txn {
    struct vs_db *db;
    enum vs_txn_state state;
    int depth, in_call, savepoint;
    int64_t expires_us, max_age_ms;
};

struct vs_snap {
    struct vs_db *db;
    struct vs_conn *conn; /* NULL: over */
    struct vs_txn *txn;   /* in memory */
    struct vs_call turn;
    enum vs_txn_state state;
    int in_call;
    int64_t since_us, expires_us, max_age_ms;
    const char *what; /* static: who began it */
    pid_t thread;
    struct vs_snap *next;
};

enum { VS_CHECKPOINT_PAGES = 4000, VS_PAGE_BYTES = 4096, VS_NAP_MS = 100 };

void vs_db_ref(struct vs_db *db);
void vs_db_unref(struct vs_db *db);
/* FORKED, or 0. */

/* --- gate.c: all but vs_cond_init and vs_wait take the lock themselves ------------------------------------------- */

int vs_cond_init(pthread_cond_t *cond);
/* Waits on cond (with the lock held) until woken, at most until the call's deadline and a short nap: callers loop. */
void vs_wait(struct vs_db *db, pthread_cond_t *cond, const struct vs_call *call);
/* 0, CANCELLED, or `late` once the deadline has passed. */
int vs_call_check(const struct vs_call *call, int late, vidstore_error **e);
int vs_gate_take(struct vs_db *db, const struct vs_call *call, const char *what, vidstore_error **e);
void vs_gate_give(struct vs_db *db);
enum { VS_GATE_GOT, VS_GATE_DONE };
/* Like vs_gate_take for a write that another may run along with his own: VS_GATE_DONE when that was done. */
int vs_gate_join(struct vs_db *db, struct vs_write *write, vidstore_error **e);
/* The holder takes the next of the queue along, if that is such a write; NULL: it is not. The queue is never jumped. */
struct vs_write *vs_gate_next(struct vs_db *db);
/* Tells the caller of a write that was taken along that its rc stands. It may be gone when this returns. */
void vs_gate_tell(struct vs_write *write);
int vs_gate_mine(struct vs_db *db); /* this thread holds it */

/* --- pool.c ---------------------------------------------------------------------------------------------------- */

int vs_pool_take(struct vs_db *db, const struct vs_call *call, struct vs_conn **ret, vidstore_error **e);
void vs_pool_give(struct vs_db *db, struct vs_conn *conn);
/* Reads that overlap without end keep the log from ever beginning anew: makes new ones wait until there was a moment
 * without any, in which the log is copied whole. */
void vs_pool_drain(struct vs_db *db);
/* With the lock held, which it gives up meanwhile: waits while new reads have to. */
void vs_pool_await_drain(struct vs_db *db, const struct vs_call *call);
/* A read, or a snapshot, is over: perhaps it was the last that was waited for. */
void vs_pool_drained(struct vs_db *db);
int vs_conn_open(struct vs_db *db, enum vs_role role, const struct vs_call *call, struct vs_conn **ret,
                 vidstore_error **e);
void vs_conn_close(struct vs_conn *conn); /* NULL is fine */

/* --- run.c ----------------------------------------------------------------------------------------------------- */

int vs_conn_begin(struct vs_conn *conn, int write, const struct vs_call *call, vidstore_error **e);
/* Ends what vs_conn_begin began. A read is simply ended; a failed write is rolled back. Returns rc, or what went wrong.
 */
int vs_conn_end(struct vs_conn *conn, int rc, vidstore_error **e);
/* After vs_conn_end of a write gave rc: listeners have to be woken. */
int vs_conn_has_news(const struct vs_conn *conn, int rc);
/* With the gate held and no transaction open: a checkpoint when the log is long. Never fails. */
int vs_checkpoint_is_due(struct vs_db *db);
void vs_checkpoint_if_due(struct vs_db *db);
/* Whether or not it is due; -1: it did not get through, else the pages left over. */
int64_t vs_log_checkpoint(struct vs_db *db);

/* --- listen.c -------------------------------------------------------------------------------------------------- */

/* Without any lock: there was a commit with news in it. */
void vs_listeners_wake(struct vs_db *db);

/* --- ride.c ---------------------------------------------------------------------------------------------------- */

/* Who has something to write is aboard, in the list that it gives; NULL: nobody. Otherwise vs_riders_leave has to be
 * called, with the outcome of the commit. */
struct vs_rider *vs_riders_board(struct vs_db *db);
void vs_riders_leave(struct vs_db *db, int rc);

/* --- stmt.c ---------------------------------------------------------------------------------------------------- */

void vs_conn_reset_all(struct vs_conn *conn);
void vs_conn_free_statements(struct vs_conn *conn);
/* After an error: notices that the engine has rolled the transaction away. */
void vs_conn_check(struct vs_conn *conn);

/* --- txn.c ----------------------------------------------------------------------------------------------------- */

int vs_guard_start(struct vs_db *db, vidstore_error **e);
/* With the lock held: something expires then. */
void vs_guard_expects(struct vs_db *db, int64_t expires_us);
void vs_guard_stop(struct vs_db *db);

/* --- snap.c ---------------------------------------------------------------------------------------------------- */

/* With the lock held, which it gives up meanwhile: ends those that are too old. When the next one will be; INT64_MAX:
 * none. *ret_awaits_call 1: one will be ended after the call in it. */
int64_t vs_snaps_expire(struct vs_db *db, int *ret_awaits_call);
/* At the end: all of them, and their connections. */
void vs_snaps_drop(struct vs_db *db);

#endif
