/* SPDX-License-Identifier: MIT */
/* Erasing a person: the personal parts of the events that it did and that were done to it go, a salted hash of them
 * stays, and the chain holds. In slices, because somebody may have done much. */
#include "audit/audit.h"
#include "audit/audit_witness.h"
#include "db/bind.h"
#include "trail/chain.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include <string.h>

enum { SLICE = 200 };

struct erased {
    int64_t seq;
    int parts[VS_PARTS];                       /* which parts go */
    uint8_t commits[VS_PARTS][VS_SHA256_SIZE]; /* what stays of them */
};

struct erasing {
    struct vs_uuid user;
    int found;            /* somebody waits to be erased */
    enum vs_stmt_id page; /* what it did, what was done to it, or what was tried in its place */
    int64_t seq;          /* how far it is */
    int rows;
    struct erased list[SLICE];
};

int vs_audit_forget(struct vs_conn *conn, const struct vs_uuid *user, vidstore_error **e) {
    return vs_exec(conn, VS_STMT_AUDIT_ERASE_ADD, NULL, e, vs_id(user), vs_int(vs_now_us()));
}

static int next_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct erasing *x = arg;
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, VS_STMT_AUDIT_ERASE_NEXT, &s, e);
    if (r || (r = vs_row(s, e)) < 0)
        return r;
    x->found = r == VS_ROW && vs_col_uuid(s, 0, &x->user);
    return 0;
}

static int is_about(const struct erasing *x, const struct vs_link *link, enum vs_link_part part) {
    const void *person = vs_link_person(link, part);
    return person && memcmp(person, x->user.b, sizeof x->user.b) == 0 && vs_link_has(link, part);
}

/* Which parts of an event are about the person. */
static int choose(const struct erasing *x, struct vs_sha256 *h, const struct vs_link *link, struct erased *ret) {
    int r = 0;
    *ret = (struct erased){.seq = link->seq};
    for (int part = VS_PART_ACTOR; part < VS_PARTS; part++)
        ret->parts[part] = is_about(x, link, (enum vs_link_part)part);
    for (int part = VS_PART_ACTOR; !r && part < VS_PARTS; part++)
        if (ret->parts[part])
            r = vs_link_commit(h, link, (enum vs_link_part)part, ret->commits[part]);
    /* What doesn't fit its salt was tampered with, and goes all the same: the chain will say so. */
    return r == VIDSTORE_CORRUPT ? 0 : r;
}

static int blank(struct vs_conn *conn, const struct erased *row, enum vs_link_part part, vidstore_error **e) {
    if (!row->parts[part])
        return 0;
    int r = vs_exec(conn, part == VS_PART_ACTOR ? VS_STMT_AUDIT_ERASE_ACTOR : VS_STMT_AUDIT_ERASE_OBJECT, NULL, e,
                    vs_bytes(row->commits[part], VS_SHA256_SIZE), vs_int(row->seq));
    if (r || part != VS_PART_OBJECT)
        return r;
    /* The words that it is found by. */
    return vs_exec(conn, VS_STMT_AUDIT_SEARCH_DROP, NULL, e, vs_int(row->seq));
}

static void free_hasher(struct vs_sha256 **h) {
    vs_sha256_free(*h);
}

static int slice_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct erasing *x = arg;
    VS_CLEANUP(free_hasher) struct vs_sha256 *h = NULL;
    vs_autostmt *s = NULL;
    struct vs_link link;
    int r = vs_sha256_new(&h, e);
    x->rows = 0;
    if (!r)
        r = vs_stmt(conn, x->page, &s, e);
    if (r)
        return r;
    vs_bind_uuid(s, 1, &x->user);
    vs_bind_int(s, 2, x->seq);
    vs_bind_int(s, 3, SLICE);
    while ((r = vs_step(s, e)) == VS_ROW && x->rows < SLICE) {
        vs_link_read(&link, s);
        if (choose(x, h, &link, &x->list[x->rows++]))
            return vs_fail_nomem(e);
    }
    vs_reset(VS_TAKE(s));
    r = r > 0 ? 0 : r;
    for (int i = 0; !r && i < x->rows; i++) {
        r = blank(conn, &x->list[i], VS_PART_ACTOR, e);
        if (!r)
            r = blank(conn, &x->list[i], VS_PART_OBJECT, e);
    }
    return r;
}

static int done_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    return vs_exec(conn, VS_STMT_AUDIT_ERASE_DONE, NULL, e, vs_id(arg));
}

/* All of one person, or as much as there is time for. */
static int erase_one(vidstore_session *session, struct erasing *x, int64_t end_us, int *more, vidstore_error **e) {
    static const enum vs_stmt_id pages[] = {VS_STMT_AUDIT_ERASE_BY_PAGE, VS_STMT_AUDIT_ERASE_OF_PAGE,
                                            VS_STMT_AUDIT_ERASE_TRY_PAGE};
    int r = 0;
    for (size_t i = 0; !r && !*more && i < VS_COUNT(pages); i++) {
        x->page = pages[i];
        x->seq = 0;
        do {
            r = vs_session_write(session, slice_op, x, e);
            x->seq = !r && x->rows ? x->list[x->rows - 1].seq : x->seq;
            *more = !r && x->rows == SLICE && vs_mono_us() >= end_us;
        } while (!r && !*more && x->rows == SLICE);
    }
    return r || *more ? r : vs_session_write(session, done_op, &x->user, e);
}

int vs_audit_erase(vidstore_session *session, int64_t end_us, int *ret_more, vidstore_error **e) {
    vs_autofree struct erasing *x = vs_calloc(1, sizeof *x);
    int r = x ? 0 : vs_fail_nomem(e), more = 0;
    if (!r && vs_setting(session->store, VS_SETTING_AUDIT_HOLD))
        return 0;
    while (!r && !more) {
        r = vs_session_read(session, next_op, x, e);
        if (r || !x->found)
            break;
        r = erase_one(session, x, end_us, &more, e);
    }
    *ret_more |= more;
    return r;
}
