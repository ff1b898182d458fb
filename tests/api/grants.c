/* SPDX-License-Identifier: MIT */
/* Grants: giving, handing on, denying, ending; and legal hold. */
#include "objects.h"
#include <pthread.h>
#include <vidstore/query.h>

static struct id ann, bob, cid;
static vidstore_session *as_ann, *as_bob, *as_cid;

static void setup(void) {
    begin();
    add_user("root", VIDSTORE_ROLE_ADMIN);
    ann = add_user("ann", VIDSTORE_ROLE_USER);
    bob = add_user("bob", VIDSTORE_ROLE_USER);
    cid = add_user("cid", VIDSTORE_ROLE_USER);
    as_ann = session_of(ann);
    as_bob = session_of(bob);
    as_cid = session_of(cid);
}

static void teardown(void) {
    vidstore_session_free(as_ann);
    vidstore_session_free(as_bob);
    vidstore_session_free(as_cid);
    end();
}

static vidstore_grant_params *params_of(const char *noun, struct id object, struct id subject, const char *json) {
    vidstore_grant_params *p = vidstore_grant_params_new();
    vidstore_grant_params_set_text(p, VIDSTORE_GRANT_NOUN, noun);
    vidstore_grant_params_set_text(p, VIDSTORE_GRANT_OBJECT_ID, object.text);
    vidstore_grant_params_set_text(p, VIDSTORE_GRANT_SUBJECT_ID, subject.text);
    if (json)
        vidstore_grant_params_set_json(p, json);
    return p;
}

static struct id give(vidstore_session *s, const char *noun, struct id object, struct id subject, const char *json) {
    vidstore_grant_params *p = params_of(noun, object, subject, json);
    vidstore_grant *grant = NULL;
    must(vidstore_grant_create(s, p, &grant, e));
    struct id id = id_of(vidstore_grant_id(grant));
    vidstore_grant_free(grant);
    vidstore_grant_params_free(p);
    return id;
}

static void no_giving(vidstore_status status, const char *field, vidstore_session *s, const char *noun,
                      struct id object, struct id subject, const char *json) {
    vidstore_grant_params *p = params_of(noun, object, subject, json);
    refused(status, field, vidstore_grant_create(s, p, NULL, e));
    vidstore_grant_params_free(p);
}

static int64_t files_of(vidstore_session *s) {
    int64_t count = 0;
    vidstore_page *page = NULL;
    must(vidstore_file_count(s, NULL, &count, e));
    must(vidstore_file_list(s, NULL, &page, e));
    ck_assert_int_eq(vidstore_page_count(page), count);
    vidstore_page_free(page);
    return count;
}

static int64_t found_by(vidstore_session *s, const char *words) {
    vidstore_query *q = vidstore_query_new();
    int64_t count = 0;
    vidstore_query_search(q, words, NULL);
    must(vidstore_file_count(s, q, &count, e));
    vidstore_query_free(q);
    return count;
}

static void update(vidstore_status status, vidstore_session *s, struct id file, const char *json) {
    vidstore_file_params *p = vidstore_file_params_new();
    vidstore_file_params_set_json(p, json);
    if (status)
        refused(status, NULL, vidstore_file_update(s, file.text, p, NULL, e));
    else
        must(vidstore_file_update(s, file.text, p, NULL, e));
    vidstore_file_params_free(p);
}

START_TEST(a_file_for_another) {
    struct id file = put_file(as_ann, VIDSTORE_ACCESS_RESTRICTED, NULL);
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_file_get(as_bob, file.text, NULL, e));
    ck_assert_int_eq(files_of(as_bob), 0);
    ck_assert_int_eq(found_by(as_bob, "talk"), 0);
    struct id grant = give(as_ann, "file", file, bob, NULL);
    must(vidstore_file_get(as_bob, file.text, NULL, e));
    must(vidstore_file_open(as_bob, file.text, NULL, e));
    ck_assert_int_eq(files_of(as_bob), 1);
    ck_assert_int_eq(found_by(as_bob, "talk"), 1);
    ck_assert_int_eq(files_of(as_cid), 0);
    update(VIDSTORE_FORBIDDEN, as_bob, file, "{\"name\":\"x.mp4\"}");
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_file_remove(as_bob, file.text, VIDSTORE_REMOVE_RESTRICT, e));
    must(vidstore_grant_revoke(as_ann, grant.text, e));
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_file_get(as_bob, file.text, NULL, e));
    ck_assert_int_eq(files_of(as_bob), 0);
    ck_assert_int_eq(found_by(as_bob, "talk"), 0);
    ck_assert_int_eq(events("action = grant_created"), 1);
    ck_assert_int_eq(events("action = grant_revoked"), 1);
}
END_TEST

