/* SPDX-License-Identifier: MIT */
/* What rides along: small writes that can wait, and cost next to nothing when somebody else commits anyway. */
#include "db/db_internal.h"

int vs_db_ride(struct vs_db *db, const struct vs_ride *ride, struct vs_rider **ret, vidstore_error **e) {
    *ret = NULL;
    struct vs_rider *rider = vs_calloc(1, sizeof *rider);
    if (!rider)
        return vs_fail_nomem(e);
    rider->ride = *ride;
    pthread_mutex_lock(&db->ride_lock);
    rider->next = db->riders;
    db->riders = rider;
    pthread_mutex_unlock(&db->ride_lock);
    *ret = rider;
    return 0;
}

void vs_db_unride(struct vs_db *db, struct vs_rider *rider) {
    if (!rider)
        return;
    pthread_mutex_lock(&db->ride_lock);
    struct vs_rider **at = &db->riders;
    while (*at != rider)
        at = &(*at)->next;
    *at = rider->next;
    pthread_mutex_unlock(&db->ride_lock);
    vs_free(rider);
}

struct vs_rider *vs_riders_board(struct vs_db *db) {
    int any = 0;
    pthread_mutex_lock(&db->ride_lock);
    for (struct vs_rider *r = db->riders; r; r = r->next) {
        r->aboard = r->ride.ready(r->ride.arg);
        r->rc = VIDSTORE_ABORTED; /* until it has run */
        any |= r->aboard;
    }
    if (any)
        return db->riders;
    pthread_mutex_unlock(&db->ride_lock);
    return NULL;
}

void vs_riders_leave(struct vs_db *db, int rc) {
    for (struct vs_rider *r = db->riders; r; r = r->next)
        if (r->aboard)
            r->ride.told(r->ride.arg, r->rc ? r->rc : rc);
    pthread_mutex_unlock(&db->ride_lock);
}
