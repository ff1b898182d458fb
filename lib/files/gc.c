/* SPDX-License-Identifier: MIT */
/* The clean-up of files, uploads and bytes. No bytes are ever deleted inside a transaction: a row says that they go,
 * they go, the row goes. Whoever dies on the way leaves a row that the next run finds. */
#include "files/blob_repo.h"
#include "files/file_repo.h"
#include "files/files.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "vidstore/audit.h"
#include "vidstore/user.h"
#include <stdio.h>

#define DAY_US INT64_C(86400000000)
enum { BATCH = 64 };

/* A clean-up that is under way. */
struct gc {
    vidstore_session *session; /* of the system */
    const vidstore_session *asker;
    const struct vs_files_gc_options *options;
    struct vs_files_gc *ret;
    int64_t now_us;
    /* the batch at hand */
    enum vs_stmt_id list;
    struct vs_list_at at, next; /* where the batch begins and ends */
    int64_t until_us;
    struct vs_blob_item items[BATCH];
    struct vs_uuid ids[BATCH];
    int done[BATCH];
    int count;
};

/* 1: go on. Past the deadline the rest waits for the next run. */
static int has_time(struct gc *gc, int *r, vidstore_error **e) {
    if (*r)
        return 0;
    if (atomic_load(&gc->asker->interrupt)) {
        *r = vs_fail(e, VIDSTORE_CANCELLED, NULL, "the call was interrupted");
        return 0;
    }
    if (!gc->options->deadline_us || vs_mono_us() < gc->options->deadline_us)
        return 1;
    gc->ret->more = 1;
    return 0;
}

static int blobs_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct gc *gc = arg;
    gc->next = gc->at;
    return vs_blob_repo_list(conn, gc->list, &gc->next, gc->until_us, gc->items, BATCH, &gc->count, e);
}

/* Calls `each` with every batch of blobs of a list. */
static int batches(struct gc *gc, enum vs_stmt_id list, int64_t until_us,
                   int (*each)(struct gc *gc, vidstore_error **e), vidstore_error **e) {
    int r = 0;
    gc->list = list;
    gc->at = (struct vs_list_at){-1, 0};
    gc->until_us = until_us;
    while (has_time(gc, &r, e)) {
        r = vs_session_read(gc->session, blobs_op, gc, e);
        if (r || !gc->count)
            break;
        gc->at = gc->next;
        r = each(gc, e);
    }
    return r;
}

/* ---- bytes ---- */

static int condemn_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct gc *gc = arg;
    int r = 0;
    for (int i = 0; !r && i < gc->count; i++)
        r = vs_blob_repo_condemn(conn, &gc->items[i].id, &gc->done[i], e);
    return r;
}

static int drop_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct gc *gc = arg;
    int r = 0;
    for (int i = 0; !r && i < gc->count; i++)
        if (gc->done[i])
            r = vs_blob_repo_drop(conn, &gc->items[i].id, e);
    return r;
}

/* Bytes that can't be deleted concern nobody but themselves: the next run tries again, this one goes on. */
static void note_failure(struct gc *gc, const vidstore_error *why) {
    const char *cause = vidstore_error_cause(why);
    if (!gc->ret->failed++)
        snprintf(gc->ret->why, sizeof gc->ret->why, "%s%s%s", vidstore_error_message(why), cause ? ": " : "",
                 cause ? cause : "");
}

/* 1: nothing of it is left. A part that somebody writes all the same keeps its row until it is left. */
static int delete_bytes(struct gc *gc, const char *key) {
    struct vs_blobs *blobs = gc->session->store->blobs;
    vs_autoerror vidstore_error *why = NULL;
    int part = vs_blob_part_delete(blobs, key, &why);
    int r = part && part != VIDSTORE_BUSY ? part : vs_blob_delete(blobs, key, part ? NULL : &why);
    if (r)
        note_failure(gc, why);
    return !part && !r;
}

/* What is marked in gc->done is being deleted on record: now the bytes, then the rows. */
static int delete_marked(struct gc *gc, vidstore_error **e) {
    for (int i = 0; i < gc->count; i++) {
        gc->done[i] = gc->done[i] && delete_bytes(gc, gc->items[i].key);
        gc->ret->deleted += gc->done[i];
        gc->ret->bytes += gc->done[i] && gc->items[i].size > 0 ? gc->items[i].size : 0;
    }
    return vs_session_write(gc->session, drop_op, gc, e);
}

