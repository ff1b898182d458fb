/* SPDX-License-Identifier: MIT */
/* The engine behind all nouns: field tables, params, records, diffs; each type of field at its limits. */
#include "record/record.h"
#include "audit/audit.h"
#include "files/files.h"
#include "jobs/jobs.h"
#include "record/page.h"
#include "record/params.h"
#include "users/users.h"
#include "util/alloc.h"
#include "util/error.h"
#include "util/json.h"
#include "videos/videos.h"
#include <check.h>
#include <stdio.h>
#include <string.h>
#include <vidstore/query.h>

static const struct vs_noun *const nouns[] = {&vs_user_noun, &vs_job_noun, &vs_video_noun, &vs_file_noun,
                                              &vs_audit_noun};

/* --- the tables ----------------------------------------------------------------------------------------------------
 */

/* The number that a line of a table says, beside the constant of the public header. */
static const struct {
    int32_t constant, id;
} numbers[] = {
#define VS_FIELD(suffix_, id_, type_, column_, name_, use_, max_, words_) {VIDSTORE_USER_##suffix_, id_},
#define VS_VIRTUAL                                                        VS_FIELD
#include "users/user_fields.h"
#undef VS_FIELD
#define VS_FIELD(suffix_, id_, type_, column_, name_, use_, max_, words_) {VIDSTORE_JOB_##suffix_, id_},
#include "jobs/job_fields.h"
#undef VS_FIELD
#define VS_FIELD(suffix_, id_, type_, column_, name_, use_, max_, words_) {VIDSTORE_VIDEO_##suffix_, id_},
#include "videos/video_fields.h"
#undef VS_FIELD
#define VS_FIELD(suffix_, id_, type_, column_, name_, use_, max_, words_) {VIDSTORE_FILE_##suffix_, id_},
#include "files/file_fields.h"
#undef VS_FIELD
#define VS_FIELD(suffix_, id_, type_, column_, name_, use_, max_, words_) {VIDSTORE_AUDIT_##suffix_, id_},
#include "audit/audit_fields.h"
#undef VS_FIELD
#undef VS_VIRTUAL
};

START_TEST(ids_match_the_constants) {
    for (size_t i = 0; i < VS_COUNT(numbers); i++)
        ck_assert_int_eq(numbers[i].constant, numbers[i].id);
}
END_TEST

START_TEST(tables_are_sound) {
    const struct vs_noun *noun = nouns[_i];
    ck_assert_uint_le(noun->columns, noun->count);
    for (size_t i = 0; i < noun->count; i++) {
        const struct vs_field *f = &noun->fields[i];
        ck_assert_msg(f->id > noun->base && f->id < noun->base + 1000, "%s.%s: %d", noun->name, f->name, f->id);
        ck_assert_msg((f->column != NULL) == (i < noun->columns), "%s.%s", noun->name, f->name);
        ck_assert_ptr_eq(vs_field_by_id(noun, f->id), f); /* no id and no name twice */
        ck_assert_ptr_eq(vs_field_by_name(noun, f->name, strlen(f->name)), f);
        ck_assert_int_eq(vs_field_index(noun, f->id), (int)i);
        ck_assert_msg((f->words != NULL) == (f->type == VS_ENUM), "%s.%s: words", noun->name, f->name);
        ck_assert_msg(!(f->use & VS_SORT) || !(f->use & VS_NULL), "%s.%s: sorted and NULL", noun->name, f->name);
        ck_assert_msg(!(f->use & VS_SECRET) || !(f->use & VS_FILTER), "%s.%s: a secret to be guessed by filters",
                      noun->name, f->name);
        ck_assert_msg(f->type != VS_TEXT || f->max > 0, "%s.%s: text without a limit", noun->name, f->name);
        ck_assert_msg(f->type != VS_HASH || f->max <= 64, "%s.%s: a hash too long to bind", noun->name, f->name);
        ck_assert_msg(f->type != VS_JSON || !(f->use & VS_FILTER), "%s.%s", noun->name, f->name);
        ck_assert_msg((f->use & (VS_SET | VS_ONCE)) != (VS_SET | VS_ONCE), "%s.%s", noun->name, f->name);
        for (const struct vs_word *w = f->words; w && w->name; w++) {
            int64_t value = -1;
            ck_assert_int_eq(vs_word_value(f->words, w->name, strlen(w->name), &value), 1);
            ck_assert_int_eq(value, w->value);
            ck_assert_str_eq(vs_word_name(f->words, w->value), w->name);
        }
    }
    ck_assert_ptr_null(vs_field_by_id(noun, 0));
    ck_assert_ptr_null(vs_field_by_id(noun, -1));
    ck_assert_ptr_null(vs_field_by_name(noun, "", 0));
    ck_assert_ptr_null(vs_field_by_name(noun, "id ", 3));
    ck_assert_ptr_null(vs_word_name(NULL, 1));
}
END_TEST

