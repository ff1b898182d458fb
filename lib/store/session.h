/* SPDX-License-Identifier: MIT */
/* Sessions inside: who acts, in which transaction; and the way every call takes to the database. */
#ifndef VS_STORE_SESSION_H
#define VS_STORE_SESSION_H

#include "access/policy.h"
#include "store/refusals.h"
#include "store/store.h"
#include "trail/trail.h"
#include "util/buf.h"
#include "vidstore/session.h"

/* By what a session's user proved to be one. */
enum vs_proof { VS_PROOF_NONE, VS_PROOF_PASSWORD, VS_PROOF_KEY, VS_PROOF_LOGIN, VS_PROOF_LINK };
struct vs_credential {
    enum vs_proof proof;
    struct vs_uuid id; /* of the key, login or link */
    int64_t epoch;     /* of the account, when it was proved */
    int64_t proved_us; /* when the password was given last */
};

struct vidstore_session {
    uint32_t magic;
    struct vidstore *store;
    struct vs_actor actor;
    struct vs_credential credential;
    struct vs_uuid claimer; /* a worker's: who claimed its lease, with the credential above; nil: the system */
    struct vs_txn *txn;     /* NULL: none */
    struct vs_snap *snap;   /* NULL: none */
    int64_t deadline_ms;    /* 0: the store's */
    atomic_int interrupt, busy;
    atomic_int doomed; /* every call of it is interrupted from now on: what runs in it was cancelled */
    atomic_int refs;   /* of the memory alone: what outlives a session (an upload) can still see that it is gone */
    vs_op *fence;      /* runs first in every write: the lease still holds; NULL: none */
    void *fence_arg;
    void (*fence_ref)(void *arg, int by); /* counts references to fence_arg: +1 or -1; set with the fence */
    /* A transaction, or a nested level of it (txn is there still), has ended; NULL: nobody wants to know. */
    void (*txn_ended)(vidstore_session *session, int committed);
    struct vs_refusal noted; /* what was refused in the call under way; action 0: nothing */
    const char *doing;       /* static: the call under way, for those whom it keeps waiting */
    int wrote;               /* something has been committed since this was last cleared */
    int found_job;           /* the last claim did */
    int bulk;                /* a bulk call is under way: its items leave no event each */
    vidstore_lease *lease; /* whose session it is: vidstore_session_free leaves it alone; NULL: a session of its own */
    int fence_owned;       /* the fence is counted for this session: see vs_session_copy */
    char user_id[VS_UUID_TEXT], login_id[VS_UUID_TEXT], file_id[VS_UUID_TEXT]; /* "": none */
};

/* A session of its own for a user, the system or nobody. name may be NULL. */
int vs_session_new(struct vidstore *store, enum vs_actor_kind kind, const struct vs_uuid *user, int32_t role,
                   const char *name, const vidstore_origin *origin, vidstore_session **ret, vidstore_error **e);
void vs_session_destroy(vidstore_session *session);
/* Another session of the same actor, with the same deadline and fence, but in no transaction and no lease's handle. */
int vs_session_copy(const vidstore_session *session, vidstore_session **ret, vidstore_error **e);
/* Interrupts what the session does, and whatever it begins later. Any thread. */
void vs_session_doom(vidstore_session *session);
/* For what must not keep a session alive, but asks it when it is still there: the memory stays until the last unref. */
vidstore_session *vs_session_ref(vidstore_session *session);
void vs_session_unref(vidstore_session *session); /* NULL is fine */
/* The session, entered (vs_session_leave gives it back); NULL when it was freed or is in use by another call. */
vidstore_session *vs_session_lend(vidstore_session *session);

/* What every public call does first: the handle, the process, the interrupt flag. */
int vs_session_enter(vidstore_session *session, vidstore_error **e);
/* And for calls on data: what the user is and may be right now. Another process may have changed it since the last
 * call. */
int vs_session_standing(vidstore_session *session, vidstore_error **e);
void vs_session_leave(vidstore_session **session);
/* STATE when a transaction is open: for calls that may take long. */
int vs_session_outside(const vidstore_session *session, vidstore_error **e);
struct vs_call vs_session_call(const vidstore_session *session);
/* For calls that take as long as their bytes do: when they must end, on the clock of vs_mono_us(), because the host set
 * a deadline on the session; 0: it set none, and the store's default is not meant for them. */
int64_t vs_session_limit_us(const vidstore_session *session);

/* Runs op: in the session's transaction when there is one (undone to before op when it fails), else in one of its
 * own. A write checks the lease first. */
int vs_session_read(vidstore_session *session, vs_op *op, void *arg, vidstore_error **e);
int vs_session_write(vidstore_session *session, vs_op *op, void *arg, vidstore_error **e);

/* A transaction of the library's own around several calls of the same session: begins it, and ends it by commit (r 0)
 * or rollback; vs_session_end gives r, or what the commit said. None may be open before. */
int vs_session_begin(vidstore_session *session, vidstore_error **e);
int vs_session_end(vidstore_session *session, int r, vidstore_error **e);

/* vs_policy_check, with a refusal noted: it goes on record when the call ends, whatever code the caller is told. Also
 * from inside an operation. object may be NULL. */
int vs_session_may(vidstore_session *session, const char *noun, enum vs_verb verb, const struct vs_uuid *object,
                   const struct vs_uuid *owner, int64_t access_level, vidstore_error **e);
/* Notes that something was refused or failed, as vs_session_may does; of one call the first refusal counts. */
void vs_session_refused(vidstore_session *session, int32_t action, const char *noun, const struct vs_uuid *object,
                        const struct vs_uuid *owner, int code);

/* So that who reads the audit finds what this process has refused until now. Does nothing in a transaction. */
void vs_session_settle_refusals(vidstore_session *session);

/* The head of a public function: outs are written, the session checked and left again whatever happens. The plain form
 * is for calls that touch no data. */
#define VS_ENTER_PLAIN(session_, reterr_)                                                                              \
    if (reterr_)                                                                                                       \
        *(reterr_) = NULL;                                                                                             \
    int vs_entered_ = vs_session_enter(session_, reterr_);                                                             \
    if (vs_entered_)                                                                                                   \
        return vs_entered_;                                                                                            \
    __attribute__((cleanup(vs_session_leave), unused)) vidstore_session *vs_leave_ = session_;                         \
    (session_)->doing = __func__
#define VS_ENTER_VOID(session_, reterr_)                                                                               \
    VS_ENTER_PLAIN(session_, reterr_);                                                                                 \
    vs_entered_ = vs_session_standing(session_, reterr_);                                                              \
    if (vs_entered_)                                                                                                   \
    return vs_entered_
#define VS_ENTER(session_, ret_, reterr_)                                                                              \
    __typeof__(*(ret_)) vs_unwanted_ = (__typeof__(*(ret_)))0;                                                         \
    if (!(ret_))                                                                                                       \
        (ret_) = &vs_unwanted_;                                                                                        \
    *(ret_) = (__typeof__(*(ret_)))0;                                                                                  \
    VS_ENTER_VOID(session_, reterr_)

#endif
