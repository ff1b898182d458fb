/* SPDX-License-Identifier: MIT */
/* Sealing segments and making checkpoints. Events never change, so what a read found still holds when it is written
 * down; only the number of the checkpoint may have been taken meanwhile, and then it is made again. */
#include "trail/checkpoint.h"
#include "db/bind.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include <stdio.h>
#include <string.h>

enum { TRIES = 8 };

static void free_hasher(struct vs_sha256 **h) {
    vs_sha256_free(*h);
}
#define autohasher VS_CLEANUP(free_hasher) struct vs_sha256

/* --- segments ------------------------------------------------------------------------------------------------- */

struct segment {
    int chain, full; /* full: there is one to seal */
    int64_t number;
    int64_t first_us, last_us, bytes;
    uint8_t before[VS_SHA256_SIZE], last[VS_SHA256_SIZE], root[VS_SHA256_SIZE];
};

static int take_hash(struct vs_stmt *row, int at, uint8_t ret[VS_SHA256_SIZE], vidstore_error **e) {
    size_t len = 0;
    const void *bytes = vs_col_blob(row, at, &len);
    if (!bytes || len != VS_SHA256_SIZE)
        return vs_fail(e, VIDSTORE_CORRUPT, NULL, "the audit's chain has a link that is no hash");
    memcpy(ret, bytes, VS_SHA256_SIZE);
    return 0;
}

/* The hashes of the events after `from`, up to `to`, as leaves; and what else a segment keeps of them. */
static int add_leaves(struct vs_conn *conn, struct vs_sha256 *h, int chain, int64_t from, int64_t to,
                      struct vs_tree *tree, struct segment *seen, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int64_t position = from;
    int r = vs_bound(conn, VS_STMT_AUDIT_HASH_LIST, &s, e, vs_int(chain), vs_int(from), vs_int(to));
    if (r)
        return r;
    while ((r = vs_step(s, e)) == VS_ROW) {
        if (vs_col_int(s, 0) != ++position)
            break;
        if ((r = take_hash(s, 1, seen->last, e)) || (r = vs_tree_leaf(h, tree, seen->last)))
            return r;
        seen->last_us = vs_col_int(s, 2);
        seen->first_us = position == from + 1 ? seen->last_us : seen->first_us;
        seen->bytes += vs_col_int(s, 3);
    }
    if (r < 0)
        return r;
    return position == to ? 0 : vs_fail(e, VIDSTORE_CORRUPT, NULL, "the audit's chain has a gap");
}

/* The hash that a segment stands on: the end of the one before it, which may be pruned by now, or the beginning. */
static int hash_before(struct vs_conn *conn, struct vs_sha256 *h, int chain, int64_t number,
                       uint8_t ret[VS_SHA256_SIZE], vidstore_error **e) {
    vs_autostmt *s = NULL;
    size_t len = 0;
    int r = vs_stmt(conn, number ? VS_STMT_AUDIT_SEGMENT : VS_STMT_AUDIT_CHAIN, &s, e);
    if (r)
        return r;
    vs_bind_int(s, 1, chain);
    if (number)
        vs_bind_int(s, 2, number - 1);
    if ((r = vs_row(s, e)) < 0)
        return r;
    if (r == VS_DONE)
        return vs_fail(e, VIDSTORE_CORRUPT, NULL, "the audit's chain has a gap");
    if (number)
        return take_hash(s, 2, ret, e);
    const uint8_t *id = vs_col_blob(s, 0, &len);
    if (!id || len != VS_CHAIN_ID)
        return vs_fail(e, VIDSTORE_CORRUPT, NULL, "the audit's chain has no id");
    return vs_chain_genesis(h, chain, id, vs_col_int(s, 1), ret);
}

static int number_of(struct vs_conn *conn, enum vs_stmt_id id, int chain, int64_t otherwise, int64_t *ret,
                     vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, id, &s, e);
    *ret = otherwise;
    if (r)
        return r;
    vs_bind_int(s, 1, chain);
    if ((r = vs_row(s, e)) == VS_ROW)
        *ret = vs_col_int(s, 0);
    return r < 0 ? r : 0;
}

