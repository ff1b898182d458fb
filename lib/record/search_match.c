/* SPDX-License-Identifier: MIT */
/* The expression that asks the index of words. Whatever is quoted in it holds letters, digits and marks only, so no
 * text that a person types can be taken for a part of the expression. */
#include "record/search_internal.h"
#include "util/error.h"
#include "util/unicode.h"
#include <string.h>

static void and_then(struct vs_buf *b) {
    if (b->len)
        vs_buf_str(b, " AND ");
}

void vs_mark_begin(struct vs_compiled *c) {
    and_then(&c->find);
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
    *ret =
        (struct vs_marks_kept){.indexed = c->indexed, .facts = c->facts, .n_ranges = c->n_ranges, .len = c->find.len};
    memcpy(ret->ranges, c->ranges, sizeof ret->ranges);
}

void vs_marks_forget(struct vs_compiled *c, const struct vs_marks_kept *to) {
    c->indexed = to->indexed;
    c->facts = to->facts;
    c->n_ranges = to->n_ranges;
    memcpy(c->ranges, to->ranges, sizeof c->ranges);
    if (c->find.data && c->find.len > to->len) {
        c->find.len = to->len;
        c->find.data[to->len] = '\0';
    }
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

const char *vs_search_words_of(int column) {
    static const char *const columns[VS_FINDS + 1] = {
        "' ' || w.title_words",
        "' ' || w.series_words",
        "' ' || w.file_words",
        "' ' || w.tag_words",
        "' ' || w.more_words",
        "' ' || w.title_words || '  ' || w.series_words || '  ' || w.file_words || '  ' || w.tag_words || '  ' || "
        "w.more_words",
    };
    return columns[column];
}

static void add_find(const struct vs_compiled *c, enum vs_how how, struct vs_buf *ret) {
    size_t at = 0;
    for (int i = 0; (how & (VS_ROUGH | VS_REACH)) && i < c->n_roughs; i++) {
        const struct vs_rough *rough = &c->roughs[i];
        vs_buf_add(ret, c->find.data + at, rough->start + rough->len - rough->cut - at);
        at = rough->start + rough->len;
    }
    vs_buf_add(ret, c->find.data + at, c->find.len - at);
}

int vs_search_match(struct vs_compiled *c, enum vs_how how, struct vs_buf *ret, vidstore_error **e) {
    if (c->without.len)
        vs_buf_char(ret, '(');
    size_t start = ret->len;
    if (c->scope.len && !(how & VS_ANYBODY))
        vs_buf_fmt(ret, "(%s)", c->scope.data);
    for (int i = 0; i < c->n_ranges; i++) {
        vs_buf_str(ret, ret->len > start ? " AND " : "");
        add_range(ret, &c->ranges[i]);
    }
    if (c->find.len) {
        vs_buf_str(ret, ret->len > start ? " AND " : "");
        add_find(c, how, ret);
    }
    if (ret->len == start)
        vs_buf_str(ret, "\"" VS_MARK_TEXT "\"");
    if (c->without.len)
        vs_buf_fmt(ret, ") NOT (%s)", c->without.data);
    return ret->failed || c->find.failed || c->without.failed || c->scope.failed ? vs_fail_nomem(e) : 0;
}
