/* SPDX-License-Identifier: MIT */
/**
 * @file grant.h
 * Grants: rights on an object that is another's. A grant on a file reaches that file; one on a video or a job reaches
 * it and what hangs on it directly. Of files only those of restricted access are open to grants: a private one stays
 * its owner's, whatever was granted on it or its video. What a grant gives is never more than what the role of the user
 * allows: a viewer reads.
 * Thread class: records are immutable and may be read from any thread; params and sessions are used by one thread at
 * a time.
 */
#ifndef VIDSTORE_GRANT_H
#define VIDSTORE_GRANT_H

#include <vidstore/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How far a grant reaches; each includes the one before it. */
enum {
    VIDSTORE_REACH_UNKNOWN = -1,
    VIDSTORE_REACH_READ = 10,  /**< To get, to list, to read the bytes. */
    VIDSTORE_REACH_WRITE = 20, /**< To change it. */
    VIDSTORE_REACH_MANAGE = 30 /**< To remove it. */
};

/** Fields of a grant, for access by id. New ones may be added. */
enum {
    VIDSTORE_GRANT_UNKNOWN = -1,
    VIDSTORE_GRANT_ID = 8001,      /**< UUID; settable. */
    VIDSTORE_GRANT_USER_ID = 8002, /**< UUID of the user whose object it is about. */
    VIDSTORE_GRANT_CREATED_US = 8003,
    VIDSTORE_GRANT_UPDATED_US = 8004,
    VIDSTORE_GRANT_VERSION = 8005,
    VIDSTORE_GRANT_NOUN = 8010,       /**< What the object is: file, video or job. */
    VIDSTORE_GRANT_OBJECT_ID = 8011,  /**< UUID of the object. */
    VIDSTORE_GRANT_SUBJECT_ID = 8012, /**< UUID of the user who is given the right. */
    VIDSTORE_GRANT_REACH = 8013,      /**< VIDSTORE_REACH_…; default read. */
    VIDSTORE_GRANT_DENIES = 8014,    /**< 1: takes the right, and all above it, whatever else gives it. Takes it from an
                                        owner too; not from admins. Default 0. */
    VIDSTORE_GRANT_CAN_SHARE = 8015, /**< 1: it may be handed on. Default 0. */
    VIDSTORE_GRANT_EXPIRES_US = 8016, /**< When it ends by itself; NULL: never. */
    VIDSTORE_GRANT_GRANTED_BY = 8017, /**< UUID of who gave it; the nil UUID is the system. */
    VIDSTORE_GRANT_PARENT_ID = 8018,  /**< UUID of the grant that was handed on: this one ends with it. */
    VIDSTORE_GRANT_REASON = 8019      /**< At most 255 bytes of text. */
};

