/* SPDX-License-Identifier: MIT */
/* The database of one store, whatever the engine: connections, statements, transactions, migrations.
 *
 * One writer connection behind a gate, a lazily grown pool of readers, one checkpoint connection. A :memory: database
 * has one connection for all, and its calls are serialised. Thread-safe; a connection that was handed out belongs to
 * the thread that uses it until it is given back. */
#ifndef VS_DB_DB_H
#define VS_DB_DB_H

#include "statements.h" /* generated from schema/queries: enum vs_stmt_id */
#include "util/uuid.h"
#include "vidstore/base.h"
#include <stdatomic.h>
#include <stdint.h>

struct vs_db;   /* the database of one open store */
struct vs_conn; /* one connection to it */
struct vs_stmt; /* one prepared statement of a connection */
struct vs_txn;  /* a transaction that a host holds open across calls */

struct vs_db_params {
    const char *path;     /* of the database file; NULL: in memory */
    int create;           /* make it when it is not there */
    int read_only;        /* never migrates, never writes */
    int older;            /* read-only: one that would have to be migrated will do, to be copied */
    int relaxed;          /* synchronous=NORMAL: the last commits may be lost in a power cut */
    int allow_network_fs; /* open on NFS, CIFS, FUSE... all the same */
    int readers;          /* most reader connections; 0: 4 */
    int64_t log_limit;   /* bytes: when the log is longer, reads that have gone on for long are ended, and new ones wait
                            for a moment without any, so that it can begin anew; 0: 256 MiB */
    int64_t deadline_ms; /* for opening and migrating; 0: 30 s */
};

/* How long a call may take, and what stops it earlier. */
struct vs_call {
    int64_t deadline_us;         /* on the clock of vs_mono_us(); 0: none */
    const atomic_int *interrupt; /* non-zero: stop with CANCELLED; may be NULL */
    int alone;                   /* a long write, for whose end no other shall wait: in a commit of its own */
    int keeps_turn;              /* belongs to what was just written: other processes wait for it, too */
    const char *what;            /* static: the operation, for those whom it keeps waiting; NULL: "a write" and such */
};

/* What a word counts for the order of what was found, by the column in which it stands: twice this, and half as much
 * again where the first column begins with it. Less than 0, so that the best come first. */
enum { VS_RANK_COLUMNS = 7 };
extern const int vs_rank_weights[VS_RANK_COLUMNS];

/* --- opening ------------------------------------------------------------------------------------------------ */

/* Opens, creates or migrates. Foreign file, newer schema, edited history, network file system, read-only directory,
 * full disk and damage are each an error of their own, and leave the file's content untouched. What is there already
 * and has no room to be written is opened all the same, and can be read. */
int vs_db_open(const struct vs_db_params *params, struct vs_db **ret, vidstore_error **e);
/* Closes all connections. After a fork it only leaks (see vs_db_forked). */
void vs_db_close(struct vs_db *db);
int vs_db_forked(const struct vs_db *db); /* 1 in a child of the process that opened it */
/* FORKED in such a child; field: the argument that belongs to the database, or NULL. */
int vs_db_check(const struct vs_db *db, const char *field, vidstore_error **e);
/* 1 when it was opened for reading only. One that was to be written, and had no room, is not: writing says FULL. */
int vs_db_read_only(const struct vs_db *db);
/* 0, or why nothing can be written: READONLY, FULL, FORKED. */
int vs_db_may_write(const struct vs_db *db, vidstore_error **e);
int vs_db_in_memory(const struct vs_db *db);

/* --- reading and writing ------------------------------------------------------------------------------------ */

/* An operation on a connection. Returns 0 or a negative code. A write operation has no side effects outside the
 * database, because it may be run more than once, and on the thread of another caller of vs_db_write, while its own
 * caller waits: it takes no lock that a caller of vs_db_write may hold. */
typedef int vs_op(struct vs_conn *conn, void *arg, vidstore_error **e);

