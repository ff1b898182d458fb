/* SPDX-License-Identifier: MIT */
/* The root handle: one open store, shared by its sessions. */
#ifndef VS_STORE_STORE_H
#define VS_STORE_STORE_H

#include "access/pepper.h"
#include "blob/blob.h"
#include "db/db.h"
#include "media/media.h"
#include "store/settings.h"
#include "vidstore/store.h"
#include <pthread.h>
#include <stdatomic.h>

/* The options of vidstore_open, as they turned out. */
struct vs_options {
    char *path; /* absolute directory; NULL: in memory */
    int read_only, create, relaxed, network_fs, lost_blobs, weak_hashes;
    int64_t deadline_ms, txn_max_age_ms, readers;
    char *helper;                /* of the prober; NULL: found */
    char *worker;                /* how this process signs its leases */
    char *audit_key;             /* path of the key that signs checkpoints; NULL: they are not signed */
    char *peppers, *pepper_file; /* the keys, or the path of a file with them; NULL: none */
    char *blocklist;             /* path of a file; NULL: the library's own */
};

/* Something that a part keeps for the life of the store, such as the thread that renews leases. */
enum vs_slot {
    VS_SLOT_LEASES,
    VS_SLOT_WATCHER,
    VS_SLOT_SEEN,
    VS_SLOT_KEPT_LEASES,
    VS_SLOT_CALLS,
    VS_SLOT_REFUSALS,
    VS_SLOTS
};
struct vs_service {
    void *state;
    void (*stop)(void *state);
    void (*closing)(void *state); /* the host has closed its handle: let go of what keeps the store; NULL: nothing */
};

struct vs_noun;
enum { VS_NOTED = 16 };

struct vidstore {
    uint32_t magic;
    atomic_int refs; /* the host's handle, and one for each session, upload, reader and lease */
    struct vs_options options;
    struct vs_db *db;
    struct vs_blobs *blobs;
    char instance[VS_UUID_TEXT];
    uint8_t seal[VS_SIV_KEY]; /* for cursors and positions; never changed: one that was kept stays good */
    struct vs_settings settings;
    pthread_mutex_t lock; /* guards what follows */
    struct vs_prober *prober;
    struct vs_service services[VS_SLOTS];
    atomic_int closing;
    struct vs_peppers peppers;      /* never changed while it is open */
    struct vs_blocklist *blocklist; /* NULL: the library's own */
    struct vs_signer *signer;       /* of checkpoints; NULL: none */
    atomic_llong writes;            /* since this process last thought of a checkpoint */
    atomic_llong checkpoint_at_us;  /* monotonic: when it thinks of the next one, however few they are */
    atomic_int checkpointing;
    /* Nouns of which records were noted through this handle, to be indexed before it goes (store/index.h). */
    _Atomic(const struct vs_noun *) noted[VS_NOTED];
};

/* The handle is that of an open store, in the process that opened it. */
int vs_store_check(const struct vidstore *store, vidstore_error **e);
struct vidstore *vs_store_ref(struct vidstore *store);
void vs_store_unref(struct vidstore *store); /* the last one closes; NULL is fine */
/* Makes a checkpoint of the audit when enough was written or time has passed. Called at the end of calls, outside of
 * transactions; a failure waits for the next time. */
void vs_store_checkpoint_if_due(struct vidstore *store);
/* The prober, started at the first use. It lives as long as the store. */
int vs_store_prober(struct vidstore *store, struct vs_prober **ret, vidstore_error **e);
/* The state of a service, made by `start` at the first use. It is stopped when the store closes. */
int vs_store_service(struct vidstore *store, enum vs_slot slot,
                     int (*start)(struct vidstore *, void **, vidstore_error **), void (*stop)(void *), void **ret,
                     vidstore_error **e);
/* What is done with a service that is there when the host closes the store. */
void vs_store_service_closing(struct vidstore *store, enum vs_slot slot, void (*closing)(void *));

/* The options from params, URI, environment and defaults, in that order. */
int vs_options_make(const char *location, const vidstore_open_params *params, struct vs_options *ret,
                    vidstore_error **e);
void vs_options_free(struct vs_options *options);

#endif
