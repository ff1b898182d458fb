/* SPDX-License-Identifier: MIT */
/* Upkeep in slices: each step does a little at a time, so that nobody has to wait for it. */
#ifndef VS_UPKEEP_MAINTAIN_H
#define VS_UPKEEP_MAINTAIN_H

#include "store/session.h"

/* What was done, or in a dry run would be. */
enum vs_done {
    VS_DONE_LEASES,
    VS_DONE_SCHEDULED,
    VS_DONE_JOBS,
    VS_DONE_RECORDS,
    VS_DONE_EXPIRED,
    VS_DONE_UPLOADS,
    VS_DONE_BLOBS,
    VS_DONE_BYTES,
    VS_DONE_AUDIT,
    VS_DONE_ALERTS,
    VS_DONE_KEYS,
    VS_DONE_KEYS_PURGED,
    VS_DONE_LOGINS,
    VS_DONE_TOKENS,
    VS_DONE_USAGE,
    VS_DONE_FEED,
    VS_DONE_INDEXED,
    VS_DONE_KINDS
};
extern const char *const vs_done_names[VS_DONE_KINDS];

struct vs_upkeep {
    vidstore_session *session;
    int64_t now_us; /* what is due is due by this time */
    int64_t end_us; /* on the clock of vs_mono_us() */
    int64_t limit;  /* rows of a slice */
    int dry, all;
    int64_t done[VS_DONE_KINDS];
    int64_t failed; /* blobs that could not be deleted */
    char why[160];  /* of the first of these */
};

/* Does one slice of each step, within u->end_us if it can. *ret_more: something was left over. */
int vs_upkeep_pass(struct vs_upkeep *u, int *ret_more, vidstore_error **e);

#endif
