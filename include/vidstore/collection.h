/* SPDX-License-Identifier: MIT */
/**
 * @file collection.h
 * Collections: named sets of videos in an order that somebody gave them, such as a watch list or a programme. A video
 * may stand in any number of collections, in each of them once. A collection is seen by its owner and by admins, and
 * shows to each of them only the videos that it may see; it gives no rights on them. It takes at most 10,000 videos.
 * Thread class: records are immutable and may be read from any thread; params and sessions are used by one thread at
 * a time.
 */
#ifndef VIDSTORE_COLLECTION_H
#define VIDSTORE_COLLECTION_H

#include <vidstore/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Fields of a collection, for access by id. New ones may be added. */
enum {
    VIDSTORE_COLLECTION_UNKNOWN = -1,
    VIDSTORE_COLLECTION_ID = 12001,      /**< UUID; settable at creation. */
    VIDSTORE_COLLECTION_USER_ID = 12002, /**< UUID of the owner; the nil UUID is the system. Settable at creation by
                                            admins and the system. */
    VIDSTORE_COLLECTION_CREATED_US = 12003,
    VIDSTORE_COLLECTION_UPDATED_US = 12004,
    VIDSTORE_COLLECTION_VERSION = 12005,     /**< Counts up with every change, of what stands in it too. */
    VIDSTORE_COLLECTION_EXTERNAL_ID = 12006, /**< Text: the host's own id, unique an owner. */
    VIDSTORE_COLLECTION_METADATA = 12007,    /**< JSON object: anything of the host. */
    VIDSTORE_COLLECTION_DELETED_US = 12008,  /**< When it was removed; NULL: it is not. */
    VIDSTORE_COLLECTION_REMOVAL_ID = 12009,  /**< UUID that all records share which one removal took. */
    VIDSTORE_COLLECTION_NAME = 12010,        /**< 1 to 255 bytes; needed; unique an owner. */
    VIDSTORE_COLLECTION_DESCRIPTION = 12011  /**< At most 4096 bytes of text. */
};

/**
 * A field of the record as text: text, JSON, ids, hashes, and the names of enumerations.
 * @param collection  the record; NULL gives NULL.
 * @param field  a VIDSTORE_COLLECTION_… constant.
 * @return borrowed from the record; NULL when the field is NULL, is a number, or is not one of this noun.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_collection_text(const vidstore_collection *collection, int32_t field);

/**
 * A field of the record as a number: counts, sizes, times, booleans, and the values of enumerations.
 * @param collection  the record; NULL gives INT64_MIN.
 * @param field  a VIDSTORE_COLLECTION_… constant.
 * @return the value; INT64_MIN when the field is NULL, is text, or is not one of this noun.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_collection_int64(const vidstore_collection *collection, int32_t field);

/**
 * Whether a field has no value.
 * @param collection  the record.
 * @param field  a VIDSTORE_COLLECTION_… constant.
 * @return 1 when it is NULL, is hidden from the session that read it, or is not one of this noun; else 0.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int32_t vidstore_collection_is_null(const vidstore_collection *collection, int32_t field);

/**
 * The whole record as a JSON object: enumerations as names, NULL as null.
 * @param collection  the record.
 * @param ret_json  receives the text, which the caller frees.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, NOMEM.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_collection_json(const vidstore_collection *collection, vidstore_text **ret_json,
                                                      vidstore_error **reterr);

/**
 * Keep a record that was borrowed from a page, or share one.
 * @param collection  the record, or NULL.
 * @return a handle of your own on the same snapshot, to be freed with vidstore_collection_free(); NULL for NULL.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API vidstore_collection *vidstore_collection_ref(const vidstore_collection *collection);

/**
 * Free a record.
 * @param collection  the record, or NULL.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API void vidstore_collection_free(vidstore_collection *collection);

/**
 * One collection of a page.
 * @param page  the page.
 * @param index  from 0 to vidstore_page_count() - 1.
 * @return borrowed from the page; NULL when there is none at the index, or the page is of another noun.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const vidstore_collection *vidstore_page_collection(const vidstore_page *page, int64_t index);

/**
 * The UUID.
 * @param collection  the record; NULL is fine.
 * @return the value. Borrowed from the record; NULL when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_collection_id(const vidstore_collection *collection);

/**
 * The owner.
 * @param collection  the record; NULL is fine.
 * @return the value. Borrowed from the record; NULL when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_collection_user_id(const vidstore_collection *collection);

/**
 * The name.
 * @param collection  the record; NULL is fine.
 * @return the value. Borrowed from the record; NULL when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_collection_name(const vidstore_collection *collection);

/**
 * When the record was created.
 * @param collection  the record; NULL is fine.
 * @return the value. INT64_MIN when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_collection_created_us(const vidstore_collection *collection);

/**
 * The version, for vidstore_collection_params_expect_version().
 * @param collection  the record; NULL is fine.
 * @return the value. INT64_MIN when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_collection_version(const vidstore_collection *collection);

/**
 * Values for a collection, none of them set.
 * @return a new object, to be freed with vidstore_collection_params_free(). Never NULL: when memory is out, the call
 * that takes it says so. Threads: any. Since 0.1.
 */
