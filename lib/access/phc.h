/* SPDX-License-Identifier: MIT */
/* Stored password hashes as text: $argon2id$v=19$m=65536,t=3,p=1$salt$tag, read strictly and within limits, so that no
 * stored text can make a check take a gigabyte or a minute. */
#ifndef VS_ACCESS_PHC_H
#define VS_ACCESS_PHC_H

#include <stddef.h>
#include <stdint.h>

enum { VS_PHC_MAX = 256, VS_PHC_BYTES = 64, VS_PHC_SALT_MIN = 8, VS_PHC_TAG_MIN = 16 };
enum { VS_PHC_PASSES_MAX = 10, VS_PHC_LANES_MAX = 16, VS_PHC_KIB_MAX = 1 << 20 };

struct vs_phc {
    int i; /* argon2i; else argon2id */
    uint32_t memory_kib, passes, lanes;
    uint8_t salt[VS_PHC_BYTES], tag[VS_PHC_BYTES];
    size_t salt_len, tag_len;
};

/* 0, or -1: not exactly the one way to write such a hash, or past a limit. */
int vs_phc_read(const char *text, struct vs_phc *ret);
/* The text of a hash; ret holds VS_PHC_MAX bytes. */
void vs_phc_write(const struct vs_phc *phc, char *ret);
/* 1 for a bcrypt hash that can be checked: $2a$, $2b$ or $2y$, cost 4 to 14, 60 characters. */
int vs_phc_is_bcrypt(const char *text);

#endif
