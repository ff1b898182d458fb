/* SPDX-License-Identifier: MIT */
/* What people type to find something. It reads any text: what is no operator is a word, and only a value that its field
 * can't have is refused.
 *
 *   text := { ["-" | "NOT"] term ["OR"] }      term := word["*"] | "a phrase"["*"] | field op value {"," value}
 *   op   := ":" | "=" | "<" | "<=" | ">" | ">="      value := word["*"] | "phrase" | from ".." to | "any" | "none" */
#include "record/search_internal.h"
#include "record/search_value.h"
#include "util/alloc.h"
#include "util/error.h"
#include "util/unicode.h"
#include "util/utf8.h"
#include <string.h>
#include <strings.h>

static const char *const columns[VS_FINDS] = {"title_words", "series_words", "file_words", "tag_words", "more_words"};

struct term {
    const char *start;
    size_t len;
    int without, quoted;
    const char *name, *op, *value; /* of a field; name NULL: words */
    size_t name_len, op_len, value_len;
    int prefix;
};

struct reader {
    const char *at;
    struct vs_compiled *out;
    struct vs_buf group, filter; /* words joined by OR; what has no mark */
    int terms, join, negate, any;
    int apart;             /* the last term was none that OR can join: it excludes, or is a filter */
    int conditions, rough; /* in the group; the column of a prefix in it, -1: there is none */
    size_t words;
    vidstore_error **e;
};

/* --- splitting ---------------------------------------------------------------------------------------------------- */

static int is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The end of what begins at a quotation mark: after its twin, or of the text. */
static const char *end_of_quoted(const char *at) {
    const char *twin = strchr(at + 1, '"');
    return twin ? twin + 1 : at + strlen(at);
}

static int is_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* The next term. 1, or 0 at the end. */
static int next_term(const char **at, struct term *ret) {
    while (is_blank(**at))
        (*at)++;
    *ret = (struct term){.start = *at};
    if (!**at)
        return 0;
    if (**at == '-' && (*at)[1] && !is_blank((*at)[1])) {
        ret->without = 1;
        (*at)++;
    }
    const char *start = *at;
    if (*start == '"') {
        *at = end_of_quoted(start);
        size_t len = (size_t)(*at - start);
        ret->quoted = 1;
        ret->value = start + 1;
        ret->value_len = len - 1 - (len > 1 && start[len - 1] == '"');
        ret->prefix = **at == '*';
        *at += ret->prefix;
        ret->len = (size_t)(*at - ret->start);
        return 1;
    }
    while (is_name(**at))
        (*at)++;
    size_t op = strspn(*at, ":<>=!");
    if (*at > start && op && op <= 3) {
        ret->name = start;
        ret->name_len = (size_t)(*at - start);
        ret->op = *at;
        ret->op_len = op;
        *at += op;
    }
    const char *value = ret->name ? *at : start;
    while (**at && !is_blank(**at))
        *at = **at == '"' ? end_of_quoted(*at) : *at + 1;
    ret->value = value;
    ret->value_len = (size_t)(*at - value);
    ret->len = (size_t)(*at - ret->start);
    return 1;
}

static int too_many(vidstore_error **e) {
    return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_TOO_LARGE, "search", "search has more than %d terms",
                       VS_SEARCH_TERMS);
}

int vs_search_check(const char *text, vidstore_error **e) {
    struct term term;
    int r = vs_check_text(text, "search", VS_SEARCH_MAX, e), terms = 0;
    while (!r && next_term(&text, &term))
        r = ++terms > VS_SEARCH_TERMS ? too_many(e) : 0;
    return r;
}

/* --- words -------------------------------------------------------------------------------------------------------- */

static int refuse(struct reader *p, const struct term *t, int32_t sub, const char *why) {
    int len = t->len > 80 ? (int)vs_utf8_cut(t->start, 80) : (int)t->len;
    return vs_fail_sub(p->e, VIDSTORE_INVALID, sub, "search", "%s: %.*s", why, len, t->start);
}

/* A prefix, the first phrase from a place on: where it is longer than the index of prefixes knows. */
static void note_rough(struct vs_compiled *out, size_t from, int column) {
    enum { INDEXED = 4 };
    const char *start = strchr(out->find.data + from, '"') + 1, *end = strchr(start, '"'), *word = end;
    int letters = 0;
    while (word > start && word[-1] != ' ')
        word--;
    for (; word < end && letters < INDEXED; letters++)
        word += vs_utf8_sequence(word, (size_t)(end - word));
    if (word == end || out->n_roughs == VS_QUERY_ROUGHS || start[strcspn(start, "%_\"")] != '"')
        return;
    out->roughs[out->n_roughs++] = (struct vs_rough){.start = (size_t)(start - out->find.data),
                                                     .len = (size_t)(end - start),
                                                     .cut = (size_t)(end - word),
                                                     .column = column};
}

