/* SPDX-License-Identifier: MIT */
/* The handle of a lease: making, asking, freeing; and the fence before every write of its session. */
#include "jobs/job_lease.h"
#include "db/bind.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "util/handle.h"
#include "util/quarantine.h"
#include "vidstore/user.h"
#include <stdio.h>
#include <string.h>

/* Runs before every write of the lease's session, in its transaction. Taking a job back clears the hash, and writes
 * come one after the other: a lease that is late holds as long as nobody has done so. */
static int fence(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct vs_hold *hold = arg;
    vs_autostmt *s = NULL;
    int r = vs_ask(conn, VS_STMT_JOB_LEASE_HOLDS, &s, e, vs_id(&hold->job), vs_bytes(hold->hash, VS_SHA256_SIZE));
    if (r < 0)
        return r;
    if (r == VS_ROW) {
        vs_hold_moved(hold);
        return 0;
    }
    if (atomic_load(&hold->end) == VS_HOLD_LIVE)
        vs_hold_lost(hold);
    return vs_fail(e, VIDSTORE_LEASE_LOST, "lease", "the job was taken back or has ended; nothing was changed");
}

/* A transaction of the lease's session, or a level of it, has ended: with it came, or went, the end of the lease. */
static void txn_ended(vidstore_session *session, int committed) {
    struct vs_hold *hold = session->lease->hold;
    int left = session->txn ? vs_txn_depth(session->txn) : 0;
    if (atomic_load(&hold->end) != VS_HOLD_ENDING || hold->ending_depth <= left)
        return;
    if (!committed) {
        atomic_store(&hold->end, VS_HOLD_LIVE);
    } else if (left) {
        hold->ending_depth = left;
    } else {
        atomic_store(&hold->end, VS_HOLD_ENDED);
        vs_keeper_drop(session->lease->keeper, hold);
    }
}

/* An upload outlives the session that it was opened by, and its fence with it. */
static void count_ref(void *arg, int by) {
    if (by > 0)
        vs_hold_ref(arg);
    else
        vs_hold_unref(arg);
}

static int make_token(vidstore_lease *lease, vidstore_error **e) {
    uint8_t bytes[VS_TOKEN_BYTES];
    if (vs_random(bytes, sizeof bytes))
        return vs_fail(e, VIDSTORE_IO, NULL, "the system gives no random bytes");
    vs_hex(bytes, sizeof bytes, lease->token);
    vs_wipe(bytes, sizeof bytes);
    return 0;
}

static int fill(vidstore_lease *lease, const vidstore_session *claimer, const char *token, vidstore_error **e) {
    struct vidstore *store = claimer->store;
    int r = vs_hold_new(&lease->hold, e);
    if (!r)
        r = vs_keeper_of(store, &lease->keeper, e);
    if (!r)
        r = vs_session_new(store, VS_ACTOR_WORKER, NULL, VIDSTORE_ROLE_USER, store->options.worker, NULL,
                           &lease->session, e);
    if (!r) {
        lease->session->actor.trusted = vs_policy_is_trusted(&claimer->actor);
        lease->session->claimer = claimer->actor.kind == VS_ACTOR_WORKER ? claimer->claimer : claimer->actor.user;
        lease->session->credential = claimer->credential;
    }
    if (!r && token)
        snprintf(lease->token, sizeof lease->token, "%s", token);
    else if (!r)
        r = make_token(lease, e);
    if (!r && vs_sha256(lease->token, strlen(lease->token), lease->hold->hash))
        r = vs_fail(e, VIDSTORE_INTERNAL, NULL, "the token can't be hashed");
    return r;
}

int vs_lease_new(const vidstore_session *claimer, const char *token, vidstore_lease **ret, vidstore_error **e) {
    vs_autolease *lease = vs_calloc(1, sizeof *lease);
    if (!lease)
        return vs_fail_nomem(e);
    lease->magic = VS_MAGIC_LEASE;
    int r = fill(lease, claimer, token, e);
    if (!r)
        *ret = VS_TAKE(lease);
    return r;
}

