/* SPDX-License-Identifier: MIT */
/* Conditions of the filter language on members of free metadata: metadata.key = value, metadata.key."any key" ~ text.
 * Which rows have them is no index's to say: they are looked at in what the other conditions leave. */
#include "record/query_parser.h"
#include "util/alloc.h"
#include "util/error.h"
#include "util/json.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const struct vs_field json_text = {0, "value", "value", VS_TEXT, 0, 0, NULL};

static size_t key_len(const char *s) {
    size_t n = 0;
    while (isalnum((unsigned char)s[n]) || s[n] == '_' || s[n] == '-' || (s[n] & 0x80))
        n++;
    return n;
}

static int read_key(struct vs_parser *p, struct vs_buf *path) {
    struct vs_literal key = {0};
    size_t n = key_len(p->at);
    if (*p->at == '"') {
        int r = vs_parse_literal(p, &key);
        if (!r)
            vs_json_string(path, key.text, strlen(key.text));
        vs_free(key.text);
        return r;
    }
    if (!n)
        return vs_parse_syntax(p, "a key was expected");
    vs_json_string(path, p->at, n);
    p->at += n;
    return 0;
}

/* .key.key: an array of JSON, and the number of its value in *ret. */
static int read_path(struct vs_parser *p, int *ret) {
    vs_autobuf path = {0};
    const char *start = p->at;
    int keys = 0, r = 0;
    *ret = 0;
    while (!r && *p->at == '.') {
        p->at++;
        vs_buf_char(&path, keys ? ',' : '[');
        r = ++keys > VS_QUERY_KEYS ? vs_parse_syntax(p, "a path of more than 16 keys") : read_key(p, &path);
    }
    vs_buf_char(&path, ']');
    if (r || path.failed)
        return r ? r : vs_fail_nomem(p->e);
    if (path.len > VS_QUERY_VALUE)
        return vs_parse_fail(p, start, VIDSTORE_SUB_TOO_LONG, "a path of more than 4096 bytes");
    if (!p->out->noun)
        return 0;
    struct vs_value value = {.text = path.data, .len = (uint32_t)path.len, .set = VS_VALUE_SET};
    *ret = vs_compiled_value(p->out, &json_text, value, p->e);
    return *ret < 0 ? *ret : 0;
}

/* A bare word is a number, true or false where JSON has it so; what is in quotation marks is text. */
static int is_plain(const struct vs_literal *lit, int *ret, vidstore_error **e) {
    vs_autojson *json = NULL;
    vs_autoerror vidstore_error *why = NULL;
    int r = lit->quoted ? 0 : vs_json_parse(lit->text, strlen(lit->text), VS_QUERY_MAX, "filter", &json, &why);
    *ret = json_is_number(json) || json_is_boolean(json);
    return r == VIDSTORE_NOMEM ? vs_fail_nomem(e) : 0;
}

static int put_value(struct vs_parser *p, const struct vs_literal *lit) {
    vs_autobuf json = {0};
    int plain = 0, r = lit->text ? is_plain(lit, &plain, p->e) : 0;
    if (r)
        return r;
    if (!lit->text)
        vs_buf_int(&json, lit->number);
    else if (plain)
        vs_buf_str(&json, lit->text);
    else
        vs_json_string(&json, lit->text, strlen(lit->text));
    if (json.failed)
        return vs_fail_nomem(p->e);
    if (json.len > VS_QUERY_VALUE)
        return vs_parse_fail(p, lit->start, VIDSTORE_SUB_TOO_LONG, "a value of more than 4096 bytes");
    struct vs_value value = {.text = json.data, .len = (uint32_t)json.len, .set = VS_VALUE_SET};
    return vs_compiled_value(p->out, &json_text, value, p->e);
}

/* vs_compare(…) op 0, as if the value stood on the other side of op. */
static int compare(struct vs_parser *p, const struct vs_field *field, int path, const char *op) {
    struct vs_literal lit = {0};
    int r = ++p->tests > VS_QUERY_TESTS ? vs_parse_syntax(p, "more than 256 comparisons") : 0;
    if (!r)
        r = vs_parse_literal(p, &lit);
    if (!r && lit.text && !lit.quoted && strcmp(lit.text, "null") == 0)
        r = vs_parse_fail(p, lit.start, VIDSTORE_SUB_RANGE, "nothing compares with NULL: ask with is null");
    int number = !r && field ? put_value(p, &lit) : r;
    vs_free(lit.text);
    if (number > 0)
        vs_buf_fmt(&p->out->where, "vs_compare(%s, $%d, $%d) %s 0", field->column, path, number, op);
    return number < 0 ? number : 0;
}

static int in_list(struct vs_parser *p, const struct vs_field *field, int path, int negate) {
    struct vs_buf *b = &p->out->where;
    if (!vs_parse_accept(p, "("))
        return vs_parse_syntax(p, "in wants a list in parentheses");
    vs_buf_str(b, negate ? "NOT (" : "(");
    int r = compare(p, field, path, "=");
    while (!r && vs_parse_accept(p, ",")) {
        vs_buf_str(b, " OR ");
        r = compare(p, field, path, "=");
    }
    vs_buf_char(b, ')');
    return !r && !vs_parse_accept(p, ")") ? vs_parse_syntax(p, "a closing parenthesis was expected") : r;
}

static int is_null(struct vs_parser *p, const struct vs_field *field, int path) {
    int negate = vs_parse_accept(p, "not");
    if (!vs_parse_accept(p, "null"))
        return vs_parse_syntax(p, "null was expected");
    if (++p->tests > VS_QUERY_TESTS)
        return vs_parse_syntax(p, "more than 256 comparisons");
    if (field)
        vs_buf_fmt(&p->out->where, "vs_member(%s, $%d) IS %sNULL", field->column, path, negate ? "NOT " : "");
    return 0;
}

static int contains(struct vs_parser *p, const struct vs_field *field, int path) {
    if (field)
        vs_buf_fmt(&p->out->where, "lower(vs_member(%s, $%d)) LIKE ", field->column, path);
    int r = vs_parse_value(p, field ? &json_text : NULL, VS_CONTAINED);
    vs_buf_str(&p->out->where, " ESCAPE '!'");
    return r;
}

int vs_parse_member(struct vs_parser *p, const struct vs_field *field) {
    static const char *const ops[][2] = {{"!=", "<>"}, {"<=", "<="}, {">=", ">="}, {"=", "="}, {"<", "<"}, {">", ">"}};
    int path = 0;
    int r = read_path(p, &path);
    if (r)
        return r;
    if (field && (field->use & VS_OWNER))
        p->out->owners = 1;
    if (vs_parse_accept(p, "is"))
        return is_null(p, field, path);
    if (vs_parse_accept(p, "~"))
        return contains(p, field, path);
    int negate = vs_parse_accept(p, "not");
    if (vs_parse_accept(p, "in"))
        return in_list(p, field, path, negate);
    for (size_t i = 0; !negate && i < VS_COUNT(ops); i++)
        if (vs_parse_accept(p, ops[i][0]))
            return compare(p, field, path, ops[i][1]);
    return vs_parse_syntax(p, "a comparison was expected");
}
