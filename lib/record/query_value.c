/* SPDX-License-Identifier: MIT */
/* Values of the filter language: words, numbers, quoted texts, bound ones, dates; each as its field has them. */
#include "record/query_parser.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "util/utf8.h"
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WORDS_SHOWN = 200 };

int vs_parse_fail(struct vs_parser *p, const char *where, int32_t sub, const char *message) {
    size_t byte = (size_t)(where - p->query->filter);
    if (!*where)
        return vs_fail_sub(p->e, VIDSTORE_INVALID, sub, "filter", "%s at the end of the filter", message);
    return vs_fail_sub(p->e, VIDSTORE_INVALID, sub, "filter", "%s at byte %zu of the filter: \"%.24s\"", message, byte,
                       where);
}

int vs_parse_syntax(struct vs_parser *p, const char *message) {
    return vs_parse_fail(p, p->at, VIDSTORE_SUB_SYNTAX, message);
}

void vs_parse_space(struct vs_parser *p) {
    p->at += strspn(p->at, " \t\r\n\v\f");
}

static size_t word_len(const char *s) {
    size_t n = 0;
    while (isalnum((unsigned char)s[n]) || (s[n] && strchr("_.:+-", s[n])) || (s[n] & 0x80))
        n++;
    return n;
}

int vs_parse_accept(struct vs_parser *p, const char *token) {
    vs_parse_space(p);
    size_t n = strlen(token);
    if (strncmp(p->at, token, n) != 0 || (isalpha((unsigned char)*token) && word_len(p->at) != n))
        return 0;
    p->at += n;
    return 1;
}

static int read_bind(struct vs_parser *p, struct vs_literal *ret) {
    char *end;
    long n = isdigit((unsigned char)p->at[1]) ? strtol(p->at + 1, &end, 10) : 0;
    if (n < 1 || n > VS_QUERY_BINDS)
        return vs_parse_syntax(p, "$ wants a number from 1 to 32");
    p->at = end;
    const struct vs_query_bind *bind = &p->query->binds[n - 1];
    if (!p->out->noun)
        return 0;
    if (!bind->set)
        return vs_parse_fail(p, ret->start, VIDSTORE_SUB_SYNTAX, "a value that was not bound");
    if (!bind->text && bind->number == INT64_MIN)
        return vs_parse_fail(p, ret->start, VIDSTORE_SUB_RANGE, "nothing compares with NULL: ask with is null");
    ret->number = bind->number;
    ret->quoted = 1;
    ret->text = bind->text ? vs_strdup(bind->text) : NULL;
    return bind->text && !ret->text ? vs_fail_nomem(p->e) : 0;
}

static int read_quoted(struct vs_parser *p, struct vs_literal *ret) {
    vs_autobuf b = {0};
    for (p->at++; *p->at && *p->at != '"'; p->at++) {
        if (*p->at == '\\' && (p->at[1] == '"' || p->at[1] == '\\'))
            p->at++;
        vs_buf_char(&b, *p->at);
    }
    if (!*p->at)
        return vs_parse_fail(p, ret->start, VIDSTORE_SUB_SYNTAX, "a quotation mark without its end");
    p->at++;
    vs_buf_add(&b, "", 0);
    if (b.failed)
        return vs_fail_nomem(p->e);
    ret->text = VS_TAKE(b.data);
    ret->quoted = 1;
    return 0;
}

int vs_parse_literal(struct vs_parser *p, struct vs_literal *ret) {
    vs_parse_space(p);
    *ret = (struct vs_literal){.start = p->at};
    if (*p->at == '$')
        return read_bind(p, ret);
    if (*p->at == '"')
        return read_quoted(p, ret);
    size_t n = word_len(p->at);
    if (!n)
        return vs_parse_syntax(p, "a value was expected");
    ret->text = vs_strndup(p->at, n);
    p->at += n;
    return ret->text ? 0 : vs_fail_nomem(p->e);
}

int vs_parse_number(const char *text, int64_t *ret) {
    char *end;
    if (!isdigit((unsigned char)text[*text == '-']))
        return 0;
    errno = 0;
    *ret = strtoll(text, &end, 10);
    return !*end && !errno && *ret != INT64_MIN;
}

