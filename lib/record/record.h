/* SPDX-License-Identifier: MIT */
/* A record: the values of one object of a noun, as an immutable snapshot. */
#ifndef VS_RECORD_RECORD_H
#define VS_RECORD_RECORD_H

#include "db/db.h"
#include "record/block.h"
#include "record/field.h"
#include "util/buf.h"

/* One value. Enumerations, numbers, times and booleans in i; text, JSON, and (as text) ids and hashes in text. */
struct vs_value {
    union {
        int64_t i;
        const char *text;
    };
    uint32_t len; /* of the text */
    uint8_t set;  /* VS_VALUE_… */
};
enum { VS_VALUE_NULL = 0, VS_VALUE_SET = 1 };

struct vs_record {
    uint32_t magic;
    const struct vs_noun *noun;
    struct vs_block *block; /* holds this record; freeing the record gives one reference back */
    int64_t seq;
    struct vs_value values[]; /* one a column, in the order of the table */
};

int vs_type_is_text(enum vs_type type);

/* The record that the current row of a statement holds: column 0 is seq, the others are the noun's columns in order. */
int vs_record_decode(struct vs_block *block, const struct vs_noun *noun, struct vs_stmt *row, struct vs_record **ret,
                     vidstore_error **e);
/* A record in a new block of its own from values (copied). */
int vs_record_new(const struct vs_noun *noun, int64_t seq, const struct vs_value *values, struct vs_record **ret,
                  vidstore_error **e);
int vs_record_is(const struct vs_record *record, const struct vs_noun *noun); /* whatever it points to */
void vs_record_free(struct vs_record *record);                                /* NULL is fine */

/* Access by field id, for a record or NULL. Never fails: a field that does not exist is NULL. */
const char *vs_record_text(const struct vs_record *record, int32_t field);
int64_t vs_record_int(const struct vs_record *record, int32_t field);
int vs_record_is_null(const struct vs_record *record, int32_t field);
struct vs_uuid vs_record_uuid(const struct vs_record *record, int32_t field); /* nil when NULL */

/* A value as JSON, and a whole record as a JSON object. */
void vs_value_json(struct vs_buf *b, const struct vs_field *field, const struct vs_value *value);
void vs_record_json(struct vs_buf *b, const struct vs_record *record);
/* The changes between two sets of values: {"field":[old,new],…}; secrets as "changed". Returns how many fields of the
 * audit (not VS_QUIET) differ. */
int vs_values_diff(struct vs_buf *b, const struct vs_noun *noun, const struct vs_value *before,
                   const struct vs_value *after);
int vs_value_equal(const struct vs_field *field, const struct vs_value *a, const struct vs_value *b);
/* Binds a value to a parameter in the form of its column; ids and hashes are turned to bytes in scratch (64 bytes,
 * which must live until the reset). */
void vs_value_bind(struct vs_stmt *s, int at, const struct vs_field *field, const struct vs_value *value,
                   uint8_t scratch[64]);

static inline void vs_record_cleanup(struct vs_record **record) {
    vs_record_free(*record);
}
#define vs_autorecord __attribute__((cleanup(vs_record_cleanup))) struct vs_record

#endif
