/* SPDX-License-Identifier: MIT */
/* Bytes that lie in no file: read for a process that may ask for anything, by a reader that may fail. */
#include "media_harness.h"
#include "util/error.h"
#include <sys/socket.h>

enum { SIZE = 1 << 20 };

/* A reader, and how it behaves. */
struct shelf {
    int fd; /* -1: bytes that are their own place */
    int64_t asked, calls;
    int64_t fails_at; /* of the calls; -1: never */
    size_t most;      /* bytes a call; 0: all that is asked for */
    int lies;         /* gives more than it was asked for */
    int64_t sleep_ms;
};

static int read_shelf(void *arg, int64_t offset, void *buf, size_t len, size_t *ret_len, vidstore_error **e) {
    struct shelf *shelf = arg;
    ck_assert_int_ge(offset, 0);
    ck_assert_uint_ge(len, 1);
    ck_assert_uint_le(len, VS_MEDIA_RANGE_MAX);
    shelf->asked += (int64_t)len;
    *ret_len = 0;
    if (shelf->calls++ == shelf->fails_at)
        return vs_fail_sub(e, VIDSTORE_UNAVAILABLE, VIDSTORE_SUB_NONE, NULL, "the shelf is closed");
    if (shelf->sleep_ms)
        usleep((useconds_t)shelf->sleep_ms * 1000);
    if (shelf->most && len > shelf->most)
        len = shelf->most;
    ssize_t got = (ssize_t)len;
    if (shelf->fd >= 0)
        got = pread(shelf->fd, buf, len, offset);
    else
        for (size_t i = 0; i < len; i++)
            ((uint8_t *)buf)[i] = (uint8_t)(((uint64_t)offset + i) * 31 >> 3);
    *ret_len = (size_t)got + (shelf->lies ? 1 : 0);
    return 0;
}

/* --- the serving alone -------------------------------------------------------------------------------------------- */

static struct vs_media_ranges ranges;
static struct shelf shelf;
static struct vs_probe_bytes bytes;
static int child;

static void begin_serving(int64_t max_read) {
    shelf = (struct shelf){.fd = -1, .fails_at = -1};
    bytes = (struct vs_probe_bytes){SIZE, read_shelf, &shelf};
    ck_assert_int_eq(vs_media_ranges_begin(&ranges, &bytes, max_read, &child, NULL), 0);
}

static void end_serving(void) {
    close(child);
    vs_media_ranges_end(&ranges);
    vs_media_ranges_end(&ranges);
}

static void ask_for(int64_t offset, uint32_t size) {
    struct vs_media_range range = {.offset = offset, .size = size};
    ck_assert_int_eq(send(child, &range, sizeof range, MSG_NOSIGNAL), (ssize_t)sizeof range);
    vs_media_ranges_serve(&ranges, vs_mono_us() + 1000000);
}

/* What comes back: a length; -2 when it was hung up on. */
static int32_t told(void) {
    static char data[VS_MEDIA_RANGE_MAX];
    int32_t length;
    if (recv(child, &length, sizeof length, MSG_WAITALL) != (ssize_t)sizeof length)
        return -2;
    if (length > 0)
        ck_assert_int_eq(recv(child, data, (size_t)length, MSG_WAITALL), length);
    return length;
}

START_TEST(ranges_are_given) {
    begin_serving(SIZE);
    ask_for(0, 16);
    ck_assert_int_eq(told(), 16);
    ask_for(SIZE - 5, 100);
    ck_assert_int_eq(told(), 5);
    ask_for(SIZE, 1);
    ck_assert_int_eq(told(), 0);
    ask_for(INT64_MAX, 1);
    ck_assert_int_eq(told(), 0);
    ck_assert_int_eq(shelf.calls, 2); /* what lies behind the end is nobody's to read */
    /* in pieces */
    struct vs_media_range range = {.offset = 7, .size = 9};
    for (size_t i = 0; i < sizeof range; i++) {
        ck_assert_int_eq(send(child, (char *)&range + i, 1, 0), 1);
        vs_media_ranges_serve(&ranges, vs_mono_us() + 1000000);
    }
    ck_assert_int_eq(told(), 9);
    end_serving();
}
END_TEST

START_TEST(nonsense_ends_it) {
    static const struct {
        int64_t offset;
        uint32_t size;
    } bad[] = {{-1, 10}, {INT64_MIN, 10}, {0, 0}, {0, VS_MEDIA_RANGE_MAX + 1}, {0, UINT32_MAX}};
    begin_serving(SIZE);
    ask_for(bad[_i].offset, bad[_i].size);
    ck_assert_int_eq(told(), -2);
    ck_assert_int_eq(ranges.sock, -1);
    ck_assert_int_eq(shelf.calls, 0);
    end_serving();
}
END_TEST

START_TEST(there_is_an_end_to_it) {
    int64_t n = 0;
    begin_serving(SIZE);
    for (; n < 100000 && ranges.sock >= 0; n++) {
        ask_for(0, _i ? 1 : 65536); /* what the socket holds */
        told();
    }
    ck_assert_int_le(shelf.asked, 3 * SIZE);
    ck_assert_int_le(n, 3 * SIZE / 4096);
    end_serving();
}
END_TEST

