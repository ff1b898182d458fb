/* SPDX-License-Identifier: MIT */
/* JSON: the one door to jansson, with limits. */
#ifndef VS_UTIL_JSON_H
#define VS_UTIL_JSON_H

#include "util/buf.h"
#include "vidstore/base.h"
#include <jansson.h>
#include <stddef.h>

static inline void vs_json_cleanup(json_t **j) {
    json_decref(*j);
}
#define vs_autojson __attribute__((cleanup(vs_json_cleanup))) json_t

enum { VS_JSON_DEPTH = 64 }; /* arrays and objects in each other: what we write, every reader can read */

/* Reads a text of at most max bytes: UTF-8, no duplicate keys, no NUL in strings, not nested too deeply. 0, or INVALID
 * naming the field. */
int vs_json_parse(const char *text, size_t len, size_t max, const char *field, json_t **ret, vidstore_error **e);
/* Checks that a text is JSON; wanted is JSON_OBJECT, JSON_ARRAY, or -1 for any. */
int vs_json_check(const char *text, size_t len, size_t max, int wanted, const char *field, vidstore_error **e);
/* Appends a string with its quotes. The bytes are valid UTF-8 already (vs_utf8_scrub makes them so). */
void vs_json_string(struct vs_buf *b, const char *s, size_t len);
/* Appends an error as an object: code, subcode, message, field, retryable, retry_after_ms, cause. */
void vs_json_error(struct vs_buf *b, const vidstore_error *error);
/* Appends JSON with every character escaped that could end a line, move a cursor, or hide or turn text around where it
 * is shown: DEL, C1, U+2028, bidirectional marks, characters without a form. They can stand in its strings only. */
void vs_json_armour(struct vs_buf *b, const char *json, size_t len);
/* Appends a value compactly, keys in the order in which they were put, fractions in their shortest form. */
void vs_json_dump(struct vs_buf *b, const json_t *value);
/* A value as an owned public text. Takes no reference. */
int vs_json_to_text(const json_t *value, size_t flags, vidstore_text **ret, vidstore_error **e);

#endif
