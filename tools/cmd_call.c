/* SPDX-License-Identifier: MIT */
#include "output.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ARGS_MAX = 16 << 20 };

/* All of standard input. The caller frees it; NULL: it can't be read, or is too long. */
static char *read_input(void) {
    size_t size = 0, room = 1 << 16;
    char *text = malloc(room + 1);
    ssize_t n = 1;
    while (text && n > 0 && size < ARGS_MAX) {
        if (size == room) {
            char *more = realloc(text, (room *= 2) + 1);
            if (!more)
                break;
            text = more;
        }
        n = read(STDIN_FILENO, text + size, room - size);
        size += n > 0 ? (size_t)n : 0;
    }
    if (!text || n != 0 || memchr(text, '\0', size)) {
        free(text);
        return NULL;
    }
    text[size] = '\0';
    return text;
}

int cmd_call(struct cli *cli, const struct cli_args *args) {
    vidstore_error *error = NULL;
    cli_auto(vidstore_text) *text = NULL;
    const char *json = args->count > 1 ? args->operands[1] : NULL;
    cli_autofree char *input = json && strcmp(json, "-") == 0 ? read_input() : NULL;
    if (json && strcmp(json, "-") == 0 && !input)
        return cli_usage(args, "the arguments on standard input can't be read");
    if (vidstore_call(cli->session, args->operands[0], input ? input : json, &text, &error))
        return cli_fail(cli, &error);
    cli_put_json(vidstore_text_data(text));
    return CLI_OK;
}
