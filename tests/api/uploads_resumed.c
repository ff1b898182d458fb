/* SPDX-License-Identifier: MIT */
/* Uploads that outlive what began them: resumed, published again, given up, or killed. */
#include "uploads.h"

START_TEST(an_upload_outlives_its_session) {
    vidstore_session *first = NULL;
    must(vidstore_session_system(store, "first", &first, e));
    vidstore_upload *up = open_upload(first, "x");
    must(vidstore_upload_write(up, "ab", 2, e));
    vidstore_session_free(first);
    must(vidstore_upload_write(up, "c", 1, e));
    must(vidstore_upload_seal(up, 3, e));
    holds(sys, publish(sys, up), "abc", 3);
    vidstore_upload_free(up);
}
END_TEST

START_TEST(publishing_takes_part_in_a_transaction) {
    vidstore_upload *up = sealed_upload(sys, "x", "abc", 3), *other = NULL;
    vidstore_file_params *p = named_params("y");
    must(vidstore_begin(sys, 0, e));
    struct id id = publish(sys, up);
    vidstore_file *file = get(sys, id);
    vidstore_file_free(file);
    refused(VIDSTORE_STATE, "session", vidstore_upload_open(sys, p, &other, e));
    refused(VIDSTORE_STATE, "session", vidstore_upload_write(up, "x", 1, e));
    refused(VIDSTORE_STATE, "session", vidstore_upload_abort(up, e));
    refused(VIDSTORE_STATE, "session", vidstore_file_put_path(sys, "/bin/sh", NULL, NULL, e));
    refused(VIDSTORE_STATE, "session", vidstore_file_put_fd(sys, 0, 1, p, NULL, e));
    refused(VIDSTORE_STATE, "session", vidstore_file_verify(sys, id.text, NULL, e));
    refused(VIDSTORE_STATE, "session", vidstore_file_save(sys, id.text, "/tmp/never", e));
    must(vidstore_rollback(sys, e));
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_file_get(sys, id.text, &file, e));
    must(vidstore_begin(sys, 0, e));
    publish(sys, up);
    must(vidstore_commit(sys, e));
    holds(sys, id, "abc", 3);
    ck_assert_int_eq(events("action = file_uploaded"), 1);
    vidstore_file_params_free(p);
    vidstore_upload_free(up);
}
END_TEST

START_TEST(publishing_again_gives_the_file_that_there_is) {
    vidstore_upload *up = sealed_upload(sys, "x", "abc", 3);
    struct id id = publish(sys, up);
    ck_assert_str_eq(id.text, vidstore_upload_id(up));
    ck_assert_str_eq(publish(sys, up).text, id.text);
    ck_assert_int_eq(count_files(sys), 1);
    ck_assert_int_eq(events("action = file_uploaded"), 1);
    refused(VIDSTORE_STATE, "upload", vidstore_upload_abort(up, e));
    must(vidstore_file_remove(sys, id.text, VIDSTORE_REMOVE_RESTRICT, e));
    refused(VIDSTORE_STATE, "upload", vidstore_upload_publish(sys, up, NULL, e));
    must(vidstore_file_purge(sys, id.text, e));
    refused(VIDSTORE_STATE, "upload", vidstore_upload_publish(sys, up, NULL, e));
    vidstore_upload_free(up);
}
END_TEST

