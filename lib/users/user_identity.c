/* SPDX-License-Identifier: MIT */
/* Finding users by name or outside identity, linking identities, statistics. */
#include "store/standing.h"
#include "users/user_repo.h"
#include "users/users.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "util/utf8.h"
#include "vidstore/query.h"
#include <inttypes.h>
#include <string.h>

struct search {
    vidstore_session *session;
    const char *name, *external; /* else provider and subject */
    const char *provider, *subject;
    const struct vs_uuid *owner; /* of the external id; NULL: any */
    struct vs_record *found;
};

/* Names, addresses and identities can be guessed: who is not there and who may not be seen get the same answer, and
 * the same refusal on record, without the id that was found. */
static int unseen(struct search *search, vidstore_error **e) {
    vs_error_clear(e);
    if (!vs_policy_is_admin(&search->session->actor))
        vs_session_refused(search->session, VIDSTORE_AUDIT_ACCESS_DENIED, "user", NULL, NULL, VIDSTORE_NOT_FOUND);
    return vs_fail(e, VIDSTORE_NOT_FOUND,
                   search->name       ? "name"
                   : search->external ? "external_id"
                                      : "subject",
                   "no such user");
}

static int search_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct search *search = arg;
    vs_autorecord *user = NULL;
    int r = search->name       ? vs_user_repo_by_name(conn, search->name, &user, e)
            : search->external ? vs_user_repo_by_external(conn, search->external, &user, e)
                               : vs_user_repo_by_identity(conn, search->provider, search->subject, &user, e);
    if (r)
        return r == VIDSTORE_NOT_FOUND ? unseen(search, e) : r;
    struct vs_uuid id = vs_record_uuid(user, VIDSTORE_USER_ID);
    if (search->owner && !vs_uuid_equal(search->owner, &id)) /* a user is its own owner */
        return unseen(search, e);
    r = vs_policy_check(&search->session->actor, "user", VS_READ, &id, 0, e);
    if (r)
        return unseen(search, e);
    search->found = VS_TAKE(user);
    return 0;
}

static int run_search(struct search *search, vidstore_user **ret, vidstore_error **e) {
    int r = vs_session_read(search->session, search_op, search, e);
    if (r)
        vs_record_free(search->found);
    else
        *ret = (vidstore_user *)search->found;
    return r;
}

vidstore_status vidstore_user_get_by_name(vidstore_session *session, const char *name, vidstore_user **ret_user,
                                          vidstore_error **reterr) {
    VS_ENTER(session, ret_user, reterr);
    struct search search = {.session = session, .name = name};
    int r = vs_check_text(name, "name", 254, reterr);
    if (!r)
        r = run_search(&search, ret_user, reterr);
    vidstore_user_free(vs_unwanted_);
    return r;
}

static int check_identity(const char *provider, const char *subject, vidstore_error **e) {
    int r = vs_check_text(provider, "provider", 100, e);
    if (!r)
        r = vs_check_text(subject, "subject", 255, e);
    if (!r && !*provider)
        r = vs_fail(e, VIDSTORE_INVALID, "provider", "provider is empty");
    if (!r && !*subject)
        r = vs_fail(e, VIDSTORE_INVALID, "subject", "subject is empty");
    return r;
}

vidstore_status vidstore_user_get_by_identity(vidstore_session *session, const char *provider, const char *subject,
                                              vidstore_user **ret_user, vidstore_error **reterr) {
    VS_ENTER(session, ret_user, reterr);
    struct search search = {.session = session, .provider = provider, .subject = subject};
    int r = check_identity(provider, subject, reterr);
    if (!r)
        r = run_search(&search, ret_user, reterr);
    vidstore_user_free(vs_unwanted_);
    return r;
}

vidstore_status vidstore_user_get_external(vidstore_session *session, const char *user_id, const char *external_id,
                                           vidstore_user **ret_user, vidstore_error **reterr) {
    VS_ENTER(session, ret_user, reterr);
    struct vs_uuid owner;
    struct search search = {.session = session, .external = external_id, .owner = user_id ? &owner : NULL};
    int r = user_id ? vs_uuid_parse(user_id, "user_id", &owner, reterr) : 0;
    if (!r)
        r = vs_check_text(external_id, "external_id", 255, reterr);
    if (!r)
        r = run_search(&search, ret_user, reterr);
    vidstore_user_free(vs_unwanted_);
    return r;
}

