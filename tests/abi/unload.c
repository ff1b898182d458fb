/* SPDX-License-Identifier: MIT */
/* A host that unloads the library while threads of it are at work, as plugins do: they go on, and the program ends
 * well.
 *
 * usage: unload LIBVIDSTORE
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <vidstore/vidstore.h>

/* By its bytes: C knows no way from an object's address to a function's, POSIX does. */
#define FUNCTION(name)                                                                                                 \
    __typeof__(&vidstore_##name) name;                                                                                 \
    void *at_##name = find(library, "vidstore_" #name);                                                                \
    memcpy(&name, &at_##name, sizeof name)

static void *find(void *library, const char *name) {
    void *function = dlsym(library, name);
    if (!function) {
        fprintf(stderr, "%s: %s\n", name, dlerror());
        exit(1);
    }
    return function;
}

static void check(const char *what, vidstore_status status) {
    if (status == VIDSTORE_OK)
        return;
    fprintf(stderr, "%s: status %d\n", what, (int)status);
    exit(1);
}

/* Leaves threads behind that wait and that write: a claim, submits, a watch. */
static void use(void *library) {
    FUNCTION(open);
    FUNCTION(session_system);
    FUNCTION(queue_new);
    FUNCTION(call_start);
    FUNCTION(watch_open);
    vidstore *store = NULL;
    vidstore_session *session = NULL;
    vidstore_queue *queue = NULL;
    vidstore_watch *watch = NULL;
    int64_t op = 0;
    check("open", open(":memory:", NULL, &store, NULL));
    check("session", session_system(store, "host", &session, NULL));
    check("queue", queue_new(store, 0, &queue, NULL));
    check("watch", watch_open(session, NULL, NULL, &watch, NULL));
    check("claim", call_start(session, queue, 0, "job.claim", "{\"kinds\":\"none\",\"wait_ms\":60000}", &op, NULL));
    for (int i = 0; i < 100; i++)
        check("submit", call_start(session, queue, i, "job.submit", "{\"params\":{\"kind\":\"other\"}}", &op, NULL));
}

int main(int argc, char **argv) {
    for (int i = 0; i < 2 && argc == 2; i++) { /* loaded again, it is the same one */
        void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
        if (!library) {
            fprintf(stderr, "%s\n", dlerror());
            return 1;
        }
        use(library);
        if (dlclose(library)) {
            fprintf(stderr, "%s\n", dlerror());
            return 1;
        }
        nanosleep(&(struct timespec){0, 200000000}, NULL);
    }
    return argc != 2;
}
