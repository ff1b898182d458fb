/* SPDX-License-Identifier: MIT */
/* Looking into many files of this machine, a few at a time, and keeping nothing. */
#include "files/files.h"
#include "util/alloc.h"
#include "util/error.h"
#include "util/json.h"
#include "util/parallel.h"
#include "videos/videos.h"

enum { LOOKS_MAX = 1000, BYTES_MAX = 64 << 20 };

struct looks {
    vidstore_session *session;
    struct vs_prober *prober;
    struct vs_probe_limits limits;
    const char *const *paths;
    struct vs_buf *items; /* one a path */
    int64_t bytes;        /* of all of them */
};

static int look(const struct looks *l, const char *path, struct vs_buf *b, vidstore_error **e) {
    vs_autojson *found = NULL;
    int r = vs_video_look_at(l->session->store, l->prober, path, &l->limits, &found, e);
    if (r)
        return r;
    vs_json_dump(b, found);
    return b->failed ? vs_fail_nomem(e) : 0;
}

static void say_error(struct vs_buf *b, const vidstore_error *why) {
    vs_buf_free(b);
    vs_buf_str(b, "{\"error\":");
    vs_json_error(b, why);
    vs_buf_char(b, '}');
}

static void look_at(void *arg, int64_t i) {
    struct looks *l = arg;
    vs_autoerror vidstore_error *why = NULL;
    if (look(l, l->paths[i], &l->items[i], &why))
        say_error(&l->items[i], why);
}

/* What all of them say together is bounded: the rest is left to be asked for alone. */
static int weigh(void *arg, const int64_t *done, int count, vidstore_error **e) {
    struct looks *l = arg;
    for (int i = 0; i < count; i++) {
        struct vs_buf *b = &l->items[done[i]];
        vs_autoerror vidstore_error *why = NULL;
        if (l->bytes + (int64_t)b->len > BYTES_MAX) {
            vs_fail(&why, VIDSTORE_FULL, NULL, "the answer is too large for one call: look at this file alone");
            say_error(b, why);
        }
        if (b->failed)
            return vs_fail_nomem(e);
        l->bytes += (int64_t)b->len;
    }
    return 0;
}

static int is_stopped(void *arg) {
    const struct looks *l = arg;
    return atomic_load(&l->session->interrupt);
}

static int join(const struct looks *l, int64_t count, vidstore_text **ret, vidstore_error **e) {
    vs_autobuf all = {0};
    vs_buf_char(&all, '[');
    for (int64_t i = 0; i < count; i++) {
        vs_buf_str(&all, i ? "," : "");
        vs_buf_add(&all, l->items[i].data, l->items[i].len);
        vs_buf_free(&l->items[i]);
    }
    vs_buf_char(&all, ']');
    return vs_buf_to_text(&all, ret, e);
}

static int run(struct looks *l, int64_t count, vidstore_text **ret, vidstore_error **e) {
    struct vs_parallel all = {.count = count,
                              .threads = vs_prober_places(l->limits.places),
                              .arg = l,
                              .work = look_at,
                              .take = weigh,
                              .stopped = is_stopped};
    if (!(l->items = vs_calloc(count ? (size_t)count : 1, sizeof *l->items)))
        return vs_fail_nomem(e);
    int r = vs_parallel_run(&all, e);
    if (!r && is_stopped(l))
        r = vs_fail(e, VIDSTORE_CANCELLED, NULL, "interrupted");
    if (!r)
        r = join(l, count, ret, e);
    for (int64_t i = 0; i < count; i++)
        vs_buf_free(&l->items[i]);
    vs_free(l->items);
    return r;
}

vidstore_status vidstore_media_probe_many(vidstore_session *session, const char *const *paths, int64_t count,
                                          uint32_t flags, vidstore_text **ret_json, vidstore_error **reterr) {
    VS_ENTER(session, ret_json, reterr);
    struct looks l = {.session = session, .limits = vs_video_probe_limits(session, flags), .paths = paths};
    int r = vs_video_may_look(session, flags, reterr);
    if (!r && (count < 0 || count > LOOKS_MAX))
        r = vs_fail_sub(reterr, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "count", "count is not between 0 and %d",
                        LOOKS_MAX);
    if (!r && count && !paths)
        r = vs_fail(reterr, VIDSTORE_MISUSE, "paths", "paths is NULL");
    if (!r)
        r = vs_file_may_name_path(session, "paths", NULL, reterr);
    if (!r)
        r = vs_store_prober(session->store, &l.prober, reterr);
    if (!r)
        r = run(&l, count, ret_json, reterr);
    vidstore_text_free(vs_unwanted_);
    return r;
}
