/* SPDX-License-Identifier: MIT */
/* AES-SIV (RFC 5297): the same text sealed twice gives the same bytes, and nothing is lost by that but its sameness. */
#include "crypto/crypto.h"
#include "util/error.h"
#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>

/* See crypto.c: looked up once, and kept for good. */
static EVP_CIPHER *aes;

static void look_up(void) {
    aes = EVP_CIPHER_fetch(NULL, "AES-128-SIV", NULL);
}

static EVP_CIPHER_CTX *begin(const uint8_t key[VS_SIV_KEY], int sealing) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, look_up);
    EVP_CIPHER_CTX *ctx = aes ? EVP_CIPHER_CTX_new() : NULL;
    if (ctx && EVP_CipherInit_ex2(ctx, aes, key, NULL, sealing, NULL) > 0)
        return ctx;
    EVP_CIPHER_CTX_free(ctx);
    return NULL;
}

static int run(EVP_CIPHER_CTX *ctx, const void *beside, size_t beside_len, const void *in, size_t len, void *out) {
    int n = 0;
    return EVP_CipherUpdate(ctx, NULL, &n, beside, (int)beside_len) > 0 &&
           EVP_CipherUpdate(ctx, out, &n, in, (int)len) > 0 && EVP_CipherFinal_ex(ctx, (uint8_t *)out + n, &n) > 0;
}

int vs_siv_seal(const uint8_t key[VS_SIV_KEY], const void *beside, size_t beside_len, const void *text, size_t len,
                uint8_t ret_tag[VS_SIV_TAG], void *ret_sealed, vidstore_error **e) {
    EVP_CIPHER_CTX *ctx = begin(key, 1);
    int ok = ctx && run(ctx, beside, beside_len, text, len, ret_sealed) &&
             EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, VS_SIV_TAG, ret_tag) > 0;
    EVP_CIPHER_CTX_free(ctx);
    return ok ? 0 : vs_fail_nomem(e);
}

int vs_siv_open(const uint8_t key[VS_SIV_KEY], const void *beside, size_t beside_len, const uint8_t tag[VS_SIV_TAG],
                const void *sealed, size_t len, void *ret_text, int *ret_fits, vidstore_error **e) {
    uint8_t expected[VS_SIV_TAG];
    memcpy(expected, tag, sizeof expected);
    EVP_CIPHER_CTX *ctx = begin(key, 0);
    int ready = ctx && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, VS_SIV_TAG, expected) > 0;
    *ret_fits = ready && run(ctx, beside, beside_len, sealed, len, ret_text);
    EVP_CIPHER_CTX_free(ctx);
    return ready ? 0 : vs_fail_nomem(e);
}
