/* SPDX-License-Identifier: MIT */
/* What users may take: never more than that, however many try at once, and nothing left counted by who was killed. */
#include "upkeep_harness.h"
#include "work.h"

enum { THREADS = 64 };

static struct id ann, bob;
static vidstore_session *as_ann, *as_bob;

static void come(void) {
    as_ann = session_of(ann);
    as_bob = session_of(bob);
}

static void leave(void) {
    vidstore_session_free(as_ann);
    vidstore_session_free(as_bob);
}

static void setup(void) {
    begin();
    ann = add_user("ann", VIDSTORE_ROLE_USER);
    bob = add_user("bob", VIDSTORE_ROLE_USER);
    come();
}

static void teardown(void) {
    leave();
    end();
}

static void limit(struct id user, const char *name, int64_t value) {
    must(vidstore_quota_set(sys, user.text, name, value, e));
}

/* A number of the quota: "used", "limit" or "left"; -1 is null. */
static int64_t quota(struct id user, const char *name, const char *what) {
    vidstore_text *text = NULL;
    char key[64];
    must(vidstore_quota_get(sys, user.text, &text, e));
    snprintf(key, sizeof key, "\"%s\":{", name);
    const char *at = strstr(vidstore_text_data(text), key);
    ck_assert_ptr_nonnull(at);
    snprintf(key, sizeof key, "\"%s\":", what);
    at = strstr(at, key);
    ck_assert_ptr_nonnull(at);
    int64_t value = at[strlen(key)] == 'n' ? -1 : strtoll(at + strlen(key), NULL, 10);
    vidstore_text_free(text);
    return value;
}

/* The counters are what the records say. */
static void agrees(void) {
    vidstore_text *report = NULL;
    must(vidstore_doctor(sys, 0, &report, e));
    ck_assert_msg(says(report, "{\"name\":\"usage\",\"verdict\":\"ok\""), "%s", vidstore_text_data(report));
    vidstore_text_free(report);
}

static vidstore_upload *open_upload(vidstore_session *session) {
    vidstore_upload *upload = NULL;
    vidstore_file_params *p = vidstore_file_params_new();
    vidstore_file_params_set_text(p, VIDSTORE_FILE_NAME, "a.bin");
    must(vidstore_upload_open(session, p, &upload, e));
    vidstore_file_params_free(p);
    return upload;
}

static void purge(vidstore_session *session, struct id file) {
    must(vidstore_file_remove(session, file.text, VIDSTORE_REMOVE_RESTRICT, e));
    must(vidstore_file_purge(session, file.text, e));
}

/* A put of so many bytes that must be refused. */
static void refuse_put(vidstore_session *session, const char *field, int64_t size) {
    char path[128];
    snprintf(path, sizeof path, "%s/refused", folder);
    FILE *f = fopen(path, "wb");
    ck_assert_int_eq(ftruncate(fileno(f), size), 0);
    fclose(f);
    vidstore_file_params *p = vidstore_file_params_new();
    vidstore_file_params_set_text(p, VIDSTORE_FILE_NAME, "refused");
    int fd = open(path, O_RDONLY);
    refused(VIDSTORE_QUOTA, field, vidstore_file_put_fd(session, fd, INT64_MIN, p, NULL, e));
    close(fd);
    vidstore_file_params_free(p);
}

/* --- bytes and files ------------------------------------------------------------------------------------------------
 */

START_TEST(bytes_count_until_they_are_purged) {
    limit(ann, "bytes", 1000);
    struct id first = put_file(as_ann, 600, NULL, NULL);
    ck_assert_int_eq(quota(ann, "bytes", "used"), 600);
    ck_assert_int_eq(quota(ann, "bytes", "left"), 400);
    refuse_put(as_ann, "bytes", 401);
    ck_assert_str_eq(said, "the user's quota is 1000 bytes: 400 are left, and this takes 401");
    ck_assert_int_eq(quota(ann, "bytes", "used"), 600);
    put_file(as_ann, 400, NULL, NULL);
    refuse_put(as_ann, "bytes", 1);
    must(vidstore_file_remove(as_ann, first.text, VIDSTORE_REMOVE_RESTRICT, e)); /* can come back: counts on */
    refuse_put(as_ann, "bytes", 1);
    must(vidstore_file_purge(as_ann, first.text, e));
    ck_assert_int_eq(quota(ann, "bytes", "used"), 400);
    put_file(as_ann, 600, NULL, NULL);
    put_file(as_bob, 5000, NULL, NULL); /* others have their own */
    put_file(sys, 5000, NULL, NULL);
    agrees();
}
END_TEST

