/* SPDX-License-Identifier: MIT */
/**
 * @file key.h
 * API keys: how programs prove for whom they act. A key is shown once, when it is made; the store keeps a digest.
 * What a key may do is what its scopes and the role of its user, as it is now, both allow.
 * Thread class: records are immutable and may be read from any thread; params and sessions are used by one thread at
 * a time.
 */
#ifndef VIDSTORE_KEY_H
#define VIDSTORE_KEY_H

#include <vidstore/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a token is. All have the same form: vsk_<14 characters, the public id>_<43, the secret><6, a check sum>. */
enum {
    VIDSTORE_TOKEN_UNKNOWN = -1,
    VIDSTORE_TOKEN_KEY = 1,    /**< vsk_: an API key. */
    VIDSTORE_TOKEN_LOGIN = 2,  /**< vss_: a login, for the browser to keep. */
    VIDSTORE_TOKEN_DEVICE = 3, /**< vsd_: a device that its user trusts. */
    VIDSTORE_TOKEN_ONCE = 4,   /**< vsr_: an invitation, a reset or a confirmation, of use once. */
    VIDSTORE_TOKEN_LINK = 5    /**< vsl_: a link to a file. */
};

/** Sizes. */
enum {
    VIDSTORE_LIMIT_UNKNOWN = -1,
    VIDSTORE_TOKEN_SIZE = 69 /**< Bytes of a token with its NUL: what a buffer for one must have. */
};

/** Fields of a key, for access by id. New ones may be added. */
enum {
    VIDSTORE_KEY_UNKNOWN = -1,
    VIDSTORE_KEY_ID = 6001,      /**< UUID; settable at creation. */
    VIDSTORE_KEY_USER_ID = 6002, /**< UUID of the user whose key it is; default: who creates it. */
    VIDSTORE_KEY_CREATED_US = 6003,
    VIDSTORE_KEY_UPDATED_US = 6004,
    VIDSTORE_KEY_VERSION = 6005,      /**< Counts up with every change. */
    VIDSTORE_KEY_NAME = 6010,         /**< 1 to 100 bytes: what its user calls it. */
    VIDSTORE_KEY_TOKEN_ID = 6011,     /**< The public part of the key, which stands in the text after vsk_. */
    VIDSTORE_KEY_SCOPES = 6012,       /**< Words with commas between: read (default), write, jobs:read, jobs:write,
                                         videos:read, videos:write, files:read, files:write, profile; and for keys of
                                         admins work, audit, iam, admin. */
    VIDSTORE_KEY_ADDRESSES = 6013,    /**< Networks that it may be used from, such as "10.0.0.0/8, 2001:db8::/32"; NULL:
                                         any. */
    VIDSTORE_KEY_EXPIRES_US = 6014,   /**< When it ends; default in key.default_days, at most key.max_days. Cleared at
                                         creation: never, where key.allow_never is on. */
    VIDSTORE_KEY_REVOKED_US = 6015,   /**< When it was ended; NULL: it was not. */
    VIDSTORE_KEY_REASON = 6016,       /**< Why it ended: revoked, replaced, expired, unused, or what befell the user. */
    VIDSTORE_KEY_CREATED_BY = 6017,   /**< UUID of who made it; the nil UUID is the system. */
    VIDSTORE_KEY_REPLACED_BY = 6018,  /**< UUID of the key that vidstore_key_rotate() made. */
    VIDSTORE_KEY_LAST_USED_US = 6019, /**< About: uses are written together, at most a minute later. */
    VIDSTORE_KEY_LAST_IP = 6020,
    VIDSTORE_KEY_USE_COUNT = 6021 /**< Calls made with it, about. */
};

