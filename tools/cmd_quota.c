/* SPDX-License-Identifier: MIT */
/* What users may take, and have taken. */
#include "output.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {"bytes", "files", "running_jobs", "jobs_per_day"};
enum { NAMES = sizeof names / sizeof *names };

/* The user that an operand names; without one, who asks. */
static int find_user(struct cli *cli, const struct cli_args *args, vidstore_user **ret) {
    return args->count ? cli_user_find(cli, args->operands[0], ret) : CLI_OK;
}

static char *number_text(const json_t *value, int bytes, char buffer[CLI_TEXT]) {
    if (!json_is_integer(value))
        snprintf(buffer, CLI_TEXT, "-");
    else if (bytes)
        cli_size(json_integer_value(value), buffer);
    else
        cli_count(json_integer_value(value), buffer);
    return buffer;
}

static void put_quota(cli_table *table, const char *name, const json_t *quota) {
    char buffer[CLI_TEXT];
    int bytes = strcmp(name, "bytes") == 0;
    const json_t *left = json_object_get(quota, "left"), *limit = json_object_get(quota, "limit");
    int full = json_is_integer(left) && json_integer_value(left) == 0;
    cli_table_cell(table, name, CLI_PLAIN);
    cli_table_cell(table, number_text(json_object_get(quota, "used"), bytes, buffer), CLI_PLAIN);
    cli_table_cell(table, json_is_null(limit) ? "no limit" : number_text(limit, bytes, buffer), CLI_PLAIN);
    cli_table_cell(table, number_text(left, bytes, buffer), full ? CLI_RED : CLI_PLAIN);
    cli_table_cell(table, json_is_true(json_object_get(quota, "own")) ? "the user's own" : "the settings'", CLI_DIM);
}

static int put_quotas_json(struct cli *cli, const char *user_id) {
    vidstore_error *error = NULL;
    cli_auto(vidstore_text) *text = NULL;
    if (vidstore_quota_get(cli->session, user_id, &text, &error))
        return cli_fail(cli, &error);
    cli_put_json(vidstore_text_data(text));
    return CLI_OK;
}

int cmd_quota_show(struct cli *cli, const struct cli_args *args) {
    static const struct cli_column columns[] = {
        {"QUOTA", 0}, {"USED", CLI_RIGHT}, {"LIMIT", CLI_RIGHT}, {"LEFT", CLI_RIGHT}, {"WHOSE LIMIT", CLI_OPTIONAL}};
    vidstore_error *error = NULL;
    cli_auto(vidstore_user) *user = NULL;
    cli_auto(vidstore_text) *text = NULL;
    int result = find_user(cli, args, &user);
    if (result)
        return result;
    if (vidstore_quota_get(cli->session, user ? vidstore_user_id(user) : NULL, &text, &error))
        return cli_fail(cli, &error);
    cli_auto(json_t) *quotas = NULL;
    if (!cli_answer(cli, text, &quotas))
        return cli->json ? CLI_OK : CLI_FAILURE;
    cli_auto(cli_table) *table = cli_table_new(cli, columns, sizeof columns / sizeof *columns);
    for (int i = 0; i < NAMES; i++)
        put_quota(table, names[i], json_object_get(quotas, names[i]));
    cli_table_print(table);
    return CLI_OK;
}

/* "1.2 GiB of 10 GiB"; what is used alone where there is no limit. */
static void put_use(cli_table *table, const json_t *user, const char *name) {
    char used[CLI_TEXT], limit[CLI_TEXT];
    int bytes = strcmp(name, "bytes") == 0;
    const json_t *quota = json_object_get(user, name), *left = json_object_get(quota, "left");
    int full = json_is_integer(left) && json_integer_value(left) == 0, limited = json_is_integer(left);
    number_text(json_object_get(quota, "used"), bytes, used);
    number_text(json_object_get(quota, "limit"), bytes, limit);
    cli_autofree char *text = cli_print("%s%s%s", used, limited ? " of " : "", limited ? limit : "");
    cli_table_cell(table, text, full ? CLI_RED : CLI_PLAIN);
}

/* All users, a piece at a time. */
static int read_all(struct cli *cli, json_t *ret) {
    enum { PIECE = 500 };
    cli_autofree char *after = NULL;
    size_t there = PIECE;
    while (there == PIECE) {
        vidstore_error *error = NULL;
        cli_auto(vidstore_text) *text = NULL;
        if (vidstore_quota_list(cli->session, after, PIECE, &text, &error))
            return cli_fail(cli, &error);
        cli_auto(json_t) *piece = cli_json(vidstore_text_data(text));
        there = json_array_size(piece);
        if (!piece || json_array_extend(ret, piece))
            return CLI_FAILURE;
        free(after);
        after =
            there ? cli_copy(json_string_value(json_object_get(json_array_get(piece, there - 1), "user_id"))) : NULL;
    }
    return CLI_OK;
}

