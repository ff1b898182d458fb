/* SPDX-License-Identifier: MIT */
/* Unicode beyond well-formed UTF-8: the one door to libunistring. What is not UTF-8 is skipped, never read past. */
#ifndef VS_UTIL_UNICODE_H
#define VS_UTIL_UNICODE_H

#include "util/buf.h"

enum {
    VS_WORD_MAX = 64,           /* characters of one word; what follows is not told apart */
    VS_UNICODE_MARK = 0xE000,   /* private: begins what no text can hold after vs_unicode_words */
    VS_UNICODE_EQUALS = 0xE001, /* private: stands in such a word for what is no letter */
};
#define VS_MARK_TEXT   "\xEE\x80\x80"
#define VS_EQUALS_TEXT "\xEE\x80\x81"

/* The text in normalisation form C, composed: what people type on different systems becomes the same bytes. A new
 * text; NULL: out of memory. */
char *vs_unicode_nfc(const char *s, size_t len);
/* For comparing as people do: without regard to case, accents, width and ligatures. A new text; NULL: out of memory. */
char *vs_unicode_fold(const char *s, size_t len);
/* 1 when a text beyond ASCII can be written and read in one way only: letters, marks and digits, composed, none of them
 * a capital or a form of another, all of one script (Japanese and Korean as they are written). ASCII is left alone, and
 * counts as Latin where it is letters. */
int vs_unicode_is_name(const char *s, size_t len);
/* Adds the folded words of a text, with a blank between any two (and before the first when the buffer holds something):
 * runs of letters and digits of any script; in scripts that put no blanks between words each character is one. Returns
 * how many were added, at most max. */
size_t vs_unicode_words(struct vs_buf *out, const char *s, size_t len, size_t max);

#endif
