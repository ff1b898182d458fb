/* SPDX-License-Identifier: MIT */
/* Text that came from elsewhere, made harmless for a terminal, and measured in its columns. */
#include "output.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <wchar.h>

/* Decodes one character; 0 when the bytes are not UTF-8. */
static int decode(const unsigned char *s, uint32_t *ret) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    int length = *s < 0x80                 ? 1
                 : *s >= 0xC2 && *s < 0xE0 ? 2
                 : *s >= 0xE0 && *s < 0xF0 ? 3
                 : *s >= 0xF0 && *s < 0xF5 ? 4
                                           : 0;
    if (length < 2) {
        *ret = *s;
        return length;
    }
    uint32_t c = *s & (0x7Fu >> length);
    for (int i = 1; i < length; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 0;
        c = c << 6 | (s[i] & 0x3F);
    }
    if (c < least[length] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
        return 0;
    *ret = c;
    return length;
}

/* What can steer a terminal, or make text look like other text: controls, marks of direction, tags, separators. */
static int is_unsafe(uint32_t c) {
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x061C || (c >= 0x200B && c <= 0x200F && c != 0x200D) ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF ||
           (c >= 0xFFF9 && c <= 0xFFFB) || (c >= 0xE0000 && c <= 0xE007F);
}

char *cli_safe(const char *text) {
    /* An escape is at most 10 characters, and stands for at least one byte. */
    char *safe = cli_alloc(strlen(text) * 10 + 1);
    char *out = safe;
    for (const unsigned char *s = (const unsigned char *)text; *s;) {
        uint32_t c;
        int length = decode(s, &c);
        if (!length || (is_unsafe(c) && c < 0x100))
            out += snprintf(out, 5, "\\x%02x", length ? c : *s);
        else if (is_unsafe(c))
            out += snprintf(out, 11, c > 0xFFFF ? "\\U%08x" : "\\u%04x", c);
        else {
            memcpy(out, s, (size_t)length);
            out += length;
        }
        s += length ? length : 1;
    }
    *out = 0;
    return safe;
}

static int width_of(uint32_t c) {
    int width = wcwidth((wchar_t)c);
    return width < 0 ? 1 : width;
}

int cli_width(const char *text) {
    int width = 0;
    for (const unsigned char *s = (const unsigned char *)text; *s;) {
        uint32_t c;
        int length = decode(s, &c);
        width += length ? width_of(c) : 1;
        s += length ? length : 1;
    }
    return width;
}

char *cli_clip(const char *text, int width) {
    if (cli_width(text) <= width)
        return cli_copy(text);
    const unsigned char *s = (const unsigned char *)text;
    int used = 0;
    while (*s) {
        uint32_t c;
        int length = decode(s, &c);
        int next = used + (length ? width_of(c) : 1);
        if (next > width - 1)
            break;
        used = next;
        s += length ? length : 1;
    }
    return cli_print("%.*s…", (int)(s - (const unsigned char *)text), text);
}

void cli_put_safe(const char *text) {
    cli_autofree char *safe = cli_safe(text);
    fputs(safe, stdout);
}

void cli_put_json(const char *json) {
    /* In JSON these can only stand inside strings, where an escape means the same. */
    for (const unsigned char *s = (const unsigned char *)json; *s;) {
        uint32_t c;
        int length = decode(s, &c);
        if (length && is_unsafe(c) && c > 0x7E && c <= 0xFFFF)
            printf("\\u%04x", c);
        else
            fwrite(s, 1, (size_t)(length ? length : 1), stdout);
        s += length ? length : 1;
    }
    putchar('\n');
}

int cli_is_url(const char *text) {
    return !strncasecmp(text, "http://", 7) || !strncasecmp(text, "https://", 8);
}

int cli_is_foreign_url(const char *text) {
    size_t scheme = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");
    return scheme && !strncmp(text + scheme, "://", 3) && !cli_is_url(text);
}

int cli_refuse_url(const char *url) {
    return cli_complain(CLI_INVALID,
                        "%s: only http and https are fetched; name a file by its path (INVALID, field url)", url);
}

char *cli_title_of(const char *source) {
    cli_autofree char *copy = cli_copy(source);
    if (cli_is_url(source))
        copy[strcspn(copy, "?#")] = 0;
    size_t length = strlen(copy);
    while (length > 1 && copy[length - 1] == '/')
        copy[--length] = 0;
    const char *slash = strrchr(copy, '/');
    char *name = cli_copy(slash && slash[1] ? slash + 1 : copy);
    char *dot = strrchr(name, '.');
    if (dot && dot != name)
        *dot = 0;
    /* A title is one line of UTF-8; a file's name may be anything. */
    char *safe = cli_safe(name);
    free(name);
    return safe;
}
