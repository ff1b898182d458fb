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

/* The message with the option's name where the library speaks of its flag. */
static char *for_the_shell(const char *message) {
    static const char flag[] = "VIDSTORE_QUERY_SCAN";
    const char *at = strstr(message, flag);
    return at ? cli_print("%.*s--scan%s", (int)(at - message), message, at + sizeof flag - 1) : cli_copy(message);
}

int cli_fail_of(const struct cli *cli, const char *subject, const vidstore_error *error) {
    vidstore_status code = vidstore_error_code(error);
    int32_t sub = vidstore_error_subcode(error);
    const char *field = vidstore_error_field(error), *cause = vidstore_error_cause(error);
    cli_autofree char *message = for_the_shell(vidstore_error_message(error));
    cli_autofree char *line = cli_print("%s%s%s (%s%s%s)%s%s", subject ? subject : "", subject ? ": " : "", message,
                                        vidstore_status_name(code), field ? ", field " : "", field ? field : "",
                                        cli->verbose && cause ? ": " : "", cli->verbose && cause ? cause : "");
    cli_autofree char *safe = cli_safe(line);
    fprintf(stderr, "vidstore: %s\n", safe);
    return code == VIDSTORE_CANCELLED && cli_stopped() ? CLI_INTERRUPTED
           : sub == VIDSTORE_SUB_NO_INDEX              ? CLI_INVALID
                                                       : cli_exit_code(code);
}

int cli_fail_on(const struct cli *cli, const char *subject, vidstore_error **error) {
    int result = cli_fail_of(cli, subject, *error);
    vidstore_error_free(*error);
    *error = NULL;
    return result;
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

void cli_remark(const struct cli *cli, const char *format, ...) {
    cli_autofree char *text = NULL;
    va_list list;
    if (cli->quiet)
        return;
    va_start(list, format);
    int length = vasprintf(&text, format, list);
    va_end(list);
    cli_autofree char *safe = length < 0 ? cli_copy("out of memory") : cli_safe(text);
    fprintf(stderr, "vidstore: %s\n", safe);
}

void cli_heading(const struct cli *cli, const char *text) {
    printf("%s%s%s\n", cli_colour(cli, CLI_BOLD), text, cli_colour(cli, CLI_PLAIN));
}

void cli_line_at(const struct cli *cli, int depth, const char *label, const char *value, int colour) {
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
        cli_line_at(cli, 0, label, value, colour);
}
