/* SPDX-License-Identifier: MIT */
/* Videos, as the other parts see them. */
#ifndef VS_VIDEOS_VIDEOS_H
#define VS_VIDEOS_VIDEOS_H

#include "media/media.h"
#include "store/crud.h"
#include "vidstore/video.h"

extern const struct vs_noun vs_video_noun;
extern const struct vs_rules vs_video_rules;
extern const struct vs_word vs_video_work[];

/* What people call a picture of this size, however it is turned or letterboxed; NULL: of unknown size. */
const char *vs_video_resolution(int64_t width, int64_t height);
/* A video that this session may change. NOT_FOUND, FORBIDDEN (on record). */
int vs_video_for_update(vidstore_session *session, const char *id, struct vs_record **ret, vidstore_error **e);
/* How far a download of the URL is; no event, no new version. total -1: not known. CONFLICT: it has another URL now, or
 * is gone. */
int vs_video_progress(vidstore_session *session, const struct vs_uuid *id, const char *url, int64_t done, int64_t total,
                      vidstore_error **e);
/* Changes the download part of a record: what is INT64_MIN or NULL in `to` is left alone. CONFLICT: it has another URL
 * than the one of which this is said. */
struct vs_video_download {
    const char *url;
    int64_t state, done, total;
    const char *error, *sha256; /* "": cleared */
    const struct vs_uuid *file;
    int32_t action;  /* of the audit; 0: none */
    int unless_done; /* 1: nothing is said of a download that somebody else has completed */
};
int vs_video_set_download(vidstore_session *session, const struct vs_uuid *id, const struct vs_video_download *to,
                          struct vs_record **ret, vidstore_error **e);
/* Probes an open file and keeps what was found. */
int vs_video_probe_and_keep(vidstore_session *session, const struct vs_uuid *id, int fd, struct vs_record **ret,
                            vidstore_error **e);
/* How far a probe may go, by the settings and VIDSTORE_PROBE_…. As long as the session is. */
struct vs_probe_limits vs_video_probe_limits(vidstore_session *session, uint32_t flags);
/* Probes the stored file of a video. */
int vs_video_probe_stored(vidstore_session *session, const char *id, struct vs_record **ret, vidstore_error **e);
/* The same of many, at most 10,000: each fares as it would alone. */
int vs_video_probe_many(vidstore_session *session, const char *const *ids, int64_t count, uint32_t flags,
                        struct vs_page **ret, vidstore_error **e);
/* Whether the session may have files looked into that are none of the store's. STATE, INVALID, FORBIDDEN. */
int vs_video_may_look(vidstore_session *session, uint32_t flags, vidstore_error **e);
/* What a file of this machine is. Any thread. */
int vs_video_look_at(struct vidstore *store, struct vs_prober *prober, const char *path,
                     const struct vs_probe_limits *limits, json_t **ret, vidstore_error **e);

#endif
