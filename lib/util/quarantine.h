/* SPDX-License-Identifier: MIT */
/* Where freed handles wait, in debug builds, so that using or freeing one again is told and not undefined. */
#ifndef VS_UTIL_QUARANTINE_H
#define VS_UTIL_QUARANTINE_H

#include <stddef.h>

/* Frees p, of size bytes; NULL is fine. A debug build overwrites it with VS_MAGIC_FREED first and keeps it out of the
 * allocator's hands until some hundred others were freed: a handle in it is then refused as freed wherever it comes
 * back. A release build and the sanitizers (they do this better) only mark the first word, and free at once. */
void vs_quarantine(void *p, size_t size);

#endif
