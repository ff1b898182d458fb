/* SPDX-License-Identifier: MIT */
/* Secrets as text: vsk_<id>_<secret><crc>. The id is public and finds the row; of the rest only a digest is kept. */
#ifndef VS_ACCESS_TOKEN_H
#define VS_ACCESS_TOKEN_H

#include "crypto/crypto.h"

enum { VS_TOKEN_ID = 14, VS_TOKEN_SECRET = 43, VS_TOKEN_CRC = 6, VS_TOKEN_LENGTH = 68 };

struct vs_token {
    char id[VS_TOKEN_ID + 1];
    uint8_t digest[VS_SHA256_SIZE];
};

/* A new token: its text (VS_TOKEN_LENGTH characters and the NUL) and what is kept of it. kind: VIDSTORE_TOKEN_…. Fails
 * closed when the system gives no random numbers. */
int vs_token_make(int32_t kind, char text[VS_TOKEN_LENGTH + 1], struct vs_token *ret, vidstore_error **e);
/* What a text is: VIDSTORE_TOKEN_…, or -1 for a wrong length, character, prefix or check sum, and for NULL. */
int32_t vs_token_kind(const char *text);
/* The id and digest of a text of this kind. 0, or -1: it is none. */
int vs_token_read(const char *text, int32_t kind, struct vs_token *ret);
/* 1 when the digest is the stored one. stored NULL (no such row): compares all the same, and gives 0. */
int vs_token_fits(const struct vs_token *token, const void *stored, size_t len);

/* A buffer of a caller's for a token, checked before anything is done and emptied: MISUSE or INVALID. */
int vs_token_buffer(char *buffer, int64_t size, vidstore_error **e);
/* The text goes to the caller when the row that was made is there, and only when it is the row's own: row_id is what
 * that says of its token, or NULL. Here the text is wiped. */
void vs_token_hand_over(char text[VS_TOKEN_LENGTH + 1], const struct vs_token *token, const char *row_id, char *ret);

#endif
