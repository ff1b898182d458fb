/* SPDX-License-Identifier: MIT */
/* Fetching, against a server that misbehaves on request (tests/support/range_server.py). */
#include "net_harness.h"
#include <arpa/inet.h>
#include <check.h>
#include <pthread.h>
#include <stdatomic.h>

/* --- plain fetching --- */

START_TEST(test_whole) {
    struct run r;
    fetch_whole(&r, "/a.mp4?whole", 1, 0);
    ck_assert_int_eq(r.sink.heads, 1);
    ck_assert_int_eq(r.sink.head.total, SIZE);
    ck_assert_str_eq(r.sink.type, "video/mp4");
    ck_assert_str_eq(r.sink.name, "a.mp4");
    ck_assert_int_eq(r.sink.validator[0], '"');
    ck_assert_str_eq(r.res.validator, r.sink.validator);
    ck_assert_int_eq(r.sink.last_done, SIZE);
    ck_assert_int_eq(r.sink.last_total, SIZE);
    ck_assert_int_eq(r.res.http_status, 200);
    ck_assert_int_eq(logged("/a.mp4?whole", "\"accept-encoding\": \"identity\""), 1);
    ck_assert_int_eq(logged("/a.mp4?whole", "\"user-agent\": \"libvidstore/0.1\""), 1);
    ck_assert_int_eq(logged("/a.mp4?whole", "cookie") + logged("/a.mp4?whole", "\"range\""), 0);
    done(&r);
}
END_TEST

START_TEST(test_empty) {
    struct run r;
    prepare(&r, "/empty.mp4");
    go(&r);
    ck_assert_int_eq(r.rc, 0);
    ck_assert_int_eq(r.res.total, 0);
    ck_assert_int_eq(r.sink.heads, 1);
    ck_assert_int_eq(r.sink.writes, 0);
    done(&r);
}
END_TEST

START_TEST(test_length_unknown) {
    static const char *const targets[] = {"/a.mp4?nolength", "/a.mp4?chunked"};
    for (size_t i = 0; i < VS_COUNT(targets); i++) {
        struct run r;
        prepare(&r, targets[i]);
        r.req.allow_unsized = i == 0;
        go(&r);
        expect_whole(&r);
        ck_assert_int_eq(r.sink.head.total, -1);
        done(&r);
    }
}
END_TEST

/* Neither the whole nor its half is taken: they can't be told from each other. */
START_TEST(test_end_not_told) {
    static const char *const targets[] = {"/a.mp4?nolength", "/a.mp4?nolength&short", "/a.mp4?nolength&identity"};
    for (size_t i = 0; i < VS_COUNT(targets); i++) {
        struct run r;
        prepare(&r, targets[i]);
        go(&r);
        expect_error(&r, VIDSTORE_INVALID, VIDSTORE_SUB_HTTP);
        ck_assert_str_eq(vidstore_error_field(r.e), "url");
        ck_assert_int_eq(r.sink.writes, 0);
        ck_assert_int_eq(r.res.tries, 1);
        done(&r);
    }
}
END_TEST

START_TEST(test_more_than_announced) {
    struct run r;
    fetch_whole(&r, "/a.mp4?long", 1, 0);
    done(&r);
}
END_TEST

START_TEST(test_name) {
    struct run r;
    fetch_whole(&r, "/a.mp4?name=attachment%3B%20filename%3D%22..%2Fb%20c.mkv%22", 1, 0);
    ck_assert_str_eq(r.sink.name, "b c.mkv");
    ck_assert_str_eq(r.res.file_name, "b c.mkv");
    done(&r);
}
END_TEST

/* --- dropped connections --- */

START_TEST(test_resume) {
    struct run r;
    fetch_whole(&r, "/a.mp4?drop=300000", 4, 0);
    ck_assert_int_eq(logged("/a.mp4?drop=300000", "\"range\": \"bytes=900000-\""), 1);
    ck_assert_int_eq(logged("/a.mp4?drop=300000", "\"if-range\": \"\\\""), 3);
    done(&r);
    fetch_whole(&r, "/a.mp4?drop=300000x1&chunked", 2, 0);
    ck_assert_int_eq(r.sink.head.total, SIZE); /* the part names the size that the whole did not */
    done(&r);
}
END_TEST

