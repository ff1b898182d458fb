/* SPDX-License-Identifier: MIT */
/* Public calls on links. */
#include "links/links.h"
#include "record/record_api.h"
#include "store/crud_api.h"
#include "store/standing.h"
#include "util/alloc.h"
#include "util/error.h"
#include "vidstore/key.h"
#include <string.h>

#define DAY_US (INT64_C(86400) * 1000000)

VS_RECORD_API(link, link)
VS_PARAMS_API(link)
VS_CRUD_LOOK_API(link)
VS_GETTER_TEXT(link, id, VIDSTORE_LINK_ID)
VS_GETTER_TEXT(link, user_id, VIDSTORE_LINK_USER_ID)
VS_GETTER_TEXT(link, file_id, VIDSTORE_LINK_FILE_ID)
VS_GETTER_INT64(link, expires_us, VIDSTORE_LINK_EXPIRES_US)
VS_GETTER_INT64(link, revoked_us, VIDSTORE_LINK_REVOKED_US)
VS_GETTER_INT64(link, uses, VIDSTORE_LINK_USES)
VS_GETTER_INT64(link, version, VIDSTORE_LINK_VERSION)

vidstore_status vidstore_link_create(vidstore_session *session, const vidstore_link_params *params,
                                     vidstore_link **ret_link, char *ret_token, int64_t token_size,
                                     vidstore_error **reterr) {
    char text[VS_TOKEN_LENGTH + 1] = "";
    struct vs_link_making making = {0};
    struct vs_record *link = NULL;
    int r = vs_token_buffer(ret_token, token_size, NULL);
    VS_ENTER(session, ret_link, reterr);
    if (r)
        return vs_token_buffer(ret_token, token_size, reterr);
    r = vs_token_make(VIDSTORE_TOKEN_LINK, text, &making.token, reterr);
    if (r)
        return r;
    making.default_us = vs_setting(session->store, VS_SETTING_LINK_DEFAULT_DAYS) * DAY_US;
    making.most_us = vs_setting(session->store, VS_SETTING_LINK_MAX_DAYS) * DAY_US;
    r = vs_crud_create(session, &vs_link_rules, (const struct vs_params *)params, &making, &link, reterr);
    vs_token_hand_over(text, &making.token, vs_record_text(link, VIDSTORE_LINK_TOKEN_ID), ret_token);
    *ret_link = (vidstore_link *)link;
    vidstore_link_free(vs_unwanted_);
    return r;
}

struct revoke {
    vidstore_session *session;
    struct vs_uuid id;
};

static int revoke_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    const struct revoke *w = arg;
    vs_autorecord *link = NULL;
    int r = vs_crud_load_for(conn, w->session, &vs_link_rules, &w->id, 0, VS_REMOVE, &link, e);
    return r ? r : vs_link_end(conn, w->session, &w->id, "revoked", e);
}

vidstore_status vidstore_link_revoke(vidstore_session *session, const char *id, vidstore_error **reterr) {
    VS_ENTER_VOID(session, reterr);
    struct revoke w = {session, {{0}}};
    int r = vs_uuid_parse(id, "id", &w.id, reterr);
    return r ? r : vs_session_write(session, revoke_op, &w, reterr);
}
