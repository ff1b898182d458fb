/* SPDX-License-Identifier: MIT */
#include "upkeep/backup_copy.h"
#include "db/bind.h"
#include "upkeep/owners.h"
#include "util/env.h"
#include "util/error.h"
#include "util/json.h"
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 200 };

/* A blob as the copy knows it. */
struct item {
    struct vs_uuid id;
    char key[VS_BLOB_KEY_TEXT];
    int64_t size;
    uint8_t sha256[VS_SHA256_SIZE];
};

struct piece {
    int64_t after; /* seq of the last one */
    int count;
    struct item items[PIECE];
};

/* --- the database --------------------------------------------------------------------------------------------- */

/* A backup is only read, so that it stays without a log. Nobody else can know of this directory yet: locks do not
 * matter. */
static int open_database(struct vs_copy *c, int read_only, vidstore_error **e) {
    vs_autofree char *path = vs_place_name(c->place, "store.db");
    if (!path)
        return vs_fail_nomem(e);
    struct vs_db_params params = {.path = path, .read_only = read_only, .allow_network_fs = 1, .readers = 1};
    vs_db_close(c->db);
    return vs_db_open(&params, &c->db, e);
}

static int copy_database(struct vs_copy *c, vidstore_error **e) {
    vs_autofree char *path = vs_place_name(c->place, "store.db");
    if (!path)
        return vs_fail_nomem(e);
    int r = vs_db_backup(c->from_db, c->call, path, NULL, NULL, e);
    return r ? r : open_database(c, c->live, e);
}

static int instance_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_ask(conn, VS_STMT_META_GET, &s, e, vs_text("instance"));
    if (r == VS_ROW)
        return vs_uuid_parse(vs_col_text(s, 0, NULL), "instance", arg, e);
    return r ? r
             : vs_fail_sub(e, VIDSTORE_SCHEMA, VIDSTORE_SUB_NOT_A_STORE, NULL,
                           "the store was never completely created");
}

/* Bytes of another store under the same roof would be deleted or missed sooner or later. */
static int check_marker(struct vs_blobs *blobs, const struct vs_uuid *instance, vidstore_error **e) {
    struct vs_uuid found;
    vs_autoerror vidstore_error *why = NULL;
    int r = vs_blobs_marker_read(blobs, &found, &why);
    if (r == VIDSTORE_NOT_FOUND)
        return 0;
    if (r)
        return vs_fail(e, r, NULL, "%s", vidstore_error_message(why));
    if (vs_uuid_equal(&found, instance))
        return 0;
    return vs_fail_sub(e, VIDSTORE_SCHEMA, VIDSTORE_SUB_FOREIGN_BLOBS, NULL,
                       "the bytes in this directory belong to another instance of the store");
}

static int open_blobs(struct vs_copy *c, vidstore_error **e) {
    struct vs_uuid instance;
    int r = vs_db_read(c->db, c->call, instance_op, &instance, e);
    if (!r)
        r = check_marker(c->from_blobs, &instance, e);
    if (!r)
        r = vs_blobs_open(c->place->temp, NULL, &c->blobs, e);
    return r ? r : vs_blobs_marker_write(c->blobs, &instance, 0, e);
}

static int stored_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, VS_STMT_UPKEEP_STORED, &s, e);
    if (!r)
        r = vs_row(s, e);
    if (r == VS_ROW)
        *(int64_t *)arg = vs_col_int(s, 1);
    return r < 0 ? r : 0;
}

static int check_room(struct vs_copy *c, vidstore_error **e) {
    int64_t needed = 0, room = 0;
    int r = vs_db_read(c->db, c->call, stored_op, &needed, e);
    if (!r)
        r = vs_place_free_space(c->place, &room, e);
    if (!r && room < needed)
        r = vs_fail(e, VIDSTORE_FULL, "directory", "the copy needs %" PRId64 " bytes, and %" PRId64 " are free", needed,
                    room);
    return r;
}

