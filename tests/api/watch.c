/* SPDX-License-Identifier: MIT */
/* The change feed: that nothing gets past it, what is seen by whom, positions, and how soon it tells. */
#include "watched.h"

/* --- nothing gets past it ----------------------------------------------------------------------------------------- */

static struct id add_file(vidstore_session *session, const char *video) {
    vidstore_file *file = NULL;
    char path[128];
    snprintf(path, sizeof path, "%s/bytes.txt", folder);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    fputs("some bytes", f);
    fclose(f);
    vidstore_file_params *p = vidstore_file_params_new();
    if (video)
        vidstore_file_params_set_text(p, VIDSTORE_FILE_VIDEO_ID, video);
    must(vidstore_file_put_path(session, path, p, &file, e));
    vidstore_file_params_free(p);
    struct id id = id_of(vidstore_file_id(file));
    vidstore_file_free(file);
    return id;
}

START_TEST(users_leave_entries) {
    vidstore_watch *w = watch_from(sys, NULL, NULL);
    expect(w, "");
    struct id id = add_user("anna", VIDSTORE_ROLE_USER);
    expect(w, "user:created ");
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_text(p, VIDSTORE_USER_FULL_NAME, "Anna");
    must(vidstore_user_update(sys, id.text, p, NULL, e));
    vidstore_user_params_free(p);
    expect(w, "user:updated ");
    must(vidstore_user_set_state(sys, id.text, VIDSTORE_USER_SUSPENDED, NULL, e));
    expect(w, "user:state ");
    must(vidstore_user_set_state(sys, id.text, VIDSTORE_USER_ACTIVE, NULL, e));
    expect(w, "user:state ");
    must(vidstore_user_set_password(sys, id.text, "correct horse battery", e));
    expect(w, "user:updated ");
    must(vidstore_user_remove(sys, id.text, VIDSTORE_REMOVE_RESTRICT, e));
    expect(w, "user:removed ");
    vidstore_watch_free(w);
}
END_TEST

START_TEST(jobs_leave_entries) {
    vidstore_watch *w = watch_from(sys, NULL, NULL);
    struct id id = submit(sys, "{\"kind\": \"download_only\"}");
    expect(w, "job:created ");
    update(id, "{\"priority\": \"high\"}");
    expect(w, "job:updated ");
    vidstore_lease *lease = claim(NULL);
    expect(w, "job:state ");
    ck_assert_ptr_nonnull(strstr(last_json, "\"state\":\"running\""));
    must(vidstore_lease_progress(lease, "downloading", 1, 10, e));
    expect(w, "job:progress ");
    must(vidstore_lease_progress(lease, "analyzing", 2, 10, e)); /* a new stage is written at once */
    must(vidstore_lease_progress(lease, "processing", 3, 10, e));
    expect(w, "job:progress "); /* of these two the last */
    finish(lease);
    expect_within(w, "job:state ");
    ck_assert_ptr_nonnull(strstr(last_json, "\"state\":\"completed\""));
    must(vidstore_job_remove(sys, id.text, VIDSTORE_REMOVE_CASCADE, e));
    expect(w, "job:removed ");
    must(vidstore_job_restore(sys, id.text, NULL, e));
    expect(w, "job:restored ");
    must(vidstore_job_remove(sys, id.text, VIDSTORE_REMOVE_CASCADE, e));
    must(vidstore_job_purge(sys, id.text, e));
    expect(w, "job:removed job:purged ");
    vidstore_watch_free(w);
}
END_TEST

START_TEST(ends_of_jobs_leave_entries) {
    vidstore_watch *w = watch_from(sys, "{\"noun\": \"job\", \"kind\": [\"state\", \"updated\"]}", NULL);
    struct id id = submit(sys, "{\"kind\": \"download_only\", \"max_attempts\": 1}");
    give_up(claim(NULL), "broken");
    expect(w, "job:state job:state ");
    must(vidstore_job_retry(sys, id.text, NULL, e));
    expect(w, "job:state ");
    vidstore_lease *lease = claim(NULL);
    must(vidstore_job_cancel(sys, id.text, NULL, e));
    expect(w, "job:state job:updated ");
    vidstore_lease_free(lease);
    vidstore_watch_free(w);
}
END_TEST

