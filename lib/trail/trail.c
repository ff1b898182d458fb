/* SPDX-License-Identifier: MIT */
#include "trail/trail.h"
#include "record/search.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include <string.h>

const struct vs_word vs_audit_actions[] = {
    {VIDSTORE_AUDIT_USER_LOGIN, "user_login"},
    {VIDSTORE_AUDIT_USER_LOGOUT, "user_logout"},
    {VIDSTORE_AUDIT_USER_CREATED, "user_created"},
    {VIDSTORE_AUDIT_USER_UPDATED, "user_updated"},
    {VIDSTORE_AUDIT_USER_DELETED, "user_deleted"},
    {VIDSTORE_AUDIT_USER_PURGED, "user_purged"},
    {VIDSTORE_AUDIT_JOB_CREATED, "job_created"},
    {VIDSTORE_AUDIT_JOB_STARTED, "job_started"},
    {VIDSTORE_AUDIT_JOB_COMPLETED, "job_completed"},
    {VIDSTORE_AUDIT_JOB_FAILED, "job_failed"},
    {VIDSTORE_AUDIT_JOB_CANCELLED, "job_cancelled"},
    {VIDSTORE_AUDIT_JOB_UPDATED, "job_updated"},
    {VIDSTORE_AUDIT_JOB_DELETED, "job_deleted"},
    {VIDSTORE_AUDIT_JOB_RESTORED, "job_restored"},
    {VIDSTORE_AUDIT_JOB_PURGED, "job_purged"},
    {VIDSTORE_AUDIT_JOB_RETRIED, "job_retried"},
    {VIDSTORE_AUDIT_JOB_RELEASED, "job_released"},
    {VIDSTORE_AUDIT_VIDEO_CREATED, "video_created"},
    {VIDSTORE_AUDIT_VIDEO_UPDATED, "video_updated"},
    {VIDSTORE_AUDIT_VIDEO_DELETED, "video_deleted"},
    {VIDSTORE_AUDIT_VIDEO_RESTORED, "video_restored"},
    {VIDSTORE_AUDIT_VIDEO_PURGED, "video_purged"},
    {VIDSTORE_AUDIT_VIDEO_PROBED, "video_probed"},
    {VIDSTORE_AUDIT_VIDEO_FETCHED, "video_fetched"},
    {VIDSTORE_AUDIT_FILE_UPLOADED, "file_uploaded"},
    {VIDSTORE_AUDIT_FILE_DOWNLOADED, "file_downloaded"},
    {VIDSTORE_AUDIT_FILE_UPDATED, "file_updated"},
    {VIDSTORE_AUDIT_FILE_DELETED, "file_deleted"},
    {VIDSTORE_AUDIT_FILE_RESTORED, "file_restored"},
    {VIDSTORE_AUDIT_FILE_PURGED, "file_purged"},
    {VIDSTORE_AUDIT_FILE_VERIFIED, "file_verified"},
    {VIDSTORE_AUDIT_SYSTEM_STARTUP, "system_startup"},
    {VIDSTORE_AUDIT_SYSTEM_SHUTDOWN, "system_shutdown"},
    {VIDSTORE_AUDIT_CONFIG_CHANGED, "config_changed"},
    {VIDSTORE_AUDIT_AUTH_FAILED, "auth_failed"},
    {VIDSTORE_AUDIT_ACCESS_DENIED, "access_denied"},
    {VIDSTORE_AUDIT_API_KEY_CREATED, "api_key_created"},
    {VIDSTORE_AUDIT_API_KEY_REVOKED, "api_key_revoked"},
    {VIDSTORE_AUDIT_ROLE_CHANGED, "role_changed"},
    {VIDSTORE_AUDIT_PASSWORD_CHANGED, "password_changed"},
    {VIDSTORE_AUDIT_IDENTITY_LINKED, "identity_linked"},
    {VIDSTORE_AUDIT_IDENTITY_UNLINKED, "identity_unlinked"},
    {VIDSTORE_AUDIT_RETENTION_RUN, "retention_run"},
    {VIDSTORE_AUDIT_MIGRATION, "migration"},
    {VIDSTORE_AUDIT_BACKUP, "backup"},
    {VIDSTORE_AUDIT_RESTORED, "restored"},
    {VIDSTORE_AUDIT_API_KEY_UPDATED, "api_key_updated"},
    {VIDSTORE_AUDIT_API_KEY_ROTATED, "api_key_rotated"},
    {VIDSTORE_AUDIT_KEY_EXPIRED, "key_expired"},
    {VIDSTORE_AUDIT_LOGIN_REVOKED, "login_revoked"},
    {VIDSTORE_AUDIT_LOGIN_CONFIRMED, "login_confirmed"},
    {VIDSTORE_AUDIT_ACCOUNT_LOCKED, "account_locked"},
    {VIDSTORE_AUDIT_TOKEN_ISSUED, "token_issued"},
    {VIDSTORE_AUDIT_TOKEN_USED, "token_used"},
    {0, NULL},
};