/* It does not take what it asked for: nobody waits longer than until the deadline. */
START_TEST(nobody_listens) {
    begin_serving(INT64_MAX);
    int64_t began = vs_mono_us();
    for (int i = 0; i < 100 && ranges.sock >= 0; i++) {
        struct vs_media_range range = {.offset = 0, .size = VS_MEDIA_RANGE_MAX};
        if (send(child, &range, sizeof range, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
            break;
        vs_media_ranges_serve(&ranges, vs_mono_us() + 50000);
    }
    ck_assert_int_lt(vs_mono_us() - began, 1000000 * patience());
    ck_assert_int_eq(ranges.sock, -1);
    end_serving();
}
END_TEST

/* --- whole probes ------------------------------------------------------------------------------------------------- */

static int probe_shelf(struct shelf *from, int64_t size, const struct vs_probe_limits *limits, struct vs_probe **ret,
                       vidstore_error **e) {
    struct vs_probe_bytes of = {size, read_shelf, from};
    return vs_probe_bytes(prober, &of, limits, ret, e);
}

START_TEST(a_file_in_ranges) {
    struct stat st;
    struct shelf from = {.fd = open_in_folder("noise.bin", O_RDONLY), .fails_at = -1, .most = _i ? 1000 : 0};
    vs_autoprobe *p = NULL;
    fstat(from.fd, &st);
    ck_assert_int_eq(probe_shelf(&from, st.st_size, NULL, &p, NULL), 0);
    ck_assert_str_eq(p->status, "not_media");
    ck_assert_int_eq(p->size, st.st_size);
    ck_assert_int_eq(strncmp(p->isolation, "fork", 4), 0);
    ck_assert_int_gt(from.asked, 0);
    close(from.fd);
}
END_TEST

/* What the reader failed with is what the call fails with, wherever it was. */
START_TEST(the_reader_fails) {
    struct stat st;
    vidstore_error *e = NULL;
    struct vs_probe *p = NULL;
    struct shelf from = {.fd = open_in_folder("noise.bin", O_RDONLY), .fails_at = _i};
    fstat(from.fd, &st);
    int rc = probe_shelf(&from, st.st_size, NULL, &p, &e);
    ck_assert(rc == VIDSTORE_UNAVAILABLE || from.calls <= _i);
    if (rc)
        ck_assert_str_eq(vidstore_error_message(e), "the shelf is closed");
    vidstore_error_free(e);
    vs_probe_free(p);
    close(from.fd);
    expect_status("text.mp4", "not_media");
}
END_TEST

/* One that says that it gave more than it was asked for has given nothing. */
START_TEST(the_reader_lies) {
    struct shelf from = {.fd = -1, .fails_at = -1, .lies = 1};
    vs_autoprobe *p = NULL;
    ck_assert_int_eq(probe_shelf(&from, SIZE, NULL, &p, NULL), 0);
    ck_assert_str_eq(p->status, "io_error");
}
END_TEST

START_TEST(the_reader_is_slow) {
    struct shelf from = {.fd = -1, .fails_at = -1, .sleep_ms = _i ? 3500 : 150};
    vs_autoprobe *p = NULL;
    ck_assert_int_eq(probe_shelf(&from, SIZE, &(struct vs_probe_limits){.timeout_ms = 100}, &p, NULL), 0);
    ck_assert_str_eq(p->status, "limit_time");
    expect_status("text.mp4", "not_media"); /* the helper was not to blame */
}
END_TEST

START_TEST(the_budget_holds) {
    struct shelf from = {.fd = -1, .fails_at = -1};
    vs_autoprobe *p = NULL;
    ck_assert_int_eq(probe_shelf(&from, INT64_C(1) << 40, &(struct vs_probe_limits){.max_read = 100000}, &p, NULL), 0);
    ck_assert_str_eq(p->status, "limit_read");
    ck_assert_int_le(from.asked, 100000 + VS_MEDIA_RANGE_MAX);
}
END_TEST

static void *give_up_soon(void *arg) {
    usleep(50000);
    atomic_store((atomic_int *)arg, 1);
    return NULL;
}

START_TEST(the_caller_gives_up) {
    atomic_int cancel = 0;
    vidstore_error *e = NULL;
    struct vs_probe *p = NULL;
    pthread_t thread;
    struct shelf from = {.fd = -1, .fails_at = -1, .sleep_ms = 5};
    int64_t began = vs_mono_us();
    struct vs_probe_limits limits = {.cancel = &cancel, .timeout_ms = 20000, .places = 1};
    pthread_create(&thread, NULL, give_up_soon, &cancel);
    from.most = 16; /* so that it takes as long as it may */
    ck_assert_int_eq(probe_shelf(&from, INT64_C(1) << 40, &limits, &p, &e), VIDSTORE_CANCELLED);
    pthread_join(thread, NULL);
    ck_assert_ptr_null(p);
    ck_assert_int_lt(vs_mono_us() - began, 2000000 * patience());
    vidstore_error_free(e);
    expect_status("text.mp4", "not_media");
}
END_TEST

Suite *media_ranges_suite(void);
Suite *media_ranges_suite(void) {
    Suite *suite = suite_create("media_ranges");
    TCase *serving = tcase_create("serving");
    tcase_set_timeout(serving, 60);
    tcase_add_test(serving, ranges_are_given);
    tcase_add_loop_test(serving, nonsense_ends_it, 0, 5);
    tcase_add_loop_test(serving, there_is_an_end_to_it, 0, 2);
    tcase_add_test(serving, nobody_listens);
    suite_add_tcase(suite, serving);
    TCase *c = new_case(suite, "probes", set_up_files, remove_files);
    tcase_add_loop_test(c, a_file_in_ranges, 0, 2);
    tcase_add_loop_test(c, the_reader_fails, 0, 4);
    tcase_add_test(c, the_reader_lies);
    tcase_add_loop_test(c, the_reader_is_slow, 0, 2);
    tcase_add_test(c, the_budget_holds);
    tcase_add_test(c, the_caller_gives_up);
    return suite;
}