START_TEST(how_far_it_reaches) {
    struct id file = put_file(as_ann, VIDSTORE_ACCESS_RESTRICTED, NULL);
    give(as_ann, "file", file, bob, "{\"reach\":\"write\"}");
    update(VIDSTORE_OK, as_bob, file, "{\"name\":\"x.mp4\"}");
    update(VIDSTORE_FORBIDDEN, as_bob, file, "{\"access\":\"public\"}"); /* attack 44: the level is not his to change */
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_file_remove(as_bob, file.text, VIDSTORE_REMOVE_RESTRICT, e));
    give(as_ann, "file", file, cid, "{\"reach\":\"manage\"}");
    must(vidstore_file_remove(as_cid, file.text, VIDSTORE_REMOVE_RESTRICT, e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_file_restore(as_cid, file.text, NULL, e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_file_purge(as_cid, file.text, e));
    must(vidstore_file_restore(as_ann, file.text, NULL, e));
}
END_TEST

/* A video's grant reaches the video and the files on it that are open to grants. */
START_TEST(a_video_with_its_files) {
    struct id video = put_video(as_ann), open = put_file(as_ann, VIDSTORE_ACCESS_RESTRICTED, video.text),
              closed = put_file(as_ann, VIDSTORE_ACCESS_PRIVATE, video.text);
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_video_get(as_bob, video.text, NULL, e));
    give(as_ann, "video", video, bob, "{\"reach\":\"manage\"}");
    must(vidstore_video_get(as_bob, video.text, NULL, e));
    must(vidstore_video_facts(as_bob, video.text, NULL, e));
    must(vidstore_file_get(as_bob, open.text, NULL, e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_file_get(as_bob, closed.text, NULL, e)); /* attack 47 */
    ck_assert_int_eq(files_of(as_bob), 1);
    int64_t videos = 0;
    must(vidstore_video_count(as_bob, NULL, &videos, e));
    ck_assert_int_eq(videos, 1);
    refused(VIDSTORE_FORBIDDEN, "mode", vidstore_video_remove(as_bob, video.text, VIDSTORE_REMOVE_CASCADE, e));
    refused(VIDSTORE_FORBIDDEN, "mode", vidstore_video_remove(as_bob, video.text, VIDSTORE_REMOVE_DETACH, e));
}
END_TEST

START_TEST(attack_41_granting) {
    struct id file = put_file(as_ann, VIDSTORE_ACCESS_RESTRICTED, NULL),
              closed = put_file(as_ann, VIDSTORE_ACCESS_PRIVATE, NULL);
    no_giving(VIDSTORE_NOT_FOUND, "id", as_bob, "file", file, cid, NULL);
    no_giving(VIDSTORE_INVALID, "subject_id", as_ann, "file", file, ann, NULL);
    no_giving(VIDSTORE_INVALID, "subject_id", sys, "file", file, ann, NULL);
    no_giving(VIDSTORE_INVALID, "subject_id", as_ann, "file", file, file, NULL);
    no_giving(VIDSTORE_INVALID, "noun", as_ann, "user", bob, cid, NULL);
    no_giving(VIDSTORE_NOT_FOUND, "id", as_ann, "video", file, cid, NULL);
    no_giving(VIDSTORE_STATE, "object_id", as_ann, "file", closed, bob, NULL);
    no_giving(VIDSTORE_INVALID, "expires", as_ann, "file", file, bob, "{\"expires\":1}");
    give(as_ann, "file", file, bob, NULL);
    no_giving(VIDSTORE_EXISTS, NULL, as_ann, "file", file, bob, "{\"reach\":\"write\"}");
    no_giving(VIDSTORE_FORBIDDEN, NULL, as_bob, "file", file, cid, NULL); /* without can_share */
    no_giving(VIDSTORE_FORBIDDEN, NULL, as_bob, "file", file, bob, "{\"reach\":\"manage\"}");
}
END_TEST

START_TEST(attack_41_handing_on) {
    struct id file = put_file(as_ann, VIDSTORE_ACCESS_RESTRICTED, NULL);
    struct id root = give(as_ann, "file", file, bob, "{\"reach\":\"write\",\"can_share\":true}");
    no_giving(VIDSTORE_FORBIDDEN, "reach", as_bob, "file", file, cid, "{\"reach\":\"manage\"}");
    no_giving(VIDSTORE_FORBIDDEN, "denies", as_bob, "file", file, cid, "{\"denies\":true}");
    give(as_bob, "file", file, cid, "{\"reach\":\"read\"}");
    must(vidstore_file_get(as_cid, file.text, NULL, e));
    must(vidstore_grant_revoke(as_ann, root.text, e)); /* with what hangs on it */
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_file_get(as_cid, file.text, NULL, e));
    ck_assert_int_eq(events("action = grant_revoked"), 2);
}
END_TEST

