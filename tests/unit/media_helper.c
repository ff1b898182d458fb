/* SPDX-License-Identifier: MIT */
/* Probing: a client that survives its helper, its host's habits, and the lack of memory. */
#include "media_harness.h"

/* A helper process that is a child of another; 0 when there is none. Zombies do not count. wanted_state 0: any. */
static pid_t helper_in_state(pid_t wanted, char wanted_state) {
    DIR *d = opendir("/proc");
    pid_t found = 0;
    for (struct dirent *entry; (entry = readdir(d));) {
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

static pid_t helper_under(pid_t wanted) {
    return helper_in_state(wanted, 0);
}

static pid_t helper_stopped(pid_t wanted) {
    return helper_in_state(wanted, 'T');
}

static pid_t helper_pid(void) {
    return helper_under(getpid());
}

START_TEST(the_helper_is_killed) {
    expect_status("text.mp4", "not_media");
    pid_t first = helper_pid();
    ck_assert_int_gt(first, 0);
    kill(first, SIGKILL);
    expect_status("text.mp4", "not_media");
    ck_assert_int_ne(helper_pid(), first);
}
END_TEST

/* Meddling with the helper while probes go on. A helper that was just started is left to answer once: a machine so slow
 * that each one dies before that is no fault of the prober's. */
struct meddler {
    pid_t server;
    int signal;
    atomic_int stop, answered; /* answered: probes that came to an end */
};

static void *kill_now_and_then(void *arg) {
    struct meddler *m = arg;
    for (int killed = 0, answered = 0; killed < 5;) {
        usleep(50000);
        pid_t pid = m->answered > answered ? helper_pid() : 0;
        if (pid && kill(pid, SIGKILL) == 0) {
            answered = m->answered;
            killed++;
        }
    }
    m->stop = 1;
    return NULL;
}

START_TEST(the_helper_is_killed_at_work) {
    pthread_t killer;
    struct meddler m = {0};
    pthread_create(&killer, NULL, kill_now_and_then, &m);
    while (!m.stop) {
        expect_status("noise.bin", "not_media");
        m.answered++;
    }
    pthread_join(killer, NULL);
    expect_status("noise.bin", "not_media");
}
END_TEST

static void *signal_children(void *arg) {
    struct meddler *m = arg;
    while (!m->stop) {
        pid_t child = helper_under(m->server);
        if (child)
            kill(child, m->signal);
    }
    return NULL;
}

/* The process that reads one file dies, or hangs: that file's probe says so, and nothing else happens. */
static void meddle(int signal, const char *status, int64_t timeout_ms) {
    pthread_t thread;
    expect_status("text.mp4", "not_media");
    struct meddler m = {.server = helper_pid(), .signal = signal};
    pthread_create(&thread, NULL, signal_children, &m);
    int seen = 0;
    for (int i = 0; i < 100 && !seen; i++) {
        vs_autoprobe *p = probe_limited("noise.bin", &(struct vs_probe_limits){.timeout_ms = timeout_ms});
        seen = strcmp(p->status, status) == 0;
        ck_assert(!seen || p->detail);
        ck_assert_int_le(p->elapsed_us, 3000000);
    }
    m.stop = 1;
    pthread_join(thread, NULL);
    ck_assert(seen);
    ck_assert_int_eq(helper_pid(), m.server);
    /* those that wait for the next file may have been hit too, and be about to die */
    for (pid_t child; (child = helper_stopped(m.server)); usleep(20000))
        kill(child, SIGKILL);
    int well = 0;
    for (int i = 0; i < 10 && !well; i++) {
        vs_autoprobe *p = probe("noise.bin");
        well = strcmp(p->status, "not_media") == 0;
    }
    ck_assert(well);
}

START_TEST(a_child_dies) {
    meddle(SIGSEGV, "crashed", 5000);
}
END_TEST

START_TEST(a_child_hangs) {
    meddle(SIGSTOP, "limit_time", 200);
}
END_TEST

/* Of one kind as of the other: the answers are the same, and the record tells them apart. */
START_TEST(a_warm_helper) {
    const struct vs_probe_limits warm = {.warm = 1};
    if (have_ffmpeg())
        make("-f lavfi -i testsrc2=duration=1 -c:v mpeg4 -metadata title=a w.mp4");
    const char *const names[] = {"text.mp4", "noise.bin", "empty.mp4", have_ffmpeg() ? "w.mp4" : "zeros.bin"};
    for (int i = 0; i < 250; i++) { /* more than one process reads */
        const char *name = names[i % 4];
        vs_autoprobe *p = probe_limited(name, &warm), *q = i < 8 ? probe(name) : NULL;
        ck_assert_int_eq(strncmp(p->isolation, "warm rlimits seccomp", 20), 0);
        if (!q)
            continue;
        ck_assert_int_eq(strncmp(q->isolation, "fork rlimits seccomp", 20), 0);
        vs_autojson *a = NULL, *b = NULL;
        ck_assert_int_eq(vs_probe_to_json(p, &a, NULL), 0);
        ck_assert_int_eq(vs_probe_to_json(q, &b, NULL), 0);
        json_object_del(a, "isolation");
        json_object_del(a, "elapsed_us");
        json_object_del(b, "isolation");
        json_object_del(b, "elapsed_us");
        ck_assert(json_equal(a, b));
    }
}
END_TEST

/* Those that wait for a file are killed before it comes: another one takes it. */
START_TEST(a_child_dies_waiting) {
    expect_status("text.mp4", "not_media");
    for (int i = 0; i < 5; i++) {
        pid_t child = 0;
        for (int n = 0; n < 500 && !(child = helper_under(helper_pid())); n++)
            usleep(10000);
        ck_assert_int_gt(child, 0);
        kill(child, SIGKILL);
        usleep(20000);
        expect_status("text.mp4", "not_media");
    }
}
END_TEST

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

START_TEST(the_helper_is_stopped) {
    vidstore_error *e = NULL;
    struct vs_probe *p;
    expect_status("text.mp4", "not_media");
    kill(helper_pid(), SIGSTOP);
    int fd = open_in_folder("text.mp4", O_RDONLY);
    int64_t began = vs_mono_us();
    ck_assert_int_eq(vs_probe_fd(prober, fd, &(struct vs_probe_limits){.timeout_ms = 200}, &p, &e),
                     VIDSTORE_UNAVAILABLE);
    ck_assert_int_lt(vs_mono_us() - began, 5000000);
    close(fd);
    vidstore_error_free(e);
    expect_status("text.mp4", "not_media");
}
END_TEST

START_TEST(the_helper_is_missing) {
    vidstore_error *e = NULL;
    struct vs_prober *other;
    ck_assert_int_eq(vs_prober_new("/nowhere/vidstore-probe", &other, &e), 0);
    ck_assert_int_eq(vs_prober_check(other, NULL, NULL, &e), VIDSTORE_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(vidstore_error_message(e), "/nowhere/vidstore-probe"));
    vs_prober_free(other);
    /* a program that is none of ours */
    ck_assert_int_eq(vs_prober_new("/bin/true", &other, &e), 0);
    ck_assert_int_eq(vs_prober_check(other, NULL, NULL, &e), VIDSTORE_UNAVAILABLE);
    vs_prober_free(other);
    vidstore_error_free(e);
}
END_TEST

START_TEST(it_says_what_it_is) {
    vs_autofree char *version = NULL, *isolation = NULL;
    ck_assert_int_eq(vs_prober_check(prober, &version, &isolation, NULL), 0);
    ck_assert_ptr_nonnull(strstr(version, "libavcodec"));
    ck_assert_int_eq(strncmp(isolation, "fork rlimits seccomp", 20), 0);
}
END_TEST

static int count_descriptors(void) {
    int n = 0;
    DIR *d = opendir("/proc/self/fd");
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

START_TEST(two_hundred_probes) {
    expect_status("text.mp4", "not_media");
    int before = count_descriptors();
    pid_t helper = helper_pid();
    for (int i = 0; i < 200; i++)
        expect_status("text.mp4", "not_media");
    ck_assert_int_eq(count_descriptors(), before);
    ck_assert_int_eq(helper_pid(), helper);
    vs_prober_free(VS_TAKE(prober));
    ck_assert_int_eq(helper_pid(), 0);
    ck_assert_int_lt(count_descriptors(), before);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); /* no child is left behind, not even a dead one */
}
END_TEST

static void *probe_often(void *arg) {
    for (int i = 0; i < 15; i++) {
        struct vs_probe *p = NULL;
        int fd = open_in_folder(i % 2 ? "text.mp4" : "noise.bin", O_RDONLY);
        if (vs_probe_fd(prober, fd, NULL, &p, NULL) != 0 || strcmp(p->status, "not_media") != 0)
            *(int *)arg += 1;
        vs_probe_free(p);
        close(fd);
    }
    return NULL;
}

START_TEST(many_threads) {
    pthread_t threads[16];
    int failures[VS_COUNT(threads)] = {0};
    for (size_t i = 0; i < VS_COUNT(threads); i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, probe_often, &failures[i]), 0);
    for (size_t i = 0; i < VS_COUNT(threads); i++) {
        pthread_join(threads[i], NULL);
        ck_assert_int_eq(failures[i], 0);
    }
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

struct toucher {
    int fd;
    atomic_int stop;
};

static void *touch_on(void *arg) {
    struct toucher *t = arg;
    while (!t->stop)
        futimens(t->fd, NULL);
    return NULL;
}

START_TEST(a_file_that_changes) {
    struct toucher t = {.fd = open_in_folder("noise.bin", O_RDWR)};
    pthread_t thread;
    expect_status("text.mp4", "not_media");
    pthread_create(&thread, NULL, touch_on, &t);
    int changed = 0;
    for (int i = 0; i < 20 && !changed; i++) {
        vs_autoprobe *p = probe("noise.bin");
        changed = strcmp(p->status, "changed_while_probing") == 0;
    }
    t.stop = 1;
    pthread_join(thread, NULL);
    ck_assert(changed);
    close(t.fd);
}
END_TEST

START_TEST(the_position_stays) {
    int fd = open_in_folder("noise.bin", O_RDONLY);
    lseek(fd, 77, SEEK_SET);
    struct vs_probe *p;
    ck_assert_int_eq(vs_probe_fd(prober, fd, NULL, &p, NULL), 0);
    ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 77);
    vs_probe_free(p);
    close(fd);
}
END_TEST

/* ---- memory that runs out ---- */

static int64_t allocations_left;

static void *alloc_some(void *p, size_t size) {
    return allocations_left-- > 0 ? realloc(p, size) : NULL;
}

START_TEST(every_allocation_fails_once) {
    struct vs_env env = vs_env_real;
    env.alloc = alloc_some;
    env.release = free;
    if (have_ffmpeg())
        make("-f lavfi -i sine=duration=1 -c:a libvorbis -metadata title=a -metadata artist=b a.mkv");
    int fd = open_in_folder(have_ffmpeg() ? "a.mkv" : "text.mp4", O_RDONLY);
    expect_status("text.mp4", "not_media");
    vs_env_set(&env);
    int rc = VIDSTORE_NOMEM;
    int64_t n;
    for (n = 0; rc == VIDSTORE_NOMEM && n < 2000; n += n < 20 ? 1 : 7) {
        vidstore_error *e = NULL;
        struct vs_probe *p;
        allocations_left = n;
        rc = vs_probe_fd(prober, fd, NULL, &p, &e);
        ck_assert(rc == 0 || (rc == VIDSTORE_NOMEM && !p && vidstore_error_code(e) == VIDSTORE_NOMEM));
        vidstore_error_free(e);
        vs_probe_free(p);
    }
    vs_env_set(NULL);
    ck_assert_int_eq(rc, 0);
    ck_assert_int_gt(n, 3);
    close(fd);
}
END_TEST

Suite *media_helper_suite(void);
Suite *media_helper_suite(void) {
    Suite *suite = suite_create("media_helper");
    TCase *c = new_case(suite, "helper", set_up_files, remove_files);
    tcase_add_test(c, the_helper_is_killed);
    tcase_add_test(c, the_helper_is_killed_at_work);
    tcase_add_test(c, a_child_dies);
    tcase_add_test(c, a_child_hangs);
    tcase_add_test(c, a_warm_helper);
    tcase_add_test(c, a_child_dies_waiting);
    tcase_add_test(c, the_host_dies);
    tcase_add_test(c, the_helper_is_stopped);
    tcase_add_test(c, the_helper_is_missing);
    tcase_add_test(c, it_says_what_it_is);
    tcase_add_test(c, two_hundred_probes);
    tcase_add_test(c, many_threads);
    tcase_add_test(c, a_host_that_forks);
    tcase_add_test(c, a_host_that_ignores_its_children);
    tcase_add_test(c, low_descriptors_are_free);
    tcase_add_test(c, a_file_that_changes);
    tcase_add_test(c, the_position_stays);
    tcase_add_test(c, every_allocation_fails_once);
    return suite;
}
