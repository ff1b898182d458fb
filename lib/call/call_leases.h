/* SPDX-License-Identifier: MIT */
/* Leases that were claimed by name: a name can't hold a handle, so the store does, and renews it, until the lease ends
 * or the store is closed. */
#ifndef VS_CALL_CALL_LEASES_H
#define VS_CALL_CALL_LEASES_H

#include "store/session.h"

struct vs_kept_lease {
    struct vs_kept_lease *next;
    vidstore_lease *lease;
    pthread_mutex_t lock; /* one call at a time acts on the handle */
    int refs;             /* guarded by the lock of all */
    int gone;
};

/* Takes the lease over. 0, or BUSY when there are too many: the lease stays the caller's. */
int vs_call_lease_keep(struct vidstore *store, vidstore_lease *lease, vidstore_error **e);
/* The lease of a token, attached when this process does not hold it, for a session that may. Give it back. */
int vs_call_lease_use(vidstore_session *session, const char *token, struct vs_kept_lease **ret, vidstore_error **e);
/* ended: nothing more can be done with it. */
void vs_call_lease_done(struct vidstore *store, struct vs_kept_lease *kept, int ended);
/* Gives a job back that nobody has taken, and frees the handle; NULL is fine. */
void vs_call_lease_return(vidstore_lease *lease);

#endif