START_TEST(attack_41_a_grant_by_a_since_demoted_user) {
    struct id file = put_file(as_ann, VIDSTORE_ACCESS_RESTRICTED, NULL);
    give(as_ann, "file", file, bob, "{\"can_share\":true}");
    give(as_bob, "file", file, cid, NULL);
    must(vidstore_file_get(as_cid, file.text, NULL, e));
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_int64(p, VIDSTORE_USER_ROLE, VIDSTORE_ROLE_VIEWER);
    must(vidstore_user_update(sys, bob.text, p, NULL, e));
    vidstore_user_params_free(p);
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_file_get(as_cid, file.text, NULL, e));
    vidstore_session_free(as_bob);
    as_bob = session_of(bob);
    must(vidstore_file_get(as_bob, file.text, NULL, e)); /* a viewer reads what it was given */
    no_giving(VIDSTORE_FORBIDDEN, NULL, as_bob, "file", file, cid, NULL);
}
END_TEST

START_TEST(attack_41_an_expired_grant) {
    struct id file = put_file(as_ann, VIDSTORE_ACCESS_RESTRICTED, NULL);
    struct timespec now;
    char json[64];
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(json, sizeof json, "{\"expires\":%lld}", (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000 + 300000);
    give(as_ann, "file", file, bob, json);
    must(vidstore_file_get(as_bob, file.text, NULL, e));
    usleep(350000);
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_file_get(as_bob, file.text, NULL, e));
    ck_assert_int_eq(files_of(as_bob), 0);
    give(as_ann, "file", file, bob, NULL); /* an expired one is in nobody's way */
    must(vidstore_file_get(as_bob, file.text, NULL, e));
}
END_TEST

/* A grant on what has become private opens nothing, and the examination says that there is one. */
START_TEST(grants_that_open_nothing) {
    struct id file = put_file(as_ann, VIDSTORE_ACCESS_RESTRICTED, NULL);
    vidstore_text *report = NULL;
    give(as_ann, "file", file, bob, NULL);
    must(vidstore_doctor(sys, 0, &report, e));
    ck_assert_ptr_nonnull(strstr(vidstore_text_data(report), "no grant lies on a file that is private"));
    vidstore_text_free(report);
    vidstore_file_params *p = vidstore_file_params_new();
    vidstore_file_params_set_int64(p, VIDSTORE_FILE_ACCESS, VIDSTORE_ACCESS_PRIVATE);
    must(vidstore_file_update(as_ann, file.text, p, NULL, e));
    vidstore_file_params_free(p);
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_file_get(as_bob, file.text, NULL, e));
    must(vidstore_doctor(sys, 0, &report, e));
    ck_assert_ptr_nonnull(strstr(vidstore_text_data(report), "1 grant lies on files that are private"));
    vidstore_text_free(report);
}
END_TEST

