/* SPDX-License-Identifier: MIT */
/* Shutting one probing process in: resource limits, Landlock without any rule, a seccomp allow-list. None of it needs
 * a privilege or a user namespace, so that it works inside containers too. */
#ifndef VS_HELPER_SANDBOX_H
#define VS_HELPER_SANDBOX_H

#include <stdint.h>

/* The descriptors that a probing process has. */
#define SANDBOX_MEDIA_FD   3
#define SANDBOX_ANSWER_FD  4
#define SANDBOX_REQUEST_FD 5 /* only of one that reads many files, and of one that waits for its file */

enum sandbox_kind {
    SANDBOX_FILE,   /* one file, through pread */
    SANDBOX_RANGED, /* one file, through a socket */
    SANDBOX_MANY,   /* file after file, which it receives */
    SANDBOX_KINDS
};

/* Builds the filters; once, before the first fork. 0, or -1. */
int sandbox_prepare(void);
/* Enters all layers but the last, for good: what can be done before the file is there. The layers in force
 * (VS_MEDIA_…), or -1 when one of those that every kernel must have is missing. */
int sandbox_begin(void);
/* Enters the last one; from here on there is only what that kind needs. timeout_ms bounds the processor time too. 0, or
 * -1. */
int sandbox_enter(enum sandbox_kind kind, int32_t timeout_ms);

#endif
