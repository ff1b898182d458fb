/* SPDX-License-Identifier: MIT */
#include "store/store.h"
#include "db/bind.h"
#include "store/checkpoints.h"
#include "store/guards.h"
#include "store/index.h"
#include "store/place.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "util/handle.h"
#include "util/quarantine.h"
#include "vidstore/store.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int vs_store_check(const struct vidstore *store, vidstore_error **e) {
    int r = vs_check_handle(store, VS_MAGIC_STORE, "store", e);
    if (!r && atomic_load(&store->closing))
        r = vs_fail_sub(e, VIDSTORE_MISUSE, VIDSTORE_SUB_WRONG_HANDLE, "store", "the store has been closed");
    if (!r)
        r = vs_db_check(store->db, "store", e);
    return r;
}

struct vidstore *vs_store_ref(struct vidstore *store) {
    atomic_fetch_add_explicit(&store->refs, 1, memory_order_relaxed);
    return store;
}

static void destroy(struct vidstore *store) {
    for (int i = 0; i < VS_SLOTS; i++)
        if (store->services[i].state)
            store->services[i].stop(store->services[i].state);
    vs_prober_free(store->prober);
    vs_checkpoints_end(store);
    vs_guards_end(store);
    vs_index_close(store);
    vs_db_close(store->db);
    vs_blobs_close(store->blobs);
    vs_options_free(&store->options);
    pthread_mutex_destroy(&store->lock);
    pthread_mutex_destroy(&store->settings.lock);
    vs_quarantine(store, sizeof *store);
}

