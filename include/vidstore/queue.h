/* SPDX-License-Identifier: MIT */
/**
 * @file queue.h
 * Calls by name, several calls in one commit, and calls in the background.
 *
 * By name: every call on data is reached as text, vidstore_job_submit() as "job.submit", with its arguments in a JSON
 * object by the names of its parameters: params and queries as objects, enumerations as words, flags as lists of words.
 * Records come back as their JSON, pages as {"items": […], "cursor": …}. The man page vidstore-call(7) lists all calls.
 * A descriptor is a number there, and any number may be one of the host's: as with paths, only the system, admins and
 * workers may name one. The typed functions take a descriptor for everybody: there it is the host that names it.
 *
 * In the background: a start copies who acts and what goes in, never a transaction, and returns at once. The result
 * waits in a queue, the descriptor of which is readable exactly while there is one: for poll, epoll, libuv, asyncio. No
 * thread of the library ever calls the host. Deadlines count from the start: what still waits for a thread then has its
 * result, TIMEOUT, at once. Calls that take as long as their bytes do have a deadline only when one was set on the
 * session.
 * Thread class: a queue may be used from any thread; a result by one thread at a time.
 */
#ifndef VIDSTORE_QUEUE_H
#define VIDSTORE_QUEUE_H

#include <vidstore/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Make a call by its name. The argument "lease" of any call is the token of a lease: the call acts in that lease's
 * session. A lease that is claimed by name is kept, and renewed, by the store until it ends or the store is closed.
 * @param session  who acts. Inside its transaction the call is part of it.
 * @param name  such as "job.submit".
 * @param args_json  a JSON object, at most 16 MiB; NULL: no arguments.
 * @param ret_json  receives the result, which the caller frees: null, a value, an object of several.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: NOT_FOUND (no such call), INVALID (an argument is unknown, missing or mistyped; its name is the field),
 * MISUSE, FORBIDDEN (a descriptor was named by who may not), NOMEM (nothing was changed), UNKNOWN_OUTCOME (also when
 * a change was made and its answer found no memory), FORKED, and those of the call itself.
 * Threads: one at a time a session. Blocks: as the call. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_call(vidstore_session *session, const char *name, const char *args_json,
                                           vidstore_text **ret_json, vidstore_error **reterr);

/**
 * Make many short calls in one commit. Begins a transaction, or a savepoint inside the session's own. Calls that may
 * take long (files, probing, waiting) are refused.
 * @param session  who acts.
 * @param items_json  a JSON array of at most 10,000 objects {"name": "job.submit", "args": {…}}, at most 16 MiB.
 * @param flags  VIDSTORE_BULK_ATOMIC or VIDSTORE_BULK_EACH.
 * @param ret_json  receives a JSON array, an object an item, which the caller frees: {"status": "OK", "result": …} or,
 *   with VIDSTORE_BULK_EACH, {"status": "INVALID", "error": {…}} for one that failed and changed nothing.
 * @param reterr  receives the error, or NULL; may be NULL. Its field begins with items[N] when item N is at fault.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, EXISTS, CONFLICT, QUOTA, MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT,
 * CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, UNSUPPORTED,
 * FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_batch(vidstore_session *session, const char *items_json, uint32_t flags,
                                            vidstore_text **ret_json, vidstore_error **reterr);

/**
 * A queue for results. It keeps the store open until it is freed and what it runs has ended.
 * @param store  the root handle.
 * @param limit  most operations at a time, from their start until their result is fetched: 1 to 65,536; 0: 1024. Past
 *   it, or with 64 MiB of arguments and results in the queue, a start says BUSY.
 * @param ret_queue  receives the queue.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, INVALID, UNAVAILABLE (no descriptors are left), NOMEM, IO, FORKED.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_queue_new(vidstore *store, int64_t limit, vidstore_queue **ret_queue,
                                                vidstore_error **reterr);

/**
 * The descriptor to wait on. It never changes, and is readable exactly while results wait. Do not read it.
 * @param queue  the queue.
 * @return borrowed from the queue: do not close it. -1 for NULL.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int32_t vidstore_queue_fd(const vidstore_queue *queue);

/**
 * Take the next result, in the order in which the operations ended. Never blocks.
 * @param queue  the queue.
 * @param ret_result  receives the result, or NULL when none waits.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, FORKED.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_queue_next(vidstore_queue *queue, vidstore_result **ret_result,
                                                 vidstore_error **reterr);

/**
 * Wait for a result and take it.
 * @param queue  the queue.
 * @param wait_ms  at most so long, 0 to 86,400,000.
 * @param ret_result  receives the result, or NULL when none came in time.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, INVALID, IO, FORKED.
 * Threads: any. Blocks: waits. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_queue_wait(vidstore_queue *queue, int64_t wait_ms, vidstore_result **ret_result,
                                                 vidstore_error **reterr);

/**
 * Cancel an operation. One that has not begun never runs; one that reads or waits is interrupted; one that writes is
 * finished. Its result comes all the same: CANCELLED, or what it was.
 * @param queue  the queue that it was started with.
 * @param op  the number that its start gave.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, NOT_FOUND (it has ended, or never was), FORKED.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_queue_cancel(vidstore_queue *queue, int64_t op, vidstore_error **reterr);

/**
 * How many operations are in the queue: not begun, running, or with a result that waits.
 * @param queue  the queue; NULL gives 0.
 * @return 0 or more.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_queue_count(const vidstore_queue *queue);

/**
 * Free a queue, and cancel what is in it; results that wait are dropped. What runs is interrupted, or
 * finished when it writes, and waited for, 5 seconds at the most. Sessions and the store may be freed before or after.
 * @param queue  the queue, or NULL.
 * Threads: any, but nobody may use the queue any more. Blocks: waits. Since 0.1.
 */
