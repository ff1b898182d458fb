/* SPDX-License-Identifier: MIT */
/* From what a person types to an id: the id in full, enough of its beginning or end, or what the thing is called. */
#include "noun.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Fewer characters than SOME are hardly meant as an id; names are looked for up to NAME_MAX bytes. */
enum { SOME = 4, LEAST = 8, NEWEST = 1000, SHOWN = 20, NAME_BYTES = 1000 };

/* What fits. */
struct fits {
    struct fit {
        const struct cli_noun *noun;
        char id[CLI_UUID_TEXT];
        char *name; /* "" when it has none */
    } items[SHOWN];
    int count; /* may be more than there is room for */
    uint32_t flags;
};

static void free_fits(struct fits *fits) {
    for (int i = 0; i < SHOWN; i++)
        free(fits->items[i].name);
    *fits = (struct fits){.flags = fits->flags};
}
#define autofits __attribute__((cleanup(free_fits))) struct fits

static void add_fit(struct fits *fits, const struct cli_noun *noun, const void *record) {
    if (fits->count++ >= SHOWN)
        return;
    struct fit *fit = &fits->items[fits->count - 1];
    const char *name = NULL;
    for (size_t i = 0; i < CLI_NAMES && noun->names[i].name && !name; i++)
        name = noun->text(record, noun->names[i].field);
    fit->noun = noun;
    fit->name = cli_copy(name ? name : "");
    snprintf(fit->id, sizeof fit->id, "%s", noun->text(record, noun->id_field));
}

static int is_id_text(const char *text, size_t *ret_length) {
    size_t length = 0;
    for (; text[length]; length++)
        if (!isxdigit((unsigned char)text[length]) && text[length] != '-')
            return 0;
    *ret_length = length;
    return length >= LEAST && length < CLI_UUID_TEXT;
}

/* --- by id -------------------------------------------------------------------------------------------------------- */

static int matches(const char *id, const char *text, size_t length) {
    return !strncasecmp(id, text, length) || !strcasecmp(id + strlen(id) - length, text);
}

/* Whose list is not for who asks has nothing that fits. Returns an exit code. */
static int list(struct cli *cli, const struct cli_noun *noun, const vidstore_query *query, vidstore_page **ret) {
    vidstore_error *error = NULL;
    vidstore_status status = noun->list(cli->session ? cli->session : cli->system, query, ret, &error);
    if (status == VIDSTORE_FORBIDDEN) {
        vidstore_error_free(error);
        return CLI_OK;
    }
    return status ? cli_fail(cli, &error) : CLI_OK;
}

/* Which of the newest records have such an id. */
static int by_id(struct cli *cli, const struct cli_noun *noun, const char *text, size_t length, struct fits *fits) {
    cli_auto(vidstore_query) *query = vidstore_query_new();
    vidstore_query_limit(query, NEWEST);
    vidstore_query_flags(query, fits->flags);
    cli_auto(vidstore_page) *page = NULL;
    int result = list(cli, noun, query, &page);
    for (int64_t i = 0; !result && i < vidstore_page_count(page); i++) {
        const char *id = noun->text(noun->item(page, i), noun->id_field);
        if (id && strlen(id) >= length && matches(id, text, length))
            add_fit(fits, noun, noun->item(page, i));
    }
    return result;
}

/* --- by name ------------------------------------------------------------------------------------------------------ */

/* "title = $1 or file_name = $1" */
static char *filter_of(const struct cli_noun *noun) {
    char *filter = cli_copy("");
    for (size_t i = 0; i < CLI_NAMES && noun->names[i].name; i++) {
        char *longer = cli_print("%s%s%s = $1", filter, i ? " or " : "", noun->names[i].name);
        free(filter);
        filter = longer;
    }
    return filter;
}

/* title:"harbour li"* OR file_name:"harbour li"*, for the index of words; NULL when there is no word in the text. */
static char *search_of(const struct cli_noun *noun, const char *text, int whole) {
    cli_autofree char *words = cli_copy(text);
    int letters = 0;
    for (char *c = words; *c; c++) {
        letters += isalnum((unsigned char)*c) || (*c & 0x80);
        *c = *c == '"' ? ' ' : *c;
    }
    char *search = letters ? cli_copy("") : NULL;
    for (size_t i = 0; search && i < CLI_NAMES && noun->names[i].name; i++) {
        char *longer =
            cli_print("%s%s%s:\"%s\"%s", search, i ? " OR " : "", noun->names[i].name, words, whole ? "" : "*");
        free(search);
        search = longer;
    }
    return search;
}

