/* SPDX-License-Identifier: MIT */
/* Running a compiled query: template, values, page, cursor. */
#include "crypto/crypto.h"
#include "record/page.h"
#include "record/search.h"
#include "util/alloc.h"
#include "util/error.h"
#include "util/utf8.h"
#include "vidstore/query.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int vs_template_fill(struct vs_buf *b, const char *tmpl, const char *const *names, const char *const *texts,
                     vidstore_error **e) {
    for (const char *open; (open = strstr(tmpl, "{{"));) {
        const char *close = strstr(open, "}}");
        size_t len = close ? (size_t)(close - open - 2) : 0;
        int found = 0;
        vs_buf_add(b, tmpl, (size_t)(open - tmpl));
        for (size_t i = 0; close && names[i] && !found; i++)
            if (strlen(names[i]) == len && strncmp(names[i], open + 2, len) == 0) {
                vs_buf_str(b, texts[i]);
                found = 1;
            }
        if (!found)
            return vs_fail(e, VIDSTORE_INTERNAL, NULL, "a statement's template has an unknown hole");
        tmpl = close + 2;
    }
    vs_buf_str(b, tmpl);
    return b->failed ? vs_fail_nomem(e) : 0;
}

/* Numbers the values anew, in the order in which they come first: the engine counts them so. Of each new number ret
 * keeps the term. */
static void number(struct vs_buf *b, const char *where, int before, int ret[VS_QUERY_TERMS], int *ret_count) {
    for (char *end; *where; where = end) {
        size_t n = strcspn(where, "$");
        vs_buf_add(b, where, n);
        end = (char *)(uintptr_t)(where + n);
        if (!*end)
            break;
        int term = (int)strtol(where + n + 1, &end, 10) - 1, at = 0;
        while (at < *ret_count && ret[at] != term)
            at++;
        if (at == *ret_count)
            ret[(*ret_count)++] = term;
        vs_buf_fmt(b, "$%d", before + at + 1);
    }
}

static void put_order(const struct vs_compiled *c, char *order, size_t size) {
    const char *way = c->ascending ? "ASC" : "DESC";
    if (c->sort)
        snprintf(order, size, "%s%s %s, seq %s", c->sort->column, c->sort->use & VS_FOLDED ? "_key" : "", way, way);
    else
        snprintf(order, size, "%s %s", c->matched ? "found.rowid" : "seq", way);
}

/* The column that a list is sorted by before seq; NULL: none. */
static void put_key(const struct vs_compiled *c, struct vs_buf *b) {
    if (c->sort)
        vs_buf_fmt(b, "%s%s AS key, ", c->sort->column, c->sort->use & VS_FOLDED ? "_key" : "");
}

/* The rows of all ways, each once. Each way has the order of the list, so that they are merged and none is followed
 * further than the page needs. */
static void put_ways(const struct vs_compiled *c, const char *where, const char *most, int piecewise,
                     struct vs_buf *b) {
    const char *order = c->ascending ? "ASC" : "DESC";
    vs_buf_fmt(b, "%s.seq IN (SELECT at FROM (", c->noun->table);
    for (int i = 0; i < c->n_ways; i++) {
        vs_buf_str(b, i ? " UNION SELECT " : "SELECT ");
        if (piecewise)
            put_key(c, b);
        vs_buf_fmt(b, "%s AS at FROM %s%s WHERE %s AND %s", c->ways[i].seq,
                   c->ways[i].from.data ? c->ways[i].from.data : "", c->noun->table, c->ways[i].when.data, where);
    }
    if (piecewise && c->sort)
        vs_buf_fmt(b, " ORDER BY 1 %s, 2 %s LIMIT %s", order, order, most);
    else if (piecewise)
        vs_buf_fmt(b, " ORDER BY 1 %s LIMIT %s", order, most);
    vs_buf_str(b, ") AS found)");
}

/* The where-clause with the ways that lead to what may be visible. */
static void put_where(const struct vs_compiled *c, const char *most, int piecewise, struct vs_buf *b) {
    const char *where = c->where.len ? c->where.data : "1 = 1";
    if (c->n_ways == 0)
        vs_buf_str(b, where);
    else if (c->n_ways == 1 && !c->ways[0].from.len)
        vs_buf_fmt(b, "%s AND %s", c->ways[0].when.data, where);
    else
        put_ways(c, where, most, piecewise, b);
}

