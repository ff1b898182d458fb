/* SPDX-License-Identifier: MIT */
/**
 * @file link.h
 * Links: whoever has the text of one may read one file, without an account. It is shown once, when it is made; the
 * store keeps a digest. vidstore_session_link() gives a session that may get this file and read its bytes, and nothing
 * else: no list, no other file, nothing public either. A link ends by itself, by vidstore_link_revoke(), after as many
 * openings as it was made for, with the file, while the file is private or its owner's account is not active, and when
 * the role of who made it is lowered or the account closed.
 * Thread class: records are immutable and may be read from any thread; params and sessions are used by one thread at
 * a time.
 */
#ifndef VIDSTORE_LINK_H
#define VIDSTORE_LINK_H

#include <vidstore/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Fields of a link, for access by id. New ones may be added. */
enum {
    VIDSTORE_LINK_UNKNOWN = -1,
    VIDSTORE_LINK_ID = 11001,      /**< UUID; settable. */
    VIDSTORE_LINK_USER_ID = 11002, /**< UUID of the user whose file it is. */
    VIDSTORE_LINK_CREATED_US = 11003,
    VIDSTORE_LINK_UPDATED_US = 11004,
    VIDSTORE_LINK_VERSION = 11005,    /**< Counts up with every change. */
    VIDSTORE_LINK_NAME = 11010,       /**< At most 100 bytes: for whom or what it is. */
    VIDSTORE_LINK_FILE_ID = 11011,    /**< UUID of the file; not a private one. */
    VIDSTORE_LINK_TOKEN_ID = 11012,   /**< The public part of the link, which stands in the text after vsl_. */
    VIDSTORE_LINK_EXPIRES_US = 11013, /**< When it ends; default in link.default_days, at most link.max_days. */
    VIDSTORE_LINK_MAX_USES = 11014,   /**< How often it can be opened, 1 to 1,000,000,000; NULL: any number of times. */
    VIDSTORE_LINK_USES = 11015,       /**< How often it was opened. */
    VIDSTORE_LINK_LAST_USED_US = 11016, /**< When it was opened last. */
    VIDSTORE_LINK_REVOKED_US = 11017,   /**< When it was ended; NULL: it was not. */
    VIDSTORE_LINK_REASON = 11018,       /**< Why it was ended. */
    VIDSTORE_LINK_CREATED_BY = 11019    /**< UUID of who made it; the nil UUID is the system. */
};