static int look_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct segment *segment = arg;
    struct vs_tree tree = {0};
    autohasher *h = NULL;
    int64_t sealed = -1, size = 0;
    segment->full = 0;
    segment->bytes = 0;
    int r = number_of(conn, VS_STMT_AUDIT_SEGMENT_LAST, segment->chain, -1, &sealed, e);
    if (!r)
        r = number_of(conn, VS_STMT_AUDIT_SIZE, segment->chain, 0, &size, e);
    segment->number = sealed + 1;
    int64_t from = segment->number * VS_SEGMENT;
    if (r || size < from + VS_SEGMENT)
        return r;
    r = vs_sha256_new(&h, e);
    if (!r)
        r = hash_before(conn, h, segment->chain, segment->number, segment->before, e);
    if (!r)
        r = add_leaves(conn, h, segment->chain, from, from + VS_SEGMENT, &tree, segment, e);
    if (!r)
        r = vs_tree_root(h, &tree, segment->root);
    segment->full = !r;
    return r;
}

static int seal_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    const struct segment *segment = arg;
    return vs_exec(conn, VS_STMT_AUDIT_SEGMENT_ADD, NULL, e, vs_int(segment->chain), vs_int(segment->number),
                   vs_bytes(segment->root, VS_SHA256_SIZE), vs_bytes(segment->before, VS_SHA256_SIZE),
                   vs_bytes(segment->last, VS_SHA256_SIZE), vs_int(segment->first_us), vs_int(segment->last_us),
                   vs_int(segment->bytes), vs_int(vs_now_us()));
}

int vs_segments_seal(struct vs_db *db, const struct vs_call *call, vidstore_error **e) {
    int r = 0;
    for (int chain = VS_CHAIN_SECURITY; !r && chain < VS_CHAINS; chain++) {
        struct segment segment = {.chain = chain};
        do {
            r = vs_db_read(db, call, look_op, &segment, e);
            if (!r && segment.full)
                r = vs_db_write(db, call, seal_op, &segment, e);
        } while (!r && segment.full);
    }
    return r;
}

/* --- checkpoints ---------------------------------------------------------------------------------------------- */

struct making {
    const struct vs_checkpoint_request *request;
    struct vs_checkpoint c;
    int64_t last; /* number of the one before */
    int due;
    struct vs_buf text;
    char details[48];
};

/* The body in one column, the signature in the next: the text as it is given out. */
static int put_text(struct vs_stmt *row, int at, struct vs_buf *text, vidstore_error **e) {
    size_t len = 0;
    const char *body = vs_col_text(row, at, &len), *signature = vs_col_text(row, at + 1, NULL);
    vs_buf_add(text, body, len);
    if (signature)
        vs_buf_fmt(text, "signature %s\n", signature);
    return text->failed ? vs_fail_nomem(e) : 0;
}

int vs_checkpoint_last(struct vs_conn *conn, struct vs_buf *text, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, VS_STMT_AUDIT_CHECKPOINT_LAST, &s, e);
    return r || (r = vs_row(s, e)) != VS_ROW ? r : put_text(s, 2, text, e);
}

int vs_checkpoint_get(struct vs_conn *conn, int64_t number, struct vs_buf *text, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_ask(conn, VS_STMT_AUDIT_CHECKPOINT, &s, e, vs_int(number));
    return r == VS_ROW ? put_text(s, 0, text, e) : r;
}

int vs_checkpoint_next(struct vs_conn *conn, struct vs_checkpoint_page *page, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_bound(conn, VS_STMT_AUDIT_CHECKPOINT_PAGE, &s, e, vs_int(page->number), vs_int(VS_CHECKPOINTS_PAGE));
    page->rows = 0;
    while (!r && (r = vs_step(s, e)) == VS_ROW) {
        vs_autobuf text = {0};
        page->number = vs_col_int(s, 0);
        page->rows++;
        r = put_text(s, 1, &text, e);
        if (!r)
            r = page->each(page->arg, page->number, text.data, text.len, e);
    }
    return r;
}

