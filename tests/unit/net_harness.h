/* SPDX-License-Identifier: MIT */
/* What the tests of fetching share: a served folder, a sink that notes what happens, and one fetch with its outcome. */
#ifndef TESTS_NET_HARNESS_H
#define TESTS_NET_HARNESS_H

#include "net/net.h"
#include "range_server.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"

#define SIZE 1000003

static struct range_server server;
static char content[SIZE]; /* of a.mp4 */

static inline void setup(void) {
    range_server_folder(&server);
    uint32_t x = 1;
    for (size_t i = 0; i < SIZE; i++)
        content[i] = (char)((x = x * 1664525 + 1013904223) >> 24);
    range_server_file(&server, "a.mp4", content, SIZE);
    range_server_file(&server, "empty.mp4", "", 0);
    range_server_start(&server, "127.0.0.1", NULL, NULL);
}

static inline void teardown(void) {
    const char *const names[] = {"a.mp4", "empty.mp4", "log", "cert.pem", "key.pem"};
    range_server_stop(&server);
    for (size_t i = 0; i < VS_COUNT(names); i++) {
        char path[160];
        snprintf(path, sizeof path, "%s/%s", server.dir, names[i]);
        unlink(path);
    }
    rmdir(server.dir);
}

static inline int logged(const char *target, const char *text) {
    return range_server_logged(&server, target, text);
}

/* --- the sink --- */

struct sink {
    char *data;
    size_t len;
    int writes, restarts, heads, ticks;
    int refuse, stop; /* what write and progress return */
    int64_t refuse_at, last_done, last_total, longest_us, last_us, stop_after_us;
    vidstore_error **e;
    struct vs_fetch_head head;
    char validator[VS_NET_VALIDATOR_MAX], type[VS_NET_TYPE_MAX], name[VS_NET_NAME_MAX];
};

static inline int sink_write(void *arg, const void *data, size_t len) {
    struct sink *s = arg;
    s->writes++;
    if (s->refuse && (int64_t)(s->len + len) > s->refuse_at)
        return s->e ? vs_fail(s->e, s->refuse, "disk", "no room") : s->refuse;
    s->data = realloc(s->data, s->len + len);
    memcpy(s->data + s->len, data, len);
    s->len += len;
    return 0;
}

static inline int sink_restart(void *arg) {
    struct sink *s = arg;
    s->restarts++;
    s->len = 0;
    return 0;
}

static inline int sink_progress(void *arg, int64_t done, int64_t total) {
    struct sink *s = arg;
    int64_t now = vs_mono_us();
    if (s->ticks++ > 0 && now - s->last_us > s->longest_us)
        s->longest_us = now - s->last_us;
    if (s->ticks == 1)
        s->stop_after_us = s->stop ? now + 300000 : INT64_MAX;
    s->last_us = now;
    s->last_done = done;
    s->last_total = total;
    return now < s->stop_after_us ? 0 : s->stop;
}

static inline int sink_head(void *arg, const struct vs_fetch_head *head) {
    struct sink *s = arg;
    s->heads++;
    s->head = *head;
    snprintf(s->validator, sizeof s->validator, "%s", head->validator);
    snprintf(s->type, sizeof s->type, "%s", head->content_type);
    snprintf(s->name, sizeof s->name, "%s", head->file_name);
    ck_assert_int_eq(head->offset, (int64_t)s->len);
    return 0;
}

/* One fetch with all that it needs and leaves. */
struct run {
    struct vs_fetch req;
    struct vs_fetch_result res;
    struct sink sink;
    vidstore_error *e;
    char url[1024];
    int rc;
    int64_t took_us;
};

static inline void prepare(struct run *r, const char *target) {
    *r = (struct run){.rc = 1};
    snprintf(r->url, sizeof r->url, "http://127.0.0.1:%d%s", server.port, target);
    r->req = (struct vs_fetch){.url = r->url,
                               .allow_private = 1,
                               .stall_ms = 5000,
                               .deadline_ms = 30000,
                               .write = sink_write,
                               .restart = sink_restart,
                               .progress = sink_progress,
                               .head = sink_head};
}

static inline void go(struct run *r) {
    int64_t start = vs_mono_us();
    r->req.arg = &r->sink;
    r->rc = vs_net_fetch(&r->req, &r->res, &r->e);
    r->took_us = vs_mono_us() - start;
    ck_assert_int_eq(vidstore_error_code(r->e), r->rc);
    ck_assert_int_eq(r->res.done, (int64_t)r->sink.len);
    ck_assert_int_eq(r->res.restarts, r->sink.restarts);
}

static inline void done(struct run *r) {
    vidstore_error_free(r->e);
    free(r->sink.data);
}

static inline void expect_whole(struct run *r) {
    ck_assert_msg(r->rc == 0, "%d %s (%s)", r->rc, vidstore_error_message(r->e), vidstore_error_cause(r->e));
    ck_assert_uint_eq(r->sink.len, SIZE);
    ck_assert_int_eq(memcmp(r->sink.data, content, SIZE), 0);
    ck_assert_int_eq(r->res.total, SIZE);
}

static inline void expect_error(struct run *r, int code, int32_t sub) {
    ck_assert_msg(r->rc == code, "%d (%s), not %d", r->rc, vidstore_error_message(r->e), code);
    ck_assert_int_eq(vidstore_error_subcode(r->e), sub);
}

/* A fetch that must come to the whole file; its sink for further looks. */
static inline void fetch_whole(struct run *r, const char *target, int tries, int restarts) {
    prepare(r, target);
    r->req.tries = 10;
    go(r);
    expect_whole(r);
    ck_assert_int_eq(r->res.tries, tries);
    ck_assert_int_eq(r->res.restarts, restarts);
    ck_assert_int_eq(r->sink.heads, tries);
}

static inline void fetch_error(const char *target, int code, int32_t sub, int tries) {
    struct run r;
    prepare(&r, target);
    r.req.tries = 2;
    go(&r);
    expect_error(&r, code, sub);
    ck_assert_int_eq(r.res.tries, tries);
    ck_assert_uint_eq(r.sink.len, 0);
    ck_assert_str_eq(vidstore_error_field(r.e), "url");
    done(&r);
}

#endif
