/* SPDX-License-Identifier: MIT */
/* Making a statement of a compiled query: its template, its conditions, its values. */
#include "db/bind.h"
#include "record/search.h"
#include "util/alloc.h"
#include "util/error.h"
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Expressions for the index of words stand among the values, after the terms, and what was granted. */
enum { MATCH = VS_QUERY_TERMS, MATCH_ANYBODY, OBJECT, VALUES };
static const char RANKED_MOST[] = "1000"; /* how many of the newest are ranked */

int vs_template_fill(struct vs_buf *b, const char *tmpl, const char *const *names, const char *const *texts,
                     vidstore_error **e) {
    for (const char *open; (open = strstr(tmpl, "{{"));) {
        const char *close = strstr(open, "}}");
        size_t len = close ? (size_t)(close - open - 2) : 0;
        int found = 0;
        vs_buf_add(b, tmpl, (size_t)(open - tmpl));
        for (size_t i = 0; close && names[i] && !found; i++)
            if (strlen(names[i]) == len && strncmp(names[i], open + 2, len) == 0) {
                vs_buf_str(b, texts[i]);
                found = 1;
            }
        if (!found)
            return vs_fail(e, VIDSTORE_INTERNAL, NULL, "a statement's template has an unknown hole");
        tmpl = close + 2;
    }
    vs_buf_str(b, tmpl);
    return b->failed ? vs_fail_nomem(e) : 0;
}

void vs_piece_put(struct vs_buf *b, enum vs_stmt_id piece, const char *const *names, const char *const *texts) {
    int r = vs_template_fill(b, vs_stmt_piece(piece), names, texts, NULL);
    assert(r != VIDSTORE_INTERNAL); /* a hole of our own that nothing fills */
    b->failed |= r != 0;
}

/* Numbers the values anew, in the order in which they come first: the engine counts them so. Of each new number ret
 * keeps the value. */
static void number(struct vs_buf *b, const char *sql, int ret[VALUES], int *ret_count) {
    vs_buf_reserve(b, strlen(sql));
    for (const char *mark; (mark = strchr(sql, '$'));) {
        int value = 0, at = 0;
        vs_buf_add(b, sql, (size_t)(mark + 1 - sql));
        for (sql = mark + 1; *sql >= '0' && *sql <= '9'; sql++)
            value = value * 10 + (*sql - '0');
        while (at < *ret_count && ret[at] != value - 1)
            at++;
        if (at == *ret_count)
            ret[(*ret_count)++] = value - 1;
        vs_buf_int(b, at + 1);
    }
    vs_buf_str(b, sql);
}

/* A statement in the making. */
struct making {
    struct vs_compiled *c;
    struct vs_conn *conn;
    const char *order, *most;
    enum vs_how how;
    int fresh; /* what is not in the index yet is asked, and not the index */
    struct vs_buf where, check, hits;
};

static void put_order(const struct vs_compiled *c, const char *seq, char *order, size_t size) {
    const char *way = c->ascending ? "ASC" : "DESC";
    if (c->sort)
        snprintf(order, size, "%s%s %s, seq %s", c->sort->column, c->sort->use & VS_FOLDED ? "_key" : "", way, way);
    else
        snprintf(order, size, "%s %s", seq, way);
}

static void put_from(const struct vs_way *way, struct vs_buf *b) {
    if (way->from.len)
        vs_buf_all(b, way->from.data, " CROSS JOIN ");
}

/* The rows of the ways from one on, each once; key: the column that they are sorted by before seq, with a comma. */
static void put_ways(const struct vs_compiled *c, int first, const char *key, const char *where, struct vs_buf *b) {
    for (int i = first; i < c->n_ways; i++) {
        const struct vs_way *way = &c->ways[i];
        vs_autobuf from = {0}, when = {0};
        put_from(way, &from);
        vs_buf_all(&when, way->when.data, where ? " AND " : "", where ? where : "");
        b->failed |= from.failed || when.failed;
        if (b->failed)
            return;
        const char *const names[] = {"key", "seq", "from", "table", "when", NULL};
        const char *const texts[] = {key, way->seq, from.len ? from.data : "", c->noun->table, when.data, NULL};
        vs_buf_str(b, i > first ? " UNION " : "");
        vs_piece_put(b, VS_STMT_PIECE_WAY, names, texts);
    }
}

