/* SPDX-License-Identifier: MIT */
/* Reading the bytes of all files, a slice at a time. What was not read for longest comes first and then goes to the end
 * of the row, so that a call that was ended, or killed, is gone on with by the next one. */
#include "files/blob_repo.h"
#include "files/files.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/env.h"
#include "util/error.h"
#include "util/json.h"
#include "vidstore/audit.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { BATCH = 32, FOUND_MAX = 1000, FILES_MAX = 100, BUDGET_MAX_MS = 86400000 };

/* One blob that was read. */
struct verdict {
    struct vs_uuid id;
    int64_t size;
    int code, gone; /* code 0: it is whole; gone: it was purged meanwhile */
    char reason[200];
};

struct run {
    vidstore_session *session;
    const struct vs_files_verify_options *options;
    struct vs_files_verified *ret;
    int64_t until_us, stop_us; /* stop_us: the session's own deadline */
    struct vs_list_at at;
    struct vs_blob_item items[BATCH];
    struct verdict verdicts[BATCH];
    int count, read;
    struct vs_blob_row row;
    struct vs_buf found; /* of this batch */
    char first[160];
};

static int list_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct run *run = arg;
    struct vs_list_at at = run->at;
    return vs_blob_repo_list(conn, VS_STMT_BLOB_UNVERIFIED_LIST, &at, run->until_us, run->items, BATCH, &run->count, e);
}

/* --- reading -------------------------------------------------------------------------------------------------- */

static int row_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct run *run = arg;
    return vs_blob_repo_get(conn, &run->items[run->read].id, &run->row, e);
}

static int go_on(void *arg, int64_t done) {
    const struct run *run = arg;
    return atomic_load(&run->session->interrupt) || (run->stop_us && vs_mono_us() > run->stop_us);
}

/* What is about the bytes, and not about the call, the process or its rights: what goes on record as damage. */
static int is_damage(int code) {
    return code == VIDSTORE_CORRUPT || code == VIDSTORE_NOT_FOUND || code == VIDSTORE_IO;
}

/* 0 with a verdict, or what ends the call. */
static int read_blob(struct run *run, vidstore_error **e) {
    struct verdict *verdict = &run->verdicts[run->read];
    vs_autoerror vidstore_error *why = NULL;
    *verdict = (struct verdict){.id = run->items[run->read].id};
    int r = vs_session_read(run->session, row_op, run, &why);
    if (r == VIDSTORE_NOT_FOUND) {
        verdict->gone = 1;
        return 0;
    }
    if (!r) {
        verdict->size = run->row.size;
        r = vs_blob_verify(run->session->store->blobs, run->row.key, run->row.size, run->row.sha256, go_on, run, &why);
        if (!r || is_damage(r)) {
            verdict->code = r == VIDSTORE_NOT_FOUND ? VIDSTORE_CORRUPT : r;
            snprintf(verdict->reason, sizeof verdict->reason, "%s",
                     r == VIDSTORE_NOT_FOUND ? "its bytes are gone" : vidstore_error_message(why));
            return 0;
        }
    }
    if (r == VIDSTORE_CANCELLED && !atomic_load(&run->session->interrupt))
        return vs_fail(e, VIDSTORE_TIMEOUT, NULL, "the session's deadline passed");
    return r == VIDSTORE_NOMEM
               ? vs_fail_nomem(e)
               : vs_fail_sub(e, r, vidstore_error_subcode(why), NULL, "%s", vidstore_error_message(why));
}

/* --- what was found ------------------------------------------------------------------------------------------- */

static int event_of(struct run *run, struct vs_conn *conn, struct vs_stmt *s, const struct verdict *verdict,
                    const struct vs_uuid *file, vidstore_error **e) {
    struct vs_uuid owner;
    vs_col_uuid(s, 1, &owner);
    struct vs_event event = {.action = VIDSTORE_AUDIT_FILE_VERIFIED,
                             .noun = "file",
                             .object = file,
                             .owner = &owner,
                             .object_name = vs_col_text(s, 2, NULL),
                             .failed = verdict->code};
    return vs_trail_append(conn, &run->session->actor, &event, e);
}