/* Runs op in a read transaction on a reader. Codes: what op returns; BUSY TIMEOUT CANCELLED IO CORRUPT NOMEM FORKED;
 * RETRY when it has gone on for more than ten seconds and the log grows beyond its limit meanwhile. */
int vs_db_read(struct vs_db *db, const struct vs_call *call, vs_op *op, void *arg, vidstore_error **e);
/* The same for a read that is short, on the connection that is open already: opening another one takes longer than it.
 */
int vs_db_peek(struct vs_db *db, const struct vs_call *call, vs_op *op, void *arg, vidstore_error **e);
/* Runs op in a write transaction (BEGIN IMMEDIATE) and commits: durable when it returns 0. Writes that wait at the same
 * time share one commit, each under a savepoint: a failing op is rolled back whole and fails alone. An op whose
 * deadline passes or that is interrupted before its turn never runs; one that has begun is finished, but its queries
 * stop. MISUSE when this thread holds a transaction already. UNKNOWN_OUTCOME when COMMIT itself failed in a way that
 * leaves the outcome open. */
int vs_db_write(struct vs_db *db, const struct vs_call *call, vs_op *op, void *arg, vidstore_error **e);

/* --- what rides along ------------------------------------------------------------------------------------------ */

struct vs_rider;

/* A small write that can wait for a commit of anybody's, in which it has a savepoint of its own: it fails alone, and
 * nobody fails with it. All three are called by the thread that commits. */
struct vs_ride {
    int (*ready)(void *arg);         /* 1: there is something to write; quick, and called for each commit */
    vs_op *op;                       /* like any write, but run at most once */
    void (*told)(void *arg, int rc); /* after ready gave 1: 0 when it is durable, else it is not */
    void *arg;
};
/* None of the three may call back into the database, or wait for a lock that somebody holds while he calls these two.
 */
int vs_db_ride(struct vs_db *db, const struct vs_ride *ride, struct vs_rider **ret, vidstore_error **e);
/* After it returns none of them is called any more. NULL is fine. */
void vs_db_unride(struct vs_db *db, struct vs_rider *rider);

/* --- transactions held by a host ------------------------------------------------------------------------------ */

/* Takes the writer and begins. After max_age_ms a thread of the database's own rolls it back and frees the writer
 * (never in the middle of a call), and every later use says TXN_EXPIRED. */
int vs_txn_begin(struct vs_db *db, const struct vs_call *call, int64_t max_age_ms, struct vs_txn **ret,
                 vidstore_error **e);
/* Brackets one call inside the transaction: gives the connection, under a savepoint when `savepoint`, and takes it
 * back; `failed` undoes what the call did since the savepoint. ABORTED when SQLite has rolled the whole away. */
int vs_txn_enter(struct vs_txn *txn, const struct vs_call *call, int savepoint, struct vs_conn **ret,
                 vidstore_error **e);
int vs_txn_leave(struct vs_txn *txn, int failed, vidstore_error **e);
/* Nested begin, commit and rollback: savepoints by depth. */
int vs_txn_nest(struct vs_txn *txn, vidstore_error **e);
int vs_txn_depth(const struct vs_txn *txn); /* 1: no savepoint of the host's is open */
/* Ends the innermost level. Ending the outermost gives the writer back; the handle stays until vs_txn_free. A rollback
 * ends an inner level also of a transaction that is lost, and says so; a commit that fails leaves it to be rolled back.
 */
int vs_txn_commit(struct vs_txn *txn, vidstore_error **e);
int vs_txn_rollback(struct vs_txn *txn, vidstore_error **e);
void vs_txn_free(struct vs_txn *txn); /* rolls back what is open; NULL is fine */

/* --- snapshots held by a host ----------------------------------------------------------------------------------- */

struct vs_snap; /* a read transaction that a host holds open across calls */

/* What is read within it is of one state: that of now. The same thread that ends forgotten transactions ends it after
 * max_age_ms (a read under way first), and every later use says TXN_EXPIRED. In memory it keeps writers waiting. BUSY
 * when too many are open. */