/* The rows of all ways. Each way has the order of the list, so that they are merged and none is followed further than
 * the page needs. */
static void put_all_ways(struct making *m, const char *where) {
    const struct vs_compiled *c = m->c;
    const char *way = c->ascending ? "ASC" : "DESC";
    int piecewise = m->how & VS_PIECEWISE;
    vs_autobuf ways = {0}, key = {0}, order = {0};
    vs_buf_fmt(&order, c->sort ? "1 %s, 2 %s" : "1 %s", way, way);
    if (piecewise && c->sort)
        vs_buf_fmt(&key, "%s%s AS key, ", c->sort->column, c->sort->use & VS_FOLDED ? "_key" : "");
    if (!key.failed)
        put_ways(c, 0, key.len ? key.data : "", where, &ways);
    m->where.failed |= ways.failed || key.failed || order.failed;
    if (m->where.failed)
        return;
    const char *const names[] = {"ways", "order", "limit", NULL};
    const char *const texts[] = {ways.data, order.data, m->most, NULL};
    vs_buf_all(&m->where, c->noun->table, ".seq IN (");
    vs_piece_put(&m->where, piecewise ? VS_STMT_PIECE_WAYS_PAGE : VS_STMT_PIECE_WAYS, names, texts);
    vs_buf_char(&m->where, ')');
}

/* The where-clause with the ways that lead to what may be visible. */
static void put_where(struct making *m) {
    const struct vs_compiled *c = m->c;
    const char *where = c->where.len ? c->where.data : "1 = 1";
    if (c->n_ways == 0 || c->matched) /* the index of words is the way */
        vs_buf_str(&m->where, where);
    else if (c->n_ways == 1 && !c->ways[0].from.len)
        vs_buf_fmt(&m->where, "%s AND %s", c->ways[0].when.data, where);
    else
        put_all_ways(m, where);
}

static void put_match(const struct making *m, int value, struct vs_buf *b) {
    vs_buf_fmt(b, m->how & VS_RANKED ? "$%d, 'vs_rank()'" : "$%d", value + 1);
}

/* What an expression finds: a table of places and ranks. */
static void put_words(const struct making *m, int value, struct vs_buf *b) {
    const struct vs_compiled *c = m->c;
    if (m->fresh) {
        const char *const names[] = {"pairs", NULL};
        const char *const texts[] = {value == MATCH ? c->fresh.data : c->fresh_anybody.data, NULL};
        vs_buf_char(b, '(');
        vs_piece_put(b, VS_STMT_PIECE_FRESH, names, texts);
        vs_buf_char(b, ')');
        return;
    }
    vs_buf_fmt(b, "%s_search(", c->noun->table);
    put_match(m, value, b);
    vs_buf_char(b, ')');
}

/* That the words which shortened prefixes found are the right ones. */
static int put_check(struct vs_compiled *c, struct vs_buf *b, vidstore_error **e) {
    static const struct vs_field text = {0, "words", "words", VS_TEXT, 0, 0, NULL};
    vs_buf_str(b, "1 = 1");
    for (int i = 0; i < c->n_roughs; i++) {
        struct vs_rough *rough = &c->roughs[i];
        vs_autobuf like = {0}, words = {0};
        vs_buf_str(&like, "% ");
        vs_buf_add(&like, c->find.data + rough->start, rough->len);
        vs_buf_char(&like, '%');
        vs_search_put_words(&words, rough->column);
        if (like.failed || words.failed)
            return vs_fail_nomem(e);
        struct vs_value value = {.text = like.data, .len = (uint32_t)like.len, .set = VS_VALUE_SET};
        int number = rough->value ? rough->value : vs_compiled_value(c, &text, value, e);
        if (number < 0)
            return number;
        rough->value = number;
        vs_search_words_test(c, words.data, b);
        vs_buf_fmt(b, " LIKE $%d", number);
    }
    return b->failed ? vs_fail_nomem(e) : 0;
}

