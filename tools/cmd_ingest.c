/* SPDX-License-Identifier: MIT */
/* Bringing videos in: from files of this machine, or from URLs. */
#include "noun.h"
#include "work.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SLICE = 16 << 20, EPISODE_MAX = 1000000 };

static vidstore_video_params *video_params(const struct cli_args *args, int index) {
    vidstore_video_params *params = vidstore_video_params_new();
    const char *source = args->operands[index], *title = cli_value(args, "title");
    const char *series = cli_value(args, "series"), *season = cli_value(args, "season");
    cli_autofree char *guessed = cli_title_of(source);
    vidstore_video_params_set_text(params, VIDSTORE_VIDEO_TITLE, title ? title : guessed);
    if (series)
        vidstore_video_params_set_text(params, VIDSTORE_VIDEO_SERIES, series);
    if (season)
        vidstore_video_params_set_text(params, VIDSTORE_VIDEO_SEASON, season);
    int64_t episode = INT64_MIN;
    if (!cli_number(args, "episode", 0, EPISODE_MAX, &episode) && episode != INT64_MIN)
        vidstore_video_params_set_int64(params, VIDSTORE_VIDEO_EPISODE, episode + index);
    if (cli_is_url(source))
        vidstore_video_params_set_text(params, VIDSTORE_VIDEO_URL, source);
    return params;
}

static vidstore_file_params *file_params(const struct cli_args *args, const char *path) {
    vidstore_file_params *params = vidstore_file_params_new();
    const char *slash = strrchr(path, '/');
    cli_autofree char *safe = cli_safe(slash ? slash + 1 : path);
    vidstore_file_params_set_text(params, VIDSTORE_FILE_NAME, safe);
    if (cli_value(args, "category"))
        vidstore_file_params_set_text(params, VIDSTORE_FILE_CATEGORY, cli_value(args, "category"));
    if (cli_value(args, "access"))
        vidstore_file_params_set_text(params, VIDSTORE_FILE_ACCESS, cli_value(args, "access"));
    return params;
}

/* Copies the bytes, a slice at a time so that a signal stops it and a bar can move, and seals them. */
static int copy_bytes(struct cli *cli, int fd, int64_t total, const char *path, vidstore_upload *upload) {
    vidstore_error *error = NULL;
    struct cli_progress progress;
    vidstore_status status;
    int64_t left = 0;
    cli_progress_begin(&progress, cli, path, 1);
    do {
        status = cli_stopped() ? VIDSTORE_CANCELLED : vidstore_upload_copy(upload, fd, SLICE, &left, &error);
        if (!status)
            cli_progress_update(&progress, total - left, total);
    } while (!status && left > 0);
    cli_progress_end(&progress);
    if (!status)
        status = vidstore_upload_seal(upload, vidstore_upload_size(upload), &error);
    if (status && !error)
        return cli_complain(CLI_INTERRUPTED, "%s: stopped", path);
    return status ? cli_fail_on(cli, path, &error) : CLI_OK;
}

/* The file, its video and the tie between them, in one commit. */
static vidstore_status publish(struct cli *cli, vidstore_upload *upload, vidstore_video_params *video_params,
                               vidstore_video **ret_video, vidstore_error **reterr) {
    cli_auto(vidstore_file) *file = NULL, *tied = NULL;
    cli_auto(vidstore_file_params) *tie = vidstore_file_params_new();
    vidstore_status status = vidstore_begin(cli->session, 0, reterr);
    if (status)
        return status;
    status = vidstore_upload_publish(cli->session, upload, &file, reterr);
    if (!status) {
        vidstore_video_params_set_text(video_params, VIDSTORE_VIDEO_SOURCE_FILE_ID, vidstore_file_id(file));
        vidstore_video_params_set_int64(video_params, VIDSTORE_VIDEO_DOWNLOAD_STATE, VIDSTORE_WORK_COMPLETED);
        status = vidstore_video_create(cli->session, video_params, ret_video, reterr);
    }
    if (!status) {
        vidstore_file_params_set_text(tie, VIDSTORE_FILE_VIDEO_ID, vidstore_video_id(*ret_video));
        status = vidstore_file_update(cli->session, vidstore_file_id(file), tie, &tied, reterr);
    }
    if (!status)
        return vidstore_commit(cli->session, reterr);
    vidstore_rollback(cli->session, NULL);
    return status;
}

/* One line, or the record as JSON, of what is in the store now. */
static int say_stored(struct cli *cli, const vidstore_video *video) {
    char size[CLI_TEXT];
    if (cli->json)
        return cli_show_record(cli, &cli_videos, video);
    cli_autofree char *facts = cli_video_facts(video);
    cli_autofree char *line = cli_print("%s  %s  %s  %s", cli_id(cli, vidstore_video_id(video)), cli_video_label(video),
                                        cli_size(vidstore_video_int64(video, VIDSTORE_VIDEO_SIZE), size), facts);
    cli_put_safe(line);
    putchar('\n');
    fflush(stdout);
    return CLI_OK;
}

