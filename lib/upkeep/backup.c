/* SPDX-License-Identifier: MIT */
/* Copying a store while it is in use. */
#include "store/session.h"
#include "upkeep/backup_copy.h"
#include "upkeep/backup_seal.h"
#include "util/env.h"
#include "util/error.h"
#include "util/json.h"
#include "vidstore/upkeep.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

static void close_fd(int *fd) {
    if (*fd >= 0)
        close(*fd);
}

/* A copy inside the store would be taken for a part of it. Where the directory really lies counts, and not by which
 * name either was given. */
static int check_outside(const struct vidstore *store, const struct vs_place *place, vidstore_error **e) {
    VS_CLEANUP(close_fd) int parent = open(place->parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0)
        return vs_fail_errno(e, errno, "directory", "look at the directory");
    return vs_blob_source_check(store->blobs, parent, "directory", e);
}

struct note {
    vidstore_session *session;
    const char *details;
};

static int note_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct note *note = arg;
    struct vs_event event = {.action = VIDSTORE_AUDIT_BACKUP, .noun = "store", .details = note->details};
    return vs_trail_append(conn, &note->session->actor, &event, e);
}

static int note_backup(vidstore_session *session, const struct vs_copy *copy, vidstore_error **e) {
    vs_autobuf b = {0};
    if (vs_db_read_only(session->store->db))
        return 0;
    vs_buf_str(&b, "{\"directory\":");
    vs_json_string(&b, copy->place->final, strlen(copy->place->final));
    vs_buf_fmt(&b, ",\"blobs\":%" PRId64 ",\"bytes\":%" PRId64 ",\"lost\":%" PRId64 "}", copy->count, copy->bytes,
               copy->losses);
    if (b.failed)
        return vs_fail_nomem(e);
    struct note note = {session, b.data};
    return vs_session_write(session, note_op, &note, e);
}

static int backup(vidstore_session *session, const char *directory, uint32_t flags, vidstore_text **ret,
                  vidstore_error **e) {
    struct vidstore *store = session->store;
    struct vs_call call = vs_session_call(session);
    call.deadline_us = vs_session_limit_us(session);
    int64_t began = vs_mono_us();
    vs_autoplace place = VS_PLACE_NONE;
    vs_autocopy copy = {.from_db = store->db,
                        .from_blobs = store->blobs,
                        .live = 1,
                        .call = &call,
                        .place = &place,
                        .skip_damaged = (flags & VIDSTORE_BACKUP_SKIP_DAMAGED) != 0};
    int r = vs_place_make(directory, &place, e);
    if (!r)
        r = check_outside(store, &place, e);
    if (!r)
        r = vs_copy_make(&copy, e);
    vs_copy_end(&copy);
    if (!r)
        r = vs_seal_write(&place, &call, e);
    if (!r)
        r = vs_place_keep(&place, e);
    if (r)
        return r;
    /* A backup that is not on record would be one that failed: it goes again. */
    r = note_backup(session, &copy, e);
    if (!r)
        r = vs_copy_report(&copy, began, ret, e);
    if (r)
        vs_place_take_back(&place);
    return r;
}

vidstore_status vidstore_backup(vidstore_session *session, const char *directory, uint32_t flags,
                                vidstore_text **ret_json, vidstore_error **reterr) {
    VS_ENTER(session, ret_json, reterr);
    vs_session_settle_refusals(session);
    int r = flags & ~VS_COPY_FLAGS
                ? vs_fail_sub(reterr, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "flags", "flags has unknown bits")
                : 0;
    if (!r)
        r = vs_session_outside(session, reterr);
    if (!r)
        r = vs_session_may(session, "store", VS_MANAGE, NULL, NULL, 0, reterr);
    if (!r)
        r = backup(session, directory, flags, ret_json, reterr);
    vidstore_text_free(vs_unwanted_);
    return r;
}