/* What was granted to the actor has no mark in the index of words: it is looked up row by row. */
static int put_granted(struct making *m, const char *score, vidstore_error **e) {
    struct vs_compiled *c = m->c;
    char order[160];
    vs_autobuf words = {0}, granted = {0}, where = {0}, own = m->hits;
    m->hits = (struct vs_buf){0};
    int r = m->how & VS_RANKED || m->fresh ? 0 : vs_search_row(c, e);
    if (r)
        return r;
    int by_row = !(m->how & VS_RANKED) && !m->fresh && c->row_made > 0;
    put_order(c, "seq", order, sizeof order);
    if (by_row)
        vs_buf_fmt(&words, "%s_search", c->noun->table);
    else
        put_words(m, MATCH_ANYBODY, &words);
    vs_buf_fmt(&where, "%s AND %s", m->where.data, by_row ? c->row.data : m->check.data);
    for (int i = 0; i < c->marked; i++)
        vs_buf_fmt(&where, " AND NOT (%s)", c->ways[i].when.data);
    put_ways(c, c->marked, "", NULL, &granted);
    if (granted.failed || words.failed || where.failed)
        return vs_fail_nomem(e);
    const char *const names[] = {"where", "granted_order", "limit", "words", "score", "granted", "hits", NULL};
    const char *const texts[] = {where.data, order, m->most, words.data, score, granted.data, own.data, NULL};
    return vs_template_fill(&m->hits, vs_stmt_text(m->conn, c->noun->search.granted), names, texts, e);
}

/* What the index of words finds: the places of rows, and how well they fit. */
static int put_hits(struct making *m, const char *most, vidstore_error **e) {
    struct vs_compiled *c = m->c;
    const char *score = m->how & VS_RANKED ? "found.rank" : "0";
    char order[160];
    vs_autobuf words = {0};
    put_order(c, "found.rowid", order, sizeof order);
    put_words(m, MATCH, &words);
    const char *const names[] = {"where", "found_order", "limit", "words", "score", NULL};
    const char *const texts[] = {m->where.data, order, most, words.data, score, NULL};
    int r = words.failed ? vs_fail_nomem(e)
                         : vs_template_fill(&m->hits, vs_stmt_text(m->conn, c->noun->search.hits), names, texts, e);
    return r || c->marked == c->n_ways || (m->how & VS_REACH) ? r : put_granted(m, score, e);
}

/* What few rows are asked themselves, and that they are none of those that are noted: the index has their old words. */
static void put_asked(struct making *m) {
    const struct vs_compiled *c = m->c;
    if (c->lean)
        vs_buf_fmt(&m->where, "%s%s%s", c->told.len ? c->told.data : "", c->n_roughs ? " AND " : "",
                   c->n_roughs ? m->check.data : "");
    for (int i = 0; i < c->n_noted; i++)
        vs_buf_fmt(&m->where, "%s%" PRId64, i ? ", " : " AND +seq NOT IN (", c->noted[i]);
    vs_buf_str(&m->where, c->n_noted ? ")" : "");
}

/* The same of two kinds of records: of those that are noted, and of all others. */
static int put_all_hits(struct making *m, const char *most, vidstore_error **e) {
    vs_autobuf fresh = {0};
    int r = 0;
    if (m->c->n_noted) {
        m->fresh = 1;
        r = put_hits(m, most, e);
        m->fresh = 0;
        fresh = m->hits;
        m->hits = (struct vs_buf){0};
    }
    put_asked(m);
    if (!r)
        r = m->where.failed ? vs_fail_nomem(e) : put_hits(m, most, e);
    if (r || !m->c->n_noted)
        return r;
    vs_autobuf indexed = m->hits;
    m->hits = (struct vs_buf){0};
    const char *const names[] = {"indexed", "fresh", NULL}, *const texts[] = {indexed.data, fresh.data, NULL};
    return vs_template_fill(&m->hits, vs_stmt_text(m->conn, VS_STMT_SEARCH_BOTH), names, texts, e);
}

