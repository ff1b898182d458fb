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
void vs_sha256_free(struct vs_sha256 *h);
int vs_sha256(const void *data, size_t len, uint8_t ret[VS_SHA256_SIZE]);

void vs_hex(const uint8_t *bytes, size_t len, char *ret); /* 2 * len + 1 */
int vs_unhex(const char *hex, uint8_t *ret, size_t len);  /* exactly 2 * len characters; 0 or -1 */
/* 1 when equal; the time taken does not depend on where they differ. */
int vs_secret_equal(const void *a, const void *b, size_t len);
void vs_wipe(void *p, size_t len);

#endif
