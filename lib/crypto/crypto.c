/* SPDX-License-Identifier: MIT */
#include "crypto/crypto.h"
#include "util/alloc.h"
#include "util/error.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>

struct vs_sha256 {
    EVP_MD_CTX *ctx;
};

/* Looked up once, and kept for good: a look-up costs more than the digest of a short text, and a thread of ours that is
 * still at work while the process exits would do it in tables that libcrypto's own exit handler has taken down. */
static EVP_MD *sha256;

static void look_up(void) {
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

static const EVP_MD *digest(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, look_up);
    return sha256 ? sha256 : EVP_sha256();
}

int vs_sha256_new(struct vs_sha256 **ret, vidstore_error **e) {
    struct vs_sha256 *h = vs_calloc(1, sizeof *h);
    if (!h)
        return vs_fail_nomem(e);
    h->ctx = EVP_MD_CTX_new();
    if (!h->ctx || !EVP_DigestInit_ex(h->ctx, digest(), NULL)) {
        vs_sha256_free(h);
        return vs_fail_nomem(e);
    }
    *ret = h;
    return 0;
}

int vs_sha256_add(struct vs_sha256 *h, const void *data, size_t len) {
    return EVP_DigestUpdate(h->ctx, data, len) ? 0 : VIDSTORE_INTERNAL;
}

int vs_sha256_peek(const struct vs_sha256 *h, uint8_t ret[VS_SHA256_SIZE]) {
    EVP_MD_CTX *copy = EVP_MD_CTX_new();
    int ok = copy && EVP_MD_CTX_copy_ex(copy, h->ctx) && EVP_DigestFinal_ex(copy, ret, NULL);
    EVP_MD_CTX_free(copy);
    return ok ? 0 : VIDSTORE_NOMEM;
}

int vs_sha256_end(struct vs_sha256 *h, uint8_t ret[VS_SHA256_SIZE]) {
    /* The kind of digest stays with the context: no look-up for each of many. */
    return EVP_DigestFinal_ex(h->ctx, ret, NULL) && EVP_DigestInit_ex(h->ctx, NULL, NULL) ? 0 : VIDSTORE_NOMEM;
}

void vs_sha256_free(struct vs_sha256 *h) {
    if (!h)
        return;
    EVP_MD_CTX_free(h->ctx);
    vs_free(h);
}

int vs_sha256(const void *data, size_t len, uint8_t ret[VS_SHA256_SIZE]) {
    return EVP_Digest(data, len, ret, NULL, digest(), NULL) ? 0 : VIDSTORE_NOMEM;
}

void vs_hex(const uint8_t *bytes, size_t len, char *ret) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        ret[2 * i] = digits[bytes[i] >> 4];
        ret[2 * i + 1] = digits[bytes[i] & 15];
    }
    ret[2 * len] = '\0';
}

static int digit(char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

int vs_unhex(const char *hex, uint8_t *ret, size_t len) {
    if (strnlen(hex, 2 * len + 1) != 2 * len)
        return -1;
    for (size_t i = 0; i < len; i++) {
        int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            return -1;
        ret[i] = (uint8_t)(high << 4 | low);
    }
    return 0;
}

int vs_secret_equal(const void *a, const void *b, size_t len) {
    return CRYPTO_memcmp(a, b, len) == 0;
}

void vs_wipe(void *p, size_t len) {
    OPENSSL_cleanse(p, len);
}
