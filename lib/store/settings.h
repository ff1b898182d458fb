/* SPDX-License-Identifier: MIT */
/* Settings of the store: a table of what there is, and rows for what was changed. */
#ifndef VS_STORE_SETTINGS_H
#define VS_STORE_SETTINGS_H

#include "vidstore/base.h"
#include <pthread.h>
#include <stdint.h>

struct vs_call;
struct vs_db;

enum vs_setting_id {
    VS_SETTING_JOB_LEASE_MS,
    VS_SETTING_JOB_STALL_MS,
    VS_SETTING_JOB_RETENTION_DAYS,
    VS_SETTING_FAILED_RETENTION_DAYS,
    VS_SETTING_AUDIT_SECURITY_DAYS,
    VS_SETTING_AUDIT_ACTIVITY_DAYS,
    VS_SETTING_AUDIT_SYSTEM_DAYS,
    VS_SETTING_AUDIT_MAX_BYTES,
    VS_SETTING_AUDIT_EXPORT_FIRST,
    VS_SETTING_AUDIT_HOLD,
    VS_SETTING_AUDIT_CHECKPOINT_MINUTES,
    VS_SETTING_REMOVED_RETENTION_DAYS,
    VS_SETTING_FEED_DAYS,
    VS_SETTING_FEED_ENTRIES,
    VS_SETTING_BLOB_GRACE_MS,
    VS_SETTING_UPLOAD_KEEP_MS,
    VS_SETTING_TEMPORARY_HOURS,
    VS_SETTING_PROCESSED_HOURS,
    VS_SETTING_ARCHIVE_HOURS,
    VS_SETTING_FETCH_ALLOW_PRIVATE,
    VS_SETTING_FETCH_ALLOW_UNSIZED,
    VS_SETTING_FETCH_MAX_BYTES,
    VS_SETTING_FETCH_STALL_MS,
    VS_SETTING_FETCH_DEADLINE_MS,
    VS_SETTING_FETCH_TRIES,
    VS_SETTING_PROBE_MAX_BYTES,
    VS_SETTING_PROBE_DEADLINE_MS,
    VS_SETTING_PROBE_WARM,
    VS_SETTING_PROBE_PARALLEL,
    VS_SETTING_PASSWORD_MIN,
    VS_SETTING_PASSWORD_COST,
    VS_SETTING_LOGIN_IDLE,
    VS_SETTING_LOGIN_HOURS,
    VS_SETTING_LOGIN_IDLE_ADMIN,
    VS_SETTING_LOGIN_HOURS_ADMIN,
    VS_SETTING_LOGIN_FREE_FAILURES,
    VS_SETTING_LOGIN_CHALLENGE_RATE,
    VS_SETTING_KEY_DEFAULT_DAYS,
    VS_SETTING_KEY_MAX_DAYS,
    VS_SETTING_KEY_ALLOW_NEVER,
    VS_SETTING_KEY_UNUSED_DAYS,
    VS_SETTING_LINK_DEFAULT_DAYS,
    VS_SETTING_LINK_MAX_DAYS,
    VS_SETTING_QUOTA_BYTES,
    VS_SETTING_QUOTA_FILES,
    VS_SETTING_QUOTA_RUNNING,
    VS_SETTING_QUOTA_JOBS,
    VS_SETTING_TOKEN_INVITATION,
    VS_SETTING_TOKEN_VERIFICATION,
    VS_SETTING_TOKEN_RESET,
    VS_SETTING_TOKEN_EMAIL,
    VS_SETTING_LOGINS_DAYS,
    VS_SETTING_KEYS_DAYS,
    VS_SETTING_USAGE_DAYS,
    VS_SETTINGS
};

struct vs_setting {
    const char *name;
    int64_t value, min, max;
    int boolean;
    const char *about;
};
extern const struct vs_setting vs_setting_table[VS_SETTINGS];

/* The values last read; read again when they are older than a second, so that other processes' changes arrive. */
struct vs_settings {
    pthread_mutex_t lock;
    int64_t read_us; /* monotonic; 0: never */
    int64_t values[VS_SETTINGS];
};

/* The value of a setting: fresh to a second, or what it was last (at first its default) when it can't be read. Must not
 * be called from inside a database operation. */
int64_t vs_setting(struct vidstore *store, enum vs_setting_id id);
/* The same for whom others wait: after wait_us the last known value does, although it may have been changed. */
int64_t vs_setting_within(struct vidstore *store, enum vs_setting_id id, int64_t wait_us);
/* Reads them all now. For what must not act on a default because the change of it could not be read: CORRUPT names the
 * setting of which the row is no value of it; the others are up to date all the same. */
int vs_settings_read(struct vidstore *store, const struct vs_call *call, vidstore_error **e);
void vs_settings_init(struct vs_settings *settings);
void vs_settings_forget(struct vs_settings *settings);
int vs_setting_find(const char *name); /* its number, or -1 */
/* 1, with the number in *ret, when text is a value of the setting. */
int vs_setting_parse(const struct vs_setting *setting, const char *text, int64_t *ret);

#endif
