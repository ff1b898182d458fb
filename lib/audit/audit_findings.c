/* SPDX-License-Identifier: MIT */
/* Checking the checkpoints, and telling what was found. */
#include "audit/audit_verify.h"
#include "util/alloc.h"
#include "util/error.h"
#include "util/json.h"
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

static const char *const names[VS_FLAWS] = {
    [VS_FLAW_EDITED] = "edited",       [VS_FLAW_MISSING] = "missing", [VS_FLAW_ORDER] = "order",
    [VS_FLAW_TRUNCATED] = "truncated", [VS_FLAW_TIME] = "time",       [VS_FLAW_CHAIN] = "chain",
    [VS_FLAW_SEGMENT] = "segment",     [VS_FLAW_ROOT] = "root",       [VS_FLAW_CHECKPOINT] = "checkpoint",
    [VS_FLAW_SIGNATURE] = "signature", [VS_FLAW_ANCHOR] = "anchor",   [VS_FLAW_GAP] = "gap",
};

void vs_verify_note(struct vs_verify *v, enum vs_flaw flaw, int chain, int64_t position, const struct vs_link *link,
                    int64_t checkpoint, const char *format, ...) {
    va_list args;
    *(flaw == VS_FLAW_GAP ? &v->warnings : &v->broken) += 1;
    if (v->found++ >= VS_FINDINGS)
        return;
    struct vs_finding *f = &v->findings[v->found - 1];
    *f = (struct vs_finding){.flaw = flaw,
                             .chain = chain,
                             .position = position,
                             .seq = link ? link->seq : INT64_MIN,
                             .checkpoint = checkpoint};
    if (link && link->values[VS_LINK_ID].len == 16)
        vs_uuid_format((const struct vs_uuid *)link->values[VS_LINK_ID].data, f->event);
    va_start(args, format);
    vsnprintf(f->text, sizeof f->text, format, args);
    va_end(args);
}

/* --- checkpoints ---------------------------------------------------------------------------------------------- */

#define bad(...) vs_verify_note(v, VS_FLAW_CHECKPOINT, 0, INT64_MIN, NULL, number, __VA_ARGS__)

/* Against the one before it. */
static void check_sequence(struct vs_verify *v, const struct vs_checkpoint *c, int64_t number) {
    const struct vs_checkpoint *last = v->count ? &v->checkpoints[v->count - 1] : NULL;
    if (c->number != number)
        bad("it gives itself the number %lld", (long long)c->number);
    if (number != (last ? last->number : 0) + 1)
        bad("%lld checkpoints before it are missing", (long long)(number - (last ? last->number : 0) - 1));
    if (memcmp(c->previous, v->previous, VS_SHA256_SIZE) != 0)
        bad("it does not follow from the one before it");
    if (!last)
        return;
    if (c->time_us < last->time_us)
        bad("it is older than the one before it");
    else if (c->time_us - last->time_us > v->late_us && strcmp(last->kind, "close") != 0)
        vs_verify_note(v, VS_FLAW_GAP, 0, INT64_MIN, NULL, number,
                       "no checkpoint for %lld minutes before this one, and no proper close",
                       (long long)((c->time_us - last->time_us) / 60000000));
    if (strcmp(c->store, last->store) != 0)
        bad("it is of another store");
    for (int i = VS_CHAIN_SECURITY; i < VS_CHAINS; i++)
        if (c->chains[i].size < last->chains[i].size)
            bad("the chain %s was longer before", vs_word_name(vs_audit_chains, i));
}

/* Whoever takes a signature away leaves a body that names its key; whoever writes the body anew breaks the sequence, or
 * has no key to sign the rest with. */
static void check_signature(struct vs_verify *v, const struct vs_checkpoint *c, const char *text, int64_t number) {
    const struct vs_checkpoint *last = v->count ? &v->checkpoints[v->count - 1] : NULL;
    const char *flaw = NULL;
    if (c->has_key != c->has_signature)
        flaw = c->has_key ? "its signature is missing" : "it has a signature and names no key";
    else if (c->has_key && !vs_signature_fits(c->key, text, c->body, c->signature))
        flaw = "its signature does not fit";
    else if (!c->has_key && last && last->has_key)
        flaw = "it is not signed, while the one before it is";
    else if (v->anchor_text && number > v->anchor.number && v->anchor.has_key &&
             (!c->has_key || memcmp(c->key, v->anchor.key, VS_ED25519_PUBLIC) != 0))
        flaw = "it is not signed by the key of the anchor";
    if (flaw)
        vs_verify_note(v, VS_FLAW_SIGNATURE, 0, INT64_MIN, NULL, number, "%s", flaw);
    v->signatures += c->has_key && !flaw;
}

