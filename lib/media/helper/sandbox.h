/* SPDX-License-Identifier: MIT */
/* Shutting one probing process in: resource limits, Landlock without any rule, a seccomp allow-list. None of it needs
 * a privilege or a user namespace, so that it works inside containers too. */
#ifndef VS_HELPER_SANDBOX_H
#define VS_HELPER_SANDBOX_H

#include <stdint.h>

/* The two descriptors that a probing process has. */
#define SANDBOX_MEDIA_FD  3
#define SANDBOX_ANSWER_FD 4

/* Builds the filter; once, before the first fork. 0, or -1. */
int sandbox_prepare(void);
/* Enters it, for good. timeout_ms bounds the processor time too. The layers in force (VS_MEDIA_…), or -1 when one of
 * those that every kernel must have is missing. */
int sandbox_enter(int32_t timeout_ms);

#endif