START_TEST(files_count_with_uploads_under_way) {
    limit(ann, "files", 2);
    vidstore_upload *a = open_upload(as_ann), *b = open_upload(as_ann), *none = NULL;
    vidstore_file *file = NULL;
    vidstore_file_params *p = vidstore_file_params_new();
    vidstore_file_params_set_text(p, VIDSTORE_FILE_NAME, "c.bin");
    refused(VIDSTORE_QUOTA, "files", vidstore_upload_open(as_ann, p, &none, e));
    must(vidstore_upload_write(a, "bytes", 5, e));
    must(vidstore_upload_seal(a, 5, e));
    must(vidstore_upload_publish(as_ann, a, &file, e));
    ck_assert_int_eq(quota(ann, "files", "used"), 2);
    must(vidstore_upload_abort(b, e));
    ck_assert_int_eq(quota(ann, "files", "used"), 1);
    must(vidstore_upload_open(as_ann, p, &none, e));
    must(vidstore_upload_write(none, "bytes", 5, e)); /* the same bytes: kept once, two files */
    must(vidstore_upload_seal(none, 5, e));
    must(vidstore_upload_publish(as_ann, none, NULL, e));
    ck_assert_int_eq(quota(ann, "files", "used"), 2);
    ck_assert_int_eq(quota(ann, "bytes", "used"), 5);
    agrees();
    purge(as_ann, id_of(vidstore_file_id(file)));
    ck_assert_int_eq(quota(ann, "files", "used"), 1);
    ck_assert_int_eq(quota(ann, "bytes", "used"), 5); /* the other one still has them */
    agrees();
    vidstore_file_free(file);
    vidstore_file_params_free(p);
    vidstore_upload_free(a);
    vidstore_upload_free(b);
    vidstore_upload_free(none);
}
END_TEST

START_TEST(a_stream_without_an_end_stops_at_the_quota) {
    static char piece[1 << 16];
    vidstore_status status = VIDSTORE_OK;
    int64_t written = 0;
    limit(ann, "bytes", 1000000);
    vidstore_upload *upload = open_upload(as_ann);
    for (; !status && written < 5000000; written += status ? 0 : (int64_t)sizeof piece)
        status = vidstore_upload_write(upload, piece, sizeof piece, NULL);
    ck_assert_int_eq(status, VIDSTORE_QUOTA);
    ck_assert_int_eq(written, 1000000 / (1 << 16) * (1 << 16));
    ck_assert_int_le(quota(ann, "bytes", "used"), 1000000);
    must(vidstore_upload_seal(upload, written, e)); /* what fits is as good as ever */
    must(vidstore_upload_publish(as_ann, upload, NULL, e));
    ck_assert_int_eq(quota(ann, "bytes", "used"), written);
    vidstore_upload_free(upload);
    agrees();
}
END_TEST

START_TEST(what_is_resumed_counts_on) {
    limit(ann, "bytes", 1000);
    vidstore_upload *upload = open_upload(as_ann);
    char id[40];
    snprintf(id, sizeof id, "%s", vidstore_upload_id(upload));
    must(vidstore_upload_write(upload, "0123456789", 10, e));
    vidstore_upload_free(upload);
    ck_assert_int_eq(quota(ann, "bytes", "used"), 10);
    must(vidstore_upload_resume(as_ann, id, &upload, e));
    must(vidstore_upload_write(upload, "0123456789", 10, e));
    ck_assert_int_eq(quota(ann, "bytes", "used"), 20);
    limit(ann, "bytes", 15); /* less than there is: nothing is lost, nothing more comes */
    refused(VIDSTORE_QUOTA, "bytes", vidstore_upload_write(upload, "0123456789", 10, e));
    must(vidstore_upload_seal(upload, 20, e));
    must(vidstore_upload_publish(as_ann, upload, NULL, e));
    vidstore_upload_free(upload);
    agrees();
}
END_TEST

