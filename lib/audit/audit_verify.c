/* SPDX-License-Identifier: MIT */
/* Checking the chains: every event is hashed anew from the bytes of its row, a bounded slice a read, so that writers go
 * on meanwhile. What came after the beginning of the check is left to the next one. */
#include "audit/audit_verify.h"
#include "audit/audit.h"
#include "audit/audit_slice.h"
#include "db/bind.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "util/utf8.h"
#include <string.h>

enum { MINUTE_US = 60000000, TRIES = 5 };

/* --- the events ----------------------------------------------------------------------------------------------- */

/* What a pruned segment leaves: its root for the tree, and the hash that the next one stands on. */
static int skip_segment(struct vs_verify *v, struct vs_conn *conn, int chain, vidstore_error **e) {
    struct vs_verify_chain *c = &v->chains[chain];
    vs_autostmt *s = NULL;
    size_t sizes[3] = {0};
    int r = vs_ask(conn, VS_STMT_AUDIT_SEGMENT, &s, e, vs_int(chain), vs_int(c->position / VS_SEGMENT));
    if (r != VS_ROW)
        return r;
    const uint8_t *root = vs_col_blob(s, 0, &sizes[0]), *before = vs_col_blob(s, 1, &sizes[1]),
                  *last = vs_col_blob(s, 2, &sizes[2]);
    if (vs_col_null(s, 8) || sizes[0] != VS_SHA256_SIZE || sizes[1] != VS_SHA256_SIZE || sizes[2] != VS_SHA256_SIZE)
        return VS_DONE;
    if (memcmp(before, c->hash, VS_SHA256_SIZE) != 0)
        vs_verify_note(v, VS_FLAW_SEGMENT, chain, c->position + 1, NULL, INT64_MIN,
                       "a pruned segment does not stand on the one before it");
    /* Checkpoints inside it can't be told any more: only its root is left. */
    while (c->next < v->count && v->checkpoints[c->next].chains[chain].size < c->position + VS_SEGMENT)
        c->next++;
    if (c->whole && vs_tree_node(v->h, &c->tree, VS_SEGMENT_LEVEL, root))
        c->whole = 0;
    struct vs_skipped skipped = {.chain = chain,
                                 .segment = c->position / VS_SEGMENT,
                                 .last_us = vs_col_int(s, 4),
                                 .pruned_us = vs_col_int(s, 8)};
    memcpy(skipped.root, root, VS_SHA256_SIZE);
    memcpy(c->hash, last, VS_SHA256_SIZE);
    c->last_us = skipped.last_us;
    if ((r = vs_witness_skipped(&v->witness, &skipped, e)))
        return r;
    c->position += VS_SEGMENT;
    v->pruned += VS_SEGMENT;
    vs_verify_size_reached(v, chain);
    return VS_ROW;
}

/* Positions are missing up to `until`: in whole pruned segments, or they should not. */
static int skip_to(struct vs_verify *v, struct vs_conn *conn, int chain, int64_t until, const struct vs_link *link,
                   vidstore_error **e) {
    struct vs_verify_chain *c = &v->chains[chain];
    int r = VS_ROW;
    while (r == VS_ROW && c->position % VS_SEGMENT == 0 && c->position + VS_SEGMENT <= until)
        r = skip_segment(v, conn, chain, e);
    if (r < 0 || c->position == until)
        return r < 0 ? r : 0;
    vs_verify_note(v, VS_FLAW_MISSING, chain, c->position + 1, link, INT64_MIN,
                   "%lld events are missing before this one", (long long)(until - c->position));
    c->whole = 0; /* what the tree would be is not known any more */
    c->position = until;
    return 0;
}

