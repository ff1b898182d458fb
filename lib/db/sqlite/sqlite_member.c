/* SPDX-License-Identifier: MIT */
/* What filters ask of free metadata: the member of a document that a path of keys leads to. Keys and values come as
 * JSON, so that any text can be a key, and a number is told from a text of digits. */
#include "db/sqlite/sqlite_internal.h"
#include "util/buf.h"
#include "util/error.h"
#include "util/json.h"
#include <string.h>

enum { DOCUMENT_MAX = 1 << 20 };

static void free_json(void *json) {
    json_decref(json);
}

static int parse(sqlite3_context *context, sqlite3_value *value, json_t **ret) {
    const char *text = (const char *)sqlite3_value_text(value);
    size_t len = (size_t)sqlite3_value_bytes(value);
    vs_autoerror vidstore_error *why = NULL;
    *ret = NULL;
    if (!text || vs_json_parse(text, len, DOCUMENT_MAX, "document", ret, &why) == 0)
        return *ret != NULL;
    if (vidstore_error_code(why) == VIDSTORE_NOMEM)
        sqlite3_result_error_nomem(context);
    return 0;
}

/* An argument that is the same for all rows is read once. Borrowed, until the function is left. */
static const json_t *constant(sqlite3_context *context, sqlite3_value **args, int at) {
    json_t *kept = sqlite3_get_auxdata(context, at);
    if (kept || !parse(context, args[at], &kept))
        return kept;
    sqlite3_set_auxdata(context, at, kept, free_json);
    kept = sqlite3_get_auxdata(context, at);
    if (!kept)
        sqlite3_result_error_nomem(context);
    return kept;
}

/* Borrowed from the document; NULL: it has no such member, or one that is null. */
static const json_t *find(const json_t *document, const json_t *path) {
    size_t i;
    json_t *key;
    const json_t *at = document;
    json_array_foreach((json_t *)(uintptr_t)path, i, key) {
        at = json_object_get(at, json_string_value(key));
    }
    return json_is_null(at) ? NULL : at;
}

static int of_numbers(const json_t *a, const json_t *b) {
    if (json_is_integer(a) && json_is_integer(b)) {
        json_int_t x = json_integer_value(a), y = json_integer_value(b);
        return (x > y) - (x < y);
    }
    double x = json_number_value(a), y = json_number_value(b);
    return (x > y) - (x < y);
}

static int of_texts(const json_t *a, const json_t *b) {
    size_t x = json_string_length(a), y = json_string_length(b);
    int order = memcmp(json_string_value(a), json_string_value(b), x < y ? x : y);
    return order ? (order > 0) - (order < 0) : (x > y) - (x < y);
}

/* 1 with which of both is more; 0: they are of different kinds, or of none that has an order. */
static int compare(const json_t *a, const json_t *b, int *ret) {
    if (json_is_number(a) && json_is_number(b))
        *ret = of_numbers(a, b);
    else if (json_is_string(a) && json_is_string(b))
        *ret = of_texts(a, b);
    else if (json_is_boolean(a) && json_is_boolean(b))
        *ret = json_is_true(a) - json_is_true(b);
    else
        return 0;
    return 1;
}

/* vs_compare(document, path, value): -1, 0 or 1; NULL when nothing can be said. A list is equal to what is in it. */
static void compare_member(sqlite3_context *context, int count, sqlite3_value **args) {
    json_t *document = NULL;
    int order = 1;
    (void)count;
    const json_t *path = constant(context, args, 1), *value = path ? constant(context, args, 2) : NULL;
    if (!value || !parse(context, args[0], &document))
        return;
    const json_t *member = find(document, path);
    int said = compare(member, value, &order);
    for (size_t i = 0; !said && i < json_array_size(member); i++)
        said = compare(json_array_get(member, i), value, &order) && order == 0;
    if (said)
        sqlite3_result_int(context, order);
    json_decref(document);
}

/* vs_member(document, path): a text as it is, all else as JSON; NULL when there is none. */
static void show_member(sqlite3_context *context, int count, sqlite3_value **args) {
    json_t *document = NULL;
    vs_autobuf b = {0};
    (void)count;
    const json_t *path = constant(context, args, 1);
    if (!path || !parse(context, args[0], &document))
        return;
    const json_t *member = find(document, path);
    if (json_is_string(member))
        vs_buf_add(&b, json_string_value(member), json_string_length(member));
    else if (member)
        vs_json_dump(&b, member);
    if (b.failed)
        sqlite3_result_error_nomem(context);
    else if (member)
        sqlite3_result_text(context, b.data ? b.data : "", (int)b.len, SQLITE_TRANSIENT);
    json_decref(document);
}

int vs_sqlite_add_members(struct sqlite_conn *c, vidstore_error **e) {
    const int how = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
    int rc = sqlite3_create_function_v2(c->db, "vs_compare", 3, how, NULL, compare_member, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_create_function_v2(c->db, "vs_member", 2, how, NULL, show_member, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : vs_sqlite_fail(c, rc, "set up filters on metadata", e);
}
