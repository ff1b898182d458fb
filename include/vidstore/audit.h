/* SPDX-License-Identifier: MIT */
/**
 * @file audit.h
 * The audit: what happened, to what, by whom, from where. Events are appended by the library in the transaction of
 * the change, and never changed.
 * Thread class: events are immutable; sessions are used by one thread at a time.
 */
#ifndef VIDSTORE_AUDIT_H
#define VIDSTORE_AUDIT_H

#include <vidstore/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What happened. New ones may be added. */
enum {
    VIDSTORE_AUDIT_ACTION_UNKNOWN = -1,
    VIDSTORE_AUDIT_USER_LOGIN = 10,
    VIDSTORE_AUDIT_USER_LOGOUT = 11,
    VIDSTORE_AUDIT_USER_CREATED = 12,
    VIDSTORE_AUDIT_USER_UPDATED = 13,
    VIDSTORE_AUDIT_USER_DELETED = 14,
    VIDSTORE_AUDIT_USER_PURGED = 15,
    VIDSTORE_AUDIT_JOB_CREATED = 30,
    VIDSTORE_AUDIT_JOB_STARTED = 31,
    VIDSTORE_AUDIT_JOB_COMPLETED = 32,
    VIDSTORE_AUDIT_JOB_FAILED = 33,
    VIDSTORE_AUDIT_JOB_CANCELLED = 34,
    VIDSTORE_AUDIT_JOB_UPDATED = 35,
    VIDSTORE_AUDIT_JOB_DELETED = 36,
    VIDSTORE_AUDIT_JOB_RESTORED = 37,
    VIDSTORE_AUDIT_JOB_PURGED = 38,
    VIDSTORE_AUDIT_JOB_RETRIED = 39,
    VIDSTORE_AUDIT_JOB_RELEASED = 40,
    VIDSTORE_AUDIT_VIDEO_CREATED = 60,
    VIDSTORE_AUDIT_VIDEO_UPDATED = 61,
    VIDSTORE_AUDIT_VIDEO_DELETED = 62,
    VIDSTORE_AUDIT_VIDEO_RESTORED = 63,
    VIDSTORE_AUDIT_VIDEO_PURGED = 64,
    VIDSTORE_AUDIT_VIDEO_PROBED = 65,
    VIDSTORE_AUDIT_VIDEO_FETCHED = 66,
    VIDSTORE_AUDIT_FILE_UPLOADED = 80,
    VIDSTORE_AUDIT_FILE_DOWNLOADED = 81,
    VIDSTORE_AUDIT_FILE_UPDATED = 82,
    VIDSTORE_AUDIT_FILE_DELETED = 83,
    VIDSTORE_AUDIT_FILE_RESTORED = 84,
    VIDSTORE_AUDIT_FILE_PURGED = 85,
    VIDSTORE_AUDIT_FILE_VERIFIED = 86,
    VIDSTORE_AUDIT_COLLECTION_CREATED = 90,
    VIDSTORE_AUDIT_COLLECTION_UPDATED = 91,
    VIDSTORE_AUDIT_COLLECTION_DELETED = 92,
    VIDSTORE_AUDIT_COLLECTION_RESTORED = 93,
    VIDSTORE_AUDIT_COLLECTION_PURGED = 94,
    VIDSTORE_AUDIT_COLLECTION_VIDEO_ADDED = 95,
    VIDSTORE_AUDIT_COLLECTION_VIDEO_DROPPED = 96,
    VIDSTORE_AUDIT_COLLECTION_VIDEO_MOVED = 97,
    VIDSTORE_AUDIT_SYSTEM_STARTUP = 110,
    VIDSTORE_AUDIT_SYSTEM_SHUTDOWN = 111,
    VIDSTORE_AUDIT_CONFIG_CHANGED = 112,
    VIDSTORE_AUDIT_AUTH_FAILED = 113,
    VIDSTORE_AUDIT_ACCESS_DENIED = 114,
    VIDSTORE_AUDIT_API_KEY_CREATED = 115,
    VIDSTORE_AUDIT_API_KEY_REVOKED = 116,
    VIDSTORE_AUDIT_ROLE_CHANGED = 117,
    VIDSTORE_AUDIT_PASSWORD_CHANGED = 118,
    VIDSTORE_AUDIT_IDENTITY_LINKED = 119,
    VIDSTORE_AUDIT_IDENTITY_UNLINKED = 120,
    VIDSTORE_AUDIT_RETENTION_RUN = 121,
    VIDSTORE_AUDIT_MIGRATION = 122,
    VIDSTORE_AUDIT_BACKUP = 123,
    VIDSTORE_AUDIT_RESTORED = 124,
    VIDSTORE_AUDIT_API_KEY_UPDATED = 130,
    VIDSTORE_AUDIT_API_KEY_ROTATED = 131,
    VIDSTORE_AUDIT_KEY_EXPIRED = 132,
    VIDSTORE_AUDIT_GRANT_CREATED = 160,
    VIDSTORE_AUDIT_GRANT_REVOKED = 161,
    VIDSTORE_AUDIT_QUOTA_CHANGED = 162,
    VIDSTORE_AUDIT_LINK_CREATED = 163,
    VIDSTORE_AUDIT_LINK_REVOKED = 164,
    VIDSTORE_AUDIT_LINK_OPENED = 165, /**< Somebody came with it: from where stands in the event. */
    VIDSTORE_AUDIT_LOGIN_REVOKED = 133,
    VIDSTORE_AUDIT_LOGIN_CONFIRMED = 134, /**< A password was given again, for a sensitive call. */
    VIDSTORE_AUDIT_ACCOUNT_LOCKED = 135,  /**< So many tries failed that an account or a source has to wait. */
    VIDSTORE_AUDIT_TOKEN_ISSUED = 136,    /**< An invitation, a reset or a confirmation; or a trusted device. */
    VIDSTORE_AUDIT_TOKEN_USED = 137,
    VIDSTORE_AUDIT_CHECKPOINT = 150,
    VIDSTORE_AUDIT_ALERT = 151,
    VIDSTORE_AUDIT_PRUNED = 152,
    VIDSTORE_AUDIT_EXPORTED = 153,
    VIDSTORE_AUDIT_HOST_EVENT = 154, /**< Of the host's own, by vidstore_audit_record(). */
    VIDSTORE_AUDIT_CANARY_SET = 155, /**< vidstore_audit_canary_set(), and the other way round. */
    VIDSTORE_AUDIT_CANARY_CLEARED = 156
};

