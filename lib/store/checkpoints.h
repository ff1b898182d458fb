/* SPDX-License-Identifier: MIT */
/* When an open store makes checkpoints of its audit. */
#ifndef VS_STORE_CHECKPOINTS_H
#define VS_STORE_CHECKPOINTS_H

#include "store/store.h"
#include "trail/actor.h"
#include "util/buf.h"

/* Reads the key that signs them, when there is one. */
int vs_checkpoints_begin(struct vidstore *store, vidstore_error **e);
/* The last one, of a store that is closed properly. */
void vs_checkpoints_end(struct vidstore *store);
/* One that somebody asked for, with an event that says so; *text receives it. */
int vs_checkpoint_now(struct vidstore *store, const struct vs_call *call, const struct vs_actor *actor,
                      struct vs_buf *text, vidstore_error **e);
/* One when the last is old. */
int vs_checkpoint_on_time(struct vidstore *store, const struct vs_call *call, vidstore_error **e);

#endif
