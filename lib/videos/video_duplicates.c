/* SPDX-License-Identifier: MIT */
/* Videos of one owner that have the same bytes. Of others nothing is compared: that a stranger has them too would be
 * told by the count. */
#include "crypto/crypto.h"
#include "store/crud_api.h"
#include "util/alloc.h"
#include "util/error.h"
#include "util/handle.h"
#include "util/json.h"
#include "videos/videos.h"
#include <inttypes.h>

enum { VIDEOS_MAX = 1000 }; /* of one group */

struct group {
    struct vs_uuid owner;
    char sha256[2 * VS_SHA256_SIZE + 1];
    int64_t size, count;
};

struct duplicates {
    vidstore_session *session;
    int64_t limit;
    struct vs_buf b;
};

/* The live videos of the session's own, or of everybody for those who may see all. */
static int compile(const struct duplicates *d, struct vs_compiled *ret, vidstore_error **e) {
    const struct vs_actor *actor = &d->session->actor;
    char owner[VS_UUID_TEXT];
    int r = vs_query_compile(NULL, &vs_video_noun, ret, e);
    if (!r)
        r = vs_policy_narrow(actor, ret, e);
    if (r || vs_policy_is_admin(actor))
        return r;
    vs_uuid_format(&actor->user, owner);
    struct vs_value value = {.text = owner, .len = 36, .set = VS_VALUE_SET};
    return vs_compiled_and(ret, "user_id = ", vs_field_by_id(&vs_video_noun, VIDSTORE_VIDEO_USER_ID), value, e);
}

/* All groups first: their statement must not be in the way of the next one. */
static int find_groups(const struct duplicates *d, struct vs_conn *conn, struct group *groups, int64_t *ret_count,
                       vidstore_error **e) {
    vs_autocompiled query = {0};
    vs_scratch scratch;
    vs_autostmt *s = NULL;
    *ret_count = 0;
    int r = compile(d, &query, e);
    if (!r)
        r = vs_compiled_stmt(&query, conn, VS_STMT_VIDEO_DUPLICATE_GROUPS, d->limit, 0, scratch, &s, e);
    while (!r && *ret_count < d->limit && (r = vs_step(s, e)) == VS_ROW) {
        struct group *group = &groups[(*ret_count)++];
        size_t len = 0;
        r = 0;
        vs_col_uuid(s, 0, &group->owner);
        const void *hash = vs_col_blob(s, 1, &len);
        if (len != VS_SHA256_SIZE)
            return vs_fail(e, VIDSTORE_CORRUPT, "sha256", "a SHA-256 on record has another length");
        vs_hex(hash, len, group->sha256);
        group->size = vs_col_int(s, 2);
        group->count = vs_col_int(s, 3);
    }
    return r;
}

static int put_videos(struct duplicates *d, struct vs_conn *conn, const struct group *group, vidstore_error **e) {
    vs_autostmt *s = NULL;
    uint8_t hash[VS_SHA256_SIZE];
    char id[VS_UUID_TEXT];
    struct vs_uuid uuid;
    int count = 0;
    int r = vs_stmt(conn, VS_STMT_VIDEO_DUPLICATE_LIST, &s, e);
    if (r)
        return r;
    vs_unhex(group->sha256, hash, sizeof hash);
    vs_bind_uuid(s, 1, &group->owner);
    vs_bind_blob(s, 2, hash, sizeof hash);
    vs_bind_int(s, 3, VIDEOS_MAX);
    while ((r = vs_step(s, e)) == VS_ROW) {
        size_t len = 0;
        vs_col_uuid(s, 0, &uuid);
        vs_uuid_format(&uuid, id);
        const char *title = vs_col_null(s, 1) ? NULL : vs_col_text(s, 1, &len);
        vs_buf_fmt(&d->b, "%s{\"id\":\"%s\",\"title\":", count++ ? "," : "", id);
        if (title)
            vs_json_string(&d->b, title, len);
        else
            vs_buf_str(&d->b, "null");
        vs_buf_char(&d->b, '}');
    }
    return r;
}

static int duplicates_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct duplicates *d = arg;
    vs_autofree struct group *groups = vs_calloc((size_t)d->limit, sizeof *groups);
    char owner[VS_UUID_TEXT];
    int64_t count = 0;
    vs_buf_free(&d->b);
    int r = groups ? find_groups(d, conn, groups, &count, e) : vs_fail_nomem(e);
    vs_buf_char(&d->b, '[');
    for (int64_t i = 0; !r && i < count; i++) {
        vs_uuid_format(&groups[i].owner, owner);
        vs_buf_fmt(&d->b,
                   "%s{\"sha256\":\"%s\",\"size\":%" PRId64 ",\"count\":%" PRId64 ",\"user_id\":\"%s\",\"videos\":[",
                   i ? "," : "", groups[i].sha256, groups[i].size, groups[i].count, owner);
        r = put_videos(d, conn, &groups[i], e);
        vs_buf_str(&d->b, "]}");
    }
    vs_buf_char(&d->b, ']');
    return r;
}

/* Only the limit of the query counts. */
static int limit_of(const struct vs_query *query, int64_t *ret, vidstore_error **e) {
    vs_autocompiled compiled = {0};
    struct vs_query bare = {0};
    int r = query ? vs_check_handle(query, VS_MAGIC_QUERY, "query", e) : 0;
    if (r)
        return r;
    if (query)
        bare = (struct vs_query){
            .magic = query->magic, .failed = query->failed, .error = query->error, .limit = query->limit};
    r = vs_query_compile(query ? &bare : NULL, &vs_video_noun, &compiled, e);
    *ret = compiled.limit;
    return r;
}

vidstore_status vidstore_video_duplicates(vidstore_session *session, const vidstore_query *query,
                                          vidstore_text **ret_json, vidstore_error **reterr) {
    VS_ENTER(session, ret_json, reterr);
    struct duplicates d = {session, 0, {0}};
    int r = limit_of((const struct vs_query *)query, &d.limit, reterr);
    if (!r)
        r = vs_session_read(session, duplicates_op, &d, reterr);
    if (!r)
        r = vs_buf_to_text(&d.b, ret_json, reterr);
    vs_buf_free(&d.b);
    vidstore_text_free(vs_unwanted_);
    return r;
}
