/* SPDX-License-Identifier: MIT */
/* Group commit: whoever gets the writer runs the writes of all who wait behind him, and commits once for all. The
 * commits grow with the number of callers by themselves: while one is written to the disk, the next writes queue up. */
#include "db/db_internal.h"
#include <sched.h>

enum { BATCH_MAX = 256, SKIPPED = 64 };
static const int64_t BATCH_US = 10000; /* after so long the batch takes no further writes: the first one waits too */
static const int64_t RECENT_US = 500;  /* a group that ended so long ago is coming back */
static const int64_t GATHER_US = 100;  /* how long it is waited for; a commit takes longer */
static const int64_t TOO_LONG_US = 300;
static const int64_t TURN_US = 5000000; /* how long one write may hold the writer */

struct batch {
    struct vs_db *db;
    struct vs_write *first, **end; /* all that were taken, in the order of their turns */
    int taken, standing;           /* standing: done, in the open transaction */
    int alone, open, lost, news;   /* lost: the transaction is gone, or nobody knows what stands in it */
    int committed;
    int64_t began_us, gather_us, until_us; /* gather_us: 0: nobody was waited for yet */
    struct vs_call turn;
};

/* Whoever waited long for its turn may not make all others wait as long: renewals of leases are among them. */
static void begin_turn(struct batch *b, const struct vs_write *w) {
    b->turn = w->call ? *w->call : (struct vs_call){0};
    int64_t latest = vs_mono_us() + TURN_US;
    b->turn.deadline_us = b->turn.deadline_us && b->turn.deadline_us < latest ? b->turn.deadline_us : latest;
    b->db->writer->call = &b->turn;
}

static int begin(struct batch *b, struct vs_write *w) {
    int rc = vs_conn_begin(b->db->writer, 1, w->call, w->e);
    b->open = !rc;
    return rc;
}

static int end(struct batch *b, int rc, vidstore_error **e) {
    rc = vs_conn_end(b->db->writer, rc, e);
    b->news |= vs_conn_has_news(b->db->writer, rc);
    b->open = 0;
    return rc;
}

/* --- one write among others --------------------------------------------------------------------------------------- */

/* After any error the engine is asked whether the transaction is still there. */
static int settle(struct batch *b, const struct vs_write *w, int marked, int news, int rc) {
    struct vs_conn *conn = b->db->writer;
    vs_conn_reset_all(conn);
    vs_conn_check(conn);
    if (conn->state == VS_CONN_ABORTED) {
        b->lost = 1;
        return rc ? rc : vs_fail(w->e, VIDSTORE_ABORTED, NULL, "the write has ended its own transaction");
    }
    if (!rc && marked && (rc = conn->drv->release(conn, w->e)))
        b->lost = 1;
    if (!rc) {
        b->standing++;
        return 0;
    }
    conn->changed = news;
    if (!marked)
        return end(b, rc, w->e);
    if (!b->lost && conn->drv->undo(conn, NULL))
        b->lost = 1;
    return rc;
}

/* The first of a transaction needs no savepoint: when it fails, all is rolled back. */
static int run(struct batch *b, const struct vs_write *w) {
    struct vs_conn *conn = b->db->writer;
    int marked = b->standing > 0, news = conn->changed;
    begin_turn(b, w);
    if (marked) {
        int rc = conn->drv->savepoint(conn, w->e);
        vs_conn_check(conn);
        b->lost = rc && conn->state == VS_CONN_ABORTED;
        if (rc)
            return rc;
    }
    return settle(b, w, marked, news, w->op(conn, w->arg, w->e));
}

static struct vs_write *next(struct batch *b) {
    if (!b->open || b->lost || b->alone || b->taken >= BATCH_MAX || vs_mono_us() >= b->until_us)
        return NULL;
    return vs_gate_next(b->db);
}

/* Those who were told together come back one after another: the first would find nobody behind it, and commit alone
 * while all others queue up. They get a moment, as long as fewer than half of them are here; not where others want the
 * processors as well, and a moment lasts as long as they like. */
