/* SPDX-License-Identifier: MIT */
/**
 * @file login.h
 * Logins: people who proved who they are, and the tokens that their browsers keep. A token is made here and nowhere
 * else, shown once, and kept as a digest; vidstore_session_resume() makes a session of it.
 * Thread class: records are immutable and may be read from any thread; sessions are used by one thread at a time.
 */
#ifndef VIDSTORE_LOGIN_H
#define VIDSTORE_LOGIN_H

#include <vidstore/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Flags of vidstore_login_create(). */
enum {
    VIDSTORE_CHALLENGE_UNKNOWN = -1,
    VIDSTORE_CHALLENGE_PASSED = 1 /**< The host has put a challenge (a riddle, a mailed link), and it was passed:
                                           a try that would have to wait may go on, five times an hour and account. */
};

/** Fields of a login, for access by id. New ones may be added. */
enum {
    VIDSTORE_LOGIN_UNKNOWN = -1,
    VIDSTORE_LOGIN_ID = 7001,      /**< UUID. */
    VIDSTORE_LOGIN_USER_ID = 7002, /**< UUID of the user. */
    VIDSTORE_LOGIN_CREATED_US = 7003,
    VIDSTORE_LOGIN_UPDATED_US = 7004,
    VIDSTORE_LOGIN_VERSION = 7005,
    VIDSTORE_LOGIN_TOKEN_ID = 7010, /**< The public part of the token. */
    VIDSTORE_LOGIN_METHOD = 7011,   /**< password, or the provider of an outside identity. */
    VIDSTORE_LOGIN_IP = 7012,       /**< Where it was made. */
    VIDSTORE_LOGIN_USER_AGENT = 7013,
    VIDSTORE_LOGIN_DEVICE = 7014,
    VIDSTORE_LOGIN_PROVED_US = 7015,    /**< When the password was given last. */
    VIDSTORE_LOGIN_LAST_SEEN_US = 7016, /**< About: a use is written when the one before is some time ago. */
    VIDSTORE_LOGIN_LAST_IP = 7017,
    VIDSTORE_LOGIN_EXPIRES_US = 7018, /**< When it ends, used or not. */
    VIDSTORE_LOGIN_IDLE_MS = 7019,    /**< It ends when it was not used for so long. */
    VIDSTORE_LOGIN_REVOKED_US = 7020, /**< When it was ended; NULL: it was not. */
    VIDSTORE_LOGIN_REASON = 7021      /**< Why. */
};

