/* SPDX-License-Identifier: MIT */
/* Public calls on jobs: records, params, what every noun has, and what is done to submitted jobs. */
#include "jobs/job_cancel.h"
#include "jobs/job_machine.h"
#include "jobs/job_nap.h"
#include "jobs/job_sources.h"
#include "jobs/jobs.h"
#include "record/record_api.h"
#include "vidstore/query.h"

VS_RECORD_API(job, job)
VS_PARAMS_API(job)
VS_GETTER_TEXT(job, id, VIDSTORE_JOB_ID)
VS_GETTER_TEXT(job, user_id, VIDSTORE_JOB_USER_ID)
VS_GETTER_TEXT(job, kind, VIDSTORE_JOB_KIND)
VS_GETTER_ENUM(job, state, VIDSTORE_JOB_STATE)
VS_GETTER_TEXT(job, stage, VIDSTORE_JOB_STAGE)
VS_GETTER_ENUM(job, priority, VIDSTORE_JOB_PRIORITY)
VS_GETTER_INT64(job, created_us, VIDSTORE_JOB_CREATED_US)
VS_GETTER_INT64(job, version, VIDSTORE_JOB_VERSION)

const char *vidstore_job_status(const vidstore_job *job) {
    return vs_job_status_word((const struct vs_record *)job);
}

static const struct vs_params *in(const vidstore_job_params *params) {
    return (const struct vs_params *)params;
}

static struct vs_record **out(vidstore_job **ret) {
    return (struct vs_record **)ret;
}

/* A wanted result is the caller's; an unwanted one goes. */
static void settle(vidstore_job **ret, vidstore_job **unwanted) {
    if (ret == unwanted)
        vidstore_job_free(*unwanted);
}

vidstore_status vidstore_job_submit(vidstore_session *session, const vidstore_job_params *params,
                                    vidstore_job **ret_job, vidstore_error **reterr) {
    VS_ENTER(session, ret_job, reterr);
    int r = vs_crud_create(session, &vs_job_rules, in(params), NULL, out(ret_job), reterr);
    settle(ret_job, &vs_unwanted_);
    return r;
}

vidstore_status vidstore_job_get(vidstore_session *session, const char *id, vidstore_job **ret_job,
                                 vidstore_error **reterr) {
    VS_ENTER(session, ret_job, reterr);
    int r = vs_crud_get(session, &vs_job_rules, id, out(ret_job), reterr);
    settle(ret_job, &vs_unwanted_);
    return r;
}

vidstore_status vidstore_job_get_external(vidstore_session *session, const char *user_id, const char *external_id,
                                          vidstore_job **ret_job, vidstore_error **reterr) {
    VS_ENTER(session, ret_job, reterr);
    int r = vs_crud_get_external(session, &vs_job_rules, user_id, external_id, out(ret_job), reterr);
    settle(ret_job, &vs_unwanted_);
    return r;
}

vidstore_status vidstore_job_exists(vidstore_session *session, const char *id, int32_t *ret_exists,
                                    vidstore_error **reterr) {
    VS_ENTER(session, ret_exists, reterr);
    return vs_crud_exists(session, &vs_job_rules, id, ret_exists, reterr);
}

vidstore_status vidstore_job_update(vidstore_session *session, const char *id, const vidstore_job_params *params,
                                    vidstore_job **ret_job, vidstore_error **reterr) {
    VS_ENTER(session, ret_job, reterr);
    int r = vs_crud_update(session, &vs_job_rules, id, in(params), NULL, out(ret_job), reterr);
    settle(ret_job, &vs_unwanted_);
    return r;
}

vidstore_status vidstore_job_remove(vidstore_session *session, const char *id, int32_t mode, vidstore_error **reterr) {
    VS_ENTER_VOID(session, reterr);
    return vs_crud_remove(session, &vs_job_rules, id, mode, reterr);
}

vidstore_status vidstore_job_restore(vidstore_session *session, const char *id, vidstore_job **ret_job,
                                     vidstore_error **reterr) {
    VS_ENTER(session, ret_job, reterr);
    int r = vs_crud_restore(session, &vs_job_rules, id, out(ret_job), reterr);
    settle(ret_job, &vs_unwanted_);
    return r;
}

