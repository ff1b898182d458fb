/* SPDX-License-Identifier: MIT */
/* The filter language: a recursive descent that writes SQL as it reads. Without a noun it checks the grammar alone. */
#include "record/search.h"
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

struct parser {
    const struct vs_query *query;
    struct vs_compiled *out;
    const char *at;
    vidstore_error **e;
    int depth, tests;
    int optional; /* inside an or, or a not: a condition here need not hold for the whole */
    int equal;    /* the value under way is what a field must be */
    char marking; /* the index of words narrows what is looked at: '=' any of the values, '<' '>' bounds; 0: no */
};

static int fail_at(struct parser *p, const char *where, int32_t sub, const char *message) {
    size_t byte = (size_t)(where - p->query->filter);
    if (!*where)
        return vs_fail_sub(p->e, VIDSTORE_INVALID, sub, "filter", "%s at the end of the filter", message);
    return vs_fail_sub(p->e, VIDSTORE_INVALID, sub, "filter", "%s at byte %zu of the filter: \"%.24s\"", message, byte,
                       where);
}

static int syntax(struct parser *p, const char *message) {
    return fail_at(p, p->at, VIDSTORE_SUB_SYNTAX, message);
}

static void space(struct parser *p) {
    p->at += strspn(p->at, " \t\r\n\v\f");
}

static size_t word_len(const char *s) {
    size_t n = 0;
    while (isalnum((unsigned char)s[n]) || (s[n] && strchr("_.:+-", s[n])) || (s[n] & 0x80))
        n++;
    return n;
}

static int accept(struct parser *p, const char *token) {
    space(p);
    size_t n = strlen(token);
    if (strncmp(p->at, token, n) != 0 || (isalpha((unsigned char)*token) && word_len(p->at) != n))
        return 0;
    p->at += n;
    return 1;
}

/* A piece of text that a value was written as. */
struct literal {
    const char *start; /* for messages */
    char *text;        /* owned; NULL: the number */
    int64_t number;
};

static int read_bind(struct parser *p, struct literal *ret) {
    char *end;
    long n = isdigit((unsigned char)p->at[1]) ? strtol(p->at + 1, &end, 10) : 0;
    if (n < 1 || n > VS_QUERY_BINDS)
        return syntax(p, "$ wants a number from 1 to 32");
    p->at = end;
    const struct vs_query_bind *bind = &p->query->binds[n - 1];
    if (!p->out->noun)
        return 0;
    if (!bind->set)
        return fail_at(p, ret->start, VIDSTORE_SUB_SYNTAX, "a value that was not bound");
    if (!bind->text && bind->number == INT64_MIN)
        return fail_at(p, ret->start, VIDSTORE_SUB_RANGE, "nothing compares with NULL: ask with is null");
    ret->number = bind->number;
    ret->text = bind->text ? vs_strdup(bind->text) : NULL;
    return bind->text && !ret->text ? vs_fail_nomem(p->e) : 0;
}

static int read_quoted(struct parser *p, struct literal *ret) {
    vs_autobuf b = {0};
    for (p->at++; *p->at && *p->at != '"'; p->at++) {
        if (*p->at == '\\' && (p->at[1] == '"' || p->at[1] == '\\'))
            p->at++;
        vs_buf_char(&b, *p->at);
    }
    if (!*p->at)
        return fail_at(p, ret->start, VIDSTORE_SUB_SYNTAX, "a quotation mark without its end");
    p->at++;
    vs_buf_add(&b, "", 0);
    if (b.failed)
        return vs_fail_nomem(p->e);
    ret->text = VS_TAKE(b.data);
    return 0;
}

static int read_literal(struct parser *p, struct literal *ret) {
    space(p);
    *ret = (struct literal){p->at, NULL, 0};
    if (*p->at == '$')
        return read_bind(p, ret);
    if (*p->at == '"')
        return read_quoted(p, ret);
    size_t n = word_len(p->at);
    if (!n)
        return syntax(p, "a value was expected");
    ret->text = vs_strndup(p->at, n);
    p->at += n;
    return ret->text ? 0 : vs_fail_nomem(p->e);
}

