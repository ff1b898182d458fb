/* SPDX-License-Identifier: MIT */
/* reprobe: after an upgrade of the prober, look again into what an older one has seen. */
#include "output.h"
#include "work.h"
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE = 192, SLICE = 64 };

/* What the prober calls itself: it says so of any file, even of one without a byte. */
static char *prober_name(struct cli *cli) {
    vidstore_error *error = NULL;
    cli_auto(vidstore_text) *text = NULL;
    cli_autoclose int fd = memfd_create("nothing", MFD_CLOEXEC);
    if (vidstore_media_probe_fd(cli->session, fd, 0, &text, &error)) {
        cli_fail(cli, &error);
        return NULL;
    }
    cli_auto(json_t) *found = cli_json(vidstore_text_data(text));
    const char *name = json_string_value(json_object_get(json_object_get(found, "container"), "prober"));
    return name ? cli_copy(name) : NULL;
}

struct tally {
    int64_t total, done, failed;
    int dry, broken; /* broken: it is not the videos that fail */
    struct cli_progress progress;
};

struct slice {
    const char *ids[SLICE];
    int64_t count;
    vidstore_page *page;
};

static vidstore_status call_slice(struct cli_work *work, vidstore_error **reterr) {
    struct slice *slice = work->context;
    return vidstore_video_probe_many(work->session, slice->ids, slice->count, 0, &slice->page, reterr);
}

/* One whose bytes proved to be no media has been looked into as well; anything else that fails is a failure, also a
 * probe that ended early: such a video keeps its older prober, and comes again. */
static int count_outcomes(struct cli *cli, const struct slice *slice, struct tally *tally) {
    int first = CLI_OK;
    for (int64_t i = 0; i < slice->count; i++) {
        const vidstore_error *error = vidstore_page_error(slice->page, i);
        tally->done++;
        if (!error || vidstore_error_code(error) == VIDSTORE_MEDIA)
            continue;
        tally->failed++;
        cli_progress_end(&tally->progress);
        int result = cli_fail_of(cli, slice->ids[i], error);
        first = first ? first : result;
    }
    return first;
}

static int probe_again(struct cli *cli, struct slice *slice, struct tally *tally) {
    vidstore_error *error = NULL;
    struct cli_work work = {.session = cli->session, .call = call_slice, .context = slice};
    int result = CLI_OK;
    if (tally->dry) {
        for (int64_t i = 0; i < slice->count && !cli->json; i++)
            printf("%s\n", slice->ids[i]);
        tally->done += slice->count;
    } else if (cli_work_run(&work, &error)) {
        cli_progress_end(&tally->progress);
        result = cli_fail(cli, &error);
        tally->broken = 1;
    } else {
        result = count_outcomes(cli, slice, tally);
    }
    vidstore_page_free(slice->page);
    cli_progress_update(&tally->progress, tally->done, tally->total);
    return result;
}

static int probe_page(struct cli *cli, const vidstore_page *page, struct tally *tally) {
    int first = CLI_OK;
    for (int64_t i = 0; i < vidstore_page_count(page) && !cli_stopped() && !tally->broken;) {
        struct slice slice = {.count = 0};
        while (i < vidstore_page_count(page) && slice.count < SLICE)
            slice.ids[slice.count++] = vidstore_video_id(vidstore_page_video(page, i++));
        int result = probe_again(cli, &slice, tally);
        first = first ? first : result;
    }
    return first;
}

static vidstore_query *older_than(const char *prober, const char *cursor) {
    vidstore_query *query = vidstore_query_new();
    vidstore_query_filter(query, "prober is not null and prober != $1 and probed_file_id is not null", NULL);
    vidstore_query_bind_text(query, 1, prober);
    vidstore_query_flags(query, VIDSTORE_QUERY_SCAN);
    vidstore_query_limit(query, PAGE);
    if (cursor)
        vidstore_query_cursor(query, cursor);
    return query;
}

static int go_through(struct cli *cli, const char *prober, struct tally *tally) {
    cli_autofree char *cursor = NULL;
    int first = CLI_OK;
    do {
        vidstore_error *error = NULL;
        cli_auto(vidstore_query) *query = older_than(prober, cursor);
        cli_auto(vidstore_page) *page = NULL;
        if (vidstore_video_list(cli->session, query, &page, &error))
            return cli_fail(cli, &error);
        int result = probe_page(cli, page, tally);
        first = first ? first : result;
        const char *next = vidstore_page_cursor(page);
        cli_clean_memory(&cursor);
        cursor = next ? cli_copy(next) : NULL;
    } while (cursor && !cli_stopped() && !tally->broken);
    return cli_stopped() ? CLI_INTERRUPTED : first;
}

int cmd_reprobe(struct cli *cli, const struct cli_args *args) {
    vidstore_error *error = NULL;
    struct tally tally = {.dry = cli_flag(args, "dry-run")};
    cli_catch_signals();
    cli_autofree char *prober = prober_name(cli);
    if (!prober)
        return CLI_FAILURE;
    cli_auto(vidstore_query) *query = older_than(prober, NULL);
    if (vidstore_video_count(cli->session, query, &tally.total, &error))
        return cli_fail(cli, &error);
    cli_progress_begin(&tally.progress, cli, "reprobe", 0);
    int result = go_through(cli, prober, &tally);
    cli_progress_end(&tally.progress);
    if (cli->json)
        printf("{\"prober\":\"%s\",\"probed\":%lld,\"failed\":%lld}\n", prober, tally.dry ? 0LL : (long long)tally.done,
               (long long)tally.failed);
    else
        cli_remark(cli, "%lld %s %s", (long long)tally.done, tally.done == 1 ? "video" : "videos",
                   tally.dry ? "would be probed again" : "probed again");
    return result;
}
