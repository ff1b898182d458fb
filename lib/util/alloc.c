/* SPDX-License-Identifier: MIT */
#include "util/alloc.h"
#include "util/env.h"
#include <stdint.h>
#include <string.h>

void *vs_malloc(size_t size) {
    return vs_env()->alloc(NULL, size ? size : 1);
}

void *vs_calloc(size_t count, size_t size) {
    if (size && count > SIZE_MAX / size)
        return NULL;
    void *p = vs_malloc(count * size);
    return p ? memset(p, 0, count * size) : NULL;
}

void *vs_realloc(void *p, size_t size) {
    return vs_env()->alloc(p, size ? size : 1);
}

void *vs_reallocarray(void *p, size_t count, size_t size) {
    return size && count > SIZE_MAX / size ? NULL : vs_realloc(p, count * size);
}

void *vs_memdup(const void *p, size_t size) {
    void *copy = vs_malloc(size);
    return copy && size ? memcpy(copy, p, size) : copy;
}

char *vs_strndup(const char *s, size_t n) {
    char *copy = vs_malloc(n + 1);
    if (!copy)
        return NULL;
    memcpy(copy, s, n);
    copy[n] = '\0';
    return copy;
}

char *vs_strdup(const char *s) {
    return vs_strndup(s, strlen(s));
}

void vs_free(void *p) {
    if (p)
        vs_env()->release(p);
}