static int delete_doomed(struct gc *gc, vidstore_error **e) {
    if (gc->options->dry_run) {
        gc->ret->deleted += gc->count;
        for (int i = 0; i < gc->count; i++)
            gc->ret->bytes += gc->items[i].size > 0 ? gc->items[i].size : 0;
        return 0;
    }
    int r = vs_session_write(gc->session, condemn_op, gc, e);
    return r ? r : delete_marked(gc, e);
}

/* ---- uploads ---- */

static int expire_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct gc *gc = arg;
    int r = 0;
    for (int i = 0; !r && i < gc->count; i++)
        if (gc->items[i].key[0])
            r = vs_blob_repo_expire(conn, &gc->items[i].id, gc->now_us, gc->items[i].at_us, &gc->done[i], e);
    return r;
}

/* 1: somebody is alive who has it, however long ago it was touched. Where nobody writes the part, deleting it is what
 * was to be done anyway; bytes that were sealed off the record stay for now. */
static int is_in_work(struct gc *gc, const char *key) {
    struct vs_blobs *blobs = gc->session->store->blobs;
    vs_autoerror vidstore_error *why = NULL;
    int r = vs_blob_part_delete(blobs, key, &why);
    if (r && r != VIDSTORE_BUSY)
        note_failure(gc, why);
    return r || vs_blob_is_kept(blobs, key);
}

static int give_up_uploads(struct gc *gc, vidstore_error **e) {
    struct vs_blobs *blobs = gc->session->store->blobs;
    for (int i = 0; i < gc->count; i++) {
        struct vs_blob_stat stat;
        gc->items[i].size = vs_blob_part_stat(blobs, gc->items[i].key, &stat, NULL) ? 0 : stat.size;
    }
    if (gc->options->dry_run) {
        gc->ret->uploads += gc->count;
        for (int i = 0; i < gc->count; i++)
            gc->ret->bytes += gc->items[i].size;
        return 0;
    }
    for (int i = 0; i < gc->count; i++) {
        gc->done[i] = 0;
        if (is_in_work(gc, gc->items[i].key))
            gc->items[i].key[0] = '\0';
    }
    int r = vs_session_write(gc->session, expire_op, gc, e);
    for (int i = 0; !r && i < gc->count; i++)
        gc->ret->uploads += gc->done[i];
    int64_t deleted = gc->ret->deleted;
    if (!r)
        r = delete_marked(gc, e);
    gc->ret->deleted = deleted; /* they count as uploads */
    return r;
}

static int doom_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct gc *gc = arg;
    int r = 0;
    for (int i = 0; !r && i < gc->count; i++)
        if (gc->items[i].key[0])
            r = vs_blob_repo_doom_left(conn, &gc->items[i].id, gc->now_us, gc->items[i].at_us, &gc->done[i], e);
    return r;
}

/* Whoever has sealed it may yet publish it; he can take his time, as for writing. */
static int doom_unpublished(struct gc *gc, vidstore_error **e) {
    for (int i = 0; i < gc->count; i++) {
        gc->done[i] = 0;
        if (vs_blob_is_kept(gc->session->store->blobs, gc->items[i].key))
            gc->items[i].key[0] = '\0';
        else if (gc->options->dry_run)
            gc->done[i] = 1;
    }
    int r = gc->options->dry_run ? 0 : vs_session_write(gc->session, doom_op, gc, e);
    for (int i = 0; !r && i < gc->count; i++)
        gc->ret->uploads += gc->done[i];
    return r;
}

/* ---- files ---- */

static int files_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct gc *gc = arg;
    gc->next = gc->at;
    return vs_file_repo_list(conn, gc->list, &gc->next, gc->until_us, gc->ids, BATCH, &gc->count, e);
}

static int set_removed(struct vs_change *c, void *arg, vidstore_error **e) {
    vs_change_set_int(c, VIDSTORE_FILE_DELETED_US, c->now_us);
    return vs_change_set_uuid(c, VIDSTORE_FILE_REMOVAL_ID, arg, e);
}

