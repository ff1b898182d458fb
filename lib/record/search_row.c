/* SPDX-License-Identifier: MIT */
/* What is searched for, as a test of one row: where rows are come by in other ways than through the index of words, or
 * are so few that it is quicker to look at each. The expression is the library's own, so its parts are told by their
 * first characters: quoted words, the column before them, operators. */
#include "record/search_internal.h"
#include "util/alloc.h"
#include "util/error.h"
#include "util/unicode.h"
#include <stdlib.h>
#include <string.h>

static const struct vs_field text_field = {0, "words", "words", VS_TEXT, 0, 0, NULL};

const char *const vs_find_columns[VS_FINDS] = {"title_words", "series_words", "season_words",
                                               "file_words",  "tag_words",    "more_words"};

void vs_search_put_words(struct vs_buf *b, int column) {
    int first = column == VS_FINDS ? 0 : column, last = column == VS_FINDS ? VS_FINDS - 1 : column;
    vs_buf_str(b, "' ' || ");
    for (int i = first; i <= last; i++)
        vs_buf_fmt(b, "%sfound.%s", i > first ? " || '  ' || " : "", vs_find_columns[i]);
    vs_buf_str(b, " || ' '");
}

void vs_search_words_test(const struct vs_compiled *c, const char *test, struct vs_buf *b) {
    const char *table = c->noun->table;
    vs_autobuf words = {0}, row = {0};
    vs_buf_all(&words, table, "_search");
    vs_buf_all(&row, table, ".seq");
    const char *const names[] = {"test", "words", "row", NULL};
    const char *const texts[] = {test, words.failed ? "" : words.data, row.failed ? "" : row.data, NULL};
    b->failed |= words.failed || row.failed;
    vs_buf_str(b, " AND (");
    vs_piece_put(b, VS_STMT_PIECE_WORDS, names, texts);
    vs_buf_char(b, ')');
}

/* One part in quotation marks. */
struct part {
    const char *text;
    size_t len;
    int column, prefix;
};

/* The field whose own column tells what a mark says, and where the value begins in the mark; NULL: none does. */
static const struct vs_field *field_of(const struct vs_compiled *c, const struct part *part, size_t *ret_value) {
    const size_t mark = strlen(VS_MARK_TEXT), equals = strlen(VS_EQUALS_TEXT);
    char *end = NULL;
    long id = strtol(part->text + mark, &end, 10);
    const struct vs_field *field = end > part->text + mark ? vs_field_by_id(c->noun, (int32_t)id) : NULL;
    if (!field || field->type != VS_TEXT || (field->use & (VS_MANY | VS_ELSEWHERE)) ||
        strncmp(end, VS_EQUALS_TEXT, equals) != 0)
        return NULL;
    *ret_value = (size_t)(end - part->text) + equals;
    for (size_t i = *ret_value; i < part->len; i++) /* a sign that the mark does not tell from others */
        if (strncmp(part->text + i, VS_EQUALS_TEXT, equals) == 0)
            return NULL;
    return *ret_value < part->len && part->len - *ret_value < VS_WORD_MAX ? field : NULL;
}

static int bound_value(struct vs_compiled *c, const char *text, size_t len, vidstore_error **e) {
    struct vs_value value = {.text = text, .len = (uint32_t)len, .set = VS_VALUE_SET};
    return vs_compiled_value(c, &text_field, value, e);
}

static int put_part(struct vs_compiled *c, const struct part *part, int words, struct vs_buf *ret, vidstore_error **e) {
    vs_autobuf like = {0};
    size_t value = 0;
    int marked = strncmp(part->text, VS_MARK_TEXT, strlen(VS_MARK_TEXT)) == 0, number;
    const struct vs_field *field = marked ? field_of(c, part, &value) : NULL;
    if ((!field && !words) || c->count + VS_QUERY_ROUGHS >= VS_QUERY_TERMS || strcspn(part->text, "%_\"") != part->len)
        return 1;
    if (field) {
        vs_buf_add(&like, part->text + value, part->len - value);
        vs_buf_str(&like, part->prefix ? "%" : "");
        number = like.failed ? vs_fail_nomem(e) : bound_value(c, like.data, like.len, e);
        vs_buf_fmt(ret, "coalesce(lower(%s.%s), '') %s $%d", c->noun->table, field->column, /* to be denied, too */
                   part->prefix ? "LIKE" : "=", number);
        return number < 0 ? number : 0;
    }
    vs_buf_str(&like, "% ");
    vs_buf_add(&like, part->text, part->len);
    vs_buf_str(&like, part->prefix ? "%" : " %");
    number = like.failed ? vs_fail_nomem(e) : bound_value(c, like.data, like.len, e);
    if (marked)
        vs_buf_str(ret, "' ' || found.marks || ' '");
    else
        vs_search_put_words(ret, part->column);
    vs_buf_fmt(ret, " LIKE $%d", number);
    return number < 0 ? number : 0;
}

int vs_search_column_at(const char **at) {
    for (int i = 0; i < VS_FINDS; i++) {
        size_t len = strlen(vs_find_columns[i]);
        if (strncmp(*at, vs_find_columns[i], len) != 0 || strncmp(*at + len, " : ", 3) != 0)
            continue;
        *at += len + 3;
        return i;
    }
    return VS_FINDS;
}

static void undo(struct vs_compiled *c, int count, struct vs_buf *b, size_t len) {
    for (; c->count > count; c->count--)
        vs_free(c->terms[c->count - 1].text);
    if (!b->failed && b->data)
        b->data[b->len = len] = '\0';
}

int vs_search_row_test(struct vs_compiled *c, const char *expression, size_t len, int words, struct vs_buf *ret,
                       vidstore_error **e) {
    size_t before = ret->len;
    int r = 0, count = c->count;
    for (const char *at = expression, *end = at + len; !r && at < end;) {
        struct part part = {.column = vs_search_column_at(&at)};
        if (*at != '"') {
            vs_buf_char(ret, *at++);
            continue;
        }
        part.text = at + 1;
        part.len = strcspn(part.text, "\"");
        at = part.text + part.len + 1;
        part.prefix = end - at >= 2 && strncmp(at, " *", 2) == 0;
        at += part.prefix ? 2 : 0;
        r = put_part(c, &part, words, ret, e);
    }
    if (r)
        undo(c, count, ret, before);
    return r ? r : ret->failed ? vs_fail_nomem(e) : 0;
}

int vs_search_row(struct vs_compiled *c, vidstore_error **e) {
    int r = 0;
    if (c->row_made)
        return 0;
    vs_buf_str(&c->row, "1 = 1");
    if (c->find.len) {
        vs_buf_str(&c->row, " AND ");
        r = vs_search_row_test(c, c->find.data, c->find.len, 1, &c->row, e);
    }
    if (!r && c->without.len) {
        vs_buf_str(&c->row, " AND NOT (");
        r = vs_search_row_test(c, c->without.data, c->without.len, 1, &c->row, e);
        vs_buf_char(&c->row, ')');
    }
    c->row_made = r ? -1 : 1;
    return r < 0 ? r : c->row.failed ? vs_fail_nomem(e) : 0;
}
