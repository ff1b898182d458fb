/* SPDX-License-Identifier: MIT */
/* The memory for hashing passwords: one budget for the process, for it is the process that runs out of memory. */
#ifndef VS_ACCESS_ARENA_H
#define VS_ACCESS_ARENA_H

#include "db/db.h"

/* Waits until there is room in the budget: two seconds at the most, sixty-four waiting at the most; then BUSY with a
 * time to wait, before anything was computed. Not known: the last place of a usual size is kept for those who are. */
int vs_arena_take(uint32_t memory_kib, int known, const struct vs_call *call, vidstore_error **e);
void vs_arena_give(uint32_t memory_kib);

/* What libargon2 asks for memory, and gives it back to: between take and give, on the same thread. Some is kept, so
 * that not every hash starts with page faults. */
int vs_arena_memory(uint8_t **ret, size_t size);
void vs_arena_memory_done(uint8_t *memory, size_t size);

#endif
