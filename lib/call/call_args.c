/* SPDX-License-Identifier: MIT */
/* Arguments from JSON: every key is one that the call has, and every value is of the type that it wants. */
#include "call/call.h"
#include "crypto/crypto.h"
#include "record/query.h"
#include "util/alloc.h"
#include "util/base64.h"
#include "util/error.h"
#include "util/utf8.h"
#include "vidstore/query.h"
#include <string.h>

enum { BULK_MAX = 10000, NAME_MAX_BYTES = 64 };

static int wrong_type(const char *field, const char *wanted, vidstore_error **e) {
    return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, field, "%s is not %s", field, wanted);
}

static int unknown_key(const char *key, const char *what, vidstore_error **e) {
    return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_UNKNOWN_FIELD, strlen(key) <= NAME_MAX_BYTES ? key : "args",
                       "%s has no argument \"%.60s\"", what, key);
}

static int out_of_range(const char *field, vidstore_error **e) {
    return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, field, "%s is out of range", field);
}

/* --- numbers ------------------------------------------------------------------------------------------------------ */

static int read_word(const struct vs_call_arg *arg, const json_t *value, int64_t *ret, vidstore_error **e) {
    const char *word = json_string_value(value);
    for (const struct vs_call_word *at = arg->words; at && at->word; at++)
        if (strcmp(at->word, word) == 0) {
            *ret = at->value;
            return 0;
        }
    return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, arg->name, "%s has no value \"%.60s\"", arg->name,
                       word);
}

static int read_integer(const struct vs_call_arg *arg, const json_t *value, int64_t *ret, vidstore_error **e) {
    int64_t number = json_is_boolean(value) ? json_is_true(value) : json_integer_value(value);
    if (!json_is_integer(value) && !(arg->narrow && json_is_boolean(value)))
        return wrong_type(arg->name, "a whole number", e);
    int64_t least = arg->kind == VS_ARG_FLAGS ? 0 : INT32_MIN,
            most = arg->kind == VS_ARG_FLAGS ? UINT32_MAX : INT32_MAX;
    if (arg->narrow && (number < least || number > most))
        return out_of_range(arg->name, e);
    *ret = number;
    return 0;
}

static int read_flags(const struct vs_call_arg *arg, const json_t *value, int64_t *ret, vidstore_error **e) {
    int64_t bit = 0;
    size_t i;
    json_t *item;
    *ret = 0;
    if (json_is_integer(value))
        return read_integer(arg, value, ret, e);
    if (json_is_string(value))
        return read_word(arg, value, ret, e);
    if (!json_is_array(value))
        return wrong_type(arg->name, "a list of words", e);
    json_array_foreach(value, i, item) {
        int r = json_is_string(item) ? read_word(arg, item, &bit, e) : wrong_type(arg->name, "a list of words", e);
        if (r)
            return r;
        *ret |= bit;
    }
    return 0;
}

/* --- texts and bytes ---------------------------------------------------------------------------------------------- */

static int copy_text(const char *text, size_t len, union vs_call_slot *slot, struct vs_invocation *call,
                     vidstore_error **e) {
    slot->text = vs_strndup(text, len);
    call->bytes += (int64_t)len + 1;
    return slot->text ? 0 : vs_fail_nomem(e);
}

static int read_text(const struct vs_call_arg *arg, const json_t *value, union vs_call_slot *slot,
                     struct vs_invocation *call, vidstore_error **e) {
    if (!json_is_string(value))
        return wrong_type(arg->name, "a text", e);
    return copy_text(json_string_value(value), json_string_length(value), slot, call, e);
}

static int read_json(const struct vs_call_arg *arg, const json_t *value, union vs_call_slot *slot,
                     struct vs_invocation *call, vidstore_error **e) {
    vs_autobuf b = {0};
    if (json_is_string(value))
        return read_text(arg, value, slot, call, e);
    vs_json_dump(&b, value);
    return b.failed ? vs_fail_nomem(e) : copy_text(b.data, b.len, slot, call, e);
}