int cmd_quota_list(struct cli *cli, const struct cli_args *args) {
    static const struct cli_column columns[] = {
        {"USER", 0}, {"BYTES", CLI_RIGHT}, {"FILES", CLI_RIGHT}, {"RUNNING", CLI_RIGHT}, {"JOBS TODAY", CLI_RIGHT}};
    cli_auto(json_t) *all = json_array();
    size_t i;
    json_t *user;
    (void)args;
    int result = read_all(cli, all);
    if (result)
        return result;
    if (cli->json) {
        cli_autofree char *text = json_dumps(all, JSON_COMPACT);
        cli_put_json(text);
        return CLI_OK;
    }
    cli_auto(cli_table) *table = cli_table_new(cli, columns, sizeof columns / sizeof *columns);
    json_array_foreach(all, i, user) {
        cli_table_cell(table, json_string_value(json_object_get(user, "username")), CLI_PLAIN);
        for (int q = 0; q < NAMES; q++)
            put_use(table, user, names[q]);
    }
    cli_table_print(table);
    return CLI_OK;
}

int cmd_quota_usage(struct cli *cli, const struct cli_args *args) {
    static const struct cli_column columns[] = {
        {"DAY", 0}, {"JOBS", CLI_RIGHT}, {"FILES", CLI_RIGHT}, {"BYTES", CLI_RIGHT}};
    vidstore_error *error = NULL;
    cli_auto(vidstore_user) *user = NULL;
    cli_auto(vidstore_text) *text = NULL;
    int64_t days = 30;
    char buffer[CLI_TEXT];
    int result = find_user(cli, args, &user);
    if (!result)
        result = cli_number(args, "days", 1, 3660, &days);
    if (result)
        return result;
    if (vidstore_quota_usage(cli->session, user ? vidstore_user_id(user) : NULL, days, &text, &error))
        return cli_fail(cli, &error);
    cli_auto(json_t) *list = NULL;
    if (!cli_answer(cli, text, &list))
        return cli->json ? CLI_OK : CLI_FAILURE;
    cli_auto(cli_table) *table = cli_table_new(cli, columns, sizeof columns / sizeof *columns);
    size_t i;
    json_t *day;
    json_array_foreach(list, i, day) {
        cli_table_cell(table, json_string_value(json_object_get(day, "day")), CLI_PLAIN);
        cli_table_cell(table, number_text(json_object_get(day, "jobs"), 0, buffer), CLI_PLAIN);
        cli_table_cell(table, number_text(json_object_get(day, "files"), 0, buffer), CLI_PLAIN);
        cli_table_cell(table, number_text(json_object_get(day, "bytes"), 1, buffer), CLI_PLAIN);
    }
    if (i)
        cli_table_print(table);
    else if (!cli->quiet)
        fputs("no usage\n", stderr);
    return CLI_OK;
}

/* "500", "10G" (of bytes: K, M, G, T, of 1024 each), "none" or "default". */
static int read_limit(const struct cli_args *args, const char *name, const char *text, int64_t *ret) {
    static const char units[] = "KMGT";
    char *end = NULL;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    const char *unit = *end && !strcmp(name, "bytes") ? strchr(units, *end) : NULL;
    if (!strcmp(text, "none") || !strcmp(text, "default")) {
        *ret = *text == 'n' ? 0 : INT64_MIN;
        return CLI_OK;
    }
    int shift = unit ? (int)(unit - units + 1) * 10 : 0;
    if (end == text || errno || value < 1 || end[unit != NULL] || value > INT64_MAX >> shift)
        return cli_usage(args, "%s wants a number%s, none or default", name,
                         strcmp(name, "bytes") ? "" : " such as 10G");
    *ret = (int64_t)value << shift;
    return CLI_OK;
}

static int set_one(struct cli *cli, const struct cli_args *args, const char *user_id, const char *text) {
    vidstore_error *error = NULL;
    const char *equals = strchr(text, '=');
    int64_t value = 0;
    if (!equals)
        return cli_usage(args, "wants QUOTA=LIMIT, such as bytes=10G");
    cli_autofree char *name = cli_print("%.*s", (int)(equals - text), text);
    int result = read_limit(args, name, equals + 1, &value);
    if (result)
        return result;
    return vidstore_quota_set(cli->session, user_id, name, value, &error) ? cli_fail_on(cli, name, &error) : CLI_OK;
}

/* All of them or none. */
int cmd_quota_set(struct cli *cli, const struct cli_args *args) {
    vidstore_error *error = NULL;
    cli_auto(vidstore_user) *user = NULL;
    int result = cli_user_find(cli, args->operands[0], &user);
    if (result)
        return result;
    if (vidstore_begin(cli->session, 0, &error))
        return cli_fail(cli, &error);
    for (int i = 1; !result && i < args->count; i++)
        result = set_one(cli, args, vidstore_user_id(user), args->operands[i]);
    if (result) {
        vidstore_rollback(cli->session, NULL);
        return result;
    }
    if (vidstore_commit(cli->session, &error))
        return cli_fail(cli, &error);
    return cli->json ? put_quotas_json(cli, vidstore_user_id(user)) : CLI_OK;
}
