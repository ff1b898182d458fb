/* SPDX-License-Identifier: MIT */
#ifndef VS_MEDIA_INTERNAL_H
#define VS_MEDIA_INTERNAL_H

#include "media/media.h"
#include "media/media_wire.h"
#include "util/buf.h"
#include <sys/types.h>
#include <unistd.h>

static inline void vs_media_close_cleanup(int *fd) {
    if (*fd >= 0)
        close(*fd);
}
#define vs_autoclose __attribute__((cleanup(vs_media_close_cleanup)))

/* media_locate.c: the helper's path, for vs_free. UNAVAILABLE naming the paths tried. */
int vs_media_locate(const char *wanted, char **ret, vidstore_error **e);

/* media_helper.c: one running helper. Counted, because a probe may still talk to one that another thread has given up.
 */
struct vs_media_helper {
    int refs; /* atomic */
    int sock, pidfd;
    pid_t pid;
    struct vs_media_hello hello;
};

/* Starts it and hears its hello. UNAVAILABLE. */
int vs_media_helper_start(const char *path, struct vs_media_helper **ret, vidstore_error **e);
struct vs_media_helper *vs_media_helper_ref(struct vs_media_helper *h);
/* The last one ends the process and waits for it. */
void vs_media_helper_unref(struct vs_media_helper *h);
/* In a process that was forked off: lets go of the socket only. */
void vs_media_helper_abandon(struct vs_media_helper *h);
void vs_media_helper_kill(struct vs_media_helper *h);
/* Whether it has died. wait_ms: how long its death may still be on its way. */
int vs_media_helper_dead(const struct vs_media_helper *h, int wait_ms);
/* "fork rlimits seccomp": the layers as words, for vs_free. NULL: out of memory. */
char *vs_media_isolation_words(uint32_t layers, int warm);

/* media_prober.c: a place among those who probe, and the helper to ask. BUSY, CANCELLED. */
int vs_media_enter(struct vs_prober *p, int places, int64_t wait_ms, const atomic_int *cancel, vidstore_error **e);
void vs_media_leave(struct vs_prober *p);
int vs_media_helper_get(struct vs_prober *p, struct vs_media_helper **ret, vidstore_error **e);
/* Forgets a helper that proved dead or deaf, so that the next probe starts another. */
void vs_media_helper_forget(struct vs_prober *p, struct vs_media_helper *h);

/* media_ranges.c: reads for the probing process what lies in no file. It may be anybody's by now, so each of its
 * requests is checked, and all together are bounded. */
struct vs_media_ranges {
    const struct vs_probe_bytes *bytes;
    int sock;     /* our end; -1: it gets no more */
    int64_t left; /* bytes that it may still ask for */
    struct vs_media_range request;
    size_t have; /* bytes of the request that have come */
    char *buffer;
    vidstore_error *error; /* what reading failed with first */
    int failed;            /* its code; 0: it did not */
};
/* Makes the socket, whose other end goes into *ret_child, with O_CLOEXEC. */
int vs_media_ranges_begin(struct vs_media_ranges *r, const struct vs_probe_bytes *bytes, int64_t max_read,
                          int *ret_child, vidstore_error **e);
/* Something has come: reads what is asked for, and sends it until the deadline. After nonsense there is no more. */
void vs_media_ranges_serve(struct vs_media_ranges *r, int64_t deadline_us);
void vs_media_ranges_end(struct vs_media_ranges *r); /* zeroed is fine */

/* media_facts.c: a probe of which nothing is known, and back to that. */
void vs_media_probe_init(struct vs_probe *probe);
void vs_media_probe_clear(struct vs_probe *probe);

/* media_answer.c: from the helper's answer, which is not to be trusted, into *probe. 0; INVALID when any of it is not
 * as it should be (*probe may then hold a part); NOMEM. */
int vs_media_answer_read(const char *text, size_t size, struct vs_probe *probe, vidstore_error **e);

#endif
