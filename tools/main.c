/* SPDX-License-Identifier: MIT */
/* The command `vidstore`: finds out what is meant, opens the store, and runs it. */
#include "output.h"
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int width_of(int fd) {
    struct winsize size;
    if (!isatty(fd))
        return 0;
    const char *columns = getenv("COLUMNS");
    int asked = columns ? (int)strtol(columns, NULL, 10) : 0;
    if (asked > 0)
        return asked;
    return ioctl(fd, TIOCGWINSZ, &size) || !size.ws_col ? 80 : size.ws_col;
}

/* Widths of characters come from the locale; what is stored is UTF-8 whatever the locale is. */
static void choose_locale(void) {
    if (!setlocale(LC_CTYPE, "") || strcmp(nl_langinfo(CODESET), "UTF-8"))
        setlocale(LC_CTYPE, "C.UTF-8");
    setlocale(LC_TIME, "C");
}

static void look_around(struct cli *cli) {
    const char *store = getenv("VIDSTORE_STORE"), *none = getenv("NO_COLOR"), *kind = getenv("TERM");
    *cli = (struct cli){.location = store && *store ? store : "library.vidstore"};
    cli->columns = width_of(STDOUT_FILENO);
    cli->terminal = cli->columns > 0;
    cli->meter = width_of(STDERR_FILENO);
    cli->colour = cli->terminal && !(none && *none) && kind && strcmp(kind, "dumb") != 0;
}

/* What was printed must have arrived: a full disk behind a pipe of shells is a failure like any other. */
static int finish_output(int result) {
    if (!ferror(stdout) && !fflush(stdout))
        return result;
    clearerr(stdout); /* errno may be of something later: it fails once more */
    if (putchar('\n') != EOF && !fflush(stdout))
        errno = EIO;
    if (errno == EPIPE)
        return result;
    fprintf(stderr, "vidstore: the output could not be written: %s (IO)\n", strerrordesc_np(errno));
    return result ? result : CLI_FAILURE;
}

static int run(struct cli *cli, const struct cli_args *args) {
    const struct cli_command *command = args->command;
    if (cli_flag(args, "help")) {
        cli_help(cli, command);
        return CLI_OK;
    }
    cli->worker = cli_value(args, "name");
    if (cli_flag(args, "version"))
        return cmd_version(cli, args);
    int result = cli_open(cli, command->flags);
    cli->reads = (command->flags & CLI_READS) != 0; /* not before it is clear who acts */
    if (!result)
        result = command->run(cli, args);
    cli_close(cli);
    return result;
}

static int run_command(struct cli *cli, int argc, char **argv) {
    int used;
    const struct cli_command *command = cli_command_find(argc, argv, &used);
    struct cli_args args = {.command = NULL};
    if (!command)
        return cli_usage(&args, "there is no command \"%s%s%s\"", argv[0], argc > 1 && argv[1][0] != '-' ? " " : "",
                         argc > 1 && argv[1][0] != '-' ? argv[1] : "");
    /* getopt_long() takes the word before the options for the program's name. */
    int result = cli_args_parse(cli, command, argc - used + 1, argv + used - 1, &args);
    if (!result)
        result = run(cli, &args);
    cli_args_free(&args);
    return result;
}

int main(int argc, char **argv) {
    struct cli cli;
    /* Beyond RLIMIT_FSIZE a write shall fail like one on a full disk; by default the signal ends the process. */
    signal(SIGXFSZ, SIG_IGN);
    choose_locale();
    look_around(&cli);
    struct cli_args before;
    int result = cli_args_parse(&cli, NULL, argc, argv, &before);
    int wants_help = !result && cli_flag(&before, "help"), wants_version = !result && cli_flag(&before, "version");
    cli_args_free(&before);
    if (result)
        return result;
    if (wants_version && !wants_help)
        return finish_output(cmd_version(&cli, NULL));
    if (wants_help || !before.count) {
        cli_help(&cli, NULL);
        return finish_output(wants_help ? CLI_OK : CLI_USAGE);
    }
    return finish_output(run_command(&cli, before.count, before.operands));
}
