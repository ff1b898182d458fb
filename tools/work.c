/* SPDX-License-Identifier: MIT */
#include "work.h"
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { POLL_MS = 100 };

struct running {
    struct cli_work *work;
    vidstore_status status;
    vidstore_error *error;
    atomic_int done;
};

static void *run_call(void *argument) {
    struct running *running = argument;
    running->status = running->work->call(running->work, &running->error);
    atomic_store(&running->done, 1);
    return NULL;
}

/* Signals go to the thread that polls. */
static int start_quietly(pthread_t *thread, struct running *running) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(thread, NULL, run_call, running);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

vidstore_status cli_work_run(struct cli_work *work, vidstore_error **reterr) {
    struct running running = {.work = work};
    pthread_t thread;
    if (start_quietly(&thread, &running)) {
        run_call(&running); /* no second thread: then without progress */
    } else {
        /* Short calls are over before the first poll; the pause grows so that they are not held up either. */
        for (int64_t pause = 1; !atomic_load(&running.done); pause = pause < POLL_MS ? pause * 2 : POLL_MS) {
            struct timespec wait = {.tv_nsec = (pause < POLL_MS ? pause : POLL_MS) * 1000000};
            nanosleep(&wait, NULL);
            /* Again and again: an interrupt is lost on a session that is idle just then. */
            if (cli_stopped())
                vidstore_interrupt(work->session);
            if (work->poll && pause >= POLL_MS)
                work->poll(work);
        }
        pthread_join(thread, NULL);
    }
    *reterr = running.error;
    return running.status;
}

struct fetching {
    vidstore_session *watcher;
    struct cli_progress progress;
};

static void show_fetch(struct cli_work *work) {
    struct fetching *fetching = work->context;
    cli_auto(vidstore_video) *video = NULL;
    if (!fetching->watcher || vidstore_video_get(fetching->watcher, work->id, &video, NULL))
        return;
    cli_progress_update(&fetching->progress, vidstore_video_int64(video, VIDSTORE_VIDEO_DOWNLOAD_DONE),
                        vidstore_video_int64(video, VIDSTORE_VIDEO_DOWNLOAD_TOTAL));
}

static vidstore_status call_fetch(struct cli_work *work, vidstore_error **reterr) {
    return vidstore_video_fetch(work->session, work->id, &work->file, reterr);
}

vidstore_status cli_fetch(struct cli *cli, vidstore_session *session, const char *video_id, const char *label,
                          vidstore_file **ret_file, vidstore_error **reterr) {
    struct fetching fetching = {NULL};
    cli_progress_begin(&fetching.progress, cli, label, 1);
    cli_auto(vidstore_session) *watcher = cli->meter ? cli_system_session(cli) : NULL;
    fetching.watcher = watcher;
    struct cli_work work = {.session = session,
                            .call = call_fetch,
                            .poll = cli->meter ? show_fetch : NULL,
                            .context = &fetching,
                            .id = video_id};
    vidstore_status status = cli_work_run(&work, reterr);
    cli_progress_end(&fetching.progress);
    *ret_file = work.file;
    return status;
}

static vidstore_status call_probe(struct cli_work *work, vidstore_error **reterr) {
    return vidstore_video_probe(work->session, work->id, &work->video, reterr);
}

vidstore_status cli_probe(struct cli *cli, vidstore_session *session, const char *video_id, vidstore_video **ret_video,
                          vidstore_error **reterr) {
    struct cli_work work = {.session = session, .call = call_probe, .id = video_id};
    vidstore_status status = cli_work_run(&work, reterr);
    *ret_video = work.video;
    return status;
}

struct many {
    const char *const *ids;
    int64_t count;
    vidstore_page *page;
};

static vidstore_status call_probe_many(struct cli_work *work, vidstore_error **reterr) {
    struct many *many = work->context;
    return vidstore_video_probe_many(work->session, many->ids, many->count, 0, &many->page, reterr);
}

vidstore_status cli_probe_many(vidstore_session *session, const char *const *ids, int64_t count,
                               vidstore_page **ret_page, vidstore_error **reterr) {
    struct many many = {ids, count, NULL};
    struct cli_work work = {.session = session, .call = call_probe_many, .context = &many};
    vidstore_status status = cli_work_run(&work, reterr);
    *ret_page = many.page;
    return status;
}

char *cli_video_facts(const vidstore_video *video) {
    char length[CLI_TEXT], pixels[CLI_TEXT] = "";
    const char *codec = vidstore_video_text(video, VIDSTORE_VIDEO_CODEC);
    const char *audio = vidstore_video_text(video, VIDSTORE_VIDEO_AUDIO_CODEC);
    const char *format = vidstore_video_text(video, VIDSTORE_VIDEO_FORMAT);
    const char *status = vidstore_video_text(video, VIDSTORE_VIDEO_PROBE_STATUS);
    int64_t width = vidstore_video_width(video), us = vidstore_video_duration_us(video);
    if (width != INT64_MIN)
        snprintf(pixels, sizeof pixels, " %" PRId64 "x%" PRId64, width, vidstore_video_height(video));
    cli_duration(us == INT64_MIN ? us : us / 1000, length);
    int remarkable = !status || strcmp(status, "ok") != 0;
    return cli_print("%s %s%s%s%s %s%s%s", format ? format : "?", codec ? codec : "no picture", pixels,
                     audio ? " + " : "", audio ? audio : "", length, remarkable ? "  " : "",
                     !remarkable ? ""
                     : status    ? status
                                 : "not probed");
}

const char *cli_video_label(const vidstore_video *video) {
    const char *title = vidstore_video_title(video), *url = vidstore_video_url(video);
    return title ? title : url ? url : vidstore_video_id(video);
}

static int say_end(struct cli *cli, const vidstore_job *job) {
    const char *state = vidstore_job_text(job, VIDSTORE_JOB_STATE), *error = vidstore_job_text(job, VIDSTORE_JOB_ERROR);
    int64_t number = vidstore_job_state(job);
    if (number == VIDSTORE_JOB_COMPLETED)
        return CLI_OK;
    return cli_complain(CLI_FAILURE, "job %s is %s%s%s", vidstore_job_id(job), state, error ? ": " : "",
                        error ? error : "");
}

int cli_wait_job(struct cli *cli, const char *id) {
    struct cli_progress progress;
    cli_progress_begin(&progress, cli, "job", 0);
    for (;;) {
        vidstore_error *error = NULL;
        cli_auto(vidstore_job) *job = NULL;
        vidstore_status status = vidstore_job_wait(cli->session, id, 500, &job, &error);
        if (status && status != VIDSTORE_TIMEOUT) {
            cli_progress_end(&progress);
            return cli_fail_on(cli, id, &error);
        }
        vidstore_error_free(error);
        if (vidstore_job_state(job) >= VIDSTORE_JOB_COMPLETED) {
            cli_progress_end(&progress);
            return say_end(cli, job);
        }
        cli_progress_update(&progress, vidstore_job_int64(job, VIDSTORE_JOB_PROGRESS_DONE),
                            vidstore_job_int64(job, VIDSTORE_JOB_PROGRESS_TOTAL));
        if (cli_stopped()) {
            cli_progress_end(&progress);
            return cli_complain(CLI_INTERRUPTED, "not waiting any longer; job %s goes on", id);
        }
    }
}