/* The root over a chain: of its sealed segments, and of the events after them. */
static int chain_state(struct vs_conn *conn, struct vs_sha256 *h, int chain, struct vs_checkpoint_chain *ret,
                       vidstore_error **e) {
    struct vs_tree tree = {0};
    struct segment seen = {.chain = chain};
    vs_autostmt *s = NULL, *id = NULL;
    int64_t sealed = 0;
    size_t len = 0;
    int r = number_of(conn, VS_STMT_AUDIT_SIZE, chain, 0, &ret->size, e);
    if (!r)
        r = vs_stmt(conn, VS_STMT_AUDIT_SEGMENT_ROOTS, &s, e);
    if (r)
        return r;
    vs_bind_int(s, 1, chain);
    while ((r = vs_step(s, e)) == VS_ROW && (sealed + 1) * VS_SEGMENT <= ret->size) {
        if (vs_col_int(s, 0) != sealed)
            return vs_fail(e, VIDSTORE_CORRUPT, NULL, "a segment of the audit is missing");
        if ((r = take_hash(s, 1, ret->root, e)) || (r = take_hash(s, 2, ret->head, e)) ||
            (r = vs_tree_node(h, &tree, VS_SEGMENT_LEVEL, ret->root)))
            return r;
        sealed++;
    }
    if (r < 0)
        return r;
    memcpy(seen.last, ret->head, VS_SHA256_SIZE);
    r = add_leaves(conn, h, chain, sealed * VS_SEGMENT, ret->size, &tree, &seen, e);
    if (!r)
        r = vs_tree_root(h, &tree, ret->root);
    memcpy(ret->head, seen.last, VS_SHA256_SIZE);
    if (!r)
        r = vs_stmt(conn, VS_STMT_AUDIT_CHAIN, &id, e);
    if (r)
        return r;
    vs_bind_int(id, 1, chain);
    r = vs_row(id, e);
    const void *bytes = r == VS_ROW ? vs_col_blob(id, 0, &len) : NULL;
    if (bytes && len == VS_CHAIN_ID)
        memcpy(ret->id, bytes, len);
    return r < 0 ? r : 0;
}

int vs_checkpoint_store(struct vs_conn *conn, char ret[VS_UUID_TEXT], vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_ask(conn, VS_STMT_META_GET, &s, e, vs_text("instance"));
    if (r == VS_ROW)
        snprintf(ret, VS_UUID_TEXT, "%s", vs_col_text(s, 0, NULL));
    return r < 0 ? r : 0;
}

/* Whether one is due after the last: a call always gets one, a close when something happened since then. */
static int is_due(const struct vs_checkpoint_request *request, const struct vs_checkpoint *last,
                  const int64_t sizes[VS_CHAINS]) {
    int64_t more = 0;
    for (int i = VS_CHAIN_SECURITY; i < VS_CHAINS; i++)
        more += sizes[i] > last->chains[i].size ? sizes[i] - last->chains[i].size : 0;
    if (request->kind == VS_CHECKPOINT_CALL)
        return 1;
    if (request->kind == VS_CHECKPOINT_CLOSE)
        return more > 0;
    return more >= VS_SEGMENT || vs_now_us() - last->time_us >= request->after_us || last->time_us > vs_now_us();
}

