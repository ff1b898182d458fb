/* SPDX-License-Identifier: MIT */
/* Calls in the background from a libuv loop, which Node and others run on: uv_poll watches the queue's descriptor. */
#include "example.h"
#include <string.h>
#include <uv.h>

enum { JOBS = 100 };

struct host {
    vidstore_session *session;
    vidstore_queue *queue;
    uv_poll_t results;
    uv_timer_t timer;
    int64_t waiting; /* the claim that will be cancelled */
    int submitted, cancelled, ticks;
};

static void close_when_done(struct host *host) {
    if (host->submitted < JOBS || !host->cancelled)
        return;
    uv_poll_stop(&host->results);
    uv_close((uv_handle_t *)&host->results, NULL);
    uv_close((uv_handle_t *)&host->timer, NULL);
}

static void on_results(uv_poll_t *poll, int status, int events) {
    struct host *host = poll->data;
    vidstore_error *error = NULL;
    vidstore_result *result = NULL;
    example_expect(status == 0 && (events & UV_READABLE), "the descriptor is readable");
    for (;;) {
        example_check(vidstore_queue_next(host->queue, &result, &error), &error);
        if (!result)
            break;
        if (vidstore_result_op(result) == host->waiting) {
            example_expect(vidstore_result_status(result) == VIDSTORE_CANCELLED, "the claim was cancelled");
            host->cancelled = 1;
        } else {
            example_expect(vidstore_result_status(result) == VIDSTORE_OK, "the job was submitted");
            host->submitted++;
        }
        vidstore_result_free(result);
    }
    close_when_done(host);
}

/* The loop goes on turning while calls run: here it cancels one that waits for a job of a kind that never comes. */
static void on_tick(uv_timer_t *timer) {
    struct host *host = timer->data;
    vidstore_error *error = NULL;
    if (++host->ticks == 5)
        example_check(vidstore_queue_cancel(host->queue, host->waiting, &error), &error);
}

int main(void) {
    vidstore_error *error = NULL;
    struct host host = {0};
    uv_loop_t loop;
    vidstore *store = example_store();
    example_check(vidstore_session_system(store, "libuv", &host.session, &error), &error);
    example_check(vidstore_queue_new(store, 0, &host.queue, &error), &error);

    example_expect(uv_loop_init(&loop) == 0, "there is a loop");
    uv_poll_init(&loop, &host.results, vidstore_queue_fd(host.queue));
    uv_timer_init(&loop, &host.timer);
    host.results.data = host.timer.data = &host;
    uv_poll_start(&host.results, UV_READABLE, on_results);
    uv_timer_start(&host.timer, on_tick, 10, 10);
    example_check(vidstore_job_claim_start(host.session, host.queue, 0, "never", 60000, &host.waiting, &error), &error);
    for (int i = 0; i < JOBS; i++)
        example_check(vidstore_call_start(host.session, host.queue, i, "job.submit", "{\"kind\": \"x\"}", NULL, &error),
                      &error);
    uv_run(&loop, UV_RUN_DEFAULT);
    example_expect(uv_loop_close(&loop) == 0, "nothing is left in the loop");
    printf("%d jobs submitted, 1 claim cancelled, %d ticks of the loop meanwhile\n", host.submitted, host.ticks);

    vidstore_queue_free(host.queue);
    vidstore_session_free(host.session);
    vidstore_close(store);
    return EXIT_SUCCESS;
}
