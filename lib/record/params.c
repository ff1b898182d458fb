/* SPDX-License-Identifier: MIT */
#include "record/params.h"
#include "crypto/crypto.h"
#include "util/alloc.h"
#include "util/error.h"
#include "util/handle.h"
#include "util/json.h"
#include "util/utf8.h"
#include <string.h>

enum { JSON_MAX = 1 << 20 };
static const int64_t YEAR_9999_US = INT64_C(253402300800000000);

/* Stands in where memory was out: setters leave it alone, and whoever takes it says NOMEM. */
static struct vs_params nomem = {.magic = VS_MAGIC_PARAMS};

struct vs_params *vs_params_new(const struct vs_noun *noun) {
    vs_autoblock *block = vs_block_new(sizeof(struct vs_params) + noun->count * (sizeof(struct vs_value) + 1) + 512);
    struct vs_params *params = block ? vs_block_alloc(block, sizeof *params) : NULL;
    struct vs_value *values = params ? vs_block_alloc(block, noun->count * sizeof *values) : NULL;
    uint8_t *state = values ? vs_block_alloc(block, noun->count) : NULL;
    if (!state)
        return &nomem;
    memset(state, 0, noun->count);
    memset(values, 0, noun->count * sizeof *values);
    *params = (struct vs_params){VS_MAGIC_PARAMS, noun, block, NULL, INT64_MIN, state, values};
    VS_TAKE(block);
    return params;
}

/* A secret does not outlive its use. */
static void wipe(struct vs_params *params, int at) {
    const struct vs_value *value = &params->values[at];
    if ((params->noun->fields[at].use & VS_SECRET) && value->set && vs_type_is_text(params->noun->fields[at].type))
        vs_wipe((char *)(uintptr_t)value->text, value->len);
}

int vs_params_is(const struct vs_params *params, const struct vs_noun *noun) {
    return params && params->magic == VS_MAGIC_PARAMS && params->noun == noun;
}

void vs_params_free(struct vs_params *params) {
    if (!params || params->magic != VS_MAGIC_PARAMS || params == &nomem)
        return;
    vidstore_error_free(params->error);
    for (size_t i = 0; i < params->noun->count; i++)
        wipe(params, (int)i);
    params->magic = VS_MAGIC_FREED;
    vs_block_unref(params->block);
}

struct vs_params *vs_params_copy(const struct vs_params *params) {
    struct vs_params *copy = params->noun ? vs_params_new(params->noun) : &nomem;
    if (!copy->noun)
        return copy;
    copy->error = vs_error_ref(params->error);
    copy->expect_version = params->expect_version;
    memcpy(copy->state, params->state, params->noun->count);
    for (size_t i = 0; i < params->noun->count; i++) {
        struct vs_value value = params->values[i];
        if (value.set && vs_type_is_text(params->noun->fields[i].type))
            value.text = vs_block_text(copy->block, value.text, value.len);
        if (value.set && vs_type_is_text(params->noun->fields[i].type) && !value.text) {
            vs_params_free(copy);
            return &nomem;
        }
        copy->values[i] = value;
    }
    return copy;
}

static int wrong_noun(const struct vs_params *params, const struct vs_noun *noun, vidstore_error **e) {
    return vs_fail_sub(e, VIDSTORE_MISUSE, VIDSTORE_SUB_WRONG_HANDLE, "params", "params are those of a %s, not of a %s",
                       params->noun->name, noun->name);
}

/* The error slot for a setter; NULL when nothing is to be done any more. */
static vidstore_error **slot(struct vs_params *params, const struct vs_noun *noun) {
    if (!params || params->magic != VS_MAGIC_PARAMS || !params->noun || params->error)
        return NULL;
    if (params->noun == noun)
        return &params->error;
    wrong_noun(params, noun, &params->error);
    return NULL;
}

static int find(struct vs_params *params, int32_t id, vidstore_error **e) {
    int at = vs_field_index(params->noun, id);
    if (at < 0)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_UNKNOWN_FIELD, NULL, "a %s has no field %d",
                           params->noun->name, (int)id);
    if (!(params->noun->fields[at].use & (VS_SET | VS_ONCE)))
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_UNKNOWN_FIELD, params->noun->fields[at].name,
                           "%s can't be set", params->noun->fields[at].name);
    return at;
}

