/* SPDX-License-Identifier: MIT */
#include "noun.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Adds "name = word" to what is there. */
static void add(char **filter, const char *format, const char *value) {
    cli_autofree char *part = cli_print("%s = %s", format, value);
    char *longer = *filter ? cli_print("%s and %s", *filter, part) : cli_copy(part);
    free(*filter);
    *filter = longer;
}

static int filter_of(struct cli *cli, const struct cli_args *args, char **ret) {
    static const char *const words[] = {"state", "kind"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const char *value = cli_value(args, words[i]);
        if (value && !cli_is_word(value))
            return cli_usage(args, "--%s is a word", words[i]);
        if (value)
            add(ret, words[i], value);
    }
    char id[CLI_UUID_TEXT];
    const char *parent = cli_value(args, "parent"), *who = cli_value(args, "user");
    int result = parent ? cli_id_find(cli, &cli_jobs, parent, id) : CLI_OK;
    if (parent && !result)
        add(ret, "parent_id", id);
    cli_auto(vidstore_user) *user = NULL;
    if (!result && who)
        result = cli_user_find(cli, who, &user);
    if (user)
        add(ret, "user_id", vidstore_user_id(user));
    return result;
}

static int watch(struct cli *cli, const struct cli_args *args, const char *filter) {
    int64_t interval = 1000;
    if (cli_duration_ms(args, "interval", 100, 86400000, &interval))
        return CLI_USAGE;
    cli_catch_signals();
    struct timespec pause = {.tv_sec = interval / 1000, .tv_nsec = interval % 1000 * 1000000};
    while (!cli_stopped()) {
        if (cli->terminal && !cli->json)
            fputs("\x1b[H\x1b[2J", stdout);
        int result = cli_list(cli, args, &cli_jobs, filter, NULL);
        if (result)
            return result;
        if (fflush(stdout))
            return CLI_FAILURE;
        nanosleep(&pause, NULL);
    }
    return CLI_OK;
}

int cmd_jobs_list(struct cli *cli, const struct cli_args *args) {
    if (cli_flag(args, "interval") && !cli_flag(args, "watch"))
        return cli_usage(args, "--interval goes with --watch only");
    cli_autofree char *filter = NULL;
    int result = filter_of(cli, args, &filter);
    if (result)
        return result;
    return cli_flag(args, "watch") ? watch(cli, args, filter) : cli_list(cli, args, &cli_jobs, filter, NULL);
}

static int put_parts(struct cli *cli, const char *id) {
    vidstore_error *error = NULL;
    cli_auto(vidstore_query) *query = vidstore_query_new();
    cli_auto(vidstore_page) *page = NULL;
    if (vidstore_query_filter(query, "parent_id = $1", &error))
        return cli_fail(cli, &error);
    vidstore_query_bind_text(query, 1, id);
    vidstore_query_limit(query, 1000);
    if (vidstore_job_list(cli->session, query, &page, &error))
        return cli_fail(cli, &error);
    if (!vidstore_page_count(page))
        return CLI_OK;
    cli_heading(cli, "Parts");
    cli_auto(cli_table) *table = cli_page_table(cli, &cli_jobs, page);
    cli_table_print(table);
    return CLI_OK;
}

int cmd_jobs_show(struct cli *cli, const struct cli_args *args) {
    char id[CLI_UUID_TEXT];
    int result = cli_id_find(cli, &cli_jobs, args->operands[0], id);
    if (!result)
        result = cli_show_id(cli, &cli_jobs, id);
    return result || cli->json ? result : put_parts(cli, id);
}

static void put_cell_time(struct cli *cli, cli_table *table, const json_t *value) {
    char buffer[CLI_TEXT];
    int known = json_is_integer(value);
    cli_table_cell(table, known ? cli_time(cli, json_integer_value(value), buffer) : NULL, CLI_PLAIN);
}

static void put_attempt(struct cli *cli, cli_table *table, const json_t *attempt, size_t number) {
    char text[CLI_TEXT];
    const char *outcome = json_string_value(json_object_get(attempt, "outcome"));
    json_t *started = json_object_get(attempt, "started"), *ended = json_object_get(attempt, "ended");
    snprintf(text, sizeof text, "%zu", number);
    cli_table_cell(table, text, CLI_PLAIN);
    cli_table_cell(table, outcome, outcome ? cli_state_colour(outcome) : CLI_PLAIN);
    put_cell_time(cli, table, started);
    int both = json_is_integer(started) && json_is_integer(ended);
    int64_t ms = both ? (json_integer_value(ended) - json_integer_value(started)) / 1000 : INT64_MIN;
    cli_table_cell(table, both ? cli_duration(ms, text) : NULL, CLI_PLAIN);
    cli_table_cell(table, json_string_value(json_object_get(attempt, "stage")), CLI_PLAIN);
    cli_table_cell(table, json_string_value(json_object_get(attempt, "worker")), CLI_PLAIN);
    cli_table_cell(table, json_string_value(json_object_get(attempt, "error")), CLI_PLAIN);
}

int cmd_jobs_history(struct cli *cli, const struct cli_args *args) {
    static const struct cli_column columns[] = {{"#", CLI_RIGHT},      {"OUTCOME", 0}, {"BEGAN", 0},
                                                {"TOOK", CLI_RIGHT},   {"STAGE", 0},   {"WORKER", CLI_ELASTIC},
                                                {"ERROR", CLI_ELASTIC}};
    vidstore_error *error = NULL;
    char id[CLI_UUID_TEXT];
    int result = cli_id_find(cli, &cli_jobs, args->operands[0], id);
    cli_auto(vidstore_text) *text = NULL;
    if (result)
        return result;
    if (vidstore_job_history(cli->session, id, &text, &error))
        return cli_fail_on(cli, id, &error);
    cli_auto(json_t) *attempts = NULL;
    if (!cli_answer(cli, text, &attempts))
        return cli->json ? CLI_OK : CLI_FAILURE;
    cli_auto(cli_table) *table = cli_table_new(cli, columns, sizeof columns / sizeof *columns);
    size_t i;
    json_t *attempt;
    json_array_foreach(attempts, i, attempt) put_attempt(cli, table, attempt, i + 1);
    cli_table_print(table);
    return CLI_OK;
}

typedef vidstore_status change(vidstore_session *session, const char *id, vidstore_job **ret, vidstore_error **reterr);

static int each_job(struct cli *cli, const struct cli_args *args, change *call) {
    for (int i = 0; i < args->count; i++) {
        vidstore_error *error = NULL;
        char id[CLI_UUID_TEXT];
        cli_auto(vidstore_job) *job = NULL;
        int result = cli_id_find(cli, &cli_jobs, args->operands[i], id);
        if (result)
            return result;
        if (call(cli->session, id, &job, &error))
            return cli_fail_on(cli, id, &error);
        if (cli->json)
            cli_show_record(cli, &cli_jobs, job);
        else if (!cli->quiet)
            printf("%s  %s%s\n", cli_id(cli, id), vidstore_job_text(job, VIDSTORE_JOB_STATE),
                   vidstore_job_int64(job, VIDSTORE_JOB_CANCEL_REQUESTED) == 1 ? ", its worker is told to stop" : "");
    }
    return CLI_OK;
}

int cmd_jobs_cancel(struct cli *cli, const struct cli_args *args) {
    return each_job(cli, args, vidstore_job_cancel);
}

int cmd_jobs_retry(struct cli *cli, const struct cli_args *args) {
    return each_job(cli, args, vidstore_job_retry);
}
