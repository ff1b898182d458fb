/* SPDX-License-Identifier: MIT */
/* What a record can be found by: words and marks, stored beside it. */
#include "db/bind.h"
#include "record/search.h"
#include "record/search_internal.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "util/json.h"
#include "util/unicode.h"
#include <string.h>

enum { FIND = VS_FIND_TITLE | VS_FIND_SERIES | VS_FIND_SEASON | VS_FIND_FILE | VS_FIND_TAGS | VS_FIND_MORE };

/* --- marks ------------------------------------------------------------------------------------------------------ */

void vs_mark_fact(struct vs_buf *b, const struct vs_field *field, const char *text, size_t len, int64_t number) {
    vs_buf_fmt(b, VS_MARK_TEXT "%d" VS_EQUALS_TEXT, (int)field->id);
    if (field->type == VS_INT) { /* its order of magnitude */
        vs_buf_fmt(b, VS_EQUALS_TEXT "%d", vs_mark_bucket(number));
        return;
    }
    if (!vs_type_is_text(field->type)) {
        vs_buf_int(b, number);
        return;
    }
    for (size_t i = 0; i < len && i < VS_WORD_MAX; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 'A' && c <= 'Z')
            vs_buf_char(b, (char)(c + ('a' - 'A')));
        else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80)
            vs_buf_char(b, (char)c);
        else
            vs_buf_str(b, VS_EQUALS_TEXT);
    }
}

void vs_mark_owner(struct vs_buf *b, const struct vs_uuid *owner) {
    char text[VS_UUID_TEXT];
    vs_uuid_format(owner, text);
    vs_buf_str(b, VS_MARK_TEXT "o");
    for (const char *c = text; *c; c++)
        if (*c != '-')
            vs_buf_char(b, *c);
}

void vs_mark_open(struct vs_buf *b, int64_t level) {
    vs_buf_fmt(b, VS_MARK_TEXT "a%d", (int)level);
}

/* Two steps a power of two: what lies between two numbers is in few of them. */
int vs_mark_bucket(int64_t number) {
    if (number < 2)
        return number < 1 ? 0 : 1;
    int high = 63 - __builtin_clzll((unsigned long long)number);
    return 2 * high + (int)(number >> (high - 1) & 1);
}

/* --- documents -------------------------------------------------------------------------------------------------- */

void vs_search_doc_free(struct vs_search_doc *doc) {
    for (int i = 0; i < VS_FINDS; i++)
        vs_buf_free(&doc->words[i]);
    vs_buf_free(&doc->marks);
}

/* Between two texts of a column stands a word that nobody can type: no phrase begins in one and ends in the next. */
void vs_search_doc_text(struct vs_search_doc *doc, enum vs_find column, const char *text, size_t len) {
    struct vs_buf *words = &doc->words[column];
    size_t before = words->len;
    if (before)
        vs_buf_str(words, " " VS_EQUALS_TEXT);
    size_t count = vs_unicode_words(words, text, len, VS_SEARCH_INDEXED - doc->count[column]);
    if (!count && before && !words->failed)
        words->data[words->len = before] = '\0';
    doc->count[column] += count;
}

static void next_mark(struct vs_search_doc *doc) {
    vs_buf_str(&doc->marks, doc->marks.len ? " " : VS_MARK_TEXT " "); /* one mark that all have */
}

void vs_search_doc_owner(struct vs_search_doc *doc, const struct vs_uuid *owner) {
    next_mark(doc);
    vs_mark_owner(&doc->marks, owner);
}

int vs_search_doc_put(struct vs_conn *conn, enum vs_stmt_id put, int64_t seq, const struct vs_search_doc *doc,
                      vidstore_error **e) {
    vs_autostmt *s = NULL;
    int failed = doc->marks.failed;
    for (int i = 0; i < VS_FINDS; i++)
        failed |= doc->words[i].failed;
    int r = failed ? vs_fail_nomem(e) : vs_bound(conn, put, &s, e, vs_int(seq));
    if (r)
        return r;
    for (int i = 0; i < VS_FINDS; i++)
        vs_bind_text(s, 2 + i, doc->words[i].data ? doc->words[i].data : "", (int64_t)doc->words[i].len);
    vs_bind_text(s, 2 + VS_FINDS, doc->marks.data ? doc->marks.data : VS_MARK_TEXT, -1);
    return vs_run(s, NULL, e);
}

/* --- records ---------------------------------------------------------------------------------------------------- */

