/* SPDX-License-Identifier: MIT */
/* Cursors: where a page ended, as a text that says nothing to its reader. It is "2-", the digest of the query, and what
 * is sealed with the store's key: seq, and the sorted value where the order has one. In the open, seq would tell how
 * many records of others there are. A list in an order of its own has the place instead of seq, and the turn: of which
 * numbering that place is. */
#include "crypto/crypto.h"
#include "record/query.h"
#include "util/alloc.h"
#include "util/bytes.h"
#include "util/error.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { NUMBER = 8, DIGEST_AT = 2, SEALED_AT = DIGEST_AT + 2 * NUMBER };

static void put_number(struct vs_buf *b, uint64_t value) {
    uint8_t bytes[NUMBER];
    vs_put_number(bytes, value, NUMBER);
    vs_buf_add(b, bytes, NUMBER);
}

/* --- making --------------------------------------------------------------------------------------------------------
 */

static void put_place(const struct vs_compiled *c, const struct vs_record *last, struct vs_buf *b) {
    put_number(b, (uint64_t)last->seq);
    if (c->place)
        put_number(b, (uint64_t)c->turn);
    if (!c->sort)
        return;
    const struct vs_value *value = &last->values[c->sort - c->noun->fields];
    if (vs_type_is_text(c->sort->type))
        vs_buf_add(b, value->text, value->len);
    else
        put_number(b, (uint64_t)value->i);
}

int vs_cursor_make(const struct vs_compiled *c, const struct vs_record *last, char **ret, vidstore_error **e) {
    vs_autobuf place = {0};
    put_place(c, last, &place);
    if (place.failed)
        return vs_fail_nomem(e);
    size_t len = VS_SIV_TAG + place.len;
    vs_autofree uint8_t *sealed = vs_malloc(len);
    vs_autofree char *text = vs_malloc(SEALED_AT + 2 * len + 1);
    if (!sealed || !text)
        return vs_fail_nomem(e);
    int r = vs_siv_seal(c->seal, &c->digest, sizeof c->digest, place.data, place.len, sealed, sealed + VS_SIV_TAG, e);
    if (r)
        return r;
    snprintf(text, SEALED_AT + 1, "2-%016" PRIx64, c->digest);
    vs_hex(sealed, len, text + SEALED_AT);
    *ret = VS_TAKE(text);
    return 0;
}

/* --- going on ------------------------------------------------------------------------------------------------------
 */

static const struct vs_field seq = {0, "seq", "seq", VS_INT, 0, 0, NULL};

static int malformed(vidstore_error **e) {
    return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "cursor", "cursor is not one that a page gave");
}

static int check_digest(const struct vs_compiled *c, const char *cursor, vidstore_error **e) {
    uint8_t digest[NUMBER];
    char hex[2 * NUMBER + 1] = {0};
    memcpy(hex, cursor + DIGEST_AT, 2 * NUMBER);
    if (strncmp(cursor, "2-", DIGEST_AT) != 0 || vs_unhex(hex, digest, NUMBER))
        return malformed(e);
    if (vs_get_number(digest, NUMBER) != c->digest)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "cursor", "cursor belongs to another query");
    return 0;
}

/* The place: *ret_len bytes and a NUL after them. */
static int open_seal(const struct vs_compiled *c, const char *hex, uint8_t **ret, size_t *ret_len, vidstore_error **e) {
    size_t len = strlen(hex) / 2;
    int fits = 0;
    if (strlen(hex) % 2 || len < VS_SIV_TAG + NUMBER || len > VS_QUERY_MAX)
        return malformed(e);
    vs_autofree uint8_t *sealed = vs_malloc(len);
    vs_autofree uint8_t *place = vs_malloc(len);
    if (!sealed || !place)
        return vs_fail_nomem(e);
    if (vs_unhex(hex, sealed, len))
        return malformed(e);
    *ret_len = len - VS_SIV_TAG;
    int r = vs_siv_open(c->seal, &c->digest, sizeof c->digest, sealed, sealed + VS_SIV_TAG, *ret_len, place, &fits, e);
    if (r || !fits)
        return r ? r : malformed(e);
    place[*ret_len] = '\0';
    *ret = VS_TAKE(place);
    return 0;
}

/* The sorted value, as a value of the sort field; a text is borrowed. */
static struct vs_value sorted_value(const struct vs_field *sort, char *bytes, size_t len) {
    if (!vs_type_is_text(sort->type))
        return (struct vs_value){.i = (int64_t)vs_get_number((const uint8_t *)bytes, NUMBER), .set = VS_VALUE_SET};
    for (char *p = bytes; sort->use & VS_FOLDED && *p; p++)
        *p = *p >= 'A' && *p <= 'Z' ? (char)(*p + ('a' - 'A')) : *p;
    return (struct vs_value){.text = bytes, .len = (uint32_t)len, .set = VS_VALUE_SET};
}

/* The least that is sealed; a sorted text may be empty. */
static size_t least(const struct vs_compiled *c) {
    return c->place || (c->sort && !vs_type_is_text(c->sort->type)) ? 2 * NUMBER : NUMBER;
}

/* By seq, or by place; then what the turn is stands in c->start. */
static int start_behind(struct vs_compiled *c, const uint8_t *place, struct vs_value at, vidstore_error **e) {
    char text[80];
    snprintf(text, sizeof text, "%s %s ",
             c->place     ? c->place
             : c->matched ? "found.rowid"
                          : "seq",
             c->ascending ? ">" : "<");
    int r = vs_compiled_and(c, text, &seq, at, e);
    if (!r && c->place)
        c->start = (struct vs_start){at.i, (int64_t)vs_get_number(place + NUMBER, NUMBER), c->count};
    return r;
}

int vs_cursor_apply(struct vs_compiled *c, const char *cursor, vidstore_error **e) {
    vs_autofree uint8_t *place = NULL;
    size_t len = 0;
    int r = strlen(cursor) < SEALED_AT ? malformed(e) : check_digest(c, cursor, e);
    if (!r)
        r = open_seal(c, cursor + SEALED_AT, &place, &len, e);
    if (!r && len < least(c))
        r = malformed(e);
    if (r)
        return r;
    struct vs_value at = {.i = (int64_t)vs_get_number(place, NUMBER), .set = VS_VALUE_SET};
    if (!c->sort)
        return start_behind(c, place, at, e);
    char text[160];
    snprintf(text, sizeof text, "(%s%s, seq) %s (", c->sort->column, c->sort->use & VS_FOLDED ? "_key" : "",
             c->ascending ? ">" : "<");
    r = vs_compiled_and(c, text, c->sort, sorted_value(c->sort, (char *)place + NUMBER, len - NUMBER), e);
    if (r || c->count == VS_QUERY_TERMS)
        return r ? r : vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_TOO_LARGE, "filter", "filter has too many values");
    c->terms[c->count++] = (struct vs_term){.field = &seq, .value = at};
    vs_buf_fmt(&c->where, ", $%d)", c->count);
    return c->where.failed ? vs_fail_nomem(e) : 0;
}