/**
 * A field of the record as text: text, JSON, ids, hashes, and the names of enumerations.
 * @param link  the record; NULL gives NULL.
 * @param field  a VIDSTORE_LINK_… constant.
 * @return borrowed from the record; NULL when the field is NULL, is a number, or is not one of this noun.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_link_text(const vidstore_link *link, int32_t field);

/**
 * A field of the record as a number: counts, sizes, times, booleans, and the values of enumerations.
 * @param link  the record; NULL gives INT64_MIN.
 * @param field  a VIDSTORE_LINK_… constant.
 * @return the value; INT64_MIN when the field is NULL, is text, or is not one of this noun.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_link_int64(const vidstore_link *link, int32_t field);

/**
 * Whether a field has no value.
 * @param link  the record.
 * @param field  a VIDSTORE_LINK_… constant.
 * @return 1 when it is NULL, is hidden from the session that read it, or is not one of this noun; else 0.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int32_t vidstore_link_is_null(const vidstore_link *link, int32_t field);

/**
 * The whole record as a JSON object: enumerations as names, NULL as null.
 * @param link  the record.
 * @param ret_json  receives the text, which the caller frees.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, NOMEM.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_link_json(const vidstore_link *link, vidstore_text **ret_json,
                                                vidstore_error **reterr);

/**
 * Keep a record that was borrowed from a page, or share one.
 * @param link  the record, or NULL.
 * @return a handle of your own on the same snapshot, to be freed with vidstore_link_free(); NULL for NULL.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API vidstore_link *vidstore_link_ref(const vidstore_link *link);

/**
 * Free a record.
 * @param link  the record, or NULL.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API void vidstore_link_free(vidstore_link *link);

/**
 * One link of a page.
 * @param page  the page.
 * @param index  from 0 to vidstore_page_count() - 1.
 * @return borrowed from the page; NULL when there is none at the index, or the page is of another noun.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const vidstore_link *vidstore_page_link(const vidstore_page *page, int64_t index);

/**
 * Values for a link, none of them set.
 * @return a new object, to be freed with vidstore_link_params_free(). Never NULL: when memory is out, the call that
 *   takes it says so.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API vidstore_link_params *vidstore_link_params_new(void);

/**
 * Free it.
 * @param params  the object, or NULL.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_link_params_free(vidstore_link_params *params);

/**
 * Set a text, JSON, id, hash, or (by its name) an enumeration. A bad value is kept as an error, and reported with its
 * field by the call that takes the params; only the first one counts.
 * @param params  the object.
 * @param field  a VIDSTORE_LINK_… constant.
 * @param value  UTF-8, copied; NULL is the same as clearing.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_link_params_set_text(vidstore_link_params *params, int32_t field, const char *value);

/**
 * Set a number, time, boolean or enumeration. A bad value is kept as an error, as with
 * vidstore_link_params_set_text().
 * @param params  the object.
 * @param field  a VIDSTORE_LINK_… constant.
 * @param value  in the unit of the field; INT64_MIN is the same as clearing.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_link_params_set_int64(vidstore_link_params *params, int32_t field, int64_t value);

/**
 * Write NULL into a field, which is not the same as leaving it alone.
 * @param params  the object.
 * @param field  a VIDSTORE_LINK_… constant.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_link_params_clear(vidstore_link_params *params, int32_t field);

/**
 * Set many fields from a JSON object: enumerations by name, null clears, what is absent is left alone, unknown keys
 * are an error (kept, as with vidstore_link_params_set_text()).
 * @param params  the object.
 * @param json  at most 1 MiB; copied.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_link_params_set_json(vidstore_link_params *params, const char *json);

/**
 * Demand that the record still has this version when it is updated; else the update says CONFLICT.
 * @param params  the object.
 * @param version  VIDSTORE_LINK_VERSION of the record that was read.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_link_params_expect_version(vidstore_link_params *params, int64_t version);

/**
 * Read a link.
 * @param session  who acts.
 * @param id  its UUID.
 * @param ret_link  receives the record.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_link_get(vidstore_session *session, const char *id, vidstore_link **ret_link,
                                               vidstore_error **reterr);

/**
 * Whether a link exists that this session may see.
 * @param session  who acts.
 * @param id  its UUID.
 * @param ret_exists  receives 1 or 0.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED,
 * NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_link_exists(vidstore_session *session, const char *id, int32_t *ret_exists,
                                                  vidstore_error **reterr);

/**
 * List the links that this session may see.
 * @param session  who acts.
 * @param query  filter, sort, limit and cursor; NULL: the newest 100.
 * @param ret_page  receives the page; read it with vidstore_page_link().
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, UNSUPPORTED (no index serves the query), MISUSE, FORBIDDEN, BUSY, TIMEOUT,
 * CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_link_list(vidstore_session *session, const vidstore_query *query,
                                                vidstore_page **ret_page, vidstore_error **reterr);

/**
 * Count the links that a query finds; at most 10,000 unless the query asks for an exact count.
 * @param session  who acts.
 * @param query  its filter counts, its limit and cursor do not; NULL: all.
 * @param ret_count  receives the number.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, UNSUPPORTED, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_link_count(vidstore_session *session, const vidstore_query *query,
                                                 int64_t *ret_count, vidstore_error **reterr);

/**
 * The UUID.
 * @param link  the record; NULL is fine.
 * @return the value. Borrowed from the record; NULL when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_link_id(const vidstore_link *link);

/**
 * The UUID of the user whose file it is.
 * @param link  the record; NULL is fine.
 * @return the value. Borrowed from the record; NULL when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_link_user_id(const vidstore_link *link);

/**
 * The UUID of the file.
 * @param link  the record; NULL is fine.
 * @return the value. Borrowed from the record; NULL when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_link_file_id(const vidstore_link *link);

/**
 * When it ends by itself.
 * @param link  the record; NULL is fine.
 * @return the value. INT64_MIN when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_link_expires_us(const vidstore_link *link);

/**
 * When it was ended.
 * @param link  the record; NULL is fine.
 * @return the value. INT64_MIN when it was not.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_link_revoked_us(const vidstore_link *link);

/**
 * How often it was opened.
 * @param link  the record; NULL is fine.
 * @return the value. INT64_MIN when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_link_uses(const vidstore_link *link);

/**
 * The version: counts up with every change.
 * @param link  the record; NULL is fine.
 * @return the value. INT64_MIN when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_link_version(const vidstore_link *link);

/**
 * Make a link to a file. Its text is given once: the store keeps a digest of it.
 * @param session  who acts: the owner of the file, or an admin.
 * @param params  the values; file_id is needed. Not changed.
 * @param ret_link  receives the new record.
 * @param ret_token  a buffer, not NULL, that receives the text of the link and a NUL; an empty text when nothing was
 *   made, and when the call only repeats one with the same id.
 * @param token_size  bytes of the buffer: at least VIDSTORE_TOKEN_SIZE.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND (the file), STATE (a private file can't be shared), CONFLICT (the id
 * exists with other content), QUOTA (1,000 links to the file are alive), MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED,
 * LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_link_create(vidstore_session *session, const vidstore_link_params *params,
                                                  vidstore_link **ret_link, char *ret_token, int64_t token_size,
                                                  vidstore_error **reterr);

/**
 * End a link, at once and for good. Sessions that were made with it end with their next call. One that has ended stays
 * as it is.
 * @param session  who acts: the owner of the file, or an admin.
 * @param id  its UUID.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST,
 * TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_link_revoke(vidstore_session *session, const char *id, vidstore_error **reterr);

#ifdef __cplusplus
}
#endif
#endif