int vs_verify_checkpoint(struct vs_verify *v, int64_t number, const char *text, size_t len, vidstore_error **e) {
    struct vs_checkpoint c;
    if (v->count == v->room) {
        size_t room = v->room ? 2 * v->room : 64;
        struct vs_checkpoint *more = vs_reallocarray(v->checkpoints, room, sizeof *more);
        if (!more)
            return vs_fail_nomem(e);
        v->checkpoints = more;
        v->room = room;
    }
    if (vs_checkpoint_parse(text, len, "checkpoint", &c, NULL)) {
        bad("it can't be read");
        return 0;
    }
    check_sequence(v, &c, number);
    check_signature(v, &c, text, number);
    if (v->anchor_text && number == v->anchor.number) {
        v->anchored = c.body == v->anchor.body && memcmp(text, v->anchor_text, c.body) == 0;
        if (!v->anchored)
            vs_verify_note(v, VS_FLAW_ANCHOR, 0, INT64_MIN, NULL, number,
                           "the store has another checkpoint of the anchor's number");
    }
    c.number = number;
    v->checkpoints[v->count++] = c;
    return vs_sha256(text, c.body, v->previous) ? vs_fail_nomem(e) : 0;
}

/* --- what checkpoints say of chains ---------------------------------------------------------------------------- */

int vs_verify_root(struct vs_sha256 *h, const struct vs_verify_chain *c, uint8_t ret[VS_SHA256_SIZE]) {
    struct vs_tree all = c->tree;
    int r = 0;
    for (int i = 0; !r && i < c->segment.count; i++)
        r = vs_tree_node(h, &all, c->segment.levels[i], c->segment.nodes[i]);
    return r ? r : vs_tree_root(h, &all, ret);
}

/* Where events are missing there is no tree to compare, and that was noted. */
static int same_state(struct vs_verify *v, const struct vs_verify_chain *c, const struct vs_checkpoint_chain *said) {
    uint8_t root[VS_SHA256_SIZE];
    return !c->whole || (!vs_verify_root(v->h, c, root) && memcmp(root, said->root, VS_SHA256_SIZE) == 0 &&
                         memcmp(c->hash, said->head, VS_SHA256_SIZE) == 0 && memcmp(c->id, said->id, VS_CHAIN_ID) == 0);
}

void vs_verify_size_reached(struct vs_verify *v, int chain) {
    struct vs_verify_chain *c = &v->chains[chain];
    while (c->next < v->count && v->checkpoints[c->next].chains[chain].size <= c->position) {
        const struct vs_checkpoint *checkpoint = &v->checkpoints[c->next++];
        const struct vs_checkpoint_chain *said = &checkpoint->chains[chain];
        int known = c->next > 1 && checkpoint[-1].chains[chain].size == said->size &&
                    memcmp(&checkpoint[-1].chains[chain], said, sizeof *said) == 0;
        if (said->size == c->position && !known && !same_state(v, c, said))
            vs_verify_note(v, VS_FLAW_ROOT, chain, c->position, NULL, checkpoint->number,
                           "the events up to here are not those of the checkpoint");
    }
    const struct vs_checkpoint_chain *anchor = &v->anchor.chains[chain];
    if (v->anchor_text && anchor->size && anchor->size == c->position && !same_state(v, c, anchor))
        vs_verify_note(v, VS_FLAW_ANCHOR, chain, c->position, NULL, v->anchor.number,
                       "the events up to here are not those of the anchor");
}

static void check_end(struct vs_verify *v, int chain) {
    const struct vs_verify_chain *c = &v->chains[chain];
    const struct vs_checkpoint *last = v->count ? &v->checkpoints[v->count - 1] : NULL;
    if (last && last->chains[chain].size > c->position)
        vs_verify_note(v, VS_FLAW_TRUNCATED, chain, c->position + 1, NULL, last->number,
                       "the chain ends with number %lld; the checkpoint counts %lld", (long long)c->position,
                       (long long)last->chains[chain].size);
    if (v->anchor_text && v->anchor.chains[chain].size > c->position)
        vs_verify_note(v, VS_FLAW_TRUNCATED, chain, c->position + 1, NULL, v->anchor.number,
                       "the chain ends with number %lld; the anchor counts %lld", (long long)c->position,
                       (long long)v->anchor.chains[chain].size);
}

void vs_verify_ends(struct vs_verify *v) {
    for (int chain = VS_CHAIN_SECURITY; chain < VS_CHAINS; chain++)
        check_end(v, chain);
    if (v->count && strcmp(v->checkpoints[v->count - 1].store, v->store) != 0)
        vs_verify_note(v, VS_FLAW_CHECKPOINT, 0, INT64_MIN, NULL, v->checkpoints[v->count - 1].number,
                       "the checkpoints are of another store");
}

