/* SPDX-License-Identifier: MIT */
#include "trail/trail.h"
#include "db/bind.h"
#include "record/search.h"
#include "trail/chain.h"
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
    {VIDSTORE_AUDIT_COLLECTION_CREATED, "collection_created"},
    {VIDSTORE_AUDIT_COLLECTION_UPDATED, "collection_updated"},
    {VIDSTORE_AUDIT_COLLECTION_DELETED, "collection_deleted"},
    {VIDSTORE_AUDIT_COLLECTION_RESTORED, "collection_restored"},
    {VIDSTORE_AUDIT_COLLECTION_PURGED, "collection_purged"},
    {VIDSTORE_AUDIT_COLLECTION_VIDEO_ADDED, "collection_video_added"},
    {VIDSTORE_AUDIT_COLLECTION_VIDEO_DROPPED, "collection_video_dropped"},
    {VIDSTORE_AUDIT_COLLECTION_VIDEO_MOVED, "collection_video_moved"},
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
    {VIDSTORE_AUDIT_GRANT_CREATED, "grant_created"},
    {VIDSTORE_AUDIT_GRANT_REVOKED, "grant_revoked"},
    {VIDSTORE_AUDIT_QUOTA_CHANGED, "quota_changed"},
    {VIDSTORE_AUDIT_LINK_CREATED, "link_created"},
    {VIDSTORE_AUDIT_LINK_REVOKED, "link_revoked"},
    {VIDSTORE_AUDIT_LINK_OPENED, "link_opened"},
    {VIDSTORE_AUDIT_LOGIN_REVOKED, "login_revoked"},
    {VIDSTORE_AUDIT_LOGIN_CONFIRMED, "login_confirmed"},
    {VIDSTORE_AUDIT_ACCOUNT_LOCKED, "account_locked"},
    {VIDSTORE_AUDIT_TOKEN_ISSUED, "token_issued"},
    {VIDSTORE_AUDIT_TOKEN_USED, "token_used"},
    {VIDSTORE_AUDIT_CHECKPOINT, "checkpoint"},
    {VIDSTORE_AUDIT_ALERT, "alert"},
    {VIDSTORE_AUDIT_PRUNED, "audit_pruned"},
    {VIDSTORE_AUDIT_EXPORTED, "audit_exported"},
    {VIDSTORE_AUDIT_HOST_EVENT, "host_event"},
    {VIDSTORE_AUDIT_CANARY_SET, "canary_set"},
    {VIDSTORE_AUDIT_CANARY_CLEARED, "canary_cleared"},
    {0, NULL},
};

const char *vs_actor_kind_name(enum vs_actor_kind kind) {
    static const char *const names[] = {"anonymous", "user", "system", "worker"};
    return names[kind];
}

/* Asked for by those who need it: an INSERT that gives it back costs half as much again as one that does not. */
static int row_of(struct vs_conn *conn, const struct vs_link *link, int64_t *ret, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_ask(conn, VS_STMT_AUDIT_LINK_SEQ, &s, e, vs_int(link->chain), vs_int(link->values[VS_LINK_POSITION].i));
    *ret = r == VS_ROW ? vs_col_int(s, 0) : 0;
    return r == VS_ROW ? 0 : r == VS_DONE ? vs_fail(e, VIDSTORE_INTERNAL, NULL, "the event is not there") : r;
}

/* What was said, and what went wrong, is found by its words. All the other events are found by their fields: to index
 * each would cost more than to write it. */
static int keep_words(struct vs_conn *conn, const struct vs_uuid *user, const struct vs_event *event,
                      const struct vs_link *link, vidstore_error **e) {
    struct vs_search_doc doc = {0};
    int64_t seq = 0;
    if (!event->description && !event->failed)
        return 0;
    int r = row_of(conn, link, &seq, e);
    if (r)
        return r;
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
    r = vs_search_doc_put(conn, VS_STMT_AUDIT_SEARCH_PUT, seq, &doc, e);
    vs_search_doc_free(&doc);
    return r;
}

/* Where an action's events stand and what they weigh, when it is not by the number: 30 to 99 is work on jobs, videos
 * and files, everything else concerns who may do what. */
static const struct {
    int32_t action;
    uint8_t chain, severity;
} weights[] = {
    {VIDSTORE_AUDIT_SYSTEM_STARTUP, VS_CHAIN_SYSTEM, 1}, {VIDSTORE_AUDIT_SYSTEM_SHUTDOWN, VS_CHAIN_SYSTEM, 1},
    {VIDSTORE_AUDIT_RETENTION_RUN, VS_CHAIN_SYSTEM, 1},  {VIDSTORE_AUDIT_MIGRATION, VS_CHAIN_SYSTEM, 2},
    {VIDSTORE_AUDIT_BACKUP, VS_CHAIN_SYSTEM, 2},         {VIDSTORE_AUDIT_CHECKPOINT, VS_CHAIN_SYSTEM, 1},
    {VIDSTORE_AUDIT_RESTORED, VS_CHAIN_SECURITY, 3},     {VIDSTORE_AUDIT_CONFIG_CHANGED, VS_CHAIN_SECURITY, 3},
    {VIDSTORE_AUDIT_ROLE_CHANGED, VS_CHAIN_SECURITY, 3}, {VIDSTORE_AUDIT_USER_DELETED, VS_CHAIN_SECURITY, 3},
    {VIDSTORE_AUDIT_USER_PURGED, VS_CHAIN_SECURITY, 3},  {VIDSTORE_AUDIT_ALERT, VS_CHAIN_SECURITY, 4},
    {VIDSTORE_AUDIT_HOST_EVENT, VS_CHAIN_ACTIVITY, 1},   {VIDSTORE_AUDIT_PRUNED, VS_CHAIN_SECURITY, 3},
    {VIDSTORE_AUDIT_EXPORTED, VS_CHAIN_SECURITY, 2},     {VIDSTORE_AUDIT_CANARY_CLEARED, VS_CHAIN_SECURITY, 3},
};

