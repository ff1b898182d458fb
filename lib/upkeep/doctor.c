/* SPDX-License-Identifier: MIT */
#include "upkeep/doctor.h"
#include "util/alloc.h"
#include "util/error.h"
#include "util/json.h"
#include "util/utf8.h"
#include "vidstore/upkeep.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const verdicts[] = {"ok", "warning", "bad"};

void vs_exam_find(struct vs_exam *x, enum vs_verdict verdict, const char *format, ...) {
    char text[1200];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    /* Damaged content may be anything, and a cut may go through a character. */
    vs_autofree char *clean = vs_utf8_scrub(text, strlen(text));
    if (!clean) {
        x->found.failed = VIDSTORE_NOMEM;
        return;
    }
    vs_buf_fmt(&x->found, "%s{\"name\":\"%s\",\"verdict\":\"%s\",\"text\":", x->count++ ? "," : "", x->check,
               verdicts[verdict]);
    vs_json_string(&x->found, clean, strlen(clean));
    vs_buf_char(&x->found, '}');
    if (verdict > x->verdict)
        x->verdict = verdict;
}

/* Says nothing about the store. */
static int is_about_the_call(int code) {
    return code == VIDSTORE_CANCELLED || code == VIDSTORE_TIMEOUT || code == VIDSTORE_BUSY || code == VIDSTORE_NOMEM ||
           code == VIDSTORE_FORKED || code == VIDSTORE_MISUSE;
}

static int examine(struct vs_exam *x, vidstore_error **e) {
    for (const struct vs_exam_check *check = vs_exam_checks; check->name; check++) {
        vidstore_error *why = NULL;
        x->check = check->name;
        int r = check->run(x, &why);
        if (r && is_about_the_call(r)) {
            if (e)
                *e = why;
            else
                vidstore_error_free(why);
            return r;
        }
        if (r)
            vs_exam_find(x, VS_VERDICT_BAD, "%s", vidstore_error_message(why));
        vidstore_error_free(why);
    }
    return 0;
}

static int tell(const struct vs_exam *x, vidstore_text **ret, vidstore_error **e) {
    vs_autobuf b = {0};
    if (x->found.failed)
        return vs_fail_nomem(e);
    vs_buf_fmt(&b, "{\"verdict\":\"%s\",\"full\":%s,\"checks\":[", verdicts[x->verdict], x->full ? "true" : "false");
    vs_buf_add(&b, x->found.data, x->found.len);
    vs_buf_str(&b, "]}");
    return vs_buf_to_text(&b, ret, e);
}

vidstore_status vidstore_doctor(vidstore_session *session, int32_t full, vidstore_text **ret_json,
                                vidstore_error **reterr) {
    VS_ENTER(session, ret_json, reterr);
    struct vs_exam x = {.session = session, .full = full};
    int r = full != 0 && full != 1
                ? vs_fail_sub(reterr, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "full", "full is neither 0 nor 1")
                : 0;
    if (!r)
        r = vs_session_outside(session, reterr);
    if (!r)
        r = vs_session_may(session, "store", VS_READ, NULL, NULL, 0, reterr);
    if (!r)
        r = examine(&x, reterr);
    if (!r)
        r = tell(&x, ret_json, reterr);
    vs_buf_free(&x.found);
    vidstore_text_free(vs_unwanted_);
    return r;
}
