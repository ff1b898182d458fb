/* SPDX-License-Identifier: MIT */
/* Passwords and tokens: from a descriptor or the terminal, never from an argument. */
#include "cli.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* Reads up to the end of a line. Returns how many bytes there were, or -1. */
static int read_line(int fd, char *buffer, size_t size) {
    size_t length = 0;
    for (;;) {
        char c;
        ssize_t got = read(fd, &c, 1);
        if (got < 0 && errno == EINTR && !cli_stopped())
            continue;
        if (got < 0)
            return -1;
        if (got == 0 || c == '\n')
            break;
        if (length + 1 >= size)
            return -1;
        buffer[length++] = c;
    }
    if (length && buffer[length - 1] == '\r')
        length--;
    buffer[length] = 0;
    return strlen(buffer) == length ? (int)length : -1;
}

static int ask(int terminal, const char *prompt, char *buffer, size_t size) {
    struct termios before, silent;
    if (tcgetattr(terminal, &before))
        return -1;
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    /* First silence, then the question: who types fast is not shown either. */
    if (tcsetattr(terminal, TCSAFLUSH, &silent))
        return -1;
    ssize_t asked = write(terminal, prompt, strlen(prompt));
    int length = read_line(terminal, buffer, size);
    tcsetattr(terminal, TCSAFLUSH, &before);
    ssize_t ended = write(terminal, "\n", 1);
    return asked < 0 || ended < 0 ? -1 : length;
}

static int ask_twice(int terminal, char *secret, size_t size) {
    cli_autofree char *again = cli_alloc(size);
    int length = ask(terminal, "Password: ", secret, size);
    int same = length >= 0 && ask(terminal, "Once more: ", again, size) == length && !strcmp(secret, again);
    explicit_bzero(again, size);
    return same;
}

static int ask_terminal(const char *option, const char *what, int twice, char *secret, size_t size) {
    cli_autoclose int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (terminal < 0)
        return cli_complain(CLI_USAGE, "there is no terminal to ask for a %s; use --%s", what, option);
    /* A signal must not leave the terminal without its echo. */
    cli_catch_signals();
    int good = twice ? ask_twice(terminal, secret, size) : ask(terminal, "Token: ", secret, size) >= 0;
    if (cli_stopped())
        return CLI_INTERRUPTED;
    if (good)
        return CLI_OK;
    return cli_complain(CLI_INVALID, twice ? "the passwords differ (INVALID, field %s)" : "no %s could be read", what);
}

int cli_secret(const struct cli_args *args, const char *option, const char *what, int twice, char *secret,
               size_t size) {
    int64_t fd = -1;
    if (cli_number(args, option, 0, INT32_MAX, &fd))
        return CLI_USAGE;
    if (fd < 0)
        return ask_terminal(option, what, twice, secret, size);
    if (read_line((int)fd, secret, size) >= 0)
        return CLI_OK;
    return cli_complain(CLI_INVALID, "no %s could be read from descriptor %d (INVALID, field %s)", what, (int)fd, what);
}
