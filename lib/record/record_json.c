/* SPDX-License-Identifier: MIT */
#include "record/record.h"
#include "util/json.h"
#include <string.h>

void vs_value_json(struct vs_buf *b, const struct vs_field *field, const struct vs_value *value) {
    if (!value->set || (field->type == VS_JSON && !value->len)) {
        vs_buf_str(b, "null");
        return;
    }
    const char *word = field->type == VS_ENUM ? vs_word_name(field->words, value->i) : NULL;
    if (word)
        vs_json_string(b, word, strlen(word));
    else if (field->type == VS_BOOL)
        vs_buf_str(b, value->i ? "true" : "false");
    else if (field->type == VS_JSON)
        vs_buf_add(b, value->text, value->len);
    else if (vs_type_is_text(field->type))
        vs_json_string(b, value->text, value->len);
    else
        vs_buf_int(b, value->i);
}

static void key(struct vs_buf *b, const char *name, int *count) {
    if ((*count)++)
        vs_buf_char(b, ',');
    vs_json_string(b, name, strlen(name));
    vs_buf_char(b, ':');
}

void vs_record_json(struct vs_buf *b, const struct vs_record *record) {
    int count = 0;
    vs_buf_char(b, '{');
    for (size_t i = 0; i < record->noun->columns; i++) {
        const struct vs_field *field = &record->noun->fields[i];
        if (field->use & VS_SECRET)
            continue;
        key(b, field->name, &count);
        vs_value_json(b, field, &record->values[i]);
    }
    vs_buf_char(b, '}');
}

int vs_values_diff(struct vs_buf *b, const struct vs_noun *noun, const struct vs_value *before,
                   const struct vs_value *after) {
    int count = 0;
    vs_buf_char(b, '{');
    for (size_t i = 0; i < noun->columns; i++) {
        const struct vs_field *field = &noun->fields[i];
        if ((field->use & VS_QUIET) || vs_value_equal(field, &before[i], &after[i]))
            continue;
        key(b, field->name, &count);
        if (field->use & VS_SECRET) {
            vs_buf_str(b, "\"changed\"");
            continue;
        }
        vs_buf_char(b, '[');
        vs_value_json(b, field, &before[i]);
        vs_buf_char(b, ',');
        vs_value_json(b, field, &after[i]);
        vs_buf_char(b, ']');
    }
    vs_buf_char(b, '}');
    return count;
}
