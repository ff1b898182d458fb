/* SPDX-License-Identifier: MIT */
/* The expression that asks the index of words. Whatever is quoted in it holds letters, digits and marks only, so no
 * text that a person types can be taken for a part of the expression. */
#include "record/search_internal.h"
#include "util/error.h"
#include "util/unicode.h"
#include <string.h>

void vs_find_begin(struct vs_compiled *c) {
    if (c->find.len)
        vs_buf_str(&c->find, " AND ");
    if (c->n_conditions < VS_QUERY_CONDITIONS)
        c->conditions[c->n_conditions++] = (struct vs_condition){.start = c->find.len, .filtered = 1};
}

/* Past the most there can be, the last condition has several parts. */
void vs_find_end(struct vs_compiled *c, int filtered) {
    struct vs_condition *condition = &c->conditions[c->n_conditions - 1];
    condition->len = c->find.len - condition->start;
    condition->filtered &= filtered;
}

void vs_mark_begin(struct vs_compiled *c) {
    vs_find_begin(c);
    vs_buf_char(&c->find, '(');
    c->group = 0;
    c->facts++;
}

void vs_mark_value(struct vs_compiled *c, const struct vs_field *field, const char *text, int64_t number) {
    vs_buf_str(&c->find, c->group++ ? " OR \"" : "\"");
    vs_mark_fact(&c->find, field, text, text ? strlen(text) : 0, number);
    vs_buf_char(&c->find, '"');
}

void vs_mark_end(struct vs_compiled *c) {
    vs_buf_char(&c->find, ')');
    vs_find_end(c, 1);
}

void vs_mark_bounds(struct vs_compiled *c, const struct vs_field *field, int64_t low, int64_t high) {
    struct vs_range *range = NULL;
    for (int i = 0; i < c->n_ranges && !range; i++)
        if (c->ranges[i].field == field)
            range = &c->ranges[i];
    if (!range && c->n_ranges < VS_QUERY_RANGES) {
        range = &c->ranges[c->n_ranges++];
        *range = (struct vs_range){field, 0, INT64_MAX};
    }
    if (!range)
        return;
    range->low = low > range->low ? low : range->low;
    range->high = high < range->high ? high : range->high;
}

void vs_marks_keep(const struct vs_compiled *c, struct vs_marks_kept *ret) {
    *ret = (struct vs_marks_kept){.indexed = c->indexed,
                                  .near = c->near,
                                  .facts = c->facts,
                                  .n_ranges = c->n_ranges,
                                  .n_conditions = c->n_conditions,
                                  .len = c->find.len};
    memcpy(ret->ranges, c->ranges, sizeof ret->ranges);
}

void vs_marks_forget(struct vs_compiled *c, const struct vs_marks_kept *to) {
    c->indexed = to->indexed;
    c->near = to->near;
    c->facts = to->facts;
    c->n_ranges = to->n_ranges;
    c->n_conditions = to->n_conditions;
    memcpy(c->ranges, to->ranges, sizeof c->ranges);
    if (c->find.data && c->find.len > to->len) {
        c->find.len = to->len;
        c->find.data[to->len] = '\0';
    }
    if (c->n_conditions)
        c->conditions[c->n_conditions - 1].len = to->len - c->conditions[c->n_conditions - 1].start;
}

void vs_mark_scope(struct vs_compiled *c, const struct vs_uuid *owner, int64_t open) {
    if (owner) {
        vs_buf_str(&c->scope, c->scope.len ? " OR \"" : "\"");
        vs_mark_owner(&c->scope, owner);
        vs_buf_char(&c->scope, '"');
    }
    if (open) {
        vs_buf_str(&c->scope, c->scope.len ? " OR \"" : "\"");
        vs_mark_open(&c->scope, open);
        vs_buf_char(&c->scope, '"');
    }
}

/* Every order of magnitude that a number in the range can have. */
static void add_range(struct vs_buf *b, const struct vs_range *range) {
    int first = vs_mark_bucket(range->low), last = vs_mark_bucket(range->high);
    vs_buf_char(b, '(');
    for (int i = first; i <= last || i == first; i++) {
        int64_t least = i < 2 ? i : (int64_t)(2 + (i & 1)) << (i / 2 - 1);
        vs_buf_str(b, i > first ? " OR \"" : "\"");
        vs_mark_fact(b, range->field, NULL, 0, least);
        vs_buf_char(b, '"');
    }
    vs_buf_char(b, ')');
}