int vs_compiled_stmt(struct vs_compiled *c, struct vs_conn *conn, enum vs_stmt_id tmpl, int64_t limit, int piecewise,
                     vs_scratch scratch, struct vs_stmt **ret, vidstore_error **e) {
    const char *const names[] = {"where", c->matched ? "found_order" : "order", "limit", "match", NULL};
    char order[160], most[24];
    vs_autobuf sql = {0}, whole = {0}, numbered = {0};
    int terms[VS_QUERY_TERMS], used = 0;
    put_order(c, order, sizeof order);
    snprintf(most, sizeof most, "%" PRId64, limit);
    put_where(c, most, piecewise, &whole);
    if (!whole.failed)
        number(&numbered, whole.data, c->matched, terms, &used);
    int r = whole.failed || numbered.failed ? vs_fail_nomem(e) : 0;
    if (!r && c->matched) {
        vs_buf_free(&c->match);
        r = vs_search_match(c, &c->match, e);
    }
    const char *const texts[] = {numbered.data, order, most, "$1", NULL};
    if (!r)
        r = vs_template_fill(&sql, vs_stmt_text(conn, tmpl), names, texts, e);
    if (!r)
        r = vs_stmt_composed(conn, sql.data, sql.len, ret, e);
    if (!r && c->matched)
        vs_bind_text(*ret, 1, c->match.data, (int64_t)c->match.len);
    for (int i = 0; !r && i < used; i++) {
        const struct vs_term *term = &c->terms[terms[i]];
        vs_value_bind(*ret, i + 1 + c->matched, term->field, &term->value, scratch[i]);
    }
    return r;
}

static int check_index(const struct vs_compiled *c, vidstore_error **e) {
    if (c->indexed || (c->flags & VIDSTORE_QUERY_SCAN))
        return 0;
    char names[VS_FIELD_NAMES];
    return vs_fail_sub(e, VIDSTORE_UNSUPPORTED, VIDSTORE_SUB_NO_INDEX, "filter",
                       "no index serves this filter: add a condition on %s, or allow a scan with VIDSTORE_QUERY_SCAN",
                       vs_field_names(c->noun, VS_INDEX | VS_FACT, names));
}

static enum vs_stmt_id list_template(const struct vs_compiled *c) {
    return c->ranked ? c->noun->search.best : c->matched ? c->noun->search.list : c->noun->stmt.list;
}

int vs_compiled_page(struct vs_compiled *c, struct vs_conn *conn, struct vs_page **ret, vidstore_error **e) {
    vs_scratch scratch;
    vs_autostmt *list = NULL;
    vs_autopage *page = NULL;
    int r = check_index(c, e), more = 0;
    if (!r)
        r = vs_compiled_stmt(c, conn, list_template(c), c->limit + !c->ranked, 1, scratch, &list, e);
    if (!r)
        r = vs_page_new(c->noun, c->limit, &page, e);
    while (!r && (r = vs_step(list, e)) == VS_ROW) {
        struct vs_record *record = NULL;
        if (page->count == c->limit || (page->count && vs_block_size(page->block) > VS_PAGE_BYTES)) {
            more = 1;
            r = 0;
            break;
        }
        r = vs_record_decode(page->block, c->noun, list, &record, e);
        if (!r)
            vs_page_add(page, record);
    }
    if (r)
        return r;
    if (more) {
        vs_autofree char *cursor = NULL;
        r = vs_cursor_make(c, page->items[page->count - 1].record, &cursor, e);
        page->cursor = r ? NULL : vs_block_text(page->block, cursor, strlen(cursor));
        if (!r && !page->cursor)
            r = vs_fail_nomem(e);
    }
    if (!r)
        *ret = VS_TAKE(page);
    return r;
}

int vs_compiled_count(struct vs_compiled *c, struct vs_conn *conn, int64_t *ret, vidstore_error **e) {
    vs_scratch scratch;
    vs_autostmt *count = NULL;
    int64_t most = c->flags & VIDSTORE_QUERY_EXACT_COUNT ? INT64_MAX : VS_COUNT_MAX;
    int r = check_index(c, e);
    if (!r)
        r = vs_compiled_stmt(c, conn, c->matched ? c->noun->search.count : c->noun->stmt.count, most, 1, scratch,
                             &count, e);
    if (!r && (r = vs_row(count, e)) == VS_ROW) {
        *ret = vs_col_int(count, 0);
        r = 0;
    }
    return r;
}

