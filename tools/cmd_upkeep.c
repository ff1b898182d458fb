/* SPDX-License-Identifier: MIT */
#include "noun.h"
#include "work.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int cmd_stats(struct cli *cli, const struct cli_args *args) {
    vidstore_error *error = NULL;
    vidstore_text *text = NULL;
    const char *who = cli_value(args, "user");
    cli_auto(vidstore_user) *user = NULL;
    int result = who ? cli_user_find(cli, who, &user) : CLI_OK;
    if (result)
        return result;
    if (user ? vidstore_user_stats(cli->session, vidstore_user_id(user), &text, &error)
             : vidstore_stats(cli->session, &text, &error))
        return cli_fail(cli, &error);
    return cli_put_report(cli, text);
}

/* A call that answers with a report and may take long. */
struct report {
    vidstore_text *text;
    int64_t budget_ms, since_us;
    uint32_t flags;
    int full;
    const char *directory, *target;
};

static vidstore_status call_maintain(struct cli_work *work, vidstore_error **reterr) {
    struct report *report = work->context;
    return vidstore_maintain(work->session, report->budget_ms, report->flags, &report->text, reterr);
}

static vidstore_status call_backup(struct cli_work *work, vidstore_error **reterr) {
    struct report *report = work->context;
    return vidstore_backup(work->session, report->directory, report->flags, &report->text, reterr);
}

static vidstore_status call_verify_all(struct cli_work *work, vidstore_error **reterr) {
    struct report *report = work->context;
    return vidstore_file_verify_all(work->session, report->since_us, report->budget_ms, &report->text, reterr);
}

static vidstore_status call_doctor(struct cli_work *work, vidstore_error **reterr) {
    struct report *report = work->context;
    return vidstore_doctor(work->session, report->full, &report->text, reterr);
}

/* Runs it with no more deadline than a person's patience, which ends with Ctrl-C. A backup has none by itself. */
static int run_long(struct cli *cli, vidstore_status (*call)(struct cli_work *, vidstore_error **),
                    struct report *report) {
    vidstore_error *error = NULL;
    cli_catch_signals();
    if (call != call_backup && vidstore_session_set_deadline(cli->session, 86400000, &error))
        return cli_fail(cli, &error);
    struct cli_work work = {.session = cli->session, .call = call, .context = report};
    return cli_work_run(&work, &error) ? cli_fail_on(cli, report->directory, &error) : CLI_OK;
}

int cmd_maintain(struct cli *cli, const struct cli_args *args) {
    struct report report = {.budget_ms = 10000};
    report.flags = cli_flag(args, "dry-run") ? VIDSTORE_MAINTAIN_DRY_RUN : 0;
    report.flags |= cli_flag(args, "all") ? VIDSTORE_MAINTAIN_ALL : 0;
    if (cli_duration_ms(args, "budget", 1, 3600000, &report.budget_ms))
        return CLI_USAGE;
    int result = run_long(cli, call_maintain, &report);
    if (result)
        return result;
    cli_auto(json_t) *value = cli_json(vidstore_text_data(report.text));
    int undeleted = json_object_get(value, "undeleted") != NULL;
    result = cli_put_report(cli, report.text);
    return result ? result : undeleted ? CLI_FAILURE : CLI_OK;
}

/* Damage is a finding; what calls this command wants to know by the exit code. */
int cmd_verify_all(struct cli *cli, const struct cli_args *args) {
    struct report report = {.budget_ms = 86400000};
    struct timespec now;
    int64_t since_ms = 0;
    if (args->count)
        return cli_usage(args, "--all verifies every file, so that none is to be named");
    if (cli_duration_ms(args, "since", 1, INT64_C(3153600000000), &since_ms) ||
        cli_duration_ms(args, "budget", 1, 86400000, &report.budget_ms))
        return CLI_USAGE;
    clock_gettime(CLOCK_REALTIME, &now);
    if (since_ms)
        report.since_us = (int64_t)now.tv_sec * 1000000 - since_ms * 1000;
    int result = run_long(cli, call_verify_all, &report);
    if (result)
        return result;
    cli_auto(json_t) *value = cli_json(vidstore_text_data(report.text));
    int64_t damaged = json_integer_value(json_object_get(value, "damaged"));
    result = cli_put_report(cli, report.text);
    return result ? result : damaged ? CLI_FAILURE : CLI_OK;
}

static uint32_t skip_damaged(const struct cli_args *args) {
    return cli_flag(args, "skip-damaged") ? VIDSTORE_BACKUP_SKIP_DAMAGED : 0;
}

int cmd_backup(struct cli *cli, const struct cli_args *args) {
    struct report report = {.directory = args->operands[0], .flags = skip_damaged(args)};
    int result = run_long(cli, call_backup, &report);
    return result ? result : cli_put_report(cli, report.text);
}

int cmd_restore(struct cli *cli, const struct cli_args *args) {
    vidstore_error *error = NULL;
    vidstore_text *text = NULL;
    if (vidstore_restore(args->operands[0], args->operands[1], skip_damaged(args), &text, &error)) {
        const char *field = vidstore_error_field(error);
        int is_target = field && strcmp(field, "directory") == 0;
        return cli_fail_on(cli, args->operands[is_target], &error);
    }
    return cli_put_report(cli, text);
}

static int put_checks(struct cli *cli, const json_t *checks) {
    static const struct cli_column columns[] = {{"CHECK", 0}, {"VERDICT", 0}, {"FINDING", CLI_ELASTIC}};
    cli_auto(cli_table) *table = cli_table_new(cli, columns, sizeof columns / sizeof *columns);
    size_t i;
    json_t *check;
    json_array_foreach(checks, i, check) {
        const char *verdict = json_string_value(json_object_get(check, "verdict"));
        cli_table_cell(table, json_string_value(json_object_get(check, "name")), CLI_PLAIN);
        cli_table_cell(table, verdict, verdict ? cli_state_colour(verdict) : CLI_PLAIN);
        cli_table_cell(table, json_string_value(json_object_get(check, "text")), CLI_PLAIN);
    }
    cli_table_print(table);
    return CLI_OK;
}

int cmd_doctor(struct cli *cli, const struct cli_args *args) {
    struct report report = {.full = cli_flag(args, "full")};
    int result = run_long(cli, call_doctor, &report);
    if (result)
        return result;
    cli_auto(vidstore_text) *text = report.text;
    cli_auto(json_t) *value = cli_json(vidstore_text_data(text));
    const char *verdict = json_string_value(json_object_get(value, "verdict"));
    if (!verdict)
        return CLI_FAILURE;
    if (cli->json)
        cli_put_json(vidstore_text_data(text));
    else
        put_checks(cli, json_object_get(value, "checks"));
    return strcmp(verdict, "bad") ? CLI_OK : CLI_FAILURE;
}