/* What could not be probed is in the store all the same: whoever brought it in must learn its id. */
static void say_kept(struct cli *cli, const char *source, const char *video_id, vidstore_status why) {
    cli_auto(vidstore_video) *video = NULL;
    if (!vidstore_video_get(cli->session, video_id, &video, NULL))
        say_stored(cli, video);
    if (why == VIDSTORE_MEDIA)
        cli_remark(cli, "%s: kept as video %s", source, video_id);
    else
        cli_remark(cli, "%s: stored, not probed; `vidstore probe %s` does that", source, video_id);
}

/* Probes what has arrived. What is no media is refused: it leaves again, unless it is to be kept. */
static int look_into(struct cli *cli, const struct cli_args *args, const char *source, const char *video_id) {
    vidstore_error *error = NULL;
    cli_auto(vidstore_video) *probed = NULL;
    vidstore_status status = cli_probe(cli, cli->session, video_id, &probed, &error);
    if (!status)
        return say_stored(cli, probed);
    int leaves = status == VIDSTORE_MEDIA && !cli_flag(args, "keep") &&
                 !vidstore_video_remove(cli->session, video_id, VIDSTORE_REMOVE_CASCADE, NULL);
    int result = cli_fail_on(cli, source, &error);
    if (!leaves)
        say_kept(cli, source, video_id, status);
    return result;
}

/* Only to look at: the library opens it for reading, once it knows that it is not the database of a store, whose locks
 * the close of any other descriptor would drop. */
static int open_source(const char *path, int64_t *ret_size) {
    struct stat status;
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return -cli_complain(CLI_NOT_FOUND, "%s: %s (NOT_FOUND)", path, strerrordesc_np(errno));
    if (fd < 0 && errno == EACCES)
        return -cli_complain(CLI_REFUSED, "%s: %s (FORBIDDEN)", path, strerrordesc_np(errno));
    if (fd < 0)
        return -cli_complain(CLI_FAILURE, "%s: %s (IO)", path, strerrordesc_np(errno));
    if (fstat(fd, &status) || !S_ISREG(status.st_mode)) {
        close(fd);
        return -cli_complain(CLI_INVALID, "%s: not a regular file (INVALID, field path)", path);
    }
    *ret_size = status.st_size;
    return fd;
}

/* The first source that is any good makes the store: a mistyped path leaves none behind. */
static int open_store(struct cli *cli) {
    return cli->session ? CLI_OK : cli_open(cli, CLI_CREATES);
}

static int ingest_file(struct cli *cli, const struct cli_args *args, int index) {
    vidstore_error *error = NULL;
    const char *path = args->operands[index];
    int64_t size = 0;
    cli_autoclose int fd = open_source(path, &size);
    int result = fd < 0 ? -fd : open_store(cli);
    if (result)
        return result;
    cli_auto(vidstore_file_params) *params = file_params(args, path);
    cli_auto(vidstore_upload) *upload = NULL;
    if (vidstore_upload_open(cli->session, params, &upload, &error))
        return cli_fail_on(cli, path, &error);
    cli_auto(vidstore_video_params) *wanted = video_params(args, index);
    cli_auto(vidstore_video) *video = NULL;
    result = copy_bytes(cli, fd, size, path, upload);
    if (!result && publish(cli, upload, wanted, &video, &error))
        result = cli_fail_on(cli, path, &error);
    if (result) {
        vidstore_upload_abort(upload, NULL);
        return result;
    }
    return look_into(cli, args, path, vidstore_video_id(video));
}

/* Whether the same fetch may succeed later; else what the URL names, or says, has to change first. */
static int may_go_on(const vidstore_error *error) {
    switch (vidstore_error_code(error)) {
    case VIDSTORE_INVALID:
    case VIDSTORE_FORBIDDEN:
    case VIDSTORE_NOT_FOUND:
    case VIDSTORE_MEDIA:
    case VIDSTORE_UNSUPPORTED:
        return 0;
    default:
        return 1;
    }
}

static int ingest_url(struct cli *cli, const struct cli_args *args, int index) {
    vidstore_error *error = NULL;
    const char *url = args->operands[index];
    cli_auto(vidstore_video_params) *params = video_params(args, index);
    cli_auto(vidstore_video) *video = NULL;
    cli_auto(vidstore_file) *file = NULL;
    if (vidstore_video_create(cli->session, params, &video, &error))
        return cli_fail_on(cli, url, &error);
    if (cli_fetch(cli, cli->session, vidstore_video_id(video), cli_video_label(video), &file, &error)) {
        const char *id = vidstore_video_id(video);
        int leaves = !may_go_on(error) && !vidstore_video_remove(cli->session, id, VIDSTORE_REMOVE_CASCADE, NULL);
        int result = cli_fail_on(cli, url, &error);
        if (!leaves)
            cli_remark(cli, "video %s stays: `vidstore fetch %s` goes on with it", id, id);
        return result;
    }
    return look_into(cli, args, url, vidstore_video_id(video));
}