/** The chains in which events stand: each event carries the hash of the one before it in its chain. */
enum {
    VIDSTORE_AUDIT_CHAIN_UNKNOWN = -1,
    VIDSTORE_AUDIT_CHAIN_SECURITY = 1, /**< Accounts, rights, settings, refusals. */
    VIDSTORE_AUDIT_CHAIN_ACTIVITY = 2, /**< Work on jobs, videos and files, and the host's own events. */
    VIDSTORE_AUDIT_CHAIN_SYSTEM = 3    /**< The library's own upkeep. */
};

/** Fields of a event, for access by id. New ones may be added. */
enum {
    VIDSTORE_AUDIT_UNKNOWN = -1,
    VIDSTORE_AUDIT_ID = 5001,      /**< UUID. */
    VIDSTORE_AUDIT_USER_ID = 5002, /**< UUID of the user who acted; the nil UUID is the system; NULL: nobody known. */
    VIDSTORE_AUDIT_CREATED_US = 5003,
    VIDSTORE_AUDIT_ACTION = 5010,      /**< VIDSTORE_AUDIT_…. */
    VIDSTORE_AUDIT_NOUN = 5011,        /**< user, key, login, job, video, file, setting, store or session. */
    VIDSTORE_AUDIT_OBJECT_ID = 5012,   /**< UUID of the object; NULL: none. */
    VIDSTORE_AUDIT_OBJECT_NAME = 5013, /**< What it was called then. */
    VIDSTORE_AUDIT_OWNER_ID = 5014,    /**< UUID of its owner. */
    VIDSTORE_AUDIT_SUCCESS = 5015,     /**< Boolean: 0 for what was refused or failed. */
    VIDSTORE_AUDIT_ERROR = 5016,       /**< Name of the status code of a failure. */
    VIDSTORE_AUDIT_ACTOR = 5017,       /**< user, system, worker or anonymous. */
    VIDSTORE_AUDIT_ACTOR_NAME = 5018,  /**< What the actor was called then. */
    VIDSTORE_AUDIT_IP = 5019,
    VIDSTORE_AUDIT_USER_AGENT = 5020,
    VIDSTORE_AUDIT_REQUEST_ID = 5021,
    VIDSTORE_AUDIT_DEVICE = 5022,
    VIDSTORE_AUDIT_DETAILS = 5023,       /**< JSON object: for a change, each field with its old and new value. */
    VIDSTORE_AUDIT_DESCRIPTION = 5024,   /**< Text of the host. */
    VIDSTORE_AUDIT_CHAIN = 5030,         /**< security, activity or system; none: from before there were chains. */
    VIDSTORE_AUDIT_POSITION = 5031,      /**< Its number in the chain, from 1, without gaps. */
    VIDSTORE_AUDIT_SEVERITY = 5032,      /**< 1 informational to 5 critical. */
    VIDSTORE_AUDIT_BACK_US = 5033,       /**< By how much the clock stood before the event before it; mostly 0. */
    VIDSTORE_AUDIT_METHOD = 5034,        /**< How the actor had proved who it is, or tried to: password, login, key,
                                              external, once, link, or host (by its word); NULL: it had not to. */
    VIDSTORE_AUDIT_CREDENTIAL_ID = 5035, /**< UUID of the login or key it used; NULL: none. */
    VIDSTORE_AUDIT_HASH = 5036           /**< SHA-256 of this event and the hash of the one before it. */
};

