/* SPDX-License-Identifier: MIT */
/**
 * @file base.h
 * What every other header needs: the status codes and the opaque handle types.
 *
 * Conventions, true of every function unless its own text says otherwise:
 * - It returns VIDSTORE_OK (0) or a negative status code.
 * - Results come through `ret_` parameters, written on every return: the result, or NULL or 0 on failure. A NULL
 *   `ret_` pointer means that the result is not wanted.
 * - The last parameter `reterr`, when not NULL, receives an error object on failure (free it with
 *   vidstore_error_free()) and NULL on success.
 * - `**ret_x` belongs to the caller, who frees it with the matching `_free`, which accepts NULL. A `const` pointer that
 *   is returned is borrowed from the first argument and lives as long as that does. Inputs are copied.
 * - Text is NUL-terminated UTF-8. Ids are UUIDs as 36 characters. Times end in `_us` (microseconds since 1970-01-01
 *   UTC), durations in `_ms`. INT64_MIN stands for NULL. Booleans are int32_t, 0 or 1.
 */
#ifndef VIDSTORE_BASE_H
#define VIDSTORE_BASE_H

#include <stddef.h>
#include <stdint.h>

#if defined(VIDSTORE_BUILDING) && defined(__GNUC__)
#define VIDSTORE_API __attribute__((visibility("default")))
#else
#define VIDSTORE_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** A status: VIDSTORE_OK or one of the negative codes below. The numbers never change. */
typedef int32_t vidstore_status;

enum {
    VIDSTORE_OK = 0,
    VIDSTORE_MISUSE = -1,           /**< A call that no program should make: NULL, wrong handle, wrong thread. */
    VIDSTORE_STATE = -2,            /**< The object is in a state that does not allow this. */
    VIDSTORE_INVALID = -3,          /**< A value is not acceptable; the error names the field. */
    VIDSTORE_NOT_FOUND = -4,        /**< No such object, or none that this session may see. */
    VIDSTORE_EXISTS = -5,           /**< Something with this unique value exists already. */
    VIDSTORE_CONFLICT = -6,         /**< The record has changed since it was read, or the id has other content. */
    VIDSTORE_UNAUTHENTICATED = -7,  /**< Who calls could not be established. */
    VIDSTORE_FORBIDDEN = -8,        /**< The session sees the object but may not do this. */
    VIDSTORE_QUOTA = -9,            /**< The owner's quota does not allow it. */
    VIDSTORE_THROTTLED = -10,       /**< Too many attempts; see vidstore_error_retry_after_ms(). */
    VIDSTORE_BUSY = -11,            /**< Somebody else held the store until the deadline. */
    VIDSTORE_RETRY = -12,           /**< A passing conflict; the same call may succeed now. */
    VIDSTORE_TIMEOUT = -13,         /**< The deadline passed. */
    VIDSTORE_CANCELLED = -14,       /**< vidstore_interrupt() or a cancelled job stopped it. */
    VIDSTORE_LEASE_LOST = -15,      /**< The lease expired or was taken over; nothing was changed. */
    VIDSTORE_TXN_EXPIRED = -16,     /**< The transaction reached its maximum age and was rolled back. */
    VIDSTORE_ABORTED = -17,         /**< The transaction was rolled back by an earlier failure. */
    VIDSTORE_NOMEM = -18,           /**< Out of memory. */
    VIDSTORE_IO = -19,              /**< The operating system reported an error. */
    VIDSTORE_FULL = -20,            /**< The disk is full. */
    VIDSTORE_CORRUPT = -21,         /**< Stored data is damaged. */
    VIDSTORE_READONLY = -22,        /**< The store is open for reading only. */
    VIDSTORE_UNAVAILABLE = -23,     /**< Something needed is not there: a helper, a server, a device. */
    VIDSTORE_UNKNOWN_OUTCOME = -24, /**< The commit may or may not have happened: ask, or repeat with the same id. */
    VIDSTORE_SCHEMA = -25,          /**< The file is not a store, or of a version that this library does not know. */
    VIDSTORE_UNSUPPORTED = -26,     /**< This build, engine or file system can't do it. */
    VIDSTORE_MEDIA = -27,           /**< The bytes are not media that can be understood. */
    VIDSTORE_FORKED = -28,          /**< A handle made before fork(), or a store that was open then, in the child. */
    VIDSTORE_RESYNC = -29,          /**< A position is older than what is kept. */
    VIDSTORE_INTERNAL = -30         /**< A defect of this library. */
};

