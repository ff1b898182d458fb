/* SPDX-License-Identifier: MIT */
#include "record/field.h"
#include <stdio.h>
#include <string.h>

/* A few dozen fields: a scan from the likely place beats a map, since ids ascend with the table, with few gaps. */
int vs_field_index(const struct vs_noun *noun, int32_t id) {
    int64_t at = (int64_t)id - noun->base - 1;
    at = at < (int64_t)noun->count ? at : (int64_t)noun->count - 1;
    while (at > 0 && noun->fields[at].id > id)
        at--;
    if (at >= 0 && noun->fields[at].id == id)
        return (int)at;
    for (size_t i = 0; i < noun->count; i++)
        if (noun->fields[i].id == id)
            return (int)i;
    return -1;
}

const struct vs_field *vs_field_by_id(const struct vs_noun *noun, int32_t id) {
    int at = vs_field_index(noun, id);
    return at < 0 ? NULL : &noun->fields[at];
}

const struct vs_field *vs_field_by_name(const struct vs_noun *noun, const char *name, size_t len) {
    for (size_t i = 0; i < noun->count; i++)
        if (strlen(noun->fields[i].name) == len && memcmp(noun->fields[i].name, name, len) == 0)
            return &noun->fields[i];
    return NULL;
}

const char *vs_field_names(const struct vs_noun *noun, uint32_t use, char buffer[VS_FIELD_NAMES]) {
    size_t len = 0;
    *buffer = 0;
    for (size_t i = 0; i < noun->count; i++) {
        size_t more = strlen(noun->fields[i].name) + 2;
        if (!(noun->fields[i].use & use) || (noun->fields[i].use & VS_SECRET) || len + more >= VS_FIELD_NAMES)
            continue;
        len += (size_t)snprintf(buffer + len, VS_FIELD_NAMES - len, "%s%s", len ? ", " : "", noun->fields[i].name);
    }
    return buffer;
}

const char *vs_word_name(const struct vs_word *words, int64_t value) {
    for (; words && words->name; words++)
        if (words->value == value)
            return words->name;
    return NULL;
}

int vs_word_value(const struct vs_word *words, const char *name, size_t len, int64_t *ret) {
    for (; words && words->name; words++)
        if (strlen(words->name) == len && memcmp(words->name, name, len) == 0) {
            *ret = words->value;
            return 1;
        }
    return 0;
}