void vs_store_unref(struct vidstore *store) {
    if (!store || atomic_fetch_sub_explicit(&store->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (store->db && vs_db_forked(store->db))
        return; /* the parent's threads and locks are not ours to touch: leak */
    destroy(store);
}

int vs_store_prober(struct vidstore *store, struct vs_prober **ret, vidstore_error **e) {
    int r = 0;
    pthread_mutex_lock(&store->lock);
    if (!store->prober)
        r = vs_prober_new(store->options.helper, &store->prober, e);
    *ret = store->prober;
    pthread_mutex_unlock(&store->lock);
    return r;
}

int vs_store_service(struct vidstore *store, enum vs_slot slot,
                     int (*start)(struct vidstore *, void **, vidstore_error **), void (*stop)(void *), void **ret,
                     vidstore_error **e) {
    struct vs_service *service = &store->services[slot];
    int r = 0;
    pthread_mutex_lock(&store->lock);
    if (!service->state) {
        r = start(store, &service->state, e);
        service->stop = stop;
    }
    *ret = service->state;
    pthread_mutex_unlock(&store->lock);
    return r;
}

void vs_store_service_closing(struct vidstore *store, enum vs_slot slot, void (*closing)(void *)) {
    pthread_mutex_lock(&store->lock);
    store->services[slot].closing = closing;
    pthread_mutex_unlock(&store->lock);
}

static void tell_closing(struct vidstore *store) {
    for (int i = 0; i < VS_SLOTS; i++) {
        pthread_mutex_lock(&store->lock);
        struct vs_service service = store->services[i];
        pthread_mutex_unlock(&store->lock);
        if (service.state && service.closing)
            service.closing(service.state);
    }
}

static int open_database(struct vidstore *store, vidstore_error **e) {
    vs_autofree char *path = NULL;
    struct vs_options *o = &store->options;
    if (o->path) {
        size_t size = strlen(o->path) + sizeof "/store.db";
        path = vs_malloc(size);
        if (!path)
            return vs_fail_nomem(e);
        snprintf(path, size, "%s/store.db", o->path);
        int r = vs_place_check_orphaned(o, path, e);
        if (r)
            return r;
    }
    struct vs_db_params params = {.path = path,
                                  .create = o->create && !o->read_only,
                                  .read_only = o->read_only,
                                  .relaxed = o->relaxed,
                                  .allow_network_fs = o->network_fs,
                                  .readers = (int)o->readers,
                                  .deadline_ms = o->deadline_ms};
    return vs_db_open(&params, &store->db, e);
}

/* 1: it was there; else *ret is empty. */
static int get_meta(struct vs_conn *conn, const char *key, char *ret, size_t size, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_ask(conn, VS_STMT_META_GET, &s, e, vs_text(key));
    snprintf(ret, size, "%s", r == VS_ROW ? vs_col_text(s, 0, NULL) : "");
    return r < 0 ? r : r == VS_ROW;
}

/* The instance's id and its seal live in the database; the first opener makes them. */
static int instance_read(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct vidstore *store = arg;
    char seal[2 * VS_SIV_KEY + 1] = "";
    int r = get_meta(conn, "instance", store->instance, sizeof store->instance, e);
    if (r <= 0)
        return r;
    r = get_meta(conn, "seal_key", seal, sizeof seal, e);
    if (r >= 0 && vs_unhex(seal, store->seal, VS_SIV_KEY))
        r = vs_fail(e, VIDSTORE_CORRUPT, NULL, "the key of the store's seal is missing");
    vs_wipe(seal, sizeof seal);
    return r < 0 ? r : 0;
}

static int seal_write(struct vs_conn *conn, struct vidstore *store, vidstore_error **e) {
    char seal[2 * VS_SIV_KEY + 1];
    if (vs_random(store->seal, VS_SIV_KEY))
        return vs_fail(e, VIDSTORE_UNAVAILABLE, NULL, "the system gives no random numbers");
    vs_hex(store->seal, VS_SIV_KEY, seal);
    int r = vs_exec(conn, VS_STMT_META_SET, NULL, e, vs_text("seal_key"), vs_text(seal));
    vs_wipe(seal, sizeof seal);
    return r;
}

static int instance_write(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct vidstore *store = arg;
    struct vs_uuid id;
    int r = instance_read(conn, store, e);
    if (r || store->instance[0])
        return r;
    r = vs_uuid_make(&id, e);
    if (!r)
        r = seal_write(conn, store, e);
    if (r)
        return r;
    vs_uuid_format(&id, store->instance);
    return vs_exec(conn, VS_STMT_META_SET, NULL, e, vs_text("instance"), vs_text(store->instance));
}

static int find_instance(struct vidstore *store, vidstore_error **e) {
    struct vs_call call = {vs_mono_us() + store->options.deadline_ms * 1000, NULL};
    int r = vs_db_peek(store->db, &call, instance_read, store, e);
    if (!r && !store->instance[0] && !store->options.read_only)
        r = vs_db_write(store->db, &call, instance_write, store, e);
    if (!r && !store->instance[0])
        r = vs_fail_sub(e, VIDSTORE_SCHEMA, VIDSTORE_SUB_NOT_A_STORE, "location",
                        "the store was never completely created");
    return r;
}

static int has_bytes(struct vs_conn *conn, void *arg, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_ask(conn, VS_STMT_BLOB_STORED_LIST, &s, e, vs_int(0), vs_int(1));
    *(int *)arg = r == VS_ROW;
    return r < 0 ? r : 0;
}

/* The database knows of bytes, and where they lay is nothing that carries the store's mark: a volume that is not
 * mounted, say. To go on would put new bytes below it, under a forged mark. */
static int check_lost(struct vidstore *store, vidstore_error **e) {
    const struct vs_options *o = &store->options;
    struct vs_call call = {vs_mono_us() + o->deadline_ms * 1000, NULL};
    int has = 0;
    if (!o->path || o->read_only || o->lost_blobs || vs_place_is_marked(o->path))
        return 0;
    int r = vs_db_peek(store->db, &call, has_bytes, &has, e);
    if (r || !has)
        return r;
    return vs_fail_sub(
        e, VIDSTORE_SCHEMA, VIDSTORE_SUB_FOREIGN_BLOBS, "location",
        "the bytes of this store are gone, or the volume that has them is not there: bring blobs back, or "
        "open it as vidstore:PATH?lost_blobs=1 to go on without");
}

/* Bytes and database carry the same mark, so that a directory put together from two stores is found out before a
 * clean-up deletes what the other one owns. */
static int match_blobs(struct vidstore *store, vidstore_error **e) {
    struct vs_uuid mine, theirs;
    vs_autoerror vidstore_error *why = NULL;
    int r = vs_uuid_parse(store->instance, "instance", &mine, e);
    if (r)
        return r;
    r = vs_blobs_marker_read(store->blobs, &theirs, &why);
    if (r == VIDSTORE_NOT_FOUND && !store->options.read_only) {
        r = vs_blobs_marker_write(store->blobs, &mine, 0, e);
        if (r != VIDSTORE_EXISTS)
            return r;
        vs_error_clear(e);
        r = vs_blobs_marker_read(store->blobs, &theirs, &why);
    }
    if (r == VIDSTORE_NOT_FOUND)
        return 0;
    if (r)
        return vs_fail(e, r, "location", "%s", vidstore_error_message(why));
    if (vs_uuid_equal(&mine, &theirs))
        return 0;
    return vs_fail_sub(e, VIDSTORE_SCHEMA, VIDSTORE_SUB_FOREIGN_BLOBS, "location",
                       "the bytes in this directory belong to another instance of the store");
}

static int open_all(struct vidstore *store, vidstore_error **e) {
    struct vs_options *o = &store->options;
    struct vs_blob_options blob = {.read_only = o->read_only};
    int r = vs_guards_begin(store, e);
    if (!r && o->path)
        r = vs_place_prepare(o, e);
    if (!r)
        r = open_database(store, e);
    if (!r)
        r = find_instance(store, e);
    if (!r)
        r = check_lost(store, e);
    if (!r)
        r = o->path ? vs_blobs_open(o->path, &blob, &store->blobs, e)
                    : vs_blobs_open_temporary(&blob, &store->blobs, e);
    if (!r)
        r = vs_checkpoints_begin(store, e);
    if (!r)
        r = match_blobs(store, e);
    if (!r && o->path && !o->read_only)
        vs_place_unseal(o->path);
    return r;
}

/* What is so damaged that it does not open, vidstore_doctor() can't look at either. */
static int open_or_advise(struct vidstore *store, vidstore_error **e) {
    vs_autoerror vidstore_error *why = NULL;
    int r = open_all(store, &why);
    if (r == VIDSTORE_CORRUPT) {
        vs_fail_sub(
            e, r, vidstore_error_subcode(why), "location",
            "%s. What does not open can't be examined by vidstore_doctor(): make a new store from a backup with "
            "vidstore_restore()",
            vidstore_error_message(why));
        vs_error_set_cause(e, vidstore_error_cause(why));
    } else if (r && e) {
        *e = VS_TAKE(why);
    }
    return r;
}

vidstore_status vidstore_open(const char *location, const vidstore_open_params *params, vidstore **ret_store,
                              vidstore_error **reterr) {
    vidstore *unwanted = NULL;
    if (!ret_store)
        ret_store = &unwanted;
    *ret_store = NULL;
    if (reterr)
        *reterr = NULL;
    struct vidstore *store = vs_calloc(1, sizeof *store);
    if (!store)
        return vs_fail_nomem(reterr);
    store->magic = VS_MAGIC_STORE;
    atomic_init(&store->refs, 1);
    pthread_mutex_init(&store->lock, NULL);
    vs_settings_init(&store->settings);
    int r = vs_options_make(location, params, &store->options, reterr);
    if (!r)
        r = open_or_advise(store, reterr);
    if (r)
        vs_store_unref(store);
    else
        *ret_store = store;
    vidstore_close(unwanted);
    return r;
}

void vidstore_close(vidstore *store) {
    if (!store || store->magic != VS_MAGIC_STORE || atomic_exchange(&store->closing, 1))
        return;
    if (!vs_db_forked(store->db))
        tell_closing(store);
    vs_store_unref(store);
}

const char *vidstore_location(const vidstore *store) {
    if (!store || store->magic != VS_MAGIC_STORE)
        return NULL;
    return store->options.path ? store->options.path : ":memory:";
}

const char *vidstore_instance_id(const vidstore *store) {
    return store && store->magic == VS_MAGIC_STORE ? store->instance : NULL;
}