static int read_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct making *m = arg;
    vs_autobuf text = {0};
    autohasher *h = NULL;
    struct vs_checkpoint last = {0};
    int64_t sizes[VS_CHAINS] = {0};
    int r = vs_checkpoint_last(conn, &text, e);
    if (!r && text.len)
        r = vs_checkpoint_parse(text.data, text.len, "checkpoint", &last, e);
    for (int i = VS_CHAIN_SECURITY; !r && i < VS_CHAINS; i++)
        r = number_of(conn, VS_STMT_AUDIT_SIZE, i, 0, &sizes[i], e);
    m->c = (struct vs_checkpoint){.number = last.number + 1, .time_us = vs_now_us()};
    m->last = last.number;
    m->due = !r && is_due(m->request, &last, sizes);
    if (r || !m->due)
        return r;
    snprintf(m->c.kind, sizeof m->c.kind, "%s", vs_checkpoint_kinds[m->request->kind]);
    if (text.len && vs_sha256(text.data, last.body, m->c.previous))
        return vs_fail_nomem(e);
    r = vs_sha256_new(&h, e);
    if (!r)
        r = vs_checkpoint_store(conn, m->c.store, e);
    for (int i = VS_CHAIN_SECURITY; !r && i < VS_CHAINS; i++)
        r = chain_state(conn, h, i, &m->c.chains[i], e);
    return r;
}

static int write_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct making *m = arg;
    vs_autostmt *last = NULL, *s = NULL;
    char signature[2 * VS_ED25519_SIGNATURE + 1];
    int r = vs_stmt(conn, VS_STMT_AUDIT_CHECKPOINT_LAST, &last, e);
    if (r || (r = vs_row(last, e)) < 0)
        return r;
    if ((r == VS_ROW ? vs_col_int(last, 0) : 0) != m->last)
        return VIDSTORE_RETRY;
    vs_reset(VS_TAKE(last));
    r = vs_stmt(conn, VS_STMT_AUDIT_CHECKPOINT_ADD, &s, e);
    if (r)
        return r;
    vs_hex(m->c.signature, sizeof m->c.signature, signature);
    vs_bind_int(s, 1, m->c.number);
    vs_bind_int(s, 2, m->c.time_us);
    vs_bind_text(s, 3, m->text.data, (int64_t)m->c.body);
    vs_bind_text(s, 4, m->c.has_signature ? signature : NULL, -1);
    r = vs_run(s, NULL, e);
    struct vs_event event = {.action = VIDSTORE_AUDIT_CHECKPOINT, .noun = "store", .details = m->details};
    return r || !m->request->actor ? r : vs_trail_append(conn, m->request->actor, &event, e);
}

/* The text that the checkpoint is, signed when there is a key. */
static int compose(struct making *m, vidstore_error **e) {
    const struct vs_signer *signer = m->request->signer;
    vs_buf_free(&m->text);
    m->c.has_key = signer != NULL;
    if (signer)
        vs_signer_public(signer, m->c.key);
    vs_checkpoint_write(&m->text, &m->c);
    if (m->text.failed)
        return vs_fail_nomem(e);
    m->c.body = m->text.len;
    snprintf(m->details, sizeof m->details, "{\"number\":%lld}", (long long)m->c.number);
    if (!signer)
        return 0;
    if (vs_signer_sign(signer, m->text.data, m->text.len, m->c.signature))
        return vs_fail_nomem(e);
    m->c.has_signature = 1;
    vs_buf_free(&m->text);
    vs_checkpoint_write(&m->text, &m->c);
    return m->text.failed ? vs_fail_nomem(e) : 0;
}

int vs_checkpoint_make(struct vs_db *db, const struct vs_call *call, const struct vs_checkpoint_request *request,
                       struct vs_buf *text, vidstore_error **e) {
    struct making m = {.request = request};
    int r = vs_segments_seal(db, call, e);
    for (int i = 0; !r && i < TRIES; i++) {
        r = vs_db_read(db, call, read_op, &m, e);
        if (r || !m.due)
            break;
        r = compose(&m, e);
        if (!r)
            r = vs_db_write(db, call, write_op, &m, e);
        if (r != VIDSTORE_RETRY)
            break;
        r = i + 1 < TRIES ? 0 : vs_fail(e, VIDSTORE_RETRY, NULL, "others made checkpoints of the audit meanwhile");
    }
    if (!r && m.due && text)
        vs_buf_add(text, m.text.data, m.text.len);
    vs_buf_free(&m.text);
    return r;
}