enum vs_find vs_find_of(const struct vs_field *field) {
    int column = 0;
    while (column < VS_FINDS && !(field->use & ((uint32_t)VS_FIND_TITLE << column)))
        column++;
    return (enum vs_find)column;
}

/* Every text in a JSON value. */
static void add_json(struct vs_search_doc *doc, enum vs_find column, const json_t *value) {
    const char *key;
    const json_t *item;
    size_t i;
    if (json_is_string(value))
        vs_search_doc_text(doc, column, json_string_value(value), json_string_length(value));
    json_array_foreach((json_t *)(uintptr_t)value, i, item) add_json(doc, column, item);
    json_object_foreach((json_t *)(uintptr_t)value, key, item) add_json(doc, column, item);
}

/* Of each language the part before the hyphen too: pt-BR is pt as well. */
static void add_fact_text(struct vs_search_doc *doc, const struct vs_field *field, const char *text, size_t len) {
    size_t part = 0;
    next_mark(doc);
    vs_mark_fact(&doc->marks, field, text, len, 0);
    while (part < len && text[part] != '-')
        part++;
    if (part == len || !part)
        return;
    next_mark(doc);
    vs_mark_fact(&doc->marks, field, text, part, 0);
}

static void add_field(struct vs_search_doc *doc, const struct vs_field *field, const struct vs_value *value) {
    enum vs_find column = vs_find_of(field);
    if (field->use & VS_MANY) {
        for (size_t at = 0, n; at < value->len; at += n + 1) {
            n = strcspn(value->text + at, " ");
            if (n)
                add_fact_text(doc, field, value->text + at, n);
        }
    } else if (field->use & VS_FACT) {
        int is_text = vs_type_is_text(field->type);
        next_mark(doc);
        vs_mark_fact(&doc->marks, field, is_text ? value->text : NULL, is_text ? value->len : 0,
                     is_text ? 0 : value->i);
    }
    if (column == VS_FINDS)
        return;
    if (field->type == VS_JSON) {
        vs_autojson *json = NULL;
        if (!vs_json_parse(value->text, value->len, (size_t)field->max, NULL, &json, NULL))
            add_json(doc, column, json);
    } else if (vs_type_is_text(field->type)) {
        vs_search_doc_text(doc, column, value->text, value->len);
    }
}

/* What is kept in other tables: facts by the name of their field, and words. */
static int add_more(struct vs_conn *conn, const struct vs_noun *noun, const struct vs_uuid *id,
                    struct vs_search_doc *doc, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = noun->search.more ? vs_stmt(conn, noun->search.more, &s, e) : VS_DONE;
    if (!r && noun->search.more)
        vs_bind_uuid(s, 1, id);
    while (!r && noun->search.more && (r = vs_step(s, e)) == VS_ROW) {
        size_t name_len = 0, len = 0;
        const char *name = vs_col_text(s, 0, &name_len), *text = vs_col_text(s, 1, &len);
        const struct vs_field *field = name_len ? vs_field_by_name(noun, name, name_len) : NULL;
        r = 0;
        if (!text || (name_len && !field))
            continue;
        if (!field) {
            vs_search_doc_text(doc, VS_IN_MORE, text, len);
            continue;
        }
        add_fact_text(doc, field, text, len);
    }
    return r;
}

int vs_search_drop(struct vs_conn *conn, const struct vs_noun *noun, int64_t seq, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = noun->search.put ? vs_stmt(conn, noun->search.drop, &s, e) : 0;
    if (r || !s)
        return r;
    vs_bind_int(s, 1, seq);
    return vs_run(s, NULL, e);
}

static int fill(struct vs_conn *conn, const struct vs_record *record, struct vs_search_doc *doc, vidstore_error **e) {
    const struct vs_noun *noun = record->noun;
    struct vs_uuid id = vs_record_uuid(record, noun->base + 1), owner = vs_record_uuid(record, noun->base + 2);
    vs_search_doc_owner(doc, &owner);
    for (size_t i = 0; i < noun->columns; i++) {
        const struct vs_field *field = &noun->fields[i];
        if (!record->values[i].set)
            continue;
        if (noun->search.open && field->id == noun->search.open) {
            next_mark(doc);
            vs_mark_open(&doc->marks, record->values[i].i);
        }
        if (field->use & (FIND | VS_FACT))
            add_field(doc, field, &record->values[i]);
    }
    return add_more(conn, noun, &id, doc, e);
}

