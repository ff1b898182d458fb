/* SPDX-License-Identifier: MIT */
/* Colours, error lines, sheets. */
#include "output.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL = 20 };

const char *cli_colour(const struct cli *cli, int colour) {
    static const char *const sequences[] = {"\x1b[0m",  "\x1b[1m",  "\x1b[2m",  "\x1b[31m",
                                            "\x1b[32m", "\x1b[33m", "\x1b[34m", "\x1b[36m"};
    return cli->colour && colour >= 0 && colour <= CLI_CYAN ? sequences[colour] : "";
}

int cli_state_colour(const char *state) {
    static const struct {
        const char *words;
        int colour;
    } colours[] = {
        {" completed active ok success yes ", CLI_GREEN},
        {" failed dead bad refused deleted damaged not_media crashed ", CLI_RED},
        {" running downloading analyzing processing ", CLI_CYAN},
        {" cancelled suspended deactivated warning partial truncated blocked unsupported empty ", CLI_YELLOW},
        {" none ", CLI_DIM}};
    char word[40];
    snprintf(word, sizeof word, " %.36s ", state);
    for (size_t i = 0; i < sizeof colours / sizeof *colours; i++)
        if (strstr(colours[i].words, word))
            return colours[i].colour;
    return CLI_PLAIN;
}

int cli_exit_code(vidstore_status status) {
    switch (status) {
    case VIDSTORE_OK:
        return CLI_OK;
    case VIDSTORE_NOT_FOUND:
        return CLI_NOT_FOUND;
    case VIDSTORE_INVALID:
    case VIDSTORE_MISUSE:
        return CLI_INVALID;
    case VIDSTORE_STATE:
    case VIDSTORE_EXISTS:
    case VIDSTORE_CONFLICT:
    case VIDSTORE_UNAUTHENTICATED:
    case VIDSTORE_FORBIDDEN:
    case VIDSTORE_QUOTA:
    case VIDSTORE_THROTTLED:
    case VIDSTORE_READONLY:
        return CLI_REFUSED;
    case VIDSTORE_BUSY:
    case VIDSTORE_RETRY:
    case VIDSTORE_TIMEOUT:
    case VIDSTORE_LEASE_LOST:
    case VIDSTORE_TXN_EXPIRED:
    case VIDSTORE_UNAVAILABLE:
        return CLI_BUSY;
    case VIDSTORE_MEDIA:
        return CLI_MEDIA;
    default:
        return CLI_FAILURE;
    }
}

int cli_fail_on(const struct cli *cli, const char *subject, vidstore_error **error) {
    vidstore_status code = vidstore_error_code(*error);
    const char *field = vidstore_error_field(*error), *cause = vidstore_error_cause(*error);
    cli_autofree char *line =
        cli_print("%s%s%s (%s%s%s)%s%s", subject ? subject : "", subject ? ": " : "", vidstore_error_message(*error),
                  vidstore_status_name(code), field ? ", field " : "", field ? field : "",
                  cli->verbose && cause ? ": " : "", cli->verbose && cause ? cause : "");
    cli_autofree char *safe = cli_safe(line);
    fprintf(stderr, "vidstore: %s\n", safe);
    vidstore_error_free(*error);
    *error = NULL;
    return code == VIDSTORE_CANCELLED && cli_stopped() ? CLI_INTERRUPTED : cli_exit_code(code);
}

int cli_fail(const struct cli *cli, vidstore_error **error) {
    return cli_fail_on(cli, NULL, error);
}

int cli_complain(int exit_code, const char *format, ...) {
    cli_autofree char *text = NULL;
    va_list list;
    va_start(list, format);
    if (vasprintf(&text, format, list) < 0)
        text = cli_copy("out of memory");
    va_end(list);
    cli_autofree char *safe = cli_safe(text);
    fprintf(stderr, "vidstore: %s\n", safe);
    return exit_code;
}

void cli_heading(const struct cli *cli, const char *text) {
    printf("%s%s%s\n", cli_colour(cli, CLI_BOLD), text, cli_colour(cli, CLI_PLAIN));
}

static void put_line(const struct cli *cli, int depth, const char *label, const char *value, int colour) {
    cli_autofree char *safe_label = cli_safe(label), *safe = cli_safe(value);
    int pad = LABEL - cli_width(safe_label);
    int room = cli->columns - 2 - 2 * depth - (pad > 0 ? LABEL : cli_width(safe_label)) - 1;
    cli_autofree char *clipped = cli->columns && room > 8 ? cli_clip(safe, room) : cli_copy(safe);
    printf("%*s%s%s%s%*s %s%s%s\n", 2 + 2 * depth, "", cli_colour(cli, CLI_DIM), safe_label, cli_colour(cli, CLI_PLAIN),
           pad > 0 ? pad : 0, "", colour ? cli_colour(cli, colour) : "", clipped,
           colour ? cli_colour(cli, CLI_PLAIN) : "");
}

