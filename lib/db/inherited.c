/* SPDX-License-Identifier: MIT */
#include "db/inherited.h"
#include "util/alloc.h"
#include <errno.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

/* Never freed, but used again. */
struct vs_open_file {
    struct vs_open_file *next;
    _Atomic(pid_t) pid; /* 0: free; -1: being written */
    dev_t dev;
    ino_t ino;
};

/* One for the process, as SQLite's own list is. Without a lock: one that another thread holds while the process forks
 * would stay locked in the child. */
static _Atomic(struct vs_open_file *) files;

int vs_is_inherited(const char *path) {
    struct stat st;
    pid_t pid = getpid();
    if (!path || stat(path, &st) != 0)
        return 0;
    for (struct vs_open_file *f = atomic_load(&files); f; f = f->next) {
        pid_t owner = atomic_load(&f->pid);
        if (owner > 0 && owner != pid && f->dev == st.st_dev && f->ino == st.st_ino)
            return 1;
    }
    return 0;
}

static struct vs_open_file *unused(void) {
    for (struct vs_open_file *f = atomic_load(&files); f; f = f->next) {
        pid_t none = 0;
        if (atomic_compare_exchange_strong(&f->pid, &none, -1))
            return f;
    }
    struct vs_open_file *f = vs_malloc(sizeof *f);
    if (!f)
        return NULL;
    atomic_init(&f->pid, -1);
    f->next = atomic_load(&files);
    while (!atomic_compare_exchange_weak(&files, &f->next, f))
        ;
    return f;
}

int vs_open_file_add(const char *path, struct vs_open_file **ret, vidstore_error **e) {
    struct stat st;
    *ret = NULL;
    if (!path)
        return 0;
    if (stat(path, &st) != 0)
        return errno == ENOENT ? 0 : vs_fail_errno(e, errno, "path", "look at the database");
    struct vs_open_file *f = unused();
    if (!f)
        return vs_fail_nomem(e);
    f->dev = st.st_dev;
    f->ino = st.st_ino;
    atomic_store(&f->pid, getpid());
    *ret = f;
    return 0;
}

void vs_open_file_drop(struct vs_open_file *file) {
    if (file)
        atomic_store(&file->pid, 0);
}
