/* SPDX-License-Identifier: MIT */
/**
 * @file file.h
 * Files: names, and the bytes that the store keeps under them.
 * Thread class: records are immutable; readers may be used from any thread; params, sessions and uploads are used by
 * one thread at a time.
 */
#ifndef VIDSTORE_FILE_H
#define VIDSTORE_FILE_H

#include <vidstore/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Where the bytes of a file lie. */
enum {
    VIDSTORE_BACKEND_UNKNOWN = -1,
    VIDSTORE_BACKEND_LOCAL = 10,
    VIDSTORE_BACKEND_S3 = 20,
    VIDSTORE_BACKEND_MINIO = 30,
    VIDSTORE_BACKEND_AZURE = 40,
    VIDSTORE_BACKEND_GCS = 50
};

/** Who may read a file. */
enum {
    VIDSTORE_ACCESS_UNKNOWN = -1,
    VIDSTORE_ACCESS_PRIVATE = 10,       /**< Owner and admins (default). */
    VIDSTORE_ACCESS_RESTRICTED = 20,    /**< Those who were granted it, besides. */
    VIDSTORE_ACCESS_AUTHENTICATED = 30, /**< Every user. */
    VIDSTORE_ACCESS_PUBLIC = 40         /**< Everybody. */
};

/** Categories; each has a default life time in the settings. */
enum {
    VIDSTORE_CATEGORY_UNKNOWN = -1,
    VIDSTORE_CATEGORY_TEMPORARY = 10, /**< 24 hours. */
    VIDSTORE_CATEGORY_PROCESSED = 20, /**< 30 days. */
    VIDSTORE_CATEGORY_ARCHIVE = 30,   /**< 365 days. */
    VIDSTORE_CATEGORY_PERMANENT = 40  /**< For ever (default). */
};

/** Fields of a file, for access by id. New ones may be added. */
enum {
    VIDSTORE_FILE_UNKNOWN = -1,
    VIDSTORE_FILE_ID = 4001, /**< UUID; settable at creation. */
    VIDSTORE_FILE_USER_ID =
        4002, /**< UUID of the owner; the nil UUID is the system. Settable at creation by admins and the system. */
    VIDSTORE_FILE_CREATED_US = 4003,
    VIDSTORE_FILE_UPDATED_US = 4004,
    VIDSTORE_FILE_VERSION = 4005,     /**< Counts up with every change. */
    VIDSTORE_FILE_EXTERNAL_ID = 4006, /**< Text: the host's own id, unique an owner. */
    VIDSTORE_FILE_METADATA = 4007,    /**< JSON object: anything of the host. */
    VIDSTORE_FILE_DELETED_US = 4008,  /**< When it was removed; NULL: it is not. */
    VIDSTORE_FILE_REMOVAL_ID = 4009,  /**< UUID that all records share which one removal took. */
    VIDSTORE_FILE_JOB_ID = 4010,
    VIDSTORE_FILE_VIDEO_ID = 4011,
    VIDSTORE_FILE_NAME = 4012,          /**< 1 to 255 bytes, no slash, no control characters. */
    VIDSTORE_FILE_ORIGINAL_NAME = 4013, /**< As the uploader called it. */
    VIDSTORE_FILE_SIZE = 4014,          /**< Bytes. */
    VIDSTORE_FILE_CONTENT_TYPE = 4015,  /**< Such as video/mp4; guessed from the name when not given. */
    VIDSTORE_FILE_EXTENSION = 4016,     /**< Of the name, small letters, without the dot. */
    VIDSTORE_FILE_SHA256 = 4017,        /**< 64 hex digits. */
    VIDSTORE_FILE_MD5 = 4018,           /**< 32 hex digits; the host's. */
    VIDSTORE_FILE_CHECKSUM = 4019,      /**< Any other checksum; the host's. */
    VIDSTORE_FILE_BACKEND = 4020,       /**< VIDSTORE_BACKEND_…. */
    VIDSTORE_FILE_BUCKET = 4021,
    VIDSTORE_FILE_STORAGE_KEY = 4022, /**< Name of the object in the backend. */
    VIDSTORE_FILE_ACCESS = 4023,      /**< VIDSTORE_ACCESS_…; default private. */
    VIDSTORE_FILE_CATEGORY = 4024,    /**< VIDSTORE_CATEGORY_…. */
    VIDSTORE_FILE_TYPE = 4025,        /**< video, audio, image, subtitle or other. */
    VIDSTORE_FILE_STAGE = 4026,       /**< Stage of processing that made it. */
    VIDSTORE_FILE_EXPIRES_US = 4027,  /**< When vidstore_maintain() removes it; NULL: never. */
    VIDSTORE_FILE_ENCRYPTED = 4028,   /**< Boolean. */
    VIDSTORE_FILE_ENCRYPTION_KEY_ID = 4029,
    VIDSTORE_FILE_PUBLIC_URL = 4030,
    VIDSTORE_FILE_SIGNED_URL = 4031,
    VIDSTORE_FILE_SIGNED_URL_EXPIRES_US = 4032,
    VIDSTORE_FILE_UPLOAD_STARTED_US = 4033,
    VIDSTORE_FILE_UPLOAD_COMPLETED_US = 4034,
    VIDSTORE_FILE_LAST_ACCESS_US = 4035,
    VIDSTORE_FILE_VERIFIED_US = 4036,      /**< Last time that the bytes were read and found right. */
    VIDSTORE_FILE_STORAGE_METADATA = 4037, /**< JSON object. */
    VIDSTORE_FILE_BLOB_ID = 4038,          /**< UUID of the bytes; files with the same content may share them. */
    VIDSTORE_FILE_HELD_US = 4039           /**< Since when it is on legal hold: nobody and nothing removes it then. Set
                                              and cleared by admins. */
};

