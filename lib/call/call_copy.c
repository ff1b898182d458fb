/* SPDX-License-Identifier: MIT */
/* Arguments from values as the typed functions take them, copied; and the end of every invocation. */
#include "call/call.h"
#include "call/call_leases.h"
#include "crypto/crypto.h"
#include "record/page.h"
#include "record/query.h"
#include "store/crud.h"
#include "util/alloc.h"
#include "util/error.h"
#include "util/handle.h"
#include "vidstore/job.h"
#include "vidstore/query.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int by_name(const void *name, const void *entry) {
    return strcmp(name, ((const struct vs_call_entry *)entry)->name);
}

int vs_call_find(const char *name, const struct vs_call_entry **ret, vidstore_error **e) {
    *ret = bsearch(name, vs_call_entries, vs_call_entries_count, sizeof *vs_call_entries, by_name);
    return *ret ? 0 : vs_fail(e, VIDSTORE_NOT_FOUND, "name", "there is no call \"%.60s\"", name);
}

static int copy_params(const struct vs_call_arg *arg, const struct vs_params *from, void **ret, vidstore_error **e) {
    int r = vs_params_check(from, arg->noun, e);
    if (r)
        return r;
    struct vs_params *copy = vs_params_copy(from);
    *ret = copy;
    return copy->noun ? 0 : vs_fail_nomem(e);
}

static int copy_query(const struct vs_query *from, void **ret, vidstore_error **e) {
    int r = vs_check_handle(from, VS_MAGIC_QUERY, "query", e);
    if (!r)
        *ret = vs_query_copy(from);
    return r;
}

/* The count stands behind the array; a NULL ends the copy, so that it can be freed without. */
static int copy_texts(const struct vs_call_arg *arg, const union vs_call_slot *from, union vs_call_slot *to,
                      struct vs_invocation *call, vidstore_error **e) {
    const char *const *texts = from[0].p;
    int64_t count = from[1].i;
    if (count < 0 || count > VS_BULK_MAX)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "count", "count is not between 0 and %d",
                           VS_BULK_MAX);
    if (count && !texts)
        return vs_fail(e, VIDSTORE_MISUSE, arg->name, "%s is NULL", arg->name);
    char **copy = to->p = vs_calloc((size_t)count + 1, sizeof *copy);
    if (!copy)
        return vs_fail_nomem(e);
    call->bytes += count * (int64_t)sizeof *copy;
    for (int64_t i = 0; i < count; i++) {
        if (!texts[i])
            return vs_fail(e, VIDSTORE_MISUSE, arg->name, "%s[%lld] is NULL", arg->name, (long long)i);
        call->bytes += (int64_t)strlen(texts[i]) + 1;
        if (!(copy[i] = vs_strdup(texts[i])))
            return vs_fail_nomem(e);
    }
    return 0;
}

static int copy_slot(const struct vs_call_arg *arg, const union vs_call_slot *from, union vs_call_slot *to,
                     struct vs_invocation *call, vidstore_error **e) {
    switch (arg->kind) {
    case VS_ARG_INT:
    case VS_ARG_ENUM:
    case VS_ARG_FLAGS:
    case VS_ARG_FD:
    case VS_ARG_COUNT:
        to->i = from->i;
        return 0;
    case VS_ARG_TEXTS:
        return copy_texts(arg, from, to, call, e);
    case VS_ARG_TEXT:
    case VS_ARG_JSON:
        call->bytes += from->text ? (int64_t)strlen(from->text) + 1 : 0;
        to->text = from->text ? vs_strdup(from->text) : NULL;
        return from->text && !to->text ? vs_fail_nomem(e) : 0;
    case VS_ARG_PARAMS:
        call->bytes += 1024;
        return from->p ? copy_params(arg, from->p, &to->p, e) : 0;
    case VS_ARG_QUERY:
        call->bytes += (int64_t)sizeof(struct vs_query);
        return from->p ? copy_query(from->p, &to->p, e) : 0;
    default:
        return vs_fail(e, VIDSTORE_INTERNAL, arg->name, "%s has no typed form in the background", arg->name);
    }
}