static void clear_at(struct vs_params *params, int at, vidstore_error **e) {
    const struct vs_field *field = &params->noun->fields[at];
    if (!(field->use & VS_NULL)) {
        vs_fail(e, VIDSTORE_INVALID, field->name, "%s can't be cleared", field->name);
        return;
    }
    wipe(params, at);
    params->state[at] = VS_PARAM_CLEAR;
    params->values[at] = (struct vs_value){0};
}

static int check_number(const struct vs_field *field, int64_t value, vidstore_error **e) {
    int64_t max = field->type == VS_TIME   ? YEAR_9999_US
                  : field->type == VS_BOOL ? 1
                  : field->max             ? field->max
                                           : INT64_MAX;
    if (field->type == VS_ENUM) {
        if (!vs_word_name(field->words, value))
            return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, field->name, "%s has no value %lld",
                               field->name, (long long)value);
        return 0;
    }
    if (value < 0 || value > max)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, field->name, "%s is not between 0 and %lld",
                           field->name, (long long)max);
    return 0;
}

static void set_int_at(struct vs_params *params, int at, int64_t value, vidstore_error **e) {
    const struct vs_field *field = &params->noun->fields[at];
    if (vs_type_is_text(field->type)) {
        vs_fail(e, VIDSTORE_INVALID, field->name, "%s is text, not a number", field->name);
        return;
    }
    if (check_number(field, value, e))
        return;
    params->state[at] = VS_PARAM_VALUE;
    params->values[at] = (struct vs_value){.i = value, .set = VS_VALUE_SET};
}

/* Of both sets: U+0080 to U+009F too are what a terminal acts upon, and some take the one for the end of a line. */
static int has_control(const char *s) {
    for (; *s; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7F || (*s == '\xC2' && (unsigned char)s[1] < 0xA0))
            return 1;
    return 0;
}

/* Texts in an array are words, such as tags: they are shown in a line. */
static int check_array(const struct vs_field *field, const char *text, size_t len, vidstore_error **e) {
    vs_autojson *array = NULL;
    json_t *item;
    size_t i;
    int r = vs_json_check(text, len, (size_t)field->max, JSON_ARRAY, field->name, e);
    if (!r)
        r = vs_json_parse(text, len, (size_t)field->max, field->name, &array, e);
    if (r)
        return r;
    json_array_foreach(array, i, item) {
        if (json_is_string(item) && has_control(json_string_value(item)))
            return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, field->name,
                               "%s has a control character in it", field->name);
    }
    return 0;
}

static int check_text_value(const struct vs_field *field, const char *value, size_t len, vidstore_error **e) {
    uint8_t bytes[64];
    struct vs_uuid id;
    switch (field->type) {
    case VS_UUID:
        return vs_uuid_parse(value, field->name, &id, e);
    case VS_JSON:
        return field->use & VS_ARRAY ? check_array(field, value, len, e)
                                     : vs_json_check(value, len, (size_t)field->max, JSON_OBJECT, field->name, e);
    case VS_HASH:
        if (len == 2 * (size_t)field->max && field->max <= 64 && !vs_unhex(value, bytes, (size_t)field->max))
            return 0;
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, field->name, "%s is not %lld hex digits",
                           field->name, (long long)field->max * 2);
    default:
        if ((field->use & VS_LINE) && has_control(value))
            return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, field->name,
                               "%s has a control character in it", field->name);
        return 0;
    }
}

static void set_text_at(struct vs_params *params, int at, const char *value, vidstore_error **e) {
    const struct vs_field *field = &params->noun->fields[at];
    size_t max = field->type == VS_TEXT || field->type == VS_JSON ? (size_t)field->max : 256;
    if (vs_check_text(value, field->name, max, e))
        return;
    size_t len = strlen(value);
    int64_t number = 0;
    if (field->type == VS_ENUM) {
        if (vs_word_value(field->words, value, len, &number))
            set_int_at(params, at, number, e);
        else
            vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, field->name, "%s has no value \"%.60s\"", field->name,
                        value);
        return;
    }
    if (!vs_type_is_text(field->type)) {
        vs_fail(e, VIDSTORE_INVALID, field->name, "%s is a number, not text", field->name);
        return;
    }
    if (check_text_value(field, value, len, e))
        return;
    char *copy = vs_block_text(params->block, value, len);
    if (!copy) {
        vs_fail_nomem(e);
        return;
    }
    if (field->type == VS_UUID || field->type == VS_HASH) /* one spelling, so that values compare as text */
        for (char *c = copy; *c; c++)
            if (*c >= 'A' && *c <= 'F')
                *c = (char)(*c + ('a' - 'A'));
    wipe(params, at);
    params->state[at] = VS_PARAM_VALUE;
    params->values[at] = (struct vs_value){.text = copy, .len = (uint32_t)len, .set = VS_VALUE_SET};
}

