/* SPDX-License-Identifier: MIT */
#include "access/address.h"
#include "crypto/crypto.h"
#include "util/error.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NETWORKS_MAX = 64 };

struct vs_address vs_address_read(const char *text) {
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    struct vs_address address = {0};
    if (text && inet_pton(AF_INET, text, address.bytes) == 1) {
        address.family = 4;
    } else if (text && inet_pton(AF_INET6, text, address.bytes) == 1) {
        address.family = 6;
        if (memcmp(address.bytes, mapped, sizeof mapped) == 0) {
            struct vs_address four = {.family = 4};
            memcpy(four.bytes, address.bytes + 12, 4);
            return four;
        }
    }
    return address;
}

struct vs_address vs_address_prefix(struct vs_address address, int bits) {
    for (int i = 0; i < 16; i++, bits -= 8)
        address.bytes[i] &= bits >= 8 ? 0xFF : bits <= 0 ? 0 : (unsigned char)(0xFF << (8 - bits));
    return address;
}

void vs_address_source(const char *text, char ret[VS_SOURCE_TEXT]) {
    struct vs_address address = vs_address_read(text);
    *ret = '\0';
    if (!address.family)
        return;
    *ret++ = (char)('0' + address.family);
    vs_hex(address.bytes, address.family == 6 ? 8 : 4, ret);
}

/* The next network of a list: 1, 0 at the end, -1 for what can't be read. */
static int next_network(const char **list, struct vs_address *net, int *bits) {
    char text[64];
    *list += strspn(*list, " ,");
    size_t len = strcspn(*list, " ,");
    if (!len)
        return 0;
    if (len >= sizeof text)
        return -1;
    memcpy(text, *list, len);
    text[len] = '\0';
    *list += len;
    char *slash = strchr(text, '/'), *end = NULL;
    if (slash)
        *slash++ = '\0';
    *net = vs_address_read(text);
    int most = net->family == 4 ? 32 : 128;
    long given = slash ? strtol(slash, &end, 10) : most;
    if (!net->family || (slash && (*slash < '0' || *slash > '9' || *end)) || given < 0 || given > most)
        return -1;
    *bits = (int)given;
    return 1;
}

int vs_networks_check(const char *list, vidstore_error **e) {
    struct vs_address net;
    int bits, found = 0, r;
    while ((r = next_network(&list, &net, &bits)) == 1)
        if (++found > NETWORKS_MAX)
            return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_TOO_LONG, "addresses",
                               "addresses lists more than %d networks", NETWORKS_MAX);
    if (r < 0 || !found)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "addresses",
                           "addresses is not a list of networks such as 10.0.0.0/8, 2001:db8::/32");
    return 0;
}

static int holds_network(const char *of, const struct vs_address *net, int bits) {
    struct vs_address outer;
    int most;
    while (next_network(&of, &outer, &most) == 1) {
        struct vs_address masked = vs_address_prefix(*net, most);
        outer = vs_address_prefix(outer, most);
        if (outer.family == net->family && most <= bits && memcmp(outer.bytes, masked.bytes, sizeof outer.bytes) == 0)
            return 1;
    }
    return 0;
}

int vs_networks_within(const char *list, const char *of) {
    struct vs_address net;
    int bits;
    if (!of)
        return 1;
    if (!list)
        return 0;
    while (next_network(&list, &net, &bits) == 1)
        if (!holds_network(of, &net, bits))
            return 0;
    return 1;
}

int vs_networks_hold(const char *list, const char *text) {
    struct vs_address net, address = vs_address_read(text);
    int bits;
    if (!list)
        return 1;
    while (address.family && next_network(&list, &net, &bits) == 1) {
        struct vs_address masked = vs_address_prefix(address, bits);
        net = vs_address_prefix(net, bits);
        if (net.family == address.family && memcmp(net.bytes, masked.bytes, sizeof net.bytes) == 0)
            return 1;
    }
    return 0;
}
