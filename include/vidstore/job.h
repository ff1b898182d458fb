/* SPDX-License-Identifier: MIT */
/**
 * @file job.h
 * Jobs: what is to be done, and the leases under which workers do it. Delivery is at least once: work must bear to be
 * repeated.
 * Thread class: records are immutable; params, sessions and leases are used by one thread at a time, except where a
 * function says otherwise.
 */
#ifndef VIDSTORE_JOB_H
#define VIDSTORE_JOB_H

#include <vidstore/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** States of a job. */
enum {
    VIDSTORE_JOB_STATE_UNKNOWN = -1,
    VIDSTORE_JOB_SCHEDULED = 10, /**< Waits for its time. */
    VIDSTORE_JOB_READY = 20,     /**< May be claimed. */
    VIDSTORE_JOB_BLOCKED = 30,   /**< Waits for other jobs. */
    VIDSTORE_JOB_RUNNING = 40,   /**< A worker holds a lease, or children are at work. */
    VIDSTORE_JOB_COMPLETED = 50,
    VIDSTORE_JOB_FAILED = 60, /**< Gave up: a final error, or no attempt left. */
    VIDSTORE_JOB_CANCELLED = 70,
    VIDSTORE_JOB_DEAD = 80 /**< Too many workers died of it. */
};

/** Priorities. */
enum {
    VIDSTORE_PRIORITY_UNKNOWN = -1,
    VIDSTORE_PRIORITY_LOW = 1,
    VIDSTORE_PRIORITY_NORMAL = 5,
    VIDSTORE_PRIORITY_HIGH = 8,
    VIDSTORE_PRIORITY_URGENT = 10
};

/** Signals of a lease, as bits. */
enum {
    VIDSTORE_SIGNAL_UNKNOWN = -1,
    VIDSTORE_SIGNAL_NONE = 0,
    VIDSTORE_SIGNAL_CANCEL = 1, /**< The job was cancelled: stop and release the lease. */
    VIDSTORE_SIGNAL_LOST = 2,   /**< The job was taken back: stop; nothing more can be written. */
    VIDSTORE_SIGNAL_DRAIN = 4   /**< The store is being closed: finish or release soon. */
};

