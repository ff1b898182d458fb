/* SPDX-License-Identifier: MIT */
/* Text, ids, buffers, JSON, errors. */
#include "crypto/crypto.h"
#include "record/block.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/env.h"
#include "util/error.h"
#include "util/json.h"
#include "util/utf8.h"
#include "util/uuid.h"
#include <check.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* --- UTF-8
 * ------------------------------------------------------------------------------------------------------------ */

static const struct {
    const char *bytes;
    size_t len;
    int valid;
    const char *scrubbed; /* U+FFFD as ? */
} texts[] = {
    {"", 0, 1, ""},
    {"abc", 3, 1, "abc"},
    {"\x7F", 1, 1, "\x7F"},
    {"\xC2\x80", 2, 1, "\xC2\x80"},
    {"\xDF\xBF", 2, 1, "\xDF\xBF"},
    {"\xE0\xA0\x80", 3, 1, "\xE0\xA0\x80"},
    {"\xED\x9F\xBF", 3, 1, "\xED\x9F\xBF"},
    {"\xEE\x80\x80", 3, 1, "\xEE\x80\x80"},
    {"\xEF\xBF\xBF", 3, 1, "\xEF\xBF\xBF"},
    {"\xF0\x90\x80\x80", 4, 1, "\xF0\x90\x80\x80"},
    {"\xF4\x8F\xBF\xBF", 4, 1, "\xF4\x8F\xBF\xBF"},
    {"a\0b", 3, 0, "a?b"},
    {"\x80", 1, 0, "?"},
    {"\xBF\xBF", 2, 0, "??"},
    {"\xC0\x80", 2, 0, "??"}, /* overlong */
    {"\xC1\xBF", 2, 0, "??"},
    {"\xE0\x80\x80", 3, 0, "???"},
    {"\xE0\x9F\xBF", 3, 0, "???"},
    {"\xF0\x80\x80\x80", 4, 0, "????"},
    {"\xF0\x8F\xBF\xBF", 4, 0, "????"},
    {"\xED\xA0\x80", 3, 0, "???"}, /* surrogates */
    {"\xED\xBF\xBF", 3, 0, "???"},
    {"\xF4\x90\x80\x80", 4, 0, "????"}, /* past U+10FFFF */
    {"\xF5\x80\x80\x80", 4, 0, "????"},
    {"\xF8\x88\x80\x80\x80", 5, 0, "?????"},
    {"\xFE", 1, 0, "?"},
    {"\xFF", 1, 0, "?"},
    {"\xC3", 1, 0, "?"}, /* cut */
    {"\xE2\x82", 2, 0, "??"},
    {"\xF0\x9F\x98", 3, 0, "???"},
    {"\xC3(", 2, 0, "?("},
    {"\xE2\x28\xA1", 3, 0, "?(?"},
    {"x\xE2\x82\xACy\xFFz", 7, 0, "x\xE2\x82\xACy?z"},
};

