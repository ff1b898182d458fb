/* SPDX-License-Identifier: MIT */
/* Connections: opening one, and the pool of readers. */
#include "db/db_internal.h"
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* DRAIN_US: a read that takes longer is ended, or is one of those that a host allows itself: see vs_db_read. */
static const int64_t DRAIN_US = 11000000, PAUSE_US = 30000000, LOOK_US = 1000000, MOMENT_US = 1000000;

/* A connection that is opened later must lead to the same file: a store that was replaced under us is not ours. */
static int check_same_file(struct vs_db *db, vidstore_error **e) {
    struct stat st;
    if (!db->path)
        return 0;
    if (stat(db->path, &st) < 0 || st.st_dev != db->dev || st.st_ino != db->ino)
        return vs_fail(e, VIDSTORE_IO, NULL, "the database file was moved or replaced while open");
    return 0;
}

int vs_conn_open(struct vs_db *db, enum vs_role role, const struct vs_call *call, struct vs_conn **ret,
                 vidstore_error **e) {
    *ret = NULL;
    struct vs_driver_open how = {db->path, role, db->read_only, db->relaxed, db->log_limit, call};
    struct vs_conn *conn = NULL;
    int rc = check_same_file(db, e);
    if (!rc)
        rc = db->drv->open(&how, &conn, e);
    if (rc)
        return rc;
    conn->db = db;
    rc = db->drv->adopt(conn, 0, e);
    conn->call = NULL;
    if (rc) {
        vs_conn_close(conn);
        return rc;
    }
    *ret = conn;
    return 0;
}

void vs_conn_close(struct vs_conn *conn) {
    if (!conn)
        return;
    vs_conn_free_statements(conn);
    conn->drv->close(conn);
}

/* With the lock held: notes who has it. */
static struct vs_conn *check_out(struct vs_pool *p, struct vs_conn *c, const struct vs_call *call) {
    c->owner = pthread_self();
    c->what = call && call->what ? call->what : "a read";
    c->thread = gettid();
    c->since_us = vs_mono_us();
    c->next = p->busy;
    return p->busy = c;
}

/* With the lock held: what this thread has out already. */
static struct vs_conn *find_own(const struct vs_pool *p) {
    struct vs_conn *c = p->busy;
    while (c && !pthread_equal(c->owner, pthread_self()))
        c = c->next;
    return c;
}

/* With the lock held. */
static struct vs_conn *find_idle(struct vs_pool *p, const struct vs_call *call) {
    struct vs_conn *c = p->idle;
    if (!c)
        return NULL;
    p->idle = c->next;
    return check_out(p, c, call);
}

static int add(struct vs_db *db, const struct vs_call *call, struct vs_conn **ret, vidstore_error **e) {
    int rc = vs_conn_open(db, VS_ROLE_READER, call, ret, e);
    pthread_mutex_lock(&db->lock);
    if (rc) {
        db->pool.open--;
        pthread_cond_signal(&db->pool.freed);
    } else {
        (*ret)->depth = 1;
        check_out(&db->pool, *ret, call);
    }
    pthread_mutex_unlock(&db->lock);
    return rc;
}

/* With the lock held: whether it is time to look at the log. Reads that overlap, each of them short, keep the log of
 * whoever writes from beginning anew, and he can't know of them when he is another process. */
static int must_look(struct vs_db *db) {
    int64_t now = vs_mono_us();
    if (!db->path || now < db->pool.look_us)
        return 0;
    db->pool.look_us = now + LOOK_US;
    return 1;
}

int vs_pool_take(struct vs_db *db, const struct vs_call *call, struct vs_conn **ret, vidstore_error **e) {
    struct vs_pool *p = &db->pool;
    int code = 0, grow = 0;
    pthread_mutex_lock(&db->lock);
    int look = must_look(db);
    *ret = find_own(p);
    if (!*ret)
        vs_pool_await_drain(db, call);
    for (;;) {
        if (db->gate.closed)
            code = vs_fail(e, VIDSTORE_MISUSE, NULL, "the database is closed");
        else if (*ret || (*ret = find_idle(p, call)))
            (*ret)->depth++;
        else if (p->open < p->max)
            grow = ++p->open;
        else if (!(code = vs_call_check(call, VIDSTORE_BUSY, NULL))) {
            vs_wait(db, &p->freed, call);
            continue;
        }
        break;
    }
    pthread_mutex_unlock(&db->lock);
    if (look && db->drv->log_bytes(db->path) > db->log_limit)
        vs_pool_drain(db); /* those who come next */
    if (grow)
        return add(db, call, ret, e);
    if (code == VIDSTORE_BUSY)
        return vs_fail(e, code, NULL, "all %d readers of the database are in use", p->max);
    return code == VIDSTORE_CANCELLED ? vs_fail(e, code, NULL, "interrupted while waiting to read") : code;
}

