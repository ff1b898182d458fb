/* SPDX-License-Identifier: MIT */
/* The filter language: a recursive descent that writes SQL as it reads. Without a noun it checks the grammar alone. */
#include "record/query_parser.h"
#include "util/alloc.h"
#include "util/error.h"
#include <string.h>

static void column(struct vs_parser *p, const struct vs_field *field) {
    vs_buf_fmt(&p->out->where, "%s%s", field->column, field->use & VS_FOLDED ? "_key" : "");
}

/* Begins a condition that the index of words serves, when it is one; end_mark ends it. */
static void begin_mark(struct vs_parser *p, const struct vs_field *field, char op) {
    int ordered = field && field->type == VS_INT;
    if (!field || !(field->use & VS_FACT) || p->optional || (op != '=' && !ordered))
        return;
    p->marking = op;
    if (op == '=')
        vs_mark_begin(p->out);
}

static void end_mark(struct vs_parser *p) {
    if (p->marking == '=')
        vs_mark_end(p->out);
    p->marking = 0;
}

/* That a word is among those of a field, or one of several words. */
static int among(struct vs_parser *p, const struct vs_field *field, int negate, int list) {
    struct vs_buf *b = &p->out->where;
    int r;
    if (!negate)
        begin_mark(p, field, '=');
    vs_buf_str(b, negate ? "NOT (" : "(");
    do {
        vs_buf_fmt(b, "' ' || lower(%s) || ' ' LIKE ", field->column);
        r = vs_parse_value(p, field, VS_AMONG);
        if (r)
            return r;
        vs_buf_str(b, " ESCAPE '!'");
        vs_parse_space(p);
        if (list && *p->at == ',')
            vs_buf_str(b, " OR ");
    } while (list && vs_parse_accept(p, ","));
    end_mark(p);
    if (list && !vs_parse_accept(p, ")"))
        return vs_parse_syntax(p, "a closing parenthesis was expected");
    vs_buf_char(b, ')');
    return 0;
}

static int in_list(struct vs_parser *p, const struct vs_field *field, int negate) {
    if (!vs_parse_accept(p, "("))
        return vs_parse_syntax(p, "in wants a list in parentheses");
    if (field && (field->use & VS_MANY))
        return among(p, field, negate, 1);
    if (!negate)
        begin_mark(p, field, '=');
    if (field) {
        column(p, field);
        vs_buf_str(&p->out->where, negate ? " NOT IN (" : " IN (");
    }
    do {
        int r = vs_parse_value(p, field, VS_AS_IT_IS);
        if (r)
            return r;
        vs_parse_space(p);
        if (*p->at == ',')
            vs_buf_char(&p->out->where, ',');
    } while (vs_parse_accept(p, ","));
    end_mark(p);
    if (!vs_parse_accept(p, ")"))
        return vs_parse_syntax(p, "a closing parenthesis was expected");
    vs_buf_char(&p->out->where, ')');
    return 0;
}

static int contains(struct vs_parser *p, const struct vs_field *field) {
    if (field && field->type != VS_TEXT)
        return vs_parse_syntax(p, "~ is for text only");
    if (field)
        vs_buf_fmt(&p->out->where, "lower(%s) LIKE ", field->column);
    int r = vs_parse_value(p, field, VS_CONTAINED);
    vs_buf_str(&p->out->where, " ESCAPE '!'");
    return r;
}

static int is_null(struct vs_parser *p, const struct vs_field *field) {
    int negate = vs_parse_accept(p, "not");
    if (!vs_parse_accept(p, "null"))
        return vs_parse_syntax(p, "null was expected");
    if (++p->tests > VS_QUERY_TESTS)
        return vs_parse_syntax(p, "more than 256 comparisons");
    if (field)
        vs_buf_fmt(&p->out->where, "%s IS %sNULL", field->column, negate ? "NOT " : "");
    return 0;
}

