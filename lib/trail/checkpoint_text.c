/* SPDX-License-Identifier: MIT */
/* A checkpoint as text, and back. */
#include "trail/checkpoint.h"
#include "util/error.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "vidstore-audit-checkpoint/1\n"

const char *const vs_checkpoint_kinds[VS_CHECKPOINT_KINDS] = {"time", "count", "close", "call"};

static void put_hex(struct vs_buf *b, const uint8_t *bytes, size_t len) {
    char hex[2 * VS_ED25519_SIGNATURE + 1];
    vs_hex(bytes, len, hex);
    vs_buf_str(b, hex);
}

void vs_checkpoint_write(struct vs_buf *b, const struct vs_checkpoint *c) {
    vs_buf_fmt(b, HEAD "store %s\nnumber %" PRId64 "\ntime_us %" PRId64 "\nkind %s\nprevious ", c->store, c->number,
               c->time_us, c->kind);
    put_hex(b, c->previous, sizeof c->previous);
    for (int i = VS_CHAIN_SECURITY; i < VS_CHAINS; i++) {
        const struct vs_checkpoint_chain *chain = &c->chains[i];
        vs_buf_fmt(b, "\n%s ", vs_word_name(vs_audit_chains, i));
        put_hex(b, chain->id, sizeof chain->id);
        vs_buf_fmt(b, " %" PRId64 " ", chain->size);
        put_hex(b, chain->root, sizeof chain->root);
        vs_buf_char(b, ' ');
        put_hex(b, chain->head, sizeof chain->head);
    }
    vs_buf_str(b, "\nkey ");
    if (c->has_key)
        put_hex(b, c->key, sizeof c->key);
    else
        vs_buf_str(b, "none");
    vs_buf_char(b, '\n');
    if (!c->has_signature)
        return;
    vs_buf_str(b, "signature ");
    put_hex(b, c->signature, sizeof c->signature);
    vs_buf_char(b, '\n');
}

/* --- reading -------------------------------------------------------------------------------------------------- */

struct reader {
    const char *at, *end;
    int bad;
};

/* The next word, which must end with `stop`; cut to size and ended. */
static void word(struct reader *in, char stop, char *ret, size_t size) {
    const char *end = in->bad ? NULL : memchr(in->at, stop, (size_t)(in->end - in->at));
    ret[0] = '\0';
    if (!end || (size_t)(end - in->at) >= size) {
        in->bad = 1;
        return;
    }
    memcpy(ret, in->at, (size_t)(end - in->at));
    ret[end - in->at] = '\0';
    in->at = end + 1;
}

static void expect(struct reader *in, const char *text) {
    size_t len = strlen(text);
    if (in->bad || (size_t)(in->end - in->at) < len || memcmp(in->at, text, len) != 0)
        in->bad = 1;
    else
        in->at += len;
}

static int64_t number(struct reader *in, char stop) {
    char text[24], canonical[24];
    word(in, stop, text, sizeof text);
    long long n = strtoll(text, NULL, 10);
    snprintf(canonical, sizeof canonical, "%lld", n);
    if (n < 0 || strcmp(text, canonical) != 0)
        in->bad = 1;
    return n;
}

static void hex(struct reader *in, char stop, uint8_t *ret, size_t len) {
    char text[2 * VS_ED25519_SIGNATURE + 1];
    word(in, stop, text, sizeof text);
    if (!in->bad && vs_unhex(text, ret, len))
        in->bad = 1;
}

static void read_chains(struct reader *in, struct vs_checkpoint *c) {
    for (int i = VS_CHAIN_SECURITY; i < VS_CHAINS; i++) {
        struct vs_checkpoint_chain *chain = &c->chains[i];
        expect(in, vs_word_name(vs_audit_chains, i));
        expect(in, " ");
        hex(in, ' ', chain->id, sizeof chain->id);
        chain->size = number(in, ' ');
        hex(in, ' ', chain->root, sizeof chain->root);
        hex(in, '\n', chain->head, sizeof chain->head);
    }
}

static void read_key(struct reader *in, struct vs_checkpoint *c) {
    expect(in, "key ");
    if (!in->bad && (in->end - in->at) >= 5 && memcmp(in->at, "none\n", 5) == 0) {
        in->at += 5;
        return;
    }
    hex(in, '\n', c->key, sizeof c->key);
    c->has_key = 1;
}

int vs_checkpoint_parse(const char *text, size_t len, const char *field, struct vs_checkpoint *ret,
                        vidstore_error **e) {
    struct reader in = {text, text + len, 0};
    *ret = (struct vs_checkpoint){0};
    expect(&in, HEAD "store ");
    word(&in, '\n', ret->store, sizeof ret->store);
    expect(&in, "number ");
    ret->number = number(&in, '\n');
    expect(&in, "time_us ");
    ret->time_us = number(&in, '\n');
    expect(&in, "kind ");
    word(&in, '\n', ret->kind, sizeof ret->kind);
    expect(&in, "previous ");
    hex(&in, '\n', ret->previous, sizeof ret->previous);
    read_chains(&in, ret);
    read_key(&in, ret);
    ret->body = (size_t)(in.at - text);
    if (!in.bad && in.at < in.end) {
        expect(&in, "signature ");
        hex(&in, '\n', ret->signature, sizeof ret->signature);
        ret->has_signature = 1;
    }
    if (in.bad || in.at != in.end)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, field, "%s is not the text of a checkpoint",
                           field);
    return 0;
}