/* --- a moment without readers --------------------------------------------------------------------------------------
 */

static int anybody_reads(const struct vs_db *db) {
    return db->pool.busy || db->snap;
}

void vs_pool_drain(struct vs_db *db) {
    int64_t now = vs_mono_us();
    pthread_mutex_lock(&db->lock);
    if (anybody_reads(db) && now >= db->pool.drain_next_us) {
        db->pool.drain_until_us = now + DRAIN_US;
        db->pool.drain_next_us = now + DRAIN_US + PAUSE_US;
    }
    pthread_mutex_unlock(&db->lock);
}

void vs_pool_await_drain(struct vs_db *db, const struct vs_call *call) {
    while (vs_mono_us() < db->pool.drain_until_us && !db->gate.closed && !vs_call_check(call, VIDSTORE_BUSY, NULL))
        vs_wait(db, &db->pool.freed, call);
}

/* With the lock held. */
static int is_drained(const struct vs_db *db) {
    return db->pool.drain_until_us && !anybody_reads(db) && !db->gate.closed && vs_mono_us() < db->pool.drain_until_us;
}

/* The last one out does it: whoever writes has enough to do, and whoever waits to read should not have to. Who may only
 * read leaves others a moment for it. */
static void copy_log(struct vs_db *db) {
    struct vs_pool *p = &db->pool;
    struct vs_call brief = {.deadline_us = vs_mono_us() + 1000000, .what = "a checkpoint"};
    int64_t left = -1;
    if (db->writer && !vs_gate_take(db, &brief, "a checkpoint", NULL)) {
        left = vs_log_checkpoint(db);
        vs_gate_give(db);
    }
    int64_t moment = vs_mono_us() + MOMENT_US;
    pthread_mutex_lock(&db->lock);
    if (db->writer)
        p->drain_until_us = 0;
    else if (p->drain_until_us > moment) /* never later than it was: who did not wait for it must not make it longer */
        p->drain_until_us = moment;
    if (!left)
        p->drain_next_us = 0;
    else if (left < 0) /* it was not made: others wrote, or have to make it */
        p->drain_next_us = vs_mono_us() + (db->writer ? LOOK_US : 5 * LOOK_US);
    pthread_cond_broadcast(&p->freed);
    pthread_mutex_unlock(&db->lock);
}

void vs_pool_drained(struct vs_db *db) {
    pthread_mutex_lock(&db->lock);
    int drained = is_drained(db);
    pthread_mutex_unlock(&db->lock);
    if (drained)
        copy_log(db);
}

void vs_pool_give(struct vs_db *db, struct vs_conn *conn) {
    struct vs_pool *p = &db->pool;
    /* One that could not end its transaction would hold an old snapshot for ever. */
    int broken = conn->depth == 1 && conn->drv->in_transaction(conn);
    pthread_mutex_lock(&db->lock);
    if (--conn->depth == 0) {
        struct vs_conn **at = &p->busy;
        while (*at != conn)
            at = &(*at)->next;
        *at = conn->next;
        conn->next = broken ? NULL : p->idle;
        if (broken)
            p->open--;
        else
            p->idle = conn;
        pthread_cond_signal(&p->freed);
    }
    int drained = is_drained(db);
    pthread_mutex_unlock(&db->lock);
    if (broken)
        vs_conn_close(conn);
    if (drained)
        copy_log(db);
}

/* --- who reads -----------------------------------------------------------------------------------------------------
 */

struct reader {
    const char *what;
    pid_t thread;
    int64_t since_us;
};

static void older(struct reader *r, const char *what, pid_t thread, int64_t since_us) {
    if (!r->what || since_us < r->since_us)
        *r = (struct reader){what, thread, since_us};
}

void vs_db_oldest_reader(struct vs_db *db, char *buf, size_t size) {
    struct reader oldest = {0};
    pthread_mutex_lock(&db->lock);
    for (const struct vs_conn *c = db->pool.busy; c; c = c->next)
        if (!pthread_equal(c->owner, pthread_self()))
            older(&oldest, c->what, c->thread, c->since_us);
    for (const struct vs_snap *s = db->snap; s; s = s->next)
        older(&oldest, s->what, s->thread, s->since_us);
    pthread_mutex_unlock(&db->lock);
    *buf = '\0';
    if (oldest.what)
        snprintf(buf, size, "%s of this process (thread %d), for %lld ms", oldest.what, (int)oldest.thread,
                 (long long)((vs_mono_us() - oldest.since_us) / 1000));
    else if (db->path)
        db->drv->reader(db->path, buf, size);
}