const char *vs_actor_kind_name(enum vs_actor_kind kind) {
    static const char *const names[] = {"anonymous", "user", "system", "worker"};
    return names[kind];
}

/* What was said, and what went wrong, is found by its words. All the other events are found by their fields: to index
 * each would cost more than to write it. */
static int keep_words(struct vs_conn *conn, const struct vs_uuid *user, const struct vs_event *event, int64_t seq,
                      vidstore_error **e) {
    struct vs_search_doc doc = {0};
    if (!event->description && !event->failed)
        return 0;
    if (user)
        vs_search_doc_owner(&doc, user);
    if (event->owner && (!user || !vs_uuid_equal(user, event->owner)))
        vs_search_doc_owner(&doc, event->owner);
    const struct {
        enum vs_find column;
        const char *text;
    } texts[] = {{VS_IN_TITLE, event->object_name},
                 {VS_IN_TAGS, event->failed ? vidstore_status_name(event->failed) : NULL},
                 {VS_IN_MORE, event->description}};
    for (size_t i = 0; i < VS_COUNT(texts); i++)
        if (texts[i].text)
            vs_search_doc_text(&doc, texts[i].column, texts[i].text, strlen(texts[i].text));
    int r = vs_search_doc_put(conn, VS_STMT_AUDIT_SEARCH_PUT, seq, &doc, e);
    vs_search_doc_free(&doc);
    return r;
}

/* The columns of audit_insert, in the order of audit_fields.h. */
int vs_trail_append(struct vs_conn *conn, const struct vs_actor *actor, const struct vs_event *event,
                    vidstore_error **e) {
    vs_autostmt *s = NULL;
    struct vs_uuid id;
    int known = actor->kind != VS_ACTOR_ANONYMOUS;
    int r = vs_uuid_make(&id, e);
    if (!r)
        r = vs_stmt(conn, VS_STMT_AUDIT_INSERT, &s, e);
    if (r)
        return r;
    vs_bind_uuid(s, 1, &id);
    vs_bind_uuid(s, 2, known ? &actor->user : NULL);
    vs_bind_int(s, 3, vs_now_us());
    vs_bind_int(s, 4, event->action);
    vs_bind_text(s, 5, event->noun, -1);
    vs_bind_uuid(s, 6, event->object);
    vs_bind_text(s, 7, event->object_name, -1);
    vs_bind_uuid(s, 8, event->owner);
    vs_bind_int(s, 9, event->failed == 0);
    vs_bind_text(s, 10, event->failed ? vidstore_status_name(event->failed) : NULL, -1);
    vs_bind_text(s, 11, vs_actor_kind_name(actor->kind), -1);
    vs_bind_text(s, 12, actor->name, -1);
    for (int i = 0; i < VS_ORIGIN_FACTS; i++)
        vs_bind_text(s, 13 + i, actor->origin[i], -1);
    vs_bind_text(s, 17, event->details, -1);
    vs_bind_text(s, 18, event->description, -1);
    r = vs_row(s, e);
    int64_t seq = r == VS_ROW ? vs_col_int(s, 0) : 0;
    vs_reset(VS_TAKE(s)); /* nothing else is written while it runs */
    return r == VS_ROW ? keep_words(conn, known ? &actor->user : NULL, event, seq, e) : r;
}
