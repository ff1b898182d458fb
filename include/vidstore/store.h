/* SPDX-License-Identifier: MIT */
/**
 * @file store.h
 * The root handle: opening and closing a store, versions, features.
 * Thread class: the root handle may be used from any thread; options by one thread at a time.
 */
#ifndef VIDSTORE_STORE_H
#define VIDSTORE_STORE_H

#include <vidstore/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Options of vidstore_open(). Each may also stand in the URI or the environment; the params win over the URI, the URI
 * over the environment, the environment over the default. */
enum {
    VIDSTORE_OPEN_UNKNOWN = -1,
    VIDSTORE_OPEN_READ_ONLY = 1,   /**< Boolean, default 0. URI mode=ro. Never migrates. Also opens what can't be
                                      written at all (a read-only medium, a full disk, another user's store) as long as
                                      the store was closed properly; when it is changed then, calls fail with IO. */
    VIDSTORE_OPEN_CREATE = 2,      /**< Boolean, default 1. URI mode=rw turns it off. */
    VIDSTORE_OPEN_DURABILITY = 3,  /**< Text: full (default) or relaxed, which may lose the last commits in a power cut,
                                      but nothing in a crash. URI durability=, environment VIDSTORE_DURABILITY. */
    VIDSTORE_OPEN_DEADLINE_MS = 4, /**< Default deadline of every call, 1 to 86,400,000; default 30,000. URI
                                      deadline_ms=, environment VIDSTORE_DEADLINE_MS. */
    VIDSTORE_OPEN_TXN_MAX_AGE_MS = 5, /**< Age at which a transaction is rolled back, 10 to 600,000; default 5,000. URI
                                         txn_max_age_ms=, environment VIDSTORE_TXN_MAX_AGE_MS. */
    VIDSTORE_OPEN_READERS =
        6, /**< Most reading connections, 1 to 64; default 4. URI readers=, environment VIDSTORE_READERS. */
    VIDSTORE_OPEN_NETWORK_FS =
        7, /**< Boolean, default 0: open on a network file system all the same, at your risk. URI network_fs=. */
    VIDSTORE_OPEN_PROBE_HELPER = 8, /**< Text: path of the program vidstore-probe. Environment VIDSTORE_PROBE_HELPER
                                       (not in a set-user-id program); else next to the library. */
    VIDSTORE_OPEN_WORKER_NAME = 9,  /**< Text: how this process signs its leases; default host name and process id. */
    VIDSTORE_OPEN_AUDIT_KEY = 10,   /**< Text: path of a file with the Ed25519 key that signs checkpoints of the audit
                                       (PEM, or 64 hex digits). Environment VIDSTORE_AUDIT_KEY (not in a set-user-id
                                       program); else they are not signed. */
    VIDSTORE_OPEN_PEPPERS = 11, /**< Text: up to 8 secret keys that go into the hashes of passwords and never into the
                                   store, as "1=<64 hex digits>,2=…". New hashes take the last one; the others are for
                                   what was hashed with them. */
    VIDSTORE_OPEN_PEPPER_FILE = 12, /**< Text: path of a file with the same. Environment VIDSTORE_PEPPER_FILE (not in a
                                       set-user-id program). */
    VIDSTORE_OPEN_BLOCKLIST = 13,   /**< Text: path of a file with passwords that are refused, a line each, in the place
                                       of the library's own; at least 3,000. Read again when it changes. Environment
                                       VIDSTORE_BLOCKLIST (not in a set-user-id program). */
    VIDSTORE_OPEN_LOST_BLOBS = 14,  /**< Boolean, default 0: open although the bytes that the database knows of are
                                       gone, with blobs/ and its mark; they count as damaged then. URI lost_blobs=. */
    VIDSTORE_OPEN_WEAK_HASHES = 20  /**< Boolean, default 0: passwords are hashed for next to nothing. For tests: who
                                       reads such a store reads the passwords too. */
};