static int test(struct vs_parser *p) {
    static const char *const ops[] = {"!=", "<=", ">=", "=", "<", ">"};
    vs_parse_space(p);
    size_t n = strspn(p->at, "abcdefghijklmnopqrstuvwxyz0123456789_");
    const char *start = p->at;
    const struct vs_field *field = n && p->out->noun ? vs_field_by_name(p->out->noun, p->at, n) : NULL;
    const struct vs_related *to = field ? NULL : vs_related_by_name(p->out->noun, p->at, n);
    if (!n)
        return vs_parse_syntax(p, "a field was expected");
    if (to) {
        p->at += n;
        return vs_parse_related(p, to);
    }
    if (p->at[n] == '.' && (!p->out->noun || (field && (field->use & VS_MEMBERS)))) {
        p->at += n;
        return vs_parse_member(p, field);
    }
    if (p->out->noun && (!field || !(field->use & VS_FILTER)))
        return vs_parse_fail(p, start, VIDSTORE_SUB_UNKNOWN_FIELD, "no field to ask for");
    p->at += n;
    if (field && (field->use & VS_OWNER))
        p->out->owners = 1;
    if (vs_parse_accept(p, "is"))
        return is_null(p, field);
    if (vs_parse_accept(p, "~"))
        return contains(p, field);
    int negate = vs_parse_accept(p, "not");
    if (vs_parse_accept(p, "in")) {
        if (field && !negate && !p->optional && (field->use & VS_INDEX))
            p->out->indexed = 1;
        return in_list(p, field, negate);
    }
    for (size_t i = 0; !negate && i < VS_COUNT(ops); i++) {
        if (!vs_parse_accept(p, ops[i]))
            continue;
        if (field && (field->use & VS_MANY))
            return *ops[i] == '=' || i == 0 ? among(p, field, i == 0, 0)
                                            : vs_parse_syntax(p, "words are only = or not");
        if (field) {
            if ((field->use & VS_INDEX) && i != 0 && !p->optional)
                p->out->indexed = 1;
            column(p, field);
            vs_buf_fmt(&p->out->where, " %s ", ops[i]);
        }
        if (i)
            begin_mark(p, field, *ops[i]);
        p->equal = i == 3 && !p->optional;
        int r = vs_parse_value(p, field, VS_AS_IT_IS);
        p->equal = 0;
        end_mark(p);
        return r;
    }
    return vs_parse_syntax(p, "a comparison was expected");
}

static int any(struct vs_parser *p);

static int negated(struct vs_parser *p) {
    if (p->depth > VS_QUERY_DEPTH)
        return vs_parse_syntax(p, "nested too deeply");
    p->depth++;
    int r;
    if (vs_parse_accept(p, "not")) {
        p->optional++;
        vs_buf_str(&p->out->where, "NOT ");
        r = negated(p);
        p->optional--;
    } else if (vs_parse_accept(p, "(")) {
        vs_buf_char(&p->out->where, '(');
        r = any(p);
        if (!r && !vs_parse_accept(p, ")"))
            r = vs_parse_syntax(p, "a closing parenthesis was expected");
        vs_buf_char(&p->out->where, ')');
    } else {
        r = test(p);
    }
    p->depth--;
    return r;
}

static int all(struct vs_parser *p) {
    int r = negated(p);
    while (!r && vs_parse_accept(p, "and")) {
        vs_buf_str(&p->out->where, " AND ");
        r = negated(p);
    }
    return r;
}

static int any(struct vs_parser *p) {
    struct vs_marks_kept before;
    vs_marks_keep(p->out, &before);
    int r = all(p);
    while (!r && vs_parse_accept(p, "or")) {
        vs_marks_forget(p->out, &before); /* what held in one branch need not hold in the other */
        p->optional++;
        vs_buf_str(&p->out->where, " OR ");
        r = all(p);
        p->optional--;
    }
    return r;
}

int vs_query_parse(const struct vs_query *query, struct vs_compiled *ret, vidstore_error **e) {
    struct vs_parser p = {.query = query, .out = ret, .at = query->filter, .e = e};
    vs_parse_space(&p);
    if (!*p.at)
        return 0;
    int r = any(&p);
    if (r)
        return r;
    vs_parse_space(&p);
    if (*p.at)
        return vs_parse_syntax(&p, "and, or, or the end was expected");
    return ret->where.failed ? vs_fail_nomem(e) : 0;
}
