/* SPDX-License-Identifier: MIT */
#include "store/origin.h"
#include "util/alloc.h"
#include "util/error.h"
#include "util/handle.h"
#include "util/quarantine.h"
#include "util/utf8.h"
#include "vidstore/session.h"

static struct vs_origin nomem = {.magic = VS_MAGIC_ORIGIN, .failed = 1};

vidstore_origin *vidstore_origin_new(void) {
    struct vs_origin *origin = vs_calloc(1, sizeof *origin);
    if (!origin)
        return (vidstore_origin *)&nomem;
    origin->magic = VS_MAGIC_ORIGIN;
    return (vidstore_origin *)origin;
}

void vidstore_origin_free(vidstore_origin *handle) {
    struct vs_origin *origin = (struct vs_origin *)handle;
    if (!origin || origin->magic != VS_MAGIC_ORIGIN || origin == &nomem)
        return;
    for (int i = 0; i < VS_ORIGIN_FACTS; i++)
        vs_free(origin->facts[i]);
    vidstore_error_free(origin->error);
    vs_quarantine(origin, sizeof *origin);
}

void vidstore_origin_set_text(vidstore_origin *handle, int32_t fact, const char *value) {
    static const struct {
        const char *name;
        size_t max;
    } facts[VS_ORIGIN_FACTS] = {{"ip", 45}, {"user_agent", 512}, {"request_id", 128}, {"device", 128}};
    struct vs_origin *origin = (struct vs_origin *)handle;
    int at = fact - VIDSTORE_ORIGIN_IP;
    if (!origin || origin->magic != VS_MAGIC_ORIGIN || origin->failed || origin->error)
        return;
    if (at < 0 || at >= VS_ORIGIN_FACTS) {
        vs_fail_sub(&origin->error, VIDSTORE_INVALID, VIDSTORE_SUB_UNKNOWN_FIELD, "origin", "an origin has no fact %d",
                    (int)fact);
        return;
    }
    if (value && vs_check_text(value, facts[at].name, facts[at].max, &origin->error))
        return;
    char *copy = value ? vs_strdup(value) : NULL;
    origin->failed = value && !copy;
    vs_free(origin->facts[at]);
    origin->facts[at] = copy;
}

int vs_origin_check(const vidstore_origin *handle, const struct vs_origin **ret, vidstore_error **e) {
    const struct vs_origin *origin = (const struct vs_origin *)handle;
    int r = origin ? vs_check_handle(origin, VS_MAGIC_ORIGIN, "origin", e) : 0;
    if (r)
        return r;
    if (origin && origin->failed)
        return vs_fail_nomem(e);
    if (origin && origin->error) {
        if (e)
            *e = vs_error_ref(origin->error);
        return vidstore_error_code(origin->error);
    }
    *ret = origin;
    return 0;
}
