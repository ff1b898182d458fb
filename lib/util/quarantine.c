/* SPDX-License-Identifier: MIT */
#include "util/quarantine.h"
#include "util/alloc.h"
#include "util/handle.h"
#include <stdatomic.h>
#include <string.h>

#if defined(NDEBUG) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

void vs_quarantine(void *p, size_t size) {
    const uint32_t mark = VS_MAGIC_FREED;
    if (p && size >= sizeof mark)
        memcpy(p, &mark, sizeof mark); /* until the allocator gives the memory to another */
    vs_free(p);
}

#else

enum {
    KEPT = 128,       /* so many at most… */
    LARGEST = 1 << 15 /* …of so many bytes: 4 MiB in all */
};

/* One for the process, since a freed handle belongs to no store any more. Without a lock: a child of fork() may free,
 * too, and a lock may have been held when it was forked. */
static _Atomic(void *) kept[KEPT];
static atomic_uint turn;

void vs_quarantine(void *p, size_t size) {
    const uint32_t mark = VS_MAGIC_FREED;
    if (!p)
        return;
    for (size_t at = 0; at + sizeof mark <= size; at += sizeof mark)
        memcpy((char *)p + at, &mark, sizeof mark);
    if (size > LARGEST)
        vs_free(p);
    else
        vs_free(atomic_exchange(&kept[atomic_fetch_add(&turn, 1) % KEPT], p));
}

#endif