START_TEST(a_limit_that_comes_later_holds_at_the_seal) {
    vidstore_upload *upload = open_upload(as_ann);
    must(vidstore_upload_write(upload, "0123456789", 10, e));
    limit(ann, "bytes", 9);
    refused(VIDSTORE_QUOTA, "bytes", vidstore_upload_seal(upload, 10, e));
    ck_assert_int_eq(quota(ann, "bytes", "used"), 0);
    limit(ann, "bytes", 10);
    must(vidstore_upload_seal(upload, 10, e));
    must(vidstore_upload_publish(as_ann, upload, NULL, e));
    vidstore_upload_free(upload);
    agrees();
}
END_TEST

/* --- jobs -----------------------------------------------------------------------------------------------------------
 */

START_TEST(jobs_a_day_with_the_parts_of_seasons) {
    vidstore_error *error = NULL;
    vidstore_job_params *p = params("{\"kind\": \"work\"}");
    limit(ann, "jobs_per_day", 5);
    submit(as_ann, "{\"kind\": \"work\"}");
    submit(
        as_ann,
        "{\"kind\": \"download_only\", \"sources\": [{\"url\": \"https://x.org/1\"}, {\"url\": \"https://x.org/2\"}]}");
    ck_assert_int_eq(quota(ann, "jobs_per_day", "left"), 1);
    vidstore_job_params *season = params(
        "{\"kind\": \"download_only\", \"sources\": [{\"url\": \"https://x.org/3\"}, {\"url\": \"https://x.org/4\"}]}");
    refused(VIDSTORE_QUOTA, "jobs_per_day", vidstore_job_submit(as_ann, season, NULL, e));
    ck_assert_str_eq(said, "the user's quota is 5 jobs a day: 1 is left, and this takes 3");
    ck_assert_int_eq(quota(ann, "jobs_per_day", "left"), 1);
    struct id last = submit(as_ann, "{\"kind\": \"work\"}");
    ck_assert_int_eq(vidstore_job_submit(as_ann, p, NULL, &error), VIDSTORE_QUOTA);
    int64_t ms = vidstore_error_retry_after_ms(error); /* until tomorrow */
    ck_assert(ms > 0 && ms <= 86400001);
    vidstore_error_free(error);
    must(vidstore_job_remove(as_ann, last.text, VIDSTORE_REMOVE_RESTRICT, e));
    must(vidstore_job_purge(as_ann, last.text, e)); /* the day has had it all the same */
    refused(VIDSTORE_QUOTA, "jobs_per_day", vidstore_job_submit(as_ann, p, NULL, e));
    submit(as_bob, "{\"kind\": \"work\"}");
    agrees();
    vidstore_job_params_free(p);
    vidstore_job_params_free(season);
}
END_TEST

static int is_of(vidstore_lease *lease, struct id job) {
    return lease && strcmp(job_of(lease).text, job.text) == 0;
}

START_TEST(too_many_at_a_time_wait_and_let_others_pass) {
    limit(ann, "running_jobs", 1);
    struct id a1 = submit(as_ann, "{\"kind\": \"work\", \"priority\": \"urgent\"}");
    struct id a2 = submit(as_ann, "{\"kind\": \"work\", \"priority\": \"urgent\"}");
    struct id b1 = submit(as_bob, "{\"kind\": \"work\", \"priority\": \"urgent\"}");
    struct id b2 = submit(as_bob, "{\"kind\": \"work\", \"priority\": \"low\"}");
    vidstore_lease *one = claim_or_none("work"), *two = claim_or_none("work"), *three = claim_or_none("work"),
                   *four = claim_or_none("work");
    ck_assert(is_of(one, a1) && is_of(two, b1) && is_of(three, b2));
    ck_assert_ptr_null(four);
    ck_assert_int_eq(quota(ann, "running_jobs", "used"), 1);
    ck_assert_int_eq(quota(ann, "running_jobs", "left"), 0);
    finish(one);
    four = claim_or_none("work");
    ck_assert(is_of(four, a2));
    finish(two);
    finish(three);
    finish(four);
    ck_assert_int_eq(quota(ann, "running_jobs", "used"), 0);
}
END_TEST