/* --- each settable field at its limits -------------------------------------------------------------------------------
 */

static int set_text(const struct vs_noun *noun, const struct vs_field *f, const char *value) {
    struct vs_params *p = vs_params_new(noun);
    vidstore_error *error = NULL;
    vs_params_set_text(p, noun, f->id, value);
    int rc = vs_params_check(p, noun, &error);
    ck_assert_int_eq(vidstore_error_code(error), rc);
    if (rc)
        ck_assert_msg(strcmp(vidstore_error_field(error), f->name) == 0, "%s.%s: named %s", noun->name, f->name,
                      vidstore_error_field(error));
    vidstore_error_free(error);
    vs_params_free(p);
    return rc;
}

static int set_int(const struct vs_noun *noun, const struct vs_field *f, int64_t value) {
    struct vs_params *p = vs_params_new(noun);
    vidstore_error *error = NULL;
    const struct vs_value *kept = NULL;
    vs_params_set_int(p, noun, f->id, value);
    int rc = vs_params_check(p, noun, &error);
    if (rc)
        ck_assert_str_eq(vidstore_error_field(error), f->name);
    else if (value != INT64_MIN) {
        ck_assert_int_eq(vs_params_get(p, f->id, &kept), VS_PARAM_VALUE);
        ck_assert_int_eq(kept->i, value);
    }
    vidstore_error_free(error);
    vs_params_free(p);
    return rc;
}

static void number_limits(const struct vs_noun *noun, const struct vs_field *f) {
    int64_t max = f->type == VS_TIME   ? INT64_C(253402300800000000)
                  : f->type == VS_BOOL ? 1
                  : f->max             ? f->max
                                       : INT64_MAX;
    const struct {
        int64_t value;
        int good;
    } rows[] = {{0, 1},
                {1, 1},
                {max - 1, 1},
                {max, 1},
                {-1, 0},
                {INT64_MIN + 1, 0},
                {max < INT64_MAX ? max + 1 : -2, 0},
                {max < INT64_MAX ? INT64_MAX : -3, 0}};
    for (size_t i = 0; i < VS_COUNT(rows); i++)
        ck_assert_msg((set_int(noun, f, rows[i].value) == 0) == rows[i].good, "%s.%s: %lld", noun->name, f->name,
                      (long long)rows[i].value);
    ck_assert_int_eq(set_text(noun, f, "1"), VIDSTORE_INVALID);
}

static void word_limits(const struct vs_noun *noun, const struct vs_field *f) {
    for (const struct vs_word *w = f->words; w->name; w++) {
        ck_assert_int_eq(set_text(noun, f, w->name), 0);
        ck_assert_int_eq(set_int(noun, f, w->value), 0);
    }
    static const int64_t wild[] = {-1, 0, 9999, INT64_MAX, INT64_MIN + 1};
    for (size_t i = 0; i < VS_COUNT(wild); i++)
        ck_assert_int_eq(set_int(noun, f, wild[i]), vs_word_name(f->words, wild[i]) ? 0 : VIDSTORE_INVALID);
    ck_assert_int_eq(set_text(noun, f, ""), VIDSTORE_INVALID);
    ck_assert_int_eq(set_text(noun, f, "nothing"), VIDSTORE_INVALID);
}

