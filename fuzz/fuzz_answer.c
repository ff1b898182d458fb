/* SPDX-License-Identifier: MIT */
/* What a probing process says that a hostile file has taken over. */
#include "media/media_internal.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/json.h"
#include "vidstore/error.h"

/* What is kept for the same bytes is an answer again, and the same one. */
static int is_kept(const struct vs_probe *probe) {
    vs_autojson *first = NULL, *second = NULL;
    vs_autoprobe *again = NULL;
    vs_autobuf text = {0};
    if (vs_probe_to_json(probe, &first, NULL))
        return 0;
    vs_json_dump(&text, first);
    if (vs_probe_again(text.data, text.len, "a", "fork", 0, &again, NULL) || vs_probe_to_json(again, &second, NULL))
        return 0;
    static const char *const own[] = {"reused", "prober", "isolation", "elapsed_us", "bytes_read", "size"};
    for (size_t i = 0; i < VS_COUNT(own); i++) {
        json_object_del(first, own[i]);
        json_object_del(second, own[i]);
    }
    return json_equal(first, second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    vidstore_error *e = NULL;
    struct vs_probe *probe = vs_malloc(sizeof *probe);
    vs_media_probe_init(probe);
    if (vs_media_answer_read((const char *)data, size, probe, &e) == 0) {
        vs_autojson *document = NULL;
        if (vs_probe_to_document(probe, &document, NULL) != 0 || !is_kept(probe))
            __builtin_trap(); /* what was taken can be given back */
    }
    vidstore_error_free(e);
    vs_probe_free(probe);
    return 0;
}
