/* SPDX-License-Identifier: MIT */
/* Does what is queued: claims a job, fetches and probes its videos, ends it. Survives bad jobs, gives its lease back
 * when it is stopped, and goes on where a worker that died left off. */
#include "noun.h"
#include "work.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CLAIM_WAIT_MS = 500, VIDEOS_MAX = 1000 };

struct worker {
    struct cli *cli;
    const char *kinds;
    int once, drain;
    int64_t idle_ms; /* INT64_MIN: for ever */
    int64_t last_busy_ms;
};

/* What there is to say about one job when it has ended. */
struct outcome {
    const vidstore_job *job;
    int64_t began_ms, bytes;
    int64_t taken_over_ms; /* since the attempt before showed its last sign of life; INT64_MIN: nobody died */
    int64_t resumed_bytes, resumed_total;
    char *label, *facts, *error;
    const char *state;
    char file_id[CLI_UUID_TEXT];
    vidstore_page *probed;         /* of several videos */
    const vidstore_error *refused; /* why one of them can not be had; borrowed from the page */
};

static void clean_outcome(struct outcome *outcome) {
    free(outcome->label);
    free(outcome->facts);
    free(outcome->error);
    vidstore_page_free(outcome->probed);
}

static int64_t member_us(const json_t *object, const char *name) {
    json_t *value = json_object_get(object, name);
    return json_is_integer(value) ? json_integer_value(value) : INT64_MIN;
}

/* How long ago the attempt before this one ended, or was last heard of: its row knows. */
static int64_t since_last_attempt_ms(vidstore_session *session, const char *job_id) {
    cli_auto(vidstore_text) *text = NULL;
    if (vidstore_job_history(session, job_id, &text, NULL))
        return INT64_MIN;
    cli_auto(json_t) *attempts = json_loads(vidstore_text_data(text), 0, NULL);
    size_t count = json_array_size(attempts);
    if (count < 2)
        return INT64_MIN;
    json_t *before = json_array_get(attempts, count - 2);
    const char *outcome = json_string_value(json_object_get(before, "outcome"));
    int64_t from = member_us(before, "ended");
    if (from == INT64_MIN)
        from = member_us(before, "started");
    if (!outcome || strcmp(outcome, "crashed") || from == INT64_MIN)
        return INT64_MIN;
    return (cli_now_us() - from) / 1000;
}

static void note_takeover(struct outcome *outcome, vidstore_session *session, const vidstore_video *video) {
    if (vidstore_job_int64(outcome->job, VIDSTORE_JOB_CRASHES) < 1)
        return;
    outcome->taken_over_ms = since_last_attempt_ms(session, vidstore_job_id(outcome->job));
    int64_t done = vidstore_video_int64(video, VIDSTORE_VIDEO_DOWNLOAD_DONE);
    outcome->resumed_bytes = done > 0 ? done : 0;
    outcome->resumed_total = vidstore_video_int64(video, VIDSTORE_VIDEO_DOWNLOAD_TOTAL);
}

static vidstore_status fetch_one(struct worker *worker, vidstore_session *session, const vidstore_video *video,
                                 struct outcome *outcome, vidstore_error **reterr) {
    const char *id = vidstore_video_id(video);
    cli_auto(vidstore_file) *file = NULL;
    free(outcome->label);
    outcome->label = cli_copy(cli_video_label(video));
    note_takeover(outcome, session, video);
    if (outcome->taken_over_ms != INT64_MIN && worker->cli->meter)
        fprintf(stderr, "taking over %s\n", outcome->label);
    vidstore_status status = cli_fetch(worker->cli, session, id, outcome->label, &file, reterr);
    if (status)
        return status;
    outcome->bytes += vidstore_file_size(file);
    snprintf(outcome->file_id, sizeof outcome->file_id, "%s", vidstore_file_id(file));
    return VIDSTORE_OK;
}

/* A single one has an event of its own. */
static vidstore_status probe_one(struct worker *worker, vidstore_session *session, const char *id,
                                 struct outcome *outcome, vidstore_error **reterr) {
    cli_auto(vidstore_video) *probed = NULL;
    vidstore_status status = cli_probe(worker->cli, session, id, &probed, reterr);
    if (!status)
        outcome->facts = cli_video_facts(probed);
    return status;
}

/* As many at a time as the store allows. The first that is refused speaks for the job. */
static vidstore_status probe_several(vidstore_session *session, const char *const *ids, int64_t count,
                                     struct outcome *outcome, vidstore_error **reterr) {
    vidstore_status status = cli_probe_many(session, ids, count, &outcome->probed, reterr);
    for (int64_t i = 0; !status && i < count; i++) {
        status = vidstore_page_status(outcome->probed, i);
        outcome->refused = vidstore_page_error(outcome->probed, i);
    }
    if (!status)
        outcome->facts = cli_video_facts(vidstore_page_video(outcome->probed, count - 1));
    return status;
}

