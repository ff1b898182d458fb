/* SPDX-License-Identifier: MIT */
#include "noun.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const int64_t century_ms = INT64_C(3155760000000);

static void add(char **filter, char *part) {
    char *longer = *filter ? cli_print("%s and %s", *filter, part) : cli_copy(part);
    free(*filter);
    free(part);
    *filter = longer;
}

/* The moment that --since means; 0 without it. */
static int since_us(const struct cli_args *args, int64_t *ret) {
    int64_t ago = INT64_MIN;
    *ret = 0;
    if (cli_duration_ms(args, "since", 0, century_ms, &ago))
        return CLI_USAGE;
    if (ago != INT64_MIN)
        *ret = cli_now_us() - ago * 1000;
    return CLI_OK;
}

static int filter_of(struct cli *cli, const struct cli_args *args, char **ret) {
    int64_t since;
    const char *action = cli_value(args, "action"), *who = cli_value(args, "user"), *object = cli_value(args, "object");
    if (since_us(args, &since))
        return CLI_USAGE;
    if (action && !cli_is_word(action))
        return cli_usage(args, "--action is a word such as job_completed");
    if (since)
        add(ret, cli_print("created >= %" PRId64, since));
    if (action)
        add(ret, cli_print("action = %s", action));
    cli_auto(vidstore_user) *user = NULL;
    int result = who ? cli_user_find(cli, who, &user) : CLI_OK;
    if (user)
        add(ret, cli_print("user_id = %s", vidstore_user_id(user)));
    if (result || !object)
        return result;
    char id[CLI_UUID_TEXT];
    const struct cli_noun *noun;
    /* What happened to a purged thing is still known by its id. */
    if (strlen(object) == CLI_UUID_TEXT - 1)
        snprintf(id, sizeof id, "%s", object);
    else
        result = cli_object_find(cli, object, &noun, id);
    if (!result)
        add(ret, cli_print("object_id = \"%s\"", id));
    return result;
}

int cmd_audit_list(struct cli *cli, const struct cli_args *args) {
    cli_autofree char *filter = NULL;
    int result = filter_of(cli, args, &filter);
    return result ? result : cli_list(cli, args, &cli_events, filter, NULL);
}

static int export_to(struct cli *cli, const struct cli_args *args, const vidstore_query *query, int fd) {
    vidstore_error *error = NULL;
    int64_t count = 0;
    if (vidstore_audit_export(cli->session, query, fd, &count, &error))
        return cli_fail(cli, &error);
    if (!cli->quiet && fd != STDOUT_FILENO)
        printf("%" PRId64 " events in %s\n", count, cli_value(args, "output"));
    return CLI_OK;
}

int cmd_audit_export(struct cli *cli, const struct cli_args *args) {
    vidstore_error *error = NULL;
    cli_autofree char *filter = NULL;
    const char *given = cli_value(args, "filter"), *output = cli_value(args, "output");
    int result = filter_of(cli, args, &filter);
    if (result)
        return result;
    if (given)
        add(&filter, cli_print("(%s)", given));
    cli_auto(vidstore_query) *query = vidstore_query_new();
    if (filter && vidstore_query_filter(query, filter, &error))
        return cli_fail(cli, &error);
    vidstore_query_flags(query, VIDSTORE_QUERY_SCAN);
    if (!output || !strcmp(output, "-"))
        return export_to(cli, args, query, STDOUT_FILENO);
    cli_autoclose int fd = open(output, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return cli_complain(errno == EEXIST ? CLI_REFUSED : CLI_FAILURE, "%s: %s (%s, field output)", output,
                            strerrordesc_np(errno), errno == EEXIST ? "EXISTS" : "IO");
    return export_to(cli, args, query, fd);
}

int cmd_audit_stats(struct cli *cli, const struct cli_args *args) {
    vidstore_error *error = NULL;
    vidstore_text *text = NULL;
    int64_t since;
    if (since_us(args, &since))
        return CLI_USAGE;
    if (vidstore_audit_stats(cli->session, since, &text, &error))
        return cli_fail(cli, &error);
    return cli_put_report(cli, text);
}
