/* SPDX-License-Identifier: MIT */
/* Export, statistics, and the end of old events. */
#include "audit/audit.h"
#include "util/env.h"
#include "util/error.h"
#include "util/handle.h"
#include "util/json.h"
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { EXPORT_PAGE = 1000 };

/* write() to a pipe that nobody reads, without the signal that would end the host. */
static ssize_t write_quietly(int fd, const char *data, size_t len) {
    sigset_t pipe, before, pending;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &pipe, &before);
    ssize_t n = write(fd, data, len);
    int err = errno;
    if (n < 0 && err == EPIPE && !sigismember(&pending, SIGPIPE))
        sigtimedwait(&pipe, NULL, &(struct timespec){0, 0});
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = err;
    return n;
}

static int write_all(int fd, const struct vs_call *call, const char *data, size_t len, vidstore_error **e) {
    while (len) {
        ssize_t n = write_quietly(fd, data, len);
        if (n < 0 && errno == EAGAIN) { /* the host's descriptor does not block: wait for its reader */
            poll(&(struct pollfd){fd, POLLOUT, 0}, 1, 100);
            if (call->interrupt && atomic_load(call->interrupt))
                return vs_fail(e, VIDSTORE_CANCELLED, NULL, "interrupted: could not write the export");
            if (vs_mono_us() > call->deadline_us)
                return vs_fail(e, VIDSTORE_TIMEOUT, "fd", "the deadline passed: could not write the export");
            continue;
        }
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EBADF)
            return vs_fail(e, VIDSTORE_INVALID, "fd", "fd is not open for writing");
        if (n < 0)
            return vs_fail_errno(e, errno, "fd", "write the export");
        data += n;
        len -= (size_t)n;
    }
    return 0;
}

/* One page as lines. JSON escapes every control character, so no value can end a line or forge one. */
static int write_page(const struct vs_page *page, int fd, const struct vs_call *call, vidstore_error **e) {
    vs_autobuf b = {0};
    if (!page->count)
        return 0;
    for (int64_t i = 0; i < page->count; i++) {
        vs_record_json(&b, page->items[i].record);
        vs_buf_char(&b, '\n');
    }
    return b.failed ? vs_fail_nomem(e) : write_all(fd, call, b.data, b.len, e);
}

vidstore_status vidstore_audit_export(vidstore_session *session, const vidstore_query *query, int32_t fd,
                                      int64_t *ret_count, vidstore_error **reterr) {
    VS_ENTER(session, ret_count, reterr);
    struct vs_query pages = {.magic = VS_MAGIC_QUERY};
    int r = vs_session_outside(session, reterr), more = 1;
    if (!r && query)
        r = vs_check_handle(query, VS_MAGIC_QUERY, "query", reterr);
    if (r)
        return r;
    if (query) /* borrowed: the same filter and values, in our own order */
        pages = *(const struct vs_query *)query;
    char oldest_first[] = "created asc", cursor[256] = "";
    pages.sort = oldest_first;
    pages.limit = EXPORT_PAGE;
    pages.cursor = NULL;
    while (!r && more) {
        vs_autopage *page = NULL;
        r = vs_crud_list(session, &vs_audit_noun, (const vidstore_query *)&pages, &page, reterr);
        struct vs_call call = vs_session_call(session); /* a deadline for each page: the whole may take long */
        if (!r)
            r = write_page(page, fd, &call, reterr);
        if (r)
            break;
        *ret_count += page->count;
        more = page->cursor != NULL;
        if (more)
            snprintf(cursor, sizeof cursor, "%s", page->cursor);
        pages.cursor = cursor;
    }
    if (r)
        *ret_count = 0;
    return r;
}

struct stats {
    int64_t since_us;
    struct vs_buf b;
};

static int by_action(struct vs_conn *conn, struct stats *stats, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int64_t ok = 0, failed = 0;
    int r = vs_stmt(conn, VS_STMT_AUDIT_STATS_ACTIONS, &s, e), count = 0;
    if (r)
        return r;
    vs_bind_int(s, 1, stats->since_us);
    vs_buf_str(&stats->b, "\"actions\":{");
    while ((r = vs_step(s, e)) == VS_ROW) {
        const char *name = vs_word_name(vs_audit_actions, vs_col_int(s, 0));
        vs_buf_fmt(&stats->b, "%s\"%s\":{\"success\":%" PRId64 ",\"failure\":%" PRId64 "}", count++ ? "," : "",
                   name ? name : "unknown", vs_col_int(s, 1), vs_col_int(s, 2));
        ok += vs_col_int(s, 1);
        failed += vs_col_int(s, 2);
    }
    vs_buf_fmt(&stats->b, "},\"total\":%" PRId64 ",\"success\":%" PRId64 ",\"failure\":%" PRId64, ok + failed, ok,
               failed);
    return r;
}

static int by_address(struct vs_conn *conn, struct stats *stats, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, VS_STMT_AUDIT_STATS_ADDRESSES, &s, e), count = 0;
    if (r)
        return r;
    vs_bind_int(s, 1, stats->since_us);
    vs_buf_str(&stats->b, ",\"addresses\":[");
    while ((r = vs_step(s, e)) == VS_ROW) {
        size_t len = 0;
        const char *ip = vs_col_text(s, 0, &len);
        vs_buf_str(&stats->b, count++ ? ",{\"ip\":" : "{\"ip\":");
        vs_json_string(&stats->b, ip, len);
        vs_buf_fmt(&stats->b, ",\"events\":%" PRId64 ",\"failures\":%" PRId64 "}", vs_col_int(s, 1), vs_col_int(s, 2));
    }
    vs_buf_char(&stats->b, ']');
    return r;
}

static int stats_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct stats *stats = arg;
    vs_buf_free(&stats->b);
    vs_buf_fmt(&stats->b, "{\"since\":%" PRId64 ",", stats->since_us);
    int r = by_action(conn, stats, e);
    if (!r)
        r = by_address(conn, stats, e);
    vs_buf_char(&stats->b, '}');
    return r;
}

vidstore_status vidstore_audit_stats(vidstore_session *session, int64_t since_us, vidstore_text **ret_json,
                                     vidstore_error **reterr) {
    VS_ENTER(session, ret_json, reterr);
    struct stats stats = {since_us, {0}};
    int r = since_us < 0 ? vs_fail_sub(reterr, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "since_us", "since_us is negative")
                         : 0;
    if (!r)
        r = vs_session_may(session, "audit", VS_MANAGE, NULL, NULL, 0, reterr);
    if (!r)
        r = vs_session_read(session, stats_op, &stats, reterr);
    if (!r)
        r = vs_buf_to_text(&stats.b, ret_json, reterr);
    vs_buf_free(&stats.b);
    vidstore_text_free(vs_unwanted_);
    return r;
}

int vs_audit_prune(struct vs_conn *conn, int64_t before_us, int64_t limit, int dry, int64_t *ret, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, dry ? VS_STMT_AUDIT_OLD_COUNT : VS_STMT_AUDIT_OLD_REMOVE, &s, e);
    if (r)
        return r;
    vs_bind_int(s, 1, limit);
    vs_bind_int(s, 2, before_us);
    if (!dry)
        return vs_run(s, ret, e);
    r = vs_row(s, e);
    *ret = r == VS_ROW ? vs_col_int(s, 0) : 0;
    return r < 0 ? r : 0;
}
