/* SPDX-License-Identifier: MIT */
/* Running a compiled query: template, values, page. */
#include "record/page.h"
#include "record/query_rows.h"
#include "record/search.h"
#include "util/alloc.h"
#include "util/error.h"
#include "vidstore/query.h"

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
