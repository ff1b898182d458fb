/* SPDX-License-Identifier: MIT */
#include "access/blocklist.h"
#include <string.h>

enum { LONGEST = 64, LEAST = 6 };

static const char *const list[] = {
/* clang-format off */
#include "access/blocklist.inc"
    /* clang-format on */
};

static int listed(const char *word) {
    size_t low = 0, high = sizeof list / sizeof *list;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(word, list[middle]);
        if (!order)
            return 1;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return 0;
}

static size_t fold(const char *text, char ret[LONGEST + 1]) {
    size_t len = strnlen(text, LONGEST + 1);
    for (size_t i = 0; i < len && i < LONGEST; i++)
        ret[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] + ('a' - 'A')) : text[i];
    ret[len > LONGEST ? LONGEST : len] = '\0';
    return len;
}

static int is_name(const char *word, const char *name) {
    size_t len = strlen(word);
    int forwards = strcmp(word, name) == 0, backwards = strlen(name) == len;
    for (size_t i = 0; backwards && i < len; i++)
        backwards = word[i] == name[len - 1 - i];
    return forwards || backwards;
}

int vs_blocklist_has(const char *password, const char *name) {
    char word[LONGEST + 1], user[LONGEST + 1] = "";
    size_t len = fold(password, word);
    if (len > LONGEST)
        return 0;
    if (name && fold(name, user) <= LONGEST && *user && is_name(word, user))
        return 1;
    if (listed(word))
        return 1;
    while (len && !((word[len - 1] >= 'a' && word[len - 1] <= 'z') || (unsigned char)word[len - 1] >= 0x80))
        word[--len] = '\0';
    return len >= LEAST && (listed(word) || (*user && is_name(word, user)));
}
