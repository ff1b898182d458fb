/* SPDX-License-Identifier: MIT */
/* The SQLite engine, shared by the files of this folder: the only ones that see sqlite3.h. */
#ifndef VS_DB_SQLITE_INTERNAL_H
#define VS_DB_SQLITE_INTERNAL_H

#include "db/driver.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/env.h"
#include "util/error.h"
#include <sqlite3.h>

enum {
    SQLITE_STORE_ID = 0x76737472, /* application_id: "vstr" */
    SQLITE_CHUNK_PAGES = 256,     /* of a backup step */
};

enum sqlite_fixed {
    FIXED_BEGIN_READ,
    FIXED_BEGIN_WRITE,
    FIXED_COMMIT,
    FIXED_ROLLBACK,
    FIXED_SAVEPOINT,
    FIXED_RELEASE,
    FIXED_UNDO,
    FIXED_COUNT
};

/* Tells states of a file apart. */
struct sqlite_stamp {
    uint64_t inode;
    int64_t size, seconds, nanos;
};

struct sqlite_fence;

struct sqlite_conn {
    struct vs_conn base;
    sqlite3 *db;
    char *path; /* NULL: in memory */
    enum vs_role role;
    int read_only, relaxed;
    int still;                  /* opened on the word that nobody changes it */
    struct sqlite_stamp stamp;  /* then: as it was opened */
    struct sqlite_fence *fence; /* around a host's own statements; NULL: there was none yet */
    int watching;               /* what runs may be stopped by deadline and interrupt: it changes nothing */
    uint32_t jitter;            /* state of a small generator: two waiters shall not keep step */
    int beginning;              /* a write transaction: what is waited for is another process's turn to end */
    int turn, awaits;           /* sqlite_turn.c: the file, -1: none; the lock on it is held */
    struct turn_words *words;   /* what the file holds; NULL: it can't be mapped */
    uint32_t heard;             /* the last offer that it knows of */
    int offers;                 /* it has made one, and not yet looked whether it was taken */
    uint32_t taken;             /* how many had been taken when it made it */
    int64_t began_us, ended_us; /* its turn, and the last transaction in it */
    /* What it last saw of the database; offers in a row that nobody took; how many to leave out for that. */
    int64_t seen, untaken, skip;
    int64_t waits_us; /* since when it waits for the write lock; 0: it does not */
    /* A reader: since when it reads, when it last looked at the log, and what length it saw then; -1: not yet. */
    int64_t log_limit, reads_us, looked_us, log_seen;
    int cut; /* its read was ended because the log has grown too long */
    sqlite3_stmt *fixed[FIXED_COUNT];
};

struct sqlite_statement {
    struct vs_stmt base;
    sqlite3_stmt *raw;
};

static inline struct sqlite_conn *sqlite_of(struct vs_conn *conn) {
    return (struct sqlite_conn *)conn;
}
static inline sqlite3_stmt *sqlite_raw(struct vs_stmt *s) {
    return ((struct sqlite_statement *)s)->raw;
}

/* Turns the connection's last error (rc as SQLite returned it) into one of ours. doing: "read the schema". */
int vs_sqlite_fail(struct sqlite_conn *c, int rc, const char *doing, vidstore_error **e);
/* The column of a constraint message such as "UNIQUE constraint failed: users.user_id, users.name": the last one.
 * Gives buf, or NULL when the message names none. */
const char *vs_sqlite_constraint_field(const char *message, char *buf, size_t size);

/* Runs a text without results. */
int vs_sqlite_exec(struct sqlite_conn *c, const char *sql, const char *doing, vidstore_error **e);
/* Runs a text whose first column of the first row is a number; 0 when there is no row. */
int vs_sqlite_number(struct sqlite_conn *c, const char *sql, int64_t *ret, vidstore_error **e);

