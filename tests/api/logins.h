/* SPDX-License-Identifier: MIT */
/* What the tests of logins share. */
#ifndef TESTS_API_LOGINS_H
#define TESTS_API_LOGINS_H

#include "harness.h"
#include "peek.h"
#include <vidstore/query.h>

static const char PASSWORD[] = "correct horse battery";
static struct id ann;

static inline void setup(void) {
    begin();
    add_user("root", VIDSTORE_ROLE_ADMIN);
    ann = add_user("ann", VIDSTORE_ROLE_USER);
    must(vidstore_user_set_password(sys, ann.text, PASSWORD, e));
}

struct made {
    struct id id;
    char token[VIDSTORE_TOKEN_SIZE];
};

static inline vidstore_origin *from(const char *ip) {
    vidstore_origin *origin = vidstore_origin_new();
    vidstore_origin_set_text(origin, VIDSTORE_ORIGIN_IP, ip);
    vidstore_origin_set_text(origin, VIDSTORE_ORIGIN_USER_AGENT, "a browser");
    return origin;
}

static inline vidstore_status try(const char *name, const char *password, const char *device, const char *ip,
                                  uint32_t flags, vidstore_error **e) {
    char token[VIDSTORE_TOKEN_SIZE];
    vidstore_origin *origin = ip ? from(ip) : NULL;
    vidstore_status status =
        vidstore_login_create(store, name, password, device, flags, origin, NULL, token, sizeof token, e);
    vidstore_origin_free(origin);
    return status;
}

static inline struct made log_in(const char *name, const char *ip) {
    struct made made;
    vidstore_login *login = NULL;
    vidstore_origin *origin = from(ip);
    must(vidstore_login_create(store, name, PASSWORD, NULL, 0, origin, &login, made.token, sizeof made.token, e));
    vidstore_origin_free(origin);
    made.id = id_of(vidstore_login_id(login));
    vidstore_login_free(login);
    return made;
}

static inline vidstore_session *resume(const char *token) {
    vidstore_session *s = NULL;
    must(vidstore_session_resume(store, token, NULL, &s, e));
    return s;
}

#endif
