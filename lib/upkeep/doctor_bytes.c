/* SPDX-License-Identifier: MIT */
#include "upkeep/doctor_bytes.h"
#include "db/bind.h"
#include "files/files.h"
#include "upkeep/owners.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include <inttypes.h>
#include <string.h>

enum { SAMPLE = 100 };

int vs_exam_marker(struct vs_exam *x, vidstore_error **e) {
    struct vidstore *store = x->session->store;
    vs_autoerror vidstore_error *why = NULL;
    struct vs_uuid mine, theirs;
    int r = vs_uuid_parse(store->instance, "instance", &mine, e);
    if (r)
        return r;
    r = vs_blobs_marker_read(store->blobs, &theirs, &why);
    if (r == VIDSTORE_NOT_FOUND)
        vs_exam_find(x, VS_VERDICT_WARNING, "the bytes carry no mark of the store that they belong to");
    else if (r)
        return vs_fail(e, r, NULL, "%s", vidstore_error_message(why));
    else if (!vs_uuid_equal(&mine, &theirs))
        vs_exam_find(x, VS_VERDICT_BAD, "the bytes belong to another instance of the store");
    else
        vs_exam_find(x, VS_VERDICT_OK, "bytes and database belong together: %s", store->instance);
    return 0;
}

/* The file that the first damaged blob belongs to. */
static int name_blob(struct vs_exam *x, const struct vs_uuid *blob, char *buf, size_t size, vidstore_error **e) {
    vs_autoowners owners = {.blob = *blob};
    int r = vs_session_read(x->session, vs_owners_op, &owners, e);
    if (!r)
        vs_owners_name(&owners, buf, size);
    return r;
}

/* --- all ------------------------------------------------------------------------------------------------------ */

static int find_damage(struct vs_exam *x, const struct vs_files_check *found, vidstore_error **e) {
    char missing[160] = "none", wrong[160] = "none";
    struct vs_uuid id;
    int r = 0;
    if (found->missing && !(r = vs_uuid_parse(found->first_missing, "blob", &id, e)))
        r = name_blob(x, &id, missing, sizeof missing, e);
    if (!r && found->wrong_size && !(r = vs_uuid_parse(found->first_wrong, "blob", &id, e)))
        r = name_blob(x, &id, wrong, sizeof wrong, e);
    if (!r)
        vs_exam_find(x, VS_VERDICT_BAD,
                     "of %" PRId64 " blobs %" PRId64 " are missing (first: %s) and %" PRId64
                     " have a wrong size (first: %s)",
                     found->blobs, found->missing, missing, found->wrong_size, wrong);
    return r;
}

/* Reads them all; nothing goes on record. */
static int check_content(struct vs_exam *x, const struct vs_files_check *there, vidstore_error **e) {
    struct vs_files_verified read;
    struct vs_files_verify_options options = {.since_us = INT64_MAX};
    int r = vs_files_verify(x->session, &options, &read, e);
    vs_buf_free(&read.found);
    if (r)
        return r;
    if (read.damaged)
        vs_exam_find(x, VS_VERDICT_BAD,
                     "of %" PRId64 " blobs that were read %" PRId64 " are damaged; the first is of %s", read.blobs,
                     read.damaged, *read.first ? read.first : "no file");
    else if (there->unknown)
        vs_exam_find(x, VS_VERDICT_WARNING,
                     "all %" PRId64 " blobs are there and whole, and %" PRId64 " more, of %" PRId64
                     " bytes, that no record knows; the first is %s",
                     there->blobs, there->unknown, there->unknown_bytes, there->first_unknown);
    else
        vs_exam_find(x, VS_VERDICT_OK,
                     "all %" PRId64 " blobs are there, and none besides; %" PRId64 " bytes were read and are whole",
                     there->blobs, read.bytes);
    return 0;
}

static int check_all(struct vs_exam *x, vidstore_error **e) {
    struct vs_files_check found;
    struct vs_files_gc_options options = {.dry_run = 1};
    int r = vs_files_check(x->session, &options, &found, e);
    if (r)
        return r;
    return found.missing || found.wrong_size ? find_damage(x, &found, e) : check_content(x, &found, e);
}