/** Fields of a job, for access by id. New ones may be added. */
enum {
    VIDSTORE_JOB_UNKNOWN = -1,
    VIDSTORE_JOB_ID = 2001, /**< UUID; settable at creation. */
    VIDSTORE_JOB_USER_ID =
        2002, /**< UUID of the owner; the nil UUID is the system. Settable at creation by admins and the system. */
    VIDSTORE_JOB_CREATED_US = 2003,
    VIDSTORE_JOB_UPDATED_US = 2004,
    VIDSTORE_JOB_VERSION = 2005,     /**< Counts up with every change. */
    VIDSTORE_JOB_EXTERNAL_ID = 2006, /**< Text: the host's own id, unique an owner. */
    VIDSTORE_JOB_METADATA = 2007,    /**< JSON object: anything of the host. */
    VIDSTORE_JOB_DELETED_US = 2008,  /**< When it was removed; NULL: it is not. */
    VIDSTORE_JOB_REMOVAL_ID = 2009,  /**< UUID that all records share which one removal took. */
    VIDSTORE_JOB_KIND =
        2010, /**< download_only, process_only, compress_only, full_pipeline, merge_episodes, or a word of the host. */
    VIDSTORE_JOB_STATE = 2011,     /**< VIDSTORE_JOB_…. */
    VIDSTORE_JOB_STAGE = 2012,     /**< What the worker does now, such as downloading. */
    VIDSTORE_JOB_PRIORITY = 2013,  /**< VIDSTORE_PRIORITY_…; default normal. */
    VIDSTORE_JOB_RUN_AT_US = 2014, /**< Not before this time. */
    VIDSTORE_JOB_PARENT_ID = 2015, /**< UUID of the job that this one is part of. */
    VIDSTORE_JOB_POSITION = 2016,  /**< Among its siblings, from 1. */
    VIDSTORE_JOB_SEASON = 2017,    /**< Name of the season. */
    VIDSTORE_JOB_SOURCES = 2018,   /**< JSON array of 0 to 1000 objects with url or path, and optionally episode, title,
                                      sha256, filename. Settable at creation. */
    VIDSTORE_JOB_REQUEST = 2019,   /**< JSON object: the host's request. */
    VIDSTORE_JOB_TAGS = 2020,      /**< JSON array of texts. */
    VIDSTORE_JOB_QUALITY = 2021,   /**< Text such as 1080p. */
    VIDSTORE_JOB_PRESET = 2022,    /**< Compression preset, such as medium. */
    VIDSTORE_JOB_COMPRESSION_LEVEL = 2023, /**< 0 to 63. */
    VIDSTORE_JOB_USE_GPU = 2024,           /**< Boolean. */
    VIDSTORE_JOB_USE_HARDWARE = 2025,      /**< Boolean: hardware acceleration. */
    VIDSTORE_JOB_WEBHOOK = 2026,           /**< http or https URL to be told at the end. */
    VIDSTORE_JOB_WEBHOOK_SENT_US = 2027,
    VIDSTORE_JOB_TASK_ID = 2028,        /**< Id of a task in an outside executor. */
    VIDSTORE_JOB_ATTEMPTS = 2029,       /**< Attempts begun. */
    VIDSTORE_JOB_MAX_ATTEMPTS = 2030,   /**< 1 to 1000; default 4. */
    VIDSTORE_JOB_CRASHES = 2031,        /**< Attempts whose worker died. */
    VIDSTORE_JOB_MAX_CRASHES = 2032,    /**< 1 to 1000; default 5. */
    VIDSTORE_JOB_PROGRESS_DONE = 2033,  /**< Of the whole job, in ten-thousandths. */
    VIDSTORE_JOB_PROGRESS_TOTAL = 2034, /**< 10000. */
    VIDSTORE_JOB_STAGE_DONE = 2035,     /**< Of the stage, in units of the worker. */
    VIDSTORE_JOB_STAGE_TOTAL = 2036,    /**< NULL: not known. */
    VIDSTORE_JOB_RESULT = 2037,         /**< JSON: what the worker handed over at the end. */
    VIDSTORE_JOB_ERROR = 2038,          /**< The last error. */
    VIDSTORE_JOB_ERROR_COUNT = 2039,
    VIDSTORE_JOB_STARTED_US = 2040,       /**< First attempt. */
    VIDSTORE_JOB_COMPLETED_US = 2041,     /**< When it reached a final state. */
    VIDSTORE_JOB_LEASE_UNTIL_US = 2042,   /**< When the lease ends unless renewed. */
    VIDSTORE_JOB_WORKER = 2043,           /**< Who holds or held the lease. */
    VIDSTORE_JOB_CANCEL_REQUESTED = 2044, /**< Boolean. */
    VIDSTORE_JOB_CHILDREN = 2045,         /**< Child jobs. */
    VIDSTORE_JOB_CHILDREN_DONE = 2046,    /**< Child jobs that completed. */
    VIDSTORE_JOB_CHILDREN_FAILED = 2047,  /**< Child jobs that failed, died or were cancelled. */
    VIDSTORE_JOB_OUTPUT_FILE_ID = 2048,   /**< UUID of the main file that came out of it: one of the job's owner. */
    VIDSTORE_JOB_OUTPUT_SIZE = 2049,      /**< Bytes. */
    VIDSTORE_JOB_BACKOFF_MS = 2050        /**< Base of the delay before a retry, doubled each time; default 1000. */
};