static void text_limits(const struct vs_noun *noun, const struct vs_field *f) {
    vs_autofree char *text = vs_malloc((size_t)f->max + 2);
    memset(text, 'x', (size_t)f->max + 2);
    text[f->max + 1] = '\0';
    ck_assert_int_eq(set_text(noun, f, text), VIDSTORE_INVALID);
    text[f->max] = '\0';
    ck_assert_int_eq(set_text(noun, f, text), 0);
    text[f->max - 1] = '\0';
    ck_assert_int_eq(set_text(noun, f, text), 0);
    ck_assert_int_eq(set_text(noun, f, "\xED\xA0\x80"), VIDSTORE_INVALID);
    ck_assert_int_eq(set_text(noun, f, "a\nb"), f->use & VS_LINE ? VIDSTORE_INVALID : 0);
    ck_assert_int_eq(set_text(noun, f, "\x7F"), f->use & VS_LINE ? VIDSTORE_INVALID : 0);
    ck_assert_int_eq(set_int(noun, f, 1), VIDSTORE_INVALID);
}

static void json_limits(const struct vs_noun *noun, const struct vs_field *f) {
    int array = (f->use & VS_ARRAY) != 0;
    vs_autofree char *text = vs_malloc((size_t)f->max + 2);
    memset(text, ' ', (size_t)f->max + 2);
    memcpy(text, array ? "[]" : "{}", 2);
    text[f->max + 1] = '\0';
    ck_assert_int_eq(set_text(noun, f, text), VIDSTORE_INVALID);
    text[f->max] = '\0';
    ck_assert_int_eq(set_text(noun, f, text), 0);
    ck_assert_int_eq(set_text(noun, f, array ? "{}" : "[]"), VIDSTORE_INVALID);
    ck_assert_int_eq(set_text(noun, f, array ? "[1, \"a b\"]" : "{\"a\": \"b\\n\"}"), 0);
    ck_assert_int_eq(set_text(noun, f, array ? "[1, \"a\\nb\"]" : "[1]"), VIDSTORE_INVALID);
    ck_assert_int_eq(set_text(noun, f, "1"), VIDSTORE_INVALID);
    ck_assert_int_eq(set_text(noun, f, ""), VIDSTORE_INVALID);
}

static void hash_limits(const struct vs_noun *noun, const struct vs_field *f) {
    char text[160];
    memset(text, 'A', sizeof text);
    text[2 * f->max + 1] = '\0';
    ck_assert_int_eq(set_text(noun, f, text), VIDSTORE_INVALID);
    text[2 * f->max] = '\0';
    ck_assert_int_eq(set_text(noun, f, text), 0);
    text[0] = 'g';
    ck_assert_int_eq(set_text(noun, f, text), VIDSTORE_INVALID);
    text[2 * f->max - 1] = '\0';
    ck_assert_int_eq(set_text(noun, f, text + 1), VIDSTORE_INVALID);
}

START_TEST(limits) {
    const struct vs_noun *noun = nouns[_i];
    for (size_t i = 0; i < noun->count; i++) {
        const struct vs_field *f = &noun->fields[i];
        if (!(f->use & (VS_SET | VS_ONCE))) {
            ck_assert_int_eq(set_int(noun, f, 1), VIDSTORE_INVALID);
            ck_assert_int_eq(set_text(noun, f, "x"), VIDSTORE_INVALID);
            continue;
        }
        switch (f->type) {
        case VS_INT:
        case VS_BOOL:
        case VS_TIME:
            number_limits(noun, f);
            break;
        case VS_ENUM:
            word_limits(noun, f);
            break;
        case VS_TEXT:
            text_limits(noun, f);
            break;
        case VS_JSON:
            json_limits(noun, f);
            break;
        case VS_HASH:
            hash_limits(noun, f);
            break;
        case VS_UUID:
            ck_assert_int_eq(set_text(noun, f, "0190F5FE-7C00-7A00-8ABC-012345678901"), 0);
            ck_assert_int_eq(set_text(noun, f, "0190F5FE"), VIDSTORE_INVALID);
            break;
        }
        int cleared = f->use & VS_NULL ? 0 : VIDSTORE_INVALID; /* NULL is for what may be NULL */
        ck_assert_int_eq(set_text(noun, f, NULL), cleared);
        ck_assert_int_eq(set_int(noun, f, INT64_MIN), cleared);
    }
}
END_TEST