static int parse_number(const char *text, int64_t *ret) {
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
    return parse_date(text, ret) || parse_number(text, ret);
}

/* A literal as a value of the field: the number, or the text in the spelling of the store. */
static int convert(struct parser *p, const struct vs_field *field, struct literal *lit, int64_t *number) {
    struct vs_uuid id;
    if (field->type == VS_UUID || field->type == VS_HASH) {
        char *folded = lit->text ? vs_ascii_fold(lit->text) : NULL;
        if (lit->text && !folded)
            return vs_fail_nomem(p->e);
        vs_free(lit->text);
        lit->text = folded;
        if (field->type == VS_UUID && (!folded || vs_uuid_parse(folded, NULL, &id, NULL)))
            return fail_at(p, lit->start, VIDSTORE_SUB_SYNTAX, "not a UUID");
        if (field->type == VS_HASH && (!folded || strlen(folded) != 2 * (size_t)field->max ||
                                       strspn(folded, "0123456789abcdef") != 2 * (size_t)field->max))
            return fail_at(p, lit->start, VIDSTORE_SUB_SYNTAX, "not hex digits of the right length");
        return 0;
    }
    if (vs_type_is_text(field->type)) {
        if (!lit->text) {
            vs_autobuf b = {0};
            vs_buf_int(&b, lit->number);
            lit->text = VS_TAKE(b.data);
        }
        if (lit->text && strlen(lit->text) > VS_QUERY_VALUE)
            return fail_at(p, lit->start, VIDSTORE_SUB_TOO_LONG, "a value of more than 4096 bytes");
        return lit->text ? 0 : vs_fail_nomem(p->e);
    }
    *number = lit->number;
    if (!lit->text && field->type == VS_ENUM && !vs_word_name(field->words, *number))
        return fail_at(p, lit->start, VIDSTORE_SUB_RANGE, "no such value for this field");
    if (!lit->text)
        return 0;
    if (field->type == VS_ENUM)
        return vs_word_value(field->words, lit->text, strlen(lit->text), number)
                   ? 0
                   : fail_at(p, lit->start, VIDSTORE_SUB_RANGE, "no such word for this field");
    if (field->type == VS_BOOL && (strcmp(lit->text, "true") == 0 || strcmp(lit->text, "false") == 0)) {
        *number = lit->text[0] == 't';
        return 0;
    }
    int ok = field->type == VS_TIME ? parse_time(lit->text, number) : parse_number(lit->text, number);
    return ok ? 0 : fail_at(p, lit->start, VIDSTORE_SUB_SYNTAX, field->type == VS_TIME ? "not a time" : "not a number");
}

/* How a value is compared. */
enum { AS_IT_IS, CONTAINED, AMONG };

/* LIKE pattern of a text that is to be contained, or to be among words: folded, its own wildcards escaped. */
static char *pattern(const char *text, int how) {
    vs_autobuf b = {0};
    vs_autofree char *folded = vs_ascii_fold(text);
    vs_buf_str(&b, how == AMONG ? "% " : "%");
    for (const char *c = folded ? folded : ""; *c; c++) {
        if (strchr("%_!", *c))
            vs_buf_char(&b, '!');
        vs_buf_char(&b, *c);
    }
    vs_buf_str(&b, how == AMONG ? " %" : "%");
    return b.failed || !folded ? NULL : VS_TAKE(b.data);
}

/* The condition under way, for the index of words. */
static void mark(struct parser *p, const struct vs_field *field, const char *text, int64_t number) {
    if (p->marking == '=')
        vs_mark_value(p->out, field, text, number);
    else if (p->marking)
        vs_mark_bounds(p->out, field, p->marking == '>' ? number : 0, p->marking == '<' ? number : INT64_MAX);
}

