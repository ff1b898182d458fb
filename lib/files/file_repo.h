/* SPDX-License-Identifier: MIT */
/* Statements about files, beside those that every noun has. */
#ifndef VS_FILES_FILE_REPO_H
#define VS_FILES_FILE_REPO_H

#include "files/blob_repo.h"
#include "record/record.h"

/* Whose a job or a video is: NOT_FOUND when it is not there. stmt: VS_STMT_FILE_…_OWNER */
int vs_file_repo_owner(struct vs_conn *conn, enum vs_stmt_id stmt, const struct vs_uuid *id, struct vs_uuid *ret,
                       vidstore_error **e);
/* 1 when there is such a user. */
int vs_file_repo_user(struct vs_conn *conn, const struct vs_uuid *id, int *ret, vidstore_error **e);
/* Milliseconds that files of a category live, as the settings say at this moment; 0: for ever. */
int vs_file_repo_lifetime(struct vs_conn *conn, int64_t category, int64_t *ret_ms, vidstore_error **e);
/* Without a new version: */
int vs_file_repo_accessed(struct vs_conn *conn, const struct vs_uuid *id, int64_t now_us, vidstore_error **e);
int vs_file_repo_set_expiry(struct vs_conn *conn, const struct vs_uuid *id, int64_t expires_us, vidstore_error **e);
/* Ids of files by a time (stmt: VS_STMT_FILE_EXPIRED_LIST or _DELETED_LIST), as of vs_blob_repo_list. */
int vs_file_repo_list(struct vs_conn *conn, enum vs_stmt_id stmt, struct vs_list_at *at, int64_t until_us,
                      struct vs_uuid *ids, int room, int *ret_count, vidstore_error **e);

#endif
