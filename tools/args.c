/* SPDX-License-Identifier: MIT */
#include "cli.h"
#include "output.h"
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_LONG = 256, OPTIONS_MAX = 64 };

const struct cli_option cli_global_options[] = {
    {"store", 's', "DIRECTORY", "the store (else $VIDSTORE_STORE, else ./library.vidstore)"},
    {"json", 'j', NULL, "print what the library says as JSON"},
    {"as", 0, "USER", "act on behalf of a user: name, e-mail address or id"},
    {"utc", 0, NULL, "show times in UTC, not in local time"},
    {"full-ids", 0, NULL, "show ids in full on a terminal too"},
    {"color", 0, "auto|always|never", "colours (default auto; NO_COLOR turns them off)"},
    {"quiet", 'q', NULL, "no progress and no remarks"},
    {"verbose", 'v', NULL, "the cause beneath an error too"},
    {"help", 'h', NULL, "say what this command does"},
    {"version", 'V', NULL, "say which version this is"},
    {NULL, 0, NULL, NULL},
};

/* The command's options and the global ones, as getopt_long() wants them; val is FIRST_LONG + the index. */
struct option_set {
    const struct cli_option *options[OPTIONS_MAX];
    struct option longs[OPTIONS_MAX + 1];
    char shorts[2 * OPTIONS_MAX + 3];
    int count;
};

static void add_options(struct option_set *set, const struct cli_option *options) {
    size_t length = strlen(set->shorts);
    for (; options && options->name && set->count < OPTIONS_MAX; options++) {
        int has_value = options->value ? required_argument : no_argument;
        set->longs[set->count] = (struct option){options->name, has_value, NULL, FIRST_LONG + set->count};
        set->options[set->count++] = options;
        if (!options->letter)
            continue;
        set->shorts[length++] = options->letter;
        if (options->value)
            set->shorts[length++] = ':';
    }
}

static const struct cli_option *option_of(const struct option_set *set, int found) {
    if (found >= FIRST_LONG)
        return set->options[found - FIRST_LONG];
    for (int i = 0; i < set->count; i++)
        if (set->options[i]->letter && set->options[i]->letter == found)
            return set->options[i];
    return NULL;
}

static int apply_colour(struct cli *cli, const struct cli_args *args, const char *value) {
    if (!strcmp(value, "always"))
        cli->colour = 1;
    else if (!strcmp(value, "never"))
        cli->colour = 0;
    else if (strcmp(value, "auto"))
        return cli_usage(args, "--color is auto, always or never");
    return CLI_OK;
}

static int apply_globals(struct cli *cli, const struct cli_args *args) {
    if (cli_value(args, "store"))
        cli->location = cli_value(args, "store");
    if (cli_value(args, "as"))
        cli->as = cli_value(args, "as");
    cli->json |= cli_flag(args, "json");
    cli->utc |= cli_flag(args, "utc");
    cli->full_ids |= cli_flag(args, "full-ids");
    cli->quiet |= cli_flag(args, "quiet");
    cli->verbose |= cli_flag(args, "verbose");
    if (cli->quiet)
        cli->meter = 0;
    return cli_value(args, "color") ? apply_colour(cli, args, cli_value(args, "color")) : CLI_OK;
}

static int check_operands(const struct cli_args *args) {
    const struct cli_command *command = args->command;
    if (!command || cli_flag(args, "help") || cli_flag(args, "version"))
        return CLI_OK;
    if (args->count < command->least)
        return cli_usage(args, "needs %s", command->operands);
    if (command->most >= 0 && args->count > command->most)
        return cli_usage(args, "does not know what to do with \"%s\"", args->operands[command->most]);
    return CLI_OK;
}

/* What getopt_long() did not like. */
static int bad_option(const struct option_set *set, int found, char **argv, const struct cli_args *args) {
    const struct cli_option *option = option_of(set, optopt);
    if (option && found == ':')
        return cli_usage(args, "option --%s needs a value: %s", option->name, option->value);
    if (option)
        return cli_usage(args, "option --%s takes no value", option->name);
    if (optopt)
        return cli_usage(args, "does not know the option -%c", optopt);
    return cli_usage(args, "does not know the option %s", argv[optind - 1]);
}

