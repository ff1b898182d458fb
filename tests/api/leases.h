/* SPDX-License-Identifier: MIT */
/* What the tests of leases share. */
#ifndef TESTS_API_LEASES_H
#define TESTS_API_LEASES_H

#include "work.h"
#include <stdatomic.h>

static inline vidstore_status make_video(vidstore_session *session, vidstore_error **e) {
    vidstore_video_params *p = vidstore_video_params_new();
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_TITLE, "made");
    vidstore_status status = vidstore_video_create(session, p, NULL, e);
    vidstore_video_params_free(p);
    return status;
}

#endif
