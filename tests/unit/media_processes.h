/* SPDX-License-Identifier: MIT */
/* The processes of the prober, as a test that meddles with them finds them. */
#ifndef TESTS_MEDIA_PROCESSES_H
#define TESTS_MEDIA_PROCESSES_H

#include "media_harness.h"

/* The oldest helper process that is a child of another; 0 when there is none. Zombies do not count. wanted_state 0:
 * any. */
static inline pid_t helper_in_state(pid_t wanted, char wanted_state) {
    DIR *d = opendir("/proc");
    pid_t found = 0;
    for (struct dirent *entry; !found && (entry = readdir(d));) {
        char path[300], name[64] = "", state = 0;
        int parent = 0;
        snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
        FILE *f = atoi(entry->d_name) > 0 ? fopen(path, "re") : NULL;
        if (f && fscanf(f, "%*d (%63[^)]) %c %d", name, &state, &parent) == 3 && parent == wanted && state != 'Z' &&
            (!wanted_state || state == wanted_state) && strcmp(name, "vidstore-probe") == 0)
            found = atoi(entry->d_name);
        if (f)
            fclose(f);
    }
    closedir(d);
    return found;
}

static inline pid_t helper_under(pid_t wanted) {
    return helper_in_state(wanted, 0);
}

static inline pid_t helper_pid(void) {
    return helper_under(getpid());
}

#endif
