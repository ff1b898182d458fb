/* SPDX-License-Identifier: MIT */
/* A block: memory for records that live and die together, counted. A page and its records are one block. */
#ifndef VS_RECORD_BLOCK_H
#define VS_RECORD_BLOCK_H

#include <stddef.h>

struct vs_block;

struct vs_block *vs_block_new(size_t first_size); /* one reference; NULL: out of memory */
struct vs_block *vs_block_ref(struct vs_block *block);
void vs_block_unref(struct vs_block *block); /* NULL is fine */
/* Memory aligned for anything, until the last reference goes; NULL: out of memory. */
void *vs_block_alloc(struct vs_block *block, size_t size);
/* Bytes that the block has taken so far. */
size_t vs_block_size(const struct vs_block *block);
/* A copy of len bytes and a NUL. */
char *vs_block_text(struct vs_block *block, const char *text, size_t len);

static inline void vs_block_cleanup(struct vs_block **block) {
    vs_block_unref(*block);
}
#define vs_autoblock __attribute__((cleanup(vs_block_cleanup))) struct vs_block

#endif
