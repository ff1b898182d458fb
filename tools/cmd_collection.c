/* SPDX-License-Identifier: MIT */
/* Collections: sets of videos in an order that somebody gave them. */
#include "noun.h"
#include <stdio.h>

int cmd_collection_list(struct cli *cli, const struct cli_args *args) {
    cli_auto(vidstore_user) *user = NULL;
    char id[CLI_UUID_TEXT];
    const char *who = cli_value(args, "user"), *video = cli_value(args, "video");
    int result = who ? cli_user_find(cli, who, &user) : CLI_OK;
    if (!result && video)
        result = cli_id_find(cli, &cli_videos, video, id);
    if (result)
        return result;
    cli_autofree char *whose = user ? cli_print("user_id = %s", vidstore_user_id(user)) : NULL;
    cli_autofree char *of_video = video ? cli_print("video = %s", id) : NULL;
    return cli_list(cli, args, &cli_collections, whose, of_video);
}

int cmd_collection_create(struct cli *cli, const struct cli_args *args) {
    vidstore_error *error = NULL;
    cli_auto(vidstore_collection) *collection = NULL;
    cli_auto(vidstore_collection_params) *params = vidstore_collection_params_new();
    vidstore_collection_params_set_text(params, VIDSTORE_COLLECTION_NAME, args->operands[0]);
    if (cli_value(args, "description"))
        vidstore_collection_params_set_text(params, VIDSTORE_COLLECTION_DESCRIPTION, cli_value(args, "description"));
    if (vidstore_collection_create(cli->session, params, &collection, &error))
        return cli_fail_on(cli, args->operands[0], &error);
    if (cli->json)
        return cli_show_record(cli, &cli_collections, collection);
    printf("%s\n", vidstore_collection_id(collection));
    return CLI_OK;
}

/* Its videos, a page after the other: as a table each, or all in one array. */
static int put_videos(struct cli *cli, const char *id, json_t *all) {
    cli_auto(vidstore_query) *query = vidstore_query_new();
    vidstore_query_limit(query, 1000);
    for (;;) {
        vidstore_error *error = NULL;
        cli_auto(vidstore_page) *page = NULL;
        if (vidstore_collection_videos(cli->session, id, query, &page, &error))
            return cli_fail_on(cli, id, &error);
        if (!all && vidstore_page_count(page)) {
            cli_auto(cli_table) *table = cli_page_table(cli, &cli_videos, page);
            cli_table_print(table);
        }
        for (int64_t i = 0; all && i < vidstore_page_count(page); i++) {
            cli_auto(vidstore_text) *json = NULL;
            if (vidstore_video_json(vidstore_page_video(page, i), &json, &error))
                return cli_fail_on(cli, id, &error);
            json_array_append_new(all, cli_json(vidstore_text_data(json)));
        }
        if (!vidstore_page_cursor(page))
            return CLI_OK;
        vidstore_query_cursor(query, vidstore_page_cursor(page));
    }
}

static int put_whole(struct cli *cli, const char *id) {
    vidstore_error *error = NULL;
    cli_auto(vidstore_collection) *collection = NULL;
    cli_auto(vidstore_text) *json = NULL;
    if (vidstore_collection_get(cli->session, id, &collection, &error) ||
        vidstore_collection_json(collection, &json, &error))
        return cli_fail_on(cli, id, &error);
    cli_auto(json_t) *whole = cli_json(vidstore_text_data(json));
    json_t *videos = json_array();
    if (json_object_set_new(whole, "videos", videos))
        return CLI_FAILURE;
    int result = put_videos(cli, id, videos);
    cli_autofree char *text = result ? NULL : json_dumps(whole, 0);
    if (text)
        cli_put_json(text);
    return text ? CLI_OK : result ? result : CLI_FAILURE;
}

static int count_videos(struct cli *cli, const char *id, int64_t *ret) {
    vidstore_error *error = NULL;
    cli_auto(vidstore_query) *query = vidstore_query_new();
    cli_autofree char *filter = cli_print("collection = %s", id);
    vidstore_query_flags(query, VIDSTORE_QUERY_EXACT_COUNT);
    if (vidstore_query_filter(query, filter, &error) || vidstore_video_count(cli->session, query, ret, &error))
        return cli_fail_on(cli, id, &error);
    return CLI_OK;
}

