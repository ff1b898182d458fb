/* SPDX-License-Identifier: MIT */
/**
 * @file watch.h
 * The change feed: what has changed in the store, in the order of the commits, whoever changed it in whichever process.
 * A position in it can be kept and gone on from: nothing is missed and nothing comes twice, across restarts too.
 * Thread class: a watch is used by one thread at a time; its descriptor may be polled by any, and
 * vidstore_watch_interrupt() may come from any.
 */
#ifndef VIDSTORE_WATCH_H
#define VIDSTORE_WATCH_H

#include <vidstore/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What happened to a record. New ones may be added. */
enum {
    VIDSTORE_CHANGE_UNKNOWN = -1,
    VIDSTORE_CHANGE_CREATED = 10,
    VIDSTORE_CHANGE_UPDATED = 20,
    VIDSTORE_CHANGE_REMOVED = 30,
    VIDSTORE_CHANGE_RESTORED = 40,
    VIDSTORE_CHANGE_PURGED = 50,
    VIDSTORE_CHANGE_STATE = 60,   /**< Its state changed: a job was claimed, a user suspended. */
    VIDSTORE_CHANGE_PROGRESS = 70 /**< Only the newest of each record is kept. */
};

/**
 * Follow the change feed. The watch acts as the session does and shows what the session may see at the time, but needs
 * neither its thread nor its life; it takes no part in its transaction. The system and users only. What a grant or an
 * access level opens is shown as what is one's own; who takes a grant back is told as "grant", "purged". Uses of keys
 * and logins are no changes, and no entry holds a secret or a value.
 * @param session  who acts.
 * @param filter  a JSON object; NULL: everything. "noun" and "kind" are each a word (user, job, video, file, grant,
 *   link, key, login, quota, setting, app, alert, collection; created, updated, removed, restored, purged, state,
 *   progress) or a list of them; "user_id" is the owner's UUID, "id" the record's; "name", a text of 1 to 128 bytes or
 *   a list of such, is a setting's or that of a table of the host's ("app_*" when that is longer), and leaves out what
 *   has no name. An event is shown when it fits every key that is there.
 * @param position  from where on: one that was kept, or "start" for the oldest that is there; NULL: from now on.
 * @param ret_watch  not NULL; receives the watch.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, INVALID (field filter or position, or the key of the filter), UNAUTHENTICATED, FORBIDDEN, RESYNC (the
 * position is older than what is kept, or of another store), UNAVAILABLE, BUSY, TIMEOUT, CANCELLED, NOMEM, IO, CORRUPT,
 * FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_watch_open(vidstore_session *session, const char *filter, const char *position,
                                                 vidstore_watch **ret_watch, vidstore_error **reterr);

/**
 * A descriptor that is readable while vidstore_watch_next() may have something: the reading end of a pipe, which never
 * changes. For poll(), epoll, libuv, asyncio. Do not read from it.
 * @param watch  the watch.
 * @return borrowed: do not close it; -1 for NULL.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int32_t vidstore_watch_fd(const vidstore_watch *watch);

/**
 * Wait until vidstore_watch_next() may have something. A signal to the thread ends the wait early, and
 * vidstore_watch_interrupt() ends it with CANCELLED. Closing the store or freeing the session that the watch came from
 * does not: it goes on to tell of what others change.
 * @param watch  the watch.
 * @param wait_ms  how long, 0 to 86,400,000.
 * @param ret_ready  receives 1, or 0 when there is nothing yet.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE (also: the watch is in use by another thread), INVALID, CANCELLED, IO, FORKED.
 * Threads: one at a time a watch. Blocks: until a change or the time is over. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_watch_wait(vidstore_watch *watch, int64_t wait_ms, int32_t *ret_ready,
                                                 vidstore_error **reterr);

/**
 * End a wait of this watch in another thread at once, with CANCELLED; a vidstore_watch_next() that reads is ended as
 * soon as that is safe. When nobody waits, the next vidstore_watch_wait() ends so, and only that one: a thread that was
 * about to wait is not missed. The watch misses nothing by it and can be used again. To close a watch that another
 * thread waits for: interrupt it, let that thread leave, then free it. May be called in a signal handler.
 * @param watch  the watch, or NULL.
 * Threads: any, also while another thread is in a call of this watch. Since 0.1.
 */
VIDSTORE_API void vidstore_watch_interrupt(vidstore_watch *watch);

/**
 * What has changed since the last call, oldest first. Never waits for changes. After RESYNC the watch goes on from the
 * time of that call: read anew what you keep, then call this again.
 * @param watch  the watch.
 * @param max  how many events at the most, 1 to 1000.
 * @param ret_json  receives a JSON object: "events", each with "position", "kind", "noun", "id", "user_id" (the owner;
 *   of a user itself; of a grant the user who is told), "version", "at", of a job "state" after the change, and of a
 *   setting or a table of the host's "name", instead of an id; "position" after them, to be kept; and "more": whether
 *   there is more at once. Positions are sealed: an event's is the same text for whoever reads it, the one after them
 * is another each time, and none tells how many changes there were that the session may not see. The caller frees it.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, INVALID, UNAUTHENTICATED (the account is not active any more), FORBIDDEN, RESYNC, BUSY, TIMEOUT,
 * CANCELLED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a watch. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_watch_next(vidstore_watch *watch, int64_t max, vidstore_text **ret_json,
                                                 vidstore_error **reterr);

/**
 * The position after what vidstore_watch_next() gave last: to be kept, and given to vidstore_watch_open() some day. 64
 * characters; nothing can be read from it.
 * @param watch  the watch.
 * @return borrowed, valid until the next call on the watch; NULL for NULL.
 * Threads: one at a time a watch. Since 0.1.
 */
VIDSTORE_API const char *vidstore_watch_position(const vidstore_watch *watch);

/**
 * Free a watch, which no thread may be using: see vidstore_watch_interrupt(). What was freed or closed before it
 * (session, store) does not matter.
 * @param watch  the watch, or NULL.
 * Threads: one at a time a watch. Since 0.1.
 */
VIDSTORE_API void vidstore_watch_free(vidstore_watch *watch);

/**
 * Read the change feed once, without a watch: for hosts that answer requests.
 * @param session  who acts.
 * @param filter  as of vidstore_watch_open(); NULL: everything.
 * @param position  after which; "start" for the oldest that is there; NULL: no events, only the position now.
 * @param max  how many events at the most, 1 to 1000.
 * @param ret_json  receives a JSON object as of vidstore_watch_next(), which the caller frees.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, STATE, INVALID, UNAUTHENTICATED, FORBIDDEN, RESYNC, BUSY, TIMEOUT, CANCELLED, TXN_EXPIRED, ABORTED,
 * NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_changes(vidstore_session *session, const char *filter, const char *position,
                                              int64_t max, vidstore_text **ret_json, vidstore_error **reterr);

#ifdef __cplusplus
}
#endif
#endif
