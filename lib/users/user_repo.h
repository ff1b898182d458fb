/* SPDX-License-Identifier: MIT */
/* Statements about users: ids in, records out. */
#ifndef VS_USERS_USER_REPO_H
#define VS_USERS_USER_REPO_H

#include "record/record.h"

int vs_user_repo_by_name(struct vs_conn *conn, const char *name, struct vs_record **ret,
                         vidstore_error **e); /* NOT_FOUND */
int vs_user_repo_by_external(struct vs_conn *conn, const char *external_id, struct vs_record **ret, vidstore_error **e);
int vs_user_repo_by_identity(struct vs_conn *conn, const char *provider, const char *subject, struct vs_record **ret,
                             vidstore_error **e);
int vs_user_repo_link(struct vs_conn *conn, const struct vs_uuid *user, const char *provider, const char *subject,
                      int64_t now_us, vidstore_error **e);
int vs_user_repo_unlink(struct vs_conn *conn, const struct vs_uuid *user, const char *provider, const char *subject,
                        vidstore_error **e);
/* The password's hash, owned; NULL when none is set. *ret_pepper: the number of the pepper in it; 0: none. */
int vs_user_repo_hash(struct vs_conn *conn, const struct vs_uuid *user, char **ret, int64_t *ret_pepper,
                      vidstore_error **e);
int vs_user_repo_set_hash(struct vs_conn *conn, const struct vs_uuid *user, const char *hash, int64_t pepper,
                          int64_t now_us, vidstore_error **e);
/* Whether there is a hash with a pepper: 1 or 0. */
int vs_user_repo_peppered(struct vs_conn *conn, int64_t *ret, vidstore_error **e);
/* What was proved before counts no more; one login may stay (NULL: none). */
int vs_user_repo_next_epoch(struct vs_conn *conn, const struct vs_uuid *user, const struct vs_uuid *keep,
                            const char *reason, vidstore_error **e);
/* No device is trusted any more. */
int vs_user_repo_distrust(struct vs_conn *conn, const struct vs_uuid *user, vidstore_error **e);
/* Passwords and identities go. */
int vs_user_repo_forget(struct vs_conn *conn, const struct vs_uuid *user, vidstore_error **e);
/* Whether there is another admin who can act by now: 1 or 0. */
int vs_user_repo_other_admins(struct vs_conn *conn, const struct vs_uuid *user, int64_t now_us, int64_t *ret,
                              vidstore_error **e);
/* Whether there is or was any user: 1 or 0. */
int vs_user_repo_any(struct vs_conn *conn, int64_t *ret, vidstore_error **e);
/* Jobs, videos and files of a user: how many are not removed; and removing them all under one removal id. */
int vs_user_repo_owned(struct vs_conn *conn, const struct vs_uuid *user, int64_t *ret, vidstore_error **e);
int vs_user_repo_remove_owned(struct vs_conn *conn, const struct vs_uuid *user, const struct vs_uuid *removal,
                              int64_t now_us, vidstore_error **e);
/* Statistics as JSON members. */
int vs_user_repo_stats(struct vs_conn *conn, const struct vs_uuid *user, struct vs_buf *b, vidstore_error **e);

#endif
