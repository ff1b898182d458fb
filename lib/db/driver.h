/* SPDX-License-Identifier: MIT */
/* What an engine has to offer. The rest of lib/db knows engines only through this table. */
#ifndef VS_DB_DRIVER_H
#define VS_DB_DRIVER_H

#include "db/db.h"
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum vs_role {
    VS_ROLE_WRITER,
    VS_ROLE_READER,
    VS_ROLE_CHECKPOINT,
};

enum vs_conn_state {
    VS_CONN_IDLE,    /* outside a transaction */
    VS_CONN_READING, /* in a read transaction */
    VS_CONN_WRITING, /* in a write transaction */
    VS_CONN_ABORTED, /* the engine has rolled the transaction away by itself */
};

enum { VS_COMPOSED_MAX = 32 }; /* composed statements that a connection keeps */

/* The common part of a connection; an engine's own struct begins with it. */
struct vs_conn {
    const struct vs_driver *drv;
    struct vs_db *db;
    const struct vs_call *call; /* what is being served; NULL: no limits */
    enum vs_conn_state state;
    pthread_t owner;  /* of a reader that is checked out */
    int depth;        /* nested uses of a reader by its owner */
    const char *what; /* static, under the database's lock: what a reader is used for, by which thread, since when */
    pid_t thread;
    int64_t since_us;
    int active;        /* statements that stand on a row */
    int changed;       /* the transaction has news for listeners */
    int64_t log_pages; /* length of the write-ahead log after the last commit */
    uint8_t turns[VS_KINDS];
    struct vs_stmt *named[VS_STMT_COUNT];
    struct vs_stmt *composed; /* most recently used first */
    struct vs_conn *next;     /* in the pool's list */
};

/* The common part of a statement. */
struct vs_stmt {
    struct vs_conn *conn;
    struct vs_stmt *next; /* of the same name or, for composed ones, in the cache */
    char *text;           /* composed statements: the key */
    size_t text_len;
    int id;           /* -1: composed */
    int readonly;     /* changes nothing */
    int busy;         /* stands on a row */
    int bind_failure; /* first failure of a bind since the last reset: the engine's code */
};

struct vs_driver_open {
    const char *path; /* NULL: in memory */
    enum vs_role role;
    int read_only, relaxed;
    int64_t log_limit; /* bytes */
    const struct vs_call *call;
};

/* What vs_driver.admit found. */
struct vs_admission {
    int empty;       /* nothing in it yet */
    int64_t version; /* of the schema */
};

#define VS_OWN_HANDLE "another handle of this process"

struct vs_app;

struct vs_driver {
    const char *name; /* "sqlite" */
    enum vs_engine engine;
    const char *(*version)(void);
    int (*usable)(vidstore_error **e); /* the library that we run with will do */

    /* Before the first connection: file system, existence, permissions. *ret_path is absolute. */
    int (*locate)(const struct vs_db_params *params, char **ret_path, vidstore_error **e);
    int (*open)(const struct vs_driver_open *how, struct vs_conn **ret, vidstore_error **e);
    /* Looks at what was opened and refuses what is not ours, before anything is changed. */
    int (*admit)(struct vs_conn *conn, struct vs_admission *ret, vidstore_error **e);
    /* Prepares an admitted database for use: log mode and the like. */
    int (*adopt)(struct vs_conn *conn, int empty, vidstore_error **e);
    void (*close)(struct vs_conn *conn); /* statements are freed by the caller before */

    int (*begin)(struct vs_conn *conn, int write, vidstore_error **e);
    /* *ret_unknown 1: nobody can say whether it happened. */
    int (*commit)(struct vs_conn *conn, int *ret_unknown, vidstore_error **e);
    int (*rollback)(struct vs_conn *conn, vidstore_error **e);
    /* A stack of savepoints: push, pop keeping what was done, pop undoing it. */
    int (*savepoint)(struct vs_conn *conn, vidstore_error **e);
    int (*release)(struct vs_conn *conn, vidstore_error **e);
    int (*undo)(struct vs_conn *conn, vidstore_error **e);
    int (*in_transaction)(struct vs_conn *conn);

    int (*prepare)(struct vs_conn *conn, const char *sql, size_t len, struct vs_stmt **ret, vidstore_error **e);
    void (*finalize)(struct vs_stmt *s);
    int (*bind_int)(struct vs_stmt *s, int at, int64_t value); /* 0, or the engine's code */
    int (*bind_text)(struct vs_stmt *s, int at, const char *text, int64_t len);
    int (*bind_blob)(struct vs_stmt *s, int at, const void *bytes, int64_t len);
    int (*bind_uuid)(struct vs_stmt *s, int at, const struct vs_uuid *id);
    int (*bind_null)(struct vs_stmt *s, int at);
    int (*step)(struct vs_stmt *s, vidstore_error **e);
    void (*reset)(struct vs_stmt *s); /* and unbind */
    int64_t (*changes)(struct vs_stmt *s);
    int64_t (*inserted)(struct vs_stmt *s); /* after an INSERT that gave no row: the seq that it made */
    int (*col_null)(struct vs_stmt *s, int at);
    int64_t (*col_int)(struct vs_stmt *s, int at);
    const char *(*col_text)(struct vs_stmt *s, int at, size_t *ret_len);
    const void *(*col_blob)(struct vs_stmt *s, int at, size_t *ret_len);
    int (*col_uuid)(struct vs_stmt *s, int at, struct vs_uuid *ret);

    /* Migrations: many statements in one text, and the version that stands in the file. */
    int (*exec)(struct vs_conn *conn, const char *sql, vidstore_error **e);
    int (*get_version)(struct vs_conn *conn, int64_t *ret, vidstore_error **e);
    int (*set_version)(struct vs_conn *conn, int64_t version, vidstore_error **e);

    /* A host's own statements: see db/app.h. */
    int (*app)(struct vs_conn *conn, struct vs_app *app, vidstore_error **e);

    /* Upkeep. */
    int (*info)(struct vs_conn *conn, struct vs_db_info *ret, vidstore_error **e);
    int (*checkpoint)(struct vs_conn *conn, int64_t *ret_left, vidstore_error **e);
    int (*integrity)(struct vs_conn *conn, int full, vidstore_error **e);
    int (*optimize)(struct vs_conn *conn, int64_t max_pages, vidstore_error **e);
    int (*backup)(struct vs_conn *conn, const char *target,
                  int (*progress)(void *arg, int64_t done_pages, int64_t all_pages), void *arg, vidstore_error **e);
    /* The SHA-256 of the file itself, without the log; 32 bytes. */
    int (*digest)(struct vs_conn *conn, uint8_t *ret_sha256, int64_t *ret_size, vidstore_error **e);
    /* Another process that reads from the log, and so may hold it back; "" when none or unknown. */
    void (*reader)(const char *path, char *buf, size_t size);
    /* How long the log of a database is; 0 when it has none. */
    int64_t (*log_bytes)(const char *path);
    /* Which process holds the write lock; VS_OWN_HANDLE when this one does, "" when none or unknown. */
    void (*holder)(const char *path, char *buf, size_t size);
};

extern const struct vs_driver vs_driver_sqlite;

#endif
