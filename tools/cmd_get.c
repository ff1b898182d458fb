/* SPDX-License-Identifier: MIT */
/* Bytes out of the store, and records out of sight. */
#include "noun.h"
#include "work.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 1 << 20 };

int cli_file_find(struct cli *cli, const char *text, char ret[CLI_UUID_TEXT]) {
    static const struct cli_noun *const nouns[] = {&cli_files, &cli_videos, NULL};
    const struct cli_noun *noun = NULL;
    int result = cli_one_find(cli, nouns, "file or video", text, &noun, ret);
    if (result || noun == &cli_files)
        return result;
    if (noun != &cli_videos)
        return cli_complain(CLI_INVALID, "%s is a %s, not a file or video (INVALID, field id)", text, noun->name);
    vidstore_error *error = NULL;
    cli_auto(vidstore_video) *video = NULL;
    if (vidstore_video_get(cli->session, ret, &video, &error))
        return cli_fail_on(cli, text, &error);
    const char *file = vidstore_video_text(video, VIDSTORE_VIDEO_SOURCE_FILE_ID);
    if (!file)
        return cli_complain(CLI_NOT_FOUND, "%s: the video has no file (NOT_FOUND)", text);
    snprintf(ret, CLI_UUID_TEXT, "%s", file);
    return CLI_OK;
}

static int write_all(int fd, const char *data, int64_t size) {
    while (size > 0) {
        ssize_t wrote = write(fd, data, (size_t)size);
        if (wrote < 0 && errno == EINTR && !cli_stopped())
            continue;
        if (wrote < 0)
            return -1;
        data += wrote;
        size -= wrote;
    }
    return 0;
}

static int copy_bytes(struct cli *cli, const char *id, int fd, const char *target) {
    vidstore_error *error = NULL;
    cli_auto(vidstore_reader) *reader = NULL;
    if (vidstore_file_open(cli->session, id, &reader, &error))
        return cli_fail_on(cli, id, &error);
    cli_autofree char *chunk = cli_alloc(CHUNK);
    struct cli_progress progress;
    cli_progress_begin(&progress, cli, "get", 1);
    int64_t total = vidstore_reader_size(reader);
    for (int64_t done = 0, got = 0; done < total; done += got) {
        if (cli_stopped()) {
            cli_progress_end(&progress);
            return cli_complain(CLI_INTERRUPTED, "%s: stopped", target);
        }
        if (vidstore_reader_read(reader, done, chunk, CHUNK, &got, &error)) {
            cli_progress_end(&progress);
            return cli_fail_on(cli, id, &error);
        }
        if (write_all(fd, chunk, got)) {
            cli_progress_end(&progress);
            return cli_complain(CLI_FAILURE, "%s: %s (IO)", target, strerrordesc_np(errno));
        }
        cli_progress_update(&progress, done + got, total);
    }
    cli_progress_end(&progress);
    return CLI_OK;
}

static int get_stream(struct cli *cli, const char *id) {
    if (isatty(STDOUT_FILENO))
        return cli_complain(CLI_USAGE, "bytes are not for a terminal; use -o FILE or a pipe");
    return copy_bytes(cli, id, STDOUT_FILENO, "standard output");
}

/* The store writes no paths for users: here the path is that of whoever runs this program. */
static int get_as_user(struct cli *cli, const char *id, const char *path) {
    cli_autoclose int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return cli_complain(errno == EEXIST ? CLI_REFUSED : CLI_FAILURE, "%s: %s (%s)", path, strerrordesc_np(errno),
                            errno == EEXIST ? "EXISTS" : "IO");
    int result = copy_bytes(cli, id, fd, path);
    if (!result && fsync(fd))
        result = cli_complain(CLI_FAILURE, "%s: %s (IO)", path, strerrordesc_np(errno));
    if (result)
        unlink(path);
    return result;
}

struct saving {
    const char *path;
    int64_t total;
    struct cli_progress progress;
};

