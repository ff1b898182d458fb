/* SPDX-License-Identifier: MIT */
/* What the files of crud share. */
#ifndef VS_STORE_CRUD_INTERNAL_H
#define VS_STORE_CRUD_INTERNAL_H

#include "store/crud.h"

/* Readies a change of `old` (NULL: of a new record); vs_change_end in every case. */
int vs_change_begin(struct vs_change *c, struct vs_conn *conn, vidstore_session *session, const struct vs_noun *noun,
                    const struct vs_record *old, vidstore_error **e);
void vs_change_end(struct vs_change *c);
/* Writes the columns that differ from the old record. EXISTS and INVALID name the field. */
int vs_change_write(struct vs_change *c, vidstore_error **e);
int vs_change_audit(struct vs_change *c, const char *details, vidstore_error **e);

#endif
