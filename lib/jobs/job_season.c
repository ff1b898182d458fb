/* SPDX-License-Identifier: MIT */
/* How a job of several sources becomes a season: a child for each, then those that merge and compress. */
#include "jobs/job_season.h"
#include "jobs/job_kinds.h"
#include "jobs/job_sources.h"
#include "util/error.h"
#include "videos/videos.h"

int64_t vs_season_size(const char *kind, size_t sources) {
    const struct vs_job_kind *k = vs_kind_find(kind);
    int64_t size = (int64_t)sources;
    if (sources < 2)
        return 0;
    for (size_t i = 0; i < VS_KIND_THEN && k->then[i]; i++)
        size++;
    return size;
}

static void copy_field(struct vs_params *params, const struct vs_change *c, int32_t id) {
    const struct vs_field *field = vs_field_by_id(&vs_job_noun, id);
    const struct vs_value *value = vs_change_value(c, id);
    if (!value->set)
        return;
    if (vs_type_is_text(field->type))
        vs_params_set_text(params, &vs_job_noun, id, value->text);
    else
        vs_params_set_int(params, &vs_job_noun, id, value->i);
}

/* What a child has of its parent. The request stays with the parent: a thousand copies of it would serve nobody. */
static struct vs_params *inherit(const struct vs_change *c, const char *kind) {
    static const int32_t inherited[] = {
        VIDSTORE_JOB_PRIORITY,     VIDSTORE_JOB_RUN_AT_US,         VIDSTORE_JOB_SEASON,    VIDSTORE_JOB_QUALITY,
        VIDSTORE_JOB_PRESET,       VIDSTORE_JOB_COMPRESSION_LEVEL, VIDSTORE_JOB_USE_GPU,   VIDSTORE_JOB_USE_HARDWARE,
        VIDSTORE_JOB_MAX_ATTEMPTS, VIDSTORE_JOB_MAX_CRASHES,       VIDSTORE_JOB_BACKOFF_MS};
    struct vs_params *params = vs_params_new(&vs_job_noun);
    for (size_t i = 0; i < sizeof inherited / sizeof *inherited; i++)
        copy_field(params, c, inherited[i]);
    if (!vs_uuid_equal(&c->owner, &c->session->actor.user))
        copy_field(params, c, VIDSTORE_JOB_USER_ID);
    vs_params_set_text(params, &vs_job_noun, VIDSTORE_JOB_KIND, kind);
    vs_params_set_text(params, &vs_job_noun, VIDSTORE_JOB_PARENT_ID, vs_change_text(c, VIDSTORE_JOB_ID));
    return params;
}

static int create_child(struct vs_change *c, struct vs_params *params, int64_t position, int blocked,
                        struct vs_uuid *ret_id, vidstore_error **e) {
    struct vs_job_part part = {blocked};
    vs_autorecord *child = NULL;
    vs_params_set_int(params, &vs_job_noun, VIDSTORE_JOB_POSITION, position);
    int r = vs_params_check(params, &vs_job_noun, e);
    if (!r)
        r = vs_uuid_make(ret_id, e);
    return r ? r : vs_crud_create_in(c->conn, c->session, &vs_job_part_rules, params, &part, ret_id, &child, e);
}

static struct vs_params *video_params(const struct vs_change *c, const struct vs_uuid *job,
                                      const struct vs_source *source) {
    char id[VS_UUID_TEXT];
    const char *season = vs_change_text(c, VIDSTORE_JOB_SEASON);
    struct vs_params *params = vs_params_new(&vs_video_noun);
    vs_uuid_format(job, id);
    vs_params_set_text(params, &vs_video_noun, VIDSTORE_VIDEO_JOB_ID, id);
    vs_params_set_text(params, &vs_video_noun, VIDSTORE_VIDEO_URL, source->url ? source->url : source->path);
    if (source->episode != INT64_MIN)
        vs_params_set_int(params, &vs_video_noun, VIDSTORE_VIDEO_EPISODE, source->episode);
    if (source->title)
        vs_params_set_text(params, &vs_video_noun, VIDSTORE_VIDEO_TITLE, source->title);
    if (source->sha256)
        vs_params_set_text(params, &vs_video_noun, VIDSTORE_VIDEO_EXPECTED_SHA256, source->sha256);
    if (source->file_name)
        vs_params_set_text(params, &vs_video_noun, VIDSTORE_VIDEO_FILE_NAME, source->file_name);
    if (season)
        vs_params_set_text(params, &vs_video_noun, VIDSTORE_VIDEO_SEASON, season);
    if (!vs_uuid_equal(&c->owner, &c->session->actor.user))
        vs_params_set_text(params, &vs_video_noun, VIDSTORE_VIDEO_USER_ID, vs_change_text(c, VIDSTORE_JOB_USER_ID));
    return params;
}

