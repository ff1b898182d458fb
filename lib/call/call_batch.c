/* SPDX-License-Identifier: MIT */
/* Many calls in one commit. All are read before the transaction begins, so that the writer is held for the work alone.
 */
#include "call/call.h"
#include "util/alloc.h"
#include "util/error.h"
#include "util/handle.h"
#include "vidstore/queue.h"
#include <stdio.h>
#include <string.h>

enum { ITEMS_MAX = 10000 };

struct item {
    struct vs_invocation call;
    vidstore_error *error; /* EACH: why it could not be read */
};

struct batch {
    vidstore_session *session;
    struct item *items;
    size_t count;
    int each;
    struct vs_buf out;
};

static void free_batch(struct batch *b) {
    for (size_t i = 0; i < b->count; i++) {
        vs_invocation_clear(&b->items[i].call);
        vidstore_error_free(b->items[i].error);
    }
    vs_free(b->items);
    vs_buf_free(&b->out);
}

/* The error of an item as that of the whole: which one it was stands in field and message. */
static int blame(size_t at, const char *name, int code, vidstore_error *why, vidstore_error **e) {
    char field[160];
    const char *inner = vidstore_error_field(why);
    snprintf(field, sizeof field, "items[%zu]%s%s", at, inner ? "." : "", inner ? inner : "");
    vs_fail_sub(e, code, vidstore_error_subcode(why), field, "item %zu (%s): %s", at, name,
                vidstore_error_message(why));
    vs_error_set_cause(e, vidstore_error_cause(why));
    vs_error_set_retry(e, vidstore_error_retry_after_ms(why));
    vidstore_error_free(why);
    return code;
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

static int check_keys(json_t *object, vidstore_error **e) {
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value) {
        if (strcmp(key, "name") != 0 && strcmp(key, "args") != 0)
            return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_UNKNOWN_FIELD, strlen(key) <= 64 ? key : NULL,
                               "an item has no key \"%.60s\"", key);
    }
    return 0;
}

static int may_stand_here(const struct vs_invocation *call, vidstore_error **e) {
    const struct vs_call_entry *entry = call->entry;
    if (entry->here_only || call->fd || entry->class_ != VS_CLASS_SHORT || strcmp(entry->name, "batch") == 0)
        return vs_fail(e, VIDSTORE_UNSUPPORTED, "name", "%s can't be part of a batch", entry->name);
    if (call->lease)
        return vs_fail(e, VIDSTORE_UNSUPPORTED, "lease", "a batch acts in one session: give \"lease\" to the batch");
    return 0;
}

static int read_item(json_t *object, struct vs_invocation *call, vidstore_error **e) {
    if (!json_is_object(object))
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, NULL, "an item is not an object");
    const char *name = json_string_value(json_object_get(object, "name"));
    int r = check_keys(object, e);
    if (!r && !name)
        r = vs_fail(e, VIDSTORE_INVALID, "name", "name is missing");
    if (!r)
        r = vs_invocation_from(call, name, json_object_get(object, "args"), e);
    return r ? r : may_stand_here(call, e);
}

static int read_items(struct batch *b, json_t *list, vidstore_error **e) {
    size_t i;
    json_t *object;
    if (!json_is_array(list))
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "items_json", "items_json is not a JSON array");
    if (json_array_size(list) > ITEMS_MAX)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_TOO_LONG, "items_json", "there are more than %d items",
                           ITEMS_MAX);
    b->items = vs_calloc(json_array_size(list) + 1, sizeof *b->items);
    if (!b->items)
        return vs_fail_nomem(e);
    json_array_foreach(list, i, object) {
        struct item *item = &b->items[b->count++];
        vidstore_error *why = NULL;
        int r = read_item(object, &item->call, &why);
        if (r == VIDSTORE_NOMEM || (r && !b->each))
            return blame(i, item->call.entry ? item->call.entry->name : "not read", r, why, e);
        item->error = why;
    }
    return 0;
}

/* --- running ------------------------------------------------------------------------------------------------------ */

/* After these nothing more can be done in the transaction. */
static int ends_all(int code) {
    switch (code) {
    case VIDSTORE_TXN_EXPIRED:
    case VIDSTORE_ABORTED:
    case VIDSTORE_LEASE_LOST:
    case VIDSTORE_NOMEM:
    case VIDSTORE_IO:
    case VIDSTORE_FULL:
    case VIDSTORE_CORRUPT:
    case VIDSTORE_READONLY:
    case VIDSTORE_CANCELLED:
    case VIDSTORE_UNAUTHENTICATED:
    case VIDSTORE_INTERNAL:
        return 1;
    default:
        return 0;
    }
}