static struct vs_write *gather(struct batch *b) {
    struct vs_write *w = NULL;
    struct vs_group *group = &b->db->group;
    if (b->taken * 2 > group->count || b->began_us - group->ended_us > RECENT_US)
        return NULL;
    if (group->skip > 0) {
        group->skip--;
        return NULL;
    }
    int64_t now = vs_mono_us(), began = now;
    b->gather_us = b->gather_us ? b->gather_us : began + GATHER_US;
    for (int i = 0; !w && b->open && !b->lost && !b->alone && i < GATHER_US && now < b->gather_us; i++) {
        sched_yield();
        w = next(b);
        now = vs_mono_us();
    }
    if (now - began > TOO_LONG_US)
        group->skip = SKIPPED;
    return w;
}

static void run_all(struct batch *b, struct vs_write *w) {
    w->rc = begin(b, w);
    if (w->rc)
        return;
    while (w) {
        w->next = NULL;
        *b->end = w;
        b->end = &w->next;
        b->taken++;
        w->rc = run(b, w);
        w = next(b);
        w = w ? w : gather(b);
    }
}

/* Not with a write that is alone: it may be so because others have spoilt its commit once already. */
static struct vs_rider *ride(struct batch *b) {
    if (!b->open || b->lost || b->alone || !b->standing)
        return NULL;
    struct vs_rider *first = vs_riders_board(b->db);
    for (struct vs_rider *r = first; r && !b->lost; r = r->next) {
        struct vs_write w = {.op = r->ride.op, .arg = r->ride.arg};
        if (!r->aboard)
            continue;
        r->rc = run(b, &w);
        b->standing -= !r->rc; /* nobody waits for it */
    }
    return first;
}

/* --- the commit --------------------------------------------------------------------------------------------------- */

static void fail_all(struct batch *b, int rc, const vidstore_error *why) {
    for (struct vs_write *w = b->first; w; w = w->next) {
        if (w->rc)
            continue;
        w->rc = rc;
        vs_error_clear(w->e);
        if (w->e)
            *w->e = vs_error_ref(why);
    }
}

/* Those who are not at fault must not suffer for it: each is run again, alone, by its own caller in his own time. */
static void commit(struct batch *b) {
    vs_autoerror vidstore_error *why = NULL;
    if (!b->open)
        return;
    int rc = end(b, b->lost ? VIDSTORE_ABORTED : 0, &why);
    b->committed = !rc;
    if (!rc || !b->standing)
        return;
    if (rc == VIDSTORE_UNKNOWN_OUTCOME || (b->standing == 1 && !b->lost)) {
        fail_all(b, rc, why);
        return;
    }
    for (struct vs_write *w = b->first; w; w = w->next)
        w->again = !w->rc;
}

static void tell_all(const struct batch *b, const struct vs_write *mine) {
    for (struct vs_write *w = b->first, *following; w; w = following) {
        following = w->next;
        if (w != mine)
            vs_gate_tell(w);
    }
}

static void lead(struct vs_db *db, struct vs_write *mine) {
    int64_t now = vs_mono_us();
    struct batch b = {.db = db, .alone = mine->alone, .began_us = now, .until_us = now + BATCH_US};
    b.end = &b.first;
    run_all(&b, mine);
    struct vs_rider *riders = ride(&b);
    commit(&b);
    db->group.count = b.taken;
    db->group.ended_us = vs_mono_us();
    if (riders)
        vs_riders_leave(db, b.committed ? 0 : VIDSTORE_ABORTED);
    int due = vs_checkpoint_is_due(db);
    if (due) {
        tell_all(&b, mine); /* what stands on disk need not wait for it */
        vs_checkpoint_if_due(db);
    }
    if (b.news)
        vs_db_ref(db); /* from here on nobody waits for us who closes it */
    vs_gate_give(db);  /* before the others: the next leader has the longest way to go */
    if (!due)
        tell_all(&b, mine);
    if (b.news) {
        vs_listeners_wake(db);
        vs_db_unref(db);
    }
}

int vs_db_write(struct vs_db *db, const struct vs_call *call, vs_op *op, void *arg, vidstore_error **e) {
    int rc = vs_db_may_write(db, e);
    if (rc)
        return rc;
    struct vs_write mine = {.op = op, .arg = arg, .call = call, .e = e, .alone = call && call->alone};
    do {
        mine.alone |= mine.again;
        mine.again = 0;
        if ((rc = vs_gate_join(db, &mine, e)) < 0)
            return rc;
        if (rc == VS_GATE_GOT)
            lead(db, &mine);
    } while (mine.again);
    return mine.rc;
}
