/* SPDX-License-Identifier: MIT */
/* The address policy: a server's name says nothing, only the address that is connected to does. */
#include "net/net_internal.h"
#include "util/alloc.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

struct block4 {
    uint32_t net;
    int bits;
};

/* IANA's IPv4 special-purpose registry, without the entries that are globally reachable. */
static const struct block4 blocks4[] = {
    {0x00000000, 8},  /* 0/8 this network; Linux takes 0.0.0.0 as loopback */
    {0x0a000000, 8},  /* 10/8 private */
    {0x64400000, 10}, /* 100.64/10 shared by carriers; also metadata services */
    {0x7f000000, 8},  /* 127/8 loopback */
    {0xa83f8110, 32}, /* 168.63.129.16 is a public number, but means the host of a virtual machine on Azure */
    {0xa9fe0000, 16}, /* 169.254/16 link-local; metadata services */
    {0xac100000, 12}, /* 172.16/12 private */
    {0xc0000000, 24}, /* 192.0.0/24 protocol assignments */
    {0xc0000200, 24}, /* 192.0.2/24 documentation */
    {0xc0586300, 24}, /* 192.88.99/24 6to4 relays, withdrawn */
    {0xc0a80000, 16}, /* 192.168/16 private */
    {0xc6120000, 15}, /* 198.18/15 benchmarks */
    {0xc6336400, 24}, /* 198.51.100/24 documentation */
    {0xcb007100, 24}, /* 203.0.113/24 documentation */
    {0xe0000000, 4},  /* 224/4 multicast */
    {0xf0000000, 4},  /* 240/4 reserved, and broadcast */
};

static int public4(const uint8_t b[4]) {
    uint32_t a = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    for (size_t i = 0; i < VS_COUNT(blocks4); i++)
        if ((a ^ blocks4[i].net) >> (32 - blocks4[i].bits) == 0)
            return 0;
    return 1;
}

static int public6(const uint8_t b[16]) {
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};
    if (memcmp(b, mapped, 12) == 0 || memcmp(b, nat64, 12) == 0)
        return public4(b + 12);
    if ((b[0] & 0xe0) != 0x20) /* only 2000::/3 is assigned to unicast: not ::1, fe80::/10, fc00::/7, ff00::/8 … */
        return 0;
    if (b[0] == 0x20 && b[1] == 0x02) /* 6to4 carries the address of its router */
        return public4(b + 2);
    if (b[0] == 0x20 && b[1] == 0x01 && b[2] < 0x02) /* 2001::/23 protocol assignments, among them Teredo */
        return 0;
    if (b[0] == 0x20 && b[1] == 0x01 && b[2] == 0x0d && b[3] == 0xb8) /* 2001:db8::/32 documentation */
        return 0;
    if (b[0] == 0x3f && b[1] == 0xff && b[2] < 0x10) /* 3fff::/20 documentation */
        return 0;
    if ((b[8] & 0xfc) == 0 && b[9] == 0 && b[10] == 0x5e &&
        b[11] == 0xfe) /* ISATAP: an IPv4 address in the lower half */
        return public4(b + 12);
    return 1;
}

int vs_net_addr_public(const struct sockaddr *addr) {
    if (addr->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, addr, sizeof in);
        return public4((const uint8_t *)&in.sin_addr);
    }
    if (addr->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, addr, sizeof in6);
        return public6((const uint8_t *)&in6.sin6_addr);
    }
    return 0;
}
