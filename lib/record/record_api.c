/* SPDX-License-Identifier: MIT */
#include "record/record_api.h"
#include "util/alloc.h"
#include "util/error.h"
#include "util/handle.h"

int vs_record_json_text(const struct vs_record *record, const struct vs_noun *noun, vidstore_text **ret,
                        vidstore_error **e) {
    vs_autobuf b = {0};
    vidstore_text *text = NULL;
    if (ret)
        *ret = NULL;
    if (e)
        *e = NULL;
    int r = vs_check_handle(record, VS_MAGIC_RECORD, noun->name, e);
    if (r)
        return r;
    if (record->noun != noun)
        return vs_fail_sub(e, VIDSTORE_MISUSE, VIDSTORE_SUB_WRONG_HANDLE, noun->name, "the record is a %s",
                           record->noun->name);
    vs_record_json(&b, record);
    r = vs_buf_to_text(&b, &text, e);
    if (ret)
        *ret = VS_TAKE(text);
    vidstore_text_free(text);
    return r;
}

struct vs_record *vs_record_ref(const struct vs_record *record, const struct vs_noun *noun) {
    if (!record || record->magic != VS_MAGIC_RECORD || record->noun != noun)
        return NULL;
    vs_block_ref(record->block);
    return (struct vs_record *)record;
}