/**
 * A field of the record as text: text, JSON, ids, hashes, and the names of enumerations.
 * @param event  the record; NULL gives NULL.
 * @param field  a VIDSTORE_AUDIT_EVENT_… constant.
 * @return borrowed from the record; NULL when the field is NULL, is a number, or is not one of this noun.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_audit_event_text(const vidstore_audit_event *event, int32_t field);

/**
 * A field of the record as a number: counts, sizes, times, booleans, and the values of enumerations.
 * @param event  the record; NULL gives INT64_MIN.
 * @param field  a VIDSTORE_AUDIT_EVENT_… constant.
 * @return the value; INT64_MIN when the field is NULL, is text, or is not one of this noun.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_audit_event_int64(const vidstore_audit_event *event, int32_t field);

/**
 * Whether a field has no value.
 * @param event  the record.
 * @param field  a VIDSTORE_AUDIT_EVENT_… constant.
 * @return 1 when it is NULL, is hidden from the session that read it, or is not one of this noun; else 0.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int32_t vidstore_audit_event_is_null(const vidstore_audit_event *event, int32_t field);

/**
 * The whole record as a JSON object: enumerations as names, NULL as null.
 * @param event  the record.
 * @param ret_json  receives the text, which the caller frees.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, NOMEM.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_audit_event_json(const vidstore_audit_event *event, vidstore_text **ret_json,
                                                       vidstore_error **reterr);

/**
 * Keep a record that was borrowed from a page, or share one.
 * @param event  the record, or NULL.
 * @return a handle of your own on the same snapshot, to be freed with vidstore_audit_event_free(); NULL for NULL.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API vidstore_audit_event *vidstore_audit_event_ref(const vidstore_audit_event *event);

/**
 * Free a record.
 * @param event  the record, or NULL.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API void vidstore_audit_event_free(vidstore_audit_event *event);

/**
 * One event of a page.
 * @param page  the page.
 * @param index  from 0 to vidstore_page_count() - 1.
 * @return borrowed from the page; NULL when there is none at the index, or the page is of another noun.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const vidstore_audit_event *vidstore_page_audit_event(const vidstore_page *page, int64_t index);

/**
 * Read an event. Users see the events of what they own and of what they did; admins see all.
 * @param session  who acts.
 * @param id  its UUID.
 * @param ret_event  receives the event.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_audit_get(vidstore_session *session, const char *id,
                                                vidstore_audit_event **ret_event, vidstore_error **reterr);

/**
 * List the events that this session may see.
 * @param session  who acts.
 * @param query  filter, sort, limit and cursor; NULL: the newest 100.
 * @param ret_page  receives the page; read it with vidstore_page_audit_event().
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, UNSUPPORTED (no index serves the query), MISUSE, FORBIDDEN, BUSY, TIMEOUT,
 * CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_audit_list(vidstore_session *session, const vidstore_query *query,
                                                 vidstore_page **ret_page, vidstore_error **reterr);

/**
 * Count events; at most 10,000 unless the query asks for an exact count.
 * @param session  who acts.
 * @param query  its filter counts; NULL: all.
 * @param ret_count  receives the number.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, UNSUPPORTED, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_audit_count(vidstore_session *session, const vidstore_query *query,
                                                  int64_t *ret_count, vidstore_error **reterr);

/**
 * Record an event of the host's own: host_event on its noun, with its description. A session of an API key needs scope
 * admin.
 * @param session  who acts.
 * @param noun  a word of the host, at most 50 bytes.
 * @param object_id  a UUID, or NULL.
 * @param description  at most 4096 bytes.
 * @param details_json  a JSON object, or NULL.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_audit_record(vidstore_session *session, const char *noun, const char *object_id,
                                                   const char *description, const char *details_json,
                                                   vidstore_error **reterr);

/**
 * Events since a time. For one user's logins, what a user did, what happened to an object or what failed, list with a
 * filter: vidstore-audit(7) has them.
 * @param session  who acts.
 * @param since_us  from when; 0: all.
 * @param ret_json  receives a JSON object, which the caller frees: "total", "success", "failure"; "actions", each with
 *   its successes and failures; "days" (of UTC), each with its actions; "actors" and "addresses", the ten with the most
 *   events; "errors", the twenty most frequent.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED,
 * NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_audit_stats(vidstore_session *session, int64_t since_us, vidstore_text **ret_json,
                                                  vidstore_error **reterr);

/**
 * Write events to a descriptor as JSON Lines, oldest first, each line safe against log injection. The first line is a
 * header, the last a trailer with the SHA-256 of all lines before it. Without a query, for admins and the system, the
 * export is whole: it holds all that is hashed, the roots of segments and the checkpoints, so that it can be checked
 * without this library, and what it covers counts as exported; vidstore-audit(7) has its form.
 * @param session  who acts.
 * @param query  its filter counts; its limit does not. NULL: all.
 * @param fd  open for writing, and not on a file that is part of a store; not closed.
 * @param ret_count  receives how many events were written.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID (fd is of a store: sub NOT_A_FILE), UNAUTHENTICATED, UNSUPPORTED, CONFLICT (events were pruned
 * meanwhile), MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL,
 * CORRUPT, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database, the descriptor. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_audit_export(vidstore_session *session, const vidstore_query *query, int32_t fd,
                                                   int64_t *ret_count, vidstore_error **reterr);

/**
 * Make a checkpoint of the audit now: a text that says how long each chain is, what its tree and its end hash to, and
 * which checkpoint came before, signed when the store was opened with a key. Keep it where whoever can write to the
 * store can't reach it, and give it to vidstore_audit_verify() later. Others are made in passing: after 4096 events,
 * after a time (setting audit.checkpoint_minutes; vidstore_maintain() makes it when nothing else happens) and when the
 * store is closed. Refuses to run inside a transaction. Admins and the system only.
 * @param session  who acts.
 * @param ret_text  receives the text, which the caller frees.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, UNAUTHENTICATED, STATE, FORBIDDEN, BUSY, RETRY, TIMEOUT, CANCELLED, LEASE_LOST, NOMEM, IO, FULL,
 * CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_audit_checkpoint(vidstore_session *session, vidstore_text **ret_text,
                                                       vidstore_error **reterr);

/**
 * A checkpoint that was made. A host that polls this and keeps what is new has its copy elsewhere.
 * @param session  who acts.
 * @param number  from 1; 0: the last.
 * @param ret_text  receives the text, which the caller frees.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND (none of this number, or none yet), MISUSE, FORBIDDEN, BUSY, TIMEOUT,
 * CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_audit_checkpoint_get(vidstore_session *session, int64_t number,
                                                           vidstore_text **ret_text, vidstore_error **reterr);

/**
 * Check that nobody has rewritten history: every event is hashed anew from the bytes of its row and compared with its
 * link, every segment and checkpoint with the events, and all of it with the anchor. Works on a store in use, a slice
 * at a time. A bad finding is a verdict, not an error. Without an anchor from outside, whoever can write to the store
 * can make all of it anew, or cut off its end, unseen. Refuses to run inside a transaction. Admins and the system only.
 * @param session  who acts.
 * @param anchor  the text of a checkpoint that was kept elsewhere; NULL: none.
 * @param ret_json  receives a JSON object: "verdict" (ok, warning, broken), "anchored" (the anchor is in the history),
 *   "events", "pruned", "erased" (personal parts), "checkpoints",
 * "signed", "chains" by name ("size", "first" that is there, "covered" by a checkpoint, "root", "head"), "found" and
 * "findings": objects with "code", "verdict", "text", and where known "chain", "position", "event" (its id) and
 * "checkpoint", the first 100 in the order of the check; "took_ms".
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID (anchor), UNAUTHENTICATED, MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, NOMEM,
 * IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database, CPU. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_audit_verify(vidstore_session *session, const char *anchor,
                                                   vidstore_text **ret_json, vidstore_error **reterr);

/**
 * Remove old events for good: whole segments of 4096 that are sealed, covered by a checkpoint and, where the setting
 * audit.export_first says so, exported. Their roots stay. Each leaves an event that names it. vidstore_maintain() does
 * the same by the settings retention.audit_*. Refuses to run inside a transaction, and under the setting audit.hold.
 * Admins and the system only.
 * @param session  who acts.
 * @param before_us  segments whose last event is older.
 * @param ret_count  receives how many events were removed.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, NOMEM, IO, FULL,
 * CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_audit_prune(vidstore_session *session, int64_t before_us, int64_t *ret_count,
                                                  vidstore_error **reterr);

/**
 * Make a canary of something that nobody has a reason to touch: an account, an API key, a job, a video, a file or a
 * link. Whatever happens to it from then on, a refusal too, raises an alert: see vidstore-audit(7). A key that is one
 * opens nothing any more, like a revoked one, so that each use of it is recorded. Nobody but admins can tell that it is
 * one. At most 1000. Admins and the system only.
 * @param session  who acts.
 * @param id  UUID of the object.
 * @param on  1: it is one; 0: not any more.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND (nothing has this id; or it is no canary), EXISTS (it is one already),
 * QUOTA, MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL,
 * CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_audit_canary_set(vidstore_session *session, const char *id, int32_t on,
                                                       vidstore_error **reterr);

/**
 * Which canaries there are. Admins and the system only.
 * @param session  who acts.
 * @param ret_json  receives a JSON array, which the caller frees: of each its "id", "noun" (user, key, job, video, file
 *   or link) and "created" (microseconds; since when it is one).
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, UNAUTHENTICATED, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO,
 * CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_audit_canary_list(vidstore_session *session, vidstore_text **ret_json,
                                                        vidstore_error **reterr);

#ifdef __cplusplus
}
#endif
#endif
