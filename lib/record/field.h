/* SPDX-License-Identifier: MIT */
/* What a noun is made of. One table a noun says everything about its fields; all the rest is generic.
 *
 * A table is a header lib/<noun>s/<noun>_fields.h of lines
 *     VS_FIELD(SUFFIX, id, TYPE, column, "json name", uses, maximum, words)
 * in the order of the columns in SELECT lists; VS_VIRTUAL has the same arguments and no column. The constant
 * VIDSTORE_<NOUN>_<SUFFIX> of the public header has the same id. The same lines are read by the build: statements take
 * their column lists from them, and the manual its tables. */
#ifndef VS_RECORD_FIELD_H
#define VS_RECORD_FIELD_H

#include "statements.h"
#include "vidstore/base.h"
#include <stddef.h>
#include <stdint.h>

enum vs_type {
    VS_INT,  /* 0 to the maximum; a maximum of 0 is INT64_MAX */
    VS_BOOL, /* 0 or 1 */
    VS_TIME, /* microseconds, 0 to the year 9999 */
    VS_ENUM, /* one of the words */
    VS_UUID, /* 16 bytes in the store, 36 characters outside */
    VS_TEXT, /* at most maximum bytes of UTF-8 */
    VS_JSON, /* text that is JSON: an object, or an array when VS_ARRAY is among the uses */
    VS_HASH, /* maximum bytes in the store, twice as many hex digits outside */
};

enum vs_use {
    VS_SET = 1 << 0,     /* by params, at creation and later */
    VS_ONCE = 1 << 1,    /* by params, at creation only */
    VS_FILTER = 1 << 2,  /* in the query language */
    VS_SORT = 1 << 3,    /* as a page order: never NULL, and an index exists */
    VS_INDEX = 1 << 4,   /* an index serves = on it */
    VS_NULL = 1 << 5,    /* may be cleared */
    VS_ARRAY = 1 << 6,   /* JSON: an array, not an object */
    VS_SECRET = 1 << 7,  /* never leaves; a change is recorded as "changed" */
    VS_QUIET = 1 << 8,   /* a change of it alone is no event of the audit */
    VS_ADMIN = 1 << 9,   /* set by admins and the system only */
    VS_FOLDED = 1 << 10, /* compared without regard to case: there is a column <column>_key */
    VS_OWNER =
        1 << 12, /* shown to the owner, to admins and to the system; NULL for others, who see the record all the same */
    VS_LINE = 1 << 11,                      /* text without control characters */
    VS_FREE = VS_SET | VS_NULL | VS_FILTER, /* a host's own: to set, to clear, to ask for */
    /* Its words are found (record/search.h), and in which column of the index they stand. */
    VS_FIND_TITLE = 1 << 13,
    VS_FIND_SERIES = 1 << 14,
    VS_FIND_SEASON = 1 << 15,
    VS_FIND_FILE = 1 << 16,
    VS_FIND_TAGS = 1 << 17,
    VS_FIND_MORE = 1 << 18,
    VS_OWN_SET = 1 << 19,   /* changed by the owner, admins and the system only; as all that is VS_OWNER */
    VS_MANY = 1 << 20,      /* text: several words with blanks between; = asks for one of them */
    VS_MEMBERS = 1 << 22,   /* JSON: its members can be asked for */
    VS_ELSEWHERE = 1 << 21, /* a fact whose marks come of other rows than the record's own, too */
    VS_FACT = 1 << 23,      /* the index of words serves = on it, and for numbers < and > */
};

struct vs_word {
    int64_t value;
    const char *name;
}; /* a list of them ends with name NULL */

struct vs_field {
    int32_t id;
    const char *column; /* NULL: virtual */
    const char *name;
    enum vs_type type;
    uint32_t use;
    int64_t max;
    const struct vs_word *words;
};

/* What people say and what is meant: "hdr:any" is hdr:hdr10,hlg,…; value NULL: the field has another name too. */
struct vs_saying {
    const char *name, *value, *means;
};

