/* SPDX-License-Identifier: MIT */
/* Getting a source whole: tries, redirects, and the rules by which bytes of several responses may be put together. */
#include "net/net_internal.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define REDIRECTS_MAX 5
#define WAIT_MS       100

/* What the head of a response means for the fetch. */
enum verdict {
    VERDICT_NONE,     /* there was no head */
    VERDICT_BODY,     /* its body belongs into the sink */
    VERDICT_COMPLETE, /* nothing is missing */
    VERDICT_MISFIT,   /* it does not continue what the sink holds */
    VERDICT_REDIRECT,
    VERDICT_REFUSED
};

struct fetch {
    struct vs_fetch req; /* with the defaults filled in */
    struct vs_fetch_result *res;
    vidstore_error **e;
    struct vs_net_transfer *transfer;
    int64_t deadline_us;
    const char *url; /* of this request */
    int ranged;      /* it asked for the rest */
    enum verdict verdict;
};

static void transfer_cleanup(struct vs_net_transfer **t) {
    vs_net_transfer_free(*t);
}

/* What a callback returned, as the status to end with; its own error stays. */
static int stopped(struct fetch *f, int rc) {
    if (rc == 0)
        return 0;
    int code = rc < 0 ? rc : VIDSTORE_CANCELLED;
    if (f->e && !*f->e)
        vs_fail(f->e, code, NULL,
                code == VIDSTORE_CANCELLED ? "fetching was cancelled" : "the fetched bytes can't be kept");
    return code;
}

static int on_tick(void *arg) {
    struct fetch *f = arg;
    if (vs_mono_us() >= f->deadline_us)
        return vs_fail(f->e, VIDSTORE_TIMEOUT, NULL, "fetching took longer than %lld ms",
                       (long long)f->req.deadline_ms);
    return f->req.progress ? stopped(f, f->req.progress(f->req.arg, f->res->done, f->res->total)) : 0;
}

static int too_large(struct fetch *f) {
    return vs_fail_sub(f->e, VIDSTORE_INVALID, VIDSTORE_SUB_TOO_LARGE, "url", "the source has more than %lld bytes",
                       (long long)f->req.max_bytes);
}

/* The sink's bytes are void. */
static int start_over(struct fetch *f) {
    if (f->res->done > 0) {
        int rc = stopped(f, f->req.restart(f->req.arg));
        if (rc)
            return rc;
        f->res->restarts++;
    }
    f->res->done = 0;
    f->res->total = -1;
    f->res->validator[0] = '\0';
    return 0;
}

static int announce(struct fetch *f) {
    if (f->res->total > f->req.max_bytes)
        return too_large(f);
    f->verdict = VERDICT_BODY;
    const struct vs_fetch_head head = {.offset = f->res->done,
                                       .total = f->res->total,
                                       .validator = f->res->validator,
                                       .content_type = f->res->content_type,
                                       .file_name = f->res->file_name};
    return f->req.head ? stopped(f, f->req.head(f->req.arg, &head)) : 0;
}

/* A body that ends where the connection does may be cut short by whatever ends the connection. */
static int check_told(struct fetch *f, const struct vs_net_head *h) {
    if (f->res->total >= 0 || h->chunked || h->length >= 0 || f->req.allow_unsized)
        return 0;
    return vs_fail_sub(
        f->e, VIDSTORE_INVALID, VIDSTORE_SUB_HTTP, "url",
        "the server does not say how long the file is, so that its end can't be told from an abort: give "
        "its SHA-256, or set fetch.allow_unsized");
}

/* Bytes that only a decoder makes the file of are none that a range continues, or a checksum is right for. */
static int check_coding(struct fetch *f, const struct vs_net_head *h) {
    if (!h->coding[0])
        return 0;
    return vs_fail_sub(f->e, VIDSTORE_INVALID, VIDSTORE_SUB_HTTP, "url",
                       "the server sends the file in the coding %s, though it was asked for the file itself",
                       h->coding);
}

static void describe(struct fetch *f, const struct vs_net_head *h) {
    snprintf(f->res->content_type, sizeof f->res->content_type, "%s", h->content_type);
    if (h->file_name[0])
        snprintf(f->res->file_name, sizeof f->res->file_name, "%s", h->file_name);
    else
        vs_net_name_from_url(f->url, f->res->file_name);
}

static int take_whole(struct fetch *f, const struct vs_net_head *h) {
    int rc = check_coding(f, h);
    if (!rc)
        rc = start_over(f);
    if (rc)
        return rc;
    f->res->total = h->chunked ? -1 : h->length;
    snprintf(f->res->validator, sizeof f->res->validator, "%s", vs_net_head_validator(h));
    describe(f, h);
    return (rc = check_told(f, h)) ? rc : announce(f);
}

/* 1 unless the answer says that it is about other content than what the sink holds. */
static int is_same(const struct fetch *f, const struct vs_net_head *h) {
    const char *ours = f->res->validator, *theirs = ours[0] == '"' ? h->etag : h->modified_text;
    if (theirs[0] && strcmp(ours, theirs) != 0)
        return 0;
    return f->res->total < 0 || h->range_total < 0 || h->range_total == f->res->total;
}

