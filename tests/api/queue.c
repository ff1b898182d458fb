/* SPDX-License-Identifier: MIT */
/* Calls in the background: the descriptor, cancelling, bounds, and freeing in any order. */
#include "work.h"
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

static vidstore_queue *queue;

static void start(void) {
    begin();
    must(vidstore_queue_new(store, 0, &queue, e));
}

static void stop(void) {
    vidstore_queue_free(queue);
    queue = NULL;
    end();
}

static int readable(vidstore_queue *q) {
    struct pollfd look = {.fd = vidstore_queue_fd(q), .events = POLLIN};
    return poll(&look, 1, 0) == 1;
}

static int64_t run(vidstore_session *session, int64_t tag, const char *name, const char *args) {
    int64_t op = 0;
    must(vidstore_call_start(session, queue, tag, name, args, &op, e));
    ck_assert_int_gt(op, 0);
    return op;
}

static vidstore_result *next(void) {
    vidstore_result *result = NULL;
    must(vidstore_queue_wait(queue, 20000, &result, e));
    ck_assert_msg(result != NULL, "no result came");
    return result;
}

static vidstore_status next_status(void) {
    vidstore_result *result = next();
    vidstore_status status = vidstore_result_status(result);
    ck_assert_int_eq(status, vidstore_error_code(vidstore_result_error(result)));
    vidstore_result_free(result);
    return status;
}

START_TEST(a_result_comes_with_tag_and_json) {
    int fd = vidstore_queue_fd(queue);
    vidstore_result *none = NULL;
    vidstore_text *text = NULL;
    must(vidstore_queue_next(queue, &none, e));
    ck_assert_ptr_null(none);
    must(vidstore_queue_wait(queue, 5, &none, e));
    ck_assert_ptr_null(none);
    int64_t op = run(sys, 77, "job.submit", "{\"kind\": \"x\"}");
    vidstore_result *result = next();
    ck_assert_int_eq(vidstore_result_op(result), op);
    ck_assert_int_eq(vidstore_result_tag(result), 77);
    ck_assert_int_eq(vidstore_result_status(result), VIDSTORE_OK);
    ck_assert_ptr_null(vidstore_result_error(result));
    must(vidstore_result_json(result, &text, e));
    ck_assert_ptr_nonnull(strstr(vidstore_text_data(text), "\"kind\":\"x\""));
    vidstore_text_free(text);
    ck_assert_ptr_null(vidstore_result_take(result, "vidstore_video"));
    vidstore_job *job = vidstore_result_take(result, "vidstore_job");
    ck_assert_str_eq(vidstore_job_kind(job), "x");
    ck_assert_ptr_null(vidstore_result_take(result, "vidstore_job"));
    vidstore_result_free(result);
    vidstore_job_free(job);
    ck_assert_int_eq(fd, vidstore_queue_fd(queue));
    ck_assert_int_eq(vidstore_queue_count(queue), 0);
}
END_TEST

START_TEST(readable_exactly_while_results_wait) {
    ck_assert_int_eq(readable(queue), 0);
    for (int i = 0; i < 3; i++)
        run(sys, i, "job.count", NULL);
    struct pollfd look = {.fd = vidstore_queue_fd(queue), .events = POLLIN};
    ck_assert_int_eq(poll(&look, 1, 10000), 1);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(next_status(), VIDSTORE_OK);
    ck_assert_int_eq(readable(queue), 0);
    run(sys, 0, "job.count", NULL);
    sleep_ms(200);
    ck_assert_int_eq(readable(queue), 1);
    ck_assert_int_eq(readable(queue), 1);
    ck_assert_int_eq(next_status(), VIDSTORE_OK);
    ck_assert_int_eq(readable(queue), 0);
}
END_TEST

START_TEST(failures_are_results) {
    run(sys, 1, "job.get", "{\"id\": \"01900000-0000-7000-8000-000000000000\"}");
    vidstore_result *result = next();
    vidstore_text *text = NULL;
    ck_assert_int_eq(vidstore_result_status(result), VIDSTORE_NOT_FOUND);
    ck_assert_int_eq(vidstore_error_code(vidstore_result_error(result)), VIDSTORE_NOT_FOUND);
    refused(VIDSTORE_STATE, "result", vidstore_result_json(result, &text, e));
    ck_assert_ptr_null(vidstore_result_take(result, "vidstore_job"));
    vidstore_result_free(result);
}
END_TEST