/* A value of an enumeration for which a partial index stands ready. */
struct vs_served {
    int32_t field; /* 0: the end of the list */
    int64_t value;
};

/* What the query language asks for besides fields: NAME = a UUID, that the row is among those which a piece of SQL
 * selects by it. Holes of the piece: {{that}} the UUID, {{me}} and {{all}} who asks, for what only its owner sees. */
struct vs_related {
    const char *name;   /* of the other noun */
    const char *column; /* what the piece selects */
    enum vs_stmt_id piece;
};

struct vs_noun {
    const char *name;  /* "user" */
    const char *table; /* "users" */
    int32_t base;      /* ids run from base + 1 to base + 999 */
    const struct vs_field *fields;
    size_t count;                   /* of all fields; the virtual ones stand last */
    size_t columns;                 /* of those with a column */
    int32_t label;                  /* field whose text names an object to people; 0: none */
    const struct vs_served *served; /* NULL: none */
    struct {
        enum vs_stmt_id by_id, by_external, insert, update, purge, list, count;
    } stmt;
    struct {
        enum vs_stmt_id put, drop, list, hits, granted, best, reach, few, words, last, count, by_seq;
        enum vs_stmt_id more; /* rows (fact or '', text) of what is kept elsewhere, for the id; 0: nothing is */
        int32_t open;         /* field of the access level by which others may see a record; 0: none */
        const struct vs_saying *sayings; /* ends with name NULL; NULL: none */
    } search;                            /* put 0: no words are kept */
    const struct vs_related *related;    /* ends with name NULL; NULL: none */
};

/* The statements that are named alike for each noun. */
#define VS_NOUN_STMTS(NOUN_)                                                                                           \
    .by_id = VS_STMT_##NOUN_##_BY_ID, .insert = VS_STMT_##NOUN_##_INSERT, .update = VS_STMT_##NOUN_##_UPDATE,          \
    .purge = VS_STMT_##NOUN_##_PURGE, .list = VS_STMT_##NOUN_##_LIST, .count = VS_STMT_##NOUN_##_COUNT
#define VS_SEARCH_STMTS(NOUN_)                                                                                         \
    .put = VS_STMT_##NOUN_##_SEARCH_PUT, .drop = VS_STMT_##NOUN_##_SEARCH_DROP, .list = VS_STMT_##NOUN_##_SEARCH_LIST, \
    .hits = VS_STMT_##NOUN_##_SEARCH_HITS, .granted = VS_STMT_##NOUN_##_SEARCH_GRANTED,                                \
    .best = VS_STMT_##NOUN_##_SEARCH_BEST, .reach = VS_STMT_##NOUN_##_SEARCH_REACH,                                    \
    .few = VS_STMT_##NOUN_##_SEARCH_FEW, .words = VS_STMT_##NOUN_##_SEARCH_WORDS,                                      \
    .last = VS_STMT_##NOUN_##_SEARCH_LAST, .count = VS_STMT_##NOUN_##_SEARCH_COUNT, .by_seq = VS_STMT_##NOUN_##_BY_SEQ

/* The field of an id or of a JSON name; NULL when the noun has none. */
const struct vs_field *vs_field_by_id(const struct vs_noun *noun, int32_t id);
const struct vs_field *vs_field_by_name(const struct vs_noun *noun, const char *name, size_t len);
/* Where the field of an id stands in the table; -1 when nowhere. */
int vs_field_index(const struct vs_noun *noun, int32_t id);

/* The names of the fields that have a use, with commas between them, for messages; as many as there is room for. */
enum { VS_FIELD_NAMES = 512 };
const char *vs_field_names(const struct vs_noun *noun, uint32_t use, char buffer[VS_FIELD_NAMES]);

/* The name of a word, or NULL; and the value of a name: 1, or 0 when there is none. */
const char *vs_word_name(const struct vs_word *words, int64_t value);
int vs_word_value(const struct vs_word *words, const char *name, size_t len, int64_t *ret);

#endif
