/* SPDX-License-Identifier: MIT */
/**
 * @file app.h
 * A host's own tables, in the same store and in the same commits: what the host keeps and what the library keeps can't
 * fall apart. Their names begin with app_. For reading, and for joins with them, there are views of the library's
 * records: v_users, v_jobs, v_videos, v_files and v_audit, with ids as text and, beside each, the key to join by (id
 * and key, job_id and job_key), times in microseconds, enumerations by name. Nothing else can be reached: no other
 * table, PRAGMA, ATTACH, trigger, view, virtual or temporary table, extension. A value or row is at most 1 MiB, and a
 * statement may want at most 256 MiB of memory and runs until the call's deadline. SQLite counts the memory of the
 * whole process: when others take more than that while a statement runs, a query begins again, three times at the most,
 * and then, or a change at once, fails with BUSY, having changed nothing.
 * The system, admins and the session of a lease only: who may do this sees all there is in the views.
 * Thread class: sessions are used by one thread at a time.
 */
#ifndef VIDSTORE_APP_H
#define VIDSTORE_APP_H

#include <vidstore/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Make or alter a host's tables, once: what was applied under this name is not applied again. All statements and the
 * record of them are one commit, or a part of the transaction that is open. Refuses references to the library's tables:
 * keep the id alone.
 * @param session  who acts.
 * @param name  of this step, such as 0001_notes; 1 to 100 bytes.
 * @param sql  CREATE, ALTER and DROP TABLE and INDEX, INSERT, UPDATE and DELETE on tables app_*; any number of
 *   statements with semicolons, at most 1 MiB.
 * @param ret_applied  receives 1, or 0 when it was there already.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, UNAUTHENTICATED, INVALID, EXISTS, FORBIDDEN, SCHEMA (another text was applied under this name),
 * BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME,
 * FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_app_migrate(vidstore_session *session, const char *name, const char *sql,
                                                  int32_t *ret_applied, vidstore_error **reterr);

/**
 * Change rows of a host's tables by one statement, in a transaction of its own or in the one that is open.
 * @param session  who acts.
 * @param sql  INSERT, UPDATE or DELETE on tables app_*, at most 1 MiB, with parameters ?, ?1, :name, @name or $name.
 * @param params  a JSON array, a value a parameter, in the order of their numbers: null, a boolean (0 or 1), a number,
 * a text, {"blob": hex digits} or {"uuid": an id}, the form of the views' keys; NULL: none.
 * @param ret_changes  receives how many rows were changed.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, UNAUTHENTICATED, INVALID, EXISTS, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_app_exec(vidstore_session *session, const char *sql, const char *params,
                                               int64_t *ret_changes, vidstore_error **reterr);

/**
 * Read from a host's tables and the views by one statement. Inside a transaction it sees what was written there.
 * @param session  who acts.
 * @param sql  a SELECT, at most 1 MiB.
 * @param params  as of vidstore_app_exec(); NULL: none.
 * @param max_rows  how many rows at the most, 1 to 10,000.
 * @param ret_json  receives a JSON object: "columns", their names; "rows", each a list of values, bytes as {"blob": hex
 *   digits}; "truncated", whether there would have been more: rows beyond max_rows, or beyond 8 MiB of them. The caller
 *   frees it.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, UNAUTHENTICATED, INVALID, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED,
 * NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_app_query(vidstore_session *session, const char *sql, const char *params,
                                                int64_t max_rows, vidstore_text **ret_json, vidstore_error **reterr);

#ifdef __cplusplus
}
#endif
#endif