/* A file that was given more time meanwhile, or put on hold, stays. */
static int remove_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct gc *gc = arg;
    int r = 0;
    for (int i = 0; !r && i < gc->count; i++) {
        vs_autorecord *file = NULL;
        struct vs_uuid removal;
        gc->done[i] = 0;
        r = vs_crud_load(conn, &vs_file_noun, &gc->ids[i], 0, &file, e);
        if (r == VIDSTORE_NOT_FOUND) {
            vs_error_clear(e);
            r = 0;
            continue;
        }
        int64_t expires = vs_record_int(file, VIDSTORE_FILE_EXPIRES_US);
        if (r || expires == INT64_MIN || expires > gc->until_us || !vs_record_is_null(file, VIDSTORE_FILE_HELD_US))
            continue;
        r = vs_uuid_make(&removal, e);
        if (!r)
            r = vs_crud_touch(conn, gc->session, &vs_file_noun, &gc->ids[i], VIDSTORE_AUDIT_FILE_DELETED, set_removed,
                              &removal, NULL, e);
        gc->done[i] = r == 0;
    }
    return r;
}

static int remove_expired(struct gc *gc, vidstore_error **e) {
    int r = 0;
    gc->list = VS_STMT_FILE_EXPIRED_LIST;
    gc->at = (struct vs_list_at){-1, 0};
    gc->until_us = gc->now_us;
    while (has_time(gc, &r, e)) {
        r = vs_session_read(gc->session, files_op, gc, e);
        if (r || !gc->count)
            break;
        gc->at = gc->next;
        if (!gc->options->dry_run)
            r = vs_session_write(gc->session, remove_op, gc, e);
        for (int i = 0; !r && i < gc->count; i++)
            gc->ret->expired += gc->options->dry_run || gc->done[i];
    }
    return r;
}

/* One commit a file: an event, a reference, a row. */
static int purge_removed(struct gc *gc, vidstore_error **e) {
    int64_t days = vs_setting(gc->session->store, VS_SETTING_REMOVED_RETENTION_DAYS);
    int r = 0;
    gc->list = VS_STMT_FILE_DELETED_LIST;
    gc->at = (struct vs_list_at){-1, 0};
    gc->until_us = gc->now_us - days * DAY_US;
    while (days && has_time(gc, &r, e)) {
        r = vs_session_read(gc->session, files_op, gc, e);
        if (r || !gc->count)
            break;
        gc->at = gc->next;
        for (int i = 0; i < gc->count && has_time(gc, &r, e); i++) {
            char id[VS_UUID_TEXT];
            vs_uuid_format(&gc->ids[i], id);
            r = gc->options->dry_run ? 0 : vs_crud_purge(gc->session, &vs_file_rules, id, e);
            gc->ret->purged += r == 0;
            if (r == VIDSTORE_NOT_FOUND || r == VIDSTORE_STATE) { /* purged or restored by somebody else */
                vs_error_clear(e);
                r = 0;
            }
        }
    }
    return r;
}

int vs_files_gc(vidstore_session *session, const struct vs_files_gc_options *options, struct vs_files_gc *ret,
                vidstore_error **e) {
    struct vidstore *store = session->store;
    vs_autofree struct gc *gc = vs_calloc(1, sizeof *gc);
    *ret = (struct vs_files_gc){0};
    int r = gc ? vs_session_outside(session, e) : vs_fail_nomem(e);
    if (r)
        return r;
    *gc = (struct gc){.asker = session, .options = options, .ret = ret, .now_us = vs_now_us()};
    int64_t keep = vs_setting(store, VS_SETTING_UPLOAD_KEEP_MS) * 1000;
    if (options->all && keep > options->spare_us)
        keep = options->spare_us;
    int64_t grace = options->all ? 0 : vs_setting(store, VS_SETTING_BLOB_GRACE_MS) * 1000;
    r = vs_session_new(store, VS_ACTOR_SYSTEM, NULL, VIDSTORE_ROLE_ADMIN, "upkeep", NULL, &gc->session, e);
    if (r)
        return r;
    r = remove_expired(gc, e);
    if (!r)
        r = purge_removed(gc, e);
    if (!r)
        r = batches(gc, VS_STMT_BLOB_STALE_LIST, gc->now_us - keep, give_up_uploads, e);
    if (!r)
        r = batches(gc, VS_STMT_BLOB_UNPUBLISHED_LIST, gc->now_us - keep, doom_unpublished, e);
    if (!r)
        r = batches(gc, VS_STMT_BLOB_DOOMED_LIST, (options->all ? vs_now_us() : gc->now_us) - grace, delete_doomed, e);
    vs_session_destroy(gc->session);
    return r;
}
