/* SPDX-License-Identifier: MIT */
/* Something to share, deny and watch: a file of a few bytes, a video without any. */
#ifndef TESTS_API_OBJECTS_H
#define TESTS_API_OBJECTS_H

#include "harness.h"

/* video: that it belongs to, or NULL. */
static inline struct id put_file(vidstore_session *s, int64_t access, const char *video) {
    vidstore_file_params *p = vidstore_file_params_new();
    vidstore_upload *upload = NULL;
    vidstore_file *file = NULL;
    vidstore_file_params_set_text(p, VIDSTORE_FILE_NAME, "talk.mp4");
    vidstore_file_params_set_int64(p, VIDSTORE_FILE_ACCESS, access);
    if (video)
        vidstore_file_params_set_text(p, VIDSTORE_FILE_VIDEO_ID, video);
    must(vidstore_upload_open(s, p, &upload, e));
    must(vidstore_upload_write(upload, "bytes", 5, e));
    must(vidstore_upload_seal(upload, 5, e));
    must(vidstore_upload_publish(s, upload, &file, e));
    struct id id = id_of(vidstore_file_id(file));
    vidstore_file_free(file);
    vidstore_upload_free(upload);
    vidstore_file_params_free(p);
    return id;
}

static inline struct id put_video(vidstore_session *s) {
    vidstore_video *video = NULL;
    must(vidstore_video_create(s, NULL, &video, e));
    struct id id = id_of(vidstore_video_id(video));
    vidstore_video_free(video);
    return id;
}

#endif
