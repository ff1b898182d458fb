/* SPDX-License-Identifier: MIT */
#include "util/env.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

static int64_t clock_us(clockid_t id) {
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t real_now_us(void) {
    return clock_us(CLOCK_REALTIME);
}

static int64_t real_mono_us(void) {
    return clock_us(CLOCK_MONOTONIC);
}

static int64_t real_boot_us(void) {
    return clock_us(CLOCK_BOOTTIME);
}

static int real_random(void *buf, size_t size) {
    for (size_t done = 0; done < size;) {
        ssize_t n = getrandom((char *)buf + done, size - done, 0);
        if (n < 0 && errno != EINTR)
            return -1;
        done += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static void *real_alloc(void *p, size_t size) {
    return realloc(p, size);
}

/* The host's signals are the host's: no thread of ours ever takes one. */
static int real_thread_start(void *(*run)(void *), void *arg, void *ret_pthread_t) {
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int r = pthread_create(ret_pthread_t, NULL, run, arg);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return r;
}

const struct vs_env vs_env_real = {real_now_us, real_mono_us, real_boot_us,     real_random,
                                   real_alloc,  free,         real_thread_start};

static _Atomic(const struct vs_env *) in_force = &vs_env_real;

const struct vs_env *vs_env(void) {
    return atomic_load_explicit(&in_force, memory_order_acquire);
}

void vs_env_set(const struct vs_env *env) {
    atomic_store_explicit(&in_force, env ? env : &vs_env_real, memory_order_release);
}

int64_t vs_now_us(void) {
    return vs_env()->now_us();
}

int64_t vs_mono_us(void) {
    return vs_env()->mono_us();
}

int64_t vs_boot_us(void) {
    return vs_env()->boot_us();
}

static char boot_id[48];
static pthread_once_t boot_id_once = PTHREAD_ONCE_INIT;

static void read_boot_id(void) {
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, boot_id, sizeof boot_id - 1);
    if (fd >= 0)
        close(fd);
    boot_id[n > 0 ? n : 0] = '\0';
    boot_id[strcspn(boot_id, "\n")] = '\0';
}

const char *vs_boot_id(void) {
    pthread_once(&boot_id_once, read_boot_id);
    return boot_id;
}

int vs_random(void *buf, size_t size) {
    return vs_env()->random(buf, size);
}
