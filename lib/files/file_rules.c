/* SPDX-License-Identifier: MIT */
/* What may happen to a file. */
#include "files/file_rules.h"
#include "files/file_repo.h"
#include "files/file_type.h"
#include "files/files.h"
#include "util/error.h"
#include <string.h>

enum { NAME_MAX_BYTES = 255 };

/* Control characters of ASCII and, in UTF-8, those of Latin 1. */
static int has_control(const char *text) {
    for (const unsigned char *at = (const unsigned char *)text; *at; at++)
        if (*at < 0x20 || *at == 0x7F || (*at == 0xC2 && at[1] < 0xA0))
            return 1;
    return 0;
}

int vs_file_check_name(const char *name, vidstore_error **e) {
    if (!name || !*name)
        return vs_fail(e, VIDSTORE_INVALID, "name", "name is missing");
    if (strlen(name) > NAME_MAX_BYTES)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_TOO_LONG, "name", "name is longer than %d bytes",
                           NAME_MAX_BYTES);
    if (strchr(name, '/') || has_control(name))
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "name",
                           "name has a slash or a control character in it");
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "name", "name is a dot or two");
    return 0;
}

static int check_words(const char *content_type, const char *type, vidstore_error **e) {
    if (content_type && !vs_file_is_content_type(content_type))
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "content_type",
                           "content_type is not type/subtype");
    if (type && !vs_file_is_kind(type))
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "type",
                           "type is none of video, audio, image, subtitle and other");
    return 0;
}

/* A file hangs on what its owner owns. */
static int check_link(struct vs_conn *conn, enum vs_stmt_id stmt, const char *field, const char *text,
                      const struct vs_uuid *owner, vidstore_error **e) {
    struct vs_uuid id, found;
    vs_autoerror vidstore_error *why = NULL;
    int r = text ? vs_uuid_parse(text, field, &id, e) : 0;
    if (r || !text)
        return r;
    r = vs_file_repo_owner(conn, stmt, &id, &found, &why);
    if (r == VIDSTORE_NOT_FOUND || (!r && !vs_uuid_equal(&found, owner)))
        return vs_fail(e, VIDSTORE_INVALID, field, "the file's owner has nothing with this %s", field);
    if (r && e) {
        vs_error_clear(e);
        *e = vs_error_ref(why);
    }
    return r;
}

static int check_owner(struct vs_conn *conn, const vidstore_session *session, const struct vs_uuid *owner,
                       vidstore_error **e) {
    int known = 1;
    int r = 0;
    if (!vs_uuid_is_nil(owner) && !vs_uuid_equal(owner, &session->actor.user))
        r = vs_file_repo_user(conn, owner, &known, e);
    return r || known ? r : vs_fail(e, VIDSTORE_INVALID, "user_id", "there is no such user");
}

static const char *given(const struct vs_params *params, int32_t field) {
    const struct vs_value *value = NULL;
    return vs_params_get(params, field, &value) == VS_PARAM_VALUE ? value->text : NULL;
}

int vs_file_check_params(struct vs_conn *conn, const vidstore_session *session, const struct vs_params *params,
                         const struct vs_uuid *owner, vidstore_error **e) {
    int r = vs_file_check_name(given(params, VIDSTORE_FILE_NAME), e);
    if (!r)
        r = check_words(given(params, VIDSTORE_FILE_CONTENT_TYPE), given(params, VIDSTORE_FILE_TYPE), e);
    if (!r && given(params, VIDSTORE_FILE_USER_ID) && !vs_policy_is_admin(&session->actor))
        r = vs_fail(e, VIDSTORE_FORBIDDEN, "user_id", "only an admin may set user_id");
    if (!r)
        r = vs_policy_check(&session->actor, "file", VS_CREATE, owner, 0, e);
    if (!r)
        r = check_owner(conn, session, owner, e);
    if (!r)
        r = check_link(conn, VS_STMT_FILE_JOB_OWNER, "job_id", given(params, VIDSTORE_FILE_JOB_ID), owner, e);
    if (!r)
        r = check_link(conn, VS_STMT_FILE_VIDEO_OWNER, "video_id", given(params, VIDSTORE_FILE_VIDEO_ID), owner, e);
    return r;
}

