/* SPDX-License-Identifier: MIT */
/* A worker: claim a job, say how far it is, keep a checkpoint, finish or fail. kill -9 at any point loses nothing. */
#include "example.h"
#include <string.h>

static void submit(vidstore_session *session, const char *season) {
    vidstore_error *error = NULL;
    vidstore_job_params *params = vidstore_job_params_new();
    vidstore_job_params_set_text(params, VIDSTORE_JOB_KIND, "compress_only");
    vidstore_job_params_set_text(params, VIDSTORE_JOB_SEASON, season);
    example_check(vidstore_job_submit(session, params, NULL, &error), &error);
    vidstore_job_params_free(params);
}

/* The work proper. Returns 0, or 1 when the job was cancelled under way. */
static int compress(vidstore_lease *lease) {
    vidstore_error *error = NULL;
    for (int frame = 0; frame < 300; frame += 100) {
        if (vidstore_lease_signals(lease) & (VIDSTORE_SIGNAL_CANCEL | VIDSTORE_SIGNAL_LOST))
            return 1;
        example_check(vidstore_lease_progress(lease, "compressing", frame, 300, &error), &error);
    }
    const char at[] = "frame 300"; /* what the next attempt needs, were this one to die here */
    example_check(vidstore_lease_checkpoint(lease, at, (int64_t)strlen(at), &error), &error);
    return 0;
}

static void end(vidstore_lease *lease, int stopped) {
    vidstore_error *error = NULL;
    const vidstore_job *job = vidstore_lease_job(lease);
    const char *season = vidstore_job_text(job, VIDSTORE_JOB_SEASON);
    if (stopped)
        example_check(vidstore_lease_release(lease, &error), &error);
    else if (strcmp(season, "broken") == 0)
        example_check(vidstore_lease_fail(lease, "the source can't be read", 0, &error), &error);
    else
        example_check(vidstore_lease_finish(lease, "{\"frames\": 300}", &error), &error);
    vidstore_job *now = NULL;
    vidstore_session *session = vidstore_lease_session(lease);
    example_check(vidstore_job_get(session, vidstore_job_id(job), &now, &error), &error);
    const char *why = vidstore_job_text(now, VIDSTORE_JOB_ERROR);
    printf("%s: %s%s%s\n", season, vidstore_job_text(now, VIDSTORE_JOB_STATE), why ? ", " : "", why ? why : "");
    vidstore_job_free(now);
}

int main(void) {
    vidstore_error *error = NULL;
    vidstore_session *session = NULL;
    vidstore *store = example_store();
    example_check(vidstore_session_system(store, "worker", &session, &error), &error);
    submit(session, "Season 1");
    submit(session, "broken");
    submit(session, "Season 2");

    int done = 0;
    for (;;) {
        vidstore_lease *lease = NULL;
        example_check(vidstore_job_claim(session, "compress_only,merge_episodes", 0, &lease, &error), &error);
        if (!lease)
            break;
        end(lease, compress(lease));
        vidstore_lease_free(lease);
        done++;
    }
    example_expect(done == 3, "three jobs were claimed, each of them once");
    vidstore_session_free(session);
    vidstore_close(store);
    return EXIT_SUCCESS;
}
