/* SPDX-License-Identifier: MIT */
/* Making a store from a backup. */
#include "logins/logins.h"
#include "trail/feed.h"
#include "trail/trail.h"
#include "upkeep/backup_copy.h"
#include "upkeep/backup_seal.h"
#include "util/env.h"
#include "util/error.h"
#include "util/json.h"
#include "util/utf8.h"
#include "vidstore/upkeep.h"
#include <inttypes.h>
#include <limits.h>
#include <string.h>

struct source {
    struct vs_db *db;
    struct vs_blobs *blobs;
};

static void source_close(struct source *source) {
    vs_db_close(source->db);
    vs_blobs_close(source->blobs);
}

static int is_not_there(const vidstore_error *why) {
    return vidstore_error_code(why) == VIDSTORE_NOT_FOUND;
}

/* Read-only and through SQLite, as somebody may be using it. An older one is migrated once it is copied. */
static int open_source(const char *backup, struct source *source, vidstore_error **e) {
    vs_autoerror vidstore_error *why = NULL;
    vs_autobuf path = {0};
    vs_buf_fmt(&path, "%s/store.db", backup);
    if (path.failed)
        return vs_fail_nomem(e);
    struct vs_db_params params = {.path = path.data, .read_only = 1, .older = 1, .allow_network_fs = 1, .readers = 1};
    struct vs_blob_options options = {.read_only = 1};
    int r = vs_db_open(&params, &source->db, &why);
    if (!r)
        r = vs_blobs_open(backup, &options, &source->blobs, &why);
    if (r && source->db && is_not_there(why))
        return vs_fail_sub(e, VIDSTORE_CORRUPT, VIDSTORE_SUB_NOT_A_STORE, "backup", "the backup has lost its bytes: %s",
                           vidstore_error_message(why));
    if (r)
        return vs_fail_sub(e, r, vidstore_error_subcode(why), "backup", "%s", vidstore_error_message(why));
    return 0;
}

static int note_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    char name[] = "restore";
    struct vs_actor actor = {.kind = VS_ACTOR_SYSTEM, .name = name};
    struct vs_event event = {.action = VIDSTORE_AUDIT_RESTORED, .noun = "store", .details = arg};
    int r = vs_trail_append(conn, &actor, &event, e);
    if (!r) /* who was turned out since the backup was made does not come back with it */
        r = vs_logins_end_everyone(conn, "restored from a backup", NULL, e);
    return r ? r : vs_feed_restart(conn, e); /* what is counted from here on is not what the original counts */
}

static int note_restore(struct vs_copy *copy, const char *backup, vidstore_error **e) {
    vs_autobuf b = {0};
    vs_buf_str(&b, "{\"backup\":");
    vs_json_string(&b, backup, strlen(backup));
    vs_buf_fmt(&b, ",\"lost\":%" PRId64 "}", copy->losses);
    if (b.failed)
        return vs_fail_nomem(e);
    int r = vs_db_write(copy->db, NULL, note_op, b.data, e);
    copy->records[VS_COPY_EVENTS] += !r;
    return r;
}

static int restore(const char *backup, const char *directory, uint32_t flags, vidstore_text **ret, vidstore_error **e) {
    int64_t began = vs_mono_us();
    VS_CLEANUP(source_close) struct source source = {NULL, NULL};
    vs_autoplace place = VS_PLACE_NONE;
    vs_autocopy copy = {.place = &place, .skip_damaged = (flags & VIDSTORE_BACKUP_SKIP_DAMAGED) != 0};
    int r = open_source(backup, &source, e);
    if (!r)
        r = vs_seal_check(backup, source.db, e);
    if (!r)
        r = vs_place_make(directory, &place, e);
    copy.from_db = source.db;
    copy.from_blobs = source.blobs;
    if (!r)
        r = vs_copy_make(&copy, e);
    if (!r)
        r = note_restore(&copy, backup, e);
    if (!r)
        r = vs_copy_report(&copy, began, ret, e);
    vs_copy_end(&copy);
    if (!r && (r = vs_place_keep(&place, e))) {
        vidstore_text_free(*ret);
        *ret = NULL;
    }
    return r;
}

vidstore_status vidstore_restore(const char *backup, const char *directory, uint32_t flags, vidstore_text **ret_json,
                                 vidstore_error **reterr) {
    vidstore_text *unwanted = NULL;
    if (!ret_json)
        ret_json = &unwanted;
    *ret_json = NULL;
    if (reterr)
        *reterr = NULL;
    int r = flags & ~VS_COPY_FLAGS
                ? vs_fail_sub(reterr, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "flags", "flags has unknown bits")
                : 0;
    if (!r)
        r = vs_check_text(backup, "backup", PATH_MAX - 64, reterr);
    if (!r && !*backup)
        r = vs_fail(reterr, VIDSTORE_INVALID, "backup", "the path of the backup is empty");
    if (!r)
        r = vs_check_text(directory, "directory", PATH_MAX - 64, reterr);
    if (!r)
        r = restore(backup, directory, flags, ret_json, reterr);
    vidstore_text_free(unwanted);
    return r;
}