START_TEST(a_denial_takes_what_else_gives) {
    struct id open = put_file(as_ann, VIDSTORE_ACCESS_AUTHENTICATED, NULL),
              mine = put_file(as_bob, VIDSTORE_ACCESS_PRIVATE, NULL);
    must(vidstore_file_get(as_bob, open.text, NULL, e));
    struct id denial = give(as_ann, "file", open, bob, "{\"denies\":true}");
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_file_get(as_bob, open.text, NULL, e));
    must(vidstore_file_get(as_cid, open.text, NULL, e));
    refused(VIDSTORE_FORBIDDEN, "id", vidstore_grant_revoke(as_bob, denial.text, e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_grant_revoke(as_cid, denial.text, e));
    give(sys, "file", mine, bob, "{\"denies\":true,\"reach\":\"write\"}"); /* an admin takes writing from the owner */
    must(vidstore_file_get(as_bob, mine.text, NULL, e));
    update(VIDSTORE_FORBIDDEN, as_bob, mine, "{\"name\":\"x\"}");
    must(vidstore_grant_revoke(as_ann, denial.text, e));
    must(vidstore_file_get(as_bob, open.text, NULL, e));
}
END_TEST

/* What an owner may not remove by itself does not go along with what it hangs on either. */
START_TEST(a_denial_holds_in_a_cascade) {
    struct id video = put_video(as_ann), file = put_file(as_ann, VIDSTORE_ACCESS_RESTRICTED, video.text);
    struct id denial = give(sys, "file", file, ann, "{\"denies\":true}");
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_file_remove(as_ann, file.text, VIDSTORE_REMOVE_RESTRICT, e));
    refused(VIDSTORE_FORBIDDEN, "mode", vidstore_video_remove(as_ann, video.text, VIDSTORE_REMOVE_CASCADE, e));
    must(vidstore_file_get(sys, file.text, NULL, e));
    must(vidstore_video_get(as_ann, video.text, NULL, e));
    must(vidstore_grant_revoke(sys, denial.text, e));
    must(vidstore_video_remove(as_ann, video.text, VIDSTORE_REMOVE_CASCADE, e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_file_get(sys, file.text, NULL, e));
}
END_TEST

/* Nor is it cut off from it, unless it could be changed by itself. */
START_TEST(a_denial_holds_when_ties_are_cut) {
    struct id video = put_video(as_ann), file = put_file(as_ann, VIDSTORE_ACCESS_RESTRICTED, video.text);
    struct id denial = give(sys, "file", file, ann, _i ? "{\"denies\":true}" : "{\"denies\":true,\"reach\":\"write\"}");
    refused(VIDSTORE_FORBIDDEN, "mode", vidstore_video_remove(as_ann, video.text, VIDSTORE_REMOVE_DETACH, e));
    must(vidstore_video_get(as_ann, video.text, NULL, e));
    must(vidstore_grant_revoke(sys, denial.text, e));
    give(sys, "file", file, ann, "{\"denies\":true,\"reach\":\"manage\"}");
    must(vidstore_video_remove(as_ann, video.text, VIDSTORE_REMOVE_DETACH, e));
    must(vidstore_file_get(as_ann, file.text, NULL, e));
}
END_TEST

static struct id put_job(vidstore_session *s, const char *parent) {
    vidstore_job_params *p = vidstore_job_params_new();
    vidstore_job *job = NULL;
    vidstore_job_params_set_text(p, VIDSTORE_JOB_KIND, "encode");
    if (parent)
        vidstore_job_params_set_text(p, VIDSTORE_JOB_PARENT_ID, parent);
    must(vidstore_job_submit(s, p, &job, e));
    struct id id = id_of(vidstore_job_id(job));
    vidstore_job_free(job);
    vidstore_job_params_free(p);
    return id;
}

static struct id put_video_of(vidstore_session *s, struct id job) {
    vidstore_video_params *p = vidstore_video_params_new();
    vidstore_video *video = NULL;
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_JOB_ID, job.text);
    must(vidstore_video_create(s, p, &video, e));
    struct id id = id_of(vidstore_video_id(video));
    vidstore_video_free(video);
    vidstore_video_params_free(p);
    return id;
}

