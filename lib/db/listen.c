/* SPDX-License-Identifier: MIT */
/* Who wants to know of commits. */
#include "db/db_internal.h"

struct vs_listener {
    void (*wake)(void *arg);
    void *arg;
    struct vs_listener *next;
};

int vs_db_listen(struct vs_db *db, void (*wake)(void *arg), void *arg, struct vs_listener **ret, vidstore_error **e) {
    *ret = NULL;
    struct vs_listener *l = vs_calloc(1, sizeof *l);
    if (!l)
        return vs_fail_nomem(e);
    l->wake = wake;
    l->arg = arg;
    pthread_mutex_lock(&db->listen_lock);
    l->next = db->listeners;
    db->listeners = l;
    pthread_mutex_unlock(&db->listen_lock);
    *ret = l;
    return 0;
}

void vs_db_unlisten(struct vs_db *db, struct vs_listener *listener) {
    if (!listener)
        return;
    pthread_mutex_lock(&db->listen_lock);
    struct vs_listener **at = &db->listeners;
    while (*at != listener)
        at = &(*at)->next;
    *at = listener->next;
    pthread_mutex_unlock(&db->listen_lock);
    vs_free(listener);
}

void vs_db_mark_changed(struct vs_conn *conn) {
    conn->changed = 1;
}

int vs_db_turn(struct vs_conn *conn, int kind) {
    return ++conn->turns[kind] % 64 == 0;
}

void vs_listeners_wake(struct vs_db *db) {
    pthread_mutex_lock(&db->listen_lock);
    for (struct vs_listener *l = db->listeners; l; l = l->next)
        l->wake(l->arg);
    pthread_mutex_unlock(&db->listen_lock);
}