START_TEST(bad_starts_are_refused_at_once) {
    int64_t op = 5;
    refused(VIDSTORE_NOT_FOUND, "name", vidstore_call_start(sys, queue, 0, "job.fly", NULL, &op, e));
    ck_assert_int_eq(op, 0);
    refused(VIDSTORE_INVALID, "id", vidstore_call_start(sys, queue, 0, "job.get", NULL, &op, e));
    refused(VIDSTORE_UNSUPPORTED, "name", vidstore_call_start(sys, queue, 0, "begin", NULL, &op, e));
    refused(VIDSTORE_MISUSE, "queue", vidstore_call_start(sys, NULL, 0, "job.count", NULL, &op, e));
    refused(VIDSTORE_MISUSE, "session", vidstore_call_start(NULL, queue, 0, "job.count", NULL, &op, e));
    refused(VIDSTORE_MISUSE, "queue", vidstore_queue_next(NULL, NULL, e));
    refused(VIDSTORE_MISUSE, "ret_result", vidstore_queue_next(queue, NULL, e));
    vidstore_queue *other = NULL;
    refused(VIDSTORE_MISUSE, "store", vidstore_queue_new(NULL, 0, &other, e));
    refused(VIDSTORE_INVALID, "limit", vidstore_queue_new(store, -1, &other, e));
    refused(VIDSTORE_INVALID, "limit", vidstore_queue_new(store, 65537, &other, e));
    vidstore_result *result = NULL;
    refused(VIDSTORE_INVALID, "wait_ms", vidstore_queue_wait(queue, -1, &result, e));
    refused(VIDSTORE_NOT_FOUND, "op", vidstore_queue_cancel(queue, 12345, e));
    vidstore_queue_free(NULL);
    vidstore_result_free(NULL);
    ck_assert_int_eq(vidstore_queue_fd(NULL), -1);
    ck_assert_int_eq(vidstore_queue_count(NULL), 0);
    ck_assert_int_eq(vidstore_result_status(NULL), VIDSTORE_MISUSE);
    ck_assert_ptr_null(vidstore_result_error(NULL));
    ck_assert_int_eq(vidstore_result_op(NULL), 0);
    ck_assert_int_eq(vidstore_result_tag(NULL), 0);
}
END_TEST

START_TEST(a_full_queue_is_busy) {
    vidstore_queue *small = NULL;
    vidstore_error *error = NULL;
    must(vidstore_queue_new(store, 2, &small, e));
    for (int i = 0; i < 2; i++)
        must(vidstore_call_start(sys, small, i, "job.count", NULL, NULL, e));
    ck_assert_int_eq(vidstore_call_start(sys, small, 2, "job.count", NULL, NULL, &error), VIDSTORE_BUSY);
    ck_assert_int_gt(vidstore_error_retry_after_ms(error), 0);
    ck_assert_int_eq(vidstore_error_retryable(error), 1);
    vidstore_error_free(error);
    vidstore_result *result = NULL;
    must(vidstore_queue_wait(small, 10000, &result, e));
    vidstore_result_free(result);
    must(vidstore_call_start(sys, small, 2, "job.count", NULL, NULL, e));
    vidstore_queue_free(small);
}
END_TEST

START_TEST(memory_is_bounded_too) {
    size_t size = 12 << 20;
    char *args = malloc(size + 200);
    ck_assert_ptr_nonnull(args);
    int n = sprintf(args, "{\"items_json\": \"[");
    memset(args + n, ' ', size);
    strcpy(args + n + size, "]\"}");
    vidstore_status status = VIDSTORE_OK;
    vidstore *patient = NULL;
    vidstore_session *holder = NULL;
    vidstore_open_params *p = vidstore_open_params_new();
    vidstore_open_params_set_int64(p, VIDSTORE_OPEN_TXN_MAX_AGE_MS, 60000);
    must(vidstore_open(place, p, &patient, e));
    vidstore_open_params_free(p);
    must(vidstore_session_system(patient, "holder", &holder, e));
    must(vidstore_begin(holder, 0, e)); /* holds the writer, so that nothing is worked off */
    int started = 0;
    for (; started < 20 && status == VIDSTORE_OK; started++)
        status = vidstore_call_start(sys, queue, 0, "batch", args, NULL, NULL);
    must(vidstore_rollback(holder, e));
    vidstore_session_free(holder);
    vidstore_close(patient);
    ck_assert_int_eq(status, VIDSTORE_BUSY);
    ck_assert_int_le(started, 7);
    free(args);
    while (vidstore_queue_count(queue) > 0)
        ck_assert_int_eq(next_status(), VIDSTORE_OK);
}
END_TEST

