/* SPDX-License-Identifier: MIT */
/* Results as JSON. */
#include "call/call.h"
#include "call/call_leases.h"
#include "record/page.h"
#include "util/base64.h"
#include "util/error.h"
#include "util/utf8.h"
#include "vidstore/job.h"
#include <string.h>

static void add_string(struct vs_buf *b, const char *s) {
    if (s)
        vs_json_string(b, s, strlen(s));
    else
        vs_buf_str(b, "null");
}

/* A path may hold bytes that are no UTF-8; JSON can't. */
static void add_text(struct vs_buf *b, const vidstore_text *text, enum vs_out_kind kind) {
    const char *data = vidstore_text_data(text);
    size_t size = (size_t)vidstore_text_size(text);
    if (!text) {
        vs_buf_str(b, "null");
    } else if (kind == VS_OUT_JSON) {
        vs_buf_add(b, data, size);
    } else if (vs_utf8_valid(data, size)) {
        vs_json_string(b, data, size);
    } else {
        vs_buf_str(b, "{\"base64\":\"");
        vs_base64_add(b, data, size);
        vs_buf_str(b, "\"}");
    }
}

static void add_page_errors(struct vs_buf *b, const struct vs_page *page) {
    int64_t failed = 0;
    for (int64_t i = 0; i < page->count; i++)
        failed += page->items[i].error != NULL;
    if (!failed)
        return;
    vs_buf_str(b, ",\"errors\":[");
    for (int64_t i = 0; i < page->count; i++) {
        vs_buf_str(b, i ? "," : "");
        if (page->items[i].error)
            vs_json_error(b, page->items[i].error);
        else
            vs_buf_str(b, "null");
    }
    vs_buf_char(b, ']');
}

/* As vidstore_page_json(), and for a bulk call with failures the reasons. */
static void add_page(struct vs_buf *b, const struct vs_page *page) {
    vs_buf_str(b, "{\"items\":[");
    for (int64_t i = 0; i < page->count; i++) {
        vs_buf_str(b, i ? "," : "");
        if (page->items[i].record)
            vs_record_json(b, page->items[i].record);
        else
            vs_buf_str(b, "null");
    }
    vs_buf_str(b, "],\"cursor\":");
    add_string(b, page->cursor);
    add_page_errors(b, page);
    vs_buf_char(b, '}');
}

static void add_flags(struct vs_buf *b, const struct vs_call_word *words, int64_t flags) {
    int count = 0;
    vs_buf_char(b, '[');
    for (; words && words->word; words++)
        if (words->value && (flags & words->value) == words->value) {
            vs_buf_str(b, count++ ? "," : "");
            add_string(b, words->word);
        }
    vs_buf_char(b, ']');
}

/* From here on the store keeps it, under its token. */
static int add_lease(struct vs_buf *b, union vs_call_slot *slot, struct vidstore *store, vidstore_error **e) {
    vidstore_lease *lease = slot->p;
    if (!lease) {
        vs_buf_str(b, "null");
        return 0;
    }
    vs_buf_str(b, "{\"token\":");
    add_string(b, vidstore_lease_token(lease));
    vs_buf_str(b, ",\"job\":");
    vs_record_json(b, (const struct vs_record *)vidstore_lease_job(lease));
    vs_buf_char(b, '}');
    if (b->failed)
        return vs_fail_nomem(e);
    int r = vs_call_lease_keep(store, lease, e);
    if (!r)
        slot->p = NULL;
    return r;
}

static int add_out(struct vs_buf *b, const struct vs_call_out *out, union vs_call_slot *slot, struct vidstore *store,
                   vidstore_error **e) {
    switch (out->kind) {
    case VS_OUT_BOOL:
        vs_buf_str(b, slot->i ? "true" : "false");
        return 0;
    case VS_OUT_INT:
        if (slot->i == INT64_MIN)
            vs_buf_str(b, "null");
        else
            vs_buf_int(b, slot->i);
        return 0;
    case VS_OUT_FLAGS:
        add_flags(b, out->words, slot->i);
        return 0;
    case VS_OUT_RECORD:
        if (slot->p)
            vs_record_json(b, slot->p);
        else
            vs_buf_str(b, "null");
        return 0;
    case VS_OUT_PAGE:
        if (slot->p)
            add_page(b, slot->p);
        else
            vs_buf_str(b, "null");
        return 0;
    case VS_OUT_LEASE:
        return add_lease(b, slot, store, e);
    case VS_OUT_SESSION:
        return vs_fail(e, VIDSTORE_UNSUPPORTED, NULL, "a session has no JSON: take it");
    default:
        add_text(b, slot->p, out->kind);
        return 0;
    }
}

int vs_invocation_render(struct vs_invocation *call, struct vidstore *store, struct vs_buf *b, vidstore_error **e) {
    const struct vs_call_entry *entry = call->entry;
    int several = entry->outs_count > 1, r = 0;
    if (!entry->outs_count)
        vs_buf_str(b, "null");
    for (size_t i = 0; !r && i < entry->outs_count; i++) {
        if (several)
            vs_buf_fmt(b, "%s\"%s\":", i ? "," : "{", entry->outs[i].name);
        r = add_out(b, &entry->outs[i], &call->out[i], store, e);
    }
    if (several)
        vs_buf_char(b, '}');
    if (!r && b->failed)
        r = b->failed == VIDSTORE_NOMEM ? vs_fail_nomem(e)
                                        : vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_TOO_LARGE, NULL,
                                                      "the result is larger than a text may be");
    return r;
}

int64_t vs_invocation_result_bytes(const struct vs_invocation *call) {
    int64_t bytes = (int64_t)sizeof *call;
    for (size_t i = 0; call->entry && i < call->entry->outs_count; i++) {
        const void *p = call->out[i].p;
        switch (call->entry->outs[i].kind) {
        case VS_OUT_TEXT:
        case VS_OUT_JSON:
        case VS_OUT_DATA:
            bytes += vidstore_text_size(p);
            break;
        case VS_OUT_RECORD:
            bytes += p ? (int64_t)vs_block_size(((const struct vs_record *)p)->block) : 0;
            break;
        case VS_OUT_PAGE:
            bytes += p ? (int64_t)vs_block_size(((const struct vs_page *)p)->block) : 0;
            break;
        default:
            break;
        }
    }
    return bytes;
}