static vidstore_status do_videos(struct worker *worker, vidstore_session *session, struct outcome *outcome,
                                 vidstore_error **reterr) {
    const char *ids[VIDEOS_MAX];
    int64_t count = 0;
    cli_auto(vidstore_query) *query = vidstore_query_new();
    cli_auto(vidstore_page) *page = NULL;
    vidstore_status status = vidstore_query_filter(query, "job_id = $1", reterr);
    if (status)
        return status;
    vidstore_query_bind_text(query, 1, vidstore_job_id(outcome->job));
    vidstore_query_limit(query, VIDEOS_MAX);
    status = vidstore_video_list(session, query, &page, reterr);
    /* The newest come first, so the first episode is the last of the list. */
    for (int64_t i = vidstore_page_count(page) - 1; !status && i >= 0; i--) {
        const vidstore_video *video = vidstore_page_video(page, i);
        ids[count++] = vidstore_video_id(video);
        status = fetch_one(worker, session, video, outcome, reterr);
    }
    if (status || !count)
        return status;
    return count == 1 ? probe_one(worker, session, ids[0], outcome, reterr)
                      : probe_several(session, ids, count, outcome, reterr);
}

/* The job's output and its end, in one commit. */
static vidstore_status finish(vidstore_lease *lease, const struct outcome *outcome, vidstore_error **reterr) {
    vidstore_session *session = vidstore_lease_session(lease);
    cli_auto(vidstore_job_params) *params = vidstore_job_params_new();
    cli_auto(vidstore_job) *job = NULL;
    cli_autofree char *result = cli_print("{\"bytes\": %" PRId64 ", \"milliseconds\": %" PRId64 "}", outcome->bytes,
                                          cli_monotonic_ms() - outcome->began_ms);
    vidstore_status status = vidstore_begin(session, 0, reterr);
    if (status)
        return status;
    if (*outcome->file_id) {
        vidstore_job_params_set_text(params, VIDSTORE_JOB_OUTPUT_FILE_ID, outcome->file_id);
        vidstore_job_params_set_int64(params, VIDSTORE_JOB_OUTPUT_SIZE, outcome->bytes);
        status = vidstore_job_update(session, vidstore_job_id(outcome->job), params, &job, reterr);
    }
    if (!status)
        status = vidstore_lease_finish(lease, result, reterr);
    if (!status)
        return vidstore_commit(session, reterr);
    vidstore_rollback(session, NULL);
    return status;
}

/* The job itself knows whether that was its last attempt. */
static int is_to_be_tried_again(struct worker *worker, const vidstore_job *job) {
    cli_auto(vidstore_job) *now = NULL;
    return !vidstore_job_get(worker->cli->session, vidstore_job_id(job), &now, NULL) &&
           vidstore_job_state(now) < VIDSTORE_JOB_COMPLETED;
}

/* What to do with a job whose work did not succeed. */
static void give_up(struct worker *worker, vidstore_lease *lease, struct outcome *outcome,
                    const vidstore_error *error) {
    uint32_t signals = vidstore_lease_signals(lease);
    outcome->error =
        cli_print("%s (%s)", vidstore_error_message(error), vidstore_status_name(vidstore_error_code(error)));
    if (vidstore_error_code(error) == VIDSTORE_LEASE_LOST || (signals & VIDSTORE_SIGNAL_LOST)) {
        outcome->state = "lost";
    } else if (cli_stopped() || (signals & VIDSTORE_SIGNAL_CANCEL)) {
        int cancelled = (signals & VIDSTORE_SIGNAL_CANCEL) != 0;
        outcome->state = cancelled ? "cancelled" : "released";
        free(outcome->error);
        outcome->error =
            cli_copy(cancelled ? "as was asked for" : "this worker was stopped; the job is there for another");
        vidstore_lease_release(lease, NULL);
    } else {
        vidstore_lease_fail(lease, outcome->error, vidstore_error_retryable(error), NULL);
        outcome->state = is_to_be_tried_again(worker, outcome->job)     ? "to be tried again"
                         : vidstore_error_code(error) == VIDSTORE_MEDIA ? "refused"
                                                                        : "failed";
    }
}

static void say_json(struct cli *cli, const struct outcome *outcome) {
    cli_auto(json_t) *line =
        json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:s?, s:s?}", "job", vidstore_job_id(outcome->job), "label",
                  outcome->label ? outcome->label : "", "outcome", outcome->state, "attempt",
                  (json_int_t)vidstore_job_int64(outcome->job, VIDSTORE_JOB_ATTEMPTS), "bytes",
                  (json_int_t)outcome->bytes, "elapsed_ms", (json_int_t)(cli_monotonic_ms() - outcome->began_ms),
                  "facts", outcome->facts, "error", outcome->error);
    if (line && outcome->taken_over_ms != INT64_MIN) {
        json_object_set_new(line, "taken_over_after_ms", json_integer(outcome->taken_over_ms));
        json_object_set_new(line, "resumed_bytes", json_integer(outcome->resumed_bytes));
    }
    cli_autofree char *text = line ? json_dumps(line, 0) : NULL;
    if (text)
        cli_put_json(text);
    fflush(stdout);
}