START_TEST(cascades_and_bulk_leave_entries) {
    vidstore_watch *w = watch_from(sys, NULL, NULL);
    struct id season = submit_season("download_only");
    drain(w);
    ck_assert_msg(strstr(seen, "job:created job:created ") || strstr(seen, "job:created video:created "), "%s", seen);
    vidstore_page *videos = videos_of(season);
    vidstore_page_free(videos);
    struct id job = submit(sys, "{\"kind\": \"download_only\"}");
    struct id video = add_video(sys, "a", job.text);
    struct id file = add_file(sys, video.text);
    expect(w, "job:created video:created file:created ");
    must(vidstore_job_remove(sys, job.text, VIDSTORE_REMOVE_CASCADE, e));
    drain(w);
    ck_assert_ptr_nonnull(strstr(seen, "job:removed "));
    ck_assert_ptr_nonnull(strstr(seen, "video:removed "));
    ck_assert_ptr_nonnull(strstr(seen, "file:removed "));
    must(vidstore_job_restore(sys, job.text, NULL, e));
    drain(w);
    ck_assert_ptr_nonnull(strstr(seen, "job:restored "));
    ck_assert_ptr_nonnull(strstr(seen, "video:restored "));
    ck_assert_ptr_nonnull(strstr(seen, "file:restored "));
    must(vidstore_job_remove(sys, job.text, VIDSTORE_REMOVE_DETACH, e));
    drain(w);
    ck_assert_ptr_nonnull(strstr(seen, "job:removed "));
    ck_assert_ptr_nonnull(strstr(seen, "video:updated "));
    must(vidstore_video_remove(sys, video.text, VIDSTORE_REMOVE_CASCADE, e));
    must(vidstore_video_purge(sys, video.text, e));
    drain(w);
    ck_assert_ptr_nonnull(strstr(seen, "video:removed "));
    ck_assert_ptr_nonnull(strstr(seen, "video:purged "));
    ck_assert_msg(strstr(seen, "file:updated ") != NULL, "the foreign key let go of a file unseen: %s", seen);
    must(vidstore_file_purge(sys, file.text, e));
    expect_within(w, "file:purged ");
    vidstore_video_params *many[3];
    for (int i = 0; i < 3; i++) {
        many[i] = vidstore_video_params_new();
        vidstore_video_params_set_text(many[i], VIDSTORE_VIDEO_TITLE, "bulk");
    }
    must(vidstore_video_bulk_create(sys, (const vidstore_video_params *const *)many, 3, 0, NULL, e));
    expect(w, "video:created video:created video:created ");
    for (int i = 0; i < 3; i++)
        vidstore_video_params_free(many[i]);
    vidstore_watch_free(w);
}
END_TEST

START_TEST(what_was_rolled_back_never_was) {
    vidstore_watch *w = watch_from(sys, NULL, NULL);
    must(vidstore_begin(sys, 0, e));
    submit(sys, "{\"kind\": \"download_only\"}");
    must(vidstore_rollback(sys, e));
    ck_assert_int_eq(wait_ready(w, 30), 0);
    expect(w, "");
    must(vidstore_begin(sys, 0, e));
    submit(sys, "{\"kind\": \"download_only\"}");
    add_video(sys, "b", NULL);
    ck_assert_int_eq(wait_ready(w, 30), 0);
    refused(VIDSTORE_STATE, NULL, vidstore_changes(sys, NULL, NULL, 10, NULL, e));
    must(vidstore_commit(sys, e));
    ck_assert_int_eq(wait_ready(w, 1000), 1);
    expect(w, "job:created video:created ");
    vidstore_watch_free(w);
}
END_TEST

/* --- filters and rights ------------------------------------------------------------------------------------------- */

