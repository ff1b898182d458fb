/* SPDX-License-Identifier: MIT */
#include "store/index.h"
#include "record/search.h"
#include "util/env.h"
#include "util/error.h"

enum { AT_ONCE = 64 };                  /* records in a commit */
static const int64_t COMMIT_US = 20000; /* whoever wants to write meanwhile has not long to wait */
static const int64_t QUERY_US = 50000;  /* what a query gives to it at most, or half of its own time */
static const int64_t CLOSING_US = 100000;

struct settle {
    const struct vs_noun *noun;
    int left;
};

static int look_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct settle *settle = arg;
    int64_t first;
    return vs_search_notes(conn, settle->noun, 1, &first, &settle->left, e);
}

/* A quarter of its time is for the records, so that the commit has some on a slow machine too. */
static int settle_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct settle *settle = arg;
    int64_t until_us = vs_mono_us() + COMMIT_US / 4;
    return vs_search_settle(conn, settle->noun, AT_ONCE, until_us, &settle->left, e);
}

/* Whether a write would have to wait for another; one that begins just now is met by patience. */
static int is_taken(struct vs_db *db) {
    char holder[160];
    vs_db_holder(db, holder, sizeof holder);
    return *holder != 0;
}

/* Ends when nothing is left, somebody else writes, or the call's time is over. 0 when nothing is left. */
static int settle(struct vidstore *store, struct vs_call call, const struct vs_noun *noun) {
    struct settle settle = {noun, 0};
    const int64_t end = call.deadline_us;
    if (!noun->search.put || !noun->stmt.update) /* events are indexed as they are written */
        return 0;
    if (store->options.read_only)
        return 1;
    int r = vs_db_read(store->db, &call, look_op, &settle, NULL);
    while (!r && settle.left && vs_mono_us() < end && !is_taken(store->db)) {
        int64_t soon = vs_mono_us() + COMMIT_US;
        call.deadline_us = soon < end ? soon : end;
        r = vs_db_write(store->db, &call, settle_op, &settle, NULL);
    }
    return r || settle.left;
}

int vs_index_settle(vidstore_session *session, const struct vs_noun *noun) {
    struct vs_call call = vs_session_call(session);
    int64_t now_us = vs_mono_us(), half_us = (call.deadline_us - now_us) / 2;
    call.deadline_us = now_us + (half_us < QUERY_US ? half_us : QUERY_US);
    return session->txn || session->snap || settle(session->store, call, noun);
}

void vs_index_noted(struct vidstore *store, const struct vs_noun *noun) {
    atomic_store_explicit(&store->noted[noun->base / 1000 % VS_NOTED], noun, memory_order_relaxed);
}

void vs_index_close(struct vidstore *store) {
    struct vs_call call = {.deadline_us = vs_mono_us() + CLOSING_US, .what = "closing"};
    for (int i = 0; store->db && i < VS_NOTED; i++) {
        const struct vs_noun *noun = atomic_load_explicit(&store->noted[i], memory_order_relaxed);
        if (noun)
            settle(store, call, noun);
    }
}
