/* SPDX-License-Identifier: MIT */
#include "audit/audit_slice.h"
#include "audit/audit.h"
#include "trail/tree.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include <string.h>

enum { FIRST_SIZE = 512 * VS_SLICE };

int vs_slice_new(struct vs_slice *ret, uint8_t (*ids)[VS_CHAIN_ID], vidstore_error **e) {
    *ret = (struct vs_slice){.ids = ids, .rows = vs_reallocarray(NULL, VS_SLICE, sizeof *ret->rows)};
    return ret->rows ? vs_sha256_new(&ret->h, e) : vs_fail_nomem(e);
}

void vs_slice_free(struct vs_slice *slice) {
    vs_slice_hashed(slice);
    vs_block_unref(slice->block);
    vs_sha256_free(slice->h);
    vs_free(slice->rows);
}

int vs_audit_last_seq(struct vs_conn *conn, int64_t *ret, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, VS_STMT_AUDIT_SEQ_LAST, &s, e);
    if (!r)
        r = vs_row(s, e);
    *ret = r == VS_ROW && !vs_col_null(s, 0) ? vs_col_int(s, 0) : 0;
    return r < 0 ? r : 0;
}

/* --- reading -------------------------------------------------------------------------------------------------- */

static void *keep(uint8_t **at, const void *bytes, size_t len) {
    uint8_t *copy = *at;
    memcpy(copy, bytes, len);
    *at += len;
    return copy;
}

/* The row goes away with the next step: its bytes are copied, in one piece. */
static int own_bytes(struct vs_block *block, struct vs_link *link) {
    size_t size = link->hash_size + link->salt_sizes[VS_PART_ACTOR] + link->salt_sizes[VS_PART_OBJECT];
    for (int i = 0; i < VS_LINK_FIELDS; i++)
        size += link->values[i].len;
    uint8_t *at = vs_block_alloc(block, size + 1);
    if (!at)
        return VIDSTORE_NOMEM;
    if (link->hash)
        link->hash = keep(&at, link->hash, link->hash_size);
    for (int part = VS_PART_ACTOR; part < VS_PARTS; part++)
        if (link->salts[part])
            link->salts[part] = keep(&at, link->salts[part], link->salt_sizes[part]);
    for (int i = 0; i < VS_LINK_FIELDS; i++)
        if (link->values[i].data)
            link->values[i].data = keep(&at, link->values[i].data, link->values[i].len);
    return 0;
}

static int add(struct vs_slice *slice, struct vs_stmt *s, uint8_t last[VS_CHAINS][VS_SHA256_SIZE], vidstore_error **e) {
    struct vs_sliced *row = &slice->rows[slice->count];
    vs_link_read(&row->link, s);
    if (own_bytes(slice->block, &row->link))
        return vs_fail_nomem(e);
    if (row->link.chain) {
        uint8_t *end = last[row->link.chain];
        memcpy(row->before, end, VS_SHA256_SIZE);
        memset(end, 0, VS_SHA256_SIZE);
        if (row->link.hash_size == VS_SHA256_SIZE)
            memcpy(end, row->link.hash, VS_SHA256_SIZE);
    }
    slice->count++;
    return 0;
}

int vs_slice_read(struct vs_slice *slice, struct vs_conn *conn, int64_t after, int64_t upto,
                  uint8_t last[VS_CHAINS][VS_SHA256_SIZE], vidstore_error **e) {
    vs_autostmt *s = NULL;
    vs_block_unref(slice->block);
    slice->count = 0;
    slice->block = vs_block_new(FIRST_SIZE);
    int r = slice->block ? vs_stmt(conn, VS_STMT_AUDIT_LINK_PAGE, &s, e) : vs_fail_nomem(e);
    if (r)
        return r;
    vs_bind_int(s, 1, after);
    vs_bind_int(s, 2, upto);
    vs_bind_int(s, 3, VS_SLICE);
    while ((r = vs_step(s, e)) == VS_ROW)
        if ((r = add(slice, s, last, e)))
            return r;
    return r;
}

/* --- hashing -------------------------------------------------------------------------------------------------- */

static void *hash_all(void *arg) {
    struct vs_slice *slice = arg;
    for (size_t i = 0; i < slice->count; i++) {
        struct vs_sliced *row = &slice->rows[i];
        if (!row->link.chain)
            continue;
        row->hashed = vs_link_hash(slice->h, &row->link, slice->ids[row->link.chain], row->before, row->hash);
        if (row->link.hash_size == VS_SHA256_SIZE && vs_tree_leaf_hash(slice->h, row->link.hash, row->leaf))
            row->hashed = VIDSTORE_NOMEM;
    }
    return NULL;
}

void vs_slice_hash(struct vs_slice *slice) {
    slice->running = slice->count && !vs_env()->thread_start(hash_all, slice, &slice->thread);
    if (!slice->running)
        hash_all(slice); /* without a thread it only takes longer */
}

void vs_slice_hashed(struct vs_slice *slice) {
    if (slice->running)
        pthread_join(slice->thread, NULL);
    slice->running = 0;
}