/** The root handle of an open store. Thread-safe. */
typedef struct vidstore vidstore;
/** Options for vidstore_open(). */
typedef struct vidstore_open_params vidstore_open_params;
/** Who acts, from where, in which transaction. One thread at a time, not bound to one. */
typedef struct vidstore_session vidstore_session;
/** Where a request came from: address, user agent, request id, device. */
typedef struct vidstore_origin vidstore_origin;
/** Why a call failed. Immutable, readable from any thread. */
typedef struct vidstore_error vidstore_error;
/** A piece of text that belongs to the caller. Immutable. */
typedef struct vidstore_text vidstore_text;
/** What to list: filter, sort, limit, cursor. */
typedef struct vidstore_query vidstore_query;
/** One page of records. Immutable, detached from the store. */
typedef struct vidstore_page vidstore_page;

/** A user: a person or program that owns things. Immutable snapshot. */
typedef struct vidstore_user vidstore_user;
/** Values for a user to create or update. */
typedef struct vidstore_user_params vidstore_user_params;
/** A right on an object that is another's. Immutable snapshot. */
typedef struct vidstore_grant vidstore_grant;
/** Values for a grant to create. */
typedef struct vidstore_grant_params vidstore_grant_params;
/** A named set of videos in an order of its owner's. Immutable snapshot. */
typedef struct vidstore_collection vidstore_collection;
/** Values for a collection to create or update. */
typedef struct vidstore_collection_params vidstore_collection_params;
/** A link: the way to one file for whoever has it. Immutable snapshot. */
typedef struct vidstore_link vidstore_link;
/** Values for a link to create. */
typedef struct vidstore_link_params vidstore_link_params;
/** An API key of a user. Immutable snapshot. */
typedef struct vidstore_key vidstore_key;
/** A login of a user: what lies behind the token that a browser keeps. Immutable snapshot. */
typedef struct vidstore_login vidstore_login;
/** Values for an API key to create or update. */
typedef struct vidstore_key_params vidstore_key_params;
/** A job: work to be done, queued. Immutable snapshot. */
typedef struct vidstore_job vidstore_job;
/** Values for a job to submit or update. */
typedef struct vidstore_job_params vidstore_job_params;
/** A video: what is known of one recording. Immutable snapshot. */
typedef struct vidstore_video vidstore_video;
/** Values for a video to create or update. */
typedef struct vidstore_video_params vidstore_video_params;
/** A file: a name, and bytes kept by the store. Immutable snapshot. */
typedef struct vidstore_file vidstore_file;
/** Values for a file to create or update. */
typedef struct vidstore_file_params vidstore_file_params;
/** One thing that happened. Immutable snapshot. */
typedef struct vidstore_audit_event vidstore_audit_event;

/** One attempt at one job. */
typedef struct vidstore_lease vidstore_lease;
/** Where the results of calls in the background wait. Thread-safe. */
typedef struct vidstore_queue vidstore_queue;
/** What became of a call in the background. One thread at a time. */
typedef struct vidstore_result vidstore_result;
/** A file that is being written. One thread at a time. */
typedef struct vidstore_upload vidstore_upload;
/** A file that is being read. Any thread. */
typedef struct vidstore_reader vidstore_reader;
/** A place in the change feed. One thread at a time. */
typedef struct vidstore_watch vidstore_watch;

/** What vidstore_<noun>_remove() does with what hangs on the object. */
enum {
    VIDSTORE_REMOVE_UNKNOWN = -1,
    VIDSTORE_REMOVE_RESTRICT = 0, /**< Refuse with STATE when something hangs on it. */
    VIDSTORE_REMOVE_CASCADE = 1,  /**< Remove that too, under the same removal id. */
    VIDSTORE_REMOVE_DETACH = 2    /**< Keep it and cut the tie. */
};

/** Flags of the bulk calls. */
enum {
    VIDSTORE_BULK_UNKNOWN = -1,
    VIDSTORE_BULK_ATOMIC = 0, /**< All or nothing: the first failure undoes all. */
    VIDSTORE_BULK_EACH = 1    /**< Each item succeeds or fails alone; see vidstore_page_status(). */
};

/**
 * The name of a status code, such as "NOT_FOUND".
 * @param code  a status.
 * @return a static string; "UNKNOWN" for a number that is no code. Never NULL.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_status_name(vidstore_status code);

/**
 * The bytes of a text.
 * @param text  the text; NULL gives "".
 * @return borrowed from `text`; always NUL-terminated, valid UTF-8.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_text_data(const vidstore_text *text);

/**
 * The length of a text.
 * @param text  the text; NULL gives 0.
 * @return bytes, without the terminating NUL.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_text_size(const vidstore_text *text);

/**
 * Free a text.
 * @param text  the text, or NULL.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API void vidstore_text_free(vidstore_text *text);

#ifdef __cplusplus
}
#endif
#endif