/* --- the bytes ------------------------------------------------------------------------------------------------ */

static int should_stop(const struct vs_call *call, vidstore_error **e) {
    if (call && call->interrupt && atomic_load(call->interrupt))
        return vs_fail(e, VIDSTORE_CANCELLED, NULL, "the copy was interrupted");
    if (call && call->deadline_us && vs_mono_us() >= call->deadline_us)
        return vs_fail(e, VIDSTORE_TIMEOUT, NULL, "the deadline passed before the copy was done");
    return 0;
}

static int on_progress(void *arg, int64_t done) {
    (void)done;
    return should_stop(arg, NULL);
}

static int list_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct piece *piece = arg;
    vs_autostmt *s = NULL;
    int64_t after = piece->after;
    piece->count = 0;
    int r = vs_bound(conn, VS_STMT_UPKEEP_BLOB_LIST, &s, e, vs_int(after), vs_int(PIECE));
    if (r)
        return r;
    while ((r = vs_step(s, e)) == VS_ROW && piece->count < PIECE) {
        struct item *item = &piece->items[piece->count++];
        size_t key_len = 0, sha_len = 0;
        const char *key = vs_col_text(s, 2, &key_len);
        const void *sha256 = vs_col_blob(s, 4, &sha_len);
        vs_col_uuid(s, 1, &item->id);
        item->size = vs_col_int(s, 3);
        if (!key || key_len >= sizeof item->key || !sha256 || sha_len != sizeof item->sha256)
            return vs_fail(e, VIDSTORE_CORRUPT, NULL, "the record of a blob has no key or no digest");
        memcpy(item->key, key, key_len + 1);
        memcpy(item->sha256, sha256, sizeof item->sha256);
        piece->after = vs_col_int(s, 0);
    }
    return r < 0 ? r : 0;
}

static int check_digest(const struct vs_blob_writer *w, const struct item *item, vidstore_error **e) {
    uint8_t found[VS_SHA256_SIZE];
    if (vs_blob_writer_size(w) != item->size)
        return vs_fail_sub(e, VIDSTORE_CORRUPT,
                           vs_blob_writer_size(w) < item->size ? VIDSTORE_SUB_TRUNCATED : VIDSTORE_SUB_TOO_LARGE, NULL,
                           "its bytes are %" PRId64 " and should be %" PRId64, vs_blob_writer_size(w), item->size);
    int r = vs_blob_writer_digest(w, found, e);
    if (!r && !vs_secret_equal(found, item->sha256, sizeof found))
        r = vs_fail_sub(e, VIDSTORE_CORRUPT, VIDSTORE_SUB_CHECKSUM, NULL, "its bytes are not those of their SHA-256");
    return r;
}

static int copy_bytes(struct vs_copy *c, struct vs_blob_reader *reader, const struct item *item, vidstore_error **e) {
    struct vs_blob_writer *w = NULL;
    int fd = vs_blob_reader_fd(reader);
    int r = vs_blob_writer_create(c->blobs, item->key, item->size, &w, e);
    if (!r)
        r = vs_blob_writer_copy_fd(w, fd, -1, on_progress, (void *)c->call, NULL, e);
    if (r == VIDSTORE_CANCELLED)
        r = should_stop(c->call, e);
    if (!r)
        r = check_digest(w, item, e);
    if (!r)
        r = vs_blob_writer_seal(w, item->size, NULL, e);
    if (r)
        vs_blob_writer_abort(w);
    else
        vs_blob_writer_free(w);
    return r;
}

struct forget {
    const struct vs_uuid *id;
    int gone; /* nothing refers to it in the source */
};

static int state_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct forget *f = arg;
    vs_autostmt *s = NULL;
    int r = vs_ask(conn, VS_STMT_UPKEEP_BLOB_STATE, &s, e, vs_id(f->id));
    f->gone = r == VS_DONE || (r == VS_ROW && vs_col_int(s, 0) != 20 && vs_col_int(s, 1) == 0);
    return r < 0 ? r : 0;
}

