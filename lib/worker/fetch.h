/* SPDX-License-Identifier: MIT */
/* Fetching what a video's URL names into the store. */
#ifndef VS_WORKER_FETCH_H
#define VS_WORKER_FETCH_H

#include "files/files.h"
#include "net/net.h"
#include "videos/videos.h"

/* A fetch under way. */
struct vs_fetching {
    vidstore_session *session;
    struct vs_record *video; /* as it was when the fetch began */
    struct vs_uuid id, owner;
    const char *url;
    vidstore_upload *upload;
    int64_t told_us;     /* monotonic: when progress was last written */
    vidstore_error *why; /* what a callback failed with */
};

/* The upload that a broken fetch of this video left, or a new one. */
int vs_fetch_upload(struct vs_fetching *f, vidstore_error **e);
/* Gets the bytes that are missing. */
int vs_fetch_transfer(struct vs_fetching *f, vidstore_error **e);

#endif
