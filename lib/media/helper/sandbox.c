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

/* The compiled filter: the helper makes it once, each child loads it. */
static struct sock_fprog program;

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

static int add_rules(scmp_filter_ctx filter) {
    int rc = 0;
    for (size_t i = 0; i < COUNT(harmless); i++)
        rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, harmless[i], 0);
    for (size_t i = 0; i < COUNT(refused); i++)
        rc |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), refused[i], 0);
    /* the file is only read, the pipe only written */
    rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(pread64), 1, SCMP_A0(SCMP_CMP_EQ, SANDBOX_MEDIA_FD));
    rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1, SCMP_A0(SCMP_CMP_EQ, SANDBOX_ANSWER_FD));
    /* memory: anonymous, never executable */
    rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
                           SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS));
    rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    return rc;
}

/* Takes the compiled program out of libseccomp, which writes it to a descriptor only. */
static int export_program(scmp_filter_ctx filter) {
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
    program.filter = code;
    program.len = (unsigned short)((size_t)size / sizeof *code);
    return 0;
}

int sandbox_prepare(void) {
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    if (!filter)
        return -1;
    /* EACCES for a call that the default refuses already is no conflict; a failed rule is */
    int rc = add_rules(filter) == 0 ? export_program(filter) : -1;
    seccomp_release(filter);
    return rc;
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

static int enter_rlimits(int32_t timeout_ms) {
    if (limit(RLIMIT_AS, ADDRESS_SPACE) || limit(RLIMIT_CORE, 0) || limit(RLIMIT_FSIZE, 0) || limit(RLIMIT_NOFILE, 8) ||
        limit(RLIMIT_CPU, (rlim_t)timeout_ms / 1000 + 2))
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

int sandbox_enter(int32_t timeout_ms) {
    unsigned int layers = VS_MEDIA_RLIMITS | VS_MEDIA_SECCOMP;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return -1;
    if (enter_landlock())
        layers |= VS_MEDIA_LANDLOCK;
    if (enter_rlimits(timeout_ms) != 0)
        return -1;
    if (program.len == 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0)
        return -1;
    return (int)layers;
}
