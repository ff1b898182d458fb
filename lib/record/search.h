/* SPDX-License-Identifier: MIT */
/* Finding records by what is written in them.
 *
 * Beside each noun's table stands one of words: six columns of folded words (the uses VS_FIND_… of a field say which),
 * and a column of marks, words that nobody can type: whose the record is, and its facts (VS_FACT). So words, facts and
 * rights are looked up together, newest first, however often each of them occurs. The text of this file decides both
 * what is stored and what is asked for; no engine's own rules for words come in.
 *
 * What people type (see vidstore_query_search) becomes terms here, and the terms become an expression for the index
 * and, where a fact has no mark, a filter. */
#ifndef VS_RECORD_SEARCH_H
#define VS_RECORD_SEARCH_H

#include "record/query.h"

enum {
    VS_SEARCH_MAX = 4096,     /* bytes of what is typed */
    VS_SEARCH_TERMS = 64,     /* terms in it */
    VS_SEARCH_WORDS = 128,    /* words in all of them */
    VS_SEARCH_INDEXED = 4096, /* words that are kept of a column */
};

/* The columns of words, in their order. */
enum vs_find { VS_IN_TITLE, VS_IN_SERIES, VS_IN_SEASON, VS_IN_FILE, VS_IN_TAGS, VS_IN_MORE, VS_FINDS };
extern const char *const vs_find_columns[VS_FINDS];

/* --- what is stored ----------------------------------------------------------------------------------------- */

struct vs_search_doc {
    struct vs_buf words[VS_FINDS], marks;
    size_t count[VS_FINDS];
};
void vs_search_doc_free(struct vs_search_doc *doc);
void vs_search_doc_text(struct vs_search_doc *doc, enum vs_find column, const char *text, size_t len);
/* Whoever may see the record by this id, or (with NULL) by its access level. */
void vs_search_doc_owner(struct vs_search_doc *doc, const struct vs_uuid *owner);
/* Stores a document; seq is the record's. */
int vs_search_doc_put(struct vs_conn *conn, enum vs_stmt_id put, int64_t seq, const struct vs_search_doc *doc,
                      vidstore_error **e);

/* Notes that what a record can be found by has to be stored anew, which happens with many others in one write: see
 * vs_search_settle. At each 64th it does that itself. */
int vs_search_note(struct vs_conn *conn, const struct vs_noun *noun, int64_t seq, vidstore_error **e);
/* Stores what the noted records can be found by: at most so many, and after the first no more when the monotonic clock
 * is at until_us (0: however long it takes); *ret_left: there may be more. For a write operation. */
int vs_search_settle(struct vs_conn *conn, const struct vs_noun *noun, int limit, int64_t until_us, int *ret_left,
                     vidstore_error **e);
/* The places of the records that are noted, at most so many, ascending. */
int vs_search_notes(struct vs_conn *conn, const struct vs_noun *noun, int most, int64_t *ret, int *ret_count,
                    vidstore_error **e);
/* *ret 1: so many records are noted that a query can't go through the index of words. */
int vs_search_is_behind(struct vs_conn *conn, const struct vs_noun *noun, int *ret, vidstore_error **e);
/* Takes away what was stored for a record that is gone. Whatever is left when rows go in other ways finds nothing. */
int vs_search_drop(struct vs_conn *conn, const struct vs_noun *noun, int64_t seq, vidstore_error **e);
/* 1 when a change of the values changes what the record can be found by. */
int vs_search_differs(const struct vs_noun *noun, const struct vs_value *before, const struct vs_value *after);

/* --- what is asked for ---------------------------------------------------------------------------------------- */

/* Checks what was typed as far as that is possible without a noun. INVALID with the field "search". */
int vs_search_check(const char *text, vidstore_error **e);
/* Adds to a query what was typed: words to the index's expression, all else as filters. */
int vs_search_compile(const char *text, struct vs_compiled *ret, vidstore_error **e);
/* Conditions of a filter, for the index: a group of values of which one must hold (between begin and end), and bounds
 * of a number. They narrow what the filter has to look at; the filter itself stays. */
