/* SPDX-License-Identifier: MIT */
/* The keeper: one thread a store, started with the first lease, that renews the leases of this process, writes their
 * progress, and learns that a job was cancelled or a lease lost. New progress does not wait for it when anybody else
 * commits before: it rides along, and so do renewals that are due soon, which then cost no commit of their own.
 *
 * A hold is what keeper and lease share. The keeper has a reference to each hold in its list and none to the store,
 * which stops it before closing. */
#ifndef VS_JOBS_JOB_KEEPER_H
#define VS_JOBS_JOB_KEEPER_H

#include "crypto/crypto.h"
#include "jobs/job_kinds.h"
#include "store/store.h"
#include <pthread.h>
#include <stdatomic.h>

enum { VS_STAGE_MAX = 50 };
enum { VS_HOLD_LIVE, VS_HOLD_ENDING, VS_HOLD_ENDED }; /* ending: in a transaction that is still open */

/* How far the work is. */
struct vs_progress {
    char stage[VS_STAGE_MAX + 1]; /* "": none yet */
    int64_t done, total, whole;   /* whole: of the job, in ten-thousandths */
};

struct vs_hold {
    atomic_int refs, end;
    atomic_uint signals;
    int ending_depth;                /* of the transaction's level that it ends in; the session's own */
    _Atomic int64_t ending_until_us; /* monotonic: by then that transaction has ended, one way or the other */
    struct vs_uuid job;
    uint8_t hash[VS_SHA256_SIZE];
    const struct vs_job_kind *kind;
    pthread_mutex_t lock; /* guards what follows */
    struct vs_progress progress;
    uint64_t serial, written; /* of the progress: now, and in the store */
    uint64_t aboard;          /* what a write has taken that is not committed yet: the next need not take it, too */
    int64_t moved_us;         /* monotonic: when the work last moved */
    /* The keeper's, under its lock. */
    int64_t due_us;
    int listed;
    struct vs_hold *next;
};

struct vs_keeper;

/* One reference. vs_hold_begin fills in what is known once the job is. */
int vs_hold_new(struct vs_hold **ret, vidstore_error **e);
struct vs_hold *vs_hold_ref(struct vs_hold *hold);
void vs_hold_unref(struct vs_hold *hold); /* NULL is fine */
void vs_hold_moved(struct vs_hold *hold);
void vs_hold_stays(struct vs_hold *hold); /* what was aboard is in the store, or has to be taken again */
void vs_hold_signal(struct vs_hold *hold, uint32_t signal);
void vs_hold_lost(struct vs_hold *hold); /* tells so, unless it has ended by itself */
int vs_hold_is_ending(struct vs_hold *hold);

/* The store's keeper, started when it does not run yet. */
int vs_keeper_of(struct vidstore *store, struct vs_keeper **ret, vidstore_error **e);
/* The first renewal is due after a third of the lease, or now. */
int64_t vs_keeper_first_due(struct vs_keeper *keeper, int64_t lease_ms);
void vs_keeper_add(struct vs_keeper *keeper, struct vs_hold *hold, int64_t due_us);
void vs_keeper_drop(struct vs_keeper *keeper, struct vs_hold *hold);
/* All leases of this process are looked at now: something may have been cancelled. */
void vs_keeper_poke(struct vidstore *store);
/* Renews one lease at once, in the calling thread, with its progress. LEASE_LOST and the signal when it is gone. */
int vs_keeper_renew(struct vidstore *store, struct vs_hold *hold, int64_t wait_ms, vidstore_error **e);

#endif