START_TEST(a_given_id_makes_a_put_repeatable) {
    static const char *const wanted = "018f0000-0000-7000-8000-00000000abcd";
    struct id anna = add_user("anna", VIDSTORE_ROLE_USER);
    vidstore_session *user = session_of(anna);
    vidstore_upload *up[4] = {NULL};
    static const char *const data[4] = {"abc", "abc", "abd", "abc"};
    vidstore_file_params *p = named_params("x");
    vidstore_file_params_set_text(p, VIDSTORE_FILE_ID, wanted);
    for (int i = 0; i < 4; i++) {
        must(vidstore_upload_open(i == 3 ? user : sys, p, &up[i], e));
        must(vidstore_upload_write(up[i], data[i], 3, e));
        must(vidstore_upload_seal(up[i], 3, e));
    }
    ck_assert_str_eq(publish(sys, up[0]).text, wanted);
    ck_assert_str_eq(publish(sys, up[1]).text, wanted); /* the same content: the file itself */
    refused(VIDSTORE_CONFLICT, "id", vidstore_upload_publish(sys, up[2], NULL, e));
    refused(VIDSTORE_CONFLICT, "id", vidstore_upload_publish(user, up[3], NULL, e)); /* not even its name */
    ck_assert_ptr_null(strstr(said, "x\""));
    vidstore_file_params_set_text(p, VIDSTORE_FILE_NAME, "y");
    vidstore_upload *renamed = NULL;
    must(vidstore_upload_open(sys, p, &renamed, e));
    must(vidstore_upload_write(renamed, "abc", 3, e));
    must(vidstore_upload_seal(renamed, 3, e));
    refused(VIDSTORE_CONFLICT, "name", vidstore_upload_publish(sys, renamed, NULL, e));
    ck_assert_int_eq(count_files(sys), 1);
    vidstore_upload_free(renamed);
    for (int i = 0; i < 4; i++)
        vidstore_upload_free(up[i]);
    vidstore_file_params_free(p);
    vidstore_session_free(user);
}
END_TEST

START_TEST(an_unfinished_upload_is_resumed) {
    struct id anna = add_user("anna", VIDSTORE_ROLE_USER), ben = add_user("ben", VIDSTORE_ROLE_USER);
    vidstore_session *user = session_of(anna), *stranger = session_of(ben);
    vidstore_upload *up = NULL, *second = NULL;
    vidstore_file_params *p = named_params("long.mp4");
    vidstore_file_params_set_text(p, VIDSTORE_FILE_ACCESS, "public");
    vidstore_file_params_set_int64(p, VIDSTORE_FILE_EXPIRES_US, INT64_C(4000000000000000));
    vidstore_file_params_set_text(p, VIDSTORE_FILE_METADATA, "{\"a\":[1,\"ü\"]}");
    vidstore_file_params_clear(p, VIDSTORE_FILE_STAGE);
    must(vidstore_upload_open(user, p, &up, e));
    must(vidstore_upload_write(up, "0123456789", 10, e));
    struct id id = id_of(vidstore_upload_id(up));
    refused(VIDSTORE_BUSY, NULL, vidstore_upload_resume(user, id.text, &second, e));
    vidstore_upload_free(up);
    vidstore_session_free(user);
    close_store();
    open_store();
    user = session_of(anna);
    vidstore_session_free(stranger);
    stranger = session_of(ben);
    refused(VIDSTORE_NOT_FOUND, "upload_id", vidstore_upload_resume(stranger, id.text, &up, e));
    refused(VIDSTORE_NOT_FOUND, "upload_id",
            vidstore_upload_resume(user, "018f0000-0000-7000-8000-00000000abcd", &up, e));
    refused(VIDSTORE_INVALID, "upload_id", vidstore_upload_resume(user, "x", &up, e));
    must(vidstore_upload_resume(sys, id.text, &up, e)); /* an admin may, and the file is still its owner's */
    ck_assert_int_eq(vidstore_upload_size(up), 10);
    must(vidstore_upload_write(up, "ab", 2, e));
    must(vidstore_upload_seal(up, 12, e));
    vidstore_upload_free(up);
    must(vidstore_upload_resume(user, id.text, &up, e)); /* sealed: only to be published */
    ck_assert_int_eq(vidstore_upload_size(up), 12);
    refused(VIDSTORE_STATE, "upload", vidstore_upload_write(up, "x", 1, e));
    ck_assert_str_eq(publish(sys, up).text, id.text);
    vidstore_upload_free(up);
    refused(VIDSTORE_STATE, "upload_id", vidstore_upload_resume(user, id.text, &up, e));
    vidstore_file *file = get(user, id);
    ck_assert_str_eq(vidstore_file_user_id(file), anna.text);
    ck_assert_int_eq(vidstore_file_access(file), VIDSTORE_ACCESS_PUBLIC);
    ck_assert_int_eq(vidstore_file_int64(file, VIDSTORE_FILE_EXPIRES_US), INT64_C(4000000000000000));
    ck_assert_str_eq(vidstore_file_text(file, VIDSTORE_FILE_METADATA), "{\"a\":[1,\"ü\"]}");
    holds(user, id, "0123456789ab", 12);
    vidstore_file_free(file);
    vidstore_file_params_free(p);
    vidstore_session_free(user);
    vidstore_session_free(stranger);
}
END_TEST

