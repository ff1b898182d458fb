/* SPDX-License-Identifier: MIT */
#include "record/page.h"
#include "util/alloc.h"
#include "util/error.h"
#include "util/handle.h"
#include "util/json.h"
#include "vidstore/query.h"
#include <string.h>

int vs_page_new(const struct vs_noun *noun, int64_t room, struct vs_page **ret, vidstore_error **e) {
    size_t items = (size_t)room * sizeof(struct vs_page_item), records = noun->columns * sizeof(struct vs_value) * 2;
    size_t first = items + (size_t)(room < 64 ? room : 64) * records + 1024;
    vs_autoblock *block = vs_block_new(first);
    struct vs_page *page = block ? vs_block_alloc(block, sizeof *page) : NULL;
    struct vs_page_item *list = page ? vs_block_alloc(block, items ? items : 1) : NULL;
    if (!list)
        return vs_fail_nomem(e);
    *page = (struct vs_page){VS_MAGIC_PAGE, noun, block, 0, room, list, NULL};
    VS_TAKE(block);
    *ret = page;
    return 0;
}

void vs_page_add(struct vs_page *page, struct vs_record *record) {
    page->items[page->count++] = (struct vs_page_item){record, NULL};
}

static struct vs_record *copy_into(struct vs_block *block, const struct vs_record *record) {
    const struct vs_noun *noun = record->noun;
    struct vs_record *copy = vs_block_alloc(block, sizeof *copy + noun->columns * sizeof *copy->values);
    if (!copy)
        return NULL;
    memcpy(copy, record, sizeof *copy + noun->columns * sizeof *copy->values);
    copy->block = block;
    for (size_t i = 0; i < noun->columns; i++) {
        struct vs_value *value = &copy->values[i];
        if (value->set && vs_type_is_text(noun->fields[i].type))
            value->text = vs_block_text(block, value->text, value->len);
        if (value->set && vs_type_is_text(noun->fields[i].type) && !value->text)
            return NULL;
    }
    return copy;
}

int vs_page_add_outcome(struct vs_page *page, const struct vs_record *record, vidstore_error *error,
                        vidstore_error **e) {
    struct vs_record *copy = record ? copy_into(page->block, record) : NULL;
    if (record && !copy)
        return vs_fail_nomem(e);
    page->items[page->count++] = (struct vs_page_item){copy, error};
    return 0;
}

static const struct vs_page_item *item(const vidstore_page *handle, int64_t index) {
    const struct vs_page *page = (const struct vs_page *)handle;
    if (!page || page->magic != VS_MAGIC_PAGE || index < 0 || index >= page->count)
        return NULL;
    return &page->items[index];
}

const struct vs_record *vs_page_record(const vidstore_page *page, const struct vs_noun *noun, int64_t index) {
    const struct vs_page_item *found = item(page, index);
    return found && ((const struct vs_page *)page)->noun == noun ? found->record : NULL;
}

void vs_page_free(struct vs_page *page) {
    if (!page || page->magic != VS_MAGIC_PAGE)
        return;
    for (int64_t i = 0; i < page->count; i++)
        vidstore_error_free(page->items[i].error);
    page->magic = VS_MAGIC_FREED;
    vs_block_unref(page->block);
}

int64_t vidstore_page_count(const vidstore_page *page) {
    const struct vs_page *p = (const struct vs_page *)page;
    return p && p->magic == VS_MAGIC_PAGE ? p->count : 0;
}

const char *vidstore_page_cursor(const vidstore_page *page) {
    const struct vs_page *p = (const struct vs_page *)page;
    return p && p->magic == VS_MAGIC_PAGE ? p->cursor : NULL;
}

vidstore_status vidstore_page_status(const vidstore_page *page, int64_t index) {
    const struct vs_page_item *found = item(page, index);
    return found ? vidstore_error_code(found->error) : VIDSTORE_NOT_FOUND;
}

const vidstore_error *vidstore_page_error(const vidstore_page *page, int64_t index) {
    const struct vs_page_item *found = item(page, index);
    return found ? found->error : NULL;
}

vidstore_status vidstore_page_json(const vidstore_page *handle, vidstore_text **ret_json, vidstore_error **reterr) {
    const struct vs_page *page = (const struct vs_page *)handle;
    vs_autobuf b = {0};
    vidstore_text *ignored = NULL, **ret = ret_json ? ret_json : &ignored;
    *ret = NULL;
    if (reterr)
        *reterr = NULL;
    int r = vs_check_handle(page, VS_MAGIC_PAGE, "page", reterr);
    if (r)
        return r;
    vs_buf_str(&b, "{\"items\":[");
    for (int64_t i = 0; i < page->count; i++) {
        if (i)
            vs_buf_char(&b, ',');
        if (page->items[i].record)
            vs_record_json(&b, page->items[i].record);
        else
            vs_buf_str(&b, "null");
    }
    vs_buf_str(&b, "],\"cursor\":");
    if (page->cursor)
        vs_json_string(&b, page->cursor, strlen(page->cursor));
    else
        vs_buf_str(&b, "null");
    vs_buf_char(&b, '}');
    r = vs_buf_to_text(&b, ret, reterr);
    vidstore_text_free(ignored);
    return r;
}

void vidstore_page_free(vidstore_page *page) {
    vs_page_free((struct vs_page *)page);
}