void vs_lease_begin(vidstore_lease *lease, struct vs_record *job, int32_t owner_role, int64_t due_us) {
    vidstore_session *session = lease->session;
    struct vs_hold *hold = lease->hold;
    const char *stage = vs_record_text(job, VIDSTORE_JOB_STAGE);
    int64_t done = vs_record_int(job, VIDSTORE_JOB_STAGE_DONE);
    lease->job = job;
    hold->job = vs_record_uuid(job, VIDSTORE_JOB_ID);
    hold->kind = vs_kind_find(vs_record_text(job, VIDSTORE_JOB_KIND));
    hold->moved_us = vs_mono_us();
    hold->progress = (struct vs_progress){.done = done == INT64_MIN ? 0 : done,
                                          .total = vs_record_int(job, VIDSTORE_JOB_STAGE_TOTAL),
                                          .whole = vs_record_int(job, VIDSTORE_JOB_PROGRESS_DONE)};
    snprintf(hold->progress.stage, sizeof hold->progress.stage, "%s", stage ? stage : "");
    if (vs_record_int(job, VIDSTORE_JOB_CANCEL_REQUESTED) == 1)
        vs_hold_signal(hold, VIDSTORE_SIGNAL_CANCEL);
    session->actor.user = vs_record_uuid(job, VIDSTORE_JOB_USER_ID);
    session->actor.role = owner_role;
    vs_uuid_format(&session->actor.user, session->user_id);
    session->fence = fence;
    session->fence_arg = hold;
    session->fence_ref = count_ref;
    session->txn_ended = txn_ended;
    session->lease = lease;
    vs_keeper_add(lease->keeper, hold, due_us);
}

void vs_lease_destroy(vidstore_lease *lease) {
    if (!lease)
        return;
    if (lease->job)
        vs_keeper_drop(lease->keeper, lease->hold);
    vs_record_free(lease->job);
    lease->magic = VS_MAGIC_FREED;
    vs_wipe(lease->token, sizeof lease->token);
    /* The session may be the last one to hold the store, and with it the keeper; its open transaction may still ask the
     * fence. */
    if (lease->session)
        vs_session_destroy(lease->session);
    vs_hold_unref(lease->hold);
    vs_quarantine(lease, sizeof *lease);
}

int vs_lease_owner_role(struct vs_conn *conn, const struct vs_record *job, int32_t *ret, vidstore_error **e) {
    vs_autostmt *s = NULL;
    struct vs_uuid owner = vs_record_uuid(job, VIDSTORE_JOB_USER_ID);
    *ret = VIDSTORE_ROLE_USER;
    int r = vs_ask(conn, VS_STMT_JOB_OWNER_ROLE, &s, e, vs_id(&owner));
    /* A viewer's job must be able to put its outputs somewhere. */
    if (r == VS_ROW && vs_col_int(s, 0) == VIDSTORE_ROLE_ADMIN)
        *ret = VIDSTORE_ROLE_ADMIN;
    return r < 0 ? r : 0;
}

static int check_usable(const vidstore_lease *lease, vidstore_error **e) {
    int r = vs_check_handle(lease, VS_MAGIC_LEASE, "lease", e);
    if (!r && vs_db_forked(lease->session->store->db))
        r = vs_fail(e, VIDSTORE_FORKED, "lease",
                    "the store was opened before fork(): attach the lease's token in the child");
    return r;
}

int vs_lease_check(const vidstore_lease *lease, vidstore_error **e) {
    int r = check_usable(lease, e);
    if (!r && atomic_load(&lease->hold->end) == VS_HOLD_ENDED)
        r = vs_fail_sub(e, VIDSTORE_STATE, VIDSTORE_SUB_TRANSITION, "lease",
                        "the lease has ended: it only waits to be freed");
    return r;
}

/* --- public ----------------------------------------------------------------------------------------------------- */

const char *vidstore_lease_token(const vidstore_lease *lease) {
    return lease && lease->magic == VS_MAGIC_LEASE ? lease->token : NULL;
}

const vidstore_job *vidstore_lease_job(const vidstore_lease *lease) {
    return lease && lease->magic == VS_MAGIC_LEASE ? (const vidstore_job *)lease->job : NULL;
}

vidstore_session *vidstore_lease_session(vidstore_lease *lease) {
    return lease && lease->magic == VS_MAGIC_LEASE ? lease->session : NULL;
}

uint32_t vidstore_lease_signals(const vidstore_lease *lease) {
    if (!lease || lease->magic != VS_MAGIC_LEASE)
        return VIDSTORE_SIGNAL_NONE;
    uint32_t signals = atomic_load(&lease->hold->signals);
    return atomic_load(&lease->session->store->closing) ? signals | VIDSTORE_SIGNAL_DRAIN : signals;
}

void vidstore_lease_free(vidstore_lease *lease) {
    if (!lease || lease->magic != VS_MAGIC_LEASE || vs_db_forked(lease->session->store->db))
        return;
    vs_lease_destroy(lease);
}