static int tell_damage(struct run *run, struct vs_conn *conn, const struct verdict *verdict, vidstore_error **e) {
    char id[VS_UUID_TEXT];
    struct vs_buf *b = &run->found;
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, VS_STMT_BLOB_FILE_LIST, &s, e);
    if (r)
        return r;
    vs_uuid_format(&verdict->id, id);
    vs_buf_fmt(b, "%s{\"blob\":\"%s\",\"files\":[", b->len ? "," : "", id);
    vs_bind_uuid(s, 1, &verdict->id);
    vs_bind_int(s, 2, FILES_MAX);
    for (int i = 0; (r = vs_step(s, e)) == VS_ROW; i++) {
        struct vs_uuid file;
        vs_col_uuid(s, 0, &file);
        vs_uuid_format(&file, id);
        vs_buf_fmt(b, "%s\"%s\"", i ? "," : "", id);
        if (!*run->first)
            snprintf(run->first, sizeof run->first, "file %s: %.100s", id, verdict->reason);
        if (run->options->record && (r = event_of(run, conn, s, verdict, &file, e)))
            return r;
    }
    vs_buf_str(b, "],\"reason\":");
    vs_json_string(b, verdict->reason, strlen(verdict->reason));
    vs_buf_char(b, '}');
    return r ? r : b->failed ? vs_fail_nomem(e) : 0;
}

static int keep_verdict(struct run *run, struct vs_conn *conn, const struct verdict *verdict, vidstore_error **e) {
    int64_t now = vs_now_us();
    int r = vs_blob_repo_verified(conn, &verdict->id, now, verdict->code != 0, e);
    return r || verdict->code ? r : vs_blob_repo_files_verified(conn, &verdict->id, now, e);
}

/* Bytes may have been purged while they were read: then it is no wonder that they were not there. */
static int verdicts_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct run *run = arg;
    int r = 0;
    run->found.len = 0;
    run->first[0] = '\0';
    for (int i = 0; !r && i < run->read; i++) {
        struct verdict *verdict = &run->verdicts[i];
        vs_autoerror vidstore_error *why = NULL;
        r = vs_blob_repo_get(conn, &verdict->id, &run->row, &why);
        verdict->gone = r == VIDSTORE_NOT_FOUND || (!r && (run->row.state != VS_BLOB_STORED || run->row.refs == 0));
        if (verdict->gone) {
            r = 0;
            continue;
        }
        if (r)
            return vs_fail(e, r, NULL, "%s", vidstore_error_message(why));
        if (run->options->record)
            r = keep_verdict(run, conn, verdict, e);
        if (!r && verdict->code)
            r = tell_damage(run, conn, verdict, e);
    }
    return r;
}

static int conclude(struct run *run, vidstore_error **e) {
    struct vs_files_verified *ret = run->ret;
    if (!run->read)
        return 0;
    int r = run->options->record ? vs_session_write(run->session, verdicts_op, run, e)
                                 : vs_session_read(run->session, verdicts_op, run, e);
    if (r)
        return r;
    if (run->found.len && ret->damaged < FOUND_MAX) {
        vs_buf_str(&ret->found, ret->found.len ? "," : "");
        vs_buf_add(&ret->found, run->found.data, run->found.len);
    }
    if (!*ret->first)
        memcpy(ret->first, run->first, sizeof ret->first);
    for (int i = 0; i < run->read; i++) {
        const struct verdict *verdict = &run->verdicts[i];
        ret->blobs += !verdict->gone;
        ret->bytes += verdict->gone || verdict->code ? 0 : verdict->size;
        ret->damaged += !verdict->gone && verdict->code;
    }
    return ret->found.failed ? vs_fail_nomem(e) : 0;
}

/* --- the run -------------------------------------------------------------------------------------------------- */

static int has_time(struct run *run) {
    int first = !run->ret->blobs && !run->read;
    if (first || !run->options->deadline_us || vs_mono_us() < run->options->deadline_us)
        return 1;
    run->ret->more = 1;
    return 0;
}

static int read_all(struct run *run, vidstore_error **e) {
    int r = 0;
    while (!r && has_time(run)) {
        run->read = 0;
        r = vs_session_read(run->session, list_op, run, e);
        if (r || !run->count)
            return r;
        while (!r && run->read < run->count && has_time(run))
            if (!(r = read_blob(run, e)))
                run->read++;
        run->at = (struct vs_list_at){run->items[run->count - 1].at_us, run->items[run->count - 1].seq};
        /* What was read before something ended the call was read all the same. */
        int concluded = conclude(run, r ? NULL : e);
        r = r ? r : concluded;
    }
    return r;
}

