/* SPDX-License-Identifier: MIT */
/* What a search for several things begins with. The index of words gives rows newest first, so a page is full soon
 * where much fits; where little does, all rows of the rarest word have to be looked at, and no more than that. How much
 * each piece finds is asked of the index itself: a few hundred rows of each tell how dense they are. */
#include "db/bind.h"
#include "record/search.h"
#include "record/search_internal.h"
#include "util/error.h"
#include <string.h>

/* Rows that are counted of a piece; with fewer it is rare. */
enum { FEW = 1024 };

/* A piece as what bounds it and is counted quickly: of each phrase its longest word, in any column. A phrase or a
 * column that has few rows would be followed through all rows that have its words. */
static void put_bound(const char *piece, struct vs_buf *ret) {
    for (const char *at = piece; *at;) {
        size_t longest = 0;
        const char *word = at, *start = at;
        if (*at != '"') {
            size_t column = strspn(at, "abcdefghijklmnopqrstuvwxyz_");
            at += column ? column + strlen(" : ") : 1;
            if (!column)
                vs_buf_char(ret, *start);
            continue;
        }
        for (at++; *at != '"'; at += *at == ' ') {
            size_t len = strcspn(at, " \"");
            word = len > longest ? at : word;
            longest = len > longest ? len : longest;
            at += len;
        }
        at++;
        vs_buf_char(ret, '"');
        vs_buf_add(ret, word, longest);
        vs_buf_char(ret, '"');
    }
}

/* Rows of a piece at the most, as if it had as many everywhere as among the newest. */
static int gauge(const struct vs_compiled *c, struct vs_conn *conn, int piece, int64_t *ret, vidstore_error **e) {
    vs_autobuf text = {0}, bound = {0};
    vs_autostmt *s = NULL;
    vs_search_piece(c, piece, 0, &text);
    *ret = INT64_MAX;
    if (text.failed)
        return vs_fail_nomem(e);
    if (strstr(text.data, "\" *")) /* the engine would read all rows of a prefix first */
        return 0;
    put_bound(text.data, &bound);
    if (bound.failed)
        return vs_fail_nomem(e);
    int r = vs_ask(conn, c->noun->search.few, &s, e, vs_text(bound.data), vs_int(FEW));
    if (r < 0)
        return r;
    int64_t count = vs_col_int(s, 0), first = vs_col_int(s, 1), last = vs_col_int(s, 2);
    *ret = count < FEW ? count : FEW + last * FEW / (last - first + 1);
    return 0;
}

/* One condition as a test of the rows, if their own columns tell what its marks would. That words stand in a certain
 * column is looked up in the words of each row: to find the next row where they do, the engine passes all that have
 * them elsewhere. */
static int ask_row(struct vs_compiled *c, const struct vs_condition *condition, vidstore_error **e) {
    const char *text = c->find.data + condition->start;
    vs_autobuf test = {0};
    int r = vs_search_row_test(c, text, condition->len, 0, &test, e);
    if (!r) {
        vs_buf_fmt(&c->told, " AND %s", test.data);
        return 0;
    }
    if (r < 0 || !memmem(text, condition->len, "_words : ", strlen("_words : ")))
        return r;
    r = vs_search_row_test(c, text, condition->len, 1, &test, e);
    if (!r)
        vs_search_words_test(c, test.data, &c->told);
    return r;
}

/* What few rows can be asked for is not asked of the index. */
static int ask_rows(struct vs_compiled *c, vidstore_error **e) {
    for (int i = 0; i < c->n_conditions; i++) {
        struct vs_condition *condition = &c->conditions[i];
        if (condition->filtered || c->rarest == 1 + VS_QUERY_RANGES + i)
            continue;
        int r = ask_row(c, condition, e);
        if (r < 0)
            return r;
        condition->filtered = r == 0;
    }
    return c->told.failed ? vs_fail_nomem(e) : 0;
}

int vs_search_plan(struct vs_compiled *c, struct vs_conn *conn, vidstore_error **e) {
    int pieces[VS_QUERY_PIECES];
    int r = c->matched ? vs_search_look(c, conn, e) : 0;
    if (!r)
        r = vs_search_spread(c, conn, e);
    if (r || (c->n_noted && c->ranked)) /* what is left out of the expression would not count for both alike */
        return r;
    int count = c->matched && !c->planned ? vs_search_pieces(c, 0, pieces) : 0;
    if (count < 3 && !(count == 2 && c->scope.len)) /* two are as quick in any order */
        return 0;
    c->rarest = pieces[0];
    for (int i = 0; !r && i < count; i++) {
        r = gauge(c, conn, pieces[i], &c->rows[pieces[i]], e);
        if (!r && c->rows[pieces[i]] < c->rows[c->rarest])
            c->rarest = pieces[i];
    }
    c->planned = !r;
    c->lean = !r && c->rows[c->rarest] < FEW && c->count + VS_QUERY_ROUGHS < VS_QUERY_TERMS;
    return c->lean ? ask_rows(c, e) : r;
}
