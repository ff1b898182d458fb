/* SPDX-License-Identifier: MIT */
#include "util/json.h"
#include "util/error.h"
#include <stdlib.h>
#include <string.h>

/* Whether brackets nest deeper than allowed; on text that is not JSON any answer will do. */
static int too_deep(const char *text, size_t len) {
    int depth = 0, quoted = 0;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '[' || c == '{') && ++depth > VS_JSON_DEPTH)
            return 1;
        else if (!quoted && (c == ']' || c == '}'))
            depth--;
    }
    return 0;
}

int vs_json_parse(const char *text, size_t len, size_t max, const char *field, json_t **ret, vidstore_error **e) {
    json_error_t why;
    if (!text)
        return vs_fail(e, VIDSTORE_MISUSE, field, "%s is NULL", field);
    if (len > max)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_TOO_LONG, field, "%s is longer than %zu bytes", field,
                           max);
    if (too_deep(text, len))
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, field, "%s is nested deeper than %d", field,
                           VS_JSON_DEPTH);
    json_t *value = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
    if (!value && json_error_code(&why) == json_error_out_of_memory)
        return vs_fail_nomem(e);
    if (!value)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, field, "%s is not JSON: %s (at byte %d)", field,
                           why.text, why.position);
    *ret = value;
    return 0;
}

int vs_json_check(const char *text, size_t len, size_t max, int wanted, const char *field, vidstore_error **e) {
    vs_autojson *value = NULL;
    int r = vs_json_parse(text, len, max, field, &value, e);
    if (r)
        return r;
    if (wanted >= 0 && json_typeof(value) != (json_type)wanted)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, field, "%s is not a JSON %s", field,
                           wanted == JSON_OBJECT ? "object" : "array");
    return 0;
}

void vs_json_string(struct vs_buf *b, const char *s, size_t len) {
    static const char hex[] = "0123456789abcdef";
    vs_buf_char(b, '"');
    size_t plain = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7F)
            continue;
        vs_buf_add(b, s + plain, i - plain);
        plain = i + 1;
        if (c == '"' || c == '\\') {
            char escaped[2] = {'\\', (char)c};
            vs_buf_add(b, escaped, 2);
        } else {
            char escaped[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
            vs_buf_add(b, escaped, 6);
        }
    }
    vs_buf_add(b, s + plain, len - plain);
    vs_buf_char(b, '"');
}

static int add_chunk(const char *data, size_t len, void *arg) {
    struct vs_buf *b = arg;
    vs_buf_add(b, data, len);
    return b->failed ? -1 : 0;
}

static void dump_scalar(struct vs_buf *b, const json_t *value, size_t flags) {
    if (json_dump_callback(value, add_chunk, b, flags | JSON_COMPACT | JSON_ENCODE_ANY) && !b->failed)
        b->failed = VIDSTORE_NOMEM;
}

/* With as few digits as read back the same: 23.976 stays 23.976, which 17 digits make 23.975999999999999. */
static void dump_real(struct vs_buf *b, const json_t *value) {
    size_t start = b->len;
    for (size_t digits = 15; digits <= 17 && !b->failed; digits++) {
        b->len = start;
        dump_scalar(b, value, JSON_REAL_PRECISION(digits));
        vs_autojson *again = b->failed ? NULL : json_loadb(b->data + start, b->len - start, JSON_DECODE_ANY, NULL);
        if (again && json_real_value(again) == json_real_value(value))
            return;
    }
}

void vs_json_dump(struct vs_buf *b, const json_t *value) {
    const char *name;
    json_t *item;
    size_t count = 0;
    if (json_is_object(value)) {
        vs_buf_char(b, '{');
        json_object_foreach((json_t *)(uintptr_t)value, name, item) {
            if (count++)
                vs_buf_char(b, ',');
            vs_json_string(b, name, strlen(name));
            vs_buf_char(b, ':');
            vs_json_dump(b, item);
        }
        vs_buf_char(b, '}');
    } else if (json_is_array(value)) {
        vs_buf_char(b, '[');
        for (; count < json_array_size(value); count++) {
            if (count)
                vs_buf_char(b, ',');
            vs_json_dump(b, json_array_get(value, count));
        }
        vs_buf_char(b, ']');
    } else if (json_is_real(value)) {
        dump_real(b, value);
    } else {
        dump_scalar(b, value, 0);
    }
}

int vs_json_to_text(const json_t *value, size_t flags, vidstore_text **ret, vidstore_error **e) {
    vs_autobuf b = {0};
    if (json_dump_callback(value, add_chunk, &b, flags | JSON_ENCODE_ANY) && !b.failed)
        return vs_fail_nomem(e);
    return vs_buf_to_text(&b, ret, e);
}