/* A condition of the index of words, where it belongs: joined with its neighbour, excluded, or required. */
static void flush(struct reader *p) {
    size_t before = p->out->find.len;
    if (p->group.len) {
        vs_find_begin(p->out);
        vs_buf_fmt(&p->out->find, "(%s)", p->group.data);
        vs_find_end(p->out, 0);
    }
    p->out->find.failed |= p->group.failed;
    if (p->group.len && p->conditions == 1 && p->rough >= 0 && !p->out->find.failed)
        note_rough(p->out, before, p->rough);
    vs_buf_free(&p->group);
    p->conditions = 0;
}

/* rough: the column of the one prefix that it is, VS_FINDS: any column; -1: it is more, or less. */
static void add_condition(struct reader *p, int without, const struct vs_buf *condition, int rough) {
    p->any = 1;
    p->out->find.failed |= condition->failed;
    if (!condition->len)
        return;
    p->apart = without;
    if (without) {
        vs_buf_fmt(&p->out->without, "%s%s", p->out->without.len ? " OR " : "", condition->data);
        return;
    }
    if (!p->join)
        flush(p);
    vs_buf_fmt(&p->group, "%s%s", p->group.len ? " OR " : "", condition->data);
    p->conditions++;
    p->rough = rough;
    p->join = 0;
}

/* Adds the words of a text as a phrase; nothing when it has none. */
static int put_phrase(struct reader *p, struct vs_buf *b, enum vs_find column, const char *text, size_t len,
                      int prefix) {
    vs_autobuf words = {0};
    p->words += vs_unicode_words(&words, text, len, VS_SEARCH_WORDS + 1);
    if (p->words > VS_SEARCH_WORDS)
        return vs_fail_sub(p->e, VIDSTORE_INVALID, VIDSTORE_SUB_TOO_LARGE, "search", "search has more than %d words",
                           VS_SEARCH_WORDS);
    if (words.failed)
        return vs_fail_nomem(p->e);
    if (!words.len)
        return 0;
    vs_buf_str(b, b->len ? " OR " : "");
    if (column != VS_FINDS)
        vs_buf_fmt(b, "%s : ", columns[column]);
    vs_buf_fmt(b, "\"%s\"%s", words.data, prefix ? " *" : "");
    return 0;
}

static int not_joined(struct reader *p, const struct term *t) {
    return refuse(p, t, VIDSTORE_SUB_SYNTAX, "OR stands between words");
}

static int add_words(struct reader *p, const struct term *t) {
    vs_autobuf b = {0};
    if (p->join && t->without)
        return not_joined(p, t);
    const char *start = t->name ? t->name : t->value;
    size_t len = (size_t)(t->value + t->value_len - start);
    int prefix = t->prefix || (!t->quoted && len > 1 && start[len - 1] == '*');
    int r = put_phrase(p, &b, VS_FINDS, start, len, prefix);
    if (!r && b.failed)
        return vs_fail_nomem(p->e);
    if (!r && b.len)
        add_condition(p, t->without, &b, prefix ? (int)VS_FINDS : -1);
    return r;
}

/* --- fields ------------------------------------------------------------------------------------------------------- */

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
        stop = *stop == '"' ? end_of_quoted(stop) : stop + 1;
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