START_TEST(test_resume_in_parts) {
    struct run r;
    fetch_whole(&r, "/a.mp4?drop=300000x1&part=200000", 5, 0); /* complete parts, but not the rest that was asked for */
    done(&r);
}
END_TEST

/* A part of a whole that nobody knows the size of may be followed by another: only the whole tells where it ends. */
START_TEST(test_part_of_nobody_knows_what) {
    struct run r;
    prepare(&r, "/a.mp4?drop=300000x1&chunked&part=200000&nototal");
    go(&r);
    expect_whole(&r);
    ck_assert_int_eq(r.res.tries, 3);
    ck_assert_int_eq(r.res.restarts, 1);
    done(&r);
    fetch_whole(&r, "/a.mp4?drop=300000x1&part=200000&nototal", 5, 0); /* the first answer has said it */
    done(&r);
}
END_TEST

/* What the server says there is no more of is not what the first bytes were of. */
START_TEST(test_no_rest_of_something_else) {
    struct run r;
    prepare(&r, "/a.mp4?drop=300000x1&norest=300000");
    go(&r);
    expect_whole(&r);
    ck_assert_int_eq(r.res.restarts, 1);
    done(&r);
}
END_TEST

START_TEST(test_coded) {
    static const char *const targets[] = {"/a.mp4?encoding=gzip", "/a.mp4?encoding=BR%2C%20identity",
                                          "/a.mp4?encoding=deflate&chunked"};
    struct run r;
    for (size_t i = 0; i < VS_COUNT(targets); i++) {
        prepare(&r, targets[i]);
        go(&r);
        expect_error(&r, VIDSTORE_INVALID, VIDSTORE_SUB_HTTP);
        ck_assert_int_eq(r.sink.writes, 0);
        done(&r);
    }
    fetch_whole(&r, "/a.mp4?encoding=utf-8", 1, 0);
    done(&r);
    fetch_whole(&r, "/a.mp4?encoding=identity", 1, 0);
    done(&r);
}
END_TEST

START_TEST(test_resume_by_date) {
    struct run r;
    fetch_whole(&r, "/a.mp4?drop=400000&noetag", 3, 0);
    ck_assert_int_eq(logged("/a.mp4?drop=400000&noetag", "\"if-range\": \"Sun, 13 Sep 2020"), 2);
    done(&r);
    fetch_whole(&r, "/a.mp4?drop=400000&weak", 3, 0);
    ck_assert_int_eq(logged("/a.mp4?drop=400000&weak", "\"if-range\": \"Sun, 13 Sep 2020"), 2);
    done(&r);
}
END_TEST

START_TEST(test_restart_without_validator) {
    static const char *const targets[] = {"/a.mp4?drop=400000x2&noetag&nomodified",
                                          "/a.mp4?drop=400000x2&weak&nomodified"};
    for (size_t i = 0; i < VS_COUNT(targets); i++) {
        struct run r;
        fetch_whole(&r, targets[i], 3, 2);
        ck_assert_int_eq(logged(targets[i], "\"range\""), 0);
        done(&r);
    }
}
END_TEST

START_TEST(test_restart_when_ranges_are_ignored) {
    struct run r;
    fetch_whole(&r, "/a.mp4?drop=400000x2&norange", 3, 2);
    done(&r);
}
END_TEST

START_TEST(test_restart_when_changed) {
    struct run r;
    fetch_whole(&r, "/a.mp4?drop=400000x2&etag-change", 3, 2);
    ck_assert_str_eq(r.res.validator, r.sink.validator);
    done(&r);
}
END_TEST

START_TEST(test_restart_when_the_part_does_not_fit) {
    struct run r;
    prepare(&r, "/a.mp4?drop=400000x1&badrange=2");
    go(&r);
    expect_whole(&r);
    ck_assert_int_eq(r.res.restarts, 1);
    ck_assert_int_eq(r.res.tries, 3);
    done(&r);
}
END_TEST

