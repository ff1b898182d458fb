/* SPDX-License-Identifier: MIT */
/* What the examples share: a store in a scratch directory, and an end with a message when a call fails. */
#ifndef VIDSTORE_EXAMPLE_H
#define VIDSTORE_EXAMPLE_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <vidstore/vidstore.h>

static char example_directory[] = "/tmp/vidstore-example-XXXXXX";

static inline int example_unlink(const char *path, const struct stat *st, int kind, struct FTW *walk) {
    (void)st, (void)kind, (void)walk;
    return remove(path);
}

static inline void example_clean(void) {
    nftw(example_directory, example_unlink, 16, FTW_DEPTH | FTW_PHYS);
}

/* Ends the program with a message when a call failed. */
static inline void example_check(vidstore_status status, vidstore_error **error) {
    if (status == VIDSTORE_OK)
        return;
    fprintf(stderr, "%s: %s\n", vidstore_status_name(status), vidstore_error_message(*error));
    vidstore_error_free(*error);
    exit(EXIT_FAILURE);
}

/* Says what was expected and ends the program when it is not so. */
static inline void example_expect(int so, const char *what) {
    if (so)
        return;
    fprintf(stderr, "not as it should be: %s\n", what);
    exit(EXIT_FAILURE);
}

/* A new store that is removed at the end of the program. */
static inline vidstore *example_store(void) {
    vidstore *store = NULL;
    vidstore_error *error = NULL;
    if (!mkdtemp(example_directory)) {
        perror(example_directory);
        exit(EXIT_FAILURE);
    }
    atexit(example_clean);
    example_check(vidstore_open(example_directory, NULL, &store, &error), &error);
    return store;
}

#endif
