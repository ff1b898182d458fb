/* SPDX-License-Identifier: MIT */
/* Connections: opening one, and the pool of readers. */
#include "db/db_internal.h"
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* With the lock held: what this thread has out already, or an idle one. */
static struct vs_conn *find(struct vs_pool *p, const struct vs_call *call) {
    for (struct vs_conn *c = p->busy; c; c = c->next)
        if (pthread_equal(c->owner, pthread_self()))
            return c;
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

int vs_pool_take(struct vs_db *db, const struct vs_call *call, struct vs_conn **ret, vidstore_error **e) {
    struct vs_pool *p = &db->pool;
    int code = 0, grow = 0;
    pthread_mutex_lock(&db->lock);
    for (;;) {
        *ret = NULL;
        if (db->gate.closed)
            code = vs_fail(e, VIDSTORE_MISUSE, NULL, "the database is closed");
        else if ((*ret = find(p, call)))
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
    if (grow)
        return add(db, call, ret, e);
    if (code == VIDSTORE_BUSY)
        return vs_fail(e, code, NULL, "all %d readers of the database are in use", p->max);
    return code == VIDSTORE_CANCELLED ? vs_fail(e, code, NULL, "interrupted while waiting to read") : code;
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
    pthread_mutex_unlock(&db->lock);
    if (broken)
        vs_conn_close(conn);
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
