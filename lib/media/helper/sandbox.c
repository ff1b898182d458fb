/* SPDX-License-Identifier: MIT */
#include "sandbox.h"
#include "media/media_wire.h"
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define COUNT(a)      (sizeof(a) / sizeof *(a))
#define ADDRESS_SPACE (UINT64_C(1) << 30)
#define MANY_CPU_S    600

/* The compiled filters: the helper makes them once, each child loads one. */
static struct sock_fprog programs[SANDBOX_KINDS];

/* Calls that a probe needs and that reach nothing but its own memory. */
static const int harmless[] = {
    SCMP_SYS(brk),          SCMP_SYS(munmap),
    SCMP_SYS(mremap),       SCMP_SYS(madvise),
    SCMP_SYS(futex),        SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres), SCMP_SYS(gettimeofday),
    SCMP_SYS(getrandom),    SCMP_SYS(getpid),
    SCMP_SYS(gettid),       SCMP_SYS(getrusage),
    SCMP_SYS(rt_sigreturn), SCMP_SYS(exit),
    SCMP_SYS(exit_group),   SCMP_SYS(restart_syscall),
    SCMP_SYS(sched_yield),  SCMP_SYS(sched_getaffinity),
#ifdef __x86_64__
    SCMP_SYS(time),
#endif
};

/* Libraries try these and cope with EACCES better than with ENOSYS, which everything else gets. A refusal harms no more
 * than a kill, and a new libc does not take every probe down. */
static const int refused[] = {
    SCMP_SYS(openat),  SCMP_SYS(newfstatat), SCMP_SYS(faccessat), SCMP_SYS(readlinkat), SCMP_SYS(socket),
    SCMP_SYS(connect), SCMP_SYS(ioctl),      SCMP_SYS(fcntl),     SCMP_SYS(execve),     SCMP_SYS(kill),
    SCMP_SYS(ptrace),
#ifdef __x86_64__
    SCMP_SYS(open),    SCMP_SYS(stat),       SCMP_SYS(lstat),     SCMP_SYS(access),     SCMP_SYS(readlink),
#endif
};

static int allow_on(scmp_filter_ctx filter, int call, int fd) {
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)fd));
}

/* What a process needs to get at its bytes: the file is only read, the pipe only written. */
static int add_descriptor_rules(scmp_filter_ctx filter, enum sandbox_kind kind) {
    int rc = allow_on(filter, SCMP_SYS(write), SANDBOX_ANSWER_FD);
    if (kind == SANDBOX_RANGED)
        rc |= allow_on(filter, SCMP_SYS(read), SANDBOX_MEDIA_FD) | allow_on(filter, SCMP_SYS(write), SANDBOX_MEDIA_FD);
    else
        rc |= allow_on(filter, SCMP_SYS(pread64), SANDBOX_MEDIA_FD);
    if (kind == SANDBOX_MANY) {
        rc |= allow_on(filter, SCMP_SYS(recvmsg), SANDBOX_REQUEST_FD);
        rc |= allow_on(filter, SCMP_SYS(write), SANDBOX_REQUEST_FD);
        rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(dup3), 0);
        rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(close), 0);
        rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(setitimer), 0);
    }
    return rc;
}

static int add_rules(scmp_filter_ctx filter, enum sandbox_kind kind) {
    int rc = add_descriptor_rules(filter, kind);
    for (size_t i = 0; i < COUNT(harmless); i++)
        rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, harmless[i], 0);
    for (size_t i = 0; i < COUNT(refused); i++)
        rc |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), refused[i], 0);
    /* memory: anonymous, never executable */
    rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
                           SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS));
    rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    return rc;
}

/* Takes the compiled program out of libseccomp, which writes it to a descriptor only. */
static int export_program(scmp_filter_ctx filter, struct sock_fprog *ret) {
    int fd = memfd_create("filter", MFD_CLOEXEC);
    if (fd < 0)
        return -1;
    off_t size = seccomp_export_bpf(filter, fd) == 0 ? lseek(fd, 0, SEEK_END) : 0;
    struct sock_filter *code = size > 0 ? malloc((size_t)size) : NULL;
    int ok = code && pread(fd, code, (size_t)size, 0) == size;
    close(fd);
    if (!ok) {
        free(code);
        return -1;
    }
    ret->filter = code;
    ret->len = (unsigned short)((size_t)size / sizeof *code);
    return 0;
}

int sandbox_prepare(void) {
    for (int kind = 0; kind < SANDBOX_KINDS; kind++) {
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
        if (!filter)
            return -1;
        int rc = add_rules(filter, (enum sandbox_kind)kind) == 0 ? export_program(filter, &programs[kind]) : -1;
        seccomp_release(filter);
        if (rc != 0)
            return -1;
    }
    return 0;
}

static int limit(int what, rlim_t value) {
    struct rlimit now;
    if (getrlimit(what, &now) != 0)
        return -1;
    if (now.rlim_max != RLIM_INFINITY && now.rlim_max < value)
        value = now.rlim_max; /* whoever started the host was stricter */
    struct rlimit wanted = {value, value};
    return setrlimit(what, &wanted);
}

static int enter_rlimits(void) {
    if (limit(RLIMIT_AS, ADDRESS_SPACE) || limit(RLIMIT_CORE, 0) || limit(RLIMIT_FSIZE, 0) || limit(RLIMIT_NOFILE, 8))
        return -1;
    return 0;
}

/* The kernel's structure and numbers, written out so that older headers do. */
struct landlock_attr {
    uint64_t fs, net, scoped;
};
enum { LANDLOCK_CREATE = 444, LANDLOCK_RESTRICT = 446, LANDLOCK_ASK_VERSION = 1 };

static int enter_landlock(void) {
    long abi = syscall(LANDLOCK_CREATE, NULL, 0, LANDLOCK_ASK_VERSION);
    if (abi < 1)
        return 0;
    struct landlock_attr attr = {
        .fs = abi >= 5   ? 0xFFFF
              : abi >= 3 ? 0x7FFF
              : abi == 2 ? 0x3FFF
                         : 0x1FFF,
        .net = abi >= 4 ? 3 : 0,
        .scoped = abi >= 6 ? 3 : 0,
    };
    size_t size = abi >= 6 ? sizeof attr : abi >= 4 ? offsetof(struct landlock_attr, scoped) : sizeof attr.fs;
    long fd = syscall(LANDLOCK_CREATE, &attr, size, 0);
    if (fd < 0)
        return 0;
    long rc = syscall(LANDLOCK_RESTRICT, (int)fd, 0);
    close((int)fd);
    return rc == 0;
}

int sandbox_begin(void) {
    unsigned int layers = VS_MEDIA_RLIMITS | VS_MEDIA_SECCOMP;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return -1;
    if (enter_landlock())
        layers |= VS_MEDIA_LANDLOCK;
    return enter_rlimits() == 0 ? (int)layers : -1;
}

int sandbox_enter(enum sandbox_kind kind, int32_t timeout_ms) {
    /* of many files the timer alone sees to each; this is the end of a process that has got rid of its timer */
    rlim_t seconds = kind == SANDBOX_MANY ? MANY_CPU_S : (rlim_t)timeout_ms / 1000 + 2;
    if (limit(RLIMIT_CPU, seconds) != 0)
        return -1;
    return programs[kind].len ? prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &programs[kind], 0, 0) : -1;
}
