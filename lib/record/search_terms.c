/* SPDX-License-Identifier: MIT */
/* Terms of a search that name a field: their values as marks and words, or, where the index has none, as a filter. */
#include "record/search_internal.h"
#include "record/search_reader.h"
#include "record/search_value.h"
#include "util/error.h"
#include "util/utf8.h"
#include <string.h>
#include <strings.h>

/* One value of a list, without its quotation marks. */
struct piece {
    const char *text;
    size_t len;
    int quoted, prefix;
};

static struct piece next_piece(const char **at, const char *end) {
    const char *start = *at, *stop = start;
    struct piece piece = {0};
    while (stop < end && *stop != ',')
        stop = *stop == '"' ? vs_search_end_of_quoted(stop) : stop + 1;
    stop = stop > end ? end : stop;
    *at = stop < end ? stop + 1 : end;
    piece.prefix = stop - start > 1 && stop[-1] == '*';
    stop -= piece.prefix;
    piece.quoted = stop > start && *start == '"';
    piece.text = start + piece.quoted;
    piece.len = (size_t)(stop - piece.text);
    if (piece.quoted && piece.len && piece.text[piece.len - 1] == '"')
        piece.len--;
    return piece;
}

static int is_word(const struct piece *piece, const char *word) {
    return !piece->quoted && piece->len == strlen(word) && strncmp(piece->text, word, piece->len) == 0;
}

/* Whether a field is known at all is asked; not of one that has the word for a value. */
static int is_known(const struct vs_field *field, const struct piece *piece) {
    if (!is_word(piece, "any") && !is_word(piece, "none"))
        return 0;
    return !field->words || vs_search_word(field, piece->text, piece->len) < 0;
}

static int is_id(const struct piece *piece) {
    char text[VS_UUID_TEXT] = "";
    if (piece->len != VS_UUID_TEXT - 1)
        return 0;
    memcpy(text, piece->text, piece->len);
    return vs_uuid_is_text(text);
}

static void put_quoted(struct vs_buf *b, const char *text, size_t len) {
    vs_buf_char(b, '"');
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"' || text[i] == '\\')
            vs_buf_char(b, '\\');
        vs_buf_char(b, text[i]);
    }
    vs_buf_char(b, '"');
}

/* By its full name what is kept in thousandths is compared with thousandths: fps_milli:25000 is fps:25. */
static int in_thousandths(const struct vs_search_term *t, const struct vs_field *field) {
    const char *end = strrchr(field->name, '_');
    return end && strcmp(end, "_milli") == 0 && t->name_len == strlen(field->name);
}

/* A comparison of the query language for one value. */
static int put_filter(struct vs_search_reader *p, const struct vs_search_term *t, const struct vs_field *field,
                      const struct piece *piece, struct vs_buf *b) {
    const char *why = NULL;
    if (field->type == VS_JSON)
        return vs_search_refuse(p, t, VIDSTORE_SUB_UNKNOWN_FIELD, "this field is asked for words only");
    vs_buf_str(b, b->len ? " or " : "");
    if (is_known(field, piece)) {
        vs_buf_fmt(b, "%s is %snull", field->name, is_word(piece, "any") ? "not " : "");
        return 0;
    }
    if (field->type == VS_INT || field->type == VS_TIME) {
        int64_t low = INT64_MIN, high = INT64_MAX;
        struct vs_field as = *field;
        as.column = in_thousandths(t, field) ? NULL : field->column;
        why = vs_search_range(&as, t->op, t->op_len, piece->text, piece->len, &low, &high);
        if (why)
            return vs_search_refuse(p, t, VIDSTORE_SUB_SYNTAX, why);
        const char *name = field->name;
        if (high < 0)
            vs_buf_fmt(b, "%s < 0", name);
        else if (low == INT64_MIN)
            vs_buf_fmt(b, "%s <= %lld", name, (long long)high);
        else if (high == INT64_MAX)
            vs_buf_fmt(b, "%s >= %lld", name, (long long)low);
        else
            vs_buf_fmt(b, "(%s >= %lld and %s <= %lld)", name, (long long)low, name, (long long)high);
        return 0;
    }
    if (t->op_len != 1 || (*t->op != ':' && *t->op != '='))
        return vs_search_refuse(p, t, VIDSTORE_SUB_SYNTAX, "only numbers and times are more or less than others");
    if (field->type == VS_ENUM || field->type == VS_BOOL) {
        int64_t value = vs_search_word(field, piece->text, piece->len);
        if (value < 0)
            return vs_search_refuse(p, t, VIDSTORE_SUB_RANGE, "no such value");
        if (field->type == VS_BOOL)
            vs_buf_fmt(b, "%s = %d", field->name, (int)value);
        else
            vs_buf_fmt(b, "%s = %s", field->name, vs_word_name(field->words, value));
        return 0;
    }
    if (piece->prefix)
        return vs_search_refuse(p, t, VIDSTORE_SUB_SYNTAX, "this field takes no *");
    if (field->type == VS_UUID && !is_id(piece))
        return vs_search_refuse(p, t, VIDSTORE_SUB_SYNTAX, "not a UUID");
    vs_buf_fmt(b, "%s = ", field->name);
    put_quoted(b, piece->text, piece->len);
    return 0;
}

