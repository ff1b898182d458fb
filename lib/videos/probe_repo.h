/* SPDX-License-Identifier: MIT */
/* What was found in stored bytes, by their digest. */
#ifndef VS_VIDEOS_PROBE_REPO_H
#define VS_VIDEOS_PROBE_REPO_H

#include "crypto/crypto.h"
#include "db/db.h"
#include "media/media.h"
#include "util/buf.h"

/* What an answer hangs on beside the bytes. */
struct vs_probe_terms {
    const char *prober; /* its name and versions */
    int warm;           /* an answer of a process that had read other files before will do */
    char options[64];
};
void vs_probe_terms_set(struct vs_probe_terms *terms, const struct vs_probe_limits *limits);

/* 1 with the answer and how it was isolated (for vs_free); 0: not known. */
int vs_probe_repo_find(struct vs_conn *conn, const uint8_t sha256[VS_SHA256_SIZE], const struct vs_probe_terms *terms,
                       struct vs_buf *ret_answer, char **ret_isolation, vidstore_error **e);
/* Remembers an answer (facts: it, as vs_probe_to_json gave) which the same bytes would get again; any other is left. */
int vs_probe_repo_remember(struct vs_conn *conn, const uint8_t sha256[VS_SHA256_SIZE],
                           const struct vs_probe_terms *terms, const struct vs_probe *probe, const json_t *facts,
                           vidstore_error **e);

#endif
