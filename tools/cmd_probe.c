/* SPDX-License-Identifier: MIT */
/* probe: what files are, like ffprobe but in the sandbox; or a video of the store, looked into again. */
#include "media_sheet.h"
#include "noun.h"
#include "work.h"
#include <errno.h>
#include <ftw.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PARALLEL_MAX = 64, OPEN_DIRECTORIES = 16, POLL_MS = 50 };

struct one {
    char *path;
    json_t *found;
    vidstore_error *error;
    int done;
};

struct many {
    struct cli *cli;
    struct one *list;
    int count, next, done;
    uint32_t flags;
    pthread_mutex_t lock;
};

struct prober {
    struct many *many;
    vidstore_session *session;
    pthread_t thread;
};

static void add(struct many *many, const char *path) {
    if ((many->count & (many->count - 1)) == 0)
        many->list = cli_grow(many->list, many->count ? 2 * (size_t)many->count : 1, sizeof *many->list);
    many->list[many->count++] = (struct one){.path = cli_copy(path)};
}

static int by_path(const void *a, const void *b) {
    return strcmp(((const struct one *)a)->path, ((const struct one *)b)->path);
}

/* nftw() has no argument for its caller; one thread walks, before there are others. */
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
        qsort(many->list + first, (size_t)(many->count - first), sizeof *many->list, by_path);
}

static void probe_one(struct prober *prober, struct one *one) {
    vidstore_text *text = NULL;
    if (!vidstore_media_probe_path(prober->session, one->path, prober->many->flags, &text, &one->error))
        one->found = cli_json(vidstore_text_data(text));
    vidstore_text_free(text);
}

static void *probe_on(void *arg) {
    struct prober *prober = arg;
    struct many *many = prober->many;
    pthread_mutex_lock(&many->lock);
    while (many->next < many->count && !cli_stopped()) {
        struct one *one = &many->list[many->next++];
        pthread_mutex_unlock(&many->lock);
        probe_one(prober, one);
        pthread_mutex_lock(&many->lock);
        one->done = 1;
        many->done++;
    }
    pthread_mutex_unlock(&many->lock);
    return NULL;
}

/* The exit code says the worst of what the bytes are: anything but ok is a matter of the media. */
static int say(struct many *many, struct one *one, int sheet) {
    struct cli *cli = many->cli;
    if (one->error)
        return cli_fail_on(cli, one->path, &one->error);
    if (!one->found)
        return CLI_FAILURE;
    const char *status = json_string_value(json_object_get(json_object_get(one->found, "container"), "status"));
    int result = status && strcmp(status, "ok") == 0 ? CLI_OK : CLI_MEDIA;
    if (cli->json) {
        json_object_set_new(one->found, "path", json_string_nocheck(one->path));
        cli_autofree char *text = json_dumps(one->found, JSON_COMPACT);
        if (text)
            cli_put_json(text);
    } else if (sheet) {
        cli_media_sheet(cli, one->path, one->found);
    } else {
        cli_autofree char *line = cli_media_line(one->found);
        cli_put_safe(one->path);
        fputs("  ", stdout);
        cli_put_safe(line);
        putchar('\n');
    }
    fflush(stdout);
    return result;
}

static void forget(struct one *one) {
    json_decref(one->found);
    vidstore_error_free(one->error);
    one->found = NULL;
    one->error = NULL;
}

/* Prints in order what is done, while the others go on. */
static int follow(struct many *many, int sheet) {
    struct cli_progress progress;
    int said = 0, first = CLI_OK;
    cli_progress_begin(&progress, many->cli, "probe", 0);
    while (said < many->count && !cli_stopped()) {
        pthread_mutex_lock(&many->lock);
        int ready = many->list[said].done, done = many->done;
        pthread_mutex_unlock(&many->lock);
        if (!ready) {
            struct timespec wait = {.tv_nsec = (many->count == 1 ? 1 : POLL_MS) * 1000000L};
            if (many->count > 1)
                cli_progress_update(&progress, done, many->count);
            nanosleep(&wait, NULL);
            continue;
        }
        if (progress.shown)
            cli_progress_end(&progress);
        int result = say(many, &many->list[said], sheet);
        forget(&many->list[said++]);
        first = first ? first : result;
    }
    cli_progress_end(&progress);
    return cli_stopped() ? CLI_INTERRUPTED : first;
}

static int run_probers(struct many *many, int parallel, int sheet) {
    struct prober probers[PARALLEL_MAX];
    sigset_t all, before;
    int started = 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals go to the thread that prints */
    for (; started < parallel && started < many->count; started++) {
        struct prober *p = &probers[started];
        *p = (struct prober){.many = many, .session = cli_system_session(many->cli)};
        if (!p->session)
            break;
        if (pthread_create(&p->thread, NULL, probe_on, p)) {
            vidstore_session_free(p->session);
            break;
        }
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    int result = started ? follow(many, sheet) : CLI_FAILURE;
    for (int i = 0; i < started; i++) {
        if (cli_stopped())
            vidstore_interrupt(probers[i].session);
        pthread_join(probers[i].thread, NULL);
        vidstore_session_free(probers[i].session);
    }
    return result;
}

static int probe_files(struct cli *cli, const struct cli_args *args) {
    struct many many = {.cli = cli};
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int64_t parallel = cores > 0 ? cores : 1;
    if (cli_number(args, "parallel", 1, PARALLEL_MAX, &parallel))
        return CLI_USAGE;
    many.flags = (cli_flag(args, "warm") ? VIDSTORE_PROBE_WARM : 0) |
                 (cli_flag(args, "no-decode") ? VIDSTORE_PROBE_NO_DECODE : 0);
    /* what is only looked at needs no store */
    cli->location = ":memory:";
    int result = cli_open(cli, CLI_CREATES | CLI_AS_SYSTEM);
    if (result)
        return result;
    for (int i = 0; i < args->count; i++)
        add_operand(&many, args->operands[i]);
    pthread_mutex_init(&many.lock, NULL);
    if (many.count)
        result = run_probers(&many, (int)parallel, cli_flag(args, "full") || many.count == 1);
    else
        result = cli_complain(CLI_NOT_FOUND, "there is no file in there (NOT_FOUND)");
    pthread_mutex_destroy(&many.lock);
    for (int i = 0; i < many.count; i++) {
        forget(&many.list[i]);
        free(many.list[i].path);
    }
    free(many.list);
    return result;
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
        return cli_usage(args, "files and videos of the store can't be probed in one go");
    if (cli_flag(args, "warm") || cli_flag(args, "no-decode") || cli_flag(args, "parallel") || cli_flag(args, "full"))
        return cli_usage(args, "that option goes with files, and \"%s\" is none", args->operands[0]);
    int result = cli_open(cli, 0);
    return result ? result : cli_probe_videos(cli, args);
}
