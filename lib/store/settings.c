/* SPDX-License-Identifier: MIT */
#include "store/settings.h"
#include "store/session.h"
#include "util/env.h"
#include "util/error.h"
#include "util/json.h"
#include "util/utf8.h"
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS  INT64_C(86400000)
#define YEAR_MS (366 * DAY_MS)

const struct vs_setting vs_setting_table[VS_SETTINGS] = {
    [VS_SETTING_JOB_LEASE_MS] = {"job.lease_ms", 30000, 500, DAY_MS, 0, "How long a lease lasts unless renewed."},
    [VS_SETTING_JOB_STALL_MS] = {"job.stall_ms", 600000, 1000, YEAR_MS, 0,
                                 "A lease is not renewed after so long without progress."},
    [VS_SETTING_JOB_RETENTION_DAYS] = {"retention.completed_days", 30, 0, 36600, 0,
                                       "Completed and cancelled jobs are purged after so many days; 0: never."},
    [VS_SETTING_FAILED_RETENTION_DAYS] = {"retention.failed_days", 90, 0, 36600, 0,
                                          "Failed and dead jobs are purged after so many days; 0: never."},
    [VS_SETTING_AUDIT_SECURITY_DAYS] = {"retention.audit_security_days", 365, 0, 36600, 0,
                                        "Security events of the audit are pruned after so many days; 0: never."},
    [VS_SETTING_AUDIT_ACTIVITY_DAYS] = {"retention.audit_activity_days", 180, 0, 36600, 0,
                                        "Events of work on jobs, videos and files are pruned after so many days; 0: "
                                        "never."},
    [VS_SETTING_AUDIT_SYSTEM_DAYS] = {"retention.audit_system_days", 30, 0, 36600, 0,
                                      "Events of the upkeep are pruned after so many days; 0: never."},
    [VS_SETTING_AUDIT_MAX_BYTES] = {"retention.audit_max_bytes", 0, 0, INT64_MAX, 0,
                                    "The oldest segments are pruned when the audit is about larger; 0: no limit."},
    [VS_SETTING_AUDIT_EXPORT_FIRST] = {"audit.export_first", 0, 0, 1, 1, "Only what was exported is pruned."},
    [VS_SETTING_AUDIT_HOLD] = {"audit.hold", 0, 0, 1, 1, "A legal hold: nothing of the audit is pruned or erased."},
    [VS_SETTING_AUDIT_CHECKPOINT_MINUTES] = {"audit.checkpoint_minutes", 15, 1, 1440, 0,
                                             "A checkpoint of the audit is made after so long."},
    [VS_SETTING_REMOVED_RETENTION_DAYS] = {"retention.removed_days", 30, 0, 36600, 0,
                                           "Removed records are purged after so many days; 0: never."},
    [VS_SETTING_FEED_DAYS] = {"retention.feed_days", 7, 0, 36600, 0,
                              "Entries of the change feed are purged after so many days; 0: never."},
    [VS_SETTING_FEED_ENTRIES] = {"retention.feed_entries", 1000000, 0, INT64_C(1) << 40, 0,
                                 "Of the change feed so many entries are kept at the most; 0: all."},
    [VS_SETTING_BLOB_GRACE_MS] = {"retention.blob_grace_ms", 3600000, 0, YEAR_MS, 0,
                                  "Bytes that no file refers to are deleted after so long."},
    [VS_SETTING_UPLOAD_KEEP_MS] = {"upload.keep_ms", DAY_MS, 0, YEAR_MS, 0,
                                   "Unfinished uploads can be resumed for so long."},
    [VS_SETTING_TEMPORARY_HOURS] = {"file.temporary_hours", 24, 1, 876000, 0,
                                    "Life time of files of the category temporary."},
    [VS_SETTING_PROCESSED_HOURS] = {"file.processed_hours", 720, 1, 876000, 0,
                                    "Life time of files of the category processed."},
    [VS_SETTING_ARCHIVE_HOURS] = {"file.archive_hours", 8760, 1, 876000, 0,
                                  "Life time of files of the category archive."},
    [VS_SETTING_FETCH_ALLOW_PRIVATE] = {"fetch.allow_private", 0, 0, 1, 1,
                                        "Fetch from private, local and link-local addresses too."},
    [VS_SETTING_FETCH_ALLOW_UNSIZED] = {"fetch.allow_unsized", 0, 0, 1, 1,
                                        "Fetch from servers that do not tell where a file ends, too."},
    [VS_SETTING_FETCH_MAX_BYTES] = {"fetch.max_bytes", INT64_C(1) << 40, 1, INT64_MAX, 0,
                                    "Largest file that is fetched."},
    [VS_SETTING_FETCH_STALL_MS] = {"fetch.stall_ms", 30000, 100, DAY_MS, 0,
                                   "A transfer without a byte for so long is tried again."},
    [VS_SETTING_FETCH_DEADLINE_MS] = {"fetch.deadline_ms", DAY_MS, 1000, YEAR_MS, 0, "Longest time for one fetch."},
    [VS_SETTING_FETCH_TRIES] = {"fetch.tries", 5, 1, 100, 0, "How often one fetch is tried."},
    [VS_SETTING_PROBE_MAX_BYTES] = {"probe.max_bytes", 64 << 20, 1 << 16, INT64_C(1) << 40, 0,
                                    "How much of a file a probe may read."},
    [VS_SETTING_PROBE_DEADLINE_MS] = {"probe.deadline_ms", 10000, 100, 3600000, 0, "How long a probe may take."},
    [VS_SETTING_PROBE_WARM] = {"probe.warm", 0, 0, 1, 1,
                               "One sandboxed process reads many files: faster, for files of one's own."},
    [VS_SETTING_PROBE_PARALLEL] = {"probe.parallel", 0, 0, 64, 0,
                                   "How many probes go on at a time in one process; 0: as many as processors."},
    [VS_SETTING_PASSWORD_MIN] = {"password.min_length", 12, 8, 64, 0, "Fewest characters of a password."},
    [VS_SETTING_PASSWORD_COST] = {"password.cost", 2, 1, 3, 0,
                                  "What a password's hash costs: 1 the least (19 MiB), 2 (64 MiB), 3 (128 MiB)."},
    [VS_SETTING_LOGIN_IDLE] = {"login.idle_minutes", 1440, 1, 527040, 0, "A login that is not used for so long ends."},
    [VS_SETTING_LOGIN_HOURS] = {"login.hours", 720, 1, 8784, 0, "A login ends after so long, used or not."},
    [VS_SETTING_LOGIN_IDLE_ADMIN] = {"login.admin_idle_minutes", 60, 1, 527040, 0, "The same for admins."},
    [VS_SETTING_LOGIN_HOURS_ADMIN] = {"login.admin_hours", 24, 1, 8784, 0, "The same for admins."},
    [VS_SETTING_LOGIN_FREE_FAILURES] = {"login.free_failures", 5, 1, 1000000, 0,
                                        "Tries on an account that may fail before strangers have to wait."},
    [VS_SETTING_LOGIN_CHALLENGE_RATE] =
        {"login.challenge_rate", 50, 0, 1000000, 0,
         "Failures a minute in the whole store before strangers need a challenge; 0: any."},
    [VS_SETTING_KEY_DEFAULT_DAYS] = {"key.default_days", 90, 1, 36600, 0, "How long an API key lasts."},
    [VS_SETTING_KEY_MAX_DAYS] = {"key.max_days", 366, 0, 36600, 0, "Longest life of an API key; 0: no limit."},
    [VS_SETTING_KEY_ALLOW_NEVER] = {"key.allow_never", 0, 0, 1, 1, "API keys without an end may be made."},
    [VS_SETTING_KEY_UNUSED_DAYS] = {"key.unused_days", 180, 0, 36600, 0,
                                    "An API key that nobody used for so long is ended; 0: never."},
    [VS_SETTING_LINK_DEFAULT_DAYS] = {"link.default_days", 30, 1, 36600, 0, "How long a link to a file lasts."},
    [VS_SETTING_LINK_MAX_DAYS] = {"link.max_days", 366, 0, 36600, 0, "Longest life of a link; 0: no limit."},
    [VS_SETTING_QUOTA_BYTES] = {"quota.bytes", 0, 0, INT64_MAX, 0,
                                "Bytes that a user may keep who has no limit of its own; 0: no limit."},
    [VS_SETTING_QUOTA_FILES] = {"quota.files", 0, 0, INT64_MAX, 0, "The same for files."},
    [VS_SETTING_QUOTA_RUNNING] = {"quota.running_jobs", 0, 0, INT64_MAX, 0,
                                  "The same for jobs that are at work at a time."},
    [VS_SETTING_QUOTA_JOBS] = {"quota.jobs_per_day", 0, 0, INT64_MAX, 0,
                               "The same for jobs that are submitted on a day (UTC)."},
    [VS_SETTING_LOGINS_DAYS] = {"retention.logins_days", 90, 0, 36600, 0,
                                "Logins are purged so many days after their time is up; 0: never."},
    [VS_SETTING_KEYS_DAYS] = {"retention.keys_days", 365, 0, 36600, 0,
                              "API keys are purged so many days after they ended; 0: never."},
    [VS_SETTING_USAGE_DAYS] = {"retention.usage_days", 3660, 0, 36600, 0,
                               "What users took on a day is forgotten after so many days; 0: never."},
    [VS_SETTING_TOKEN_INVITATION] = {"token.invitation_minutes", 4320, 1, 527040, 0, "How long an invitation lasts."},
    [VS_SETTING_TOKEN_VERIFICATION] = {"token.verification_minutes", 1440, 1, 527040, 0,
                                       "How long an e-mail address can be verified."},
    [VS_SETTING_TOKEN_RESET] = {"token.reset_minutes", 30, 1, 1440, 0, "How long a password can be reset."},
    [VS_SETTING_TOKEN_EMAIL] = {"token.email_minutes", 30, 1, 1440, 0, "How long a new e-mail address can be taken."},
};