/* --- params ---------------------------------------------------------------------------------------------------------
 */

START_TEST(the_first_bad_value_sticks) {
    struct vs_params *p = vs_params_new(&vs_user_noun);
    const struct vs_value *value = NULL;
    vidstore_error *error = NULL;
    vs_params_set_text(p, &vs_user_noun, VIDSTORE_USER_USERNAME, "ann");
    vs_params_set_text(p, &vs_user_noun, VIDSTORE_USER_ROLE, "root");
    vs_params_set_text(p, &vs_user_noun, VIDSTORE_USER_EMAIL, "\xFF");
    vs_params_set_text(p, &vs_user_noun, VIDSTORE_USER_ROLE, "user");
    vs_params_set_int(p, &vs_user_noun, 1, 1);
    vs_params_expect_version(p, &vs_user_noun, -1);
    for (int i = 0; i < 2; i++) { /* and is told as often as asked */
        ck_assert_int_eq(vs_params_check(p, &vs_user_noun, &error), VIDSTORE_INVALID);
        ck_assert_str_eq(vidstore_error_field(error), "role");
    }
    ck_assert_int_eq(vs_params_get(p, VIDSTORE_USER_ROLE, &value), VS_PARAM_UNSET);
    vidstore_error_free(error);
    ck_assert_int_eq(vs_params_check(p, &vs_video_noun, NULL), VIDSTORE_MISUSE);
    vs_params_free(p);
    ck_assert_int_eq(vs_params_check(NULL, &vs_user_noun, NULL), 0);
    ck_assert_int_eq(vs_params_get(NULL, VIDSTORE_USER_ROLE, &value), VS_PARAM_UNSET);
}
END_TEST

START_TEST(unset_is_not_null) {
    struct vs_params *p = vs_params_new(&vs_user_noun);
    const struct vs_value *value = NULL;
    ck_assert_int_eq(vs_params_get(p, VIDSTORE_USER_EMAIL, &value), VS_PARAM_UNSET);
    vs_params_clear(p, &vs_user_noun, VIDSTORE_USER_EMAIL);
    ck_assert_int_eq(vs_params_get(p, VIDSTORE_USER_EMAIL, &value), VS_PARAM_CLEAR);
    ck_assert_int_eq(value->set, VS_VALUE_NULL);
    vs_params_set_text(p, &vs_user_noun, VIDSTORE_USER_EMAIL, "a@b");
    vs_params_set_text(p, &vs_user_noun, VIDSTORE_USER_EMAIL, "c@d"); /* the last one counts */
    ck_assert_int_eq(vs_params_get(p, VIDSTORE_USER_EMAIL, &value), VS_PARAM_VALUE);
    ck_assert_str_eq(value->text, "c@d");
    vs_params_set_json(p, &vs_user_noun, "{\"email\":null,\"full_name\":\"x\"}");
    ck_assert_int_eq(vs_params_get(p, VIDSTORE_USER_EMAIL, &value), VS_PARAM_CLEAR);
    ck_assert_int_eq(vs_params_get(p, VIDSTORE_USER_FULL_NAME, &value), VS_PARAM_VALUE);
    ck_assert_int_eq(vs_params_get(p, VIDSTORE_USER_USERNAME, &value), VS_PARAM_UNSET);
    vs_params_set_text(p, &vs_user_noun, VIDSTORE_USER_ID, "0190F5FE-7C00-7A00-8ABC-012345678901");
    vs_params_get(p, VIDSTORE_USER_ID, &value);
    ck_assert_str_eq(value->text, "0190f5fe-7c00-7a00-8abc-012345678901"); /* one spelling */
    ck_assert_int_eq(vs_params_check(p, &vs_user_noun, NULL), 0);
    vs_params_free(p);
}
END_TEST

