/* SPDX-License-Identifier: MIT */
/* UTF-8: the one check that every text from outside passes. */
#ifndef VS_UTIL_UTF8_H
#define VS_UTIL_UTF8_H

#include "vidstore/base.h"
#include <stddef.h>

/* 1 when the bytes are well-formed UTF-8 (no surrogates, no overlong forms, no NUL). */
int vs_utf8_valid(const char *s, size_t len);
/* The length of the well-formed character that starts at s, with `left` bytes left; 0: there is none. */
size_t vs_utf8_sequence(const char *s, size_t left);
/* How many of the first max bytes of a text can be kept so that no character is cut in two. */
size_t vs_utf8_cut(const char *s, size_t max);
/* Checks a text argument: not NULL, UTF-8, at most max bytes. 0, or INVALID naming the field. */
int vs_check_text(const char *s, const char *field, size_t max, vidstore_error **e);
/* Checks a path that another file system is to be asked for, whose names are bytes: not NULL, not longer than any. */
int vs_check_path(const char *path, const char *field, vidstore_error **e);
/* Replaces every byte that is not UTF-8 by U+FFFD, in a new text. NULL: out of memory. */
char *vs_utf8_scrub(const char *s, size_t len);
/* The text with ASCII letters made small, for keys that compare without regard to case. NULL: out of memory. */
char *vs_ascii_fold(const char *s);

#endif
