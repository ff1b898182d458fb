/* SPDX-License-Identifier: MIT */
/* Where a request comes from, as the host told us. */
#ifndef VS_STORE_ORIGIN_H
#define VS_STORE_ORIGIN_H

#include "trail/actor.h"
#include "vidstore/base.h"

struct vs_origin {
    uint32_t magic;
    int failed; /* memory was out */
    vidstore_error *error;
    char *facts[VS_ORIGIN_FACTS];
};

/* The origin behind a handle (NULL: NULL), or the error that one of its setters kept. */
int vs_origin_check(const vidstore_origin *handle, const struct vs_origin **ret, vidstore_error **e);

#endif