/* Waits until as many operations run as fit, with a transaction in their way. */
START_TEST(what_was_cancelled_before_it_began_never_runs) {
    int64_t ops[60];
    must(vidstore_begin(sys, 0, e));
    vidstore_session *other = NULL;
    must(vidstore_session_system(store, "other", &other, e));
    for (int i = 0; i < 60; i++)
        ops[i] = run(other, i, "job.submit", "{\"kind\": \"x\"}");
    for (int i = 30; i < 60; i++)
        must(vidstore_queue_cancel(queue, ops[i], e));
    must(vidstore_commit(sys, e));
    int done = 0, cancelled = 0;
    for (int i = 0; i < 60; i++) {
        vidstore_result *result = next();
        done += vidstore_result_status(result) == VIDSTORE_OK;
        if (vidstore_result_tag(result) >= 30) {
            ck_assert_int_eq(vidstore_result_status(result), VIDSTORE_CANCELLED);
            cancelled++;
        }
        vidstore_result_free(result);
    }
    ck_assert_int_eq(done, 30);
    ck_assert_int_eq(cancelled, 30);
    ck_assert_int_eq(count_jobs(sys, NULL), 30);
    refused(VIDSTORE_NOT_FOUND, "op", vidstore_queue_cancel(queue, ops[0], e));
    vidstore_session_free(other);
}
END_TEST

START_TEST(a_waiting_call_is_interrupted) {
    int64_t before = now_ms();
    int64_t op = run(sys, 0, "job.claim", "{\"wait_ms\": 20000}");
    sleep_ms(50);
    must(vidstore_queue_cancel(queue, op, e));
    ck_assert_int_eq(next_status(), VIDSTORE_CANCELLED);
    ck_assert_int_lt(now_ms() - before, 5000);
}
END_TEST

START_TEST(short_calls_do_not_wait_behind_long_ones) {
    for (int i = 0; i < 60; i++)
        run(sys, 1, "job.claim", "{\"wait_ms\": 20000}");
    int64_t before = now_ms();
    run(sys, 2, "job.count", NULL);
    vidstore_result *result = next();
    ck_assert_int_eq(vidstore_result_tag(result), 2);
    ck_assert_int_lt(now_ms() - before, 5000);
    vidstore_result_free(result);
}
END_TEST

START_TEST(the_deadline_counts_from_the_start) {
    vidstore_session *brief = NULL;
    must(vidstore_session_system(store, "brief", &brief, e));
    must(vidstore_session_set_deadline(brief, 100, e));
    must(vidstore_begin(sys, 0, e));
    int64_t before = now_ms();
    for (int i = 0; i < 40; i++)
        run(brief, 0, "job.submit", "{\"kind\": \"x\"}");
    for (int i = 0; i < 40; i++) {
        vidstore_status status = next_status();
        ck_assert_msg(status == VIDSTORE_BUSY || status == VIDSTORE_TIMEOUT, "%s", vidstore_status_name(status));
    }
    ck_assert_int_lt(now_ms() - before, 3000);
    must(vidstore_rollback(sys, e));
    vidstore_session_free(brief);
}
END_TEST

START_TEST(who_acts_is_copied_and_the_transaction_is_not) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER);
    vidstore_session *as_ann = session_of(ann);
    run(as_ann, 0, "job.submit", "{\"kind\": \"x\"}");
    vidstore_session_free(as_ann);
    vidstore_result *result = next();
    vidstore_job *job = vidstore_result_take(result, "vidstore_job");
    ck_assert_str_eq(vidstore_job_user_id(job), ann.text);
    vidstore_job_free(job);
    vidstore_result_free(result);
    must(vidstore_begin(sys, 0, e));
    run(sys, 0, "job.count", NULL);
    ck_assert_int_eq(next_status(), VIDSTORE_OK);
    must(vidstore_rollback(sys, e));
}
END_TEST