/* Past one character and the accents that follow it. */
static const char *past(const char *c) {
    do
        c++;
    while ((*c & 0xC0) == 0x80 || (unsigned char)*c == 0xCC || ((unsigned char)*c == 0xCD && (c[1] & 0xFF) < 0xB0));
    return c;
}

/* The index has found the words already, without their accents, but anywhere in the name: here it is asked whether they
 * stand at its beginning, and a letter that may have an accent is taken for any. */
static int is_beginning(const char *text, const char *name) {
    for (; *text && *name; text = past(text), name = past(name))
        if (!(*text & 0x80) && !(*name & 0x80) && tolower((unsigned char)*text) != tolower((unsigned char)*name))
            return 0;
    return !*text;
}

static int begins(const struct cli_noun *noun, const void *record, const char *text) {
    for (size_t i = 0; i < CLI_NAMES && noun->names[i].name; i++) {
        const char *name = noun->text(record, noun->names[i].field);
        if (name && is_beginning(text, name))
            return 1;
    }
    return 0;
}

/* What is called so, or (whole 0) has a name that begins so. */
static int by_name(struct cli *cli, const struct cli_noun *noun, const char *text, int whole, struct fits *fits) {
    cli_autofree char *filter = whole ? filter_of(noun) : NULL;
    cli_autofree char *search = noun->searched ? search_of(noun, text, whole) : NULL;
    cli_auto(vidstore_query) *query = vidstore_query_new();
    cli_auto(vidstore_page) *page = NULL;
    vidstore_error *error = NULL;
    if (!noun->names[0].name || (!whole && !search) || strlen(text) > NAME_BYTES)
        return CLI_OK;
    if (filter && vidstore_query_filter(query, filter, &error))
        return cli_fail(cli, &error);
    if (filter)
        vidstore_query_bind_text(query, 1, text);
    if (search && vidstore_query_search(query, search, NULL)) {
        vidstore_query_search(query, NULL, NULL); /* it is no text that words could be found in */
        if (!whole)
            return CLI_OK;
    }
    vidstore_query_flags(query, VIDSTORE_QUERY_SCAN);
    vidstore_query_limit(query, SHOWN + 1);
    int result = list(cli, noun, query, &page);
    for (int64_t i = 0; !result && i < vidstore_page_count(page); i++)
        if (whole || begins(noun, noun->item(page, i), text))
            add_fit(fits, noun, noun->item(page, i));
    return result;
}

/* --- the answer --------------------------------------------------------------------------------------------------- */

/* noun: the only one that was looked among, or NULL. */
static int not_found(struct cli *cli, const char *what, const struct cli_noun *noun, const char *text) {
    size_t length = strspn(text, "0123456789abcdefABCDEF-");
    if (length >= SOME && length < LEAST && !text[length])
        return cli_complain(CLI_NOT_FOUND, "no %s \"%s\": of an id at least %d characters are needed (NOT_FOUND)", what,
                            text, LEAST);
    int result = cli_complain(CLI_NOT_FOUND, "no %s \"%s\" (NOT_FOUND)", what, text);
    if ((length < LEAST || text[length]) && (!noun || noun == &cli_videos))
        cli_remark(cli, "`vidstore search` looks for words, wherever they are written");
    else if ((length < LEAST || text[length]) && noun->searched)
        cli_remark(cli, "`vidstore search WORDS %s` looks for words, wherever they are written", noun->plural);
    return result;
}

static int ambiguous(const char *text, const struct fits *fits) {
    int result = cli_complain(CLI_INVALID, "\"%s\" fits several; name one by its id (INVALID, field id)", text);
    for (int i = 0; i < fits->count && i < SHOWN; i++) {
        cli_autofree char *name = cli_safe(fits->items[i].name);
        fprintf(stderr, "  %s  %-5s  %s\n", fits->items[i].id, fits->items[i].noun->name, name);
    }
    if (fits->count > SHOWN)
        fputs("  and more\n", stderr);
    return result;
}

/* Of several that only begin so, the one that is called so but for capitals is meant. */
static void prefer_equal(struct fits *fits, const char *text) {
    int equal = -1;
    for (int i = 0; i < fits->count && i < SHOWN; i++)
        if (!strcasecmp(fits->items[i].name, text))
            equal = equal == -1 ? i : -2;
    if (equal < 0 || fits->count > SHOWN)
        return;
    struct fit kept = fits->items[equal];
    fits->items[equal].name = NULL;
    free_fits(fits);
    fits->items[fits->count++] = kept;
}

/* By names, noun by noun: for a command that only reads the first that has some is meant, as a video before the file of
 * the same name. */