static int forget_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    static const enum vs_stmt_id all[] = {VS_STMT_UPKEEP_BLOB_FILES_FORGET, VS_STMT_PROBE_FORGET,
                                          VS_STMT_UPKEEP_BLOB_FORGET};
    struct forget *f = arg;
    int r = 0;
    for (size_t i = 0; !r && i < VS_COUNT(all); i++) {
        r = vs_exec(conn, all[i], NULL, e, vs_id(f->id));
    }
    return r;
}

/* Bytes that are not in the copy: their files are not either. */
static int forget(struct vs_copy *c, const struct item *item, vidstore_error **e) {
    struct forget f = {&item->id, 0};
    int r = vs_db_read_only(c->db) ? open_database(c, 0, e) : 0;
    return r ? r : vs_db_write(c->db, c->call, forget_op, &f, e);
}

/* The disk did not give the bytes, or they are not the right ones; not: the copy could not be written. */
static int is_damage(struct vs_copy *c, const struct item *item, int code) {
    if (code != VIDSTORE_IO)
        return code == VIDSTORE_CORRUPT || code == VIDSTORE_NOT_FOUND;
    return vs_blob_digest(c->from_blobs, item->key, on_progress, (void *)c->call, NULL, NULL, NULL) == VIDSTORE_IO;
}

static int note_loss(struct vs_copy *c, const struct vs_owners *owners, const char *reason, vidstore_error **e) {
    char blob[VS_UUID_TEXT];
    vs_uuid_format(&owners->blob, blob);
    vs_buf_fmt(&c->lost, "%s{\"blob\":\"%s\",\"files\":", c->losses++ ? "," : "", blob);
    vs_buf_add(&c->lost, owners->ids.data, owners->ids.len);
    vs_buf_str(&c->lost, ",\"reason\":");
    vs_json_string(&c->lost, reason, strlen(reason));
    vs_buf_char(&c->lost, '}');
    return c->lost.failed ? vs_fail_nomem(e) : 0;
}

/* What can't be copied ends the copy with its name, or is left out when that is wished. */
static int lose(struct vs_copy *c, const struct item *item, int code, const vidstore_error *why, vidstore_error **e) {
    vs_autoowners owners = {.blob = item->id};
    char name[160];
    int r = vs_db_read(c->db, c->call, vs_owners_op, &owners, e);
    if (r)
        return r;
    vs_owners_name(&owners, name, sizeof name);
    if (!is_damage(c, item, code))
        return vs_fail_sub(e, code, vidstore_error_subcode(why), NULL, "%s can't be copied: %s", name,
                           vidstore_error_message(why));
    if (!c->skip_damaged)
        return vs_fail_sub(e, code == VIDSTORE_IO ? code : VIDSTORE_CORRUPT, vidstore_error_subcode(why), NULL,
                           "%s is damaged: %s", name, vidstore_error_message(why));
    r = note_loss(c, &owners, vidstore_error_message(why), e);
    return r ? r : forget(c, item, e);
}

/* What was purged in the source since the snapshot goes from the copy too. */
static int skip(struct vs_copy *c, const struct item *item, vidstore_error **e) {
    struct forget f = {&item->id, 0};
    vs_autoerror vidstore_error *why = NULL;
    int r = c->live ? vs_db_read(c->from_db, c->call, state_op, &f, e) : 0;
    if (!r && !f.gone) {
        vs_fail(&why, VIDSTORE_CORRUPT, NULL, "its bytes are missing");
        return lose(c, item, VIDSTORE_CORRUPT, why, e);
    }
    if (!r)
        r = forget(c, item, e);
    c->gone += !r;
    return r;
}

/* Says nothing about the bytes. */
static int is_about_the_copy(int code) {
    return code == VIDSTORE_CANCELLED || code == VIDSTORE_TIMEOUT || code == VIDSTORE_NOMEM || code == VIDSTORE_FULL;
}

