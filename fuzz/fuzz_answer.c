/* SPDX-License-Identifier: MIT */
/* What a probing process says that a hostile file has taken over. */
#include "media/media_internal.h"
#include "util/alloc.h"
#include "util/json.h"
#include "vidstore/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    vidstore_error *e = NULL;
    struct vs_probe *probe = vs_malloc(sizeof *probe);
    vs_media_probe_init(probe);
    if (vs_media_answer_read((const char *)data, size, probe, &e) == 0) {
        vs_autojson *document = NULL;
        if (vs_probe_to_document(probe, &document, NULL) != 0)
            __builtin_trap(); /* what was taken can be given back */
    }
    vidstore_error_free(e);
    vs_probe_free(probe);
    return 0;
}