static char *takeover_text(const struct outcome *outcome) {
    char percent[CLI_TEXT];
    if (outcome->taken_over_ms == INT64_MIN)
        return cli_copy("");
    return cli_print("; taken over after %.1f s, %s already there", (double)outcome->taken_over_ms / 1000,
                     cli_percent(outcome->resumed_bytes, outcome->resumed_total, percent));
}

static void say(struct cli *cli, const struct outcome *outcome) {
    if (cli->json) {
        say_json(cli, outcome);
        return;
    }
    char now[CLI_TEXT], size[CLI_TEXT];
    cli_autofree char *takeover = takeover_text(outcome);
    cli_autofree char *tail = outcome->error ? cli_print("%s%s", outcome->error, takeover)
                                             : cli_print("%s in %.1f s  %s%s", cli_size(outcome->bytes, size),
                                                         (double)(cli_monotonic_ms() - outcome->began_ms) / 1000,
                                                         outcome->facts ? outcome->facts : "", takeover);
    cli_autofree char *safe = cli_safe(tail), *label = cli_safe(outcome->label ? outcome->label : "no video");
    cli_time(cli, cli_now_us(), now);
    int colour = cli_state_colour(outcome->state);
    printf("%s  %s  %s%s%s  %s  %s\n", now + 11, cli_id(cli, vidstore_job_id(outcome->job)),
           colour ? cli_colour(cli, colour) : "", outcome->state, colour ? cli_colour(cli, CLI_PLAIN) : "", label,
           safe);
    fflush(stdout);
}

static void do_job(struct worker *worker, vidstore_lease *lease) {
    vidstore_error *error = NULL;
    __attribute__((cleanup(clean_outcome))) struct outcome outcome = {.job = vidstore_lease_job(lease),
                                                                      .began_ms = cli_monotonic_ms(),
                                                                      .taken_over_ms = INT64_MIN,
                                                                      .state = "completed"};
    vidstore_status status = do_videos(worker, vidstore_lease_session(lease), &outcome, &error);
    if (!status && !outcome.label) {
        outcome.error = cli_copy("the job has no video to fetch");
        outcome.state = "failed";
        vidstore_lease_fail(lease, outcome.error, 0, NULL);
    } else if (status || finish(lease, &outcome, &error)) {
        give_up(worker, lease, &outcome, outcome.refused ? outcome.refused : error);
    }
    vidstore_error_free(error);
    say(worker->cli, &outcome);
}

/* Whether nothing is left that this worker could do, now or when somebody else's lease runs out. */
static int nothing_left(struct worker *worker) {
    cli_auto(vidstore_query) *query = vidstore_query_new();
    int64_t count = 1;
    cli_autofree char *filter =
        cli_print("state in (scheduled, ready, blocked, running) and kind in (%s)", worker->kinds);
    if (vidstore_query_filter(query, filter, NULL))
        return 0;
    vidstore_query_flags(query, VIDSTORE_QUERY_SCAN);
    return !vidstore_job_count(worker->cli->session, query, &count, NULL) && count == 0;
}

static int is_over(struct worker *worker) {
    int64_t idle = cli_monotonic_ms() - worker->last_busy_ms;
    if (cli_stopped() || worker->once)
        return 1;
    if (worker->idle_ms != INT64_MIN && idle >= worker->idle_ms)
        return 1;
    return worker->drain && nothing_left(worker);
}

static int work_on(struct worker *worker) {
    for (;;) {
        vidstore_error *error = NULL;
        cli_auto(vidstore_lease) *lease = NULL;
        int64_t wait = worker->once ? 0 : CLAIM_WAIT_MS;
        vidstore_status status =
            cli_stopped() ? VIDSTORE_OK : vidstore_job_claim(worker->cli->session, worker->kinds, wait, &lease, &error);
        if (status && !vidstore_error_retryable(error))
            return cli_fail(worker->cli, &error);
        vidstore_error_free(error);
        if (lease) {
            do_job(worker, lease);
            worker->last_busy_ms = cli_monotonic_ms();
        }
        if ((!lease || worker->once || cli_stopped()) && is_over(worker))
            return CLI_OK;
    }
}

/* The kinds go into a filter, so they are words. */
static int are_words(const char *kinds) {
    cli_autofree char *copy = cli_copy(kinds);
    for (char *rest = copy, *kind; (kind = strsep(&rest, ","));)
        if (!cli_is_word(kind))
            return 0;
    return 1;
}

int cmd_worker(struct cli *cli, const struct cli_args *args) {
    const char *kinds = cli_value(args, "kinds");
    struct worker worker = {.cli = cli,
                            .kinds = kinds ? kinds : "download_only,full_pipeline",
                            .once = cli_flag(args, "once"),
                            .drain = cli_flag(args, "drain"),
                            .idle_ms = INT64_MIN,
                            .last_busy_ms = cli_monotonic_ms()};
    if (!are_words(worker.kinds))
        return cli_usage(args, "--kinds are words with commas between them");
    if (cli_duration_ms(args, "idle-exit", 0, INT64_C(31536000000), &worker.idle_ms))
        return CLI_USAGE;
    cli_catch_signals();
    return work_on(&worker);
}
