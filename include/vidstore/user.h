/* SPDX-License-Identifier: MIT */
/**
 * @file user.h
 * Users: who owns things and who acts.
 * Thread class: records are immutable and may be read from any thread; params and sessions are used by one thread at
 * a time.
 */
#ifndef VIDSTORE_USER_H
#define VIDSTORE_USER_H

#include <vidstore/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Roles. */
enum {
    VIDSTORE_ROLE_UNKNOWN = -1,
    VIDSTORE_ROLE_VIEWER = 10, /**< Sees its own. */
    VIDSTORE_ROLE_USER = 20,   /**< Sees, creates and changes its own. */
    VIDSTORE_ROLE_ADMIN = 30   /**< Everything. */
};

/** States of a user. */
enum {
    VIDSTORE_USER_STATE_UNKNOWN = -1,
    VIDSTORE_USER_PENDING = 10, /**< Created, not yet activated. */
    VIDSTORE_USER_ACTIVE = 20,
    VIDSTORE_USER_SUSPENDED = 30,
    VIDSTORE_USER_DEACTIVATED = 40,
    VIDSTORE_USER_DELETED = 50 /**< A tombstone. */
};

/** Fields of a user, for access by id. New ones may be added. */
enum {
    VIDSTORE_USER_UNKNOWN = -1,
    VIDSTORE_USER_ID = 1001,      /**< UUID; settable at creation. */
    VIDSTORE_USER_USER_ID = 1002, /**< UUID of the owner: a user owns itself. */
    VIDSTORE_USER_CREATED_US = 1003,
    VIDSTORE_USER_UPDATED_US = 1004,
    VIDSTORE_USER_VERSION = 1005,     /**< Counts up with every change. */
    VIDSTORE_USER_EXTERNAL_ID = 1006, /**< Text: the host's own id, unique among users. */
    VIDSTORE_USER_METADATA = 1007,    /**< JSON object: anything of the host. */
    VIDSTORE_USER_DELETED_US = 1008,  /**< When it was removed; NULL: it is not. */
    VIDSTORE_USER_REMOVAL_ID = 1009,  /**< UUID that all records share which one removal took. */
    VIDSTORE_USER_USERNAME = 1010,    /**< 1 to 50 characters: letters, digits, and . _ - +, no dot at either end;
                                         beyond ASCII small, composed and of one script; unique whatever the case. */
    VIDSTORE_USER_EMAIL = 1011,       /**< At most 254 bytes; unique whatever the case. */
    VIDSTORE_USER_FULL_NAME = 1012,
    VIDSTORE_USER_ROLE = 1013,           /**< VIDSTORE_ROLE_…; default user. */
    VIDSTORE_USER_STATE = 1014,          /**< VIDSTORE_USER_…; default active. */
    VIDSTORE_USER_EMAIL_VERIFIED = 1015, /**< Boolean. */
    VIDSTORE_USER_LAST_LOGIN_US = 1016,
    VIDSTORE_USER_PASSWORD_CHANGED_US = 1017, /**< NULL: no password is set. */
    VIDSTORE_USER_JOB_COUNT = 1018,           /**< Jobs ever submitted, a season as one. */
    VIDSTORE_USER_PROCESSING_MS = 1019,       /**< Time spent on the jobs of this user, all attempts. */
    VIDSTORE_USER_SUSPENDED_UNTIL_US = 1021,  /**< When a suspension ends by itself; NULL: not by itself. */
    VIDSTORE_USER_PASSWORD = 1020             /**< Write only: 12 to 1024 bytes of UTF-8; kept as an argon2id hash. */
};

