/* SPDX-License-Identifier: MIT */
/* What may happen to a video. */
#include "files/files.h"
#include "net/net.h"
#include "util/error.h"
#include "videos/video_repo.h"
#include "videos/videos.h"
#include <string.h>

/* The two kinds of work that a video goes through have the same fields. */
struct work {
    int32_t state, error, retries, started, completed;
};
static const struct work download = {VIDSTORE_VIDEO_DOWNLOAD_STATE, VIDSTORE_VIDEO_DOWNLOAD_ERROR,
                                     VIDSTORE_VIDEO_DOWNLOAD_RETRIES, VIDSTORE_VIDEO_DOWNLOAD_STARTED_US,
                                     VIDSTORE_VIDEO_DOWNLOAD_COMPLETED_US};
static const struct work processing = {VIDSTORE_VIDEO_PROCESSING_STATE, VIDSTORE_VIDEO_PROCESSING_ERROR,
                                       VIDSTORE_VIDEO_PROCESSING_RETRIES, VIDSTORE_VIDEO_PROCESSING_STARTED_US,
                                       VIDSTORE_VIDEO_PROCESSING_COMPLETED_US};

/* A change of state stamps its time, counts a failure, and forgets the error of the try before. */
static int follow_state(struct vs_change *c, const struct work *w, vidstore_error **e) {
    if (!c->old || !vs_change_differs(c, w->state))
        return 0;
    switch (vs_change_int(c, w->state)) {
    case VIDSTORE_WORK_ACTIVE:
        if (!vs_change_differs(c, w->started))
            vs_change_set_int(c, w->started, c->now_us);
        vs_change_set_int(c, w->completed, INT64_MIN);
        return vs_change_differs(c, w->error) ? 0 : vs_change_set_text(c, w->error, NULL, e);
    case VIDSTORE_WORK_COMPLETED:
        if (!vs_change_differs(c, w->completed))
            vs_change_set_int(c, w->completed, c->now_us);
        return vs_change_differs(c, w->error) ? 0 : vs_change_set_text(c, w->error, NULL, e);
    case VIDSTORE_WORK_FAILED:
        if (!vs_change_differs(c, w->retries))
            vs_change_set_int(c, w->retries, vs_change_int(c, w->retries) + 1);
        return 0;
    default:
        return 0;
    }
}

static int is_given(const struct vs_change *c, int32_t field) {
    return c->params && c->params->state[vs_field_index(c->noun, field)] != VS_PARAM_UNSET;
}

/* How a download went is said of the URL that it came from: with another one it is to be done anew, unless the same
 * update says how it is. The file that is there stays the source until then. */
static void follow_url(struct vs_change *c) {
    static const int32_t told[] = {VIDSTORE_VIDEO_DOWNLOAD_DONE, VIDSTORE_VIDEO_DOWNLOAD_TOTAL,
                                   VIDSTORE_VIDEO_DOWNLOAD_ERROR, VIDSTORE_VIDEO_DOWNLOAD_STARTED_US,
                                   VIDSTORE_VIDEO_DOWNLOAD_COMPLETED_US};
    if (!c->old || !vs_change_differs(c, VIDSTORE_VIDEO_URL) || !vs_change_text(c, VIDSTORE_VIDEO_URL) ||
        is_given(c, VIDSTORE_VIDEO_DOWNLOAD_STATE))
        return;
    vs_change_set_int(c, VIDSTORE_VIDEO_DOWNLOAD_STATE, VIDSTORE_WORK_PENDING);
    if (!is_given(c, VIDSTORE_VIDEO_DOWNLOAD_RETRIES))
        vs_change_set_int(c, VIDSTORE_VIDEO_DOWNLOAD_RETRIES, 0);
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        if (!is_given(c, told[i]))
            vs_change_set_int(c, told[i], INT64_MIN);
}

/* A path of this machine is for the host to name, never for its users. */
static int check_url(const struct vs_change *c, vidstore_error **e) {
    const char *url = vs_change_text(c, VIDSTORE_VIDEO_URL);
    if (!url || !vs_change_differs(c, VIDSTORE_VIDEO_URL))
        return 0;
    if (*url != '/')
        return vs_net_check_url(url, e);
    if (vs_policy_is_trusted(&c->session->actor))
        return 0;
    return vs_fail(e, VIDSTORE_FORBIDDEN, "url", "only an admin may name a path of this machine");
}

