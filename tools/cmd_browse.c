/* SPDX-License-Identifier: MIT */
/* Looking at what there is: lists, one thing in full, and what a filter finds. */
#include "media_sheet.h"
#include "noun.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "user_id = …" for --user; *ret is NULL without it. */
static int owner_filter(struct cli *cli, const struct cli_args *args, char **ret) {
    const char *who = cli_value(args, "user");
    cli_auto(vidstore_user) *user = NULL;
    int result = who ? cli_user_find(cli, who, &user) : CLI_OK;
    if (user)
        *ret = cli_print("user_id = %s", vidstore_user_id(user));
    return result;
}

/* What stands twice: videos, or files. */
struct twins {
    struct cli_column columns[4];
    vidstore_status (*find)(vidstore_session *session, const vidstore_query *query, vidstore_text **ret,
                            vidstore_error **reterr);
    void (*put)(struct cli_table *table, const json_t *group);
};

/* A row each; what is said of the group stands in its first one. */
static void put_head(struct cli_table *table, const json_t *group, size_t at) {
    char size[CLI_TEXT], count[CLI_TEXT];
    cli_size(json_integer_value(json_object_get(group, "size")), size);
    cli_count(json_integer_value(json_object_get(group, "count")), count);
    cli_table_cell(table, at ? "" : size, CLI_PLAIN);
    cli_table_cell(table, at ? "" : count, CLI_PLAIN);
}

static void put_twin_videos(struct cli_table *table, const json_t *group) {
    json_t *videos = json_object_get(group, "videos"), *video;
    size_t i;
    json_array_foreach(videos, i, video) {
        const char *title = json_string_value(json_object_get(video, "title"));
        put_head(table, group, i);
        cli_table_cell(table, json_string_value(json_object_get(video, "id")), CLI_PLAIN);
        cli_table_cell(table, title ? title : "-", CLI_PLAIN);
    }
}

static void put_twin_files(struct cli_table *table, const json_t *group) {
    json_t *ids = json_object_get(group, "ids"), *id;
    size_t i;
    json_array_foreach(ids, i, id) {
        put_head(table, group, i);
        cli_table_cell(table, json_string_value(id), CLI_PLAIN);
        cli_table_cell(table, i ? "" : json_string_value(json_object_get(group, "sha256")), CLI_PLAIN);
    }
}

static const struct twins
    twin_videos = {{{"SIZE", CLI_RIGHT}, {"VIDEOS", CLI_RIGHT}, {"ID", 0}, {"TITLE", CLI_ELASTIC}},
                   vidstore_video_duplicates,
                   put_twin_videos},
    twin_files = {{{"SIZE", CLI_RIGHT}, {"FILES", CLI_RIGHT}, {"ID", 0}, {"SHA-256", CLI_ELASTIC}},
                  vidstore_file_duplicates,
                  put_twin_files};

static int put_twins(struct cli *cli, const struct cli_args *args, const struct twins *twins) {
    static const char *const others[] = {"user",  "filter", "bind",    "sort", "cursor",
                                         "count", "facets", "deleted", "video"};
    vidstore_error *error = NULL;
    int64_t limit = 100;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (cli_flag(args, others[i]))
            return cli_usage(args, "--duplicates are those of all that you see: --%s does not go with it", others[i]);
    if (cli_number(args, "limit", 1, 1000, &limit))
        return CLI_USAGE;
    cli_auto(vidstore_query) *query = vidstore_query_new();
    vidstore_query_limit(query, limit);
    cli_auto(vidstore_text) *text = NULL;
    if (twins->find(cli->session, query, &text, &error))
        return cli_fail(cli, &error);
    cli_auto(json_t) *groups = NULL;
    if (!cli_answer(cli, text, &groups))
        return cli->json ? CLI_OK : CLI_FAILURE;
    cli_auto(cli_table) *table = cli_table_new(cli, twins->columns, sizeof twins->columns / sizeof *twins->columns);
    size_t i;
    json_t *group;
    json_array_foreach(groups, i, group) twins->put(table, group);
    if (i)
        cli_table_print(table);
    else if (!cli->quiet)
        fputs("no duplicates\n", stderr);
    return groups ? CLI_OK : CLI_FAILURE;
}

int cmd_ls(struct cli *cli, const struct cli_args *args) {
    if (cli_flag(args, "duplicates"))
        return put_twins(cli, args, &twin_videos);
    cli_autofree char *filter = NULL;
    int result = owner_filter(cli, args, &filter);
    return result ? result : cli_list(cli, args, &cli_videos, filter, NULL);
}

int cmd_files(struct cli *cli, const struct cli_args *args) {
    if (cli_flag(args, "duplicates"))
        return put_twins(cli, args, &twin_files);
    cli_autofree char *filter = NULL, *of_video = NULL;
    const char *video = cli_value(args, "video");
    char id[CLI_UUID_TEXT];
    int result = owner_filter(cli, args, &filter);
    if (!result && video)
        result = cli_id_find(cli, &cli_videos, video, id);
    if (!result && video)
        of_video = cli_print("video_id = %s", id);
    return result ? result : cli_list(cli, args, &cli_files, filter, of_video);
}