static int copy_one(struct vs_copy *c, const struct item *item, vidstore_error **e) {
    vs_autoerror vidstore_error *why = NULL;
    vs_autoreader *reader = NULL;
    int r = should_stop(c->call, e);
    if (r)
        return r;
    r = vs_blob_reader_open(c->from_blobs, item->key, &reader, &why);
    if (r == VIDSTORE_NOT_FOUND)
        return skip(c, item, e);
    if (!r)
        r = copy_bytes(c, reader, item, &why);
    if (r && is_about_the_copy(r))
        return vs_fail_sub(e, r, vidstore_error_subcode(why), NULL, "%s", vidstore_error_message(why));
    if (r)
        return lose(c, item, r, why, e);
    c->count++;
    c->bytes += item->size;
    return 0;
}

static int copy_blobs(struct vs_copy *c, vidstore_error **e) {
    vs_autofree struct piece *piece = vs_calloc(1, sizeof *piece);
    if (!piece)
        return vs_fail_nomem(e);
    int r;
    do {
        r = vs_db_read(c->db, c->call, list_op, piece, e);
        for (int i = 0; !r && i < piece->count; i++)
            r = copy_one(c, &piece->items[i], e);
    } while (!r && piece->count == PIECE);
    return r;
}

/* --- the whole ------------------------------------------------------------------------------------------------ */

static int records_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct vs_copy *c = arg;
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, VS_STMT_UPKEEP_RECORDS, &s, e);
    if (!r)
        r = vs_row(s, e);
    for (size_t i = 0; r == VS_ROW && i < VS_COUNT(c->records); i++)
        c->records[i] = vs_col_int(s, (int)i);
    return r < 0 ? r : 0;
}

int vs_copy_make(struct vs_copy *c, vidstore_error **e) {
    struct vs_db_info info = {0};
    int r = copy_database(c, e);
    if (!r)
        r = open_blobs(c, e);
    if (!r)
        r = check_room(c, e);
    if (!r)
        r = copy_blobs(c, e);
    if (!r)
        r = vs_db_read(c->db, c->call, records_op, c, e);
    if (!r)
        r = vs_db_info(c->db, c->call, &info, e);
    c->database_bytes = info.page_count * info.page_size;
    return r;
}

void vs_copy_end(struct vs_copy *c) {
    vs_db_close(c->db);
    vs_blobs_close(c->blobs);
    c->db = NULL;
    c->blobs = NULL;
}

void vs_copy_free(struct vs_copy *c) {
    vs_copy_end(c);
    vs_buf_free(&c->lost);
}

int vs_copy_report(const struct vs_copy *c, int64_t began_us, vidstore_text **ret, vidstore_error **e) {
    static const char *const kinds[VS_COPY_KINDS] = {
        [VS_COPY_USERS] = "users",
        [VS_COPY_JOBS] = "jobs",
        [VS_COPY_VIDEOS] = "videos",
        [VS_COPY_FILES] = "files",
        [VS_COPY_COLLECTIONS] = "collections",
        [VS_COPY_EVENTS] = "audit",
    };
    vs_autobuf b = {0};
    vs_buf_str(&b, "{\"directory\":");
    vs_json_string(&b, c->place->final, strlen(c->place->final));
    for (int i = 0; i < VS_COPY_KINDS; i++)
        vs_buf_fmt(&b, "%s\"%s\":%" PRId64, i ? "," : ",\"records\":{", kinds[i], c->records[i]);
    vs_buf_fmt(&b,
               "},\"blobs\":%" PRId64 ",\"bytes\":%" PRId64 ",\"database_bytes\":%" PRId64 ",\"gone\":%" PRId64
               ",\"lost\":[",
               c->count, c->bytes, c->database_bytes, c->gone);
    if (c->losses)
        vs_buf_add(&b, c->lost.data, c->lost.len);
    vs_buf_fmt(&b, "],\"took_ms\":%" PRId64 "}", (vs_mono_us() - began_us) / 1000);
    return vs_buf_to_text(&b, ret, e);
}
