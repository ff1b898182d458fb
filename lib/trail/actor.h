/* SPDX-License-Identifier: MIT */
/* Who acts, and from where: what every event of the audit records. */
#ifndef VS_TRAIL_ACTOR_H
#define VS_TRAIL_ACTOR_H

#include "util/uuid.h"
#include <stdint.h>

enum vs_actor_kind { VS_ACTOR_ANONYMOUS, VS_ACTOR_USER, VS_ACTOR_SYSTEM, VS_ACTOR_WORKER };

enum { VS_ORIGIN_IP, VS_ORIGIN_USER_AGENT, VS_ORIGIN_REQUEST_ID, VS_ORIGIN_DEVICE, VS_ORIGIN_FACTS };

struct vs_actor {
    enum vs_actor_kind kind;
    struct vs_uuid user;           /* nil: the system, or nobody */
    int32_t role;                  /* VIDSTORE_ROLE_…, as of the last look */
    int trusted;                   /* a worker: whoever claimed its lease may do all that the host may */
    uint32_t scopes;               /* what its credential leaves of its rights (access/scope.h); 0: all */
    struct vs_uuid credential;     /* the key or login that it proved itself with; nil: none */
    struct vs_uuid opens;          /* the file that its link opens; nil: it came by none */
    char *name;                    /* of the user or of the part of the host; NULL: none */
    char *origin[VS_ORIGIN_FACTS]; /* NULL: not known */
    const char *method; /* how it proved who it is, a static word (it outlives the library's other memory): password,
                           login, key, external, once; host: by the host's word; NULL: it had not to */
};

const char *vs_actor_kind_name(enum vs_actor_kind kind);

#endif
