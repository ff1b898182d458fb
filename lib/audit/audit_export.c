/* SPDX-License-Identifier: MIT */
/* Writing the audit to a descriptor as JSON Lines. A whole export holds all that is hashed, so that it can be checked
 * without this library; vidstore-audit(7) has its form. */
#include "audit/audit.h"
#include "db/bind.h"
#include "trail/checkpoint.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "util/handle.h"
#include "util/json.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 1000 };

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

/* 1: so much as a pipe takes at once can be written now; 0: not yet. The host's descriptor may be one that blocks, and
 * nobody may be reading: no deadline and no interrupt would end that write. */
static int await_reader(int fd, const struct vs_call *call, vidstore_error **e) {
    if (poll(&(struct pollfd){fd, POLLOUT, 0}, 1, 100) > 0)
        return 1;
    if (call->interrupt && atomic_load(call->interrupt))
        return vs_fail(e, VIDSTORE_CANCELLED, NULL, "interrupted: could not write the export");
    if (vs_mono_us() > call->deadline_us)
        return vs_fail(e, VIDSTORE_TIMEOUT, "fd", "the deadline passed: could not write the export");
    return 0;
}

static int write_all(int fd, const struct vs_call *call, const char *data, size_t len, vidstore_error **e) {
    struct stat st;
    int stream = fstat(fd, &st) == 0 && !S_ISREG(st.st_mode);
    while (len) {
        int ready = stream ? await_reader(fd, call, e) : 1;
        if (ready < 0)
            return ready;
        if (!ready)
            continue;
        ssize_t n = write_quietly(fd, data, stream && len > PIPE_BUF ? PIPE_BUF : len);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
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

/* Where the lines go, and the digest of all of them. */
struct out {
    vidstore_session *session;
    int fd;
    struct vs_sha256 *h;
    struct vs_buf lines;
    int64_t count; /* of events */
};

static void end_line(struct out *out) {
    vs_buf_char(&out->lines, '\n');
}

/* What was gathered goes out; a deadline for each piece, because the whole may take long. */
static int flush(struct out *out, vidstore_error **e) {
    vs_autobuf safe = {0};
    struct vs_call call = vs_session_call(out->session);
    if (out->lines.failed)
        return vs_fail_nomem(e);
    if (!out->lines.len)
        return 0;
    vs_json_armour(&safe, out->lines.data, out->lines.len);
    vs_buf_free(&out->lines);
    if (safe.failed || vs_sha256_add(out->h, safe.data, safe.len))
        return vs_fail_nomem(e);
    return write_all(out->fd, &call, safe.data, safe.len, e);
}

static void put_hex(struct vs_buf *b, const char *name, const uint8_t *bytes, size_t len) {
    char hex[2 * VS_SHA256_SIZE + 1];
    vs_buf_fmt(b, ",\"%s\":", name);
    if (!bytes || len > VS_SHA256_SIZE) {
        vs_buf_str(b, "null");
        return;
    }
    vs_hex(bytes, len, hex);
    vs_buf_fmt(b, "\"%s\"", hex);
}

/* --- a whole export ------------------------------------------------------------------------------------------- */

struct chain {
    int begun;
    uint8_t id[VS_CHAIN_ID], before[VS_SHA256_SIZE], head[VS_SHA256_SIZE];
    int64_t created_us, first, last; /* first: that is there; last: that was written */
};

struct whole {
    struct out out;
    struct chain chains[VS_CHAINS];
    char store[VS_UUID_TEXT];
    int64_t seq, last_seq;
    int rows;
};

static void put_field(struct vs_buf *b, int field, const struct vs_link_value *value) {
    const struct vs_link_spec *spec = &vs_link_specs[field];
    char id[VS_UUID_TEXT];
    vs_buf_fmt(b, ",\"%s\":", spec->name);
    if (!value->set) {
        vs_buf_str(b, "null");
    } else if (spec->kind == VS_LINK_INT) {
        vs_buf_int(b, value->i);
    } else if (spec->kind == VS_LINK_UUID) {
        if (value->len == 16)
            vs_uuid_format(value->data, id);
        vs_json_string(b, value->len == 16 ? id : "", value->len == 16 ? 36 : 0);
    } else {
        vs_json_string(b, value->data, value->len);
    }
}

static void put_event(struct vs_buf *b, const struct vs_link *link) {
    const char *chain = vs_word_name(vs_audit_chains, link->chain),
               *action = vs_word_name(vs_audit_actions, link->values[VS_LINK_ACTION].i);
    vs_buf_fmt(b, "{\"type\":\"event\",\"chain\":\"%s\",\"event\":\"%s\"", chain ? chain : "unknown",
               action ? action : "unknown");
    for (int i = 0; i < VS_LINK_FIELDS; i++)
        put_field(b, i, &link->values[i]);
    put_hex(b, "actor_salt", link->salts[VS_PART_ACTOR], link->salt_sizes[VS_PART_ACTOR]);
    put_hex(b, "object_salt", link->salts[VS_PART_OBJECT], link->salt_sizes[VS_PART_OBJECT]);
    put_hex(b, "hash", link->hash, link->hash_size);
    vs_buf_char(b, '}');
}

static int events_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct whole *w = arg;
    struct vs_link link;
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, VS_STMT_AUDIT_LINK_PAGE, &s, e);
    w->rows = 0;
    if (r)
        return r;
    vs_bind_int(s, 1, w->seq);
    vs_bind_int(s, 2, w->last_seq);
    vs_bind_int(s, 3, PAGE);
    while ((r = vs_step(s, e)) == VS_ROW) {
        vs_link_read(&link, s);
        struct chain *c = &w->chains[link.chain > 0 && link.chain < VS_CHAINS ? link.chain : 0];
        int64_t position = link.values[VS_LINK_POSITION].i;
        if (c != w->chains && c->last && position != c->last + 1)
            return vs_fail(e, VIDSTORE_CONFLICT, NULL, "events were pruned during the export, or are missing");
        c->last = position;
        if (link.hash && link.hash_size == VS_SHA256_SIZE)
            memcpy(c->head, link.hash, VS_SHA256_SIZE);
        put_event(&w->out.lines, &link);
        end_line(&w->out);
        w->seq = link.seq;
        w->rows++;
    }
    return r;
}