/* A list of what was found in more ways than one, or roughly: by the places, in their order. */
static int put_found(struct making *m, vidstore_error **e) {
    struct vs_compiled *c = m->c;
    vs_autobuf where = m->where;
    m->where = (struct vs_buf){0};
    const char *const names[] = {"hits", NULL}, *const texts[] = {m->hits.data, NULL};
    vs_buf_str(&m->where, "seq IN (");
    vs_piece_put(&m->where, VS_STMT_PIECE_PLACES, names, texts);
    vs_buf_char(&m->where, ')');
    if (m->how & VS_ROUGH)
        vs_buf_fmt(&m->where, " AND %s", m->check.data);
    if ((m->how & VS_ROUGH) && c->reach)
        vs_buf_fmt(&m->where, " AND +seq %s $%d", c->ascending ? "<=" : ">=", c->reach);
    return m->where.failed ? vs_fail_nomem(e) : 0;
}

int vs_compiled_leave_out(struct vs_compiled *c, struct vs_conn *conn, vidstore_error **e) {
    vs_autostmt *s = NULL;
    if (!c->matched || c->marked == c->n_ways || c->looked)
        return 0;
    c->looked = 1;
    int r = vs_ask(conn, c->others, &s, e, vs_id(&c->holder));
    if (r == VS_DONE) {
        for (int i = c->marked; i < c->n_ways; i++) {
            vs_buf_free(&c->ways[i].from);
            vs_buf_free(&c->ways[i].when);
        }
        c->n_ways = c->marked;
    }
    return r < 0 ? r : 0;
}

static int compose(struct making *m, enum vs_stmt_id tmpl, struct vs_buf *b, vidstore_error **e) {
    struct vs_compiled *c = m->c;
    char order[160], rough[24];
    vs_autobuf match = {0};
    put_where(m);
    put_order(c, "found.rowid", order, sizeof order);
    put_match(m, MATCH, &match);
    snprintf(rough, sizeof rough, "%d", VS_ROUGH_MOST);
    const char *most = m->how & (VS_ROUGH | VS_REACH) ? rough : m->how & VS_RANKED ? RANKED_MOST : m->most;
    int r = m->where.failed || match.failed ? vs_fail_nomem(e) : 0;
    if (!r && c->matched)
        r = put_check(c, &m->check, e);
    if (!r && c->matched)
        r = put_all_hits(m, most, e);
    if (!r && tmpl == c->noun->search.list && (c->marked < c->n_ways || c->n_noted || m->how & VS_ROUGH)) {
        tmpl = c->noun->stmt.list;
        r = put_found(m, e);
    }
    const char *const names[] = {"where", "order", "from", "found_order", "limit", "match", "hits", NULL};
    const char *const texts[] = {
        m->where.data, m->order, "", order, m->most, match.data, m->hits.data ? m->hits.data : "", NULL};
    return r ? r : vs_template_fill(b, vs_stmt_text(m->conn, tmpl), names, texts, e);
}

/* The expressions of a query that goes through the index of words. */
static int make_matches(struct vs_compiled *c, enum vs_how how, vidstore_error **e) {
    vs_buf_free(&c->match);
    vs_buf_free(&c->match_anybody);
    int r = vs_search_match(c, how, &c->match, e);
    if (!r && c->marked < c->n_ways)
        r = vs_search_match(c, VS_ROUGH | VS_ANYBODY, &c->match_anybody, e);
    return r;
}

static void bind_term(struct vs_stmt *s, int at, const struct vs_term *term, uint8_t scratch[64]) {
    if (term->has_id)
        vs_bind_uuid(s, at, &term->id);
    else
        vs_value_bind(s, at, term->field, &term->value, scratch);
}

