/* SPDX-License-Identifier: MIT */
/* Probing, against the programs that others run for it. */
#include "bench.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PROBES = 10, TREE = 1000, WORKERS = 2 };

/* An ordinary mixture; each a second or two. */
static const struct {
    const char *name, *arguments;
} clips[] = {
    {"a.mp4", "-c:v libx264 -c:a aac"},
    {"b.mkv", "-c:v libx264 -c:a ac3"},
    {"c.webm", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libopus"},
    {"d.ts", "-c:v mpeg2video -c:a mp2"},
    {"e.avi", "-c:v mpeg4 -c:a libmp3lame"},
    {"f.mov", "-c:v mpeg4 -c:a pcm_s16le"},
    {"g.m4a", "-vn -c:a aac"},
    {"h.mp3", "-vn -c:a libmp3lame"},
};
enum { CLIPS = sizeof clips / sizeof *clips };

static int shell(const char *before, const char *file, const char *after) {
    char command[9000];
    snprintf(command, sizeof command, "%s '%s' %s", before, file, after);
    return system(command);
}

static double timed(const char *before, const char *file) {
    double start = now_s();
    return shell(before, file, "> /dev/null 2>&1") ? -1 : now_s() - start;
}

static int make_clips(const char *scratch) {
    int failed = 0;
    for (size_t i = 0; i < CLIPS; i++) {
        char command[1024];
        snprintf(command, sizeof command,
                 "ffmpeg -v error -y -f lavfi -i testsrc2=s=640x360:d=2 -f lavfi -i sine=d=2 %s", clips[i].arguments);
        failed |= shell(command, path(scratch, clips[i].name), "");
    }
    if (failed)
        fprintf(stderr, "bench: ffmpeg is needed for probe\n");
    return failed;
}

static double look(vidstore_session *session, const char *file, uint32_t flags) {
    vidstore_error *error = NULL;
    vidstore_text *text = NULL;
    double start = now_s();
    must(vidstore_media_probe_path(session, file, flags, &text, &error), error, file);
    double took = now_s() - start;
    vidstore_text_free(text);
    return took;
}

static double keep(vidstore_session *session, const char *id, const char *file) {
    vidstore_error *error = NULL;
    double start = now_s();
    must(vidstore_video_probe_path(session, id, file, NULL, &error), error, file);
    return now_s() - start;
}

static void report_times(report_fn *report, const char *name, double *ours, double *theirs, int count, double target) {
    double a = median(ours, count) * 1e3, b = median(theirs, count) * 1e3;
    if (b > 0) /* else the other program is not there */
        report(&(struct result){name, "ms", a, b, b / a, target, 0});
}

static void run_files(vidstore_session *session, const char *scratch, report_fn *report) {
    enum { COUNT = PROBES * CLIPS };
    double fork[COUNT], warm[COUNT], kept[COUNT], ffprobe[COUNT], mediainfo[COUNT], again[COUNT];
    vidstore_error *error = NULL;
    vidstore_video *video = NULL;
    must(vidstore_video_create(session, NULL, &video, &error), error, "create");
    for (int i = 0; i < COUNT; i++) {
        const char *file = path(scratch, clips[i % CLIPS].name);
        ffprobe[i] = again[i] = timed("ffprobe -v error -show_format -show_streams", file);
        mediainfo[i] = timed("mediainfo", file);
        if (i == 0) { /* the helper starts */
            look(session, file, 0);
            look(session, file, VIDSTORE_PROBE_WARM);
        }
        fork[i] = look(session, file, 0);
        usleep(20000); /* else the process that takes that one's place warms up beside what is measured next */
        warm[i] = look(session, file, VIDSTORE_PROBE_WARM);
        usleep(20000); /* as ffprobe leaves it: with a process forked ahead */
        kept[i] = keep(session, vidstore_video_id(video), file);
    }
    double other[COUNT];
    memcpy(other, again, sizeof other);
    report_times(report, "probe", fork, ffprobe, COUNT, 10);
    memcpy(other, again, sizeof other);
    report_times(report, "probe-warm", warm, other, COUNT, 35);
    memcpy(other, again, sizeof other);
    report_times(report, "probe-kept", kept, other, COUNT, 8);
    report_times(report, "probe-mediainfo", fork, mediainfo, COUNT, 2);
    vidstore_video_free(video);
}

struct worker {
    vidstore *store;
    const char *scratch;
    int from;
};

static void *probe_some(void *arg) {
    const struct worker *w = arg;
    vidstore_session *session = system_session(w->store);
    for (int i = w->from; i < TREE; i += WORKERS) {
        char file[4096];
        snprintf(file, sizeof file, "%s/tree/%d", w->scratch, i);
        look(session, file, 0);
    }
    vidstore_session_free(session);
    return NULL;
}

/* Files a second with as many workers as `xargs -P` has for ffprobe, which gets a tenth of them. */
static void run_tree(vidstore *store, const char *scratch, report_fn *report) {
    char command[9000];
    pthread_t threads[WORKERS];
    struct worker workers[WORKERS];
    snprintf(
        command, sizeof command,
        "cd '%s' && mkdir tree && for i in $(seq 0 %d); do set -- [a-h].*; shift $((i %% 8)); ln \"$1\" tree/$i; done",
        scratch, TREE - 1);
    if (system(command)) {
        fprintf(stderr, "bench: no tree\n");
        return;
    }
    double start = now_s();
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){store, scratch, i};
        pthread_create(&threads[i], NULL, probe_some, &workers[i]);
    }
    for (int i = 0; i < WORKERS; i++)
        pthread_join(threads[i], NULL);
    double ours = TREE / (now_s() - start);
    snprintf(command, sizeof command,
             "cd '%s/tree' && seq 0 %d | xargs -P %d -n 1 ffprobe -v error -show_format -show_streams >/dev/null",
             scratch, TREE / 10 - 1, WORKERS);
    start = now_s();
    if (system(command))
        fprintf(stderr, "bench: ffprobe failed\n");
    double theirs = TREE / 10 / (now_s() - start);
    report(&(struct result){"probe-tree", "files/s", ours, theirs, ours / theirs, 8, 0});
}

static void run_probe(const char *scratch, report_fn *report) {
    if (make_clips(scratch))
        return;
    vidstore *store = open_store(path(scratch, "store"));
    vidstore_session *session = system_session(store);
    run_files(session, scratch, report);
    run_tree(store, scratch, report);
    vidstore_session_free(session);
    vidstore_close(store);
}

const struct bench bench_probe[] = {
    {"probe", "probe a mixture of files, and a tree of 1,000, against running ffprobe and mediainfo", run_probe},
    {NULL, NULL, NULL},
};
