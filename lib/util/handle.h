/* SPDX-License-Identifier: MIT */
/* What stands first in every object that a host holds, so that a wrong or freed pointer is told apart. */
#ifndef VS_UTIL_HANDLE_H
#define VS_UTIL_HANDLE_H

#include "vidstore/base.h"
#include <stdint.h>

enum vs_magic {
    VS_MAGIC_FREED = 0x0DEAD0DE,
    VS_MAGIC_STORE = 0x76730001,
    VS_MAGIC_OPEN_PARAMS,
    VS_MAGIC_SESSION,
    VS_MAGIC_ORIGIN,
    VS_MAGIC_QUERY,
    VS_MAGIC_PAGE,
    VS_MAGIC_RECORD,
    VS_MAGIC_PARAMS,
    VS_MAGIC_LEASE,
    VS_MAGIC_UPLOAD,
    VS_MAGIC_READER,
    VS_MAGIC_WATCH,
    VS_MAGIC_QUEUE,
    VS_MAGIC_RESULT,
    VS_MAGIC_TEXT,
    VS_MAGIC_ERROR,
};

/* 0, or MISUSE: handle points at a struct whose first member is its uint32_t magic. */
int vs_check_handle(const void *handle, enum vs_magic magic, const char *field, vidstore_error **e);

#endif
