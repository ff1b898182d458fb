/* SPDX-License-Identifier: MIT */
/**
 * @file quota.h
 * What each user may take of the store: bytes, files, running_jobs (jobs that are at work at a time) and jobs_per_day.
 * A limit is the user's own, or else that of the settings quota.bytes, quota.files, quota.running_jobs and
 * quota.jobs_per_day; 0 is no limit, and the system has none. What is taken is counted in the transaction that takes
 * it: no two calls together ever take more than is left. A call that would fails with QUOTA, its field says of which.
 * Bytes and files count until they are purged; an upload counts from its beginning, with as many bytes as it will have
 * when that is known, else with what was written. What a user has stored twice takes its bytes once. Jobs that would be
 * too many at a time wait.
 * Thread class: sessions are used by one thread at a time.
 */
#ifndef VIDSTORE_QUOTA_H
#define VIDSTORE_QUOTA_H

#include <vidstore/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * What a user may take, and has taken.
 * @param session  who acts: the user, or an admin.
 * @param user_id  UUID of the user; NULL: who asks.
 * @param ret_json  receives a JSON object: "user_id", and for each of "bytes", "files", "running_jobs" and
 *   "jobs_per_day" an object: "used", "limit" and "left" (null: no limit), "own" (the limit is the user's own and not
 *   the settings'). The caller frees it.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_quota_get(vidstore_session *session, const char *user_id,
                                                vidstore_text **ret_json, vidstore_error **reterr);

/**
 * Set one limit of a user. What the user has already stays, even if it is more. Admins and the system only.
 * @param session  who acts; a login must have given its password within ten minutes.
 * @param user_id  UUID of the user.
 * @param name  bytes, files, running_jobs or jobs_per_day.
 * @param value  the limit; 0: none; INT64_MIN: that of the settings again.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, NOT_FOUND, UNAUTHENTICATED (the password is wanted again), MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT,
 * CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_quota_set(vidstore_session *session, const char *user_id, const char *name,
                                                int64_t value, vidstore_error **reterr);

/**
 * What every user may take, and has taken, a piece at a time. Admins and the system only.
 * @param session  who acts.
 * @param after  UUID of the last user of the piece before; NULL: from the beginning.
 * @param limit  how many users at the most, 1 to 1000.
 * @param ret_json  receives a JSON array, in the order of the users' ids: of each an object as of vidstore_quota_get(),
 *   with "username". Fewer than limit: these were the last. The caller frees it.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED,
 * NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_quota_list(vidstore_session *session, const char *after, int64_t limit,
                                                 vidstore_text **ret_json, vidstore_error **reterr);

/**
 * What a user took, day by day (UTC): jobs that were submitted, with the parts of seasons; files that were stored, and
 * their bytes, whether or not they are there still. Days without any are left out.
 * @param session  who acts: the user, or an admin.
 * @param user_id  UUID of the user; NULL: who asks.
 * @param days  how many days back, with today: 1 to 3660. What is older than the setting retention.usage_days is gone.
 * @param ret_json  receives a JSON array, the oldest day first: "day" (2026-03-01), "jobs", "files", "bytes". The
 *   caller frees it.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_quota_usage(vidstore_session *session, const char *user_id, int64_t days,
                                                  vidstore_text **ret_json, vidstore_error **reterr);

#ifdef __cplusplus
}
#endif
#endif