struct identity_write {
    vidstore_session *session;
    struct vs_uuid id;
    const char *provider, *subject;
    int unlink;
};

static int identity_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct identity_write *w = arg;
    vs_autorecord *user = NULL;
    int r = vs_crud_load(conn, &vs_user_noun, &w->id, 0, &user, e);
    if (!r)
        r = vs_session_may(w->session, "user", VS_MANAGE, NULL, &w->id, 0, e);
    if (!r)
        r = vs_user_may_govern(w->session, vs_record_int(user, VIDSTORE_USER_ROLE), e);
    if (!r)
        r = w->unlink ? vs_user_repo_unlink(conn, &w->id, w->provider, w->subject, e)
                      : vs_user_repo_link(conn, &w->id, w->provider, w->subject, vs_now_us(), e);
    struct vs_event event = {.action = w->unlink ? VIDSTORE_AUDIT_IDENTITY_UNLINKED : VIDSTORE_AUDIT_IDENTITY_LINKED,
                             .noun = "user",
                             .object = &w->id,
                             .owner = &w->id,
                             .object_name = vs_record_text(user, VIDSTORE_USER_USERNAME),
                             .description = w->provider};
    return r ? r : vs_trail_append(conn, &w->session->actor, &event, e);
}

static int write_identity(struct identity_write *w, const char *id, vidstore_error **e) {
    int r = vs_uuid_parse(id, "id", &w->id, e);
    if (!r)
        r = vs_standing_recent(w->session, e);
    if (!r)
        r = check_identity(w->provider, w->subject, e);
    if (!r)
        r = vs_session_write(w->session, identity_op, w, e);
    if (r == VIDSTORE_FORBIDDEN)
        vs_session_refused(w->session, VIDSTORE_AUDIT_ACCESS_DENIED, "user", &w->id, NULL, r);
    return r;
}

vidstore_status vidstore_user_link_identity(vidstore_session *session, const char *id, const char *provider,
                                            const char *subject, vidstore_error **reterr) {
    VS_ENTER_VOID(session, reterr);
    struct identity_write w = {session, {{0}}, provider, subject, 0};
    return write_identity(&w, id, reterr);
}

vidstore_status vidstore_user_unlink_identity(vidstore_session *session, const char *id, const char *provider,
                                              const char *subject, vidstore_error **reterr) {
    VS_ENTER_VOID(session, reterr);
    struct identity_write w = {session, {{0}}, provider, subject, 1};
    return write_identity(&w, id, reterr);
}

struct stats {
    vidstore_session *session;
    struct vs_uuid id;
    struct vs_buf b;
};

static int stats_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct stats *stats = arg;
    vs_autorecord *user = NULL;
    int r = vs_crud_load(conn, &vs_user_noun, &stats->id, 0, &user, e);
    if (!r)
        r = vs_session_may(stats->session, "user", VS_READ, NULL, &stats->id, 0, e);
    if (r)
        return r;
    vs_buf_free(&stats->b);
    vs_buf_fmt(&stats->b, "{\"id\":\"%s\",\"job_count\":%" PRId64 ",\"processing_ms\":%" PRId64 ",\"last_login\":",
               vs_record_text(user, VIDSTORE_USER_ID), vs_record_int(user, VIDSTORE_USER_JOB_COUNT),
               vs_record_int(user, VIDSTORE_USER_PROCESSING_MS));
    if (vs_record_is_null(user, VIDSTORE_USER_LAST_LOGIN_US))
        vs_buf_str(&stats->b, "null,");
    else
        vs_buf_fmt(&stats->b, "%" PRId64 ",", vs_record_int(user, VIDSTORE_USER_LAST_LOGIN_US));
    r = vs_user_repo_stats(conn, &stats->id, &stats->b, e);
    vs_buf_char(&stats->b, '}');
    return r;
}

vidstore_status vidstore_user_stats(vidstore_session *session, const char *id, vidstore_text **ret_json,
                                    vidstore_error **reterr) {
    VS_ENTER(session, ret_json, reterr);
    struct stats stats = {session, {{0}}, {0}};
    int r = vs_uuid_parse(id, "id", &stats.id, reterr);
    if (!r)
        r = vs_session_read(session, stats_op, &stats, reterr);
    if (!r)
        r = vs_buf_to_text(&stats.b, ret_json, reterr);
    vs_buf_free(&stats.b);
    vidstore_text_free(vs_unwanted_);
    return r;
}
