/* SPDX-License-Identifier: MIT */
/* Checkpoints of the audit: a text that says how long each chain is and what its tree and its end hash to, bound to the
 * checkpoint before it, and signed when there is a key. vidstore-audit(7) has its form. */
#ifndef VS_TRAIL_CHECKPOINT_H
#define VS_TRAIL_CHECKPOINT_H

#include "trail/chain.h"
#include "trail/trail.h"
#include "trail/tree.h"
#include "util/buf.h"

enum vs_checkpoint_kind {
    VS_CHECKPOINT_TIME,  /* long enough ago, or nothing happened */
    VS_CHECKPOINT_COUNT, /* a segment's worth of events since then */
    VS_CHECKPOINT_CLOSE, /* the store is closed */
    VS_CHECKPOINT_CALL,  /* somebody asked for it */
    VS_CHECKPOINT_KINDS
};
extern const char *const vs_checkpoint_kinds[VS_CHECKPOINT_KINDS];

struct vs_checkpoint_chain {
    uint8_t id[VS_CHAIN_ID];
    int64_t size;
    uint8_t root[VS_SHA256_SIZE], head[VS_SHA256_SIZE];
};

/* What a checkpoint says. */
struct vs_checkpoint {
    int64_t number, time_us;
    char store[VS_UUID_TEXT], kind[16];
    uint8_t previous[VS_SHA256_SIZE]; /* SHA-256 of the body of the one before it; zeros: the first */
    struct vs_checkpoint_chain chains[VS_CHAINS];
    int has_key, has_signature;
    uint8_t key[VS_ED25519_PUBLIC], signature[VS_ED25519_SIGNATURE];
    size_t body; /* bytes of the text that are hashed and signed */
};

/* Reads a text; INVALID naming the field when it is none. */
int vs_checkpoint_parse(const char *text, size_t len, const char *field, struct vs_checkpoint *ret, vidstore_error **e);
void vs_checkpoint_write(struct vs_buf *b, const struct vs_checkpoint *c);

struct vs_checkpoint_request {
    enum vs_checkpoint_kind kind;
    int64_t after_us;               /* TIME and COUNT: none before the last one is this old, or a segment is full */
    const struct vs_signer *signer; /* NULL: not signed */
    const struct vs_actor *actor;   /* who asked: an event says so; NULL: no event */
};

/* Seals the segments that are full, and makes a checkpoint when one is due. Takes no long transaction: hashing runs in
 * reads. text: what was made, or left empty. Must not be called from inside a database operation. */
int vs_checkpoint_make(struct vs_db *db, const struct vs_call *call, const struct vs_checkpoint_request *request,
                       struct vs_buf *text, vidstore_error **e);
/* Seals full segments alone. */
int vs_segments_seal(struct vs_db *db, const struct vs_call *call, vidstore_error **e);
/* The id of the store, which its checkpoints and exports name; left as it is when it has none yet. */
int vs_checkpoint_store(struct vs_conn *conn, char ret[VS_UUID_TEXT], vidstore_error **e);
/* The text of the last checkpoint, or of a number; empty when there is none. */
int vs_checkpoint_last(struct vs_conn *conn, struct vs_buf *text, vidstore_error **e);
int vs_checkpoint_get(struct vs_conn *conn, int64_t number, struct vs_buf *text, vidstore_error **e);

/* All of them, by number, a page at a time. each: 0 to go on. */
enum { VS_CHECKPOINTS_PAGE = 500 };
struct vs_checkpoint_page {
    int64_t number; /* of the last one that was read; 0 at first */
    int rows;       /* how many this page had: fewer than a page are the last */
    int (*each)(void *arg, int64_t number, const char *text, size_t len, vidstore_error **e);
    void *arg;
};
int vs_checkpoint_next(struct vs_conn *conn, struct vs_checkpoint_page *page, vidstore_error **e);

#endif