/* 1 when the part continues what the sink holds, and is of the same content as that. */
static int fits(const struct fetch *f, const struct vs_net_head *h) {
    if (!is_same(f, h) || h->range_first != f->res->done)
        return 0;
    if (f->res->total < 0 && h->range_total < 0) /* the end of the part may not be that of the whole */
        return 0;
    return h->chunked || h->length < 0 || h->length == h->range_last - h->range_first + 1;
}

static int take_rest(struct fetch *f, const struct vs_net_head *h) {
    if (!fits(f, h)) {
        f->verdict = VERDICT_MISFIT;
        return 0;
    }
    if (h->range_total >= 0)
        f->res->total = h->range_total;
    describe(f, h);
    int rc = check_coding(f, h);
    if (!rc)
        rc = check_told(f, h);
    return rc ? rc : announce(f);
}

static int is_redirect(const struct vs_net_head *h) {
    const int s = h->status;
    return (s == 301 || s == 302 || s == 303 || s == 307 || s == 308) && h->location[0];
}

static int on_head(void *arg, const struct vs_net_head *h, int *ret_want_body) {
    struct fetch *f = arg;
    int rc = 0;
    f->res->http_status = h->status;
    if (h->status == 200 || h->status == 203)
        rc = take_whole(f, h);
    else if (h->status == 206 && f->ranged)
        rc = take_rest(f, h);
    else if (h->status == 416 && f->ranged)
        f->verdict = h->range_total == f->res->done && is_same(f, h) ? VERDICT_COMPLETE : VERDICT_MISFIT;
    else
        f->verdict = is_redirect(h) ? VERDICT_REDIRECT : VERDICT_REFUSED;
    *ret_want_body = f->verdict == VERDICT_BODY;
    return rc;
}

static int on_body(void *arg, const void *data, size_t len) {
    struct fetch *f = arg;
    if ((int64_t)len > f->req.max_bytes - f->res->done)
        return too_large(f);
    if (f->res->total >= 0 && (int64_t)len > f->res->total - f->res->done)
        return vs_fail_sub(f->e, VIDSTORE_UNAVAILABLE, VIDSTORE_SUB_HTTP, "url",
                           "the server sends more bytes than it announced");
    int rc = stopped(f, f->req.write(f->req.arg, data, len));
    if (!rc)
        f->res->done += (int64_t)len;
    return rc;
}

/* The response went through: is the sink complete with it? 0, or 1 with the trouble. */
static int conclude(struct fetch *f, struct vs_net_trouble *ret) {
    if (f->res->total < 0)
        f->res->total = f->res->done;
    if (f->res->done == f->res->total)
        return 0;
    vs_net_trouble_set(ret, VIDSTORE_UNAVAILABLE, VIDSTORE_SUB_TRUNCATED, 1, "the server sent %lld of %lld bytes",
                       (long long)f->res->done, (long long)f->res->total);
    return 1;
}

static int redirect(struct fetch *f, const char *location, char **ret) {
    int rc = vs_net_url_resolve(f->url, location, ret, f->e);
    if (rc == VIDSTORE_INVALID)
        return vs_fail_sub(f->e, rc, VIDSTORE_SUB_SYNTAX, "url", "the server redirects to a URL that can't be used");
    if (!rc && vs_net_url_secure(f->url) && !vs_net_url_secure(*ret))
        return vs_fail_sub(f->e, VIDSTORE_FORBIDDEN, VIDSTORE_SUB_HTTP, "url",
                           "the server redirects from https to http");
    return rc;
}

/* One try: the URL and what it redirects to. 0 complete, 1 with the trouble, or a negative status to end with. */
static int try_once(struct fetch *f, const char *url, struct vs_net_trouble *ret) {
    vs_autofree char *hop = NULL;
    const struct vs_net_events events = {.arg = f, .head = on_head, .body = on_body, .tick = on_tick};
    f->url = url;
    for (int hops = 0;; hops++) {
        const struct vs_net_head *head;
        f->ranged = f->res->done > 0;
        f->verdict = VERDICT_NONE;
        const struct vs_net_request q = {.url = f->url, .offset = f->res->done, .validator = f->res->validator};
        int rc = vs_net_transfer_run(f->transfer, &q, &events, &head, ret);
        if (rc < 0)
            return rc;
        switch (f->verdict) {
        case VERDICT_NONE:
            return 1;
        case VERDICT_BODY:
            return rc ? rc : conclude(f, ret);
        case VERDICT_COMPLETE:
            f->res->total = f->res->done;
            return 0;
        case VERDICT_MISFIT:
            vs_net_trouble_set(ret, VIDSTORE_UNAVAILABLE, VIDSTORE_SUB_CHANGED, 1,
                               "the source changed while it was fetched");
            return (rc = start_over(f)) ? rc : 1;
        case VERDICT_REFUSED:
            vs_net_trouble_http(ret, head);
            return 1;
        case VERDICT_REDIRECT:
            break;
        }
        if (hops == REDIRECTS_MAX) {
            vs_net_trouble_set(ret, VIDSTORE_INVALID, VIDSTORE_SUB_HTTP, 0, "the server redirects more than %d times",
                               hops);
            return 1;
        }
        char *next = NULL;
        if ((rc = redirect(f, head->location, &next))) {
            vs_free(next);
            return rc;
        }
        vs_free(hop);
        f->url = hop = next;
    }
}

