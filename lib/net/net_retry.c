/* SPDX-License-Identifier: MIT */
/* What may be tried again, and how long to wait before that. */
#include "net/net_internal.h"
#include "util/env.h"
#include "util/error.h"
#include <stdarg.h>
#include <stdio.h>

#define BASE_MS 200
#define CAP_MS  20000

void vs_net_trouble_set(struct vs_net_trouble *t, int code, int32_t sub, int again, const char *format, ...) {
    *t = (struct vs_net_trouble){.code = code, .sub = sub, .again = again, .retry_after_ms = -1};
    va_list args;
    va_start(args, format);
    vsnprintf(t->message, sizeof t->message, format, args);
    va_end(args);
}

void vs_net_trouble_http(struct vs_net_trouble *t, const struct vs_net_head *h) {
    int code = VIDSTORE_INVALID, again = 0;
    switch (h->status) {
    case 401:
    case 402:
    case 403:
    case 407:
    case 451:
        code = VIDSTORE_FORBIDDEN;
        break;
    case 404:
    case 410:
        code = VIDSTORE_NOT_FOUND;
        break;
    case 408:
    case 425:
    case 429:
        code = VIDSTORE_UNAVAILABLE;
        again = 1;
        break;
    default:
        if (h->status >= 500) {
            code = VIDSTORE_UNAVAILABLE;
            again = 1;
        }
    }
    vs_net_trouble_set(t, code, VIDSTORE_SUB_HTTP, again, "the server answered with status %d", (int)h->status);
    if (again)
        t->retry_after_ms = h->retry_after_ms;
}

int vs_net_trouble_fail(const struct vs_net_trouble *t, vidstore_error **e) {
    if (t->code == VIDSTORE_NOMEM)
        return vs_fail_nomem(e);
    vs_fail_sub(e, t->code, t->sub, "url", "%s", t->message);
    if (t->cause[0])
        vs_error_set_cause(e, t->cause);
    if (t->retry_after_ms > 0)
        vs_error_set_retry(e, t->retry_after_ms);
    return t->code;
}

int64_t vs_net_retry_delay_ms(int n, int64_t retry_after_ms) {
    if (retry_after_ms > CAP_MS)
        return -1;
    int64_t most = BASE_MS;
    for (int i = 1; i < n && most < CAP_MS; i++)
        most *= 2;
    if (most > CAP_MS)
        most = CAP_MS;
    uint64_t r = 0;
    int64_t delay = vs_random(&r, sizeof r) ? most : (int64_t)(r % (uint64_t)(most + 1));
    return delay > retry_after_ms ? delay : retry_after_ms;
}