START_TEST(a_season_gets_through_one_at_a_time) {
    limit(ann, "running_jobs", 1);
    struct id season =
        submit(as_ann, "{\"kind\": \"merge_episodes\", \"season\": \"S\", \"sources\": [{\"url\": "
                       "\"https://x.org/1\"}, {\"url\": \"https://x.org/2\"}, {\"url\": \"https://x.org/3\"}]}");
    vidstore_lease *lease = NULL, *other = NULL;
    int done = 0;
    for (;; done++) {
        must(vidstore_job_claim(sys, NULL, 0, &lease, e));
        if (!lease)
            break;
        must(vidstore_job_claim(sys, NULL, 0, &other, e));
        ck_assert_ptr_null(other);
        finish(lease);
    }
    ck_assert_int_ge(done, 3);
    ck_assert_int_eq(job_int(season, VIDSTORE_JOB_STATE), VIDSTORE_JOB_COMPLETED);
}
END_TEST

static void *finish_soon(void *lease) {
    sleep_ms(100);
    finish(lease);
    return NULL;
}

START_TEST(who_waits_gets_the_job_when_there_is_room) {
    pthread_t thread;
    vidstore_lease *next = NULL;
    limit(ann, "running_jobs", 1);
    submit(as_ann, "{\"kind\": \"work\"}");
    struct id second = submit(as_ann, "{\"kind\": \"work\"}");
    vidstore_lease *first = claim_or_none("work");
    ck_assert_int_eq(pthread_create(&thread, NULL, finish_soon, first), 0);
    must(vidstore_job_claim(sys, "work", 20000, &next, e));
    pthread_join(thread, NULL);
    ck_assert(is_of(next, second));
    finish(next);
}
END_TEST

/* --- at once --------------------------------------------------------------------------------------------------------
 */

struct racer {
    pthread_t thread;
    int nth;
    int files, bytes, jobs, leases; /* that it got */
    vidstore_lease *lease;
};

static int tries(vidstore_status status, int *count) {
    ck_assert_msg(status == VIDSTORE_OK || status == VIDSTORE_QUOTA, "%s", vidstore_status_name(status));
    *count += status == VIDSTORE_OK;
    return status == VIDSTORE_OK;
}

/* Each tries for 2 files of 10 bytes and 2 jobs of Ann's, and one job at work. */
static void *race(void *arg) {
    struct racer *it = arg;
    vidstore_session *session = session_of(ann), *worker = NULL;
    vidstore_job_params *job = params("{\"kind\": \"more\"}");
    must(vidstore_session_system(store, "worker", &worker, e));
    must(vidstore_job_claim(worker, "work", 0, &it->lease, e));
    it->leases += it->lease != NULL;
    for (int i = 0; i < 2; i++) {
        vidstore_upload *upload = NULL;
        vidstore_file_params *p = vidstore_file_params_new();
        char name[40], bytes[11];
        snprintf(name, sizeof name, "%d-%d.bin", it->nth, i);
        snprintf(bytes, sizeof bytes, "%010d", it->nth * 2 + i);
        vidstore_file_params_set_text(p, VIDSTORE_FILE_NAME, name);
        if (tries(vidstore_upload_open(session, p, &upload, NULL), &it->files)) {
            if (tries(vidstore_upload_write(upload, bytes, 10, NULL), &it->bytes)) {
                must(vidstore_upload_seal(upload, 10, e));
                must(vidstore_upload_publish(session, upload, NULL, e));
            } else {
                must(vidstore_upload_abort(upload, e));
                it->files--;
            }
        }
        vidstore_upload_free(upload);
        vidstore_file_params_free(p);
        tries(vidstore_job_submit(session, job, NULL, NULL), &it->jobs);
    }
    vidstore_job_params_free(job);
    vidstore_session_free(worker);
    vidstore_session_free(session);
    return NULL;
}

