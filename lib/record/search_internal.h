/* SPDX-License-Identifier: MIT */
/* Marks, for the files of record/ that write and ask for them. */
#ifndef VS_RECORD_SEARCH_INTERNAL_H
#define VS_RECORD_SEARCH_INTERNAL_H

#include "record/search.h"

/* A mark begins with a character that no word holds. len of the text, or the number, by the type of the field. */
void vs_mark_fact(struct vs_buf *b, const struct vs_field *field, const char *text, size_t len, int64_t number);
void vs_mark_owner(struct vs_buf *b, const struct vs_uuid *owner);
void vs_mark_open(struct vs_buf *b, int64_t level);
/* 0 to 126, ascending with the number. */
int vs_mark_bucket(int64_t number);
/* The column of words that a field goes to; VS_FINDS: none. */
enum vs_find vs_find_of(const struct vs_field *field);
/* The column that is named at a place, behind which " : " stands, and *at is moved past that; VS_FINDS: none is. */
int vs_search_column_at(const char **at);

/* What a record can be found by as it is now; *ret_there 0: it is gone. */
int vs_search_doc_read(struct vs_conn *conn, const struct vs_noun *noun, int64_t seq, struct vs_search_doc *ret,
                       int *ret_there, vidstore_error **e);

#endif
