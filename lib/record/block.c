/* SPDX-License-Identifier: MIT */
#include "record/block.h"
#include "util/alloc.h"
#include "util/quarantine.h"
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

struct chunk {
    struct chunk *next;
    size_t used, size;
    _Alignas(16) char data[];
};

struct vs_block {
    atomic_int refs;
    struct chunk *chunks; /* the newest first */
};

static struct chunk *chunk_new(size_t size, struct chunk *next) {
    struct chunk *c = vs_malloc(sizeof *c + size);
    if (c)
        *c = (struct chunk){next, 0, size};
    return c;
}

struct vs_block *vs_block_new(size_t first_size) {
    /* The block itself is the first thing in its first chunk. */
    size_t head = (sizeof(struct vs_block) + 15) & ~(size_t)15;
    struct chunk *c = chunk_new(first_size + head, NULL);
    if (!c)
        return NULL;
    struct vs_block *block = (struct vs_block *)(void *)c->data;
    c->used = head;
    atomic_init(&block->refs, 1);
    block->chunks = c;
    return block;
}

struct vs_block *vs_block_ref(struct vs_block *block) {
    atomic_fetch_add_explicit(&block->refs, 1, memory_order_relaxed);
    return block;
}

void vs_block_unref(struct vs_block *block) {
    if (!block || atomic_fetch_sub_explicit(&block->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (struct chunk *c = block->chunks, *next; c; c = next) {
        next = c->next;
        vs_quarantine(c, sizeof *c + c->size);
    }
}

static void *take(struct vs_block *block, size_t size, size_t align) {
    struct chunk *c = block->chunks;
    size_t at = (c->used + align - 1) & ~(align - 1);
    if (at > c->size || size > c->size - at) {
        size_t want = c->size * 2 > size + align ? c->size * 2 : size + align;
        c = chunk_new(want > (1 << 20) && size < (1 << 19) ? 1 << 20 : want, c);
        if (!c)
            return NULL;
        block->chunks = c;
        at = 0;
    }
    c->used = at + size;
    return c->data + at;
}

void *vs_block_alloc(struct vs_block *block, size_t size) {
    return take(block, size, 16);
}

size_t vs_block_size(const struct vs_block *block) {
    size_t size = 0;
    for (const struct chunk *c = block->chunks; c; c = c->next)
        size += c->used;
    return size;
}

char *vs_block_text(struct vs_block *block, const char *text, size_t len) {
    char *copy = take(block, len + 1, 1);
    if (!copy)
        return NULL;
    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}
