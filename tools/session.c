/* SPDX-License-Identifier: MIT */
/* Opening the store, who acts, and signals. */
#include "noun.h"
#include <dirent.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static volatile sig_atomic_t stopped;

static void stop(int number) {
    /* A second signal ends the process: whoever sends two is in earnest. */
    if (stopped++)
        _exit(CLI_INTERRUPTED);
}

void cli_catch_signals(void) {
    struct sigaction action = {.sa_handler = stop};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    /* A reader of our output that went away must not look like a crashed worker. */
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
}

int cli_stopped(void) {
    return stopped != 0;
}

/* The account that runs the command: it goes into the audit. */
static void os_user(char *buffer, size_t size) {
    struct passwd entry, *found = NULL;
    char space[4096];
    if (!getpwuid_r(getuid(), &entry, space, sizeof space, &found) && found)
        snprintf(buffer, size, "%.60s", found->pw_name);
    else
        snprintf(buffer, size, "uid %u", (unsigned)getuid());
}

vidstore_session *cli_system_session(struct cli *cli) {
    vidstore_error *error = NULL;
    vidstore_session *session = NULL;
    char who[80], name[100];
    os_user(who, sizeof who);
    snprintf(name, sizeof name, "cli:%s", who);
    if (vidstore_session_system(cli->store, name, &session, &error))
        cli_fail(cli, &error);
    return session;
}

static int open_as(struct cli *cli) {
    cli_auto(vidstore_user) *user = NULL;
    int result = cli_user_find(cli, cli->as, &user);
    if (result)
        return result;
    char who[80], host[128] = "", device[256];
    os_user(who, sizeof who);
    gethostname(host, sizeof host - 1);
    snprintf(device, sizeof device, "%.60s@%.60s", who, host);
    vidstore_error *error = NULL;
    cli_auto(vidstore_origin) *origin = vidstore_origin_new();
    vidstore_origin_set_text(origin, VIDSTORE_ORIGIN_DEVICE, device);
    vidstore_origin_set_text(origin, VIDSTORE_ORIGIN_USER_AGENT, "vidstore/" VIDSTORE_VERSION " (command line)");
    if (vidstore_session_on_behalf(cli->store, vidstore_user_id(user), origin, &cli->session, &error))
        return cli_fail(cli, &error);
    return CLI_OK;
}

/* Whether a store could be made there: nothing is, or a directory without entries. */
static int has_room(const char *path) {
    DIR *dir = opendir(path);
    int entries = 0;
    while (dir && entries < 3 && readdir(dir))
        entries++; /* . and .. are two */
    if (dir)
        closedir(dir);
    return entries < 3;
}

/* There is no store: a new one needs a directory to lie in. */
static void advise(const struct cli *cli, int creates) {
    cli_autofree char *parent = cli_copy(cli->location);
    size_t length = strlen(parent);
    while (length > 1 && parent[length - 1] == '/')
        parent[--length] = 0;
    char *slash = strrchr(parent, '/');
    struct stat status;
    if (slash)
        slash[slash == parent] = 0;
    if (!has_room(cli->location))
        cli_remark(cli, "%s is a directory that is no store, and not empty", cli->location);
    else if (slash && (stat(parent, &status) || !S_ISDIR(status.st_mode)))
        cli_remark(cli, "there is no directory %s to hold a store", parent);
    else if (!creates)
        cli_remark(cli, "`vidstore init` makes one; -s and VIDSTORE_STORE say where");
}

/* What has a BACKUP file in it was made by `vidstore backup`. Opening it for writing would end what it vouches for. */
static int is_backup(const char *location) {
    cli_autofree char *path = cli_print("%s/BACKUP", location);
    return !access(path, F_OK);
}

int cli_open(struct cli *cli, unsigned command_flags) {
    if (cli->as && (command_flags & CLI_AS_SYSTEM))
        return cli_complain(CLI_USAGE, "--as does not go with this command: only the system does that");
    if (command_flags & CLI_NO_STORE)
        return CLI_OK;
    vidstore_error *error = NULL;
    cli_auto(vidstore_open_params) *params = vidstore_open_params_new();
    vidstore_open_params_set_int64(params, VIDSTORE_OPEN_CREATE, (command_flags & CLI_CREATES) ? 1 : 0);
    if (cli->location && is_backup(cli->location))
        vidstore_open_params_set_int64(params, VIDSTORE_OPEN_READ_ONLY, 1);
    if (cli->worker)
        vidstore_open_params_set_text(params, VIDSTORE_OPEN_WORKER_NAME, cli->worker);
    if (vidstore_open(cli->location, params, &cli->store, &error)) {
        int none = vidstore_error_code(error) == VIDSTORE_NOT_FOUND;
        int result = cli_fail(cli, &error);
        if (none)
            advise(cli, (command_flags & CLI_CREATES) != 0);
        return result;
    }
    cli->session = cli->system = cli_system_session(cli);
    if (!cli->system)
        return CLI_FAILURE;
    return cli->as ? open_as(cli) : CLI_OK;
}

void cli_close(struct cli *cli) {
    if (cli->session != cli->system)
        vidstore_session_free(cli->session);
    vidstore_session_free(cli->system);
    vidstore_close(cli->store);
    cli->session = cli->system = NULL;
    cli->store = NULL;
}

int cli_user_find(struct cli *cli, const char *text, vidstore_user **ret) {
    vidstore_error *error = NULL;
    *ret = NULL;
    /* While --as is being resolved there is no other session than the system's. */
    vidstore_session *session = cli->session ? cli->session : cli->system;
    vidstore_status status = vidstore_user_get_by_name(session, text, ret, &error);
    if (!status)
        return CLI_OK;
    if (status != VIDSTORE_NOT_FOUND && status != VIDSTORE_INVALID)
        return cli_fail_on(cli, text, &error);
    vidstore_error_free(error);
    error = NULL;
    char id[CLI_UUID_TEXT];
    int found = cli_id_find(cli, &cli_users, text, id);
    if (found)
        return found;
    return vidstore_user_get(session, id, ret, &error) ? cli_fail_on(cli, text, &error) : CLI_OK;
}
