/* SPDX-License-Identifier: MIT */
/**
 * @file error.h
 * The error object that a failing call hands over.
 * Thread class: an error is immutable and may be read from any thread.
 */
#ifndef VIDSTORE_ERROR_H
#define VIDSTORE_ERROR_H

#include <vidstore/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Finer causes below a status code. New ones may appear; treat an unknown number as its status alone. */
enum {
    VIDSTORE_SUB_UNKNOWN = -1,
    VIDSTORE_SUB_NONE = 0,
    VIDSTORE_SUB_FOREIGN_FILE = 1,    /**< SCHEMA: the database belongs to another program. */
    VIDSTORE_SUB_SCHEMA_NEWER = 2,    /**< SCHEMA: written by a newer version of this library. */
    VIDSTORE_SUB_SCHEMA_EDITED = 3,   /**< SCHEMA: the migration history is not the one this library knows. */
    VIDSTORE_SUB_SCHEMA_OLD = 4,      /**< SCHEMA: needs migrating, but is open for reading only. */
    VIDSTORE_SUB_NETWORK_FS = 5,      /**< UNSUPPORTED: the store lies on a network file system. */
    VIDSTORE_SUB_FOREIGN_BLOBS = 6,   /**< SCHEMA: the blobs belong to another instance of the store. */
    VIDSTORE_SUB_NOT_A_STORE = 7,     /**< NOT_FOUND or SCHEMA: there is no store at this place. */
    VIDSTORE_SUB_TOO_LONG = 8,        /**< INVALID: longer than the limit of the field. */
    VIDSTORE_SUB_UTF8 = 9,            /**< INVALID: not UTF-8. */
    VIDSTORE_SUB_RANGE = 10,          /**< INVALID: outside the range of the field. */
    VIDSTORE_SUB_UNKNOWN_FIELD = 11,  /**< INVALID: no field of this id or name, or not one that may be used so. */
    VIDSTORE_SUB_SYNTAX = 12,         /**< INVALID: an expression, cursor, URL or JSON text can't be read. */
    VIDSTORE_SUB_NO_INDEX = 13,       /**< UNSUPPORTED: no index serves this query. */
    VIDSTORE_SUB_WRONG_HANDLE = 14,   /**< MISUSE: the handle is of another kind, of another store, or freed. */
    VIDSTORE_SUB_TRANSITION = 15,     /**< STATE: the state machine has no such step. */
    VIDSTORE_SUB_TRUNCATED = 16,      /**< IO or MEDIA: the bytes end too early. */
    VIDSTORE_SUB_CHECKSUM = 17,       /**< CORRUPT or INVALID: the bytes are not those of the checksum. */
    VIDSTORE_SUB_TOO_LARGE = 18,      /**< INVALID: more bytes than allowed. */
    VIDSTORE_SUB_ADDRESS = 19,        /**< FORBIDDEN: the URL leads to an address that is not allowed. */
    VIDSTORE_SUB_HTTP = 20,           /**< UNAVAILABLE, NOT_FOUND or INVALID: what the server answered is no good. */
    VIDSTORE_SUB_PASSWORD = 21,       /**< UNAUTHENTICATED: name and password do not fit. */
    VIDSTORE_SUB_ACCOUNT = 22,        /**< UNAUTHENTICATED: the account is not active. */
    VIDSTORE_SUB_CHANGED = 23,        /**< IO: the file changed while it was read. */
    VIDSTORE_SUB_CYCLE = 24,          /**< INVALID: the parent would be its own descendant. */
    VIDSTORE_SUB_NOT_A_FILE = 25,     /**< INVALID: not a regular file. */
    VIDSTORE_SUB_IN_TRANSACTION = 26, /**< STATE: refuses to run inside a transaction, because it may take long. */
    VIDSTORE_SUB_DEPENDENTS = 27,     /**< STATE: other objects hang on this one. */
    VIDSTORE_SUB_CREDENTIAL = 28,     /**< UNAUTHENTICATED: the key or login does not count, or not any more. */
    VIDSTORE_SUB_CONFIRM = 29,        /**< UNAUTHENTICATED: the password is wanted again for this. */
    VIDSTORE_SUB_HELD = 33,           /**< FORBIDDEN: on legal hold. */
    VIDSTORE_SUB_CHALLENGE = 30       /**< THROTTLED: the try may go on when the host has put a challenge. */
};

/**
 * The status code of an error.
 * @param error  the error; NULL gives VIDSTORE_OK.
 * @return a negative status code.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_error_code(const vidstore_error *error);

/**
 * The finer cause.
 * @param error  the error, or NULL.
 * @return one of VIDSTORE_SUB_…; expect numbers that you do not know.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int32_t vidstore_error_subcode(const vidstore_error *error);

/**
 * What went wrong, in one line of English for a person.
 * @param error  the error; NULL gives "".
 * @return borrowed from `error`. Never NULL.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_error_message(const vidstore_error *error);

/**
 * The field, parameter or option that was bad.
 * @param error  the error, or NULL.
 * @return borrowed from `error`; NULL when no single field is at fault.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_error_field(const vidstore_error *error);

/**
 * Whether the same call may succeed later without any change.
 * @param error  the error, or NULL.
 * @return 1 or 0.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int32_t vidstore_error_retryable(const vidstore_error *error);

/**
 * How long to wait before trying again.
 * @param error  the error, or NULL.
 * @return milliseconds; 0 when nothing is known.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_error_retry_after_ms(const vidstore_error *error);

/**
 * The error beneath, such as the operating system's or the database's own words.
 * @param error  the error, or NULL.
 * @return borrowed from `error`; NULL when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_error_cause(const vidstore_error *error);

/**
 * Free an error.
 * @param error  the error, or NULL.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API void vidstore_error_free(vidstore_error *error);

#ifdef __cplusplus
}
#endif
#endif
