/* SPDX-License-Identifier: MIT */
/* Long calls of the library, with progress, that a signal can stop; and what fetching and probing a video means. */
#ifndef VIDSTORE_TOOL_WORK_H
#define VIDSTORE_TOOL_WORK_H

#include "output.h"

/* A call that may take long. It runs in a thread of its own; the caller's shows progress and passes on signals. */
struct cli_work {
    vidstore_session *session; /* of the call; interrupted when a signal came */
    vidstore_status (*call)(struct cli_work *work, vidstore_error **reterr);
    /* Every 100 ms in the caller's thread; may be NULL. */
    void (*poll)(struct cli_work *work);
    void *context;
    const char *id;
    vidstore_file *file;
    vidstore_video *video;
};
/* Runs it. Returns the status of the call. */
vidstore_status cli_work_run(struct cli_work *work, vidstore_error **reterr);

/* Fetches what a video's URL names, with a progress bar; *ret_file is the caller's. */
vidstore_status cli_fetch(struct cli *cli, vidstore_session *session, const char *video_id, const char *label,
                          vidstore_file **ret_file, vidstore_error **reterr);
/* Probes a video; *ret_video is the caller's. */
vidstore_status cli_probe(struct cli *cli, vidstore_session *session, const char *video_id, vidstore_video **ret_video,
                          vidstore_error **reterr);

/* Probes many, a few at a time; *ret_page is the caller's: the records, and why there is none. */
vidstore_status cli_probe_many(vidstore_session *session, const char *const *ids, int64_t count,
                               vidstore_page **ret_page, vidstore_error **reterr);

/* Probes the videos that the operands name, and shows them. Returns an exit code. */
int cli_probe_videos(struct cli *cli, const struct cli_args *args);

/* "mp4 h264 640x360 0:00:10.0" of what a probe found, and its verdict when that is not ok; to be freed. */
char *cli_video_facts(const vidstore_video *video);
/* What to call a video in a line: its title, or else where it comes from. Borrowed. */
const char *cli_video_label(const vidstore_video *video);

/* Waits for a job to end, showing its progress. Says what became of it. Returns an exit code. */
int cli_wait_job(struct cli *cli, const char *id);

#endif
