/* SPDX-License-Identifier: MIT */
#include "access/token.h"
#include "util/env.h"
#include "util/error.h"
#include "vidstore/key.h"
#include <string.h>

enum { BODY = 4 + VS_TOKEN_ID + 1, CHECKED = BODY + VS_TOKEN_SECRET };

static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static const struct {
    int32_t kind;
    char prefix[5];
} kinds[] = {{VIDSTORE_TOKEN_KEY, "vsk_"},
             {VIDSTORE_TOKEN_LOGIN, "vss_"},
             {VIDSTORE_TOKEN_DEVICE, "vsd_"},
             {VIDSTORE_TOKEN_ONCE, "vsr_"},
             {VIDSTORE_TOKEN_LINK, "vsl_"}};
enum { KINDS = sizeof kinds / sizeof *kinds };

static int is_digit(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* CRC-32 (IEEE 802.3) of what stands before it, in six digits of base 62. */
static void checksum(const char *text, char ret[VS_TOKEN_CRC]) {
    uint32_t crc = 0xFFFFFFFF;
    for (int i = 0; i < CHECKED; i++) {
        crc ^= (unsigned char)text[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (0xEDB88320 & -(crc & 1));
    }
    crc = ~crc;
    for (int i = VS_TOKEN_CRC - 1; i >= 0; i--, crc /= 62)
        ret[i] = digits[crc % 62];
}

/* Digits of base 62, each as likely as the others: bytes past the last whole multiple of 62 are thrown away. */
static int random_digits(char *ret, size_t count) {
    uint8_t bytes[64];
    for (size_t done = 0; done < count;) {
        if (vs_random(bytes, sizeof bytes))
            return -1;
        for (size_t i = 0; i < sizeof bytes && done < count; i++)
            if (bytes[i] < 248)
                ret[done++] = digits[bytes[i] % 62];
    }
    vs_wipe(bytes, sizeof bytes);
    return 0;
}

/* The kind's letter is in what is digested: a token of one kind is never one of another. */
static int digest(const char *text, struct vs_token *ret) {
    char input[10 + 1 + VS_TOKEN_ID + VS_TOKEN_SECRET];
    memcpy(input, "vs-key-v1:", 10);
    input[10] = text[2];
    memcpy(input + 11, text + 4, VS_TOKEN_ID);
    memcpy(input + 11 + VS_TOKEN_ID, text + BODY, VS_TOKEN_SECRET);
    int r = vs_sha256(input, sizeof input, ret->digest);
    vs_wipe(input, sizeof input);
    memcpy(ret->id, text + 4, VS_TOKEN_ID);
    ret->id[VS_TOKEN_ID] = '\0';
    return r;
}

int vs_token_make(int32_t kind, char text[VS_TOKEN_LENGTH + 1], struct vs_token *ret, vidstore_error **e) {
    for (int i = 0; i < KINDS; i++)
        if (kinds[i].kind == kind)
            memcpy(text, kinds[i].prefix, 4);
    if (random_digits(text + 4, VS_TOKEN_ID) || random_digits(text + BODY, VS_TOKEN_SECRET)) {
        *text = '\0';
        return vs_fail(e, VIDSTORE_IO, NULL, "the system gives no random numbers");
    }
    text[BODY - 1] = '_';
    checksum(text, text + CHECKED);
    text[VS_TOKEN_LENGTH] = '\0';
    if (!digest(text, ret))
        return 0;
    *text = '\0';
    return vs_fail_nomem(e);
}

int32_t vs_token_kind(const char *text) {
    char crc[VS_TOKEN_CRC];
    int32_t kind = VIDSTORE_TOKEN_UNKNOWN;
    if (!text || strnlen(text, VS_TOKEN_LENGTH + 1) != VS_TOKEN_LENGTH || text[BODY - 1] != '_')
        return VIDSTORE_TOKEN_UNKNOWN;
    for (int i = 0; i < KINDS; i++)
        if (memcmp(text, kinds[i].prefix, 4) == 0)
            kind = kinds[i].kind;
    for (int i = 4; i < VS_TOKEN_LENGTH; i++)
        if (i != BODY - 1 && !is_digit(text[i]))
            return VIDSTORE_TOKEN_UNKNOWN;
    checksum(text, crc);
    return vs_secret_equal(crc, text + CHECKED, VS_TOKEN_CRC) ? kind : VIDSTORE_TOKEN_UNKNOWN;
}

int vs_token_read(const char *text, int32_t kind, struct vs_token *ret) {
    return vs_token_kind(text) == kind ? digest(text, ret) : -1;
}

int vs_token_fits(const struct vs_token *token, const void *stored, size_t len) {
    static const uint8_t nothing[VS_SHA256_SIZE];
    int there = stored && len == VS_SHA256_SIZE;
    return vs_secret_equal(token->digest, there ? stored : nothing, VS_SHA256_SIZE) && there;
}

int vs_token_buffer(char *buffer, int64_t size, vidstore_error **e) {
    if (buffer && size > 0)
        *buffer = '\0';
    if (!buffer)
        return vs_fail(e, VIDSTORE_MISUSE, "ret_token",
                       "ret_token is NULL: a secret is shown once, so it needs a place");
    if (size <= VS_TOKEN_LENGTH)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "token_size", "token_size is less than %d",
                           VIDSTORE_TOKEN_SIZE);
    return 0;
}

void vs_token_hand_over(char text[VS_TOKEN_LENGTH + 1], const struct vs_token *token, const char *row_id, char *ret) {
    if (row_id && strcmp(row_id, token->id) == 0)
        memcpy(ret, text, VS_TOKEN_LENGTH + 1);
    vs_wipe(text, VS_TOKEN_LENGTH + 1);
}