int vs_setting_find(const char *name) {
    for (int i = 0; i < VS_SETTINGS; i++)
        if (strcmp(vs_setting_table[i].name, name) == 0)
            return i;
    return -1;
}

void vs_settings_init(struct vs_settings *settings) {
    pthread_mutex_init(&settings->lock, NULL);
    settings->read_us = 0;
    for (int i = 0; i < VS_SETTINGS; i++)
        settings->values[i] = vs_setting_table[i].value;
}

void vs_settings_forget(struct vs_settings *settings) {
    pthread_mutex_lock(&settings->lock);
    settings->read_us = 0;
    pthread_mutex_unlock(&settings->lock);
}

struct values {
    int64_t now[VS_SETTINGS];
    int changed[VS_SETTINGS];
    int bad[VS_SETTINGS]; /* what is on record is no value of it: `now` is the default */
};

int vs_setting_parse(const struct vs_setting *setting, const char *text, int64_t *ret) {
    char *end = NULL;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    if (!isdigit((unsigned char)text[*text == '-']) || *end || errno || n < setting->min || n > setting->max)
        return 0;
    *ret = n;
    return 1;
}

static int read_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct values *out = arg;
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, VS_STMT_SETTING_LIST, &s, e);
    for (int i = 0; i < VS_SETTINGS; i++) {
        out->now[i] = vs_setting_table[i].value;
        out->changed[i] = out->bad[i] = 0;
    }
    if (r)
        return r;
    vs_bind_text(s, 1, "", 0);
    vs_bind_int(s, 2, 1000);
    while ((r = vs_step(s, e)) == VS_ROW) {
        int at = vs_setting_find(vs_col_text(s, 0, NULL));
        if (at < 0)
            continue;
        const char *text = vs_col_text(s, 1, NULL);
        out->bad[at] = !text || !vs_setting_parse(&vs_setting_table[at], text, &out->now[at]);
        out->changed[at] = 1;
    }
    return r;
}

