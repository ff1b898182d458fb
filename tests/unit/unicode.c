/* SPDX-License-Identifier: MIT */
/* Words, folding and composing. */
#include "util/unicode.h"
#include "util/alloc.h"
#include "util/utf8.h"
#include <check.h>
#include <stdint.h>
#include <string.h>

static void words(const char *text, const char *expected) {
    vs_autobuf b = {0};
    vs_unicode_words(&b, text, strlen(text), 1000);
    ck_assert_str_eq(b.data ? b.data : "", expected);
}

START_TEST(splits_and_folds) {
    words("The.Show.S01E02.1080p-GRP", "the show s01e02 1080p grp");
    words("Am\xC3\xA9lie \xC3\x84rger Stra\xC3\x9F"
          "e \xC5\x81\xC3\xB3"
          "d\xC5\xBA",
          "amelie arger strasse lodz");
    words("Ame\xCC\x81lie", "amelie");                                                             /* composed or not */
    words("\xEF\xBC\xA1\xEF\xBC\xA2\xEF\xBC\x93", "ab3");                                          /* full width */
    words("\xEF\xAC\x81lm", "film");                                                               /* a ligature */
    words("\xD0\x81\xD0\x9B\xD0\x9A\xD0\x90", "\xD0\xB5\xD0\xBB\xD0\xBA\xD0\xB0");                 /* Cyrillic io */
    words("\xCE\xA3\xCE\x9F\xCE\xA6\xCE\x8C\xCE\xA3", "\xCF\x83\xCE\xBF\xCF\x86\xCE\xBF\xCF\x83"); /* final sigma */
    words("\xE6\x9D\xB1\xE4\xBA\xAC"
          "ABC",
          "\xE6\x9D\xB1 \xE4\xBA\xAC abc"); /* no blanks between words */
    words("", "");
    words(" -- \"!*:()", "");
    words("a\xFF"
          "b",
          "a b");                            /* not UTF-8 */
    words("\xEE\x80\x80x\xEE\x80\x81", "x"); /* the marks of the index can't be typed */
}
END_TEST

START_TEST(limits_words) {
    char text[300];
    vs_autobuf b = {0}, long_one = {0};
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    vs_unicode_words(&long_one, text, strlen(text), 10);
    ck_assert_uint_eq(long_one.len, VS_WORD_MAX);
    ck_assert_uint_eq(vs_unicode_words(&b, "a b c d", 7, 2), 2);
    ck_assert_str_eq(b.data, "a b");
    ck_assert_uint_eq(vs_unicode_words(&b, "e", 1, 2), 1);
    ck_assert_str_eq(b.data, "a b e");
}
END_TEST

START_TEST(composes_and_folds_texts) {
    vs_autofree char *nfc = vs_unicode_nfc("e\xCC\x81-\xC3\xA9", 6);
    ck_assert_str_eq(nfc, "\xC3\xA9-\xC3\xA9");
    vs_autofree char *plain = vs_unicode_nfc("plain", 5);
    ck_assert_str_eq(plain, "plain");
    vs_autofree char *fold = vs_unicode_fold("\xC3\x89t\xC3\xA9, No. 5", 12);
    ck_assert_str_eq(fold, "ete, no. 5");
    vs_autofree char *none = vs_unicode_fold("", 0);
    ck_assert_str_eq(none, "");
}
END_TEST

/* Whatever the bytes: what comes out is UTF-8 of letters, digits and single blanks, and splits into itself. */
START_TEST(takes_any_bytes) {
    uint64_t seed = 42;
    for (int round = 0; round < 3000; round++) {
        char text[120];
        vs_autobuf once = {0}, twice = {0};
        for (size_t i = 0; i < sizeof text; i++) {
            seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            text[i] = (char)(round % 3 ? seed >> 56 : (seed >> 40) % 5 ? 0xC0 + (seed >> 56) % 64 : seed >> 56);
        }
        size_t n = vs_unicode_words(&once, text, sizeof text, 1000);
        ck_assert(vs_utf8_valid(once.data ? once.data : "", once.len));
        ck_assert_uint_eq(vs_unicode_words(&twice, once.data ? once.data : "", once.len, 1000), n);
        ck_assert_str_eq(once.data ? once.data : "", twice.data ? twice.data : "");
    }
}
END_TEST

Suite *unicode_suite(void);

Suite *unicode_suite(void) {
    Suite *suite = suite_create("unicode");
    TCase *tc = tcase_create("unicode");
    tcase_add_test(tc, splits_and_folds);
    tcase_add_test(tc, limits_words);
    tcase_add_test(tc, composes_and_folds_texts);
    tcase_add_test(tc, takes_any_bytes);
    suite_add_tcase(suite, tc);
    return suite;
}