/**
 * Let in the user who knows a name and its password. One hash is computed whatever the outcome, and the same rows are
 * written whatever the reason of a refusal. Tries that fail make the next ones wait: strangers soon, places that the
 * user is known to come from late, so that nobody can lock the user out.
 * @param store  the root handle.
 * @param name  the username or the e-mail address.
 * @param password  UTF-8, at most 1024 bytes.
 * @param device_token  what vidstore_login_trust() gave on this device; NULL: none.
 * @param flags  0 or VIDSTORE_CHALLENGE_PASSED.
 * @param origin  where the request comes from; copied; NULL: not known, which is a stranger's place.
 * @param ret_login  receives the record.
 * @param ret_token  a buffer, not NULL, that receives the token for the browser and a NUL; an empty text on failure.
 * @param token_size  bytes of the buffer: at least VIDSTORE_TOKEN_SIZE.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, INVALID, UNAUTHENTICATED (sub PASSWORD; ACCOUNT when the password fits and the account is not
 * active), STATE (the store has passwords with peppers, and none was given at open), THROTTLED (with the time to wait;
 * sub CHALLENGE when a challenge would let it through), BUSY (too many passwords are being checked), TIMEOUT, NOMEM,
 * IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: any. Blocks: database, CPU. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_login_create(vidstore *store, const char *name, const char *password,
                                                   const char *device_token, uint32_t flags,
                                                   const vidstore_origin *origin, vidstore_login **ret_login,
                                                   char *ret_token, int64_t token_size, vidstore_error **reterr);

/**
 * Let in the user of an outside identity (OIDC, LDAP, a host's own table) that the host has checked itself.
 * @param store  the root handle.
 * @param provider  as it was linked with vidstore_user_link_identity().
 * @param subject  as it was linked.
 * @param origin  where the request comes from; copied; NULL: not known.
 * @param ret_login  receives the record.
 * @param ret_token  a buffer, not NULL, that receives the token for the browser and a NUL; an empty text on failure.
 * @param token_size  bytes of the buffer: at least VIDSTORE_TOKEN_SIZE.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, INVALID, UNAUTHENTICATED (no user has it, or the account is not active), BUSY, TIMEOUT, NOMEM, IO,
 * FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: any. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_login_external(vidstore *store, const char *provider, const char *subject,
                                                     const vidstore_origin *origin, vidstore_login **ret_login,
                                                     char *ret_token, int64_t token_size, vidstore_error **reterr);

/**
 * Prove again that it is the user who acts: for the ten minutes that follow, calls that change who may do what are open
 * to this login. The token is replaced; the old one ends.
 * @param session  one of vidstore_session_resume().
 * @param password  the user's.
 * @param ret_token  a buffer, not NULL, that receives the new token and a NUL; an empty text on failure.
 * @param token_size  bytes of the buffer: at least VIDSTORE_TOKEN_SIZE.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, THROTTLED, STATE (inside a transaction, or not a login's session), MISUSE,
 * FORBIDDEN, BUSY, TIMEOUT, CANCELLED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database, CPU. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_login_confirm(vidstore_session *session, const char *password, char *ret_token,
                                                    int64_t token_size, vidstore_error **reterr);

/**
 * Trust the device that a login is on: for 180 days, tries with this token are told from those of strangers. Ten
 * failures with it end the trust.
 * @param session  one of vidstore_session_resume(), with the password given within ten minutes.
 * @param ret_token  a buffer, not NULL, that receives the token for the device and a NUL; an empty text on failure.
 * @param token_size  bytes of the buffer: at least VIDSTORE_TOKEN_SIZE.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_login_trust(vidstore_session *session, char *ret_token, int64_t token_size,
                                                  vidstore_error **reterr);

/**
 * Log out: end the login of this session.
 * @param session  one of vidstore_session_resume().
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: UNAUTHENTICATED, MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED,
 * NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_login_end(vidstore_session *session, vidstore_error **reterr);

/**
 * End a login. Its sessions, in every process, end with their next call.
 * @param session  who acts.
 * @param id  its UUID.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, NOT_FOUND, UNAUTHENTICATED, MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST,
 * TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session.
 * Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_login_revoke(vidstore_session *session, const char *id, vidstore_error **reterr);

/**
 * End all logins of the user but that of this session, and the trust in all devices.
 * @param session  one of vidstore_session_resume(), with the password given within ten minutes.
 * @param ret_count  receives how many ended.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: UNAUTHENTICATED, MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED,
 * NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_login_revoke_others(vidstore_session *session, int64_t *ret_count,
                                                          vidstore_error **reterr);

/**
 * End all logins of a user and the trust in its devices; or everybody's logins.
 * @param session  who acts; a login with the password given within ten minutes.
 * @param user_id  the user's UUID; NULL: everybody's, for admins and the system.
 * @param ret_count  receives how many ended.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, NOT_FOUND, UNAUTHENTICATED, MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST,
 * TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session.
 * Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_login_revoke_all(vidstore_session *session, const char *user_id,
                                                       int64_t *ret_count, vidstore_error **reterr);

/**
 * A field of the record as text: text, JSON, ids, hashes, and the names of enumerations.
 * @param login  the record; NULL gives NULL.
 * @param field  a VIDSTORE_LOGIN_… constant.
 * @return borrowed from the record; NULL when the field is NULL, is a number, or is not one of this noun.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_login_text(const vidstore_login *login, int32_t field);

/**
 * A field of the record as a number: counts, sizes, times, booleans, and the values of enumerations.
 * @param login  the record; NULL gives INT64_MIN.
 * @param field  a VIDSTORE_LOGIN_… constant.
 * @return the value; INT64_MIN when the field is NULL, is text, or is not one of this noun.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_login_int64(const vidstore_login *login, int32_t field);

/**
 * Whether a field has no value.
 * @param login  the record.
 * @param field  a VIDSTORE_LOGIN_… constant.
 * @return 1 when it is NULL, is hidden from the session that read it, or is not one of this noun; else 0.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int32_t vidstore_login_is_null(const vidstore_login *login, int32_t field);

/**
 * The whole record as a JSON object: enumerations as names, NULL as null.
 * @param login  the record.
 * @param ret_json  receives the text, which the caller frees.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, NOMEM.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_login_json(const vidstore_login *login, vidstore_text **ret_json,
                                                 vidstore_error **reterr);

/**
 * Keep a record that was borrowed from a page, or share one.
 * @param login  the record, or NULL.
 * @return a handle of your own on the same snapshot, to be freed with vidstore_login_free(); NULL for NULL.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API vidstore_login *vidstore_login_ref(const vidstore_login *login);

/**
 * Free a record.
 * @param login  the record, or NULL.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API void vidstore_login_free(vidstore_login *login);

/**
 * One login of a page.
 * @param page  the page.
 * @param index  from 0 to vidstore_page_count() - 1.
 * @return borrowed from the page; NULL when there is none at the index, or the page is of another noun.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const vidstore_login *vidstore_page_login(const vidstore_page *page, int64_t index);

/**
 * Read a login.
 * @param session  who acts.
 * @param id  its UUID.
 * @param ret_login  receives the record.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_login_get(vidstore_session *session, const char *id, vidstore_login **ret_login,
                                                vidstore_error **reterr);

/**
 * Whether a login exists that this session may see.
 * @param session  who acts.
 * @param id  its UUID.
 * @param ret_exists  receives 1 or 0.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED,
 * NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_login_exists(vidstore_session *session, const char *id, int32_t *ret_exists,
                                                   vidstore_error **reterr);

/**
 * List the logins that this session may see.
 * @param session  who acts.
 * @param query  filter, sort, limit and cursor; NULL: the newest 100.
 * @param ret_page  receives the page; read it with vidstore_page_login().
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, UNSUPPORTED (no index serves the query), MISUSE, FORBIDDEN, BUSY, TIMEOUT,
 * CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_login_list(vidstore_session *session, const vidstore_query *query,
                                                 vidstore_page **ret_page, vidstore_error **reterr);

/**
 * Count the logins that a query finds; at most 10,000 unless the query asks for an exact count.
 * @param session  who acts.
 * @param query  its filter counts, its limit and cursor do not; NULL: all.
 * @param ret_count  receives the number.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, UNSUPPORTED, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_login_count(vidstore_session *session, const vidstore_query *query,
                                                  int64_t *ret_count, vidstore_error **reterr);

/**
 * The UUID.
 * @param login  the record; NULL is fine.
 * @return the value. Borrowed from the record; NULL when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_login_id(const vidstore_login *login);

/**
 * The UUID of the user who is logged in.
 * @param login  the record; NULL is fine.
 * @return the value. Borrowed from the record; NULL when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_login_user_id(const vidstore_login *login);

/**
 * When it was made.
 * @param login  the record; NULL is fine.
 * @return the value. INT64_MIN when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_login_created_us(const vidstore_login *login);

/**
 * When it ends, used or not.
 * @param login  the record; NULL is fine.
 * @return the value. INT64_MIN when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_login_expires_us(const vidstore_login *login);

/**
 * When it was ended.
 * @param login  the record; NULL is fine.
 * @return the value. INT64_MIN when it was not.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_login_revoked_us(const vidstore_login *login);

#ifdef __cplusplus
}
#endif
#endif