/* A comparison of the query language for one value. */
static int put_filter(struct reader *p, const struct term *t, const struct vs_field *field, const struct piece *piece,
                      struct vs_buf *b) {
    const char *why = NULL;
    if (field->type == VS_JSON)
        return refuse(p, t, VIDSTORE_SUB_UNKNOWN_FIELD, "this field is asked for words only");
    vs_buf_str(b, b->len ? " or " : "");
    if (is_known(field, piece)) {
        vs_buf_fmt(b, "%s is %snull", field->name, piece->text[0] == 'a' ? "not " : "");
        return 0;
    }
    if (field->type == VS_INT || field->type == VS_TIME) {
        int64_t low = INT64_MIN, high = INT64_MAX;
        why = vs_search_range(field, t->op, t->op_len, piece->text, piece->len, &low, &high);
        if (why)
            return refuse(p, t, VIDSTORE_SUB_SYNTAX, why);
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
        return refuse(p, t, VIDSTORE_SUB_SYNTAX, "only numbers and times are more or less than others");
    if (field->type == VS_ENUM || field->type == VS_BOOL) {
        int64_t value = vs_search_word(field, piece->text, piece->len);
        if (value < 0)
            return refuse(p, t, VIDSTORE_SUB_RANGE, "no such value");
        if (field->type == VS_BOOL)
            vs_buf_fmt(b, "%s = %d", field->name, (int)value);
        else
            vs_buf_fmt(b, "%s = %s", field->name, vs_word_name(field->words, value));
        return 0;
    }
    if (piece->prefix)
        return refuse(p, t, VIDSTORE_SUB_SYNTAX, "this field takes no *");
    if (field->type == VS_UUID && !is_id(piece))
        return refuse(p, t, VIDSTORE_SUB_SYNTAX, "not a UUID");
    vs_buf_fmt(b, "%s = ", field->name);
    put_quoted(b, piece->text, piece->len);
    return 0;
}

static int put_value(struct reader *p, const struct term *t, const struct vs_field *field, const struct piece *piece,
                     struct vs_buf *marks, struct vs_buf *filter) {
    enum vs_find column = vs_find_of(field);
    int equal = t->op_len == 1 && (*t->op == ':' || *t->op == '=');
    if (!piece->len && !piece->quoted)
        return refuse(p, t, VIDSTORE_SUB_SYNTAX, "a value is missing");
    if (is_known(field, piece) || !equal)
        return put_filter(p, t, field, piece, filter);
    if (column != VS_FINDS)
        return put_phrase(p, marks, column, piece->text, piece->len, piece->prefix);
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

static int add_values(struct reader *p, struct term *t, const struct vs_field *field) {
    vs_autobuf marks = {0}, filter = {0};
    const char *at = t->value, *end = t->value + t->value_len;
    int r = 0, rough = -1, values = 0;
    if (t->op_len == 2 && t->op[0] == '!' && t->op[1] == '=') {
        t->without = !t->without;
        t->op++;
        t->op_len--;
    }
    if (p->join && t->without)
        return not_joined(p, t);
    do {
        struct piece piece = next_piece(&at, end);
        const struct vs_saying *said = saying(p->out->noun, field->name, strlen(field->name), piece.text, piece.len);
        const char *inner = said ? said->means : NULL, *stop = said ? inner + strlen(inner) : NULL;
        rough = !said && !values++ && piece.prefix && vs_find_of(field) != VS_FINDS ? (int)vs_find_of(field) : -1;
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
        return refuse(p, t, VIDSTORE_SUB_SYNTAX, "any and none stand alone");
    if (!filter.len) {
        vs_autobuf group = {0};
        vs_buf_fmt(&group, "(%s)", marks.data ? marks.data : "");
        group.failed |= marks.failed;
        p->any = 1;
        if (marks.len)
            add_condition(p, t->without, &group, rough);
        return 0;
    }
    if (p->join)
        return not_joined(p, t);
    p->any = p->apart = 1;
    p->filter.failed |= filter.failed;
    vs_buf_str(&p->filter, p->filter.len ? " and " : "");
    vs_buf_fmt(&p->filter, t->without ? "(not (%s) or %s is null)" : "(%s)", filter.data, field->name);
    return 0;
}

/* The field of a term; NULL when its name is none: then the whole is words. */
static const struct vs_field *field_of(const struct vs_noun *noun, const struct term *t) {
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

/* --- the whole ------------------------------------------------------------------------------------------------------
 */

static int is_operator(const struct term *t, const char *word) {
    return !t->name && !t->quoted && !t->without && t->len == strlen(word) && strncmp(t->start, word, t->len) == 0;
}

static int read_term(struct reader *p, struct term *t) {
    if (++p->terms > VS_SEARCH_TERMS)
        return too_many(p->e);
    if (is_operator(t, "AND"))
        return 0;
    if (is_operator(t, "OR")) {
        if (p->apart)
            return not_joined(p, t);
        p->join = p->group.len > 0;
        return 0;
    }
    if (is_operator(t, "NOT")) {
        p->negate = 1;
        return 0;
    }
    t->without |= p->negate;
    p->negate = 0;
    const struct vs_field *field = field_of(p->out->noun, t);
    return field ? add_values(p, t, field) : add_words(p, t);
}

/* The conditions that have no mark, through the query language. */
static int add_filter(struct reader *p) {
    struct vs_query query = {.filter = p->filter.data};
    if (!p->filter.len)
        return 0;
    if (p->filter.failed)
        return vs_fail_nomem(p->e);
    vs_buf_str(&p->out->where, p->out->where.len ? " AND (" : "(");
    vidstore_error *inner = NULL;
    int r = vs_query_parse(&query, p->out, &inner);
    if (r && r != VIDSTORE_NOMEM)
        r = vs_fail_sub(p->e, r, vidstore_error_subcode(inner), "search", "%s", vidstore_error_message(inner));
    else if (r)
        r = vs_fail_nomem(p->e);
    vidstore_error_free(inner);
    vs_buf_char(&p->out->where, ')');
    return r;
}

int vs_search_compile(const char *text, struct vs_compiled *ret, vidstore_error **e) {
    struct reader p = {.at = text, .out = ret, .e = e};
    struct term term;
    int r = 0;
    if (!text[strspn(text, " \t\r\n\v\f")])
        return 0;
    if (!ret->noun->search.put)
        return vs_fail_sub(e, VIDSTORE_UNSUPPORTED, VIDSTORE_SUB_NONE, "search", "a %s is not found by words",
                           ret->noun->name);
    while (!r && next_term(&p.at, &term))
        r = read_term(&p, &term);
    size_t before = ret->find.len + ret->without.len;
    flush(&p);
    if (!r && !p.any)
        r = vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "search", "there is no word in this to look for");
    if (!r)
        r = add_filter(&p);
    if (!r && (ret->find.failed || ret->without.failed))
        r = vs_fail_nomem(e);
    ret->searched |= before || ret->find.len;
    vs_buf_free(&p.filter);
    return r;
}
