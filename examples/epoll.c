/* SPDX-License-Identifier: MIT */
/* Calls in the background from an epoll loop: one descriptor, no thread of the host's own, no callback. */
#include "example.h"
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { JOBS = 200 };

/* Starts what the queue has room for; BUSY is its way to say: fetch some results first. */
static int start_some(vidstore_session *session, vidstore_queue *queue, int started) {
    vidstore_error *error = NULL;
    for (; started < JOBS; started++) {
        vidstore_status status =
            vidstore_call_start(session, queue, started, "job.submit", "{\"kind\": \"x\"}", NULL, &error);
        if (status == VIDSTORE_BUSY) {
            vidstore_error_free(error);
            break;
        }
        example_check(status, &error);
    }
    return started;
}

/* Takes all results that wait. Returns how many. */
static int fetch_all(vidstore_queue *queue, char seen[JOBS]) {
    vidstore_error *error = NULL;
    vidstore_result *result = NULL;
    int count = 0;
    for (;; count++) {
        example_check(vidstore_queue_next(queue, &result, &error), &error);
        if (!result)
            return count;
        example_expect(vidstore_result_status(result) == VIDSTORE_OK, "every job was submitted");
        vidstore_job *job = vidstore_result_take(result, "vidstore_job");
        example_expect(strcmp(vidstore_job_kind(job), "x") == 0, "and is the one that was asked for");
        seen[vidstore_result_tag(result)]++;
        vidstore_job_free(job);
        vidstore_result_free(result);
    }
}

int main(void) {
    vidstore_error *error = NULL;
    vidstore_session *session = NULL;
    vidstore_queue *queue = NULL;
    char seen[JOBS] = {0};
    vidstore *store = example_store();
    example_check(vidstore_session_system(store, "epoll", &session, &error), &error);
    example_check(vidstore_queue_new(store, 64, &queue, &error), &error);

    int loop = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event wanted = {.events = EPOLLIN}, event;
    example_expect(epoll_ctl(loop, EPOLL_CTL_ADD, vidstore_queue_fd(queue), &wanted) == 0,
                   "the queue has a descriptor");
    int started = 0, done = 0;
    while (done < JOBS) {
        started = start_some(session, queue, started);
        example_expect(epoll_wait(loop, &event, 1, 10000) == 1, "results come");
        done += fetch_all(queue, seen);
    }
    for (int i = 0; i < JOBS; i++)
        example_expect(seen[i] == 1, "each result comes once");
    example_expect(epoll_wait(loop, &event, 1, 0) == 0, "nothing is readable when nothing waits");
    printf("%d jobs submitted from one loop\n", done);
    close(loop);
    vidstore_queue_free(queue);
    vidstore_session_free(session);
    vidstore_close(store);
    return EXIT_SUCCESS;
}