static vidstore_upload *resume(struct id id) {
    vidstore_upload *up = NULL;
    must(vidstore_upload_resume(sys, id.text, &up, e));
    return up;
}

START_TEST(who_was_succeeded_ends_nothing) {
    vidstore_upload *late = sealed_upload(sys, "x", "abc", 3);
    struct id id = id_of(vidstore_upload_id(late));
    vidstore_upload *next = resume(id);
    refused(VIDSTORE_STATE, "upload", vidstore_upload_abort(late, e));
    refused(VIDSTORE_STATE, "upload", vidstore_upload_publish(sys, late, NULL, e));
    vidstore_upload *last = resume(id);
    refused(VIDSTORE_STATE, "upload", vidstore_upload_abort(next, e));
    holds(sys, publish(sys, last), "abc", 3);
    refused(VIDSTORE_STATE, "upload", vidstore_upload_abort(late, e));
    ck_assert_str_eq(publish(sys, late).text, id.text); /* it is a file now: that file */
    holds(sys, id, "abc", 3);
    vidstore_upload_free(late);
    vidstore_upload_free(next);
    vidstore_upload_free(last);
}
END_TEST

/* A lease ends what was begun under it, whether its session is at hand, at work or gone. */
START_TEST(a_lost_lease_ends_its_uploads) {
    vidstore_job *job = NULL;
    vidstore_lease *lease = NULL;
    vidstore_job_params *p = vidstore_job_params_new();
    vidstore_job_params_set_text(p, VIDSTORE_JOB_KIND, "x");
    must(vidstore_job_submit(sys, p, &job, e));
    must(vidstore_job_claim(sys, "x", 0, &lease, e));
    ck_assert_ptr_nonnull(lease);
    vidstore_upload *open = open_upload(vidstore_lease_session(lease), "open");
    vidstore_upload *sealed = sealed_upload(vidstore_lease_session(lease), "sealed", "abc", 3);
    must(vidstore_upload_write(open, "ab", 2, e));
    must(vidstore_lease_release(lease, e));
    if (_i == 0)
        refused(VIDSTORE_LEASE_LOST, NULL, vidstore_upload_seal(open, 2, e));
    vidstore_lease_free(lease); /* and its session with it */
    refused(VIDSTORE_LEASE_LOST, NULL, vidstore_upload_abort(open, e));
    refused(VIDSTORE_LEASE_LOST, NULL, vidstore_upload_abort(sealed, e));
    refused(VIDSTORE_LEASE_LOST, NULL, vidstore_upload_seal(open, 2, e));
    struct id ids[] = {id_of(vidstore_upload_id(open)), id_of(vidstore_upload_id(sealed))};
    vidstore_upload_free(open);
    vidstore_upload_free(sealed);
    vidstore_upload *next = resume(ids[0]); /* its bytes are there, for whoever comes next */
    must(vidstore_upload_seal(next, 2, e));
    holds(sys, publish(sys, next), "ab", 2);
    vidstore_upload_free(next);
    next = resume(ids[1]);
    holds(sys, publish(sys, next), "abc", 3);
    vidstore_upload_free(next);
    vidstore_job_params_free(p);
    vidstore_job_free(job);
}
END_TEST

