/* SPDX-License-Identifier: MIT */
/* What is on record against what lies on the disk. */
#include "files/blob_repo.h"
#include "files/files.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include <string.h>

#define DAY_US INT64_C(86400000000)
enum { BATCH = 256 };

struct check {
    vidstore_session *session;
    const struct vs_files_gc_options *options;
    struct vs_files_check *ret;
    int64_t at; /* number of the last row */
    struct vs_blob_item items[BATCH];
    int count;
    const char *key;
    int known;
    int failed; /* of a list's callback */
    vidstore_error **e;
};

/* 1: go on; 0: the call was interrupted (then *r says so), or there is no time left. */
static int has_time(struct check *check, int *r, vidstore_error **e) {
    if (*r)
        return 0;
    if (atomic_load(&check->session->interrupt)) {
        *r = vs_fail(e, VIDSTORE_CANCELLED, NULL, "the call was interrupted");
        return 0;
    }
    if (!check->options->deadline_us || vs_mono_us() < check->options->deadline_us)
        return 1;
    check->ret->more = 1;
    return 0;
}

static int stored_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct check *check = arg;
    int64_t at = check->at;
    int r = vs_blob_repo_list_stored(conn, &at, check->items, BATCH, &check->count, e);
    if (!r && check->count)
        check->at = at;
    return r;
}

static int look_at(struct check *check, const struct vs_blob_item *item, vidstore_error **e) {
    struct vs_blob_stat stat;
    int r = vs_blob_stat(check->session->store->blobs, item->key, &stat, e);
    check->ret->blobs++;
    if (!r) {
        if (stat.size != item->size && !check->ret->wrong_size++)
            vs_uuid_format(&item->id, check->ret->first_wrong);
        return 0;
    }
    if (r != VIDSTORE_NOT_FOUND)
        return r;
    vs_error_clear(e);
    if (!check->ret->missing++)
        vs_uuid_format(&item->id, check->ret->first_missing);
    return 0;
}

static int check_rows(struct check *check, vidstore_error **e) {
    int r = 0;
    while (has_time(check, &r, e)) {
        r = vs_session_read(check->session, stored_op, check, e);
        if (r || !check->count)
            break;
        for (int i = 0; !r && i < check->count; i++)
            r = look_at(check, &check->items[i], e);
    }
    return r;
}

static int knows_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct check *check = arg;
    return vs_blob_repo_knows(conn, check->key, &check->known, e);
}

/* 0: the key is known or not, see check->known; else the list ends. */
static int ask(struct check *check, const char *key) {
    check->key = key;
    if (has_time(check, &check->failed, check->e))
        check->failed = vs_session_read(check->session, knows_op, check, check->e);
    return check->failed || check->ret->more;
}

static int blob_found(void *arg, const char *key, const struct vs_blob_stat *stat) {
    struct check *check = arg;
    if (ask(check, key))
        return 1;
    if (check->known)
        return 0;
    if (!check->ret->unknown++)
        memcpy(check->ret->first_unknown, key, VS_BLOB_KEY_TEXT);
    check->ret->unknown_bytes += stat->size;
    return 0;
}

/* A part is nobody's data yet: one that no row knows and nobody writes goes after a day. */
static int part_found(void *arg, const char *key, const struct vs_blob_stat *stat) {
    struct check *check = arg;
    if (ask(check, key))
        return 1;
    if (check->known)
        return 0;
    check->ret->stray_parts++;
    if (vs_now_us() - stat->modified_us > DAY_US && !check->options->dry_run &&
        vs_blob_part_delete(check->session->store->blobs, key, NULL) == 0)
        check->ret->removed_parts++;
    return 0;
}

int vs_files_check(vidstore_session *session, const struct vs_files_gc_options *options, struct vs_files_check *ret,
                   vidstore_error **e) {
    struct vs_blobs *blobs = session->store->blobs;
    vs_autofree struct check *check = vs_calloc(1, sizeof *check);
    *ret = (struct vs_files_check){0};
    int r = check ? vs_session_outside(session, e) : vs_fail_nomem(e);
    if (r)
        return r;
    *check = (struct check){.session = session, .options = options, .ret = ret, .e = e};
    r = check_rows(check, e);
    if (!r && !ret->more)
        r = vs_blob_list(blobs, NULL, blob_found, check, e);
    if (r >= 0 && !check->failed && !ret->more)
        r = vs_blob_part_list(blobs, NULL, part_found, check, e);
    return r < 0 ? r : check->failed;
}
