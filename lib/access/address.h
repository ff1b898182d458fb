/* SPDX-License-Identifier: MIT */
/* Addresses and networks as text: where a key may be used from, and which source a try comes from. */
#ifndef VS_ACCESS_ADDRESS_H
#define VS_ACCESS_ADDRESS_H

#include "vidstore/base.h"

struct vs_address {
    int family; /* 4 or 6; 0: none, or not readable */
    unsigned char bytes[16];
};

/* An IPv4 or IPv6 address; an IPv4-mapped IPv6 address is the IPv4 address. NULL and rubbish have family 0. */
struct vs_address vs_address_read(const char *text);
/* Keeps the first bits, and zeroes the rest. */
struct vs_address vs_address_prefix(struct vs_address address, int bits);
enum { VS_SOURCE_TEXT = 18 };
/* The source of tries as it is counted: an IPv4 address, or the /64 of an IPv6 one, since who has one address has them
 * all. "": not known. */
void vs_address_source(const char *text, char ret[VS_SOURCE_TEXT]);
/* Checks a list of networks ("10.0.0.0/8, 2001:db8::/32", single addresses too), at most 64. INVALID naming
 * "addresses". */
int vs_networks_check(const char *list, vidstore_error **e);
/* 1 when every address of one list is in the other; `of` NULL holds all. Lists that vs_networks_check took. */
int vs_networks_within(const char *list, const char *of);
/* 1 when the address is in one of the networks; a list of NULL holds all, even what is not known. */
int vs_networks_hold(const char *list, const char *address);

#endif