/* 2026-01-31, 2026-01-31T12:00, 2026-01-31T12:00:30, each with or without a Z. */
static int parse_date(const char *text, int64_t *ret) {
    static const char *const forms[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"};
    for (size_t i = 0; i < VS_COUNT(forms); i++) {
        struct tm tm = {0}, again; /* as timegm makes it */
        const char *end = isdigit((unsigned char)*text) ? strptime(text, forms[i], &tm) : NULL;
        if (!end || end[*end == 'Z'] || tm.tm_year < 70)
            continue;
        again = tm;
        time_t seconds = timegm(&again);
        if (again.tm_mday != tm.tm_mday) /* the 31st of February */
            return 0;
        *ret = (int64_t)seconds * 1000000;
        return 1;
    }
    return 0;
}

/* A date: UTC; -7d: back from now; a bare number: microseconds. */
static int parse_time(const char *text, int64_t *ret) {
    static const struct {
        char unit;
        int64_t us;
    } units[] = {{'s', 1000000},
                 {'m', 60000000},
                 {'h', INT64_C(3600000000)},
                 {'d', INT64_C(86400000000)},
                 {'w', INT64_C(604800000000)}};
    char *end;
    if (text[0] == '-') {
        long n = isdigit((unsigned char)text[1]) ? strtol(text + 1, &end, 10) : -1;
        for (size_t i = 0; n >= 0 && n < 1000000 && i < VS_COUNT(units); i++)
            if (end[0] == units[i].unit && !end[1]) {
                *ret = vs_now_us() - n * units[i].us;
                return 1;
            }
        return 0;
    }
    return parse_date(text, ret) || vs_parse_number(text, ret);
}

/* Where there are few words, they are told: of a hundred actions nobody would read them. */
static int no_such_word(struct vs_parser *p, const struct vs_field *field, const struct vs_literal *lit) {
    vs_autobuf says = {0}, words = {0};
    for (const struct vs_word *word = field->words; word->name; word++)
        vs_buf_fmt(&words, "%s %s", word == field->words ? ": it has" : ",", word->name);
    if (words.failed)
        return vs_fail_nomem(p->e);
    vs_buf_fmt(&says, "%s has no such word%s", field->name, words.len > WORDS_SHOWN ? "" : words.data);
    return says.failed ? vs_fail_nomem(p->e) : vs_parse_fail(p, lit->start, VIDSTORE_SUB_RANGE, says.data);
}

/* A literal as a value of the field: the number, or the text in the spelling of the store. */
static int convert(struct vs_parser *p, const struct vs_field *field, struct vs_literal *lit, int64_t *number) {
    struct vs_uuid id;
    if (field->type == VS_UUID || field->type == VS_HASH) {
        char *folded = lit->text ? vs_ascii_fold(lit->text) : NULL;
        if (lit->text && !folded)
            return vs_fail_nomem(p->e);
        vs_free(lit->text);
        lit->text = folded;
        if (field->type == VS_UUID && (!folded || vs_uuid_parse(folded, NULL, &id, NULL)))
            return vs_parse_fail(p, lit->start, VIDSTORE_SUB_SYNTAX, "not a UUID");
        if (field->type == VS_HASH && (!folded || strlen(folded) != 2 * (size_t)field->max ||
                                       strspn(folded, "0123456789abcdef") != 2 * (size_t)field->max))
            return vs_parse_fail(p, lit->start, VIDSTORE_SUB_SYNTAX, "not hex digits of the right length");
        return 0;
    }
    if (vs_type_is_text(field->type)) {
        if (!lit->text) {
            vs_autobuf b = {0};
            vs_buf_int(&b, lit->number);
            lit->text = VS_TAKE(b.data);
        }
        if (lit->text && strlen(lit->text) > VS_QUERY_VALUE)
            return vs_parse_fail(p, lit->start, VIDSTORE_SUB_TOO_LONG, "a value of more than 4096 bytes");
        return lit->text ? 0 : vs_fail_nomem(p->e);
    }
    *number = lit->number;
    if (!lit->text && field->type == VS_ENUM && !vs_word_name(field->words, *number))
        return vs_parse_fail(p, lit->start, VIDSTORE_SUB_RANGE, "no such value for this field");
    if (!lit->text)
        return 0;
    if (field->type == VS_ENUM)
        return vs_word_value(field->words, lit->text, strlen(lit->text), number) ? 0 : no_such_word(p, field, lit);
    if (field->type == VS_BOOL && (strcmp(lit->text, "true") == 0 || strcmp(lit->text, "false") == 0)) {
        *number = lit->text[0] == 't';
        return 0;
    }
    int ok = field->type == VS_TIME ? parse_time(lit->text, number) : vs_parse_number(lit->text, number);
    return ok ? 0
              : vs_parse_fail(p, lit->start, VIDSTORE_SUB_SYNTAX,
                              field->type == VS_TIME ? "not a time" : "not a number");
}

/* LIKE pattern of a text that is to be contained, or to be among words: folded, its own wildcards escaped. */
static char *pattern(const char *text, enum vs_compare how) {
    vs_autobuf b = {0};
    vs_autofree char *folded = vs_ascii_fold(text);
    vs_buf_str(&b, how == VS_AMONG ? "% " : "%");
    for (const char *c = folded ? folded : ""; *c; c++) {
        if (strchr("%_!", *c))
            vs_buf_char(&b, '!');
        vs_buf_char(&b, *c);
    }
    vs_buf_str(&b, how == VS_AMONG ? " %" : "%");
    return b.failed || !folded ? NULL : VS_TAKE(b.data);
}

/* The condition under way, for the index of words. */
static void mark(struct vs_parser *p, const struct vs_field *field, const char *text, int64_t number) {
    if (p->marking == '=')
        vs_mark_value(p->out, field, text, number);
    else if (p->marking)
        vs_mark_bounds(p->out, field, p->marking == '>' ? number : 0, p->marking == '<' ? number : INT64_MAX);
}

static int bind_value(struct vs_parser *p, const struct vs_field *field, struct vs_literal *lit, int64_t number) {
    struct vs_compiled *out = p->out;
    if (field->type == VS_ENUM) { /* a literal, so that partial indexes match */
        const struct vs_served *served = p->equal ? p->out->noun->served : NULL;
        for (; served && served->field; served++)
            if (served->field == field->id && served->value == number)
                out->indexed = 1;
        vs_buf_int(&out->where, number);
        return 0;
    }
    if (out->count == VS_QUERY_TERMS)
        return vs_parse_fail(p, lit->start, VIDSTORE_SUB_TOO_LARGE, "more than 64 values");
    struct vs_term *term = &out->terms[out->count++];
    *term = (struct vs_term){.field = field, .value = {.i = number, .set = VS_VALUE_SET}};
    if (vs_type_is_text(field->type)) {
        term->text = VS_TAKE(lit->text);
        term->value.text = term->text;
        term->value.len = (uint32_t)strlen(term->text);
    }
    vs_term_read_id(term);
    vs_buf_fmt(&out->where, "$%d", out->count);
    return 0;
}

int vs_parse_value(struct vs_parser *p, const struct vs_field *field, enum vs_compare how) {
    struct vs_literal lit;
    int64_t number = 0;
    int r = ++p->tests > VS_QUERY_TESTS ? vs_parse_syntax(p, "more than 256 comparisons") : 0;
    if (r)
        return r;
    r = vs_parse_literal(p, &lit);
    if (!r && field)
        r = convert(p, field, &lit, &number);
    if (!r && field)
        mark(p, field, lit.text, number);
    if (!r && field && how != VS_AS_IT_IS) {
        char *like = pattern(lit.text, how);
        vs_free(lit.text);
        lit.text = like;
        r = like ? 0 : vs_fail_nomem(p->e);
    } else if (!r && field && (field->use & VS_FOLDED)) {
        char *folded = vs_ascii_fold(lit.text);
        vs_free(lit.text);
        lit.text = folded;
        r = folded ? 0 : vs_fail_nomem(p->e);
    }
    if (!r && field)
        r = bind_value(p, field, &lit, number);
    vs_free(lit.text);
    return r;
}