int vs_snap_begin(struct vs_db *db, const struct vs_call *call, int64_t max_age_ms, struct vs_snap **ret,
                  vidstore_error **e);
/* Brackets one read inside. */
int vs_snap_enter(struct vs_snap *snap, const struct vs_call *call, struct vs_conn **ret, vidstore_error **e);
int vs_snap_leave(struct vs_snap *snap, vidstore_error **e);
void vs_snap_free(struct vs_snap *snap); /* ends it; NULL is fine */

/* --- savepoints inside one operation -------------------------------------------------------------------------- */

/* A savepoint of a write operation's own; each is ended by a release (kept) or an undo, innermost first. */
int vs_mark(struct vs_conn *conn, vidstore_error **e);
int vs_mark_release(struct vs_conn *conn, vidstore_error **e);
int vs_mark_undo(struct vs_conn *conn, vidstore_error **e);

/* --- news of commits ------------------------------------------------------------------------------------------- */

struct vs_listener;

/* Inside a write operation: what it did is news. If the operation succeeds, listeners are woken after the commit. */
void vs_db_mark_changed(struct vs_conn *conn);
/* For what is done at every so many writes of a kind: 1 at each 64th call of a connection for the kind, below VS_KINDS.
 */
enum { VS_KINDS = 16 };
int vs_db_turn(struct vs_conn *conn, int kind);
/* wake is called after each commit with news in it, whoever made it in this process, once and by the thread that
 * committed, which holds no lock of the database's but the list of listeners. It must be quick, and neither call back
 * into the database nor wait for a lock that somebody holds while he calls these two. An UNKNOWN_OUTCOME wakes too. */
int vs_db_listen(struct vs_db *db, void (*wake)(void *arg), void *arg, struct vs_listener **ret, vidstore_error **e);
/* After it returns wake is not called any more. Before vs_db_close; NULL is fine. */
void vs_db_unlisten(struct vs_db *db, struct vs_listener *listener);

/* --- statements --------------------------------------------------------------------------------------------- */

/* A named statement of schema/queries, reset and unbound. It belongs to the connection. */
int vs_stmt(struct vs_conn *conn, enum vs_stmt_id id, struct vs_stmt **ret, vidstore_error **e);
/* A statement composed from a template; the text is the key of a small cache of the connection. */
int vs_stmt_composed(struct vs_conn *conn, const char *text, size_t len, struct vs_stmt **ret, vidstore_error **e);
/* The text of a named statement in the connection's engine, for filling a template's {{holes}}. */
const char *vs_stmt_text(const struct vs_conn *conn, enum vs_stmt_id id);
/* The same of a template with one text for all engines: a piece of a condition, made before there is a connection. */
const char *vs_stmt_piece(enum vs_stmt_id id);

/* Parameters count from 1. A failed bind is reported by the next step. Text and bytes are bound without a copy: they
 * must live until the reset. */
void vs_bind_int(struct vs_stmt *s, int at, int64_t value);                   /* INT64_MIN: NULL */
void vs_bind_text(struct vs_stmt *s, int at, const char *text, int64_t len);  /* NULL: NULL; len -1: strlen */
void vs_bind_blob(struct vs_stmt *s, int at, const void *bytes, int64_t len); /* NULL: NULL */
void vs_bind_uuid(struct vs_stmt *s, int at, const struct vs_uuid *id);       /* NULL: NULL */
void vs_bind_null(struct vs_stmt *s, int at);

enum { VS_DONE = 0, VS_ROW = 1 };
/* VS_ROW, VS_DONE or a negative code. After VS_DONE or an error the statement is reset. A violated unique index is
 * EXISTS with the column as the field; a CHECK or foreign key is INVALID. */