static int unreadable(int at, vidstore_error **e) {
    const struct vs_setting *setting = &vs_setting_table[at];
    return vs_fail(e, VIDSTORE_CORRUPT, setting->name,
                   "what is on record for %s is no number from %" PRId64 " to %" PRId64 ": set it again", setting->name,
                   setting->min, setting->max);
}

int vs_settings_read(struct vidstore *store, const struct vs_call *call, vidstore_error **e) {
    struct vs_settings *settings = &store->settings;
    int64_t now = vs_mono_us();
    struct values read;
    int r = vs_db_read(store->db, call, read_op, &read, e);
    if (r)
        return r;
    pthread_mutex_lock(&settings->lock);
    for (int i = 0; i < VS_SETTINGS; i++)
        if (!read.bad[i])
            settings->values[i] = read.now[i];
    settings->read_us = now ? now : 1;
    pthread_mutex_unlock(&settings->lock);
    for (int i = 0; i < VS_SETTINGS; i++)
        if (read.bad[i])
            return unreadable(i, e);
    return 0;
}

int64_t vs_setting(struct vidstore *store, enum vs_setting_id id) {
    return vs_setting_within(store, id, 5000000);
}

int64_t vs_setting_within(struct vidstore *store, enum vs_setting_id id, int64_t wait_us) {
    struct vs_settings *settings = &store->settings;
    int64_t now = vs_mono_us();
    struct vs_call call = {now + wait_us, NULL};
    pthread_mutex_lock(&settings->lock);
    int fresh = settings->read_us && now - settings->read_us < 1000000;
    pthread_mutex_unlock(&settings->lock);
    if (!fresh)
        vs_settings_read(store, &call, NULL); /* when that fails, the last known values go on */
    pthread_mutex_lock(&settings->lock);
    int64_t value = settings->values[id];
    pthread_mutex_unlock(&settings->lock);
    return value;
}