/* The segment that ends here, against the root that was sealed. */
static int check_segment(struct vs_verify *v, struct vs_conn *conn, int chain, vidstore_error **e) {
    struct vs_verify_chain *c = &v->chains[chain];
    uint8_t root[VS_SHA256_SIZE];
    vs_autostmt *s = NULL;
    size_t size = 0;
    int r = vs_stmt(conn, VS_STMT_AUDIT_SEGMENT, &s, e);
    if (!r &&
        (vs_tree_root(v->h, &c->segment, root) || (c->whole && vs_tree_node(v->h, &c->tree, VS_SEGMENT_LEVEL, root))))
        r = vs_fail_nomem(e);
    c->segment.count = 0;
    if (r)
        return r;
    vs_bind_int(s, 1, chain);
    vs_bind_int(s, 2, c->position / VS_SEGMENT - 1);
    if ((r = vs_row(s, e)) != VS_ROW)
        return r; /* not sealed yet */
    const void *sealed = vs_col_blob(s, 0, &size), *last = NULL;
    int same = size == VS_SHA256_SIZE && memcmp(sealed, root, size) == 0;
    last = vs_col_blob(s, 2, &size);
    same = same && size == VS_SHA256_SIZE && memcmp(last, c->hash, size) == 0;
    if (c->whole && !same)
        vs_verify_note(v, VS_FLAW_SEGMENT, chain, c->position, NULL, INT64_MIN,
                       "the segment that ends here was sealed with other events");
    return 0;
}

/* The hash that was made beside the reading holds when the event before it is what stood there; past a pruned segment
 * it is made again. */
static int hash_of(struct vs_verify *v, const struct vs_verify_chain *c, struct vs_sliced *row) {
    if (memcmp(row->before, c->hash, VS_SHA256_SIZE) != 0)
        row->hashed = vs_link_hash(v->h, &row->link, c->id, c->hash, row->hash);
    return row->hashed;
}

/* Parts that are not there, with a hash in the salt's place, are those of a person that was deleted. */
static int check_erased(struct vs_verify *v, struct vs_verify_chain *c, struct vs_conn *conn,
                        const struct vs_link *link, vidstore_error **e) {
    int r = 0, deleted = 1;
    for (int part = VS_PART_ACTOR; !r && part < VS_PARTS; part++) {
        if (link->salt_sizes[part] != VS_SHA256_SIZE)
            continue;
        v->erased++;
        r = vs_witness_erased(v, conn, link, (enum vs_link_part)part, &deleted, e);
        if (!r && !deleted)
            vs_verify_note(v, VS_FLAW_EDITED, link->chain, c->position, link, INT64_MIN,
                           "a part of the event is erased, and no event says that its person was deleted");
    }
    return r;
}

static int check_link(struct vs_verify *v, struct vs_verify_chain *c, struct vs_conn *conn, struct vs_sliced *row,
                      vidstore_error **e) {
    const struct vs_link *link = &row->link;
    int64_t created = link->values[VS_LINK_CREATED].i;
    int r = hash_of(v, c, row);
    int same = !r && link->hash_size == VS_SHA256_SIZE && memcmp(row->hash, link->hash, VS_SHA256_SIZE) == 0;
    if (r && r != VIDSTORE_CORRUPT)
        return vs_fail_nomem(e);
    if (!same)
        vs_verify_note(v, VS_FLAW_EDITED, link->chain, c->position, link, INT64_MIN,
                       r == VIDSTORE_CORRUPT ? "a personal part and its salt do not belong together"
                                             : "the event, or the one before it, is not what was recorded");
    if (created < c->last_us)
        vs_verify_note(v, VS_FLAW_TIME, link->chain, c->position, link, INT64_MIN,
                       "the event is older than the one before it");
    c->last_us = created;
    if ((r = check_erased(v, c, conn, link, e)))
        return r;
    if (link->chain == VS_CHAIN_SECURITY && same && (r = vs_witness_event(&v->witness, link, e)))
        return r;
    /* On with what stands there, so that one bad event is one finding. */
    memset(c->hash, 0, VS_SHA256_SIZE);
    if (link->hash_size != VS_SHA256_SIZE)
        return c->whole && vs_tree_leaf(v->h, &c->segment, c->hash) ? vs_fail_nomem(e) : 0;
    memcpy(c->hash, link->hash, VS_SHA256_SIZE);
    return c->whole && vs_tree_node(v->h, &c->segment, 0, row->leaf) ? vs_fail_nomem(e) : 0;
}

