/* SPDX-License-Identifier: MIT */
/* What a file may be, for its rules and for an upload that is to become one. */
#ifndef VS_FILES_FILE_RULES_H
#define VS_FILES_FILE_RULES_H

#include "blob/blob.h"
#include "files/blob_repo.h"
#include "store/crud.h"

/* The bytes that a new file gets: the `extra` of its creation. */
struct vs_file_bytes {
    struct vs_uuid blob;
    char key[VS_BLOB_KEY_TEXT];
    char sha256[2 * VS_SHA256_SIZE + 1];
    int64_t size, started_us, sealed_us;
};

/* A name: not NULL, 1 to 255 bytes, no slash, no control character, neither "." nor "..". */
int vs_file_check_name(const char *name, vidstore_error **e);
/* The params of an upload, before its first byte: what vs_file_rules would refuse when it is published. */
int vs_file_check_params(struct vs_conn *conn, const vidstore_session *session, const struct vs_params *params,
                         const struct vs_uuid *owner, vidstore_error **e);

#endif
