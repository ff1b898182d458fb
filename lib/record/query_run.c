/* SPDX-License-Identifier: MIT */
/* Running a compiled query: template, values, page, cursor. */
#include "crypto/crypto.h"
#include "record/page.h"
#include "record/query_rows.h"
#include "record/search.h"
#include "util/alloc.h"
#include "util/error.h"
#include "util/utf8.h"
#include "vidstore/query.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int check_index(const struct vs_compiled *c, vidstore_error **e) {
    if (c->indexed || (c->flags & VIDSTORE_QUERY_SCAN))
        return 0;
    char names[VS_FIELD_NAMES];
    return vs_fail_sub(e, VIDSTORE_UNSUPPORTED, VIDSTORE_SUB_NO_INDEX, "filter",
                       "no index serves this filter: add a condition on %s, or allow a scan with VIDSTORE_QUERY_SCAN",
                       vs_field_names(c->noun, VS_INDEX | VS_FACT, names));
}

static int read_page(struct vs_compiled *c, struct vs_conn *conn, enum vs_how how, struct vs_page **ret, int *ret_more,
                     vidstore_error **e) {
    VS_CLEANUP(vs_rows_close) struct vs_rows rows;
    vs_autopage *page = NULL;
    struct vs_stmt *row = NULL;
    int r = vs_rows_open(&rows, c, conn, how, e);
    if (!r)
        r = vs_page_new(c->noun, c->limit, &page, e);
    *ret_more = 0;
    while (!r && (r = vs_rows_next(&rows, &row, e)) == VS_ROW) {
        struct vs_record *record = NULL;
        if (page->count == c->limit || (page->count && vs_block_size(page->block) > VS_PAGE_BYTES)) {
            *ret_more = 1;
            r = 0;
            break;
        }
        r = vs_record_decode(page->block, c->noun, row, &record, e);
        if (!r)
            vs_page_add(page, record);
    }
    if (!r)
        *ret = VS_TAKE(page);
    return r;
}

/* A long prefix takes the engine as long as there are rows with such words, however few are wanted. So it is shortened
 * first, and the words of the newest rows are looked at. That is all when there are no more rows, and fills a page when
 * many are right; else the long way is short. */
static int rough_page(struct vs_compiled *c, struct vs_conn *conn, struct vs_page **ret, int *ret_more,
                      vidstore_error **e) {
    static const struct vs_field place = {0, "seq", "seq", VS_INT, 0, 0, NULL};
    vs_scratch scratch;
    vs_autostmt *s = NULL;
    vs_autopage *page = NULL;
    int all = 0;
    int r = vs_compiled_stmt(c, conn, c->noun->search.reach, VS_ROUGH_MOST, VS_REACH, scratch, &s, e);
    if (r || (r = vs_row(s, e)) < 0)
        return r;
    all = vs_col_int(s, 0) < VS_ROUGH_MOST;
    struct vs_value reach = {.i = all ? 0 : vs_col_int(s, c->ascending ? 2 : 1), .set = VS_VALUE_SET};
    vs_reset(VS_TAKE(s));
    c->reach = all ? 0 : vs_compiled_value(c, &place, reach, e);
    r = c->reach < 0 ? c->reach : read_page(c, conn, VS_ROUGH, &page, ret_more, e);
    if (!r && (all || *ret_more))
        *ret = VS_TAKE(page);
    return r;
}

int vs_compiled_page(struct vs_compiled *c, struct vs_conn *conn, struct vs_page **ret, vidstore_error **e) {
    vs_autopage *page = NULL;
    int more = 0;
    int r = check_index(c, e);
    if (!r)
        r = vs_search_plan(c, conn, e);
    if (!r && c->matched && c->n_roughs && !c->lean && !c->ranked && !c->sort &&
        c->count + VS_QUERY_ROUGHS < VS_QUERY_TERMS)
        r = rough_page(c, conn, &page, &more, e);
    if (!r && !page)
        r = read_page(c, conn, c->ranked ? VS_PIECEWISE | VS_RANKED : VS_PIECEWISE, &page, &more, e);
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
        r = vs_compiled_stmt(c, conn, c->matched ? c->noun->search.count : c->noun->stmt.count, most, VS_PIECEWISE,
                             scratch, &count, e);
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
        snprintf(text, sizeof text, "%s %s ", c->place ? c->place : c->matched ? "found.rowid" : "seq", op);
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
    c->terms[c->count++] = (struct vs_term){.field = &seq, .value = at};
    vs_buf_fmt(&c->where, ", $%d)", c->count);
    return c->where.failed ? vs_fail_nomem(e) : 0;
}
