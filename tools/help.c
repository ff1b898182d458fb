/* SPDX-License-Identifier: MIT */
#include "output.h"
#include <stdio.h>
#include <string.h>

static const struct {
    int code;
    const char *meaning;
} exit_codes[] = {
    {CLI_OK, "done"},
    {CLI_FAILURE, "failed: disk, memory, damage, a bad verdict of doctor"},
    {CLI_USAGE, "the command was called wrongly"},
    {CLI_NOT_FOUND, "there is no such thing, or none that the user may see"},
    {CLI_INVALID, "a value is not acceptable"},
    {CLI_REFUSED, "refused: rights, quota, or the state that the thing is in"},
    {CLI_BUSY, "busy, timed out or not available: may work later"},
    {CLI_MEDIA, "the bytes are no media that can be read"},
    {CLI_INTERRUPTED, "stopped by a signal"},
};

void cli_help_exit_codes(void) {
    for (size_t i = 0; i < sizeof exit_codes / sizeof *exit_codes; i++)
        printf("%3d  %s\n", exit_codes[i].code, exit_codes[i].meaning);
}

/* Text from a column on, to the end of the line; what a terminal has no room for goes on beneath, indented. */
static void put_text(const struct cli *cli, const char *text, int column, int indent) {
    for (int first = 1;; first = 0) {
        size_t length = strcspn(text, " ");
        cli_autofree char *word = cli_print("%.*s", (int)length, text);
        int width = cli_width(word), blank = !first;
        if (cli->columns && column > indent && column + blank + width > cli->columns) {
            printf("\n%*s", indent, "");
            column = indent;
            blank = 0;
        }
        printf("%s%s", blank ? " " : "", word);
        column += blank + width;
        text += length;
        if (!*text++)
            break;
    }
    putchar('\n');
}

static void put_options(const struct cli *cli, const struct cli_option *options) {
    enum { HELP = 30 };
    for (; options && options->name; options++) {
        cli_autofree char *left =
            cli_print("%c%c%c --%s%s%s", options->letter ? '-' : ' ', options->letter ? options->letter : ' ',
                      options->letter ? ',' : ' ', options->name, options->value ? " " : "",
                      options->value ? options->value : "");
        int pad = HELP - 2 - cli_width(left);
        if (pad < 1)
            printf("  %s\n%*s", left, HELP, "");
        else
            printf("  %s%*s", left, pad, "");
        put_text(cli, options->help, HELP, HELP);
    }
}

static void put_command(const struct cli *cli, const struct cli_command *command) {
    cli_autofree char *left = cli_print("%s %s", command->name, command->operands);
    int width = cli_width(left), pad = width < 33 ? 34 - width : 1;
    printf("  %s%s%s %s%*s", cli_colour(cli, CLI_CYAN), command->name, cli_colour(cli, CLI_PLAIN), command->operands,
           pad, "");
    put_text(cli, command->summary, 2 + width + pad, 36);
}

/* The commands of a group, such as jobs. Returns how many there are. */
static int put_group(const struct cli *cli, const char *group) {
    size_t length = strlen(group);
    int count = 0;
    for (const struct cli_command *command = cli_commands; command->name; command++)
        if (!strncmp(command->name, group, length) && command->name[length] == ' ') {
            put_command(cli, command);
            count++;
        }
    return count;
}

static void put_all(const struct cli *cli) {
    printf("%svidstore%s [-s STORE] [--json] [--as USER] COMMAND …\n\n", cli_colour(cli, CLI_BOLD),
           cli_colour(cli, CLI_PLAIN));
    cli_heading(cli, "Commands");
    for (const struct cli_command *command = cli_commands; command->name; command++)
        put_command(cli, command);
    putchar('\n');
    cli_heading(cli, "Options of every command");
    put_options(cli, cli_global_options);
    printf("\n`vidstore help COMMAND` says more; the rest is in vidstore(1).\n");
}

void cli_help(const struct cli *cli, const struct cli_command *command) {
    if (!command) {
        put_all(cli);
        return;
    }
    cli_autofree char *rest = cli_print("%s%s%s: %s", command->options ? " [OPTION…]" : "",
                                        *command->operands ? " " : "", command->operands, command->summary);
    printf("%svidstore %s%s", cli_colour(cli, CLI_BOLD), command->name, cli_colour(cli, CLI_PLAIN));
    put_text(cli, rest, (int)strlen("vidstore ") + cli_width(command->name), 4);
    if (command->flags & CLI_DEFAULT)
        printf("This is what `vidstore %.*s` alone does.\n", (int)strcspn(command->name, " "), command->name);
    if (!command->options)
        return;
    putchar('\n');
    put_options(cli, command->options);
}

static void put_option_rows(const char *command, const struct cli_option *options) {
    for (; options && options->name; options++)
        printf("option\t%s\t--%s\t%s%c\t%s\n", command, options->name, options->letter ? "-" : "",
               options->letter ? options->letter : '-', options->value ? options->value : "");
}

void cli_help_table(void) {
    put_option_rows("", cli_global_options);
    for (const struct cli_command *command = cli_commands; command->name; command++) {
        printf("command\t%s\t%s\t%s\n", command->name, command->operands, command->summary);
        put_option_rows(command->name, command->options);
    }
    for (size_t i = 0; i < sizeof exit_codes / sizeof *exit_codes; i++)
        printf("exit\t%d\t%s\n", exit_codes[i].code, exit_codes[i].meaning);
}

int cmd_help(struct cli *cli, const struct cli_args *args) {
    if (cli_flag(args, "table"))
        cli_help_table();
    else if (cli_flag(args, "exit-codes"))
        cli_help_exit_codes();
    else if (!args->count)
        cli_help(cli, NULL);
    else if (args->count > 1 || !put_group(cli, args->operands[0])) {
        int used;
        const struct cli_command *command = cli_command_find(args->count, args->operands, &used);
        if (!command || used < args->count)
            return cli_usage(args, "there is no command \"%s%s%s\"", args->operands[0], args->count > 1 ? " " : "",
                             args->count > 1 ? args->operands[1] : "");
        cli_help(cli, command);
    }
    return CLI_OK;
}

int cmd_version(struct cli *cli, const struct cli_args *args) {
    printf(cli->json ? "{\"version\": \"%s\"}\n" : "vidstore %s\n", vidstore_version());
    return CLI_OK;
}