static int check_event(struct vs_verify *v, struct vs_conn *conn, struct vs_sliced *row, vidstore_error **e) {
    const struct vs_link *link = &row->link;
    int64_t position = link->values[VS_LINK_POSITION].i;
    struct vs_verify_chain *c = &v->chains[link->chain]; /* the first is that of events without one */
    int r = 0;
    v->events++;
    if (c == v->chains || !c->begun) {
        vs_verify_note(v, VS_FLAW_CHAIN, link->chain, position, link, INT64_MIN, "the event stands in no known chain");
        return 0;
    }
    if (position <= c->position) {
        vs_verify_note(v, VS_FLAW_ORDER, link->chain, position, link, INT64_MIN,
                       "the event comes after number %lld of its chain", (long long)c->position);
        return 0;
    }
    if (position > c->position + 1)
        r = skip_to(v, conn, link->chain, position - 1, link, e);
    if (r)
        return r;
    c->position = position;
    c->first = c->first ? c->first : position;
    r = check_link(v, c, conn, row, e);
    if (!r && position % VS_SEGMENT == 0)
        r = check_segment(v, conn, link->chain, e);
    if (!r)
        vs_verify_size_reached(v, link->chain);
    return r;
}

/* Of two slices one is hashed while the other is checked and read anew. */
struct turn {
    struct vs_verify *v;
    struct vs_slice *slice;
    uint8_t last[VS_CHAINS][VS_SHA256_SIZE];
};

static int turn_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct turn *turn = arg;
    struct vs_verify *v = turn->v;
    struct vs_slice *slice = turn->slice;
    int r = 0;
    for (size_t i = 0; !r && i < slice->count; i++)
        r = check_event(v, conn, &slice->rows[i], e);
    if (!r)
        r = vs_slice_read(slice, conn, v->seq, v->last_seq, turn->last, e);
    if (!r && slice->count)
        v->seq = slice->rows[slice->count - 1].link.seq;
    return r;
}

static int check_events(struct vs_verify *v, struct vs_slice slices[2], vidstore_error **e) {
    struct turn turn = {.v = v};
    int r = 0;
    for (int chain = 0; chain < VS_CHAINS; chain++)
        memcpy(turn.last[chain], v->chains[chain].hash, VS_SHA256_SIZE);
    for (int i = 0;; i = !i) {
        turn.slice = &slices[i];
        vs_slice_hashed(turn.slice);
        r = vs_session_read(v->session, turn_op, &turn, e);
        if (r || (!turn.slice->count && !slices[!i].count))
            return r;
        vs_slice_hash(turn.slice);
    }
}

/* --- what there is at the beginning ---------------------------------------------------------------------------- */

static int read_chain(struct vs_verify *v, struct vs_conn *conn, int chain, vidstore_error **e) {
    struct vs_verify_chain *c = &v->chains[chain];
    vs_autostmt *s = NULL;
    size_t size = 0;
    int r = vs_ask(conn, VS_STMT_AUDIT_CHAIN, &s, e, vs_int(chain));
    if (r != VS_ROW)
        return r;
    const void *id = vs_col_blob(s, 0, &size);
    if (size != VS_CHAIN_ID || vs_col_int(s, 2) != VS_CHAIN_FORMAT) {
        vs_verify_note(v, VS_FLAW_CHAIN, chain, INT64_MIN, NULL, INT64_MIN, "the chain is of an unknown format");
        return 0;
    }
    memcpy(c->id, id, VS_CHAIN_ID);
    c->begun = c->whole = 1;
    c->created_us = vs_col_int(s, 1);
    return vs_chain_genesis(v->h, chain, c->id, c->created_us, c->hash);
}

static int gone_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, VS_STMT_AUDIT_SEGMENT_GONE, &s, e);
    if (!r && (r = vs_row(s, e)) == VS_ROW)
        *(int64_t *)arg = vs_col_int(s, 0);
    return r < 0 ? r : 0;
}

/* One snapshot: the chains, and the last event that is checked. */
static int begin_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct vs_verify *v = arg;
    int r = gone_op(conn, &v->gone, e);
    for (int chain = VS_CHAIN_SECURITY; !r && chain < VS_CHAINS; chain++)
        r = read_chain(v, conn, chain, e);
    if (!r)
        r = vs_audit_last_seq(conn, &v->last_seq, e);
    return r ? r : vs_checkpoint_store(conn, v->store, e);
}

