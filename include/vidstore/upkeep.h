/* SPDX-License-Identifier: MIT */
/**
 * @file upkeep.h
 * Upkeep: maintenance, statistics, backup, diagnosis.
 * Thread class: sessions are used by one thread at a time.
 */
#ifndef VIDSTORE_UPKEEP_H
#define VIDSTORE_UPKEEP_H

#include <vidstore/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Flags of vidstore_maintain(). */
enum {
    VIDSTORE_MAINTAIN_UNKNOWN = -1,
    VIDSTORE_MAINTAIN_DRY_RUN = 1, /**< Only say what would be done. */
    VIDSTORE_MAINTAIN_ALL = 2      /**< Also what is not due yet: bytes before their grace is over, uploads that nobody
                                      has touched for a minute or has a handle of, and what is done but once a day
                                      (statistics for the planner, giving free pages back). Retention in days holds
                                      all the same. */
};

/**
 * Do a slice of the upkeep: recover leases whose worker died, remove expired and temporary files, unfinished uploads,
 * old jobs and audit events by the settings retention.*, delete bytes whose time has come, checkpoint the log,
 * refresh statistics. A job that goes leaves its videos and files; a season goes whole. Every kind of work gets its
 * turn, however small the budget is. A setting on record that is no value of it ends the call with CORRUPT, before
 * anything goes by a default. Refuses to run inside a transaction. Admins and the system only.
 * @param session  who acts.
 * @param budget_ms  about how long it may take, 1 to 3,600,000.
 * @param flags  VIDSTORE_MAINTAIN_… bits.
 * @param ret_json  receives a JSON object: "dry_run", "done" (leases_recovered, jobs_promoted, jobs_purged,
 *   records_purged, files_expired, uploads_removed, blobs_deleted, bytes_freed, audit_pruned, alerts_raised,
 *   keys_ended, keys_purged, logins_purged, tokens_purged, usage_purged, feed_pruned, records_indexed: found faster
 *   from now on; a dry run counts 500 of a noun at most), "checkpoint" (not of a dry run), "undeleted" ("blobs" whose
 *   bytes could not be deleted and "why" of the first; they are tried again each time, and keep nothing else from
 *   being done), "more" (something is left over), "took_ms".
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database, disk. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_maintain(vidstore_session *session, int64_t budget_ms, uint32_t flags,
                                               vidstore_text **ret_json, vidstore_error **reterr);

/**
 * Numbers of the whole store, or for users of what they own: users by role and state, jobs by state and kind, videos,
 * files and bytes by backend, category and type, collections, audit events.
 * @param session  who acts.
 * @param ret_json  receives a JSON object, which the caller frees.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, UNAUTHENTICATED, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO,
 * CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_stats(vidstore_session *session, vidstore_text **ret_json,
                                            vidstore_error **reterr);

/** Flags of vidstore_backup() and vidstore_restore(). */
enum {
    VIDSTORE_BACKUP_UNKNOWN = -1,
    VIDSTORE_BACKUP_SKIP_DAMAGED = 1 /**< Go on where bytes are missing or damaged: their files are not in the copy, and
                                        the report names them. Without it the first of them ends the call. */
};

/**
 * Copy the whole store, while it is in use, to a new directory: database and bytes, verified. The copy is a store of
 * its own that vidstore_restore() or vidstore_open() takes. It takes as long as the disk does: only a deadline that was
 * set on the session ends it, not the store's default. Refuses to run inside a transaction. Admins and the system only.
 * @param session  who acts.
 * @param directory  must not exist, or be empty; its parent must exist, and it must not lie in the store. It appears
 *   when it is whole; a call that is killed leaves DIRECTORY.tmp-… behind, which the next one to the same place
 *   removes (on a file system without locks once it is older than a day).
 * @param flags  VIDSTORE_BACKUP_… bits.
 * @param ret_json  receives a JSON object: "directory", "records" by kind, "blobs", "bytes" and "database_bytes" that
 *   were copied, "gone" (what was purged meanwhile and is not in the copy), "lost" (what was damaged and is not in the
 *   copy: objects with "blob", "files" and "reason"), "took_ms".
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID (in a store: sub NOT_A_FILE), UNAUTHENTICATED, EXISTS, MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT,
 * CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database, disk. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_backup(vidstore_session *session, const char *directory, uint32_t flags,
                                             vidstore_text **ret_json, vidstore_error **reterr);

/**
 * Make a store from a backup, or from any store: copied with every byte checked, migrated if it is older, then moved
 * into place in one step. The file BACKUP says with which database a backup was made, and another one is refused: sub
 * CHECKSUM, TRUNCATED or TOO_LARGE. A store has no such file, and a backup that was opened for writing neither: what
 * they hold is taken as it is. Logins of the time of the backup are ended; keys that were revoked since then, and
 * persons who were erased since then, are back: revoke and remove them again.
 * @param backup  a directory that vidstore_backup() made; not changed.
 * @param directory  where the store shall be; must not exist, or be empty.
 * @param flags  VIDSTORE_BACKUP_… bits.
 * @param ret_json  receives a JSON object as of vidstore_backup().
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, INVALID, NOT_FOUND, EXISTS, SCHEMA, CORRUPT, FULL, IO, NOMEM, FORKED (see vidstore_open()).
 * Threads: any. Blocks: disk. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_restore(const char *backup, const char *directory, uint32_t flags,
                                              vidstore_text **ret_json, vidstore_error **reterr);

/**
 * Examine the store: connection, integrity, schema text, versions, disk, log, blobs, probe helper, clock. A bad
 * finding is a verdict, not an error.
 * @param session  who acts.
 * @param full  1: read every page of the database, check every index, and read the bytes of every file, which takes as
 *   long as the disk takes; 0: the quick checks. Nothing goes on record: vidstore_file_verify_all() is for that.
 * @param ret_json  receives a JSON object: "verdict" (ok, warning, bad) and "checks", each with name, verdict and
 *   text.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, STATE (inside a transaction), MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED,
 * LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database, disk. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_doctor(vidstore_session *session, int32_t full, vidstore_text **ret_json,
                                             vidstore_error **reterr);

#ifdef __cplusplus
}
#endif
#endif
