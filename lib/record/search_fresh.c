/* SPDX-License-Identifier: MIT */
/* Records that are noted, and not in the index of words yet: a query asks the index for all others, and these
 * themselves. So it finds what there is although nobody could work the notes off: the store is open for reading only,
 * or somebody else writes. The expression for the index is the library's own, and read here as the engine does. */
#include "db/bind.h"
#include "record/search_internal.h"
#include "util/alloc.h"
#include "util/error.h"
#include "util/unicode.h"
#include <string.h>

enum { NOTED_MOST = 8192 };

int vs_search_is_behind(struct vs_conn *conn, const struct vs_noun *noun, int *ret, vidstore_error **e) {
    int64_t first;
    int count = 0, r = noun->stmt.update ? vs_search_notes(conn, noun, 1, &first, &count, e) : 0;
    *ret = 0;
    if (r || !count)
        return r;
    vs_autofree int64_t *notes = vs_malloc(NOTED_MOST * sizeof *notes);
    r = notes ? vs_search_notes(conn, noun, NOTED_MOST, notes, &count, e) : vs_fail_nomem(e);
    *ret = count == NOTED_MOST;
    return r;
}

int vs_search_look(struct vs_compiled *c, struct vs_conn *conn, vidstore_error **e) {
    int64_t first;
    int r = 0;
    c->n_noted = 0;
    if (c->noun->stmt.update) /* events are never changed, and indexed as they are written */
        r = vs_search_notes(conn, c->noun, 1, &first, &c->n_noted, e);
    if (r || !c->n_noted)
        return r;
    if (!c->noted && !(c->noted = vs_malloc(NOTED_MOST * sizeof *c->noted)))
        return vs_fail_nomem(e);
    r = vs_search_notes(conn, c->noun, NOTED_MOST, c->noted, &c->n_noted, e);
    if (!r && c->n_noted == NOTED_MOST) {
        r = vs_fail(e, VIDSTORE_BUSY, NULL, "the index of words is behind by %d records or more", NOTED_MOST);
        vs_error_set_retry(e, 100);
    }
    c->n_roughs = 0; /* the newest rows of a shortened prefix would not be those of the index alone */
    return r;
}

/* --- asking one record ------------------------------------------------------------------------------------------- */

/* An expression, and the words of a record, each column with a blank before and behind each word. */
struct asked {
    const char *at;
    const char *columns[VS_FINDS + 1];
    int score;
};

static int take(struct asked *a, const char *what) {
    size_t len = strlen(what);
    if (strncmp(a->at, what, len) != 0)
        return 0;
    a->at += len;
    return 1;
}

/* Words in quotation marks, in one column or in any; each column counts for the score as vs_rank() says. */
static int phrase(struct asked *a, int column, struct vs_buf *words) {
    size_t len = strcspn(++a->at, "\"");
    int found = 0;
    words->len = 0;
    vs_buf_char(words, ' ');
    vs_buf_add(words, a->at, len);
    a->at += len + 1;
    if (!take(a, " *"))
        vs_buf_char(words, ' ');
    for (int i = 0; !words->failed && i <= VS_FINDS; i++) {
        const char *hit = column == VS_FINDS || column == i ? strstr(a->columns[i], words->data) : NULL;
        found |= hit != NULL;
        if (hit)
            a->score -= vs_rank_weights[i] * (i == 0 && hit == a->columns[i] ? 3 : 2);
    }
    return found;
}

static int either(struct asked *a, struct vs_buf *words);

static int single(struct asked *a, struct vs_buf *words) {
    if (!take(a, "("))
        return phrase(a, vs_search_column_at(&a->at), words);
    int found = either(a, words);
    take(a, ")");
    return found;
}

static int without(struct asked *a, struct vs_buf *words) {
    int found = single(a, words);
    while (take(a, " NOT "))
        found &= !single(a, words);
    return found;
}

static int both(struct asked *a, struct vs_buf *words) {
    int found = without(a, words);
    while (take(a, " AND "))
        found &= without(a, words);
    return found;
}

/* All of it is read, also where the answer stands already: NOT goes before AND, and AND before OR. */
static int either(struct asked *a, struct vs_buf *words) {
    int found = both(a, words);
    while (take(a, " OR "))
        found |= both(a, words);
    return found;
}

/* --- asking all of them ------------------------------------------------------------------------------------------ */

static void pad(struct vs_buf *ret, const struct vs_buf *words, const char *otherwise) {
    vs_buf_char(ret, ' ');
    vs_buf_str(ret, words->data ? words->data : otherwise);
    vs_buf_char(ret, ' ');
}

/* Adds the place and the score of a record to ret, if the expression finds it. */
static void ask(const struct vs_search_doc *doc, int64_t seq, const struct vs_buf *match, struct vs_buf *ret) {
    struct vs_buf columns[VS_FINDS + 1] = {{0}};
    vs_autobuf words = {0};
    struct asked a = {.at = match->data};
    for (int i = 0; i <= VS_FINDS; i++) {
        pad(&columns[i], i < VS_FINDS ? &doc->words[i] : &doc->marks, i < VS_FINDS ? "" : VS_MARK_TEXT);
        ret->failed |= columns[i].failed;
        a.columns[i] = columns[i].data;
    }
    if (!ret->failed && either(&a, &words))
        vs_buf_fmt(ret, ", (%lld, %d)", (long long)seq, a.score);
    ret->failed |= words.failed;
    for (int i = 0; i <= VS_FINDS; i++)
        vs_buf_free(&columns[i]);
}

int vs_search_fresh(struct vs_compiled *c, struct vs_conn *conn, vidstore_error **e) {
    int planned = c->planned;
    vs_autobuf match = {0};
    c->planned = 0; /* the plan leaves out what rows of the index are asked in other ways */
    int r = vs_search_match(c, 0, &match, e);
    c->planned = planned;
    vs_buf_free(&c->fresh);
    vs_buf_free(&c->fresh_anybody);
    vs_buf_str(&c->fresh, "(-1, 0)"); /* no row's place, but a list of values is never empty */
    vs_buf_str(&c->fresh_anybody, "(-1, 0)");
    for (int i = 0; !r && i < c->n_noted; i++) {
        __attribute__((cleanup(vs_search_doc_free))) struct vs_search_doc doc = {0};
        int there = 0;
        r = vs_search_doc_read(conn, c->noun, c->noted[i], &doc, &there, e);
        if (r || !there)
            continue;
        ask(&doc, c->noted[i], &match, &c->fresh);
        if (c->match_anybody.len)
            ask(&doc, c->noted[i], &c->match_anybody, &c->fresh_anybody);
    }
    return r ? r : c->fresh.failed || c->fresh_anybody.failed ? vs_fail_nomem(e) : 0;
}