static int bind_value(struct parser *p, const struct vs_field *field, struct literal *lit, int64_t number) {
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
        return fail_at(p, lit->start, VIDSTORE_SUB_TOO_LARGE, "more than 64 values");
    struct vs_term *term = &out->terms[out->count++];
    *term = (struct vs_term){field, {.i = number, .set = VS_VALUE_SET}, NULL};
    if (vs_type_is_text(field->type)) {
        term->text = VS_TAKE(lit->text);
        term->value.text = term->text;
        term->value.len = (uint32_t)strlen(term->text);
    }
    vs_buf_fmt(&out->where, "$%d", out->count);
    return 0;
}

static int value(struct parser *p, const struct vs_field *field, int how) {
    struct literal lit;
    int64_t number = 0;
    int r = ++p->tests > VS_QUERY_TESTS ? syntax(p, "more than 256 comparisons") : 0;
    if (r)
        return r;
    r = read_literal(p, &lit);
    if (!r && field)
        r = convert(p, field, &lit, &number);
    if (!r && field)
        mark(p, field, lit.text, number);
    if (!r && field && how != AS_IT_IS) {
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

static void column(struct parser *p, const struct vs_field *field) {
    vs_buf_fmt(&p->out->where, "%s%s", field->column, field->use & VS_FOLDED ? "_key" : "");
}

/* Begins a condition that the index of words serves, when it is one; end_mark ends it. */
static void begin_mark(struct parser *p, const struct vs_field *field, char op) {
    int ordered = field && field->type == VS_INT;
    if (!field || !(field->use & VS_FACT) || p->optional || (op != '=' && !ordered))
        return;
    p->marking = op;
    if (op == '=')
        vs_mark_begin(p->out);
}

static void end_mark(struct parser *p) {
    if (p->marking == '=')
        vs_mark_end(p->out);
    p->marking = 0;
}

/* That a word is among those of a field, or one of several words. */
static int among(struct parser *p, const struct vs_field *field, int negate, int list) {
    struct vs_buf *b = &p->out->where;
    int r;
    if (!negate)
        begin_mark(p, field, '=');
    vs_buf_str(b, negate ? "NOT (" : "(");
    do {
        vs_buf_fmt(b, "' ' || lower(%s) || ' ' LIKE ", field->column);
        r = value(p, field, AMONG);
        if (r)
            return r;
        vs_buf_str(b, " ESCAPE '!'");
        space(p);
        if (list && *p->at == ',')
            vs_buf_str(b, " OR ");
    } while (list && accept(p, ","));
    end_mark(p);
    if (list && !accept(p, ")"))
        return syntax(p, "a closing parenthesis was expected");
    vs_buf_char(b, ')');
    return 0;
}

static int in_list(struct parser *p, const struct vs_field *field, int negate) {
    if (!accept(p, "("))
        return syntax(p, "in wants a list in parentheses");
    if (field && (field->use & VS_MANY))
        return among(p, field, negate, 1);
    if (!negate)
        begin_mark(p, field, '=');
    if (field) {
        column(p, field);
        vs_buf_str(&p->out->where, negate ? " NOT IN (" : " IN (");
    }
    do {
        int r = value(p, field, AS_IT_IS);
        if (r)
            return r;
        space(p);
        if (*p->at == ',')
            vs_buf_char(&p->out->where, ',');
    } while (accept(p, ","));
    end_mark(p);
    if (!accept(p, ")"))
        return syntax(p, "a closing parenthesis was expected");
    vs_buf_char(&p->out->where, ')');
    return 0;
}

static int contains(struct parser *p, const struct vs_field *field) {
    if (field && field->type != VS_TEXT)
        return syntax(p, "~ is for text only");
    if (field)
        vs_buf_fmt(&p->out->where, "lower(%s) LIKE ", field->column);
    int r = value(p, field, CONTAINED);
    vs_buf_str(&p->out->where, " ESCAPE '!'");
    return r;
}

static int is_null(struct parser *p, const struct vs_field *field) {
    int negate = accept(p, "not");
    if (!accept(p, "null"))
        return syntax(p, "null was expected");
    if (++p->tests > VS_QUERY_TESTS)
        return syntax(p, "more than 256 comparisons");
    if (field)
        vs_buf_fmt(&p->out->where, "%s IS %sNULL", field->column, negate ? "NOT " : "");
    return 0;
}

static int test(struct parser *p) {
    static const char *const ops[] = {"!=", "<=", ">=", "=", "<", ">"};
    space(p);
    size_t n = strspn(p->at, "abcdefghijklmnopqrstuvwxyz0123456789_");
    const char *start = p->at;
    const struct vs_field *field = n && p->out->noun ? vs_field_by_name(p->out->noun, p->at, n) : NULL;
    if (!n)
        return syntax(p, "a field was expected");
    if (p->out->noun && (!field || !(field->use & VS_FILTER)))
        return fail_at(p, start, VIDSTORE_SUB_UNKNOWN_FIELD, "no field to ask for");
    p->at += n;
    if (field && (field->use & VS_OWNER))
        p->out->owners = 1;
    if (accept(p, "is"))
        return is_null(p, field);
    if (accept(p, "~"))
        return contains(p, field);
    int negate = accept(p, "not");
    if (accept(p, "in")) {
        if (field && !negate && !p->optional && (field->use & VS_INDEX))
            p->out->indexed = 1;
        return in_list(p, field, negate);
    }
    for (size_t i = 0; !negate && i < VS_COUNT(ops); i++) {
        if (!accept(p, ops[i]))
            continue;
        if (field && (field->use & VS_MANY))
            return *ops[i] == '=' || i == 0 ? among(p, field, i == 0, 0) : syntax(p, "words are only = or not");
        if (field) {
            if ((field->use & VS_INDEX) && i != 0 && !p->optional)
                p->out->indexed = 1;
            column(p, field);
            vs_buf_fmt(&p->out->where, " %s ", ops[i]);
        }
        if (i)
            begin_mark(p, field, *ops[i]);
        p->equal = i == 3 && !p->optional;
        int r = value(p, field, AS_IT_IS);
        p->equal = 0;
        end_mark(p);
        return r;
    }
    return syntax(p, "a comparison was expected");
}

static int any(struct parser *p);

static int negated(struct parser *p) {
    if (p->depth > VS_QUERY_DEPTH)
        return syntax(p, "nested too deeply");
    p->depth++;
    int r;
    if (accept(p, "not")) {
        p->optional++;
        vs_buf_str(&p->out->where, "NOT ");
        r = negated(p);
        p->optional--;
    } else if (accept(p, "(")) {
        vs_buf_char(&p->out->where, '(');
        r = any(p);
        if (!r && !accept(p, ")"))
            r = syntax(p, "a closing parenthesis was expected");
        vs_buf_char(&p->out->where, ')');
    } else {
        r = test(p);
    }
    p->depth--;
    return r;
}

static int all(struct parser *p) {
    int r = negated(p);
    while (!r && accept(p, "and")) {
        vs_buf_str(&p->out->where, " AND ");
        r = negated(p);
    }
    return r;
}

static int any(struct parser *p) {
    struct vs_marks_kept before;
    vs_marks_keep(p->out, &before);
    int r = all(p);
    while (!r && accept(p, "or")) {
        vs_marks_forget(p->out, &before); /* what held in one branch need not hold in the other */
        p->optional++;
        vs_buf_str(&p->out->where, " OR ");
        r = all(p);
        p->optional--;
    }
    return r;
}

int vs_query_parse(const struct vs_query *query, struct vs_compiled *ret, vidstore_error **e) {
    struct parser p = {.query = query, .out = ret, .at = query->filter, .e = e};
    space(&p);
    if (!*p.at)
        return 0;
    int r = any(&p);
    if (r)
        return r;
    space(&p);
    if (*p.at)
        return syntax(&p, "and, or, or the end was expected");
    return ret->where.failed ? vs_fail_nomem(e) : 0;
}
