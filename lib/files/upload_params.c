/* SPDX-License-Identifier: MIT */
/* What an upload is to become, as it is kept while the bytes come; and which start of the machine it is. */
#include "files/upload.h"
#include "util/alloc.h"
#include "util/error.h"
#include "util/json.h"
#include <string.h>

int vs_upload_params_json(const struct vs_params *params, char **ret, vidstore_error **e) {
    vs_autobuf b = {0};
    int count = 0;
    vs_buf_char(&b, '{');
    for (size_t i = 0; params && i < params->noun->count; i++) {
        const struct vs_field *field = &params->noun->fields[i];
        const struct vs_value none = {0};
        if (params->state[i] == VS_PARAM_UNSET)
            continue;
        vs_buf_str(&b, count++ ? ",\"" : "\"");
        vs_buf_str(&b, field->name);
        vs_buf_str(&b, "\":");
        vs_value_json(&b, field, params->state[i] == VS_PARAM_VALUE ? &params->values[i] : &none);
    }
    vs_buf_char(&b, '}');
    if (b.failed)
        return vs_fail_nomem(e);
    *ret = VS_TAKE(b.data);
    return 0;
}

int vs_upload_params_read(const char *json, struct vs_params **ret, vidstore_error **e) {
    struct vs_params *params = vs_params_new(&vs_file_noun);
    vs_params_set_json(params, &vs_file_noun, json);
    int r = vs_params_check(params, &vs_file_noun, e);
    if (r)
        vs_params_free(params);
    else
        *ret = params;
    return r;
}
