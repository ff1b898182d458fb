/* SPDX-License-Identifier: MIT */
/* Probing: facts of honest files, refusal of hostile ones, and a client that survives its helper. */
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

#define SCREEN "-f lavfi -i testsrc2=size=320x240:rate=25:duration=2"
#define TONE   "-f lavfi -i sine=frequency=440:sample_rate=48000:duration=2"
#define H264   "-c:v libx264 -preset ultrafast -pix_fmt yuv420p"

static int have_ffmpeg(void) {
    return system("command -v ffmpeg >/dev/null 2>&1") == 0;
}

static void make(const char *arguments) {
    char command[2048];
    snprintf(command, sizeof command, "cd %s && ffmpeg -hide_banner -loglevel error -y %s </dev/null", folder,
             arguments);
    ck_assert_msg(system(command) == 0, "ffmpeg failed: %s", arguments);
}

static int open_in_folder(const char *name, int flags) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return open(path, flags | O_CLOEXEC, 0600);
}

static void write_file(const char *name, const void *data, size_t size, off_t grown_to) {
    int fd = open_in_folder(name, O_RDWR | O_CREAT | O_TRUNC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, data, size), (ssize_t)size);
    if (grown_to)
        ck_assert_int_eq(ftruncate(fd, grown_to), 0);
    close(fd);
}

