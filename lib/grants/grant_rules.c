/* SPDX-License-Identifier: MIT */
/* Who may give what to whom. */
#include "db/bind.h"
#include "files/files.h"
#include "grants/grants.h"
#include "jobs/jobs.h"
#include "util/error.h"
#include "videos/videos.h"
#include <string.h>

enum { OWNER_ID = 2, GRANTS_MAX = 1000 };

static const struct vs_rules *rules_of(const char *noun) {
    static const struct vs_rules *const all[] = {&vs_file_rules, &vs_video_rules, &vs_job_rules};
    for (size_t i = 0; noun && i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i]->noun->name, noun) == 0)
            return all[i];
    return NULL;
}

static int needed(const struct vs_change *c, int32_t field, struct vs_uuid *ret, vidstore_error **e) {
    const char *name = vs_field_by_id(&vs_grant_noun, field)->name, *text = vs_change_text(c, field);
    return text ? vs_uuid_parse(text, name, ret, e) : vs_fail(e, VIDSTORE_INVALID, name, "%s is missing", name);
}

/* The object, when the actor may share it. */
static int load_object(struct vs_change *c, const struct vs_rules **ret_rules, struct vs_record **ret,
                       vidstore_error **e) {
    const struct vs_rules *rules = *ret_rules = rules_of(vs_change_text(c, VIDSTORE_GRANT_NOUN));
    struct vs_uuid id = {{0}};
    if (!rules)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "noun", "noun is none of file, video and job");
    int r = needed(c, VIDSTORE_GRANT_OBJECT_ID, &id, e);
    return r ? r : vs_crud_load_for(c->conn, c->session, rules, &id, 0, VS_SHARE, ret, e);
}

static int check_subject(struct vs_change *c, const struct vs_uuid *owner, vidstore_error **e) {
    vs_autostmt *s = NULL;
    struct vs_uuid subject = {{0}};
    int r = needed(c, VIDSTORE_GRANT_SUBJECT_ID, &subject, e);
    int denies = vs_change_int(c, VIDSTORE_GRANT_DENIES) == 1;
    if (r)
        return r;
    if (vs_uuid_equal(&subject, &c->session->actor.user))
        return vs_fail(e, VIDSTORE_INVALID, "subject_id", "nobody grants anything to itself");
    if (!denies && vs_uuid_equal(&subject, owner))
        return vs_fail(e, VIDSTORE_INVALID, "subject_id", "it is the user's own already");
    r = vs_ask(c->conn, VS_STMT_FILE_OWNER_KNOWN, &s, e, vs_id(&subject));
    return r == VS_DONE ? vs_fail(e, VIDSTORE_INVALID, "subject_id", "there is no such user") : r < 0 ? r : 0;
}

/* A grant that reaches as far and may be handed on: whoever is neither owner nor admin gives out of that. */
static int find_source(struct vs_change *c, const struct vs_rules *rules, const struct vs_record *object,
                       int64_t *ret_expires, vidstore_error **e) {
    struct vs_uuid ids[3] = {vs_record_uuid(object, rules->noun->base + 1)}, source;
    vs_autostmt *s = NULL;
    int r = vs_bound(c->conn, VS_STMT_GRANT_SOURCE, &s, e, vs_id(&c->session->actor.user));
    if (r)
        return r;
    for (int i = 0; i < 3; i++) {
        if (i && rules->reach->containers[i - 1])
            ids[i] = vs_record_uuid(object, rules->reach->containers[i - 1]);
        vs_bind_uuid(s, 2 + i, &ids[i]);
    }
    vs_bind_int(s, 5, vs_change_int(c, VIDSTORE_GRANT_REACH));
    vs_bind_int(s, 6, c->now_us);
    r = vs_row(s, e);
    if (r == VS_DONE)
        return vs_fail(e, VIDSTORE_FORBIDDEN, "reach", "nobody gives more than it may hand on");
    if (r < 0)
        return r;
    vs_col_uuid(s, 0, &source);
    *ret_expires = vs_col_int(s, 1);
    return vs_change_set_uuid(c, VIDSTORE_GRANT_PARENT_ID, &source, e);
}

