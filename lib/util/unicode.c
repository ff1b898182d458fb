/* SPDX-License-Identifier: MIT */
#include "util/unicode.h"
#include "util/alloc.h"
#include "util/utf8.h"
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

/* What people write with one letter and others with two, and what Unicode does not take apart. */
static const struct {
    ucs4_t from;
    const char *to;
} spelled[] = {{0xDF, "ss"},  {0xE6, "ae"},   {0xF0, "d"},  {0xF8, "o"},  {0xFE, "th"},  {0x111, "d"},
               {0x127, "h"},  {0x131, "i"},   {0x138, "k"}, {0x142, "l"}, {0x153, "oe"}, {0x167, "t"},
               {0x14B, "ng"}, {0x1E9E, "ss"}, {0x259, "e"}, {0x192, "f"}, {0x2C65, "a"}, {0x3C2, "\xCF\x83"},
               {0x180, "b"},  {0x268, "i"},   {0x1B6, "z"}, {0x237, "j"}, {0x24F, "y"}};

/* Marks that a letter keeps its meaning without, as most people type it: accents, Hebrew points, Arabic vowels. */
static int is_accent(ucs4_t c) {
    static const ucs4_t ranges[][2] = {{0x300, 0x36F},   {0x483, 0x487},   {0x591, 0x5BD},   {0x5BF, 0x5BF},
                                       {0x5C1, 0x5C2},   {0x5C4, 0x5C5},   {0x5C7, 0x5C7},   {0x610, 0x61A},
                                       {0x640, 0x640},   {0x64B, 0x65F},   {0x670, 0x670},   {0x6D6, 0x6ED},
                                       {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F},
                                       {0xFE20, 0xFE2F}, {0xAD, 0xAD},     {0x200B, 0x200F}, {0x2060, 0x2060}};
    for (size_t i = 0; c >= 0xAD && i < VS_COUNT(ranges); i++)
        if (c >= ranges[i][0] && c <= ranges[i][1])
            return 1;
    return 0;
}

/* Scripts without blanks between words. */
static int stands_alone(ucs4_t c) {
    return (c >= 0x3040 && c <= 0x30FF && c != 0x3099 && c != 0x309A) || (c >= 0xE00 && c <= 0xEFF) ||
           (c >= 0x1000 && c <= 0x109F) || (c >= 0x1780 && c <= 0x17FF) || uc_is_property_ideographic(c);
}

struct folding {
    struct vs_buf *out;
    int words;         /* split; else all is kept */
    size_t count, max; /* of words */
    size_t length;     /* characters of the word under way; 0: none */
    int alone;         /* it is one of a script without blanks */
};

static void put(struct folding *f, ucs4_t c) {
    uint8_t bytes[6];
    int n = u8_uctomb(bytes, c, sizeof bytes);
    if (n > 0)
        vs_buf_add(f->out, bytes, (size_t)n);
}

/* A character of a word. */
static void put_in_word(struct folding *f, ucs4_t c, int is_mark) {
    int alone = !is_mark && c >= 0xE00 && stands_alone(c);
    if (!is_mark && (alone || f->alone))
        f->length = 0;
    if (!f->length) {
        if (is_mark || f->count == f->max)
            return;
        if (f->out->len)
            vs_buf_char(f->out, ' ');
        f->count++;
        f->alone = alone;
    }
    if (f->length++ < VS_WORD_MAX)
        put(f, c);
}

/* A character that has been taken apart. */
static void put_folded(struct folding *f, ucs4_t c) {
    c = uc_tolower(c);
    if (is_accent(c))
        return;
    for (size_t i = 0; i < VS_COUNT(spelled); i++)
        if (spelled[i].from == c) {
            for (const char *s = spelled[i].to; *s; s++)
                if (!f->words)
                    vs_buf_char(f->out, *s);
                else if ((*s & 0xC0) != 0x80)
                    put_in_word(f, (unsigned char)*s < 0x80 ? (ucs4_t)*s : 0x3C3, 0);
            return;
        }
    if (!f->words)
        put(f, c);
    else if (uc_is_general_category_withtable(c, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_N))
        put_in_word(f, c, 0);
    else if (uc_is_general_category_withtable(c, UC_CATEGORY_MASK_M))
        put_in_word(f, c, 1);
    else
        f->length = 0;
}