START_TEST(giving_up_leaves_nothing) {
    vidstore_upload *open = open_upload(sys, "x"), *sealed = sealed_upload(sys, "y", "abc", 3), *again = NULL;
    must(vidstore_upload_write(open, "abc", 3, e));
    count_disk();
    ck_assert_int_eq(blobs, 1);
    ck_assert_int_eq(parts, 1);
    must(vidstore_upload_abort(open, e));
    must(vidstore_upload_abort(sealed, e));
    must(vidstore_upload_abort(sealed, e)); /* nothing is left to be given up */
    refused(VIDSTORE_STATE, "upload", vidstore_upload_write(open, "x", 1, e));
    refused(VIDSTORE_STATE, "upload", vidstore_upload_seal(open, 3, e));
    refused(VIDSTORE_STATE, "upload", vidstore_upload_publish(sys, sealed, NULL, e));
    refused(VIDSTORE_NOT_FOUND, "upload_id", vidstore_upload_resume(sys, vidstore_upload_id(open), &again, e));
    count_disk();
    ck_assert_int_eq(parts + blobs, 0);
    vidstore_upload_free(open);
    vidstore_upload_free(sealed);
}
END_TEST

static void upload_once(void *arg) {
    (void)arg;
    static char data[200000];
    open_store();
    store_file(sys, "first", data, sizeof data);
}

/* A writer that is killed wherever it happens to be. */
static void upload_for_ever(void) {
    static char data[200000];
    open_store();
    for (int i = 0;; i++) {
        memset(data, i, sizeof data);
        store_file(sys, "victim", data, sizeof data);
    }
}

START_TEST(a_killed_writer_leaves_no_file_without_bytes) {
    int64_t one = now_ms();
    in_child(upload_once, NULL);
    one = now_ms() - one;
    for (int round = 0; round < 12; round++) {
        pid_t pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0)
            upload_for_ever();
        sleep_ms(one + one * (round * 17 % 60) / 30);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    open_store();
    vidstore_page *page = NULL;
    vidstore_query *q = vidstore_query_new();
    vidstore_query_limit(q, 1000);
    must(vidstore_file_list(sys, q, &page, e));
    for (int64_t i = 0; i < vidstore_page_count(page); i++)
        must(vidstore_file_verify(sys, vidstore_file_id(vidstore_page_file(page, i)), NULL, e));
    ck_assert_int_gt(vidstore_page_count(page), 1);
    vidstore_page_free(page);
    vidstore_query_free(q);
    store_file(sys, "after", "x", 1);
    close_store();
}
END_TEST

Suite *uploads_resumed_suite(void);

Suite *uploads_resumed_suite(void) {
    Suite *suite = suite_create("uploads_resumed");
    TCase *t = tcase_create("uploads");
    tcase_add_checked_fixture(t, begin, end);
    tcase_add_test(t, an_upload_outlives_its_session);
    tcase_add_test(t, publishing_takes_part_in_a_transaction);
    tcase_add_test(t, publishing_again_gives_the_file_that_there_is);
    tcase_add_test(t, a_given_id_makes_a_put_repeatable);
    tcase_add_test(t, an_unfinished_upload_is_resumed);
    tcase_add_test(t, who_was_succeeded_ends_nothing);
    tcase_add_loop_test(t, a_lost_lease_ends_its_uploads, 0, 2);
    tcase_add_test(t, giving_up_leaves_nothing);
    suite_add_tcase(suite, t);
    t = tcase_create("crash");
    tcase_add_checked_fixture(t, make_folder, remove_folder);
    tcase_add_test(t, a_killed_writer_leaves_no_file_without_bytes);
    suite_add_tcase(suite, t);
    return suite;
}
