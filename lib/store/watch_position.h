/* SPDX-License-Identifier: MIT */
/* Positions on the change feed as they are handed out: sealed with the store's key, so that nobody learns from them how
 * much happened in between that he may not see. */
#ifndef VS_STORE_WATCH_POSITION_H
#define VS_STORE_WATCH_POSITION_H

#include "crypto/crypto.h"

enum { VS_WATCH_POSITION = 65 };

/* An event's position is the same text whoever reads it. A reader's is another one each time: by the same text twice he
 * would see that nothing has happened meanwhile, and by another that something has. */
enum vs_watch_place { VS_WATCH_EVENT, VS_WATCH_READER };
int vs_watch_position_format(const uint8_t seal[VS_SIV_KEY], enum vs_watch_place of, uint32_t epoch, int64_t seq,
                             char ret[VS_WATCH_POSITION], vidstore_error **e);
/* INVALID: it is none at all; RESYNC: none of this store. */
int vs_watch_position_parse(const uint8_t seal[VS_SIV_KEY], const char *text, uint32_t *ret_epoch, int64_t *ret_seq,
                            vidstore_error **e);
int vs_watch_resync(vidstore_error **e);

#endif