START_TEST(sixty_four_at_once_never_get_more) {
    static struct racer racers[THREADS];
    int files = 0, bytes = 0, jobs = 0, leases = 0;
    memset(racers, 0, sizeof racers);
    for (int i = 0; i < 10; i++)
        submit(as_ann, "{\"kind\": \"work\"}");
    limit(ann, "files", 100);
    limit(ann, "bytes", 505);
    limit(ann, "jobs_per_day", 47);
    limit(ann, "running_jobs", 3);
    for (int i = 0; i < THREADS; i++) {
        racers[i].nth = i;
        ck_assert_int_eq(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(racers[i].thread, NULL);
        files += racers[i].files;
        bytes += racers[i].bytes;
        jobs += racers[i].jobs;
        leases += racers[i].leases;
    }
    ck_assert_int_eq(files, bytes);
    ck_assert_int_eq(bytes, 50); /* the fifty-first has 5 bytes left */
    ck_assert_int_eq(jobs, 37);
    ck_assert_int_eq(leases, 3);
    ck_assert_int_eq(quota(ann, "bytes", "used"), 500);
    ck_assert_int_eq(quota(ann, "files", "used"), 50);
    ck_assert_int_eq(quota(ann, "jobs_per_day", "used"), 47);
    ck_assert_int_eq(quota(ann, "running_jobs", "used"), 3);
    for (int i = 0; i < THREADS; i++)
        if (racers[i].lease)
            finish(racers[i].lease);
    agrees();
}
END_TEST

/* --- killed ---------------------------------------------------------------------------------------------------------
 */

/* Opens, begins an upload, takes a job, and is killed in the middle. */
static void die_at_work(void) {
    vidstore *mine = NULL;
    vidstore_session *session = NULL, *worker = NULL;
    vidstore_lease *lease = NULL;
    vidstore_upload *upload = NULL;
    vidstore_file_params *p = vidstore_file_params_new();
    vidstore_file_params_set_text(p, VIDSTORE_FILE_NAME, "a.bin");
    must(vidstore_open(place, NULL, &mine, e));
    must(vidstore_session_system(mine, "worker", &worker, e));
    must(vidstore_session_on_behalf(mine, ann.text, NULL, &session, e));
    must(vidstore_upload_open(session, p, &upload, e));
    must(vidstore_upload_write(upload, "0123456789", 10, e));
    must(vidstore_job_claim(worker, "work", 0, &lease, e));
    ck_assert_ptr_nonnull(lease);
    kill(getpid(), SIGKILL);
}

START_TEST(who_is_killed_leaves_nothing_counted) {
    vidstore_text *report = NULL;
    vidstore_lease *lease = NULL;
    limit(ann, "bytes", 1000);
    limit(ann, "running_jobs", 1);
    must(vidstore_setting_set(sys, "job.lease_ms", "500", e));
    submit(as_ann, "{\"kind\": \"work\"}");
    leave();
    close_store();
    pid_t pid = fork();
    if (pid == 0) {
        die_at_work();
        _exit(1);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status));
    open_store();
    come();
    ck_assert_int_eq(quota(ann, "bytes", "used"), 10); /* the upload can be gone on with */
    ck_assert_int_eq(quota(ann, "files", "used"), 1);
    ck_assert_int_eq(quota(ann, "running_jobs", "used"), 1);
    agrees();
    leave();
    tamper("UPDATE blobs SET touched_us = touched_us - 600000000");
    come();
    must(vidstore_maintain(sys, 5000, VIDSTORE_MAINTAIN_ALL, &report, e));
    vidstore_text_free(report);
    ck_assert_int_eq(quota(ann, "bytes", "used"), 0);
    ck_assert_int_eq(quota(ann, "files", "used"), 0);
    must(vidstore_job_claim(sys, "work", 20000, &lease, e)); /* the lease runs out, and another gets the job */
    finish(lease);
    ck_assert_int_eq(quota(ann, "running_jobs", "used"), 0);
    agrees();
}
END_TEST

/* --- asking and setting ---------------------------------------------------------------------------------------------
 */