int cli_show_collection(struct cli *cli, const char *id) {
    char number[CLI_TEXT];
    int64_t count = 0;
    if (cli->json)
        return put_whole(cli, id);
    int result = cli_show_id(cli, &cli_collections, id);
    if (!result)
        result = count_videos(cli, id, &count);
    if (result)
        return result;
    if (!count) {
        if (!cli->quiet)
            fputs("no videos\n", stderr);
        return CLI_OK;
    }
    cli_autofree char *heading = cli_print("Videos (%s)", cli_count(count, number));
    cli_heading(cli, heading);
    return put_videos(cli, id, NULL);
}

int cmd_collection_show(struct cli *cli, const struct cli_args *args) {
    char id[CLI_UUID_TEXT];
    int result = cli_id_find(cli, &cli_collections, args->operands[0], id);
    return result ? result : cli_show_collection(cli, id);
}

int cmd_collection_edit(struct cli *cli, const struct cli_args *args) {
    char id[CLI_UUID_TEXT];
    vidstore_error *error = NULL;
    cli_auto(vidstore_collection) *collection = NULL;
    cli_auto(vidstore_collection_params) *params = vidstore_collection_params_new();
    const char *name = cli_value(args, "name"), *description = cli_value(args, "description");
    if (!name && !description)
        return cli_usage(args, "say what to change: --name or --description");
    int result = cli_id_find(cli, &cli_collections, args->operands[0], id);
    if (result)
        return result;
    if (name)
        vidstore_collection_params_set_text(params, VIDSTORE_COLLECTION_NAME, name);
    if (description && *description)
        vidstore_collection_params_set_text(params, VIDSTORE_COLLECTION_DESCRIPTION, description);
    else if (description)
        vidstore_collection_params_clear(params, VIDSTORE_COLLECTION_DESCRIPTION);
    if (vidstore_collection_update(cli->session, id, params, &collection, &error))
        return cli_fail_on(cli, args->operands[0], &error);
    return cli->json ? cli_show_record(cli, &cli_collections, collection) : CLI_OK;
}

/* For programs: what the collection is now. */
static int tell_changed(struct cli *cli, const char *id) {
    vidstore_error *error = NULL;
    cli_auto(vidstore_collection) *collection = NULL;
    if (!cli->json)
        return CLI_OK;
    if (vidstore_collection_get(cli->session, id, &collection, &error))
        return cli_fail(cli, &error);
    return cli_show_record(cli, &cli_collections, collection);
}

typedef int change(struct cli *cli, const char *id, const char *video, const char *before, vidstore_error **error);

/* The same for each video, in the order given, in one commit. */
static int change_all(struct cli *cli, const struct cli_args *args, change *run) {
    char id[CLI_UUID_TEXT], before[CLI_UUID_TEXT], video[CLI_UUID_TEXT];
    vidstore_error *error = NULL;
    const char *mark = cli_value(args, "before");
    int result = cli_id_find(cli, &cli_collections, args->operands[0], id);
    if (!result && mark)
        result = cli_id_find(cli, &cli_videos, mark, before);
    if (!result && vidstore_begin(cli->session, 0, &error))
        return cli_fail(cli, &error);
    if (result)
        return result;
    for (int i = 1; !result && i < args->count; i++) {
        result = cli_id_find(cli, &cli_videos, args->operands[i], video);
        if (!result && run(cli, id, video, mark ? before : NULL, &error))
            result = cli_fail_on(cli, args->operands[i], &error);
    }
    if (result) {
        vidstore_rollback(cli->session, NULL);
        return result;
    }
    return vidstore_commit(cli->session, &error) ? cli_fail(cli, &error) : tell_changed(cli, id);
}

static int add(struct cli *cli, const char *id, const char *video, const char *before, vidstore_error **error) {
    return vidstore_collection_video_add(cli->session, id, video, before, NULL, error);
}

static int drop(struct cli *cli, const char *id, const char *video, const char *before, vidstore_error **error) {
    (void)before;
    return vidstore_collection_video_drop(cli->session, id, video, error);
}

static int move(struct cli *cli, const char *id, const char *video, const char *before, vidstore_error **error) {
    return vidstore_collection_video_move(cli->session, id, video, before, error);
}

int cmd_collection_add(struct cli *cli, const struct cli_args *args) {
    return change_all(cli, args, add);
}

int cmd_collection_rm(struct cli *cli, const struct cli_args *args) {
    return change_all(cli, args, drop);
}

int cmd_collection_move(struct cli *cli, const struct cli_args *args) {
    return change_all(cli, args, move);
}