int vs_audit_chain(int32_t action) {
    for (size_t i = 0; i < VS_COUNT(weights); i++)
        if (weights[i].action == action)
            return weights[i].chain;
    return action >= 30 && action < 100 ? VS_CHAIN_ACTIVITY : VS_CHAIN_SECURITY;
}

int vs_audit_severity(int32_t action, int failed) {
    int severity = vs_audit_chain(action) == VS_CHAIN_SECURITY ? 2 : 1;
    for (size_t i = 0; i < VS_COUNT(weights); i++)
        if (weights[i].action == action)
            severity = weights[i].severity;
    return severity + !!failed;
}

static void describe(struct vs_link *link, const struct vs_actor *actor, const struct vs_event *event,
                     const struct vs_uuid *id) {
    int known = actor->kind != VS_ACTOR_ANONYMOUS;
    vs_link_uuid(link, VS_LINK_ID, id);
    vs_link_int(link, VS_LINK_ACTION, event->action);
    vs_link_int(link, VS_LINK_SEVERITY, vs_audit_severity(event->action, event->failed));
    vs_link_text(link, VS_LINK_NOUN, event->noun);
    vs_link_uuid(link, VS_LINK_OBJECT_ID, event->object);
    vs_link_uuid(link, VS_LINK_OWNER_ID, event->owner);
    vs_link_uuid(link, VS_LINK_USER_ID, known ? &actor->user : NULL);
    vs_link_int(link, VS_LINK_SUCCESS, event->failed == 0);
    vs_link_text(link, VS_LINK_ERROR, event->failed ? vidstore_status_name(event->failed) : NULL);
    vs_link_text(link, VS_LINK_ACTOR, vs_actor_kind_name(actor->kind));
    vs_link_text(link, VS_LINK_REQUEST_ID, actor->origin[VS_ORIGIN_REQUEST_ID]);
    vs_link_text(link, VS_LINK_METHOD, actor->method);
    vs_link_uuid(link, VS_LINK_CREDENTIAL, vs_uuid_is_nil(&actor->credential) ? NULL : &actor->credential);
    vs_link_text(link, VS_LINK_ACTOR_NAME, actor->name);
    vs_link_text(link, VS_LINK_IP, actor->origin[VS_ORIGIN_IP]);
    vs_link_text(link, VS_LINK_USER_AGENT, actor->origin[VS_ORIGIN_USER_AGENT]);
    vs_link_text(link, VS_LINK_DEVICE, actor->origin[VS_ORIGIN_DEVICE]);
    vs_link_text(link, VS_LINK_OBJECT_NAME, event->object_name);
    vs_link_text(link, VS_LINK_DETAILS, event->details);
    vs_link_text(link, VS_LINK_DESCRIPTION, event->description);
}

/* Times of a chain never go back: a clock that does is seen in back_us, which taken off gives what it showed. */
static void date(struct vs_link *link, const struct vs_chain_head *head) {
    int64_t now = vs_now_us(), back = now < head->created_us ? head->created_us - now : 0;
    vs_link_int(link, VS_LINK_POSITION, head->position + 1);
    vs_link_int(link, VS_LINK_CREATED, now + back);
    vs_link_int(link, VS_LINK_BACK, back);
}

static void free_hasher(struct vs_sha256 **h) {
    vs_sha256_free(*h);
}

int vs_trail_append(struct vs_conn *conn, const struct vs_actor *actor, const struct vs_event *event,
                    vidstore_error **e) {
    uint8_t salts[2][VS_CHAIN_SALT], hash[VS_SHA256_SIZE];
    VS_CLEANUP(free_hasher) struct vs_sha256 *h = NULL;
    vs_autostmt *s = NULL;
    struct vs_chain_head head;
    struct vs_uuid id;
    struct vs_link link = {.chain = event->chain ? event->chain : vs_audit_chain(event->action)};
    int r = vs_sha256_new(&h, e);
    if (!r)
        r = vs_chain_head(conn, h, link.chain, &head, e);
    if (!r)
        r = vs_uuid_make(&id, e);
    if (!r && vs_random(salts, sizeof salts))
        r = vs_fail(e, VIDSTORE_IO, NULL, "the system gave no random bytes");
    if (!r)
        r = vs_stmt(conn, VS_STMT_AUDIT_LINK_INSERT, &s, e);
    if (r)
        return r;
    describe(&link, actor, event, &id);
    date(&link, &head);
    for (int part = VS_PART_ACTOR; part < VS_PARTS; part++)
        if (vs_link_has(&link, (enum vs_link_part)part)) {
            link.salts[part] = salts[part - VS_PART_ACTOR];
            link.salt_sizes[part] = VS_CHAIN_SALT;
        }
    if (vs_link_hash(h, &link, head.id, head.hash, hash))
        return vs_fail_nomem(e);
    link.hash = hash;
    link.hash_size = sizeof hash;
    vs_link_bind(&link, s);
    r = vs_run(s, NULL, e);
    return r ? r : keep_words(conn, actor->kind != VS_ACTOR_ANONYMOUS ? &actor->user : NULL, event, &link, e);
}