START_TEST(texts_are_cut_between_characters) {
    ck_assert_uint_eq(vs_utf8_cut("abc", 5), 3);
    ck_assert_uint_eq(vs_utf8_cut("abc", 3), 3);
    ck_assert_uint_eq(vs_utf8_cut("abc", 2), 2);
    ck_assert_uint_eq(vs_utf8_cut("", 0), 0);
    const char *text = "a\xC3\xBC\xE2\x82\xAC\xF0\x9F\x8E\xAC!"; /* of 1, 2, 3, 4 and 1 bytes */
    const size_t wanted[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
    for (size_t max = 0; max < VS_COUNT(wanted); max++) {
        ck_assert_uint_eq(vs_utf8_cut(text, max), wanted[max]);
        ck_assert(vs_utf8_valid(text, vs_utf8_cut(text, max)));
    }
    ck_assert_uint_eq(vs_utf8_cut("\x80\x80\x80\x80\x80\x80", 5), 5); /* no UTF-8: there is no better place */
}
END_TEST

START_TEST(utf8) {
    ck_assert_int_eq(vs_utf8_valid(texts[_i].bytes, texts[_i].len), texts[_i].valid);
    vs_autofree char *scrubbed = vs_utf8_scrub(texts[_i].bytes, texts[_i].len);
    vs_autobuf plain = {0};
    vs_buf_add(&plain, "", 0);
    for (const char *c = scrubbed; *c; c++) {
        if (strncmp(c, "\xEF\xBF\xBD", 3) == 0) {
            vs_buf_char(&plain, '?');
            c += 2;
        } else {
            vs_buf_char(&plain, *c);
        }
    }
    ck_assert_str_eq(plain.data, texts[_i].scrubbed);
    ck_assert(vs_utf8_valid(scrubbed, strlen(scrubbed)));
}
END_TEST

START_TEST(checked_text) {
    vidstore_error *error = NULL;
    ck_assert_int_eq(vs_check_text("abc", "f", 3, NULL), 0);
    ck_assert_int_eq(vs_check_text("abcd", "f", 3, &error), VIDSTORE_INVALID);
    ck_assert_int_eq(vidstore_error_subcode(error), VIDSTORE_SUB_TOO_LONG);
    ck_assert_str_eq(vidstore_error_field(error), "f");
    ck_assert_int_eq(vs_check_text("a\xFF", "g", 3, &error), VIDSTORE_INVALID); /* replaces the error */
    ck_assert_int_eq(vidstore_error_subcode(error), VIDSTORE_SUB_UTF8);
    ck_assert_int_eq(vs_check_text(NULL, "h", 3, &error), VIDSTORE_MISUSE);
    vidstore_error_free(error);
    vs_autofree char *folded = vs_ascii_fold("AZaz09[`{\xC3\x84");
    ck_assert_str_eq(folded, "azaz09[`{\xC3\x84");
}
END_TEST

/* --- ids
 * --------------------------------------------------------------------------------------------------------------- */

START_TEST(uuid_text) {
    static const char *const bad[] = {"", "0190f5fe-7c00-7a00-8abc-01234567890",
                                      "0190f5fe-7c00-7a00-8abc-0123456789012", "0190f5fe_7c00-7a00-8abc-012345678901",
                                      "0190f5fe-7c00-7a00-8abc-01234567890G"};
    struct vs_uuid u;
    char text[VS_UUID_TEXT];
    for (size_t i = 0; i < VS_COUNT(bad); i++) {
        ck_assert_int_eq(vs_uuid_is_text(bad[i]), 0);
        ck_assert_int_eq(vs_uuid_parse(bad[i], "id", &u, NULL), VIDSTORE_INVALID);
    }
    ck_assert_int_eq(vs_uuid_is_text(NULL), 0);
    ck_assert_int_eq(vs_uuid_parse(NULL, "id", &u, NULL), VIDSTORE_MISUSE);
    ck_assert_int_eq(vs_uuid_parse("0190F5FE-7C00-7A00-8ABC-012345678901", "id", &u, NULL), 0);
    vs_uuid_format(&u, text);
    ck_assert_str_eq(text, "0190f5fe-7c00-7a00-8abc-012345678901");
    ck_assert_int_eq(u.b[0], 1);
    ck_assert_int_eq(u.b[15], 1);
}
END_TEST

enum { IDS = 20000, THREADS = 8 };
static struct vs_uuid made[THREADS][IDS];

static void *make_ids(void *arg) {
    struct vs_uuid *mine = arg;
    for (int i = 0; i < IDS; i++)
        ck_assert_int_eq(vs_uuid_make(&mine[i], NULL), 0);
    return NULL;
}

static int by_bytes(const void *a, const void *b) {
    return memcmp(a, b, 16);
}

START_TEST(uuids_ascend_in_all_threads) {
    pthread_t threads[THREADS];
    for (int t = 0; t < THREADS; t++)
        pthread_create(&threads[t], NULL, make_ids, made[t]);
    for (int t = 0; t < THREADS; t++)
        pthread_join(threads[t], NULL);
    for (int t = 0; t < THREADS; t++)
        for (int i = 0; i < IDS; i++) {
            ck_assert_int_eq(made[t][i].b[6] >> 4, 7);
            ck_assert_int_eq(made[t][i].b[8] >> 6, 2);
            ck_assert(i == 0 || memcmp(made[t][i - 1].b, made[t][i].b, 16) < 0);
        }
    qsort(made, (size_t)THREADS * IDS, sizeof made[0][0], by_bytes);
    const struct vs_uuid *all = &made[0][0];
    for (size_t i = 1; i < (size_t)THREADS * IDS; i++)
        ck_assert(memcmp(all[i - 1].b, all[i].b, 16) != 0);
}
END_TEST

static int64_t fake_us;
static int64_t fake_now(void) {
    return fake_us;
}
static int no_random(void *buf, size_t size) {
    (void)buf, (void)size;
    return -1;
}

START_TEST(uuids_when_the_clock_goes_back) {
    struct vs_env env = vs_env_real;
    struct vs_uuid before, after;
    env.now_us = fake_now;
    fake_us = INT64_C(4000000000000000); /* later than any clock of a test before */
    vs_env_set(&env);
    ck_assert_int_eq(vs_uuid_make(&before, NULL), 0);
    ck_assert_int_eq((int64_t)before.b[0] << 40 | (int64_t)before.b[1] << 32 | (int64_t)before.b[2] << 24 |
                         before.b[3] << 16 | before.b[4] << 8 | before.b[5],
                     INT64_C(4000000000000));
    fake_us -= INT64_C(3600000000);
    for (int i = 0; i < 10000; i++) { /* more than the counter holds */
        ck_assert_int_eq(vs_uuid_make(&after, NULL), 0);
        ck_assert(memcmp(before.b, after.b, 16) < 0);
        before = after;
    }
    env.random = no_random;
    vidstore_error *error = NULL;
    ck_assert_int_eq(vs_uuid_make(&after, &error), VIDSTORE_IO);
    vidstore_error_free(error);
    vs_env_set(NULL);
}
END_TEST

/* --- memory
 * -------------------------------------------------------------------------------------------------------------- */

START_TEST(buffers) {
    struct vs_buf b = {.max = 10};
    vs_buf_str(&b, "12345");
    vs_buf_fmt(&b, "%d", 678);
    vs_buf_char(&b, '9');
    vs_buf_int(&b, 0);
    ck_assert_int_eq(b.failed, 0);
    ck_assert_str_eq(b.data, "1234567890");
    vs_buf_char(&b, 'x');
    ck_assert_int_eq(b.failed, VIDSTORE_INVALID);
    vs_buf_add(&b, "", 0); /* a failure sticks */
    ck_assert_uint_eq(b.len, 10);
    vidstore_text *text = NULL;
    vidstore_error *error = NULL;
    ck_assert_int_eq(vs_buf_to_text(&b, &text, &error), VIDSTORE_INVALID);
    ck_assert_int_eq(vidstore_error_subcode(error), VIDSTORE_SUB_TOO_LARGE);
    ck_assert_ptr_null(text);
    vidstore_error_free(error);
    vs_buf_free(&b);
    struct vs_buf numbers = {0};
    vs_buf_int(&numbers, INT64_MIN);
    vs_buf_int(&numbers, INT64_MAX);
    ck_assert_str_eq(numbers.data, "-92233720368547758089223372036854775807");
    for (int i = 0; i < 100000; i++)
        vs_buf_fmt(&numbers, "%05d", i);
    ck_assert_uint_eq(numbers.len, 39 + 500000);
    ck_assert_int_eq(vs_buf_to_text(&numbers, &text, NULL), 0);
    ck_assert_ptr_null(numbers.data);
    ck_assert_int_eq(vidstore_text_size(text), 39 + 500000);
    vidstore_text_free(text);
    struct vs_buf none = {0}; /* nothing added is the empty text */
    ck_assert_int_eq(vs_buf_to_text(&none, &text, NULL), 0);
    ck_assert_str_eq(vidstore_text_data(text), "");
    vidstore_text_free(text);
    struct vs_buf huge = {.max = 100};
    vs_buf_add(&huge, "x", SIZE_MAX);
    ck_assert_int_eq(huge.failed, VIDSTORE_INVALID);
}
END_TEST

START_TEST(allocation_does_not_overflow) {
    ck_assert_ptr_null(vs_calloc(SIZE_MAX, 2));
    ck_assert_ptr_null(vs_calloc(SIZE_MAX / 2 + 1, 2));
    ck_assert_ptr_null(vs_reallocarray(NULL, SIZE_MAX, 2));
    void *p = vs_calloc(0, 8), *q = vs_malloc(0);
    ck_assert_ptr_nonnull(p); /* nothing is not "out of memory" */
    ck_assert_ptr_nonnull(q);
    vs_free(p);
    vs_free(q);
    vs_free(NULL);
}
END_TEST

START_TEST(blocks) {
    struct vs_block *block = vs_block_new(16);
    char *texts_[1000];
    for (int i = 0; i < 1000; i++) {
        char text[300];
        memset(text, 'a' + i % 26, sizeof text);
        texts_[i] = vs_block_text(block, text, (size_t)i % 300);
        int64_t *number = vs_block_alloc(block, sizeof *number);
        ck_assert_uint_eq((uintptr_t)number % 16, 0);
        *number = -1;
    }
    char *big = vs_block_alloc(block, 5 << 20);
    memset(big, 'x', 5 << 20);
    ck_assert_ptr_eq(vs_block_ref(block), block);
    vs_block_unref(block);
    for (int i = 0; i < 1000; i++) {
        ck_assert_uint_eq(strlen(texts_[i]), (size_t)i % 300);
        ck_assert(!*texts_[i] || (*texts_[i] == 'a' + i % 26));
    }
    vs_block_unref(block);
    vs_block_unref(NULL);
}
END_TEST

/* --- JSON
 * ------------------------------------------------------------------------------------------------------------------ */

static char *nested(int depth) {
    char *text = calloc(1, (size_t)depth * 2 + 1);
    memset(text, '[', (size_t)depth);
    memset(text + depth, ']', (size_t)depth);
    return text;
}

START_TEST(json_depth) {
    char *most = nested(VS_JSON_DEPTH), *more = nested(VS_JSON_DEPTH + 1), *far = nested(500000);
    ck_assert_int_eq(vs_json_check(most, strlen(most), 1 << 20, JSON_ARRAY, "f", NULL), 0);
    ck_assert_int_eq(vs_json_check(more, strlen(more), 1 << 20, JSON_ARRAY, "f", NULL), VIDSTORE_INVALID);
    ck_assert_int_eq(vs_json_check(far, strlen(far), 1 << 20, JSON_ARRAY, "f", NULL), VIDSTORE_INVALID);
    char text[400] = "[\"";
    memset(text + 2, '[', 300); /* in a string they are only characters */
    strcpy(text + 302, "\\\"[\"]");
    ck_assert_int_eq(vs_json_check(text, strlen(text), 400, JSON_ARRAY, "f", NULL), 0);
    free(most);
    free(more);
    free(far);
}
END_TEST

static const struct {
    const char *text;
    int wanted, status;
} jsons[] = {
    {"{}", JSON_OBJECT, 0},
    {"[]", JSON_ARRAY, 0},
    {" {\"a\" : [ 1 , -2.5e3 , null , true , \"\\u00fc\\ud83d\\ude00\" ] } ", JSON_OBJECT, 0},
    {"1", -1, 0},
    {"\"x\"", -1, 0},
    {"{}", JSON_ARRAY, VIDSTORE_INVALID},
    {"[]", JSON_OBJECT, VIDSTORE_INVALID},
    {"null", JSON_OBJECT, VIDSTORE_INVALID},
    {"", -1, VIDSTORE_INVALID},
    {" ", -1, VIDSTORE_INVALID},
    {"{", -1, VIDSTORE_INVALID},
    {"{}}", -1, VIDSTORE_INVALID},
    {"{} {}", -1, VIDSTORE_INVALID},
    {"{'a':1}", -1, VIDSTORE_INVALID},
    {"{a:1}", -1, VIDSTORE_INVALID},
    {"{\"a\":1,}", -1, VIDSTORE_INVALID},
    {"[1,]", -1, VIDSTORE_INVALID},
    {"[01]", -1, VIDSTORE_INVALID},
    {"[1.]", -1, VIDSTORE_INVALID},
    {"[NaN]", -1, VIDSTORE_INVALID},
    {"[9223372036854775808]", -1, VIDSTORE_INVALID},
    {"[1e999]", -1, VIDSTORE_INVALID},
    {"{\"a\":1,\"a\":1}", -1, VIDSTORE_INVALID},
    {"{\"a\":{\"b\":1,\"\\u0062\":2}}", -1, VIDSTORE_INVALID},
    {"[\"\\u0000\"]", -1, VIDSTORE_INVALID},
    {"{\"\\u0000\":1}", -1, VIDSTORE_INVALID},
    {"[\"\\ud800\"]", -1, VIDSTORE_INVALID},
    {"[\"\\udc00\\ud800\"]", -1, VIDSTORE_INVALID},
    {"[\"\xFF\"]", -1, VIDSTORE_INVALID},
    {"[\"\n\"]", -1, VIDSTORE_INVALID},
    {"[\"x]", -1, VIDSTORE_INVALID},
    {"/* */ []", -1, VIDSTORE_INVALID},
    {"\xEF\xBB\xBF[]", -1, VIDSTORE_INVALID},
};

START_TEST(json) {
    vidstore_error *error = NULL;
    int rc = vs_json_check(jsons[_i].text, strlen(jsons[_i].text), 1000, jsons[_i].wanted, "f", &error);
    ck_assert_msg(rc == jsons[_i].status, "%s: %s", jsons[_i].text, vidstore_error_message(error));
    if (rc)
        ck_assert_str_eq(vidstore_error_field(error), "f");
    vidstore_error_free(error);
}
END_TEST

START_TEST(json_limits_and_strings) {
    ck_assert_int_eq(vs_json_check("[1]", 3, 3, -1, "f", NULL), 0);
    ck_assert_int_eq(vs_json_check("[1 ]", 4, 3, -1, "f", NULL), VIDSTORE_INVALID);
    ck_assert_int_eq(vs_json_check(NULL, 0, 3, -1, "f", NULL), VIDSTORE_MISUSE);
    vs_autobuf b = {0};
    for (int c = 1; c < 0x80; c++)
        vs_buf_char(&b, (char)c);
    vs_buf_str(&b, "\xC3\xBC\xF0\x9F\x98\x80");
    vs_autobuf quoted = {0};
    vs_json_string(&quoted, b.data, b.len);
    for (size_t i = 0; i < quoted.len; i++)
        ck_assert_uint_ge((unsigned char)quoted.data[i], 0x20); /* nothing can end a line */
    vs_autojson *value = NULL;
    ck_assert_int_eq(vs_json_parse(quoted.data, quoted.len, 1000, "f", &value, NULL), 0);
    ck_assert_str_eq(json_string_value(value), b.data); /* and back */
}
END_TEST

/* --- errors
 * ------------------------------------------------------------------------------------------------------------------ */

START_TEST(errors) {
    vidstore_error *error = NULL;
    ck_assert_int_eq(vs_fail_sub(&error, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "f", "line\nbreak %s", "\xE2\x82"),
                     VIDSTORE_INVALID);
    ck_assert_str_eq(vidstore_error_message(error), "line break ??");
    vs_error_set_cause(&error, "c\xFF\n");
    ck_assert_str_eq(vidstore_error_cause(error), "c? ");
    vs_error_set_retry(&error, 7);
    ck_assert_int_eq(vidstore_error_retry_after_ms(error), 7);
    vidstore_error *again = vs_error_ref(error);
    vidstore_error_free(error);
    ck_assert_str_eq(vidstore_error_field(again), "f");
    vidstore_error_free(again);
    error = NULL;
    char *big = malloc(5000);
    memset(big, 'x', 4999);
    big[4999] = '\0';
    vs_fail(&error, VIDSTORE_IO, NULL, "%s", big);
    ck_assert_uint_eq(strlen(vidstore_error_message(error)), 1023);
    free(big);
    static const struct {
        int errnum, code;
    } rows[] = {{ENOMEM, VIDSTORE_NOMEM},  {ENOSPC, VIDSTORE_FULL},        {EDQUOT, VIDSTORE_FULL},
                {EFBIG, VIDSTORE_FULL},    {EROFS, VIDSTORE_READONLY},     {ENOENT, VIDSTORE_NOT_FOUND},
                {EEXIST, VIDSTORE_EXISTS}, {EMFILE, VIDSTORE_UNAVAILABLE}, {EIO, VIDSTORE_IO},
                {EACCES, VIDSTORE_IO}};
    for (size_t i = 0; i < VS_COUNT(rows); i++) {
        ck_assert_int_eq(vs_fail_errno(&error, rows[i].errnum, "f", "do it"), rows[i].code);
        ck_assert_int_eq(vidstore_error_code(error), rows[i].code);
        ck_assert_ptr_nonnull(vidstore_error_cause(error));
    }
    ck_assert_int_eq(vs_fail_nomem(&error), VIDSTORE_NOMEM);
    ck_assert_str_eq(vidstore_error_message(error), "out of memory");
    ck_assert_int_eq(vs_fail(NULL, VIDSTORE_IO, "f", "x"), VIDSTORE_IO);
    vs_error_clear(&error);
    ck_assert_ptr_null(error);
}
END_TEST

START_TEST(hex) {
    uint8_t bytes[4] = {0};
    char text[9];
    ck_assert_int_eq(vs_unhex("00fFA9", bytes, 3), 0);
    vs_hex(bytes, 3, text);
    ck_assert_str_eq(text, "00ffa9");
    static const char *const bad[] = {"", "0", "00ff", "00ffa90", "00ffag", " 0ffa9", "00ffa9 "};
    for (size_t i = 0; i < VS_COUNT(bad); i++)
        ck_assert_int_eq(vs_unhex(bad[i], bytes, 3), -1);
    uint8_t digest[VS_SHA256_SIZE];
    char digits[65];
    ck_assert_int_eq(vs_sha256("abc", 3, digest), 0);
    vs_hex(digest, sizeof digest, digits);
    ck_assert_str_eq(digits, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    ck_assert_int_eq(vs_secret_equal("abc", "abc", 3), 1);
    ck_assert_int_eq(vs_secret_equal("abc", "abd", 3), 0);
}
END_TEST

/* The first example of RFC 5297, and what a changed bit does. */
START_TEST(sealed_texts) {
    uint8_t key[VS_SIV_KEY], beside[24], text[14], tag[VS_SIV_TAG], sealed[14], opened[14];
    vidstore_error *error = NULL;
    char digits[64];
    int fits = 0;
    vs_unhex("fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", key, sizeof key);
    vs_unhex("101112131415161718191a1b1c1d1e1f2021222324252627", beside, sizeof beside);
    vs_unhex("112233445566778899aabbccddee", text, sizeof text);
    ck_assert_int_eq(vs_siv_seal(key, beside, sizeof beside, text, sizeof text, tag, sealed, &error), 0);
    vs_hex(tag, sizeof tag, digits);
    ck_assert_str_eq(digits, "85632d07c6e8f37f950acd320a2ecc93");
    vs_hex(sealed, sizeof sealed, digits);
    ck_assert_str_eq(digits, "40c02b9690c4dc04daef7f6afe5c");
    ck_assert_int_eq(vs_siv_open(key, beside, sizeof beside, tag, sealed, sizeof sealed, opened, &fits, &error), 0);
    ck_assert_int_eq(fits, 1);
    ck_assert_mem_eq(opened, text, sizeof text);
    uint8_t *const parts[] = {key, beside, tag, sealed};
    for (size_t i = 0; i < VS_COUNT(parts); i++) {
        parts[i][3] ^= 1;
        ck_assert_int_eq(vs_siv_open(key, beside, sizeof beside, tag, sealed, sizeof sealed, opened, &fits, &error), 0);
        ck_assert_int_eq(fits, 0);
        parts[i][3] ^= 1;
    }
}
END_TEST

Suite *util_suite(void);
Suite *util_suite(void) {
    Suite *suite = suite_create("util");
    TCase *tests = tcase_create("util");
    tcase_add_loop_test(tests, utf8, 0, VS_COUNT(texts));
    tcase_add_test(tests, texts_are_cut_between_characters);
    tcase_add_test(tests, checked_text);
    tcase_add_test(tests, uuid_text);
    tcase_add_test(tests, uuids_ascend_in_all_threads);
    tcase_add_test(tests, uuids_when_the_clock_goes_back);
    tcase_add_test(tests, buffers);
    tcase_add_test(tests, sealed_texts);
    tcase_add_test(tests, allocation_does_not_overflow);
    tcase_add_test(tests, blocks);
    tcase_add_test(tests, json_depth);
    tcase_add_loop_test(tests, json, 0, VS_COUNT(jsons));
    tcase_add_test(tests, json_limits_and_strings);
    tcase_add_test(tests, errors);
    tcase_add_test(tests, hex);
    suite_add_tcase(suite, tests);
    return suite;
}
