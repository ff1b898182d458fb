/* SPDX-License-Identifier: MIT */
/**
 * @file session.h
 * Sessions: who acts, from where, in which transaction. Every data call takes one.
 * Thread class: a session is used by one thread at a time, but is not bound to one; vidstore_interrupt() may come
 * from any.
 */
#ifndef VIDSTORE_SESSION_H
#define VIDSTORE_SESSION_H

#include <vidstore/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Facts of an origin. */
enum {
    VIDSTORE_ORIGIN_UNKNOWN = -1,
    VIDSTORE_ORIGIN_IP = 1,         /**< IPv4 or IPv6 address, at most 45 bytes. */
    VIDSTORE_ORIGIN_USER_AGENT = 2, /**< At most 512 bytes. */
    VIDSTORE_ORIGIN_REQUEST_ID = 3, /**< At most 128 bytes. */
    VIDSTORE_ORIGIN_DEVICE = 4      /**< At most 128 bytes. */
};

/**
 * Where a request comes from; nothing is known yet.
 * @return a new object, to be freed with vidstore_origin_free(). Never NULL.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API vidstore_origin *vidstore_origin_new(void);

/**
 * Free it.
 * @param origin  the object, or NULL.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_origin_free(vidstore_origin *origin);

/**
 * Set a fact. A bad value is reported by the call that takes the origin.
 * @param origin  the object.
 * @param fact  a VIDSTORE_ORIGIN_… constant.
 * @param value  UTF-8, copied; NULL: not known.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_origin_set_text(vidstore_origin *origin, int32_t fact, const char *value);

/**
 * A session that acts as the system and may do everything.
 * @param store  the root handle.
 * @param name  which part of the host acts, such as importer; recorded in the audit; 1 to 100 bytes.
 * @param ret_session  receives the session.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, INVALID, BUSY, NOMEM, IO, FORKED.
 * Threads: any. Blocks: nothing. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_session_system(vidstore *store, const char *name, vidstore_session **ret_session,
                                                     vidstore_error **reterr);

/**
 * A session that acts for a user whom the host has identified itself.
 * @param store  the root handle.
 * @param user_id  the user's UUID.
 * @param origin  where the request comes from; copied; NULL: not known.
 * @param ret_session  receives the session.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, INVALID, NOT_FOUND, UNAUTHENTICATED (the account is not active), BUSY, NOMEM, IO, FORKED.
 * Threads: any. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_session_on_behalf(vidstore *store, const char *user_id,
                                                        const vidstore_origin *origin, vidstore_session **ret_session,
                                                        vidstore_error **reterr);

/**
 * A session for the user who knows a name and its password.
 * @param store  the root handle.
 * @param name  the username or the e-mail address.
 * @param password  UTF-8, at most 1024 bytes.
 * @param origin  where the request comes from; copied; NULL: not known.
 * @param ret_session  receives the session.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, INVALID, UNAUTHENTICATED, THROTTLED, STATE, BUSY, NOMEM, IO, FORKED.
 * Threads: any. Blocks: database, CPU. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_session_login(vidstore *store, const char *name, const char *password,
                                                    const vidstore_origin *origin, vidstore_session **ret_session,
                                                    vidstore_error **reterr);

/**
 * A session for whoever came with a link: it may read the one file of the link, and nothing else. vidstore_link_… tells
 * how links are made. Each call of this counts as an opening of the link and is in the audit, so keep the session for
 * as long as one person looks at the file. All refusals are alike; which it was stands in the audit.
 * @param store  the root handle.
 * @param token  the text of the link.
 * @param origin  where the request comes from; copied; NULL: not known.
 * @param ret_session  receives the session.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, INVALID, UNAUTHENTICATED, THROTTLED (too much that is no link came from this address), BUSY, TIMEOUT,
 * NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: any. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_session_link(vidstore *store, const char *token, const vidstore_origin *origin,
                                                   vidstore_session **ret_session, vidstore_error **reterr);

/**
 * The file that the session's link opens.
 * @param session  the session; NULL gives NULL.
 * @return its UUID; NULL for a session without a link. Borrowed from the session.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_session_file_id(const vidstore_session *session);

/**
 * A session for the user whose API key a program brought. What it may do is what the key's scopes and the role of its
 * user both allow; each call looks anew. All refusals are alike; which it was stands in the audit.
 * @param store  the root handle.
 * @param token  the text of the key.
 * @param origin  where the request comes from; copied; NULL: not known. A key that is bound to networks needs the
 *   address.
 * @param ret_session  receives the session.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, INVALID, UNAUTHENTICATED, THROTTLED (too much that is no key came from this address), BUSY, TIMEOUT,
 * NOMEM, IO, CORRUPT, FORKED.
 * Threads: any. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_session_key(vidstore *store, const char *token, const vidstore_origin *origin,
                                                  vidstore_session **ret_session, vidstore_error **reterr);

/**
 * A session for the user whose login a browser's token belongs to. Each call looks anew whether it still counts: it
 * ends when it was revoked, when it is too old or was idle for too long, and when role, state or password of its user
 * change. All refusals are alike.
 * @param store  the root handle.
 * @param token  what vidstore_login_create() gave.
 * @param origin  where the request comes from; copied; NULL: not known.
 * @param ret_session  receives the session.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, INVALID, UNAUTHENTICATED, BUSY, TIMEOUT, NOMEM, IO, CORRUPT, FORKED.
 * Threads: any. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_session_resume(vidstore *store, const char *token, const vidstore_origin *origin,
                                                     vidstore_session **ret_session, vidstore_error **reterr);

/**
 * The login that a session belongs to: which line of a device list is this one.
 * @param session  the session.
 * @return a UUID, borrowed from the session; NULL when it was not made by vidstore_session_resume().
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API const char *vidstore_session_login_id(const vidstore_session *session);

/**
 * A session for somebody unknown, who sees public files and nothing else.
 * @param store  the root handle.
 * @param origin  where the request comes from; copied; NULL: not known.
 * @param ret_session  receives the session.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, INVALID, BUSY, NOMEM, IO, FORKED.
 * Threads: any. Blocks: nothing. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_session_anonymous(vidstore *store, const vidstore_origin *origin,
                                                        vidstore_session **ret_session, vidstore_error **reterr);

/**
 * Free a session. A transaction that is open is rolled back. What was refused in it stays noted by the store.
 * @param session  the session, or NULL.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_session_free(vidstore_session *session);

/**
 * Whom the session acts for.
 * @param session  the session.
 * @return a UUID, borrowed from the session: the nil UUID for the system; NULL for an anonymous one.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API const char *vidstore_session_user_id(const vidstore_session *session);

/**
 * The role that the session has.
 * @param session  the session.
 * @return VIDSTORE_ROLE_…; VIDSTORE_ROLE_UNKNOWN for an anonymous one. The system has VIDSTORE_ROLE_ADMIN.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API int32_t vidstore_session_role(const vidstore_session *session);

/**
 * How long each later call of the session may take.
 * @param session  the session.
 * @param deadline_ms  1 to 86,400,000; INT64_MIN: the default of the store again.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, INVALID.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_session_set_deadline(vidstore_session *session, int64_t deadline_ms,
                                                           vidstore_error **reterr);

/**
 * Stop what the session is doing in another thread: it fails with CANCELLED as soon as that is safe. A write that has
 * begun to commit is finished. Does nothing when the session is idle.
 * @param session  the session, or NULL.
 * Threads: any, also while another thread is in a call of this session. Since 0.1.
 */
