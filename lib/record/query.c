/* SPDX-License-Identifier: MIT */
#include "vidstore/query.h"
#include "crypto/crypto.h"
#include "record/search.h"
#include "util/alloc.h"
#include "util/error.h"
#include "util/handle.h"
#include "util/quarantine.h"
#include "util/utf8.h"
#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum {
    ALL_FLAGS = VIDSTORE_QUERY_SCAN | VIDSTORE_QUERY_DELETED | VIDSTORE_QUERY_ONLY_DELETED |
                VIDSTORE_QUERY_EXACT_COUNT | VIDSTORE_QUERY_RANKED
};

static struct vs_query nomem = {.magic = VS_MAGIC_QUERY, .failed = 1};

vidstore_query *vidstore_query_new(void) {
    struct vs_query *q = vs_calloc(1, sizeof *q);
    if (!q)
        return (vidstore_query *)&nomem;
    q->magic = VS_MAGIC_QUERY;
    return (vidstore_query *)q;
}

void vidstore_query_free(vidstore_query *query) {
    struct vs_query *q = (struct vs_query *)query;
    if (!q || q->magic != VS_MAGIC_QUERY || q == &nomem)
        return;
    for (int i = 0; i < VS_QUERY_BINDS; i++)
        vs_free(q->binds[i].text);
    vs_free(q->filter);
    vs_free(q->sort);
    vs_free(q->cursor);
    vs_free(q->search);
    vidstore_error_free(q->error);
    vs_quarantine(q, sizeof *q);
}

/* The query when a setter may still change it. */
static struct vs_query *writable(vidstore_query *query) {
    struct vs_query *q = (struct vs_query *)query;
    return q && q->magic == VS_MAGIC_QUERY && !q->failed && !q->error ? q : NULL;
}

static void set_copy(struct vs_query *q, char **slot, const char *value) {
    char *copy = value ? vs_strdup(value) : NULL;
    if (value && !copy) {
        q->failed = 1;
        return;
    }
    vs_free(*slot);
    *slot = copy;
}

struct vs_query *vs_query_copy(const struct vs_query *query) {
    struct vs_query *copy = (struct vs_query *)vidstore_query_new();
    if (copy == &nomem || query->failed) {
        vidstore_query_free((vidstore_query *)copy);
        return &nomem;
    }
    set_copy(copy, &copy->filter, query->filter);
    set_copy(copy, &copy->sort, query->sort);
    set_copy(copy, &copy->cursor, query->cursor);
    set_copy(copy, &copy->search, query->search);
    copy->broken = query->broken;
    copy->limit = query->limit;
    copy->flags = query->flags;
    copy->error = vs_error_ref(query->error);
    for (int i = 0; i < VS_QUERY_BINDS; i++) {
        set_copy(copy, &copy->binds[i].text, query->binds[i].text);
        copy->binds[i].number = query->binds[i].number;
        copy->binds[i].set = query->binds[i].set;
    }
    return copy;
}

static int set_filter(struct vs_query *q, const char *expression, vidstore_error **e) {
    vs_autocompiled check = {0}; /* no noun: the grammar alone */
    int r = expression ? vs_check_text(expression, "filter", VS_QUERY_MAX, e) : 0;
    if (r)
        return r;
    set_copy(q, &q->filter, expression);
    if (q->failed)
        return vs_fail_nomem(e);
    return expression ? vs_query_parse(q, &check, e) : 0;
}

vidstore_status vidstore_query_filter(vidstore_query *query, const char *expression, vidstore_error **reterr) {
    struct vs_query *q = (struct vs_query *)query;
    if (reterr)
        *reterr = NULL;
    int r = vs_check_handle(q, VS_MAGIC_QUERY, "query", reterr);
    if (r)
        return r;
    if (q->failed)
        return vs_fail_nomem(reterr);
    r = set_filter(q, expression, reterr);
    q->broken = r ? "filter" : NULL;
    return r;
}

vidstore_status vidstore_query_search(vidstore_query *query, const char *text, vidstore_error **reterr) {
    struct vs_query *q = (struct vs_query *)query;
    if (reterr)
        *reterr = NULL;
    int r = vs_check_handle(q, VS_MAGIC_QUERY, "query", reterr);
    if (!r && q->failed)
        r = vs_fail_nomem(reterr);
    if (r)
        return r;
    r = text ? vs_search_check(text, reterr) : 0;
    q->broken = r ? "search" : NULL;
    if (r)
        return r;
    set_copy(q, &q->search, text);
    return q->failed ? vs_fail_nomem(reterr) : 0;
}

static struct vs_query_bind *bind_slot(struct vs_query *q, int32_t number) {
    if (number >= 1 && number <= VS_QUERY_BINDS)
        return &q->binds[number - 1];
    vs_fail_sub(&q->error, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "number", "$%d is not between $1 and $%d", (int)number,
                VS_QUERY_BINDS);
    return NULL;
}

