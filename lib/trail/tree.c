/* SPDX-License-Identifier: MIT */
#include "trail/tree.h"
#include <string.h>

enum { LEAF = 0, NODE = 1 };

static int join(struct vs_sha256 *h, const uint8_t *left, const uint8_t *right, uint8_t ret[VS_SHA256_SIZE]) {
    uint8_t bytes[1 + 2 * VS_SHA256_SIZE] = {NODE};
    memcpy(bytes + 1, left, VS_SHA256_SIZE);
    memcpy(bytes + 1 + VS_SHA256_SIZE, right, VS_SHA256_SIZE);
    int r = vs_sha256_add(h, bytes, sizeof bytes);
    return r ? r : vs_sha256_end(h, ret);
}

int vs_tree_node(struct vs_sha256 *h, struct vs_tree *tree, int level, const uint8_t hash[VS_SHA256_SIZE]) {
    int r = 0;
    if (tree->count == VS_TREE_LEVELS || (tree->count && tree->levels[tree->count - 1] < level))
        return VIDSTORE_INTERNAL;
    tree->levels[tree->count] = level;
    memcpy(tree->nodes[tree->count++], hash, VS_SHA256_SIZE);
    while (!r && tree->count > 1 && tree->levels[tree->count - 1] == tree->levels[tree->count - 2]) {
        int left = tree->count - 2;
        r = join(h, tree->nodes[left], tree->nodes[left + 1], tree->nodes[left]);
        tree->levels[left]++;
        tree->count--;
    }
    return r;
}

int vs_tree_leaf_hash(struct vs_sha256 *h, const uint8_t hash[VS_SHA256_SIZE], uint8_t ret[VS_SHA256_SIZE]) {
    uint8_t bytes[1 + VS_SHA256_SIZE] = {LEAF};
    memcpy(bytes + 1, hash, VS_SHA256_SIZE);
    int r = vs_sha256_add(h, bytes, sizeof bytes);
    return r ? r : vs_sha256_end(h, ret);
}

int vs_tree_leaf(struct vs_sha256 *h, struct vs_tree *tree, const uint8_t hash[VS_SHA256_SIZE]) {
    uint8_t leaf[VS_SHA256_SIZE];
    int r = vs_tree_leaf_hash(h, hash, leaf);
    return r ? r : vs_tree_node(h, tree, 0, leaf);
}

int vs_tree_root(struct vs_sha256 *h, const struct vs_tree *tree, uint8_t ret[VS_SHA256_SIZE]) {
    if (!tree->count)
        return vs_sha256_end(h, ret);
    int r = 0;
    memcpy(ret, tree->nodes[tree->count - 1], VS_SHA256_SIZE);
    for (int i = tree->count - 2; !r && i >= 0; i--)
        r = join(h, tree->nodes[i], ret, ret);
    return r;
}