START_TEST(typed_starts_give_typed_results) {
    char path[128], out[128];
    vidstore_result *result;
    snprintf(path, sizeof path, "%s/in.bin", folder);
    snprintf(out, sizeof out, "%s/out.bin", folder);
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    ck_assert_int_eq(write(fd, "bytes", 5), 5);
    vidstore_file_params *p = vidstore_file_params_new();
    vidstore_file_params_set_text(p, VIDSTORE_FILE_NAME, "fd.bin");
    must(vidstore_file_put_fd_start(sys, queue, 1, fd, INT64_MIN, p, NULL, e));
    close(fd);
    result = next();
    ck_assert_int_eq(vidstore_result_status(result), 0);
    vidstore_file *file = vidstore_result_take(result, "vidstore_file");
    struct id id = id_of(vidstore_file_id(file));
    vidstore_file_free(file);
    vidstore_result_free(result);
    must(vidstore_file_put_path_start(sys, queue, 1, path, p, NULL, e));
    vidstore_file_params_free(p);
    ck_assert_int_eq(next_status(), VIDSTORE_OK);
    must(vidstore_file_put_path_start(sys, queue, 1, path, NULL, NULL, e));
    ck_assert_int_eq(next_status(), VIDSTORE_OK);
    must(vidstore_file_save_start(sys, queue, 1, id.text, out, NULL, e));
    ck_assert_int_eq(next_status(), VIDSTORE_OK);
    must(vidstore_file_verify_start(sys, queue, 1, id.text, NULL, e));
    ck_assert_int_eq(next_status(), VIDSTORE_OK);
    snprintf(out, sizeof out, "%s/backup", folder);
    must(vidstore_backup_start(sys, queue, 1, out, 0, NULL, e));
    ck_assert_int_eq(next_status(), VIDSTORE_OK);
    must(vidstore_video_probe_start(sys, queue, 1, id.text, NULL, e));
    ck_assert_int_eq(next_status(), VIDSTORE_NOT_FOUND);
    must(vidstore_video_fetch_start(sys, queue, 1, id.text, NULL, e));
    ck_assert_int_eq(next_status(), VIDSTORE_NOT_FOUND);
    must(vidstore_job_wait_start(sys, queue, 1, id.text, 0, NULL, e));
    ck_assert_int_eq(next_status(), VIDSTORE_NOT_FOUND);
}
END_TEST

/* --- streams that are slow, or say nothing -------------------------------------------------------------------------
 */

static void put_from(vidstore_session *session, int fd, int64_t size, int64_t tag) {
    vidstore_file_params *p = vidstore_file_params_new();
    vidstore_file_params_set_text(p, VIDSTORE_FILE_NAME, "stream");
    must(vidstore_file_put_fd_start(session, queue, tag, fd, size, p, NULL, e));
    vidstore_file_params_free(p);
}

/* What runs with large arguments makes room when it ends, as a fetch does: a call that was passed over for the lack of
 * room goes on then, though its own thread has gone to sleep. */
START_TEST(room_made_by_an_end_lets_others_go_on) {
    enum { WAITING = 32, ANSWERS = 7 };
    static const char eight_mb[] = "{\"sql\": \"WITH n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 8) "
                                   "SELECT hex(zeroblob(500000)) AS x FROM n\", \"max_rows\": 10}";
    const size_t size = 12 << 20;
    int64_t waits[WAITING];
    char wait[128];
    vidstore_job *job = NULL;
    vidstore_job_params *p = vidstore_job_params_new();
    vidstore_job_params_set_text(p, VIDSTORE_JOB_KIND, "x");
    must(vidstore_job_submit(sys, p, &job, e));
    vidstore_job_params_free(p);
    snprintf(wait, sizeof wait, "{\"id\": \"%s\", \"wait_ms\": 25000}", vidstore_job_id(job));
    vidstore_job_free(job);
    char *args = malloc(size + 200);
    ck_assert_ptr_nonnull(args);
    int n = sprintf(args, "{\"items_json\": \"[");
    memset(args + n, ' ', size);
    strcpy(args + n + size, "]\"}");
    vidstore_session *other = NULL;
    must(vidstore_session_system(store, "other", &other, e));
    must(vidstore_begin(sys, 0, e));
    run(other, 1, "batch", args); /* behind the transaction */
    free(args);
    for (int i = 0; i < WAITING; i++)
        waits[i] = run(other, 2, "job.wait", wait);
    must(vidstore_job_wait_start(other, queue, 3, "01900000-0000-7000-8000-000000000000", 0, NULL, e));
    for (int i = 0; i < ANSWERS; i++)
        run(other, 4, "app.query", eight_mb);
    sleep_ms(2000);
    must(vidstore_queue_cancel(queue, waits[0], e)); /* a thread is free, but there is no room */
    sleep_ms(300);
    int64_t before = now_ms();
    must(vidstore_rollback(sys, e));
    sleep_ms(500); /* a fetch before the end of the batch would make room itself */
    for (int64_t tag = 0; tag != 3;) {
        vidstore_result *result = next();
        tag = vidstore_result_tag(result);
        ck_assert_msg(tag != 4 || !vidstore_result_status(result), "%s",
                      vidstore_error_message(vidstore_result_error(result)));
        vidstore_result_free(result);
    }
    if (!getenv("CK_TIMEOUT_MULTIPLIER")) /* a thread that nobody woke looks again after 10 s */
        ck_assert_int_lt(now_ms() - before, 5000);
    vidstore_session_free(other);
}
END_TEST