VIDSTORE_API vidstore_collection_params *vidstore_collection_params_new(void);

/**
 * Free it.
 * @param params  the object, or NULL.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_collection_params_free(vidstore_collection_params *params);

/**
 * Set a text, JSON, id, hash, or (by its name) an enumeration. A bad value is kept as an error, and reported with its
 * field by the call that takes the params; only the first one counts.
 * @param params  the object.
 * @param field  a VIDSTORE_COLLECTION_… constant.
 * @param value  UTF-8, copied; NULL is the same as clearing.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_collection_params_set_text(vidstore_collection_params *params, int32_t field,
                                                      const char *value);

/**
 * Set a number, time, boolean or enumeration. A bad value is kept as an error, as with
 * vidstore_collection_params_set_text().
 * @param params  the object.
 * @param field  a VIDSTORE_COLLECTION_… constant.
 * @param value  in the unit of the field; INT64_MIN is the same as clearing.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_collection_params_set_int64(vidstore_collection_params *params, int32_t field,
                                                       int64_t value);

/**
 * Write NULL into a field, which is not the same as leaving it alone.
 * @param params  the object.
 * @param field  a VIDSTORE_COLLECTION_… constant.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_collection_params_clear(vidstore_collection_params *params, int32_t field);

/**
 * Set many fields from a JSON object: enumerations by name, null clears, what is absent is left alone, unknown keys
 * are an error (kept, as with vidstore_collection_params_set_text()).
 * @param params  the object.
 * @param json  at most 1 MiB; copied.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_collection_params_set_json(vidstore_collection_params *params, const char *json);

/**
 * Demand that the record still has this version when it is updated; else the update says CONFLICT.
 * @param params  the object.
 * @param version  VIDSTORE_COLLECTION_VERSION of the record that was read.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_collection_params_expect_version(vidstore_collection_params *params, int64_t version);

/**
 * Create a collection. With an id of the caller's, the same call may be repeated: the same id with the same content
 * returns the record that exists.
 * @param session  who acts.
 * @param params  the values; not changed.
 * @param ret_collection  receives the new record.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, EXISTS, CONFLICT (the id exists with other content), QUOTA, MISUSE, STATE,
 * FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY,
 * UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_collection_create(vidstore_session *session,
                                                        const vidstore_collection_params *params,
                                                        vidstore_collection **ret_collection, vidstore_error **reterr);

/**
 * Read a collection.
 * @param session  who acts.
 * @param id  its UUID.
 * @param ret_collection  receives the record.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_collection_get(vidstore_session *session, const char *id,
                                                     vidstore_collection **ret_collection, vidstore_error **reterr);

/**
 * Read a collection by the host's own id for it.
 * @param session  who acts.
 * @param user_id  the owner's UUID; NULL: the session's own user.
 * @param external_id  the VIDSTORE_COLLECTION_EXTERNAL_ID that it was created with.
 * @param ret_collection  receives the record.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_collection_get_external(vidstore_session *session, const char *user_id,
                                                              const char *external_id,
                                                              vidstore_collection **ret_collection,
                                                              vidstore_error **reterr);

/**
 * Whether a collection exists that this session may see.
 * @param session  who acts.
 * @param id  its UUID.
 * @param ret_exists  receives 1 or 0.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED,
 * NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_collection_exists(vidstore_session *session, const char *id, int32_t *ret_exists,
                                                        vidstore_error **reterr);

/**
 * Change the fields that are set in params, and no others.
 * @param session  who acts.
 * @param id  its UUID.
 * @param params  the values; not changed.
 * @param ret_collection  receives the record as it is now.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, EXISTS, CONFLICT (another version), MISUSE, STATE, FORBIDDEN, BUSY,
 * TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_collection_update(vidstore_session *session, const char *id,
                                                        const vidstore_collection_params *params,
                                                        vidstore_collection **ret_collection, vidstore_error **reterr);

/**
 * Remove a collection, so that it is no longer listed; vidstore_collection_restore() brings it back,
 * vidstore_collection_purge() ends it. The videos that stand in it stay what and where they are.
 * @param session  who acts.
 * @param id  its UUID.
 * @param mode  VIDSTORE_REMOVE_RESTRICT, _CASCADE or _DETACH: the same here, since nothing hangs on a collection.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST,
 * TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_collection_remove(vidstore_session *session, const char *id, int32_t mode,
                                                        vidstore_error **reterr);

/**
 * Bring back a removed collection, with exactly that which its removal took along.
 * @param session  who acts.
 * @param id  its UUID.
 * @param ret_collection  receives the record.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, EXISTS (its place is taken by now), MISUSE, STATE, FORBIDDEN, BUSY,
 * TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_collection_restore(vidstore_session *session, const char *id,
                                                         vidstore_collection **ret_collection, vidstore_error **reterr);

/**
 * End a removed collection for good. The bytes of files go through the purge queue, which vidstore_maintain() works
 * off.
 * @param session  who acts.
 * @param id  its UUID.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, STATE (it is not removed), MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT,
 * CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_collection_purge(vidstore_session *session, const char *id,
                                                       vidstore_error **reterr);

/**
 * List the collections that this session may see.
 * @param session  who acts.
 * @param query  filter, sort, limit and cursor; NULL: the newest 100.
 * @param ret_page  receives the page; read it with vidstore_page_collection().
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, UNSUPPORTED (no index serves the query), MISUSE, FORBIDDEN, BUSY, TIMEOUT,
 * CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_collection_list(vidstore_session *session, const vidstore_query *query,
                                                      vidstore_page **ret_page, vidstore_error **reterr);

/**
 * Count the collections that a query finds; at most 10,000 unless the query asks for an exact count.
 * @param session  who acts.
 * @param query  its filter counts, its limit and cursor do not; NULL: all.
 * @param ret_count  receives the number.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, UNSUPPORTED, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_collection_count(vidstore_session *session, const vidstore_query *query,
                                                       int64_t *ret_count, vidstore_error **reterr);

/**
 * Create many collections in one commit.
 * @param session  who acts.
 * @param params  the values of each.
 * @param count  how many, 0 to 10,000.
 * @param flags  VIDSTORE_BULK_ATOMIC or VIDSTORE_BULK_EACH.
 * @param ret_page  receives the records, in order; with VIDSTORE_BULK_EACH the failed ones are NULL there and
 *   vidstore_page_status() says why.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: as vidstore_collection_create(); the field says which item, as in "items[3].…".
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_collection_bulk_create(vidstore_session *session,
                                                             const vidstore_collection_params *const *params,
                                                             int64_t count, uint32_t flags, vidstore_page **ret_page,
                                                             vidstore_error **reterr);

/**
 * Update many collections in one commit.
 * @param session  who acts.
 * @param ids  the UUID of each.
 * @param params  the values of each.
 * @param count  how many, 0 to 10,000.
 * @param flags  VIDSTORE_BULK_ATOMIC or VIDSTORE_BULK_EACH.
 * @param ret_page  receives the records, as vidstore_collection_bulk_create() does.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: as vidstore_collection_update().
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_collection_bulk_update(vidstore_session *session, const char *const *ids,
                                                             const vidstore_collection_params *const *params,
                                                             int64_t count, uint32_t flags, vidstore_page **ret_page,
                                                             vidstore_error **reterr);

/**
 * Put a video into a collection. One that stands there already stays where it stands, and nothing changes.
 * @param session  who acts: who may change the collection, and see the video.
 * @param id  the UUID of the collection.
 * @param video_id  the UUID of the video.
 * @param before  the UUID of the video in the collection before which it shall stand; NULL: after all others.
 * @param ret_added  receives 1, or 0 when it stood there already.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND (the field says which of the three), QUOTA (10,000 videos in a
 * collection), MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL,
 * CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_collection_video_add(vidstore_session *session, const char *id,
                                                           const char *video_id, const char *before, int32_t *ret_added,
                                                           vidstore_error **reterr);

/**
 * Take a video out of a collection. The video itself stays.
 * @param session  who acts: who may change the collection.
 * @param id  the UUID of the collection.
 * @param video_id  the UUID of the video.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND (field id: the collection; video_id: it does not stand there), MISUSE,
 * STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY,
 * UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_collection_video_drop(vidstore_session *session, const char *id,
                                                            const char *video_id, vidstore_error **reterr);

/**
 * Move a video to another place in its collection. Where it stands already, nothing changes.
 * @param session  who acts: who may change the collection.
 * @param id  the UUID of the collection.
 * @param video_id  the UUID of the video.
 * @param before  the UUID of the video in the collection before which it shall stand; NULL: after all others.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND (the field says which of the three), MISUSE, STATE, FORBIDDEN, BUSY,
 * TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_collection_video_move(vidstore_session *session, const char *id,
                                                            const char *video_id, const char *before,
                                                            vidstore_error **reterr);

/**
 * List the videos of a collection in its order: those that this session may see. To search among them, or to count
 * them, list videos with the filter "collection = $1".
 * @param session  who acts.
 * @param id  the UUID of the collection.
 * @param query  filter on videos, limit and cursor, but neither sort nor search; NULL: the first 100. A cursor goes on
 *   from the place where the page ended, whatever becomes of the video that stood there: what stays where it is comes
 *   once, and what is put or moved in front of that place meanwhile is not shown. To make room between videos, all
 *   places are numbered anew, which takes 32 changes at one spot or more; a cursor holds when that was done once since
 *   its page, and is INVALID (field cursor) when it was done more often or, in a snapshot from before that page, not
 *   yet. Begin with the first page then.
 * @param ret_page  receives the page; read it with vidstore_page_video().
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID (field cursor: see there), UNAUTHENTICATED, NOT_FOUND, UNSUPPORTED (sort or search), MISUSE,
 * FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_collection_videos(vidstore_session *session, const char *id,
                                                        const vidstore_query *query, vidstore_page **ret_page,
                                                        vidstore_error **reterr);

/**
 * List the collections in which a video stands: those that this session may see.
 * @param session  who acts.
 * @param id  the UUID of the video.
 * @param query  filter on collections, sort, limit and cursor; NULL: the newest 100.
 * @param ret_page  receives the page; read it with vidstore_page_collection().
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_video_collections(vidstore_session *session, const char *id,
                                                        const vidstore_query *query, vidstore_page **ret_page,
                                                        vidstore_error **reterr);

#ifdef __cplusplus
}
#endif
#endif