static int unknown(const char *name, vidstore_error **e) {
    return vs_fail(e, VIDSTORE_NOT_FOUND, "name", "there is no setting \"%.60s\"", name);
}

vidstore_status vidstore_setting_get(vidstore_session *session, const char *name, vidstore_text **ret_value,
                                     vidstore_error **reterr) {
    VS_ENTER(session, ret_value, reterr);
    struct values read;
    vs_autobuf b = {0};
    int r = vs_check_text(name, "name", 100, reterr);
    if (!r)
        r = vs_session_may(session, "setting", VS_READ, NULL, NULL, 0, reterr);
    int at = r ? -1 : vs_setting_find(name);
    if (!r && at < 0)
        r = unknown(name, reterr);
    if (!r)
        r = vs_session_read(session, read_op, &read, reterr);
    if (!r && read.bad[at])
        r = unreadable(at, reterr);
    if (r)
        return r;
    vs_buf_int(&b, read.now[at]);
    r = vs_buf_to_text(&b, ret_value, reterr);
    vidstore_text_free(vs_unwanted_);
    return r;
}

struct change {
    vidstore_session *session;
    int at;
    const char *value; /* NULL: the default again */
};

/* null: what is on record can't be read. */
static void put_value(struct vs_buf *b, const struct values *read, int at) {
    if (read->bad[at])
        vs_buf_str(b, "null");
    else
        vs_buf_int(b, read->now[at]);
}