/* Only a deadline that was set ends what takes as long as its bytes; the default one does not. */
START_TEST(a_slow_stream_has_the_time_it_needs) {
    int ends[2];
    vidstore_queue_free(queue);
    close_store();
    open_store_with(VIDSTORE_OPEN_DEADLINE_MS, 400);
    must(vidstore_queue_new(store, 0, &queue, e));
    ck_assert_int_eq(pipe(ends), 0);
    put_from(sys, ends[0], 4, 1);
    for (int i = 0; i < 4; i++) {
        sleep_ms(300);
        ck_assert_int_eq(write(ends[1], "x", 1), 1);
    }
    close(ends[1]);
    ck_assert_int_eq(next_status(), VIDSTORE_OK);
    close(ends[0]);
    ck_assert_int_eq(pipe(ends), 0);
    must(vidstore_session_set_deadline(sys, 300, e));
    put_from(sys, ends[0], 4, 1);
    ck_assert_int_eq(next_status(), VIDSTORE_TIMEOUT);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

static vidstore_session *with_deadline(int64_t ms) {
    vidstore_session *session = NULL;
    must(vidstore_session_system(store, "brief", &session, e));
    must(vidstore_session_set_deadline(session, ms, e));
    return session;
}

/* Clients that send nothing keep neither logins from being answered nor others beyond their deadline. */
START_TEST(nobody_waits_longer_than_his_deadline) {
    enum { SILENT = 8 };
    int ends[SILENT][2];
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_text(p, VIDSTORE_USER_USERNAME, "carla");
    vidstore_user_params_set_text(p, VIDSTORE_USER_PASSWORD, "correct horse battery");
    must(vidstore_user_create(sys, p, NULL, e));
    vidstore_user_params_free(p);
    for (int i = 0; i < SILENT; i++) {
        ck_assert_int_eq(pipe(ends[i]), 0);
        put_from(sys, ends[i][0], 4, 1);
    }
    vidstore_session *brief = with_deadline(400);
    int64_t before = now_ms();
    put_from(brief, ends[0][0], 4, 2);
    vidstore_result *result = next();
    ck_assert_int_eq(vidstore_result_tag(result), 2);
    ck_assert_int_eq(vidstore_result_status(result), VIDSTORE_TIMEOUT);
    vidstore_result_free(result);
    ck_assert_int_ge(now_ms() - before, 350);
    ck_assert_int_lt(now_ms() - before, 3000);
    must(vidstore_user_verify_password_start(sys, queue, 3, "carla", "correct horse battery", NULL, e));
    result = next();
    ck_assert_int_eq(vidstore_result_tag(result), 3);
    ck_assert_int_eq(vidstore_result_status(result), VIDSTORE_OK);
    vidstore_result_free(result);
    for (int i = 0; i < SILENT; i++)
        close(ends[i][1]);
    for (int i = 0; i < SILENT; i++) {
        ck_assert_int_eq(next_status(), VIDSTORE_INVALID);
        close(ends[i][0]);
    }
    vidstore_session_free(brief);
}
END_TEST

/* A socket can't be opened anew, so that it blocks as the host left it. */
START_TEST(a_silent_socket_can_be_left) {
    int ends[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    vidstore_session *brief = with_deadline(300);
    int64_t before = now_ms();
    put_from(brief, ends[0], 10, 1);
    ck_assert_int_eq(next_status(), VIDSTORE_TIMEOUT);
    put_from(sys, ends[0], 10, 2);
    sleep_ms(100);
    must(vidstore_queue_cancel(queue, 2, e));
    ck_assert_int_eq(next_status(), VIDSTORE_CANCELLED);
    ck_assert_int_lt(now_ms() - before, 5000);
    put_from(sys, ends[0], 10, 3);
    for (int i = 0; i < 2; i++) {
        sleep_ms(100);
        ck_assert_int_eq(write(ends[1], "bytes", 5), 5);
    }
    ck_assert_int_eq(next_status(), VIDSTORE_OK);
    put_from(sys, ends[0], 10, 4);
    sleep_ms(100);
    before = now_ms();
    vidstore_queue_free(queue);
    queue = NULL;
    ck_assert_int_lt(now_ms() - before, 3000);
    close(ends[0]);
    close(ends[1]);
    vidstore_session_free(brief);
}
END_TEST

START_TEST(params_that_are_bad_are_refused_at_the_start) {
    vidstore_file_params *p = vidstore_file_params_new();
    vidstore_file_params_set_int64(p, VIDSTORE_FILE_ACCESS, 12345);
    refused(VIDSTORE_INVALID, "access", vidstore_file_put_path_start(sys, queue, 1, "/etc/passwd", p, NULL, e));
    vidstore_file_params_free(p);
}
END_TEST

START_TEST(logging_in) {
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_text(p, VIDSTORE_USER_USERNAME, "carla");
    vidstore_user_params_set_text(p, VIDSTORE_USER_PASSWORD, "correct horse battery");
    must(vidstore_user_create(sys, p, NULL, e));
    vidstore_user_params_free(p);
    vidstore_origin *origin = vidstore_origin_new();
    vidstore_origin_set_text(origin, VIDSTORE_ORIGIN_IP, "192.0.2.1");
    must(vidstore_session_login_start(queue, 3, "carla", "correct horse battery", origin, NULL, e));
    vidstore_origin_free(origin);
    vidstore_result *result = next();
    vidstore_text *text = NULL;
    ck_assert_int_eq(vidstore_result_status(result), VIDSTORE_OK);
    refused(VIDSTORE_UNSUPPORTED, NULL, vidstore_result_json(result, &text, e));
    vidstore_session *carla = vidstore_result_take(result, "vidstore_session");
    vidstore_result_free(result);
    ck_assert_int_eq(vidstore_session_role(carla), VIDSTORE_ROLE_USER);
    vidstore_session_free(carla);
    must(vidstore_session_login_start(queue, 3, "carla", "wrong horse battery", NULL, NULL, e));
    ck_assert_int_eq(next_status(), VIDSTORE_UNAUTHENTICATED);
    must(vidstore_user_verify_password_start(sys, queue, 3, "carla", "correct horse battery", NULL, e));
    ck_assert_int_eq(next_status(), VIDSTORE_OK);
    ck_assert_int_eq(events("ip = \"192.0.2.1\" and action = user_login"), 1);
}
END_TEST

START_TEST(a_claim_that_nobody_takes_goes_back) {
    submit(sys, "{\"kind\": \"x\"}");
    must(vidstore_job_claim_start(sys, queue, 0, "x", 0, NULL, e));
    vidstore_result_free(next());
    ck_assert_int_eq(count_jobs(sys, "state = ready"), 1);
    must(vidstore_job_claim_start(sys, queue, 0, "x", 0, NULL, e));
    vidstore_result *result = next();
    vidstore_lease *lease = vidstore_result_take(result, "vidstore_lease");
    vidstore_result_free(result);
    ck_assert_ptr_nonnull(lease);
    int64_t op = 0;
    must(vidstore_call_start(vidstore_lease_session(lease), queue, 0, "video.create", "{\"title\": \"T\"}", &op, e));
    ck_assert_int_eq(next_status(), VIDSTORE_OK);
    finish(lease);
    ck_assert_int_eq(count_jobs(sys, "state = completed"), 1);
}
END_TEST

START_TEST(a_copy_of_a_lease_is_fenced) {
    submit(sys, "{\"kind\": \"x\"}");
    vidstore_lease *lease = claim("x");
    vidstore_session *session = vidstore_lease_session(lease);
    must(vidstore_begin(sys, 0, e));
    run(session, 0, "video.create", "{\"title\": \"T\"}");
    must(vidstore_rollback(sys, e));
    ck_assert_int_eq(next_status(), VIDSTORE_OK);
    vidstore_lease *second = NULL;
    must(vidstore_lease_attach(sys, vidstore_lease_token(lease), &second, e));
    must(vidstore_lease_release(second, e));
    vidstore_lease_free(second);
    run(session, 0, "video.create", "{\"title\": \"T\"}");
    ck_assert_int_eq(next_status(), VIDSTORE_LEASE_LOST);
    run(session, 0, "video.create", "{\"title\": \"T\"}");
    vidstore_lease_free(lease);
    ck_assert_int_eq(next_status(), VIDSTORE_LEASE_LOST);
}
END_TEST

START_TEST(a_key_that_was_revoked_ends_in_the_background_too) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER);
    vidstore_key_params *p = vidstore_key_params_new();
    vidstore_key *key = NULL;
    vidstore_session *by_key = NULL;
    char token[VIDSTORE_TOKEN_SIZE];
    vidstore_key_params_set_text(p, VIDSTORE_KEY_NAME, "k");
    vidstore_key_params_set_text(p, VIDSTORE_KEY_USER_ID, ann.text);
    must(vidstore_key_create(sys, p, &key, token, sizeof token, e));
    must(vidstore_session_key(store, token, NULL, &by_key, e));
    run(by_key, 0, "job.count", NULL);
    ck_assert_int_eq(next_status(), VIDSTORE_OK);
    must(vidstore_key_revoke(sys, vidstore_key_id(key), e));
    run(by_key, 0, "job.count", NULL);
    ck_assert_int_eq(next_status(), VIDSTORE_UNAUTHENTICATED);
    vidstore_session_free(by_key);
    vidstore_key_free(key);
    vidstore_key_params_free(p);
}
END_TEST

