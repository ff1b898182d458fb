/* SPDX-License-Identifier: MIT */
#include "jobs/job_machine.h"
#include "jobs/jobs.h"
#include "util/alloc.h"
#include "util/error.h"
#include <string.h>

enum {
    S_SCHEDULED = 1,
    S_READY = 2,
    S_BLOCKED = 4,
    S_RUNNING = 8,
    S_COMPLETED = 16,
    S_FAILED = 32,
    S_CANCELLED = 64,
    S_DEAD = 128
};

/* What stands here is possible; all else is not. A job with children follows them, so it may also go back from an end
 * when one of them is tried again or comes back. */
static const struct {
    int64_t state;
    unsigned bit, to;
} table[] = {
    {VIDSTORE_JOB_SCHEDULED, S_SCHEDULED, S_READY | S_BLOCKED | S_CANCELLED},
    {VIDSTORE_JOB_READY, S_READY, S_SCHEDULED | S_BLOCKED | S_RUNNING | S_CANCELLED},
    {VIDSTORE_JOB_BLOCKED, S_BLOCKED, S_SCHEDULED | S_READY | S_RUNNING | S_COMPLETED | S_FAILED | S_CANCELLED},
    {VIDSTORE_JOB_RUNNING, S_RUNNING,
     S_SCHEDULED | S_READY | S_BLOCKED | S_COMPLETED | S_FAILED | S_CANCELLED | S_DEAD},
    {VIDSTORE_JOB_COMPLETED, S_COMPLETED, S_BLOCKED | S_RUNNING | S_FAILED},
    {VIDSTORE_JOB_FAILED, S_FAILED, S_SCHEDULED | S_READY | S_BLOCKED | S_RUNNING | S_COMPLETED | S_CANCELLED},
    {VIDSTORE_JOB_CANCELLED, S_CANCELLED, S_SCHEDULED | S_READY | S_BLOCKED | S_RUNNING | S_COMPLETED | S_FAILED},
    {VIDSTORE_JOB_DEAD, S_DEAD, S_SCHEDULED | S_READY | S_BLOCKED},
};

static unsigned bit_of(int64_t state) {
    for (size_t i = 0; i < VS_COUNT(table); i++)
        if (table[i].state == state)
            return table[i].bit;
    return 0;
}

int vs_job_may_step(int64_t from, int64_t to) {
    for (size_t i = 0; i < VS_COUNT(table); i++)
        if (table[i].state == from)
            return (table[i].to & bit_of(to)) != 0;
    return 0;
}

const char *vs_job_state_name(int64_t state) {
    const char *name = vs_word_name(vs_job_states, state);
    return name ? name : "unknown";
}

int vs_job_check_step(int64_t from, int64_t to, vidstore_error **e) {
    if (vs_job_may_step(from, to))
        return 0;
    return vs_fail_sub(e, VIDSTORE_STATE, VIDSTORE_SUB_TRANSITION, "state",
                       "the job is %s, from which there is no step to %s", vs_job_state_name(from),
                       vs_job_state_name(to));
}

int vs_job_is_final(int64_t state) {
    return (bit_of(state) & (S_COMPLETED | S_FAILED | S_CANCELLED | S_DEAD)) != 0;
}

/* A running job is called by its stage when that is one of the old words. */
static const char *running_word(const struct vs_record *job) {
    static const char *const words[] = {"initializing", "downloading", "analyzing", "processing",
                                        "merging",      "compressing", "uploading"};
    const char *stage = vs_record_text(job, VIDSTORE_JOB_STAGE);
    for (size_t i = 0; stage && i < VS_COUNT(words); i++)
        if (strcmp(stage, words[i]) == 0)
            return words[i];
    return stage || vs_record_int(job, VIDSTORE_JOB_CHILDREN) > 0 ? "processing" : "initializing";
}

const char *vs_job_status_word(const struct vs_record *job) {
    int64_t state = vs_record_int(job, VIDSTORE_JOB_STATE);
    switch (state) {
    case INT64_MIN:
        return NULL;
    case VIDSTORE_JOB_RUNNING:
        return running_word(job);
    case VIDSTORE_JOB_COMPLETED:
        return "completed";
    case VIDSTORE_JOB_CANCELLED:
        return "cancelled";
    case VIDSTORE_JOB_FAILED:
    case VIDSTORE_JOB_DEAD:
        return "failed";
    default:
        return "pending";
    }
}
