/* SPDX-License-Identifier: MIT */
/* The query language: what may be asked of a noun, compiled to SQL over the noun's own field table.
 *
 *   or    := and {"or" and}          and := not {"and" not}        not := ["not"] ( "(" or ")" | test )
 *   test  := field op value | field "is" ["not"] "null" | field ["not"] "in" "(" value {"," value} ")"
 *   field may be metadata.key…, where key is a word or "quoted"; and noun = UUID asks for what stands with another
 * record op    := "=" | "!=" | "<" | "<=" | ">" | ">=" | "~" value := word | number | "quoted" | $n |
 * 2026-01-31[T12:00[:00]][Z] | -7d (also s m h w)
 *
 * Words of enumerations become literals, so that partial indexes match; all other values are bound. */
#ifndef VS_RECORD_QUERY_H
#define VS_RECORD_QUERY_H

#include "record/page.h"

enum {
    VS_QUERY_BINDS = 32,
    VS_QUERY_TERMS = 64,
    VS_QUERY_DEPTH = 32,
    VS_QUERY_TESTS = 256,
    VS_QUERY_MAX = 65536,
    VS_QUERY_VALUE = 4096,
    VS_QUERY_KEYS = 16,
    VS_QUERY_RANGES = 8,
    VS_QUERY_WAYS = 8,
    VS_QUERY_ROUGHS = 4,
    VS_QUERY_SPREADS = 8,
    VS_QUERY_CONDITIONS = 64,
    VS_QUERY_PIECES = 1 + VS_QUERY_RANGES + VS_QUERY_CONDITIONS,
    VS_ROUGH_MOST = 512, /* rows that are looked at by shortened prefixes */
    VS_PAGE_DEFAULT = 100,
    VS_PAGE_MAX = 1000,
    VS_PAGE_BYTES = 16 << 20,
    VS_COUNT_MAX = 10000
};

struct vs_query_bind {
    char *text; /* NULL: a number, or (when not set) nothing */
    int64_t number;
    int set;
};

struct vs_query {
    uint32_t magic;
    int failed; /* memory was out in a setter */
    const char
        *broken; /* "filter" or "search": what was set last can't be read, and no list may pass for one without */
    char *filter, *sort, *cursor, *search;
    int64_t limit; /* 0: the default */
    uint32_t flags;
    struct vs_query_bind binds[VS_QUERY_BINDS];
    vidstore_error *error; /* the first bad setter */
};

/* One bound value of a compiled query. */
struct vs_term {
    const struct vs_field *field;
    struct vs_value value;
    char *text;        /* owned text of the value, NULL for numbers */
    struct vs_uuid id; /* of a UUID: the value itself, as it is bound */
    int has_id;
};

/* Some of the rows: a condition that an index serves, and the order by seq with it. Names of columns that are not the
 * noun's begin with g_, so that they are never those of a filter. */
struct vs_way {
    struct vs_buf from; /* what the noun's table is joined with, "" or "(…) AS g" */
    const char *seq;    /* where seq is read, so that the order is that of the index */
    struct vs_buf when;
    const char *granted; /* the noun of what was granted and leads there; NULL: the way needs no grant */
    const char *object;  /* the column of what the rows hang on; NULL: it is the rows themselves that were granted */
    size_t rest;         /* where in `when` begins what is asked of the rows, whatever was granted */
};

/* A query compiled for a noun: where-clause, order and values. */
struct vs_compiled {
    const struct vs_noun *noun;
    struct vs_buf where;
    struct vs_way ways[VS_QUERY_WAYS]; /* none, or only rows that are on one of them */
    int n_ways;
    int marked;              /* the first so many ways lead to nothing but what has the scope's marks */
    enum vs_stmt_id others;  /* asks whether the other ways lead anywhere for the holder */
    enum vs_stmt_id objects; /* what was granted to the holder of one noun, at now_us; not more than so many */
    struct vs_uuid holder;
    int64_t now_us;
    int looked; /* it was asked */
    struct vs_term terms[VS_QUERY_TERMS];
    int count;
    int indexed; /* an index narrows it: some condition that must hold is = or a range on an indexed field */
    /* For the index of words (record/search.h). */
    struct vs_buf find;    /* conditions, joined by AND */
    struct vs_buf without; /* what must not be there, joined by OR */
    struct vs_buf scope;   /* who asks: any of these marks */
    struct vs_buf match,
        match_anybody;          /* the whole, once the statement is made; live as long as what is bound to them */
    struct vs_rough {           /* a prefix that is longer than the index of prefixes knows */
        size_t start, len, cut; /* its words, and how much of their end is cut off, in find */
        int column, value;      /* VS_FINDS: any; the number of the value that the words are compared with */
    } roughs[VS_QUERY_ROUGHS];
    int n_roughs, reach; /* the number of the value how far rough pages reach; 0: as far as can be */
    struct vs_spread {   /* a prefix of facts, and the words to ask for instead; none: they are too many */
        struct vs_buf prefix, words;
    } spreads[VS_QUERY_SPREADS];
    int n_spreads;
    struct vs_condition { /* what stands in find */
        size_t start, len;
        int filtered; /* the where-clause asks for the same */
    } conditions[VS_QUERY_CONDITIONS];
    int n_conditions;
    /* The plan (record/search_plan.c): how many rows each piece of the expression finds, and whether the rarest finds
     * so few that the rows themselves are asked for what they tell. */
    int64_t rows[VS_QUERY_PIECES];
    int planned, lean, rarest;
    int64_t *noted; /* the places of records that are not in the index yet, and so are asked themselves */
    int n_noted;
    struct vs_buf fresh, fresh_anybody; /* which of them are found, with their scores, as a list of values */
    struct vs_buf told;                 /* what the rows are asked for instead, each part behind " AND " */
    struct vs_buf row; /* the same for the whole of what is searched for, where rows are come by in other ways */
    int row_made;      /* 1: so it is; -1: it can't be */
    struct vs_range {
        const struct vs_field *field;
        int64_t low, high;
    } ranges[VS_QUERY_RANGES];
    int n_ranges;
    int group;                   /* values in the group of marks under way */
    int facts, searched, ranked; /* conditions by marks; words were looked for; the best come first */
    int matched;                 /* the list goes through the index of words */
    int owners;                  /* the filter speaks of fields that only an owner sees */
    const char *related;         /* the other noun that it asks about; NULL: none */
    int me, all;                 /* then the numbers of the values that say who asks; unset: nobody, who sees nothing */
    int near;                    /* the filter leads to few rows by their ids: no other way to them is wanted */
    const char *place;           /* the column of the list's own order; NULL: seq */
    enum vs_stmt_id listing;     /* the template that has it */
    int64_t turn;                /* which numbering the places of that order have: it is sealed with a place */
    struct vs_start {            /* what the cursor says of it, for who knows where that is by now */
        int64_t place, turn;
        int value; /* the number of the value behind which the page begins; 0: at the front */
    } start;
    const struct vs_field *sort; /* NULL: by seq */
    int ascending;
    int64_t limit;
    uint32_t flags;
    const uint8_t *seal; /* VS_SIV_KEY bytes, for cursors; borrowed from the store */
    uint64_t digest;     /* of noun, filter, binds and sort: what a cursor belongs to */
};

