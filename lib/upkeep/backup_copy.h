/* SPDX-License-Identifier: MIT */
/* Copying a store: the database first, then the bytes that the copy knows of, each read back through its digest. */
#ifndef VS_UPKEEP_BACKUP_COPY_H
#define VS_UPKEEP_BACKUP_COPY_H

#include "blob/blob.h"
#include "db/db.h"
#include "upkeep/backup_place.h"
#include "util/buf.h"
#include "vidstore/upkeep.h"

#define VS_COPY_FLAGS ((uint32_t)VIDSTORE_BACKUP_SKIP_DAMAGED)

/* As they stand in the report. */
enum vs_copy_kind {
    VS_COPY_USERS,
    VS_COPY_JOBS,
    VS_COPY_VIDEOS,
    VS_COPY_FILES,
    VS_COPY_COLLECTIONS,
    VS_COPY_EVENTS,
    VS_COPY_KINDS
};

struct vs_copy {
    struct vs_db *from_db;
    struct vs_blobs *from_blobs;
    int live;         /* the source is in use: bytes may go while they are copied, if nothing refers to them any more */
    int skip_damaged; /* leave out what is damaged, and its files, and say so in the report */
    const struct vs_call *call; /* NULL: it may take as long as it takes */
    struct vs_place *place;
    struct vs_db *db; /* the copy, while it is being made */
    struct vs_blobs *blobs;
    int64_t records[VS_COPY_KINDS]; /* what the copy holds */
    int64_t count, bytes, gone, database_bytes;
    int64_t losses;
    struct vs_buf lost; /* JSON objects: what was left out */
};

/* Builds the copy in the place and leaves it open. CORRUPT, FULL, CANCELLED, TIMEOUT, IO... vs_copy_end in every
 * case. */
int vs_copy_make(struct vs_copy *copy, vidstore_error **e);
/* Closes the copy, whole and on the disk. NULLs are fine, and so is a second time. */
void vs_copy_end(struct vs_copy *copy);
void vs_copy_free(struct vs_copy *copy); /* the same, and what it had to say */
/* What was copied, as a JSON object. */
int vs_copy_report(const struct vs_copy *copy, int64_t began_us, vidstore_text **ret, vidstore_error **e);
#define vs_autocopy VS_CLEANUP(vs_copy_free) struct vs_copy

#endif