/* An item may take all that came before along: then the batch has failed, whatever was the matter with the item. */
static int undo_item(struct batch *b, int r, vidstore_error **e) {
    int lost = vidstore_rollback(b->session, NULL);
    if (!lost || ends_all(r))
        return r;
    vs_autoerror vidstore_error *why = e ? VS_TAKE(*e) : NULL;
    vs_fail(e, lost, NULL, "it ended the transaction of all items: %s", vidstore_error_message(why));
    vs_error_set_cause(e, vidstore_error_cause(why));
    return lost;
}

static int run_item(struct batch *b, struct item *item, vidstore_error **e) {
    if (item->error) {
        if (e)
            *e = VS_TAKE(item->error);
        return e ? vidstore_error_code(*e) : VIDSTORE_INVALID;
    }
    int r = b->each ? vidstore_begin(b->session, 0, e) : 0;
    if (r)
        return r;
    size_t start = b->out.len;
    vs_buf_str(&b->out, "{\"status\":\"OK\",\"result\":");
    r = vs_invocation_run(&item->call, b->session, e);
    if (!r)
        r = vs_invocation_render(&item->call, b->session->store, &b->out, e);
    if (!r && b->each)
        r = vidstore_commit(b->session, e);
    if (r && b->each)
        r = undo_item(b, r, e);
    if (r)
        b->out.len = start;
    vs_buf_str(&b->out, r ? "" : "}");
    return r;
}

static int run_items(struct batch *b, vidstore_error **e) {
    vs_buf_char(&b->out, '[');
    for (size_t i = 0; i < b->count; i++) {
        struct item *item = &b->items[i];
        vidstore_error *why = NULL;
        vs_buf_str(&b->out, i ? "," : "");
        int r = run_item(b, item, &why);
        if (r && (!b->each || ends_all(r)))
            return blame(i, item->call.entry ? item->call.entry->name : "not read", r, why, e);
        if (r) {
            vs_buf_fmt(&b->out, "{\"status\":\"%s\",\"error\":", vidstore_status_name(r));
            vs_json_error(&b->out, why);
            vs_buf_char(&b->out, '}');
        }
        vidstore_error_free(why);
        vs_invocation_clear(&item->call);
    }
    vs_buf_char(&b->out, ']');
    return b->out.failed ? vs_fail_nomem(e) : 0;
}

/* The answer is made before the commit: after it nothing may fail any more. */
static int run_batch(struct batch *b, const char *items_json, vidstore_text **ret, vidstore_error **e) {
    vs_autojson *list = NULL;
    if (!items_json)
        return vs_fail(e, VIDSTORE_MISUSE, "items_json", "items_json is NULL");
    int r = vs_json_parse(items_json, strlen(items_json), VS_CALL_ARGS_MAX, "items_json", &list, e);
    if (!r)
        r = read_items(b, list, e);
    if (!r)
        r = vidstore_begin(b->session, 0, e);
    if (r)
        return r;
    r = run_items(b, e);
    if (!r)
        r = vs_buf_to_text(&b->out, ret, e);
    if (!r)
        return vidstore_commit(b->session, e);
    vidstore_rollback(b->session, NULL);
    return r;
}

vidstore_status vidstore_batch(vidstore_session *session, const char *items_json, uint32_t flags,
                               vidstore_text **ret_json, vidstore_error **reterr) {
    vidstore_text *unwanted = NULL, **ret = ret_json ? ret_json : &unwanted;
    struct batch b = {.session = session, .each = flags == VIDSTORE_BULK_EACH};
    *ret = NULL;
    if (reterr)
        *reterr = NULL;
    int r = vs_check_handle(session, VS_MAGIC_SESSION, "session", reterr);
    if (!r && flags != VIDSTORE_BULK_ATOMIC && flags != VIDSTORE_BULK_EACH)
        r = vs_fail_sub(reterr, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "flags", "flags has unknown bits");
    if (!r)
        r = run_batch(&b, items_json, ret, reterr);
    if (r)
        vidstore_text_free(VS_TAKE(*ret));
    vidstore_text_free(unwanted);
    free_batch(&b);
    return r;
}
