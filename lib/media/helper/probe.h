/* SPDX-License-Identifier: MIT */
/* One probe, from the descriptor to the answer. */
#ifndef VS_HELPER_PROBE_H
#define VS_HELPER_PROBE_H

#include "media/media_wire.h"
#include <stddef.h>

/* What must happen before the sandbox closes: one-time tables, quiet logging, and memory that is kept once it is had.
 */
void probe_prepare(void);
/* Probes the built-in sample and throws the answer away: all that the next probe touches is in memory then. */
void probe_rehearse(void);
/* Probes SANDBOX_MEDIA_FD and answers on SANDBOX_ANSWER_FD. last: the process ends after it, and leaves its memory as
 * it is. 0, or -1 without an answer. */
int probe_answer(const struct vs_media_request *request, int last);

extern const uint8_t probe_sample[];
extern const size_t probe_sample_size;

#endif
