/* SPDX-License-Identifier: MIT */
/* Prefixes of facts. The engine gathers all rows of a prefix before it gives the first, which among a million videos
 * takes milliseconds for the languages that begin with "pt", though a page of them stands at the front. Of the words
 * that a fact has there are mostly few: they are looked up one by one, and asked for instead, which is lazy. */
#include "db/bind.h"
#include "record/search_internal.h"
#include "util/error.h"
#include "util/unicode.h"
#include <string.h>

/* Words of a prefix; with more of them the prefix itself is asked for. */
enum { WORDS_MOST = 64 };

static const char PREFIX_END[] = "\" *";

/* The next phrase of a prefix of a mark, from the quotation mark on; NULL: there is none. *ret_len: with its end. */
static const char *next_prefix(const char *at, size_t *ret_len) {
    while (at && (at = strchr(at, '"'))) {
        const char *twin = strchr(at + 1, '"');
        if (!twin)
            return NULL;
        *ret_len = (size_t)(twin - at) + strlen(PREFIX_END);
        if (strncmp(at + 1, VS_MARK_TEXT, strlen(VS_MARK_TEXT)) == 0 &&
            strncmp(twin, PREFIX_END, strlen(PREFIX_END)) == 0)
            return at;
        at = twin + 1;
    }
    return NULL;
}

static const struct vs_spread *find(const struct vs_compiled *c, const char *phrase, size_t len) {
    for (int i = 0; i < c->n_spreads; i++)
        if (c->spreads[i].prefix.len == len && memcmp(c->spreads[i].prefix.data, phrase, len) == 0)
            return &c->spreads[i];
    return NULL;
}

/* The words that begin so, in quotation marks and joined by OR. Nothing is added where they are too many. */
static int look_up(const struct vs_compiled *c, struct vs_conn *conn, struct vs_spread *spread, vidstore_error **e) {
    vs_autostmt *s = NULL;
    vs_autobuf prefix = {0};
    size_t len = spread->prefix.len - strlen(PREFIX_END) - 1, size = 0;
    int r, count = 0;
    vs_buf_add(&prefix, spread->prefix.data + 1, len);
    if (prefix.failed)
        return vs_fail_nomem(e);
    r = vs_ask(conn, c->noun->search.words, &s, e, vs_text(prefix.data), vs_text("\x01"), vs_int(WORDS_MOST + 1));
    for (; r == VS_ROW; r = vs_row(s, e)) {
        const char *word = vs_col_text(s, 0, &size);
        if (!word || size < len || memcmp(word, prefix.data, len) != 0)
            break;
        if (++count > WORDS_MOST || memchr(word, '"', size)) {
            vs_buf_free(&spread->words);
            return 0;
        }
        vs_buf_str(&spread->words, count > 1 ? " OR \"" : "\"");
        vs_buf_add(&spread->words, word, size);
        vs_buf_char(&spread->words, '"');
    }
    return r < 0 ? r : spread->words.failed ? vs_fail_nomem(e) : 0;
}

static int spread_all(struct vs_compiled *c, struct vs_conn *conn, const struct vs_buf *text, vidstore_error **e) {
    const char *at = text->data;
    size_t len = 0;
    int r = 0;
    for (; !r && c->n_spreads < VS_QUERY_SPREADS && (at = next_prefix(at, &len)); at += len) {
        if (find(c, at, len))
            continue;
        struct vs_spread *spread = &c->spreads[c->n_spreads++];
        vs_buf_add(&spread->prefix, at, len);
        r = spread->prefix.failed ? vs_fail_nomem(e) : look_up(c, conn, spread, e);
    }
    return r;
}

/* A record that is noted may have a word that the index does not know yet. */
int vs_search_spread(struct vs_compiled *c, struct vs_conn *conn, vidstore_error **e) {
    vs_search_spread_free(c);
    if (!c->matched || c->n_noted)
        return 0;
    int r = spread_all(c, conn, &c->find, e);
    return r ? r : spread_all(c, conn, &c->without, e);
}

void vs_search_put_spread(const struct vs_compiled *c, const char *text, size_t text_len, struct vs_buf *ret) {
    const char *at = text, *end = text + text_len, *phrase;
    size_t len = 0;
    while (c->n_spreads && (phrase = next_prefix(at, &len)) && phrase < end) {
        const struct vs_spread *spread = find(c, phrase, len);
        vs_buf_add(ret, at, (size_t)(phrase - at));
        if (spread && spread->words.len)
            vs_buf_add(ret, spread->words.data, spread->words.len);
        else
            vs_buf_add(ret, phrase, len);
        at = phrase + len;
    }
    vs_buf_add(ret, at, (size_t)(end - at));
}

void vs_search_spread_free(struct vs_compiled *c) {
    for (; c->n_spreads; c->n_spreads--) {
        vs_buf_free(&c->spreads[c->n_spreads - 1].prefix);
        vs_buf_free(&c->spreads[c->n_spreads - 1].words);
    }
}