/* The video of a source. The job's own event speaks for it. */
static int add_video(struct vs_change *c, const struct vs_uuid *job, const json_t *sources, size_t index,
                     vidstore_error **e) {
    struct vs_source source;
    struct vs_uuid id;
    vs_autorecord *video = NULL;
    vs_source_at(sources, index, &source);
    struct vs_params *params = video_params(c, job, &source);
    int bulk = c->session->bulk;
    int r = vs_params_check(params, &vs_video_noun, e);
    if (!r)
        r = vs_uuid_make(&id, e);
    c->session->bulk = 1;
    if (!r)
        r = vs_crud_create_in(c->conn, c->session, &vs_video_rules, params, NULL, &id, &video, e);
    c->session->bulk = bulk;
    vs_params_free(params);
    return r;
}

static int add_part(struct vs_change *c, const char *kind, const json_t *sources, size_t index, vidstore_error **e) {
    struct vs_uuid id;
    vs_autobuf text = {0};
    vs_buf_char(&text, '[');
    vs_json_dump(&text, json_array_get(sources, index));
    vs_buf_char(&text, ']');
    if (text.failed)
        return vs_fail_nomem(e);
    struct vs_params *params = inherit(c, kind);
    vs_params_set_text(params, &vs_job_noun, VIDSTORE_JOB_SOURCES, text.data);
    int r = create_child(c, params, (int64_t)index + 1, 0, &id, e);
    vs_params_free(params);
    return r ? r : add_video(c, &id, sources, index, e);
}

/* A child that waits for all before it. */
static int add_follower(struct vs_change *c, const char *kind, int64_t position, vidstore_error **e) {
    struct vs_uuid id;
    vs_autostmt *s = NULL;
    struct vs_params *params = inherit(c, kind);
    int r = create_child(c, params, position, 1, &id, e);
    vs_params_free(params);
    if (!r)
        r = vs_stmt(c->conn, VS_STMT_JOB_WAIT_FOR, &s, e);
    if (r)
        return r;
    vs_bind_int(s, 1, position - 1);
    vs_bind_uuid(s, 2, &id);
    return vs_run(s, NULL, e);
}

static int add_children(struct vs_change *c, const json_t *sources, vidstore_error **e) {
    const char *name = vs_change_text(c, VIDSTORE_JOB_KIND);
    const struct vs_job_kind *kind = vs_kind_find(name);
    size_t count = vs_sources_count(sources);
    int r = 0;
    for (size_t i = 0; !r && i < count; i++)
        r = add_part(c, kind->part ? kind->part : name, sources, i, e);
    for (size_t i = 0; !r && i < VS_KIND_THEN && kind->then[i]; i++)
        r = add_follower(c, kind->then[i], (int64_t)(count + i + 1), e);
    return r;
}

int vs_season_expand(struct vs_change *c, vidstore_error **e) {
    vs_autojson *sources = NULL;
    int r = vs_sources_read(vs_change_text(c, VIDSTORE_JOB_SOURCES), &c->session->actor, &sources, e);
    if (r || vs_sources_count(sources) == 0)
        return r;
    return vs_sources_count(sources) == 1 ? add_video(c, &c->id, sources, 0, e) : add_children(c, sources, e);
}