START_TEST(the_settings_are_for_who_has_no_own) {
    must(vidstore_setting_set(sys, "quota.bytes", "100", e));
    ck_assert_int_eq(quota(ann, "bytes", "limit"), 100);
    refuse_put(as_ann, "bytes", 101);
    limit(ann, "bytes", 0); /* none at all */
    ck_assert_int_eq(quota(ann, "bytes", "limit"), -1);
    put_file(as_ann, 101, NULL, NULL);
    limit(ann, "bytes", 50);
    ck_assert_int_eq(quota(ann, "bytes", "limit"), 50);
    ck_assert_int_eq(quota(ann, "bytes", "left"), 0);
    limit(ann, "bytes", INT64_MIN);
    ck_assert_int_eq(quota(ann, "bytes", "limit"), 100);
    refuse_put(as_bob, "bytes", 101);
    put_file(sys, 200, NULL, NULL); /* the system has no limits */
    must(vidstore_setting_set(sys, "quota.jobs_per_day", "1", e));
    must(vidstore_setting_set(sys, "quota.running_jobs", "1", e));
    must(vidstore_setting_set(sys, "quota.files", "1", e));
    submit(sys, "{\"kind\": \"work\"}");
    submit(sys, "{\"kind\": \"work\"}");
    vidstore_lease *one = claim_or_none("work"), *two = claim_or_none("work");
    finish(one);
    finish(two);
    agrees();
}
END_TEST

