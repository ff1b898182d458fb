/* SPDX-License-Identifier: MIT */
/* Conditions of the filter language on what another noun says of a record: the videos of a collection. */
#include "record/query_parser.h"
#include "util/alloc.h"
#include "util/error.h"
#include <stdio.h>
#include <string.h>

static const struct vs_field id = {0, "id", "id", VS_UUID, 0, 36, NULL};

/* Who asks is filled in by the policy, which is asked later: until then it is nobody. */
static int add_asker(struct vs_parser *p, const char *noun) {
    static const struct vs_field all = {0, "all", "all", VS_BOOL, 0, 0, NULL};
    struct vs_compiled *out = p->out;
    if (out->related)
        return 0;
    out->related = noun;
    out->me = vs_compiled_value(out, &id, (struct vs_value){0}, p->e);
    out->all = out->me < 0 ? out->me : vs_compiled_value(out, &all, (struct vs_value){0}, p->e);
    return out->all < 0 ? out->all : 0;
}

static int put_piece(struct vs_compiled *c, const struct vs_related *to, int that, vidstore_error **e) {
    static const char *const names[] = {"that", "me", "all", NULL};
    char numbers[3][16];
    const char *const texts[] = {numbers[0], numbers[1], numbers[2], NULL};
    const int values[] = {that, c->me, c->all};
    for (size_t i = 0; i < VS_COUNT(values); i++)
        snprintf(numbers[i], sizeof numbers[i], "$%d", values[i]);
    vs_buf_fmt(&c->where, "%s IN (", to->column);
    int r = vs_template_fill(&c->where, vs_stmt_piece(to->piece), names, texts, e);
    vs_buf_char(&c->where, ')');
    return r;
}

int vs_compiled_related(struct vs_compiled *c, const struct vs_related *to, const struct vs_uuid *that,
                        vidstore_error **e) {
    char text[VS_UUID_TEXT];
    vs_uuid_format(that, text);
    int number = vs_compiled_value(c, &id, (struct vs_value){.text = text, .len = 36, .set = VS_VALUE_SET}, e);
    if (number < 0)
        return number;
    vs_buf_str(&c->where, c->where.len ? " AND " : "");
    return put_piece(c, to, number, e);
}

static int put_related(struct vs_parser *p, const struct vs_related *to) {
    struct vs_buf *b = &p->out->where;
    size_t before = b->len;
    int r = vs_parse_value(p, &id, VS_AS_IT_IS);
    if (r || b->failed)
        return r ? r : vs_fail_nomem(p->e);
    b->data[b->len = before] = '\0'; /* the number of the value stands inside of the piece */
    return put_piece(p->out, to, p->out->count, p->e);
}

/* = and != a UUID, in and not in a list of them. */
int vs_parse_related(struct vs_parser *p, const struct vs_related *to) {
    int differs = vs_parse_accept(p, "!="), negate = differs || vs_parse_accept(p, "not"),
        list = !differs && vs_parse_accept(p, "in");
    if (!list && !differs && (negate || !vs_parse_accept(p, "=")))
        return vs_parse_syntax(p, "=, != or in was expected");
    if (list && !vs_parse_accept(p, "("))
        return vs_parse_syntax(p, "in wants a list in parentheses");
    int r = add_asker(p, to->name);
    vs_buf_str(&p->out->where, negate ? "NOT (" : "(");
    if (!r)
        r = put_related(p, to);
    while (!r && list && vs_parse_accept(p, ",")) {
        vs_buf_str(&p->out->where, " OR ");
        r = put_related(p, to);
    }
    if (!r && list && !vs_parse_accept(p, ")"))
        r = vs_parse_syntax(p, "a closing parenthesis was expected");
    vs_buf_char(&p->out->where, ')');
    if (!negate && !p->optional)
        p->out->indexed = p->out->near = 1;
    return r;
}

const struct vs_related *vs_related_by_name(const struct vs_noun *noun, const char *name, size_t len) {
    for (const struct vs_related *to = noun ? noun->related : NULL; to && to->name; to++)
        if (strlen(to->name) == len && strncmp(to->name, name, len) == 0)
            return to;
    return NULL;
}
