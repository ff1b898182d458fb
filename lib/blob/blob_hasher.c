/* SPDX-License-Identifier: MIT */
#include "blob/blob_hasher.h"
#include "blob/blob_driver.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"

#define WORTH_A_THREAD ((int64_t)4 << 20) /* bytes before which nothing is started */

int vs_blob_hasher_start(struct vs_blob_hasher *h, struct vs_sha256 *digest, vidstore_error **e) {
    *h = (struct vs_blob_hasher){.digest = digest};
    h->pieces[0] = vs_malloc(VS_BLOB_PIECE);
    return h->pieces[0] ? 0 : vs_fail_nomem(e);
}

static void *run(void *arg) {
    struct vs_blob_hasher *h = arg;
    pthread_mutex_lock(&h->lock);
    for (;;) {
        while (h->taken == h->given && !h->ended)
            pthread_cond_wait(&h->changed, &h->lock);
        if (h->taken == h->given)
            break;
        unsigned i = h->taken % VS_BLOB_PIECES;
        pthread_mutex_unlock(&h->lock);
        int failed = vs_sha256_add(h->digest, h->pieces[i], h->len[i]) != 0;
        pthread_mutex_lock(&h->lock);
        h->failed |= failed;
        h->taken++;
        pthread_cond_signal(&h->changed);
    }
    pthread_mutex_unlock(&h->lock);
    return NULL;
}

/* Without memory or threads it goes on in this one. */
static void start_thread(struct vs_blob_hasher *h) {
    h->tried = 1;
    for (unsigned i = 1; i < VS_BLOB_PIECES; i++)
        if (!(h->pieces[i] = vs_malloc(VS_BLOB_PIECE)))
            return;
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->changed, NULL);
    h->running = vs_env()->thread_start(run, h, &h->thread) == 0;
    if (h->running)
        return;
    pthread_cond_destroy(&h->changed);
    pthread_mutex_destroy(&h->lock);
}

uint8_t *vs_blob_hasher_piece(struct vs_blob_hasher *h) {
    if (!h->running)
        return h->pieces[0];
    pthread_mutex_lock(&h->lock);
    while (h->given - h->taken == VS_BLOB_PIECES)
        pthread_cond_wait(&h->changed, &h->lock);
    unsigned i = h->given % VS_BLOB_PIECES;
    pthread_mutex_unlock(&h->lock);
    return h->pieces[i];
}

void vs_blob_hasher_add(struct vs_blob_hasher *h, size_t len) {
    if (!h->running) {
        h->failed |= vs_sha256_add(h->digest, h->pieces[0], len) != 0;
        h->handed_over += (int64_t)len;
        if (!h->tried && h->handed_over >= WORTH_A_THREAD)
            start_thread(h);
        return;
    }
    pthread_mutex_lock(&h->lock);
    h->len[h->given++ % VS_BLOB_PIECES] = len;
    pthread_cond_signal(&h->changed);
    pthread_mutex_unlock(&h->lock);
}

int vs_blob_hasher_finish(struct vs_blob_hasher *h) {
    if (h->running) {
        pthread_mutex_lock(&h->lock);
        h->ended = 1;
        pthread_cond_signal(&h->changed);
        pthread_mutex_unlock(&h->lock);
        pthread_join(h->thread, NULL);
        pthread_cond_destroy(&h->changed);
        pthread_mutex_destroy(&h->lock);
        h->running = 0;
    }
    for (unsigned i = 0; i < VS_BLOB_PIECES; i++)
        vs_free(VS_TAKE(h->pieces[i]));
    return h->failed ? -1 : 0;
}