/**
 * A field of the record as text: text, JSON, ids, hashes, and the names of enumerations.
 * @param user  the record; NULL gives NULL.
 * @param field  a VIDSTORE_USER_… constant.
 * @return borrowed from the record; NULL when the field is NULL, is a number, or is not one of this noun.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_user_text(const vidstore_user *user, int32_t field);

/**
 * A field of the record as a number: counts, sizes, times, booleans, and the values of enumerations.
 * @param user  the record; NULL gives INT64_MIN.
 * @param field  a VIDSTORE_USER_… constant.
 * @return the value; INT64_MIN when the field is NULL, is text, or is not one of this noun.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_user_int64(const vidstore_user *user, int32_t field);

/**
 * Whether a field has no value.
 * @param user  the record.
 * @param field  a VIDSTORE_USER_… constant.
 * @return 1 when it is NULL, is hidden from the session that read it, or is not one of this noun; else 0.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int32_t vidstore_user_is_null(const vidstore_user *user, int32_t field);

/**
 * The whole record as a JSON object: enumerations as names, NULL as null.
 * @param user  the record.
 * @param ret_json  receives the text, which the caller frees.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, NOMEM.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_user_json(const vidstore_user *user, vidstore_text **ret_json,
                                                vidstore_error **reterr);

/**
 * Keep a record that was borrowed from a page, or share one.
 * @param user  the record, or NULL.
 * @return a handle of your own on the same snapshot, to be freed with vidstore_user_free(); NULL for NULL.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API vidstore_user *vidstore_user_ref(const vidstore_user *user);

/**
 * Free a record.
 * @param user  the record, or NULL.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API void vidstore_user_free(vidstore_user *user);

/**
 * One user of a page.
 * @param page  the page.
 * @param index  from 0 to vidstore_page_count() - 1.
 * @return borrowed from the page; NULL when there is none at the index, or the page is of another noun.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const vidstore_user *vidstore_page_user(const vidstore_page *page, int64_t index);

/**
 * The UUID.
 * @param user  the record; NULL is fine.
 * @return the value. Borrowed from the record; NULL when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_user_id(const vidstore_user *user);

/**
 * The name to log in with.
 * @param user  the record; NULL is fine.
 * @return the value. Borrowed from the record; NULL when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_user_username(const vidstore_user *user);

/**
 * The e-mail address.
 * @param user  the record; NULL is fine.
 * @return the value. Borrowed from the record; NULL when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_user_email(const vidstore_user *user);

/**
 * VIDSTORE_ROLE_….
 * @param user  the record; NULL is fine.
 * @return the value. -1 when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int32_t vidstore_user_role(const vidstore_user *user);

/**
 * VIDSTORE_USER_….
 * @param user  the record; NULL is fine.
 * @return the value. -1 when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int32_t vidstore_user_state(const vidstore_user *user);

/**
 * When it was created.
 * @param user  the record; NULL is fine.
 * @return the value. INT64_MIN when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_user_created_us(const vidstore_user *user);

/**
 * The version, for vidstore_user_params_expect_version().
 * @param user  the record; NULL is fine.
 * @return the value. INT64_MIN when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_user_version(const vidstore_user *user);

/**
 * Values for a user, none of them set.
 * @return a new object, to be freed with vidstore_user_params_free(). Never NULL: when memory is out, the call that
 *   takes it says so.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API vidstore_user_params *vidstore_user_params_new(void);

/**
 * Free it.
 * @param params  the object, or NULL.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_user_params_free(vidstore_user_params *params);

/**
 * Set a text, JSON, id, hash, or (by its name) an enumeration. A bad value is kept as an error, and reported with its
 * field by the call that takes the params; only the first one counts.
 * @param params  the object.
 * @param field  a VIDSTORE_USER_… constant.
 * @param value  UTF-8, copied; NULL is the same as clearing.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_user_params_set_text(vidstore_user_params *params, int32_t field, const char *value);

/**
 * Set a number, time, boolean or enumeration. A bad value is kept as an error, as with
 * vidstore_user_params_set_text().
 * @param params  the object.
 * @param field  a VIDSTORE_USER_… constant.
 * @param value  in the unit of the field; INT64_MIN is the same as clearing.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_user_params_set_int64(vidstore_user_params *params, int32_t field, int64_t value);

/**
 * Write NULL into a field, which is not the same as leaving it alone.
 * @param params  the object.
 * @param field  a VIDSTORE_USER_… constant.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_user_params_clear(vidstore_user_params *params, int32_t field);

/**
 * Set many fields from a JSON object: enumerations by name, null clears, what is absent is left alone, unknown keys
 * are an error (kept, as with vidstore_user_params_set_text()).
 * @param params  the object.
 * @param json  at most 1 MiB; copied.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_user_params_set_json(vidstore_user_params *params, const char *json);

/**
 * Demand that the record still has this version when it is updated; else the update says CONFLICT.
 * @param params  the object.
 * @param version  VIDSTORE_USER_VERSION of the record that was read.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_user_params_expect_version(vidstore_user_params *params, int64_t version);

/**
 * Create a user. A password in the params is hashed before the write begins. With an id of the caller's, the same
 * call may be repeated.
 * @param session  who acts.
 * @param params  the values; not changed.
 * @param ret_user  receives the new record.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, EXISTS, CONFLICT (the id exists with other content), QUOTA, MISUSE, STATE,
 * FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY,
 * UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_user_create(vidstore_session *session, const vidstore_user_params *params,
                                                  vidstore_user **ret_user, vidstore_error **reterr);

/**
 * Create the first user of a store, an active admin. There is no default account; of any number of callers at once, in
 * any number of processes, one succeeds, and none once the store has or had a user. With an id of the caller's, the
 * same call may be repeated.
 * @param session  who acts: the system.
 * @param params  the values; not changed. The role, when it is set, is VIDSTORE_ROLE_ADMIN.
 * @param ret_user  receives the new record.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, CONFLICT, MISUSE, STATE (there is, or was, a user), FORBIDDEN, BUSY, TIMEOUT,
 * CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_user_bootstrap(vidstore_session *session, const vidstore_user_params *params,
                                                     vidstore_user **ret_user, vidstore_error **reterr);

/**
 * Read a user.
 * @param session  who acts.
 * @param id  its UUID.
 * @param ret_user  receives the record.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_user_get(vidstore_session *session, const char *id, vidstore_user **ret_user,
                                               vidstore_error **reterr);

/**
 * Read a user by the host's own id for it.
 * @param session  who acts.
 * @param user_id  the owner's UUID, which is the user's own; NULL: any.
 * @param external_id  the VIDSTORE_USER_EXTERNAL_ID that it was created with.
 * @param ret_user  receives the record.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_user_get_external(vidstore_session *session, const char *user_id,
                                                        const char *external_id, vidstore_user **ret_user,
                                                        vidstore_error **reterr);

/**
 * Whether a user exists that this session may see.
 * @param session  who acts.
 * @param id  its UUID.
 * @param ret_exists  receives 1 or 0.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED,
 * NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_user_exists(vidstore_session *session, const char *id, int32_t *ret_exists,
                                                  vidstore_error **reterr);

/**
 * Change the fields that are set in params, and no others.
 * @param session  who acts.
 * @param id  its UUID.
 * @param params  the values; not changed.
 * @param ret_user  receives the record as it is now.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, EXISTS, CONFLICT (another version), MISUSE, STATE, FORBIDDEN, BUSY,
 * TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_user_update(vidstore_session *session, const char *id,
                                                  const vidstore_user_params *params, vidstore_user **ret_user,
                                                  vidstore_error **reterr);

/**
 * Remove a user. A tombstone stays, so that what the user did keeps an owner: name, e-mail address, metadata, password
 * and identities go, and nothing brings them back. vidstore_user_purge() ends the tombstone too. The last active admin
 * stays.
 * @param session  who acts.
 * @param id  its UUID.
 * @param mode  VIDSTORE_REMOVE_RESTRICT, _CASCADE or _DETACH: what happens to that which hangs on it.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST,
 * TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_user_remove(vidstore_session *session, const char *id, int32_t mode,
                                                  vidstore_error **reterr);

/**
 * End a removed user for good. The bytes of files go through the purge queue, which vidstore_maintain() works off.
 * @param session  who acts.
 * @param id  its UUID.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, STATE (it is not removed), MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT,
 * CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_user_purge(vidstore_session *session, const char *id, vidstore_error **reterr);

/**
 * List the users that this session may see.
 * @param session  who acts.
 * @param query  filter, sort, limit and cursor; NULL: the newest 100.
 * @param ret_page  receives the page; read it with vidstore_page_user().
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, UNSUPPORTED (no index serves the query), MISUSE, FORBIDDEN, BUSY, TIMEOUT,
 * CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_user_list(vidstore_session *session, const vidstore_query *query,
                                                vidstore_page **ret_page, vidstore_error **reterr);

/**
 * Count the users that a query finds; at most 10,000 unless the query asks for an exact count.
 * @param session  who acts.
 * @param query  its filter counts, its limit and cursor do not; NULL: all.
 * @param ret_count  receives the number.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, UNSUPPORTED, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_user_count(vidstore_session *session, const vidstore_query *query,
                                                 int64_t *ret_count, vidstore_error **reterr);

/**
 * Create many users in one commit.
 * @param session  who acts.
 * @param params  the values of each.
 * @param count  how many, 0 to 10,000.
 * @param flags  VIDSTORE_BULK_ATOMIC or VIDSTORE_BULK_EACH.
 * @param ret_page  receives the records, in order; with VIDSTORE_BULK_EACH the failed ones are NULL there and
 *   vidstore_page_status() says why.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: as vidstore_user_create(); the field says which item, as in "items[3].…".
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_user_bulk_create(vidstore_session *session,
                                                       const vidstore_user_params *const *params, int64_t count,
                                                       uint32_t flags, vidstore_page **ret_page,
                                                       vidstore_error **reterr);

/**
 * Update many users in one commit.
 * @param session  who acts.
 * @param ids  the UUID of each.
 * @param params  the values of each.
 * @param count  how many, 0 to 10,000.
 * @param flags  VIDSTORE_BULK_ATOMIC or VIDSTORE_BULK_EACH.
 * @param ret_page  receives the records, as vidstore_user_bulk_create() does.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: as vidstore_user_update().
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_user_bulk_update(vidstore_session *session, const char *const *ids,
                                                       const vidstore_user_params *const *params, int64_t count,
                                                       uint32_t flags, vidstore_page **ret_page,
                                                       vidstore_error **reterr);

/**
 * Read a user by name or e-mail address, whatever the case.
 * @param session  who acts.
 * @param name  the username or the e-mail address.
 * @param ret_user  receives the record.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_user_get_by_name(vidstore_session *session, const char *name,
                                                       vidstore_user **ret_user, vidstore_error **reterr);

/**
 * Check a name and a password. Exactly one hash is computed whatever the outcome, so that the time taken says
 * nothing. Success updates VIDSTORE_USER_LAST_LOGIN_US; success and failure are both audited.
 * @param session  who acts.
 * @param name  the username or the e-mail address.
 * @param password  UTF-8, at most 1024 bytes.
 * @param ret_user  receives the record on success.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, THROTTLED, UNAUTHENTICATED (wrong name or password, or the account is not active), STATE (inside a
 * transaction), MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL,
 * CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database, CPU (about 200 ms and 64 MiB). Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_user_verify_password(vidstore_session *session, const char *name,
                                                           const char *password, vidstore_user **ret_user,
                                                           vidstore_error **reterr);

/**
 * Set or replace a password.
 * @param session  who acts.
 * @param id  the user's UUID.
 * @param password  12 to 1024 bytes of UTF-8; NULL takes the password away.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, STATE (inside a transaction), MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT,
 * CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database, CPU. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_user_set_password(vidstore_session *session, const char *id, const char *password,
                                                        vidstore_error **reterr);

/**
 * Take over the hash of a password from another system. It is checked as it stands, and replaced by one of this store's
 * own at the first login. bcrypt looks at 72 bytes of a password; longer ones fit nothing.
 * @param session  who acts: an admin or the system.
 * @param id  the user's UUID.
 * @param hash  bcrypt ($2a$, $2b$, $2y$, cost 4 to 14), or argon2id or argon2i as a PHC string (v=19, at most 256 MiB,
 *   10 passes, 16 lanes).
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, NOT_FOUND, UNAUTHENTICATED, MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST,
 * TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_user_import_hash(vidstore_session *session, const char *id, const char *hash,
                                                       vidstore_error **reterr);

/**
 * Activate, suspend or deactivate a user. The last active admin stays active.
 * @param session  who acts.
 * @param id  the user's UUID.
 * @param state  VIDSTORE_USER_ACTIVE, _SUSPENDED or _DEACTIVATED.
 * @param ret_user  receives the record.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST,
 * TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_user_set_state(vidstore_session *session, const char *id, int32_t state,
                                                     vidstore_user **ret_user, vidstore_error **reterr);

/**
 * Link an identity of an outside provider (OIDC, LDAP, a host's own table) to a user.
 * @param session  who acts.
 * @param id  the user's UUID.
 * @param provider  1 to 100 bytes, such as an issuer's URL.
 * @param subject  1 to 255 bytes: the user's id there. Provider and subject together are unique.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, EXISTS, MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST,
 * TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_user_link_identity(vidstore_session *session, const char *id,
                                                         const char *provider, const char *subject,
                                                         vidstore_error **reterr);

/**
 * Take an outside identity away from a user.
 * @param session  who acts.
 * @param id  the user's UUID.
 * @param provider  as it was linked.
 * @param subject  as it was linked.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST,
 * TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_user_unlink_identity(vidstore_session *session, const char *id,
                                                           const char *provider, const char *subject,
                                                           vidstore_error **reterr);

/**
 * Read the user that an outside identity is linked to.
 * @param session  who acts.
 * @param provider  as it was linked.
 * @param subject  as it was linked.
 * @param ret_user  receives the record.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_user_get_by_identity(vidstore_session *session, const char *provider,
                                                           const char *subject, vidstore_user **ret_user,
                                                           vidstore_error **reterr);

/**
 * What a user has and did: jobs by state, videos, files and bytes, time spent, last login, identities, and as
 * "quota" what vidstore_quota_get() says.
 * @param session  who acts.
 * @param id  the user's UUID.
 * @param ret_json  receives a JSON object, which the caller frees.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_user_stats(vidstore_session *session, const char *id, vidstore_text **ret_json,
                                                 vidstore_error **reterr);

#ifdef __cplusplus
}
#endif
#endif
