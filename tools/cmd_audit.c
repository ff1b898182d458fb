/* SPDX-License-Identifier: MIT */
#include "noun.h"
#include "output.h"
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

/* The user that an option names, as a condition on a field. */
static int add_user(struct cli *cli, const char *who, const char *field, char **ret) {
    cli_auto(vidstore_user) *user = NULL;
    int result = who ? cli_user_find(cli, who, &user) : CLI_OK;
    if (user)
        add(ret, cli_print("%s = %s", field, vidstore_user_id(user)));
    return result;
}

static int filter_of(struct cli *cli, const struct cli_args *args, char **ret) {
    int64_t since;
    const char *action = cli_value(args, "action"), *who = cli_value(args, "user"), *object = cli_value(args, "object"),
               *logins = cli_value(args, "logins"), *chain = cli_value(args, "chain");
    if (chain && !cli_is_word(chain))
        return cli_usage(args, "--chain is security, activity or system");
    if (since_us(args, &since))
        return CLI_USAGE;
    if (action && !cli_is_word(action))
        return cli_usage(args, "--action is a word such as job_completed");
    if (since)
        add(ret, cli_print("created >= %" PRId64, since));
    if (action)
        add(ret, cli_print("action = %s", action));
    if (logins)
        add(ret, cli_copy("action in (user_login, auth_failed, user_logout)"));
    if (cli_flag(args, "failures"))
        add(ret, cli_copy("success = false"));
    if (chain)
        add(ret, cli_print("chain = %s", chain));
    int result = add_user(cli, who, "user_id", ret);
    if (!result)
        result = add_user(cli, logins, "object_id", ret);
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

static const struct cli_field alert_columns[] = {
    {"TIME", CLI_F_TIME, VIDSTORE_AUDIT_CREATED_US, 0, 0},
    {"RULE", CLI_F_TEXT, VIDSTORE_AUDIT_OBJECT_NAME, 0, 0},
    {"WHAT", CLI_F_TEXT, VIDSTORE_AUDIT_DESCRIPTION, 0, CLI_ELASTIC},
    {0},
};

int cmd_audit_alerts(struct cli *cli, const struct cli_args *args) {
    struct cli_noun alerts = cli_events;
    cli_autofree char *filter = NULL;
    int64_t since;
    if (since_us(args, &since))
        return CLI_USAGE;
    add(&filter, cli_copy("action = alert"));
    if (since)
        add(&filter, cli_print("created >= %" PRId64, since));
    alerts.columns = alert_columns;
    alerts.plural = "alerts";
    return cli_list(cli, args, &alerts, filter, NULL);
}

static int export_to(struct cli *cli, const char *output, const vidstore_query *query, int fd) {
    vidstore_error *error = NULL;
    int64_t count = 0;
    if (vidstore_audit_export(cli->session, query, fd, &count, &error))
        return cli_fail(cli, &error);
    if (!cli->quiet && fd != STDOUT_FILENO)
        printf("%" PRId64 " events in %s\n", count, output);
    return CLI_OK;
}

static int export_file(struct cli *cli, const char *output, const vidstore_query *query) {
    cli_autoclose int fd = open(output, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return cli_complain(errno == EEXIST ? CLI_REFUSED : CLI_FAILURE, "%s: %s (%s, field output)", output,
                            strerrordesc_np(errno), errno == EEXIST ? "EXISTS" : "IO");
    int result = export_to(cli, output, query, fd);
    if (!result && fsync(fd))
        result = cli_complain(CLI_FAILURE, "%s: %s (IO, field output)", output, strerrordesc_np(errno));
    return result;
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
    cli_auto(vidstore_query) *query = filter ? vidstore_query_new() : NULL; /* without one the export is whole */
    if (filter && vidstore_query_filter(query, filter, &error))
        return cli_fail(cli, &error);
    if (query)
        vidstore_query_flags(query, VIDSTORE_QUERY_SCAN);
    return !output || !strcmp(output, "-") ? export_to(cli, output, query, STDOUT_FILENO)
                                           : export_file(cli, output, query);
}

/* --- integrity ------------------------------------------------------------------------------------------------- */

enum { CHECKPOINT_MAX = 4096 };

static char *read_anchor(const char *path) {
    char *text = cli_alloc(CHECKPOINT_MAX + 1);
    FILE *file = fopen(path, "re");
    size_t len = file ? fread(text, 1, CHECKPOINT_MAX, file) : 0;
    text[len] = '\0';
    if (file && !ferror(file) && !fclose(file))
        return text;
    cli_complain(CLI_FAILURE, "%s: %s (IO, field anchor)", path, strerrordesc_np(errno));
    free(text);
    return NULL;
}

static void put_findings(const json_t *findings) {
    size_t i;
    json_t *finding;
    json_array_foreach(findings, i, finding) {
        const char *chain = json_string_value(json_object_get(finding, "chain")),
                   *event = json_string_value(json_object_get(finding, "event"));
        const json_t *position = json_object_get(finding, "position"),
                     *checkpoint = json_object_get(finding, "checkpoint");
        printf("%s", json_string_value(json_object_get(finding, "code")));
        if (chain)
            printf("  %s", chain);
        if (position)
            printf(" %lld", (long long)json_integer_value(position));
        if (event)
            printf("  event %s", event);
        if (checkpoint)
            printf("  checkpoint %lld", (long long)json_integer_value(checkpoint));
        printf("  %s\n", json_string_value(json_object_get(finding, "text")));
    }
}

int cmd_audit_verify(struct cli *cli, const struct cli_args *args) {
    vidstore_error *error = NULL;
    const char *path = cli_value(args, "anchor");
    cli_autofree char *anchor = path ? read_anchor(path) : NULL;
    cli_auto(vidstore_text) *text = NULL;
    if (path && !anchor)
        return CLI_FAILURE;
    if (vidstore_audit_verify(cli->session, anchor, &text, &error))
        return cli_fail(cli, &error);
    cli_auto(json_t) *report = cli_json(vidstore_text_data(text));
    const char *verdict = json_string_value(json_object_get(report, "verdict"));
    if (!verdict)
        return CLI_FAILURE;
    if (cli->json) {
        cli_put_json(vidstore_text_data(text));
    } else {
        put_findings(json_object_get(report, "findings"));
        printf("%s: %lld events, %lld checkpoints, %s\n", verdict,
               (long long)json_integer_value(json_object_get(report, "events")),
               (long long)json_integer_value(json_object_get(report, "checkpoints")),
               json_is_true(json_object_get(report, "anchored")) ? "anchored"
               : path                                            ? "not with this anchor"
                                                                 : "without an anchor from outside");
    }
    return strcmp(verdict, "broken") ? CLI_OK : CLI_FAILURE;
}

/* Whole or not at all: who reads the file never finds half a checkpoint. */
static int replace_file(const char *path, const char *data, size_t size) {
    cli_autofree char *other = cli_print("%s.%ld.tmp", path, (long)getpid());
    cli_autoclose int fd = open(other, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int ok = fd >= 0 && write(fd, data, size) == (ssize_t)size && !fsync(fd) && !rename(other, path);
    int err = errno;
    if (!ok && fd >= 0)
        unlink(other);
    return ok ? CLI_OK : cli_complain(CLI_FAILURE, "%s: %s (IO, field output)", path, strerrordesc_np(err));
}

int cmd_audit_checkpoint(struct cli *cli, const struct cli_args *args) {
    vidstore_error *error = NULL;
    cli_auto(vidstore_text) *text = NULL;
    const char *output = cli_value(args, "output");
    int64_t number = -1;
    if (cli_number(args, "number", 0, INT64_MAX, &number))
        return CLI_USAGE;
    if (number >= 0 ? vidstore_audit_checkpoint_get(cli->session, number, &text, &error)
                    : vidstore_audit_checkpoint(cli->session, &text, &error))
        return cli_fail(cli, &error);
    if (output && strcmp(output, "-"))
        return replace_file(output, vidstore_text_data(text), (size_t)vidstore_text_size(text));
    printf("%s", vidstore_text_data(text));
    return CLI_OK;
}

int cmd_audit_prune(struct cli *cli, const struct cli_args *args) {
    vidstore_error *error = NULL;
    const char *output = cli_value(args, "output");
    int64_t age = INT64_MIN, count = 0;
    if (cli_duration_ms(args, "older-than", 0, century_ms, &age))
        return CLI_USAGE;
    if (age == INT64_MIN)
        return cli_usage(args, "--older-than says what goes");
    int result = output ? export_file(cli, output, NULL) : CLI_OK;
    if (result)
        return result;
    if (vidstore_audit_prune(cli->session, cli_now_us() - age * 1000, &count, &error))
        return cli_fail(cli, &error);
    if (cli->json)
        printf("{\"events\":%" PRId64 "}\n", count);
    else if (!cli->quiet)
        printf("%" PRId64 " events removed\n", count);
    return CLI_OK;
}

/* --- canaries --------------------------------------------------------------------------------------------------- */

/* What a word stands for: an object, a user by name, or an id as it is (of a key or link, or of what is gone). */
static int canary_id(struct cli *cli, const char *what, char ret[CLI_UUID_TEXT]) {
    const struct cli_noun *noun;
    if (strlen(what) == CLI_UUID_TEXT - 1) {
        snprintf(ret, CLI_UUID_TEXT, "%s", what);
        return CLI_OK;
    }
    if (strspn(what, "0123456789abcdef-") == strlen(what))
        return cli_object_find(cli, what, &noun, ret);
    return cli_called_find(cli, &cli_users, "user, nor id of a key, job, video, file or link,", what, ret);
}

static int list_canaries(struct cli *cli) {
    static const struct cli_column columns[] = {{"NOUN", 0}, {"ID", 0}, {"SINCE", 0}};
    vidstore_error *error = NULL;
    cli_auto(vidstore_text) *text = NULL;
    char time[CLI_TEXT];
    size_t i;
    json_t *canary;
    if (vidstore_audit_canary_list(cli->session, &text, &error))
        return cli_fail(cli, &error);
    cli_auto(json_t) *list = NULL;
    if (!cli_answer(cli, text, &list))
        return cli->json ? CLI_OK : CLI_FAILURE;
    cli_auto(cli_table) *table = cli_table_new(cli, columns, sizeof columns / sizeof *columns);
    json_array_foreach(list, i, canary) {
        cli_table_cell(table, json_string_value(json_object_get(canary, "noun")), CLI_PLAIN);
        cli_table_cell(table, json_string_value(json_object_get(canary, "id")), CLI_PLAIN);
        cli_table_cell(table, cli_time(cli, json_integer_value(json_object_get(canary, "created")), time), CLI_DIM);
    }
    cli_table_print(table);
    return CLI_OK;
}

int cmd_audit_canary(struct cli *cli, const struct cli_args *args) {
    vidstore_error *error = NULL;
    char id[CLI_UUID_TEXT];
    if (!args->count)
        return cli_flag(args, "off") ? cli_usage(args, "--off wants to know of what") : list_canaries(cli);
    int result = canary_id(cli, args->operands[0], id);
    if (result)
        return result;
    if (vidstore_audit_canary_set(cli->session, id, !cli_flag(args, "off"), &error))
        return cli_fail_on(cli, args->operands[0], &error);
    return cli_put_done(cli, id, "canary", !cli_flag(args, "off"));
}

/* --- counts ---------------------------------------------------------------------------------------------------- */

/* A row of a table of counts. */
static void put_row(struct cli_table *table, const char *name, int64_t events, int64_t failures) {
    char one[CLI_TEXT], two[CLI_TEXT];
    cli_table_cell(table, name, CLI_PLAIN);
    cli_table_cell(table, cli_count(events, one), CLI_PLAIN);
    cli_table_cell(table, cli_count(failures, two), failures ? CLI_RED : CLI_PLAIN);
}

static int64_t number(const json_t *object, const char *key) {
    return json_integer_value(json_object_get(object, key));
}

static struct cli_table *begin_counts(struct cli *cli, const char *title) {
    const struct cli_column columns[] = {{title, CLI_ELASTIC}, {"EVENTS", CLI_RIGHT}, {"FAILED", CLI_RIGHT}};
    return cli_table_new(cli, columns, 3);
}

static void put_actions(struct cli *cli, json_t *actions) {
    cli_auto(cli_table) *table = begin_counts(cli, "ACTION");
    const char *name;
    json_t *counts;
    json_object_foreach(actions, name, counts)
        put_row(table, name, number(counts, "success") + number(counts, "failure"), number(counts, "failure"));
    cli_table_print(table);
}

static void put_days(struct cli *cli, const json_t *days) {
    cli_auto(cli_table) *table = begin_counts(cli, "DAY");
    size_t i;
    json_t *day, *counts;
    const char *name;
    json_array_foreach(days, i, day) {
        int64_t events = 0, failures = 0;
        json_object_foreach(json_object_get(day, "actions"), name, counts) {
            events += number(counts, "success") + number(counts, "failure");
            failures += number(counts, "failure");
        }
        put_row(table, json_string_value(json_object_get(day, "day")), events, failures);
    }
    cli_table_print(table);
}

/* A list of groups: each has its name, or only an id. */
static void put_groups(struct cli *cli, const json_t *groups, const char *title, const char *key, const char *other) {
    cli_auto(cli_table) *table = begin_counts(cli, title);
    size_t i;
    json_t *group;
    json_array_foreach(groups, i, group) {
        const char *name = json_string_value(json_object_get(group, key));
        int64_t events = number(group, "events"), failures = number(group, "failures");
        put_row(table, name ? name : json_string_value(json_object_get(group, other)), events ? events : failures,
                failures);
    }
    if (json_array_size(groups)) {
        puts("");
        cli_table_print(table);
    }
}

int cmd_audit_stats(struct cli *cli, const struct cli_args *args) {
    vidstore_error *error = NULL;
    cli_auto(vidstore_text) *text = NULL;
    int64_t since;
    if (since_us(args, &since))
        return CLI_USAGE;
    if (vidstore_audit_stats(cli->session, since, &text, &error))
        return cli_fail(cli, &error);
    cli_auto(json_t) *stats = NULL;
    if (!cli_answer(cli, text, &stats))
        return cli->json ? CLI_OK : CLI_FAILURE;
    put_actions(cli, json_object_get(stats, "actions"));
    puts("");
    put_days(cli, json_object_get(stats, "days"));
    put_groups(cli, json_object_get(stats, "actors"), "USER", "name", "user_id");
    put_groups(cli, json_object_get(stats, "addresses"), "ADDRESS", "ip", "ip");
    put_groups(cli, json_object_get(stats, "errors"), "ERROR", "error", "error");
    return stats ? CLI_OK : CLI_FAILURE;
}
