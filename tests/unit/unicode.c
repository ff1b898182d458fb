/* SPDX-License-Identifier: MIT */
/* Words, folding and composing. */
#include "util/unicode.h"
#include "util/alloc.h"
#include "util/utf8.h"
#include <check.h>
#include <stdint.h>
#include <stdio.h>
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
/* What looks like another name, or is it in another form, is no name (Spotify 2013: a name became another's). */
START_TEST(attack_36_names_have_one_form) {
    static const char *const good[] = {"ann",
                                       "ANN",
                                       "a.b_c-d+e",
                                       "j\xC3\xB6rg",
                                       "Z\xC3\xBCrich9",
                                       "\xD0\xB0\xD0\xBD\xD0\xBD\xD0\xB0",
                                       "\xE5\xB1\xB1\xE7\x94\xB0\xE3\x81\x95\xE3\x82\x93",
                                       "\xC4\xB1rmak",
                                       "\xE0\xA4\xA8\xE0\xA4\xBE\xE0\xA4\xAE"};
    static const char *const bad[] = {"\xE1\xB4\xAE\xE1\xB4\xB5\xE1\xB4\xB3", /* small capitals */
                                      "\xC3\x84nn",                           /* a capital beyond ASCII */
                                      "stra\xC3\x9F"
                                      "e",               /* becomes two letters */
                                      "\xD0\xB0nn",      /* a Cyrillic letter among Latin ones */
                                      "\xCE\xBFmar",     /* a Greek one */
                                      "an\xE2\x80\x8Bn", /* no width */
                                      "an\xE2\x80\xAEn", /* right to left */
                                      "an\xC2\xADn",     /* a soft hyphen */
                                      "an\xC2\xA0n",     /* a blank that is none */
                                      "u\xCC\x88"
                                      "bel",              /* not composed */
                                      "\xEF\xBD\x81nn",   /* wide */
                                      "\xEF\xAC\x81n",    /* a ligature */
                                      "ann\xE2\x84\xA2",  /* a symbol */
                                      "\xF0\x9F\x8E\xAC", /* a picture */
                                      "\xF3\xA0\x81\xA1"
                                      "ann", /* a tag */
                                      "\xFF"
                                      "ann"};
    for (size_t i = 0; i < VS_COUNT(good); i++)
        ck_assert_msg(vs_unicode_is_name(good[i], strlen(good[i])), "%s", good[i]);
    for (size_t i = 0; i < VS_COUNT(bad); i++)
        ck_assert_msg(!vs_unicode_is_name(bad[i], strlen(bad[i])), "%s", bad[i]);
}
END_TEST

/* Of each character: a name that it may stand in is its own key, and the key of that. */
START_TEST(attack_36_a_key_is_its_own_key) {
    int names = 0;
    for (uint32_t c = 0x80; c < 0x10000; c++) {
        char text[8];
        if (c >= 0xD800 && c <= 0xDFFF)
            continue;
        snprintf(text, sizeof text, c < 0x800 ? "%c%c" : "%c%c%c",
                 c < 0x800 ? 0xC0 | (int)(c >> 6) : 0xE0 | (int)(c >> 12),
                 c < 0x800 ? 0x80 | (int)(c & 63) : 0x80 | (int)(c >> 6 & 63), 0x80 | (int)(c & 63));
        if (!vs_unicode_is_name(text, strlen(text)))
            continue;
        names++;
        vs_autofree char *key = vs_ascii_fold(text), *composed = vs_unicode_nfc(text, strlen(text));
        ck_assert_str_eq(key, text);
        ck_assert_str_eq(composed, text);
    }
    ck_assert_int_gt(names, 20000);
}
END_TEST

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
    tcase_add_test(tc, attack_36_names_have_one_form);
    tcase_add_test(tc, attack_36_a_key_is_its_own_key);
    tcase_add_test(tc, takes_any_bytes);
    suite_add_tcase(suite, tc);
    return suite;
}
