/* SPDX-License-Identifier: MIT */
/* Several ways lead to what somebody may see. Each is followed by a statement of its own, in the order of the list, and
 * they are merged here: so each row is read once, and no way is followed further than the page needs. What was granted
 * is asked anew for every page, in the transaction in which the page is read. */
#include "record/query_rows.h"
#include "db/bind.h"

static int step(struct vs_head *head, vidstore_error **e) {
    int r = vs_step(head->row, e);
    if (r == VS_ROW)
        head->seq = vs_col_int(head->row, 0);
    else
        head->row = NULL; /* it was reset */
    return r < 0 ? r : 0;
}

/* A statement that stands on a row gets a twin, so each is stepped before the next one is made. */
static int follow(struct vs_rows *rows, const struct vs_way *way, const struct vs_uuid *object, vidstore_error **e) {
    struct vs_compiled *c = rows->c;
    struct vs_head *head = &rows->heads[rows->count++];
    *head = (struct vs_head){.object = object ? *object : (struct vs_uuid){{0}}};
    int r = vs_compiled_way_stmt(c, rows->conn, way, object ? &head->object : NULL, c->limit + 1, rows->scratch,
                                 &head->row, e);
    return r ? r : step(head, e);
}

/* What hangs on a few objects is in the order of the list for each of them; what hangs on many is sorted. */
static int follow_granted(struct vs_rows *rows, const struct vs_way *way, vidstore_error **e) {
    struct vs_compiled *c = rows->c;
    struct vs_uuid objects[VS_OBJECTS_FOLLOWED];
    int most = way->object ? VS_OBJECTS_FOLLOWED + 1 : 1, count = 0, r;
    vs_autostmt *s = NULL;
    if ((r = vs_bound(rows->conn, c->objects, &s, e, vs_id(&c->holder), vs_text(way->granted), vs_int(c->now_us),
                      vs_int(most))))
        return r;
    while ((r = vs_step(s, e)) == VS_ROW) {
        if (count < VS_OBJECTS_FOLLOWED)
            vs_col_uuid(s, 0, &objects[count]);
        count++;
    }
    if (r < 0 || !count)
        return r < 0 ? r : 0;
    if (!way->object || count == most)
        return follow(rows, way, NULL, e);
    for (int i = r = 0; !r && i < count; i++)
        r = follow(rows, way, &objects[i], e);
    return r;
}

/* Whether anything at all was granted. */
static int ask_granted(struct vs_rows *rows, int *ret, vidstore_error **e) {
    struct vs_compiled *c = rows->c;
    vs_autostmt *s = NULL;
    *ret = 0;
    if (c->marked == c->n_ways)
        return 0;
    int r = vs_ask(rows->conn, c->others, &s, e, vs_id(&c->holder));
    *ret = r == VS_ROW;
    return r < 0 ? r : 0;
}

static int one(struct vs_rows *rows, enum vs_how how, vidstore_error **e) {
    struct vs_compiled *c = rows->c;
    enum vs_stmt_id tmpl = c->place     ? c->listing
                           : c->ranked  ? c->noun->search.best
                           : c->matched ? c->noun->search.list
                                        : c->noun->stmt.list;
    rows->count = 1;
    rows->heads[0].row = NULL;
    return vs_compiled_stmt(c, rows->conn, tmpl, c->limit + !c->ranked, how, rows->scratch, &rows->heads[0].row, e);
}

int vs_rows_open(struct vs_rows *rows, struct vs_compiled *c, struct vs_conn *conn, enum vs_how how,
                 vidstore_error **e) {
    int granted = 0, r = 0;
    rows->c = c;
    rows->conn = conn;
    rows->count = 0;
    rows->seq = INT64_MIN;
    rows->merged = c->n_ways > 1 && !c->matched;
    if (rows->merged)
        r = ask_granted(rows, &granted, e);
    if (!r && c->sort && (granted || c->marked > 1)) /* ways are in the order of seq */
        rows->merged = 0;
    if (r || !rows->merged)
        return r ? r : one(rows, how, e);
    for (int i = 0; !r && i < c->marked; i++)
        r = follow(rows, &c->ways[i], NULL, e);
    for (int i = c->marked; granted && !r && i < c->n_ways; i++)
        r = follow_granted(rows, &c->ways[i], e);
    return r;
}

int vs_rows_next(struct vs_rows *rows, struct vs_stmt **ret, vidstore_error **e) {
    struct vs_head *best = NULL;
    int r = 0;
    if (!rows->merged) {
        *ret = rows->heads[0].row;
        return vs_step(*ret, e);
    }
    for (int i = 0; !r && i < rows->count; i++) {
        struct vs_head *head = &rows->heads[i];
        while (!r && head->row && head->seq == rows->seq) /* all ways that led to the last one go on */
            r = step(head, e);
        if (head->row && (!best || (rows->c->ascending ? head->seq < best->seq : head->seq > best->seq)))
            best = head;
    }
    if (r || !best)
        return r ? r : VS_DONE;
    rows->seq = best->seq;
    *ret = best->row;
    return VS_ROW;
}

void vs_rows_close(struct vs_rows *rows) {
    for (int i = 0; i < rows->count; i++)
        vs_reset(rows->heads[i].row);
}
