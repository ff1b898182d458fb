/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <vidstore/vidstore.h>

int main(int argc, char **argv) {
    vidstore *store = NULL;
    vidstore_session *session = NULL;
    vidstore_job *job = NULL;
    vidstore_error *error = NULL;
    vidstore_job_params *params = vidstore_job_params_new();
    vidstore_job_params_set_text(params, VIDSTORE_JOB_KIND, "full_pipeline");
    vidstore_job_params_set_text(params, VIDSTORE_JOB_SEASON, "Season 1");
    int failed = vidstore_open(argc > 1 ? argv[1] : "library.vidstore", NULL, &store, &error) ||
                 vidstore_session_system(store, "example", &session, &error) ||
                 vidstore_job_submit(session, params, &job, &error);
    if (failed)
        fprintf(stderr, "%s: %s\n", vidstore_status_name(vidstore_error_code(error)), vidstore_error_message(error));
    else
        printf("job %s is %s\n", vidstore_job_id(job), vidstore_job_text(job, VIDSTORE_JOB_STATE));
    vidstore_error_free(error);
    vidstore_job_free(job);
    vidstore_job_params_free(params);
    vidstore_session_free(session);
    vidstore_close(store);
    return failed;
}