int cmd_search(struct cli *cli, const struct cli_args *args) {
    const struct cli_noun *noun = args->count > 1 ? cli_noun_find(args->operands[1]) : &cli_videos;
    if (!noun)
        return cli_usage(args, "there is no noun \"%s\": videos, jobs, files, users or audit", args->operands[1]);
    return cli_list(cli, args, noun, NULL, NULL);
}

/* "1, 2, 7" */
static char *list_numbers(const json_t *array) {
    char *text = cli_copy("");
    size_t i;
    json_t *item;
    json_array_foreach((json_t *)(uintptr_t)array, i, item) {
        cli_autofree char *number = json_is_null(item) ? cli_copy("?") : json_dumps(item, JSON_ENCODE_ANY);
        char *longer = cli_print("%s%s%s", text, i ? ", " : "", number);
        free(text);
        text = longer;
    }
    return text;
}

static void put_season(struct cli *cli, const json_t *season) {
    static const struct { const char *key, *label; } lists[] = {{"missing", "missing"}, {"doubled", "there twice"}};
    const char *name = json_string_value(json_object_get(season, "season")), *field;
    json_t *values, *value;
    size_t i, unprobed = json_array_size(json_object_get(season, "unprobed"));
    char number[CLI_TEXT];
    cli_heading(cli, name ? name : "without a season");
    cli_line(cli, "episodes", cli_count((int64_t)json_array_size(json_object_get(season, "episodes")), number),
             CLI_PLAIN);
    for (size_t n = 0; n < sizeof lists / sizeof *lists; n++) {
        const json_t *array = json_object_get(season, lists[n].key);
        cli_autofree char *numbers = list_numbers(array);
        if (json_array_size(array))
            cli_line(cli, lists[n].label, numbers, CLI_RED);
    }
    if (unprobed)
        cli_line(cli, "not probed", cli_count((int64_t)unprobed, number), CLI_RED);
    json_object_foreach(json_object_get(season, "differ"), field, values) {
        json_array_foreach(values, i, value) {
            const char *what = json_string_value(json_object_get(value, "value"));
            cli_autofree char *episodes = list_numbers(json_object_get(value, "episodes"));
            cli_autofree char *text = cli_print("%s (%s)", what ? what : "none", episodes);
            cli_line(cli, i ? "" : field, text, i ? CLI_RED : CLI_PLAIN);
        }
    }
    if (json_is_true(json_object_get(season, "uniform")))
        cli_line(cli, "merging", "needs no encoding", CLI_PLAIN);
}

int cmd_series(struct cli *cli, const struct cli_args *args) {
    vidstore_error *error = NULL;
    cli_auto(vidstore_text) *text = NULL;
    if (vidstore_video_series(cli->session, args->operands[0], cli_value(args, "season"), &text, &error))
        return cli_fail_on(cli, args->operands[0], &error);
    cli_auto(json_t) *whole = NULL;
    if (!cli_answer(cli, text, &whole))
        return cli->json ? CLI_OK : CLI_FAILURE;
    size_t i;
    json_t *season;
    json_array_foreach(json_object_get(whole, "seasons"), i, season) put_season(cli, season);
    return CLI_OK;
}

/* Streams, chapters and tags, as the probe found them. */
static int put_facts(struct cli *cli, const char *id) {
    vidstore_error *error = NULL;
    vidstore_text *facts = NULL;
    if (vidstore_video_facts(cli->session, id, &facts, &error)) {
        int none = vidstore_error_code(error) == VIDSTORE_NOT_FOUND;
        if (!none)
            return cli_fail_on(cli, id, &error);
        vidstore_error_free(error);
        return cli_complain(CLI_NOT_FOUND, "%s: not probed yet (NOT_FOUND)", id);
    }
    if (cli->json)
        return cli_put_report(cli, facts);
    cli_auto(json_t) *document = cli_json(vidstore_text_data(facts));
    vidstore_text_free(facts);
    if (!document)
        return CLI_FAILURE;
    cli_media_sheet(cli, "What the probe found", document);
    return CLI_OK;
}

int cmd_show(struct cli *cli, const struct cli_args *args) {
    for (int i = 0; i < args->count; i++) {
        const struct cli_noun *noun = NULL;
        char id[CLI_UUID_TEXT];
        int result = cli_object_find(cli, args->operands[i], &noun, id);
        int only_facts = cli_flag(args, "streams") && cli->json && noun == &cli_videos;
        if (i && !result && !cli->json)
            putchar('\n');
        if (!result && !only_facts)
            result = noun == &cli_collections ? cli_show_collection(cli, id) : cli_show_id(cli, noun, id);
        if (!result && noun == &cli_videos && cli_flag(args, "streams"))
            result = put_facts(cli, id);
        if (result)
            return result;
    }
    return CLI_OK;
}
