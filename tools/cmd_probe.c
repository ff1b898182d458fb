/* SPDX-License-Identifier: MIT */
/* probe: what files are, like ffprobe but in the sandbox; or a video of the store, looked into again. */
#include "media_sheet.h"
#include "noun.h"
#include "work.h"
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PARALLEL_MAX = 64, OPEN_DIRECTORIES = 16, SLICE_MAX = 512 };

struct many {
    struct cli *cli;
    char **paths;
    int count, at, sheet;
    int64_t slice; /* so many in one call, which share the processors */
    uint32_t flags;
    struct cli_progress progress;
};

static void add(struct many *many, const char *path) {
    if ((many->count & (many->count - 1)) == 0)
        many->paths = cli_grow(many->paths, many->count ? 2 * (size_t)many->count : 1, sizeof *many->paths);
    many->paths[many->count++] = cli_copy(path);
}

static int by_path(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* nftw() has no argument for its caller. */
static struct many *walking;

static int visit(const char *path, const struct stat *status, int type, struct FTW *where) {
    (void)where;
    if (type == FTW_F && S_ISREG(status->st_mode))
        add(walking, path);
    return cli_stopped();
}

/* A path of this machine, rather than the id of a video. */
static int is_path(const char *operand, struct stat *status) {
    return stat(operand, status) == 0 || strchr(operand, '/');
}

static void add_operand(struct many *many, const char *operand) {
    struct stat status;
    if (stat(operand, &status) || !S_ISDIR(status.st_mode)) {
        add(many, operand);
        return;
    }
    int first = many->count;
    walking = many;
    nftw(operand, visit, OPEN_DIRECTORIES, FTW_PHYS);
    if (many->count > first)
        qsort(many->paths + first, (size_t)(many->count - first), sizeof *many->paths, by_path);
}

/* The exit code says the worst of what the bytes are: anything but ok is a matter of the media. */
static int say(struct many *many, const char *path, json_t *found) {
    struct cli *cli = many->cli;
    const char *status = json_string_value(json_object_get(json_object_get(found, "container"), "status"));
    int result = status && strcmp(status, "ok") == 0 ? CLI_OK : CLI_MEDIA;
    cli_progress_end(&many->progress);
    if (cli->json) {
        json_object_set_new(found, "path", json_string_nocheck(path));
        cli_autofree char *text = json_dumps(found, JSON_COMPACT);
        if (text)
            cli_put_json(text);
    } else if (many->sheet) {
        cli_media_sheet(cli, path, found);
    } else {
        cli_autofree char *line = cli_media_line(found);
        cli_put_safe(path);
        fputs("  ", stdout);
        cli_put_safe(line);
        putchar('\n');
    }
    fflush(stdout);
    return result;
}

/* The next paths, and what they hold. */
struct slice {
    struct many *many;
    int64_t count;
    vidstore_text *found;
};

static vidstore_status call_slice(struct cli_work *work, vidstore_error **reterr) {
    struct slice *slice = work->context;
    const struct many *many = slice->many;
    return vidstore_media_probe_many(work->session, (const char *const *)many->paths + many->at, slice->count,
                                     many->flags, &slice->found, reterr);
}

static vidstore_status call_one(struct cli_work *work, vidstore_error **reterr) {
    struct slice *slice = work->context;
    const struct many *many = slice->many;
    return vidstore_media_probe_path(work->session, many->paths[many->at], many->flags, &slice->found, reterr);
}

/* One alone: what it fails with is an error of its own, and what it says may be long. */
static int probe_alone(struct many *many) {
    vidstore_error *error = NULL;
    struct slice slice = {.many = many, .count = 1};
    struct cli_work work = {.session = many->cli->session, .call = call_one, .context = &slice};
    const char *path = many->paths[many->at];
    if (cli_work_run(&work, &error)) {
        cli_progress_end(&many->progress);
        return cli_fail_on(many->cli, path, &error);
    }
    cli_auto(json_t) *found = cli_json(vidstore_text_data(slice.found));
    vidstore_text_free(slice.found);
    return say(many, path, found);
}

static int probe_slice(struct many *many) {
    vidstore_error *error = NULL;
    struct slice slice = {.many = many, .count = many->count - many->at};
    if (slice.count > many->slice)
        slice.count = many->slice;
    struct cli_work work = {.session = many->cli->session, .call = call_slice, .context = &slice};
    if (cli_work_run(&work, &error))
        return cli_fail(many->cli, &error);
    cli_auto(json_t) *all = cli_json(vidstore_text_data(slice.found));
    vidstore_text_free(slice.found);
    int first = CLI_OK;
    for (int64_t i = 0; i < slice.count && !cli_stopped(); i++, many->at++) {
        json_t *found = json_array_get(all, (size_t)i);
        int result = json_object_get(found, "error") ? probe_alone(many) : say(many, many->paths[many->at], found);
        first = first ? first : result;
    }
    cli_progress_update(&many->progress, many->at, many->count);
    return first;
}

static int probe_all(struct many *many) {
    int first = CLI_OK;
    cli_progress_begin(&many->progress, many->cli, "probe", 0);
    if (many->count == 1)
        first = probe_alone(many);
    while (many->count > 1 && many->at < many->count && !cli_stopped()) {
        int before = many->at, result = probe_slice(many);
        first = first ? first : result;
        if (many->at == before)
            break; /* it was not the files that failed */
    }
    cli_progress_end(&many->progress);
    return cli_stopped() ? CLI_INTERRUPTED : first;
}

static int probe_files(struct cli *cli, const struct cli_args *args) {
    struct many many = {.cli = cli};
    vidstore_error *error = NULL;
    char parallel_text[32];
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int64_t parallel = cores > 0 ? cores : 1;
    if (cli_number(args, "parallel", 1, PARALLEL_MAX, &parallel))
        return CLI_USAGE;
    many.flags = (cli_flag(args, "warm") ? VIDSTORE_PROBE_WARM : 0) |
                 (cli_flag(args, "no-decode") ? VIDSTORE_PROBE_NO_DECODE : 0);
    many.slice = 16 * parallel < SLICE_MAX ? 16 * parallel : SLICE_MAX;
    /* what is only looked at needs no store */
    cli->location = ":memory:";
    int result = cli_open(cli, CLI_CREATES | CLI_AS_SYSTEM);
    if (result)
        return result;
    snprintf(parallel_text, sizeof parallel_text, "%d", (int)parallel);
    if (vidstore_setting_set(cli->session, "probe.parallel", parallel_text, &error))
        return cli_fail(cli, &error);
    for (int i = 0; i < args->count; i++)
        add_operand(&many, args->operands[i]);
    many.sheet = cli_flag(args, "full") || many.count == 1;
    result = many.count ? probe_all(&many) : cli_complain(CLI_NOT_FOUND, "there is no file in there (NOT_FOUND)");
    for (int i = 0; i < many.count; i++)
        free(many.paths[i]);
    free(many.paths);
    return result;
}

/* Opens the store, for what is no path of this machine. Where there is no store either, it was meant as one. */
static int open_for(struct cli *cli, const char *operand) {
    cli_autofree char *database = cli_print("%s/store.db", cli->location);
    int named = strncmp(cli->location, "vidstore:", 9) == 0 || strcmp(cli->location, ":memory:") == 0;
    if (!named && access(database, F_OK))
        return cli_complain(CLI_NOT_FOUND, "no file \"%s\" (NOT_FOUND)", operand);
    return cli_open(cli, 0);
}

/* Some are files of this machine: the rest are videos, or files that are not there. */
static int mixed(struct cli *cli, const struct cli_args *args) {
    struct stat status;
    char id[CLI_UUID_TEXT];
    int at = 0;
    while (is_path(args->operands[at], &status))
        at++;
    int is_id = strlen(args->operands[at]) == CLI_UUID_TEXT - 1;
    int result = is_id ? CLI_OK : open_for(cli, args->operands[at]);
    if (!result && !is_id)
        result = cli_called_find(cli, &cli_videos, "file or video", args->operands[at], id);
    return result ? result : cli_usage(args, "files and videos of the store can't be probed in one go");
}

int cmd_probe(struct cli *cli, const struct cli_args *args) {
    struct stat status;
    int paths = 0;
    cli_catch_signals();
    for (int i = 0; i < args->count; i++)
        paths += is_path(args->operands[i], &status);
    if (paths == args->count)
        return probe_files(cli, args);
    if (paths)
        return mixed(cli, args);
    if (cli_flag(args, "warm") || cli_flag(args, "no-decode") || cli_flag(args, "parallel") || cli_flag(args, "full"))
        return cli_usage(args, "that option goes with files, and \"%s\" is none", args->operands[0]);
    int result = open_for(cli, args->operands[0]);
    return result ? result : cli_probe_videos(cli, args);
}
