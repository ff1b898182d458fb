/* SPDX-License-Identifier: MIT */
/* Asking for jobs: a filter with a bound value, an order, pages, and how many there are. */
#include "example.h"

static void submit(vidstore_session *session, const char *season, int32_t priority) {
    vidstore_error *error = NULL;
    vidstore_job_params *params = vidstore_job_params_new();
    vidstore_job_params_set_text(params, VIDSTORE_JOB_KIND, "download_only");
    vidstore_job_params_set_text(params, VIDSTORE_JOB_SEASON, season);
    vidstore_job_params_set_int64(params, VIDSTORE_JOB_PRIORITY, priority);
    example_check(vidstore_job_submit(session, params, NULL, &error), &error);
    vidstore_job_params_free(params);
}

/* Prints what a query finds, page after page; returns how many there were. */
static int64_t print_all(vidstore_session *session, vidstore_query *query) {
    int64_t found = 0;
    for (int more = 1, number = 1; more; number++) {
        vidstore_page *page = NULL;
        vidstore_error *error = NULL;
        example_check(vidstore_job_list(session, query, &page, &error), &error);
        for (int64_t i = 0; i < vidstore_page_count(page); i++, found++) {
            const vidstore_job *job = vidstore_page_job(page, i);
            printf("page %d: %s, priority %s\n", number, vidstore_job_text(job, VIDSTORE_JOB_SEASON),
                   vidstore_job_text(job, VIDSTORE_JOB_PRIORITY));
        }
        more = vidstore_page_cursor(page) != NULL;
        vidstore_query_cursor(query, vidstore_page_cursor(page));
        vidstore_page_free(page);
    }
    return found;
}

int main(void) {
    vidstore_error *error = NULL;
    vidstore_session *session = NULL;
    vidstore *store = example_store();
    example_check(vidstore_session_system(store, "queries", &session, &error), &error);
    for (int i = 1; i <= 7; i++) {
        char season[32];
        snprintf(season, sizeof(season), "%s %d", i % 2 ? "Harbour" : "Mountain", i);
        submit(session, season, i < 4 ? VIDSTORE_PRIORITY_NORMAL : VIDSTORE_PRIORITY_URGENT);
    }

    vidstore_query *query = vidstore_query_new();
    example_check(vidstore_query_filter(query, "state = ready and season ~ $1", &error), &error);
    vidstore_query_bind_text(query, 1, "harbour"); /* whatever the case; no character of it is special */
    vidstore_query_limit(query, 3);
    int64_t found = print_all(session, query);

    int64_t count = 0;
    vidstore_query_cursor(query, NULL);
    example_check(vidstore_job_count(session, query, &count, &error), &error);
    printf("%lld of 7 jobs\n", (long long)count);
    example_expect(found == 4 && count == 4, "four jobs of a harbour");

    vidstore_query_free(query);
    vidstore_session_free(session);
    vidstore_close(store);
    return EXIT_SUCCESS;
}
