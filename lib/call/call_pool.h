/* SPDX-License-Identifier: MIT */
/* The threads of a store that run calls in the background. Four classes, so that a short call never waits behind a long
 * one, a login never behind the bytes of slow clients, nor any behind one that waits for something to happen; each
 * starts threads when it needs them, up to a limit, and lets them go when they have been idle for a while. Their number
 * of short ones is how many queued writes can share a commit. */
#ifndef VS_CALL_CALL_POOL_H
#define VS_CALL_CALL_POOL_H

#include "call/call.h"
#include <sys/queue.h>

struct vs_op_list;
TAILQ_HEAD(vs_op_list, vidstore_result);

enum vs_op_state { VS_OP_QUEUED, VS_OP_RUNNING, VS_OP_DONE, VS_OP_FETCHED };

/* One operation, which becomes its own result. */
struct vidstore_result {
    uint32_t magic;
    TAILQ_ENTRY(vidstore_result) by_state; /* among those that wait for a thread, or for the host */
    TAILQ_ENTRY(vidstore_result) by_queue; /* among all of its queue */
    struct vidstore_queue *queue;          /* NULL once fetched */
    int64_t op, tag, charged;              /* charged: bytes that count against the queue */
    int64_t until_us;                      /* its deadline; INT64_MAX: it has none */
    enum vs_op_state state;
    int cancelled;
    vidstore_session *session, *actor; /* actor: of the lease that was named; NULL: the session itself */
    struct vs_invocation call;
    int status;
    vidstore_error *error;
};

struct vidstore_queue {
    uint32_t magic;
    struct vidstore *store;
    struct vs_call_pool *pool;
    int fds[2];
    int64_t limit, count, bytes, next_op;
    int64_t running;
    int dead, abandoned; /* the host has freed it; and waits no longer: the last operation frees the memory */
    struct vs_op_list all, done;
};

struct vs_call_class_pool {
    struct vs_call_pool *pool;
    struct vs_op_list waiting;
    int threads, idle, limit;
    int64_t queued;
    pthread_cond_t wake;
};

/* One lock for all that is above: it is held for moments only, never while a call runs. */
struct vs_call_pool {
    pthread_mutex_t lock;
    int refs, stopping;
    pthread_cond_t ended; /* an operation of a queue that is being freed has ended */
    pthread_cond_t watch; /* the thread that ends what waits too long: there is one while deadlines wait */
    int watching;
    int64_t watch_us; /* when it looks next */
    struct vs_call_class_pool classes[VS_CLASSES];
};

enum { VS_QUEUE_BYTES = 64 << 20 };

int vs_call_pool_of(struct vidstore *store, struct vs_call_pool **ret, vidstore_error **e);
/* Hands an operation over, with the lock held. UNAVAILABLE when there is no thread and none can be started. */
int vs_call_pool_add(struct vs_call_pool *pool, struct vidstore_result *op, vidstore_error **e);
/* With the lock held: takes one that waits for a thread out again; wakes threads that a full queue held back. */
void vs_call_pool_remove(struct vs_call_pool *pool, struct vidstore_result *op);
void vs_call_pool_wake(struct vs_call_pool *pool);

/* With the lock held: the operation has ended and its result waits for the host. */
void vs_queue_put(struct vidstore_queue *queue, struct vidstore_result *op);
/* After a run: hands the result over, or drops it when the host has freed the queue. */
void vs_queue_ran(struct vidstore_result *op);

#endif
