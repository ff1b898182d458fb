/* SPDX-License-Identifier: MIT */
/* Who may make a link, and how it ends. */
#include "db/bind.h"
#include "files/files.h"
#include "links/links.h"
#include "util/alloc.h"
#include "util/error.h"
#include "vidstore/file.h"

#define DAY_US (INT64_C(86400) * 1000000)
enum { PIECE = 64, LIVE_MAX = 1000 };

/* The file, when the actor may share it: its owner and admins. Whoever was only granted it hands on no links, which
 * nobody could take back with the grant. */
static int load_file(struct vs_change *c, struct vs_record **ret, vidstore_error **e) {
    const char *text = vs_change_text(c, VIDSTORE_LINK_FILE_ID);
    struct vs_uuid id = {{0}}, owner;
    vs_autorecord *file = NULL;
    if (!text)
        return vs_fail(e, VIDSTORE_INVALID, "file_id", "file_id is missing");
    int r = vs_uuid_parse(text, "file_id", &id, e);
    if (!r)
        r = vs_crud_load_for(c->conn, c->session, &vs_file_rules, &id, 0, VS_SHARE, &file, e);
    if (r)
        return r;
    owner = vs_record_uuid(file, VIDSTORE_FILE_USER_ID);
    if (!vs_policy_is_admin(&c->session->actor) && !vs_uuid_equal(&owner, &c->session->actor.user)) {
        vs_session_refused(c->session, VIDSTORE_AUDIT_ACCESS_DENIED, "link", &id, &owner, VIDSTORE_FORBIDDEN);
        return vs_fail(e, VIDSTORE_FORBIDDEN, "file_id", "only the owner of the file and admins make links to it");
    }
    if (vs_record_int(file, VIDSTORE_FILE_ACCESS) == VIDSTORE_ACCESS_PRIVATE)
        return vs_fail(e, VIDSTORE_STATE, "file_id", "the file is private: give it restricted access to share it");
    *ret = VS_TAKE(file);
    return 0;
}

static int check_end(struct vs_change *c, const struct vs_link_making *making, vidstore_error **e) {
    int64_t end = vs_change_int(c, VIDSTORE_LINK_EXPIRES_US);
    if (end == INT64_MIN)
        vs_change_set_int(c, VIDSTORE_LINK_EXPIRES_US, c->now_us + making->default_us);
    else if (end <= c->now_us)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "expires", "expires is not in the future");
    else if (making->most_us && end - c->now_us > making->most_us)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "expires", "expires is more than %d days away",
                           (int)(making->most_us / DAY_US));
    if (vs_change_int(c, VIDSTORE_LINK_MAX_USES) == 0)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "max_uses", "max_uses is 0");
    return 0;
}

static int check_count(const struct vs_change *c, const struct vs_record *file, vidstore_error **e) {
    struct vs_uuid id = vs_record_uuid(file, VIDSTORE_FILE_ID);
    vs_autostmt *s = NULL;
    int r = vs_ask(c->conn, VS_STMT_LINK_LIVE_COUNT, &s, e, vs_id(&id), vs_int(c->now_us));
    if (r == VS_ROW && vs_col_int(s, 0) >= LIVE_MAX)
        return vs_fail(e, VIDSTORE_QUOTA, "file_id", "there are %d links to it already", LIVE_MAX);
    return r < 0 ? r : 0;
}

static int create(struct vs_change *c, vidstore_error **e) {
    const struct vs_link_making *making = c->extra;
    vs_autorecord *file = NULL;
    int r = load_file(c, &file, e);
    if (!r)
        r = check_end(c, making, e);
    if (!r)
        r = check_count(c, file, e);
    if (r)
        return r;
    c->owner = vs_record_uuid(file, VIDSTORE_FILE_USER_ID);
    vs_change_set_int(c, VIDSTORE_LINK_USES, 0);
    r = vs_change_set_uuid(c, VIDSTORE_LINK_USER_ID, &c->owner, e);
    if (!r)
        r = vs_change_set_uuid(c, VIDSTORE_LINK_CREATED_BY, &c->session->actor.user, e);
    return r ? r : vs_change_set_text(c, VIDSTORE_LINK_TOKEN_ID, making->token.id, e);
}

static int saved(struct vs_change *c, vidstore_error **e) {
    const struct vs_link_making *making = c->extra;
    vs_autostmt *s = NULL;
    int r = making ? vs_stmt(c->conn, VS_STMT_LINK_DIGEST_SET, &s, e) : 0;
    if (r || !making)
        return r;
    vs_bind_blob(s, 1, making->token.digest, VS_SHA256_SIZE);
    vs_bind_uuid(s, 2, &c->id);
    return vs_run(s, NULL, e);
}

const struct vs_rules vs_link_rules = {
    .noun = &vs_link_noun,
    .created = VIDSTORE_AUDIT_LINK_CREATED,
    .create = create,
    .saved = saved,
};

/* --- ending ------------------------------------------------------------------------------------------------------- */

static int set_ended(struct vs_change *c, void *arg, vidstore_error **e) {
    vs_change_set_int(c, VIDSTORE_LINK_REVOKED_US, c->now_us);
    return vs_change_set_text(c, VIDSTORE_LINK_REASON, arg, e);
}

int vs_link_end(struct vs_conn *conn, vidstore_session *session, const struct vs_uuid *id, const char *reason,
                vidstore_error **e) {
    vs_autorecord *link = NULL;
    int r = vs_crud_load(conn, &vs_link_noun, id, 0, &link, e);
    if (r || !vs_record_is_null(link, VIDSTORE_LINK_REVOKED_US))
        return r;
    return vs_crud_touch(conn, session, &vs_link_noun, id, VIDSTORE_AUDIT_LINK_REVOKED, set_ended,
                         (void *)(uintptr_t)reason, NULL, e);
}

static int read_made(struct vs_conn *conn, const struct vs_uuid *user, struct vs_uuid *ids, int *ret_count,
                     vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, VS_STMT_LINK_LIVE_MADE_LIST, &s, e);
    *ret_count = 0;
    if (r)
        return r;
    vs_bind_uuid(s, 1, user);
    vs_bind_int(s, 2, PIECE);
    while (*ret_count < PIECE && (r = vs_step(s, e)) == VS_ROW)
        vs_col_uuid(s, 0, &ids[(*ret_count)++]);
    return r < 0 ? r : 0;
}

int vs_links_end_made(struct vs_conn *conn, vidstore_session *session, const struct vs_uuid *user, const char *reason,
                      vidstore_error **e) {
    struct vs_uuid ids[PIECE];
    int count = 0, r;
    do { /* the list is read to its end before anything changes below it */
        r = read_made(conn, user, ids, &count, e);
        for (int i = 0; !r && i < count; i++)
            r = vs_link_end(conn, session, &ids[i], reason, e);
    } while (!r && count == PIECE);
    return r;
}
