/* SPDX-License-Identifier: MIT */
/* What the files that read the filter language share. */
#ifndef VS_RECORD_QUERY_PARSER_H
#define VS_RECORD_QUERY_PARSER_H

#include "record/search.h"

struct vs_parser {
    const struct vs_query *query;
    struct vs_compiled *out; /* its noun NULL: the grammar alone is checked */
    const char *at;
    vidstore_error **e;
    int depth, tests;
    int optional; /* inside an or, or a not: a condition here need not hold for the whole */
    int equal;    /* the value under way is what a field must be */
    char marking; /* the index of words narrows what is looked at: '=' any of the values, '<' '>' bounds; 0: no */
};

/* INVALID, with where it was and why. */
int vs_parse_fail(struct vs_parser *p, const char *where, int32_t sub, const char *message);
int vs_parse_syntax(struct vs_parser *p, const char *message);
/* Passes blanks, and a word or mark when it comes next: 1, or 0. */
void vs_parse_space(struct vs_parser *p);
int vs_parse_accept(struct vs_parser *p, const char *token);

/* How a value is compared: as it is, contained in a text, or among the words of one. */
enum vs_compare { VS_AS_IT_IS, VS_CONTAINED, VS_AMONG };
/* Reads a value for a field (NULL: any), and puts its number, such as $1, into the condition. */
int vs_parse_value(struct vs_parser *p, const struct vs_field *field, enum vs_compare how);

/* A piece of text that a value was written as. */
struct vs_literal {
    const char *start; /* for messages */
    char *text;        /* owned; NULL: the number */
    int64_t number;
    int quoted; /* in quotation marks, or bound as text */
};
int vs_parse_literal(struct vs_parser *p, struct vs_literal *ret);
/* A whole number, all of the text: 1, or 0. */
int vs_parse_number(const char *text, int64_t *ret);

/* What the filter asks of a member of free metadata: at the point after the field's name. */
int vs_parse_member(struct vs_parser *p, const struct vs_field *field);
/* What the filter asks of another noun: NULL when the noun has none of this name; and the condition. */
const struct vs_related *vs_related_by_name(const struct vs_noun *noun, const char *name, size_t len);
int vs_parse_related(struct vs_parser *p, const struct vs_related *to);

#endif
