/* SPDX-License-Identifier: MIT */
/* What history itself has to say of what is not there any more: an erased part wants an event that says the person was
 * deleted, a pruned segment one that names it. Else anybody with a shell could call a loss an erasure. */
#ifndef VS_AUDIT_AUDIT_WITNESS_H
#define VS_AUDIT_AUDIT_WITNESS_H

#include "trail/chain.h"

struct vs_verify;

/* A segment that is said to be pruned: by its row, or by an event (the times are the row's). */
struct vs_skipped {
    int chain, witnessed;
    int64_t segment, last_us, pruned_us;
    uint8_t root[VS_SHA256_SIZE];
};

struct vs_skipped_list {
    struct vs_skipped *list;
    size_t count, room;
};

struct vs_witness {
    struct vs_skipped_list skipped, named; /* what is not there, and what events say was pruned */
    struct vs_uuid deleted;                /* whoever was found to be deleted last */
};

/* The person that a part of an event is about; NULL: nobody that can be erased. */
const void *vs_link_person(const struct vs_link *link, enum vs_link_part part);

int vs_witness_skipped(struct vs_witness *w, const struct vs_skipped *skipped, vidstore_error **e);
/* An event of the security chain: it may name a pruned segment. */
int vs_witness_event(struct vs_witness *w, const struct vs_link *link, vidstore_error **e);
void vs_witness_free(struct vs_witness *w);
/* After all events: notes what nothing bears out. The events that named what was pruned early may have been pruned in
 * their turn: then a later segment of their chain, itself borne out, has their time. */
void vs_witness_ends(struct vs_verify *v);
/* *ret: 1 when the person of an erased part was deleted, or its deletion may stand in what was pruned since. */
int vs_witness_erased(struct vs_verify *v, struct vs_conn *conn, const struct vs_link *link, enum vs_link_part part,
                      int *ret, vidstore_error **e);

#endif
