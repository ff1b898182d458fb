/* SPDX-License-Identifier: MIT */
/* Public calls on the audit: reading, and a host's own events. */
#include "audit/audit.h"
#include "db/bind.h"
#include "record/record_api.h"
#include "store/checkpoints.h"
#include "trail/checkpoint.h"
#include "util/alloc.h"
#include "util/error.h"
#include "util/json.h"
#include "util/utf8.h"
#include "vidstore/query.h"
#include <string.h>

#define vs_audit_event_noun vs_audit_noun
VS_RECORD_API(audit_event, audit_event)

struct get {
    vidstore_session *session;
    struct vs_uuid id;
    struct vs_record *found;
};

/* An event may be seen by whom it concerns: the owner of the object, and who acted. */
static int get_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct get *get = arg;
    vs_autorecord *event = NULL;
    int r = vs_crud_load(conn, &vs_audit_noun, &get->id, 1, &event, e);
    if (r)
        return r;
    struct vs_uuid actor = vs_record_uuid(event, VIDSTORE_AUDIT_USER_ID),
                   owner = vs_record_uuid(event, VIDSTORE_AUDIT_OWNER_ID);
    r = vs_policy_check(&get->session->actor, "audit", VS_READ, &owner, 0, NULL);
    if (r)
        r = vs_session_may(get->session, "audit", VS_READ, NULL, &actor, 0, e);
    if (!r)
        get->found = VS_TAKE(event);
    return r;
}

vidstore_status vidstore_audit_get(vidstore_session *session, const char *id, vidstore_audit_event **ret_event,
                                   vidstore_error **reterr) {
    VS_ENTER(session, ret_event, reterr);
    struct get get = {session, {{0}}, NULL};
    int r = vs_uuid_parse(id, "id", &get.id, reterr);
    if (!r)
        r = vs_session_read(session, get_op, &get, reterr);
    if (r)
        vs_record_free(get.found);
    else
        *ret_event = (vidstore_audit_event *)get.found;
    vidstore_audit_event_free(vs_unwanted_);
    return r;
}

vidstore_status vidstore_audit_list(vidstore_session *session, const vidstore_query *query, vidstore_page **ret_page,
                                    vidstore_error **reterr) {
    VS_ENTER(session, ret_page, reterr);
    vs_session_settle_refusals(session);
    int r = vs_crud_list(session, &vs_audit_noun, query, (struct vs_page **)ret_page, reterr);
    vidstore_page_free(vs_unwanted_);
    return r;
}

vidstore_status vidstore_audit_count(vidstore_session *session, const vidstore_query *query, int64_t *ret_count,
                                     vidstore_error **reterr) {
    VS_ENTER(session, ret_count, reterr);
    vs_session_settle_refusals(session);
    return vs_crud_count(session, &vs_audit_noun, query, ret_count, reterr);
}

struct append {
    vidstore_session *session;
    struct vs_event event;
};

static int append_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct append *append = arg;
    return vs_trail_append(conn, &append->session->actor, &append->event, e);
}

vidstore_status vidstore_audit_record(vidstore_session *session, const char *noun, const char *object_id,
                                      const char *description, const char *details_json, vidstore_error **reterr) {
    VS_ENTER_VOID(session, reterr);
    struct vs_uuid object;
    int r = vs_check_text(noun, "noun", 50, reterr);
    if (!r && !*noun)
        r = vs_fail(reterr, VIDSTORE_INVALID, "noun", "noun is empty");
    if (!r && object_id)
        r = vs_uuid_parse(object_id, "object_id", &object, reterr);
    if (!r)
        r = vs_check_text(description, "description", 4096, reterr);
    if (!r && details_json && !(r = vs_check_text(details_json, "details", 65536, reterr)))
        r = vs_json_check(details_json, strlen(details_json), 65536, JSON_OBJECT, "details", reterr);
    if (!r && session->actor.kind == VS_ACTOR_ANONYMOUS)
        r = vs_fail(reterr, VIDSTORE_FORBIDDEN, NULL, "an anonymous session may not write to the audit");
    if (!r && session->actor.scopes) /* a key is what a user holds, and not the host's word */
        r = vs_session_may(session, "audit", VS_CREATE, NULL, NULL, 0, reterr);
    if (r)
        return r;
    struct append append = {session,
                            {.action = VIDSTORE_AUDIT_HOST_EVENT,
                             .chain = VS_CHAIN_ACTIVITY,
                             .noun = noun,
                             .object = object_id ? &object : NULL,
                             .owner = &session->actor.user,
                             .details = details_json,
                             .description = description}};
    return vs_session_write(session, append_op, &append, reterr);
}

vidstore_status vidstore_audit_checkpoint(vidstore_session *session, vidstore_text **ret_text,
                                          vidstore_error **reterr) {
    VS_ENTER(session, ret_text, reterr);
    vs_session_settle_refusals(session);
    vs_autobuf text = {0};
    struct vs_call call = vs_session_call(session);
    int r = vs_session_outside(session, reterr);
    if (!r)
        r = vs_session_may(session, "audit", VS_MANAGE, NULL, NULL, 0, reterr);
    if (!r)
        r = vs_checkpoint_now(session->store, &call, &session->actor, &text, reterr);
    if (!r)
        r = vs_buf_to_text(&text, ret_text, reterr);
    vidstore_text_free(vs_unwanted_);
    return r;
}

struct old {
    int64_t number;
    struct vs_buf text;
};

static int old_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct old *old = arg;
    vs_buf_free(&old->text);
    if (!old->number)
        return vs_checkpoint_last(conn, &old->text, e);
    return vs_checkpoint_get(conn, old->number, &old->text, e);
}

vidstore_status vidstore_audit_checkpoint_get(vidstore_session *session, int64_t number, vidstore_text **ret_text,
                                              vidstore_error **reterr) {
    VS_ENTER(session, ret_text, reterr);
    struct old old = {.number = number};
    int r = vs_session_may(session, "audit", VS_MANAGE, NULL, NULL, 0, reterr);
    if (!r && number < 0)
        r = vs_fail_sub(reterr, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "number", "number is negative");
    if (!r)
        r = vs_session_read(session, old_op, &old, reterr);
    if (!r && !old.text.len)
        r = vs_fail(reterr, VIDSTORE_NOT_FOUND, "number", "there is no such checkpoint");
    if (!r)
        r = vs_buf_to_text(&old.text, ret_text, reterr);
    vs_buf_free(&old.text);
    vidstore_text_free(vs_unwanted_);
    return r;
}