static int chain_op(struct vs_conn *conn, struct vs_sha256 *h, int chain, struct chain *c, vidstore_error **e) {
    vs_autostmt *s = NULL;
    size_t size = 0;
    int r = vs_ask(conn, VS_STMT_AUDIT_CHAIN, &s, e, vs_int(chain));
    if (r != VS_ROW)
        return r;
    const void *id = vs_col_blob(s, 0, &size);
    if (size != VS_CHAIN_ID)
        return vs_fail(e, VIDSTORE_CORRUPT, NULL, "the audit's chain has no id");
    memcpy(c->id, id, size);
    c->begun = 1;
    c->created_us = vs_col_int(s, 1);
    return vs_chain_genesis(h, chain, c->id, c->created_us, c->before);
}

static int begin_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct whole *w = arg;
    int r = 0;
    for (int chain = VS_CHAIN_SECURITY; !r && chain < VS_CHAINS; chain++)
        r = chain_op(conn, w->out.h, chain, &w->chains[chain], e);
    if (!r)
        r = vs_audit_last_seq(conn, &w->last_seq, e);
    return r ? r : vs_checkpoint_store(conn, w->store, e);
}

static void put_header(struct whole *w) {
    struct vs_buf *b = &w->out.lines;
    vs_buf_fmt(b,
               "{\"type\":\"header\",\"format\":\"vidstore-audit-export/1\",\"complete\":true,\"store\":\"%s\","
               "\"exported_us\":%" PRId64 ",\"chains\":{",
               w->store, vs_now_us());
    for (int i = VS_CHAIN_SECURITY, count = 0; i < VS_CHAINS; i++) {
        const struct chain *c = &w->chains[i];
        if (!c->begun)
            continue;
        vs_buf_fmt(b, "%s\"%s\":{\"number\":%d,\"format\":%d,\"created_us\":%" PRId64, count++ ? "," : "",
                   vs_word_name(vs_audit_chains, i), i, VS_CHAIN_FORMAT, c->created_us);
        put_hex(b, "id", c->id, sizeof c->id);
        vs_buf_char(b, '}');
    }
    vs_buf_str(b, "}}");
    end_line(&w->out);
}