static int check(const struct vs_change *c, vidstore_error **e) {
    int r = vs_file_check_name(vs_change_text(c, VIDSTORE_FILE_NAME), e);
    if (!r)
        r = check_words(vs_change_text(c, VIDSTORE_FILE_CONTENT_TYPE), vs_change_text(c, VIDSTORE_FILE_TYPE), e);
    if (!r && vs_change_differs(c, VIDSTORE_FILE_JOB_ID))
        r = check_link(c->conn, VS_STMT_FILE_JOB_OWNER, "job_id", vs_change_text(c, VIDSTORE_FILE_JOB_ID), &c->owner,
                       e);
    if (!r && vs_change_differs(c, VIDSTORE_FILE_VIDEO_ID))
        r = check_link(c->conn, VS_STMT_FILE_VIDEO_OWNER, "video_id", vs_change_text(c, VIDSTORE_FILE_VIDEO_ID),
                       &c->owner, e);
    return r;
}

/* How long its category lets it live from now on. */
static int expire_by_category(struct vs_change *c, vidstore_error **e) {
    int64_t ms = 0;
    int r = vs_file_repo_lifetime(c->conn, vs_change_int(c, VIDSTORE_FILE_CATEGORY), &ms, e);
    if (!r)
        vs_change_set_int(c, VIDSTORE_FILE_EXPIRES_US, ms ? c->now_us + ms * 1000 : INT64_MIN);
    return r;
}

static int set_extension(struct vs_change *c, vidstore_error **e) {
    char extension[VS_EXTENSION_TEXT];
    vs_file_extension(vs_change_text(c, VIDSTORE_FILE_NAME), extension);
    return vs_change_set_text(c, VIDSTORE_FILE_EXTENSION, extension, e);
}

static int set_bytes(struct vs_change *c, const struct vs_file_bytes *bytes, vidstore_error **e) {
    vs_change_set_int(c, VIDSTORE_FILE_SIZE, bytes->size);
    vs_change_set_int(c, VIDSTORE_FILE_BACKEND, VIDSTORE_BACKEND_LOCAL);
    vs_change_set_int(c, VIDSTORE_FILE_UPLOAD_STARTED_US, bytes->started_us);
    vs_change_set_int(c, VIDSTORE_FILE_UPLOAD_COMPLETED_US, bytes->sealed_us);
    int r = vs_change_set_text(c, VIDSTORE_FILE_SHA256, bytes->sha256, e);
    if (!r)
        r = vs_change_set_text(c, VIDSTORE_FILE_STORAGE_KEY, bytes->key, e);
    return r ? r : vs_change_set_uuid(c, VIDSTORE_FILE_BLOB_ID, &bytes->blob, e);
}

static int guess(struct vs_change *c, vidstore_error **e) {
    const char *extension = vs_change_text(c, VIDSTORE_FILE_EXTENSION);
    int r = 0;
    if (!vs_change_text(c, VIDSTORE_FILE_CONTENT_TYPE))
        r = vs_change_set_text(c, VIDSTORE_FILE_CONTENT_TYPE, vs_file_content_type(extension), e);
    if (!r && !vs_change_text(c, VIDSTORE_FILE_TYPE))
        r = vs_change_set_text(c, VIDSTORE_FILE_TYPE,
                               vs_file_kind(vs_change_text(c, VIDSTORE_FILE_CONTENT_TYPE), extension), e);
    if (!r && !vs_change_text(c, VIDSTORE_FILE_ORIGINAL_NAME))
        r = vs_change_set_text(c, VIDSTORE_FILE_ORIGINAL_NAME, vs_change_text(c, VIDSTORE_FILE_NAME), e);
    return r;
}

/* c->extra: struct vs_file_bytes. */
static int create(struct vs_change *c, vidstore_error **e) {
    const struct vs_value *value = NULL;
    vs_change_default_int(c, VIDSTORE_FILE_ACCESS, VIDSTORE_ACCESS_PRIVATE);
    vs_change_default_int(c, VIDSTORE_FILE_CATEGORY, VIDSTORE_CATEGORY_PERMANENT);
    vs_change_default_int(c, VIDSTORE_FILE_ENCRYPTED, 0);
    int r = check(c, e);
    if (!r)
        r = check_owner(c->conn, c->session, &c->owner, e);
    if (!r)
        r = set_bytes(c, c->extra, e);
    if (!r)
        r = set_extension(c, e);
    if (!r)
        r = guess(c, e);
    if (!r && vs_params_get(c->params, VIDSTORE_FILE_EXPIRES_US, &value) == VS_PARAM_UNSET)
        r = expire_by_category(c, e);
    return r;
}

