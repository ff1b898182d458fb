/* SPDX-License-Identifier: MIT */
/* A search that is being read: what search_parse.c and search_terms.c share. */
#ifndef VS_RECORD_SEARCH_READER_H
#define VS_RECORD_SEARCH_READER_H

#include "record/search.h"

struct vs_search_term {
    const char *start;
    size_t len;
    int without, quoted;
    const char *name, *op, *value; /* of a field; name NULL: words */
    size_t name_len, op_len, value_len;
    int prefix;
};

struct vs_search_reader {
    const char *at;
    struct vs_compiled *out;
    struct vs_buf group, filter; /* words joined by OR; what has no mark */
    int terms, join, negate, any;
    int apart;             /* the last term was none that OR can join: it excludes, or is a filter */
    int conditions, rough; /* in the group; the column of a prefix in it, -1: there is none */
    size_t words;
    vidstore_error **e;
};

/* Behind the quotation mark that ends what begins here, or the end of the text. */
const char *vs_search_end_of_quoted(const char *at);
/* INVALID, with the term and why. */
int vs_search_refuse(struct vs_search_reader *p, const struct vs_search_term *t, int32_t sub, const char *why);
/* The same of a term that OR can't join. */
int vs_search_not_joined(struct vs_search_reader *p, const struct vs_search_term *t);
/* One condition, to be met or not. rough: the column of the one prefix that it is, VS_FINDS: any column; -1: it is
 * more, or less. */
void vs_search_add_condition(struct vs_search_reader *p, int without, const struct vs_buf *condition, int rough);
/* Adds the words of a text as a phrase, in one column or in any; nothing when it has none. */
int vs_search_put_phrase(struct vs_search_reader *p, struct vs_buf *b, enum vs_find column, const char *text,
                         size_t len, int prefix);

/* The field of a term; NULL when its name is none: then the whole is words. */
const struct vs_field *vs_search_field_of(const struct vs_noun *noun, const struct vs_search_term *t);
/* The values of a field, of which one must fit. */
int vs_search_add_values(struct vs_search_reader *p, struct vs_search_term *t, const struct vs_field *field);

#endif
