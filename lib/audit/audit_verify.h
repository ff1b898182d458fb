/* SPDX-License-Identifier: MIT */
/* Checking the audit: what is kept while the events go by, and what was found. */
#ifndef VS_AUDIT_AUDIT_VERIFY_H
#define VS_AUDIT_AUDIT_VERIFY_H

#include "audit/audit_witness.h"
#include "store/session.h"
#include "trail/checkpoint.h"

/* What can be wrong, each with a name of its own in the report. */
enum vs_flaw {
    VS_FLAW_EDITED,     /* the hash of an event is not that of its fields and the hash before it */
    VS_FLAW_MISSING,    /* a position is not there */
    VS_FLAW_ORDER,      /* a position comes twice or too late */
    VS_FLAW_TRUNCATED,  /* a chain is shorter than a checkpoint says */
    VS_FLAW_TIME,       /* an event is older than the one before it */
    VS_FLAW_CHAIN,      /* a chain's beginning is not there or of an unknown format */
    VS_FLAW_SEGMENT,    /* the root of a segment is not that of its events */
    VS_FLAW_ROOT,       /* the root or the end of a chain is not what a checkpoint says */
    VS_FLAW_CHECKPOINT, /* a checkpoint can't be read, is missing, or does not follow from the one before it */
    VS_FLAW_SIGNATURE,  /* a signature is missing, does not fit, or is by another key */
    VS_FLAW_ANCHOR,     /* the anchor is not in the store's history */
    VS_FLAW_GAP,        /* no checkpoint for long, and no proper close: a warning */
    VS_FLAWS
};

enum { VS_FINDINGS = 100 };

struct vs_finding {
    enum vs_flaw flaw;
    int chain;
    int64_t position, seq, checkpoint; /* INT64_MIN: not of one */
    char event[VS_UUID_TEXT];
    char text[160];
};

/* A chain while its events go by. */
struct vs_verify_chain {
    int begun; /* there is a row of audit_chains */
    uint8_t id[VS_CHAIN_ID];
    int64_t created_us;
    int64_t position, last_us; /* of the last event that was seen */
    int64_t first;             /* position of the first event that is there; 0: none */
    uint8_t hash[VS_SHA256_SIZE];
    struct vs_tree tree, segment; /* over whole segments, and over the events since the last of them */
    int whole;   /* the tree covers all events, whether they are there or stand in a pruned segment's root */
    size_t next; /* the checkpoint whose size comes next */
};

struct vs_verify {
    vidstore_session *session;
    struct vs_sha256 *h;
    struct vs_verify_chain chains[VS_CHAINS];
    struct vs_checkpoint *checkpoints; /* in order; the anchor is not among them */
    size_t count, room;
    struct vs_checkpoint anchor;
    const char *anchor_text; /* NULL: none was given */
    int anchored;            /* it was found */
    char store[VS_UUID_TEXT];
    uint8_t previous[VS_SHA256_SIZE]; /* of the last checkpoint's body */
    int64_t last_seq, seq;
    int64_t gone;      /* segments that were pruned before the check began */
    int pruned_midway; /* some were while it went on: what it found may be a half of them */
    int64_t events, erased, pruned, signatures;
    struct vs_witness witness;
    int64_t late_us; /* two checkpoints further apart than this are a gap */
    int64_t broken, warnings;
    int64_t found;
    struct vs_finding findings[VS_FINDINGS];
};

/* Notes a flaw; of many the first are kept. link may be NULL. */
void vs_verify_note(struct vs_verify *v, enum vs_flaw flaw, int chain, int64_t position, const struct vs_link *link,
                    int64_t checkpoint, const char *format, ...) __attribute__((format(printf, 7, 8)));
/* The next checkpoint by number: reads it, compares it with the one before it, keeps it. */
int vs_verify_checkpoint(struct vs_verify *v, int64_t number, const char *text, size_t len, vidstore_error **e);
/* After all events: whether every checkpoint's end of the chain was reached. */
void vs_verify_ends(struct vs_verify *v);
/* After all checkpoints: the anchor is one of them. */
void vs_verify_anchor(struct vs_verify *v);
/* The root over all events so far. */
int vs_verify_root(struct vs_sha256 *h, const struct vs_verify_chain *c, uint8_t ret[VS_SHA256_SIZE]);
/* What a checkpoint says of the chain up to here, against what was found. */
void vs_verify_size_reached(struct vs_verify *v, int chain);
void vs_verify_json(struct vs_buf *b, const struct vs_verify *v, int64_t took_ms);

#endif
