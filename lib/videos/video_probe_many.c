/* SPDX-License-Identifier: MIT */
/* Probing many stored videos, a few at a time. What is done together is committed together; a slice at a time is in
 * memory. */
#include "util/alloc.h"
#include "util/error.h"
#include "util/parallel.h"
#include "videos/probe_outcome.h"
#include "videos/probing.h"
#include "videos/videos.h"
#include <string.h>

enum { SLICE = 64 };

struct many {
    struct vs_prospect on;
    const char *const *ids; /* of the slice */
    int64_t count;
    struct vs_probing items[SLICE];
    char twin[SLICE];     /* the same bytes as of an earlier one in the slice, whose answer will do */
    int64_t order[SLICE]; /* which are being learned */
    const int64_t *done;  /* of those, which are to be kept */
    int done_count;
    struct vs_page *page;
};

static void fail_item(struct vs_probing *p, int code, vidstore_error *why) {
    vidstore_error_free(p->error);
    p->status = code;
    p->error = why;
}

/* --- finding ------------------------------------------------------------------------------------------------------ */

static int find_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct many *m = arg;
    for (int64_t i = 0; i < m->count; i++) {
        vidstore_error *why = NULL;
        struct vs_probing *p = &m->items[i];
        vs_probing_clear(p);
        int r = vs_uuid_parse(m->ids[i], "id", &p->id, &why);
        if (!r)
            r = vs_probing_find(conn, &m->on, p, &why);
        if (r && !vs_crud_is_of_item(r)) {
            r = vs_fail_sub(e, r, vidstore_error_subcode(why), NULL, "%s", vidstore_error_message(why));
            vidstore_error_free(why);
            return r;
        }
        fail_item(p, r, why);
    }
    return 0;
}

static int recall_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct many *m = arg;
    int r = 0;
    for (int64_t i = 0; !r && i < m->count; i++)
        if (!m->items[i].status && !m->items[i].probe)
            r = vs_probing_recall(conn, &m->on, &m->items[i], e);
    return r;
}

static void find_twins(struct many *m) {
    for (int64_t i = 0; i < m->count; i++) {
        m->twin[i] = 0;
        for (int64_t j = 0; j < i && !m->twin[i]; j++)
            m->twin[i] = !m->on.anew && !m->items[i].status && !m->items[j].status && !m->items[i].bytes.damaged &&
                         memcmp(m->items[i].bytes.sha256, m->items[j].bytes.sha256, VS_SHA256_SIZE) == 0;
    }
}

/* --- learning and keeping ----------------------------------------------------------------------------------------- */

static void learn(void *arg, int64_t i) {
    struct many *m = arg;
    struct vs_probing *p = &m->items[m->order[i]];
    vidstore_error *why = NULL;
    int r = vs_probing_learn(&m->on, p, -1, &why);
    fail_item(p, r, why);
}

/* One event for all that are kept by one commit. */
static int audit(const struct many *m, struct vs_conn *conn, vidstore_error **e) {
    const struct vs_actor *actor = &m->on.session->actor;
    char id[VS_UUID_TEXT];
    vs_autobuf details = {0};
    int64_t kept = 0;
    vs_buf_str(&details, "{\"ids\":[");
    for (int i = 0; i < m->done_count; i++) {
        const struct vs_probing *p = &m->items[m->order[m->done[i]]];
        if (!p->result)
            continue;
        vs_uuid_format(&p->id, id);
        vs_buf_fmt(&details, "%s\"%s\"", kept++ ? "," : "", id);
    }
    vs_buf_fmt(&details, "],\"count\":%lld}", (long long)kept);
    struct vs_event event = {.action = VIDSTORE_AUDIT_VIDEO_PROBED,
                             .noun = vs_video_noun.name,
                             .details = details.data,
                             .owner = &actor->user};
    if (!kept)
        return 0;
    return details.failed ? vs_fail_nomem(e) : vs_trail_append(conn, actor, &event, e);
}

/* One that was removed meanwhile, or taken from the actor, fails alone. */
static int keep_item(struct many *m, struct vs_conn *conn, struct vs_probing *p, vidstore_error **e) {
    vidstore_error *why = NULL;
    if (!p->facts)
        return 0; /* nothing was learned, and the item says why */
    int r = vs_mark(conn, e);
    if (r)
        return r;
    int outcome = vs_probing_keep(conn, &m->on, p, &why);
    if (outcome) {
        vs_record_free(p->result);
        p->result = NULL;
    }
    if (outcome && !vs_crud_is_of_item(outcome)) {
        r = vs_fail_sub(e, outcome, vidstore_error_subcode(why), NULL, "%s", vidstore_error_message(why));
        vidstore_error_free(why);
        return r;
    }
    fail_item(p, outcome, why);
    return outcome ? vs_mark_undo(conn, e) : vs_mark_release(conn, e);
}