static int read_bytes(const struct vs_call_arg *arg, const json_t *value, union vs_call_slot slot[2],
                      struct vs_invocation *call, vidstore_error **e) {
    const json_t *text =
        json_is_object(value) && json_object_size(value) == 1 ? json_object_get(value, "base64") : NULL;
    size_t len = 0;
    int r;
    if (json_is_string(value)) {
        len = json_string_length(value);
        r = copy_text(json_string_value(value), len, slot, call, e);
    } else if (json_is_string(text)) {
        r = vs_base64_decode(json_string_value(text), json_string_length(text), arg->name, &slot->p, &len, e);
        call->bytes += (int64_t)len;
    } else {
        r = wrong_type(arg->name, "a text or {\"base64\": …}", e);
    }
    slot[1].i = (int64_t)len;
    return r;
}

/* --- params and queries ------------------------------------------------------------------------------------------- */

static int read_params(const struct vs_call_arg *arg, const json_t *value, void **ret, struct vs_invocation *call,
                       vidstore_error **e) {
    vs_autobuf b = {0};
    if (!json_is_object(value))
        return wrong_type(arg->name, "an object", e);
    const json_t *version = json_object_get(value, "expect_version");
    if (version && !json_is_integer(version))
        return wrong_type("expect_version", "a whole number", e);
    vs_autojson *fields = version ? json_copy((json_t *)(uintptr_t)value) : NULL;
    if (version && (!fields || json_object_del(fields, "expect_version")))
        return vs_fail_nomem(e);
    vs_json_dump(&b, fields ? fields : value);
    if (b.failed)
        return vs_fail_nomem(e);
    struct vs_params *params = vs_params_new(arg->noun);
    vs_params_set_json(params, arg->noun, b.data);
    if (version)
        vs_params_expect_version(params, arg->noun, json_integer_value(version));
    vs_wipe(b.data, b.len); /* a password may be among them */
    call->bytes += (int64_t)b.len + 256;
    *ret = params;
    return 0;
}

static int bind_values(vidstore_query *query, const json_t *binds, vidstore_error **e) {
    size_t i;
    json_t *item;
    if (!json_is_array(binds))
        return wrong_type("binds", "a list", e);
    if (json_array_size(binds) > VS_QUERY_BINDS)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_TOO_LONG, "binds", "there are more than %d binds",
                           VS_QUERY_BINDS);
    json_array_foreach(binds, i, item) {
        if (json_is_string(item))
            vidstore_query_bind_text(query, (int32_t)i + 1, json_string_value(item));
        else if (json_is_integer(item) || json_is_boolean(item))
            vidstore_query_bind_int64(query, (int32_t)i + 1,
                                      json_is_integer(item) ? json_integer_value(item) : json_is_true(item));
        else if (!json_is_null(item)) /* null: no value, which the call reports when the filter has that number */
            return wrong_type("binds", "a list of texts and numbers", e);
    }
    return 0;
}

static const struct vs_call_arg query_flags_arg = {"flags", VS_ARG_FLAGS, .narrow = 1, .words = vs_call_query_flags};

static int set_query(vidstore_query *query, const char *key, const json_t *value, vidstore_error **e) {
    int64_t flags = 0;
    if (json_is_null(value))
        return 0;
    if (strcmp(key, "binds") == 0)
        return bind_values(query, value, e);
    if (strcmp(key, "flags") == 0) {
        int r = read_flags(&query_flags_arg, value, &flags, e);
        vidstore_query_flags(query, (uint32_t)flags);
        return r;
    }
    if (strcmp(key, "limit") == 0) {
        if (!json_is_integer(value))
            return wrong_type(key, "a whole number", e);
        vidstore_query_limit(query, json_integer_value(value));
        return 0;
    }
    if (strcmp(key, "filter") != 0 && strcmp(key, "search") != 0 && strcmp(key, "sort") != 0 &&
        strcmp(key, "cursor") != 0)
        return unknown_key(key, "a query", e);
    if (!json_is_string(value))
        return wrong_type(key, "a text", e);
    if (*key == 'f')
        return vidstore_query_filter(query, json_string_value(value), e);
    if (key[1] == 'e')
        return vidstore_query_search(query, json_string_value(value), e);
    (*key == 's' ? vidstore_query_sort : vidstore_query_cursor)(query, json_string_value(value));
    return 0;
}

