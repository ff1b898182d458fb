/* SPDX-License-Identifier: MIT */
/* Probing: a client that survives its helper and the lack of memory. */
#include "media_harness.h"
#include "media_processes.h"
#include <sys/resource.h>

static pid_t helper_stopped(pid_t wanted) {
    return helper_in_state(wanted, 'T');
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

/* Bytes whose reader strikes while the process that looks into the file waits for them. */
static int strike(void *arg, int64_t offset, void *buf, size_t len, size_t *ret_len, vidstore_error **e) {
    const struct meddler *m = arg;
    for (int i = 0; i < 4; i++) { /* the oldest; one that has answered before may not be gone yet */
        pid_t child = helper_in_state(m->server, m->signal == SIGSTOP ? 'S' : 0);
        if (child)
            kill(child, m->signal);
        usleep(1000);
    }
    memset(buf, 0, len);
    *ret_len = len;
    return 0;
}

/* The process that reads one file dies, or hangs: that file's probe says so, and nothing else happens. */
static void meddle(int signal, const char *status, int64_t timeout_ms) {
    expect_status("text.mp4", "not_media");
    struct meddler m = {.server = helper_pid(), .signal = signal};
    const struct vs_probe_bytes bytes = {1 << 20, strike, &m};
    const struct vs_probe_limits limits = {.timeout_ms = timeout_ms};
    struct vs_probe *p;
    ck_assert_int_eq(vs_probe_bytes(prober, &bytes, &limits, &p, NULL), 0);
    ck_assert_str_eq(p->status, status);
    ck_assert_ptr_nonnull(p->detail);
    ck_assert_int_le(p->elapsed_us, 3000000);
    vs_probe_free(p);
    ck_assert_int_eq(helper_pid(), m.server);
    /* those that wait for the next file may have been hit too */
    for (pid_t child; (child = helper_stopped(m.server)); usleep(20000))
        kill(child, SIGKILL);
    expect_status("noise.bin", "not_media");
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

/* The helper can take no file, for it has no descriptors: nothing is known of the file, least of all that it is bad. */
START_TEST(the_helper_has_no_room) {
    vidstore_error *e = NULL;
    struct vs_probe *p;
    struct rlimit before, few = {4, 4};
    expect_status("text.mp4", "not_media");
    pid_t helper = helper_pid();
    ck_assert_int_eq(prlimit(helper, RLIMIT_NOFILE, NULL, &before), 0);
    few.rlim_max = before.rlim_max;
    ck_assert_int_eq(prlimit(helper, RLIMIT_NOFILE, &few, NULL), 0);
    int fd = open_in_folder("text.mp4", O_RDONLY);
    ck_assert_int_eq(vs_probe_fd(prober, fd, NULL, &p, &e), VIDSTORE_UNAVAILABLE);
    ck_assert_ptr_null(p);
    ck_assert_int_gt(vidstore_error_retry_after_ms(e), 0);
    vidstore_error_free(e);
    close(fd);
    ck_assert_int_eq(prlimit(helper, RLIMIT_NOFILE, &before, NULL), 0);
    expect_status("text.mp4", "not_media");
    ck_assert_int_eq(helper_pid(), helper);
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
    tcase_add_test(c, the_helper_is_stopped);
    tcase_add_test(c, the_helper_is_missing);
    tcase_add_test(c, it_says_what_it_is);
    tcase_add_test(c, two_hundred_probes);
    tcase_add_test(c, many_threads);
    tcase_add_test(c, the_helper_has_no_room);
    tcase_add_test(c, a_file_that_changes);
    tcase_add_test(c, the_position_stays);
    tcase_add_test(c, every_allocation_fails_once);
    return suite;
}