vidstore_status vidstore_job_purge(vidstore_session *session, const char *id, vidstore_error **reterr) {
    VS_ENTER_VOID(session, reterr);
    return vs_crud_purge(session, &vs_job_rules, id, reterr);
}

vidstore_status vidstore_job_list(vidstore_session *session, const vidstore_query *query, vidstore_page **ret_page,
                                  vidstore_error **reterr) {
    VS_ENTER(session, ret_page, reterr);
    int r = vs_crud_list(session, &vs_job_noun, query, (struct vs_page **)ret_page, reterr);
    vidstore_page_free(vs_unwanted_);
    return r;
}

vidstore_status vidstore_job_count(vidstore_session *session, const vidstore_query *query, int64_t *ret_count,
                                   vidstore_error **reterr) {
    VS_ENTER(session, ret_count, reterr);
    return vs_crud_count(session, &vs_job_noun, query, ret_count, reterr);
}

vidstore_status vidstore_job_bulk_create(vidstore_session *session, const vidstore_job_params *const *params,
                                         int64_t count, uint32_t flags, vidstore_page **ret_page,
                                         vidstore_error **reterr) {
    VS_ENTER(session, ret_page, reterr);
    const struct vs_params *const *all = (const struct vs_params *const *)params;
    int r = count <= VS_BULK_MAX ? vs_sources_check_sum(all, count, reterr) : 0;
    if (!r)
        r = vs_crud_bulk_create(session, &vs_job_rules, all, NULL, count, flags, (struct vs_page **)ret_page, reterr);
    vidstore_page_free(vs_unwanted_);
    return r;
}

vidstore_status vidstore_job_bulk_update(vidstore_session *session, const char *const *ids,
                                         const vidstore_job_params *const *params, int64_t count, uint32_t flags,
                                         vidstore_page **ret_page, vidstore_error **reterr) {
    VS_ENTER(session, ret_page, reterr);
    int r = vs_crud_bulk_update(session, &vs_job_rules, ids, (const struct vs_params *const *)params, count, flags,
                                (struct vs_page **)ret_page, reterr);
    vidstore_page_free(vs_unwanted_);
    return r;
}

vidstore_status vidstore_job_cancel(vidstore_session *session, const char *id, vidstore_job **ret_job,
                                    vidstore_error **reterr) {
    VS_ENTER(session, ret_job, reterr);
    int r = vs_job_cancel(session, id, out(ret_job), reterr);
    settle(ret_job, &vs_unwanted_);
    return r;
}

vidstore_status vidstore_job_retry(vidstore_session *session, const char *id, vidstore_job **ret_job,
                                   vidstore_error **reterr) {
    VS_ENTER(session, ret_job, reterr);
    int r = vs_job_retry(session, id, out(ret_job), reterr);
    settle(ret_job, &vs_unwanted_);
    return r;
}

vidstore_status vidstore_job_history(vidstore_session *session, const char *id, vidstore_text **ret_json,
                                     vidstore_error **reterr) {
    VS_ENTER(session, ret_json, reterr);
    int r = vs_job_history(session, id, ret_json, reterr);
    vidstore_text_free(vs_unwanted_);
    return r;
}

vidstore_status vidstore_job_wait(vidstore_session *session, const char *id, int64_t wait_ms, vidstore_job **ret_job,
                                  vidstore_error **reterr) {
    VS_ENTER(session, ret_job, reterr);
    vs_autonap nap = {0};
    vs_autorecord *job = NULL;
    int r = vs_session_outside(session, reterr);
    if (!r)
        r = vs_nap_begin(&nap, session, VS_TURN_ENDED, wait_ms, reterr);
    while (!r) {
        vs_record_free(job);
        job = NULL;
        r = vs_crud_get(session, &vs_job_rules, id, &job, reterr);
        if (r || vs_job_is_final(vs_record_int(job, VIDSTORE_JOB_STATE)))
            break;
        r = vs_nap(&nap, reterr);
        if (r <= 0)
            break;
        r = 0;
    }
    if (!r && ret_job != &vs_unwanted_) {
        *out(ret_job) = job;
        job = NULL;
    }
    return r;
}