/* The first bytes of one file as another, with a hole behind them when grown. */
static void copy_file(const char *from, const char *to, off_t cut_at, off_t grown_to) {
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

static void make_clips(void) {
    static const char chapters[] = ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1000\ntitle=One\n"
                                   "[CHAPTER]\nTIMEBASE=1/1000\nSTART=1000\nEND=2000\ntitle=Zw\xC3\xB6lf\n";
    write_file("chapters.txt", chapters, sizeof chapters - 1, 0);
    make(SCREEN " " TONE " -shortest " H264 " -c:a aac -ac 2 -metadata title='A \"film\"' -metadata:s:a language=ger "
                "-metadata creation_time=2024-05-01T12:30:00Z a.mp4");
    make("-i a.mp4 -c copy -movflags +faststart fast.mp4");
    make("-i a.mp4 -c copy -movflags +frag_keyframe+empty_moov frag.mp4");
    make("-i a.mp4 -c copy -metadata:s:v rotate=90 turned.mp4");
    make("-i a.mp4 -i chapters.txt -map_metadata 1 -c copy chapters.mkv");
    make(SCREEN " " TONE " -shortest -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libopus v.mkv");
    make(SCREEN " -c:v libvpx -deadline realtime -cpu-used 8 v.webm");
    make(SCREEN " -c:v libvpx -deadline realtime -cpu-used 8 -f webm pipe:1 > live.webm");
    make(SCREEN " " TONE " -shortest -c:v mpeg2video -c:a mp2 m.ts");
    make(SCREEN " " TONE " -shortest -c:v mpeg4 -c:a mp3 m.avi");
    make(SCREEN " -vf setsar=4/3 -c:v mpeg4 wide.mp4");
    make(TONE " -c:a mp3 m.mp3");
    make("-i a.mp4 -frames:v 1 still.png");
    make("-i a.mp4 -i still.png -map 0:a -map 1:v -c copy -disposition:v attached_pic cover.m4a");
    make("-i m.mp3 -map 0:a -map 0:a -map 0:a -map 0:a -map 0:a -map 0:a -c copy many.mka");
    make(SCREEN " -frames:v 5 -pix_fmt yuv420p10le -c:v libx265 -x265-params log-level=none:colorprim=bt2020:"
                "transfer=smpte2084:colormatrix=bt2020nc:max-cll=1000,400 hdr.mkv");
}

static void make_hostile(void) {
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
static void set_up_files(void) {
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
    if (have_ffmpeg())
        make_clips();
}

static void remove_files(void) {
    char command[256];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    ck_assert_int_eq(system(command), 0);
}

static void set_up(void) {
    ck_assert_int_eq(vs_prober_new(NULL, &prober, NULL), 0);
}

static void tear_down(void) {
    vs_prober_free(prober);
}

static struct vs_probe *probe_limited(const char *name, const struct vs_probe_limits *limits) {
    vidstore_error *e = NULL;
    struct vs_probe *probe;
    int fd = open_in_folder(name, O_RDONLY);
    ck_assert_msg(fd >= 0, "%s is not there", name);
    int rc = vs_probe_fd(prober, fd, limits, &probe, &e);
    ck_assert_msg(rc == 0, "%s: %s", name, vidstore_error_message(e));
    close(fd);
    return probe;
}

static struct vs_probe *probe(const char *name) {
    return probe_limited(name, NULL);
}

static void expect_status(const char *name, const char *status) {
    vs_autoprobe *p = probe(name);
    ck_assert_msg(strcmp(p->status, status) == 0, "%s is %s, not %s (%s)", name, p->status, status,
                  p->detail ? p->detail : "");
}

/* ---- facts ---- */

static void about_two_seconds(const struct vs_probe *p, const char *source) {
    ck_assert_int_ge(p->duration_us, 1900000);
    ck_assert_int_le(p->duration_us, 2200000);
    ck_assert_str_eq(p->duration_source, source);
}

START_TEST(an_mp4) {
    vs_autoprobe *p = probe("a.mp4");
    ck_assert_str_eq(p->status, "ok");
    ck_assert_str_eq(p->format, "mp4");
    ck_assert_str_eq(p->major_brand, "isom");
    ck_assert_str_eq(p->media_kind, "video");
    ck_assert_str_eq(p->title, "A \"film\"");
    ck_assert_int_eq(p->created_us, INT64_C(1714566600000000));
    ck_assert_int_eq(p->faststart, 0);
    ck_assert_int_eq(p->fragmented, 0);
    ck_assert_int_eq(p->n_video, 1);
    ck_assert_int_eq(p->n_audio, 1);
    about_two_seconds(p, "header");
    ck_assert_uint_eq(p->n_streams, 2);
    const struct vs_probe_stream *v = &p->streams[p->main_video], *a = &p->streams[p->main_audio];
    ck_assert_str_eq(v->codec, "h264");
    ck_assert_str_eq(v->pix_fmt, "yuv420p");
    ck_assert_str_eq(v->scan, "progressive");
    ck_assert_str_eq(v->disposition, "default");
    ck_assert_int_eq(v->width, 320);
    ck_assert_int_eq(v->height, 240);
    ck_assert_int_eq(v->bit_depth, 8);
    ck_assert_int_eq(v->nb_frames, 50);
    ck_assert_int_eq(v->avg_rate_num, 25);
    ck_assert_int_eq(v->avg_rate_den, 1);
    ck_assert_int_eq(v->rotation, 0);
    ck_assert_int_eq(v->flip, 0);
    ck_assert_ptr_null(v->language);
    ck_assert_ptr_null(v->hdr);
    ck_assert_str_eq(a->codec, "aac");
    ck_assert_str_eq(a->language_raw, "ger");
    ck_assert_str_eq(a->language, "de");
    ck_assert_str_eq(a->layout, "stereo");
    ck_assert_int_eq(a->channels, 2);
    ck_assert_int_eq(a->sample_rate, 48000);
    ck_assert_int_eq(a->width, VS_MEDIA_UNKNOWN);
    ck_assert_ptr_nonnull(strstr(p->prober, "libavformat"));
    ck_assert_ptr_nonnull(strstr(p->isolation, "seccomp"));
    ck_assert_int_gt(p->bytes_read, 0);
    ck_assert_int_gt(p->elapsed_us, 0);
}
END_TEST

START_TEST(layouts_of_mp4) {
    vs_autoprobe *fast = probe("fast.mp4");
    ck_assert_int_eq(fast->faststart, 1);
    ck_assert_int_eq(fast->fragmented, 0);
    vs_autoprobe *fragmented = probe("frag.mp4");
    ck_assert_int_eq(fragmented->fragmented, 1);
    about_two_seconds(fragmented, "stream");
}
END_TEST

START_TEST(a_turned_picture) {
    vs_autoprobe *p = probe("turned.mp4");
    const struct vs_probe_stream *v = &p->streams[p->main_video];
    ck_assert_int_eq(v->width, 320);
    ck_assert_int_eq(v->rotation, 270);
    ck_assert_int_eq(v->display_width, 240);
    ck_assert_int_eq(v->display_height, 320);
}
END_TEST

START_TEST(a_wide_pixel) {
    vs_autoprobe *p = probe("wide.mp4");
    const struct vs_probe_stream *v = &p->streams[p->main_video];
    ck_assert_int_eq(v->sar_num, 4);
    ck_assert_int_eq(v->sar_den, 3);
    ck_assert_int_eq(v->display_width, 427);
    ck_assert_int_eq(v->display_height, 240);
}
END_TEST

START_TEST(other_containers) {
    static const struct {
        const char *name, *format, *codec, *source;
    } files[] = {{"v.mkv", "matroska", "vp9", "header"},
                 {"v.webm", "webm", "vp8", "header"},
                 {"live.webm", "webm", "vp8", "scan"},
                 {"m.ts", "mpegts", "mpeg2video", "pts"},
                 {"m.avi", "avi", "mpeg4", "stream"}};
    const size_t i = (size_t)_i;
    vs_autoprobe *p = probe(files[i].name);
    ck_assert_str_eq(p->status, "ok");
    ck_assert_str_eq(p->format, files[i].format);
    ck_assert_str_eq(p->streams[p->main_video].codec, files[i].codec);
    ck_assert_int_eq(p->streams[p->main_video].width, 320);
    ck_assert_int_eq(p->faststart, VS_MEDIA_UNKNOWN);
    about_two_seconds(p, files[i].source);
}
END_TEST

START_TEST(sound_alone) {
    vs_autoprobe *p = probe("m.mp3");
    ck_assert_str_eq(p->media_kind, "audio");
    ck_assert_str_eq(p->format, "mp3");
    ck_assert_int_eq(p->main_video, VS_MEDIA_UNKNOWN);
    ck_assert_int_eq(p->main_audio, 0);
    vs_autoprobe *cover = probe("cover.m4a");
    ck_assert_str_eq(cover->media_kind, "audio");
    ck_assert_int_eq(cover->n_video, 1);
    ck_assert_int_eq(cover->main_video, VS_MEDIA_UNKNOWN);
    ck_assert_int_eq(cover->streams[1].is_picture, 1);
    ck_assert_ptr_nonnull(strstr(cover->streams[1].disposition, "attached_pic"));
}
END_TEST

START_TEST(chapters) {
    vs_autoprobe *p = probe("chapters.mkv");
    ck_assert_uint_eq(p->n_chapters, 2);
    ck_assert_int_eq(p->chapters[1].start_us, 1000000);
    ck_assert_int_eq(p->chapters[1].end_us, 2000000);
    ck_assert_str_eq(p->chapters[1].title, "Zw\xC3\xB6lf");
}
END_TEST

START_TEST(high_dynamic_range) {
    vs_autoprobe *p = probe("hdr.mkv");
    const struct vs_probe_stream *v = &p->streams[p->main_video];
    ck_assert_str_eq(v->codec, "hevc");
    ck_assert_str_eq(v->transfer, "pq");
    ck_assert_str_eq(v->primaries, "bt2020");
    ck_assert_str_eq(v->hdr, "hdr10");
    ck_assert_int_eq(v->bit_depth, 10);
    ck_assert_int_eq(v->max_cll, 1000);
    ck_assert_int_eq(v->max_fall, 400);
    /* the light level stands in the bitstream alone */
    vs_autoprobe *shallow = probe_limited("hdr.mkv", &(struct vs_probe_limits){.skip_decode = 1});
    ck_assert_int_eq(shallow->streams[0].max_cll, VS_MEDIA_UNKNOWN);
}
END_TEST

START_TEST(as_json) {
    vs_autoprobe *p = probe("a.mp4");
    vs_autojson *j = NULL;
    ck_assert_int_eq(vs_probe_to_json(p, &j, NULL), 0);
    ck_assert_str_eq(json_string_value(json_object_get(j, "format")), "mp4");
    ck_assert_ptr_null(json_object_get(j, "limited_by"));
    const json_t *v = json_array_get(json_object_get(j, "streams"), 0);
    ck_assert_int_eq(json_integer_value(json_array_get(json_object_get(v, "avg_rate"), 0)), 25);
    ck_assert_str_eq(json_string_value(json_array_get(json_object_get(v, "disposition"), 0)), "default");
    ck_assert(json_is_false(json_object_get(j, "faststart")));
    ck_assert_uint_eq(json_array_size(json_object_get(j, "tags")), p->n_tags);
}
END_TEST

/* ---- files that are not what they seem ---- */

START_TEST(not_media) {
    static const char *const names[] = {"hls.mp4",  "concat.mp4", "sdp.mp4",   "dash.mp4",
                                        "text.mp4", "noise.bin",  "zeros.bin", "disguised.mp4"};
    expect_status(names[_i], "not_media");
}
END_TEST

START_TEST(an_empty_file) {
    expect_status("empty.mp4", "empty");
}
END_TEST

START_TEST(cut_files) {
    struct vs_probe_limits none = {0};
    copy_file("a.mp4", "cut.mp4", 20000, 0);
    expect_status("cut.mp4", "truncated");
    /* with the index in front the facts are all there */
    copy_file("fast.mp4", "cutfast.mp4", -5000, 0);
    vs_autoprobe *p = probe_limited("cutfast.mp4", &none);
    ck_assert_str_eq(p->status, "truncated");
    about_two_seconds(p, "header");
    copy_file("v.mkv", "cut.mkv", -5000, 0);
    expect_status("cut.mkv", "truncated");
    copy_file("m.avi", "cut.avi", -5000, 0);
    expect_status("cut.avi", "truncated");
}
END_TEST

START_TEST(a_still) {
    vs_autoprobe *p = probe("still.png");
    ck_assert_str_eq(p->status, "unsupported");
    ck_assert_str_eq(p->media_kind, "image");
}
END_TEST

START_TEST(a_gigabyte_of_nothing) {
    static const char *const names[][2] = {{"m.mp3", "hole.mp3"}, {"m.avi", "hole.avi"}, {"m.ts", "hole.ts"}};
    copy_file(names[_i][0], names[_i][1], 0, INT64_C(1) << 30);
    int64_t began = vs_mono_us();
    vs_autoprobe *p = probe(names[_i][1]);
    ck_assert_int_lt(vs_mono_us() - began, 3000000);
    ck_assert_int_le(p->bytes_read, (64 << 20) + 65536);
    ck_assert_str_ne(p->status, "crashed");
}
END_TEST

START_TEST(not_a_file) {
    vidstore_error *e = NULL;
    struct vs_probe *p;
    char path[256];
    snprintf(path, sizeof path, "%s/fifo", folder);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    int fds[] = {open(folder, O_RDONLY | O_DIRECTORY), open(path, O_RDONLY | O_NONBLOCK), open("/dev/zero", O_RDONLY)};
    for (size_t i = 0; i < VS_COUNT(fds); i++) {
        ck_assert_int_eq(vs_probe_fd(prober, fds[i], NULL, &p, &e), VIDSTORE_INVALID);
        ck_assert_int_eq(vidstore_error_subcode(e), VIDSTORE_SUB_NOT_A_FILE);
        ck_assert_ptr_null(p);
        close(fds[i]);
    }
    ck_assert_int_lt(vs_probe_fd(prober, -1, NULL, &p, &e), 0);
    vidstore_error_free(e);
}
END_TEST

/* ---- limits ---- */

START_TEST(limits_hold) {
    vs_autoprobe *read = probe_limited("noise.bin", &(struct vs_probe_limits){.max_read = 8192});
    ck_assert_str_eq(read->status, "limit_read");
    vs_autoprobe *late = probe_limited("noise.bin", &(struct vs_probe_limits){.timeout_ms = 1});
    ck_assert_msg(strcmp(late->status, "limit_time") == 0 || strcmp(late->status, "not_media") == 0, "%s",
                  late->status);
    if (have_ffmpeg()) {
        vs_autoprobe *streams = probe_limited("many.mka", &(struct vs_probe_limits){.max_streams = 4});
        ck_assert_str_eq(streams->status, "limit_streams");
        vs_autoprobe *all = probe("many.mka");
        ck_assert_int_eq(all->n_audio, 6);
        vs_autoprobe *part = probe_limited("m.ts", &(struct vs_probe_limits){.max_read = 100000});
        ck_assert_str_eq(part->status, "partial");
        ck_assert_str_eq(part->limited_by, "read");
    }
}
END_TEST

START_TEST(limits_are_checked) {
    static const struct {
        struct vs_probe_limits limits;
        const char *field;
    } bad[] = {
        {{.max_streams = 257}, "max_streams"},
        {{.max_streams = -1}, "max_streams"},
        {{.max_read = -1}, "max_read"},
        {{.timeout_ms = 3600001}, "timeout_ms"},
        {{.timeout_ms = INT64_MAX}, "timeout_ms"},
        {{.wait_ms = -1}, "wait_ms"},
    };
    vidstore_error *e = NULL;
    struct vs_probe *p;
    int fd = open_in_folder("text.mp4", O_RDONLY);
    for (size_t i = 0; i < VS_COUNT(bad); i++) {
        ck_assert_int_eq(vs_probe_fd(prober, fd, &bad[i].limits, &p, &e), VIDSTORE_INVALID);
        ck_assert_str_eq(vidstore_error_field(e), bad[i].field);
    }
    close(fd);
    vidstore_error_free(e);
}
END_TEST

/* ---- a client that survives its helper ---- */

/* A helper process that is a child of another; 0 when there is none. Zombies do not count. */
static pid_t helper_under(pid_t wanted) {
    DIR *d = opendir("/proc");
    pid_t found = 0;
    for (struct dirent *entry; (entry = readdir(d));) {
        char path[300], name[64] = "", state = 0;
        int parent = 0;
        snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
        FILE *f = atoi(entry->d_name) > 0 ? fopen(path, "re") : NULL;
        if (f && fscanf(f, "%*d (%63[^)]) %c %d", name, &state, &parent) == 3 && parent == wanted && state != 'Z' &&
            strcmp(name, "vidstore-probe") == 0)
            found = atoi(entry->d_name);
        if (f)
            fclose(f);
    }
    closedir(d);
    return found;
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

/* Meddling with the helper while probes go on. */
struct meddler {
    pid_t server;
    int signal;
    atomic_int stop;
};

static void *kill_now_and_then(void *arg) {
    struct meddler *m = arg;
    for (int killed = 0; killed < 5;) {
        usleep(250000);
        pid_t pid = helper_pid();
        if (pid)
            killed += kill(pid, SIGKILL) == 0;
    }
    m->stop = 1;
    return NULL;
}

START_TEST(the_helper_is_killed_at_work) {
    pthread_t killer;
    struct meddler m = {0};
    pthread_create(&killer, NULL, kill_now_and_then, &m);
    while (!m.stop)
        expect_status("noise.bin", "not_media");
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
    int fd = open_in_folder(have_ffmpeg() ? "chapters.mkv" : "text.mp4", O_RDONLY);
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

/* ---- a helper that lies ---- */

static int read_answer(const char *text) {
    struct vs_probe p;
    vs_media_probe_init(&p);
    int rc = vs_media_answer_read(text, strlen(text), &p, NULL);
    vs_media_probe_clear(&p);
    return rc;
}

#define STREAM "{\"index\":0,\"kind\":\"video\",\"disposition\":[]"

START_TEST(good_answers) {
    static const char *const good[] = {
        "{\"status\":\"ok\"}\n",
        "{\"status\":\"ok\",\"streams\":[],\"chapters\":[],\"tags\":[]}",
        "{\"status\":\"ok\",\"main_video\":0,\"streams\":[" STREAM ",\"rotation\":270,\"sar\":[4,3]}]}",
        "{\"status\":\"ok\",\"something\":{\"new\":1}}",
        "{\"status\":\"ok\",\"tags\":[{\"scope\":\"container\",\"key\":\"k\",\"value\":\"\xE2\x82\xAC\"}]}",
    };
    ck_assert_int_eq(read_answer(good[_i]), 0);
}
END_TEST

static const char *const lies[] = {
    "",
    "\n",
    "{",
    "[]",
    "null",
    "{}",
    "{\"status\":1}",
    "{\"status\":\"fine\"}",
    "{\"status\":\"crashed\"}",
    "{\"status\":\"ok\",\"status\":\"ok\"}",
    "{\"status\":\"ok\"} x",
    "{\"status\":\"ok\",\"duration_us\":9223372036854775808}",
    "{\"status\":\"ok\",\"duration_us\":1.5}",
    "{\"status\":\"ok\",\"duration_us\":\"1\"}",
    "{\"status\":\"ok\",\"format\":\"mp4; drop\"}",
    "{\"status\":\"ok\",\"format\":\"\"}",
    "{\"status\":\"ok\",\"title\":\"a\\u0000b\"}",
    "{\"status\":\"ok\",\"title\":\"\xFF\"}",
    "{\"status\":\"ok\",\"faststart\":1}",
    "{\"status\":\"ok\",\"major_brand\":\"isom5\"}",
    "{\"status\":\"ok\",\"main_video\":0}",
    "{\"status\":\"ok\",\"main_audio\":0,\"streams\":[" STREAM "}]}",
    "{\"status\":\"ok\",\"main_video\":255,\"streams\":[" STREAM "}]}",
    "{\"status\":\"ok\",\"streams\":[{\"index\":-1,\"kind\":\"video\",\"disposition\":[]}]}",
    "{\"status\":\"ok\",\"streams\":{}}",
    "{\"status\":\"ok\",\"streams\":[1]}",
    "{\"status\":\"ok\",\"streams\":[{}]}",
    "{\"status\":\"ok\",\"streams\":[" STREAM "}," STREAM "}]}",
    "{\"status\":\"ok\",\"streams\":[" STREAM ",\"rotation\":45}]}",
    "{\"status\":\"ok\",\"streams\":[" STREAM ",\"sar\":[1,2,3]}]}",
    "{\"status\":\"ok\",\"streams\":[" STREAM ",\"hdr\":\"hdr11\"}]}",
    "{\"status\":\"ok\",\"streams\":[{\"index\":0,\"kind\":\"video\",\"disposition\":[\"a b\"]}]}",
    "{\"status\":\"ok\",\"tags\":[{\"scope\":\"container\",\"key\":\"k\"}]}",
    "{\"status\":\"ok\",\"chapters\":\"none\"}",
};

START_TEST(lying_answers) {
    ck_assert_int_eq(read_answer(lies[_i]), VIDSTORE_INVALID);
}
END_TEST

START_TEST(absurd_numbers) {
    static const char text[] =
        "{\"status\":\"ok\",\"duration_us\":-1,\"bit_rate\":9223372036854775807,\"main_video\":-1,"
        "\"streams\":[" STREAM ",\"width\":0,\"height\":240,\"sar\":[1,0],\"bits\":70000}]}";
    struct vs_probe p;
    vs_media_probe_init(&p);
    ck_assert_int_eq(vs_media_answer_read(text, sizeof text - 1, &p, NULL), 0);
    ck_assert_int_eq(p.duration_us, VS_MEDIA_UNKNOWN);
    ck_assert_int_eq(p.bit_rate, VS_MEDIA_UNKNOWN);
    ck_assert_int_eq(p.main_video, VS_MEDIA_UNKNOWN);
    ck_assert_int_eq(p.streams[0].width, VS_MEDIA_UNKNOWN);
    ck_assert_int_eq(p.streams[0].height, 240);
    ck_assert_int_eq(p.streams[0].sar_num, VS_MEDIA_UNKNOWN);
    ck_assert_int_eq(p.streams[0].bits, VS_MEDIA_UNKNOWN);
    vs_media_probe_clear(&p);
}
END_TEST

START_TEST(answers_without_measure) {
    vs_autobuf b = {0};
    vs_buf_str(&b, "{\"status\":\"ok\",\"chapters\":[{}");
    for (int i = 1; i <= VS_MEDIA_MAX_CHAPTERS; i++)
        vs_buf_str(&b, ",{}");
    vs_buf_str(&b, "]}");
    ck_assert_int_eq(read_answer(b.data), VIDSTORE_INVALID);
    vs_buf_free(&b);
    for (int i = 0; i < 100000; i++)
        vs_buf_char(&b, '[');
    ck_assert_int_eq(read_answer(b.data), VIDSTORE_INVALID);
    vs_buf_free(&b);
    vs_buf_str(&b, "{\"status\":\"ok\",\"title\":\"");
    for (int i = 0; i <= VS_MEDIA_MAX_TITLE; i++)
        vs_buf_char(&b, 'x');
    vs_buf_str(&b, "\"}");
    ck_assert_int_eq(read_answer(b.data), VIDSTORE_INVALID);
}
END_TEST

static TCase *new_case(Suite *suite, const char *name) {
    TCase *c = tcase_create(name);
    tcase_add_unchecked_fixture(c, set_up_files, NULL);
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_set_timeout(c, 60);
    suite_add_tcase(suite, c);
    return c;
}

static void add_clip_tests(Suite *suite) {
    TCase *c = new_case(suite, "facts");
    tcase_add_test(c, an_mp4);
    tcase_add_test(c, layouts_of_mp4);
    tcase_add_test(c, a_turned_picture);
    tcase_add_test(c, a_wide_pixel);
    tcase_add_loop_test(c, other_containers, 0, 5);
    tcase_add_test(c, sound_alone);
    tcase_add_test(c, chapters);
    tcase_add_test(c, high_dynamic_range);
    tcase_add_test(c, as_json);
    tcase_add_test(c, cut_files);
    tcase_add_test(c, a_still);
    tcase_add_loop_test(c, a_gigabyte_of_nothing, 0, 3);
}

Suite *media_suite(void);
Suite *media_suite(void) {
    Suite *suite = suite_create("media");
    if (have_ffmpeg())
        add_clip_tests(suite);
    TCase *c = new_case(suite, "refusals");
    tcase_add_loop_test(c, not_media, 0, 8);
    tcase_add_test(c, an_empty_file);
    tcase_add_test(c, not_a_file);
    tcase_add_test(c, limits_hold);
    tcase_add_test(c, limits_are_checked);
    c = new_case(suite, "helper");
    tcase_add_test(c, the_helper_is_killed);
    tcase_add_test(c, the_helper_is_killed_at_work);
    tcase_add_test(c, a_child_dies);
    tcase_add_test(c, a_child_hangs);
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
    c = new_case(suite, "answers");
    tcase_add_loop_test(c, good_answers, 0, 5);
    tcase_add_loop_test(c, lying_answers, 0, (int)VS_COUNT(lies));
    tcase_add_test(c, absurd_numbers);
    tcase_add_test(c, answers_without_measure);
    tcase_add_unchecked_fixture(c, NULL, remove_files);
    return suite;
}
