/* SPDX-License-Identifier: MIT */
/* Passwords that everybody tries first: a list of the library's own, or a file of the host's in its place. */
#ifndef VS_ACCESS_BLOCKLIST_H
#define VS_ACCESS_BLOCKLIST_H

#include "vidstore/base.h"

/* A file is text, a password a line: 3,000 to 1,000,000 of them, each of 64 bytes at most, 16 MiB in all. It is read
 * again when it has changed. */
struct vs_blocklist;
/* NOT_FOUND, IO or INVALID naming "blocklist": never a list that is not what it should be. */
int vs_blocklist_open(const char *path, struct vs_blocklist **ret, vidstore_error **e);
void vs_blocklist_free(struct vs_blocklist *list); /* NULL is fine */

/* *ret 1 when a password is one of the list (NULL: the library's own), whatever its case, or one with digits and marks
 * after it; or the name of its user (NULL: not known), forwards, backwards or with something after it. Fails when the
 * file has changed and can't be read. Any thread. */
int vs_blocklist_has(struct vs_blocklist *list, const char *password, const char *name, int *ret, vidstore_error **e);

#endif
