/* SPDX-License-Identifier: MIT */
/* Memory: every allocation of the library goes through here, so that tests can make the n-th one fail. */
#ifndef VS_UTIL_ALLOC_H
#define VS_UTIL_ALLOC_H

#include <stddef.h>

void *vs_malloc(size_t size);
void *vs_calloc(size_t count, size_t size);
void *vs_realloc(void *p, size_t size);
void *vs_reallocarray(void *p, size_t count, size_t size); /* NULL on overflow too */
void *vs_memdup(const void *p, size_t size);
char *vs_strdup(const char *s);
char *vs_strndup(const char *s, size_t n);
void vs_free(void *p);

static inline void vs_free_cleanup(void *pp) {
    vs_free(*(void **)pp);
}

/* A local that is freed when it goes out of scope; VS_TAKE hands its value on instead. */
#define VS_CLEANUP(fn) __attribute__((cleanup(fn)))
#define vs_autofree    VS_CLEANUP(vs_free_cleanup)
#define VS_TAKE(p)                                                                                                     \
    __extension__({                                                                                                    \
        __typeof__(p) vs_taken_ = (p);                                                                                 \
        (p) = NULL;                                                                                                    \
        vs_taken_;                                                                                                     \
    })
#define VS_COUNT(a) (sizeof(a) / sizeof *(a))

#endif