/* sqlite_open.c */
int vs_sqlite_open(const struct vs_driver_open *how, struct vs_conn **ret, vidstore_error **e);
int vs_sqlite_admit(struct vs_conn *conn, struct vs_admission *ret, vidstore_error **e);
int vs_sqlite_adopt(struct vs_conn *conn, int empty, vidstore_error **e);
void vs_sqlite_close(struct vs_conn *conn);

/* sqlite_file.c */
int vs_sqlite_locate(const struct vs_db_params *params, char **ret_path, vidstore_error **e);
int vs_sqlite_is_network_fs(uint64_t magic);
void vs_sqlite_holder(const char *path, char *buf, size_t size);
void vs_sqlite_reader(const char *path, char *buf, size_t size);
/* The bytes of a file beside the database; 0 when it is not there. */
int64_t vs_sqlite_size_of(const char *path, const char *suffix);
int64_t vs_sqlite_log_bytes(const char *path);

/* sqlite_turn.c: for a writer on a file */
#define VS_TURN_SUFFIX "-turn"
void vs_sqlite_turn_open(struct sqlite_conn *c); /* a failure is no harm */
void vs_sqlite_turn_close(struct sqlite_conn *c);
/* Before a transaction: after a turn of its own it lets a waiting process go first. */
void vs_sqlite_turn_offer(struct sqlite_conn *c);
void vs_sqlite_turn_await(struct sqlite_conn *c);           /* says that it waits */
void vs_sqlite_turn_nap(struct sqlite_conn *c, int64_t us); /* until it is offered one, or the time is over */
void vs_sqlite_turn_over(struct sqlite_conn *c, int got);   /* the wait: it has got it, or given up */
void vs_sqlite_turn_ended(struct sqlite_conn *c);           /* a transaction: who waits is told when it was long */

/* sqlite_member.c */
/* Makes vs_compare() and vs_member() known to the filters of this connection. */
int vs_sqlite_add_members(struct sqlite_conn *c, vidstore_error **e);

/* sqlite_rank.c */
/* Makes vs_rank() known to the searches of this connection. */
int vs_sqlite_add_rank(struct sqlite_conn *c, vidstore_error **e);

/* sqlite_still.c */
/* 1: nobody has the database open, and it can't be opened in the way that sees others. */
int vs_sqlite_is_still(const char *path);
/* How to open it then; marks the connection. */
int vs_sqlite_still_uri(struct sqlite_conn *c, struct vs_buf *uri, vidstore_error **e);
/* IO when the database was changed since. */
int vs_sqlite_still_check(struct sqlite_conn *c, vidstore_error **e);

/* sqlite_app.c and sqlite_fence.c */
int vs_sqlite_app(struct vs_conn *conn, struct vs_app *app, vidstore_error **e);
/* 1 when a host's own statement has to end because of the memory that it wants. */
int vs_sqlite_app_over(struct sqlite_conn *c);
int vs_sqlite_authorize(void *arg, int what, const char *a, const char *b, const char *schema, const char *by);
void vs_sqlite_fence_free(struct sqlite_conn *c);

/* sqlite_upkeep.c */
int vs_sqlite_info(struct vs_conn *conn, struct vs_db_info *ret, vidstore_error **e);
int vs_sqlite_checkpoint(struct vs_conn *conn, int64_t *ret_left, vidstore_error **e);
int vs_sqlite_integrity(struct vs_conn *conn, int full, vidstore_error **e);
int vs_sqlite_optimize(struct vs_conn *conn, int64_t max_pages, vidstore_error **e);
int vs_sqlite_has_checkpoint_race(int version_number);

/* sqlite_digest.c */
int vs_sqlite_digest(struct vs_conn *conn, uint8_t *ret_sha256, int64_t *ret_size, vidstore_error **e);

/* sqlite_backup.c */
int vs_sqlite_backup(struct vs_conn *conn, const char *target,
                     int (*progress)(void *arg, int64_t done_pages, int64_t all_pages), void *arg, vidstore_error **e);

#endif