/* What was handed on ends no later than that from which it comes. */
static int check_end(struct vs_change *c, int64_t source_ends, vidstore_error **e) {
    int64_t ends = vs_change_int(c, VIDSTORE_GRANT_EXPIRES_US);
    if (ends != INT64_MIN && ends <= c->now_us)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "expires", "expires is not in the future");
    if (source_ends != INT64_MIN && (ends == INT64_MIN || ends > source_ends))
        vs_change_set_int(c, VIDSTORE_GRANT_EXPIRES_US, source_ends);
    return 0;
}

static int check_giver(struct vs_change *c, const struct vs_rules *rules, const struct vs_record *object,
                       vidstore_error **e) {
    int64_t source_ends = INT64_MIN;
    int r = 0;
    if (!vs_policy_is_admin(&c->session->actor) && !vs_uuid_equal(&c->owner, &c->session->actor.user)) {
        if (vs_change_int(c, VIDSTORE_GRANT_DENIES) == 1)
            return vs_fail(e, VIDSTORE_FORBIDDEN, "denies", "only the owner and admins deny");
        r = find_source(c, rules, object, &source_ends, e);
    }
    return r ? r : check_end(c, source_ends, e);
}

/* Makes room: what has expired is no grant any more. */
static int check_others(struct vs_change *c, vidstore_error **e) {
    struct vs_uuid object = {{0}};
    vs_autostmt *drop = NULL, *count = NULL;
    int r = needed(c, VIDSTORE_GRANT_OBJECT_ID, &object, e);
    if (!r)
        r = vs_stmt(c->conn, VS_STMT_GRANT_DROP_EXPIRED, &drop, e);
    if (r)
        return r;
    vs_bind_uuid(drop, 1, &object);
    vs_bind_int(drop, 2, c->now_us);
    r = vs_run(drop, NULL, e);
    if (!r)
        r = vs_stmt(c->conn, VS_STMT_GRANT_OBJECT_COUNT, &count, e);
    if (r)
        return r;
    vs_bind_uuid(count, 1, &object);
    r = vs_row(count, e);
    if (r == VS_ROW && vs_col_int(count, 0) >= GRANTS_MAX)
        return vs_fail(e, VIDSTORE_QUOTA, "object_id", "there are %d grants on it already", GRANTS_MAX);
    return r < 0 ? r : 0;
}

static int create(struct vs_change *c, vidstore_error **e) {
    const struct vs_rules *rules = NULL;
    vs_autorecord *object = NULL;
    vs_change_default_int(c, VIDSTORE_GRANT_REACH, VIDSTORE_REACH_READ);
    vs_change_default_int(c, VIDSTORE_GRANT_DENIES, 0);
    vs_change_default_int(c, VIDSTORE_GRANT_CAN_SHARE, 0);
    int r = load_object(c, &rules, &object, e);
    if (r)
        return r;
    c->owner = vs_record_uuid(object, rules->noun->base + OWNER_ID);
    if (rules->reach->access_level && vs_record_int(object, rules->reach->access_level) == VIDSTORE_ACCESS_PRIVATE &&
        vs_change_int(c, VIDSTORE_GRANT_DENIES) != 1)
        return vs_fail(e, VIDSTORE_STATE, "object_id", "the file is private: give it restricted access to share it");
    r = check_subject(c, &c->owner, e);
    if (!r)
        r = check_giver(c, rules, object, e);
    if (!r)
        r = check_others(c, e);
    if (!r)
        r = vs_change_set_uuid(c, VIDSTORE_GRANT_USER_ID, &c->owner, e);
    return r ? r : vs_change_set_uuid(c, VIDSTORE_GRANT_GRANTED_BY, &c->session->actor.user, e);
}

/* A grant is seen by those whom it concerns. */
static const struct vs_reach_fields reach = {
    .parties = {VIDSTORE_GRANT_SUBJECT_ID, VIDSTORE_GRANT_GRANTED_BY},
};

const struct vs_rules vs_grant_rules = {
    .noun = &vs_grant_noun,
    .created = VIDSTORE_AUDIT_GRANT_CREATED,
    .create = create,
    .reach = &reach,
};
