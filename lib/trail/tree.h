/* SPDX-License-Identifier: MIT */
/* The hash tree over a chain (RFC 6962, SHA-256): its leaves are the events' hashes. Built from left to right with a
 * node a level in memory. */
#ifndef VS_TRAIL_TREE_H
#define VS_TRAIL_TREE_H

#include "crypto/crypto.h"

enum { VS_TREE_LEVELS = 64, VS_SEGMENT_LEVEL = 12 };

/* Begins empty when it is all zeros. */
struct vs_tree {
    int count;
    int levels[VS_TREE_LEVELS];
    uint8_t nodes[VS_TREE_LEVELS][VS_SHA256_SIZE];
};

/* What a leaf hashes to: the node of level 0 that stands for it. */
int vs_tree_leaf_hash(struct vs_sha256 *h, const uint8_t hash[VS_SHA256_SIZE], uint8_t ret[VS_SHA256_SIZE]);
int vs_tree_leaf(struct vs_sha256 *h, struct vs_tree *tree, const uint8_t hash[VS_SHA256_SIZE]);
/* A perfect subtree of 2^level leaves at once; the tree must be a multiple of that large. */
int vs_tree_node(struct vs_sha256 *h, struct vs_tree *tree, int level, const uint8_t hash[VS_SHA256_SIZE]);
int vs_tree_root(struct vs_sha256 *h, const struct vs_tree *tree, uint8_t ret[VS_SHA256_SIZE]);

#endif
