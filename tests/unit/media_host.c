/* SPDX-License-Identifier: MIT */
/* Probing as a good guest: whatever the host does with its children, signals and descriptors. */
#include "media_harness.h"
#include "media_processes.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

START_TEST(the_host_dies) {
    int pipes[2];
    pid_t helper = 0;
    ck_assert_int_eq(pipe(pipes), 0);
    pid_t host = fork();
    if (host == 0) {
        vs_prober_check(prober, NULL, NULL, NULL);
        helper = helper_pid();
        ck_assert_int_eq(write(pipes[1], &helper, sizeof helper), (ssize_t)sizeof helper);
        kill(getpid(), SIGKILL);
    }
    ck_assert_int_eq(read(pipes[0], &helper, sizeof helper), (ssize_t)sizeof helper);
    ck_assert_int_gt(helper, 0);
    waitpid(host, NULL, 0);
    char path[64], state = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", helper);
    for (int i = 0; i < 300; i++, usleep(10000)) {
        FILE *f = fopen(path, "re");
        if (!f)
            return;
        int n = fscanf(f, "%*d (%*[^)]) %c", &state);
        fclose(f);
        if (n != 1 || state == 'Z')
            return;
    }
    ck_abort_msg("the helper outlives its host");
}
END_TEST

START_TEST(a_host_that_forks) {
    expect_status("text.mp4", "not_media");
    pid_t helper = helper_pid();
    pid_t child = fork();
    if (child == 0) {
        struct vs_probe *p = NULL;
        int fd = open_in_folder("text.mp4", O_RDONLY);
        int rc = vs_probe_fd(prober, fd, NULL, &p, NULL);
        int ok = rc == 0 && strcmp(p->status, "not_media") == 0 && helper_pid() > 0 && helper_pid() != helper;
        vs_prober_free(prober);
        _exit(ok ? 0 : 1);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    expect_status("text.mp4", "not_media");
    ck_assert_int_eq(helper_pid(), helper);
}
END_TEST

START_TEST(a_host_that_ignores_its_children) {
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    sigaction(SIGCHLD, &ignore, &before);
    expect_status("text.mp4", "not_media");
    kill(helper_pid(), SIGKILL);
    expect_status("text.mp4", "not_media");
    vs_prober_free(VS_TAKE(prober));
    sigaction(SIGCHLD, &before, NULL);
}
END_TEST

START_TEST(low_descriptors_are_free) {
    /* a daemon without standard streams: the sockets get the numbers that the helper wants for others */
    int saved[3];
    for (int i = 0; i < 3; i++)
        saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 50);
    close(0);
    close(1);
    close(2);
    vidstore_error *e = NULL;
    int rc = vs_prober_check(prober, NULL, NULL, &e);
    for (int i = 0; i < 3; i++)
        dup2(saved[i], i);
    ck_assert_msg(rc == 0, "%s", vidstore_error_message(e));
}
END_TEST

/* A host may have few descriptors left for itself: that is said, and neither a descriptor nor a process is lost. */
START_TEST(the_host_has_no_room) {
    struct rlimit before, few;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    int fd = open_in_folder("text.mp4", O_RDONLY), lowest = fd + 1, well = 0;
    for (int room = 0; room < 12 && !well; room++) {
        vidstore_error *e = NULL;
        struct vs_probe *p = NULL;
        few = (struct rlimit){(rlim_t)(lowest + room), before.rlim_max};
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
        int rc = vs_probe_fd(prober, fd, NULL, &p, &e);
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
        well = rc == 0;
        ck_assert(well ? strcmp(p->status, "not_media") == 0 : !p && strstr(vidstore_error_message(e), "can't make"));
        vidstore_error_free(e);
        vs_probe_free(p);
    }
    ck_assert(well);
    close(fd);
    vs_prober_free(VS_TAKE(prober));
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}
END_TEST

static void reap_all(int signal) {
    int before = errno;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        continue;
    errno = before;
}

/* Whoever takes the ends of all its children takes that of the helper too. */
START_TEST(a_host_that_reaps_all) {
    struct sigaction reaper = {.sa_handler = reap_all}, before; /* without SA_RESTART: calls are interrupted */
    sigaction(SIGCHLD, &reaper, &before);
    for (int i = 0; i < 3; i++) {
        expect_status("text.mp4", "not_media");
        kill(helper_pid(), SIGKILL);
    }
    expect_status("noise.bin", "not_media");
    vs_prober_free(VS_TAKE(prober));
    sigaction(SIGCHLD, &before, NULL);
    ck_assert_int_eq(helper_pid(), 0);
}
END_TEST

/* From here on the system does not know the call, as an old kernel or the filter of a container would have it. */
static void forget_call(int number) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {.len = sizeof code / sizeof *code, .filter = code};
    ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
}

START_TEST(an_old_system) {
    static const int calls[] = {SYS_close_range, SYS_pidfd_open, SYS_landlock_create_ruleset, SYS_seccomp};
    forget_call(calls[_i]);
    expect_status("text.mp4", "not_media");
    expect_status("noise.bin", "not_media");
}
END_TEST

Suite *media_host_suite(void);
Suite *media_host_suite(void) {
    Suite *suite = suite_create("media_host");
    TCase *c = new_case(suite, "host", set_up_files, remove_files);
    tcase_add_test(c, the_host_dies);
    tcase_add_test(c, a_host_that_forks);
    tcase_add_test(c, a_host_that_ignores_its_children);
    tcase_add_test(c, low_descriptors_are_free);
    tcase_add_test(c, the_host_has_no_room);
    tcase_add_test(c, a_host_that_reaps_all);
    tcase_add_loop_test(c, an_old_system, 0, 4);
    return suite;
}
