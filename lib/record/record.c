/* SPDX-License-Identifier: MIT */
#include "record/record.h"
#include "crypto/crypto.h"
#include "util/alloc.h"
#include "util/error.h"
#include "util/handle.h"
#include <string.h>

int vs_type_is_text(enum vs_type type) {
    return type == VS_UUID || type == VS_TEXT || type == VS_JSON || type == VS_HASH;
}

static struct vs_record *record_alloc(struct vs_block *block, const struct vs_noun *noun, int64_t seq) {
    struct vs_record *record = vs_block_alloc(block, sizeof *record + noun->columns * sizeof *record->values);
    if (record)
        *record = (struct vs_record){VS_MAGIC_RECORD, noun, block, seq};
    return record;
}

/* 1 when the column holds a value that was stored in *value; 0: NULL; -1: out of memory. */
static int decode_value(struct vs_block *block, const struct vs_field *field, struct vs_stmt *row, int at,
                        struct vs_value *value) {
    size_t len = 0;
    if (vs_col_null(row, at))
        return 0;
    if (!vs_type_is_text(field->type)) {
        value->i = vs_col_int(row, at);
        return 1;
    }
    char *copy = NULL;
    if (field->type == VS_UUID) {
        struct vs_uuid id;
        copy = vs_block_text(block, "00000000-0000-0000-0000-000000000000", 36);
        if (copy && vs_col_uuid(row, at, &id))
            vs_uuid_format(&id, copy);
        len = 36;
    } else if (field->type == VS_HASH) {
        const uint8_t *bytes = vs_col_blob(row, at, &len);
        copy = vs_block_alloc(block, 2 * len + 1);
        if (copy)
            vs_hex(bytes, len, copy);
        len *= 2;
    } else {
        const char *text = vs_col_text(row, at, &len);
        copy = text ? vs_block_text(block, text, len) : NULL;
    }
    value->text = copy;
    value->len = (uint32_t)len;
    return copy ? 1 : -1;
}

int vs_record_decode(struct vs_block *block, const struct vs_noun *noun, struct vs_stmt *row, struct vs_record **ret,
                     vidstore_error **e) {
    struct vs_record *record = record_alloc(block, noun, vs_col_int(row, 0));
    if (!record)
        return vs_fail_nomem(e);
    for (size_t i = 0; i < noun->columns; i++) {
        struct vs_value value = {0};
        int r = decode_value(block, &noun->fields[i], row, (int)i + 1, &value);
        if (r < 0)
            return vs_fail_nomem(e);
        value.set = (uint8_t)r;
        record->values[i] = value;
    }
    *ret = record;
    return 0;
}

int vs_record_new(const struct vs_noun *noun, int64_t seq, const struct vs_value *values, struct vs_record **ret,
                  vidstore_error **e) {
    vs_autoblock *block = vs_block_new(sizeof(struct vs_record) + noun->columns * sizeof *values + 1024);
    struct vs_record *record = block ? record_alloc(block, noun, seq) : NULL;
    if (!record)
        return vs_fail_nomem(e);
    for (size_t i = 0; i < noun->columns; i++) {
        record->values[i] = values[i];
        if (values[i].set && vs_type_is_text(noun->fields[i].type)) {
            record->values[i].text = vs_block_text(block, values[i].text, values[i].len);
            if (!record->values[i].text)
                return vs_fail_nomem(e);
        }
    }
    VS_TAKE(block); /* the record holds the one reference from here on */
    *ret = record;
    return 0;
}

int vs_record_is(const struct vs_record *record, const struct vs_noun *noun) {
    return record && record->magic == VS_MAGIC_RECORD && record->noun == noun;
}

void vs_record_free(struct vs_record *record) {
    if (record && record->magic == VS_MAGIC_RECORD)
        vs_block_unref(record->block);
}

static const struct vs_value *value_of(const struct vs_record *record, int32_t id, const struct vs_field **field) {
    if (!record || record->magic != VS_MAGIC_RECORD)
        return NULL;
    int at = vs_field_index(record->noun, id);
    if (at < 0 || (size_t)at >= record->noun->columns || !record->values[at].set)
        return NULL;
    *field = &record->noun->fields[at];
    return (*field)->use & VS_SECRET ? NULL : &record->values[at];
}

const char *vs_record_text(const struct vs_record *record, int32_t id) {
    const struct vs_field *field = NULL;
    const struct vs_value *value = value_of(record, id, &field);
    if (!value)
        return NULL;
    if (field->type == VS_ENUM)
        return vs_word_name(field->words, value->i);
    return vs_type_is_text(field->type) ? value->text : NULL;
}

int64_t vs_record_int(const struct vs_record *record, int32_t id) {
    const struct vs_field *field = NULL;
    const struct vs_value *value = value_of(record, id, &field);
    return value && !vs_type_is_text(field->type) ? value->i : INT64_MIN;
}

int vs_record_is_null(const struct vs_record *record, int32_t id) {
    const struct vs_field *field = NULL;
    return value_of(record, id, &field) == NULL;
}

struct vs_uuid vs_record_uuid(const struct vs_record *record, int32_t id) {
    struct vs_uuid uuid = {{0}};
    const char *text = vs_record_text(record, id);
    if (text)
        vs_uuid_parse(text, NULL, &uuid, NULL);
    return uuid;
}

int vs_value_equal(const struct vs_field *field, const struct vs_value *a, const struct vs_value *b) {
    if (!a->set || !b->set)
        return a->set == b->set;
    if (!vs_type_is_text(field->type))
        return a->i == b->i;
    return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

void vs_value_bind(struct vs_stmt *s, int at, const struct vs_field *field, const struct vs_value *value,
                   uint8_t scratch[64]) {
    if (!value->set) {
        vs_bind_null(s, at);
    } else if (field->type == VS_UUID) {
        struct vs_uuid id = {{0}};
        vs_uuid_parse(value->text, NULL, &id, NULL);
        memcpy(scratch, id.b, sizeof id.b);
        vs_bind_blob(s, at, scratch, sizeof id.b);
    } else if (field->type == VS_HASH) {
        size_t len = value->len / 2 < 64 ? value->len / 2 : 64;
        vs_unhex(value->text, scratch, len);
        vs_bind_blob(s, at, scratch, (int64_t)len);
    } else if (vs_type_is_text(field->type)) {
        vs_bind_text(s, at, value->text, value->len);
    } else {
        vs_bind_int(s, at, value->i);
    }
}
