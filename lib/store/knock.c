/* SPDX-License-Identifier: MIT */
#include "store/knock.h"
#include "access/address.h"
#include "store/seen.h"
#include "trail/trail.h"
#include "util/error.h"
#include <stdio.h>

enum {
    JUNK_MAX = 100,  /* of one source in a minute */
    EVENTS_MAX = 600 /* on record in a minute, of all sources */
};

struct failure {
    const struct vs_knock *knock;
    int64_t before;
};

static int failure_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    const struct failure *f = arg;
    char details[48];
    snprintf(details, sizeof details, "{\"repeated\":%lld}", (long long)f->before - 1);
    struct vs_event event = {.action = VIDSTORE_AUDIT_AUTH_FAILED,
                             .noun = f->knock->noun,
                             .object = f->knock->object,
                             .owner = f->knock->owner,
                             .failed = VIDSTORE_UNAUTHENTICATED,
                             .details = f->before > 1 ? details : NULL,
                             .description = f->knock->why};
    return vs_trail_append(conn, f->knock->actor, &event, e);
}

/* Many sources together fill no audit either: what is beyond the most is only counted. */
void vs_knock_refused(struct vidstore *store, const struct vs_call *call, const struct vs_knock *knock) {
    char what[128], source[VS_SOURCE_TEXT];
    struct failure failure = {knock, 0};
    vs_address_source(knock->actor->origin[VS_ORIGIN_IP], source);
    snprintf(what, sizeof what, "%s %s %s", knock->noun, knock->why, source);
    if (vs_seen_strike(store, what, &failure.before) == 1 && !vs_db_read_only(store->db) &&
        vs_seen_strike(store, "refused tokens", NULL) <= EVENTS_MAX)
        vs_db_write(store->db, call, failure_op, &failure, NULL);
}

int vs_knock_junk(struct vidstore *store, const struct vs_call *call, const struct vs_knock *knock,
                  vidstore_error **e) {
    char what[128], source[VS_SOURCE_TEXT];
    vs_address_source(knock->actor->origin[VS_ORIGIN_IP], source);
    snprintf(what, sizeof what, "junk %s %s", knock->noun, source);
    vs_knock_refused(store, call, knock);
    if (vs_seen_strike(store, what, NULL) <= JUNK_MAX)
        return 0;
    vs_fail(e, VIDSTORE_THROTTLED, "token", "too many texts that are no tokens came from this address");
    vs_error_set_retry(e, 60000);
    return VIDSTORE_THROTTLED;
}