/**
 * Options for vidstore_open(), all at their defaults.
 * @return a new object, to be freed with vidstore_open_params_free(). Never NULL: when memory is out, vidstore_open()
 *   says so.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API vidstore_open_params *vidstore_open_params_new(void);

/**
 * Free it.
 * @param params  the object, or NULL.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_open_params_free(vidstore_open_params *params);

/**
 * Set an option that is text. A bad value is reported by vidstore_open().
 * @param params  the object.
 * @param option  a VIDSTORE_OPEN_… constant.
 * @param value  UTF-8, copied; NULL: the default again.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_open_params_set_text(vidstore_open_params *params, int32_t option, const char *value);

/**
 * Set an option that is a number or a boolean. A bad value is reported by vidstore_open().
 * @param params  the object.
 * @param option  a VIDSTORE_OPEN_… constant.
 * @param value  in the unit of the option.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_open_params_set_int64(vidstore_open_params *params, int32_t option, int64_t value);

/**
 * Open a store; create or migrate it first where needed. Any number of processes may do so at once.
 * @param location  a directory, which is made with mode 0700, or is empty and gets that mode; or ":memory:" for a store
 * that ends with the handle; or a URI such as vidstore:/srv/library.vidstore?mode=ro, with %-escapes.
 * @param params  options; NULL: defaults.
 * @param ret_store  receives the root handle.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, TIMEOUT, INVALID (location or option; a directory with other things in it: sub NOT_A_STORE),
 * NOT_FOUND (there is none and it may not be created), FORBIDDEN (a directory of another user's, or that others may
 * write), SCHEMA (sub FOREIGN_FILE, SCHEMA_NEWER, SCHEMA_EDITED, SCHEMA_OLD, FOREIGN_BLOBS, NOT_A_STORE), UNSUPPORTED
 * (sub NETWORK_FS), READONLY, FULL, CORRUPT, IO, BUSY, NOMEM, FORKED (the process that this one was forked from had the
 * store open: fork first, or execute a program). The content of a refused store is untouched. On a full disk a store
 * that is there opens, and can be read; whatever would write says FULL until it is opened again with room. Only what a
 * crash left to be put in order needs room at once, and a new store.
 * Threads: any. Blocks: disk. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_open(const char *location, const vidstore_open_params *params,
                                           vidstore **ret_store, vidstore_error **reterr);

/**
 * Close a store. Sessions, leases and uploads that are still there keep what they need; the last of them to be freed
 * really closes. What was refused and is not on record yet is written first, for as long as a call may take by default
 * when another process keeps the writer. After fork() it only leaks.
 * @param store  the root handle, or NULL.
 * Threads: any, once. Blocks: database, disk. Since 0.1.
 */
VIDSTORE_API void vidstore_close(vidstore *store);

/**
 * The directory of the store.
 * @param store  the root handle.
 * @return an absolute path, borrowed from the store; ":memory:" for one in memory.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_location(const vidstore *store);

/**
 * The UUID that the store was given when it was created.
 * @param store  the root handle.
 * @return borrowed from the store.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_instance_id(const vidstore *store);

/**
 * The version of the library in use, such as "0.1.0".
 * @return a static string.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_version(void);

/**
 * The version of the library in use as a number: major * 1,000,000 + minor * 1,000 + micro.
 * @return the number; compare it with VIDSTORE_VERSION_NUMBER of the headers.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int32_t vidstore_version_number(void);

/** Features that a build may have, for vidstore_feature_supported(). */
enum {
    VIDSTORE_FEATURE_UNKNOWN = -1,
    VIDSTORE_FEATURE_SQLITE = 1,     /**< Stores on SQLite. */
    VIDSTORE_FEATURE_POSTGRESQL = 2, /**< Stores on PostgreSQL. */
    VIDSTORE_FEATURE_PROBE = 3,      /**< Probing of media in a helper process. */
    VIDSTORE_FEATURE_FETCH = 4       /**< Fetching by http and https. */
};

/**
 * Whether this build of the library can do something.
 * @param feature  a VIDSTORE_FEATURE_… constant.
 * @return 1 or 0; 0 for a number that it does not know.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int32_t vidstore_feature_supported(int32_t feature);

#ifdef __cplusplus
}
#endif
#endif
