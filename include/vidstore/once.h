/* SPDX-License-Identifier: MIT */
/**
 * @file once.h
 * Tokens of use once: invitations, e-mail addresses that want proof, forgotten passwords. The host hands one to whoever
 * reads the mail of an address, and that proves it. A token is shown once and kept as a digest; of one user and purpose
 * the newest alone counts. It ends when it is used, when its time is up, and when what it is bound to has changed: the
 * user's address, role, state or password.
 * Making one takes the root handle, which no user has: who could read its own token would prove nothing by it.
 * Thread class: the root handle may be used from any thread; sessions by one thread at a time.
 */
#ifndef VIDSTORE_ONCE_H
#define VIDSTORE_ONCE_H

#include <vidstore/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a token of use once is for. */
enum {
    VIDSTORE_ONCE_UNKNOWN = -1,
    VIDSTORE_ONCE_INVITATION = 10,   /**< Makes a pending user active, with a password of its own choice and a verified
                                        address; token.invitation_minutes. */
    VIDSTORE_ONCE_VERIFICATION = 20, /**< The address on record is the user's; token.verification_minutes. */
    VIDSTORE_ONCE_RESET = 30,        /**< A new password in the place of a forgotten one; token.reset_minutes. */
    VIDSTORE_ONCE_EMAIL = 40         /**< Another address, verified by this; token.email_minutes. */
};

/**
 * Make a token for a user, in the place of the one before it. The host sends it to the address that is given back.
 * @param store  the root handle.
 * @param session  who acts, a session of this store: an admin or the system for invitations and resets; for addresses
 *   the user itself too, for a new one with the password given within ten minutes.
 * @param kind  VIDSTORE_ONCE_….
 * @param user_id  the user's UUID: a pending one for an invitation, one with an address for a verification, an active
 *   one for the rest.
 * @param email  the new address, for VIDSTORE_ONCE_EMAIL; else NULL.
 * @param ret_email  receives the address to send it to, which the caller frees; an empty text: nothing is to be sent.
 *   So it is when the user has none, and when a new one is another user's already: then the token opens nothing, and
 *   whoever asked can't tell.
 * @param ret_token  a buffer, not NULL, that receives the token and a NUL; an empty text on failure.
 * @param token_size  bytes of the buffer: at least VIDSTORE_TOKEN_SIZE.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, NOT_FOUND, UNAUTHENTICATED, MISUSE, STATE (the user is not in the state for it), FORBIDDEN, BUSY,
 * TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_once_create(vidstore *store, vidstore_session *session, int32_t kind,
                                                  const char *user_id, const char *email, vidstore_text **ret_email,
                                                  char *ret_token, int64_t token_size, vidstore_error **reterr);

/**
 * Make a token for who has forgotten the password, by the name that was typed. Known or unknown, active or not: the
 * outcome is the same, after the same work and with the same rows written; only the address tells the host whether
 * there is anything to send. It is the one on record, never what was typed. Who asks too often has to wait, as with
 * vidstore_login_create(), and counted apart from it.
 * @param store  the root handle.
 * @param name  the username or the e-mail address.
 * @param flags  0 or VIDSTORE_CHALLENGE_PASSED.
 * @param origin  where the request comes from; copied; NULL: not known, which is a stranger's place.
 * @param ret_email  receives the address to send it to, which the caller frees; an empty text: there is nothing to
 *   send, and the token opens nothing.
 * @param ret_token  a buffer, not NULL, that receives the token and a NUL; an empty text on failure.
 * @param token_size  bytes of the buffer: at least VIDSTORE_TOKEN_SIZE.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, INVALID, THROTTLED (with the time to wait; sub CHALLENGE when a challenge would let it through),
 * BUSY, TIMEOUT, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: any. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_once_request_reset(vidstore *store, const char *name, uint32_t flags,
                                                         const vidstore_origin *origin, vidstore_text **ret_email,
                                                         char *ret_token, int64_t token_size, vidstore_error **reterr);

/**
 * Use a token: what it is for is done, and the token is gone, in one commit. Of any number of uses at once one
 * succeeds. A new password ends all logins of the user and the trust in its devices; after a reset the place that it
 * came from is one that the user is known by. A password that is refused leaves the token as it was.
 * @param store  the root handle.
 * @param kind  what the token must be for: VIDSTORE_ONCE_….
 * @param token  the text that the host got from whoever read the mail.
 * @param password  the new one, for VIDSTORE_ONCE_RESET, and for VIDSTORE_ONCE_INVITATION, where NULL leaves the user
 *   without one (who logs in by an outside identity); else NULL.
 * @param origin  where the request comes from; copied; NULL: not known.
 * @param ret_user  receives the user as it is now.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, INVALID, UNAUTHENTICATED (the token does not count, whatever the reason), STATE (peppers are wanting:
 * see VIDSTORE_OPEN_PEPPERS), EXISTS (the address was taken meanwhile), THROTTLED (too many texts that are no tokens),
 * BUSY, TIMEOUT, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: any. Blocks: database, CPU. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_once_use(vidstore *store, int32_t kind, const char *token, const char *password,
                                               const vidstore_origin *origin, vidstore_user **ret_user,
                                               vidstore_error **reterr);

#ifdef __cplusplus
}
#endif
#endif