/* 0: a video of a job, 1: a part of a season; what hangs on another job is no matter of it. */
START_TEST(a_denial_holds_when_a_job_is_cut_off) {
    struct id job = put_job(as_ann, NULL), other = put_job(as_ann, NULL);
    struct id below = _i ? put_job(as_ann, job.text) : put_video_of(as_ann, job);
    struct id denial = give(sys, _i ? "job" : "video", below, ann, "{\"denies\":true}");
    refused(VIDSTORE_FORBIDDEN, "mode", vidstore_job_remove(as_ann, job.text, VIDSTORE_REMOVE_DETACH, e));
    must(vidstore_job_remove(as_ann, other.text, VIDSTORE_REMOVE_DETACH, e));
    must(vidstore_grant_revoke(sys, denial.text, e));
    must(vidstore_job_remove(as_ann, job.text, VIDSTORE_REMOVE_DETACH, e));
}
END_TEST

START_TEST(attack_15_missing_and_forbidden_are_the_same) {
    struct id file = put_file(as_ann, VIDSTORE_ACCESS_PRIVATE, NULL), none = {"01890000-0000-7000-8000-000000000000"};
    int64_t before = events("action = access_denied");
    char other[1024];
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_file_get(as_bob, file.text, NULL, e));
    snprintf(other, sizeof other, "%s", said);
    int64_t after = events("action = access_denied");
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_file_get(as_bob, none.text, NULL, e));
    ck_assert_str_eq(said, other);
    ck_assert_int_eq(after - before, 1);
    ck_assert_int_eq(events("action = access_denied") - after, 1); /* the same rows are written */
}
END_TEST

START_TEST(grants_are_seen_by_whom_they_concern) {
    struct id file = put_file(as_ann, VIDSTORE_ACCESS_RESTRICTED, NULL);
    struct id grant = give(as_ann, "file", file, bob, NULL);
    int64_t count = 0;
    must(vidstore_grant_get(as_ann, grant.text, NULL, e));
    must(vidstore_grant_get(as_bob, grant.text, NULL, e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_grant_get(as_cid, grant.text, NULL, e));
    must(vidstore_grant_count(as_ann, NULL, &count, e));
    ck_assert_int_eq(count, 1);
    must(vidstore_grant_count(as_bob, NULL, &count, e));
    ck_assert_int_eq(count, 1);
    must(vidstore_grant_count(as_cid, NULL, &count, e));
    ck_assert_int_eq(count, 0);
    must(vidstore_file_remove(as_ann, file.text, VIDSTORE_REMOVE_RESTRICT, e));
    must(vidstore_file_purge(as_ann, file.text, e));
    must(vidstore_grant_count(sys, NULL, &count, e)); /* they go with the object */
    ck_assert_int_eq(count, 0);
}
END_TEST

START_TEST(legal_hold) {
    struct id video = put_video(as_ann), file = put_file(as_ann, VIDSTORE_ACCESS_PRIVATE, video.text);
    update(VIDSTORE_FORBIDDEN, as_ann, file, "{\"held\":1000000}");
    update(VIDSTORE_OK, sys, file, "{\"held\":1000000}");
    refused(VIDSTORE_FORBIDDEN, "id", vidstore_file_remove(as_ann, file.text, VIDSTORE_REMOVE_RESTRICT, e));
    refused(VIDSTORE_FORBIDDEN, "id", vidstore_file_remove(sys, file.text, VIDSTORE_REMOVE_RESTRICT, e));
    refused(VIDSTORE_FORBIDDEN, "id", vidstore_video_remove(sys, video.text, VIDSTORE_REMOVE_CASCADE, e));
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_file_remove(as_bob, file.text, VIDSTORE_REMOVE_RESTRICT, e));
    update(VIDSTORE_OK, sys, file, "{\"held\":null}");
    must(vidstore_file_remove(as_ann, file.text, VIDSTORE_REMOVE_RESTRICT, e));
    update(VIDSTORE_NOT_FOUND, sys, file, "{\"held\":1000000}");
}
END_TEST