/* The words of argv that getopt_long() is to see: argv[0] stands for the program in its messages. */
static int parse_words(const struct option_set *set, int argc, char **argv, struct cli_args *ret) {
    opterr = 0;
    optind = 0; /* glibc: begin anew */
    for (;;) {
        int found = getopt_long(argc, argv, set->shorts, set->longs, NULL);
        if (found == -1)
            break;
        if (found == '?' || found == ':')
            return bad_option(set, found, argv, ret);
        const struct cli_option *option = option_of(set, found);
        /* One word may hold many: -qqqq. */
        ret->given = cli_grow(ret->given, (size_t)ret->given_count + 1, sizeof *ret->given);
        ret->given[ret->given_count++] = (struct cli_given){option, option->value ? optarg : ""};
    }
    ret->operands = argv + optind;
    ret->count = argc - optind;
    return CLI_OK;
}

int cli_args_parse(struct cli *cli, const struct cli_command *command, int argc, char **argv, struct cli_args *ret) {
    struct option_set set = {.count = 0};
    /* Before the command's name the options end at the first word, behind it they may stand anywhere. */
    set.shorts[0] = command ? ':' : '+';
    if (!command)
        set.shorts[1] = ':';
    add_options(&set, command ? command->options : NULL);
    add_options(&set, cli_global_options);
    *ret = (struct cli_args){.command = command};
    int result = parse_words(&set, argc, argv, ret);
    if (!result)
        result = apply_globals(cli, ret);
    return result ? result : check_operands(ret);
}

void cli_args_free(struct cli_args *args) {
    free(args->given);
}

const char *cli_nth_value(const struct cli_args *args, const char *name, int n) {
    for (int i = 0; i < args->given_count; i++)
        if (!strcmp(args->given[i].option->name, name) && n-- == 0)
            return args->given[i].value;
    return NULL;
}

const char *cli_value(const struct cli_args *args, const char *name) {
    for (int i = args->given_count - 1; i >= 0; i--)
        if (!strcmp(args->given[i].option->name, name))
            return args->given[i].value;
    return NULL;
}

int cli_flag(const struct cli_args *args, const char *name) {
    return cli_value(args, name) != NULL;
}

int cli_number(const struct cli_args *args, const char *name, int64_t low, int64_t high, int64_t *ret) {
    const char *text = cli_value(args, name);
    if (!text)
        return CLI_OK;
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno || end == text || *end || number < low || number > high)
        return cli_usage(args, "--%s is a whole number from %lld to %lld", name, (long long)low, (long long)high);
    *ret = number;
    return CLI_OK;
}

int cli_duration_ms(const struct cli_args *args, const char *name, int64_t low, int64_t high, int64_t *ret) {
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    const char *text = cli_value(args, name);
    if (!text)
        return CLI_OK;
    char *end;
    errno = 0;
    double number = strtod(text, &end);
    for (size_t i = 0; !errno && end != text && i < sizeof units / sizeof *units; i++) {
        double ms = number * (double)units[i].ms;
        if (strcmp(end, units[i].unit) || !(ms >= (double)low && ms <= (double)high))
            continue;
        *ret = (int64_t)ms;
        return CLI_OK;
    }
    return cli_usage(args, "--%s is a time such as 500ms, 90s, 10m or 2h, from %lld to %lld ms", name, (long long)low,
                     (long long)high);
}

int cli_usage(const struct cli_args *args, const char *format, ...) {
    cli_autofree char *text = NULL;
    va_list list;
    va_start(list, format);
    if (vasprintf(&text, format, list) < 0)
        text = cli_copy("out of memory");
    va_end(list);
    const char *name = args->command ? args->command->name : NULL;
    cli_autofree char *safe = cli_safe(text);
    fprintf(stderr, "vidstore%s%s: %s; see `vidstore help%s%s`\n", name ? " " : "", name ? name : "", safe,
            name ? " " : "", name ? name : "");
    return CLI_USAGE;
}