/* --- the whole ---------------------------------------------------------------------------------------------------- */

/* A condition; rough prefixes in it end where the index of prefixes does. */
static void add_condition(const struct vs_compiled *c, const struct vs_condition *condition, enum vs_how how,
                          struct vs_buf *ret) {
    size_t at = condition->start, end = at + condition->len;
    for (int i = 0; (how & (VS_ROUGH | VS_REACH)) && i < c->n_roughs; i++) {
        const struct vs_rough *rough = &c->roughs[i];
        if (rough->start < at || rough->start >= end)
            continue;
        vs_search_put_spread(c, c->find.data + at, rough->start + rough->len - rough->cut - at, ret);
        at = rough->start + rough->len;
    }
    vs_search_put_spread(c, c->find.data + at, end - at, ret);
}

void vs_search_piece(const struct vs_compiled *c, int piece, enum vs_how how, struct vs_buf *ret) {
    if (piece == 0)
        vs_buf_fmt(ret, "(%s)", c->scope.data);
    else if (piece <= VS_QUERY_RANGES)
        add_range(ret, &c->ranges[piece - 1]);
    else
        add_condition(c, &c->conditions[piece - 1 - VS_QUERY_RANGES], how, ret);
}

/* Whether few rows are found without a piece, and the rows themselves tell the rest. */
static int is_left_out(const struct vs_compiled *c, int piece) {
    if (!c->lean || piece == c->rarest || piece == 0)
        return 0;
    if (piece <= VS_QUERY_RANGES)
        return 1;
    const struct vs_condition *condition = &c->conditions[piece - 1 - VS_QUERY_RANGES];
    int found = condition->filtered;
    for (int i = 0; i < c->n_roughs; i++)
        found |= c->roughs[i].start >= condition->start && c->roughs[i].start < condition->start + condition->len;
    return found;
}

int vs_search_pieces(const struct vs_compiled *c, enum vs_how how, int ret[VS_QUERY_PIECES]) {
    int count = 0, planned = c->planned && !(how & VS_ANYBODY);
    for (int i = 0; i < 1 + VS_QUERY_RANGES + c->n_conditions; i++) {
        int there = i == 0 ? c->scope.len && !(how & VS_ANYBODY) : i > VS_QUERY_RANGES || i <= c->n_ranges;
        if (!there || (planned && is_left_out(c, i)))
            continue;
        int at = count++;
        for (; planned && at && c->rows[ret[at - 1]] > c->rows[i]; at--) /* the rarest first */
            ret[at] = ret[at - 1];
        ret[at] = i;
    }
    return count;
}

/* FTS5 moves all parts of an AND on for each row of any, and takes nested ANDs for one. Of common words that would read
 * whole lists; what rarer ones have found stands apart in a NOT of what is nowhere, and is moved on by itself. Its
 * parser has no room for many of them. */
static void add_pieces(const struct vs_compiled *c, const int *pieces, int count, enum vs_how how, struct vs_buf *ret) {
    enum { APART = 8 };
    int apart = c->planned && !(how & VS_ANYBODY) && count > 2 ? count - 2 : 0;
    apart = apart > APART ? APART : apart;
    for (int i = 0; i < apart; i++)
        vs_buf_str(ret, "((");
    for (int i = 0; i < count; i++) {
        int is_apart = i >= 2 && i < 2 + apart;
        if (i)
            vs_buf_str(ret, is_apart ? ") NOT \"" VS_MARK_TEXT VS_MARK_TEXT "\") AND " : " AND ");
        vs_search_piece(c, pieces[i], how, ret);
    }
}

int vs_search_match(struct vs_compiled *c, enum vs_how how, struct vs_buf *ret, vidstore_error **e) {
    int pieces[VS_QUERY_PIECES], count = vs_search_pieces(c, how, pieces);
    if (c->without.len)
        vs_buf_char(ret, '(');
    add_pieces(c, pieces, count, how, ret);
    if (!count)
        vs_buf_str(ret, "\"" VS_MARK_TEXT "\"");
    if (c->without.len && !c->without.failed) {
        vs_buf_str(ret, ") NOT (");
        vs_search_put_spread(c, c->without.data, c->without.len, ret);
        vs_buf_char(ret, ')');
    }
    return ret->failed || c->find.failed || c->without.failed || c->scope.failed ? vs_fail_nomem(e) : 0;
}