static int update(struct vs_change *c, vidstore_error **e) {
    const struct vs_value *value = NULL;
    int r = vs_change_differs(c, VIDSTORE_FILE_ACCESS)
                ? vs_crud_may(c->conn, c->session, &vs_file_rules, c->old, VS_SHARE, e)
                : 0;
    if (!r)
        r = check(c, e);
    if (!r && vs_change_differs(c, VIDSTORE_FILE_NAME))
        r = set_extension(c, e);
    if (!r && vs_change_differs(c, VIDSTORE_FILE_CATEGORY) &&
        vs_params_get(c->params, VIDSTORE_FILE_EXPIRES_US, &value) == VS_PARAM_UNSET)
        r = expire_by_category(c, e);
    return r;
}

/* The bytes of a removed file stay, so that it can come back. A file whose time was over gets a new one, or the next
 * clean-up would take it again. */
static int restore(struct vs_change *c, vidstore_error **e) {
    struct vs_uuid blob = vs_record_uuid(c->old, VIDSTORE_FILE_BLOB_ID);
    vs_autoblobrow row = {0};
    int r = vs_blob_repo_get(c->conn, &blob, &row, e);
    if (!r && row.state != VS_BLOB_STORED)
        r = vs_fail_sub(e, VIDSTORE_STATE, VIDSTORE_SUB_TRANSITION, "id", "the bytes of the file are gone");
    int64_t expires = vs_change_int(c, VIDSTORE_FILE_EXPIRES_US);
    if (r || expires == INT64_MIN || expires > c->now_us)
        return r;
    r = expire_by_category(c, e);
    return r ? r : vs_file_repo_set_expiry(c->conn, &c->id, vs_change_int(c, VIDSTORE_FILE_EXPIRES_US), e);
}

int vs_files_renew_removed(struct vs_conn *conn, const struct vs_uuid *removal, int64_t now_us, vidstore_error **e) {
    int r = 0;
    for (const struct vs_word *category = vs_file_categories; !r && category->name; category++) {
        vs_autostmt *s = NULL;
        int64_t ms = 0;
        r = vs_file_repo_lifetime(conn, category->value, &ms, e);
        if (!r)
            r = vs_stmt(conn, VS_STMT_FILE_REMOVED_RENEW, &s, e);
        if (r)
            return r;
        vs_bind_int(s, 1, ms ? now_us + ms * 1000 : INT64_MIN);
        vs_bind_uuid(s, 2, removal);
        vs_bind_int(s, 3, category->value);
        vs_bind_int(s, 4, now_us);
        r = vs_run(s, NULL, e);
    }
    return r;
}

/* The bytes go later, by the clean-up, when no other file refers to them. */
static int purge(struct vs_change *c, vidstore_error **e) {
    struct vs_uuid blob = vs_record_uuid(c->old, VIDSTORE_FILE_BLOB_ID);
    int r = vs_blob_repo_unlink(c->conn, &blob, e);
    return r ? r : vs_blob_repo_doom(c->conn, &blob, c->now_us, e);
}

static const struct vs_reach_fields reach = {
    .access_level = VIDSTORE_FILE_ACCESS,
    .expires = VIDSTORE_FILE_EXPIRES_US,
    .held = VIDSTORE_FILE_HELD_US,
    .containers = {VIDSTORE_FILE_VIDEO_ID, VIDSTORE_FILE_JOB_ID},
};

const struct vs_rules vs_file_rules = {
    .noun = &vs_file_noun,
    .created = VIDSTORE_AUDIT_FILE_UPLOADED,
    .updated = VIDSTORE_AUDIT_FILE_UPDATED,
    .removed = VIDSTORE_AUDIT_FILE_DELETED,
    .restored = VIDSTORE_AUDIT_FILE_RESTORED,
    .purged = VIDSTORE_AUDIT_FILE_PURGED,
    .create = create,
    .update = update,
    .restore = restore,
    .purge = purge,
    .reach = &reach,
};
