/* SPDX-License-Identifier: MIT */
#include "videos/probe_repo.h"
#include "db/bind.h"
#include "util/alloc.h"
#include "util/error.h"
#include "videos/probe_outcome.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { ANSWER_MAX = 256 << 10 }; /* what is longer is rare, and quicker found again than kept */

void vs_probe_terms_set(struct vs_probe_terms *terms, const struct vs_probe_limits *limits) {
    terms->warm = limits->warm;
    snprintf(terms->options, sizeof terms->options, "read %" PRId64 "%s", limits->max_read,
             limits->skip_decode ? " no_decode" : "");
}

int vs_probe_repo_find(struct vs_conn *conn, const uint8_t sha256[VS_SHA256_SIZE], const struct vs_probe_terms *terms,
                       struct vs_buf *ret_answer, char **ret_isolation, vidstore_error **e) {
    vs_autostmt *s = NULL;
    size_t len = 0;
    int r = vs_ask(conn, VS_STMT_PROBE_FIND, &s, e, vs_bytes(sha256, VS_SHA256_SIZE), vs_int(!!terms->warm),
                   vs_text(terms->prober), vs_text(terms->options));
    if (r != VS_ROW)
        return r < 0 ? r : 0;
    const char *answer = vs_col_text(s, 1, &len);
    vs_buf_add(ret_answer, answer, len);
    *ret_isolation = vs_strdup(vs_col_text(s, 0, NULL));
    return ret_answer->failed || !*ret_isolation ? vs_fail_nomem(e) : 1;
}

int vs_probe_repo_remember(struct vs_conn *conn, const uint8_t sha256[VS_SHA256_SIZE],
                           const struct vs_probe_terms *terms, const struct vs_probe *probe, const json_t *facts,
                           vidstore_error **e) {
    vs_autobuf json = {0};
    /* of another version than was asked for: the helper was replaced meanwhile */
    if (!vs_probe_is_lasting(probe) || strcmp(probe->prober, terms->prober) != 0)
        return 0;
    vs_json_dump(&json, facts);
    if (json.failed)
        return vs_fail_nomem(e);
    if (json.len > ANSWER_MAX)
        return 0;
    return vs_exec(conn, VS_STMT_PROBE_REMEMBER, NULL, e, vs_int(strncmp(probe->isolation, "warm", 4) == 0),
                   vs_text(probe->prober), vs_text(probe->isolation), vs_text(terms->options),
                   vs_text_n(json.data, (int64_t)json.len), vs_bytes(sha256, VS_SHA256_SIZE));
}