static int read_query(const struct vs_call_arg *arg, const json_t *value, union vs_call_slot *slot,
                      struct vs_invocation *call, vidstore_error **e) {
    const char *key;
    json_t *item;
    if (!json_is_object(value))
        return wrong_type(arg->name, "an object", e);
    vidstore_query *query = slot->p = vidstore_query_new();
    call->bytes += (int64_t)sizeof(struct vs_query);
    json_object_foreach((json_t *)(uintptr_t)value, key, item) {
        int r = set_query(query, key, item, e);
        if (r)
            return r;
    }
    return 0;
}

/* --- arrays ------------------------------------------------------------------------------------------------------- */

/* Arrays end with a NULL, so that they can be freed without their count. */
static int read_array(const struct vs_call_arg *arg, const json_t *value, union vs_call_slot *slot,
                      struct vs_invocation *call, int64_t *count, vidstore_error **e) {
    size_t i;
    json_t *item;
    if (!json_is_array(value))
        return wrong_type(arg->name, "a list", e);
    size_t size = json_array_size(value);
    if (size > BULK_MAX)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_TOO_LONG, arg->name, "%s has more than %d items",
                           arg->name, BULK_MAX);
    if (*count >= 0 && *count != (int64_t)size)
        return vs_fail(e, VIDSTORE_INVALID, arg->name, "%s has %zu items, not %lld as the list before it", arg->name,
                       size, (long long)*count);
    *count = (int64_t)size;
    void **list = slot->p = vs_calloc(size + 1, sizeof *list);
    call->bytes += (int64_t)(size * sizeof *list);
    if (!list)
        return vs_fail_nomem(e);
    json_array_foreach(value, i, item) {
        union vs_call_slot one = {0};
        int r =
            arg->kind == VS_ARG_TEXTS ? read_text(arg, item, &one, call, e) : read_params(arg, item, &one.p, call, e);
        list[i] = one.p;
        if (r)
            return r;
    }
    return 0;
}

/* --- all of them -------------------------------------------------------------------------------------------------- */

static int read_value(const struct vs_call_arg *arg, const json_t *value, union vs_call_slot *slot,
                      struct vs_invocation *call, int64_t *count, vidstore_error **e) {
    switch (arg->kind) {
    case VS_ARG_TEXT:
        return read_text(arg, value, slot, call, e);
    case VS_ARG_JSON:
        return read_json(arg, value, slot, call, e);
    case VS_ARG_FD:
        call->fd = arg->name;
        return read_integer(arg, value, &slot->i, e);
    case VS_ARG_INT:
        return read_integer(arg, value, &slot->i, e);
    case VS_ARG_ENUM:
        return json_is_string(value) ? read_word(arg, value, &slot->i, e) : read_integer(arg, value, &slot->i, e);
    case VS_ARG_FLAGS:
        return read_flags(arg, value, &slot->i, e);
    case VS_ARG_BYTES:
        return read_bytes(arg, value, slot, call, e);
    case VS_ARG_PARAMS:
        return read_params(arg, value, &slot->p, call, e);
    case VS_ARG_QUERY:
        return read_query(arg, value, slot, call, e);
    default:
        return read_array(arg, value, slot, call, count, e);
    }
}

/* What stands for an argument that is not there. A null is the same as none. */
static int read_missing(const struct vs_call_arg *arg, union vs_call_slot *slot, vidstore_error **e) {
    if (arg->kind == VS_ARG_PARAMS && !arg->nullable) {
        slot->p = vs_params_new(arg->noun);
        return 0;
    }
    if (arg->optional)
        slot->i = arg->fallback;
    if (arg->optional || arg->nullable)
        return 0;
    return vs_fail(e, VIDSTORE_INVALID, arg->name, "%s is missing", arg->name);
}