START_TEST(test_truncated_is_no_success) {
    struct run r;
    prepare(&r, "/a.mp4?short");
    r.req.tries = 3;
    go(&r);
    expect_error(&r, VIDSTORE_UNAVAILABLE, VIDSTORE_SUB_TRUNCATED);
    ck_assert_int_eq(vidstore_error_retryable(r.e), 1);
    ck_assert_int_eq(r.res.tries, 3);
    ck_assert_int_eq(r.res.done, 875002); /* 1/2 + 1/4 + 1/8, each rounded down: what came is kept for the next call */
    ck_assert_int_eq(r.res.total, SIZE);
    ck_assert_int_eq(memcmp(r.sink.data, content, r.sink.len), 0);
    done(&r);
    prepare(&r, "/a.mp4?short&chunked");
    r.req.tries = 1;
    go(&r);
    expect_error(&r, VIDSTORE_UNAVAILABLE, VIDSTORE_SUB_TRUNCATED);
    ck_assert_int_eq(r.res.total, -1);
    done(&r);
}
END_TEST

START_TEST(test_silence) {
    struct run r;
    prepare(&r, "/a.mp4?stall=500000x1");
    r.req.stall_ms = 400;
    go(&r);
    expect_whole(&r);
    ck_assert_int_eq(r.res.tries, 2);
    ck_assert_int_ge(r.took_us, 400000);
    done(&r);
    prepare(&r, "/a.mp4?hang");
    r.req.stall_ms = 300;
    r.req.tries = 2;
    go(&r);
    expect_error(&r, VIDSTORE_UNAVAILABLE, VIDSTORE_SUB_NONE);
    ck_assert_int_eq(r.res.tries, 2);
    ck_assert_int_lt(r.took_us, 3000000);
    done(&r);
}
END_TEST

/* --- resuming over calls --- */

static void take_part(struct run *r, const char *target, int64_t size) {
    r->sink.len = (size_t)size;
    r->sink.data = malloc((size_t)size);
    memcpy(r->sink.data, content, (size_t)size);
    r->req.offset = size;
    r->req.total = SIZE;
    struct run first;
    fetch_whole(&first, target, 1, 0);
    static char validator[VS_NET_VALIDATOR_MAX];
    snprintf(validator, sizeof validator, "%s", first.res.validator);
    r->req.validator = validator;
    done(&first);
}

START_TEST(test_continue) {
    struct run r;
    prepare(&r, "/a.mp4?continue");
    take_part(&r, "/a.mp4?first", 600000);
    go(&r);
    expect_whole(&r);
    ck_assert_int_eq(r.res.restarts, 0);
    ck_assert_int_eq(r.sink.head.offset, 600000);
    ck_assert_int_eq(r.res.http_status, 206);
    ck_assert_int_eq(logged("/a.mp4?continue", "\"range\": \"bytes=600000-\""), 1);
    ck_assert_str_eq(r.res.validator, r.req.validator);
    done(&r);
}
END_TEST

START_TEST(test_continue_at_the_end) {
    struct run r;
    prepare(&r, "/a.mp4");
    take_part(&r, "/a.mp4", SIZE);
    go(&r);
    expect_whole(&r);
    ck_assert_int_eq(r.res.http_status, 416);
    ck_assert_int_eq(r.sink.writes, 0);
    ck_assert_int_eq(r.res.restarts, 0);
    done(&r);
}
END_TEST

START_TEST(test_continue_impossible) {
    for (int i = 0; i < 5; i++) {
        struct run r;
        prepare(&r, "/a.mp4");
        take_part(&r, "/a.mp4", 600000);
        if (i == 0)
            r.req.validator = "\"another\"";
        else if (i == 1)
            r.req.validator = NULL;
        else if (i == 2)
            r.req.total = SIZE + 1; /* it has another size now, whatever the validator says */
        else if (i == 3)
            r.req.total = 599999;
        else
            snprintf(r.url, sizeof r.url, "http://127.0.0.1:%d/empty.mp4?noetag", server.port); /* 416 */
        memset(r.sink.data, 'x', r.sink.len);                                                   /* not to be kept */
        go(&r);
        if (i < 4)
            expect_whole(&r);
        ck_assert_int_eq(r.rc, 0);
        ck_assert_int_eq(r.res.restarts, 1);
        ck_assert_int_eq(r.res.total, i < 4 ? SIZE : 0);
        done(&r);
    }
}
END_TEST

/* --- answers that are errors --- */

