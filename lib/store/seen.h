/* SPDX-License-Identifier: MIT */
/* When keys and logins were last used, without a write for each use: collected in memory, written together. What a
 * crash loses is at most a minute of it, and nothing is decided by it but when a login has been idle for long. */
#ifndef VS_STORE_SEEN_H
#define VS_STORE_SEEN_H

#include "store/store.h"

enum vs_seen_kind { VS_SEEN_KEY, VS_SEEN_LOGIN, VS_SEEN_KINDS };

/* Notes a use. Never fails: when the table is full until the next writing, the use is not counted. */
void vs_seen_note(struct vidstore *store, enum vs_seen_kind kind, const struct vs_uuid *id, const char *ip,
                  int64_t now_us);
/* Notes the use of a login that was stored as last seen at last_us, when that is worth it, and writes it when a longer
 * wait could pass for idleness in another process. */
void vs_seen_login(struct vidstore *store, const struct vs_call *call, const struct vs_uuid *id, const char *ip,
                   int64_t last_us, int64_t idle_us, int64_t now_us);
/* The last use that is noted and not written yet; INT64_MIN: none. */
int64_t vs_seen_last(struct vidstore *store, enum vs_seen_kind kind, const struct vs_uuid *id);
/* Writes what is noted when the oldest of it is a minute old, or all when `now` is set. Outside transactions only. */
void vs_seen_flush(struct vidstore *store, const struct vs_call *call, int now);

/* How often something happened in the last minute, this time included: 1 is the first. At most 1,024 things are told
 * apart at a time. *ret_before (may be NULL): how often it was in the minute before that. */
int64_t vs_seen_strike(struct vidstore *store, const char *what, int64_t *ret_before);

#endif