void vs_params_set_text(struct vs_params *params, const struct vs_noun *noun, int32_t id, const char *value) {
    vidstore_error **e = slot(params, noun);
    int at = e ? find(params, id, e) : -1;
    if (at < 0)
        return;
    if (value)
        set_text_at(params, at, value, e);
    else
        clear_at(params, at, e);
}

void vs_params_set_int(struct vs_params *params, const struct vs_noun *noun, int32_t id, int64_t value) {
    vidstore_error **e = slot(params, noun);
    int at = e ? find(params, id, e) : -1;
    if (at < 0)
        return;
    if (value != INT64_MIN)
        set_int_at(params, at, value, e);
    else
        clear_at(params, at, e);
}

void vs_params_clear(struct vs_params *params, const struct vs_noun *noun, int32_t id) {
    vidstore_error **e = slot(params, noun);
    int at = e ? find(params, id, e) : -1;
    if (at >= 0)
        clear_at(params, at, e);
}

void vs_params_expect_version(struct vs_params *params, const struct vs_noun *noun, int64_t version) {
    vidstore_error **e = slot(params, noun);
    if (!e)
        return;
    if (version < 1)
        vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "version", "version is not a positive number");
    else
        params->expect_version = version;
}

static void set_json_value(struct vs_params *params, int at, const json_t *value, vidstore_error **e) {
    const struct vs_field *field = &params->noun->fields[at];
    vs_autobuf text = {0};
    if (json_is_null(value)) {
        clear_at(params, at, e);
    } else if (field->type == VS_JSON) {
        vs_json_dump(&text, value);
        if (text.failed)
            vs_fail_nomem(e);
        else
            set_text_at(params, at, text.data, e);
    } else if (json_is_string(value)) {
        set_text_at(params, at, json_string_value(value), e);
    } else if (json_is_boolean(value) && field->type == VS_BOOL) {
        set_int_at(params, at, json_is_true(value), e);
    } else if (json_is_integer(value)) {
        set_int_at(params, at, json_integer_value(value), e);
    } else {
        vs_fail(e, VIDSTORE_INVALID, field->name, "%s has a value of the wrong type", field->name);
    }
}

void vs_params_set_json(struct vs_params *params, const struct vs_noun *noun, const char *json) {
    vidstore_error **e = slot(params, noun);
    vs_autojson *object = NULL;
    const char *name;
    json_t *value;
    if (!e || vs_check_text(json, "json", JSON_MAX, e) ||
        vs_json_parse(json, strlen(json), JSON_MAX, "json", &object, e))
        return;
    if (!json_is_object(object)) {
        vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "json", "json is not an object");
        return;
    }
    json_object_foreach(object, name, value) {
        const struct vs_field *field = vs_field_by_name(noun, name, strlen(name));
        if (!field) {
            vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_UNKNOWN_FIELD, strlen(name) <= 64 ? name : "json",
                        "a %s has no field \"%.60s\"", noun->name, name);
            return;
        }
        int at = find(params, field->id, e);
        if (at >= 0)
            set_json_value(params, at, value, e);
        if (params->error)
            return;
    }
}

int vs_params_check(const struct vs_params *params, const struct vs_noun *noun, vidstore_error **e) {
    if (!params)
        return 0;
    int r = vs_check_handle(params, VS_MAGIC_PARAMS, "params", e);
    if (r)
        return r;
    if (!params->noun)
        return vs_fail_nomem(e);
    if (params->noun != noun)
        return wrong_noun(params, noun, e);
    if (!params->error)
        return 0;
    if (e) {
        vs_error_clear(e);
        *e = vs_error_ref(params->error);
    }
    return vidstore_error_code(params->error);
}

int vs_params_get(const struct vs_params *params, int32_t id, const struct vs_value **ret) {
    int at = params && params->noun ? vs_field_index(params->noun, id) : -1;
    if (at < 0)
        return VS_PARAM_UNSET;
    *ret = &params->values[at];
    return params->state[at];
}
