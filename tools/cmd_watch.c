/* SPDX-License-Identifier: MIT */
/* Follows the change feed, and works on a host's own tables. */
#include "output.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 500, NAP_MS = 200, ROWS_DEFAULT = 1000, WORDS_MAX = 16 };

/* --- watch ---------------------------------------------------------------------------------------------------------
 */

/* The values of an option that may be given more than once, as a list; NULL: it was not given. */
static json_t *words_of(const struct cli_args *args, const char *name) {
    json_t *list = NULL;
    const char *word;
    for (int i = 0; i < WORDS_MAX && (word = cli_nth_value(args, name, i)); i++) {
        list = list ? list : json_array();
        json_array_append_new(list, json_string(word));
    }
    return list;
}

static int filter_of(struct cli *cli, const struct cli_args *args, char **ret) {
    cli_auto(json_t) *filter = json_object();
    cli_auto(vidstore_user) *user = NULL;
    static const char *const lists[] = {"noun", "kind", "name"};
    const char *owner = cli_value(args, "user");
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        json_t *words = words_of(args, lists[i]);
        if (words)
            json_object_set_new(filter, lists[i], words);
    }
    int result = owner ? cli_user_find(cli, owner, &user) : CLI_OK;
    if (result)
        return result;
    if (user)
        json_object_set_new(filter, "user_id", json_string(vidstore_user_id(user)));
    *ret = json_dumps(filter, JSON_COMPACT);
    return *ret ? CLI_OK : cli_complain(CLI_FAILURE, "out of memory (NOMEM)");
}

static void put_event(const struct cli *cli, const json_t *event) {
    char when[CLI_TEXT];
    const char *state = json_string_value(json_object_get(event, "state"));
    const char *name = json_string_value(json_object_get(event, "name"));
    const char *kind = json_string_value(json_object_get(event, "kind"));
    if (cli->json) {
        cli_autofree char *text = json_dumps(event, JSON_COMPACT);
        if (text)
            cli_put_json(text);
        return;
    }
    cli_autofree char *safe = name ? cli_safe(name) : NULL;
    printf("%s  %-7s  %s  %s%s%s%s%s\n", cli_time(cli, json_integer_value(json_object_get(event, "at")), when),
           json_string_value(json_object_get(event, "noun")),
           safe ? safe : cli_id(cli, json_string_value(json_object_get(event, "id"))), kind, state ? " " : "",
           state ? cli_colour(cli, cli_state_colour(state)) : "", state ? state : "",
           state ? cli_colour(cli, CLI_PLAIN) : "");
}

/* What there is now. *more: there is more at once. */
static int put_changes(struct cli *cli, vidstore_watch *watch, int *more) {
    vidstore_error *error = NULL;
    cli_auto(vidstore_text) *text = NULL;
    size_t i;
    json_t *event;
    if (vidstore_watch_next(watch, PIECE, &text, &error))
        return cli_fail(cli, &error);
    cli_auto(json_t) *answer = cli_json(vidstore_text_data(text));
    if (!answer)
        return CLI_FAILURE;
    json_array_foreach(json_object_get(answer, "events"), i, event) put_event(cli, event);
    *more = json_is_true(json_object_get(answer, "more"));
    return fflush(stdout) ? CLI_FAILURE : CLI_OK;
}

static int follow(struct cli *cli, vidstore_watch *watch, int drain) {
    vidstore_error *error = NULL;
    int result = CLI_OK;
    while (!result && !cli_stopped()) {
        int32_t ready = 0;
        int more = 0;
        if (vidstore_watch_wait(watch, drain ? 0 : NAP_MS, &ready, &error))
            return cli_fail(cli, &error);
        if (ready)
            result = put_changes(cli, watch, &more);
        if (!ready && drain)
            break;
    }
    return result;
}

int cmd_watch(struct cli *cli, const struct cli_args *args) {
    vidstore_error *error = NULL;
    vidstore_watch *watch = NULL;
    cli_autofree char *filter = NULL;
    int result = filter_of(cli, args, &filter);
    if (result)
        return result;
    cli_catch_signals();
    if (vidstore_watch_open(cli->session, filter, cli_value(args, "since"), &watch, &error))
        return cli_fail(cli, &error);
    result = follow(cli, watch, cli_flag(args, "drain"));
    cli_remark(cli, "position: %s", vidstore_watch_position(watch));
    vidstore_watch_free(watch);
    return !result && cli_stopped() ? CLI_INTERRUPTED : result;
}

/* --- sql -----------------------------------------------------------------------------------------------------------
 */

static json_t *value_of(const char *text) {
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
    return value ? value : json_string(text);
}

/* What is JSON is taken as such, everything else as text. */
static char *params_of(const struct cli_args *args) {
    cli_auto(json_t) *params = json_array();
    for (int i = 1; i < args->count; i++)
        json_array_append_new(params, value_of(args->operands[i]));
    return json_dumps(params, JSON_COMPACT);
}

static void put_cell(cli_table *table, const json_t *value) {
    cli_autofree char *text = json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    const char *plain = json_is_string(value) ? json_string_value(value) : json_is_null(value) ? "" : text;
    cli_table_cell(table, plain ? plain : "", CLI_PLAIN);
}

static int put_rows(struct cli *cli, const json_t *answer) {
    struct cli_column columns[CLI_COLUMNS_MAX] = {0};
    json_t *names = json_object_get(answer, "columns"), *row, *value;
    size_t i, j, count = json_array_size(names) < CLI_COLUMNS_MAX ? json_array_size(names) : CLI_COLUMNS_MAX;
    for (i = 0; i < count; i++)
        columns[i] = (struct cli_column){json_string_value(json_array_get(names, i)), i + 1 == count ? CLI_ELASTIC : 0};
    cli_auto(cli_table) *table = cli_table_new(cli, columns, (int)count);
    json_array_foreach(json_object_get(answer, "rows"), i, row) {
        json_array_foreach(row, j, value) if (j < count) put_cell(table, value);
    }
    cli_table_print(table);
    if (count < json_array_size(names))
        cli_remark(cli, "%zu more columns: see them with --json", json_array_size(names) - count);
    if (json_is_true(json_object_get(answer, "truncated")))
        cli_remark(cli, "there are more rows: see --limit");
    return CLI_OK;
}

static int change(struct cli *cli, const char *sql, const char *params) {
    vidstore_error *error = NULL;
    int64_t changes = 0;
    if (vidstore_app_exec(cli->session, sql, params, &changes, &error))
        return cli_fail(cli, &error);
    if (cli->json)
        printf("{\"changes\":%lld}\n", (long long)changes);
    else if (!cli->quiet)
        printf("%lld row%s changed\n", (long long)changes, changes == 1 ? "" : "s");
    return CLI_OK;
}

int cmd_sql(struct cli *cli, const struct cli_args *args) {
    vidstore_error *error = NULL;
    int64_t limit = ROWS_DEFAULT;
    cli_auto(vidstore_text) *text = NULL;
    cli_autofree char *params = params_of(args);
    if (cli_number(args, "limit", 1, 10000, &limit))
        return CLI_USAGE;
    if (cli_flag(args, "write"))
        return change(cli, args->operands[0], params);
    if (vidstore_app_query(cli->session, args->operands[0], params, limit, &text, &error))
        return cli_fail(cli, &error);
    cli_auto(json_t) *answer = NULL;
    if (!cli_answer(cli, text, &answer))
        return cli->json ? CLI_OK : CLI_FAILURE;
    return answer ? put_rows(cli, answer) : CLI_FAILURE;
}