static void show_save(struct cli_work *work) {
    struct saving *saving = work->context;
    struct stat status;
    if (!stat(saving->path, &status))
        cli_progress_update(&saving->progress, status.st_size, saving->total);
}

static vidstore_status call_save(struct cli_work *work, vidstore_error **reterr) {
    const struct saving *saving = work->context;
    return vidstore_file_save(work->session, work->id, saving->path, reterr);
}

static int save(struct cli *cli, const char *id, struct saving *saving) {
    vidstore_error *error = NULL;
    cli_progress_begin(&saving->progress, cli, saving->path, 1);
    struct cli_work work = {
        .session = cli->session, .call = call_save, .poll = cli->meter ? show_save : NULL, .context = saving, .id = id};
    vidstore_status status = cli_work_run(&work, &error);
    cli_progress_end(&saving->progress);
    return status ? cli_fail_on(cli, saving->path, &error) : CLI_OK;
}

static int get_file(struct cli *cli, const char *id, const char *path) {
    vidstore_error *error = NULL;
    cli_auto(vidstore_file) *file = NULL;
    if (vidstore_file_get(cli->session, id, &file, &error))
        return cli_fail_on(cli, id, &error);
    struct saving saving = {.path = path ? path : vidstore_file_name(file), .total = vidstore_file_size(file)};
    /* A stored name has no slash, but it may be one that means a directory. */
    if (!path && (!strcmp(saving.path, ".") || !strcmp(saving.path, "..")))
        return cli_complain(CLI_INVALID, "the file is called \"%s\"; use -o (INVALID, field output)", saving.path);
    cli_catch_signals();
    int result = cli->session != cli->system ? get_as_user(cli, id, saving.path) : save(cli, id, &saving);
    if (result)
        return result;
    if (cli->json)
        return cli_show_record(cli, &cli_files, file);
    if (!cli->quiet) {
        char size[CLI_TEXT];
        cli_put_safe(saving.path);
        printf("  %s%s\n", cli_size(saving.total, size), cli->session != cli->system ? "" : ", SHA-256 is right");
    }
    return CLI_OK;
}

int cli_get_bytes(struct cli *cli, const char *id, const char *output) {
    return output && !strcmp(output, "-") ? get_stream(cli, id) : get_file(cli, id, output);
}

int cmd_get(struct cli *cli, const struct cli_args *args) {
    char id[CLI_UUID_TEXT];
    int result = cli_file_find(cli, args->operands[0], id);
    if (result)
        return result;
    if (!cli_flag(args, "path"))
        return cli_get_bytes(cli, id, cli_value(args, "output"));
    vidstore_error *error = NULL;
    cli_auto(vidstore_text) *path = NULL;
    if (vidstore_file_path(cli->session, id, &path, &error))
        return cli_fail_on(cli, id, &error);
    if (cli->json) {
        cli_auto(json_t) *object = json_pack("{s:s, s:s}", "id", id, "path", vidstore_text_data(path));
        cli_autofree char *text = object ? json_dumps(object, 0) : NULL;
        if (text)
            cli_put_json(text);
        return text ? CLI_OK : CLI_FAILURE;
    }
    cli_put_safe(vidstore_text_data(path));
    putchar('\n');
    return CLI_OK;
}

static vidstore_status call_verify(struct cli_work *work, vidstore_error **reterr) {
    return vidstore_file_verify(work->session, work->id, &work->file, reterr);
}

int cmd_verify(struct cli *cli, const struct cli_args *args) {
    if (cli_flag(args, "all"))
        return cmd_verify_all(cli, args);
    if (!args->count)
        return cli_usage(args, "the files to verify, or --all");
    cli_catch_signals();
    int first = CLI_OK;
    for (int i = 0; i < args->count && !cli_stopped(); i++) {
        vidstore_error *error = NULL;
        char id[CLI_UUID_TEXT];
        int result = cli_file_find(cli, args->operands[i], id);
        struct cli_work work = {.session = cli->session, .call = call_verify, .id = id};
        if (!result && cli_work_run(&work, &error))
            result = cli_fail_on(cli, args->operands[i], &error);
        cli_auto(vidstore_file) *file = work.file;
        if (!result && cli->json)
            result = cli_show_record(cli, &cli_files, file);
        else if (!result && !cli->quiet)
            printf("%s  ok  %s\n", cli_id(cli, id), vidstore_file_sha256(file));
        if (!first)
            first = result;
    }
    return first;
}

