/* SPDX-License-Identifier: MIT */
/* One probe, from the descriptor to the answer. */
#ifndef VS_HELPER_PROBE_H
#define VS_HELPER_PROBE_H

#include "media/media_wire.h"

/* What must happen before the sandbox closes: one-time tables, quiet logging. */
void probe_prepare(void);
/* Probes SANDBOX_MEDIA_FD, of that size, and answers on SANDBOX_ANSWER_FD. 0, or -1 without an answer. */
int probe_answer(const struct vs_media_request *request, int64_t size);

#endif