static int segments_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct whole *w = arg;
    struct vs_buf *b = &w->out.lines;
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, VS_STMT_AUDIT_SEGMENTS, &s, e);
    if (r)
        return r;
    while ((r = vs_step(s, e)) == VS_ROW) {
        size_t sizes[3];
        const uint8_t *root = vs_col_blob(s, 2, &sizes[0]), *before = vs_col_blob(s, 3, &sizes[1]),
                      *last = vs_col_blob(s, 4, &sizes[2]);
        const char *chain = vs_word_name(vs_audit_chains, vs_col_int(s, 0));
        vs_buf_fmt(b, "{\"type\":\"segment\",\"chain\":\"%s\",\"segment\":%" PRId64 ",\"pruned\":%s",
                   chain ? chain : "unknown", vs_col_int(s, 1), vs_col_null(s, 5) ? "false" : "true");
        put_hex(b, "root", root, sizes[0]);
        put_hex(b, "before", before, sizes[1]);
        put_hex(b, "last", last, sizes[2]);
        vs_buf_char(b, '}');
        end_line(&w->out);
    }
    return r;
}

static int put_checkpoint(void *arg, int64_t number, const char *text, size_t len, vidstore_error **e) {
    struct whole *w = arg;
    (void)e;
    vs_buf_fmt(&w->out.lines, "{\"type\":\"checkpoint\",\"number\":%" PRId64 ",\"text\":", number);
    vs_json_string(&w->out.lines, text, len);
    vs_buf_char(&w->out.lines, '}');
    end_line(&w->out);
    return 0;
}

static int checkpoints_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    return vs_checkpoint_next(conn, arg, e);
}

static int put_checkpoints(struct whole *w, vidstore_error **e) {
    struct vs_checkpoint_page page = {.each = put_checkpoint, .arg = w};
    int r;
    do {
        r = vs_session_read(w->out.session, checkpoints_op, &page, e);
        if (!r)
            r = flush(&w->out, e);
    } while (!r && page.rows == VS_CHECKPOINTS_PAGE);
    return r;
}

/* The last line: how many there were, and the SHA-256 of every byte before it. */
static int put_trailer(struct out *out, const struct chain *chains, vidstore_error **e) {
    uint8_t digest[VS_SHA256_SIZE];
    int r = flush(out, e), count = 0;
    if (r)
        return r;
    vs_buf_fmt(&out->lines, "{\"type\":\"trailer\",\"events\":%" PRId64 ",\"chains\":{", out->count);
    for (int i = VS_CHAIN_SECURITY; chains && i < VS_CHAINS; i++) {
        if (!chains[i].begun)
            continue;
        vs_buf_fmt(&out->lines, "%s\"%s\":{\"last\":%" PRId64, count++ ? "," : "", vs_word_name(vs_audit_chains, i),
                   chains[i].last);
        put_hex(&out->lines, "head", chains[i].head, VS_SHA256_SIZE);
        vs_buf_char(&out->lines, '}');
    }
    vs_buf_char(&out->lines, '}');
    if (vs_sha256_end(out->h, digest))
        return vs_fail_nomem(e);
    put_hex(&out->lines, "sha256", digest, sizeof digest);
    vs_buf_char(&out->lines, '}');
    end_line(out);
    return flush(out, e);
}

static int slices(struct whole *w, vs_op *op, vidstore_error **e) {
    int r;
    do {
        r = vs_session_read(w->out.session, op, w, e);
        if (!r)
            r = flush(&w->out, e);
        if (!r && op == events_op)
            w->out.count += w->rows;
    } while (!r && w->rows == PAGE);
    return r;
}

static int export_all(struct whole *w, vidstore_error **e) {
    int r = vs_session_read(w->out.session, begin_op, w, e);
    if (r)
        return r;
    put_header(w);
    w->rows = 0;
    r = slices(w, segments_op, e);
    w->rows = 0;
    if (!r)
        r = slices(w, events_op, e);
    if (!r)
        r = put_checkpoints(w, e);
    return r ? r : put_trailer(&w->out, w->chains, e);
}

struct exported {
    struct whole *w;
    char details[120];
};