static int put_value(struct vs_search_reader *p, const struct vs_search_term *t, const struct vs_field *field,
                     const struct piece *piece, struct vs_buf *marks, struct vs_buf *filter) {
    enum vs_find column = vs_find_of(field);
    int equal = t->op_len == 1 && (*t->op == ':' || *t->op == '=');
    if (!piece->len && !piece->quoted)
        return vs_search_refuse(p, t, VIDSTORE_SUB_SYNTAX, "a value is missing");
    if (is_known(field, piece) || !equal)
        return put_filter(p, t, field, piece, filter);
    if (column != VS_FINDS)
        return vs_search_put_phrase(p, marks, column, piece->text, piece->len, piece->prefix);
    if (!(field->use & VS_FACT) || !vs_type_is_text(field->type))
        return put_filter(p, t, field, piece, filter);
    vs_buf_str(marks, marks->len ? " OR \"" : "\"");
    vs_mark_fact(marks, field, piece->text, piece->len, 0);
    vs_buf_str(marks, piece->prefix ? "\" *" : "\"");
    return 0;
}

/* What people say instead: 1 when it was something. */
static const struct vs_saying *saying(const struct vs_noun *noun, const char *name, size_t name_len, const char *value,
                                      size_t len) {
    for (const struct vs_saying *s = noun->search.sayings; s && s->name; s++)
        if (strlen(s->name) == name_len && strncasecmp(s->name, name, name_len) == 0 && !s->value == !value &&
            (!value || (strlen(s->value) == len && strncasecmp(s->value, value, len) == 0)))
            return s;
    return NULL;
}

int vs_search_add_values(struct vs_search_reader *p, struct vs_search_term *t, const struct vs_field *field) {
    vs_autobuf marks = {0}, filter = {0};
    const char *at = t->value, *end = t->value + t->value_len;
    int r = 0, rough = -1, values = 0, none = 0;
    if (t->op_len == 2 && t->op[0] == '!' && t->op[1] == '=') {
        t->without = !t->without;
        t->op++;
        t->op_len--;
    }
    if (p->join && t->without)
        return vs_search_not_joined(p, t);
    do {
        struct piece piece = next_piece(&at, end);
        const struct vs_saying *said = saying(p->out->noun, field->name, strlen(field->name), piece.text, piece.len);
        const char *inner = said ? said->means : NULL, *stop = said ? inner + strlen(inner) : NULL;
        rough = !said && !values++ && piece.prefix && vs_find_of(field) != VS_FINDS ? (int)vs_find_of(field) : -1;
        none |= !said && is_known(field, &piece) && is_word(&piece, "none");
        if (!said)
            r = put_value(p, t, field, &piece, &marks, &filter);
        while (!r && said && inner < stop) {
            struct piece one = next_piece(&inner, stop);
            r = put_value(p, t, field, &one, &marks, &filter);
        }
    } while (!r && at < end);
    if (r || marks.failed || filter.failed)
        return r ? r : vs_fail_nomem(p->e);
    if (marks.len && filter.len)
        return vs_search_refuse(p, t, VIDSTORE_SUB_SYNTAX, "any and none stand alone");
    if (!filter.len) {
        vs_autobuf group = {0};
        vs_buf_fmt(&group, "(%s)", marks.data ? marks.data : "");
        group.failed |= marks.failed;
        p->any = 1;
        if (marks.len)
            vs_search_add_condition(p, t->without, &group, rough);
        return 0;
    }
    if (p->join)
        return vs_search_not_joined(p, t);
    p->any = p->apart = 1;
    p->filter.failed |= filter.failed;
    vs_buf_str(&p->filter, p->filter.len ? " and " : "");
    /* What is not known is not one of the values either, unless it was one of them. */
    vs_buf_fmt(&p->filter,
               !t->without ? "(%s)"
               : none      ? "(not (%s))"
                           : "(not (%s) or %s is null)",
               filter.data, field->name);
    return 0;
}

const struct vs_field *vs_search_field_of(const struct vs_noun *noun, const struct vs_search_term *t) {
    char name[32] = "";
    if (!t->name || t->name_len >= sizeof name || !t->value_len)
        return NULL;
    for (size_t i = 0; i < t->name_len; i++)
        name[i] = (char)(t->name[i] >= 'A' && t->name[i] <= 'Z' ? t->name[i] + 32 : t->name[i]);
    const struct vs_saying *said = saying(noun, name, t->name_len, NULL, 0);
    const char *means = said ? said->means : name;
    const struct vs_field *field = vs_field_by_name(noun, means, strlen(means));
    if (!field || (field->use & VS_SECRET) || !((field->use & VS_FILTER) || vs_find_of(field) != VS_FINDS))
        return NULL;
    return field;
}
