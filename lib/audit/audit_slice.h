/* SPDX-License-Identifier: MIT */
/* A slice of the events in memory: read in one transaction, then hashed on a thread of its own while the next one is
 * read. */
#ifndef VS_AUDIT_AUDIT_SLICE_H
#define VS_AUDIT_AUDIT_SLICE_H

#include "record/block.h"
#include "trail/chain.h"
#include <pthread.h>

enum { VS_SLICE = 2048 };

struct vs_sliced {
    struct vs_link link;
    uint8_t before[VS_SHA256_SIZE]; /* what is on record as the hash of the one before it */
    uint8_t hash[VS_SHA256_SIZE];   /* what its own should be, then; hashed: 0, or why there is none */
    uint8_t leaf[VS_SHA256_SIZE];   /* of the tree, by the hash that is on record */
    int hashed;
};

struct vs_slice {
    struct vs_block *block; /* of the bytes that the links borrow */
    struct vs_sliced *rows;
    size_t count;
    struct vs_sha256 *h;
    uint8_t (*ids)[VS_CHAIN_ID]; /* of the chains */
    pthread_t thread;
    int running;
};

int vs_slice_new(struct vs_slice *ret, uint8_t (*ids)[VS_CHAIN_ID], vidstore_error **e);
void vs_slice_free(struct vs_slice *slice); /* waits for the hashing; all zeros are fine */
/* The first events after a position, up to another. last: of each chain the hash before it, and then the last one. */
int vs_slice_read(struct vs_slice *slice, struct vs_conn *conn, int64_t after, int64_t upto,
                  uint8_t last[VS_CHAINS][VS_SHA256_SIZE], vidstore_error **e);
/* Begins to hash; the slice must be left alone until the end. */
void vs_slice_hash(struct vs_slice *slice);
void vs_slice_hashed(struct vs_slice *slice);

#endif
