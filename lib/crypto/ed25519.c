/* SPDX-License-Identifier: MIT */
#include "crypto/crypto.h"
#include "util/alloc.h"
#include "util/error.h"
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

enum { SEED = 32, PEM_MAX = 4096 };

struct vs_signer {
    EVP_PKEY *key;
    uint8_t public_key[VS_ED25519_PUBLIC];
};

/* A key that wants a passphrase is refused: nobody is there to type it. */
static int no_passphrase(char *buf, int size, int writing, void *arg) {
    (void)buf, (void)size, (void)writing, (void)arg;
    return -1;
}

static EVP_PKEY *from_pem(const char *text, size_t len) {
    BIO *bio = BIO_new_mem_buf(text, (int)len);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
    BIO_free(bio);
    return key;
}

static EVP_PKEY *from_seed(const char *text, size_t len) {
    uint8_t seed[SEED];
    char hex[2 * SEED + 1];
    while (len && (text[len - 1] == '\n' || text[len - 1] == '\r' || text[len - 1] == ' '))
        len--;
    if (len != 2 * SEED)
        return NULL;
    memcpy(hex, text, len);
    hex[len] = '\0';
    EVP_PKEY *key =
        vs_unhex(hex, seed, SEED) ? NULL : EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof seed);
    vs_wipe(seed, sizeof seed);
    vs_wipe(hex, sizeof hex);
    return key;
}

int vs_signer_new(const char *text, size_t len, const char *field, struct vs_signer **ret, vidstore_error **e) {
    size_t size = VS_ED25519_PUBLIC;
    struct vs_signer *signer = vs_calloc(1, sizeof *signer);
    if (!signer)
        return vs_fail_nomem(e);
    if (len <= PEM_MAX)
        signer->key = memchr(text, '-', len) ? from_pem(text, len) : from_seed(text, len);
    if (signer->key && EVP_PKEY_get_id(signer->key) == EVP_PKEY_ED25519 &&
        EVP_PKEY_get_raw_public_key(signer->key, signer->public_key, &size) && size == VS_ED25519_PUBLIC) {
        *ret = signer;
        return 0;
    }
    vs_signer_free(signer);
    return vs_fail(e, VIDSTORE_INVALID, field, "%s holds no Ed25519 key: a PEM text or 64 hex digits", field);
}

void vs_signer_public(const struct vs_signer *signer, uint8_t ret[VS_ED25519_PUBLIC]) {
    memcpy(ret, signer->public_key, VS_ED25519_PUBLIC);
}

int vs_signer_sign(const struct vs_signer *signer, const void *data, size_t len, uint8_t ret[VS_ED25519_SIGNATURE]) {
    size_t size = VS_ED25519_SIGNATURE;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int ok = ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, signer->key) > 0 &&
             EVP_DigestSign(ctx, ret, &size, data, len) > 0 && size == VS_ED25519_SIGNATURE;
    EVP_MD_CTX_free(ctx);
    return ok ? 0 : VIDSTORE_NOMEM;
}

void vs_signer_free(struct vs_signer *signer) {
    if (!signer)
        return;
    EVP_PKEY_free(signer->key);
    vs_free(signer);
}

int vs_signature_fits(const uint8_t key[VS_ED25519_PUBLIC], const void *data, size_t len,
                      const uint8_t signature[VS_ED25519_SIGNATURE]) {
    EVP_PKEY *public_key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, VS_ED25519_PUBLIC);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int ok = public_key && ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, public_key) > 0 &&
             EVP_DigestVerify(ctx, signature, VS_ED25519_SIGNATURE, data, len) > 0;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(public_key);
    return ok;
}
