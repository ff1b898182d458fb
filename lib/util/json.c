/* SPDX-License-Identifier: MIT */
#include "util/json.h"
#include "util/error.h"
#include "util/utf8.h"
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

static int is_treacherous(uint32_t c) {
    static const struct {
        uint32_t from, to;
    } ranges[] = {{0x7F, 0x9F},     {0xAD, 0xAD},     {0x61C, 0x61C},   {0x180E, 0x180E}, {0x200B, 0x200F},
                  {0x2028, 0x202E}, {0x2060, 0x206F}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F}};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (c >= ranges[i].from && c <= ranges[i].to)
            return 1;
    return 0;
}

/* The code point of a sequence that is known to be well-formed. */
static uint32_t code_point(const unsigned char *s, size_t size) {
    static const unsigned char masks[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t c = s[0] & masks[size];
    for (size_t i = 1; i < size; i++)
        c = c << 6 | (s[i] & 0x3F);
    return c;
}

void vs_json_armour(struct vs_buf *b, const char *json, size_t len) {
    size_t plain = 0; /* from here on nothing was copied yet */
    for (size_t i = 0, size; i < len; i += size) {
        size = 1;
        if ((unsigned char)json[i] < 0x7F)
            continue;
        size_t found = vs_utf8_sequence(json + i, len - i);
        size = found ? found : 1;
        uint32_t c = found ? code_point((const unsigned char *)json + i, found) : 0xFFFD;
        if (found && !is_treacherous(c))
            continue;
        vs_buf_add(b, json + plain, i - plain);
        if (c > 0xFFFF)
            vs_buf_fmt(b, "\\u%04x\\u%04x", 0xD800 + ((c - 0x10000) >> 10), 0xDC00 + ((c - 0x10000) & 0x3FF));
        else
            vs_buf_fmt(b, "\\u%04x", c);
        plain = i + size;
    }
    vs_buf_add(b, json + plain, len - plain);
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

static void add_string(struct vs_buf *b, const char *s) {
    if (s)
        vs_json_string(b, s, strlen(s));
    else
        vs_buf_str(b, "null");
}

void vs_json_error(struct vs_buf *b, const vidstore_error *error) {
    vs_buf_fmt(b, "{\"code\":\"%s\",\"subcode\":%d,\"message\":", vidstore_status_name(vidstore_error_code(error)),
               (int)vidstore_error_subcode(error));
    add_string(b, vidstore_error_message(error));
    vs_buf_str(b, ",\"field\":");
    add_string(b, vidstore_error_field(error));
    vs_buf_fmt(b, ",\"retryable\":%s,\"retry_after_ms\":", vidstore_error_retryable(error) ? "true" : "false");
    vs_buf_int(b, vidstore_error_retry_after_ms(error));
    vs_buf_str(b, ",\"cause\":");
    add_string(b, vidstore_error_cause(error));
    vs_buf_char(b, '}');
}

int vs_json_to_text(const json_t *value, size_t flags, vidstore_text **ret, vidstore_error **e) {
    vs_autobuf b = {0};
    if (json_dump_callback(value, add_chunk, &b, flags | JSON_ENCODE_ANY) && !b.failed)
        return vs_fail_nomem(e);
    return vs_buf_to_text(&b, ret, e);
}