/* --- records
 * ---------------------------------------------------------------------------------------------------------- */

enum { MOST_FIELDS = 128 };

/* A value for each column: told apart by `seed`; every third is NULL. */
static void fill(const struct vs_noun *noun, struct vs_value *values, int seed, char text[MOST_FIELDS][80]) {
    ck_assert_uint_le(noun->columns, MOST_FIELDS);
    for (size_t i = 0; i < noun->columns; i++) {
        const struct vs_field *f = &noun->fields[i];
        values[i] = (struct vs_value){0};
        if ((i + (size_t)seed) % 3 == 0)
            continue;
        values[i].set = VS_VALUE_SET;
        if (f->type == VS_JSON)
            snprintf(text[i], 80, f->use & VS_ARRAY ? "[%d]" : "{\"n\":%d}", seed);
        else if (f->type == VS_UUID)
            snprintf(text[i], 80, "0190f5fe-7c00-7a00-8abc-%012d", seed);
        else if (f->type == VS_HASH)
            snprintf(text[i], 80, "%0*d", (int)f->max * 2, seed);
        else
            snprintf(text[i], 80, "text \"%d\"\n\x01\xC3\xBC", seed);
        if (vs_type_is_text(f->type)) {
            values[i].text = text[i];
            values[i].len = (uint32_t)strlen(text[i]);
        } else {
            values[i].i = f->type == VS_ENUM ? f->words[0].value : f->type == VS_BOOL ? 1 : INT64_MAX - seed;
        }
    }
}

START_TEST(records_read_and_print) {
    const struct vs_noun *noun = nouns[_i];
    static char text[MOST_FIELDS][80];
    struct vs_value values[MOST_FIELDS];
    struct vs_record *record = NULL;
    fill(noun, values, 7, text);
    ck_assert_int_eq(vs_record_new(noun, 1, values, &record, NULL), 0);
    vs_autobuf json = {0};
    vs_record_json(&json, record);
    vs_autojson *object = NULL;
    ck_assert_int_eq(vs_json_parse(json.data, json.len, 1 << 20, "json", &object, NULL), 0);
    size_t shown = 0;
    for (size_t i = 0; i < noun->columns; i++) {
        const struct vs_field *f = &noun->fields[i];
        json_t *value = json_object_get(object, f->name);
        int secret = (f->use & VS_SECRET) != 0, is_text = vs_type_is_text(f->type);
        ck_assert_int_eq(value == NULL, secret); /* all fields but secrets, NULL as null */
        shown += !secret;
        ck_assert_int_eq(vs_record_is_null(record, f->id), !values[i].set || secret);
        if (!values[i].set || secret) {
            ck_assert_ptr_null(vs_record_text(record, f->id));
            ck_assert_int_eq(vs_record_int(record, f->id), INT64_MIN);
            ck_assert(secret || json_is_null(value));
            continue;
        }
        if (is_text)
            ck_assert_str_eq(vs_record_text(record, f->id), text[i]);
        else
            ck_assert_int_eq(vs_record_int(record, f->id), values[i].i);
        if (is_text && f->type != VS_JSON)
            ck_assert_str_eq(json_string_value(value), text[i]);
        if (f->type == VS_ENUM)
            ck_assert_str_eq(json_string_value(value), f->words[0].name);
        if (f->type == VS_INT || f->type == VS_TIME)
            ck_assert_int_eq(json_integer_value(value), values[i].i);
        if (f->type == VS_BOOL)
            ck_assert(json_is_true(value));
    }
    ck_assert_uint_eq(json_object_size(object), shown);
    ck_assert_ptr_null(vs_record_text(record, 0));
    ck_assert_int_eq(vs_record_int(NULL, noun->base + 5), INT64_MIN);
    vs_record_free(record);
    vs_record_free(NULL);
}
END_TEST

