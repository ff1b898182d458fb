/* SPDX-License-Identifier: MIT */
/* Statements about videos: ids in, rows out. */
#ifndef VS_VIDEOS_VIDEO_REPO_H
#define VS_VIDEOS_VIDEO_REPO_H

#include "blob/blob.h"
#include "media/media.h"
#include "record/record.h"

/* The owner of a job: 1, or 0 when there is none. */
int vs_video_repo_job_owner(struct vs_conn *conn, const struct vs_uuid *job, struct vs_uuid *ret, vidstore_error **e);
int vs_video_repo_has_files(struct vs_conn *conn, const struct vs_uuid *video, int64_t *ret, vidstore_error **e);
int vs_video_repo_remove_files(struct vs_conn *conn, const struct vs_uuid *video, const struct vs_uuid *removal,
                               int64_t now_us, vidstore_error **e);
int vs_video_repo_detach_files(struct vs_conn *conn, const struct vs_uuid *video, int64_t now_us, vidstore_error **e);
/* Of what a removal took, the files of this video. */
int vs_video_repo_restore_files(struct vs_conn *conn, const struct vs_uuid *video, const struct vs_uuid *removal,
                                int64_t now_us, vidstore_error **e);
/* The owner of a file: 1, or 0 when there is none. */
int vs_video_repo_file_owner(struct vs_conn *conn, const struct vs_uuid *file, struct vs_uuid *ret, vidstore_error **e);
/* The stored file of a video and its owner: the one named, or the newest. NOT_FOUND. */
struct vs_video_bytes {
    struct vs_uuid file;
    char key[VS_BLOB_KEY_TEXT];
    uint8_t sha256[VS_SHA256_SIZE];
    int64_t size;
    int damaged; /* found not to be what the digest says */
};
int vs_video_repo_file(struct vs_conn *conn, const struct vs_uuid *video, const struct vs_uuid *owner,
                       const struct vs_uuid *file, struct vs_video_bytes *ret, vidstore_error **e);
/* Replaces all that an earlier probe found. facts: what vs_probe_to_json gave. */
int vs_video_repo_keep(struct vs_conn *conn, const struct vs_uuid *video, const struct vs_probe *probe,
                       const json_t *facts, vidstore_error **e);
/* {"container":…,"streams":[…],"chapters":[…],"tags":[…]} */
int vs_video_repo_facts(struct vs_conn *conn, const struct vs_uuid *video, struct vs_buf *b, vidstore_error **e);

#endif
