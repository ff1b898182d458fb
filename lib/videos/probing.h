/* SPDX-License-Identifier: MIT */
/* One video being probed, step by step: what is to be read is found (in a read), the facts are learned (on any thread,
 * in no transaction), and kept (in a write). */
#ifndef VS_VIDEOS_PROBING_H
#define VS_VIDEOS_PROBING_H

#include "store/session.h"
#include "videos/probe_repo.h"
#include "videos/video_repo.h"

/* How all of a call are probed. */
struct vs_prospect {
    vidstore_session *session;
    struct vs_prober *prober;
    struct vs_probe_limits limits;
    struct vs_probe_terms terms;
    char *version; /* of the prober */
    int anew;      /* what is known already does not count */
};
/* By the settings and VIDSTORE_PROBE_…. STATE inside a transaction; INVALID. */
int vs_prospect_begin(vidstore_session *session, uint32_t flags, struct vs_prospect *ret, vidstore_error **e);
/* Starts the prober, if it does not run: not before it is known that there is something for it to do. UNAVAILABLE. */
int vs_prospect_start(struct vs_prospect *on, vidstore_error **e);
void vs_prospect_end(struct vs_prospect *on);
#define vs_autoprospect __attribute__((cleanup(vs_prospect_end))) struct vs_prospect

/* Zeroed it is nothing. */
struct vs_probing {
    struct vs_uuid id;
    int stored; /* the bytes are a file of the store */
    struct vs_video_bytes bytes;
    struct vs_buf answer; /* what the same bytes got before, and how; none: they are to be probed */
    char *isolation;
    struct vs_probe *probe;
    json_t *facts; /* the same as vs_probe_to_json gives it */
    struct vs_record *result;
    int spared; /* it is less than what the record says of the same bytes: nothing was kept */
    int status;
    vidstore_error *error;
};
/* The video, if the actor may change it, and its file. NOT_FOUND, FORBIDDEN. */
int vs_probing_find(struct vs_conn *conn, const struct vs_prospect *on, struct vs_probing *p, vidstore_error **e);
/* What the prober, which was started, has found in the same bytes before; nothing is no failure. */
int vs_probing_recall(struct vs_conn *conn, const struct vs_prospect *on, struct vs_probing *p, vidstore_error **e);
/* Fills in probe and facts; of a stored file with fd -1. */
int vs_probing_learn(const struct vs_prospect *on, struct vs_probing *p, int fd, vidstore_error **e);
/* Into the record, which result is then; and for the next who has the same bytes. Or else it is spared. */
int vs_probing_keep(struct vs_conn *conn, const struct vs_prospect *on, struct vs_probing *p, vidstore_error **e);
void vs_probing_clear(struct vs_probing *p);
#define vs_autoprobing __attribute__((cleanup(vs_probing_clear))) struct vs_probing

#endif