/**
 * A field of the record as text: text, JSON, ids, hashes, and the names of enumerations.
 * @param file  the record; NULL gives NULL.
 * @param field  a VIDSTORE_FILE_… constant.
 * @return borrowed from the record; NULL when the field is NULL, is a number, or is not one of this noun.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_file_text(const vidstore_file *file, int32_t field);

/**
 * A field of the record as a number: counts, sizes, times, booleans, and the values of enumerations.
 * @param file  the record; NULL gives INT64_MIN.
 * @param field  a VIDSTORE_FILE_… constant.
 * @return the value; INT64_MIN when the field is NULL, is text, or is not one of this noun.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_file_int64(const vidstore_file *file, int32_t field);

/**
 * Whether a field has no value.
 * @param file  the record.
 * @param field  a VIDSTORE_FILE_… constant.
 * @return 1 when it is NULL, is hidden from the session that read it, or is not one of this noun; else 0.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int32_t vidstore_file_is_null(const vidstore_file *file, int32_t field);

/**
 * The whole record as a JSON object: enumerations as names, NULL as null.
 * @param file  the record.
 * @param ret_json  receives the text, which the caller frees.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, NOMEM.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_file_json(const vidstore_file *file, vidstore_text **ret_json,
                                                vidstore_error **reterr);

/**
 * Keep a record that was borrowed from a page, or share one.
 * @param file  the record, or NULL.
 * @return a handle of your own on the same snapshot, to be freed with vidstore_file_free(); NULL for NULL.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API vidstore_file *vidstore_file_ref(const vidstore_file *file);

/**
 * Free a record.
 * @param file  the record, or NULL.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API void vidstore_file_free(vidstore_file *file);

/**
 * One file of a page.
 * @param page  the page.
 * @param index  from 0 to vidstore_page_count() - 1.
 * @return borrowed from the page; NULL when there is none at the index, or the page is of another noun.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const vidstore_file *vidstore_page_file(const vidstore_page *page, int64_t index);

/**
 * The UUID.
 * @param file  the record; NULL is fine.
 * @return the value. Borrowed from the record; NULL when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_file_id(const vidstore_file *file);

/**
 * The owner.
 * @param file  the record; NULL is fine.
 * @return the value. Borrowed from the record; NULL when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_file_user_id(const vidstore_file *file);

/**
 * The name.
 * @param file  the record; NULL is fine.
 * @return the value. Borrowed from the record; NULL when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_file_name(const vidstore_file *file);

/**
 * Bytes.
 * @param file  the record; NULL is fine.
 * @return the value. INT64_MIN when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_file_size(const vidstore_file *file);

/**
 * SHA-256 as 64 hex digits.
 * @param file  the record; NULL is fine.
 * @return the value. Borrowed from the record; NULL when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_file_sha256(const vidstore_file *file);

/**
 * Content type.
 * @param file  the record; NULL is fine.
 * @return the value. Borrowed from the record; NULL when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_file_content_type(const vidstore_file *file);

/**
 * VIDSTORE_ACCESS_….
 * @param file  the record; NULL is fine.
 * @return the value. -1 when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int32_t vidstore_file_access(const vidstore_file *file);

/**
 * When it was published.
 * @param file  the record; NULL is fine.
 * @return the value. INT64_MIN when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_file_created_us(const vidstore_file *file);

/**
 * The version, for vidstore_file_params_expect_version().
 * @param file  the record; NULL is fine.
 * @return the value. INT64_MIN when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_file_version(const vidstore_file *file);

/**
 * Values for a file, none of them set.
 * @return a new object, to be freed with vidstore_file_params_free(). Never NULL: when memory is out, the call that
 *   takes it says so.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API vidstore_file_params *vidstore_file_params_new(void);

/**
 * Free it.
 * @param params  the object, or NULL.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_file_params_free(vidstore_file_params *params);

/**
 * Set a text, JSON, id, hash, or (by its name) an enumeration. A bad value is kept as an error, and reported with its
 * field by the call that takes the params; only the first one counts.
 * @param params  the object.
 * @param field  a VIDSTORE_FILE_… constant.
 * @param value  UTF-8, copied; NULL is the same as clearing.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_file_params_set_text(vidstore_file_params *params, int32_t field, const char *value);

/**
 * Set a number, time, boolean or enumeration. A bad value is kept as an error, as with
 * vidstore_file_params_set_text().
 * @param params  the object.
 * @param field  a VIDSTORE_FILE_… constant.
 * @param value  in the unit of the field; INT64_MIN is the same as clearing.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_file_params_set_int64(vidstore_file_params *params, int32_t field, int64_t value);

/**
 * Write NULL into a field, which is not the same as leaving it alone.
 * @param params  the object.
 * @param field  a VIDSTORE_FILE_… constant.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_file_params_clear(vidstore_file_params *params, int32_t field);

/**
 * Set many fields from a JSON object: enumerations by name, null clears, what is absent is left alone, unknown keys
 * are an error (kept, as with vidstore_file_params_set_text()).
 * @param params  the object.
 * @param json  at most 1 MiB; copied.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_file_params_set_json(vidstore_file_params *params, const char *json);

/**
 * Demand that the record still has this version when it is updated; else the update says CONFLICT.
 * @param params  the object.
 * @param version  VIDSTORE_FILE_VERSION of the record that was read.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_file_params_expect_version(vidstore_file_params *params, int64_t version);

/**
 * Read a file.
 * @param session  who acts.
 * @param id  its UUID.
 * @param ret_file  receives the record.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_file_get(vidstore_session *session, const char *id, vidstore_file **ret_file,
                                               vidstore_error **reterr);

/**
 * Read a file by the host's own id for it.
 * @param session  who acts.
 * @param user_id  the owner's UUID; NULL: the session's own user.
 * @param external_id  the VIDSTORE_FILE_EXTERNAL_ID that it was created with.
 * @param ret_file  receives the record.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_file_get_external(vidstore_session *session, const char *user_id,
                                                        const char *external_id, vidstore_file **ret_file,
                                                        vidstore_error **reterr);

/**
 * Whether a file exists that this session may see.
 * @param session  who acts.
 * @param id  its UUID.
 * @param ret_exists  receives 1 or 0.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED,
 * NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_file_exists(vidstore_session *session, const char *id, int32_t *ret_exists,
                                                  vidstore_error **reterr);

/**
 * Change the fields that are set in params, and no others.
 * @param session  who acts.
 * @param id  its UUID.
 * @param params  the values; not changed.
 * @param ret_file  receives the record as it is now.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, EXISTS, CONFLICT (another version), MISUSE, STATE, FORBIDDEN, BUSY,
 * TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_file_update(vidstore_session *session, const char *id,
                                                  const vidstore_file_params *params, vidstore_file **ret_file,
                                                  vidstore_error **reterr);

/**
 * Remove a file, so that it is no longer listed; vidstore_file_restore() brings it back, vidstore_file_purge() ends
 * it.
 * @param session  who acts.
 * @param id  its UUID.
 * @param mode  VIDSTORE_REMOVE_RESTRICT, _CASCADE or _DETACH: what happens to that which hangs on it.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST,
 * TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_file_remove(vidstore_session *session, const char *id, int32_t mode,
                                                  vidstore_error **reterr);

/**
 * Bring back a removed file, with exactly that which its removal took along.
 * @param session  who acts.
 * @param id  its UUID.
 * @param ret_file  receives the record.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, EXISTS (its place is taken by now), MISUSE, STATE, FORBIDDEN, BUSY,
 * TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_file_restore(vidstore_session *session, const char *id, vidstore_file **ret_file,
                                                   vidstore_error **reterr);

/**
 * End a removed file for good. The bytes of files go through the purge queue, which vidstore_maintain() works off.
 * @param session  who acts.
 * @param id  its UUID.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, STATE (it is not removed), MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT,
 * CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_file_purge(vidstore_session *session, const char *id, vidstore_error **reterr);

/**
 * List the files that this session may see.
 * @param session  who acts.
 * @param query  filter, sort, limit and cursor; NULL: the newest 100.
 * @param ret_page  receives the page; read it with vidstore_page_file().
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, UNSUPPORTED (no index serves the query), MISUSE, FORBIDDEN, BUSY, TIMEOUT,
 * CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_file_list(vidstore_session *session, const vidstore_query *query,
                                                vidstore_page **ret_page, vidstore_error **reterr);

/**
 * Count the files that a query finds; at most 10,000 unless the query asks for an exact count.
 * @param session  who acts.
 * @param query  its filter counts, its limit and cursor do not; NULL: all.
 * @param ret_count  receives the number.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, UNSUPPORTED, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_file_count(vidstore_session *session, const vidstore_query *query,
                                                 int64_t *ret_count, vidstore_error **reterr);

/**
 * Change many files in one commit.
 * @param session  who acts.
 * @param ids  `count` UUIDs.
 * @param params  `count` objects.
 * @param count  0 to 10,000.
 * @param flags  VIDSTORE_BULK_ATOMIC or VIDSTORE_BULK_EACH.
 * @param ret_page  receives the records in the order of `ids`; see vidstore_page_status() for those that failed.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, EXISTS, CONFLICT, MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED,
 * LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_file_bulk_update(vidstore_session *session, const char *const *ids,
                                                       const vidstore_file_params *const *params, int64_t count,
                                                       uint32_t flags, vidstore_page **ret_page,
                                                       vidstore_error **reterr);

/**
 * Begin to write a file. The intent is on record before the first byte; nothing is visible before
 * vidstore_upload_publish(). Refuses to run inside a transaction.
 * @param session  who acts.
 * @param params  at least VIDSTORE_FILE_NAME.
 * @param ret_upload  receives the upload.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, QUOTA, MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST,
 * TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_upload_open(vidstore_session *session, const vidstore_file_params *params,
                                                  vidstore_upload **ret_upload, vidstore_error **reterr);

/**
 * Go on with an upload that a process left unfinished. vidstore_upload_size() says where: after a restart of the
 * machine that may be less than was written, and it is never more. One that was sealed, but not published, comes back
 * sealed. Other handles of the same upload can't write, seal, publish or abort it any more: STATE.
 * @param session  who acts.
 * @param upload_id  from vidstore_upload_id().
 * @param ret_upload  receives the upload.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, STATE (a file already, or given up), BUSY (somebody is at it), MISUSE,
 * STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY,
 * UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_upload_resume(vidstore_session *session, const char *upload_id,
                                                    vidstore_upload **ret_upload, vidstore_error **reterr);

/**
 * The UUID of an upload, for vidstore_upload_resume().
 * @param upload  the upload.
 * @return borrowed from the upload.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_upload_id(const vidstore_upload *upload);

/**
 * How many bytes were written.
 * @param upload  the upload; NULL gives 0.
 * @return bytes.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_upload_size(const vidstore_upload *upload);

/**
 * Append bytes.
 * @param upload  the upload.
 * @param data  the bytes.
 * @param size  how many, 0 or more.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, INVALID, STATE, QUOTA, LEASE_LOST, CANCELLED, NOMEM, IO, FULL, FORKED.
 * Threads: one at a time an upload. Blocks: database, disk. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_upload_write(vidstore_upload *upload, const void *data, int64_t size,
                                                   vidstore_error **reterr);

/**
 * Append bytes of a file of the host's, which is read from where the upload ends. The file is looked at before it is
 * opened: what belongs to a store is refused. Closing any descriptor of a store's database, were it only opened to look
 * what it is, drops the locks that this process has on it; a host that doesn't know what lies at a path opens it with
 * O_PATH, which takes part in no locks, and lets this call open it for reading, with the rights of the process.
 * @param upload  not sealed.
 * @param fd  on a regular file: with O_PATH, or open for reading; it is not closed, and its position does not move.
 * @param size  how many bytes at most, 1 or more: slices let a host show progress. INT64_MAX: all.
 * @param ret_left  receives how many bytes of the file follow; 0: the upload has them all, and can be sealed.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID (not a regular file, or one of a store: sub NOT_A_FILE; it has fewer bytes than the upload has
 * already: sub TRUNCATED), MISUSE, STATE, FORBIDDEN (the system does not let it be read), QUOTA, LEASE_LOST, BUSY,
 * TIMEOUT, CANCELLED, NOMEM, IO (changed since the first call of this upload handle with it, or another file than that:
 * sub CHANGED; the upload is given up), FULL, FORKED.
 * Threads: one at a time an upload. Blocks: database, disk. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_upload_copy(vidstore_upload *upload, int32_t fd, int64_t size, int64_t *ret_left,
                                                  vidstore_error **reterr);

/**
 * Say that all bytes are there. They are durable when it returns. A stream that ended short is found out here.
 * @param upload  the upload.
 * @param total  how many bytes there must be.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, QUOTA, STATE, INVALID (fewer bytes: sub TRUNCATED; more: sub TOO_LARGE; the upload can go on.
 * Another checksum than the params demanded: sub CHECKSUM; the upload is given up), LEASE_LOST, BUSY, TIMEOUT,
 * CANCELLED, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time an upload. Blocks: database, disk. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_upload_seal(vidstore_upload *upload, int64_t total, vidstore_error **reterr);

/**
 * Make a sealed upload a file. Takes part in a transaction of the session, so that the file and what belongs to it
 * are one commit; after a rollback it can be published again. Its id is that of the params, else that of the upload:
 * publishing what is a file already gives that file, so that an unknown outcome can be repeated. Bytes that the owner
 * has already are kept once.
 * @param session  who acts.
 * @param upload  sealed; afterwards it only waits to be freed.
 * @param ret_file  receives the file.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, EXISTS, CONFLICT (the id has other content), MISUSE, STATE, FORBIDDEN, BUSY,
 * TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_upload_publish(vidstore_session *session, vidstore_upload *upload,
                                                     vidstore_file **ret_file, vidstore_error **reterr);

/**
 * Free an upload. What was not published is kept for vidstore_upload_resume() until its time is over (setting
 * upload.keep_ms), then removed by vidstore_maintain().
 * @param upload  the upload, or NULL.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_upload_free(vidstore_upload *upload);

/**
 * Give an upload up and remove its bytes.
 * @param upload  not published; afterwards it only waits to be freed.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, STATE, LEASE_LOST, BUSY, NOMEM, IO, FORKED.
 * Threads: one at a time an upload. Blocks: database, disk. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_upload_abort(vidstore_upload *upload, vidstore_error **reterr);

/**
 * Copy a file of the host into the store: upload, seal and publish in one. Naming a path of this machine is for admins,
 * the system and workers, because the process can read more than a user may; for others open it yourself and use
 * vidstore_file_put_fd(). Refuses to run inside a transaction.
 * @param session  who acts.
 * @param path  a regular file that is not part of a store; symbolic links are followed.
 * @param params  VIDSTORE_FILE_NAME is taken from the path when not set; NULL: all defaults.
 * @param ret_file  receives the file.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID (not a regular file, or one of a store: sub NOT_A_FILE), UNAUTHENTICATED, NOT_FOUND, CONFLICT,
 * EXISTS, QUOTA, MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO
 * (changed while it was read: sub CHANGED), FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database, disk. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_file_put_path(vidstore_session *session, const char *path,
                                                    const vidstore_file_params *params, vidstore_file **ret_file,
                                                    vidstore_error **reterr);

/**
 * Copy from an open descriptor: a regular file from its start, a pipe up to its end, or so many bytes of another
 * stream. Refuses to run inside a transaction.
 * @param session  who acts.
 * @param fd  open for reading, and not on a file that is part of a store; not closed.
 * @param size  how many bytes there must be; for a stream it is needed, because its end can't be told from an abort.
 *   INT64_MIN: the size of a regular file.
 * @param params  at least VIDSTORE_FILE_NAME.
 * @param ret_file  receives the file.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID (fewer bytes: sub TRUNCATED; more: sub TOO_LARGE; no file or stream, or of a store: sub NOT_A_FILE),
 * UNAUTHENTICATED, CONFLICT, EXISTS, QUOTA, MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST,
 * TXN_EXPIRED, ABORTED, NOMEM, IO (changed while it was read: sub CHANGED), FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME,
 * FORKED.
 * Threads: one at a time a session. Blocks: database, disk. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_file_put_fd(vidstore_session *session, int32_t fd, int64_t size,
                                                  const vidstore_file_params *params, vidstore_file **ret_file,
                                                  vidstore_error **reterr);

/**
 * Open a file for reading. It stays readable while the handle lives, whatever becomes of the record.
 * @param session  who acts.
 * @param id  the file's UUID.
 * @param ret_reader  receives the reader.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_file_open(vidstore_session *session, const char *id, vidstore_reader **ret_reader,
                                                vidstore_error **reterr);

/**
 * The size of the file.
 * @param reader  the reader; NULL gives 0.
 * @return bytes.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_reader_size(const vidstore_reader *reader);

/**
 * Read a range.
 * @param reader  the reader.
 * @param offset  0 or more; at or past the end nothing is read.
 * @param buffer  receives the bytes.
 * @param size  of the buffer.
 * @param ret_read  receives how many bytes were read; fewer than size only at the end.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, INVALID, IO, CORRUPT (the bytes end too early), FORKED.
 * Threads: any. Blocks: disk. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_reader_read(const vidstore_reader *reader, int64_t offset, void *buffer,
                                                  int64_t size, int64_t *ret_read, vidstore_error **reterr);

/**
 * A descriptor of the bytes, for sendfile() or another program.
 * @param reader  the reader.
 * @return borrowed: do not close it; -1 when the backend has none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int32_t vidstore_reader_fd(const vidstore_reader *reader);

/**
 * Free a reader.
 * @param reader  the reader, or NULL.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API void vidstore_reader_free(vidstore_reader *reader);

/**
 * The path of the bytes, for another program to read. Nobody may write there. It stays valid until the file is
 * purged.
 * @param session  who acts.
 * @param id  the file's UUID.
 * @param ret_path  receives the path.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, UNSUPPORTED (the backend has no paths), MISUSE, FORBIDDEN, BUSY,
 * TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_file_path(vidstore_session *session, const char *id, vidstore_text **ret_path,
                                                vidstore_error **reterr);

/**
 * Copy the bytes to a new file of the host, checked against their SHA-256 on the way; nothing is left there after a
 * failure. Naming a path of this machine is for admins, the system and workers; for others write what
 * vidstore_reader_read() gives. Refuses to run inside a transaction.
 * @param session  who acts.
 * @param id  the file's UUID.
 * @param path  must not exist, nor lie in the store's directory.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, EXISTS, CORRUPT, FULL, MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT,
 * CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FORKED.
 * Threads: one at a time a session. Blocks: database, disk. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_file_save(vidstore_session *session, const char *id, const char *path,
                                                vidstore_error **reterr);

/**
 * Read all bytes and compare them with the SHA-256 on record. Updates VIDSTORE_FILE_VERIFIED_US. Refuses to run
 * inside a transaction.
 * @param session  who acts.
 * @param id  the file's UUID.
 * @param ret_file  receives the record.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, CORRUPT (sub CHECKSUM or TRUNCATED), UNAVAILABLE (the process has no
 * descriptor left, or may not read them: no verdict), MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST,
 * TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database, disk. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_file_verify(vidstore_session *session, const char *id, vidstore_file **ret_file,
                                                  vidstore_error **reterr);

/**
 * Read the bytes of the files of the whole store and compare them with their SHA-256: a slice a call, those first that
 * were not read for longest, bytes that files share once. What was found is on record as soon as it is found: a call
 * that was ended or killed is gone on with by the next one. Damage is a finding, not an error; it leaves an event each
 * file, and the call leaves one of its own. Updates VIDSTORE_FILE_VERIFIED_US where all is well, and no version.
 * Refuses to run inside a transaction. Admins and the system only.
 * @param session  who acts.
 * @param since_us  leave out what was read at this time or later: call again with the time of the first call until
 *   "more" is false; 0: now.
 * @param budget_ms  about how long it may take, 1 to 86,400,000; what is being read then is read to its end, and one
 *   file at least.
 * @param ret_json  receives a JSON object: "blobs" and "bytes" that were read, "damaged" (how many), "found" (the first
 *   of these: objects with "blob", "files" and "reason"), "more" (the time was over first), "took_ms".
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, UNAVAILABLE (the process has no descriptor left, or may not read them: no
 * verdict), MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL,
 * CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database, disk. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_file_verify_all(vidstore_session *session, int64_t since_us, int64_t budget_ms,
                                                      vidstore_text **ret_json, vidstore_error **reterr);

/**
 * Groups of files with the same content that this session may see, largest waste first.
 * @param session  who acts.
 * @param query  only its limit counts (groups); NULL: 100.
 * @param ret_json  receives a JSON array of objects with sha256, size, count and ids.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED,
 * NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_file_duplicates(vidstore_session *session, const vidstore_query *query,
                                                      vidstore_text **ret_json, vidstore_error **reterr);

#ifdef __cplusplus
}
#endif
#endif