void vs_mark_begin(struct vs_compiled *c);
void vs_mark_value(struct vs_compiled *c, const struct vs_field *field, const char *text, int64_t number);
void vs_mark_end(struct vs_compiled *c);
void vs_mark_bounds(struct vs_compiled *c, const struct vs_field *field, int64_t low, int64_t high);
/* What was known so far to narrow the query, and going back to it. */
struct vs_marks_kept {
    int indexed, near, facts, n_ranges, n_conditions;
    size_t len;
    struct vs_range ranges[VS_QUERY_RANGES];
};
void vs_marks_keep(const struct vs_compiled *c, struct vs_marks_kept *ret);
void vs_marks_forget(struct vs_compiled *c, const struct vs_marks_kept *to);
/* Who asks: only records that are its own, or of this access level (0: none), are found. May be called again. */
void vs_mark_scope(struct vs_compiled *c, const struct vs_uuid *owner, int64_t open);
/* The expression for the index, of all that was added; how: VS_ROUGH with shortened prefixes, VS_ANYBODY without the
 * scope. */
int vs_search_match(struct vs_compiled *c, enum vs_how how, struct vs_buf *ret, vidstore_error **e);
/* One condition of the index of words, from begin to end: text is added to ret->find in between. */
void vs_find_begin(struct vs_compiled *c);
void vs_find_end(struct vs_compiled *c, int filtered);
/* The pieces of the expression, which are joined by AND: the scope, the ranges, the conditions. The numbers of those
 * there are; and the text of one. */
int vs_search_pieces(const struct vs_compiled *c, enum vs_how how, int ret[VS_QUERY_PIECES]);
void vs_search_piece(const struct vs_compiled *c, int piece, enum vs_how how, struct vs_buf *ret);
/* Asks how much each piece finds, so that vs_search_match() puts the rarest first and leaves out what the few rows that
 * it finds tell themselves. Once a query, however often it is called. */
int vs_search_plan(struct vs_compiled *c, struct vs_conn *conn, vidstore_error **e);
/* In the transaction of the query: looks up which words begin with its prefixes of facts; they are what is asked for.
 */
int vs_search_spread(struct vs_compiled *c, struct vs_conn *conn, vidstore_error **e);
/* Adds a part of the expression, each such prefix as its words. */
void vs_search_put_spread(const struct vs_compiled *c, const char *text, size_t len, struct vs_buf *ret);
void vs_search_spread_free(struct vs_compiled *c);
/* In the transaction of a query that goes through the index of words, before its plan: which records are noted, and so
 * are not to be asked of the index. BUSY when they are far too many. */
int vs_search_look(struct vs_compiled *c, struct vs_conn *conn, vidstore_error **e);
/* Which of these the expressions of the query find: c->fresh, c->fresh_anybody. */
int vs_search_fresh(struct vs_compiled *c, struct vs_conn *conn, vidstore_error **e);
/* Adds SQL for the words of a column, VS_FINDS: of all, in a table "found": with a blank before and behind each word,
 * and between columns more than one. */
void vs_search_put_words(struct vs_buf *b, int column);
/* Another condition of a row: a test of its words, which is looked up in them. */
void vs_search_words_test(const struct vs_compiled *c, const char *test, struct vs_buf *b);
/* What an expression (conditions joined by AND, OR and parentheses) asks for as a test of a row, added to ret: of the
 * columns of the noun's table only, or of the row's words in a table "found" as well. 0; 1 when that can't be; or a
 * negative code. */
int vs_search_row_test(struct vs_compiled *c, const char *expression, size_t len, int words, struct vs_buf *ret,
                       vidstore_error **e);
/* Makes c->row, once. */
int vs_search_row(struct vs_compiled *c, vidstore_error **e);

#endif
