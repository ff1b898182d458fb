/* SPDX-License-Identifier: MIT */
#include "videos/probe_outcome.h"
#include "util/alloc.h"
#include "util/error.h"
#include <string.h>

static int is_one_of(const char *word, const char *const *list) {
    for (; word && *list; list++)
        if (strcmp(word, *list) == 0)
            return 1;
    return 0;
}

/* What may end a probe early and not the next one of the same bytes. */
static const struct reason {
    const char *status, *limited_by; /* of one without facts; of a partial one */
    int code;
    const char *says;
} reasons[] = {
    {"limit_time", "time", VIDSTORE_TIMEOUT, "the probe ran out of time"},
    {"limit_memory", "memory", VIDSTORE_NOMEM, "the probe ran out of memory"},
    {"io_error", "io", VIDSTORE_IO, "the bytes could not be read by the probe"},
    {"crashed", NULL, VIDSTORE_UNAVAILABLE, "the probing process broke down"},
};

static const struct reason *reason_of(const struct vs_probe *probe) {
    for (size_t i = 0; i < VS_COUNT(reasons); i++) {
        const struct reason *reason = &reasons[i];
        if (strcmp(probe->status, reason->status) == 0)
            return reason;
        if (strcmp(probe->status, "partial") == 0 && reason->limited_by && probe->limited_by &&
            strcmp(probe->limited_by, reason->limited_by) == 0)
            return reason;
    }
    return NULL;
}

static int has_facts(const struct vs_probe *probe) {
    static const char *const words[] = {"ok", "partial", "truncated", "damaged", "changed_while_probing", NULL};
    return is_one_of(probe->status, words);
}

int vs_probe_is_lasting(const struct vs_probe *probe) {
    static const char *const words[] = {"ok", "empty", "not_media", "unsupported", "truncated", "damaged", NULL};
    if (is_one_of(probe->status, words))
        return 1;
    return strcmp(probe->status, "partial") == 0 && probe->limited_by && strcmp(probe->limited_by, "read") == 0;
}

int vs_probe_is_less(const struct vs_probe *probe, const char *earlier) {
    static const char *const whole[] = {"ok", "truncated", "damaged", NULL};
    static const char *const some[] = {"partial", "empty", "not_media", "unsupported", NULL};
    /* a limit of the settings ended it, or it ended by bad luck */
    if (!reason_of(probe) && strncmp(probe->status, "limit_", 6) != 0)
        return 0;
    return is_one_of(earlier, whole) || (!has_facts(probe) && is_one_of(earlier, some));
}

int vs_probe_verdict(const struct vs_probe *probe, int spared, vidstore_error **e) {
    const struct reason *reason = reason_of(probe);
    const char *then = spared ? "; what an earlier probe found stays" : "";
    if (has_facts(probe) && !spared)
        return 0;
    if (reason)
        return vs_fail(e, reason->code, NULL, "%s: %s%s", reason->says, probe->status, then);
    return vs_fail_sub(e, VIDSTORE_MEDIA,
                       strcmp(probe->status, "empty") == 0 ? VIDSTORE_SUB_TRUNCATED : VIDSTORE_SUB_NONE, NULL,
                       "the bytes are no media that can be understood: %s%s", probe->status, then);
}
