/* SPDX-License-Identifier: MIT */
/* The one door to libcrypto. */
#ifndef VS_CRYPTO_CRYPTO_H
#define VS_CRYPTO_CRYPTO_H

#include "vidstore/base.h"
#include <stddef.h>
#include <stdint.h>

#define VS_SHA256_SIZE 32

struct vs_sha256; /* a digest in progress */

int vs_sha256_new(struct vs_sha256 **ret, vidstore_error **e);
int vs_sha256_add(struct vs_sha256 *h, const void *data, size_t len); /* 0, or INTERNAL */
/* A copy of the digest so far, without ending it. */
int vs_sha256_peek(const struct vs_sha256 *h, uint8_t ret[VS_SHA256_SIZE]);
/* The digest of what was added, and the start of the next one: for many small ones, one after the other. */
int vs_sha256_end(struct vs_sha256 *h, uint8_t ret[VS_SHA256_SIZE]);
void vs_sha256_free(struct vs_sha256 *h);
int vs_sha256(const void *data, size_t len, uint8_t ret[VS_SHA256_SIZE]);

/* Ed25519 signatures. A key is a PEM file's text (PKCS #8), or the 64 hex digits of its 32-byte seed. */
#define VS_ED25519_PUBLIC    32
#define VS_ED25519_SIGNATURE 64
struct vs_signer;
/* INVALID naming the field when the text is no such key. The copy that is kept is wiped when it is freed. */
int vs_signer_new(const char *text, size_t len, const char *field, struct vs_signer **ret, vidstore_error **e);
void vs_signer_public(const struct vs_signer *signer, uint8_t ret[VS_ED25519_PUBLIC]);
int vs_signer_sign(const struct vs_signer *signer, const void *data, size_t len, uint8_t ret[VS_ED25519_SIGNATURE]);
void vs_signer_free(struct vs_signer *signer); /* NULL is fine */
/* 1 when the signature is that of the data by the key's owner, else 0. */
int vs_signature_fits(const uint8_t key[VS_ED25519_PUBLIC], const void *data, size_t len,
                      const uint8_t signature[VS_ED25519_SIGNATURE]);

/* AES-128-SIV. `beside` is bound to the text and not hidden. Sealed texts are as long as they were. */
#define VS_SIV_KEY 32
#define VS_SIV_TAG 16
int vs_siv_seal(const uint8_t key[VS_SIV_KEY], const void *beside, size_t beside_len, const void *text, size_t len,
                uint8_t ret_tag[VS_SIV_TAG], void *ret_sealed, vidstore_error **e);
/* *ret_fits: 1 when it was sealed with this key; else the text is of no use. */
int vs_siv_open(const uint8_t key[VS_SIV_KEY], const void *beside, size_t beside_len, const uint8_t tag[VS_SIV_TAG],
                const void *sealed, size_t len, void *ret_text, int *ret_fits, vidstore_error **e);

void vs_hex(const uint8_t *bytes, size_t len, char *ret); /* 2 * len + 1 */
int vs_unhex(const char *hex, uint8_t *ret, size_t len);  /* exactly 2 * len characters; 0 or -1 */
/* 1 when equal; the time taken does not depend on where they differ. */
int vs_secret_equal(const void *a, const void *b, size_t len);
void vs_wipe(void *p, size_t len);

#endif
