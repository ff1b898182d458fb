/* SPDX-License-Identifier: MIT */
/* Waiting for changes in a thread that another one wants to end. */
#include "watched.h"
#include <pthread.h>
#include <signal.h>

enum { LONG_MS = 60000, SOON_US = 5000000, ROUNDS = 200 };

static int64_t clock_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

struct waiter {
    vidstore_watch *watch;
    pthread_t thread;
    int64_t wait_ms, took_us;
    vidstore_status status;
    int32_t ready;
};

static void *wait_for(void *arg) {
    struct waiter *w = arg;
    int64_t began = clock_us();
    w->status = vidstore_watch_wait(w->watch, w->wait_ms, &w->ready, NULL);
    w->took_us = clock_us() - began;
    return NULL;
}

static void start_waiting(struct waiter *w, vidstore_watch *watch) {
    *w = (struct waiter){.watch = watch, .wait_ms = LONG_MS, .status = 1};
    ck_assert_int_eq(pthread_create(&w->thread, NULL, wait_for, w), 0);
}

static void nap(int64_t us) {
    nanosleep(&(struct timespec){.tv_nsec = us * 1000}, NULL);
}

static void ends(struct waiter *w, vidstore_status status, int32_t ready) {
    ck_assert_int_eq(pthread_join(w->thread, NULL), 0);
    ck_assert_int_eq(w->status, status);
    ck_assert_int_eq(w->ready, ready);
    ck_assert_msg(w->took_us < SOON_US, "the wait took %lld us", (long long)w->took_us);
}

START_TEST(an_interrupt_ends_the_wait) {
    struct waiter w;
    vidstore_watch *watch = watch_from(sys, NULL, NULL);
    start_waiting(&w, watch);
    nap(50000);
    refused(VIDSTORE_MISUSE, "session", vidstore_watch_next(watch, 1, NULL, e)); /* it is in use */
    vidstore_watch_interrupt(watch);
    ends(&w, VIDSTORE_CANCELLED, 0);
    add_video(sys, "after", NULL);
    ck_assert_int_eq(wait_ready(watch, LONG_MS), 1);
    expect(watch, "video:created ");
    vidstore_watch_free(watch);
}
END_TEST

START_TEST(who_is_about_to_wait_is_not_missed) {
    int32_t ready = 1;
    vidstore_watch *watch = watch_from(sys, NULL, NULL);
    add_video(sys, "there", NULL);
    ck_assert_int_eq(wait_ready(watch, LONG_MS), 1);
    vidstore_watch_interrupt(watch);
    vidstore_watch_interrupt(watch);
    refused(VIDSTORE_CANCELLED, NULL, vidstore_watch_wait(watch, LONG_MS, &ready, e));
    ck_assert_int_eq(ready, 0);
    ck_assert_int_eq(wait_ready(watch, LONG_MS), 1); /* only one, and what was there is there still */
    expect(watch, "video:created ");
    ck_assert_int_eq(wait_ready(watch, 0), 0);
    for (int i = 0; i < ROUNDS; i++) {
        struct waiter w;
        start_waiting(&w, watch);
        nap(i * 2);
        vidstore_watch_interrupt(watch);
        ends(&w, VIDSTORE_CANCELLED, 0);
    }
    vidstore_watch_free(watch);
    vidstore_watch_interrupt(NULL);
}
END_TEST

static vidstore_watch *signalled;

static void on_signal(int number) {
    (void)number;
    vidstore_watch_interrupt(signalled);
}

START_TEST(a_signal_handler_may_do_it) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART}, before;
    signalled = watch_from(sys, NULL, NULL);
    ck_assert_int_eq(sigaction(SIGUSR1, &action, &before), 0);
    ck_assert_int_eq(raise(SIGUSR1), 0);
    refused(VIDSTORE_CANCELLED, NULL, vidstore_watch_wait(signalled, LONG_MS, NULL, e));
    ck_assert_int_eq(sigaction(SIGUSR1, &before, NULL), 0);
    vidstore_watch_free(signalled);
}
END_TEST

/* Closing the store ends no wait: others change it still. */
START_TEST(it_goes_on_when_the_store_is_closed) {
    struct waiter w;
    vidstore_watch *watch = watch_from(sys, NULL, NULL);
    start_waiting(&w, watch);
    nap(50000);
    close_store();
    nap(50000);
    open_store();
    add_video(sys, "by another handle", NULL);
    ends(&w, VIDSTORE_OK, 1);
    expect(watch, "video:created ");
    start_waiting(&w, watch);
    nap(50000);
    close_store();
    vidstore_watch_interrupt(watch);
    ends(&w, VIDSTORE_CANCELLED, 0);
    vidstore_watch_free(watch);
    open_store();
}
END_TEST

static void interrupt_in_child(void *arg) {
    vidstore_watch_interrupt(arg);
}

START_TEST(a_child_interrupts_nothing) {
    vidstore_watch *watch = watch_from(sys, NULL, NULL);
    in_child(interrupt_in_child, watch);
    ck_assert_int_eq(wait_ready(watch, 0), 0);
    vidstore_watch_free(watch);
}
END_TEST

Suite *watch_wait_suite(void) {
    Suite *suite = suite_create("watch_wait");
    TCase *c = tcase_create("watch_wait");
    tcase_add_checked_fixture(c, begin, end);
    tcase_set_timeout(c, 60);
    tcase_add_test(c, an_interrupt_ends_the_wait);
    tcase_add_test(c, who_is_about_to_wait_is_not_missed);
    tcase_add_test(c, a_signal_handler_may_do_it);
    tcase_add_test(c, it_goes_on_when_the_store_is_closed);
    tcase_add_test(c, a_child_interrupts_nothing);
    suite_add_tcase(suite, c);
    return suite;
}