int vs_files_verify(vidstore_session *session, const struct vs_files_verify_options *options,
                    struct vs_files_verified *ret, vidstore_error **e) {
    vs_autofree struct run *run = vs_calloc(1, sizeof *run);
    *ret = (struct vs_files_verified){0};
    int r = run ? vs_session_outside(session, e) : vs_fail_nomem(e);
    if (r)
        return r;
    *run = (struct run){.session = session,
                        .options = options,
                        .ret = ret,
                        .until_us = options->since_us - 1,
                        .stop_us = vs_session_limit_us(session),
                        .at = {-1, 0}};
    r = read_all(run, e);
    vs_blob_row_clear(&run->row);
    vs_buf_free(&run->found);
    return r;
}

/* --- the call ------------------------------------------------------------------------------------------------- */

struct note {
    vidstore_session *session;
    const struct vs_files_verified *found;
};

static int note_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct note *note = arg;
    char details[120];
    snprintf(details, sizeof details, "{\"blobs\":%" PRId64 ",\"bytes\":%" PRId64 ",\"damaged\":%" PRId64 "}",
             note->found->blobs, note->found->bytes, note->found->damaged);
    struct vs_event event = {.action = VIDSTORE_AUDIT_FILE_VERIFIED,
                             .noun = "store",
                             .failed = note->found->damaged ? VIDSTORE_CORRUPT : 0,
                             .details = details};
    return vs_trail_append(conn, &note->session->actor, &event, e);
}

static int check(vidstore_session *session, int64_t since_us, int64_t budget_ms, vidstore_error **e) {
    int r = vs_session_outside(session, e);
    if (!r)
        r = vs_session_may(session, "store", VS_MANAGE, NULL, NULL, 0, e);
    if (r)
        return r;
    if (budget_ms < 1 || budget_ms > BUDGET_MAX_MS)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "budget_ms", "budget_ms is not between 1 and %d",
                           BUDGET_MAX_MS);
    if (since_us < 0 || since_us > vs_now_us())
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "since_us",
                           "since_us is neither 0 nor a time that has come");
    if (vs_db_read_only(session->store->db))
        return vs_fail(e, VIDSTORE_READONLY, NULL, "the store is open for reading only");
    return 0;
}

static int verify_all(vidstore_session *session, const struct vs_files_verify_options *options, vidstore_text **ret,
                      vidstore_error **e) {
    struct vs_files_verified found;
    vs_autobuf b = {0};
    int64_t began = vs_mono_us();
    int r = vs_files_verify(session, options, &found, e);
    if (found.blobs) {
        struct note note = {session, &found};
        int noted = vs_session_write(session, note_op, &note, r ? NULL : e);
        r = r ? r : noted;
    }
    vs_buf_fmt(&b, "{\"blobs\":%" PRId64 ",\"bytes\":%" PRId64 ",\"damaged\":%" PRId64 ",\"found\":[", found.blobs,
               found.bytes, found.damaged);
    vs_buf_add(&b, found.found.data, found.found.len);
    vs_buf_fmt(&b, "],\"more\":%s,\"took_ms\":%" PRId64 "}", found.more ? "true" : "false",
               (vs_mono_us() - began) / 1000);
    vs_buf_free(&found.found);
    return r ? r : vs_buf_to_text(&b, ret, e);
}

vidstore_status vidstore_file_verify_all(vidstore_session *session, int64_t since_us, int64_t budget_ms,
                                         vidstore_text **ret_json, vidstore_error **reterr) {
    VS_ENTER(session, ret_json, reterr);
    int r = check(session, since_us, budget_ms, reterr);
    struct vs_files_verify_options options = {.since_us = since_us ? since_us : vs_now_us(),
                                              .deadline_us = vs_mono_us() + (r ? 0 : budget_ms * 1000),
                                              .record = 1};
    if (!r)
        r = verify_all(session, &options, ret_json, reterr);
    vidstore_text_free(vs_unwanted_);
    return r;
}
