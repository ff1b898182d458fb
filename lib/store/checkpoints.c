/* SPDX-License-Identifier: MIT */
#include "store/checkpoints.h"
#include "crypto/crypto.h"
#include "store/guards.h"
#include "trail/checkpoint.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"

enum { EVERY = VS_SEGMENT };
static const int64_t MINUTE_US = 60000000, CLOSE_US = 5000000, PASSING_US = 1000000, LOOK_US = 900000000;

int vs_checkpoints_begin(struct vidstore *store, vidstore_error **e) {
    const char *path = store->options.audit_key;
    atomic_store(&store->checkpoint_at_us, vs_mono_us() + LOOK_US);
    if (!path || store->options.read_only)
        return 0;
    char text[VS_SECRET_FILE_MAX + 2] = "";
    size_t len = 0;
    int r = vs_secret_file(path, "audit_key", "read the key that signs checkpoints", text, &len, e);
    if (!r)
        r = vs_signer_new(text, len, "audit_key", &store->signer, e);
    vs_wipe(text, sizeof text);
    return r;
}

static int make(struct vidstore *store, enum vs_checkpoint_kind kind, const struct vs_call *call,
                const struct vs_actor *actor, struct vs_buf *text, vidstore_error **e) {
    struct vs_checkpoint_request request = {
        .kind = kind,
        .after_us =
            kind == VS_CHECKPOINT_CLOSE ? 0 : vs_setting(store, VS_SETTING_AUDIT_CHECKPOINT_MINUTES) * MINUTE_US,
        .signer = store->signer,
        .actor = actor};
    return vs_checkpoint_make(store->db, call, &request, text, e);
}

void vs_checkpoints_end(struct vidstore *store) {
    struct vs_call call = {.deadline_us = vs_mono_us() + CLOSE_US};
    if (store->db && store->options.path && !store->options.read_only && atomic_load(&store->writes))
        make(store, VS_CHECKPOINT_CLOSE, &call, NULL, NULL, NULL);
    vs_signer_free(store->signer);
    store->signer = NULL;
}

int vs_checkpoint_now(struct vidstore *store, const struct vs_call *call, const struct vs_actor *actor,
                      struct vs_buf *text, vidstore_error **e) {
    return make(store, VS_CHECKPOINT_CALL, call, actor, text, e);
}

int vs_checkpoint_on_time(struct vidstore *store, const struct vs_call *call, vidstore_error **e) {
    return make(store, VS_CHECKPOINT_TIME, call, NULL, NULL, e);
}

void vs_store_checkpoint_if_due(struct vidstore *store) {
    int many = atomic_load_explicit(&store->writes, memory_order_relaxed) >= EVERY;
    int64_t now = vs_mono_us();
    if (!many && (now < atomic_load_explicit(&store->checkpoint_at_us, memory_order_relaxed) ||
                  !atomic_load_explicit(&store->writes, memory_order_relaxed)))
        return;
    if (store->options.read_only || atomic_exchange(&store->checkpointing, 1))
        return;
    struct vs_call call = {.deadline_us = now + PASSING_US};
    /* Something was written since: a close will still see that there is work for it. */
    atomic_store(&store->writes, 1);
    make(store, many ? VS_CHECKPOINT_COUNT : VS_CHECKPOINT_TIME, &call, NULL, NULL, NULL);
    atomic_store(&store->checkpoint_at_us, now + LOOK_US);
    atomic_store(&store->checkpointing, 0);
}
