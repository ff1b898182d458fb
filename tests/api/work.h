/* SPDX-License-Identifier: MIT */
/* What the tests of jobs and of leases do alike. */
#ifndef TESTS_API_WORK_H
#define TESTS_API_WORK_H

#include "harness.h"

static inline vidstore_job_params *params(const char *json) {
    vidstore_job_params *p = vidstore_job_params_new();
    vidstore_job_params_set_json(p, json);
    return p;
}

static inline struct id submit(vidstore_session *session, const char *json) {
    vidstore_job *job = NULL;
    vidstore_job_params *p = params(json);
    must(vidstore_job_submit(session, p, &job, e));
    struct id id = id_of(vidstore_job_id(job));
    vidstore_job_free(job);
    vidstore_job_params_free(p);
    return id;
}

static inline void refuse_submit(vidstore_status code, const char *field, const char *json) {
    vidstore_job_params *p = params(json);
    refused(code, field, vidstore_job_submit(sys, p, NULL, e));
    vidstore_job_params_free(p);
}

/* Two sources. */
static inline struct id submit_season(const char *kind) {
    char json[200];
    snprintf(json, sizeof json,
             "{\"kind\": \"%s\", \"season\": \"One\", \"sources\": [{\"path\": \"/1\"}, {\"path\": \"/2\"}]}", kind);
    return submit(sys, json);
}

static inline void update(struct id id, const char *json) {
    vidstore_job_params *p = params(json);
    must(vidstore_job_update(sys, id.text, p, NULL, e));
    vidstore_job_params_free(p);
}

static inline vidstore_job *get_job(struct id id) {
    vidstore_job *job = NULL;
    must(vidstore_job_get(sys, id.text, &job, e));
    return job;
}

static inline int64_t job_int(struct id id, int32_t field) {
    vidstore_job *job = get_job(id);
    int64_t value = vidstore_job_int64(job, field);
    vidstore_job_free(job);
    return value;
}

static inline int64_t count_jobs(vidstore_session *session, const char *filter) {
    int64_t count = -1;
    vidstore_query *q = vidstore_query_new();
    if (filter)
        must(vidstore_query_filter(q, filter, e));
    vidstore_query_flags(q, VIDSTORE_QUERY_SCAN);
    must(vidstore_job_count(session, q, &count, e));
    vidstore_query_free(q);
    return count;
}

static inline int64_t count_videos(void) {
    int64_t count = -1;
    must(vidstore_video_count(sys, NULL, &count, e));
    return count;
}

static inline vidstore_page *children_of(struct id id) {
    vidstore_page *page = NULL;
    vidstore_query *q = vidstore_query_new();
    must(vidstore_query_filter(q, "parent_id = $1", e));
    vidstore_query_bind_text(q, 1, id.text);
    must(vidstore_job_list(sys, q, &page, e));
    vidstore_query_free(q);
    return page;
}

static inline vidstore_page *videos_of(struct id id) {
    vidstore_page *page = NULL;
    vidstore_query *q = vidstore_query_new();
    must(vidstore_query_filter(q, "job_id = $1", e));
    vidstore_query_bind_text(q, 1, id.text);
    must(vidstore_video_list(sys, q, &page, e));
    vidstore_query_free(q);
    return page;
}

static inline vidstore_lease *claim_or_none(const char *kinds) {
    vidstore_lease *lease = NULL;
    must(vidstore_job_claim(sys, kinds, 0, &lease, e));
    return lease;
}

static inline vidstore_lease *claim(const char *kinds) {
    vidstore_lease *lease = claim_or_none(kinds);
    ck_assert_msg(lease != NULL, "there was no job to claim");
    return lease;
}

static inline void finish(vidstore_lease *lease) {
    must(vidstore_lease_finish(lease, NULL, e));
    vidstore_lease_free(lease);
}

static inline void give_up(vidstore_lease *lease, const char *why) {
    must(vidstore_lease_fail(lease, why, 0, e));
    vidstore_lease_free(lease);
}

static inline struct id job_of(const vidstore_lease *lease) {
    return id_of(vidstore_job_id(vidstore_lease_job(lease)));
}

static inline void set(const char *name, const char *value) {
    must(vidstore_setting_set(sys, name, value, e));
}

#endif
