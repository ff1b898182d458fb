/* SPDX-License-Identifier: MIT */
#include "store/watch_position.h"
#include "util/bytes.h"
#include "util/env.h"
#include "util/error.h"
#include <string.h>

/* A position: the tag and the sealed place (epoch and seq), then what makes a reader's differ each time. */
enum { PLACE = 12, SALT = 4, AT_PLACE = VS_SIV_TAG, AT_SALT = AT_PLACE + PLACE, WHOLE = AT_SALT + SALT };

int vs_watch_position_format(const uint8_t seal[VS_SIV_KEY], enum vs_watch_place of, uint32_t epoch, int64_t seq,
                             char ret[VS_WATCH_POSITION], vidstore_error **e) {
    uint8_t bytes[WHOLE] = {0}, place[PLACE];
    vs_put_number(place, epoch, 4);
    vs_put_number(place + 4, (uint64_t)seq, 8);
    if (of == VS_WATCH_READER && vs_random(bytes + AT_SALT, SALT))
        return vs_fail(e, VIDSTORE_UNAVAILABLE, NULL, "the system gives no random numbers");
    int r = vs_siv_seal(seal, bytes + AT_SALT, SALT, place, PLACE, bytes, bytes + AT_PLACE, e);
    if (!r)
        vs_hex(bytes, WHOLE, ret);
    return r;
}

int vs_watch_resync(vidstore_error **e) {
    return vs_fail(e, VIDSTORE_RESYNC, "position",
                   "the position is not kept any more: read anew what is of interest, and go on from now");
}

int vs_watch_position_parse(const uint8_t seal[VS_SIV_KEY], const char *text, uint32_t *ret_epoch, int64_t *ret_seq,
                            vidstore_error **e) {
    uint8_t bytes[WHOLE], place[PLACE];
    int fits = 0;
    if (vs_unhex(text, bytes, WHOLE))
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "position",
                           "position is none that a watch gave out");
    int r = vs_siv_open(seal, bytes + AT_SALT, SALT, bytes, bytes + AT_PLACE, PLACE, place, &fits, e);
    if (r || !fits)
        return r ? r : vs_watch_resync(e);
    *ret_epoch = (uint32_t)vs_get_number(place, 4);
    *ret_seq = (int64_t)vs_get_number(place + 4, 8);
    return 0;
}