static int set_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct change *change = arg;
    const struct vs_setting *setting = &vs_setting_table[change->at];
    struct values read;
    vs_autobuf details = {0};
    int r = read_op(conn, &read, e);
    if (r)
        return r;
    vs_autostmt *s = NULL;
    r = vs_stmt(conn, change->value ? VS_STMT_SETTING_SET : VS_STMT_SETTING_CLEAR, &s, e);
    if (r)
        return r;
    vs_bind_text(s, 1, setting->name, -1);
    if (change->value) {
        vs_bind_text(s, 2, change->value, -1);
        vs_bind_int(s, 3, vs_now_us());
        vs_bind_uuid(s, 4, &change->session->actor.user);
    }
    r = vs_run(s, NULL, e);
    vs_buf_fmt(&details, "{\"%s\":[", setting->name);
    put_value(&details, &read, change->at);
    vs_buf_fmt(&details, ",%s]}", change->value ? change->value : "null");
    if (!r && details.failed)
        r = vs_fail_nomem(e);
    struct vs_event event = {.action = VIDSTORE_AUDIT_CONFIG_CHANGED,
                             .noun = "setting",
                             .object_name = setting->name,
                             .details = details.data};
    return r ? r : vs_trail_append(conn, &change->session->actor, &event, e);
}

static int check_value(const struct vs_setting *setting, const char *value, char canonical[24], vidstore_error **e) {
    int64_t n = 0;
    int r = vs_check_text(value, "value", 64, e);
    if (r)
        return r;
    if (setting->boolean && (strcmp(value, "true") == 0 || strcmp(value, "on") == 0))
        value = "1";
    else if (setting->boolean && (strcmp(value, "false") == 0 || strcmp(value, "off") == 0))
        value = "0";
    if (!vs_setting_parse(setting, value, &n))
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "value",
                           "%s wants a number from %" PRId64 " to %" PRId64, setting->name, setting->min, setting->max);
    snprintf(canonical, 24, "%" PRId64, n);
    return 0;
}

vidstore_status vidstore_setting_set(vidstore_session *session, const char *name, const char *value,
                                     vidstore_error **reterr) {
    VS_ENTER_VOID(session, reterr);
    char canonical[24];
    int r = vs_check_text(name, "name", 100, reterr);
    if (!r)
        r = vs_session_may(session, "setting", VS_UPDATE, NULL, NULL, 0, reterr);
    struct change change = {session, r ? -1 : vs_setting_find(name), value ? canonical : NULL};
    if (!r && change.at < 0)
        r = unknown(name, reterr);
    if (!r && value)
        r = check_value(&vs_setting_table[change.at], value, canonical, reterr);
    if (!r)
        r = vs_session_write(session, set_op, &change, reterr);
    if (!r)
        vs_settings_forget(&session->store->settings);
    return r;
}

vidstore_status vidstore_setting_list(vidstore_session *session, vidstore_text **ret_json, vidstore_error **reterr) {
    VS_ENTER(session, ret_json, reterr);
    struct values read;
    vs_autobuf b = {0};
    int r = vs_session_may(session, "setting", VS_READ, NULL, NULL, 0, reterr);
    if (!r)
        r = vs_session_read(session, read_op, &read, reterr);
    if (r)
        return r;
    vs_buf_char(&b, '[');
    for (int i = 0; i < VS_SETTINGS; i++) {
        const struct vs_setting *s = &vs_setting_table[i];
        vs_buf_fmt(&b, "%s{\"name\":\"%s\",\"value\":", i ? "," : "", s->name);
        put_value(&b, &read, i);
        vs_buf_fmt(&b,
                   ",\"default\":%" PRId64 ",\"changed\":%s,\"type\":\"%s\",\"min\":%" PRId64 ",\"max\":%" PRId64
                   ",\"about\":",
                   s->value, read.changed[i] ? "true" : "false", s->boolean ? "boolean" : "integer", s->min, s->max);
        vs_json_string(&b, s->about, strlen(s->about));
        vs_buf_char(&b, '}');
    }
    vs_buf_char(&b, ']');
    r = vs_buf_to_text(&b, ret_json, reterr);
    vidstore_text_free(vs_unwanted_);
    return r;
}