START_TEST(diffs) {
    const struct vs_noun *noun = nouns[_i];
    static char first[MOST_FIELDS][80], second[MOST_FIELDS][80];
    struct vs_value a[MOST_FIELDS], b[MOST_FIELDS];
    fill(noun, a, 1, first);
    fill(noun, b, 2, second);
    vs_autobuf same = {0}, other = {0};
    ck_assert_int_eq(vs_values_diff(&same, noun, a, a), 0);
    ck_assert_str_eq(same.data, "{}");
    int count = vs_values_diff(&other, noun, a, b);
    vs_autojson *object = NULL;
    ck_assert_int_eq(vs_json_parse(other.data, other.len, 1 << 20, "diff", &object, NULL), 0);
    ck_assert_int_eq(count, (int)json_object_size(object));
    for (size_t i = 0; i < noun->columns; i++) {
        const struct vs_field *f = &noun->fields[i];
        json_t *pair = json_object_get(object, f->name);
        int differs = !vs_value_equal(f, &a[i], &b[i]);
        ck_assert_msg((pair != NULL) == (differs && !(f->use & VS_QUIET)), "%s.%s", noun->name, f->name);
        if (pair && (f->use & VS_SECRET))
            ck_assert_str_eq(json_string_value(pair), "changed");
        else if (pair)
            ck_assert_uint_eq(json_array_size(pair), 2);
    }
}
END_TEST

START_TEST(pages) {
    struct vs_page *page = NULL;
    ck_assert_int_eq(vs_page_new(&vs_user_noun, 3, &page, NULL), 0);
    static char text[MOST_FIELDS][80];
    struct vs_value values[MOST_FIELDS];
    struct vs_record *record = NULL;
    vidstore_error *error = NULL;
    fill(&vs_user_noun, values, 4, text);
    ck_assert_int_eq(vs_record_new(&vs_user_noun, 1, values, &record, NULL), 0);
    ck_assert_int_eq(vs_page_add_outcome(page, record, NULL, NULL), 0);
    vs_fail(&error, VIDSTORE_EXISTS, "username", "taken");
    ck_assert_int_eq(vs_page_add_outcome(page, NULL, error, NULL), 0);
    vs_record_free(record); /* it was copied */
    const vidstore_page *p = (const vidstore_page *)page;
    ck_assert_int_eq(vidstore_page_count(p), 2);
    ck_assert_int_eq(vidstore_page_status(p, 1), VIDSTORE_EXISTS);
    const struct vs_record *kept = vs_page_record(p, &vs_user_noun, 0);
    ck_assert_ptr_nonnull(kept);
    ck_assert_ptr_null(vs_page_record(p, &vs_video_noun, 0));
    ck_assert_ptr_null(vs_page_record(p, &vs_user_noun, 1));
    ck_assert_ptr_null(vs_page_record(p, &vs_user_noun, 2));
    vidstore_user *mine = vidstore_user_ref((const vidstore_user *)kept);
    vs_page_free(page);
    ck_assert_str_eq(vidstore_user_text(mine, VIDSTORE_USER_USER_ID), text[1]);
    vidstore_user_free(mine);
    vs_page_free(NULL);
}
END_TEST

Suite *record_suite(void);
Suite *record_suite(void) {
    Suite *suite = suite_create("record");
    TCase *tests = tcase_create("record");
    tcase_add_test(tests, ids_match_the_constants);
    tcase_add_loop_test(tests, tables_are_sound, 0, VS_COUNT(nouns));
    tcase_add_loop_test(tests, limits, 0, VS_COUNT(nouns));
    tcase_add_test(tests, the_first_bad_value_sticks);
    tcase_add_test(tests, unset_is_not_null);
    tcase_add_loop_test(tests, records_read_and_print, 0, VS_COUNT(nouns));
    tcase_add_loop_test(tests, diffs, 0, VS_COUNT(nouns));
    tcase_add_test(tests, pages);
    suite_add_tcase(suite, tests);
    return suite;
}