static int submit_url(struct cli *cli, const struct cli_args *args, int index) {
    vidstore_error *error = NULL;
    cli_autofree char *guessed = cli_title_of(args->operands[index]);
    const char *title = cli_value(args, "title"), *season = cli_value(args, "season");
    int64_t episode = 0;
    if (cli_number(args, "episode", 0, EPISODE_MAX, &episode))
        return CLI_USAGE;
    cli_auto(json_t) *number = cli_value(args, "episode") ? json_integer(episode + index) : NULL;
    cli_auto(json_t) *sources = json_pack("[{s:s, s:s, s:O*}]", "url", args->operands[index], "title",
                                          title ? title : guessed, "episode", number);
    cli_autofree char *text = sources ? json_dumps(sources, 0) : NULL;
    if (!text)
        return cli_complain(CLI_INVALID, "%s: not UTF-8 (INVALID, field url)", args->operands[index]);
    cli_auto(vidstore_job_params) *params = vidstore_job_params_new();
    vidstore_job_params_set_text(params, VIDSTORE_JOB_KIND, "download_only");
    vidstore_job_params_set_text(params, VIDSTORE_JOB_SOURCES, text);
    if (season)
        vidstore_job_params_set_text(params, VIDSTORE_JOB_SEASON, season);
    cli_auto(vidstore_job) *job = NULL;
    if (vidstore_job_submit(cli->session, params, &job, &error))
        return cli_fail_on(cli, args->operands[index], &error);
    if (cli->json)
        cli_show_record(cli, &cli_jobs, job);
    else
        printf("%s\n", vidstore_job_id(job));
    fflush(stdout);
    return cli_flag(args, "wait") ? cli_wait_job(cli, vidstore_job_id(job)) : CLI_OK;
}

/* What is left to a worker is a job: it has no place for what says how this command stores and probes. */
static int check_options(const struct cli_args *args) {
    static const char *const unfit[] = {"series", "category", "access", "keep"};
    int64_t episode = 0;
    if (cli_number(args, "episode", 0, EPISODE_MAX, &episode))
        return CLI_USAGE;
    if (!cli_flag(args, "submit"))
        return cli_flag(args, "wait") ? cli_usage(args, "--wait goes with --submit only") : CLI_OK;
    for (size_t i = 0; i < sizeof unfit / sizeof *unfit; i++)
        if (cli_flag(args, unfit[i]))
            return cli_usage(args, "--%s does not go with --submit", unfit[i]);
    for (int i = 0; i < args->count; i++)
        if (!strstr(args->operands[i], "://"))
            return cli_usage(args, "--submit is for URLs, and \"%s\" is none", args->operands[i]);
    return CLI_OK;
}

static int ingest_one(struct cli *cli, const struct cli_args *args, int index) {
    const char *source = args->operands[index];
    if (cli_is_foreign_url(source))
        return cli_refuse_url(source);
    if (!cli_is_url(source))
        return ingest_file(cli, args, index);
    int result = open_store(cli);
    return result ? result : cli_flag(args, "submit") ? submit_url(cli, args, index) : ingest_url(cli, args, index);
}

int cmd_ingest(struct cli *cli, const struct cli_args *args) {
    /* One bad file must not keep the others out: go on, and answer with the first failure. */
    int first = check_options(args);
    if (first)
        return first;
    cli_catch_signals();
    for (int i = 0; i < args->count && !cli_stopped(); i++) {
        int result = ingest_one(cli, args, i);
        if (!first)
            first = result;
    }
    return first;
}

static int each_video(struct cli *cli, const struct cli_args *args, int fetch) {
    cli_catch_signals();
    for (int i = 0; i < args->count; i++) {
        vidstore_error *error = NULL;
        char id[CLI_UUID_TEXT];
        const char *what = fetch ? "video" : "file or video";
        int result = cli_called_find(cli, &cli_videos, what, args->operands[i], id);
        if (result)
            return result;
        cli_auto(vidstore_video) *video = NULL, *probed = NULL;
        cli_auto(vidstore_file) *file = NULL;
        if (vidstore_video_get(cli->session, id, &video, &error))
            return cli_fail_on(cli, id, &error);
        if (fetch && cli_fetch(cli, cli->session, id, cli_video_label(video), &file, &error))
            return cli_fail_on(cli, id, &error);
        if (cli_probe(cli, cli->session, id, &probed, &error))
            return cli_fail_on(cli, id, &error);
        result = cli_show_record(cli, &cli_videos, probed);
        if (result)
            return result;
    }
    return CLI_OK;
}

int cmd_fetch(struct cli *cli, const struct cli_args *args) {
    return each_video(cli, args, 1);
}

int cli_probe_videos(struct cli *cli, const struct cli_args *args) {
    return each_video(cli, args, 0);
}
