/* SPDX-License-Identifier: MIT */
/* Values as people write them in a search. */
#ifndef VS_RECORD_SEARCH_VALUE_H
#define VS_RECORD_SEARCH_VALUE_H

#include "record/field.h"

/* What a comparison asks of a number or a time: 10m..2h, 700M, 2026-01, >1080. A value stands for all that it may mean:
 * 2026 is a year, and 10m is not 11m. INT64_MIN and INT64_MAX: no bound. NULL, or why it can't be read. */
const char *vs_search_range(const struct vs_field *field, const char *op, size_t op_len, const char *text, size_t len,
                            int64_t *ret_low, int64_t *ret_high);
/* A word of an enumeration or of yes and no; -1: none. */
int64_t vs_search_word(const struct vs_field *field, const char *text, size_t len);

#endif