/* A copy with the same settings and kept error, to be freed on its own; like vidstore_query_new() it never is NULL. */
struct vs_query *vs_query_copy(const struct vs_query *query);

/* Checks the handle and compiles; a NULL query is all, newest first. The cursor's position is added to the where. */
int vs_query_compile(const struct vs_query *query, const struct vs_noun *noun, struct vs_compiled *ret,
                     vidstore_error **e);
/* The filter alone, onto where and terms of ret. */
int vs_query_parse(const struct vs_query *query, struct vs_compiled *ret, vidstore_error **e);
/* Adds " AND column = value" for a value of the library's own. */
int vs_compiled_and(struct vs_compiled *c, const char *column_test, const struct vs_field *field, struct vs_value value,
                    vidstore_error **e);
/* Adds a condition of the library's own: that the row is among those which `to` selects by an id; `to` has no holes for
 * who asks. */
int vs_compiled_related(struct vs_compiled *c, const struct vs_related *to, const struct vs_uuid *that,
                        vidstore_error **e);
/* Adds a value of the library's own, for conditions that name it: its number, $1 is 1; or a negative code. */
int vs_compiled_value(struct vs_compiled *c, const struct vs_field *field, struct vs_value value, vidstore_error **e);
/* Of a term with a UUID: reads it, once for all statements of the query. */
void vs_term_read_id(struct vs_term *term);
/* Another way to the rows, to be filled. */
struct vs_way *vs_compiled_way(struct vs_compiled *c);
void vs_compiled_free(struct vs_compiled *c);

enum vs_how {
    VS_PIECEWISE = 1, /* only the first rows in the order are wanted, and the ways are followed no further */
    VS_RANKED = 2,    /* the best of the newest first */
    VS_ROUGH = 4,     /* among the newest only, by shortened prefixes: fast where there is much to find */
    VS_REACH = 8,     /* how far those newest reach */
    VS_ANYBODY = 16   /* for vs_search_match: without the scope */
};

/* Fills the holes of the noun's list or count template, binds, and hands over the statement. scratch holds bytes of
 * bound ids until the reset; several statements of one query may share it. */
typedef uint8_t vs_scratch[VS_QUERY_TERMS][64];
int vs_compiled_stmt(struct vs_compiled *c, struct vs_conn *conn, enum vs_stmt_id tmpl, int64_t limit, enum vs_how how,
                     vs_scratch scratch, struct vs_stmt **ret, vidstore_error **e);
/* The same for the list by one way alone; object: of what was granted, when it is to lead to no other; or NULL. It is
 * borrowed until the reset. */
int vs_compiled_way_stmt(struct vs_compiled *c, struct vs_conn *conn, const struct vs_way *way,
                         const struct vs_uuid *object, int64_t limit, vs_scratch scratch, struct vs_stmt **ret,
                         vidstore_error **e);
/* Before a query is read that goes through the index of words: leaves out the ways that lead nowhere. */
int vs_compiled_leave_out(struct vs_compiled *c, struct vs_conn *conn, vidstore_error **e);
/* Runs the list: one page. */
int vs_compiled_page(struct vs_compiled *c, struct vs_conn *conn, struct vs_page **ret, vidstore_error **e);
int vs_compiled_count(struct vs_compiled *c, struct vs_conn *conn, int64_t *ret, vidstore_error **e);

/* Replaces {{name}} in a template by texts; names and texts end with NULL. */
int vs_template_fill(struct vs_buf *b, const char *tmpl, const char *const *names, const char *const *texts,
                     vidstore_error **e);
/* The same of a piece of schema/queries; what fails is seen at the buffer. */
void vs_piece_put(struct vs_buf *b, enum vs_stmt_id piece, const char *const *names, const char *const *texts);

/* Position of a page's end, as opaque text, and back. The seal must be there. */
int vs_cursor_make(const struct vs_compiled *c, const struct vs_record *last, char **ret, vidstore_error **e);
int vs_cursor_apply(struct vs_compiled *c, const char *cursor, vidstore_error **e);

static inline void vs_compiled_cleanup(struct vs_compiled *c) {
    vs_compiled_free(c);
}
#define vs_autocompiled __attribute__((cleanup(vs_compiled_cleanup))) struct vs_compiled

#endif
