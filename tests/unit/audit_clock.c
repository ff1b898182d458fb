/* SPDX-License-Identifier: MIT */
/* The audit while somebody sets the clock, with one that the test moves. Group 57 of the attacks. */
#include "../api/work.h"
#include "moved_clock.h"

#define HOUR_US INT64_C(3600000000)
#define YEAR_US (INT64_C(8766) * HOUR_US)

static void record(void) {
    must(vidstore_audit_record(sys, "host", NULL, "an event", NULL, e));
}

static void holds(void) {
    vidstore_text *text = NULL;
    must(vidstore_audit_verify(sys, NULL, &text, e));
    ck_assert_msg(!strstr(vidstore_text_data(text), "\"verdict\":\"broken\""), "%s", vidstore_text_data(text));
    vidstore_text_free(text);
}

static vidstore_audit_event *last(void) {
    vidstore_query *q = vidstore_query_new();
    vidstore_page *page = NULL;
    must(vidstore_query_filter(q, "noun = host and chain = activity", e));
    vidstore_query_limit(q, 1);
    must(vidstore_audit_list(sys, q, &page, e));
    ck_assert_int_eq(vidstore_page_count(page), 1);
    vidstore_audit_event *event = vidstore_audit_event_ref(vidstore_page_audit_event(page, 0));
    vidstore_page_free(page);
    vidstore_query_free(q);
    return event;
}

/* Where the clock goes to, and back: an hour, to 1970, to 2262, and all ways between. */
static const int64_t steps[] = {-HOUR_US, HOUR_US, -50 * YEAR_US, 200 * YEAR_US, -1, 0};

START_TEST(group_57_a_clock_that_is_set) {
    record();
    vidstore_audit_event *before = last();
    ahead = steps[_i];
    record();
    vidstore_audit_event *after = last();
    int64_t was = vidstore_audit_event_int64(before, VIDSTORE_AUDIT_CREATED_US),
            is = vidstore_audit_event_int64(after, VIDSTORE_AUDIT_CREATED_US),
            back = vidstore_audit_event_int64(after, VIDSTORE_AUDIT_BACK_US);
    ck_assert_int_ge(is, was); /* never back, and what the clock said is known */
    ck_assert_int_ge(back, 0);
    ck_assert_int_eq(back > 0, ahead < -1000000);
    if (ahead < -1000000)
        ck_assert_int_lt(is - back, was);
    holds();
    ahead = 0;
    record();
    holds();
    vidstore_audit_event_free(before);
    vidstore_audit_event_free(after);
}
END_TEST

static int64_t alerts(void) {
    vidstore_query *q = vidstore_query_new();
    int64_t count = 0;
    must(vidstore_maintain(sys, 1000, 0, NULL, e));
    must(vidstore_query_filter(q, "action = alert and object_name = clock_back", e));
    vidstore_query_flags(q, VIDSTORE_QUERY_SCAN);
    must(vidstore_audit_count(sys, q, &count, e));
    vidstore_query_free(q);
    return count;
}

START_TEST(group_57_is_told) {
    record();
    ahead = -4 * 1000000; /* as a time server does */
    record();
    ck_assert_int_eq(alerts(), 0);
    ahead = -HOUR_US;
    record();
    ck_assert_int_eq(alerts(), 1);
    ck_assert_int_eq(alerts(), 1);
}
END_TEST

Suite *audit_clock_suite(void);
Suite *audit_clock_suite(void) {
    Suite *suite = suite_create("audit_clock");
    TCase *clock = tcase_create("clock");
    tcase_add_checked_fixture(clock, begin_moved, end_moved);
    tcase_add_loop_test(clock, group_57_a_clock_that_is_set, 0, sizeof steps / sizeof *steps);
    tcase_add_test(clock, group_57_is_told);
    suite_add_tcase(suite, clock);
    return suite;
}