static const struct vs_call_arg *find_arg(const struct vs_call_entry *entry, const char *key) {
    for (size_t i = 0; i < entry->args_count; i++)
        if (entry->args[i].kind != VS_ARG_COUNT && strcmp(entry->args[i].name, key) == 0)
            return &entry->args[i];
    return NULL;
}

static int check_keys(const struct vs_call_entry *entry, json_t *args, vidstore_error **e) {
    const char *key;
    json_t *value;
    json_object_foreach(args, key, value) {
        if (strcmp(key, "lease") != 0 && !find_arg(entry, key))
            return unknown_key(key, entry->name, e);
    }
    return 0;
}

static int read_lease(struct vs_invocation *call, const json_t *args, vidstore_error **e) {
    static const struct vs_call_arg arg = {.name = "lease"};
    union vs_call_slot slot = {0};
    const json_t *value = json_object_get(args, "lease");
    if (!value || json_is_null(value))
        return call->entry->self == VS_SELF_LEASE ? vs_fail(e, VIDSTORE_INVALID, "lease", "lease is missing") : 0;
    int r = read_text(&arg, value, &slot, call, e);
    call->lease = (char *)(uintptr_t)slot.text;
    return r;
}

/* A call that takes nothing but params, or a query, takes their keys as its own too: {"kind": "x"} will do. */
static json_t *unfold(const struct vs_call_entry *entry, json_t *args) {
    const struct vs_call_arg *only = entry->args_count == 1 ? entry->args : NULL;
    if (!only || (only->kind != VS_ARG_PARAMS && only->kind != VS_ARG_QUERY) || json_object_get(args, only->name) ||
        json_object_size(args) == (json_object_get(args, "lease") != NULL))
        return json_incref(args);
    json_t *inner = json_copy(args), *outer = json_object();
    json_t *lease = json_object_get(args, "lease");
    if (inner)
        json_object_del(inner, "lease");
    if (!outer || json_object_set_new(outer, only->name, inner) || (lease && json_object_set(outer, "lease", lease))) {
        json_decref(outer);
        return NULL;
    }
    return outer;
}

int vs_invocation_from(struct vs_invocation *call, const char *name, json_t *given, vidstore_error **e) {
    int r = vs_call_find(name, &call->entry, e);
    if (r)
        return r;
    const struct vs_call_entry *entry = call->entry;
    if (given && !json_is_object(given))
        return wrong_type("args", "a JSON object", e);
    vs_autojson *args = given ? unfold(entry, given) : json_object();
    if (!args)
        return vs_fail_nomem(e);
    call->bytes = (int64_t)sizeof *call;
    r = check_keys(entry, args, e);
    if (!r)
        r = read_lease(call, args, e);
    int64_t count = -1;
    size_t at = 0;
    for (size_t i = 0; !r && i < entry->args_count; i++) {
        const struct vs_call_arg *arg = &entry->args[i];
        const json_t *value = arg->kind == VS_ARG_COUNT ? NULL : json_object_get(args, arg->name);
        if (arg->kind == VS_ARG_COUNT)
            call->in[at].i = count < 0 ? 0 : count;
        else if (!value || json_is_null(value))
            r = read_missing(arg, &call->in[at], e);
        else
            r = read_value(arg, value, &call->in[at], call, &count, e);
        at += arg->kind == VS_ARG_BYTES ? 2 : 1;
    }
    return r;
}

int vs_invocation_read(struct vs_invocation *call, const char *name, const char *args, vidstore_error **e) {
    vs_autojson *object = NULL;
    int r = vs_check_text(name, "name", NAME_MAX_BYTES, e);
    if (!r && args)
        r = vs_json_parse(args, strlen(args), VS_CALL_ARGS_MAX, "args", &object, e);
    return r ? r : vs_invocation_from(call, name, object, e);
}