VIDSTORE_API void vidstore_interrupt(vidstore_session *session);

/**
 * Begin a transaction: the record changes of this session up to the commit are one. Takes the writer, so keep it
 * short: at its maximum age it is rolled back. Begin inside a transaction sets a savepoint. Slow calls refuse to run
 * inside.
 * @param session  the session.
 * @param flags  0.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE (this thread holds a transaction in another session), INVALID (unknown flag), BUSY, TIMEOUT,
 * CANCELLED, READONLY, NOMEM, IO, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_begin(vidstore_session *session, uint32_t flags, vidstore_error **reterr);

/**
 * Commit the transaction, or release the innermost savepoint.
 * @param session  the session.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, STATE (none is open), TXN_EXPIRED, ABORTED, BUSY, NOMEM, IO, FULL, UNKNOWN_OUTCOME, FORKED. After
 * an error of the outermost commit the transaction is over; after one of an inner commit its level is still open, to be
 * rolled back.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_commit(vidstore_session *session, vidstore_error **reterr);

/**
 * Undo the transaction, or what was done since the innermost savepoint. When the whole transaction was lost inside
 * nested levels, each level is ended all the same, by a rollback of its own that says TXN_EXPIRED or ABORTED; until the
 * outermost has ended every call of the session fails so, and nothing is written.
 * @param session  the session.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, STATE (none is open), TXN_EXPIRED, ABORTED, IO, FORKED. The level is over in every case.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_rollback(vidstore_session *session, vidstore_error **reterr);

/**
 * Begin a snapshot: what this session reads up to its end is of one state, that of now, and many small reads cost less
 * in it. What others commit meanwhile is not seen, nor that the user's rights were changed. It only reads: writes and
 * slow calls refuse to run inside. While it is open the store's log grows with each write, so at its maximum age it is
 * ended, and further reads fail with TXN_EXPIRED until vidstore_snapshot_end().
 * @param session  the session; no transaction or snapshot may be open in it.
 * @param max_age_ms  1 to 60,000; INT64_MIN: 5 seconds.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, STATE, INVALID, BUSY (64 are open in this process), TIMEOUT, CANCELLED, NOMEM, IO, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_snapshot_begin(vidstore_session *session, int64_t max_age_ms,
                                                     vidstore_error **reterr);

/**
 * End the snapshot, expired or not: the session reads what is committed again.
 * @param session  the session.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, STATE (none is open), FORKED.
 * Threads: one at a time a session. Blocks: nothing. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_snapshot_end(vidstore_session *session, vidstore_error **reterr);

/**
 * Read a setting of the store.
 * @param session  who acts.
 * @param name  such as retention.completed_days.
 * @param ret_value  receives the value as text.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: NOT_FOUND (no such setting), UNAUTHENTICATED, INVALID, CORRUPT (what is on record is no value of it: set it
 * again), MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_setting_get(vidstore_session *session, const char *name,
                                                  vidstore_text **ret_value, vidstore_error **reterr);

/**
 * Change a setting. Admins and the system only.
 * @param session  who acts.
 * @param name  such as retention.completed_days.
 * @param value  as text; NULL: the default again.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: NOT_FOUND (no such setting), UNAUTHENTICATED, INVALID, MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED,
 * LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_setting_set(vidstore_session *session, const char *name, const char *value,
                                                  vidstore_error **reterr);

/**
 * All settings: name, value (null: what is on record is none), default, whether it was changed, type, range, and what
 * it is for.
 * @param session  who acts.
 * @param ret_json  receives a JSON array, which the caller frees.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, UNAUTHENTICATED, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO,
 * CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_setting_list(vidstore_session *session, vidstore_text **ret_json,
                                                   vidstore_error **reterr);

#ifdef __cplusplus
}
#endif
#endif
