/* SPDX-License-Identifier: MIT */
#include "noun.h"
#include "work.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REQUEST_MAX = 1 << 20 };

/* A whole file, at most a megabyte, to be freed. */
static int read_request(const char *path, char **ret) {
    int standard = !strcmp(path, "-");
    FILE *file = standard ? stdin : fopen(path, "re");
    if (!file)
        return cli_complain(errno == ENOENT ? CLI_NOT_FOUND : CLI_FAILURE, "%s: %s (%s)", path, strerrordesc_np(errno),
                            errno == ENOENT ? "NOT_FOUND" : "IO");
    char *text = cli_alloc(REQUEST_MAX + 2);
    size_t length = fread(text, 1, REQUEST_MAX + 1, file);
    int failed = ferror(file);
    if (!standard)
        fclose(file);
    *ret = text;
    if (failed)
        return cli_complain(CLI_FAILURE, "%s: can't be read (IO)", path);
    if (length > REQUEST_MAX || strlen(text) != length)
        return cli_complain(CLI_INVALID, "%s: more than a megabyte, or no text (INVALID, field json-file)", path);
    return CLI_OK;
}

/* One source an operand: a URL, or the path of a file on this machine, made absolute for the worker. */
static json_t *sources_of(const struct cli_args *args) {
    json_t *sources = json_array();
    for (int i = 0; i < args->count; i++) {
        const char *source = args->operands[i];
        int is_url = strstr(source, "://") != NULL;
        cli_autofree char *path = is_url ? NULL : realpath(source, NULL), *title = cli_title_of(source);
        json_t *object = json_object();
        if (json_object_set_new(object, is_url ? "url" : "path", json_string(path ? path : source)) ||
            json_object_set_new(object, "title", json_string(title)) ||
            (args->count > 1 && json_object_set_new(object, "episode", json_integer(i + 1)))) {
            json_decref(object);
            json_decref(sources);
            cli_complain(CLI_INVALID, "%s: not UTF-8 (INVALID, field sources)", source);
            return NULL;
        }
        json_array_append_new(sources, object);
    }
    return sources;
}

static json_t *tags_of(const struct cli_args *args) {
    json_t *tags = json_array();
    const char *tag;
    for (int n = 0; (tag = cli_nth_value(args, "tag", n)); n++)
        json_array_append_new(tags, json_string(tag));
    return tags;
}

static void set_json(vidstore_job_params *params, int32_t field, const json_t *value) {
    cli_autofree char *text = json_array_size(value) ? json_dumps(value, 0) : NULL;
    if (text)
        vidstore_job_params_set_text(params, field, text);
}

static int fill(const struct cli_args *args, vidstore_job_params *params) {
    static const struct {
        const char *option;
        int32_t field;
    } texts[] = {{"kind", VIDSTORE_JOB_KIND},
                 {"season", VIDSTORE_JOB_SEASON},
                 {"priority", VIDSTORE_JOB_PRIORITY},
                 {"quality", VIDSTORE_JOB_QUALITY},
                 {"preset", VIDSTORE_JOB_PRESET},
                 {"webhook", VIDSTORE_JOB_WEBHOOK},
                 {"id", VIDSTORE_JOB_ID},
                 {"external-id", VIDSTORE_JOB_EXTERNAL_ID}};
    cli_autofree char *request = NULL;
    const char *path = cli_value(args, "json-file");
    int result = path ? read_request(path, &request) : CLI_OK;
    if (result)
        return result;
    if (request)
        vidstore_job_params_set_json(params, request);
    else if (!cli_flag(args, "kind"))
        vidstore_job_params_set_text(params, VIDSTORE_JOB_KIND, "download_only");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (cli_value(args, texts[i].option))
            vidstore_job_params_set_text(params, texts[i].field, cli_value(args, texts[i].option));
    int64_t attempts = INT64_MIN;
    if (cli_number(args, "max-attempts", 1, 1000, &attempts))
        return CLI_USAGE;
    if (attempts != INT64_MIN)
        vidstore_job_params_set_int64(params, VIDSTORE_JOB_MAX_ATTEMPTS, attempts);
    cli_auto(json_t) *sources = sources_of(args), *tags = tags_of(args);
    if (!sources)
        return CLI_INVALID;
    set_json(params, VIDSTORE_JOB_SOURCES, sources);
    set_json(params, VIDSTORE_JOB_TAGS, tags);
    return CLI_OK;
}

int cmd_submit(struct cli *cli, const struct cli_args *args) {
    if (!args->count && !cli_flag(args, "json-file"))
        return cli_usage(args, "needs a URL, a path or --json-file");
    for (int i = 0; i < args->count; i++)
        if (cli_is_foreign_url(args->operands[i]))
            return cli_refuse_url(args->operands[i]);
    cli_auto(vidstore_job_params) *params = vidstore_job_params_new();
    int result = fill(args, params);
    if (result)
        return result;
    vidstore_error *error = NULL;
    cli_auto(vidstore_job) *job = NULL;
    if (vidstore_job_submit(cli->session, params, &job, &error))
        return cli_fail(cli, &error);
    if (cli->json)
        result = cli_show_record(cli, &cli_jobs, job);
    else
        printf("%s\n", vidstore_job_id(job));
    fflush(stdout);
    if (result || !cli_flag(args, "wait"))
        return result;
    cli_catch_signals();
    return cli_wait_job(cli, vidstore_job_id(job));
}
