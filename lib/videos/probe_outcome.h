/* SPDX-License-Identifier: MIT */
/* How much an outcome of a probe is worth. */
#ifndef VS_VIDEOS_PROBE_OUTCOME_H
#define VS_VIDEOS_PROBE_OUTCOME_H

#include "media/media.h"

/* Whether the same bytes would get it again: nothing that time, memory or luck had a part in. */
int vs_probe_is_lasting(const struct vs_probe *probe);
/* Whether it says less of the same bytes than an earlier one of that status did. NULL: there was none. */
int vs_probe_is_less(const struct vs_probe *probe, const char *earlier);
/* As a status: 0 when there may be facts. MEDIA: no media, or more than the limits allow; TIMEOUT, NOMEM, IO,
 * UNAVAILABLE: what time, memory or luck had a part in. spared: it is less than what is known, which stays. */
int vs_probe_verdict(const struct vs_probe *probe, int spared, vidstore_error **e);

#endif