START_TEST(filters_narrow) {
    struct id anna = add_user("anna", VIDSTORE_ROLE_USER);
    vidstore_session *as_anna = session_of(anna);
    char filter[200];
    snprintf(filter, sizeof filter, "{\"noun\": [\"video\", \"file\"], \"user_id\": \"%s\", \"kind\": \"created\"}",
             anna.text);
    vidstore_watch *w = watch_from(sys, filter, NULL);
    submit(sys, "{\"kind\": \"download_only\"}");
    add_video(sys, "the system's", NULL);
    submit(as_anna, "{\"kind\": \"download_only\"}");
    ck_assert_int_eq(wait_ready(w, 30), 0);
    struct id video = add_video(as_anna, "hers", NULL);
    ck_assert_int_eq(wait_ready(w, 1000), 1);
    expect(w, "video:created ");
    ck_assert_ptr_nonnull(strstr(last_json, video.text));
    vidstore_watch_free(w);
    snprintf(filter, sizeof filter, "{\"id\": \"%s\"}", video.text);
    w = watch_from(sys, filter, "start");
    expect(w, "video:created ");
    vidstore_watch_free(w);
    vidstore_session_free(as_anna);
}
END_TEST

START_TEST(only_what_may_be_seen) {
    struct id anna = add_user("anna", VIDSTORE_ROLE_USER), bob = add_user("bob", VIDSTORE_ROLE_VIEWER);
    vidstore_session *as_anna = session_of(anna), *as_bob = session_of(bob), *nobody = NULL;
    vidstore_watch *of_anna = watch_from(as_anna, NULL, "start"), *of_bob = watch_from(as_bob, NULL, "start");
    expect(of_anna, "user:created ");
    ck_assert_ptr_nonnull(strstr(last_json, anna.text));
    ck_assert_ptr_null(strstr(last_json, bob.text));
    expect(of_bob, "user:created ");
    submit(as_anna, "{\"kind\": \"download_only\"}");
    submit(sys, "{\"kind\": \"download_only\"}");
    ck_assert_int_eq(wait_ready(of_anna, 1000), 1);
    ck_assert_int_eq(wait_ready(of_bob, 30), 0);
    expect(of_anna, "job:created ");
    expect(of_bob, "");
    vidstore_session_free(as_anna); /* the watch does not need it */
    must(vidstore_user_set_state(sys, anna.text, VIDSTORE_USER_SUSPENDED, NULL, e));
    refused(VIDSTORE_UNAUTHENTICATED, NULL, vidstore_watch_next(of_anna, 10, NULL, e));
    must(vidstore_user_set_state(sys, anna.text, VIDSTORE_USER_ACTIVE, NULL, e));
    expect(of_anna, "user:state user:state ");
    must(vidstore_session_anonymous(store, NULL, &nobody, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_watch_open(nobody, NULL, NULL, &of_bob, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_changes(nobody, NULL, "start", 10, NULL, e));
    vidstore_session_free(nobody);
    vidstore_watch_free(of_anna);
    vidstore_session_free(as_bob);
}
END_TEST

START_TEST(it_ends_with_the_login) {
    char token[VIDSTORE_TOKEN_SIZE];
    vidstore_session *hers = NULL;
    struct id anna = add_user("anna", VIDSTORE_ROLE_USER);
    must(vidstore_user_set_password(sys, anna.text, "correct horse battery", e));
    must(vidstore_login_create(store, "anna", "correct horse battery", NULL, 0, NULL, NULL, token, sizeof token, e));
    must(vidstore_session_resume(store, token, NULL, &hers, e));
    vidstore_watch *w = watch_from(hers, NULL, NULL);
    expect(w, "");
    must(vidstore_login_revoke_all(sys, anna.text, NULL, e));
    submit(sys, "{\"kind\": \"download_only\"}");
    refused(VIDSTORE_UNAUTHENTICATED, NULL, vidstore_watch_next(w, 10, NULL, e));
    vidstore_watch_free(w);
    vidstore_session_free(hers);
}
END_TEST

#define HEX_63 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"

START_TEST(bad_input_names_the_field) {
    vidstore_watch *w = NULL;
    static const struct {
        const char *filter, *position, *field;
    } bad[] = {
        {"{", NULL, "filter"},
        {"[]", NULL, "filter"},
        {"{\"nouns\": \"job\"}", NULL, "filter"},
        {"{\"noun\": \"jobs\"}", NULL, "noun"},
        {"{\"noun\": 1}", NULL, "noun"},
        {"{\"noun\": []}", NULL, "noun"},
        {"{\"kind\": [\"created\", \"born\"]}", NULL, "kind"},
        {"{\"user_id\": \"me\"}", NULL, "user_id"},
        {"{\"id\": 7}", NULL, "id"},
        {"{\"name\": \"\"}", NULL, "name"},
        {"{\"name\": []}", NULL, "name"},
        {"{\"name\": [\"a\", 7]}", NULL, "name"},
        {NULL, "", "position"},
        {NULL, "0.1", "position"},
        {NULL, "START", "position"},
        {NULL, HEX_63, "position"},
        {NULL, HEX_63 "x", "position"},
        {NULL, HEX_63 "00", "position"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        refused(VIDSTORE_INVALID, bad[i].field, vidstore_watch_open(sys, bad[i].filter, bad[i].position, &w, e));
        ck_assert_ptr_null(w);
        refused(VIDSTORE_INVALID, bad[i].field, vidstore_changes(sys, bad[i].filter, bad[i].position, 1, NULL, e));
    }
    refused(VIDSTORE_RESYNC, "position", vidstore_watch_open(sys, NULL, HEX_63 "f", &w, e)); /* of another store */
    refused(VIDSTORE_MISUSE, "ret_watch", vidstore_watch_open(sys, NULL, NULL, NULL, e));
    w = watch_from(sys, NULL, NULL);
    refused(VIDSTORE_INVALID, "max", vidstore_watch_next(w, 0, NULL, e));
    refused(VIDSTORE_INVALID, "max", vidstore_watch_next(w, 1001, NULL, e));
    refused(VIDSTORE_INVALID, "wait_ms", vidstore_watch_wait(w, -1, NULL, e));
    refused(VIDSTORE_MISUSE, "watch", vidstore_watch_next(NULL, 1, NULL, e));
    ck_assert_int_eq(vidstore_watch_fd(NULL), -1);
    vidstore_watch_free(w);
}
END_TEST

/* --- positions ---------------------------------------------------------------------------------------------------- */

START_TEST(positions_outlive_the_store_handle) {
    char kept[80];
    submit(sys, "{\"kind\": \"download_only\"}");
    vidstore_watch *w = watch_from(sys, NULL, "start");
    vidstore_text *text = NULL;
    add_video(sys, "one", NULL);
    add_video(sys, "two", NULL);
    must(vidstore_watch_next(w, 2, &text, e)); /* of three */
    ck_assert_int_eq(count_events(vidstore_text_data(text)), 2);
    ck_assert_ptr_nonnull(strstr(vidstore_text_data(text), "\"more\":true"));
    ck_assert_int_eq(readable(w), 1);
    ck_assert_ptr_nonnull(strstr(vidstore_text_data(text), vidstore_watch_position(w)));
    vidstore_text_free(text);
    snprintf(kept, sizeof kept, "%s", vidstore_watch_position(w));
    vidstore_watch_free(w);
    close_store();
    open_store();
    add_video(sys, "three", NULL);
    w = watch_from(sys, NULL, kept);
    ck_assert_int_eq(readable(w), 1);
    expect(w, "video:created video:created ");
    ck_assert_int_eq(readable(w), 0);
    must(vidstore_changes(sys, NULL, kept, 1, &text, e));
    ck_assert_int_eq(count_events(vidstore_text_data(text)), 1);
    vidstore_text_free(text);
    must(vidstore_changes(sys, NULL, NULL, 1, &text, e));
    ck_assert_int_eq(count_events(vidstore_text_data(text)), 0);
    vidstore_text_free(text);
    vidstore_watch_free(w);
}
END_TEST

START_TEST(what_is_not_kept_wants_a_resync) {
    vidstore_watch *early = watch_from(sys, NULL, NULL);
    char kept[80];
    snprintf(kept, sizeof kept, "%s", vidstore_watch_position(early));
    for (int i = 0; i < 30; i++)
        add_video(sys, "many", NULL);
    set("retention.feed_entries", "10");
    must(vidstore_maintain(sys, 1000, 0, NULL, e));
    vidstore_watch *w = NULL;
    refused(VIDSTORE_RESYNC, "position", vidstore_watch_open(sys, NULL, kept, &w, e));
    refused(VIDSTORE_RESYNC, "position", vidstore_watch_next(early, 10, NULL, e));
    expect(early, ""); /* from the time of that call on */
    add_video(sys, "new", NULL);
    expect(early, "video:created ");
    w = watch_from(sys, NULL, "start");
    drain(w);
    ck_assert_int_eq(count_events(last_json), 11);
    set("retention.feed_entries", "1");
    must(vidstore_maintain(sys, 1000, 0, NULL, e));
    vidstore_watch_free(w);
    vidstore_watch_free(early);
    w = watch_from(sys, NULL, "start");
    expect(w, "setting:updated ");
    vidstore_watch_free(w);
}
END_TEST

START_TEST(a_restored_store_counts_anew) {
    char copy[128], again[128], kept[80];
    vidstore *other = NULL;
    vidstore_session *session = NULL;
    vidstore_watch *w = NULL;
    add_video(sys, "one", NULL);
    w = watch_from(sys, NULL, "start");
    drain(w);
    snprintf(kept, sizeof kept, "%s", vidstore_watch_position(w));
    vidstore_watch_free(w);
    snprintf(copy, sizeof copy, "%s/copy", folder);
    snprintf(again, sizeof again, "%s/again.vidstore", folder);
    must(vidstore_backup(sys, copy, 0, NULL, e));
    must(vidstore_restore(copy, again, 0, NULL, e));
    must(vidstore_open(again, NULL, &other, e));
    must(vidstore_session_system(other, "test", &session, e));
    refused(VIDSTORE_RESYNC, "position", vidstore_watch_open(session, NULL, kept, &w, e));
    w = watch_from(session, NULL, NULL);
    add_video(session, "two", NULL);
    expect(w, "video:created ");
    vidstore_watch_free(w);
    vidstore_session_free(session);
    vidstore_close(other);
}
END_TEST

/* --- how soon ----------------------------------------------------------------------------------------------------- */

static int64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

START_TEST(tells_at_once_within_the_process) {
    vidstore_watch *w = watch_from(sys, NULL, NULL);
    int64_t best = INT64_MAX;
    for (int i = 0; i < 10; i++) {
        add_video(sys, "quick", NULL);
        int64_t began = now_us();
        ck_assert_int_eq(wait_ready(w, 5000), 1);
        int64_t took = now_us() - began;
        best = took < best ? took : best;
        expect(w, "video:created ");
    }
    ck_assert_msg(best < 5000, "the quickest took %lld us", (long long)best);
    vidstore_watch_free(w);
}
END_TEST

static int ready_pipe[2];

static void write_from_afar(void *arg) {
    vidstore *mine = NULL;
    vidstore_session *session = NULL;
    char go;
    (void)arg;
    if (vidstore_open(place, NULL, &mine, NULL) || vidstore_session_system(mine, "afar", &session, NULL))
        _exit(1);
    while (read(ready_pipe[0], &go, 1) == 1 && go == 'g') {
        vidstore_video_params *p = vidstore_video_params_new();
        vidstore_video_params_set_text(p, VIDSTORE_VIDEO_TITLE, "afar");
        if (vidstore_video_create(session, p, NULL, NULL))
            _exit(2);
        vidstore_video_params_free(p);
    }
    vidstore_session_free(session);
    vidstore_close(mine);
}

START_TEST(tells_soon_across_processes) {
    ck_assert_int_eq(pipe(ready_pipe), 0);
    close_store();
    pid_t pid = fork();
    if (pid == 0) {
        close(ready_pipe[1]);
        write_from_afar(NULL);
        _exit(0);
    }
    close(ready_pipe[0]);
    open_store();
    vidstore_watch *w = watch_from(sys, NULL, NULL);
    int64_t best = INT64_MAX;
    for (int i = 0; i < 10; i++) {
        int64_t began = now_us();
        ck_assert_int_eq(write(ready_pipe[1], "g", 1), 1);
        ck_assert_int_eq(wait_ready(w, 5000), 1);
        int64_t took = now_us() - began;
        best = took < best ? took : best;
        expect(w, "video:created ");
    }
    close(ready_pipe[1]);
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert_msg(best < 50000, "the quickest took %lld us", (long long)best);
    vidstore_watch_free(w);
}
END_TEST

START_TEST(a_watch_outlives_what_it_came_from) {
    vidstore_watch *w = watch_from(sys, NULL, NULL);
    add_video(sys, "last", NULL);
    close_store();
    expect(w, "video:created ");
    vidstore_watch_free(w);
    open_store();
}
END_TEST

static void use_watch(void *arg) {
    vidstore_watch *w = arg;
    int32_t ready;
    if (vidstore_watch_next(w, 1, NULL, NULL) != VIDSTORE_FORKED)
        _exit(1);
    if (vidstore_watch_wait(w, 1, &ready, NULL) != VIDSTORE_FORKED)
        _exit(2);
    vidstore_watch_free(w);
}

START_TEST(a_fork_takes_it_away) {
    vidstore_watch *w = watch_from(sys, NULL, NULL);
    in_child(use_watch, w);
    add_video(sys, "still here", NULL);
    ck_assert_int_eq(wait_ready(w, 1000), 1);
    vidstore_watch_free(w);
}
END_TEST

START_TEST(in_memory_and_read_only) {
    vidstore *memory = NULL, *reading = NULL;
    vidstore_session *session = NULL;
    must(vidstore_open(":memory:", NULL, &memory, e));
    must(vidstore_session_system(memory, "test", &session, e));
    vidstore_watch *w = watch_from(session, NULL, NULL);
    add_video(session, "gone soon", NULL);
    ck_assert_int_eq(wait_ready(w, 1000), 1);
    expect(w, "video:created ");
    vidstore_watch_free(w);
    vidstore_session_free(session);
    vidstore_close(memory);
    vidstore_open_params *p = vidstore_open_params_new();
    vidstore_open_params_set_int64(p, VIDSTORE_OPEN_READ_ONLY, 1);
    must(vidstore_open(place, p, &reading, e));
    vidstore_open_params_free(p);
    must(vidstore_session_system(reading, "test", &session, e));
    w = watch_from(session, NULL, NULL);
    add_video(sys, "by another handle", NULL);
    ck_assert_int_eq(wait_ready(w, 2000), 1);
    expect(w, "video:created ");
    vidstore_watch_free(w);
    vidstore_session_free(session);
    vidstore_close(reading);
}
END_TEST

Suite *watch_suite(void) {
    Suite *suite = suite_create("watch");
    TCase *c = tcase_create("watch");
    tcase_add_checked_fixture(c, begin, end);
    tcase_set_timeout(c, 60);
    tcase_add_test(c, users_leave_entries);
    tcase_add_test(c, jobs_leave_entries);
    tcase_add_test(c, ends_of_jobs_leave_entries);
    tcase_add_test(c, cascades_and_bulk_leave_entries);
    tcase_add_test(c, what_was_rolled_back_never_was);
    tcase_add_test(c, filters_narrow);
    tcase_add_test(c, only_what_may_be_seen);
    tcase_add_test(c, it_ends_with_the_login);
    tcase_add_test(c, bad_input_names_the_field);
    tcase_add_test(c, positions_outlive_the_store_handle);
    tcase_add_test(c, what_is_not_kept_wants_a_resync);
    tcase_add_test(c, a_restored_store_counts_anew);
    tcase_add_test(c, tells_at_once_within_the_process);
    tcase_add_test(c, tells_soon_across_processes);
    tcase_add_test(c, a_watch_outlives_what_it_came_from);
    tcase_add_test(c, a_fork_takes_it_away);
    tcase_add_test(c, in_memory_and_read_only);
    suite_add_tcase(suite, c);
    return suite;
}