START_TEST(freeing_in_any_order) {
    for (int order = 0; order < 3; order++) {
        vidstore *s = NULL;
        vidstore_session *session = NULL;
        vidstore_queue *q = NULL;
        vidstore_result *result = NULL;
        must(vidstore_open(place, NULL, &s, e));
        must(vidstore_session_system(s, "order", &session, e));
        must(vidstore_queue_new(s, 0, &q, e));
        for (int i = 0; i < 40; i++)
            must(vidstore_call_start(session, q, i, i % 2 ? "job.submit" : "job.claim",
                                     i % 2 ? "{\"kind\": \"x\"}" : "{\"wait_ms\": 10000}", NULL, e));
        must(vidstore_queue_wait(q, 10000, &result, e));
        if (order == 0)
            vidstore_queue_free(q);
        vidstore_close(s);
        if (order == 1)
            vidstore_queue_free(q);
        vidstore_session_free(session);
        if (order == 2)
            vidstore_queue_free(q);
        vidstore_result_free(result);
    }
}
END_TEST

static void in_the_child(void *arg) {
    vidstore_result *result = NULL;
    (void)arg;
    refused(VIDSTORE_FORKED, "queue", vidstore_queue_next(queue, &result, e));
    refused(VIDSTORE_FORKED, "session", vidstore_call_start(sys, queue, 0, "job.count", NULL, NULL, e));
    refused(VIDSTORE_FORKED, "session", vidstore_call(sys, "job.count", NULL, NULL, e));
    refused(VIDSTORE_FORKED, "queue", vidstore_queue_cancel(queue, 1, e));
    vidstore_queue_free(queue);
}

