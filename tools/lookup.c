/* SPDX-License-Identifier: MIT */
/* From what a person types to an id: in full, or enough of its beginning or end. */
#include "noun.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Fewer characters than SOME are hardly meant as an id. */
enum { SOME = 4, LEAST = 8, NEWEST = 1000 };

static int is_id_text(const char *text, size_t *ret_length) {
    size_t length = 0;
    for (; text[length]; length++)
        if (!isxdigit((unsigned char)text[length]) && text[length] != '-')
            return 0;
    *ret_length = length;
    return length >= LEAST && length < CLI_UUID_TEXT;
}

static int matches(const char *id, const char *text, size_t length) {
    return !strncasecmp(id, text, length) || !strcasecmp(id + strlen(id) - length, text);
}

/* How many of the newest records fit; the id of the last that does. Negative: an exit code, said. */
static int look(struct cli *cli, const struct cli_noun *noun, const char *text, size_t length,
                char ret[CLI_UUID_TEXT]) {
    vidstore_error *error = NULL;
    cli_auto(vidstore_query) *query = vidstore_query_new();
    vidstore_query_limit(query, NEWEST);
    cli_auto(vidstore_page) *page = NULL;
    if (noun->list(cli->session, query, &page, &error))
        return -cli_fail(cli, &error);
    int found = 0;
    for (int64_t i = 0; i < vidstore_page_count(page); i++) {
        const char *id = noun->text(noun->item(page, i), noun->id_field);
        if (!id || strlen(id) < length || !matches(id, text, length))
            continue;
        snprintf(ret, CLI_UUID_TEXT, "%s", id);
        found++;
    }
    return found;
}

static int not_found(const char *what, const char *text) {
    size_t length = strspn(text, "0123456789abcdefABCDEF-");
    if (length >= SOME && length < LEAST && !text[length])
        return cli_complain(CLI_NOT_FOUND, "no %s \"%s\": of an id at least %d characters are needed (NOT_FOUND)", what,
                            text, LEAST);
    return cli_complain(CLI_NOT_FOUND, "no %s \"%s\" (NOT_FOUND)", what, text);
}

static int ambiguous(const char *text) {
    return cli_complain(CLI_INVALID, "\"%s\" fits several ids; give more of it (INVALID, field id)", text);
}

int cli_id_find(struct cli *cli, const struct cli_noun *noun, const char *text, char ret[CLI_UUID_TEXT]) {
    size_t length;
    if (!is_id_text(text, &length))
        return not_found(noun->name, text);
    snprintf(ret, CLI_UUID_TEXT, "%s", text);
    if (length == CLI_UUID_TEXT - 1)
        return CLI_OK;
    int found = look(cli, noun, text, length, ret);
    if (found < 0)
        return -found;
    return found == 1 ? CLI_OK : found ? ambiguous(text) : not_found(noun->name, text);
}

/* How many collections have this name; the id of the last. Negative: an exit code, said. */
static int look_named(struct cli *cli, const char *name, char ret[CLI_UUID_TEXT]) {
    vidstore_error *error = NULL;
    cli_auto(vidstore_query) *query = vidstore_query_new();
    cli_auto(vidstore_page) *page = NULL;
    if (vidstore_query_filter(query, "name = $1", &error))
        return -cli_fail(cli, &error);
    vidstore_query_bind_text(query, 1, name);
    if (vidstore_collection_list(cli->session, query, &page, &error))
        return -cli_fail_on(cli, name, &error);
    const vidstore_collection *last = vidstore_page_collection(page, vidstore_page_count(page) - 1);
    if (last)
        snprintf(ret, CLI_UUID_TEXT, "%s", vidstore_collection_id(last));
    return (int)vidstore_page_count(page);
}

int cli_collection_find(struct cli *cli, const char *text, char ret[CLI_UUID_TEXT]) {
    int found = look_named(cli, text, ret);
    if (found < 0)
        return -found;
    if (found > 1)
        return cli_complain(CLI_INVALID, "\"%s\" is the name of several; give an id (INVALID, field id)", text);
    return found ? CLI_OK : cli_id_find(cli, &cli_collections, text, ret);
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
    return not_found("object", text);
}

int cli_object_find(struct cli *cli, const char *text, const struct cli_noun **ret_noun, char ret[CLI_UUID_TEXT]) {
    size_t length;
    if (!is_id_text(text, &length))
        return not_found("object", text);
    snprintf(ret, CLI_UUID_TEXT, "%s", text);
    if (length == CLI_UUID_TEXT - 1)
        return find_full(cli, text, ret_noun);
    int total = 0;
    for (const struct cli_noun *const *noun = cli_nouns; *noun; noun++) {
        char id[CLI_UUID_TEXT];
        int found = look(cli, *noun, text, length, id);
        if (found < 0)
            return -found;
        if (found) {
            *ret_noun = *noun;
            memcpy(ret, id, sizeof id);
        }
        total += found;
    }
    return total == 1 ? CLI_OK : total ? ambiguous(text) : not_found("object", text);
}
