/* SPDX-License-Identifier: MIT */
#include "util/handle.h"
#include "util/error.h"
#include <string.h>

int vs_check_handle(const void *handle, enum vs_magic magic, const char *field, vidstore_error **e) {
    uint32_t found = 0;
    if (!handle)
        return vs_fail(e, VIDSTORE_MISUSE, field, "%s is NULL", field);
    memcpy(&found, handle, sizeof found);
    if (found == (uint32_t)magic)
        return 0;
    return vs_fail_sub(e, VIDSTORE_MISUSE, VIDSTORE_SUB_WRONG_HANDLE, field,
                       found == VS_MAGIC_FREED ? "%s has been freed" : "%s is a handle of another kind", field);
}