START_TEST(test_server_errors) {
    struct run r;
    prepare(&r, "/a.mp4?fail=503x2");
    go(&r);
    expect_whole(&r);
    ck_assert_int_eq(r.res.tries, 3);
    done(&r);
    static const int again[] = {408, 425, 429, 500, 502, 503, 504};
    for (size_t i = 0; i < VS_COUNT(again); i++) {
        char target[64];
        snprintf(target, sizeof target, "/a.mp4?fail=%d", again[i]);
        fetch_error(target, VIDSTORE_UNAVAILABLE, VIDSTORE_SUB_HTTP, 2);
    }
}
END_TEST

START_TEST(test_refusals) {
    static const struct {
        int status, code;
    } cases[] = {{401, VIDSTORE_FORBIDDEN}, {403, VIDSTORE_FORBIDDEN}, {407, VIDSTORE_FORBIDDEN},
                 {451, VIDSTORE_FORBIDDEN}, {404, VIDSTORE_NOT_FOUND}, {410, VIDSTORE_NOT_FOUND},
                 {400, VIDSTORE_INVALID},   {416, VIDSTORE_INVALID},   {418, VIDSTORE_INVALID},
                 {204, VIDSTORE_INVALID},   {206, VIDSTORE_INVALID},   {300, VIDSTORE_INVALID}};
    for (size_t i = 0; i < VS_COUNT(cases); i++) {
        char target[64], number[8];
        snprintf(target, sizeof target, "/a.mp4?fail=%d", cases[i].status);
        snprintf(number, sizeof number, "%d", cases[i].status);
        struct run r;
        prepare(&r, target);
        go(&r);
        expect_error(&r, cases[i].code, VIDSTORE_SUB_HTTP);
        ck_assert_int_eq(r.res.tries, 1);
        ck_assert_int_eq(r.res.http_status, cases[i].status);
        ck_assert_ptr_nonnull(strstr(vidstore_error_message(r.e), number));
        ck_assert_str_eq(vidstore_error_field(r.e), "url");
        ck_assert_int_eq(vidstore_error_retryable(r.e), 0);
        done(&r);
    }
    fetch_error("/nothing.mp4", VIDSTORE_NOT_FOUND, VIDSTORE_SUB_HTTP, 1);
    fetch_error("/a.mp4?bighead", VIDSTORE_UNAVAILABLE, VIDSTORE_SUB_HTTP, 1);
}
END_TEST

START_TEST(test_retry_after) {
    struct run r;
    prepare(&r, "/a.mp4?fail=503x1&retry-after=1");
    go(&r);
    expect_whole(&r);
    ck_assert_int_ge(r.took_us, 1000000);
    ck_assert_int_ge(r.sink.ticks, 10); /* the caller is asked while waiting, too */
    done(&r);
    prepare(&r, "/a.mp4?fail=429&retry-after=90");
    go(&r);
    expect_error(&r, VIDSTORE_UNAVAILABLE, VIDSTORE_SUB_HTTP);
    ck_assert_int_eq(vidstore_error_retry_after_ms(r.e), 90000);
    ck_assert_int_eq(r.res.tries, 1);
    ck_assert_int_lt(r.took_us, 5000000);
    done(&r);
}
END_TEST

START_TEST(test_nobody_there) {
    struct run r;
    prepare(&r, "/");
    int s = socket(AF_INET, SOCK_STREAM, 0); /* bound but not listening: the port refuses */
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    ck_assert_int_eq(bind(s, (struct sockaddr *)&a, len), 0);
    ck_assert_int_eq(getsockname(s, (struct sockaddr *)&a, &len), 0);
    snprintf(r.url, sizeof r.url, "http://127.0.0.1:%d/", ntohs(a.sin_port));
    r.req.tries = 2;
    go(&r);
    expect_error(&r, VIDSTORE_UNAVAILABLE, VIDSTORE_SUB_NONE);
    ck_assert_int_eq(r.res.tries, 2);
    ck_assert_int_eq(r.res.http_status, 0);
    ck_assert_int_eq(vidstore_error_retryable(r.e), 1);
    close(s);
    done(&r);
}
END_TEST

/* --- limits and stops --- */