static int keep_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct many *m = arg;
    int r = 0;
    m->on.session->bulk = 1;
    for (int i = 0; !r && i < m->done_count; i++)
        r = keep_item(m, conn, &m->items[m->order[m->done[i]]], e);
    m->on.session->bulk = 0;
    return r ? r : audit(m, conn, e);
}

static int keep(void *arg, const int64_t *done, int count, vidstore_error **e) {
    struct many *m = arg;
    m->done = done;
    m->done_count = count;
    int r = vs_session_write(m->on.session, keep_op, m, e);
    for (int i = 0; !r && i < count; i++) {
        struct vs_probing *p = &m->items[m->order[done[i]]];
        vidstore_error *why = NULL;
        if (!p->result && !p->spared)
            continue;
        int verdict = vs_probe_verdict(p->probe, p->spared, &why);
        fail_item(p, verdict, why);
        /* what they take is not needed any more */
        vs_probe_free(VS_TAKE(p->probe));
        json_decref(VS_TAKE(p->facts));
    }
    return r;
}

static int is_stopped(void *arg) {
    const struct many *m = arg;
    return atomic_load(&m->on.session->interrupt);
}

/* Those of the slice that are twins, or those that are none. */
static int learn_all(struct many *m, int twins, vidstore_error **e) {
    struct vs_parallel all = {
        .threads = vs_prober_places(m->on.limits.places), .arg = m, .work = learn, .take = keep, .stopped = is_stopped};
    for (int64_t i = 0; i < m->count; i++)
        if (!m->items[i].status && m->twin[i] == twins)
            m->order[all.count++] = i;
    if (!all.count)
        return 0;
    int r = vs_session_read(m->on.session, recall_op, m, e);
    if (!r)
        r = vs_parallel_run(&all, e);
    if (!r && is_stopped(m))
        r = vs_fail(e, VIDSTORE_CANCELLED, NULL, "interrupted; what was probed until then is kept");
    return r;
}

static int any_found(const struct many *m) {
    for (int64_t i = 0; i < m->count; i++)
        if (!m->items[i].status)
            return 1;
    return 0;
}

static int run_slice(struct many *m, vidstore_error **e) {
    int r = vs_session_read(m->on.session, find_op, m, e);
    find_twins(m);
    if (!r && any_found(m))
        r = vs_prospect_start(&m->on, e);
    for (int twins = 0; !r && twins < 2; twins++)
        r = learn_all(m, twins, e);
    for (int64_t i = 0; !r && i < m->count; i++) {
        struct vs_probing *p = &m->items[i];
        r = vs_page_add_outcome(m->page, p->status ? NULL : p->result, VS_TAKE(p->error), e);
    }
    return r;
}

static int run(struct many *m, const char *const *ids, int64_t count, vidstore_error **e) {
    int r = 0;
    for (int64_t at = 0; !r && at < count; at += SLICE) {
        m->ids = ids + at;
        m->count = count - at < SLICE ? count - at : SLICE;
        r = run_slice(m, e);
        for (int i = 0; i < SLICE; i++)
            vs_probing_clear(&m->items[i]);
    }
    return r;
}

int vs_video_probe_many(vidstore_session *session, const char *const *ids, int64_t count, uint32_t flags,
                        struct vs_page **ret, vidstore_error **e) {
    if (count < 0 || count > VS_BULK_MAX)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "count", "count is not between 0 and %d",
                           VS_BULK_MAX);
    if (count && !ids)
        return vs_fail(e, VIDSTORE_MISUSE, "ids", "ids is NULL");
    vs_autofree struct many *m = vs_calloc(1, sizeof *m);
    if (!m)
        return vs_fail_nomem(e);
    int r = vs_prospect_begin(session, flags, &m->on, e);
    if (!r)
        r = vs_page_new(&vs_video_noun, count, &m->page, e);
    if (!r)
        r = run(m, ids, count, e);
    vs_prospect_end(&m->on);
    if (r)
        vs_page_free(m->page);
    else
        *ret = m->page;
    return r;
}