int vs_search_doc_read(struct vs_conn *conn, const struct vs_noun *noun, int64_t seq, struct vs_search_doc *ret,
                       int *ret_there, vidstore_error **e) {
    vs_autostmt *s = NULL;
    vs_autoblock *block = vs_block_new(noun->columns * sizeof(struct vs_value) + 1024);
    struct vs_record *record = NULL;
    *ret_there = 0;
    int r = block ? vs_ask(conn, noun->search.by_seq, &s, e, vs_int(seq)) : vs_fail_nomem(e);
    if (r == VS_ROW)
        r = vs_record_decode(block, noun, s, &record, e);
    vs_reset(VS_TAKE(s));
    *ret_there = record != NULL;
    return r < 0 ? r : record ? fill(conn, record, ret, e) : 0;
}

/* One noted record; it may be gone by now. last: those after it have never been in the index. */
static int settle_one(struct vs_conn *conn, const struct vs_noun *noun, int64_t seq, int64_t last, vidstore_error **e) {
    __attribute__((cleanup(vs_search_doc_free))) struct vs_search_doc doc = {0};
    int there = 0;
    int r = seq > last ? 0 : vs_search_drop(conn, noun, seq, e);
    if (!r)
        r = vs_search_doc_read(conn, noun, seq, &doc, &there, e);
    return r || !there ? r : vs_search_doc_put(conn, noun->search.put, seq, &doc, e);
}

/* --- notes ------------------------------------------------------------------------------------------------------ */

enum { TOGETHER = 256 };

/* The number of a note. */
static int64_t note_of(const struct vs_noun *noun, int64_t row) {
    return ((int64_t)(noun->base / 1000) << 48) + row;
}

int vs_search_notes(struct vs_conn *conn, const struct vs_noun *noun, int most, int64_t *ret, int *ret_count,
                    vidstore_error **e) {
    vs_autostmt *s = NULL;
    *ret_count = 0;
    int r = vs_bound(conn, VS_STMT_SEARCH_NOTE_LIST, &s, e, vs_int(note_of(noun, 0)),
                     vs_int(note_of(noun, (int64_t)1 << 48)), vs_int(most));
    if (r)
        return r;
    while (*ret_count < most && (r = vs_step(s, e)) == VS_ROW)
        ret[(*ret_count)++] = vs_col_int(s, 0) - note_of(noun, 0);
    return r < 0 ? r : 0;
}

static int last_of(struct vs_conn *conn, const struct vs_noun *noun, int64_t *ret, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, noun->search.last, &s, e);
    *ret = 0;
    if (!r && (r = vs_step(s, e)) == VS_ROW)
        *ret = vs_col_int(s, 0);
    return r < 0 ? r : 0;
}

int vs_search_settle(struct vs_conn *conn, const struct vs_noun *noun, int limit, int64_t until_us, int *ret_left,
                     vidstore_error **e) {
    int64_t last = 0;
    int count = 0, done = 0;
    vs_autofree int64_t *notes = vs_malloc((size_t)limit * sizeof *notes);
    int r = notes ? vs_search_notes(conn, noun, limit, notes, &count, e) : vs_fail_nomem(e);
    *ret_left = count == limit;
    if (r || !count)
        return r;
    r = last_of(conn, noun, &last, e);
    while (!r && done < count && (!done || !until_us || vs_mono_us() < until_us))
        r = settle_one(conn, noun, notes[done++], last, e);
    *ret_left |= done < count;
    return r ? r
             : vs_exec(conn, VS_STMT_SEARCH_NOTE_DONE, NULL, e, vs_int(note_of(noun, notes[0])),
                       vs_int(note_of(noun, notes[done - 1])));
}

/* Now and then it is somebody's turn to work notes off: more than were made since, so that they don't pile up. */
int vs_search_note(struct vs_conn *conn, const struct vs_noun *noun, int64_t seq, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int left = 0;
    int r = noun->search.put ? vs_stmt(conn, VS_STMT_SEARCH_NOTE_ADD, &s, e) : 0;
    if (r || !s)
        return r;
    vs_bind_int(s, 1, note_of(noun, seq));
    r = vs_run(s, NULL, e);
    return r || !vs_db_turn(conn, noun->base / 1000 % VS_KINDS) ? r
                                                                : vs_search_settle(conn, noun, TOGETHER, 0, &left, e);
}

int vs_search_differs(const struct vs_noun *noun, const struct vs_value *before, const struct vs_value *after) {
    for (size_t i = 0; noun->search.put && i < noun->columns; i++) {
        const struct vs_field *field = &noun->fields[i];
        int counts = (field->use & (FIND | VS_FACT)) || (noun->search.open && field->id == noun->search.open);
        if (counts && !vs_value_equal(field, &before[i], &after[i]))
            return 1;
    }
    return 0;
}
