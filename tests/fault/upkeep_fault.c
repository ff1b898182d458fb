/* SPDX-License-Identifier: MIT */
/* The calls of the upkeep with each of their allocations failing in turn: NOMEM, nothing handed out, nothing half-made
 * left behind. */
#include "fault.h"
#include <check.h>
#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vidstore/vidstore.h>

enum { MOST_ALLOCATIONS = 20000 };

static char folder[64], place[80], backup_place[80], target[96];
static vidstore *store;
static vidstore_session *session;

typedef vidstore_status operation(vidstore_text **ret, vidstore_error **reterr);

static void must(vidstore_status status, vidstore_error *error) {
    ck_assert_msg(status == VIDSTORE_OK, "%s: %s", vidstore_status_name(status), vidstore_error_message(error));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at) {
    (void)st, (void)type, (void)at;
    return remove(path);
}

/* Names in the folder: the store, the backup, and what should not be there. */
static int entries(void) {
    int count = 0;
    DIR *d = opendir(folder);
    ck_assert_ptr_nonnull(d);
    for (struct dirent *it = readdir(d); it; it = readdir(d))
        count += it->d_name[0] != '.';
    closedir(d);
    return count;
}

static vidstore_status stats(vidstore_text **ret, vidstore_error **reterr) {
    return vidstore_stats(session, ret, reterr);
}

static vidstore_status maintain(vidstore_text **ret, vidstore_error **reterr) {
    return vidstore_maintain(session, 1000, VIDSTORE_MAINTAIN_ALL, ret, reterr);
}

static vidstore_status look_first(vidstore_text **ret, vidstore_error **reterr) {
    return vidstore_maintain(session, 1000, VIDSTORE_MAINTAIN_DRY_RUN, ret, reterr);
}

static vidstore_status doctor(vidstore_text **ret, vidstore_error **reterr) {
    return vidstore_doctor(session, 0, ret, reterr);
}

static vidstore_status backup(vidstore_text **ret, vidstore_error **reterr) {
    return vidstore_backup(session, target, 0, ret, reterr);
}

static vidstore_status restore(vidstore_text **ret, vidstore_error **reterr) {
    return vidstore_restore(backup_place, target, 0, ret, reterr);
}

/* 1 when there was no n-th allocation. */
static int attempt(operation *run, long nth) {
    vidstore_error *error = NULL;
    vidstore_text *text = (vidstore_text *)-1;
    fault_arm(nth);
    vidstore_status status = run(&text, &error);
    int hit = fault_disarm();
    if (status == VIDSTORE_OK) {
        ck_assert_ptr_nonnull(text);
        ck_assert_ptr_null(error);
        vidstore_text_free(text);
        nftw(target, remove_one, 16, FTW_DEPTH | FTW_PHYS); /* where there is one */
        return !hit;
    }
    ck_assert_msg(status == VIDSTORE_NOMEM, "allocation %ld: %s: %s", nth, vidstore_status_name(status),
                  vidstore_error_message(error));
    ck_assert_int_eq(vidstore_error_code(error), status);
    ck_assert_ptr_null(text);
    vidstore_error_free(error);
    ck_assert_msg(entries() == 2, "allocation %ld: something was left behind", nth);
    return 0;
}

/* A job that is due for the clean-up, one that is not, and a file. */
static void make_records(void) {
    vidstore_error *error = NULL;
    vidstore_job *job = NULL;
    char path[96];
    for (int i = 0; i < 2; i++) {
        must(vidstore_job_submit(session, NULL, &job, &error), error);
        must(vidstore_job_cancel(session, vidstore_job_id(job), NULL, &error), error);
        vidstore_job_free(job);
    }
    snprintf(path, sizeof path, "%s.txt", place);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    fputs("bytes", f);
    fclose(f);
    must(vidstore_file_put_path(session, path, NULL, NULL, &error), error);
    ck_assert_int_eq(unlink(path), 0);
}

static void begin(void) {
    vidstore_error *error = NULL;
    snprintf(folder, sizeof folder, "/tmp/vidstore-fault-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(place, sizeof place, "%s/store", folder);
    snprintf(backup_place, sizeof backup_place, "%s/backup", folder);
    snprintf(target, sizeof target, "%s/target", folder);
    must(vidstore_open(place, NULL, &store, &error), error);
    must(vidstore_session_system(store, "test", &session, &error), error);
    make_records();
    must(vidstore_backup(session, backup_place, 0, NULL, &error), error);
}

static void end(void) {
    vidstore_session_free(session);
    vidstore_close(store);
    ck_assert_int_eq(nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static operation *const operations[] = {stats, maintain, look_first, doctor, backup, restore};

START_TEST(every_allocation) {
    long nth = 1;
    while (!attempt(operations[_i], nth))
        ck_assert_int_lt(++nth, MOST_ALLOCATIONS);
    ck_assert_msg(nth > 1, "nothing was allocated: the operation does nothing");
}
END_TEST

Suite *upkeep_fault_suite(void);

Suite *upkeep_fault_suite(void) {
    Suite *suite = suite_create("upkeep_fault");
    TCase *tests = tcase_create("allocations");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_loop_test(tests, every_allocation, 0, sizeof operations / sizeof *operations);
    suite_add_tcase(suite, tests);
    return suite;
}
