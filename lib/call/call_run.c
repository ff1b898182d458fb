/* SPDX-License-Identifier: MIT */
/* Running one call, and the public calls by name. */
#include "call/call.h"
#include "call/call_leases.h"
#include "files/files.h"
#include "jobs/job_lease.h"
#include "util/alloc.h"
#include "util/error.h"
#include "util/handle.h"
#include "vidstore/queue.h"
#include <string.h>

/* The handle of a lease is used by one call at a time. */
static int run_on_lease(struct vs_invocation *call, vidstore_session *session, vidstore_error **e) {
    struct vs_kept_lease *kept = NULL;
    int r = vs_call_lease_use(session, call->lease, &kept, e);
    if (r)
        return r;
    pthread_mutex_lock(&kept->lock);
    r = call->entry->run(kept->lease, call->in, call->out, e);
    int ended = r == VIDSTORE_LEASE_LOST || vs_lease_check(kept->lease, NULL) != 0;
    pthread_mutex_unlock(&kept->lock);
    vs_call_lease_done(session->store, kept, ended);
    return r;
}

int vs_invocation_actor(const struct vs_invocation *call, vidstore_session *session, vidstore_session **ret,
                        vidstore_error **e) {
    struct vs_kept_lease *kept = NULL;
    *ret = NULL;
    if (!call->lease || call->entry->self == VS_SELF_LEASE)
        return 0;
    if (call->entry->here_only)
        return vs_fail(e, VIDSTORE_INVALID, "lease", "%s is of the session alone", call->entry->name);
    int r = vs_call_lease_use(session, call->lease, &kept, e);
    if (r)
        return r;
    r = vs_session_copy(kept->lease->session, ret, e);
    if (!r)
        (*ret)->deadline_ms = session->deadline_ms;
    vs_call_lease_done(session->store, kept, 0);
    return r;
}

int vs_invocation_check(const struct vs_invocation *call, vidstore_session *session, vidstore_error **e) {
    int r = call->fd ? vs_session_standing(session, e) : 0;
    return r || !call->fd ? r : vs_file_may_name_path(session, call->fd, NULL, e);
}

static int check(const struct vs_invocation *call, vidstore_session *session, vidstore_error **e) {
    VS_ENTER_PLAIN(session, e);
    return vs_invocation_check(call, session, e);
}

int vs_invocation_run(struct vs_invocation *call, vidstore_session *session, vidstore_error **e) {
    return call->entry->self == VS_SELF_LEASE ? run_on_lease(call, session, e)
                                              : call->entry->run(session, call->in, call->out, e);
}

/* wrote: whether something has been committed. */
static int call_now(struct vs_invocation *call, vidstore_session *session, int *wrote, vidstore_error **e) {
    vidstore_session *actor = NULL;
    int r = call->fd ? check(call, session, e) : 0;
    if (!r)
        r = vs_invocation_actor(call, session, &actor, e);
    vidstore_session *acting = actor ? actor : session;
    acting->wrote = 0;
    if (!r)
        r = vs_invocation_run(call, acting, e);
    *wrote = acting->wrote || call->entry->self == VS_SELF_LEASE;
    vidstore_session_free(actor);
    return r;
}

static int answer(struct vs_invocation *call, vidstore_session *session, vidstore_text **ret, vidstore_error **e) {
    vs_autobuf b = {0};
    int r = vs_invocation_render(call, session->store, &b, e);
    return r ? r : vs_buf_to_text(&b, ret, e);
}

vidstore_status vidstore_call(vidstore_session *session, const char *name, const char *args_json,
                              vidstore_text **ret_json, vidstore_error **reterr) {
    vidstore_text *unwanted = NULL, **ret = ret_json ? ret_json : &unwanted;
    vs_autoinvocation call = {0};
    int wrote = 0;
    *ret = NULL;
    if (reterr)
        *reterr = NULL;
    int r = vs_check_handle(session, VS_MAGIC_SESSION, "session", reterr);
    if (!r)
        r = vs_invocation_read(&call, name, args_json, reterr);
    if (!r)
        r = call_now(&call, session, &wrote, reterr);
    if (r || !ret_json)
        return r;
    r = answer(&call, session, ret, reterr);
    if (r && wrote) /* which a plain failure would deny */
        r = vs_fail(reterr, VIDSTORE_UNKNOWN_OUTCOME, NULL, "the call was made, but there is no memory for its answer");
    return r;
}