void vidstore_query_bind_text(vidstore_query *query, int32_t number, const char *value) {
    struct vs_query *q = writable(query);
    struct vs_query_bind *bind = q ? bind_slot(q, number) : NULL;
    if (!bind || vs_check_text(value, "value", VS_QUERY_VALUE, &q->error))
        return;
    set_copy(q, &bind->text, value);
    bind->set = 1;
}

void vidstore_query_bind_int64(vidstore_query *query, int32_t number, int64_t value) {
    struct vs_query *q = writable(query);
    struct vs_query_bind *bind = q ? bind_slot(q, number) : NULL;
    if (!bind)
        return;
    set_copy(q, &bind->text, NULL);
    bind->number = value;
    bind->set = 1;
}

void vidstore_query_sort(vidstore_query *query, const char *order) {
    struct vs_query *q = writable(query);
    if (q && (!order || !vs_check_text(order, "sort", 128, &q->error)))
        set_copy(q, &q->sort, order);
}

void vidstore_query_limit(vidstore_query *query, int64_t limit) {
    struct vs_query *q = writable(query);
    if (!q)
        return;
    if (limit < 1 || limit > VS_PAGE_MAX)
        vs_fail_sub(&q->error, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "limit", "limit is not between 1 and %d",
                    VS_PAGE_MAX);
    else
        q->limit = limit;
}

void vidstore_query_cursor(vidstore_query *query, const char *cursor) {
    struct vs_query *q = writable(query);
    if (q && (!cursor || !vs_check_text(cursor, "cursor", 8192, &q->error)))
        set_copy(q, &q->cursor, cursor);
}

void vidstore_query_flags(vidstore_query *query, uint32_t flags) {
    struct vs_query *q = writable(query);
    if (!q)
        return;
    if (flags & ~(uint32_t)ALL_FLAGS)
        vs_fail_sub(&q->error, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "flags", "flags has unknown bits");
    else
        q->flags = flags;
}

/* "priority desc" */
static int parse_sort(const char *sort, struct vs_compiled *ret, vidstore_error **e) {
    char name[65], way[8] = "desc", rest[2];
    int n = sscanf(sort, " %64s %7s %1s", name, way, rest);
    if (n < 1 || n > 2)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "sort", "sort is not a field with asc or desc");
    const struct vs_field *field = vs_field_by_name(ret->noun, name, strlen(name));
    int created = strcmp(name, "created") == 0;
    char names[VS_FIELD_NAMES];
    if (!created && (!field || !(field->use & VS_SORT))) {
        vs_field_names(ret->noun, VS_SORT, names);
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_UNKNOWN_FIELD, "sort",
                           "a %s list can't be sorted by \"%s\", only by created%s%s", ret->noun->name, name,
                           *names ? ", " : "", names);
    }
    if (strcmp(way, "asc") != 0 && strcmp(way, "desc") != 0)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "sort", "sort is neither asc nor desc");
    ret->ascending = strcmp(way, "asc") == 0;
    ret->sort = created ? NULL : field; /* seq is the order of creation */
    return 0;
}

/* What a cursor belongs to: the same noun, filter, values, sort and flags. */
static int digest(const struct vs_query *q, const struct vs_noun *noun, uint64_t *ret, vidstore_error **e) {
    vs_autobuf b = {0};
    uint8_t hash[VS_SHA256_SIZE] = {0};
    vs_buf_fmt(&b, "%s|%s|%s|%s|%u", noun->name, q && q->filter ? q->filter : "", q && q->sort ? q->sort : "",
               q && q->search ? q->search : "", q ? q->flags & ~(uint32_t)VIDSTORE_QUERY_EXACT_COUNT : 0);
    for (int i = 0; q && i < VS_QUERY_BINDS; i++)
        if (q->binds[i].set)
            vs_buf_fmt(&b, "|%d:%s:%lld", i, q->binds[i].text ? q->binds[i].text : "",
                       (long long)(q->binds[i].text ? 0 : q->binds[i].number));
    if (b.failed || vs_sha256(b.data, b.len, hash))
        return vs_fail_nomem(e);
    memcpy(ret, hash, sizeof *ret);
    return 0;
}

static void add_deleted(const struct vs_noun *noun, struct vs_compiled *ret) {
    if (!vs_field_by_id(noun, noun->base + 8)) /* audit events are never removed */
        return;
    const char *text = ret->flags & VIDSTORE_QUERY_ONLY_DELETED ? "deleted_us IS NOT NULL"
                       : ret->flags & VIDSTORE_QUERY_DELETED    ? NULL
                                                                : "deleted_us IS NULL";
    if (text)
        vs_buf_fmt(&ret->where, "%s%s", ret->where.len ? " AND " : "", text);
}

