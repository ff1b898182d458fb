/* SPDX-License-Identifier: MIT */
/* What the host gives at open to guard passwords: peppers, and a list of those that everybody tries first. */
#ifndef VS_STORE_GUARDS_H
#define VS_STORE_GUARDS_H

#include "store/store.h"

enum { VS_SECRET_FILE_MAX = 4096 };

int vs_guards_begin(struct vidstore *store, vidstore_error **e);
void vs_guards_end(struct vidstore *store);
/* The bytes of a small file, and how many; a NUL behind them. An error names the field; `what` says what it is. */
int vs_secret_file(const char *path, const char *field, const char *what, char ret[VS_SECRET_FILE_MAX + 2],
                   size_t *ret_len, vidstore_error **e);

#endif