START_TEST(test_too_large) {
    static const char *const targets[] = {"/a.mp4", "/a.mp4?chunked", "/a.mp4?nolength"};
    for (size_t i = 0; i < VS_COUNT(targets); i++) {
        struct run r;
        prepare(&r, targets[i]);
        r.req.allow_unsized = 1;
        r.req.max_bytes = SIZE - 1;
        go(&r);
        expect_error(&r, VIDSTORE_INVALID, VIDSTORE_SUB_TOO_LARGE);
        ck_assert_str_eq(vidstore_error_field(r.e), "url");
        ck_assert_int_le(r.res.done, SIZE - 1);
        if (i == 0) /* announced: not one byte is taken */
            ck_assert_int_eq(r.sink.writes, 0);
        done(&r);
        prepare(&r, targets[i]);
        r.req.allow_unsized = 1;
        r.req.max_bytes = SIZE;
        go(&r);
        expect_whole(&r);
        done(&r);
    }
}
END_TEST

START_TEST(test_sink_refuses) {
    for (int i = 0; i < 2; i++) {
        struct run r;
        prepare(&r, "/a.mp4?sink");
        r.sink.refuse = VIDSTORE_FULL;
        r.sink.refuse_at = 500000;
        r.sink.e = i ? &r.e : NULL;
        go(&r);
        ck_assert_int_eq(r.rc, VIDSTORE_FULL);
        ck_assert_int_eq(r.res.tries, 1);
        ck_assert_int_gt(r.res.done, 0);
        if (i)
            ck_assert_str_eq(vidstore_error_message(r.e), "no room");
        done(&r);
    }
}
END_TEST

/* The machine may be busy with something else: one of three must be in time. */
static void expect_stop(const char *target, int stop, int code) {
    int64_t took = 0, longest = 0;
    for (int i = 0; i < 3; i++) {
        struct run r;
        prepare(&r, target);
        r.sink.stop = stop;
        go(&r);
        ck_assert_int_eq(r.rc, code);
        took = r.took_us / 1000;
        longest = r.sink.longest_us / 1000;
        done(&r);
        if (took < 600 && longest < 200)
            return;
    }
    ck_abort_msg("%s: stopped after %d ms, asked after %d ms", target, (int)took, (int)longest);
}

START_TEST(test_stop) {
    expect_stop("/a.mp4?slow=100000", 1, VIDSTORE_CANCELLED);
    expect_stop("/a.mp4?slow=100000", VIDSTORE_CANCELLED, VIDSTORE_CANCELLED);
    expect_stop("/a.mp4?slow=100000", VIDSTORE_LEASE_LOST, VIDSTORE_LEASE_LOST);
    expect_stop("/a.mp4?hang", 1, VIDSTORE_CANCELLED);
    expect_stop("/a.mp4?stall=1000", 1, VIDSTORE_CANCELLED);
    expect_stop("/a.mp4?fail=503&retry-after=10", 1, VIDSTORE_CANCELLED);
}
END_TEST

START_TEST(test_deadline) {
    static const char *const targets[] = {"/a.mp4?slow=100000", "/a.mp4?hang", "/a.mp4?fail=503&retry-after=10"};
    for (size_t i = 0; i < VS_COUNT(targets); i++) {
        struct run r;
        prepare(&r, targets[i]);
        r.req.deadline_ms = 400;
        go(&r);
        expect_error(&r, VIDSTORE_TIMEOUT, VIDSTORE_SUB_NONE);
        ck_assert_int_lt(r.took_us, 3000000);
        done(&r);
    }
}
END_TEST

