/* SPDX-License-Identifier: MIT */
/* Opening a connection, judging what it leads to, and setting it up. */
#include "db/sqlite/sqlite_internal.h"
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static const int64_t LONG_READ_US = 10000000, LOOK_US = 1000000;

static int call_over(const struct vs_call *call) {
    if (!call)
        return 0;
    if (call->interrupt && atomic_load(call->interrupt))
        return 1;
    return call->deadline_us && vs_mono_us() >= call->deadline_us;
}

/* Jittered: two waiters shall not keep step. Who waits for a turn looks often, at first, because the one before may not
 * know of it; then seldom, because it does, and each look takes time from whoever writes. Never past the deadline. */
static void nap(struct sqlite_conn *c, int tries) {
    int64_t us = tries < 5 ? 100 << tries : tries < 60 ? 2000 : 4000;
    c->jitter = c->jitter * 1664525u + 1013904223u;
    us += us / 4 * (int64_t)(c->jitter >> 24) / 256;
    if (c->base.call && c->base.call->deadline_us) {
        int64_t left = c->base.call->deadline_us - vs_mono_us();
        us = left < us ? left : us;
    }
    struct timespec ts = {0, us * 1000};
    if (us > 0 && c->awaits)
        vs_sqlite_turn_nap(c, us);
    else if (us > 0)
        nanosleep(&ts, NULL);
}

static int on_busy(void *arg, int tries) {
    struct sqlite_conn *c = arg;
    if (c->beginning) {
        vs_sqlite_turn_await(c);
        c->waits_us = c->waits_us ? c->waits_us : vs_mono_us();
    }
    if (call_over(c->base.call))
        return 0;
    nap(c, tries);
    return 1;
}

/* The log can't be begun anew while somebody reads what was before it: one reader would make it grow for ever. Each
 * looks for itself, so that it does not matter which process writes. One that is long, but grows no more, does no harm.
 */
static int holds_back_the_log(struct sqlite_conn *c) {
    int64_t now = vs_mono_us();
    if (c->role != VS_ROLE_READER || !c->path || now - c->reads_us < LONG_READ_US || now - c->looked_us < LOOK_US)
        return 0;
    int64_t size = vs_sqlite_size_of(c->path, "-wal"), before = c->log_seen;
    c->looked_us = now;
    c->log_seen = size;
    return c->cut = before >= 0 && size > before && size > c->log_limit;
}

static int on_progress(void *arg) {
    struct sqlite_conn *c = arg;
    if (c->watching && (call_over(c->base.call) || holds_back_the_log(c)))
        return 1;
    return vs_sqlite_app_over(c);
}

static int on_commit_to_log(void *arg, sqlite3 *db, const char *schema, int pages) {
    struct sqlite_conn *c = arg;
    c->base.log_pages = pages;
    return SQLITE_OK;
}

/* An entry of the change feed, whatever statement, trigger or foreign key made it. */
static void on_change(void *arg, int what, const char *schema, const char *table, sqlite3_int64 row) {
    struct sqlite_conn *c = arg;
    if (what == SQLITE_INSERT && strcmp(table, "feed") == 0)
        vs_db_mark_changed(&c->base);
}

