/* SPDX-License-Identifier: MIT */
#include "cli.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *checked(void *pointer) {
    if (!pointer) {
        fputs("vidstore: out of memory (NOMEM)\n", stderr);
        exit(CLI_FAILURE);
    }
    return pointer;
}

void *cli_alloc(size_t size) {
    return checked(calloc(1, size ? size : 1));
}

void *cli_grow(void *old, size_t count, size_t size) {
    return checked(reallocarray(old, count ? count : 1, size));
}

char *cli_copy(const char *text) {
    return checked(strdup(text));
}

char *cli_print(const char *format, ...) {
    char *text = NULL;
    va_list list;
    va_start(list, format);
    int length = vasprintf(&text, format, list);
    va_end(list);
    return checked(length < 0 ? NULL : text);
}

void cli_clean_memory(void *pointer) {
    void *memory;
    memcpy(&memory, pointer, sizeof memory);
    free(memory);
}

void cli_clean_fd(int *fd) {
    if (*fd >= 0)
        close(*fd);
}