/* The right to write is neither that of the owner nor that to remove, nor a way to other rights. */
/* From whatever it hangs on, however deep, whoever removes that. What is let go keeps its bytes. */
START_TEST(legal_hold_from_above) {
    vidstore_job *top = NULL, *part = NULL;
    vidstore_video *video = NULL;
    vidstore_job_params *p = vidstore_job_params_new();
    vidstore_video_params *v = vidstore_video_params_new();
    vidstore_job_params_set_text(p, VIDSTORE_JOB_KIND, "work");
    must(vidstore_job_submit(as_ann, p, &top, e));
    vidstore_job_params_set_text(p, VIDSTORE_JOB_PARENT_ID, vidstore_job_id(top));
    must(vidstore_job_submit(as_ann, p, &part, e));
    vidstore_video_params_set_text(v, VIDSTORE_VIDEO_JOB_ID, vidstore_job_id(part));
    must(vidstore_video_create(as_ann, v, &video, e));
    struct id file = put_file(as_ann, VIDSTORE_ACCESS_PRIVATE, vidstore_video_id(video));
    update(VIDSTORE_OK, sys, file, "{\"held\":1000000}");
    vidstore_session *const all[] = {as_ann, sys};
    char other_bytes[120], other_owner[80];
    snprintf(other_bytes, sizeof other_bytes, "{\"sha256\":\"%064d\"}", 0);
    snprintf(other_owner, sizeof other_owner, "{\"user_id\":\"%s\"}", bob.text);
    for (int i = 0; i < 2; i++) {
        const int32_t whole = VIDSTORE_REMOVE_CASCADE;
        refused(VIDSTORE_FORBIDDEN, "id", vidstore_job_remove(all[i], vidstore_job_id(top), whole, e));
        refused(VIDSTORE_FORBIDDEN, "id", vidstore_job_remove(all[i], vidstore_job_id(part), whole, e));
        refused(VIDSTORE_FORBIDDEN, "id", vidstore_video_remove(all[i], vidstore_video_id(video), whole, e));
        refused(VIDSTORE_FORBIDDEN, "id", vidstore_file_remove(all[i], file.text, whole, e));
        update(VIDSTORE_INVALID, all[i], file, other_bytes);
        update(VIDSTORE_INVALID, all[i], file, other_owner);
    }
    refused(VIDSTORE_FORBIDDEN, "id", vidstore_user_remove(sys, ann.text, VIDSTORE_REMOVE_CASCADE, e));
    must(vidstore_job_remove(as_ann, vidstore_job_id(top), VIDSTORE_REMOVE_DETACH, e));
    must(vidstore_job_purge(as_ann, vidstore_job_id(top), e));
    must(vidstore_video_remove(as_ann, vidstore_video_id(video), VIDSTORE_REMOVE_DETACH, e));
    must(vidstore_video_purge(as_ann, vidstore_video_id(video), e));
    must(vidstore_user_remove(sys, ann.text, VIDSTORE_REMOVE_DETACH, e));
    refused(VIDSTORE_STATE, "id", vidstore_user_purge(sys, ann.text, e));
    must(vidstore_maintain(sys, 60000, VIDSTORE_MAINTAIN_ALL, NULL, e));
    must(vidstore_file_verify(sys, file.text, NULL, e)); /* its bytes are those of then */
    vidstore_job_free(top);
    vidstore_job_free(part);
    vidstore_video_free(video);
    vidstore_job_params_free(p);
    vidstore_video_params_free(v);
}
END_TEST