int vs_invocation_copy(struct vs_invocation *call, const char *name, const union vs_call_slot *in, vidstore_error **e) {
    int r = name ? vs_call_find(name, &call->entry, e) : 0;
    call->bytes = (int64_t)sizeof *call;
    for (size_t i = 0; !r && i < call->entry->args_count; i++)
        r = copy_slot(&call->entry->args[i], &in[i], &call->in[i], call, e);
    return r;
}

/* A duplicate of a descriptor on the database must not be: closing it would drop the locks on it. */
static int keep_fd(const struct vs_call_arg *arg, int64_t *fd, struct vidstore *store, vidstore_error **e) {
    int copy = -1, r = 0;
    if (fcntl((int)*fd, F_GETFD) < 0)
        r = vs_fail(e, VIDSTORE_INVALID, arg->name, "%s is not an open descriptor", arg->name);
    if (!r)
        r = vs_blob_source_check(store->blobs, (int)*fd, arg->name, e);
    if (!r && (copy = fcntl((int)*fd, F_DUPFD_CLOEXEC, 3)) < 0)
        r = vs_fail_errno(e, errno, arg->name, "duplicate the descriptor");
    *fd = copy;
    return r;
}

int vs_invocation_keep_fds(struct vs_invocation *call, struct vidstore *store, vidstore_error **e) {
    size_t at = 0;
    int r = 0;
    for (size_t i = 0; i < call->entry->args_count; i++) {
        const struct vs_call_arg *arg = &call->entry->args[i];
        if (arg->kind == VS_ARG_FD) {
            call->own_fds = 1; /* from the first one on: those that follow are -1, or duplicates too */
            r = r ? r : keep_fd(arg, &call->in[at].i, store, e);
            call->in[at].i = r ? -1 : call->in[at].i;
        }
        at += arg->kind == VS_ARG_BYTES ? 2 : 1;
    }
    return r;
}

/* --- freeing ------------------------------------------------------------------------------------------------------ */

static void free_text(const char *text) {
    if (text)
        vs_wipe((char *)(uintptr_t)text, strlen(text)); /* it may be a password */
    vs_free((char *)(uintptr_t)text);
}

static void free_array(const struct vs_call_arg *arg, void **list) {
    for (size_t i = 0; list && list[i]; i++) {
        if (arg->kind == VS_ARG_TEXTS)
            vs_free(list[i]);
        else
            vs_params_free(list[i]);
    }
    vs_free(list);
}

static void free_in(const struct vs_invocation *call, const struct vs_call_arg *arg, union vs_call_slot *slot) {
    switch (arg->kind) {
    case VS_ARG_TEXT:
    case VS_ARG_JSON:
        free_text(slot->text);
        break;
    case VS_ARG_BYTES:
        vs_free(slot->p);
        break;
    case VS_ARG_FD:
        if (call->own_fds && slot->i >= 0)
            close((int)slot->i);
        break;
    case VS_ARG_PARAMS:
        vs_params_free(slot->p);
        break;
    case VS_ARG_QUERY:
        vidstore_query_free(slot->p);
        break;
    case VS_ARG_TEXTS:
    case VS_ARG_MANY_PARAMS:
        free_array(arg, slot->p);
        break;
    default:
        break;
    }
}

static void free_out(const struct vs_call_out *out, union vs_call_slot *slot) {
    switch (out->kind) {
    case VS_OUT_TEXT:
    case VS_OUT_JSON:
    case VS_OUT_DATA:
        vidstore_text_free(slot->p);
        break;
    case VS_OUT_RECORD:
        vs_record_free(slot->p);
        break;
    case VS_OUT_PAGE:
        vs_page_free(slot->p);
        break;
    case VS_OUT_LEASE:
        vs_call_lease_return(slot->p);
        break;
    case VS_OUT_SESSION:
        vidstore_session_free(slot->p);
        break;
    default:
        break;
    }
}

void vs_invocation_clear(struct vs_invocation *call) {
    size_t at = 0;
    for (size_t i = 0; call->entry && i < call->entry->args_count; i++) {
        free_in(call, &call->entry->args[i], &call->in[at]);
        at += call->entry->args[i].kind == VS_ARG_BYTES ? 2 : 1;
    }
    for (size_t i = 0; call->entry && i < call->entry->outs_count; i++)
        free_out(&call->entry->outs[i], &call->out[i]);
    free_text(call->lease);
    *call = (struct vs_invocation){0};
}
