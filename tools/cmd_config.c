/* SPDX-License-Identifier: MIT */
#include "output.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A value of a setting as it would be typed. */
static char *plain(const json_t *value) {
    return json_is_string(value) ? cli_copy(json_string_value(value)) : json_dumps(value, JSON_ENCODE_ANY);
}

static void put_setting(cli_table *table, const json_t *setting) {
    int changed = json_is_true(json_object_get(setting, "changed"));
    cli_autofree char *value = plain(json_object_get(setting, "value"));
    cli_autofree char *normal = plain(json_object_get(setting, "default"));
    cli_table_cell(table, json_string_value(json_object_get(setting, "name")), CLI_PLAIN);
    cli_table_cell(table, value, changed ? CLI_YELLOW : CLI_PLAIN);
    cli_table_cell(table, normal, CLI_DIM);
    cli_table_cell(table, json_string_value(json_object_get(setting, "about")), CLI_PLAIN);
}

static int list_settings(struct cli *cli) {
    static const struct cli_column columns[] = {
        {"NAME", 0}, {"VALUE", CLI_RIGHT}, {"DEFAULT", CLI_RIGHT | CLI_OPTIONAL}, {"WHAT IT IS FOR", CLI_ELASTIC}};
    vidstore_error *error = NULL;
    cli_auto(vidstore_text) *text = NULL;
    if (vidstore_setting_list(cli->session, &text, &error))
        return cli_fail(cli, &error);
    cli_auto(json_t) *settings = NULL;
    if (!cli_answer(cli, text, &settings))
        return cli->json ? CLI_OK : CLI_FAILURE;
    cli_auto(cli_table) *table = cli_table_new(cli, columns, sizeof columns / sizeof *columns);
    size_t i;
    json_t *setting;
    json_array_foreach(settings, i, setting) put_setting(table, setting);
    cli_table_print(table);
    return CLI_OK;
}

/* The name and the value of a setting, as the list of all has them. */
static int put_setting_json(struct cli *cli, const char *name) {
    vidstore_error *error = NULL;
    cli_auto(vidstore_text) *text = NULL;
    size_t i;
    json_t *setting, *value = NULL;
    if (vidstore_setting_list(cli->session, &text, &error))
        return cli_fail(cli, &error);
    cli_auto(json_t) *settings = cli_json(vidstore_text_data(text));
    json_array_foreach(settings, i, setting) {
        const char *its = json_string_value(json_object_get(setting, "name"));
        value = its && strcmp(its, name) == 0 ? json_object_get(setting, "value") : value;
    }
    cli_auto(json_t) *object = json_pack("{s:s, s:O?}", "name", name, "value", value);
    cli_autofree char *found = object ? json_dumps(object, 0) : NULL;
    if (found)
        cli_put_json(found);
    return found ? CLI_OK : CLI_FAILURE;
}

static int show_setting(struct cli *cli, const char *name) {
    vidstore_error *error = NULL;
    cli_auto(vidstore_text) *value = NULL;
    if (vidstore_setting_get(cli->session, name, &value, &error))
        return cli_fail(cli, &error);
    if (cli->json)
        return put_setting_json(cli, name);
    cli_put_safe(vidstore_text_data(value));
    putchar('\n');
    return CLI_OK;
}

int cmd_config(struct cli *cli, const struct cli_args *args) {
    vidstore_error *error = NULL;
    int reset = cli_flag(args, "reset");
    if (reset && args->count != 1)
        return cli_usage(args, "--reset wants the name of one setting, and no value");
    if (!args->count)
        return list_settings(cli);
    const char *name = args->operands[0];
    if (args->count == 1 && !reset)
        return show_setting(cli, name);
    if (vidstore_setting_set(cli->session, name, reset ? NULL : args->operands[1], &error))
        return cli_fail(cli, &error);
    return cli->json ? show_setting(cli, name) : CLI_OK;
}