static int check_file_name(const struct vs_change *c, vidstore_error **e) {
    const char *name = vs_change_text(c, VIDSTORE_VIDEO_FILE_NAME);
    if (name && (!*name || strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, "..")))
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "file_name",
                           "file_name is not the name of a file");
    return 0;
}

/* What a record points at belongs to the same owner: else naming an id would be a way to look at it. */
static int check_link(const struct vs_change *c, int32_t field,
                      int (*owner_of)(struct vs_conn *, const struct vs_uuid *, struct vs_uuid *, vidstore_error **),
                      vidstore_error **e) {
    const char *name = vs_field_by_id(c->noun, field)->name;
    struct vs_uuid id, owner;
    if (!vs_change_text(c, field) || !vs_change_differs(c, field))
        return 0;
    int r = vs_uuid_parse(vs_change_text(c, field), name, &id, e);
    if (!r)
        r = owner_of(c->conn, &id, &owner, e);
    if (r < 0)
        return r;
    if (r == VS_DONE || !vs_uuid_equal(&owner, &c->owner))
        return vs_fail(e, VIDSTORE_NOT_FOUND, name, "%s names nothing of this owner", name);
    return 0;
}

static int check(struct vs_change *c, vidstore_error **e) {
    int r = check_url(c, e);
    if (!r)
        r = check_file_name(c, e);
    if (!r)
        r = check_link(c, VIDSTORE_VIDEO_JOB_ID, vs_video_repo_job_owner, e);
    if (!r)
        r = check_link(c, VIDSTORE_VIDEO_SOURCE_FILE_ID, vs_video_repo_file_owner, e);
    return r ? r : check_link(c, VIDSTORE_VIDEO_PROCESSED_FILE_ID, vs_video_repo_file_owner, e);
}

static int create(struct vs_change *c, vidstore_error **e) {
    int has_url = vs_change_text(c, VIDSTORE_VIDEO_URL) != NULL;
    vs_change_default_int(c, VIDSTORE_VIDEO_DOWNLOAD_STATE, has_url ? VIDSTORE_WORK_PENDING : VIDSTORE_WORK_NONE);
    vs_change_default_int(c, VIDSTORE_VIDEO_PROCESSING_STATE, VIDSTORE_WORK_NONE);
    vs_change_default_int(c, VIDSTORE_VIDEO_DOWNLOAD_RETRIES, 0);
    vs_change_default_int(c, VIDSTORE_VIDEO_PROCESSING_RETRIES, 0);
    return check(c, e);
}

static int update(struct vs_change *c, vidstore_error **e) {
    int r = check(c, e);
    if (!r)
        follow_url(c);
    if (!r)
        r = follow_state(c, &download, e);
    return r ? r : follow_state(c, &processing, e);
}

static int remove_video(struct vs_change *c, vidstore_error **e) {
    int64_t files = 0;
    if (c->mode == VIDSTORE_REMOVE_CASCADE)
        return vs_video_repo_remove_files(c->conn, &c->id, &c->removal, c->now_us, e);
    if (c->mode == VIDSTORE_REMOVE_DETACH)
        return vs_video_repo_detach_files(c->conn, &c->id, c->now_us, e);
    int r = vs_video_repo_has_files(c->conn, &c->id, &files, e);
    if (!r && files)
        r = vs_fail_sub(e, VIDSTORE_STATE, VIDSTORE_SUB_DEPENDENTS, "id", "the video has files");
    return r;
}

static int restore(struct vs_change *c, vidstore_error **e) {
    int r = vs_files_renew_removed(c->conn, &c->removal, c->now_us, e);
    return r ? r : vs_video_repo_restore_files(c->conn, &c->id, &c->removal, c->now_us, e);
}

static const struct vs_reach_fields reach = {.containers = {VIDSTORE_VIDEO_JOB_ID}};

const struct vs_rules vs_video_rules = {
    .reach = &reach,
    .noun = &vs_video_noun,
    .created = VIDSTORE_AUDIT_VIDEO_CREATED,
    .updated = VIDSTORE_AUDIT_VIDEO_UPDATED,
    .removed = VIDSTORE_AUDIT_VIDEO_DELETED,
    .restored = VIDSTORE_AUDIT_VIDEO_RESTORED,
    .purged = VIDSTORE_AUDIT_VIDEO_PURGED,
    .create = create,
    .update = update,
    .remove = remove_video,
    .restore = restore,
};