static int each_checkpoint(void *arg, int64_t number, const char *text, size_t len, vidstore_error **e) {
    return vs_verify_checkpoint(arg, number, text, len, e);
}

static int checkpoints_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    return vs_checkpoint_next(conn, arg, e);
}

/* Checkpoints first: whatever they cover was there before the end of the events is looked up. */
static int verify(struct vs_verify *v, vidstore_error **e) {
    struct vs_checkpoint_page pages = {.each = each_checkpoint, .arg = v};
    struct vs_slice slices[2] = {{0}};
    uint8_t ids[VS_CHAINS][VS_CHAIN_ID];
    int r;
    do {
        r = vs_session_read(v->session, checkpoints_op, &pages, e);
    } while (!r && pages.rows == VS_CHECKPOINTS_PAGE);
    if (!r)
        r = vs_session_read(v->session, begin_op, v, e);
    for (int chain = 0; chain < VS_CHAINS; chain++)
        memcpy(ids[chain], v->chains[chain].id, VS_CHAIN_ID);
    for (int i = 0; !r && i < 2; i++)
        r = vs_slice_new(&slices[i], ids, e);
    if (!r)
        r = check_events(v, slices, e);
    for (int i = 0; i < 2; i++)
        vs_slice_free(&slices[i]);
    if (r)
        return r;
    vs_verify_ends(v);
    vs_witness_ends(v);
    vs_verify_anchor(v);
    int64_t gone = v->gone;
    if (v->broken)
        r = vs_session_read(v->session, gone_op, &gone, e);
    v->pruned_midway = gone != v->gone;
    return r;
}

static void free_verify(struct vs_verify **v) {
    if (!*v)
        return;
    vs_sha256_free((*v)->h);
    vs_free((*v)->checkpoints);
    vs_witness_free(&(*v)->witness);
    vs_free(*v);
}

static int make(vidstore_session *session, const char *anchor, struct vs_verify **ret, vidstore_error **e) {
    struct vs_verify *v = *ret = vs_calloc(1, sizeof *v);
    int r = v ? vs_sha256_new(&v->h, e) : vs_fail_nomem(e);
    if (!r && anchor)
        r = vs_checkpoint_parse(anchor, strlen(anchor), "anchor", &v->anchor, e);
    if (r)
        return r;
    v->session = session;
    v->anchor_text = anchor;
    v->late_us = 3 * vs_setting(session->store, VS_SETTING_AUDIT_CHECKPOINT_MINUTES) * MINUTE_US;
    return 0;
}

/* Whoever sees half of a segment that is pruned meanwhile looks again; what is wrong still is. */
static int verify_all(vidstore_session *session, const char *anchor, struct vs_verify **ret, vidstore_error **e) {
    int r = 0, again = 1;
    for (int i = 0; !r && again && i < TRIES; i++) {
        free_verify(ret);
        *ret = NULL;
        r = make(session, anchor, ret, e);
        if (!r)
            r = verify(*ret, e);
        again = !r && (*ret)->broken && (*ret)->pruned_midway;
    }
    return r;
}

vidstore_status vidstore_audit_verify(vidstore_session *session, const char *anchor, vidstore_text **ret_json,
                                      vidstore_error **reterr) {
    VS_ENTER(session, ret_json, reterr);
    vs_session_settle_refusals(session);
    int64_t began = vs_mono_us();
    vs_autobuf b = {0};
    VS_CLEANUP(free_verify) struct vs_verify *v = NULL;
    int r = vs_session_outside(session, reterr);
    if (!r)
        r = vs_session_may(session, "audit", VS_MANAGE, NULL, NULL, 0, reterr);
    if (!r && anchor)
        r = vs_check_text(anchor, "anchor", 4096, reterr);
    if (!r)
        r = verify_all(session, anchor, &v, reterr);
    if (r)
        return r;
    vs_verify_json(&b, v, (vs_mono_us() - began) / 1000);
    r = vs_buf_to_text(&b, ret_json, reterr);
    vidstore_text_free(vs_unwanted_);
    return r;
}