int vs_step(struct vs_stmt *s, vidstore_error **e);
/* Steps a statement that gives no rows, resets it, and says how many rows it changed. */
int vs_run(struct vs_stmt *s, int64_t *ret_changes, vidstore_error **e);
/* Runs an INSERT of one row into a table with a {seq}, and says which it got. The statement gives it back where the
 * engine can't tell it by itself: to have it given back costs SQLite a journal of the statement. */
int vs_insert(struct vs_stmt *s, int64_t *ret_seq, vidstore_error **e);
/* Steps a statement that gives at most one row: VS_ROW (read the columns, then vs_reset), VS_DONE, or a negative code.
 */
int vs_row(struct vs_stmt *s, vidstore_error **e);
void vs_reset(struct vs_stmt *s); /* NULL is fine */

/* Columns count from 0. Pointers live until the next step or reset. */
int vs_col_null(struct vs_stmt *s, int at);
int64_t vs_col_int(struct vs_stmt *s, int at);                       /* NULL: INT64_MIN */
const char *vs_col_text(struct vs_stmt *s, int at, size_t *ret_len); /* NULL: NULL; ret_len may be NULL */
const void *vs_col_blob(struct vs_stmt *s, int at, size_t *ret_len);
int vs_col_uuid(struct vs_stmt *s, int at, struct vs_uuid *ret); /* 1, or 0 and the nil UUID when NULL */

static inline void vs_reset_cleanup(struct vs_stmt **s) {
    vs_reset(*s);
}
/* A statement that is reset when it goes out of scope. */
#define vs_autostmt __attribute__((cleanup(vs_reset_cleanup))) struct vs_stmt

/* --- upkeep --------------------------------------------------------------------------------------------------- */

struct vs_db_info {
    const char *engine, *engine_version; /* static */
    int64_t schema_version, compatible_version, library_schema_version;
    int64_t page_count, page_size, freelist_count, wal_bytes, file_bytes;
    int fts5, wal, threadsafe, checkpoint_race; /* checkpoint_race 1: this SQLite needs (and has) the guard */
};
int vs_db_info(struct vs_db *db, const struct vs_call *call, struct vs_db_info *ret, vidstore_error **e);
/* PASSIVE, from the checkpoint connection, while the writer is held (SQLite before 3.51.3 can corrupt a WAL database
 * otherwise). Called by itself after commits once the log is long; this forces one. */
int vs_db_checkpoint(struct vs_db *db, const struct vs_call *call, int64_t *ret_left_pages, vidstore_error **e);
/* quick (0) or full (1) integrity check with foreign keys; CORRUPT with the first finding as the message. */
int vs_db_integrity(struct vs_db *db, const struct vs_call *call, int full, vidstore_error **e);
/* Compares the live schema with what the migrations make: SCHEMA with the first difference. */
int vs_db_schema_check(struct vs_db *db, const struct vs_call *call, vidstore_error **e);
/* Copies the database to a new file in steps, verified. The target must not exist. progress may be NULL; non-zero
 * from it stops with CANCELLED. */
int vs_db_backup(struct vs_db *db, const struct vs_call *call, const char *target,
                 int (*progress)(void *arg, int64_t done_pages, int64_t all_pages), void *arg, vidstore_error **e);
/* The SHA-256 (32 bytes) and the size of the database's file, read through the engine's own descriptor: any other's
 * close would drop its locks. What the log has and the file has not is no part of it. */
int vs_db_digest(struct vs_db *db, const struct vs_call *call, uint8_t *ret_sha256, int64_t *ret_size,
                 vidstore_error **e);
/* ANALYZE within limits and incremental vacuum of at most max_pages. */
int vs_db_optimize(struct vs_db *db, const struct vs_call *call, int64_t max_pages, vidstore_error **e);
/* Who has been reading for the longest, and so keeps the log from being begun anew: call, thread and time, or another
 * process; "" when nobody is known to. */
void vs_db_oldest_reader(struct vs_db *db, char *buf, size_t size);
/* Who holds the writer: this process's operation or another process; "" when nobody. For messages and doctor. */
void vs_db_holder(struct vs_db *db, char *buf, size_t size);

#endif