static void take_apart(struct folding *f, ucs4_t c, int depth) {
    ucs4_t parts[UC_DECOMPOSITION_MAX_LENGTH];
    int tag, n = depth < 8 ? uc_decomposition(c, &tag, parts) : -1;
    if (n < 0)
        put_folded(f, c);
    for (int i = 0; i < n; i++)
        take_apart(f, parts[i], depth + 1);
}

static void put_ascii(struct folding *f, unsigned char c) {
    if (c >= 'A' && c <= 'Z')
        c = (unsigned char)(c + ('a' - 'A'));
    if (!f->words)
        vs_buf_char(f->out, (char)c);
    else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
        put_in_word(f, c, 0);
    else
        f->length = 0;
}

static void fold(struct folding *f, const char *s, size_t len) {
    for (size_t at = 0; at < len && !(f->words && f->count == f->max && !f->length);) {
        ucs4_t c;
        if ((unsigned char)s[at] < 0x80) {
            put_ascii(f, (unsigned char)s[at++]);
            continue;
        }
        size_t n = vs_utf8_sequence(s + at, len - at);
        if (n && u8_mbtouc(&c, (const uint8_t *)s + at, n) > 0)
            take_apart(f, c, 0);
        else
            f->length = 0;
        at += n ? n : 1;
    }
}

size_t vs_unicode_words(struct vs_buf *out, const char *s, size_t len, size_t max) {
    struct folding f = {.out = out, .words = 1, .max = max};
    fold(&f, s, len);
    return f.count;
}

char *vs_unicode_fold(const char *s, size_t len) {
    vs_autobuf out = {0};
    struct folding f = {.out = &out};
    fold(&f, s, len);
    vs_buf_add(&out, "", 0);
    return out.failed ? NULL : VS_TAKE(out.data);
}

static int is_ascii(const char *s, size_t len) {
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)s[i] >= 0x80)
            return 0;
    return 1;
}

static char *normalize(uninorm_t form, const char *s, size_t len) {
    /* The library needs no memory of its own: no text grows more than threefold when it is composed, and none more than
     * elevenfold when forms are taken apart. */
    size_t n = (form == UNINORM_NFC ? 3 : 11) * len + 16;
    uint8_t *room = vs_malloc(n);
    uint8_t *composed = room ? u8_normalize(form, (const uint8_t *)s, len, room, &n) : NULL;
    char *copy = composed == room && room ? vs_strndup((const char *)composed, n) : NULL;
    vs_free(room);
    return copy;
}

char *vs_unicode_nfc(const char *s, size_t len) {
    return is_ascii(s, len) ? vs_strndup(s, len) : normalize(UNINORM_NFC, s, len);
}

/* Scripts that are written together count as one. */
static const char *family(ucs4_t c) {
    const uc_script_t *script = uc_script(c);
    static const char *const east[] = {"Hiragana", "Katakana", "Hangul", "Bopomofo"};
    if (!script || strcmp(script->name, "Common") == 0 || strcmp(script->name, "Inherited") == 0)
        return NULL;
    for (size_t i = 0; i < VS_COUNT(east); i++)
        if (strcmp(script->name, east[i]) == 0)
            return "Han";
    return script->name;
}

static int is_name_character(ucs4_t c) {
    return c < 0x80 ||
           (uc_is_general_category_withtable(c, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_M | UC_CATEGORY_MASK_Nd) &&
            !uc_is_property_changes_when_casefolded(c) && !uc_is_property_default_ignorable_code_point(c));
}

int vs_unicode_is_name(const char *s, size_t len) {
    const char *script = NULL;
    if (is_ascii(s, len))
        return 1;
    for (size_t at = 0; at < len;) {
        ucs4_t c = 0xFFFD;
        int n = u8_mbtouc(&c, (const uint8_t *)s + at, len - at);
        const char *own = n > 0 && is_name_character(c) ? family(c) : NULL;
        if (n <= 0 || !is_name_character(c) || (own && script && strcmp(own, script) != 0))
            return 0;
        script = own ? own : script;
        at += (size_t)n;
    }
    vs_autofree char *one = normalize(UNINORM_NFKC, s, len);
    return one && strlen(one) == len && memcmp(one, s, len) == 0;
}
