/* SPDX-License-Identifier: MIT */
/* Databases that this process has open, and so which of them it inherited by fork. SQLite keeps one list of locks for
 * all its connections in a process; a child gets the list, but not the locks. A connection that it opens to the same
 * file then believes to have what nobody holds, and another process may take the log away below it. */
#ifndef VS_DB_INHERITED_H
#define VS_DB_INHERITED_H

#include "util/error.h"

struct vs_open_file;

/* 1 when a process that this one was forked from had the file open when it forked. NULL: a database in memory, 0. */
int vs_is_inherited(const char *path);
/* Tells that this process has the file open. In memory (NULL), or not there yet: *ret is NULL. */
int vs_open_file_add(const char *path, struct vs_open_file **ret, vidstore_error **e);
/* The database is closed; NULL is fine. */
void vs_open_file_drop(struct vs_open_file *file);

#endif