/* A cursor is "1-" and hex: digest of the query, seq, and the sorted value where the order has one. */
int vs_cursor_make(const struct vs_compiled *c, const struct vs_record *last, char **ret, vidstore_error **e) {
    vs_autobuf b = {0};
    vs_buf_fmt(&b, "1-%016" PRIx64 "%016" PRIx64, c->digest, (uint64_t)last->seq);
    if (c->sort) {
        const struct vs_value *value = &last->values[c->sort - c->noun->fields];
        if (vs_type_is_text(c->sort->type)) {
            for (uint32_t i = 0; i < value->len; i++)
                vs_buf_fmt(&b, "%02x", (unsigned char)value->text[i]);
        } else {
            vs_buf_fmt(&b, "%016" PRIx64, (uint64_t)value->i);
        }
    }
    if (b.failed)
        return vs_fail_nomem(e);
    *ret = VS_TAKE(b.data);
    return 0;
}

static int read_hex64(const char *hex, uint64_t *ret) {
    uint8_t bytes[8];
    char digits[17] = {0};
    memcpy(digits, hex, strnlen(hex, 16));
    if (vs_unhex(digits, bytes, 8))
        return 0;
    *ret = 0;
    for (int i = 0; i < 8; i++)
        *ret = *ret << 8 | bytes[i];
    return 1;
}

static int malformed(vidstore_error **e) {
    return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "cursor", "cursor is not one that a page gave");
}

/* The sorted value of a cursor, as a value of the sort field. */
static int cursor_value(const struct vs_compiled *c, const char *hex, struct vs_value *ret, char **ret_text,
                        vidstore_error **e) {
    uint64_t number;
    if (!vs_type_is_text(c->sort->type)) {
        if (strlen(hex) != 16 || !read_hex64(hex, &number))
            return malformed(e);
        *ret = (struct vs_value){.i = (int64_t)number, .set = VS_VALUE_SET};
        return 0;
    }
    size_t len = strlen(hex) / 2;
    char *text = vs_malloc(len + 1);
    if (!text)
        return vs_fail_nomem(e);
    *ret_text = text;
    if (strlen(hex) % 2 || vs_unhex(hex, (uint8_t *)text, len) || !vs_utf8_valid(text, len))
        return malformed(e);
    text[len] = '\0';
    if (c->sort->use & VS_FOLDED)
        for (char *p = text; *p; p++)
            *p = *p >= 'A' && *p <= 'Z' ? (char)(*p + ('a' - 'A')) : *p;
    *ret = (struct vs_value){.text = text, .len = (uint32_t)len, .set = VS_VALUE_SET};
    return 0;
}

int vs_cursor_apply(struct vs_compiled *c, const char *cursor, vidstore_error **e) {
    static const struct vs_field seq = {0, "seq", "seq", VS_INT, 0, 0, NULL};
    uint64_t digest = 0, number = 0;
    size_t len = strlen(cursor);
    if (len < 34 || strncmp(cursor, "1-", 2) != 0 || !read_hex64(cursor + 2, &digest) ||
        !read_hex64(cursor + 18, &number))
        return malformed(e);
    if (digest != c->digest)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "cursor", "cursor belongs to another query");
    struct vs_value at = {.i = (int64_t)number, .set = VS_VALUE_SET};
    const char *op = c->ascending ? ">" : "<";
    char text[160];
    if (!c->sort) {
        if (len != 34)
            return malformed(e);
        snprintf(text, sizeof text, "%s %s ", c->matched ? "found.rowid" : "seq", op);
        return vs_compiled_and(c, text, &seq, at, e);
    }
    struct vs_value value;
    vs_autofree char *owned = NULL;
    int r = cursor_value(c, cursor + 34, &value, &owned, e);
    snprintf(text, sizeof text, "(%s%s, seq) %s (", c->sort->column, c->sort->use & VS_FOLDED ? "_key" : "", op);
    if (!r)
        r = vs_compiled_and(c, text, c->sort, value, e);
    if (r || c->count == VS_QUERY_TERMS)
        return r ? r : vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_TOO_LARGE, "filter", "filter has too many values");
    c->terms[c->count++] = (struct vs_term){&seq, at, NULL};
    vs_buf_fmt(&c->where, ", $%d)", c->count);
    return c->where.failed ? vs_fail_nomem(e) : 0;
}
