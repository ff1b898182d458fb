/* SPDX-License-Identifier: MIT */
/* Reports of the library: any JSON as an indented sheet. */
#include "output.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SMALL = 3 };

static int ends_with(const char *text, const char *end) {
    size_t a = strlen(text), b = strlen(end);
    return a >= b && !strcmp(text + a - b, end);
}

/* Microseconds of our days: no count of a store comes near, and no duration. */
static int is_moment(int64_t number) {
    return number > INT64_C(946684800000000) && number < INT64_C(7258118400000000);
}

static void number_text(const struct cli *cli, const char *key, int64_t number, char buffer[CLI_TEXT]) {
    if (ends_with(key, "_ms"))
        snprintf(buffer, CLI_TEXT, "%.*f s", number < 1000 ? 3 : 1, (double)number / 1000);
    else if (ends_with(key, "bytes") || ends_with(key, "size"))
        cli_size(number, buffer);
    else if (is_moment(number))
        cli_time(cli, number, buffer);
    else if (ends_with(key, "_us") || !strcmp(key, "duration"))
        cli_duration(number / 1000, buffer);
    else
        cli_count(number, buffer);
}

/* A text, number or boolean as it is read, to be freed; NULL for what has parts or is null. */
static char *scalar(const struct cli *cli, const char *key, const json_t *value) {
    char buffer[CLI_TEXT];
    if (json_is_string(value))
        return cli_copy(json_string_value(value));
    if (json_is_boolean(value))
        return cli_copy(json_is_true(value) ? "yes" : "no");
    if (json_is_real(value))
        return cli_print("%.3g", json_real_value(value));
    if (!json_is_integer(value))
        return NULL;
    number_text(cli, key, json_integer_value(value), buffer);
    return cli_copy(buffer);
}

static void append(char **text, const char *label, const char *value) {
    char *longer = cli_print("%s%s%s%s%s", *text ? *text : "", *text ? ", " : "", label, *label ? " " : "", value);
    free(*text);
    *text = longer;
}

/* "a, b" of an array of scalars; "x 1, y 2" of a small object of them; NULL for anything else. */
static char *in_one_line(const struct cli *cli, const char *key, const json_t *value) {
    char *joined = NULL;
    const char *name;
    json_t *member;
    size_t i, count = 0;
    json_array_foreach(value, i, member) {
        cli_autofree char *text = scalar(cli, key, member);
        count += text != NULL;
        append(&joined, "", text ? text : "");
    }
    if (json_object_size(value) <= SMALL)
        json_object_foreach((json_t *)value, name, member) {
            cli_autofree char *text = scalar(cli, name, member);
            count += text != NULL;
            append(&joined, name, text ? text : "");
        }
    if (joined && count == json_array_size(value) + json_object_size(value))
        return joined;
    free(joined);
    return NULL;
}

/* "processing_ms" is "processing": the unit shows in the value. Names out of the store stay as they are. */
static char *label_of(const char *key, int is_name) {
    char *label = cli_copy(key);
    size_t length = strlen(label);
    if (!is_name && length > 3 && (ends_with(label, "_us") || ends_with(label, "_ms")))
        label[length - 3] = 0;
    for (char *c = label; *c && !is_name; c++)
        if (*c == '_')
            *c = ' ';
    return label;
}

/* "completed 7, failed 1" of an object of counts: what there is none of is left out. NULL when it holds anything else.
 */
static char *counts_line(const struct cli *cli, const json_t *value) {
    char *joined = NULL;
    const char *name;
    json_t *member;
    json_object_foreach((json_t *)value, name, member) {
        char buffer[CLI_TEXT];
        if (!json_is_integer(member)) {
            free(joined);
            return NULL;
        }
        if (json_integer_value(member))
            append(&joined, name, cli_count(json_integer_value(member), buffer));
    }
    return joined ? joined : json_object_size(value) ? cli_copy("-") : NULL;
}

static void put_parts(const struct cli *cli, const json_t *value, int depth, int are_names);

static void put_nested(const struct cli *cli, const char *key, const char *label, const json_t *value, int depth) {
    int are_names = !strncmp(key, "by_", 3) || !strcmp(key, "actions");
    cli_autofree char *line = are_names ? counts_line(cli, value) : depth ? in_one_line(cli, key, value) : NULL;
    if (line) {
        cli_line_at(cli, depth, label, line, CLI_PLAIN);
        return;
    }
    if (!json_object_size(value) && !json_array_size(value))
        return;
    cli_autofree char *safe = cli_safe(label);
    printf("%*s%s%s%s\n", 2 + 2 * depth, "", cli_colour(cli, CLI_BOLD), safe, cli_colour(cli, CLI_PLAIN));
    put_parts(cli, value, depth + 1, are_names);
}

static void put_value(const struct cli *cli, const char *key, const json_t *value, int depth, int is_name) {
    cli_autofree char *label = label_of(key, is_name), *text = scalar(cli, key, value);
    if (text)
        cli_line_at(cli, depth, label, text, json_is_string(value) ? cli_state_colour(text) : CLI_PLAIN);
    else
        put_nested(cli, key, label, value, depth);
}

static void put_parts(const struct cli *cli, const json_t *value, int depth, int are_names) {
    const char *key;
    json_t *member;
    size_t index;
    json_object_foreach((json_t *)value, key, member) put_value(cli, key, member, depth, are_names);
    json_array_foreach(value, index, member) {
        char number[32];
        snprintf(number, sizeof number, "%zu", index + 1);
        put_value(cli, number, member, depth, 1);
    }
}

void cli_sheet_json(const struct cli *cli, const json_t *value) {
    put_parts(cli, value, 0, 0);
}

json_t *cli_json(const char *text) {
    json_error_t why;
    json_t *value = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
    if (!value)
        cli_complain(CLI_FAILURE, "the library's answer is no JSON: %s (INTERNAL)", why.text);
    return value;
}

int cli_answer(const struct cli *cli, const vidstore_text *text, json_t **ret) {
    if (cli->json)
        cli_put_json(vidstore_text_data(text));
    *ret = cli->json ? NULL : cli_json(vidstore_text_data(text));
    return *ret != NULL;
}

int cli_put_done(const struct cli *cli, const char *id, const char *done, int on) {
    if (cli->json)
        printf("{\"id\": \"%s\", \"%s\": %s}\n", id, done, on ? "true" : "false");
    return CLI_OK;
}

int cli_put_report(const struct cli *cli, vidstore_text *text) {
    cli_auto(vidstore_text) *owned = text;
    cli_auto(json_t) *value = NULL;
    if (!cli_answer(cli, owned, &value))
        return cli->json ? CLI_OK : CLI_FAILURE;
    cli_sheet_json(cli, value);
    return CLI_OK;
}