/* --- a sample ------------------------------------------------------------------------------------------------- */

struct sample {
    int64_t from; /* after which number it begins */
    int count;
    struct {
        struct vs_uuid id;
        char key[VS_BLOB_KEY_TEXT];
        int64_t size;
    } blobs[SAMPLE];
};

/* Anywhere in the table: what one examination misses another one finds. */
static int choose(struct vs_conn *conn, struct sample *sample, vidstore_error **e) {
    vs_autostmt *s = NULL;
    uint32_t noise = 0;
    int r = vs_stmt(conn, VS_STMT_UPKEEP_BLOB_NEWEST, &s, e);
    if (!r)
        r = vs_row(s, e);
    int64_t newest = r == VS_ROW && !vs_col_null(s, 0) ? vs_col_int(s, 0) : 0;
    if (vs_random(&noise, sizeof noise))
        noise = 0; /* then from the beginning */
    sample->from = newest > SAMPLE ? noise % (newest - SAMPLE + 1) : 0;
    return r < 0 ? r : 0;
}

static int sample_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct sample *sample = arg;
    vs_autostmt *s = NULL;
    sample->count = 0;
    int r = choose(conn, sample, e);
    if (!r)
        r = vs_stmt(conn, VS_STMT_UPKEEP_BLOB_LIST, &s, e);
    if (r)
        return r;
    vs_bind_int(s, 1, sample->from);
    vs_bind_int(s, 2, SAMPLE);
    while ((r = vs_step(s, e)) == VS_ROW && sample->count < SAMPLE) {
        size_t len = 0;
        const char *key = vs_col_text(s, 2, &len);
        if (!key || len >= VS_BLOB_KEY_TEXT)
            return vs_fail(e, VIDSTORE_CORRUPT, NULL, "the record of a blob has no key");
        vs_col_uuid(s, 1, &sample->blobs[sample->count].id);
        memcpy(sample->blobs[sample->count].key, key, len + 1);
        sample->blobs[sample->count++].size = vs_col_int(s, 3);
    }
    return r < 0 ? r : 0;
}

struct known {
    const char *key;
    int known;
};

/* Bytes may have gone with their record since the sample was taken. */
static int known_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct known *it = arg;
    vs_autostmt *s = NULL;
    int r = vs_ask(conn, VS_STMT_UPKEEP_BLOB_STORED, &s, e, vs_text(it->key));
    it->known = r == VS_ROW;
    return r < 0 ? r : 0;
}

static int check_sample(struct vs_exam *x, vidstore_error **e) {
    struct vs_blobs *blobs = x->session->store->blobs;
    struct vs_blob_stat stat;
    int missing = 0, wrong = 0, first = -1;
    char name[160];
    vs_autofree struct sample *sample = vs_calloc(1, sizeof *sample);
    int r = sample ? vs_session_read(x->session, sample_op, sample, e) : vs_fail_nomem(e);
    for (int i = 0; !r && i < sample->count; i++) {
        struct known it = {sample->blobs[i].key, 0};
        vs_autoerror vidstore_error *why = NULL;
        int found = vs_blob_stat(blobs, it.key, &stat, &why);
        if (found == VIDSTORE_NOT_FOUND)
            r = vs_session_read(x->session, known_op, &it, e);
        else if (found)
            r = vs_fail(e, found, NULL, "%s", vidstore_error_message(why));
        missing += it.known;
        wrong += !found && stat.size != sample->blobs[i].size;
        if (first < 0 && missing + wrong > 0)
            first = i;
    }
    if (!r && first >= 0)
        r = name_blob(x, &sample->blobs[first].id, name, sizeof name, e);
    if (r)
        return r;
    if (first >= 0)
        vs_exam_find(x, VS_VERDICT_BAD,
                     "of %d blobs that were looked at %d are missing and %d have a wrong size; the first is of %s",
                     sample->count, missing, wrong, name);
    else
        vs_exam_find(x, VS_VERDICT_OK, "%d blobs were looked at and are there with their sizes", sample->count);
    return 0;
}

int vs_exam_bytes(struct vs_exam *x, vidstore_error **e) {
    return x->full ? check_all(x, e) : check_sample(x, e);
}