/**
 * A field of the record as text: text, JSON, ids, hashes, and the names of enumerations.
 * @param grant  the record; NULL gives NULL.
 * @param field  a VIDSTORE_GRANT_… constant.
 * @return borrowed from the record; NULL when the field is NULL, is a number, or is not one of this noun.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_grant_text(const vidstore_grant *grant, int32_t field);

/**
 * A field of the record as a number: counts, sizes, times, booleans, and the values of enumerations.
 * @param grant  the record; NULL gives INT64_MIN.
 * @param field  a VIDSTORE_GRANT_… constant.
 * @return the value; INT64_MIN when the field is NULL, is text, or is not one of this noun.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_grant_int64(const vidstore_grant *grant, int32_t field);

/**
 * Whether a field has no value.
 * @param grant  the record.
 * @param field  a VIDSTORE_GRANT_… constant.
 * @return 1 when it is NULL, is hidden from the session that read it, or is not one of this noun; else 0.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int32_t vidstore_grant_is_null(const vidstore_grant *grant, int32_t field);

/**
 * The whole record as a JSON object: enumerations as names, NULL as null.
 * @param grant  the record.
 * @param ret_json  receives the text, which the caller frees.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, NOMEM.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_grant_json(const vidstore_grant *grant, vidstore_text **ret_json,
                                                 vidstore_error **reterr);

/**
 * Keep a record that was borrowed from a page, or share one.
 * @param grant  the record, or NULL.
 * @return a handle of your own on the same snapshot, to be freed with vidstore_grant_free(); NULL for NULL.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API vidstore_grant *vidstore_grant_ref(const vidstore_grant *grant);

/**
 * Free a record.
 * @param grant  the record, or NULL.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API void vidstore_grant_free(vidstore_grant *grant);

/**
 * One grant of a page.
 * @param page  the page.
 * @param index  from 0 to vidstore_page_count() - 1.
 * @return borrowed from the page; NULL when there is none at the index, or the page is of another noun.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const vidstore_grant *vidstore_page_grant(const vidstore_page *page, int64_t index);

/**
 * Values for a grant, none of them set.
 * @return a new object, to be freed with vidstore_grant_params_free(). Never NULL: when memory is out, the call that
 *   takes it says so.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API vidstore_grant_params *vidstore_grant_params_new(void);

/**
 * Free it.
 * @param params  the object, or NULL.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_grant_params_free(vidstore_grant_params *params);

/**
 * Set a text, JSON, id, hash, or (by its name) an enumeration. A bad value is kept as an error, and reported with its
 * field by the call that takes the params; only the first one counts.
 * @param params  the object.
 * @param field  a VIDSTORE_GRANT_… constant.
 * @param value  UTF-8, copied; NULL is the same as clearing.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_grant_params_set_text(vidstore_grant_params *params, int32_t field, const char *value);

/**
 * Set a number, time, boolean or enumeration. A bad value is kept as an error, as with
 * vidstore_grant_params_set_text().
 * @param params  the object.
 * @param field  a VIDSTORE_GRANT_… constant.
 * @param value  in the unit of the field; INT64_MIN is the same as clearing.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_grant_params_set_int64(vidstore_grant_params *params, int32_t field, int64_t value);

/**
 * Write NULL into a field, which is not the same as leaving it alone.
 * @param params  the object.
 * @param field  a VIDSTORE_GRANT_… constant.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_grant_params_clear(vidstore_grant_params *params, int32_t field);

/**
 * Set many fields from a JSON object: enumerations by name, null clears, what is absent is left alone, unknown keys
 * are an error (kept, as with vidstore_grant_params_set_text()).
 * @param params  the object.
 * @param json  at most 1 MiB; copied.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_grant_params_set_json(vidstore_grant_params *params, const char *json);

/**
 * Demand that the record still has this version when it is updated; else the update says CONFLICT.
 * @param params  the object.
 * @param version  VIDSTORE_GRANT_VERSION of the record that was read.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_grant_params_expect_version(vidstore_grant_params *params, int64_t version);

/**
 * Read a grant.
 * @param session  who acts.
 * @param id  its UUID.
 * @param ret_grant  receives the record.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_grant_get(vidstore_session *session, const char *id, vidstore_grant **ret_grant,
                                                vidstore_error **reterr);

/**
 * Whether a grant exists that this session may see.
 * @param session  who acts.
 * @param id  its UUID.
 * @param ret_exists  receives 1 or 0.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED,
 * NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_grant_exists(vidstore_session *session, const char *id, int32_t *ret_exists,
                                                   vidstore_error **reterr);

/**
 * List the grants that this session may see.
 * @param session  who acts.
 * @param query  filter, sort, limit and cursor; NULL: the newest 100.
 * @param ret_page  receives the page; read it with vidstore_page_grant().
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, UNSUPPORTED (no index serves the query), MISUSE, FORBIDDEN, BUSY, TIMEOUT,
 * CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_grant_list(vidstore_session *session, const vidstore_query *query,
                                                 vidstore_page **ret_page, vidstore_error **reterr);

/**
 * Count the grants that a query finds; at most 10,000 unless the query asks for an exact count.
 * @param session  who acts.
 * @param query  its filter counts, its limit and cursor do not; NULL: all.
 * @param ret_count  receives the number.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, UNSUPPORTED, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_grant_count(vidstore_session *session, const vidstore_query *query,
                                                  int64_t *ret_count, vidstore_error **reterr);

/**
 * The UUID.
 * @param grant  the record; NULL is fine.
 * @return the value. Borrowed from the record; NULL when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_grant_id(const vidstore_grant *grant);

/**
 * The UUID of the user whose object it is about.
 * @param grant  the record; NULL is fine.
 * @return the value. Borrowed from the record; NULL when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_grant_user_id(const vidstore_grant *grant);

/**
 * The version: counts up with every change.
 * @param grant  the record; NULL is fine.
 * @return the value. INT64_MIN when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_grant_version(const vidstore_grant *grant);

/**
 * Give somebody a right on an object, or take it.
 * @param session  who acts: the owner of the object, an admin, or who was given the right with can_share; the last
 * hands on no more than it has, and no denial.
 * @param params  the values; noun, object_id and subject_id are needed. Not changed.
 * @param ret_grant  receives the new record.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND (the object), EXISTS (the same user was given a right on it already:
 * revoke that), STATE (a private file can't be shared), CONFLICT (the id exists with other content), QUOTA (1,000
 * grants on an object), MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO,
 * FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_grant_create(vidstore_session *session, const vidstore_grant_params *params,
                                                   vidstore_grant **ret_grant, vidstore_error **reterr);

/**
 * End a grant, at once, with all that was handed on from it.
 * @param session  who acts: the owner of the object, who gave it, whom it was given to (unless it denies), or an admin.
 * @param id  its UUID.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST,
 * TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_grant_revoke(vidstore_session *session, const char *id, vidstore_error **reterr);

#ifdef __cplusplus
}
#endif
#endif