/* The statement of a text, with the values that it names. */
static int bind_all(struct vs_compiled *c, struct vs_conn *conn, const char *sql, const struct vs_uuid *object,
                    vs_scratch scratch, struct vs_stmt **ret, vidstore_error **e) {
    vs_autobuf numbered = {0};
    int values[VALUES], used = 0;
    number(&numbered, sql, values, &used);
    int r = numbered.failed ? vs_fail_nomem(e) : vs_stmt_composed(conn, numbered.data, numbered.len, ret, e);
    for (int i = 0; !r && i < used; i++) {
        const struct vs_buf *match = values[i] == MATCH ? &c->match : &c->match_anybody;
        if (values[i] == OBJECT)
            vs_bind_uuid(*ret, i + 1, object);
        else if (values[i] >= VS_QUERY_TERMS)
            vs_bind_text(*ret, i + 1, match->data, (int64_t)match->len);
        else
            bind_term(*ret, i + 1, &c->terms[values[i]], scratch[values[i]]);
    }
    return r;
}

int vs_compiled_stmt(struct vs_compiled *c, struct vs_conn *conn, enum vs_stmt_id tmpl, int64_t limit, enum vs_how how,
                     vs_scratch scratch, struct vs_stmt **ret, vidstore_error **e) {
    char order[160], most[24];
    vs_autobuf sql = {0};
    struct making m = {.c = c, .conn = conn, .order = order, .most = most, .how = how};
    int r = vs_compiled_leave_out(c, conn, e);
    if (!r)
        r = vs_search_plan(c, conn, e);
    put_order(c, c->place ? c->place : "seq", order, sizeof order);
    snprintf(most, sizeof most, "%" PRId64, limit);
    if (!r && c->matched)
        r = make_matches(c, how, e);
    if (!r && c->matched && c->n_noted)
        r = vs_search_fresh(c, conn, e);
    if (!r)
        r = compose(&m, tmpl, &sql, e);
    vs_buf_free(&m.where);
    vs_buf_free(&m.check);
    vs_buf_free(&m.hits);
    return r ? r : bind_all(c, conn, sql.data, NULL, scratch, ret, e);
}

int vs_compiled_way_stmt(struct vs_compiled *c, struct vs_conn *conn, const struct vs_way *way,
                         const struct vs_uuid *object, int64_t limit, vs_scratch scratch, struct vs_stmt **ret,
                         vidstore_error **e) {
    char order[160];
    vs_autobuf sql = {0}, where = {0}, from = {0}, most = {0};
    put_order(c, way->seq, order, sizeof order);
    /* What was granted twice comes twice: a limit might end the way before it has led to as many rows. */
    vs_buf_int(&most, way->granted && !way->object ? INT64_MAX : limit);
    if (object) {
        vs_buf_all(&where, way->object, " = $");
        vs_buf_int(&where, OBJECT + 1);
    } else if (way->object) {
        const char *const hole[] = {"granted_from", NULL}, *const granted[] = {way->from.data, NULL};
        vs_buf_all(&where, way->object, " IN (");
        vs_piece_put(&where, VS_STMT_PIECE_GRANTED, hole, granted);
        vs_buf_char(&where, ')');
    } else if (way->granted) {
        put_from(way, &from);
    }
    vs_buf_str(&where, way->when.data + (way->object ? way->rest : 0));
    if (c->where.len)
        vs_buf_all(&where, " AND ", c->where.data);
    if (where.failed || from.failed || most.failed)
        return vs_fail_nomem(e);
    const char *const names[] = {"where", "order", "from", "limit", NULL};
    const char *const texts[] = {where.data, order, from.len ? from.data : "", most.data, NULL};
    vs_buf_reserve(&sql, 2 * where.len);
    int r = vs_template_fill(&sql, vs_stmt_text(conn, c->noun->stmt.list), names, texts, e);
    return r ? r : bind_all(c, conn, sql.data, object, scratch, ret, e);
}