static int by_names(struct cli *cli, const struct cli_noun *const *nouns, const char *text, int whole,
                    struct fits *fits) {
    int result = CLI_OK;
    for (int i = 0; !result && nouns[i] && !(cli->reads && fits->count); i++)
        result = by_name(cli, nouns[i], text, whole, fits);
    return result;
}

/* Looks among nouns, ended by NULL: by id, by whole names, and by their beginnings where the command only reads. */
static int find(struct cli *cli, const struct cli_noun *const *nouns, const char *text, struct fits *fits) {
    size_t length;
    int result = CLI_OK;
    for (int i = 0; !result && is_id_text(text, &length) && nouns[i]; i++)
        result = by_id(cli, nouns[i], text, length, fits);
    if (result || fits->count || !*text)
        return result;
    result = by_names(cli, nouns, text, 1, fits);
    if (result || fits->count || !cli->reads)
        return result;
    result = by_names(cli, nouns, text, 0, fits);
    prefer_equal(fits, text);
    return result;
}

static int settle(struct cli *cli, const char *what, const struct cli_noun *noun, const char *text,
                  const struct fits *fits, const struct cli_noun **ret_noun, char ret[CLI_UUID_TEXT]) {
    if (fits->count > 1)
        return ambiguous(text, fits);
    if (!fits->count)
        return not_found(cli, what, noun, text);
    if (ret_noun)
        *ret_noun = fits->items[0].noun;
    memcpy(ret, fits->items[0].id, CLI_UUID_TEXT);
    return CLI_OK;
}

static int is_whole_id(const char *text) {
    size_t length;
    return is_id_text(text, &length) && length == CLI_UUID_TEXT - 1;
}

int cli_id_find(struct cli *cli, const struct cli_noun *noun, const char *text, char ret[CLI_UUID_TEXT]) {
    return cli_called_find(cli, noun, noun->name, text, ret);
}

int cli_called_find(struct cli *cli, const struct cli_noun *noun, const char *what, const char *text,
                    char ret[CLI_UUID_TEXT]) {
    const struct cli_noun *const nouns[] = {noun, NULL};
    autofits fits = {.count = 0};
    snprintf(ret, CLI_UUID_TEXT, "%s", text);
    if (is_whole_id(text))
        return CLI_OK;
    int result = find(cli, nouns, text, &fits);
    return result ? result : settle(cli, what, noun, text, &fits, NULL, ret);
}

static int find_full(struct cli *cli, const char *text, const struct cli_noun **ret_noun) {
    for (const struct cli_noun *const *noun = cli_nouns; *noun; noun++) {
        vidstore_error *error = NULL;
        void *record = NULL;
        vidstore_status status = (*noun)->get(cli->session, text, &record, &error);
        if (!status) {
            (*noun)->free(record);
            *ret_noun = *noun;
            return CLI_OK;
        }
        if (status != VIDSTORE_NOT_FOUND && status != VIDSTORE_FORBIDDEN)
            return cli_fail_on(cli, text, &error);
        vidstore_error_free(error);
    }
    return not_found(cli, "object", NULL, text);
}

int cli_one_find(struct cli *cli, const struct cli_noun *const *nouns, const char *what, const char *text,
                 const struct cli_noun **ret_noun, char ret[CLI_UUID_TEXT]) {
    autofits fits = {.count = 0};
    snprintf(ret, CLI_UUID_TEXT, "%s", text);
    if (is_whole_id(text))
        return find_full(cli, text, ret_noun);
    int result = find(cli, nouns, text, &fits);
    return result ? result : settle(cli, what, nouns[1] ? NULL : nouns[0], text, &fits, ret_noun, ret);
}

int cli_removed_find(struct cli *cli, const char *text, char ret[CLI_UUID_TEXT]) {
    autofits fits = {.flags = VIDSTORE_QUERY_ONLY_DELETED};
    size_t length;
    int result = CLI_OK;
    snprintf(ret, CLI_UUID_TEXT, "%s", text);
    if (is_whole_id(text))
        return CLI_OK;
    for (int i = 0; !result && is_id_text(text, &length) && cli_nouns[i]; i++)
        if (cli_nouns[i]->remove)
            result = by_id(cli, cli_nouns[i], text, length, &fits);
    return result ? result : settle(cli, "removed object", NULL, text, &fits, NULL, ret);
}

int cli_object_find(struct cli *cli, const char *text, const struct cli_noun **ret_noun, char ret[CLI_UUID_TEXT]) {
    return cli_one_find(cli, cli_nouns, "object", text, ret_noun, ret);
}
