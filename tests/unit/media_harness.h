/* SPDX-License-Identifier: MIT */
/* What the tests of probing share: a folder of files that are not what they seem, and one probe. */
#ifndef TESTS_MEDIA_HARNESS_H
#define TESTS_MEDIA_HARNESS_H

#include "media/media.h"
#include "media/media_internal.h"
#include "util/alloc.h"
#include "util/env.h"
#include "vidstore/error.h"
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char folder[] = "/tmp/vidstore-media-XXXXXX";
static struct vs_prober *prober;

/* ---- the files ---- */

static inline int have_ffmpeg(void) {
    return system("command -v ffmpeg >/dev/null 2>&1") == 0;
}

static inline void make(const char *arguments) {
    char command[2048];
    snprintf(command, sizeof command, "cd %s && ffmpeg -hide_banner -loglevel error -y %s </dev/null", folder,
             arguments);
    ck_assert_msg(system(command) == 0, "ffmpeg failed: %s", arguments);
}

static inline int open_in_folder(const char *name, int flags) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return open(path, flags | O_CLOEXEC, 0600);
}

static inline void write_file(const char *name, const void *data, size_t size, off_t grown_to) {
    int fd = open_in_folder(name, O_RDWR | O_CREAT | O_TRUNC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, data, size), (ssize_t)size);
    if (grown_to)
        ck_assert_int_eq(ftruncate(fd, grown_to), 0);
    close(fd);
}

/* The first bytes of one file as another, with a hole behind them when grown. */
static inline void copy_file(const char *from, const char *to, off_t cut_at, off_t grown_to) {
    struct stat st;
    int fd = open_in_folder(from, O_RDONLY);
    ck_assert_int_eq(fstat(fd, &st), 0);
    size_t size = cut_at > 0 ? (size_t)cut_at : (size_t)(st.st_size + cut_at);
    char *data = malloc(size);
    ck_assert_int_eq(read(fd, data, size), (ssize_t)size);
    close(fd);
    write_file(to, data, size, grown_to);
    free(data);
}

static inline void make_hostile(void) {
    static const char hls[] = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\na.mp4\n#EXT-X-ENDLIST\n";
    static const char concat[] = "ffconcat version 1.0\nfile a.mp4\n";
    static const char sdp[] = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"
                              "a=rtpmap:96 H264/90000\n";
    static const char dash[] = "<?xml version=\"1.0\"?>\n<MPD type=\"static\"><BaseURL>file:///etc/</BaseURL></MPD>\n";
    static const char text[] = "It was the best of times, it was the worst of times.\n";
    char noise[65536];
    unsigned int x = 1;
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (char)((x = x * 1103515245u + 12345u) >> 16);
    write_file("hls.mp4", hls, sizeof hls - 1, 0);
    write_file("concat.mp4", concat, sizeof concat - 1, 0);
    write_file("sdp.mp4", sdp, sizeof sdp - 1, 0);
    write_file("dash.mp4", dash, sizeof dash - 1, 0);
    write_file("text.mp4", text, sizeof text - 1, 0);
    write_file("empty.mp4", "", 0, 0);
    write_file("noise.bin", noise, sizeof noise, 0);
    write_file("zeros.bin", "", 0, 1 << 20);
    /* a playlist behind a byte that makes it no plain text */
    char disguised[sizeof hls + 1] = {0};
    memcpy(disguised, hls, sizeof hls - 1);
    write_file("disguised.mp4", disguised, sizeof disguised, 0);
}

/* Once, before the first case: check runs these fixtures in the process that forks the tests. */
static inline void set_up_files(void) {
    static int done;
    if (done)
        return;
    done = 1;
    ck_assert_ptr_nonnull(mkdtemp(folder));
    const char *build = getenv("VIDSTORE_BUILD_ROOT");
    char path[1024];
    snprintf(path, sizeof path, "%s/lib/media/helper/vidstore-probe", build ? build : ".");
    setenv("VIDSTORE_PROBE_HELPER", path, 0);
    make_hostile();
}

static inline void remove_files(void) {
    char command[256];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    ck_assert_int_eq(system(command), 0);
}

static inline void set_up(void) {
    ck_assert_int_eq(vs_prober_new(NULL, &prober, NULL), 0);
}

static inline void tear_down(void) {
    vs_prober_free(prober);
}

/* How much longer things may take on a machine that has more to do than it has processors. */
static inline int64_t patience(void) {
    double load = 0;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return getloadavg(&load, 1) == 1 && load > (double)cores ? (int64_t)(load / (double)cores) + 1 : 1;
}

static inline struct vs_probe *probe_limited(const char *name, const struct vs_probe_limits *limits) {
    vidstore_error *e = NULL;
    struct vs_probe *probe;
    int fd = open_in_folder(name, O_RDONLY);
    ck_assert_msg(fd >= 0, "%s is not there", name);
    int rc = vs_probe_fd(prober, fd, limits, &probe, &e);
    ck_assert_msg(rc == 0, "%s: %s", name, vidstore_error_message(e));
    close(fd);
    return probe;
}

static inline struct vs_probe *probe(const char *name) {
    return probe_limited(name, NULL);
}

static inline void expect_status(const char *name, const char *status) {
    vs_autoprobe *p = probe(name);
    ck_assert_msg(strcmp(p->status, status) == 0, "%s is %s, not %s (%s)", name, p->status, status,
                  p->detail ? p->detail : "");
}

static inline TCase *new_case(Suite *suite, const char *name, SFun first, SFun last) {
    TCase *c = tcase_create(name);
    tcase_add_unchecked_fixture(c, first, last);
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_set_timeout(c, 60);
    suite_add_tcase(suite, c);
    return c;
}

#endif