START_TEST(what_writing_does_not_reach) {
    struct id file = put_file(as_ann, VIDSTORE_ACCESS_RESTRICTED, NULL), video = put_video(as_ann),
              secret = put_file(as_ann, VIDSTORE_ACCESS_PRIVATE, NULL), shared = put_video(as_ann);
    update(VIDSTORE_OK, as_ann, file, "{\"metadata\":{\"note\":\"mine\"},\"signed_url\":\"https://x.org/?s=1\"}");
    give(as_ann, "file", file, bob, "{\"reach\":\"write\"}");
    give(as_ann, "video", video, bob, "{\"reach\":\"manage\",\"can_share\":true}");
    give(as_ann, "video", shared, bob, "{\"reach\":\"write\"}");
    static const char *const changes[][2] = {
        {"expires", "{\"expires\":1000000}"},       {"category", "{\"category\":\"temporary\"}"},
        {"metadata", "{\"metadata\":{\"a\":1}}"},   {"signed_url", "{\"signed_url\":null}"},
        {"external_id", "{\"external_id\":\"x\"}"}, {"job_id", "{\"job_id\":\"00000000-0000-7000-8000-000000000000\"}"},
    };
    vidstore_file *after = NULL;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        vidstore_file_params *p = vidstore_file_params_new();
        vidstore_file_params_set_json(p, changes[i][1]);
        refused(VIDSTORE_FORBIDDEN, changes[i][0], vidstore_file_update(as_bob, file.text, p, NULL, e));
        vidstore_file_params_free(p);
    }
    vidstore_file_params *p = vidstore_file_params_new();
    vidstore_file_params_set_text(p, VIDSTORE_FILE_VIDEO_ID, video.text);
    refused(VIDSTORE_FORBIDDEN, "video_id", vidstore_file_update(as_bob, file.text, p, NULL, e));
    must(vidstore_file_update(as_ann, file.text, p, NULL, e));
    vidstore_file_params_set_text(p, VIDSTORE_FILE_NAME, "better.mp4"); /* the video is the same already */
    must(vidstore_file_update(as_bob, file.text, p, &after, e));
    ck_assert_str_eq(vidstore_file_name(after), "better.mp4");
    ck_assert_ptr_null(vidstore_file_text(after, VIDSTORE_FILE_METADATA)); /* as when it is read */
    ck_assert_ptr_null(vidstore_file_text(after, VIDSTORE_FILE_SIGNED_URL));
    ck_assert_ptr_null(vidstore_file_text(after, VIDSTORE_FILE_STORAGE_KEY));
    vidstore_file_free(after);
    vidstore_file_params_free(p);
    vidstore_video_params *look = vidstore_video_params_new();
    vidstore_video_params_set_text(look, VIDSTORE_VIDEO_SOURCE_FILE_ID, secret.text);
    refused(VIDSTORE_FORBIDDEN, "source_file_id", vidstore_video_update(as_bob, shared.text, look, NULL, e));
    must(vidstore_video_update(as_ann, shared.text, look, NULL, e));
    vidstore_video_params_free(look);
}
END_TEST

/* The owner can't put what is held out of reach by letting its time run out. */
START_TEST(a_hold_outlasts_the_end) {
    struct id file = put_file(as_ann, VIDSTORE_ACCESS_PRIVATE, NULL);
    vidstore_text *report = NULL;
    update(VIDSTORE_OK, sys, file, "{\"held\":1000000}");
    update(VIDSTORE_OK, as_ann, file, "{\"expires\":1000000}");
    must(vidstore_file_get(as_ann, file.text, NULL, e));
    ck_assert_int_eq(files_of(as_ann), 1);
    must(vidstore_maintain(sys, 60000, VIDSTORE_MAINTAIN_ALL, &report, e));
    vidstore_text_free(report);
    must(vidstore_file_get(sys, file.text, NULL, e));
    update(VIDSTORE_OK, sys, file, "{\"held\":null}");
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_file_get(as_ann, file.text, NULL, e));
}
END_TEST

static void *maintain_all(void *arg) {
    vidstore_session *s = NULL;
    (void)arg;
    must(vidstore_session_system(store, "upkeep", &s, e));
    must(vidstore_maintain(s, 60000, VIDSTORE_MAINTAIN_ALL, NULL, e));
    vidstore_session_free(s);
    return NULL;
}