VIDSTORE_API void vidstore_queue_free(vidstore_queue *queue);

/**
 * Which operation the result is of.
 * @param result  the result; NULL gives 0.
 * @return the number that the start gave.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_result_op(const vidstore_result *result);

/**
 * The tag that was given to the start.
 * @param result  the result; NULL gives 0.
 * @return the tag.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_result_tag(const vidstore_result *result);

/**
 * How the operation ended.
 * @param result  the result; NULL gives VIDSTORE_MISUSE.
 * @return what the call returned.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_result_status(const vidstore_result *result);

/**
 * Why it failed.
 * @param result  the result.
 * @return borrowed from the result; NULL when it did not fail.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API const vidstore_error *vidstore_result_error(const vidstore_result *result);

/**
 * What the call gave, as JSON, as from vidstore_call(). A lease is kept by the store from here on, under its token.
 * @param result  the result.
 * @param ret_json  receives the text, which the caller frees.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, STATE (it was taken, or the operation failed), BUSY (too many leases), UNSUPPORTED (a session),
 * NOMEM, INVALID (larger than 64 MiB), FORKED.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_result_json(vidstore_result *result, vidstore_text **ret_json,
                                                  vidstore_error **reterr);

/**
 * Take the object that the call gave.
 * @param result  the result.
 * @param type  its type, such as "vidstore_job", "vidstore_page" or "vidstore_lease"; "vidstore_error" for why it
 * failed.
 * @return an object of the caller's, to be freed with the _free of its type; NULL when the call gave none of that type,
 *   or it was taken already.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void *vidstore_result_take(vidstore_result *result, const char *type);

/**
 * Free a result with what was not taken. A job that nobody took goes back to be claimed again.
 * @param result  the result, or NULL.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_result_free(vidstore_result *result);

/**
 * Make a call by its name in the background.
 * @param session  who acts; copied. The call is not part of its transaction.
 * @param queue  receives the result.
 * @param tag  any number of yours, given back with the result.
 * @param name  such as "job.submit". Calls on the session itself ("begin", "commit" …) are refused.
 * @param args_json  as of vidstore_call(); NULL: none. Descriptors in it are duplicated.
 * @param ret_op  receives the number of the operation, for vidstore_queue_cancel().
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: NOT_FOUND (no such call), UNAUTHENTICATED, MISUSE, INVALID, FORBIDDEN (a descriptor was named by who may
 * not), STATE (the queue is of another store), UNSUPPORTED (not in the background), BUSY (the queue is full, see
 * vidstore_error_retry_after_ms()), UNAVAILABLE (no thread can be started), NOMEM, FORKED.
 * Threads: one at a time a session. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_call_start(vidstore_session *session, vidstore_queue *queue, int64_t tag,
                                                 const char *name, const char *args_json, int64_t *ret_op,
                                                 vidstore_error **reterr);

/**
 * vidstore_session_login() in the background. The result is taken as a "vidstore_session".
 * @param queue  receives the result.
 * @param tag  any number of yours, given back with the result.
 * @param name  the username or the e-mail address.
 * @param password  UTF-8, at most 1024 bytes.
 * @param origin  where the request comes from; copied; NULL: not known.
 * @param ret_op  receives the number of the operation, for vidstore_queue_cancel().
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, INVALID, STATE (the queue is of another store), BUSY (the queue is full, see
 * vidstore_error_retry_after_ms()), UNAVAILABLE (no thread can be started), NOMEM, FORKED.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_session_login_start(vidstore_queue *queue, int64_t tag, const char *name,
                                                          const char *password, const vidstore_origin *origin,
                                                          int64_t *ret_op, vidstore_error **reterr);

/**
 * vidstore_user_verify_password() in the background. Gives a "vidstore_user".
 * @param session  who acts; copied.
 * @param queue  receives the result.
 * @param tag  any number of yours, given back with the result.
 * @param name  the username or the e-mail address.
 * @param password  UTF-8, at most 1024 bytes.
 * @param ret_op  receives the number of the operation, for vidstore_queue_cancel().
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, INVALID, STATE (the queue is of another store), BUSY (the queue is full, see
 * vidstore_error_retry_after_ms()), UNAVAILABLE (no thread can be started), NOMEM, FORKED.
 * Threads: one at a time a session. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_user_verify_password_start(vidstore_session *session, vidstore_queue *queue,
                                                                 int64_t tag, const char *name, const char *password,
                                                                 int64_t *ret_op, vidstore_error **reterr);

/**
 * vidstore_file_put_path() in the background. Gives a "vidstore_file".
 * @param session  who acts; copied.
 * @param queue  receives the result.
 * @param tag  any number of yours, given back with the result.
 * @param path  a regular file that is not part of a store.
 * @param params  as there; copied; NULL: all defaults.
 * @param ret_op  receives the number of the operation, for vidstore_queue_cancel().
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, INVALID, STATE (the queue is of another store), BUSY (the queue is full, see
 * vidstore_error_retry_after_ms()), UNAVAILABLE (no thread can be started), NOMEM, FORKED.
 * Threads: one at a time a session. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_file_put_path_start(vidstore_session *session, vidstore_queue *queue, int64_t tag,
                                                          const char *path, const vidstore_file_params *params,
                                                          int64_t *ret_op, vidstore_error **reterr);

/**
 * vidstore_file_put_fd() in the background. Gives a "vidstore_file".
 * @param session  who acts; copied.
 * @param queue  receives the result.
 * @param tag  any number of yours, given back with the result.
 * @param fd  open for reading; duplicated, so that it may be closed at once.
 * @param size  how many bytes there must be; INT64_MIN: the size of a regular file.
 * @param params  at least VIDSTORE_FILE_NAME; copied.
 * @param ret_op  receives the number of the operation, for vidstore_queue_cancel().
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, INVALID, STATE (the queue is of another store), BUSY (the queue is full, see
 * vidstore_error_retry_after_ms()), UNAVAILABLE (no thread can be started), NOMEM, FORKED.
 * Threads: one at a time a session. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_file_put_fd_start(vidstore_session *session, vidstore_queue *queue, int64_t tag,
                                                        int32_t fd, int64_t size, const vidstore_file_params *params,
                                                        int64_t *ret_op, vidstore_error **reterr);

/**
 * vidstore_file_save() in the background.
 * @param session  who acts; copied.
 * @param queue  receives the result.
 * @param tag  any number of yours, given back with the result.
 * @param id  the file's UUID.
 * @param path  must not exist, nor lie in the store's directory.
 * @param ret_op  receives the number of the operation, for vidstore_queue_cancel().
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, INVALID, STATE (the queue is of another store), BUSY (the queue is full, see
 * vidstore_error_retry_after_ms()), UNAVAILABLE (no thread can be started), NOMEM, FORKED.
 * Threads: one at a time a session. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_file_save_start(vidstore_session *session, vidstore_queue *queue, int64_t tag,
                                                      const char *id, const char *path, int64_t *ret_op,
                                                      vidstore_error **reterr);

/**
 * vidstore_file_verify() in the background. Gives a "vidstore_file".
 * @param session  who acts; copied.
 * @param queue  receives the result.
 * @param tag  any number of yours, given back with the result.
 * @param id  the file's UUID.
 * @param ret_op  receives the number of the operation, for vidstore_queue_cancel().
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, INVALID, STATE (the queue is of another store), BUSY (the queue is full, see
 * vidstore_error_retry_after_ms()), UNAVAILABLE (no thread can be started), NOMEM, FORKED.
 * Threads: one at a time a session. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_file_verify_start(vidstore_session *session, vidstore_queue *queue, int64_t tag,
                                                        const char *id, int64_t *ret_op, vidstore_error **reterr);

/**
 * vidstore_video_probe() in the background. Gives a "vidstore_video".
 * @param session  who acts; copied.
 * @param queue  receives the result.
 * @param tag  any number of yours, given back with the result.
 * @param id  the video's UUID.
 * @param ret_op  receives the number of the operation, for vidstore_queue_cancel().
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, INVALID, STATE (the queue is of another store), BUSY (the queue is full, see
 * vidstore_error_retry_after_ms()), UNAVAILABLE (no thread can be started), NOMEM, FORKED.
 * Threads: one at a time a session. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_video_probe_start(vidstore_session *session, vidstore_queue *queue, int64_t tag,
                                                        const char *id, int64_t *ret_op, vidstore_error **reterr);

/**
 * vidstore_video_probe_many() in the background. Gives a "vidstore_page".
 * @param session  who acts; copied.
 * @param queue  receives the result.
 * @param tag  any number of yours, given back with the result.
 * @param ids  the UUID of each; copied.
 * @param count  how many, 0 to 10,000.
 * @param flags  VIDSTORE_PROBE_…, or 0.
 * @param ret_op  receives the number of the operation, for vidstore_queue_cancel().
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, INVALID, STATE (the queue is of another store), BUSY (the queue is full, see
 * vidstore_error_retry_after_ms()), UNAVAILABLE (no thread can be started), NOMEM, FORKED.
 * Threads: one at a time a session. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_video_probe_many_start(vidstore_session *session, vidstore_queue *queue,
                                                             int64_t tag, const char *const *ids, int64_t count,
                                                             uint32_t flags, int64_t *ret_op, vidstore_error **reterr);

/**
 * vidstore_video_fetch() in the background. Gives a "vidstore_file".
 * @param session  who acts; copied.
 * @param queue  receives the result.
 * @param tag  any number of yours, given back with the result.
 * @param id  the video's UUID.
 * @param ret_op  receives the number of the operation, for vidstore_queue_cancel().
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, INVALID, STATE (the queue is of another store), BUSY (the queue is full, see
 * vidstore_error_retry_after_ms()), UNAVAILABLE (no thread can be started), NOMEM, FORKED.
 * Threads: one at a time a session. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_video_fetch_start(vidstore_session *session, vidstore_queue *queue, int64_t tag,
                                                        const char *id, int64_t *ret_op, vidstore_error **reterr);

/**
 * vidstore_backup() in the background. Gives a "vidstore_text".
 * @param session  who acts; copied.
 * @param queue  receives the result.
 * @param tag  any number of yours, given back with the result.
 * @param directory  must not exist, or be empty.
 * @param flags  VIDSTORE_BACKUP_… bits.
 * @param ret_op  receives the number of the operation, for vidstore_queue_cancel().
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, INVALID, STATE (the queue is of another store), BUSY (the queue is full, see
 * vidstore_error_retry_after_ms()), UNAVAILABLE (no thread can be started), NOMEM, FORKED.
 * Threads: one at a time a session. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_backup_start(vidstore_session *session, vidstore_queue *queue, int64_t tag,
                                                   const char *directory, uint32_t flags, int64_t *ret_op,
                                                   vidstore_error **reterr);

/**
 * vidstore_job_claim() in the background. Gives a "vidstore_lease", or none when there was no job in time.
 * @param session  who acts; copied.
 * @param queue  receives the result.
 * @param tag  any number of yours, given back with the result.
 * @param kinds  as there; NULL: any.
 * @param wait_ms  how long to wait for one; 0: only look.
 * @param ret_op  receives the number of the operation, for vidstore_queue_cancel().
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, INVALID, STATE (the queue is of another store), BUSY (the queue is full, see
 * vidstore_error_retry_after_ms()), UNAVAILABLE (no thread can be started), NOMEM, FORKED.
 * Threads: one at a time a session. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_job_claim_start(vidstore_session *session, vidstore_queue *queue, int64_t tag,
                                                      const char *kinds, int64_t wait_ms, int64_t *ret_op,
                                                      vidstore_error **reterr);

/**
 * vidstore_job_wait() in the background. Gives a "vidstore_job".
 * @param session  who acts; copied.
 * @param queue  receives the result.
 * @param tag  any number of yours, given back with the result.
 * @param id  the job's UUID.
 * @param wait_ms  at most so long; 0: only look.
 * @param ret_op  receives the number of the operation, for vidstore_queue_cancel().
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, INVALID, STATE (the queue is of another store), BUSY (the queue is full, see
 * vidstore_error_retry_after_ms()), UNAVAILABLE (no thread can be started), NOMEM, FORKED.
 * Threads: one at a time a session. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_job_wait_start(vidstore_session *session, vidstore_queue *queue, int64_t tag,
                                                     const char *id, int64_t wait_ms, int64_t *ret_op,
                                                     vidstore_error **reterr);

#ifdef __cplusplus
}
#endif
#endif
