/* SPDX-License-Identifier: MIT */
/* What people type to find something. It reads any text: what is no operator is a word, and only a value that its field
 * can't have is refused.
 *
 *   text := { ["-" | "NOT"] term ["OR"] }      term := word["*"] | "a phrase"["*"] | field op value {"," value}
 *   op   := ":" | "=" | "<" | "<=" | ">" | ">="      value := word["*"] | "phrase" | from ".." to | "any" | "none" */
#include "record/search_internal.h"
#include "record/search_reader.h"
#include "util/alloc.h"
#include "util/error.h"
#include "util/unicode.h"
#include "util/utf8.h"
#include <string.h>

/* --- splitting ---------------------------------------------------------------------------------------------------- */

static int is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The end of what begins at a quotation mark: after its twin, or of the text. */
const char *vs_search_end_of_quoted(const char *at) {
    const char *twin = strchr(at + 1, '"');
    return twin ? twin + 1 : at + strlen(at);
}

static int is_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* The next term. 1, or 0 at the end. */
static int next_term(const char **at, struct vs_search_term *ret) {
    while (is_blank(**at))
        (*at)++;
    *ret = (struct vs_search_term){.start = *at};
    if (!**at)
        return 0;
    if (**at == '-' && (*at)[1] && !is_blank((*at)[1])) {
        ret->without = 1;
        (*at)++;
    }
    const char *start = *at;
    if (*start == '"') {
        *at = vs_search_end_of_quoted(start);
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
        *at = **at == '"' ? vs_search_end_of_quoted(*at) : *at + 1;
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
    struct vs_search_term term;
    int r = vs_check_text(text, "search", VS_SEARCH_MAX, e), terms = 0;
    while (!r && next_term(&text, &term))
        r = ++terms > VS_SEARCH_TERMS ? too_many(e) : 0;
    return r;
}

/* --- words -------------------------------------------------------------------------------------------------------- */

int vs_search_refuse(struct vs_search_reader *p, const struct vs_search_term *t, int32_t sub, const char *why) {
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
static void flush(struct vs_search_reader *p) {
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

void vs_search_add_condition(struct vs_search_reader *p, int without, const struct vs_buf *condition, int rough) {
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

int vs_search_put_phrase(struct vs_search_reader *p, struct vs_buf *b, enum vs_find column, const char *text,
                         size_t len, int prefix) {
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
        vs_buf_fmt(b, "%s : ", vs_find_columns[column]);
    vs_buf_fmt(b, "\"%s\"%s", words.data, prefix ? " *" : "");
    return 0;
}

int vs_search_not_joined(struct vs_search_reader *p, const struct vs_search_term *t) {
    return vs_search_refuse(p, t, VIDSTORE_SUB_SYNTAX, "OR stands between words");
}

static int add_words(struct vs_search_reader *p, const struct vs_search_term *t) {
    vs_autobuf b = {0};
    if (p->join && t->without)
        return vs_search_not_joined(p, t);
    const char *start = t->name ? t->name : t->value;
    size_t len = (size_t)(t->value + t->value_len - start);
    int prefix = t->prefix || (!t->quoted && len > 1 && start[len - 1] == '*');
    int r = vs_search_put_phrase(p, &b, VS_FINDS, start, len, prefix);
    if (!r && b.failed)
        return vs_fail_nomem(p->e);
    if (!r && b.len)
        vs_search_add_condition(p, t->without, &b, prefix ? (int)VS_FINDS : -1);
    return r;
}

/* --- the whole ------------------------------------------------------------------------------------------------------
 */

static int is_operator(const struct vs_search_term *t, const char *word) {
    return !t->name && !t->quoted && !t->without && t->len == strlen(word) && strncmp(t->start, word, t->len) == 0;
}

static int read_term(struct vs_search_reader *p, struct vs_search_term *t) {
    if (++p->terms > VS_SEARCH_TERMS)
        return too_many(p->e);
    if (is_operator(t, "AND"))
        return 0;
    if (is_operator(t, "OR")) {
        if (p->apart)
            return vs_search_not_joined(p, t);
        p->join = p->group.len > 0;
        return 0;
    }
    if (is_operator(t, "NOT")) {
        p->negate = 1;
        return 0;
    }
    t->without |= p->negate;
    p->negate = 0;
    const struct vs_field *field = vs_search_field_of(p->out->noun, t);
    return field ? vs_search_add_values(p, t, field) : add_words(p, t);
}

/* The conditions that have no mark, through the query language. */
static int add_filter(struct vs_search_reader *p) {
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
    struct vs_search_reader p = {.at = text, .out = ret, .e = e};
    struct vs_search_term term;
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
