/* SPDX-License-Identifier: MIT */
/* A page: the records that a list found, or the outcome of a bulk call, in one block. */
#ifndef VS_RECORD_PAGE_H
#define VS_RECORD_PAGE_H

#include "record/record.h"

struct vs_page_item {
    struct vs_record *record; /* NULL: this item failed */
    vidstore_error *error;
};

struct vs_page {
    uint32_t magic;
    const struct vs_noun *noun;
    struct vs_block *block; /* holds the page and all records that were decoded into it */
    int64_t count, room;
    struct vs_page_item *items;
    char *cursor; /* NULL: the last page */
};

/* An empty page with room for so many items. Its block takes the records (vs_record_decode(page->block, …)). */
int vs_page_new(const struct vs_noun *noun, int64_t room, struct vs_page **ret, vidstore_error **e);
/* Adds a record that lives in the page's block. */
void vs_page_add(struct vs_page *page, struct vs_record *record);
/* Adds an outcome: a record of its own (copied into the page) or an error (taken). */
int vs_page_add_outcome(struct vs_page *page, const struct vs_record *record, vidstore_error *error,
                        vidstore_error **e);
const struct vs_record *vs_page_record(const vidstore_page *page, const struct vs_noun *noun, int64_t index);
void vs_page_free(struct vs_page *page);

static inline void vs_page_cleanup(struct vs_page **page) {
    vs_page_free(*page);
}
#define vs_autopage __attribute__((cleanup(vs_page_cleanup))) struct vs_page

#endif