START_TEST(who_may_ask_and_who_may_set) {
    vidstore_text *text = NULL;
    vidstore_session *nobody = NULL;
    must(vidstore_session_anonymous(store, NULL, &nobody, e));
    must(vidstore_quota_get(as_ann, NULL, &text, e));
    ck_assert_ptr_nonnull(strstr(vidstore_text_data(text), ann.text));
    vidstore_text_free(text);
    must(vidstore_quota_get(as_ann, ann.text, NULL, e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_quota_get(as_bob, ann.text, &text, e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_quota_usage(as_bob, ann.text, 30, &text, e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_quota_set(as_bob, ann.text, "bytes", 1, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_quota_set(as_ann, ann.text, "bytes", 1, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_quota_get(nobody, NULL, &text, e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_quota_get(nobody, ann.text, &text, e));
    vidstore_session_free(nobody);
}
END_TEST

START_TEST(what_is_no_quota_is_refused) {
    vidstore_text *text = NULL;
    refused(VIDSTORE_INVALID, "name", vidstore_quota_set(sys, ann.text, "flops", 1, e));
    refused(VIDSTORE_MISUSE, "name", vidstore_quota_set(sys, ann.text, NULL, 1, e));
    refused(VIDSTORE_INVALID, "value", vidstore_quota_set(sys, ann.text, "bytes", -1, e));
    refused(VIDSTORE_INVALID, "user_id", vidstore_quota_set(sys, "x", "bytes", 1, e));
    refused(VIDSTORE_MISUSE, "user_id", vidstore_quota_set(sys, NULL, "bytes", 1, e));
    refused(VIDSTORE_INVALID, "user_id",
            vidstore_quota_set(sys, "00000000-0000-0000-0000-000000000000", "bytes", 1, e));
    refused(VIDSTORE_NOT_FOUND, "user_id",
            vidstore_quota_set(sys, "00000000-0000-0000-0000-000000000001", "bytes", 1, e));
    refused(VIDSTORE_NOT_FOUND, "user_id", vidstore_quota_get(sys, "00000000-0000-0000-0000-000000000001", &text, e));
    refused(VIDSTORE_NOT_FOUND, "user_id",
            vidstore_quota_usage(sys, "00000000-0000-0000-0000-000000000001", 1, &text, e));
    refused(VIDSTORE_INVALID, "days", vidstore_quota_usage(sys, ann.text, 0, &text, e));
    refused(VIDSTORE_INVALID, "days", vidstore_quota_usage(sys, ann.text, 3661, &text, e));
    limit(ann, "bytes", INT64_MAX);
    put_file(as_ann, 100, NULL, NULL);
}
END_TEST

START_TEST(a_change_is_on_record) {
    vidstore_page *page = NULL;
    vidstore_query *q = vidstore_query_new();
    limit(ann, "bytes", 1000);
    limit(ann, "bytes", 0);
    limit(ann, "bytes", INT64_MIN);
    must(vidstore_query_filter(q, "action = quota_changed", e));
    vidstore_query_flags(q, VIDSTORE_QUERY_SCAN);
    must(vidstore_audit_list(sys, q, &page, e));
    static const char *const details[] = {"{\"bytes\":[0,null]}", "{\"bytes\":[1000,0]}", "{\"bytes\":[null,1000]}"};
    ck_assert_int_eq(vidstore_page_count(page), 3);
    for (int i = 0; i < 3; i++) {
        const vidstore_audit_event *event = vidstore_page_audit_event(page, i);
        ck_assert_str_eq(vidstore_audit_event_text(event, VIDSTORE_AUDIT_DETAILS), details[i]);
        ck_assert_str_eq(vidstore_audit_event_text(event, VIDSTORE_AUDIT_OBJECT_ID), ann.text);
    }
    vidstore_page_free(page);
    vidstore_query_free(q);
}
END_TEST

START_TEST(usage_by_day) {
    vidstore_text *text = NULL;
    char day[16], wanted[96];
    must(vidstore_quota_usage(as_ann, NULL, 1, &text, e));
    ck_assert_str_eq(vidstore_text_data(text), "[]");
    vidstore_text_free(text);
    purge(as_ann, put_file(as_ann, 100, NULL, NULL));
    put_file(as_ann, 50, NULL, NULL);
    submit(as_ann, "{\"kind\": \"work\"}");
    time_t now = time(NULL);
    strftime(day, sizeof day, "%Y-%m-%d", gmtime(&now));
    must(vidstore_quota_usage(as_ann, ann.text, 2, &text, e));
    snprintf(wanted, sizeof wanted, "[{\"day\":\"%s\",\"jobs\":1,\"files\":2,\"bytes\":150}]", day);
    ck_assert_str_eq(vidstore_text_data(text), wanted);
    vidstore_text_free(text);
    leave();
    tamper("UPDATE usage_days SET day = 18321 WHERE jobs = 1");
    come();
    must(vidstore_quota_usage(as_ann, ann.text, 3660, &text, e));
    ck_assert_str_eq(vidstore_text_data(text), "[{\"day\":\"2020-02-29\",\"jobs\":1,\"files\":2,\"bytes\":150}]");
    vidstore_text_free(text);
    must(vidstore_quota_usage(as_ann, ann.text, 365, &text, e));
    ck_assert_str_eq(vidstore_text_data(text), "[]"); /* longer ago */
    vidstore_text_free(text);
}
END_TEST

static const char *all_after(const char *after, int64_t limit) {
    static char copy[8000];
    vidstore_text *text = NULL;
    must(vidstore_quota_list(sys, after, limit, &text, e));
    snprintf(copy, sizeof copy, "%s", vidstore_text_data(text));
    vidstore_text_free(text);
    return copy;
}

static int users_in(const char *json) {
    int count = 0;
    for (const char *at = json; (at = strstr(at, "\"user_id\":")); at++)
        count++;
    return count;
}

START_TEST(all_users_for_admins) {
    char want[200];
    int first_is_ann = strcmp(ann.text, bob.text) < 0;
    struct id first = first_is_ann ? ann : bob, second = first_is_ann ? bob : ann;
    limit(ann, "bytes", 1000);
    put_file(as_ann, 600, NULL, NULL);
    put_file(sys, 10, NULL, NULL);
    const char *json = all_after(NULL, 1000);
    ck_assert_int_eq(users_in(json), 2); /* the system has none */
    snprintf(
        want, sizeof want,
        "{\"user_id\":\"%s\",\"username\":\"ann\",\"bytes\":{\"used\":600,\"limit\":1000,\"left\":400,\"own\":true}",
        ann.text);
    ck_assert_msg(strstr(json, want) != NULL, "%s", json);
    ck_assert_ptr_nonnull(strstr(json, "\"username\":\"bob\",\"bytes\":{\"used\":0,\"limit\":null,\"left\":null,"));
    json = all_after(NULL, 1); /* a piece at a time */
    ck_assert(users_in(json) == 1 && strstr(json, first.text));
    json = all_after(first.text, 1);
    ck_assert(users_in(json) == 1 && strstr(json, second.text));
    ck_assert_str_eq(all_after(second.text, 1), "[]");
    vidstore_session *nobody = NULL;
    must(vidstore_session_anonymous(store, NULL, &nobody, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_quota_list(as_ann, NULL, 10, NULL, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_quota_list(nobody, NULL, 10, NULL, e));
    refused(VIDSTORE_INVALID, "after", vidstore_quota_list(sys, "ann", 10, NULL, e));
    vidstore_session_free(nobody);
}
END_TEST

/* What was taken long ago is forgotten; what there is counts on. */
START_TEST(old_days_are_forgotten) {
    vidstore_text *report = NULL;
    put_file(as_ann, 600, NULL, NULL);
    submit(as_bob, "{\"kind\": \"work\"}");
    leave();
    tamper("INSERT INTO usage_days SELECT user_id, day - 10, 5, 5, 0, 0, 0, 0 FROM usage_days");
    tamper("INSERT INTO usage_days SELECT user_id, day - 1, jobs, jobs, files, files, bytes, bytes FROM usage_days "
           "WHERE jobs < 5");
    must(vidstore_maintain(sys, 1000, 0, &report, e));
    ck_assert(says(report, "\"usage_purged\":0"));
    vidstore_text_free(report);
    set("retention.usage_days", "9"); /* ten days ago goes, and yesterday stays */
    must(vidstore_maintain(sys, 1000, VIDSTORE_MAINTAIN_DRY_RUN, &report, e));
    ck_assert(says(report, "\"usage_purged\":2"));
    vidstore_text_free(report);
    must(vidstore_maintain(sys, 1000, 0, &report, e));
    ck_assert(says(report, "\"usage_purged\":2"));
    vidstore_text_free(report);
    ck_assert_int_eq(tamper("SELECT count(*) FROM usage_days"), 4);
    ck_assert_int_eq(quota(ann, "bytes", "used"), 600);
    agrees();
    come();
}
END_TEST

START_TEST(wrong_counters_are_found) {
    static const char *const wrong[] = {"UPDATE quotas SET bytes = bytes + 1", "UPDATE quotas SET files = files - 1",
                                        "UPDATE usage_days SET jobs = jobs + 1",
                                        "UPDATE usage_days SET bytes_gone = 1"};
    static const char *const back[] = {"UPDATE quotas SET bytes = bytes - 1", "UPDATE quotas SET files = files + 1",
                                       "UPDATE usage_days SET jobs = jobs - 1", "UPDATE usage_days SET bytes_gone = 0"};
    put_file(as_ann, 100, NULL, NULL);
    submit(as_ann, "{\"kind\": \"work\"}");
    leave();
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        vidstore_text *report = NULL;
        tamper(wrong[i]);
        must(vidstore_doctor(sys, 0, &report, e));
        ck_assert(says(report, "{\"name\":\"usage\",\"verdict\":\"bad\""));
        vidstore_text_free(report);
        tamper(back[i]);
        agrees();
    }
    come();
}
END_TEST

Suite *quotas_suite(void) {
    Suite *s = suite_create("quotas");
    TCase *c = tcase_create("quotas");
    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, bytes_count_until_they_are_purged);
    tcase_add_test(c, files_count_with_uploads_under_way);
    tcase_add_test(c, a_stream_without_an_end_stops_at_the_quota);
    tcase_add_test(c, what_is_resumed_counts_on);
    tcase_add_test(c, a_limit_that_comes_later_holds_at_the_seal);
    tcase_add_test(c, jobs_a_day_with_the_parts_of_seasons);
    tcase_add_test(c, too_many_at_a_time_wait_and_let_others_pass);
    tcase_add_test(c, a_season_gets_through_one_at_a_time);
    tcase_add_test(c, who_waits_gets_the_job_when_there_is_room);
    tcase_add_test(c, sixty_four_at_once_never_get_more);
    tcase_add_test(c, who_is_killed_leaves_nothing_counted);
    tcase_add_test(c, the_settings_are_for_who_has_no_own);
    tcase_add_test(c, who_may_ask_and_who_may_set);
    tcase_add_test(c, what_is_no_quota_is_refused);
    tcase_add_test(c, a_change_is_on_record);
    tcase_add_test(c, usage_by_day);
    tcase_add_test(c, all_users_for_admins);
    tcase_add_test(c, old_days_are_forgotten);
    tcase_add_test(c, wrong_counters_are_found);
    suite_add_tcase(s, c);
    return s;
}