START_TEST(after_a_fork_nothing_works_and_nothing_breaks) {
    run(sys, 0, "job.count", NULL);
    in_child(in_the_child, NULL);
    ck_assert_int_eq(next_status(), VIDSTORE_OK);
}
END_TEST

/* Every thread of ours blocks every signal: what a host's handler does is the host's. */
START_TEST(no_thread_of_ours_takes_a_signal) {
    for (int i = 0; i < 20; i++)
        run(sys, 0, "job.claim", "{\"wait_ms\": 5000}");
    sleep_ms(100);
    DIR *tasks = opendir("/proc/self/task");
    ck_assert_ptr_nonnull(tasks);
    int others = 0;
    for (struct dirent *at; (at = readdir(tasks));) {
        char path[300], line[200];
        unsigned long long blocked = 0;
        if (*at->d_name == '.' || atoi(at->d_name) == getpid())
            continue;
        snprintf(path, sizeof path, "/proc/self/task/%s/status", at->d_name);
        FILE *file = fopen(path, "r");
        while (file && fgets(line, sizeof line, file))
            if (sscanf(line, "SigBlk: %llx", &blocked) == 1)
                break;
        if (file)
            fclose(file);
        others++;
        ck_assert_msg(blocked & (1ULL << (SIGTERM - 1)) && blocked & (1ULL << (SIGUSR1 - 1)),
                      "thread %s takes signals: %llx", at->d_name, blocked);
    }
    closedir(tasks);
    ck_assert_int_ge(others, 20);
}
END_TEST

