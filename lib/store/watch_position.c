/* SPDX-License-Identifier: MIT */
#include "store/watch_position.h"
#include "crypto/crypto.h"
#include "util/env.h"
#include "util/error.h"
#include <string.h>

/* A position: salt, place (epoch and seq) with a mask of key and salt over it, and a tag of key, salt and place. */
enum { SALT = 12, PLACE = 12, TAG = 8, WHOLE = SALT + PLACE + TAG };
enum { FOR_SALT = 1, FOR_MASK, FOR_TAG };

static void put_number(uint8_t *at, uint64_t value, int bytes) {
    for (int i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
}

static uint64_t get_number(const uint8_t *at, int bytes) {
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++)
        value = value << 8 | at[i];
    return value;
}

/* Inputs of one length, or of another purpose: no digest can be stretched to that of another input. */
static int digest(const struct vs_watch_seal *seal, uint8_t purpose, const uint8_t *data, size_t len,
                  uint8_t ret[VS_SHA256_SIZE], vidstore_error **e) {
    uint8_t input[VS_FEED_KEY + 1 + SALT + PLACE];
    memcpy(input, seal->key, VS_FEED_KEY);
    input[VS_FEED_KEY] = purpose;
    memcpy(input + VS_FEED_KEY + 1, data, len);
    int r = vs_sha256(input, VS_FEED_KEY + 1 + len, ret);
    vs_wipe(input, sizeof input);
    return r ? vs_fail_nomem(e) : 0;
}

/* Puts the mask over the place, or takes it off. */
static int cover(const struct vs_watch_seal *seal, uint8_t bytes[WHOLE], vidstore_error **e) {
    uint8_t mask[VS_SHA256_SIZE];
    int r = digest(seal, FOR_MASK, bytes, SALT, mask, e);
    for (int i = 0; i < PLACE; i++)
        bytes[SALT + i] ^= mask[i];
    return r;
}

static int tag_of(const struct vs_watch_seal *seal, const uint8_t bytes[WHOLE], uint8_t ret[VS_SHA256_SIZE],
                  vidstore_error **e) {
    return digest(seal, FOR_TAG, bytes, SALT + PLACE, ret, e);
}

int vs_watch_seal_begin(struct vs_conn *conn, struct vs_watch_seal *seal, vidstore_error **e) {
    int r = seal->there ? 0 : vs_feed_key(conn, seal->key, e);
    seal->there = !r;
    return r;
}

static int put_salt(const struct vs_watch_seal *seal, enum vs_watch_place of, uint8_t bytes[WHOLE],
                    vidstore_error **e) {
    uint8_t salt[VS_SHA256_SIZE];
    int r = 0;
    if (of == VS_WATCH_EVENT)
        r = digest(seal, FOR_SALT, bytes + SALT, PLACE, salt, e);
    else if (vs_random(salt, SALT))
        r = vs_fail(e, VIDSTORE_UNAVAILABLE, NULL, "the system gives no random numbers");
    if (!r)
        memcpy(bytes, salt, SALT);
    return r;
}

int vs_watch_position_format(const struct vs_watch_seal *seal, enum vs_watch_place of, uint32_t epoch, int64_t seq,
                             char ret[VS_WATCH_POSITION], vidstore_error **e) {
    uint8_t bytes[WHOLE], tag[VS_SHA256_SIZE];
    put_number(bytes + SALT, epoch, 4);
    put_number(bytes + SALT + 4, (uint64_t)seq, 8);
    int r = put_salt(seal, of, bytes, e);
    if (!r)
        r = tag_of(seal, bytes, tag, e);
    if (!r)
        r = cover(seal, bytes, e);
    if (r)
        return r;
    memcpy(bytes + SALT + PLACE, tag, TAG);
    vs_hex(bytes, WHOLE, ret);
    return 0;
}

int vs_watch_resync(vidstore_error **e) {
    return vs_fail(e, VIDSTORE_RESYNC, "position",
                   "the position is not kept any more: read anew what is of interest, and go on from now");
}

static int take_bytes(const char *text, uint8_t ret[WHOLE], vidstore_error **e) {
    if (vs_unhex(text, ret, WHOLE))
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "position",
                           "position is none that a watch gave out");
    return 0;
}

int vs_watch_position_parse(const struct vs_watch_seal *seal, const char *text, uint32_t *ret_epoch, int64_t *ret_seq,
                            vidstore_error **e) {
    uint8_t bytes[WHOLE], tag[VS_SHA256_SIZE];
    int r = take_bytes(text, bytes, e);
    if (!r)
        r = cover(seal, bytes, e);
    if (!r)
        r = tag_of(seal, bytes, tag, e);
    if (r)
        return r;
    if (!vs_secret_equal(tag, bytes + SALT + PLACE, TAG))
        return vs_watch_resync(e);
    *ret_epoch = (uint32_t)get_number(bytes + SALT, 4);
    *ret_seq = (int64_t)get_number(bytes + SALT + 4, 8);
    return 0;
}