void cli_line(const struct cli *cli, const char *label, const char *value, int colour) {
    if (value)
        put_line(cli, 0, label, value, colour);
}

static int ends_with(const char *text, const char *end) {
    size_t a = strlen(text), b = strlen(end);
    return a >= b && !strcmp(text + a - b, end);
}

/* Microseconds of our days: no count or size of a store comes near without being called bytes. */
static int is_moment(int64_t number) {
    return number > INT64_C(946684800000000) && number < INT64_C(7258118400000000);
}

static void scalar_text(const struct cli *cli, const char *key, const json_t *value, char buffer[CLI_TEXT]) {
    int64_t number = json_is_integer(value) ? json_integer_value(value) : INT64_MIN;
    if (json_is_boolean(value))
        snprintf(buffer, CLI_TEXT, "%s", json_is_true(value) ? "yes" : "no");
    else if (!json_is_integer(value))
        snprintf(buffer, CLI_TEXT, json_is_real(value) ? "%.3g" : "-", json_real_value(value));
    else if (ends_with(key, "_ms"))
        snprintf(buffer, CLI_TEXT, "%.*f s", number < 1000 ? 3 : 1, (double)number / 1000);
    else if (ends_with(key, "bytes") || ends_with(key, "size"))
        cli_size(number, buffer);
    else if (ends_with(key, "_us") || is_moment(number))
        cli_time(cli, number, buffer);
    else
        cli_count(number, buffer);
}

/* "processing_ms" is "processing": the unit shows in the value. */
static char *label_of(const char *key) {
    char *label = cli_copy(key);
    size_t length = strlen(label);
    if (length > 3 && (ends_with(label, "_us") || ends_with(label, "_ms")))
        label[length - 3] = 0;
    for (char *c = label; *c; c++)
        if (*c == '_')
            *c = ' ';
    return label;
}

static void put_nested(const struct cli *cli, const char *label, const json_t *value, int depth) {
    cli_autofree char *safe = cli_safe(label);
    printf("%*s%s%s%s\n", 2 + 2 * depth, "", cli_colour(cli, CLI_BOLD), safe, cli_colour(cli, CLI_PLAIN));
    cli_sheet_json(cli, value, depth + 1);
}

/* "a, b" of an array that holds nothing but texts and numbers; NULL for any other value. */
static char *inline_text(const struct cli *cli, const char *key, const json_t *array) {
    char *joined = NULL;
    size_t i;
    json_t *member;
    json_array_foreach(array, i, member) {
        char buffer[CLI_TEXT];
        if (json_is_object(member) || json_is_array(member)) {
            free(joined);
            return NULL;
        }
        if (!json_is_string(member))
            scalar_text(cli, key, member, buffer);
        char *longer = cli_print("%s%s%s", joined ? joined : "", joined ? ", " : "",
                                 json_is_string(member) ? json_string_value(member) : buffer);
        free(joined);
        joined = longer;
    }
    return joined;
}

static void put_value(const struct cli *cli, const char *key, const json_t *value, int depth) {
    char buffer[CLI_TEXT];
    cli_autofree char *label = label_of(key), *joined = inline_text(cli, key, value);
    if (joined)
        put_line(cli, depth, label, joined, CLI_PLAIN);
    else if (json_is_string(value))
        put_line(cli, depth, label, json_string_value(value), cli_state_colour(json_string_value(value)));
    else if (json_object_size(value) || json_array_size(value))
        put_nested(cli, label, value, depth);
    else if (!json_is_null(value) && !json_is_object(value) && !json_is_array(value)) {
        scalar_text(cli, key, value, buffer);
        put_line(cli, depth, label, buffer, CLI_PLAIN);
    }
}

void cli_sheet_json(const struct cli *cli, const json_t *value, int depth) {
    const char *key;
    json_t *member;
    size_t index;
    if (json_is_object(value)) {
        json_object_foreach((json_t *)value, key, member) put_value(cli, key, member, depth);
        return;
    }
    json_array_foreach(value, index, member) {
        char number[32];
        snprintf(number, sizeof number, "%zu", index + 1);
        put_value(cli, number, member, depth);
    }
}

json_t *cli_json(const char *text) {
    json_error_t why;
    json_t *value = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
    if (!value)
        cli_complain(CLI_FAILURE, "the library's answer is no JSON: %s (INTERNAL)", why.text);
    return value;
}

int cli_put_report(const struct cli *cli, vidstore_text *text) {
    cli_auto(vidstore_text) *owned = text;
    if (cli->json) {
        cli_put_json(vidstore_text_data(owned));
        return CLI_OK;
    }
    cli_auto(json_t) *value = cli_json(vidstore_text_data(owned));
    if (!value)
        return CLI_FAILURE;
    cli_sheet_json(cli, value, 0);
    return CLI_OK;
}