struct hammer {
    vidstore_queue *queue;
    int number;
};

enum { PER_THREAD = 60 };

static void *hammer(void *arg) {
    struct hammer *h = arg;
    vidstore_session *session = NULL;
    must(vidstore_session_system(store, "hammer", &session, e));
    for (int i = 0; i < PER_THREAD; i++) {
        int64_t op = 0;
        must(vidstore_call_start(session, h->queue, h->number, i % 3 ? "job.submit" : "job.list",
                                 i % 3 ? "{\"kind\": \"x\"}" : NULL, &op, e));
        if (i % 7 == 0)
            vidstore_queue_cancel(h->queue, op, NULL);
    }
    vidstore_session_free(session);
    return NULL;
}

static void *collect(void *arg) {
    int64_t *done = arg;
    for (;;) {
        vidstore_result *result = NULL;
        must(vidstore_queue_wait(queue, 3000, &result, e));
        if (!result)
            return NULL;
        vidstore_status status = vidstore_result_status(result);
        ck_assert_msg(status == VIDSTORE_OK || status == VIDSTORE_CANCELLED, "%s", vidstore_status_name(status));
        *done += 1;
        vidstore_result_free(result);
    }
}

START_TEST(many_threads_start_cancel_and_collect) {
    pthread_t threads[8], collectors[2];
    struct hammer hammers[8];
    int64_t done[2] = {0, 0};
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&collectors[i], NULL, collect, &done[i]), 0);
    for (int i = 0; i < 8; i++) {
        hammers[i] = (struct hammer){queue, i};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, hammer, &hammers[i]), 0);
    }
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(collectors[i], NULL);
    ck_assert_int_eq(done[0] + done[1], 8 * PER_THREAD);
    ck_assert_int_eq(vidstore_queue_count(queue), 0);
}
END_TEST

Suite *queue_suite(void) {
    Suite *s = suite_create("queue");
    TCase *c = tcase_create("queue");
    tcase_set_timeout(c, 180); /* filling 64 MiB takes a while on a busy machine */
    tcase_add_checked_fixture(c, start, stop);
    tcase_add_test(c, a_result_comes_with_tag_and_json);
    tcase_add_test(c, readable_exactly_while_results_wait);
    tcase_add_test(c, failures_are_results);
    tcase_add_test(c, bad_starts_are_refused_at_once);
    tcase_add_test(c, a_full_queue_is_busy);
    tcase_add_test(c, memory_is_bounded_too);
    tcase_add_test(c, what_was_cancelled_before_it_began_never_runs);
    tcase_add_test(c, a_waiting_call_is_interrupted);
    tcase_add_test(c, short_calls_do_not_wait_behind_long_ones);
    tcase_add_test(c, the_deadline_counts_from_the_start);
    tcase_add_test(c, who_acts_is_copied_and_the_transaction_is_not);
    tcase_add_test(c, typed_starts_give_typed_results);
    tcase_add_test(c, a_slow_stream_has_the_time_it_needs);
    tcase_add_test(c, nobody_waits_longer_than_his_deadline);
    tcase_add_test(c, a_silent_socket_can_be_left);
    tcase_add_test(c, params_that_are_bad_are_refused_at_the_start);
    tcase_add_test(c, logging_in);
    tcase_add_test(c, a_claim_that_nobody_takes_goes_back);
    tcase_add_test(c, a_copy_of_a_lease_is_fenced);
    tcase_add_test(c, a_key_that_was_revoked_ends_in_the_background_too);
    tcase_add_test(c, freeing_in_any_order);
    tcase_add_test(c, after_a_fork_nothing_works_and_nothing_breaks);
    tcase_add_test(c, no_thread_of_ours_takes_a_signal);
    tcase_add_test(c, room_made_by_an_end_lets_others_go_on);
    tcase_add_test(c, many_threads_start_cancel_and_collect);
    suite_add_tcase(s, c);
    return s;
}
