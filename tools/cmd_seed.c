/* SPDX-License-Identifier: MIT */
/* Synthetic data for trials and benchmarks: the same number gives the same names. Records go in by bulk calls; files,
 * which have no bulk call, by several threads whose commits the library takes together. */
#include "output.h"
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BATCH = 1000, THREADS = 16, FILE_BYTES = 4096 };

/* splitmix64: small, and good enough for names. */
struct dice {
    uint64_t state;
};

static uint64_t roll(struct dice *dice) {
    uint64_t z = dice->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static const char *pick(struct dice *dice, const char *const *words, size_t count) {
    return words[roll(dice) % count];
}
#define PICK(dice, words) pick(dice, words, sizeof(words) / sizeof *(words))

static const char *const first_names[] = {"ada",  "alan", "barbara", "donald", "edsger",   "frances", "grace", "hedy",
                                          "john", "ken",  "leslie",  "linus",  "margaret", "niklaus", "radia", "tim"};
static const char *const series[] = {"Harbour Lights", "The Long Meadow", "Northbound", "Signal and Noise",
                                     "Winter Garden",  "Paper Boats",     "Low Tide",   "The Cartographer"};
static const char *const things[] = {"arrival", "bridge",  "city",   "dawn",    "echo",  "forest", "garden", "horizon",
                                     "island",  "journey", "letter", "morning", "night", "river",  "storm",  "winter"};
static const char *const priorities[] = {"low", "normal", "normal", "normal", "normal", "high", "urgent"};

struct seed {
    struct cli *cli;
    struct dice dice;
    uint64_t run; /* tells the names of one run from those of another */
    char (*users)[CLI_UUID_TEXT];
    int64_t user_count;
};

static const char *an_owner(struct seed *seed) {
    return seed->user_count ? seed->users[roll(&seed->dice) % (uint64_t)seed->user_count] : NULL;
}

/* What one kind of record needs for its bulk call; the params of all nouns are pointers. */
struct kind {
    const char *name;
    void *(*make)(struct seed *seed, int64_t number);
    vidstore_status (*create)(struct seed *seed, void **params, int64_t count, vidstore_error **reterr);
    void (*free)(void *params);
};

static void *make_user(struct seed *seed, int64_t number) {
    vidstore_user_params *params = vidstore_user_params_new();
    const char *name = PICK(&seed->dice, first_names);
    cli_autofree char *username = cli_print("%s-%" PRIx64 "-%" PRId64, name, seed->run, number);
    cli_autofree char *email = cli_print("%s@example.org", username);
    vidstore_user_params_set_text(params, VIDSTORE_USER_USERNAME, username);
    vidstore_user_params_set_text(params, VIDSTORE_USER_EMAIL, email);
    vidstore_user_params_set_text(params, VIDSTORE_USER_FULL_NAME, name);
    vidstore_user_params_set_text(params, VIDSTORE_USER_ROLE, roll(&seed->dice) % 10 ? "user" : "viewer");
    return params;
}

static vidstore_status create_users(struct seed *seed, void **params, int64_t count, vidstore_error **reterr) {
    cli_auto(vidstore_page) *page = NULL;
    vidstore_status status = vidstore_user_bulk_create(seed->cli->session, (const vidstore_user_params *const *)params,
                                                       count, VIDSTORE_BULK_ATOMIC, &page, reterr);
    seed->users = cli_grow(seed->users, (size_t)(seed->user_count + count), sizeof *seed->users);
    for (int64_t i = 0; !status && i < vidstore_page_count(page); i++)
        snprintf(seed->users[seed->user_count++], CLI_UUID_TEXT, "%s", vidstore_user_id(vidstore_page_user(page, i)));
    return status;
}

static void free_user(void *params) {
    vidstore_user_params_free(params);
}

static void *make_job(struct seed *seed, int64_t number) {
    vidstore_job_params *params = vidstore_job_params_new();
    const char *thing = PICK(&seed->dice, things), *owner = an_owner(seed);
    cli_autofree char *sources = cli_print("[{\"url\": \"https://media.example.org/%s/%" PRIx64 "/%" PRId64
                                           ".mp4\", \"title\": \"The %s, part %" PRId64 "\"}]",
                                           thing, seed->run, number, thing, number);
    vidstore_job_params_set_text(params, VIDSTORE_JOB_KIND, roll(&seed->dice) % 4 ? "download_only" : "full_pipeline");
    vidstore_job_params_set_text(params, VIDSTORE_JOB_SEASON, PICK(&seed->dice, series));
    vidstore_job_params_set_text(params, VIDSTORE_JOB_PRIORITY, PICK(&seed->dice, priorities));
    vidstore_job_params_set_text(params, VIDSTORE_JOB_SOURCES, sources);
    vidstore_job_params_set_text(params, VIDSTORE_JOB_TAGS, "[\"synthetic\"]");
    if (owner)
        vidstore_job_params_set_text(params, VIDSTORE_JOB_USER_ID, owner);
    return params;
}

static vidstore_status create_jobs(struct seed *seed, void **params, int64_t count, vidstore_error **reterr) {
    return vidstore_job_bulk_create(seed->cli->session, (const vidstore_job_params *const *)params, count,
                                    VIDSTORE_BULK_ATOMIC, NULL, reterr);
}

static void free_job(void *params) {
    vidstore_job_params_free(params);
}

static void *make_video(struct seed *seed, int64_t number) {
    vidstore_video_params *params = vidstore_video_params_new();
    const char *thing = PICK(&seed->dice, things), *name = PICK(&seed->dice, series), *owner = an_owner(seed);
    cli_autofree char *title = cli_print("The %s of %s", thing, PICK(&seed->dice, things));
    cli_autofree char *season = cli_print("%s, season %d", name, (int)(roll(&seed->dice) % 9 + 1));
    cli_autofree char *url =
        cli_print("https://media.example.org/%s/%" PRIx64 "/%" PRId64 ".mkv", thing, seed->run, number);
    vidstore_video_params_set_text(params, VIDSTORE_VIDEO_TITLE, title);
    vidstore_video_params_set_text(params, VIDSTORE_VIDEO_SERIES, name);
    vidstore_video_params_set_text(params, VIDSTORE_VIDEO_SEASON, season);
    vidstore_video_params_set_int64(params, VIDSTORE_VIDEO_EPISODE, number % 24 + 1);
    vidstore_video_params_set_text(params, VIDSTORE_VIDEO_URL, url);
    vidstore_video_params_set_text(params, VIDSTORE_VIDEO_TAGS, "[\"synthetic\"]");
    if (owner)
        vidstore_video_params_set_text(params, VIDSTORE_VIDEO_USER_ID, owner);
    return params;
}

static vidstore_status create_videos(struct seed *seed, void **params, int64_t count, vidstore_error **reterr) {
    return vidstore_video_bulk_create(seed->cli->session, (const vidstore_video_params *const *)params, count,
                                      VIDSTORE_BULK_ATOMIC, NULL, reterr);
}

static void free_video(void *params) {
    vidstore_video_params_free(params);
}

static int seed_records(struct seed *seed, const struct kind *kind, int64_t total) {
    vidstore_error *error = NULL;
    struct cli_progress progress;
    cli_progress_begin(&progress, seed->cli, kind->name, 0);
    int result = CLI_OK;
    for (int64_t done = 0; !result && done < total && !cli_stopped();) {
        void *params[BATCH];
        int64_t count = total - done < BATCH ? total - done : BATCH;
        for (int64_t i = 0; i < count; i++)
            params[i] = kind->make(seed, done + i + 1);
        vidstore_status status = kind->create(seed, params, count, &error);
        for (int64_t i = 0; i < count; i++)
            kind->free(params[i]);
        cli_progress_update(&progress, done += count, total);
        if (!status)
            continue;
        cli_progress_end(&progress);
        result = cli_fail_on(seed->cli, kind->name, &error);
    }
    cli_progress_end(&progress);
    return result;
}

struct files {
    struct seed *seed;
    int64_t total;
    atomic_llong next, done;
    atomic_int failed;
    pthread_mutex_t lock;
    vidstore_error *error;
};

/* A file of printable, reproducible bytes; sizes differ. */
static vidstore_status put_file(struct files *files, vidstore_session *session, int64_t number,
                                vidstore_error **reterr) {
    struct dice dice = {files->seed->run * 1000003 + (uint64_t)number};
    int64_t size = (int64_t)(roll(&dice) % FILE_BYTES + 1);
    char bytes[FILE_BYTES];
    for (int64_t i = 0; i < size; i++)
        bytes[i] = (char)(' ' + roll(&dice) % 95);
    cli_auto(vidstore_file_params) *params = vidstore_file_params_new();
    cli_autofree char *name =
        cli_print("%s-%" PRIx64 "-%" PRId64 ".bin", PICK(&dice, things), files->seed->run, number);
    vidstore_file_params_set_text(params, VIDSTORE_FILE_NAME, name);
    if (files->seed->user_count)
        vidstore_file_params_set_text(params, VIDSTORE_FILE_USER_ID,
                                      files->seed->users[roll(&dice) % (uint64_t)files->seed->user_count]);
    cli_auto(vidstore_upload) *upload = NULL;
    vidstore_status status = vidstore_upload_open(session, params, &upload, reterr);
    if (!status)
        status = vidstore_upload_write(upload, bytes, size, reterr);
    if (!status)
        status = vidstore_upload_seal(upload, size, reterr);
    return status ? status : vidstore_upload_publish(session, upload, NULL, reterr);
}

static void *put_files(void *argument) {
    struct files *files = argument;
    cli_auto(vidstore_session) *session = cli_system_session(files->seed->cli);
    while (session && !cli_stopped() && !atomic_load(&files->failed)) {
        vidstore_error *error = NULL;
        int64_t number = atomic_fetch_add(&files->next, 1);
        if (number > files->total)
            break;
        if (put_file(files, session, number, &error)) {
            pthread_mutex_lock(&files->lock);
            if (!atomic_exchange(&files->failed, 1))
                files->error = error;
            else
                vidstore_error_free(error);
            pthread_mutex_unlock(&files->lock);
            break;
        }
        atomic_fetch_add(&files->done, 1);
    }
    if (!session)
        atomic_store(&files->failed, 1);
    return NULL;
}

static int seed_files(struct seed *seed, int64_t total) {
    struct files files = {.seed = seed, .total = total, .next = 1, .lock = PTHREAD_MUTEX_INITIALIZER};
    pthread_t threads[THREADS];
    struct cli_progress progress;
    int count = 0;
    while (count < THREADS && count < total && !pthread_create(&threads[count], NULL, put_files, &files))
        count++;
    if (!count)
        put_files(&files);
    cli_progress_begin(&progress, seed->cli, "files", 0);
    while (atomic_load(&files.done) < total && !atomic_load(&files.failed) && !cli_stopped()) {
        cli_progress_update(&progress, atomic_load(&files.done), total);
        usleep(20000);
    }
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    cli_progress_end(&progress);
    if (files.error)
        return cli_fail_on(seed->cli, "files", &files.error);
    return atomic_load(&files.failed) ? CLI_FAILURE : CLI_OK;
}

static void say(struct cli *cli, const char *what, int64_t count, int64_t began_ms) {
    char number[CLI_TEXT], rate[CLI_TEXT];
    int64_t ms = cli_monotonic_ms() - began_ms;
    if (!cli->quiet && !cli->json)
        printf("%s %s in %.1f s, %s a second\n", cli_count(count, number), what, (double)ms / 1000,
               cli_count(count * 1000 / (ms > 0 ? ms : 1), rate));
    fflush(stdout);
}

int cmd_seed(struct cli *cli, const struct cli_args *args) {
    static const struct kind kinds[] = {{"users", make_user, create_users, free_user},
                                        {"jobs", make_job, create_jobs, free_job},
                                        {"videos", make_video, create_videos, free_video}};
    const int64_t most = 100000000;
    int64_t counts[3] = {0, 0, 0}, files = 0, number = 1, total = 0;
    int wrong = cli_number(args, "files", 0, most, &files) || cli_number(args, "seed", 0, INT32_MAX, &number);
    for (size_t i = 0; !wrong && i < 3; total += counts[i++])
        wrong = cli_number(args, kinds[i].name, 0, most, &counts[i]);
    if (wrong)
        return CLI_USAGE;
    if (!total && !files)
        return cli_usage(args, "needs --users, --jobs, --videos or --files");
    cli_catch_signals();
    struct seed seed = {.cli = cli, .dice = {(uint64_t)number}, .run = (uint64_t)number};
    int result = CLI_OK;
    for (size_t i = 0; i < 3 && !result && !cli_stopped(); i++) {
        int64_t began = cli_monotonic_ms();
        result = counts[i] ? seed_records(&seed, &kinds[i], counts[i]) : CLI_OK;
        if (counts[i] && !result)
            say(cli, kinds[i].name, counts[i], began);
    }
    int64_t began = cli_monotonic_ms();
    if (files && !result && !cli_stopped()) {
        result = seed_files(&seed, files);
        if (!result)
            say(cli, "files", files, began);
    }
    free(seed.users);
    return !result && cli_stopped() ? CLI_INTERRUPTED : result;
}