/**
 * What a text is, by its form and check sum alone: no store is asked, so a scanner for leaked secrets can use it.
 * @param token  any text; NULL is fine.
 * @return VIDSTORE_TOKEN_KEY and so on; VIDSTORE_TOKEN_UNKNOWN for what is no token.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int32_t vidstore_token_kind(const char *token);

/**
 * The regular expression (PCRE, RE2, Python) that finds tokens in other text.
 * @return a static string.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_token_pattern(void);

/**
 * A field of the record as text: text, JSON, ids, hashes, and the names of enumerations.
 * @param key  the record; NULL gives NULL.
 * @param field  a VIDSTORE_KEY_… constant.
 * @return borrowed from the record; NULL when the field is NULL, is a number, or is not one of this noun.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_key_text(const vidstore_key *key, int32_t field);

/**
 * A field of the record as a number: counts, sizes, times, booleans, and the values of enumerations.
 * @param key  the record; NULL gives INT64_MIN.
 * @param field  a VIDSTORE_KEY_… constant.
 * @return the value; INT64_MIN when the field is NULL, is text, or is not one of this noun.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_key_int64(const vidstore_key *key, int32_t field);

/**
 * Whether a field has no value.
 * @param key  the record.
 * @param field  a VIDSTORE_KEY_… constant.
 * @return 1 when it is NULL, is hidden from the session that read it, or is not one of this noun; else 0.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int32_t vidstore_key_is_null(const vidstore_key *key, int32_t field);

/**
 * The whole record as a JSON object: enumerations as names, NULL as null.
 * @param key  the record.
 * @param ret_json  receives the text, which the caller frees.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, NOMEM.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_key_json(const vidstore_key *key, vidstore_text **ret_json,
                                               vidstore_error **reterr);

/**
 * Keep a record that was borrowed from a page, or share one.
 * @param key  the record, or NULL.
 * @return a handle of your own on the same snapshot, to be freed with vidstore_key_free(); NULL for NULL.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API vidstore_key *vidstore_key_ref(const vidstore_key *key);

/**
 * Free a record.
 * @param key  the record, or NULL.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API void vidstore_key_free(vidstore_key *key);

/**
 * One key of a page.
 * @param page  the page.
 * @param index  from 0 to vidstore_page_count() - 1.
 * @return borrowed from the page; NULL when there is none at the index, or the page is of another noun.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const vidstore_key *vidstore_page_key(const vidstore_page *page, int64_t index);

/**
 * Values for a key, none of them set.
 * @return a new object, to be freed with vidstore_key_params_free(). Never NULL: when memory is out, the call that
 *   takes it says so.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API vidstore_key_params *vidstore_key_params_new(void);

/**
 * Free it.
 * @param params  the object, or NULL.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_key_params_free(vidstore_key_params *params);

/**
 * Set a text, JSON, id, hash, or (by its name) an enumeration. A bad value is kept as an error, and reported with its
 * field by the call that takes the params; only the first one counts.
 * @param params  the object.
 * @param field  a VIDSTORE_KEY_… constant.
 * @param value  UTF-8, copied; NULL is the same as clearing.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_key_params_set_text(vidstore_key_params *params, int32_t field, const char *value);

/**
 * Set a number, time, boolean or enumeration. A bad value is kept as an error, as with
 * vidstore_key_params_set_text().
 * @param params  the object.
 * @param field  a VIDSTORE_KEY_… constant.
 * @param value  in the unit of the field; INT64_MIN is the same as clearing.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_key_params_set_int64(vidstore_key_params *params, int32_t field, int64_t value);

/**
 * Write NULL into a field, which is not the same as leaving it alone.
 * @param params  the object.
 * @param field  a VIDSTORE_KEY_… constant.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_key_params_clear(vidstore_key_params *params, int32_t field);

/**
 * Set many fields from a JSON object: enumerations by name, null clears, what is absent is left alone, unknown keys
 * are an error (kept, as with vidstore_key_params_set_text()).
 * @param params  the object.
 * @param json  at most 1 MiB; copied.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_key_params_set_json(vidstore_key_params *params, const char *json);

/**
 * Demand that the record still has this version when it is updated; else the update says CONFLICT.
 * @param params  the object.
 * @param version  VIDSTORE_KEY_VERSION of the record that was read.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_key_params_expect_version(vidstore_key_params *params, int64_t version);

/**
 * Read a key.
 * @param session  who acts.
 * @param id  its UUID.
 * @param ret_key  receives the record.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_key_get(vidstore_session *session, const char *id, vidstore_key **ret_key,
                                              vidstore_error **reterr);

/**
 * Whether a key exists that this session may see.
 * @param session  who acts.
 * @param id  its UUID.
 * @param ret_exists  receives 1 or 0.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED,
 * NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_key_exists(vidstore_session *session, const char *id, int32_t *ret_exists,
                                                 vidstore_error **reterr);

/**
 * List the keys that this session may see.
 * @param session  who acts.
 * @param query  filter, sort, limit and cursor; NULL: the newest 100.
 * @param ret_page  receives the page; read it with vidstore_page_key().
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, UNSUPPORTED (no index serves the query), MISUSE, FORBIDDEN, BUSY, TIMEOUT,
 * CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_key_list(vidstore_session *session, const vidstore_query *query,
                                               vidstore_page **ret_page, vidstore_error **reterr);

/**
 * Count the keys that a query finds; at most 10,000 unless the query asks for an exact count.
 * @param session  who acts.
 * @param query  its filter counts, its limit and cursor do not; NULL: all.
 * @param ret_count  receives the number.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, UNSUPPORTED, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_key_count(vidstore_session *session, const vidstore_query *query,
                                                int64_t *ret_count, vidstore_error **reterr);

/**
 * The UUID.
 * @param key  the record; NULL is fine.
 * @return the value. Borrowed from the record; NULL when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_key_id(const vidstore_key *key);

/**
 * The UUID of the user whose key it is.
 * @param key  the record; NULL is fine.
 * @return the value. Borrowed from the record; NULL when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_key_user_id(const vidstore_key *key);

/**
 * What its user calls it.
 * @param key  the record; NULL is fine.
 * @return the value. Borrowed from the record; NULL when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_key_name(const vidstore_key *key);

/**
 * What it may be used for, with commas between.
 * @param key  the record; NULL is fine.
 * @return the value. Borrowed from the record; NULL when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_key_scopes(const vidstore_key *key);

/**
 * When it ends by itself.
 * @param key  the record; NULL is fine.
 * @return the value. INT64_MIN when it does not.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_key_expires_us(const vidstore_key *key);

/**
 * When it was ended.
 * @param key  the record; NULL is fine.
 * @return the value. INT64_MIN when it was not.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_key_revoked_us(const vidstore_key *key);

/**
 * The version, for vidstore_key_params_expect_version().
 * @param key  the record; NULL is fine.
 * @return the value. INT64_MIN when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_key_version(const vidstore_key *key);

/**
 * Create a key. Its text is given once: the store keeps a digest of it.
 * @param session  who acts; a login must have given its password within ten minutes. With a key only one that has the
 *   scope iam, and no scope that it has not itself.
 * @param params  the values; the name is needed. Not changed.
 * @param ret_key  receives the new record.
 * @param ret_token  a buffer, not NULL, that receives the text of the key and a NUL; an empty text when nothing was
 *   made, and when the call only repeats one with the same id.
 * @param token_size  bytes of the buffer: at least VIDSTORE_TOKEN_SIZE.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, CONFLICT (the id exists with other content), QUOTA (50 keys are alive), UNAUTHENTICATED (the
 * password is wanted again), MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED,
 * NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_key_create(vidstore_session *session, const vidstore_key_params *params,
                                                 vidstore_key **ret_key, char *ret_token, int64_t token_size,
                                                 vidstore_error **reterr);

/**
 * Change name, scopes and networks of a key. When it ends can't be changed: rotate it.
 * @param session  who acts, as for vidstore_key_create().
 * @param id  its UUID.
 * @param params  the values; not changed.
 * @param ret_key  receives the record as it is now.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, NOT_FOUND, CONFLICT (another version), STATE (it has ended), UNAUTHENTICATED, MISUSE, FORBIDDEN,
 * BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME,
 * FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_key_update(vidstore_session *session, const char *id,
                                                 const vidstore_key_params *params, vidstore_key **ret_key,
                                                 vidstore_error **reterr);

/**
 * Make another key in the place of one: the same name, scopes, networks and length of life. The old one goes on for a
 * while, so that programs can be given the new one.
 * @param session  who acts, as for vidstore_key_create().
 * @param id  the old key's UUID.
 * @param overlap_ms  how long the old one goes on, 0 to 604,800,000 (seven days); INT64_MIN: a day.
 * @param ret_key  receives the new record.
 * @param ret_token  a buffer, not NULL, that receives the text of the new key and a NUL.
 * @param token_size  bytes of the buffer: at least VIDSTORE_TOKEN_SIZE.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, NOT_FOUND, CONFLICT (it was replaced already), STATE (it has ended), QUOTA, UNAUTHENTICATED, MISUSE,
 * FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY,
 * UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_key_rotate(vidstore_session *session, const char *id, int64_t overlap_ms,
                                                 vidstore_key **ret_key, char *ret_token, int64_t token_size,
                                                 vidstore_error **reterr);

/**
 * End a key, at once and for good. Sessions that were made with it end with their next call. One that has ended stays
 * as it is.
 * @param session  who acts.
 * @param id  its UUID.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST,
 * TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_key_revoke(vidstore_session *session, const char *id, vidstore_error **reterr);

#ifdef __cplusplus
}
#endif
#endif