/* What was written out whole may be pruned where the settings ask for an export first. */
static int exported_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct exported *x = arg;
    int r = 0;
    for (int chain = VS_CHAIN_SECURITY; !r && chain < VS_CHAINS; chain++) {
        vs_autostmt *s = NULL;
        int64_t full = x->w->chains[chain].last / VS_SEGMENT;
        r = full ? vs_stmt(conn, VS_STMT_AUDIT_SEGMENT_EXPORTED, &s, e) : 0;
        if (r || !full)
            continue;
        vs_bind_int(s, 1, vs_now_us());
        vs_bind_int(s, 2, chain);
        vs_bind_int(s, 3, full - 1);
        r = vs_run(s, NULL, e);
    }
    struct vs_event event = {.action = VIDSTORE_AUDIT_EXPORTED, .noun = "audit", .details = x->details};
    return r ? r : vs_trail_append(conn, &x->w->out.session->actor, &event, e);
}

static int export_whole(vidstore_session *session, struct out *out, vidstore_error **e) {
    vs_autofree struct whole *w = vs_calloc(1, sizeof *w);
    if (!w)
        return vs_fail_nomem(e);
    w->out = *out;
    int r = export_all(w, e);
    out->count = w->out.count;
    vs_buf_free(&w->out.lines);
    if (r || vs_db_read_only(session->store->db))
        return r;
    struct exported x = {.w = w};
    snprintf(x.details, sizeof x.details, "{\"events\":%" PRId64 "}", out->count);
    return vs_session_write(session, exported_op, &x, e);
}

/* --- a part --------------------------------------------------------------------------------------------------- */

static int put_page(struct out *out, const struct vs_page *page, vidstore_error **e) {
    for (int64_t i = 0; i < page->count; i++) {
        vs_record_json(&out->lines, page->items[i].record);
        end_line(out);
    }
    out->count += page->count;
    return flush(out, e);
}

static int export_part(vidstore_session *session, const struct vs_query *query, struct out *out, vidstore_error **e) {
    struct vs_query pages = {.magic = VS_MAGIC_QUERY};
    char oldest_first[] = "created asc", cursor[256] = "";
    int r = 0, more = 1;
    if (query) /* borrowed: the same filter and values, in our own order */
        pages = *query;
    pages.sort = oldest_first;
    pages.limit = PAGE;
    pages.cursor = NULL;
    vs_buf_fmt(&out->lines,
               "{\"type\":\"header\",\"format\":\"vidstore-audit-export/1\",\"complete\":false,\"exported_us\":%" PRId64
               "}\n",
               vs_now_us());
    while (!r && more) {
        vs_autopage *page = NULL;
        r = vs_crud_list(session, &vs_audit_noun, (const vidstore_query *)&pages, &page, e);
        if (!r)
            r = put_page(out, page, e);
        if (r)
            break;
        more = page->cursor != NULL;
        if (more)
            snprintf(cursor, sizeof cursor, "%s", page->cursor);
        pages.cursor = cursor;
    }
    return r ? r : put_trailer(out, NULL, e);
}

/* Any number is a descriptor of somebody's: what is not for writing, or is part of a store, is refused before the first
 * byte. */
static int check_target(vidstore_session *session, int fd, vidstore_error **e) {
    int flags = fd < 0 ? -1 : fcntl(fd, F_GETFL);
    if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY || (flags & O_PATH))
        return vs_fail(e, VIDSTORE_INVALID, "fd", "fd is not open for writing");
    return vs_blob_source_check(session->store->blobs, fd, "fd", e);
}

static void free_hasher(struct vs_sha256 **h) {
    vs_sha256_free(*h);
}

vidstore_status vidstore_audit_export(vidstore_session *session, const vidstore_query *query, int32_t fd,
                                      int64_t *ret_count, vidstore_error **reterr) {
    VS_ENTER(session, ret_count, reterr);
    vs_session_settle_refusals(session);
    VS_CLEANUP(free_hasher) struct vs_sha256 *h = NULL;
    int r = vs_session_outside(session, reterr);
    if (!r && query)
        r = vs_check_handle(query, VS_MAGIC_QUERY, "query", reterr);
    if (!r)
        r = check_target(session, fd, reterr);
    if (!r)
        r = vs_sha256_new(&h, reterr);
    if (r)
        return r;
    struct out out = {.session = session, .fd = fd, .h = h};
    if (!query && vs_policy_is_trusted(&session->actor))
        r = export_whole(session, &out, reterr);
    else
        r = export_part(session, (const struct vs_query *)query, &out, reterr);
    vs_buf_free(&out.lines);
    *ret_count = r ? 0 : out.count;
    return r;
}
