/* SPDX-License-Identifier: MIT */
/* Probing a video's bytes, and keeping what was found. The probe runs before the write begins. */
#include "util/alloc.h"
#include "util/error.h"
#include "videos/probe_outcome.h"
#include "videos/probing.h"
#include "videos/videos.h"
#include <string.h>

/* --- how ---------------------------------------------------------------------------------------------------------- */

struct vs_probe_limits vs_video_probe_limits(vidstore_session *session, uint32_t flags) {
    return (struct vs_probe_limits){
        .max_read = vs_setting(session->store, VS_SETTING_PROBE_MAX_BYTES),
        .timeout_ms = vs_setting(session->store, VS_SETTING_PROBE_DEADLINE_MS),
        .warm = vs_setting(session->store, VS_SETTING_PROBE_WARM) || (flags & VIDSTORE_PROBE_WARM),
        .skip_decode = !!(flags & VIDSTORE_PROBE_NO_DECODE),
        .places = (int32_t)vs_setting(session->store, VS_SETTING_PROBE_PARALLEL),
        .cancel = &session->interrupt,
    };
}

int vs_prospect_begin(vidstore_session *session, uint32_t flags, struct vs_prospect *ret, vidstore_error **e) {
    const uint32_t known = VIDSTORE_PROBE_WARM | VIDSTORE_PROBE_NO_DECODE | VIDSTORE_PROBE_ANEW;
    *ret = (struct vs_prospect){
        .session = session, .limits = vs_video_probe_limits(session, flags), .anew = !!(flags & VIDSTORE_PROBE_ANEW)};
    int r = vs_session_outside(session, e);
    if (!r && (flags & ~known))
        r = vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "flags", "flags has unknown bits");
    vs_probe_terms_set(&ret->terms, &ret->limits);
    return r ? r : vs_store_prober(session->store, &ret->prober, e);
}

int vs_prospect_start(struct vs_prospect *on, vidstore_error **e) {
    int r = on->version ? 0 : vs_prober_check(on->prober, &on->version, NULL, e);
    on->terms.prober = on->version;
    return r;
}

void vs_prospect_end(struct vs_prospect *on) {
    vs_free(on->version);
    on->version = NULL;
}

/* --- one ---------------------------------------------------------------------------------------------------------- */

void vs_probing_clear(struct vs_probing *p) {
    vs_buf_free(&p->answer);
    vs_free(p->isolation);
    vs_probe_free(p->probe);
    json_decref(p->facts);
    vs_record_free(p->result);
    vidstore_error_free(p->error);
    *p = (struct vs_probing){0};
}

int vs_probing_find(struct vs_conn *conn, const struct vs_prospect *on, struct vs_probing *p, vidstore_error **e) {
    vs_autorecord *video = NULL;
    int r = vs_crud_load_for(conn, on->session, &vs_video_rules, &p->id, 0, VS_UPDATE, &video, e);
    if (r)
        return r;
    struct vs_uuid owner = vs_record_uuid(video, VIDSTORE_VIDEO_USER_ID),
                   source = vs_record_uuid(video, VIDSTORE_VIDEO_SOURCE_FILE_ID);
    p->stored = 1;
    return vs_video_repo_file(conn, &p->id, &owner, vs_uuid_is_nil(&source) ? NULL : &source, &p->bytes, e);
}

int vs_probing_recall(struct vs_conn *conn, const struct vs_prospect *on, struct vs_probing *p, vidstore_error **e) {
    vs_buf_free(&p->answer);
    vs_free(p->isolation);
    p->isolation = NULL;
    if (p->bytes.damaged || on->anew)
        return 0;
    int r = vs_probe_repo_find(conn, p->bytes.sha256, &on->terms, &p->answer, &p->isolation, e);
    return r < 0 ? r : 0;
}

static int read_blob(void *arg, int64_t offset, void *buf, size_t len, size_t *ret_len, vidstore_error **e) {
    return vs_blob_reader_pread(arg, offset, buf, len, ret_len, e);
}

/* Through a descriptor where the backend has one, else range by range. */
static int probe_stored(const struct vs_prospect *on, struct vs_probing *p, vidstore_error **e) {
    vs_autoreader *reader = NULL;
    int r = vs_blob_reader_open(on->session->store->blobs, p->bytes.key, &reader, e);
    if (r)
        return r;
    struct vs_probe_bytes bytes = {vs_blob_reader_size(reader), read_blob, reader};
    int fd = vs_blob_reader_fd(reader);
    return fd >= 0 ? vs_probe_fd(on->prober, fd, &on->limits, &p->probe, e)
                   : vs_probe_bytes(on->prober, &bytes, &on->limits, &p->probe, e);
}

int vs_probing_learn(const struct vs_prospect *on, struct vs_probing *p, int fd, vidstore_error **e) {
    vs_autoerror vidstore_error *why = NULL;
    int r = 0;
    if (p->isolation)
        r = vs_probe_again(p->answer.data, p->answer.len, on->version, p->isolation, p->bytes.size, &p->probe, &why);
    if (r == VIDSTORE_NOMEM)
        return vs_fail_nomem(e);
    r = 0; /* what is no answer is not known */
    if (!p->probe)
        r = fd >= 0 ? vs_probe_fd(on->prober, fd, &on->limits, &p->probe, e) : probe_stored(on, p, e);
    return r ? r : vs_probe_to_json(p->probe, &p->facts, e);
}

struct step {
    const struct vs_prospect *on;
    struct vs_probing *p;
};

static int find_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    const struct step *step = arg;
    return vs_probing_find(conn, step->on, step->p, e);
}

static int recall_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    const struct step *step = arg;
    return vs_probing_recall(conn, step->on, step->p, e);
}

static int keep_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    const struct step *step = arg;
    return vs_probing_keep(conn, step->on, step->p, e);
}

static int learn_and_keep(const struct vs_prospect *on, struct vs_probing *p, int fd, struct vs_record **ret,
                          vidstore_error **e) {
    struct step step = {on, p};
    int r = vs_probing_learn(on, p, fd, e);
    if (!r)
        r = vs_session_write(on->session, keep_op, &step, e);
    if (!r)
        r = vs_probe_verdict(p->probe, p->spared, e);
    if (!r)
        *ret = VS_TAKE(p->result);
    return r;
}

int vs_video_probe_and_keep(vidstore_session *session, const struct vs_uuid *id, int fd, struct vs_record **ret,
                            vidstore_error **e) {
    vs_autoprospect on = {0};
    vs_autoprobing p = {.id = *id};
    int r = vs_prospect_begin(session, 0, &on, e);
    return r ? r : learn_and_keep(&on, &p, fd, ret, e);
}

int vs_video_probe_stored(vidstore_session *session, const char *id, struct vs_record **ret, vidstore_error **e) {
    vs_autoprospect on = {0};
    vs_autoprobing p = {0};
    struct step step = {&on, &p};
    int r = vs_uuid_parse(id, "id", &p.id, e);
    if (!r)
        r = vs_prospect_begin(session, 0, &on, e);
    if (!r)
        r = vs_session_read(session, find_op, &step, e);
    if (r == VIDSTORE_FORBIDDEN)
        vs_session_refused(session, VIDSTORE_AUDIT_ACCESS_DENIED, "video", &p.id, NULL, r);
    if (!r)
        r = vs_prospect_start(&on, e);
    if (!r)
        r = vs_session_read(session, recall_op, &step, e);
    return r ? r : learn_and_keep(&on, &p, -1, ret, e);
}