/* Through the index of words or not: always for words; for facts alone when nothing better serves the query. */
static int choose_way(struct vs_compiled *c, vidstore_error **e) {
    c->ranked = (c->flags & VIDSTORE_QUERY_RANKED) && c->searched;
    c->matched = c->searched || ((c->facts || c->n_ranges) && !c->indexed && !c->sort);
    c->indexed |= c->matched;
    if (!c->searched || !c->sort || (c->flags & VIDSTORE_QUERY_SCAN))
        return 0;
    return vs_fail_sub(e, VIDSTORE_UNSUPPORTED, VIDSTORE_SUB_NO_INDEX, "sort",
                       "what was searched for comes newest first or ranked; to sort all of it by %s, allow a scan with "
                       "VIDSTORE_QUERY_SCAN",
                       c->sort->name);
}

int vs_query_compile(const struct vs_query *q, const struct vs_noun *noun, struct vs_compiled *ret,
                     vidstore_error **e) {
    int r = q ? vs_check_handle(q, VS_MAGIC_QUERY, "query", e) : 0;
    if (r)
        return r;
    if (q && q->failed)
        return vs_fail_nomem(e);
    if (q && q->error) {
        if (e)
            *e = vs_error_ref(q->error);
        return vidstore_error_code(q->error);
    }
    if (q && q->broken)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, q->broken, "the %s that was set could not be read",
                           q->broken);
    ret->noun = noun;
    ret->where.max = 1 << 20;
    ret->flags = q ? q->flags : 0;
    ret->limit = q && q->limit ? q->limit : VS_PAGE_DEFAULT;
    if ((r = digest(q, noun, &ret->digest, e)))
        return r;
    if (q && q->sort && (r = parse_sort(q->sort, ret, e)))
        return r;
    if (q && q->filter && q->filter[strspn(q->filter, " \t\r\n\v\f")]) {
        vs_buf_char(&ret->where, '(');
        if ((r = vs_query_parse(q, ret, e)))
            return r;
        vs_buf_char(&ret->where, ')');
    } else {
        ret->indexed = 1; /* no filter: the order of the page is an index itself */
    }
    int served = ret->indexed;
    if (q && q->search && (r = vs_search_compile(q->search, ret, e)))
        return r;
    ret->indexed &= served;
    add_deleted(noun, ret);
    return ret->where.failed ? vs_fail_nomem(e) : choose_way(ret, e);
}

void vs_term_read_id(struct vs_term *term) {
    term->has_id = term->text && term->field->type == VS_UUID;
    if (term->has_id)
        vs_uuid_parse(term->text, NULL, &term->id, NULL); /* what is none stays all zeros */
}

int vs_compiled_value(struct vs_compiled *c, const struct vs_field *field, struct vs_value value, vidstore_error **e) {
    if (c->count == VS_QUERY_TERMS)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_TOO_LARGE, "filter", "filter has more than %d values",
                           VS_QUERY_TERMS);
    struct vs_term *term = &c->terms[c->count];
    *term = (struct vs_term){.field = field, .value = value};
    if (value.set && vs_type_is_text(field->type)) {
        term->text = vs_strndup(value.text, value.len);
        if (!term->text)
            return vs_fail_nomem(e);
        term->value.text = term->text;
    }
    vs_term_read_id(term);
    return ++c->count;
}

int vs_compiled_and(struct vs_compiled *c, const char *column_test, const struct vs_field *field, struct vs_value value,
                    vidstore_error **e) {
    int number = vs_compiled_value(c, field, value, e);
    if (number < 0)
        return number;
    vs_buf_fmt(&c->where, "%s%s$%d", c->where.len ? " AND " : "", column_test, number);
    return c->where.failed ? vs_fail_nomem(e) : 0;
}

struct vs_way *vs_compiled_way(struct vs_compiled *c) {
    assert(c->n_ways < VS_QUERY_WAYS);
    return &c->ways[c->n_ways++];
}

void vs_compiled_free(struct vs_compiled *c) {
    for (int i = 0; i < c->count; i++)
        vs_free(c->terms[i].text);
    c->count = 0;
    for (int i = 0; i < c->n_ways; i++) {
        vs_buf_free(&c->ways[i].from);
        vs_buf_free(&c->ways[i].when);
    }
    c->n_ways = 0;
    vs_buf_free(&c->where);
    vs_buf_free(&c->find);
    vs_buf_free(&c->without);
    vs_buf_free(&c->scope);
    vs_buf_free(&c->told);
    vs_buf_free(&c->row);
    vs_buf_free(&c->match);
    vs_buf_free(&c->match_anybody);
    vs_buf_free(&c->fresh);
    vs_buf_free(&c->fresh_anybody);
    vs_search_spread_free(c);
    vs_free(VS_TAKE(c->noted));
}