void vs_verify_anchor(struct vs_verify *v) {
    int64_t last = v->count ? v->checkpoints[v->count - 1].number : 0;
    if (!v->anchor_text)
        return;
    if (strcmp(v->anchor.store, v->store) != 0)
        vs_verify_note(v, VS_FLAW_ANCHOR, 0, INT64_MIN, NULL, v->anchor.number, "the anchor is of another store");
    if (v->anchor.has_key != v->anchor.has_signature ||
        (v->anchor.has_key && !vs_signature_fits(v->anchor.key, v->anchor_text, v->anchor.body, v->anchor.signature)))
        vs_verify_note(v, VS_FLAW_ANCHOR, 0, INT64_MIN, NULL, v->anchor.number,
                       "the anchor's own signature does not fit");
    if (!v->anchored && v->anchor.number > last)
        vs_verify_note(v, VS_FLAW_ANCHOR, 0, INT64_MIN, NULL, v->anchor.number,
                       "the store's last checkpoint is %lld: an older copy, or its end was cut off", (long long)last);
    else if (!v->anchored && !v->broken)
        vs_verify_note(v, VS_FLAW_ANCHOR, 0, INT64_MIN, NULL, v->anchor.number, "the anchor is not in the history");
}

/* --- the report ----------------------------------------------------------------------------------------------- */

static void put_hex(struct vs_buf *b, const uint8_t *bytes, size_t len) {
    char hex[2 * VS_SHA256_SIZE + 1];
    vs_hex(bytes, len, hex);
    vs_buf_fmt(b, "\"%s\"", hex);
}

static void put_finding(struct vs_buf *b, const struct vs_finding *f) {
    vs_buf_fmt(b, "{\"code\":\"%s\",\"verdict\":\"%s\"", names[f->flaw], f->flaw == VS_FLAW_GAP ? "warning" : "broken");
    if (f->chain)
        vs_buf_fmt(b, ",\"chain\":\"%s\"",
                   vs_word_name(vs_audit_chains, f->chain) ? vs_word_name(vs_audit_chains, f->chain) : "unknown");
    if (f->position != INT64_MIN)
        vs_buf_fmt(b, ",\"position\":%" PRId64, f->position);
    if (f->event[0])
        vs_buf_fmt(b, ",\"event\":\"%s\"", f->event);
    if (f->checkpoint != INT64_MIN)
        vs_buf_fmt(b, ",\"checkpoint\":%" PRId64, f->checkpoint);
    vs_buf_str(b, ",\"text\":");
    vs_json_string(b, f->text, strlen(f->text));
    vs_buf_char(b, '}');
}

void vs_verify_json(struct vs_buf *b, const struct vs_verify *v, int64_t took_ms) {
    uint8_t root[VS_SHA256_SIZE];
    vs_buf_fmt(b,
               "{\"verdict\":\"%s\",\"anchored\":%s,\"events\":%" PRId64 ",\"pruned\":%" PRId64 ",\"erased\":%" PRId64
               ",\"checkpoints\":%zu,\"signed\":%" PRId64 ",\"chains\":{",
               v->broken     ? "broken"
               : v->warnings ? "warning"
                             : "ok",
               v->anchored ? "true" : "false", v->events, v->pruned, v->erased, v->count, v->signatures);
    for (int i = VS_CHAIN_SECURITY; i < VS_CHAINS; i++) {
        const struct vs_verify_chain *c = &v->chains[i];
        int64_t covered = v->count ? v->checkpoints[v->count - 1].chains[i].size : 0;
        vs_buf_fmt(b, "%s\"%s\":{\"size\":%" PRId64 ",\"first\":%" PRId64 ",\"covered\":%" PRId64 ",\"root\":",
                   i > VS_CHAIN_SECURITY ? "," : "", vs_word_name(vs_audit_chains, i), c->position, c->first,
                   covered < c->position ? covered : c->position);
        if (vs_verify_root(v->h, c, root))
            b->failed = VIDSTORE_NOMEM;
        put_hex(b, root, sizeof root);
        vs_buf_str(b, ",\"head\":");
        put_hex(b, c->hash, sizeof c->hash);
        vs_buf_char(b, '}');
    }
    vs_buf_fmt(b, "},\"found\":%" PRId64 ",\"findings\":[", v->found);
    for (int64_t i = 0; i < v->found && i < VS_FINDINGS; i++) {
        if (i)
            vs_buf_char(b, ',');
        put_finding(b, &v->findings[i]);
    }
    vs_buf_fmt(b, "],\"took_ms\":%" PRId64 "}", took_ms);
}
