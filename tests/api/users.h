/* SPDX-License-Identifier: MIT */
/* What the tests of users share. */
#ifndef TESTS_API_USERS_H
#define TESTS_API_USERS_H

#include "harness.h"
#include <vidstore/query.h>

static const char NOBODY[] = "0190f5fe-7c00-7a00-8abc-012345678901";

static inline vidstore_user_params *named_params(const char *name) {
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_text(p, VIDSTORE_USER_USERNAME, name);
    return p;
}

static inline vidstore_user *get(const char *id) {
    vidstore_user *user = NULL;
    must(vidstore_user_get(sys, id, &user, e));
    return user;
}

/* A create or update with one field set. */
static inline vidstore_status set_one(vidstore_session *s, const char *id, int32_t field, const char *text,
                                      int64_t number, vidstore_error **e) {
    vidstore_user_params *p = vidstore_user_params_new();
    if (text)
        vidstore_user_params_set_text(p, field, text);
    else
        vidstore_user_params_set_int64(p, field, number);
    vidstore_status status = vidstore_user_update(s, id, p, NULL, e);
    vidstore_user_params_free(p);
    return status;
}

static inline struct id add_video(struct id owner) {
    vidstore_video *video = NULL;
    vidstore_video_params *p = vidstore_video_params_new();
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_USER_ID, owner.text);
    must(vidstore_video_create(sys, p, &video, e));
    struct id id = id_of(vidstore_video_id(video));
    vidstore_video_params_free(p);
    vidstore_video_free(video);
    return id;
}

#endif