static int fail_remove(struct cli *cli, const char *id, int32_t mode, vidstore_error **error) {
    int held = mode == VIDSTORE_REMOVE_RESTRICT && vidstore_error_subcode(*error) == VIDSTORE_SUB_DEPENDENTS;
    int result = cli_fail_on(cli, id, error);
    if (held)
        cli_remark(cli, "--cascade removes them too, --detach keeps them and cuts the tie");
    return result;
}

int cmd_rm(struct cli *cli, const struct cli_args *args) {
    if (cli_flag(args, "cascade") && cli_flag(args, "detach"))
        return cli_usage(args, "--cascade and --detach exclude each other");
    int32_t mode = cli_flag(args, "cascade")  ? VIDSTORE_REMOVE_CASCADE
                   : cli_flag(args, "detach") ? VIDSTORE_REMOVE_DETACH
                                              : VIDSTORE_REMOVE_RESTRICT;
    for (int i = 0; i < args->count; i++) {
        vidstore_error *error = NULL;
        const struct cli_noun *noun = NULL;
        char id[CLI_UUID_TEXT];
        int result = cli_object_find(cli, args->operands[i], &noun, id);
        if (result)
            return result;
        if (!noun->remove)
            return cli_complain(CLI_REFUSED, "%s: what happened can't be removed (FORBIDDEN)", args->operands[i]);
        if (noun->remove(cli->session, id, mode, &error))
            return fail_remove(cli, args->operands[i], mode, &error);
        if (cli_flag(args, "purge") && noun->purge(cli->session, id, &error))
            return cli_fail_on(cli, args->operands[i], &error);
        cli_put_done(cli, id, cli_flag(args, "purge") ? "purged" : "removed", 1);
        if (!cli->quiet && !cli->json)
            printf("%s  %s removed\n", id, noun->name);
    }
    return CLI_OK;
}

/* Whether it is a user's id, of one that was removed too. */
static int is_user(struct cli *cli, const char *id) {
    cli_auto(vidstore_query) *query = vidstore_query_new();
    int64_t count = 0;
    if (vidstore_query_filter(query, "id = $1", NULL))
        return 0;
    vidstore_query_bind_text(query, 1, id);
    vidstore_query_flags(query, VIDSTORE_QUERY_DELETED);
    return !vidstore_user_count(cli->session, query, &count, NULL) && count > 0;
}

/* A removed record is in no list, so its noun is found by trying. */
static int restore_one(struct cli *cli, const char *id) {
    for (const struct cli_noun *const *noun = cli_nouns; *noun; noun++) {
        vidstore_error *error = NULL;
        void *record = NULL;
        if (!(*noun)->restore)
            continue;
        if (!(*noun)->restore(cli->session, id, &record, &error)) {
            int result = cli->json ? cli_show_record(cli, *noun, record) : CLI_OK;
            (*noun)->free(record);
            return result;
        }
        if (vidstore_error_code(error) != VIDSTORE_NOT_FOUND)
            return cli_fail_on(cli, id, &error);
        vidstore_error_free(error);
    }
    if (is_user(cli, id))
        return cli_complain(CLI_REFUSED, "%s: a user that was removed can't be brought back (STATE, field id)", id);
    return cli_complain(CLI_NOT_FOUND, "no video, job, file or collection \"%s\" (NOT_FOUND)", id);
}

int cmd_undelete(struct cli *cli, const struct cli_args *args) {
    int result = CLI_OK;
    for (int i = 0; !result && i < args->count; i++) {
        char id[CLI_UUID_TEXT];
        result = cli_removed_find(cli, args->operands[i], id);
        if (!result)
            result = restore_one(cli, id);
    }
    return result;
}