/* The upkeep has found what is due before the hold was put on it, and waits for the writer. */
START_TEST(a_hold_in_the_last_moment_counts) {
    struct id file = put_file(as_ann, VIDSTORE_ACCESS_PRIVATE, NULL);
    struct timespec now;
    pthread_t thread;
    char json[64];
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(json, sizeof json, "{\"expires\":%lld}", (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000 + 1000000);
    update(VIDSTORE_OK, as_ann, file, json);
    maintain_all(NULL); /* so that nothing else is due, for which it would wait earlier */
    must(vidstore_begin(sys, 0, e));
    update(VIDSTORE_OK, sys, file, "{\"held\":1000000}");
    usleep(1100000);
    ck_assert_int_eq(pthread_create(&thread, NULL, maintain_all, NULL), 0);
    usleep(300000);
    must(vidstore_commit(sys, e));
    pthread_join(thread, NULL);
    must(vidstore_file_get(sys, file.text, NULL, e));
}
END_TEST

/* An external id is the owner's own word. */
START_TEST(an_external_id_tells_others_nothing) {
    struct id file = put_file(as_ann, VIDSTORE_ACCESS_PUBLIC, NULL);
    update(VIDSTORE_OK, as_ann, file, "{\"external_id\":\"invoice-7\"}");
    must(vidstore_file_get(as_bob, file.text, NULL, e));
    must(vidstore_file_get_external(as_ann, NULL, "invoice-7", NULL, e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_file_get_external(as_bob, ann.text, "invoice-7", NULL, e));
}
END_TEST

/* Who may write to a record, and could set it, would learn by EXISTS which ones the owner has. */
START_TEST(nor_to_who_may_write) {
    vidstore_video_params *of_video = vidstore_video_params_new();
    vidstore_job_params *of_job = vidstore_job_params_new();
    vidstore_job *job = NULL;
    struct id video = put_video(as_ann);
    vidstore_job_params_set_text(of_job, VIDSTORE_JOB_KIND, "work");
    must(vidstore_job_submit(as_ann, of_job, &job, e));
    vidstore_job_params_free(of_job);
    give(as_ann, "video", video, bob, "{\"reach\": \"write\"}");
    give(as_ann, "job", id_of(vidstore_job_id(job)), bob, "{\"reach\": \"write\"}");
    vidstore_video_params_set_text(of_video, VIDSTORE_VIDEO_TITLE, "a better one");
    must(vidstore_video_update(as_bob, video.text, of_video, NULL, e));
    vidstore_video_params_set_text(of_video, VIDSTORE_VIDEO_EXTERNAL_ID, "invoice-7");
    refused(VIDSTORE_FORBIDDEN, "external_id", vidstore_video_update(as_bob, video.text, of_video, NULL, e));
    must(vidstore_video_update(as_ann, video.text, of_video, NULL, e));
    of_job = vidstore_job_params_new();
    vidstore_job_params_set_text(of_job, VIDSTORE_JOB_EXTERNAL_ID, "order-8");
    refused(VIDSTORE_FORBIDDEN, "external_id", vidstore_job_update(as_bob, vidstore_job_id(job), of_job, NULL, e));
    must(vidstore_job_update(as_ann, vidstore_job_id(job), of_job, NULL, e));
    vidstore_job_params_free(of_job);
    vidstore_video_params_free(of_video);
    vidstore_job_free(job);
}
END_TEST

Suite *grants_suite(void);
Suite *grants_suite(void) {
    Suite *s = suite_create("grants");
    TCase *c = tcase_create("grants");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, a_file_for_another);
    tcase_add_test(c, how_far_it_reaches);
    tcase_add_test(c, a_video_with_its_files);
    tcase_add_test(c, attack_41_granting);
    tcase_add_test(c, attack_41_handing_on);
    tcase_add_test(c, attack_41_a_grant_by_a_since_demoted_user);
    tcase_add_test(c, attack_41_an_expired_grant);
    tcase_add_test(c, a_denial_takes_what_else_gives);
    tcase_add_test(c, a_denial_holds_in_a_cascade);
    tcase_add_loop_test(c, a_denial_holds_when_ties_are_cut, 0, 2);
    tcase_add_loop_test(c, a_denial_holds_when_a_job_is_cut_off, 0, 2);
    tcase_add_test(c, grants_that_open_nothing);
    tcase_add_test(c, attack_15_missing_and_forbidden_are_the_same);
    tcase_add_test(c, grants_are_seen_by_whom_they_concern);
    tcase_add_test(c, legal_hold);
    tcase_add_test(c, legal_hold_from_above);
    tcase_add_test(c, what_writing_does_not_reach);
    tcase_add_test(c, a_hold_outlasts_the_end);
    tcase_add_test(c, a_hold_in_the_last_moment_counts);
    tcase_add_test(c, an_external_id_tells_others_nothing);
    tcase_add_test(c, nor_to_who_may_write);
    suite_add_tcase(s, c);
    return s;
}