/* Slices are counted, not measured, so that a simulated clock that stands still doesn't wait for ever. */
static int wait_ms(struct fetch *f, int64_t ms) {
    for (; ms > 0; ms -= WAIT_MS) {
        int rc = on_tick(f);
        if (rc)
            return rc;
        poll(NULL, 0, ms < WAIT_MS ? (int)ms : WAIT_MS);
    }
    return on_tick(f);
}

static int try_often(struct fetch *f, const char *url) {
    int barren = 0; /* tries in a row that brought nothing */
    for (;;) {
        struct vs_net_trouble trouble = {0};
        const int64_t before = f->res->done;
        f->res->tries++;
        int rc = try_once(f, url, &trouble);
        if (rc <= 0)
            return rc;
        barren = f->res->done > before ? 1 : barren + 1;
        if (!f->res->validator[0] && f->res->done > 0 && trouble.again && f->res->tries < f->req.tries &&
            (rc = start_over(f)))
            return rc;
        int64_t delay = vs_net_retry_delay_ms(barren, trouble.retry_after_ms);
        if (!trouble.again || f->res->tries >= f->req.tries || delay < 0)
            return vs_net_trouble_fail(&trouble, f->e);
        if ((rc = wait_ms(f, delay)))
            return rc;
    }
}

static int bad_number(vidstore_error **e, const char *field) {
    return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, field, "%s is out of range", field);
}

static int check(const struct vs_fetch *req, vidstore_error **e) {
    if (!req->write || !req->restart)
        return vs_fail(e, VIDSTORE_MISUSE, NULL, "a fetch needs its write and restart callbacks");
    const struct {
        const char *name;
        int64_t value, max;
    } numbers[] = {
        {"offset", req->offset, INT64_MAX},
        {"total", req->total < 0 ? 0 : req->total, INT64_MAX},
        {"max_bytes", req->max_bytes, INT64_MAX},
        {"connect_timeout_ms", req->connect_timeout_ms, INT_MAX},
        {"stall_ms", req->stall_ms, INT_MAX},
        {"deadline_ms", req->deadline_ms, INT64_MAX / 4000},
        {"tries", req->tries, 100},
    };
    for (size_t i = 0; i < VS_COUNT(numbers); i++)
        if (numbers[i].value < 0 || numbers[i].value > numbers[i].max)
            return bad_number(e, numbers[i].name);
    const char *v = req->validator ? req->validator : "";
    if (strlen(v) >= VS_NET_VALIDATOR_MAX)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_TOO_LONG, "validator", "the validator is too long");
    for (; *v; v++)
        if ((unsigned char)*v < ' ' || (unsigned char)*v >= 0x7f)
            return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "validator",
                               "the validator is not plain text");
    return 0;
}

static void fill_in(struct vs_fetch *r) {
    r->total = r->total > 0 ? r->total : -1;
    r->max_bytes = r->max_bytes ? r->max_bytes : INT64_MAX;
    r->connect_timeout_ms = r->connect_timeout_ms ? r->connect_timeout_ms : 10 * 1000;
    r->stall_ms = r->stall_ms ? r->stall_ms : 30 * 1000;
    r->deadline_ms = r->deadline_ms ? r->deadline_ms : INT64_C(24) * 3600 * 1000;
    r->tries = r->tries ? r->tries : 5;
}

/* Takes over what an earlier call left in the sink, if it can be continued. */
static int take_over(struct fetch *f) {
    f->res->done = f->req.offset;
    f->res->total = f->req.total;
    snprintf(f->res->validator, sizeof f->res->validator, "%s", f->req.validator ? f->req.validator : "");
    if (!f->res->validator[0] || (f->req.total >= 0 && f->req.offset > f->req.total))
        return start_over(f);
    return f->req.offset > f->req.max_bytes ? too_large(f) : 0;
}

int vs_net_fetch(const struct vs_fetch *req, struct vs_fetch_result *res, vidstore_error **e) {
    *res = (struct vs_fetch_result){.total = -1};
    vs_error_clear(e);
    int rc = check(req, e);
    if (rc)
        return rc;
    struct fetch f = {.req = *req, .res = res, .e = e};
    res->done = req->offset;
    fill_in(&f.req);
    f.deadline_us = vs_mono_us() + f.req.deadline_ms * 1000;
    vs_autofree char *url = NULL;
    VS_CLEANUP(transfer_cleanup) struct vs_net_transfer *transfer = NULL;
    if ((rc = vs_net_url_resolve(NULL, req->url, &url, e)) || (rc = vs_net_transfer_new(&f.req, &transfer, e)))
        return rc;
    f.transfer = transfer;
    if ((rc = take_over(&f)) || (rc = on_tick(&f)) || (rc = try_often(&f, url)))
        return rc;
    return f.req.progress ? stopped(&f, f.req.progress(f.req.arg, res->done, res->total)) : 0;
}
