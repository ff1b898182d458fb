/* SPDX-License-Identifier: MIT */
/* What a backup says of itself, so that a restore sees whether it is still what was made. */
#ifndef VS_UPKEEP_BACKUP_SEAL_H
#define VS_UPKEEP_BACKUP_SEAL_H

#include "db/db.h"
#include "upkeep/backup_place.h"

/* Writes the size and the SHA-256 of the database into the file BACKUP beside it. The copy is whole and closed. */
int vs_seal_write(const struct vs_place *place, const struct vs_call *call, vidstore_error **e);
/* Whether the open database of this backup is the one that was made: 0, or CORRUPT (CHECKSUM, TRUNCATED, TOO_LARGE)
 * naming "backup". A store that has no such file, because it is none or was opened for writing, is taken as it is. */
int vs_seal_check(const char *backup, struct vs_db *db, vidstore_error **e);

#endif