static int set_limits(struct sqlite_conn *c, vidstore_error **e) {
    static const struct {
        int what, value;
    } config[] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1},
        {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        {SQLITE_DBCONFIG_ENABLE_QPSG, 1},
        {SQLITE_DBCONFIG_DQS_DML, 0},
        {SQLITE_DBCONFIG_DQS_DDL, 0},
        {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
        {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
    };
    for (size_t i = 0; i < VS_COUNT(config); i++) {
        int rc = sqlite3_db_config(c->db, config[i].what, config[i].value, (int *)NULL);
        if (rc != SQLITE_OK)
            return vs_sqlite_fail(c, rc, "set up the connection", e);
    }
    sqlite3_limit(c->db, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_limit(c->db, SQLITE_LIMIT_WORKER_THREADS, 0);
    return 0;
}

static int open_file(struct sqlite_conn *c, int flags, vidstore_error **e) {
    vs_autobuf uri = {0};
    if (c->path && c->read_only && vs_sqlite_is_still(c->path)) {
        int r = vs_sqlite_still_uri(c, &uri, e);
        if (r)
            return r;
        flags |= SQLITE_OPEN_URI;
    }
    const char *name = c->still ? uri.data : c->path ? c->path : ":memory:";
    int rc = sqlite3_open_v2(name, &c->db, flags, NULL);
    return rc == SQLITE_OK ? 0 : vs_sqlite_fail(c, rc, "open the database", e);
}

int vs_sqlite_open(const struct vs_driver_open *how, struct vs_conn **ret, vidstore_error **e) {
    *ret = NULL;
    struct sqlite_conn *c = vs_calloc(1, sizeof *c);
    if (!c)
        return vs_fail_nomem(e);
    c->base.drv = &vs_driver_sqlite;
    c->base.call = how->call;
    c->role = how->role;
    c->read_only = how->read_only;
    c->relaxed = how->relaxed;
    c->turn = -1;
    c->log_limit = how->log_limit;
    c->jitter = (uint32_t)(uintptr_t)c ^ (uint32_t)vs_mono_us();
    if (how->path && !(c->path = vs_strdup(how->path))) {
        vs_sqlite_close(&c->base);
        return vs_fail_nomem(e);
    }
    /* No SQLITE_OPEN_CREATE: the file was made with the right mode before. */
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_PRIVATECACHE;
    flags |= !c->path       ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
             : c->read_only ? SQLITE_OPEN_READONLY
                            : SQLITE_OPEN_READWRITE;
    int code = open_file(c, flags, e);
    if (!code) {
        sqlite3_busy_handler(c->db, on_busy, c);
        sqlite3_progress_handler(c->db, 1000, on_progress, c);
        sqlite3_set_authorizer(c->db, vs_sqlite_authorize, c);
        sqlite3_update_hook(c->db, on_change, c);
        sqlite3_wal_hook(c->db, on_commit_to_log, c); /* takes the place of SQLite's own checkpoints */
        code = set_limits(c, e);
    }
    if (!code)
        code = vs_sqlite_add_rank(c, e);
    if (!code)
        code = vs_sqlite_add_members(c, e);
    if (code) {
        vs_sqlite_close(&c->base);
        return code;
    }
    *ret = &c->base;
    return 0;
}

void vs_sqlite_close(struct vs_conn *conn) {
    struct sqlite_conn *c = sqlite_of(conn);
    for (int i = 0; i < FIXED_COUNT; i++)
        sqlite3_finalize(c->fixed[i]);
    c->base.call = NULL;
    vs_sqlite_turn_close(c);
    sqlite3_close_v2(c->db);
    vs_sqlite_fence_free(c);
    vs_free(c->path);
    vs_free(c);
}

/* The three numbers that tell a store from anything else, from one snapshot. */
static int read_marks(struct sqlite_conn *c, int64_t *ret_app, int64_t *ret_version, int64_t *ret_objects,
                      vidstore_error **e) {
    int rc = vs_sqlite_exec(c, "BEGIN", "look at the database", e);
    if (rc)
        return rc;
    rc = vs_sqlite_number(c, "SELECT count(*) FROM sqlite_schema", ret_objects, e);
    if (!rc)
        rc = vs_sqlite_number(c, "PRAGMA application_id", ret_app, e);
    if (!rc)
        rc = vs_sqlite_number(c, "PRAGMA user_version", ret_version, e);
    /* One that stays open would keep the switch to the log from taking place. */
    int ended =
        sqlite3_get_autocommit(c->db) ? 0 : vs_sqlite_exec(c, "ROLLBACK", "look at the database", rc ? NULL : e);
    return rc ? rc : ended;
}

/* A refused file keeps its content: closing must not move a foreign log into it. */
static void leave_alone(struct sqlite_conn *c) {
    size_t len = c->path ? strlen(c->path) + 5 : 0;
    vs_autofree char *log = len ? vs_malloc(len) : NULL;
    struct stat st;
    if (!log)
        return;
    snprintf(log, len, "%s-wal", c->path);
    if (stat(log, &st) == 0 && st.st_size > 0)
        sqlite3_db_config(c->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL);
}

int vs_sqlite_admit(struct vs_conn *conn, struct vs_admission *ret, vidstore_error **e) {
    struct sqlite_conn *c = sqlite_of(conn);
    int64_t app = 0, version = 0, objects = 0;
    c->watching = 1;
    int rc = read_marks(c, &app, &version, &objects, e);
    if (!rc && app == 0 && version == 0 && objects == 0) {
        *ret = (struct vs_admission){.empty = 1};
    } else if (!rc && app != SQLITE_STORE_ID) {
        rc = vs_fail_sub(e, VIDSTORE_SCHEMA, VIDSTORE_SUB_FOREIGN_FILE, "path",
                         "the database belongs to another program (application id 0x%08x)", (unsigned)app);
    } else if (!rc) {
        *ret = (struct vs_admission){.version = version};
    }
    if (!rc && c->path && !c->read_only && sqlite3_db_readonly(c->db, "main") == 1)
        rc = vs_fail(e, VIDSTORE_READONLY, "path", "no permission to write the database");
    c->watching = 0;
    if (rc)
        leave_alone(c);
    return rc;
}

/* 1: in force, 0: not, or SQLite's negative code. */
static int switch_to_log(struct sqlite_conn *c) {
    sqlite3_stmt *s = NULL;
    const char *mode = NULL;
    int got = 0;
    int rc = sqlite3_prepare_v2(c->db, "PRAGMA journal_mode=WAL", -1, &s, NULL);
    if (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        mode = (const char *)sqlite3_column_text(s, 0);
        got = mode && strcmp(mode, "wal") == 0;
        rc = mode ? SQLITE_OK : SQLITE_NOMEM;
    }
    int ended = sqlite3_finalize(s);
    rc = rc == SQLITE_OK || rc == SQLITE_DONE ? ended : rc;
    return rc == SQLITE_OK ? got : -rc;
}

/* The switch may be refused as BUSY without the busy handler ever being asked. */
static int use_log(struct sqlite_conn *c, vidstore_error **e) {
    for (;;) {
        int got = switch_to_log(c);
        if (got == 1)
            return 0;
        if (got == 0)
            return vs_fail(e, VIDSTORE_UNSUPPORTED, "path", "the file system does not support a write-ahead log");
        if ((-got & 0xff) != SQLITE_BUSY || call_over(c->base.call))
            return vs_sqlite_fail(c, -got, "switch to the write-ahead log", e);
        nap(c, 4);
    }
}

int vs_sqlite_adopt(struct vs_conn *conn, int empty, vidstore_error **e) {
    struct sqlite_conn *c = sqlite_of(conn);
    int rc = 0;
    if (c->role == VS_ROLE_WRITER && c->path && !c->read_only) {
        /* auto_vacuum can only be chosen before the first page exists. */
        rc = empty ? vs_sqlite_exec(c, "PRAGMA auto_vacuum=INCREMENTAL", "set up the database", e) : 0;
        if (!rc)
            rc = use_log(c, e);
    }
    if (!rc)
        rc = vs_sqlite_exec(c, c->relaxed ? "PRAGMA synchronous=NORMAL" : "PRAGMA synchronous=FULL",
                            "set up the connection", e);
    if (!rc)
        rc = vs_sqlite_exec(
            c,
            "PRAGMA mmap_size=0; PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=0;"
            "PRAGMA journal_size_limit=67108864; PRAGMA secure_delete=FAST",
            "set up the connection", e);
    if (!rc)
        rc = vs_sqlite_exec(c, c->role == VS_ROLE_WRITER ? "PRAGMA cache_size=-16384" : "PRAGMA cache_size=-8192",
                            "set up the connection", e);
    if (!rc && c->path && c->role == VS_ROLE_READER)
        rc = vs_sqlite_exec(c, "PRAGMA query_only=ON", "set up the connection", e);
    if (!rc && c->path && c->role == VS_ROLE_WRITER)
        vs_sqlite_turn_open(c);
    /* PRAGMA wal_autocheckpoint has put its own hook in place of ours. */
    sqlite3_wal_hook(c->db, on_commit_to_log, c);
    return rc;
}
