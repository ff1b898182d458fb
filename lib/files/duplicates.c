/* SPDX-License-Identifier: MIT */
/* Files with the same content. */
#include "crypto/crypto.h"
#include "files/files.h"
#include "record/query.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/error.h"
#include "util/handle.h"
#include "vidstore/audit.h"
#include <inttypes.h>

enum { IDS_MAX = 1000 }; /* of one group */

struct groups {
    vidstore_session *session;
    int64_t limit;
    struct vs_buf b;
};

/* What this session may see of all files. */
static int compile(const struct groups *g, struct vs_compiled *ret, vidstore_error **e) {
    int r = vs_query_compile(NULL, &vs_file_noun, ret, e);
    return r ? r : vs_policy_narrow(&g->session->actor, ret, e);
}

static int add_ids(struct groups *g, struct vs_conn *conn, const char *sha256, vidstore_error **e) {
    vs_autocompiled query = {0};
    vs_scratch scratch;
    vs_autostmt *s = NULL;
    char id[VS_UUID_TEXT];
    struct vs_uuid uuid;
    struct vs_value hash = {.text = sha256, .len = 2 * VS_SHA256_SIZE, .set = VS_VALUE_SET};
    int count = 0;
    int r = compile(g, &query, e);
    if (!r)
        r = vs_compiled_and(&query, "sha256 = ", vs_field_by_id(&vs_file_noun, VIDSTORE_FILE_SHA256), hash, e);
    query.ascending = 1;
    if (!r)
        r = vs_compiled_stmt(&query, conn, VS_STMT_FILE_DUPLICATE_IDS, IDS_MAX, 0, scratch, &s, e);
    while (!r && (r = vs_step(s, e)) == VS_ROW) {
        r = 0;
        vs_col_uuid(s, 0, &uuid);
        vs_uuid_format(&uuid, id);
        vs_buf_fmt(&g->b, "%s\"%s\"", count++ ? "," : "", id);
    }
    return r;
}

struct group {
    char sha256[2 * VS_SHA256_SIZE + 1];
    int64_t size, count;
};

/* All groups first: their statement must not be in the way of the next one. */
static int find_groups(struct groups *g, struct vs_conn *conn, struct group *groups, int64_t *ret_count,
                       vidstore_error **e) {
    vs_autocompiled query = {0};
    vs_scratch scratch;
    vs_autostmt *s = NULL;
    *ret_count = 0;
    int r = compile(g, &query, e);
    if (!r)
        r = vs_compiled_stmt(&query, conn, VS_STMT_FILE_DUPLICATE_GROUPS, g->limit, 0, scratch, &s, e);
    while (!r && *ret_count < g->limit && (r = vs_step(s, e)) == VS_ROW) {
        struct group *group = &groups[(*ret_count)++];
        size_t len = 0;
        const void *hash = vs_col_blob(s, 0, &len);
        r = 0;
        if (len != VS_SHA256_SIZE)
            return vs_fail(e, VIDSTORE_CORRUPT, "sha256", "a SHA-256 on record has another length");
        vs_hex(hash, len, group->sha256);
        group->size = vs_col_int(s, 1);
        group->count = vs_col_int(s, 2);
    }
    return r;
}

static int groups_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct groups *g = arg;
    vs_autofree struct group *groups = vs_calloc((size_t)g->limit, sizeof *groups);
    int64_t count = 0;
    vs_buf_free(&g->b);
    int r = groups ? find_groups(g, conn, groups, &count, e) : vs_fail_nomem(e);
    vs_buf_char(&g->b, '[');
    for (int64_t i = 0; !r && i < count; i++) {
        vs_buf_fmt(&g->b, "%s{\"sha256\":\"%s\",\"size\":%" PRId64 ",\"count\":%" PRId64 ",\"ids\":[", i ? "," : "",
                   groups[i].sha256, groups[i].size, groups[i].count);
        r = add_ids(g, conn, groups[i].sha256, e);
        vs_buf_str(&g->b, "]}");
    }
    vs_buf_char(&g->b, ']');
    return r;
}

/* Only the limit of the query counts. */
static int limit_of(const struct vs_query *query, int64_t *ret, vidstore_error **e) {
    vs_autocompiled compiled = {0};
    struct vs_query bare = {0};
    if (query) {
        int r = vs_check_handle(query, VS_MAGIC_QUERY, "query", e);
        if (r)
            return r;
        bare = (struct vs_query){
            .magic = query->magic, .failed = query->failed, .error = query->error, .limit = query->limit};
    }
    int r = vs_query_compile(query ? &bare : NULL, &vs_file_noun, &compiled, e);
    *ret = compiled.limit;
    return r;
}

vidstore_status vidstore_file_duplicates(vidstore_session *session, const vidstore_query *query,
                                         vidstore_text **ret_json, vidstore_error **reterr) {
    VS_ENTER(session, ret_json, reterr);
    struct groups g = {session, 0, {0}};
    int r = limit_of((const struct vs_query *)query, &g.limit, reterr);
    if (!r)
        r = vs_session_read(session, groups_op, &g, reterr);
    if (!r)
        r = vs_buf_to_text(&g.b, ret_json, reterr);
    vs_buf_free(&g.b);
    vidstore_text_free(vs_unwanted_);
    return r;
}