/**
 * A field of the record as text: text, JSON, ids, hashes, and the names of enumerations.
 * @param job  the record; NULL gives NULL.
 * @param field  a VIDSTORE_JOB_… constant.
 * @return borrowed from the record; NULL when the field is NULL, is a number, or is not one of this noun.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_job_text(const vidstore_job *job, int32_t field);

/**
 * A field of the record as a number: counts, sizes, times, booleans, and the values of enumerations.
 * @param job  the record; NULL gives INT64_MIN.
 * @param field  a VIDSTORE_JOB_… constant.
 * @return the value; INT64_MIN when the field is NULL, is text, or is not one of this noun.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_job_int64(const vidstore_job *job, int32_t field);

/**
 * Whether a field has no value.
 * @param job  the record.
 * @param field  a VIDSTORE_JOB_… constant.
 * @return 1 when it is NULL, is hidden from the session that read it, or is not one of this noun; else 0.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int32_t vidstore_job_is_null(const vidstore_job *job, int32_t field);

/**
 * The whole record as a JSON object: enumerations as names, NULL as null.
 * @param job  the record.
 * @param ret_json  receives the text, which the caller frees.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, NOMEM.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_job_json(const vidstore_job *job, vidstore_text **ret_json,
                                               vidstore_error **reterr);

/**
 * Keep a record that was borrowed from a page, or share one.
 * @param job  the record, or NULL.
 * @return a handle of your own on the same snapshot, to be freed with vidstore_job_free(); NULL for NULL.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API vidstore_job *vidstore_job_ref(const vidstore_job *job);

/**
 * Free a record.
 * @param job  the record, or NULL.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API void vidstore_job_free(vidstore_job *job);

/**
 * One job of a page.
 * @param page  the page.
 * @param index  from 0 to vidstore_page_count() - 1.
 * @return borrowed from the page; NULL when there is none at the index, or the page is of another noun.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const vidstore_job *vidstore_page_job(const vidstore_page *page, int64_t index);

/**
 * The UUID.
 * @param job  the record; NULL is fine.
 * @return the value. Borrowed from the record; NULL when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_job_id(const vidstore_job *job);

/**
 * The owner.
 * @param job  the record; NULL is fine.
 * @return the value. Borrowed from the record; NULL when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_job_user_id(const vidstore_job *job);

/**
 * The kind.
 * @param job  the record; NULL is fine.
 * @return the value. Borrowed from the record; NULL when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_job_kind(const vidstore_job *job);

/**
 * VIDSTORE_JOB_….
 * @param job  the record; NULL is fine.
 * @return the value. -1 when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int32_t vidstore_job_state(const vidstore_job *job);

/**
 * What is being done.
 * @param job  the record; NULL is fine.
 * @return the value. Borrowed from the record; NULL when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_job_stage(const vidstore_job *job);

/**
 * VIDSTORE_PRIORITY_….
 * @param job  the record; NULL is fine.
 * @return the value. -1 when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int32_t vidstore_job_priority(const vidstore_job *job);

/**
 * When it was submitted.
 * @param job  the record; NULL is fine.
 * @return the value. INT64_MIN when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_job_created_us(const vidstore_job *job);

/**
 * The version, for vidstore_job_params_expect_version().
 * @param job  the record; NULL is fine.
 * @return the value. INT64_MIN when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_job_version(const vidstore_job *job);

/**
 * The single status word of old: pending, initializing, downloading, processing, merging, compressing, uploading,
 * analyzing, completed, failed or cancelled, derived from state and stage.
 * @param job  the record; NULL is fine.
 * @return the value. Borrowed from the record; NULL when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_job_status(const vidstore_job *job);

/**
 * Values for a job, none of them set.
 * @return a new object, to be freed with vidstore_job_params_free(). Never NULL: when memory is out, the call that
 *   takes it says so.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API vidstore_job_params *vidstore_job_params_new(void);

/**
 * Free it.
 * @param params  the object, or NULL.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_job_params_free(vidstore_job_params *params);

/**
 * Set a text, JSON, id, hash, or (by its name) an enumeration. A bad value is kept as an error, and reported with its
 * field by the call that takes the params; only the first one counts.
 * @param params  the object.
 * @param field  a VIDSTORE_JOB_… constant.
 * @param value  UTF-8, copied; NULL is the same as clearing.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_job_params_set_text(vidstore_job_params *params, int32_t field, const char *value);

/**
 * Set a number, time, boolean or enumeration. A bad value is kept as an error, as with
 * vidstore_job_params_set_text().
 * @param params  the object.
 * @param field  a VIDSTORE_JOB_… constant.
 * @param value  in the unit of the field; INT64_MIN is the same as clearing.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_job_params_set_int64(vidstore_job_params *params, int32_t field, int64_t value);

/**
 * Write NULL into a field, which is not the same as leaving it alone.
 * @param params  the object.
 * @param field  a VIDSTORE_JOB_… constant.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_job_params_clear(vidstore_job_params *params, int32_t field);

/**
 * Set many fields from a JSON object: enumerations by name, null clears, what is absent is left alone, unknown keys
 * are an error (kept, as with vidstore_job_params_set_text()).
 * @param params  the object.
 * @param json  at most 1 MiB; copied.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_job_params_set_json(vidstore_job_params *params, const char *json);

/**
 * Demand that the record still has this version when it is updated; else the update says CONFLICT.
 * @param params  the object.
 * @param version  VIDSTORE_JOB_VERSION of the record that was read.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_job_params_expect_version(vidstore_job_params *params, int64_t version);

/**
 * Submit a job: durable when it returns. More than one source makes it a season: a child job a source, and for the
 * kinds that merge and compress a child for each of these, which wait for the others. Each source makes a video
 * record.
 * @param session  who acts.
 * @param params  the values; not changed.
 * @param ret_job  receives the new record.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, EXISTS, CONFLICT (the id exists with other content), QUOTA, MISUSE,
 * STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY,
 * UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_job_submit(vidstore_session *session, const vidstore_job_params *params,
                                                 vidstore_job **ret_job, vidstore_error **reterr);

/**
 * Read a job.
 * @param session  who acts.
 * @param id  its UUID.
 * @param ret_job  receives the record.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_job_get(vidstore_session *session, const char *id, vidstore_job **ret_job,
                                              vidstore_error **reterr);

/**
 * Read a job by the host's own id for it.
 * @param session  who acts.
 * @param user_id  the owner's UUID; NULL: the session's own user.
 * @param external_id  the VIDSTORE_JOB_EXTERNAL_ID that it was created with.
 * @param ret_job  receives the record.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_job_get_external(vidstore_session *session, const char *user_id,
                                                       const char *external_id, vidstore_job **ret_job,
                                                       vidstore_error **reterr);

/**
 * Whether a job exists that this session may see.
 * @param session  who acts.
 * @param id  its UUID.
 * @param ret_exists  receives 1 or 0.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED,
 * NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_job_exists(vidstore_session *session, const char *id, int32_t *ret_exists,
                                                 vidstore_error **reterr);

/**
 * Change the fields that are set in params, and no others.
 * @param session  who acts.
 * @param id  its UUID.
 * @param params  the values; not changed.
 * @param ret_job  receives the record as it is now.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, EXISTS, CONFLICT (another version), MISUSE, STATE, FORBIDDEN, BUSY,
 * TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_job_update(vidstore_session *session, const char *id,
                                                 const vidstore_job_params *params, vidstore_job **ret_job,
                                                 vidstore_error **reterr);

/**
 * Remove a job, so that it is no longer listed; vidstore_job_restore() brings it back, vidstore_job_purge() ends it.
 * @param session  who acts.
 * @param id  its UUID.
 * @param mode  VIDSTORE_REMOVE_RESTRICT, _CASCADE or _DETACH: what happens to that which hangs on it.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST,
 * TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_job_remove(vidstore_session *session, const char *id, int32_t mode,
                                                 vidstore_error **reterr);

/**
 * Bring back a removed job, with exactly that which its removal took along.
 * @param session  who acts.
 * @param id  its UUID.
 * @param ret_job  receives the record.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, EXISTS (its place is taken by now), MISUSE, STATE, FORBIDDEN, BUSY,
 * TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_job_restore(vidstore_session *session, const char *id, vidstore_job **ret_job,
                                                  vidstore_error **reterr);

/**
 * End a removed job for good. The bytes of files go through the purge queue, which vidstore_maintain() works off.
 * @param session  who acts.
 * @param id  its UUID.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, STATE (it is not removed), MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT,
 * CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_job_purge(vidstore_session *session, const char *id, vidstore_error **reterr);

/**
 * List the jobs that this session may see.
 * @param session  who acts.
 * @param query  filter, sort, limit and cursor; NULL: the newest 100.
 * @param ret_page  receives the page; read it with vidstore_page_job().
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, UNSUPPORTED (no index serves the query), MISUSE, FORBIDDEN, BUSY, TIMEOUT,
 * CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_job_list(vidstore_session *session, const vidstore_query *query,
                                               vidstore_page **ret_page, vidstore_error **reterr);

/**
 * Count the jobs that a query finds; at most 10,000 unless the query asks for an exact count.
 * @param session  who acts.
 * @param query  its filter counts, its limit and cursor do not; NULL: all.
 * @param ret_count  receives the number.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, UNSUPPORTED, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_job_count(vidstore_session *session, const vidstore_query *query,
                                                int64_t *ret_count, vidstore_error **reterr);

/**
 * Create many jobs in one commit.
 * @param session  who acts.
 * @param params  the values of each; with 10,000 sources altogether at most.
 * @param count  how many, 0 to 10,000.
 * @param flags  VIDSTORE_BULK_ATOMIC or VIDSTORE_BULK_EACH.
 * @param ret_page  receives the records, in order; with VIDSTORE_BULK_EACH the failed ones are NULL there and
 *   vidstore_page_status() says why.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: as vidstore_job_submit(); the field says which item, as in "items[3].…".
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_job_bulk_create(vidstore_session *session,
                                                      const vidstore_job_params *const *params, int64_t count,
                                                      uint32_t flags, vidstore_page **ret_page,
                                                      vidstore_error **reterr);

/**
 * Update many jobs in one commit.
 * @param session  who acts.
 * @param ids  the UUID of each.
 * @param params  the values of each.
 * @param count  how many, 0 to 10,000.
 * @param flags  VIDSTORE_BULK_ATOMIC or VIDSTORE_BULK_EACH.
 * @param ret_page  receives the records, as vidstore_job_bulk_create() does.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: as vidstore_job_update().
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_job_bulk_update(vidstore_session *session, const char *const *ids,
                                                      const vidstore_job_params *const *params, int64_t count,
                                                      uint32_t flags, vidstore_page **ret_page,
                                                      vidstore_error **reterr);

/**
 * Cancel a job and its children. One that runs is told so through its lease, and ends when its worker stops or its
 * lease runs out.
 * @param session  who acts.
 * @param id  the job's UUID.
 * @param ret_job  receives the record.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST,
 * TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_job_cancel(vidstore_session *session, const char *id, vidstore_job **ret_job,
                                                 vidstore_error **reterr);

/**
 * Make a failed, dead or cancelled job ready again, with its attempts counted anew; its children that did not
 * complete too.
 * @param session  who acts.
 * @param id  the job's UUID.
 * @param ret_job  receives the record.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST,
 * TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_job_retry(vidstore_session *session, const char *id, vidstore_job **ret_job,
                                                vidstore_error **reterr);

/**
 * The attempts at a job, oldest first: worker, begin, end, outcome, error, stage reached.
 * @param session  who acts.
 * @param id  the job's UUID.
 * @param ret_json  receives a JSON array, which the caller frees.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_job_history(vidstore_session *session, const char *id, vidstore_text **ret_json,
                                                  vidstore_error **reterr);

/**
 * Wait until a job is in a final state.
 * @param session  who acts.
 * @param id  the job's UUID.
 * @param wait_ms  at most so long; 0: only look.
 * @param ret_job  receives the record, final or not.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, STATE (inside a transaction), MISUSE, FORBIDDEN, BUSY, TIMEOUT,
 * CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database, waits. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_job_wait(vidstore_session *session, const char *id, int64_t wait_ms,
                                               vidstore_job **ret_job, vidstore_error **reterr);

/**
 * Claim the next ready job: highest priority first, then oldest. The library renews the lease until the handle is
 * freed, as long as progress is reported or the setting job.stall_ms has not passed. A lease that could not be renewed
 * in time holds until a claim, a cancel or upkeep takes the job back. Refuses to run inside a transaction.
 * @param session  who acts.
 * @param kinds  a kind, or several separated by commas; NULL: any.
 * @param wait_ms  how long to wait for one; 0: only look.
 * @param ret_lease  not NULL; receives the lease, or NULL, with VIDSTORE_OK, when there was no job.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, STATE, MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST,
 * TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database, waits. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_job_claim(vidstore_session *session, const char *kinds, int64_t wait_ms,
                                                vidstore_lease **ret_lease, vidstore_error **reterr);

/**
 * Take up a lease whose token came from another process.
 * @param session  who acts.
 * @param token  from vidstore_lease_token().
 * @param ret_lease  receives the lease; NULL: only look whether it still holds.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_lease_attach(vidstore_session *session, const char *token,
                                                   vidstore_lease **ret_lease, vidstore_error **reterr);

/**
 * The secret that proves the lease, to hand to a process that goes on with the work.
 * @param lease  the lease.
 * @return borrowed from the lease.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_lease_token(const vidstore_lease *lease);

/**
 * The job as it was when claimed.
 * @param lease  the lease.
 * @return borrowed from the lease.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const vidstore_job *vidstore_lease_job(const vidstore_lease *lease);

/**
 * The session that acts for the job's owner. Every write through it checks that the lease still holds.
 * @param lease  the lease.
 * @return borrowed from the lease; never free it. NULL for NULL.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API vidstore_session *vidstore_lease_session(vidstore_lease *lease);

/**
 * What the holder should know: VIDSTORE_SIGNAL_… bits. Costs no database access.
 * @param lease  the lease.
 * @return VIDSTORE_SIGNAL_… bits.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API uint32_t vidstore_lease_signals(const vidstore_lease *lease);

/**
 * Report progress. Kept in memory, and written at once when the stage changes, else with whatever this process commits
 * next (at most every 20 ms), and with the next renewal at the latest.
 * @param lease  the lease.
 * @param stage  such as downloading; NULL: as before.
 * @param done  so far, in any unit.
 * @param total  of that unit; INT64_MIN: not known.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, STATE, INVALID, LEASE_LOST, CANCELLED (the job was cancelled), BUSY, NOMEM, IO, FULL, FORKED.
 * Threads: any. Blocks: database when the stage changes. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_lease_progress(vidstore_lease *lease, const char *stage, int64_t done,
                                                     int64_t total, vidstore_error **reterr);

/**
 * Keep what the next attempt needs in order to go on from here. Durable when it returns.
 * @param lease  the lease.
 * @param data  any bytes; copied.
 * @param size  0 to 1 MiB.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, STATE, INVALID, LEASE_LOST, BUSY, NOMEM, IO, FULL, FORKED.
 * Threads: one at a time a lease. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_lease_checkpoint(vidstore_lease *lease, const void *data, int64_t size,
                                                       vidstore_error **reterr);

/**
 * What the last attempt kept with vidstore_lease_checkpoint().
 * @param lease  the lease.
 * @param ret_data  receives the bytes; NULL when there are none.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, LEASE_LOST, BUSY, NOMEM, IO, FORKED.
 * Threads: one at a time a lease. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_lease_checkpoint_get(vidstore_lease *lease, vidstore_text **ret_data,
                                                           vidstore_error **reterr);

/**
 * The work is done. Takes part in a transaction of the lease's session, so that outputs and the end of the job are
 * one commit.
 * @param lease  the lease; afterwards it only waits to be freed.
 * @param result_json  a JSON object for VIDSTORE_JOB_RESULT; NULL: none.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, STATE, INVALID, LEASE_LOST, BUSY, TIMEOUT, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, UNKNOWN_OUTCOME,
 * FORKED.
 * Threads: one at a time a lease. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_lease_finish(vidstore_lease *lease, const char *result_json,
                                                   vidstore_error **reterr);

/**
 * The work failed. The job is tried again after a delay while attempts are left.
 * @param lease  the lease; afterwards it only waits to be freed.
 * @param message  what went wrong; at most 4096 bytes.
 * @param retry  0: never try again.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: as vidstore_lease_finish().
 * Threads: one at a time a lease. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_lease_fail(vidstore_lease *lease, const char *message, int32_t retry,
                                                 vidstore_error **reterr);

/**
 * Give the job back without counting the attempt; after a cancel signal this is what ends the job.
 * @param lease  the lease; afterwards it only waits to be freed.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: as vidstore_lease_finish().
 * Threads: one at a time a lease. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_lease_release(vidstore_lease *lease, vidstore_error **reterr);

/**
 * Free a lease. One that was not finished, failed or released counts as a crash: the job is taken over when the lease
 * runs out.
 * @param lease  the lease, or NULL.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_lease_free(vidstore_lease *lease);

#ifdef __cplusplus
}
#endif
#endif
