/* SPDX-License-Identifier: MIT */
/* A stranger's program, C99 and C++11: opens a store, sees that an error is handed over, prints the version. */
#include <stdio.h>
#include <vidstore/vidstore.h>

static int fail(const char *what, vidstore_error *error) {
    fprintf(stderr, "%s: %s\n", what, vidstore_error_message(error));
    vidstore_error_free(error);
    return 1;
}

int main(int argc, char **argv) {
    vidstore *store = NULL;
    vidstore_error *error = NULL;
    if (argc != 2 || vidstore_version_number() != VIDSTORE_VERSION_NUMBER)
        return 2;
    if (vidstore_open(argv[1], NULL, &store, &error) != VIDSTORE_OK)
        return fail("open", error);
    vidstore_close(store);

    store = NULL;
    vidstore_status status = vidstore_open("", NULL, &store, &error);
    if (status != VIDSTORE_INVALID || store != NULL || vidstore_error_code(error) != status)
        return fail("an empty path", error);
    vidstore_error_free(error);
    printf("vidstore %s\n", vidstore_version());
    return 0;
}