START_TEST(test_arguments) {
    for (int i = 0; i < 12; i++) {
        char validator[VS_NET_VALIDATOR_MAX + 1] = "\"x\"\r\nHost: y";
        const char *field = NULL;
        struct run r;
        prepare(&r, "/a.mp4?never");
        int code = VIDSTORE_INVALID;
        switch (i) {
        case 0:
            r.req.write = NULL, code = VIDSTORE_MISUSE;
            break;
        case 1:
            r.req.restart = NULL, code = VIDSTORE_MISUSE;
            break;
        case 2:
            r.req.url = NULL, code = VIDSTORE_MISUSE, field = "url";
            break;
        case 3:
            r.req.url = "file:///etc/passwd", field = "url";
            break;
        case 4:
            r.req.max_bytes = -1, field = "max_bytes";
            break;
        case 5:
            r.req.connect_timeout_ms = INT64_MAX, field = "connect_timeout_ms";
            break;
        case 6:
            r.req.stall_ms = -5, field = "stall_ms";
            break;
        case 7:
            r.req.deadline_ms = INT64_MAX, field = "deadline_ms";
            break;
        case 8:
            r.req.tries = 101, field = "tries";
            break;
        case 9:
            r.req.tries = -1, field = "tries";
            break;
        case 10:
            r.req.validator = validator, field = "validator";
            break;
        default:
            memset(validator, 'x', VS_NET_VALIDATOR_MAX);
            validator[VS_NET_VALIDATOR_MAX] = '\0';
            r.req.validator = validator, field = "validator";
        }
        go(&r);
        ck_assert_int_eq(r.rc, code);
        if (field)
            ck_assert_str_eq(vidstore_error_field(r.e), field);
        done(&r);
    }
    ck_assert_int_eq(logged("/a.mp4?never", ""), 0);
}
END_TEST

/* --- many, and without memory --- */

static void *fetch_in_thread(void *arg) {
    struct run *r = arg;
    r->req.arg = &r->sink;
    r->rc = vs_net_fetch(&r->req, &r->res, &r->e);
    return NULL;
}

START_TEST(test_threads) {
    enum { N = 16 };
    static struct run runs[N];
    pthread_t threads[N];
    for (int i = 0; i < N; i++) {
        char target[64];
        snprintf(target, sizeof target, "/a.mp4?drop=300000&thread=%d", i);
        prepare(&runs[i], target);
        ck_assert_int_eq(pthread_create(&threads[i], NULL, fetch_in_thread, &runs[i]), 0);
    }
    for (int i = 0; i < N; i++) {
        pthread_join(threads[i], NULL);
        expect_whole(&runs[i]);
        done(&runs[i]);
    }
}
END_TEST

static atomic_int allocations_left;

static void *failing_alloc(void *p, size_t size) {
    return atomic_fetch_sub(&allocations_left, 1) > 0 ? vs_env_real.alloc(p, size) : NULL;
}

START_TEST(test_without_memory) {
    struct vs_env env = vs_env_real;
    env.alloc = failing_alloc;
    vs_env_set(&env);
    int rc = VIDSTORE_NOMEM, n = 0;
    for (; n < 100; n++) {
        struct run r;
        prepare(&r, "/a.mp4?memory");
        atomic_store(&allocations_left, n);
        r.req.arg = &r.sink;
        rc = r.rc = vs_net_fetch(&r.req, &r.res, &r.e);
        ck_assert_msg(rc == 0 || rc == VIDSTORE_NOMEM, "allocation %d: %d", n, rc);
        ck_assert_int_eq(vidstore_error_code(r.e), rc);
        if (rc == 0)
            expect_whole(&r);
        int used = n - atomic_load(&allocations_left);
        done(&r);
        if (rc == 0 && used < n)
            break;
    }
    vs_env_set(NULL);
    ck_assert_int_eq(rc, 0);
    ck_assert_int_ge(n, 3);
}
END_TEST

Suite *net_suite(void);
Suite *net_suite(void) {
    const TTest *const tests[] = {
        test_whole,
        test_empty,
        test_length_unknown,
        test_end_not_told,
        test_more_than_announced,
        test_name,
        test_resume,
        test_resume_in_parts,
        test_part_of_nobody_knows_what,
        test_no_rest_of_something_else,
        test_coded,
        test_resume_by_date,
        test_restart_without_validator,
        test_restart_when_ranges_are_ignored,
        test_restart_when_changed,
        test_restart_when_the_part_does_not_fit,
        test_truncated_is_no_success,
        test_silence,
        test_continue,
        test_continue_at_the_end,
        test_continue_impossible,
        test_server_errors,
        test_refusals,
        test_retry_after,
        test_nobody_there,
        test_too_large,
        test_sink_refuses,
        test_stop,
        test_deadline,
        test_arguments,
        test_threads,
        test_without_memory,
    };
    Suite *s = suite_create("net");
    TCase *t = tcase_create("fetch");
    tcase_add_unchecked_fixture(t, setup, teardown);
    for (size_t i = 0; i < VS_COUNT(tests); i++)
        tcase_add_test(t, tests[i]);
    suite_add_tcase(s, t);
    return s;
}
